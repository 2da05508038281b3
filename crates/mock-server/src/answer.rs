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

use crate::PerTarget;
use crate::canonical::canonical;
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
        let (mut cost, mut failed) = (0.0, 0);
        let (mut details, mut examples) = (Vec::new(), Vec::new());
        for (index, (task, outcome)) in sent.iter().zip(outcomes).enumerate() {
            let mut answer = match outcome {
                Outcome::Refused(refusal) => {
                    details.push(match sent.len() {
                        1 => refusal.detail.clone(),
                        _ => format!("task {index}: {}", refusal.detail),
                    });
                    error_task(refusal.code, &refusal.message)
                }
                Outcome::Missed => {
                    details.push(format!("task {index}: no fixture for it"));
                    error_task(StatusCode::NotFound, "dataforseo-mock-server: a miss")
                }
                Outcome::Example(fixture) => {
                    examples.push(fixture.name.as_str());
                    let mut answer = example_task(&fixture.body).unwrap_or_default();
                    if let Some(result) =
                        per_target.and_then(|rows| result_for(rows, &answer, task))
                    {
                        answer.insert("result".to_owned(), result);
                    }
                    answer
                }
            };
            let id = match (outcome, endpoint.mode) {
                (Outcome::Example(_), Mode::TaskGet) => parts.last().map(|id| (*id).to_owned()),
                (Outcome::Example(_), _) => Some(task_id(task, index)),
                _ => None,
            };
            failed += usize::from(id.is_none());
            for (key, value) in [
                ("id", id.map(Value::from)),
                ("path", Some(json!(parts))),
                ("data", Some(data(&parts, task).into())),
            ] {
                if let Some(raw) = value.and_then(|value| raw(&value)) {
                    answer.insert(key.to_owned(), raw);
                }
            }
            let of_task = answer.get("cost");
            cost += of_task.map_or(0.0, |cost| cost.get().parse().unwrap_or(0.0));
            tasks.push(answer);
        }
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
        Self {
            status: 200,
            body: body.into(),
            source: match examples.first() {
                Some(fixture) => format!("example {fixture}"),
                None => "rules".to_owned(),
            },
            detail: (!details.is_empty()).then(|| details.join("; ")),
        }
    }
}

/// What becomes of one task.
pub(crate) enum Outcome<'a> {
    /// It breaks the rules.
    Refused(Refusal),
    /// It is answered by the example.
    Example(&'a Fixture),
    /// Nothing answers it.
    Missed,
}

/// An identifier in the form of the API's, the same for the same task at the same place.
fn task_id(task: &Value, index: usize) -> String {
    // FNV-1a: short, and the same on every machine and in every version.
    let hash = canonical(task)
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!(
        "01010000-0000-0000-{:04x}-{:012x}",
        index % 0x1_0000,
        hash >> 16
    )
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
