//! Decides whether a job continues, waits or ends, and keeps the reason why it ended.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dataforseo_client::Error;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::progress::JobEnd;

/// The first and the longest wait after a refusal.
const INITIAL_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How many targets may be rejected one by one before any call has succeeded. Then the targets are not
/// the cause.
const MAX_REJECTED_TARGETS: u32 = 1000;

/// When a job gives up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GiveUp {
    /// The number of failed calls in a row.
    pub(crate) after_failures: u32,
    /// How long calls may be refused because the account's limits are reached.
    pub(crate) rate_limit_timeout: Duration,
}

/// Decides whether a job continues, and keeps the reason why it ended.
pub(crate) struct JobControl {
    stopped: watch::Sender<bool>,
    end: Mutex<Option<JobEnd>>,
    give_up: GiveUp,
    consecutive_failures: AtomicU32,
    refusals: Mutex<Option<Refusals>>,
    has_succeeded: AtomicBool,
    rejected_targets: AtomicU32,
}

/// Calls that were refused since the last one that was not.
struct Refusals {
    since: Instant,
    count: u32,
}

/// Whether a refused call is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterWait {
    SendAgain,
    /// The job was stopped, or waited too long.
    Stopped,
}

impl JobControl {
    pub(crate) fn new(give_up: GiveUp) -> Self {
        Self {
            stopped: watch::Sender::new(false),
            end: Mutex::new(None),
            give_up,
            consecutive_failures: AtomicU32::new(0),
            refusals: Mutex::new(None),
            has_succeeded: AtomicBool::new(false),
            rejected_targets: AtomicU32::new(0),
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Stops the job: no further call is sent. The first reason is kept.
    pub(crate) fn stop(&self, reason: JobEnd) {
        self.lock().get_or_insert(reason);
        self.stopped.send_replace(true);
    }

    /// Waits until the job is stopped.
    pub(crate) async fn stopping(&self) {
        // The sender lives as long as `self`.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }

    pub(crate) fn record_success(&self) {
        self.has_succeeded.store(true, Ordering::Relaxed);
        self.consecutive_failures.store(0, Ordering::Relaxed);
        *self.lock_refusals() = None;
    }

    /// Counts a failed call, and stops the job after too many in a row.
    pub(crate) fn record_failure(&self, error: &Arc<Error>) {
        let calls = self.consecutive_failures.fetch_add(1, Ordering::Relaxed) + 1;
        if calls >= self.give_up.after_failures {
            self.stop(JobEnd::TooManyFailures {
                calls,
                last: Arc::clone(error),
            });
        }
    }

    /// Counts a target that the API rejected without naming it. Stops the job if it rejects every
    /// target, as the targets cannot be the cause then.
    pub(crate) fn record_rejected_target(&self, error: &Arc<Error>) {
        let targets = self.rejected_targets.fetch_add(1, Ordering::Relaxed) + 1;
        if targets >= MAX_REJECTED_TARGETS && !self.has_succeeded.load(Ordering::Relaxed) {
            self.stop(JobEnd::TooManyFailures {
                calls: targets,
                last: Arc::clone(error),
            });
        }
    }

    /// Waits after a call that was refused because the account's limits are reached. `spread` delays
    /// calls that were refused together by different times.
    pub(crate) async fn wait_after_refusal(
        &self,
        error: &Arc<Error>,
        spread: Duration,
    ) -> AfterWait {
        let (waited, wait) = {
            let mut refusals = self.lock_refusals();
            let refusals = refusals.get_or_insert_with(|| Refusals {
                since: Instant::now(),
                count: 0,
            });
            let wait = INITIAL_WAIT.saturating_mul(1 << refusals.count.min(6));
            // Calls in flight are refused together. Only the first of them makes the wait longer.
            if refusals.since.elapsed() >= wait || refusals.count == 0 {
                refusals.count += 1;
            }
            (refusals.since.elapsed(), wait.min(MAX_WAIT))
        };
        let requested = error
            .raw_response()
            .and_then(|response| response.retry_after());
        let wait = wait.max(requested.unwrap_or_default()) + spread;
        if waited + wait > self.give_up.rate_limit_timeout {
            self.stop(JobEnd::RateLimited {
                waited,
                last: Arc::clone(error),
            });
            return AfterWait::Stopped;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => AfterWait::SendAgain,
            () = self.stopping() => AfterWait::Stopped,
        }
    }

    /// Returns for how long calls have been refused because of the account's limits.
    pub(crate) fn refused_for(&self) -> Option<Duration> {
        let refusals = self.lock_refusals();
        refusals.as_ref().map(|refusals| refusals.since.elapsed())
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

    /// Replaces the reason why the job ended by a more important one.
    pub(crate) fn replace_end(&self, reason: JobEnd) {
        *self.lock() = Some(reason);
    }

    /// Returns the reason why the job ended.
    pub(crate) fn end(&self) -> Option<JobEnd> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<JobEnd>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_refusals(&self) -> MutexGuard<'_, Option<Refusals>> {
        let refusals = &self.refusals;
        refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
