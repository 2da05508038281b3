//! What a call brings back.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use dataforseo_models::drift::Drift;
use dataforseo_models::{RawEnvelope, StatusCode, TaskId, TaskResponse};

/// The answer to a call that held one task, and that neither the call nor the task failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Response<R> {
    /// The task, with its results.
    pub task: TaskResponse<R>,
    /// What the call cost in US dollars, by the envelope.
    pub(crate) cost: Option<f64>,
    pub(crate) raw_response: RawResponse,
}

impl<R> Response<R> {
    /// The results. Most endpoints give one, with the items inside; none is an empty success.
    pub fn results(&self) -> &[R] {
        &self.task.result
    }

    /// The results, taken out.
    pub fn into_results(self) -> Vec<R> {
        self.task.result
    }

    /// The outcome of the task: success, or empty.
    pub fn status_code(&self) -> StatusCode {
        self.task.status_code
    }

    /// What the call cost, in US dollars; `None` if the API did not say.
    pub fn cost(&self) -> Option<f64> {
        self.cost.or(self.task.cost)
    }

    /// Where the answer was of another kind than documented, and what became of that. The values
    /// themselves are in [`raw_response`](Self::raw_response). Fields that nobody documented are not
    /// listed: [`lossy_fields`](dataforseo_models::drift::lossy_fields) names them, for a result as text.
    pub fn drift(&self) -> &[Drift] {
        &self.task.drift
    }

    /// The answer as it arrived.
    pub fn raw_response(&self) -> &RawResponse {
        &self.raw_response
    }
}

/// The result of a task that was posted before, if it is there.
#[derive(Debug, Clone)]
pub enum Fetched<R> {
    /// The task is done, and was no failure.
    Ready(Box<Response<R>>),
    /// The task is under way: ask again later.
    Pending(StatusCode),
}

/// What became of the tasks of one post.
///
/// The call succeeded; each task can have failed by itself. [`into_ids`](Self::into_ids) is for
/// whoever wants all or nothing, [`tasks`](Self::tasks) for whoever looks at each.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "tasks of a post can fail one by one"]
pub struct Posted {
    tasks: Vec<PostedTask>,
    cost: Option<f64>,
    raw_response: RawResponse,
}

impl Posted {
    pub(crate) fn new(
        tasks: Vec<PostedTask>,
        cost: Option<f64>,
        raw_response: RawResponse,
    ) -> Self {
        Self {
            tasks,
            cost,
            raw_response,
        }
    }

    /// The outcomes, one for each task that was sent, in the order in which they were sent.
    pub fn tasks(&self) -> &[PostedTask] {
        &self.tasks
    }

    /// The tasks that the API did not take, each with its place among those that were sent.
    pub fn failed(&self) -> impl Iterator<Item = (usize, &PostedTask)> {
        let tasks = self.tasks.iter().enumerate();
        tasks.filter(|(_, task)| !task.is_accepted())
    }

    /// The identifiers of all tasks, in the order in which they were sent.
    ///
    /// # Errors
    /// When one of them was not taken: everything, as those that were taken are paid for.
    pub fn into_ids(self) -> Result<Vec<TaskId>, Self> {
        if self.failed().next().is_some() {
            return Err(self);
        }
        Ok(self.tasks.into_iter().filter_map(|task| task.id).collect())
    }

    /// What the call cost, in US dollars; `None` if the API did not say.
    pub fn cost(&self) -> Option<f64> {
        self.cost
    }

    /// The answer as it arrived.
    pub fn raw_response(&self) -> &RawResponse {
        &self.raw_response
    }
}

/// The outcomes of `sent` tasks, in their order.
pub(crate) fn outcomes(envelope: RawEnvelope<'_>, text: &str, sent: usize) -> Vec<PostedTask> {
    let mut told = envelope.tasks.into_iter().map(|task| PostedTask {
        id: task.id,
        status_code: Some(task.status_code),
        message: task.status_message.unwrap_or_default(),
        cost: task.cost,
    });
    // The API says nothing of some: whoever sent them is told that.
    let there = positions(text);
    (0..sent)
        .map(|index| match there.get(index) {
            Some(true) => told.next().unwrap_or_default(),
            _ => PostedTask::default(),
        })
        .collect()
}

/// Which elements of `tasks` are tasks: a null would shift all that follow.
fn positions(text: &str) -> Vec<bool> {
    #[derive(serde::Deserialize)]
    struct Tasks<'a> {
        #[serde(borrow, default)]
        tasks: Option<Vec<&'a serde_json::value::RawValue>>,
    }
    let tasks = serde_json::from_str::<Tasks<'_>>(text).ok();
    let tasks = tasks.and_then(|tasks| tasks.tasks).unwrap_or_default();
    tasks
        .iter()
        .map(|task| task.get().starts_with('{'))
        .collect()
}

/// What became of one task of a post.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PostedTask {
    /// The identifier under which its result can be fetched.
    pub id: Option<TaskId>,
    /// The outcome; `None` if the API's answer does not mention the task.
    pub status_code: Option<StatusCode>,
    /// How the API words it.
    pub message: String,
    /// What the task cost, in US dollars.
    pub cost: Option<f64>,
}

impl PostedTask {
    /// Whether the API took the task, so that it will have a result.
    pub fn is_accepted(&self) -> bool {
        self.id.is_some() && self.status_code.is_some_and(StatusCode::is_ok)
    }
}

/// An answer as it arrived: HTTP status, and the body after decompression.
#[derive(Clone, PartialEq, Eq)]
pub struct RawResponse {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    /// What a proxy said in `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
    /// How often the call was sent.
    pub(crate) attempts: u32,
}

impl RawResponse {
    /// How often the call was sent until this came: 1 unless it was repeated.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text, with a replacement character for what is not UTF-8.
    pub fn text(&self) -> Cow<'_, str> {
        // Looking first whether all is well is many times faster than looking for what is not.
        match std::str::from_utf8(&self.body) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(&self.body),
        }
    }
}

/// Without the body: it can be megabytes, and is the caller's data.
impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish()
    }
}
