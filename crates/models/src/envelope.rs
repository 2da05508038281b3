//! The envelope around every answer, parsed in two stages: first the envelope with each task's
//! `result` left as text, then the results into their types.
//!
//! The first stage is enough to see an error, and it is the same code for all endpoints, so a
//! program that uses hundreds of them compiles it once.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::StatusCode;
use crate::drift::{self, Drift};
use crate::json::{Failed, Json, Seed};
use crate::tolerant::Tolerant;

/// An envelope: what stands around the tasks of every answer.
///
/// The tasks are [`RawTask`]s after the first stage, see [`RawEnvelope`], and [`TaskResponse`]s
/// after the second.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Envelope<T> {
    /// The version of the API, such as `0.1.20260801`.
    pub version: Option<String>,
    /// The outcome of the call as a whole. Each task has its own besides.
    pub status_code: StatusCode,
    /// The text to it. Its wording changes: decide by the code.
    pub status_message: Option<String>,
    /// How long the server worked, such as `2.2157 sec.`.
    pub time: Option<String>,
    /// What the call cost, in US dollars.
    pub cost: Option<f64>,
    /// How many tasks the answer holds.
    pub tasks_count: Option<i64>,
    /// How many tasks failed, by the API's count. It has been seen to be 0 although one failed.
    pub tasks_error: Option<i64>,
    /// The tasks; none in some errors.
    pub tasks: Vec<T>,
}

/// An envelope whose results are not decoded yet, borrowed from the body of an answer.
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

/// One task of an envelope, its `result` not decoded yet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RawTask<'a> {
    /// The task's identifier.
    pub id: Option<TaskId>,
    /// The outcome of this task; [`StatusCode::Other`] of 0 if the answer has none.
    pub status_code: StatusCode,
    /// The text to it. Its wording changes: decide by the code.
    pub status_message: Option<String>,
    /// How long the server worked on it, such as `2.1600 sec.`.
    pub time: Option<String>,
    /// What the task cost, in US dollars.
    pub cost: Option<f64>,
    /// How many elements `result` has, by the API's count.
    pub result_count: Option<i64>,
    /// The parts of the endpoint's path.
    pub path: Option<Vec<String>>,
    /// The task's parameters as they were sent, with `api` and `function` added.
    pub data: Option<&'a RawValue>,
    /// The results as text; `None` for a task that failed, was only created, or found nothing.
    pub result: Option<&'a RawValue>,
}

/// One task of an answer, decoded.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TaskResponse<R> {
    /// The task's identifier.
    pub id: Option<TaskId>,
    /// The outcome of this task.
    pub status_code: StatusCode,
    /// The text to it. Its wording changes: decide by the code.
    pub status_message: Option<String>,
    /// How long the server worked on it, such as `2.1600 sec.`.
    pub time: Option<String>,
    /// What the task cost, in US dollars.
    pub cost: Option<f64>,
    /// How many elements `result` has, by the API's count.
    pub result_count: Option<i64>,
    /// The parts of the endpoint's path.
    pub path: Vec<String>,
    /// The task's parameters as they were sent, with `api` and `function` added.
    pub data: Option<Box<RawValue>>,
    /// The results. Empty for a task that failed, and for one that found nothing; an element
    /// that is null in the answer is left out.
    pub result: Vec<R>,
    /// Where `result` was of another kind than documented; pointers start in `result`.
    pub drift: Vec<Drift>,
}

impl<'a> Envelope<RawTask<'a>> {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// When it is not JSON, or no envelope: an object with a `status_code`.
    pub fn parse(body: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let envelope = deserializer.deserialize_map(EnvelopeVisitor)?;
        deserializer.end()?;
        Ok(envelope)
    }

    /// Decodes the results.
    ///
    /// # Errors
    /// Everything that [`parse`](Self::parse) took is decoded, so only when it was changed since.
    pub fn decode<R: Tolerant>(self) -> Result<Envelope<TaskResponse<R>>, serde_json::Error> {
        Ok(Envelope {
            version: self.version,
            status_code: self.status_code,
            status_message: self.status_message,
            time: self.time,
            cost: self.cost,
            tasks_count: self.tasks_count,
            tasks_error: self.tasks_error,
            tasks: self
                .tasks
                .into_iter()
                .map(RawTask::decode)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl RawTask<'_> {
    /// Decodes the results of this task.
    ///
    /// # Errors
    /// Everything that [`RawEnvelope::parse`] took is decoded, so only when it was changed since.
    pub fn decode<R: Tolerant>(self) -> Result<TaskResponse<R>, serde_json::Error> {
        let (result, drift) = match self.result {
            Some(raw) => {
                let decoded = drift::decode::<Vec<R>>(raw.get())?;
                (decoded.value.unwrap_or_default(), decoded.drift)
            }
            None => Default::default(),
        };
        Ok(TaskResponse {
            id: self.id,
            status_code: self.status_code,
            status_message: self.status_message,
            time: self.time,
            cost: self.cost,
            result_count: self.result_count,
            path: self.path.unwrap_or_default(),
            data: self.data.map(ToOwned::to_owned),
            result,
            drift,
        })
    }
}

/// The identifier of a task, in the form of a UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl TaskId {
    /// Takes an identifier that the API gave out.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Tolerant for TaskId {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        Ok(String::read(json)?.map(Self))
    }
}

/// Reads the value that follows a key, in whatever kind it arrived.
fn next<'de, V: Tolerant, A: MapAccess<'de>>(map: &mut A) -> Result<Option<V>, A::Error> {
    let mut slot: Option<V> = None;
    map.next_value_seed(Seed::new(&mut slot))?;
    Ok(slot)
}

/// Reads past the value that follows a key.
fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// Visitor methods for the kinds of JSON value that cannot be used: they read past the value.
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

/// Reads an envelope. By hand, as a serde derive refuses a field that stands twice.
struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = RawEnvelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the API's envelope, an object with a `status_code`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
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
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "version" => envelope.version = next(&mut map)?,
                "status_code" => status_code = next(&mut map)?,
                "status_message" => envelope.status_message = next(&mut map)?,
                "time" => envelope.time = next(&mut map)?,
                "cost" => envelope.cost = next(&mut map)?,
                "tasks_count" => envelope.tasks_count = next(&mut map)?,
                "tasks_error" => envelope.tasks_error = next(&mut map)?,
                "tasks" => envelope.tasks = map.next_value_seed(Tasks)?,
                _ => skip(&mut map)?,
            }
        }
        envelope.status_code = status_code.ok_or_else(|| A::Error::missing_field("status_code"))?;
        Ok(envelope)
    }
}

/// The tasks of an envelope. What is no task is left out.
struct Tasks;

impl<'de> DeserializeSeed<'de> for Tasks {
    type Value = Vec<RawTask<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Ok(deserializer
            .deserialize_any(TasksVisitor)?
            .unwrap_or_default())
    }
}

struct TasksVisitor;

impl<'de> Visitor<'de> for TasksVisitor {
    type Value = Option<Vec<RawTask<'de>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tasks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut tasks = Vec::new();
        while let Some(task) = seq.next_element_seed(TaskSeed)? {
            tasks.extend(task);
        }
        Ok(Some(tasks))
    }

    not_a!(bool, number, str, map, null);
}

struct TaskSeed;

impl<'de> DeserializeSeed<'de> for TaskSeed {
    type Value = Option<RawTask<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(TaskVisitor)
    }
}

struct TaskVisitor;

impl<'de> Visitor<'de> for TaskVisitor {
    type Value = Option<RawTask<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a task")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
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
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "id" => task.id = next(&mut map)?,
                "status_code" => task.status_code = next(&mut map)?.unwrap_or(task.status_code),
                "status_message" => task.status_message = next(&mut map)?,
                "time" => task.time = next(&mut map)?,
                "cost" => task.cost = next(&mut map)?,
                "result_count" => task.result_count = next(&mut map)?,
                "path" => task.path = next(&mut map)?,
                "data" => task.data = map.next_value()?,
                "result" => task.result = map.next_value()?,
                _ => skip(&mut map)?,
            }
        }
        Ok(Some(task))
    }

    not_a!(bool, number, str, seq, null);
}
