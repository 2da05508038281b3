//! The comparison as a whole: from files to the report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dataforseo_spec::model;
use dataforseo_spec::{EndpointFile, Spec};
use serde_json::Value;

use super::findings::Looker;
use super::input::{self, Exchange};
use super::propose::Wishes;
use super::report::{Looked, Report};
use super::said::{self, Book, Roots, Said};
use super::tally::Node;

/// What to do.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Make the safe edits.
    pub apply: bool,
    /// How many objects there must be before a field that none of them has is told of.
    pub enough: u64,
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
