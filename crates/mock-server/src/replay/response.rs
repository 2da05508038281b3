//! Responses in the API's own envelope: errors, examples, and tasks changed by faults.
//!
//! An error of credentials, path, body or number of tasks is on the envelope, with `tasks` null. An
//! error of one task is on the task, in an envelope that reports success. The documentation does not state which error belongs where; this follows
//! responses that users of the API have published.

use bytes::Bytes;
use dataforseo_models::{Mode, StatusCode};
use dataforseo_synthetic::task_id;
use http::{HeaderName, HeaderValue};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::request::ParsedRequest;
use crate::fixtures::{Fixture, FixtureResponse};
use crate::mock_endpoint::TargetRows;
use crate::session::Miss;

const VERSION: &str = "0.1.mock";
/// A constant, so that responses are the same every time.
const TIME: &str = "0 sec.";

/// A JSON object whose values keep their bytes.
type RawObject = indexmap::IndexMap<String, Box<RawValue>>;

/// A response of the mock server.
#[derive(Debug, Clone)]
pub(crate) struct MockResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// The header `x-mock-source`.
    pub(crate) source: HeaderValue,
    /// The header `x-mock-detail`: the errors in full.
    pub(crate) detail: Option<String>,
    /// The misses of the request or of some of its tasks.
    pub(crate) misses: Vec<Miss>,
}

/// The outcome of one task.
pub(super) enum TaskOutcome<'a> {
    /// It breaks a rule.
    Rejected(Rejection),
    /// It gets the one task of a fixture.
    Recorded(&'a Fixture, &'a FixtureResponse),
    /// It gets the example of the endpoint in a fixture of the server's own.
    Example(&'a Fixture),
    /// It gets this synthetic task. The text is for the header `x-mock-source`.
    Synthetic(String, Map<String, Value>),
    /// It is a miss, for this reason.
    Missed(String),
    /// It gets a status code and no result.
    WithoutResult(StatusCode),
}

/// The rejection of a task that breaks a rule.
#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) code: StatusCode,
    /// The message in the API's own words.
    pub(super) message: String,
    /// All violations, for the header `x-mock-detail`.
    pub(super) detail: String,
}

/// The change of a task by a fault.
#[derive(Debug, Clone, Copy)]
pub(super) enum TaskChange {
    Fail {
        code: StatusCode,
        counted: Counted,
    },
    /// It succeeds without a result.
    NoResult,
}

/// Whether `tasks_error` of the envelope counts failed tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Yes,
    No,
}

impl MockResponse {
    /// Returns a response without further headers, details and misses.
    pub(crate) fn new(status: u16, body: impl Into<Bytes>, source: &'static str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            source: HeaderValue::from_static(source),
            detail: None,
            misses: Vec::new(),
        }
    }

    /// Returns the response to a call that fails as a whole.
    pub(crate) fn envelope_error(
        code: StatusCode,
        message: &str,
        source: &'static str,
        detail: Option<String>,
    ) -> Self {
        let body = json!({
            "version": VERSION,
            "status_code": code.code(),
            "status_message": message,
            "time": TIME,
            "cost": 0,
            "tasks_count": 0,
            "tasks_error": 0,
            "tasks": null,
        });
        Self {
            detail,
            ..Self::new(code.http_status(), body.to_string(), source)
        }
    }

    /// Returns an error that the API would not send. Its message names the mock server.
    pub(crate) fn mock_error(
        status: u16,
        code: StatusCode,
        source: &'static str,
        detail: String,
    ) -> Self {
        let message = mock_message(&detail);
        Self {
            status,
            ..Self::envelope_error(code, &message, source, Some(detail))
        }
    }

    /// Returns the response of a fixture, unchanged.
    pub(crate) fn from_fixture(fixture: &Fixture, response: &FixtureResponse) -> Self {
        Self {
            status: response.status,
            headers: response.headers.clone(),
            body: response.body().clone(),
            source: fixture.source.clone(),
            detail: None,
            misses: Vec::new(),
        }
    }

    /// Returns a response with one task per outcome. There is one outcome per task of the request.
    pub(super) fn from_tasks(request: &ParsedRequest<'_>, outcomes: &[TaskOutcome<'_>]) -> Self {
        let sent = request.response_tasks();
        let mut tasks = Vec::new();
        let (mut details, mut sources) = (Vec::new(), Vec::new());
        for (index, (task, outcome)) in sent.iter().zip(outcomes).enumerate() {
            match outcome {
                TaskOutcome::Rejected(rejection) if sent.len() == 1 => {
                    details.push(rejection.detail.clone());
                }
                TaskOutcome::Rejected(Rejection { detail, .. }) | TaskOutcome::Missed(detail) => {
                    details.push(format!("task {index}: {detail}"));
                }
                TaskOutcome::Recorded(fixture, _) => sources.push(fixture.name.clone()),
                TaskOutcome::Example(fixture) => sources.push(format!("example {}", fixture.name)),
                TaskOutcome::Synthetic(source, _) => sources.push(source.clone()),
                TaskOutcome::WithoutResult(_) => {}
            }
            tasks.push(response_task(request, outcome, task, index));
        }
        let envelope = raw_object([
            ("version", json!(VERSION)),
            ("status_code", json!(StatusCode::Ok.code())),
            ("status_message", json!(StatusCode::Ok.message())),
            ("time", json!(TIME)),
        ]);
        let source = sources.into_iter().next();
        let source = source.and_then(|source| HeaderValue::try_from(source).ok());
        Self {
            source: source.unwrap_or(HeaderValue::from_static("rules")),
            detail: (!details.is_empty()).then(|| details.join("; ")),
            ..Self::new(200, with_tasks(envelope, &tasks, Counted::Yes), "rules")
        }
    }

    /// Returns the response with each task changed, or the one at an index, and the sums of the
    /// envelope computed again. Returns `None` if the response has no such task.
    pub(super) fn change_tasks(&self, index: Option<usize>, change: TaskChange) -> Option<Self> {
        let mut envelope: RawObject = serde_json::from_slice(&self.body).ok()?;
        let tasks = envelope.get("tasks")?;
        let mut tasks: Vec<RawObject> = serde_json::from_str(tasks.get()).ok()?;
        let chosen = match index {
            Some(index) => tasks.get_mut(index..=index)?,
            None => &mut tasks[..],
        };
        if chosen.is_empty() {
            return None;
        }
        for task in chosen {
            change.apply(task);
        }
        for key in ["cost", "tasks_count", "tasks_error", "tasks"] {
            envelope.shift_remove(key);
        }
        let counted = match change {
            TaskChange::Fail { counted, .. } => counted,
            TaskChange::NoResult => Counted::Yes,
        };
        Some(Self {
            body: with_tasks(envelope, &tasks, counted).into(),
            ..self.clone()
        })
    }
}

impl TaskChange {
    fn apply(self, task: &mut RawObject) {
        let code = match self {
            Self::Fail { code, .. } => code,
            Self::NoResult => StatusCode::Ok,
        };
        let mut set = |key: &str, value: Value| {
            if let Ok(raw) = to_raw_value(&value) {
                task.insert(key.to_owned(), raw);
            }
        };
        set("status_code", json!(code.code()));
        set("status_message", json!(message_of(code)));
        if let Self::Fail { .. } = self {
            set("cost", json!(0));
        }
        set("result_count", json!(0));
        set("result", Value::Null);
    }
}

/// Returns the message for a status code. That of 40501 names a field, which depends on the
/// request.
pub(super) fn message_of(code: StatusCode) -> &'static str {
    match code {
        StatusCode::InvalidField => "Invalid Field: 'targets'.",
        StatusCode::Other(_) => "An undocumented status code.",
        code => code.message(),
    }
}

fn mock_message(detail: &str) -> String {
    format!("dataforseo-mock-server: {detail}")
}

/// Returns the task of a response.
fn response_task(
    request: &ParsedRequest<'_>,
    outcome: &TaskOutcome<'_>,
    task: &Value,
    index: usize,
) -> RawObject {
    let segments: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let mut id = None;
    let mut response = match outcome {
        // Kept whole: it echoes the task, and later calls use its identifier.
        TaskOutcome::Recorded(_, response) => {
            return first_task(response.body()).unwrap_or_default();
        }
        TaskOutcome::Synthetic(_, task) => return raw_task(task),
        TaskOutcome::Rejected(rejection) => error_task(rejection.code, &rejection.message),
        TaskOutcome::Missed(detail) => error_task(StatusCode::NotFound, &mock_message(detail)),
        TaskOutcome::WithoutResult(code) => error_task(*code, message_of(*code)),
        TaskOutcome::Example(fixture) => {
            let endpoint = request.endpoint.endpoint();
            id = match endpoint.info.mode {
                Mode::TaskGet => segments.last().map(|id| (*id).to_owned()),
                _ => Some(task_id(task, index)),
            };
            example_task(fixture, endpoint.per_target, task)
        }
    };
    let mut set = |key: &str, value: Value| {
        if let Ok(raw) = to_raw_value(&value) {
            response.insert(key.to_owned(), raw);
        }
    };
    if let Some(id) = id {
        set("id", id.into());
    }
    set("path", json!(segments));
    set(
        "data",
        dataforseo_synthetic::data(request.path, task).into(),
    );
    response
}

/// Returns the first task of a fixture's response, with one row per target of the request's task.
fn example_task(fixture: &Fixture, per_target: Option<TargetRows>, task: &Value) -> RawObject {
    let body = fixture.first().map(FixtureResponse::body);
    let mut example = body.and_then(|body| first_task(body)).unwrap_or_default();
    let result = per_target.and_then(|rows| result_per_target(rows, &example, task));
    if let Some(result) = result {
        example.insert("result".to_owned(), result);
    }
    example
}

/// Returns the first task of a response body.
fn first_task(body: &[u8]) -> Option<RawObject> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        tasks: Vec<RawObject>,
    }
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    envelope.tasks.into_iter().next()
}

/// Returns an example's result with one row per distinct target of the task.
///
/// The row is the example's own one for the target, or else any of its rows with the target
/// replaced. Returns `None` if the example has no rows, as some hard cases do.
fn result_per_target(
    per_target: TargetRows,
    example: &RawObject,
    task: &Value,
) -> Option<Box<RawValue>> {
    let TargetRows {
        rows,
        target,
        targets,
    } = per_target;
    let mut results: Vec<RawObject> = serde_json::from_str(example.get("result")?.get()).ok()?;
    let are_rows = rows == "result";
    let examples: Vec<RawObject> = match results.first() {
        Some(result) if !are_rows => serde_json::from_str(result.get(rows)?.get()).ok()?,
        _ => results.clone(),
    };
    let named: Vec<(String, &RawObject)> = examples
        .iter()
        .filter_map(|row| Some((serde_json::from_str(row.get(target)?.get()).ok()?, row)))
        .collect();
    let targets = task.get(targets)?.as_array()?;
    let distinct: indexmap::IndexSet<&str> = targets.iter().filter_map(Value::as_str).collect();
    let filled: Vec<RawObject> = distinct
        .iter()
        .zip(named.iter().cycle())
        .filter_map(|(name, (_, any_row))| {
            let own_row = named.iter().find(|(known, _)| known == name);
            let mut row = own_row.map_or_else(|| (*any_row).clone(), |(_, row)| (*row).clone());
            row.insert(target.to_owned(), to_raw_value(name).ok()?);
            Some(row)
        })
        .collect();
    if filled.is_empty() {
        return None;
    }
    if are_rows {
        return to_raw_value(&filled).ok();
    }
    let result = results.first_mut()?;
    if let Some(count) = result.get_mut("items_count") {
        *count = to_raw_value(&filled.len()).ok()?;
    }
    result.insert(rows.to_owned(), to_raw_value(&filled).ok()?);
    to_raw_value(&results).ok()
}

/// Returns an envelope with tasks and the sums over them. Tasks keep their bytes.
fn with_tasks(mut envelope: RawObject, tasks: &[RawObject], counted: Counted) -> String {
    let number = |task: &RawObject, key| -> Option<f64> { task.get(key)?.get().parse().ok() };
    let cost: f64 = tasks.iter().filter_map(|task| number(task, "cost")).sum();
    // A sum of prices has no more digits than the prices; the rest is noise of the float.
    let cost = (cost * 1e9).round() / 1e9;
    let has_failed =
        |task: &&RawObject| number(task, "status_code").is_none_or(|code| code >= 40000.0);
    let failed = match counted {
        Counted::Yes => tasks.iter().filter(has_failed).count(),
        Counted::No => 0,
    };
    envelope.extend(raw_object([
        ("cost", if cost == 0.0 { json!(0) } else { json!(cost) }),
        ("tasks_count", json!(tasks.len())),
        ("tasks_error", json!(failed)),
    ]));
    let tasks = to_raw_value(tasks).ok();
    envelope.extend(tasks.map(|tasks| ("tasks".to_owned(), tasks)));
    serde_json::to_string(&envelope).unwrap_or_default()
}

fn error_task(code: StatusCode, message: &str) -> RawObject {
    raw_object([
        ("id", json!("00000000-0000-0000-0000-000000000000")),
        ("status_code", json!(code.code())),
        ("status_message", json!(message)),
        ("time", json!(TIME)),
        ("cost", json!(0)),
        ("result_count", json!(0)),
        ("path", Value::Null),
        ("data", Value::Null),
        ("result", Value::Null),
    ])
}

fn raw_object<const N: usize>(fields: [(&str, Value); N]) -> RawObject {
    let fields = fields.into_iter();
    fields
        .filter_map(|(key, value)| Some((key.to_owned(), to_raw_value(&value).ok()?)))
        .collect()
}

fn raw_task(task: &Map<String, Value>) -> RawObject {
    let fields = task.iter();
    fields
        .filter_map(|(key, value)| Some((key.clone(), to_raw_value(value).ok()?)))
        .collect()
}
