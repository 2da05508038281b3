//! The checks of fixture files: each file by itself, and all files together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dataforseo_models::drift::{Drift, DriftKind};
use dataforseo_models::{Date, RawEnvelope, Severity, ViolationKind, check};
use serde_json::Value;

use crate::endpoints::{self, EndpointIndex};
use crate::fixtures::{
    Embedded, Fixture, FixtureError, LookupKey, Store, fixture_files, read_text,
};
use crate::json::tokens::{self, Leaf, PathStep};
use crate::matching::MatchRule;
use crate::record::Secrets;
use crate::redact::{placeholder, redact_emails};

/// The size from which on a warning is given, in bytes. Large files are slow to review and to clone.
const LARGE_FILE: u64 = 1 << 20;

/// The form of a task identifier: `0` for a decimal digit, `f` for a hexadecimal one.
const ID_FORM: &[u8] = b"00000000-0000-0000-0000-ffffffffffff";

/// The start of pseudonyms in recordings: the time of January 1, midnight.
const PSEUDONYM_START: &str = "01010000-0000-0000-0000-";

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// The file, or `the environment`.
    pub(super) file: PathBuf,
    pub(super) severity: LintSeverity,
    pub(super) message: String,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LintSeverity {
    /// The file must be corrected.
    Error,
    Warning,
}

/// The findings of one file.
struct Report<'a> {
    file: &'a Path,
    secrets: &'a Secrets,
    findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    fn error(&mut self, message: impl Into<String>) {
        self.add(LintSeverity::Error, message.into());
    }

    fn warning(&mut self, message: impl Into<String>) {
        self.add(LintSeverity::Warning, message.into());
    }

    fn add(&mut self, severity: LintSeverity, message: String) {
        // A message quotes the file, which may contain the credentials.
        let is_secret = contains_secret(self.secrets, &message);
        let message = if is_secret {
            "the message cannot be shown: it would contain credentials".to_owned()
        } else {
            message
        };
        self.findings.push(Finding {
            file: self.file.to_owned(),
            severity,
            message,
        });
    }
}

/// The result of a check.
pub(super) struct LintResult {
    /// The number of files.
    pub(super) file_count: usize,
    pub(super) findings: Vec<Finding>,
}

/// Checks all fixtures of some folders. `credentials` must not occur in any of them.
pub(super) fn lint(
    folders: &[PathBuf],
    today: Date,
    max_age_days: Option<u32>,
    credentials: Option<&str>,
) -> Result<LintResult, FixtureError> {
    let mut findings = Vec::new();
    let mut file_count = 0;
    let secrets = match credentials.map(Secrets::of) {
        Some(Ok(secrets)) => secrets,
        Some(Err(_)) => {
            findings.push(Finding {
                file: PathBuf::from("the environment"),
                severity: LintSeverity::Warning,
                message: "login or password is too short to be distinguished from ordinary text: \
                          fixtures were not searched for them"
                    .to_owned(),
            });
            Secrets::default()
        }
        None => Secrets::default(),
    };
    let mut store = Store::new(Embedded::Excluded);
    let mut seen = BTreeSet::new();
    for folder in folders {
        for file in fixture_files(folder)? {
            // A folder may contain another one.
            if let Ok(path) = file.canonicalize()
                && !seen.insert(path)
            {
                continue;
            }
            file_count += 1;
            let mut report = Report {
                file: &file,
                secrets: &secrets,
                findings: &mut findings,
            };
            lint_file(&mut report, &mut store, today, max_age_days);
        }
    }
    find_overlaps(&store, &mut findings);
    Ok(LintResult {
        file_count,
        findings,
    })
}

fn lint_file(report: &mut Report<'_>, store: &mut Store, today: Date, max_age_days: Option<u32>) {
    let file = report.file;
    match Fixture::read_file(file) {
        Ok(fixture) => {
            lint_fixture(&fixture, today, max_age_days, report);
            find_secrets(report);
            if let Err(error) = store.add(fixture) {
                report.error(without_file(&error, file));
            }
        }
        Err(error) => report.error(without_file(&error, file)),
    }
    if let Ok(size) = file.metadata().map(|it| it.len())
        && size > LARGE_FILE
    {
        report.warning(format!("{} MB: reduce its lists to a few rows", size >> 20));
    }
}

fn contains_secret(secrets: &Secrets, text: &str) -> bool {
    let json = Value::from(text).to_string();
    secrets.find_in_json(&json).is_some()
}

/// Finds fixtures that match the request of another one, because the two have different `match`
/// rules.
fn find_overlaps(store: &Store, findings: &mut Vec<Finding>) {
    let mut by_endpoint: BTreeMap<EndpointIndex, Vec<&Arc<Fixture>>> = BTreeMap::new();
    for fixture in store.own() {
        if let Some(endpoint) = endpoints::find(&fixture.path) {
            by_endpoint.entry(endpoint).or_default().push(fixture);
        }
    }
    for (endpoint, mut fixtures) in by_endpoint {
        fixtures.sort_by(|a, b| a.name.cmp(&b.name));
        let mut by_rule: BTreeMap<&MatchRule, HashMap<String, &Fixture>> = BTreeMap::new();
        for fixture in &fixtures {
            let key = fixture.rule.key(&fixture.path, &fixture.request);
            let known = by_rule.entry(&fixture.rule).or_default();
            known.insert(key, fixture);
        }
        // Two fixtures that match each other's requests are one finding.
        let mut reported = BTreeSet::new();
        for fixture in fixtures {
            let others = by_rule.iter().filter(|(rule, _)| ***rule != fixture.rule);
            for (rule, known) in others {
                let Some(other) = known.get(&rule.key(&fixture.path, &fixture.request)) else {
                    continue;
                };
                let (a, b) = (fixture.name.as_str(), other.name.as_str());
                let Some(file) = &fixture.file else {
                    continue;
                };
                if reported.insert((a.min(b), a.max(b))) {
                    let key = LookupKey::new(&fixture.path, &fixture.request);
                    let first = store.find(endpoint, &key).map_or(a, |it| it.name.as_str());
                    findings.push(Finding {
                        file: file.clone(),
                        severity: LintSeverity::Warning,
                        message: format!(
                            "{b} matches its request, too, with another `match`: {first} takes \
                             precedence"
                        ),
                    });
                }
            }
        }
    }
}

/// Returns the message of an error without the file's name, which the finding has already.
fn without_file(error: &FixtureError, file: &Path) -> String {
    if let FixtureError::Duplicate { first, .. } = error {
        return format!("is for the same request as {first}: remove one of them");
    }
    let message = error.to_string();
    let name = format!("{}: ", file.display());
    message.strip_prefix(&name).unwrap_or(&message).to_owned()
}

fn lint_fixture(
    fixture: &Fixture,
    today: Date,
    max_age_days: Option<u32>,
    report: &mut Report<'_>,
) {
    let recorded = check_age(fixture, today, max_age_days, report);
    let Some(endpoint) = endpoints::find(&fixture.path) else {
        return;
    };
    if fixture.is_example() {
        check_tasks(fixture, endpoint, recorded, today, report);
    }
    for (number, response) in fixture.responses.iter().enumerate() {
        let place = match fixture.responses.len() {
            1 => "/response".to_owned(),
            _ => format!("/responses/{number}"),
        };
        let Ok(envelope) = RawEnvelope::parse(response.body()) else {
            if response.status == 200 {
                report.warning(format!("{place}/body is not a DataForSEO response"));
            }
            continue;
        };
        for (index, task) in envelope.tasks.iter().enumerate() {
            if let Some(result) = task.result {
                let place = format!("{place}/body/tasks/{index}/result");
                check_result(endpoint, result.get(), &place, report);
            }
        }
    }
}

/// Checks `meta.recorded`. Returns the date, if there is a valid one.
fn check_age(
    fixture: &Fixture,
    today: Date,
    max_age_days: Option<u32>,
    report: &mut Report<'_>,
) -> Option<Date> {
    let Ok(recorded) = fixture.recorded.as_deref()?.parse::<Date>() else {
        report.error("`meta.recorded` is not a date: expected yyyy-mm-dd");
        return None;
    };
    if let Some(max) = max_age_days {
        // The difference of two dates has days unless they are centuries apart.
        let age = today.since(recorded).map_or(0, |span| span.get_days());
        if age > i32::try_from(max).unwrap_or(i32::MAX) {
            report.warning(format!("recorded {age} days ago: record it again"));
        }
    }
    Some(recorded)
}

/// Checks the tasks of a success against the documented rules.
fn check_tasks(
    fixture: &Fixture,
    endpoint: EndpointIndex,
    recorded: Option<Date>,
    today: Date,
    report: &mut Report<'_>,
) {
    // Rules that depend on the date were in force when the fixture was recorded.
    let date = recorded.unwrap_or(today);
    let tasks = fixture.request.as_array();
    for (index, task) in tasks.into_iter().flatten().enumerate() {
        for violation in check(endpoint.info().task_rules, task, date) {
            // Without the date of the recording, such a rule cannot be checked.
            let depends_on_date =
                recorded.is_none() && matches!(violation.kind, ViolationKind::Before(_));
            if violation.severity() == Severity::Error && !depends_on_date {
                report.warning(format!(
                    "the response is a success, but /request/body/{index}: {violation}"
                ));
            }
        }
    }
}

/// Checks that decoding and encoding a result loses nothing.
fn check_result(endpoint: EndpointIndex, result: &str, place: &str, report: &mut Report<'_>) {
    let lossy_fields = match (endpoint.endpoint().lossy_fields)(result) {
        Ok(fields) => fields,
        Err(error) => return report.error(format!("{place}: {error}")),
    };
    // One finding per field, whatever the number of rows.
    let mut by_field: BTreeMap<String, (usize, Drift)> = BTreeMap::new();
    for lossy in lossy_fields {
        let field = without_indexes(&lossy.pointer);
        by_field.entry(field).or_insert((0, lossy)).0 += 1;
    }
    for (field, (count, mut first)) in by_field {
        let times = if count > 1 {
            first.pointer = field;
            format!(" ({count} times)")
        } else {
            String::new()
        };
        let message = format!("{place}{first}{times}");
        match first.kind {
            DriftKind::UnknownField => report.warning(message),
            _ => report.error(message),
        }
    }
}

/// Returns a JSON pointer with `*` in place of each index.
fn without_indexes(pointer: &str) -> String {
    let is_index = |step: &str| step.parse::<usize>().is_ok();
    let steps = pointer.split('/');
    let steps: Vec<&str> = steps
        .map(|step| if is_index(step) { "*" } else { step })
        .collect();
    steps.join("/")
}

/// Finds secrets and account data in the report's file.
fn find_secrets(report: &mut Report<'_>) {
    let text = read_text(report.file).unwrap_or_default();
    // The recorder writes no such file.
    if let Some(found) = report.secrets.find_in_json(&text) {
        report.error(format!("it contains {}, at {}", found.what, found.pointer));
    }
    let name = report.file.file_name().unwrap_or_default();
    if let Some(what) = report.secrets.find(&name.to_string_lossy()) {
        report.error(format!("its name contains {what}"));
    }
    let recorded = is_recorded(&text);
    let mut found: BTreeMap<&'static str, (LintSeverity, Vec<String>)> = BTreeMap::new();
    tokens::each(&text, |path, leaf| {
        let key = match path.last() {
            Some(PathStep::Key(key)) => tokens::unescape(key),
            _ => String::new(),
        };
        let (value, placeholder) = match leaf {
            Leaf::Key(_) => (Value::from(key), None),
            Leaf::Scalar(raw) => (
                serde_json::from_str(raw).unwrap_or_default(),
                placeholder(&key),
            ),
        };
        let text = value.as_str().unwrap_or_default();
        let is_empty = value.is_null() || value == "";
        let kinds = [
            (
                LintSeverity::Error,
                "a secret by the name of its field",
                placeholder.is_some_and(|placeholder| !is_empty && value != placeholder),
            ),
            (
                LintSeverity::Warning,
                "an e-mail address",
                placeholder.is_none() && redact_emails(text) != text,
            ),
            (
                LintSeverity::Warning,
                "a task identifier that is not a pseudonym",
                recorded && has_id(text),
            ),
        ];
        for (severity, kind, _) in kinds.into_iter().filter(|(_, _, is)| *is) {
            let (_, places) = found.entry(kind).or_insert((severity, Vec::new()));
            places.push(tokens::pointer(shown_path(path, report.secrets)));
        }
    });
    for (kind, (severity, places)) in found {
        let more = match places.len() {
            1 => String::new(),
            count => format!(" ({count} places)"),
        };
        let first = places.into_iter().next().unwrap_or_default();
        report.add(severity, format!("it contains {kind}, at {first}{more}"));
    }
}

/// Returns a path up to the first key that must not be shown.
fn shown_path<'a, 'b>(path: &'a [PathStep<'b>], secrets: &Secrets) -> &'a [PathStep<'b>] {
    let hidden = path.iter().position(|step| match step {
        PathStep::Index(_) => false,
        PathStep::Key(key) => {
            let key = tokens::unescape(key);
            redact_emails(&key) != key || has_id(&key) || contains_secret(secrets, &key)
        }
    });
    &path[..hidden.unwrap_or(path.len())]
}

/// Returns whether a fixture was recorded, instead of written or generated.
fn is_recorded(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Content {
        meta: Option<Value>,
    }
    let content = serde_json::from_str::<Content>(text).ok();
    let meta = content.and_then(|it| it.meta).unwrap_or_default();
    let source = meta.get("source").and_then(Value::as_str);
    source.is_some_and(|it| ["live", "sandbox", "other"].contains(&it))
}

/// Returns whether a text contains a task identifier that is not a pseudonym. It would contain the
/// time of the call and the account's number.
fn has_id(text: &str) -> bool {
    let is_id = |candidate: &[u8]| {
        candidate
            .iter()
            .zip(ID_FORM)
            .all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                b'f' => byte.is_ascii_hexdigit(),
                _ => byte == form,
            })
    };
    let candidates = text.as_bytes().windows(ID_FORM.len());
    candidates
        .filter(|candidate| is_id(candidate))
        .any(|id| !id.starts_with(PSEUDONYM_START.as_bytes()))
}
