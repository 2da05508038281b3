//! The envelope around every answer, read in one pass with the results in their types, or in two
//! stages: first with each task's `result` left as text, then the results.
//!
//! Both ways share a reader that knows no endpoint: it is told by an object where results go. So a
//! program that uses hundreds of endpoints compiles it once.

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

/// An envelope: what stands around the tasks of every answer.
///
/// Its tasks are [`TaskResponse`]s, with results in their types. Whoever wants to look at an answer
/// first, or does not know its endpoint, reads a [`RawEnvelope`].
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
        let envelope = deserializer.deserialize_map(EnvelopeVisitor(None))?;
        deserializer.end()?;
        Ok(envelope)
    }

    /// Decodes the results.
    ///
    /// # Errors
    /// Everything that [`parse`](Self::parse) took is decoded, so only when it was changed since.
    pub fn decode<R: FromLenientJson>(
        self,
    ) -> Result<Envelope<TaskResponse<R>>, serde_json::Error> {
        self.map(|tasks| tasks.into_iter().map(RawTask::decode).collect())
    }

    /// The envelope with other tasks.
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
    /// Reads an answer, results included: what [`RawEnvelope::parse`] and
    /// [`decode`](RawEnvelope::decode) make of it, in a quarter less time.
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
    /// let items = envelope.tasks[0].result[0].items.as_ref();
    /// assert_eq!(items.and_then(|items| items[0].rank), Some(7));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When it is not JSON, or no envelope: an object with a `status_code`.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut results: Vec<Option<Vec<R>>> = Vec::new();
        let (envelope, drift) = read(text, &mut results)?;
        let (mut results, mut drift) = (results.into_iter(), drift.into_iter());
        envelope.map(|tasks| {
            let tasks = tasks.into_iter();
            let tasks = tasks.map(|task| {
                let result = results.next().flatten();
                task.with(result, drift.next().unwrap_or_default())
            });
            Ok(tasks.collect())
        })
    }
}

/// Where the results of an answer's tasks are put.
trait ResultSlots {
    /// The place for the results of the task with this index. What was put there before, or into
    /// a later one, is forgotten: `tasks` can stand twice.
    fn slot(&mut self, task: usize) -> &mut dyn Decode;
}

impl<R: FromLenientJson> ResultSlots for Vec<Option<Vec<R>>> {
    fn slot(&mut self, task: usize) -> &mut dyn Decode {
        self.truncate(task);
        self.resize_with(task + 1, || None);
        &mut self[task]
    }
}

/// Reads an answer, its results into a sink, and gives the drift of each task, if there is any.
fn read<'a>(
    text: &'a str,
    results: &mut dyn ResultSlots,
) -> Result<(RawEnvelope<'a>, Vec<Vec<Drift>>), serde_json::Error> {
    let (outcome, count) = trace::counted(|| one_pass(text, results));
    let again = match outcome {
        Ok(envelope) if count == 0 => return Ok((envelope, Vec::new())),
        // The places are worked out from the results as text.
        Ok(_) => drift::decode_and_locate,
        // Results can have what can be repaired. If not, errors are those of two stages.
        Err(_) => drift::decode_into,
    };
    let envelope = RawEnvelope::parse(text.as_bytes())?;
    let tasks = envelope.tasks.iter().enumerate();
    let drift = tasks.map(|(index, task)| {
        let slot = results.slot(index);
        match task.result {
            Some(raw) => again(raw.get(), slot),
            None => Ok(Vec::new()),
        }
    });
    let drift = drift.collect::<Result<_, _>>()?;
    Ok((envelope, drift))
}

fn one_pass<'a>(
    text: &'a str,
    results: &mut dyn ResultSlots,
) -> Result<RawEnvelope<'a>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let envelope = deserializer.deserialize_map(EnvelopeVisitor(Some(results)))?;
    deserializer.end()?;
    Ok(envelope)
}

impl RawTask<'_> {
    /// Decodes the results of this task.
    ///
    /// # Errors
    /// Everything that [`RawEnvelope::parse`] took is decoded, so only when it was changed since.
    pub fn decode<R: FromLenientJson>(self) -> Result<TaskResponse<R>, serde_json::Error> {
        let Some(raw) = self.result else {
            return Ok(self.with(None, Vec::new()));
        };
        let decoded = drift::decode::<Vec<R>>(raw.get())?;
        Ok(self.with(decoded.value, decoded.drift))
    }

    /// The task with its results.
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

impl FromLenientJson for TaskId {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        Ok(String::read(json)?.map(Self))
    }
}

/// A key. serde makes a copy of a `Cow` unless it is told to borrow.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads the value that follows a key, in whatever kind it arrived.
fn next<'de, V: FromLenientJson, A: MapAccess<'de>>(map: &mut A) -> Result<Option<V>, A::Error> {
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
/// Results go into the sink, if there is one, and stay text otherwise.
struct EnvelopeVisitor<'s>(Option<&'s mut dyn ResultSlots>);

impl<'de> Visitor<'de> for EnvelopeVisitor<'_> {
    type Value = RawEnvelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the API's envelope, an object with a `status_code`")
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
                "tasks" => envelope.tasks = map.next_value_seed(Tasks(sink(&mut self.0)))?,
                _ => skip(&mut map)?,
            }
        }
        envelope.status_code = status_code.ok_or_else(|| A::Error::missing_field("status_code"))?;
        Ok(envelope)
    }
}

/// The tasks of an envelope. What is no task is left out.
struct Tasks<'s>(Option<&'s mut dyn ResultSlots>);

/// The same sink, for what lies deeper.
fn sink<'s>(results: &'s mut Option<&mut dyn ResultSlots>) -> Option<&'s mut dyn ResultSlots> {
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

/// A task, with the place for its results.
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
