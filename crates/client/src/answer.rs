//! What a call brings back.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use dataforseo_models::drift::Drift;
use dataforseo_models::{StatusCode, TaskResponse};

/// The answer to a call that held one task, and that neither the call nor the task failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer<R> {
    /// The task, with its results.
    pub task: TaskResponse<R>,
    /// What the call cost in US dollars, by the envelope.
    pub(crate) cost: Option<f64>,
    pub(crate) response: RawResponse,
}

impl<R> Answer<R> {
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
    /// themselves are in [`response`](Self::response).
    pub fn drift(&self) -> &[Drift] {
        &self.task.drift
    }

    /// The answer as it arrived.
    pub fn response(&self) -> &RawResponse {
        &self.response
    }
}

/// An answer as it arrived: HTTP status, and the body after decompression.
#[derive(Clone, PartialEq, Eq)]
pub struct RawResponse {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl RawResponse {
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
        String::from_utf8_lossy(&self.body)
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
