//! The state of a running job, shared by its tasks and by the handles of the caller.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dataforseo_client::Client;
use dataforseo_client::models::PerTarget;
use tokio::sync::mpsc;

use crate::control::JobControl;
use crate::outcome::TargetOutcome;
use crate::progress::{JobEnd, Progress};

/// A running job, independent of its endpoint.
pub(crate) trait RunningJob: Send + Sync {
    fn stop(&self);
    fn progress(&self) -> Progress;
    fn end(&self) -> Option<JobEnd>;
    fn unsaved(&self) -> Vec<Bytes>;
}

/// The state that all tasks of a running job share.
pub(crate) struct JobState<E: PerTarget> {
    pub(crate) client: Client,
    /// The task of each call, without its targets.
    pub(crate) template: E::Task,
    pub(crate) retry_uncertain: bool,
    pub(crate) control: JobControl,
    pub(crate) progress: Mutex<Progress>,
    /// Responses that could be saved nowhere.
    pub(crate) unsaved: Mutex<Vec<Bytes>>,
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
            possible_cost: costs.possible_us_dollars,
            refused_for: self.control.refused_for(),
            ..*progress
        }
    }

    fn end(&self) -> Option<JobEnd> {
        self.control.end()
    }

    fn unsaved(&self) -> Vec<Bytes> {
        let unsaved = self.unsaved.lock();
        unsaved.unwrap_or_else(PoisonError::into_inner).clone()
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
