//! A call of a job, until each of its targets has an outcome. It is sent, sent again without a target
//! that the API rejects, or restored from the journal.

use std::sync::Arc;

use dataforseo_client::models::PerTarget;
use dataforseo_client::{Charge, Client, Error, Response};
use sha2::{Digest, Sha256};

use crate::call_error::{Verdict, verdict};
use crate::journal::{CallHistory, Journal, JournalError, PartEnd};
use crate::outcome::{CallFailure, Outcome};
use crate::packing::PackedTarget;
use crate::progress::JobEnd;
use crate::slots::{OutcomeSlots, decode_results};
use crate::state::{CallOutcomes, JobControl};

/// How often a call may be rejected because of a target that the API does not name, before its other
/// targets fail. That is enough to find three invalid targets in a thousand.
const MAX_SPLITS: u32 = 32;

/// A call, with all that is needed to send it.
pub(crate) struct Call<'a, E: PerTarget> {
    pub(crate) client: &'a Client,
    /// The task. Its targets are replaced.
    pub(crate) template: &'a E::Task,
    pub(crate) journal: Option<&'a Journal>,
    /// The number of the call within the job, counted from 0.
    pub(crate) number: u64,
    pub(crate) targets: Vec<PackedTarget>,
    /// The digest of the targets for the journal.
    pub(crate) digest: &'a str,
    pub(crate) control: &'a JobControl,
    /// Whether to send parts again that earlier runs may have paid for.
    pub(crate) retry_uncertain: bool,
}

/// The parts of a call that are still to be sent, as positions within the call.
struct PartQueue {
    parts: Vec<Vec<usize>>,
    splits: u32,
}

impl<E: PerTarget> Call<'_, E> {
    /// Finds an outcome for each target, from the journal or from the API.
    pub(crate) async fn run(self, history: Option<CallHistory>) -> CallOutcomes<E::Row> {
        let mut slots = OutcomeSlots::<E>::new(self.targets.len());
        if let Err(error) = self.restore(history, &mut slots).await {
            self.control.stop(JobEnd::Journal(Arc::new(error)));
        }
        let resumed = slots.count_resolved(&self.targets);
        if let Err(error) = self.send_unresolved(&mut slots).await {
            self.control.stop(JobEnd::Journal(Arc::new(error)));
        }
        CallOutcomes {
            resumed,
            unmatched_rows: slots.unmatched_rows(),
            outcomes: slots.into_outcomes(self.targets),
        }
    }

    /// Restores the outcomes that the journal has.
    async fn restore(
        &self,
        history: Option<CallHistory>,
        slots: &mut OutcomeSlots<E>,
    ) -> Result<(), JournalError> {
        let (Some(history), Some(journal)) = (history, self.journal) else {
            return Ok(());
        };
        for part in history.parts {
            let targets: Vec<usize> = match part.targets {
                None => (0..self.targets.len()).collect(),
                Some(targets) => targets.into_iter().map(|target| target as usize).collect(),
            };
            if targets.iter().any(|target| *target >= self.targets.len()) {
                return Err(journal.other_input(self.number));
            }
            match part.end {
                PartEnd::Response(body) => {
                    let body = journal.read_body(body).await?;
                    let Some(results) = decode_results::<E::Result>(&body) else {
                        return Err(journal.unreadable(self.number));
                    };
                    slots.set_rows(&self.targets, &targets, results);
                }
                PartEnd::NotCharged => {}
                PartEnd::InFlight | PartEnd::Failed { .. } if self.retry_uncertain => {}
                PartEnd::InFlight => {
                    let reason = "the program ended while the call was in flight";
                    slots.set_failed(&targets, &journaled_failure(reason.to_owned(), None));
                }
                PartEnd::Failed { reason, cost } => {
                    slots.set_failed(&targets, &journaled_failure(reason, cost));
                }
            }
        }
        // After the parts: the part with a rejected target may have been sent again without it.
        for invalid in history.invalid {
            slots.set(
                invalid.target as usize,
                Outcome::Invalid(invalid.reason.into()),
            );
        }
        Ok(())
    }

    /// Sends the targets that have no outcome yet.
    async fn send_unresolved(&self, slots: &mut OutcomeSlots<E>) -> Result<(), JournalError> {
        let mut queue = PartQueue {
            parts: vec![slots.unresolved()],
            splits: 0,
        };
        while let Some(part) = queue.parts.pop() {
            if part.is_empty() {
                continue;
            }
            if self.control.is_stopped() {
                return Ok(());
            }
            self.record_sent(&part).await?;
            let task = self.task(&part);
            match self.client.call::<E>(&task).await {
                Ok(response) => self.accept(response, &part, slots).await?,
                Err(error) => {
                    let verdict = verdict(&error, E::targets(&task));
                    self.handle(Arc::new(error), verdict, part, slots, &mut queue)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// Creates the task of a part.
    fn task(&self, part: &[usize]) -> E::Task {
        let targets = part.iter().filter_map(|target| self.targets.get(*target));
        let targets = targets.map(|packed| packed.target.to_string()).collect();
        let mut task = self.template.clone();
        E::set_targets(&mut task, targets);
        task
    }

    /// Matches the rows of a response with the targets of a part.
    async fn accept(
        &self,
        response: Response<E::Result>,
        part: &[usize],
        slots: &mut OutcomeSlots<E>,
    ) -> Result<(), JournalError> {
        self.control.record_success();
        let recorded = match self.journal {
            Some(journal) => {
                let body = response.raw_response().body().clone();
                journal
                    .record_response(self.number, response.cost(), body)
                    .await
            }
            None => Ok(()),
        };
        // The response is paid for, so its rows are delivered even if they could not be recorded.
        slots.set_rows(&self.targets, part, response.into_results());
        recorded
    }

    /// Handles the error of a part: its targets fail, or it is sent again in another form.
    async fn handle(
        &self,
        error: Arc<Error>,
        verdict: Verdict,
        mut part: Vec<usize>,
        slots: &mut OutcomeSlots<E>,
        queue: &mut PartQueue,
    ) -> Result<(), JournalError> {
        let failure = CallFailure {
            reason: error.display_chain().to_string().into(),
            charge: error.charge(),
            error: Some(Arc::clone(&error)),
        };
        match verdict {
            Verdict::Charged(cost) => {
                self.control.record_failure(&error);
                slots.set_failed(&part, &failure);
                if let Some(journal) = self.journal {
                    journal
                        .record_failed(self.number, &failure.reason, cost)
                        .await?;
                }
            }
            Verdict::InvalidTarget(position) => {
                let target = part.remove(position);
                self.record_not_charged().await?;
                if let Some(journal) = self.journal {
                    journal
                        .record_invalid(self.number, target as u32, &failure.reason)
                        .await?;
                }
                slots.set(target, Outcome::Invalid(failure.reason));
                queue.parts.push(part);
            }
            Verdict::InvalidTargets => {
                self.record_not_charged().await?;
                self.control.record_failure(&error);
                queue.splits += 1;
                if queue.splits > MAX_SPLITS {
                    slots.set_failed(&part, &failure);
                } else {
                    let second = part.split_off(part.len() / 2);
                    queue.parts.extend([second, part]);
                }
            }
            Verdict::AllCallsFail => {
                self.record_not_charged().await?;
                self.control.stop(JobEnd::Refused(error));
            }
            Verdict::CallFailed => {
                self.record_not_charged().await?;
                self.control.record_failure(&error);
                slots.set_failed(&part, &failure);
            }
        }
        Ok(())
    }

    /// Records that a part is about to be sent.
    async fn record_sent(&self, part: &[usize]) -> Result<(), JournalError> {
        let Some(journal) = self.journal else {
            return Ok(());
        };
        let is_whole = part.len() == self.targets.len();
        let positions = || part.iter().map(|target| *target as u32).collect();
        journal
            .record_sent(self.number, self.digest, (!is_whole).then(positions))
            .await
    }

    async fn record_not_charged(&self) -> Result<(), JournalError> {
        match self.journal {
            Some(journal) => journal.record_not_charged(self.number).await,
            None => Ok(()),
        }
    }
}

/// The failure of a part that the journal has. Without a cost, the charge is unknown.
fn journaled_failure(reason: String, cost: Option<f64>) -> CallFailure {
    CallFailure {
        reason: reason.into(),
        charge: cost.map_or(Charge::Unknown, Charge::Charged),
        error: None,
    }
}

/// Returns a digest that shows whether a call has equal targets in equal order in another run.
pub(crate) fn digest(targets: &[PackedTarget]) -> String {
    let mut hasher = Sha256::new();
    for packed in targets {
        hasher.update((packed.target.len() as u64).to_le_bytes());
        hasher.update(packed.target.as_bytes());
        // Each duplicate has an outcome, so their number counts, too.
        hasher.update((packed.indices.len() as u64).to_le_bytes());
        for (index, spelling) in packed.other_spellings() {
            hasher.update((index as u64).to_le_bytes());
            hasher.update((spelling.len() as u64).to_le_bytes());
            hasher.update(spelling.as_bytes());
        }
    }
    let digest = hasher.finalize();
    digest[..8]
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
