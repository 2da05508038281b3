//! Drift from reality: recorded answers against the spec.
//!
//! What is looked at is the spec as it stands, not the generated types, so an edit counts at once:
//!
//! ```text
//! files ── input ──▶ exchanges ── tally ──▶ counts by place ── findings ──▶ report and proposals
//!                                  ▲ said: what the spec says of a place
//! ```

pub mod findings;
mod infer;
mod input;
mod propose;
mod said;
mod tally;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

pub use findings::{Finding, FindingKind, Row};
pub use input::Unread;
pub use propose::{Applied, Proposal, Refused};

use crate::model;
use crate::spec::{EndpointFile, Spec};
use findings::Looker;
use input::Exchange;
use propose::Wishes;
use said::{Book, Roots, Said};
use tally::Node;

/// What to do.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Make the safe edits.
    pub apply: bool,
    /// How many objects there must be before a field that none of them has is told of.
    pub enough: u64,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How many files were looked at.
    pub files: usize,
    /// How many were made up from the spec. They prove nothing, and are left out.
    pub synthetic: usize,
    /// The files that could not be used.
    pub unread: Vec<Unread>,
    /// The paths that the spec has no endpoint for, with the number of files.
    pub no_endpoint: BTreeMap<String, usize>,
    /// What was seen of each endpoint, and of the envelope.
    pub endpoints: Vec<Looked>,
    /// The edits that would settle the findings.
    pub proposals: Vec<Proposal>,
    /// The edits that were made, if that was asked for.
    pub applied: Option<Applied>,
}

/// What was seen of an endpoint.
#[derive(Debug, Serialize)]
pub struct Looked {
    /// Its path, or `envelope`.
    pub endpoint: String,
    /// Its file.
    pub file: String,
    /// How many answers were looked at.
    pub answers: u64,
    /// How many answers were no JSON.
    pub no_json: u64,
    /// How many tasks of answers were.
    pub tasks: u64,
    /// How many results were.
    pub results: u64,
    /// What was seen, place by place.
    pub places: Vec<Row>,
    /// Where that differs from the spec.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings are drift, and how many are notes.
    pub fn count(&self) -> (usize, usize) {
        let findings = self.endpoints.iter().flat_map(|it| &it.findings);
        let drift = findings.clone().filter(|finding| finding.drift).count();
        (drift, findings.count() - drift)
    }

    /// Whether something could not be looked at, or not be changed.
    pub fn is_incomplete(&self) -> bool {
        let refused = self
            .applied
            .as_ref()
            .map_or(0, |applied| applied.refused.len());
        !self.unread.is_empty() || refused > 0
    }
}

/// Compares recorded answers with the spec of the workspace at `root`.
///
/// # Errors
/// When the spec is not valid, or cannot be edited.
pub fn drift(root: &Path, paths: &[PathBuf], options: &Options) -> Result<Report, String> {
    let spec = model::load_spec(&root.join("spec")).map_err(|error| error.to_string())?;
    let roots: Vec<Roots> = spec.endpoints.iter().map(Roots::of).collect();
    let envelope = said::envelope(&spec);
    let book = Book::new(&spec);
    let mut around = Tally::new(book.envelope(&envelope), None, book);
    let mut tallies: BTreeMap<usize, Tally<'_>> = BTreeMap::new();
    let mut report = Report {
        files: 0,
        synthetic: 0,
        unread: Vec::new(),
        no_endpoint: BTreeMap::new(),
        endpoints: Vec::new(),
        proposals: Vec::new(),
        applied: None,
    };
    let (files, unread) = input::files(paths);
    report.unread = unread;
    for file in files {
        let exchange = match input::read(&file) {
            Ok(exchange) => exchange,
            Err(unread) => {
                report.unread.push(unread);
                continue;
            }
        };
        report.files += 1;
        if exchange.synthetic {
            report.synthetic += 1;
            continue;
        }
        let Some(at) = endpoint(&spec, &exchange.path) else {
            *report.no_endpoint.entry(exchange.path).or_default() += 1;
            continue;
        };
        let (Some(file), Some(roots)) = (spec.endpoints.get(at), roots.get(at)) else {
            continue;
        };
        let tally = tallies.entry(at).or_insert_with(|| {
            let (task, result) = book.roots(file, roots);
            Tally::new(result, Some(task), book)
        });
        tally.exchange(&exchange, &mut around, book);
    }
    let mut wishes = Wishes::default();
    let trees = book.trees();
    let mut look = |tally: &Tally<'_>, name: &str, file: &str, root: &str| {
        let mut looker = Looker {
            trees: &trees,
            enough: options.enough,
            rows: Vec::new(),
            findings: Vec::new(),
            wishes: &mut wishes,
        };
        if let Some(request) = tally.request.as_ref().filter(|node| node.seen() > 0) {
            looker.look(request, "request");
        }
        looker.look(&tally.answer, root);
        report.endpoints.push(Looked {
            endpoint: name.to_owned(),
            file: file.to_owned(),
            answers: tally.answers,
            no_json: tally.no_json,
            tasks: tally.tasks,
            results: tally.results,
            places: looker.rows,
            findings: looker.findings,
        });
    };
    for (at, tally) in &tallies {
        if let Some(EndpointFile { file, .. }) = spec.endpoints.get(*at) {
            look(tally, &file.content.path, &file.name, "result");
        }
    }
    if around.answers > 0 {
        look(&around, "envelope", &spec.api.name, "envelope");
    }
    report.proposals = wishes.proposals(root, &trees)?;
    if options.apply {
        report.applied = Some(wishes.apply(root)?);
    }
    Ok(report)
}

/// The endpoint of a path with its parameters filled in.
fn endpoint(spec: &Spec, path: &str) -> Option<usize> {
    let paths = || {
        spec.endpoints
            .iter()
            .map(|it| it.file.content.path.as_str())
    };
    let fits = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        let count = template.clone().count() == path.clone().count();
        count
            && template
                .zip(path)
                .all(|(a, b)| a == b || a.starts_with('{'))
    };
    let exact = paths().position(|known| known == path);
    exact.or_else(|| paths().position(fits))
}

/// What was counted of one endpoint, or of all envelopes.
struct Tally<'s> {
    request: Option<Node<'s>>,
    answer: Node<'s>,
    answers: u64,
    no_json: u64,
    tasks: u64,
    results: u64,
}

impl<'s> Tally<'s> {
    fn new(answer: Said<'s>, request: Option<Said<'s>>, book: Book<'s>) -> Self {
        Self {
            request: request.map(|request| Node::new(request, book)),
            answer: Node::new(answer, book),
            answers: 0,
            no_json: 0,
            tasks: 0,
            results: 0,
        }
    }

    fn exchange(&mut self, exchange: &Exchange, around: &mut Self, book: Book<'s>) {
        if let Some(request) = self.request.as_mut().filter(|_| !exchange.tasks.is_null()) {
            request.observe(&exchange.tasks, book);
        }
        self.no_json += u64::try_from(exchange.no_json).unwrap_or(u64::MAX);
        for answer in &exchange.answers {
            self.answers += 1;
            around.answers += 1;
            around.answer.observe(answer, book);
            let tasks = answer.get("tasks").and_then(Value::as_array);
            for task in tasks.into_iter().flatten() {
                self.tasks += 1;
                around.tasks += 1;
                let Some(result) = task.get("result") else {
                    continue;
                };
                let count = result.as_array().map_or(0, Vec::len);
                self.results += u64::try_from(count).unwrap_or(u64::MAX);
                self.answer.observe(result, book);
            }
        }
    }
}
