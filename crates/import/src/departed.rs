//! Endpoints of the spec that an OpenAPI file no longer has: removed, or with another path.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dataforseo_spec::edit::Editor;
use dataforseo_spec::language::{Api, Endpoint, Method};
use dataforseo_spec::load::{EndpointFile, File, load, parse};
use dataforseo_spec::{Diagnostics, Placement, write};
use serde_json::Value;

use crate::decisions::{Choice, Choices, Decision, DecisionOptions, ENDPOINT, REMOVED, RENAMED};
use crate::docs::openapi::{Document, Operation};
use crate::report::ImportReport;
use crate::workspace::{ImportError, Outcome, SpecFile, is_wanted, read};

/// The least share of fields that a renamed endpoint has in common with the old one.
const SAME_SHAPE: f64 = 0.8;

/// The least number of fields that show that two endpoints have the same shape.
const MIN_FIELDS: usize = 3;

/// The endpoints that an OpenAPI file no longer has.
#[derive(Default)]
pub struct Departed {
    /// The reports about them, with their new files.
    pub outcomes: Vec<Outcome>,
    /// The endpoints that a person chose to rename.
    pub renamed: Vec<RenamedEndpoint>,
}

/// An endpoint with a new path.
pub struct RenamedEndpoint {
    /// The new path.
    pub path: String,
    /// Its file, which has the texts of the old one.
    pub file: SpecFile<Endpoint>,
}

/// What the search needs to know.
pub struct DepartedSearch<'a> {
    pub root: &'a Path,
    pub api: &'a Api,
    pub document: &'a Document,
    /// The patterns of the paths that are imported. All if empty.
    pub only: &'a [String],
    /// The day of the file.
    pub date: Option<&'a String>,
    pub choices: &'a Choices,
    pub source: &'a str,
}

impl DepartedSearch<'_> {
    /// Finds the endpoints that the file lacks and that an earlier file had, and decides about them.
    /// Also decides about endpoints that are marked as removed and that the file has again.
    ///
    /// # Errors
    /// Returns an error if a file of the spec cannot be edited.
    pub fn run(&self) -> Result<Departed, ImportError> {
        let mut departed = Departed::default();
        let (Some(spec), _) = load(&self.root.join("spec")) else {
            return Ok(departed);
        };
        let known: BTreeSet<&str> = spec
            .endpoints
            .iter()
            .map(|it| it.file.content.path.as_str())
            .collect();
        let mut new: Vec<&str> = self
            .document
            .paths
            .keys()
            .map(String::as_str)
            .filter(|path| !known.contains(path) && self.is_wanted(path))
            .collect();
        for EndpointFile { file, .. } in &spec.endpoints {
            let endpoint = &file.content;
            let has = self.document.paths.contains_key(&endpoint.path);
            if has && endpoint.removed_upstream.is_some() && self.is_wanted(&endpoint.path) {
                departed.outcomes.extend(self.back(file)?);
            }
            let is_of_file = endpoint.source.openapi.is_some() && self.is_wanted(&endpoint.path);
            if has || !is_of_file || endpoint.removed_upstream.is_some() {
                continue;
            }
            let renamed = self.renamed(file, &mut new)?;
            match renamed {
                Some(Renaming::Chosen(outcome, renamed)) => {
                    departed.outcomes.push(*outcome);
                    departed.renamed.push(*renamed);
                }
                Some(Renaming::Open(outcome)) => departed.outcomes.push(*outcome),
                None => departed.outcomes.extend(self.removed(file)?),
            }
        }
        Ok(departed)
    }

    fn is_wanted(&self, path: &str) -> bool {
        is_wanted(self.only, path)
    }

    fn report(&self, file: &File<Endpoint>) -> ImportReport {
        ImportReport {
            page: format!("{} {}", self.source, file.content.path),
            spec_file: file.name.clone(),
            ..ImportReport::default()
        }
    }

    /// Returns the outcome with an open question.
    fn open(&self, file: &File<Endpoint>, question: Question<'_>) -> Outcome {
        let mut report = self.report(file);
        report
            .contradictions
            .push(format!("the endpoint: {}", question.what));
        report.decisions.push(Decision {
            file: file.name.clone(),
            line: file.tree.location(&["path".to_owned()]).line,
            place: ENDPOINT.to_owned(),
            fact: question.fact.to_owned(),
            values: None,
            kind: question.kind.to_owned(),
            what: question.what,
            options: question.options,
        });
        (report, Vec::new())
    }

    /// Returns the outcome of a choice: an entry of the endpoint is set or removed.
    fn edited(
        &self,
        file: &File<Endpoint>,
        note: String,
        edit: impl FnOnce(&mut Editor) -> Result<(), Diagnostics>,
    ) -> Result<Outcome, ImportError> {
        let mut report = self.report(file);
        report.chosen.push(format!("the endpoint: {note}"));
        report.given_up.push("removed_upstream".to_owned());
        let text = read(&self.root.join(&file.name))?;
        let mut editor = Editor::new(&file.name, &text).map_err(ImportError::Spec)?;
        edit(&mut editor).map_err(ImportError::Spec)?;
        let files = vec![(PathBuf::from(&file.name), editor.text().to_owned())];
        Ok((report, files))
    }

    /// Decides about an endpoint that is gone. Returns `None` if the spec states its origin.
    fn removed(&self, file: &File<Endpoint>) -> Result<Option<Outcome>, ImportError> {
        if file.content.evidence.is_some() {
            return Ok(None);
        }
        let day = self.day();
        let set = |editor: &mut Editor, key: &str, value: &str| {
            let lines = write::entry(key, &value.into(), 0);
            editor.set(&[], key, &write::ENDPOINT_KEYS, &lines)
        };
        let outcome = match self.choices.choice(&file.name, ENDPOINT, REMOVED) {
            Some(Choice::Take) => {
                let note = format!("missing in the file: deprecated since {day}");
                self.edited(file, note, |editor| set(editor, "removed_upstream", &day))?
            }
            Some(Choice::Keep(reason)) => {
                let note = format!("missing in the file; kept: {reason}");
                self.edited(file, note, |editor| set(editor, "evidence", reason))?
            }
            None => self.open(
                file,
                Question {
                    fact: REMOVED,
                    kind: "the endpoint is gone",
                    what: "the file has no such endpoint".to_owned(),
                    options: DecisionOptions::TakeOrKeep,
                },
            ),
        };
        Ok(Some(outcome))
    }

    /// Decides about an endpoint that is marked as removed and that the file has again.
    fn back(&self, file: &File<Endpoint>) -> Result<Option<Outcome>, ImportError> {
        if self.choices.choice(&file.name, ENDPOINT, REMOVED) == Some(&Choice::Take) {
            // The merge of the endpoint removes the mark.
            return Ok(None);
        }
        let question = Question {
            fact: REMOVED,
            kind: "the endpoint is back",
            what: "marked as `removed_upstream`, but the file has it again".to_owned(),
            options: DecisionOptions::Take,
        };
        Ok(Some(self.open(file, question)))
    }

    fn day(&self) -> String {
        self.date.cloned().unwrap_or_else(|| self.choices.day())
    }

    /// Decides whether a new path is that of an endpoint that is gone. Returns `None` if no new
    /// endpoint has its shape, or if a person chose that it is another one.
    fn renamed(
        &self,
        file: &File<Endpoint>,
        new: &mut Vec<&str>,
    ) -> Result<Option<Renaming>, ImportError> {
        let old = &file.content;
        let names = names_of_spec(old);
        let same = new.iter().filter_map(|path| {
            let share = self.common_share(old, &names, path)?;
            Some((share, common_parts(&old.path, path), *path))
        });
        let best = same.max_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
        let Some((share, _, path)) = best else {
            return Ok(None);
        };
        let what = format!(
            "the file has no such endpoint; `{path}` is new and has {:.0} % of its fields",
            share * 100.0
        );
        match self.choices.choice(&file.name, ENDPOINT, RENAMED) {
            Some(Choice::Take) => {
                new.retain(|other| *other != path);
                self.rename(file, path).map(Some)
            }
            Some(Choice::Keep(_)) => Ok(None),
            None => {
                let question = Question {
                    fact: RENAMED,
                    kind: "the endpoint is gone, and a new one has its shape",
                    what,
                    options: DecisionOptions::TakeOrKeep,
                };
                Ok(Some(Renaming::Open(Box::new(self.open(file, question)))))
            }
        }
    }

    fn rename(&self, file: &File<Endpoint>, path: &str) -> Result<Renaming, ImportError> {
        let place = Placement::of(path, self.api).map_err(|reason| ImportError::Placement {
            path: self.source.to_owned(),
            endpoint: path.to_owned(),
            reason,
        })?;
        let old = &file.content.path;
        let name = format!("spec/{}", place.file());
        let text = read(&self.root.join(&file.name))?;
        let mut editor = Editor::new(&name, &text).map_err(ImportError::Spec)?;
        let mut former = file.content.renamed_from.clone();
        former.push(old.clone());
        for (key, value) in [("path", Value::from(path)), ("renamed_from", former.into())] {
            let lines = write::entry(key, &value, 0);
            let set = editor.set(&[], key, &write::ENDPOINT_KEYS, &lines);
            set.map_err(ImportError::Spec)?;
        }
        let text = editor.text().to_owned();
        let parsed = parse(&name, &text).map_err(ImportError::Spec)?;
        let mut report = self.report(file);
        report
            .chosen
            .push(format!("the endpoint: renamed to {path}"));
        report.removed_files.push(PathBuf::from(&file.name));
        let renamed = RenamedEndpoint {
            path: path.to_owned(),
            file: (text, parsed),
        };
        Ok(Renaming::Chosen(
            Box::new((report, Vec::new())),
            Box::new(renamed),
        ))
    }

    /// Returns the share of fields that an endpoint has in common with a new path. `None` if it is
    /// certainly another endpoint.
    fn common_share(&self, old: &Endpoint, names: &BTreeSet<String>, path: &str) -> Option<f64> {
        let section = |path: &str| path.split('/').nth(2).map(str::to_owned);
        let (method, operation) = self.document.paths.get(path)?.iter().next()?;
        let is_get = method == "get";
        if section(&old.path) != section(path) || is_get != (old.method == Method::Get) {
            return None;
        }
        let parameters = |path: &str| path.matches('{').count();
        if parameters(&old.path) != parameters(path) || common_parts(&old.path, path) < 3 {
            return None;
        }
        let new = names_of_file(self.document, operation);
        let both = names.intersection(&new).count();
        let all = names.union(&new).count();
        let share = both as f64 / all.max(1) as f64;
        (both >= MIN_FIELDS && share >= SAME_SHAPE).then_some(share)
    }
}

/// A question about an endpoint.
struct Question<'a> {
    fact: &'a str,
    kind: &'a str,
    what: String,
    options: DecisionOptions,
}

/// The outcome for an endpoint whose shape a new one has.
enum Renaming {
    /// A person chose that it is the same.
    Chosen(Box<Outcome>, Box<RenamedEndpoint>),
    /// A person has to choose.
    Open(Box<Outcome>),
}

/// Returns the number of parts that two paths have in common, the version included.
fn common_parts(one: &str, other: &str) -> usize {
    let parts: BTreeSet<&str> = one.split('/').collect();
    other.split('/').filter(|part| parts.contains(part)).count()
}

/// Returns the names of the fields of task and result.
fn names_of_spec(endpoint: &Endpoint) -> BTreeSet<String> {
    let task = endpoint.task.iter().flat_map(|task| task.fields.keys());
    let result = endpoint.result.iter().flat_map(|it| it.fields.keys());
    let task = task.map(|name| format!("task.{name}"));
    task.chain(result.map(|name| format!("result.{name}")))
        .collect()
}

/// Returns the names of the fields of task and result.
fn names_of_file(document: &Document, operation: &Operation) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Some((task, _)) = document.task(operation) {
        let fields = document.fields(task);
        names.extend(fields.keys().map(|name| format!("task.{name}")));
    }
    let result = document.result(operation);
    if let Some(result) = result.and_then(|name| document.schema(name)) {
        let fields = document.fields(result);
        names.extend(fields.keys().map(|name| format!("result.{name}")));
    }
    names
}
