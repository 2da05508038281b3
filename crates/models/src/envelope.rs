//! The envelope of every response.
//!
//! It is read in one pass, with typed results, or in two stages: first with each `result` left as
//! text, then the results. Both ways share a reader that does not depend on the endpoint: a trait
//! object receives the results. So a program with hundreds of endpoints compiles the reader once.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::StatusCode;
use crate::codec::de::Seed;
use crate::codec::lenient::FromLenientJson;
use crate::codec::trace;
use crate::codec::{Decode, Failed, Json};
use crate::drift::{self, Drift};

/// The envelope of a response: the outcome of the call, and its tasks.
///
/// With [`TaskResponse`] as `T`, the results are typed. A program that does not know the endpoint
/// in advance reads a [`RawEnvelope`].
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Envelope<T> {
    /// The version of the API, such as `0.1.20260801`.
    pub version: Option<String>,
    /// The outcome of the call as a whole. Each task also has its own.
    pub status_code: StatusCode,
    /// The message of the status code. Its wording changes, so decide by the code.
    pub status_message: Option<String>,
    /// The processing time on the server, such as `2.2157 sec.`.
    pub time: Option<String>,
    /// The cost of the call in US dollars.
    pub cost: Option<f64>,
    /// The number of tasks in the response.
    pub tasks_count: Option<i64>,
    /// The number of failed tasks, as the API counts them. It can be 0 although a task failed.
    pub tasks_error: Option<i64>,
    /// The tasks. Empty for some errors.
    pub tasks: Vec<T>,
}

/// An envelope whose results are not decoded, borrowed from the body of a response.
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// use dataforseo_models::{RawEnvelope, StatusClass};
///
/// let body = r#"{"status_code": 40202, "status_message": "…", "tasks": null}"#;
/// let envelope = RawEnvelope::parse(body.as_bytes())?;
/// assert_eq!(envelope.status_code.class(), StatusClass::Rate);
/// assert!(envelope.tasks.is_empty());
/// # Ok(())
/// # }
/// ```
pub type RawEnvelope<'a> = Envelope<RawTask<'a>>;

/// One task of an envelope, with its `result` as text.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RawTask<'a> {
    /// The identifier of the task.
    pub id: Option<TaskId>,
    /// The outcome of the task. [`StatusCode::Other`] of 0 if the response has none.
    pub status_code: StatusCode,
    /// The message of the status code. Its wording changes, so decide by the code.
    pub status_message: Option<String>,
    /// The processing time on the server, such as `2.1600 sec.`.
    pub time: Option<String>,
    /// The cost of the task in US dollars.
    pub cost: Option<f64>,
    /// The number of elements of `result`, as the API counts them.
    pub result_count: Option<i64>,
    /// The segments of the path of the endpoint.
    pub path: Option<Vec<String>>,
    /// The task's parameters as they were sent, with `api` and `function` added.
    pub data: Option<&'a RawValue>,
    /// The results as text. `None` for a task that failed, was only created, or found nothing.
    pub result: Option<&'a RawValue>,
}

/// One task of a response, with typed results.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TaskResponse<R> {
    /// The identifier of the task.
    pub id: Option<TaskId>,
    /// The outcome of the task.
    pub status_code: StatusCode,
    /// The message of the status code. Its wording changes, so decide by the code.
    pub status_message: Option<String>,
    /// The processing time on the server, such as `2.1600 sec.`.
    pub time: Option<String>,
    /// The cost of the task in US dollars.
    pub cost: Option<f64>,
    /// The number of elements of `result`, as the API counts them.
    pub result_count: Option<i64>,
    /// The segments of the path of the endpoint.
    pub path: Vec<String>,
    /// The task's parameters as they were sent, with `api` and `function` added.
    pub data: Option<Box<RawValue>>,
    /// The results. Empty for a task that failed or found nothing. Null elements are left out.
    pub result: Vec<R>,
    /// The values in `result` that are not of the documented kind. Pointers start in `result`.
    ///
    /// A response of the client also has [`TotalCost::drift`](crate::TotalCost::drift) here.
    pub drift: Vec<Drift>,
}

/// What some servers write in front of JSON.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl<'a> Envelope<RawTask<'a>> {
    /// Reads the body of a response.
    ///
    /// A byte order mark and bytes after the JSON are ignored. A body with `NaN` or half a surrogate
    /// pair can be read after [`drift::repair`].
    ///
    /// # Errors
    /// When the body is not JSON, or not an envelope: an object with a `status_code`.
    pub fn parse(body: &'a [u8]) -> Result<Self, serde_json::Error> {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        deserializer.deserialize_map(EnvelopeVisitor(None))
    }

    /// Decodes the results.
    ///
    /// # Errors
    /// When a result is not JSON, which [`parse`](Self::parse) has ruled out.
    pub fn decode<R: FromLenientJson>(
        self,
    ) -> Result<Envelope<TaskResponse<R>>, serde_json::Error> {
        self.map(|tasks| tasks.into_iter().map(RawTask::decode).collect())
    }

    /// Returns the envelope with other tasks.
    fn map<T>(
        self,
        tasks: impl FnOnce(Vec<RawTask<'a>>) -> Result<Vec<T>, serde_json::Error>,
    ) -> Result<Envelope<T>, serde_json::Error> {
        Ok(Envelope {
            version: self.version,
            status_code: self.status_code,
            status_message: self.status_message,
            time: self.time,
            cost: self.cost,
            tasks_count: self.tasks_count,
            tasks_error: self.tasks_error,
            tasks: tasks(self.tasks)?,
        })
    }
}

impl<R: FromLenientJson> Envelope<TaskResponse<R>> {
    /// Reads the body of a response with its results.
    ///
    /// The outcome is that of [`RawEnvelope::parse`] followed by [`decode`](RawEnvelope::decode), in
    /// a quarter less time.
    ///
    /// ```
    /// # fn main() -> Result<(), serde_json::Error> {
    /// use dataforseo_models::backlinks::BulkRanksLiveResult;
    /// use dataforseo_models::{Envelope, TaskResponse};
    ///
    /// let text = r#"{"status_code": 20000, "tasks": [
    ///     {"status_code": 20000, "result": [{"items": [{"target": "example.org", "rank": 7}]}]}
    /// ]}"#;
    /// let envelope = Envelope::<TaskResponse<BulkRanksLiveResult>>::parse(text)?;
    /// let items = envelope.tasks[0].result[0].items();
    /// assert_eq!(items[0].rank, Some(7));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the text is not JSON, or not an envelope: an object with a `status_code`.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        Self::parse_with_trailing(text).map(|parsed| parsed.envelope)
    }

    /// Reads the body of a response as [`parse`](Self::parse) does, and if that fails, after a
    /// [`repair`](drift::repair).
    ///
    /// A repair, and bytes after the JSON, are in the drift of the first task.
    ///
    /// # Errors
    /// When the text is not JSON after the repair either, or not an envelope.
    pub fn parse_repaired(text: &str) -> Result<Self, serde_json::Error> {
        let mut parsed = match Self::parse_with_trailing(text) {
            Ok(parsed) => parsed,
            Err(error) => match Self::parse(&drift::repair(text)) {
                Ok(envelope) => Parsed {
                    envelope,
                    deviation: Some(Drift::of_repair(&error)),
                },
                Err(_) => return Err(error),
            },
        };
        if let Some(task) = parsed.envelope.tasks.first_mut() {
            task.drift.extend(parsed.deviation);
        }
        Ok(parsed.envelope)
    }

    fn parse_with_trailing(text: &str) -> Result<Parsed<R>, serde_json::Error> {
        let text = text.trim_start_matches('\u{feff}');
        let mut results: Vec<Option<Vec<R>>> = Vec::new();
        let Read {
            envelope,
            drift,
            trailing,
        } = read(text, &mut results)?;
        let (mut results, mut drift) = (results.into_iter(), drift.into_iter());
        let envelope = envelope.map(|tasks| {
            let tasks = tasks.into_iter();
            let tasks = tasks.map(|task| {
                let result = results.next().flatten();
                task.with(result, drift.next().unwrap_or_default())
            });
            Ok(tasks.collect())
        })?;
        Ok(Parsed {
            envelope,
            deviation: trailing,
        })
    }

    /// Returns the task that counts if one was sent: the first that succeeded, or else the first.
    /// `None` if there are no tasks.
    ///
    /// The API returns one task per task that was sent. If it ever returns more, the one with the
    /// results is not lost.
    pub fn into_task(mut self) -> Option<TaskResponse<R>> {
        let succeeded = self.tasks.iter().position(|task| task.status_code.is_ok());
        let index = succeeded.unwrap_or(0);
        (index < self.tasks.len()).then(|| self.tasks.swap_remove(index))
    }
}

/// A response, and how it deviates as a whole.
struct Parsed<R> {
    envelope: Envelope<TaskResponse<R>>,
    /// Bytes after the JSON, or a repair.
    deviation: Option<Drift>,
}

/// Receives the results of the tasks of a response.
trait ResultSlots {
    /// Returns the slot for the results of the task with this index. Clears this slot and all later
    /// ones, as `tasks` can occur twice.
    fn slot(&mut self, task: usize) -> &mut dyn Decode;
}

impl<R: FromLenientJson> ResultSlots for Vec<Option<Vec<R>>> {
    fn slot(&mut self, task: usize) -> &mut dyn Decode {
        self.truncate(task);
        self.resize_with(task + 1, || None);
        &mut self[task]
    }
}

/// A response that was read.
struct Read<'a> {
    envelope: RawEnvelope<'a>,
    /// The drift per task, if there is any.
    drift: Vec<Vec<Drift>>,
    /// The bytes after the JSON, if there are any.
    trailing: Option<Drift>,
}

/// Reads a response and its results.
fn read<'a>(text: &'a str, results: &mut dyn ResultSlots) -> Result<Read<'a>, serde_json::Error> {
    let mut trailing = None;
    let (outcome, count) = trace::counted(|| one_pass(text, results, &mut trailing));
    let decode = match outcome {
        Ok(envelope) if count == 0 => {
            return Ok(Read {
                envelope,
                drift: Vec::new(),
                trailing,
            });
        }
        // Drift is located in the results as text.
        Ok(_) => drift::decode_and_locate,
        // Results can be repaired. If not, the error is that of the two stages.
        Err(_) => drift::decode_into,
    };
    let envelope = RawEnvelope::parse(text.as_bytes())?;
    let tasks = envelope.tasks.iter().enumerate();
    let drift = tasks.map(|(index, task)| {
        let slot = results.slot(index);
        match task.result {
            Some(raw) => decode(raw.get(), slot),
            None => Ok(Vec::new()),
        }
    });
    let drift = drift.collect::<Result<_, _>>()?;
    Ok(Read {
        envelope,
        drift,
        trailing,
    })
}

fn one_pass<'a>(
    text: &'a str,
    results: &mut dyn ResultSlots,
    trailing: &mut Option<Drift>,
) -> Result<RawEnvelope<'a>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let envelope = deserializer.deserialize_map(EnvelopeVisitor(Some(results)))?;
    *trailing = deserializer
        .end()
        .err()
        .map(|error| Drift::of_trailing(&error));
    Ok(envelope)
}

impl RawTask<'_> {
    /// Decodes the results of this task.
    ///
    /// # Errors
    /// When the result is not JSON, which [`RawEnvelope::parse`] has ruled out.
    pub fn decode<R: FromLenientJson>(self) -> Result<TaskResponse<R>, serde_json::Error> {
        let Some(raw) = self.result else {
            return Ok(self.with(None, Vec::new()));
        };
        let decoded = drift::decode::<Vec<R>>(raw.get())?;
        Ok(self.with(decoded.value, decoded.drift))
    }

    /// Returns the task with its results.
    fn with<R>(self, result: Option<Vec<R>>, drift: Vec<Drift>) -> TaskResponse<R> {
        TaskResponse {
            id: self.id,
            status_code: self.status_code,
            status_message: self.status_message,
            time: self.time,
            cost: self.cost,
            result_count: self.result_count,
            path: self.path.unwrap_or_default(),
            data: self.data.map(ToOwned::to_owned),
            result: result.unwrap_or_default(),
            drift,
        }
    }
}

/// The identifier of a task, a UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl TaskId {
    /// Returns an identifier that the API assigned.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Returns the identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromLenientJson for TaskId {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        Ok(String::read(json)?.map(Self))
    }
}

/// A key. serde copies a `Cow` that has no `borrow` attribute.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads the value of a key, of any kind.
fn next<'de, V: FromLenientJson, A: MapAccess<'de>>(map: &mut A) -> Result<Option<V>, A::Error> {
    let mut slot: Option<V> = None;
    map.next_value_seed(Seed::new(&mut slot))?;
    Ok(slot)
}

/// Skips the value of a key.
fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// Visitor methods for the kinds of JSON value that cannot be used. They skip the value.
macro_rules! not_a {
    ($($kind:ident),+) => {$( not_a!(@$kind); )+};
    (@null) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
    (@bool) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
    (@number) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
    (@str) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
    (@seq) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
    (@map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
}

/// Reads an envelope. A serde derive would reject a field that occurs twice.
/// Results go into the slots if there are any, and remain text otherwise.
struct EnvelopeVisitor<'s>(Option<&'s mut dyn ResultSlots>);

impl<'de> Visitor<'de> for EnvelopeVisitor<'_> {
    type Value = RawEnvelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a response of the API, an object with a `status_code`")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut status_code = None;
        let mut envelope = Envelope {
            version: None,
            status_code: StatusCode::Other(0),
            status_message: None,
            time: None,
            cost: None,
            tasks_count: None,
            tasks_error: None,
            tasks: Vec::new(),
        };
        while let Some(Name(key)) = map.next_key()? {
            match &*key {
                "version" => envelope.version = next(&mut map)?,
                "status_code" => status_code = next(&mut map)?,
                "status_message" => envelope.status_message = next(&mut map)?,
                "time" => envelope.time = next(&mut map)?,
                "cost" => envelope.cost = next(&mut map)?,
                "tasks_count" => envelope.tasks_count = next(&mut map)?,
                "tasks_error" => envelope.tasks_error = next(&mut map)?,
                "tasks" => envelope.tasks = map.next_value_seed(Tasks(reborrow(&mut self.0)))?,
                _ => skip(&mut map)?,
            }
        }
        envelope.status_code = status_code.ok_or_else(|| A::Error::missing_field("status_code"))?;
        Ok(envelope)
    }
}

/// The tasks of an envelope. Elements that are not objects are left out.
struct Tasks<'s>(Option<&'s mut dyn ResultSlots>);

/// Reborrows the slots.
fn reborrow<'s>(results: &'s mut Option<&mut dyn ResultSlots>) -> Option<&'s mut dyn ResultSlots> {
    match results {
        Some(results) => Some(&mut **results),
        None => None,
    }
}

impl<'de> DeserializeSeed<'de> for Tasks<'_> {
    type Value = Vec<RawTask<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Ok(deserializer
            .deserialize_any(TasksVisitor(self.0))?
            .unwrap_or_default())
    }
}

struct TasksVisitor<'s>(Option<&'s mut dyn ResultSlots>);

impl<'de> Visitor<'de> for TasksVisitor<'_> {
    type Value = Option<Vec<RawTask<'de>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tasks")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut tasks = Vec::new();
        loop {
            let results = self.0.as_mut().map(|results| results.slot(tasks.len()));
            match seq.next_element_seed(TaskVisitor(results))? {
                Some(task) => tasks.extend(task),
                None => break,
            }
        }
        Ok(Some(tasks))
    }

    not_a!(bool, number, str, map, null);
}

/// A task, with the slot for its results.
struct TaskVisitor<'s>(Option<&'s mut dyn Decode>);

impl<'de> DeserializeSeed<'de> for TaskVisitor<'_> {
    type Value = Option<RawTask<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TaskVisitor<'_> {
    type Value = Option<RawTask<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a task")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut task = RawTask {
            id: None,
            status_code: StatusCode::Other(0),
            status_message: None,
            time: None,
            cost: None,
            result_count: None,
            path: None,
            data: None,
            result: None,
        };
        while let Some(Name(key)) = map.next_key()? {
            match &*key {
                "id" => task.id = next(&mut map)?,
                "status_code" => task.status_code = next(&mut map)?.unwrap_or(task.status_code),
                "status_message" => task.status_message = next(&mut map)?,
                "time" => task.time = next(&mut map)?,
                "cost" => task.cost = next(&mut map)?,
                "result_count" => task.result_count = next(&mut map)?,
                "path" => task.path = next(&mut map)?,
                "data" => task.data = map.next_value()?,
                "result" => match &mut self.0 {
                    Some(results) => map.next_value_seed(Seed::new(&mut **results))?,
                    None => task.result = map.next_value()?,
                },
                _ => skip(&mut map)?,
            }
        }
        Ok(Some(task))
    }

    not_a!(bool, number, str, seq, null);
}
