//! Reads the input of a running job. Invalid targets get their outcome here.

use std::io;
use std::path::Path;
use std::pin::Pin;

use dataforseo_client::models::PerTarget;
use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::stream::Fuse;

use crate::outcome::{Outcome, TargetOutcome};
use crate::packing::Packer;
use crate::spool::{SortedTargets, Spool, SpooledTarget};
use crate::state::{CallOutcomes, OutcomeSender};
use crate::target::{Target, TargetCheck};

/// The maximum number of invalid targets that are delivered together.
const MAX_INVALID_BATCH: usize = 1000;

/// The input of a running job.
pub(crate) struct JobInput<E: PerTarget, S> {
    outcomes: OutcomeSender<E>,
    stream: Pin<Box<Fuse<S>>>,
    is_exhausted: bool,
    /// The number of targets read so far.
    read: u64,
    check: TargetCheck<E>,
    /// Outcomes of invalid targets that are not delivered yet.
    invalid: Vec<TargetOutcome<E::Row>>,
}

impl<E: PerTarget, S: Stream<Item = Target>> JobInput<E, S> {
    pub(crate) fn new(outcomes: OutcomeSender<E>, stream: S) -> Self {
        let check = TargetCheck::new(outcomes.state.template.clone());
        Self {
            outcomes,
            stream: Box::pin(stream.fuse()),
            is_exhausted: false,
            read: 0,
            check,
            invalid: Vec::new(),
        }
    }

    /// Returns whether the input was read completely.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    /// Reads targets until the window of the packer is full or the input ends.
    pub(crate) async fn fill(&mut self, packer: &mut Packer) {
        self.check.update_date();
        while !packer.is_full()
            && let Some(SpooledTarget { index, target }) = self.next().await
        {
            packer.push(index, &target);
        }
        self.flush_invalid().await;
    }

    /// Reads all targets and sorts them by domain.
    pub(crate) async fn sort(&mut self, dir: &Path) -> io::Result<SortedTargets> {
        let mut spool = Spool::in_dir(dir)?;
        while let Some(SpooledTarget { index, target }) = self.next().await {
            // Buffered by the system, so it hardly ever waits for the disk.
            spool.push(index, &target)?;
        }
        self.flush_invalid().await;
        spool.finish()
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
            let index = self.read;
            self.read += 1;
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
        let read = self.read;
        let state = &self.outcomes.state;
        state.update_progress(|progress| progress.read = read);
        let invalid = CallOutcomes::without_call(std::mem::take(&mut self.invalid));
        self.outcomes.send(invalid).await;
    }
}
