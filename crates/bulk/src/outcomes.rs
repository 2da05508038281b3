//! What the caller holds of a running job: the stream of outcomes, and handles that stop it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::mpsc;

use crate::outcome::TargetOutcome;
use crate::progress::{JobEnd, Progress};
use crate::state::RunningJob;

/// The outcomes of a running job, as a stream.
///
/// [`BulkJob::run`](crate::BulkJob::run) returns it. Dropping it stops the job.
pub struct Outcomes<R> {
    receiver: mpsc::Receiver<Vec<TargetOutcome<R>>>,
    /// The rest of the last batch.
    ready: std::vec::IntoIter<TargetOutcome<R>>,
    job: Arc<dyn RunningJob>,
}

impl<R> fmt::Debug for Outcomes<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcomes")
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}

impl<R> Outcomes<R> {
    pub(crate) fn new(
        receiver: mpsc::Receiver<Vec<TargetOutcome<R>>>,
        job: Arc<dyn RunningJob>,
    ) -> Self {
        Self {
            receiver,
            ready: Vec::new().into_iter(),
            job,
        }
    }

    /// Returns the counters of the job.
    pub fn progress(&self) -> Progress {
        self.job.progress()
    }

    /// Returns a handle that stops the job from another task, for example on Ctrl-C.
    pub fn handle(&self) -> JobHandle {
        JobHandle(Arc::clone(&self.job))
    }

    /// Waits for the next outcomes and returns all that arrived together, such as those of one call.
    /// `None` at the end of the job.
    ///
    /// For millions of targets it is faster than the stream, which waits once per outcome.
    pub async fn next_batch(&mut self) -> Option<Vec<TargetOutcome<R>>> {
        let rest: Vec<TargetOutcome<R>> = self.ready.by_ref().collect();
        if rest.is_empty() {
            self.receiver.recv().await
        } else {
            Some(rest)
        }
    }

    /// Returns the reason why the job ended. `None` while it runs, and until all outcomes were read.
    pub fn job_end(&self) -> Option<JobEnd> {
        let is_over = self.receiver.is_closed() && self.receiver.is_empty();
        let is_over = is_over && self.ready.as_slice().is_empty();
        is_over.then(|| self.job.end().unwrap_or(JobEnd::Aborted))
    }

    /// Returns the bodies of responses that could be saved nowhere, because neither the journal nor a
    /// second file could be written. They are paid for. Empty until the job has ended.
    pub fn unsaved(&self) -> Vec<Bytes> {
        self.job.unsaved()
    }
}

impl<R> Drop for Outcomes<R> {
    fn drop(&mut self) {
        self.job.stop();
    }
}

impl<R> Unpin for Outcomes<R> {}

impl<R> Stream for Outcomes<R> {
    type Item = TargetOutcome<R>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<TargetOutcome<R>>> {
        loop {
            if let Some(outcome) = self.ready.next() {
                return Poll::Ready(Some(outcome));
            }
            match self.receiver.poll_recv(context) {
                Poll::Ready(Some(batch)) => self.ready = batch.into_iter(),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// A handle that watches and stops a job. Clones refer to the same job.
#[derive(Clone)]
pub struct JobHandle(Arc<dyn RunningJob>);

impl fmt::Debug for JobHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobHandle").finish_non_exhaustive()
    }
}

impl JobHandle {
    /// Stops the job. Calls in flight are finished and their outcomes are delivered.
    ///
    /// Targets that were read and not sent become [`Outcome::NotSent`](crate::Outcome::NotSent). No
    /// further target is read.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Returns the counters of the job.
    pub fn progress(&self) -> Progress {
        self.0.progress()
    }
}
