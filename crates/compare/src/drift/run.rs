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
    let (files, unread) = input::files(paths);
    let mut report = Report {
        unread,
        ..Report::default()
    };
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
    let mut look = |tally: &Tally<'_>, names: Names<'_>| {
        let mut looker = Looker {
            trees: &trees,
            enough: options.enough,
            rows: Vec::new(),
            findings: Vec::new(),
            wishes: &mut wishes,
        };
        tally.look(&mut looker, names.root);
        report.endpoints.push(tally.looked(looker, &names));
    };
    for (at, tally) in &tallies {
        if let Some(EndpointFile { file, .. }) = spec.endpoints.get(*at) {
            let names = Names {
                endpoint: &file.content.path,
                file: &file.name,
                root: "result",
            };
            look(tally, names);
        }
    }
    if around.answers > 0 {
        let names = Names {
            endpoint: "envelope",
            file: &spec.api.name,
            root: "envelope",
        };
        look(&around, names);
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

/// The names of what was counted, for the report.
struct Names<'a> {
    endpoint: &'a str,
    file: &'a str,
    /// The name with which the paths of fields begin.
    root: &'a str,
}

impl<'s> Tally<'s> {
    /// Compares what was counted with the spec.
    fn look(&self, looker: &mut Looker<'_>, root: &str) {
        if let Some(request) = self.request.as_ref().filter(|node| node.seen() > 0) {
            looker.look(request, "request");
        }
        looker.look(&self.answer, root);
    }

    fn looked(&self, looker: Looker<'_>, names: &Names<'_>) -> Looked {
        Looked {
            endpoint: names.endpoint.to_owned(),
            file: names.file.to_owned(),
            answers: self.answers,
            no_json: self.no_json,
            tasks: self.tasks,
            results: self.results,
            places: looker.rows,
            findings: looker.findings,
        }
    }

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
