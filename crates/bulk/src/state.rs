//! The state of a running job, shared by its tasks and by the handles of the caller.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dataforseo_client::models::PerTarget;
use dataforseo_client::{Client, Error};
use tokio::sync::{Notify, mpsc};

use crate::outcome::TargetOutcome;
use crate::progress::{JobEnd, Progress};

/// A running job, independent of its endpoint.
pub(crate) trait RunningJob: Send + Sync {
    fn stop(&self);
    fn progress(&self) -> Progress;
    fn end(&self) -> Option<JobEnd>;
}

/// The state that all tasks of a running job share.
pub(crate) struct JobState<E: PerTarget> {
    pub(crate) client: Client,
    /// The task of each call, without its targets.
    pub(crate) template: E::Task,
    pub(crate) retry_uncertain: bool,
    pub(crate) control: JobControl,
    pub(crate) progress: Mutex<Progress>,
}

impl<E: PerTarget> JobState<E> {
    /// Changes the counters.
    pub(crate) fn update_progress(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl<E: PerTarget> RunningJob for JobState<E> {
    fn stop(&self) {
        self.control.stop(JobEnd::Stopped);
    }

    fn progress(&self) -> Progress {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let costs = self.client.costs();
        Progress {
            calls: costs.calls,
            cost: costs.us_dollars,
            ..*progress
        }
    }

    fn end(&self) -> Option<JobEnd> {
        self.control.lock().clone()
    }
}

/// Decides whether a job continues, and keeps the reason why it ended.
pub(crate) struct JobControl {
    stopped: AtomicBool,
    wake: Notify,
    end: Mutex<Option<JobEnd>>,
    consecutive_failures: AtomicU32,
    max_consecutive_failures: u32,
}

impl JobControl {
    pub(crate) fn new(max_consecutive_failures: u32) -> Self {
        Self {
            stopped: AtomicBool::new(false),
            wake: Notify::new(),
            end: Mutex::new(None),
            consecutive_failures: AtomicU32::new(0),
            max_consecutive_failures,
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Stops the job: no further call is sent. The first reason is kept.
    pub(crate) fn stop(&self, reason: JobEnd) {
        self.lock().get_or_insert(reason);
        self.stopped.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Waits until the job is stopped.
    pub(crate) async fn stopping(&self) {
        self.wake.notified().await;
    }

    pub(crate) fn record_success(&self) {
        self.consecutive_failures.store(0, Ordering::Relaxed);
    }

    /// Counts a failed call, and stops the job after too many in a row.
    pub(crate) fn record_failure(&self, error: &Arc<Error>) {
        let calls = self.consecutive_failures.fetch_add(1, Ordering::Relaxed) + 1;
        if calls >= self.max_consecutive_failures {
            self.stop(JobEnd::TooManyFailures {
                calls,
                last: Arc::clone(error),
            });
        }
    }

    /// Ends a job whose targets are all resolved.
    pub(crate) fn complete(&self) {
        let mut end = self.lock();
        // A stop request that came after the last call changed nothing.
        if matches!(*end, None | Some(JobEnd::Stopped)) {
            *end = Some(JobEnd::Complete);
        }
    }

    /// Ends a job that has unresolved targets. Without a reason so far, a task must have panicked.
    pub(crate) fn abandon(&self) {
        self.lock().get_or_insert(JobEnd::Aborted);
    }

    fn lock(&self) -> MutexGuard<'_, Option<JobEnd>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outcomes of a call.
pub(crate) struct CallOutcomes<R> {
    pub(crate) outcomes: Vec<TargetOutcome<R>>,
    /// How many outcomes came from the journal.
    pub(crate) resumed: u64,
    /// How many rows of the response match no target of the call.
    pub(crate) unmatched_rows: u64,
}

impl<R> CallOutcomes<R> {
    /// Outcomes of targets that no call contains.
    pub(crate) fn without_call(outcomes: Vec<TargetOutcome<R>>) -> Self {
        Self {
            outcomes,
            resumed: 0,
            unmatched_rows: 0,
        }
    }
}

/// Counts outcomes and sends them to the caller.
pub(crate) struct OutcomeSender<E: PerTarget> {
    pub(crate) state: Arc<JobState<E>>,
    pub(crate) channel: mpsc::Sender<Vec<TargetOutcome<E::Row>>>,
}

impl<E: PerTarget> Clone for OutcomeSender<E> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            channel: self.channel.clone(),
        }
    }
}

impl<E: PerTarget> OutcomeSender<E> {
    /// Sends outcomes to the caller, and waits until there is room for them. Stops the job if the
    /// caller dropped the receiver.
    pub(crate) async fn send(&self, call: CallOutcomes<E::Row>) {
        self.state.update_progress(|progress| {
            progress.resumed += call.resumed;
            progress.unmatched_rows += call.unmatched_rows;
            for target in &call.outcomes {
                progress.add(&target.outcome);
            }
        });
        if !call.outcomes.is_empty() && self.channel.send(call.outcomes).await.is_err() {
            self.state.control.stop(JobEnd::Stopped);
        }
    }
}
