//! Reads the input of a running job. Invalid targets get their outcome here.

use std::io;
use std::pin::Pin;

use dataforseo_client::models::PerTarget;
use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::stream::Fuse;

use crate::digest::InputDigest;
use crate::journal::InputPrefix;
use crate::outcome::{Outcome, TargetOutcome};
use crate::packing::Packer;
use crate::spool::{SortedTargets, Sorter, SpooledTarget};
use crate::state::{CallOutcomes, OutcomeSender};
use crate::target::{Target, TargetCheck};

/// The maximum number of invalid targets that are delivered together.
const MAX_INVALID_BATCH: usize = 1000;

/// The input of a running job.
pub(crate) struct JobInput<E: PerTarget, S> {
    outcomes: OutcomeSender<E>,
    stream: Pin<Box<Fuse<S>>>,
    is_exhausted: bool,
    /// The targets read so far.
    read: InputDigest,
    /// The input that an earlier run read before its last call.
    journaled: InputPrefix,
    is_changed: bool,
    check: TargetCheck<E>,
    /// Outcomes of invalid targets that are not delivered yet.
    invalid: Vec<TargetOutcome<E::Row>>,
}

impl<E: PerTarget, S: Stream<Item = Target>> JobInput<E, S> {
    /// `journaled` is the input that an earlier run read before its last call.
    pub(crate) fn new(outcomes: OutcomeSender<E>, stream: S, journaled: InputPrefix) -> Self {
        let check = TargetCheck::new(outcomes.state.template.clone());
        Self {
            outcomes,
            stream: Box::pin(stream.fuse()),
            is_exhausted: false,
            read: InputDigest::default(),
            journaled,
            is_changed: false,
            check,
            invalid: Vec::new(),
        }
    }

    /// Returns whether the input was read completely.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    /// Returns whether the input differs from what an earlier run read.
    pub(crate) fn is_changed(&self) -> bool {
        let is_shorter = self.is_exhausted && self.read.targets() < self.journaled.targets;
        self.is_changed || is_shorter
    }

    /// Returns the number of targets that an earlier run read before its last call.
    pub(crate) fn journaled_targets(&self) -> u64 {
        self.journaled.targets
    }

    /// Returns the input that was read so far.
    pub(crate) fn prefix(&self) -> InputPrefix {
        self.read.prefix()
    }

    /// Reads targets until the window of the packer is full or the input ends.
    pub(crate) async fn fill(&mut self, packer: &mut Packer) {
        while !packer.is_full()
            && let Some(SpooledTarget { index, target }) = self.next().await
        {
            packer.push(index, &target);
        }
        self.flush_invalid().await;
    }

    /// Reads all targets, and sorts them by domain if there are more than fit into the window.
    pub(crate) async fn sort(&mut self, mut sorter: Sorter) -> io::Result<SortedTargets> {
        while let Some(target) = self.next().await {
            sorter.push(target)?;
        }
        self.flush_invalid().await;
        sorter.finish()
    }

    /// Returns the next valid target.
    async fn next(&mut self) -> Option<SpooledTarget> {
        loop {
            let state = &self.outcomes.state;
            if self.is_exhausted || state.control.is_stopped() {
                return None;
            }
            let next = tokio::select! {
                next = self.stream.next() => next,
                () = state.control.stopping() => continue,
            };
            let Some(target) = next else {
                self.is_exhausted = true;
                return None;
            };
            let index = self.read.targets();
            self.read.add(match &target {
                Target::Text(text) | Target::Invalid { text, .. } => text,
            });
            if self.read.targets() == self.journaled.targets {
                self.is_changed = self.read.prefix() != self.journaled;
            }
            let invalid = match self.check.check(target) {
                Ok(target) => return Some(SpooledTarget { index, target }),
                Err(invalid) => invalid,
            };
            let outcome = Outcome::Invalid(invalid.reason.into());
            self.invalid
                .push(TargetOutcome::new(index, invalid.text.into(), outcome));
            if self.invalid.len() == MAX_INVALID_BATCH {
                self.flush_invalid().await;
            }
        }
    }

    /// Delivers the outcomes of invalid targets.
    pub(crate) async fn flush_invalid(&mut self) {
        let read = self.read.targets();
        let state = &self.outcomes.state;
        state.update_progress(|progress| progress.read = read);
        let invalid = CallOutcomes::without_call(std::mem::take(&mut self.invalid));
        self.outcomes.send(invalid).await;
    }
}
