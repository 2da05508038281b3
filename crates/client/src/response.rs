//! The responses of calls.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use dataforseo_models::drift::Drift;
use dataforseo_models::{HasItems, RawEnvelope, StatusCode, TaskId, TaskResponse, TotalCost};
use serde::Deserialize as _;

/// The response to a call with one task that succeeded.
///
/// A response without results is a success, too. Its [`status_code`](Self::status_code) is usually
/// 40102.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Response<R> {
    /// The task with its results.
    pub task: TaskResponse<R>,
    /// The cost of the call in US dollars.
    pub(crate) cost: Option<f64>,
    pub(crate) raw_response: RawResponse,
}

impl<R> Response<R> {
    /// Returns the first result; `None` if the response has no results. Most endpoints return one
    /// result per task.
    pub fn result(&self) -> Option<&R> {
        self.task.result.first()
    }

    /// Returns the items of all results, such as the rows of a list. Results without items are
    /// skipped.
    pub fn items(&self) -> impl Iterator<Item = &R::Item>
    where
        R: HasItems,
    {
        self.task.result.iter().flat_map(HasItems::items)
    }

    /// Returns the items of all results by value.
    pub fn into_items(self) -> Vec<R::Item>
    where
        R: HasItems,
    {
        let results = self.task.result.into_iter();
        results.flat_map(HasItems::into_items).collect()
    }

    /// Returns all results. The slice is empty if the response has no results.
    pub fn results(&self) -> &[R] {
        &self.task.result
    }

    /// Returns all results by value.
    pub fn into_results(self) -> Vec<R> {
        self.task.result
    }

    /// Returns the status code of the task: 20000 for a success, or 40102 for a search without
    /// results.
    pub fn status_code(&self) -> StatusCode {
        self.task.status_code
    }

    /// Returns the cost of the call in US dollars; `None` if the response has none.
    ///
    /// A response states its cost in the envelope and in its tasks. If the two differ, this is the
    /// higher one, and [`drift`](Self::drift) has an entry.
    pub fn cost(&self) -> Option<f64> {
        self.cost
    }

    /// Returns the values whose type differs from the documentation, and how each was decoded.
    /// Costs that contradict each other are in the list, too.
    ///
    /// The original values are in [`raw_response`](Self::raw_response). Undocumented fields are not
    /// in this list: [`lossy_fields`](dataforseo_models::drift::lossy_fields) finds them in the text of a
    /// result.
    pub fn drift(&self) -> &[Drift] {
        &self.task.drift
    }

    /// Returns the response as it arrived.
    pub fn raw_response(&self) -> &RawResponse {
        &self.raw_response
    }
}

/// The result of a task that was posted before, if it is done.
#[derive(Debug, Clone)]
pub enum Fetched<R> {
    /// The task is done and did not fail.
    Ready(Box<Response<R>>),
    /// The task is not done yet. Fetch it again later. The status code is 40601 (received) or 40602
    /// (in the queue).
    Pending(StatusCode),
}

/// The outcomes of the tasks of one post.
///
/// The call succeeded, but the API can have refused some or all of its tasks.
/// [`tasks`](Self::tasks) returns the outcome of each task. [`into_ids`](Self::into_ids) returns the
/// identifiers if all tasks were accepted.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "the API can refuse single tasks of a post"]
pub struct Posted {
    tasks: Vec<PostedTask>,
    cost: Option<f64>,
    raw_response: RawResponse,
}

impl Posted {
    pub(crate) fn new(completed: Completed<Vec<PostedTask>>) -> Self {
        Self {
            tasks: completed.value,
            cost: completed.cost.us_dollars,
            raw_response: completed.raw_response,
        }
    }

    /// Returns the outcome of each task, in the order in which the tasks were sent.
    pub fn tasks(&self) -> &[PostedTask] {
        &self.tasks
    }

    /// Returns the tasks that the API did not accept, each with its index among the tasks that were
    /// sent.
    pub fn failed(&self) -> impl Iterator<Item = (usize, &PostedTask)> {
        let tasks = self.tasks.iter().enumerate();
        tasks.filter(|(_, task)| !task.is_accepted())
    }

    /// Returns the identifiers of all tasks, in the order in which the tasks were sent.
    ///
    /// # Errors
    /// When the API refused at least one task. The error is this `Posted`, with the identifiers of
    /// the accepted tasks, which are paid for.
    pub fn into_ids(self) -> Result<Vec<TaskId>, Self> {
        if self.failed().next().is_some() {
            return Err(self);
        }
        Ok(self.tasks.into_iter().filter_map(|task| task.id).collect())
    }

    /// Returns the cost of the call in US dollars; `None` if the response has none.
    ///
    /// If the costs of the envelope and of the tasks differ, it is the higher one.
    pub fn cost(&self) -> Option<f64> {
        self.cost
    }

    /// Returns the response as it arrived.
    pub fn raw_response(&self) -> &RawResponse {
        &self.raw_response
    }
}

/// Returns the outcomes of `sent` tasks, in their order.
pub(crate) fn posted_tasks(envelope: RawEnvelope<'_>, text: &str, sent: usize) -> Vec<PostedTask> {
    let mut received = envelope.tasks.into_iter().map(|task| PostedTask {
        id: task.id,
        status_code: Some(task.status_code),
        message: task.status_message.unwrap_or_default(),
        cost: task.cost,
    });
    // A task that the response does not mention keeps its place, with no status code.
    let present = tasks_present(text);
    (0..sent)
        .map(|index| match present.get(index) {
            Some(true) => received.next().unwrap_or_default(),
            _ => PostedTask::default(),
        })
        .collect()
}

/// Returns which elements of `tasks` are tasks. A null would otherwise shift all that follow.
fn tasks_present(text: &str) -> Vec<bool> {
    #[derive(serde::Deserialize)]
    struct Tasks<'a> {
        #[serde(borrow, default)]
        tasks: Option<Vec<&'a serde_json::value::RawValue>>,
    }
    // As lenient as the reader of the envelope.
    let text = text.trim_start_matches('\u{feff}');
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let tasks = Tasks::deserialize(&mut deserializer).ok();
    let tasks = tasks.and_then(|tasks| tasks.tasks).unwrap_or_default();
    tasks
        .iter()
        .map(|task| task.get().starts_with('{'))
        .collect()
}

/// The outcome of one task of a post.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PostedTask {
    /// The identifier by which the result is fetched; `None` if the task was refused.
    pub id: Option<TaskId>,
    /// The status code of the task; `None` if the response does not mention the task.
    pub status_code: Option<StatusCode>,
    /// The API's message; empty if there is none.
    pub message: String,
    /// The cost of the task in US dollars; `None` if the response has none.
    pub cost: Option<f64>,
}

impl PostedTask {
    /// Returns whether the API accepted the task, so that it will have a result.
    pub fn is_accepted(&self) -> bool {
        self.id.is_some() && self.status_code.is_some_and(StatusCode::is_ok)
    }
}

/// The outcome of a call that succeeded.
pub(crate) struct Completed<T> {
    pub(crate) value: T,
    pub(crate) cost: TotalCost,
    pub(crate) raw_response: RawResponse,
}

/// A response as it arrived: HTTP status and decompressed body.
///
/// `Debug` prints the size of the body and not its content.
#[derive(Clone, PartialEq, Eq)]
pub struct RawResponse {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) attempts: u32,
}

impl RawResponse {
    /// Returns the number of attempts until this response arrived: 1 unless the call was retried.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the decompressed body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the wait that the header `Retry-After` requests, at most one day; `None` without the
    /// header.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Returns the body as text, with a replacement character in place of invalid UTF-8.
    pub fn text(&self) -> Cow<'_, str> {
        // Checking valid text first is many times faster than the lossy conversion.
        match std::str::from_utf8(&self.body) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(&self.body),
        }
    }
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish()
    }
}
