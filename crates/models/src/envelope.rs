//! The envelope around every answer, parsed in two stages: first the envelope with each task's
//! `result` left as text, then the results into their types.
//!
//! The first stage is enough to see an error, and it is the same code for all endpoints, so a
//! program that uses hundreds of them compiles it once.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::StatusCode;
use crate::drift::{self, Drift};
use crate::tolerant::Tolerant;

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
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct RawEnvelope<'a> {
    /// The version of the API, such as `0.1.20260801`.
    #[serde(default, deserialize_with = "tolerant")]
    pub version: Option<String>,
    /// The outcome of the call as a whole. Each task has its own besides.
    pub status_code: StatusCode,
    /// The text to it. Its wording changes: decide by the code.
    #[serde(default, deserialize_with = "tolerant")]
    pub status_message: Option<String>,
    /// How long the server worked, such as `2.2157 sec.`.
    #[serde(default, deserialize_with = "tolerant")]
    pub time: Option<String>,
    /// What the call cost, in US dollars.
    #[serde(default, deserialize_with = "tolerant")]
    pub cost: Option<f64>,
    /// How many tasks the answer holds.
    #[serde(default, deserialize_with = "tolerant")]
    pub tasks_count: Option<i64>,
    /// How many tasks failed, by the API's count. It has been seen to be 0 although one failed.
    #[serde(default, deserialize_with = "tolerant")]
    pub tasks_error: Option<i64>,
    /// The tasks; none in some errors.
    #[serde(borrow, default, deserialize_with = "tasks")]
    pub tasks: Vec<RawTask<'a>>,
}

/// One task of an envelope, its `result` not decoded yet.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct RawTask<'a> {
    /// The task's identifier.
    #[serde(default, deserialize_with = "tolerant")]
    pub id: Option<TaskId>,
    /// The outcome of this task.
    pub status_code: StatusCode,
    /// The text to it. Its wording changes: decide by the code.
    #[serde(default, deserialize_with = "tolerant")]
    pub status_message: Option<String>,
    /// How long the server worked on it, such as `2.1600 sec.`.
    #[serde(default, deserialize_with = "tolerant")]
    pub time: Option<String>,
    /// What the task cost, in US dollars.
    #[serde(default, deserialize_with = "tolerant")]
    pub cost: Option<f64>,
    /// How many elements `result` has, by the API's count.
    #[serde(default, deserialize_with = "tolerant")]
    pub result_count: Option<i64>,
    /// The parts of the endpoint's path.
    #[serde(default, deserialize_with = "tolerant")]
    pub path: Option<Vec<String>>,
    /// The task's parameters as they were sent, with `api` and `function` added.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
    /// The results as text; `None` for a task that failed, was only created, or found nothing.
    #[serde(borrow, default)]
    pub result: Option<&'a RawValue>,
}

/// An envelope with its results decoded.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Envelope<R> {
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
    pub tasks: Vec<TaskResponse<R>>,
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

impl<'a> RawEnvelope<'a> {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// When it is not JSON, or no envelope: an object with a `status_code`.
    pub fn parse(body: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// Decodes the results.
    ///
    /// # Errors
    /// None on what [`parse`](Self::parse) made; the signature is that of its parser.
    pub fn decode<R: Tolerant>(&self) -> Result<Envelope<R>, serde_json::Error> {
        Ok(Envelope {
            version: self.version.clone(),
            status_code: self.status_code,
            status_message: self.status_message.clone(),
            time: self.time.clone(),
            cost: self.cost,
            tasks_count: self.tasks_count,
            tasks_error: self.tasks_error,
            tasks: self
                .tasks
                .iter()
                .map(RawTask::decode)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl RawTask<'_> {
    /// Decodes the results of this task.
    ///
    /// # Errors
    /// None on what [`RawEnvelope::parse`] made; the signature is that of its parser.
    pub fn decode<R: Tolerant>(&self) -> Result<TaskResponse<R>, serde_json::Error> {
        let (result, drift) = match self.result {
            Some(raw) => {
                let decoded = drift::decode::<Vec<R>>(raw.get())?;
                (decoded.value.unwrap_or_default(), decoded.drift)
            }
            None => Default::default(),
        };
        Ok(TaskResponse {
            id: self.id.clone(),
            status_code: self.status_code,
            status_message: self.status_message.clone(),
            time: self.time.clone(),
            cost: self.cost,
            result_count: self.result_count,
            path: self.path.clone().unwrap_or_default(),
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
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(String::read(deserializer)?.map(Self))
    }
}

fn tolerant<'de, V: Tolerant, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<V>, D::Error> {
    V::read(deserializer)
}

fn tasks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RawTask<'de>>, D::Error> {
    let tasks = Option::<Vec<Option<RawTask<'de>>>>::deserialize(deserializer)?;
    Ok(tasks.into_iter().flatten().flatten().collect())
}
