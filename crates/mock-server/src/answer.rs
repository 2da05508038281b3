//! Answers that no fixture has: the API's own errors, in its own envelope.
//!
//! What is wrong with a call as a whole (credentials, path, a body that is no list of tasks, too
//! many tasks) stands on the envelope, with `tasks` null. What is wrong with a task stands on the
//! task, in an envelope that reports success. The documentation says neither; this follows answers
//! that users of the API have published.

use bytes::Bytes;
use dataforseo_models::{EndpointInfo, Mode, StatusCode};
use http::{HeaderName, HeaderValue};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::PerTarget;
use crate::canonical::canonical;
use crate::fixture::{Fixture, Response};
use crate::miss::Miss;

const VERSION: &str = "0.1.mock";
/// Time is not measured: answers are the same every time.
const TIME: &str = "0 sec.";

/// What the server sends.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// The header `x-mock-source`.
    pub(crate) source: HeaderValue,
    /// The header `x-mock-detail`: what is wrong, in full.
    pub(crate) detail: Option<String>,
    /// What nothing answered: all of the request, or some of its tasks.
    pub(crate) misses: Vec<Miss>,
}

impl Reply {
    /// An error of the call as a whole.
    pub(crate) fn envelope(
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

    /// An error that is the mock's own and not the API's: its message says so.
    pub(crate) fn own(status: u16, code: StatusCode, source: &'static str, detail: String) -> Self {
        let message = format!("dataforseo-mock-server: {detail}");
        Self {
            status,
            ..Self::envelope(code, &message, source, Some(detail))
        }
    }

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

    /// The answer of a fixture, as it is.
    pub(crate) fn fixture(fixture: &Fixture, response: &Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers.clone(),
            body: response.body().clone(),
            source: fixture.source.clone(),
            detail: None,
            misses: Vec::new(),
        }
    }

    /// An answer with a task for each that was sent.
    pub(crate) fn tasks(
        endpoint: &EndpointInfo,
        per_target: Option<PerTarget>,
        path: &str,
        sent: &[Value],
        outcomes: &[Outcome<'_>],
    ) -> Self {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let mut tasks = Vec::new();
        let (mut details, mut sources) = (Vec::new(), Vec::new());
        for (index, (task, outcome)) in sent.iter().zip(outcomes).enumerate() {
            let mut answer = match outcome {
                // It is all there: what it echoes, and the identifier that a later call asks for.
                Outcome::Recorded(fixture, response) => {
                    sources.push(fixture.name.clone());
                    tasks.push(example_task(response.body()).unwrap_or_default());
                    continue;
                }
                Outcome::Refused(refusal) => {
                    details.push(match sent.len() {
                        1 => refusal.detail.clone(),
                        _ => format!("task {index}: {}", refusal.detail),
                    });
                    error_task(refusal.code, &refusal.message)
                }
                Outcome::Missed(detail) => {
                    details.push(format!("task {index}: {detail}"));
                    let message = format!("dataforseo-mock-server: {detail}");
                    error_task(StatusCode::NotFound, &message)
                }
                Outcome::Example(fixture) => {
                    sources.push(format!("example {}", fixture.name));
                    let body = fixture.first().map(Response::body);
                    let mut answer = body.and_then(|it| example_task(it)).unwrap_or_default();
                    if let Some(result) =
                        per_target.and_then(|rows| result_for(rows, &answer, task))
                    {
                        answer.insert("result".to_owned(), result);
                    }
                    answer
                }
                Outcome::Failed(code) => error_task(*code, message_of(*code)),
            };
            let id = match (outcome, endpoint.mode) {
                (Outcome::Example(_), Mode::TaskGet) => parts.last().map(|id| (*id).to_owned()),
                (Outcome::Example(_), _) => Some(task_id(task, index)),
                _ => None,
            };
            for (key, value) in [
                ("id", id.map(Value::from)),
                ("path", Some(json!(parts))),
                ("data", Some(data(&parts, task).into())),
            ] {
                if let Some(raw) = value.and_then(|value| raw(&value)) {
                    answer.insert(key.to_owned(), raw);
                }
            }
            tasks.push(answer);
        }
        let mut envelope = RawObject::new();
        for (key, value) in [
            ("version", json!(VERSION)),
            ("status_code", json!(StatusCode::Ok.code())),
            ("status_message", json!(StatusCode::Ok.message())),
            ("time", json!(TIME)),
        ] {
            envelope.extend(raw(&value).map(|raw| (key.to_owned(), raw)));
        }
        let source = sources.first().cloned();
        let source = source.and_then(|source| HeaderValue::try_from(source).ok());
        Self {
            source: source.unwrap_or(HeaderValue::from_static("rules")),
            detail: (!details.is_empty()).then(|| details.join("; ")),
            ..Self::new(200, with_tasks(envelope, &tasks, false), "rules")
        }
    }

    /// Changes each task, or the one at an index, and counts anew: the number of failed tasks,
    /// unless it is `hidden`, and the cost. `None` if the answer has no tasks, or none there.
    pub(crate) fn change_tasks(&self, index: Option<usize>, change: TaskChange) -> Option<Self> {
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
            let (code, cost) = match change {
                TaskChange::Fail { code, .. } => (code, Some(json!(0))),
                TaskChange::NoResult => (StatusCode::Ok, None),
            };
            for (key, value) in [
                ("status_code", Some(json!(code.code()))),
                ("status_message", Some(json!(message_of(code)))),
                ("cost", cost),
                ("result_count", Some(json!(0))),
                ("result", Some(Value::Null)),
            ] {
                if let Some(raw) = value.and_then(|value| raw(&value)) {
                    task.insert(key.to_owned(), raw);
                }
            }
        }
        for key in ["cost", "tasks_count", "tasks_error", "tasks"] {
            envelope.shift_remove(key);
        }
        let hidden = matches!(change, TaskChange::Fail { hidden: true, .. });
        Some(Self {
            body: with_tasks(envelope, &tasks, hidden).into(),
            ..self.clone()
        })
    }
}

/// What a fault does to a task.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TaskChange {
    /// It fails; if `hidden`, the envelope does not count it.
    Fail { code: StatusCode, hidden: bool },
    /// It succeeds and has no result.
    NoResult,
}

/// An envelope with what follows from its tasks, and the tasks as they are, number for number.
fn with_tasks(mut envelope: RawObject, tasks: &[RawObject], hidden: bool) -> String {
    let number = |task: &RawObject, key| -> Option<f64> { task.get(key)?.get().parse().ok() };
    let cost: f64 = tasks.iter().filter_map(|task| number(task, "cost")).sum();
    // Sums of prices have no more digits than prices; what a float adds behind them is noise.
    let cost = (cost * 1e9).round() / 1e9;
    let failed = |task: &&RawObject| number(task, "status_code").is_none_or(|code| code >= 40000.0);
    let failed = if hidden {
        0
    } else {
        tasks.iter().filter(failed).count()
    };
    for (key, value) in [
        ("cost", if cost == 0.0 { json!(0) } else { json!(cost) }),
        ("tasks_count", json!(tasks.len())),
        ("tasks_error", json!(failed)),
    ] {
        envelope.extend(raw(&value).map(|raw| (key.to_owned(), raw)));
    }
    let tasks = serde_json::value::to_raw_value(tasks).ok();
    envelope.extend(tasks.map(|tasks| ("tasks".to_owned(), tasks)));
    serde_json::to_string(&envelope).unwrap_or_default()
}

/// The text to a code. That of 40501 names a field, which is up to the request.
pub(crate) fn message_of(code: StatusCode) -> &'static str {
    match code {
        StatusCode::InvalidField => "Invalid Field: 'targets'.",
        StatusCode::Other(_) => "A status that is not documented.",
        code => code.message(),
    }
}

/// What becomes of one task.
pub(crate) enum Outcome<'a> {
    /// It breaks the rules.
    Refused(Refusal),
    /// It is answered by the one task of a fixture.
    Recorded(&'a Fixture, &'a Response),
    /// It is answered by the example.
    Example(&'a Fixture),
    /// Nothing answers it, and this is why.
    Missed(String),
    /// A test wants it to fail.
    Failed(StatusCode),
}

/// An identifier in the form of the API's, the same for the same task at the same place.
fn task_id(task: &Value, index: usize) -> String {
    let hash = crate::digest("task", &canonical(task), 12);
    format!("01010000-0000-0000-{:04}-{hash}", index % 10_000)
}

type RawObject = indexmap::IndexMap<String, Box<RawValue>>;

/// Why a task is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: StatusCode,
    pub(crate) message: String,
    /// In full, for the header.
    pub(crate) detail: String,
}

/// The first task of an answer.
fn example_task(body: &[u8]) -> Option<RawObject> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        tasks: Vec<RawObject>,
    }
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    envelope.tasks.into_iter().next()
}

/// The example's result with a row for each different target of the task: the one that the example
/// has for it, or else any. `None` if the example has no rows, as those of the hard cases.
fn result_for(per_target: PerTarget, answer: &RawObject, task: &Value) -> Option<Box<RawValue>> {
    let PerTarget { rows, target } = per_target;
    let mut results: Vec<RawObject> = serde_json::from_str(answer.get("result")?.get()).ok()?;
    let result = results.first_mut()?;
    let examples: Vec<RawObject> = serde_json::from_str(result.get(rows)?.get()).ok()?;
    let named: Vec<(String, &RawObject)> = examples
        .iter()
        .filter_map(|row| Some((serde_json::from_str(row.get(target)?.get()).ok()?, row)))
        .collect();
    let mut wanted: indexmap::IndexSet<&str> = indexmap::IndexSet::new();
    wanted.extend(
        task.get("targets")?
            .as_array()?
            .iter()
            .filter_map(Value::as_str),
    );
    let answered: Vec<RawObject> = wanted
        .iter()
        .zip(named.iter().cycle())
        .filter_map(|(wanted, (_, any))| {
            let own = named.iter().find(|(name, _)| name == wanted);
            let mut row = own.map_or_else(|| (*any).clone(), |(_, row)| (*row).clone());
            row.insert(target.to_owned(), raw(&Value::from(*wanted))?);
            Some(row)
        })
        .collect();
    if answered.is_empty() {
        return None;
    }
    if let Some(count) = result.get_mut("items_count") {
        *count = raw(&answered.len().into())?;
    }
    result.insert(
        rows.to_owned(),
        serde_json::value::to_raw_value(&answered).ok()?,
    );
    serde_json::value::to_raw_value(&results).ok()
}

/// What the API echoes of a task.
fn data(parts: &[&str], task: &Value) -> Map<String, Value> {
    let mut data = Map::new();
    let api = parts.get(1).copied().unwrap_or_default();
    data.insert("api".into(), api.into());
    // What stands between the section and the mode.
    let modes = ["live", "task_post", "tasks_ready", "task_get"];
    let function: Vec<&str> = parts
        .iter()
        .skip(2)
        .take_while(|part| !modes.contains(part))
        .copied()
        .collect();
    data.insert("function".into(), function.join("/").into());
    data.extend(task.as_object().cloned().unwrap_or_default());
    data
}

fn error_task(code: StatusCode, message: &str) -> RawObject {
    let task = json!({
        "id": "00000000-0000-0000-0000-000000000000",
        "status_code": code.code(),
        "status_message": message,
        "time": TIME,
        "cost": 0,
        "result_count": 0,
        "path": null,
        "data": null,
        "result": null,
    });
    let fields = task.as_object().into_iter().flatten();
    fields
        .filter_map(|(key, value)| Some((key.clone(), raw(value)?)))
        .collect()
}

fn raw(value: &Value) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(value).ok()
}
