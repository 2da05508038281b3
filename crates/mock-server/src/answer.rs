//! Answers that no fixture has: the API's own errors, in its own envelope.
//!
//! What is wrong with a call as a whole (credentials, path, a body that is no list of tasks, too
//! many tasks) stands on the envelope, with `tasks` null. What is wrong with a task stands on the
//! task, in an envelope that reports success. The documentation says neither; this follows answers
//! that users of the API have published.

use bytes::Bytes;
use dataforseo_models::{EndpointInfo, Mode, StatusCode};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::fixture::Fixture;

const VERSION: &str = "0.1.mock";
/// Time is not measured: answers are the same every time.
const TIME: &str = "0 sec.";

/// What the server sends.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    /// The header `x-mock-source`.
    pub(crate) source: String,
    /// The header `x-mock-detail`: what is wrong, in full.
    pub(crate) detail: Option<String>,
}

impl Reply {
    /// An error of the call as a whole.
    pub(crate) fn envelope(
        code: StatusCode,
        message: &str,
        source: &str,
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
            status: code.http_status(),
            body: body.to_string().into(),
            source: source.to_owned(),
            detail,
        }
    }

    /// An answer with a task for each that was sent: refused, made after the example, or, without
    /// one, missed.
    pub(crate) fn tasks(
        endpoint: &EndpointInfo,
        path: &str,
        sent: &[Value],
        refused: &[Option<Refusal>],
        example: Option<&Fixture>,
    ) -> Self {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let pattern = example.and_then(|fixture| example_task(&fixture.body));
        // What is asked with a GET has a task in its answer, too.
        let none = [Value::Null];
        let sent = if sent.is_empty() { &none } else { sent };
        let mut tasks = Vec::new();
        let mut cost = 0.0;
        for (index, task) in sent.iter().enumerate() {
            let data = data(endpoint, &parts, task);
            let refusal = refused.get(index).and_then(Option::as_ref);
            let mut answer = match (refusal, &pattern) {
                (None, Some(pattern)) => pattern.clone(),
                (None, None) => error_task(StatusCode::NotFound, "dataforseo-mock-server: a miss"),
                (Some(refusal), _) => error_task(refusal.code, &refusal.message),
            };
            let id = match endpoint.mode {
                Mode::TaskGet => parts.last().map(|id| (*id).to_owned()),
                _ => Some(format!("01010000-0000-0000-0000-{:012}", index + 1)),
            };
            let id = id.filter(|_| refusal.is_none());
            for (key, value) in [
                ("id", id.map(Value::from)),
                ("path", Some(json!(parts))),
                ("data", Some(data.into())),
            ] {
                if let Some(raw) = value.and_then(|value| raw(&value)) {
                    answer.insert(key.to_owned(), raw);
                }
            }
            let of_task = answer.get("cost");
            cost += of_task.map_or(0.0, |cost| cost.get().parse().unwrap_or(0.0));
            tasks.push(answer);
        }
        let failed = refused.iter().flatten().count();
        let mut body = json!({
            "version": VERSION,
            "status_code": StatusCode::Ok.code(),
            "status_message": StatusCode::Ok.message(),
            "time": TIME,
            "cost": if cost == 0.0 { json!(0) } else { json!(cost) },
            "tasks_count": tasks.len(),
            "tasks_error": failed,
        })
        .to_string();
        // The results are put in as they are, number for number.
        let tasks = serde_json::to_string(&tasks).unwrap_or_default();
        body.truncate(body.len() - 1);
        let body = format!("{body},\"tasks\":{tasks}}}");
        let details: Vec<String> = refused
            .iter()
            .enumerate()
            .filter_map(|(index, refusal)| {
                let detail = &refusal.as_ref()?.detail;
                Some(match sent.len() {
                    1 => detail.clone(),
                    _ => format!("task {index}: {detail}"),
                })
            })
            .collect();
        Self {
            status: 200,
            body: body.into(),
            source: match (example, failed) {
                (Some(fixture), 0) => format!("example {}", fixture.name),
                _ => "rules".to_owned(),
            },
            detail: (!details.is_empty()).then(|| details.join("; ")),
        }
    }
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

/// What the API echoes of a task.
fn data(endpoint: &EndpointInfo, parts: &[&str], task: &Value) -> Map<String, Value> {
    let mut data = Map::new();
    let api = parts.get(1).copied().unwrap_or_default();
    data.insert("api".into(), api.into());
    let fixed = endpoint
        .path
        .split('/')
        .filter(|part| !part.starts_with('{'))
        .count();
    // The path begins with a slash, and its last part is the mode.
    let function = parts.get(2..fixed.saturating_sub(2)).unwrap_or_default();
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
