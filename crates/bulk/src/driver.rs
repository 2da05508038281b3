//! Drives a running job: reads targets, sends calls, delivers outcomes.

use std::collections::HashMap;
use std::io;
use std::iter::Peekable;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use dataforseo_client::models::PerTarget;
use futures_core::Stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};

use crate::call::Call;
use crate::control::JobControl;
use crate::digest;
use crate::input::JobInput;
use crate::journal::{CallHistory, Finished, InputPrefix, Journal, JournalError};
use crate::outcome::{Outcome, TargetOutcome};
use crate::packing::{PackedTarget, Packer};
use crate::progress::JobEnd;
use crate::spool::{SortedTargets, Sorter, SpooledTarget};
use crate::state::{CallOutcomes, OutcomeSender, RunningJob as _};
use crate::target::Target;

/// Reads targets, sends calls and delivers outcomes.
pub(crate) struct Driver<E: PerTarget> {
    /// Declared before `outcomes`: the lock on the journal is released before the caller sees the end
    /// of the outcomes.
    pub(crate) journal: Option<Journal>,
    pub(crate) outcomes: OutcomeSender<E>,
    pub(crate) packer: Packer,
    /// The calls of earlier runs, by number.
    pub(crate) history: HashMap<u64, CallHistory>,
    /// The input that an earlier run read before its last call.
    pub(crate) journaled_input: InputPrefix,
    /// A permit per call that is in flight or waits until its outcomes are taken.
    pub(crate) permits: Arc<Semaphore>,
    /// Where to sort a long input by domain. `None` to send it in its own order.
    pub(crate) sort_dir: Option<PathBuf>,
}

impl<E: PerTarget + 'static> Driver<E> {
    /// Runs the job to its end.
    pub(crate) async fn drive<S>(mut self, input: S)
    where
        S: Stream<Item = Target> + Send,
    {
        let journaled = std::mem::take(&mut self.journaled_input);
        let mut input = JobInput::new(self.outcomes.clone(), input, journaled);
        let mut sorted = None;
        if let Some(dir) = self.sort_dir.take() {
            let sorter = Sorter::new(&dir, &self.packer);
            match input.sort(sorter).await {
                Ok(targets) => sorted = Some(targets.peekable()),
                Err(error) => {
                    input.flush_invalid().await;
                    self.stop_spool(error);
                }
            }
        }
        let calls = self.send_all(&mut input, &mut sorted).await;
        self.drain(&mut sorted).await;
        let is_exhausted = input.is_exhausted();
        drop(input);
        self.end(calls, is_exhausted);
        self.finish_journal().await;
    }

    /// Sends calls until no target is left or the job is stopped. Waits for all of them, and returns
    /// their number.
    async fn send_all<S>(
        &mut self,
        input: &mut JobInput<E, S>,
        sorted: &mut Option<Peekable<SortedTargets>>,
    ) -> u64
    where
        S: Stream<Item = Target>,
    {
        let mut calls = JoinSet::new();
        let mut number = 0;
        loop {
            if sorted.is_some() {
                self.refill(sorted);
            } else {
                input.fill(&mut self.packer).await;
            }
            if let Some(journal) = &self.journal
                && input.is_changed()
            {
                let error = journal.input_changed(input.journaled_targets());
                self.stop_journal(error);
                break;
            }
            let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else {
                break;
            };
            // A job that is stopped still delivers what the journal has.
            if self.control().is_stopped() && self.history.is_empty() {
                break;
            }
            let Some(targets) = self.packer.next_call() else {
                break;
            };
            let history = self.history.remove(&number);
            if self.control().is_stopped() && history.is_none() {
                self.outcomes.send(not_sent(targets)).await;
                number += 1;
                continue;
            }
            while let Some(ended) = calls.try_join_next() {
                self.check_panic(&ended);
            }
            let call = PreparedCall {
                number,
                history,
                digest: self.journal.as_ref().map(|_| digest::of_call(&targets)),
                input: input.prefix(),
                targets,
                permit,
            };
            if let Some(journal) = &self.journal
                && call.differs_from_history()
            {
                // Stops before any later call is sent.
                let error = journal.other_input(number);
                self.stop_journal(error);
                self.outcomes.send(not_sent(call.targets)).await;
                break;
            }
            calls.spawn(call.send(self.outcomes.clone(), self.journal.clone()));
            number += 1;
        }
        while let Some(ended) = calls.join_next().await {
            self.check_panic(&ended);
        }
        number
    }

    /// Delivers the targets that were read and not sent.
    async fn drain(&mut self, sorted: &mut Option<Peekable<SortedTargets>>) {
        loop {
            let mut unsent = Vec::new();
            while let Some(targets) = self.packer.next_call() {
                unsent.extend(targets);
            }
            self.outcomes.send(not_sent(unsent)).await;
            if !self.refill(sorted) {
                break;
            }
        }
    }

    /// Sets the reason why the job ended, unless it has one.
    fn end(&self, calls: u64, is_exhausted: bool) {
        if let Some(journal) = &self.journal
            && is_exhausted
            && !self.history.is_empty()
            && !self.control().is_stopped()
        {
            // The journal has further calls, so the input was longer before.
            let error = journal.other_input(calls);
            self.stop_journal(error);
        }
        let progress = self.outcomes.state.progress();
        let is_resolved = progress.not_sent == 0 && progress.finished() == progress.read;
        if is_exhausted && is_resolved {
            self.control().complete();
        } else {
            self.control().abandon();
        }
    }

    /// Writes what could not be written to the journal, or saves it elsewhere.
    async fn finish_journal(&self) {
        let Some(journal) = &self.journal else {
            return;
        };
        let Finished { error, unsaved } = journal.finish().await;
        if let Some(error) = error {
            self.control().replace_end(JobEnd::Journal(Arc::new(error)));
        }
        let state = &self.outcomes.state;
        *state.unsaved.lock().unwrap_or_else(PoisonError::into_inner) = unsaved;
    }

    fn stop_journal(&self, error: JournalError) {
        self.control().stop(JobEnd::Journal(Arc::new(error)));
    }

    /// Stops the job if the task of a call panicked, as its targets have no outcome then.
    fn check_panic(&self, ended: &Result<(), JoinError>) {
        if ended.is_err() {
            self.control().stop(JobEnd::Aborted);
        }
    }

    /// Fills the window with sorted targets. Returns whether the window has any.
    fn refill(&mut self, sorted: &mut Option<Peekable<SortedTargets>>) -> bool {
        while !self.packer.is_full() {
            match sorted.as_mut().and_then(Iterator::next) {
                Some(Ok(target)) => {
                    self.packer.push(target.index, &target.target);
                    self.push_duplicates(&target, sorted);
                }
                Some(Err(error)) => {
                    // Targets that cannot be read back have no outcome. The end of the job says why.
                    self.stop_spool(error);
                    *sorted = None;
                    return false;
                }
                None => return !self.packer.is_empty(),
            }
        }
        true
    }

    /// Adds the targets that are equal to one that was added, even if the window is full: a later call
    /// would pay for them again.
    fn push_duplicates(
        &mut self,
        target: &SpooledTarget,
        sorted: &mut Option<Peekable<SortedTargets>>,
    ) {
        let next = || {
            sorted
                .as_mut()?
                .next_if(|next| target.is_equal(next, E::KIND))
        };
        for duplicate in std::iter::from_fn(next).flatten() {
            self.packer.push(duplicate.index, &duplicate.target);
        }
    }

    fn stop_spool(&self, error: io::Error) {
        self.control().stop(JobEnd::Spool(Arc::new(error)));
    }

    fn control(&self) -> &JobControl {
        &self.outcomes.state.control
    }
}

/// A call that is about to be sent.
struct PreparedCall {
    number: u64,
    history: Option<CallHistory>,
    /// The digest of the targets. `None` without a journal.
    digest: Option<String>,
    /// The input that was read before the call.
    input: InputPrefix,
    targets: Vec<PackedTarget>,
    permit: OwnedSemaphorePermit,
}

impl PreparedCall {
    /// Returns whether the call had other targets in an earlier run.
    fn differs_from_history(&self) -> bool {
        match (&self.history, &self.digest) {
            (Some(history), Some(digest)) => history.digest != *digest,
            _ => false,
        }
    }

    /// Sends the call and delivers its outcomes.
    async fn send<E: PerTarget>(self, outcomes: OutcomeSender<E>, journal: Option<Journal>) {
        let state = &outcomes.state;
        let call = Call::<E> {
            client: &state.client,
            template: &state.template,
            journal: journal.as_ref(),
            digest: self.digest.as_deref().unwrap_or_default(),
            input: &self.input,
            number: self.number,
            targets: self.targets,
            control: &state.control,
            retry_uncertain: state.retry_uncertain,
        };
        let resolved = call.run(self.history).await;
        outcomes.send(resolved).await;
        // Held until here, so that outcomes do not accumulate if the caller does not take them.
        drop(self.permit);
    }
}

/// Returns the outcomes of targets that were not sent.
fn not_sent<R>(targets: Vec<PackedTarget>) -> CallOutcomes<R> {
    let positions = targets.iter().flat_map(PackedTarget::positions);
    let outcomes = positions
        .map(|(index, spelling)| TargetOutcome::new(index, Arc::clone(spelling), Outcome::NotSent));
    CallOutcomes::without_call(outcomes.collect())
}
