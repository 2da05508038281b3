//! What is wrong with fixture files, each by itself and all together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dataforseo_models::drift::{Drift, DriftKind};
use dataforseo_models::{Date, Problem, RawEnvelope, Severity, check};

use crate::fixture::{Fixture, FixtureError, files};
use crate::sanitize::{stand_in, without_addresses};
use crate::store::{Store, endpoint, position};
use crate::tokens::{self, Part, Step};

/// A larger file is slow to review and to clone.
const LARGE: u64 = 1 << 20;

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) file: PathBuf,
    /// Whether the file must not stay as it is.
    pub(crate) error: bool,
    pub(crate) message: String,
}

/// Looks at all fixtures of folders. `credentials` are those that must not be in any of them.
pub(crate) fn lint(
    folders: &[PathBuf],
    today: Date,
    max_age_days: Option<u32>,
    credentials: Option<&str>,
) -> Result<(usize, Vec<Finding>), FixtureError> {
    let mut findings = Vec::new();
    let mut store = Store::empty(false);
    let mut count = 0;
    for folder in folders {
        for file in files(folder)? {
            count += 1;
            let mut report = |error: bool, message: String| {
                findings.push(Finding {
                    file: file.clone(),
                    error,
                    message,
                });
            };
            match Fixture::read_file(&file) {
                Ok(fixture) => {
                    look_at(&fixture, today, max_age_days, &mut report);
                    secrets(&fixture, credentials, &mut report);
                    if let Err(error) = store.add(fixture) {
                        report(true, without_file(&error, &file));
                    }
                }
                Err(error) => report(true, without_file(&error, &file)),
            }
            if let Ok(size) = file.metadata().map(|it| it.len())
                && size > LARGE
            {
                let message = format!("{} MB: cut its lists to a few rows", size >> 20);
                report(false, message);
            }
        }
    }
    Ok((count, findings))
}

/// The message without the file's name, which stands in front of it already.
fn without_file(error: &FixtureError, file: &Path) -> String {
    if let FixtureError::Duplicate { first, .. } = error {
        return format!("answers the same request as {first}: take one of them away");
    }
    let message = error.to_string();
    let name = format!("{}: ", file.display());
    message.strip_prefix(&name).unwrap_or(&message).to_owned()
}

fn look_at(
    fixture: &Fixture,
    today: Date,
    max_age_days: Option<u32>,
    report: &mut dyn FnMut(bool, String),
) {
    let recorded = fixture.recorded.as_deref().map(str::parse::<Date>);
    let recorded = match recorded {
        Some(Err(_)) => {
            report(
                true,
                "`meta.recorded` is no date: expected yyyy-mm-dd".to_owned(),
            );
            None
        }
        Some(Ok(date)) => Some(date),
        None => None,
    };
    if let (Some(max), Some(date)) = (max_age_days, recorded) {
        // A difference of two dates has days unless they are many centuries apart.
        let age = today.since(date).map_or(0, |span| span.get_days());
        if age > i32::try_from(max).unwrap_or(i32::MAX) {
            report(false, format!("recorded {age} days ago: record it anew"));
        }
    }
    let Some(at) = position(&fixture.path) else {
        return;
    };
    let line = endpoint(at);
    // Limits that move with the day held when it was recorded.
    let day = recorded.unwrap_or(today);
    let tasks = fixture
        .request
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let succeeded = fixture.is_example();
    for (index, task) in tasks.iter().enumerate().filter(|_| succeeded) {
        for violation in check(line.info.task_rules, task, day) {
            // What day it was then is not known of a fixture that was not recorded.
            let moved = recorded.is_none() && matches!(violation.problem, Problem::Before(_));
            if violation.severity() == Severity::Error && !moved {
                let message = format!("a success, but /request/body/{index}: {violation}");
                report(false, message);
            }
        }
    }
    for (number, response) in fixture.responses.iter().enumerate() {
        let at = match fixture.responses.len() {
            1 => "/response".to_owned(),
            _ => format!("/responses/{number}"),
        };
        let Ok(envelope) = RawEnvelope::parse(response.body()) else {
            if response.status == 200 {
                report(false, format!("{at}/body is not in the API's form"));
            }
            continue;
        };
        for (index, task) in envelope.tasks.iter().enumerate() {
            let Some(result) = task.result else {
                continue;
            };
            let at = format!("{at}/body/tasks/{index}/result");
            match (line.losses)(result.get()) {
                Ok(losses) => {
                    // Each place once, whatever the number of rows.
                    let mut places: BTreeMap<String, (usize, Drift)> = BTreeMap::new();
                    for loss in losses {
                        let steps = loss.pointer.split('/');
                        let steps: Vec<&str> = steps
                            .map(|step| {
                                if step.parse::<usize>().is_ok() {
                                    "*"
                                } else {
                                    step
                                }
                            })
                            .collect();
                        places.entry(steps.join("/")).or_insert((0, loss)).0 += 1;
                    }
                    for (place, (count, mut first)) in places {
                        if count > 1 {
                            first.pointer = place;
                        }
                        let times = match count {
                            1 => String::new(),
                            count => format!(" ({count} times)"),
                        };
                        let error = first.kind != DriftKind::UnknownField;
                        report(error, format!("{at}{first}{times}"));
                    }
                }
                Err(error) => report(true, format!("{at}: {error}")),
            }
        }
    }
}

/// What should not be in a file that others get to read.
fn secrets(fixture: &Fixture, credentials: Option<&str>, report: &mut dyn FnMut(bool, String)) {
    let texts = fixture
        .file
        .iter()
        .filter_map(|it| std::fs::read_to_string(it).ok());
    let text: String = texts.collect();
    if let Some(Ok(secrets)) = credentials.map(crate::sanitize::Secrets::of)
        && let Some((pointer, what)) = secrets.find_in_json(&text)
    {
        report(
            true,
            format!("{what} of the environment is in it, at {pointer}"),
        );
    }
    let mut found: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    tokens::each(&text, |path, part| {
        let Part::Scalar(raw) = part else {
            return;
        };
        let key = match path.last() {
            Some(Step::Key(key)) => *key,
            _ => "",
        };
        let value: String = serde_json::from_str(raw).unwrap_or_default();
        let kind = match stand_in(key) {
            Some(word) if !value.is_empty() && value != word => "a secret by its name",
            _ if without_addresses(&value) != value.as_str() => "an e-mail address",
            _ => return,
        };
        found.entry(kind).or_default().push(tokens::pointer(path));
    });
    for (kind, pointers) in found {
        let (first, more) = (
            pointers.first().cloned().unwrap_or_default(),
            pointers.len() - 1,
        );
        let more = if more > 0 {
            format!(" and at {more} more")
        } else {
            String::new()
        };
        report(
            kind == "a secret by its name",
            format!("{kind} is in it, at {first}{more}"),
        );
    }
}
