//! What is wrong with fixture files, each by itself and all together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dataforseo_models::drift::{Drift, DriftKind};
use dataforseo_models::{Date, RawEnvelope, Severity, ViolationKind, check};

use crate::canonical::MatchRule;
use crate::fixture::{Fixture, FixtureError, files};
use crate::sanitize::{Secrets, stand_in, without_addresses};
use crate::store::{Store, Wanted, endpoint, position};
use crate::tokens::{self, Part, Step};

/// A larger file is slow to review and to clone.
const LARGE: u64 = 1 << 20;

/// The form of a task's identifier: `0` for a decimal digit, `f` for a hexadecimal one.
const ID: &[u8] = b"00000000-0000-0000-0000-ffffffffffff";

/// What the pseudonyms of recordings begin with: a first of January, at midnight.
const PSEUDONYM: &str = "01010000-0000-0000-0000-";

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file, or `the environment`.
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
    let mut count = 0;
    let secrets = match credentials.map(Secrets::of) {
        Some(Ok(secrets)) => Some(secrets),
        Some(Err(_)) => {
            findings.push(Finding {
                file: PathBuf::from("the environment"),
                error: false,
                message: "login or password is too short to be told from ordinary text: neither \
                          was looked for"
                    .to_owned(),
            });
            None
        }
        None => None,
    };
    let mut store = Store::empty(false);
    let mut seen = BTreeSet::new();
    for folder in folders {
        for file in files(folder)? {
            // Folders may hold one another.
            if let Ok(whole) = file.canonicalize()
                && !seen.insert(whole)
            {
                continue;
            }
            count += 1;
            let mut report = |error: bool, message: String| {
                findings.push(Finding {
                    file: file.clone(),
                    error,
                    message: presentable(message, secrets.as_ref()),
                });
            };
            match Fixture::read_file(&file) {
                Ok(fixture) => {
                    look_at(&fixture, today, max_age_days, &mut report);
                    look_for_secrets(&file, secrets.as_ref(), &mut report);
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
    overlaps(&store, &mut |file: &Path, message| {
        findings.push(Finding {
            file: file.to_owned(),
            error: false,
            message,
        });
    });
    Ok((count, findings))
}

/// A message quotes the file, and what it quotes may be a secret.
fn presentable(message: String, secrets: Option<&Secrets>) -> String {
    match secrets.is_some_and(|it| is_secret(it, &message)) {
        true => "what is wrong cannot be told without the credentials that are in it".to_owned(),
        false => message,
    }
}

fn is_secret(secrets: &Secrets, text: &str) -> bool {
    let json = serde_json::Value::from(text).to_string();
    secrets.find_in_json(&json).is_some()
}

/// Fixtures that answer the request of another one, which has another `match`.
fn overlaps(store: &Store, report: &mut dyn FnMut(&Path, String)) {
    let mut endpoints: BTreeMap<usize, Vec<&Arc<Fixture>>> = BTreeMap::new();
    for fixture in store.own() {
        if let Some(at) = position(&fixture.path) {
            endpoints.entry(at).or_default().push(fixture);
        }
    }
    for (at, mut fixtures) in endpoints {
        fixtures.sort_by(|a, b| a.name.cmp(&b.name));
        let mut rules: BTreeMap<&MatchRule, HashMap<String, &Fixture>> = BTreeMap::new();
        for fixture in &fixtures {
            let key = fixture.rule.key(&fixture.path, &fixture.request);
            let known = rules.entry(&fixture.rule).or_default();
            known.insert(key, fixture);
        }
        // Two that answer each other's requests are one finding.
        let mut told = BTreeSet::new();
        for fixture in fixtures {
            let others = rules.iter().filter(|(rule, _)| ***rule != fixture.rule);
            for (rule, known) in others {
                let Some(other) = known.get(&rule.key(&fixture.path, &fixture.request)) else {
                    continue;
                };
                let (a, b) = (fixture.name.as_str(), other.name.as_str());
                let Some(file) = &fixture.file else {
                    continue;
                };
                if told.insert((a.min(b), a.max(b))) {
                    let wanted = Wanted::new(&fixture.path, &fixture.request);
                    let first = store.find(at, &wanted).map_or(a, |it| it.name.as_str());
                    let message = format!(
                        "{b} answers its request, too, by another `match`: {first} goes first"
                    );
                    report(file, message);
                }
            }
        }
    }
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
            let moved = recorded.is_none() && matches!(violation.kind, ViolationKind::Before(_));
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
            match (line.lossy_fields)(result.get()) {
                Ok(lossy_fields) => {
                    // Each place once, whatever the number of rows.
                    let mut places: BTreeMap<String, (usize, Drift)> = BTreeMap::new();
                    for field in lossy_fields {
                        let steps = field.pointer.split('/');
                        let steps: Vec<&str> = steps
                            .map(|step| {
                                if step.parse::<usize>().is_ok() {
                                    "*"
                                } else {
                                    step
                                }
                            })
                            .collect();
                        places.entry(steps.join("/")).or_insert((0, field)).0 += 1;
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
fn look_for_secrets(file: &Path, secrets: Option<&Secrets>, report: &mut dyn FnMut(bool, String)) {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    if let Some((pointer, what)) = secrets.and_then(|it| it.find_in_json(&text)) {
        report(
            true,
            format!("{what} of the environment is in it, at {pointer}"),
        );
    }
    let recorded = is_recorded(&text);
    // By what it is: whether it is an error, and where it was found.
    let mut found: BTreeMap<&'static str, (bool, Vec<String>)> = BTreeMap::new();
    tokens::each(&text, |path, part| {
        let key = match path.last() {
            Some(Step::Key(key)) => tokens::unquoted(key),
            _ => String::new(),
        };
        let (value, word) = match part {
            Part::Key(_) => (serde_json::Value::from(key), None),
            Part::Scalar(raw) => (
                serde_json::from_str(raw).unwrap_or_default(),
                stand_in(&key),
            ),
        };
        let read = value.as_str().unwrap_or_default();
        let empty = value.is_null() || value == "";
        let kinds = [
            (
                true,
                "a secret by its name",
                word.is_some_and(|word| !empty && value != word),
            ),
            (
                false,
                "an e-mail address",
                word.is_none() && without_addresses(read) != read,
            ),
            (
                false,
                "the identifier of a task that is no pseudonym",
                recorded && has_id(read),
            ),
        ];
        for (error, kind, _) in kinds.into_iter().filter(|(_, _, is)| *is) {
            let (_, places) = found.entry(kind).or_insert((error, Vec::new()));
            places.push(tokens::pointer(to_show(path, secrets)));
        }
    });
    for (kind, (error, places)) in found {
        let more = match places.len() {
            1 => String::new(),
            count => format!(" and at {} more", count - 1),
        };
        let first = places.into_iter().next().unwrap_or_default();
        report(error, format!("{kind} is in it, at {first}{more}"));
    }
}

/// A way, up to where a key of it is something that should not be shown.
fn to_show<'a, 'b>(path: &'a [Step<'b>], secrets: Option<&Secrets>) -> &'a [Step<'b>] {
    let hidden = path.iter().position(|step| match step {
        Step::Index(_) => false,
        Step::Key(key) => {
            let key = tokens::unquoted(key);
            without_addresses(&key) != key
                || has_id(&key)
                || secrets.is_some_and(|it| is_secret(it, &key))
        }
    });
    &path[..hidden.unwrap_or(path.len())]
}

/// Whether a fixture says that a server gave its answer, and nobody made it up.
fn is_recorded(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct File {
        meta: Option<serde_json::Value>,
    }
    let file = serde_json::from_str::<File>(text).ok();
    let meta = file.and_then(|file| file.meta).unwrap_or_default();
    let source = meta.get("source").and_then(serde_json::Value::as_str);
    source.is_some_and(|it| ["live", "sandbox", "other"].contains(&it))
}

/// Whether a text has the identifier of a task in it, one that is no pseudonym: it begins with the
/// time of the call, and has the account's number in it.
fn has_id(text: &str) -> bool {
    let is_id = |candidate: &[u8]| {
        candidate.iter().zip(ID).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            b'f' => byte.is_ascii_hexdigit(),
            _ => byte == form,
        })
    };
    let candidates = text.as_bytes().windows(ID.len());
    candidates
        .filter(|candidate| is_id(candidate))
        .any(|id| !id.starts_with(PSEUDONYM.as_bytes()))
}
