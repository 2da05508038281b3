//! A call of a job, until each of its targets has an outcome. It is sent, sent again without a target
//! that the API rejects, or restored from the journal.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dataforseo_client::models::PerTarget;
use dataforseo_client::{Charge, Client, Error, Response};

use crate::call_error::{Verdict, verdict};
use crate::control::{AfterWait, JobControl};
use crate::journal::{CallHistory, InputPrefix, Journal, JournalError, PartEnd, SentRecord};
use crate::outcome::{CallFailure, Outcome};
use crate::packing::PackedTarget;
use crate::progress::JobEnd;
use crate::slots::{OutcomeSlots, decode_task};
use crate::state::CallOutcomes;

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
    /// The input that was read before the call, for the journal.
    pub(crate) input: &'a InputPrefix,
    pub(crate) control: &'a JobControl,
    /// Whether to send parts again that earlier runs may have paid for.
    pub(crate) retry_uncertain: bool,
}

/// The parts of a call that are still to be sent, as positions within the call. Larger parts come
/// first, so that invalid targets delay the others least.
type PartQueue = VecDeque<Vec<usize>>;

/// Calls that were refused together are sent again at different times: one of this many after the
/// other.
const SPREAD_STEPS: u64 = 32;
const SPREAD_STEP: Duration = Duration::from_millis(50);

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
            let recorded = part.end.body();
            let body = match recorded {
                Some(body) => journal.read_body(body).await?,
                None => Vec::new(),
            };
            self.restore_part(&targets, part.end, &body, slots);
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

    /// Restores the outcomes of a part from how it ended and from its response.
    fn restore_part(
        &self,
        targets: &[usize],
        end: PartEnd,
        body: &[u8],
        slots: &mut OutcomeSlots<E>,
    ) {
        match end {
            PartEnd::Response { cost, .. } => match decode_task::<E::Result>(body) {
                Some(task) => slots.set_rows(&self.targets, targets, task.result, &task.drift),
                None => {
                    let reason = "the response in the journal cannot be decoded".to_owned();
                    slots.set_failed(targets, &journaled_failure(reason, cost));
                }
            },
            PartEnd::NotCharged => {}
            PartEnd::Failed { reason, cost, .. } => {
                // This version may read what the one that received it could not.
                let task = decode_task::<E::Result>(body);
                let task = task.filter(|task| task.status_code.is_ok() && !task.result.is_empty());
                if let Some(task) = task {
                    slots.set_rows(&self.targets, targets, task.result, &task.drift);
                } else if !self.retry_uncertain {
                    slots.set_failed(targets, &journaled_failure(reason, cost));
                }
            }
            PartEnd::InFlight if self.retry_uncertain => {}
            PartEnd::InFlight => {
                let reason = "the program ended while the call was in flight".to_owned();
                slots.set_failed(targets, &journaled_failure(reason, None));
            }
        }
    }

    /// Sends the targets that have no outcome yet.
    async fn send_unresolved(&self, slots: &mut OutcomeSlots<E>) -> Result<(), JournalError> {
        let mut queue = PartQueue::from([slots.unresolved()]);
        while let Some(part) = queue.pop_front() {
            if part.is_empty() {
                continue;
            }
            if self.control.is_stopped() {
                return Ok(());
            }
            let task = self.task(&part);
            self.record_sent(&part, &task).await?;
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
        let drift = response.drift().to_vec();
        slots.set_rows(&self.targets, part, response.into_results(), &drift);
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
        if let Verdict::Charged(cost) = verdict {
            self.control.record_failure(&error);
            slots.set_failed(&part, &failure);
            return match self.journal {
                Some(journal) => {
                    let body = body_of(&error);
                    let reason = &failure.reason;
                    journal.record_failed(self.number, reason, cost, body).await
                }
                None => Ok(()),
            };
        }
        if let Some(journal) = self.journal {
            let body = body_of(&error);
            let reason = &failure.reason;
            journal
                .record_not_charged(self.number, reason, body)
                .await?;
        }
        match verdict {
            Verdict::InvalidTarget(position) => {
                let target = part.remove(position);
                if part.is_empty() {
                    self.control.record_rejected_target(&error);
                }
                if let Some(journal) = self.journal {
                    journal
                        .record_invalid(self.number, target as u32, &failure.reason)
                        .await?;
                }
                slots.set(target, Outcome::Invalid(failure.reason));
                queue.push_back(part);
            }
            Verdict::InvalidTargets => {
                let second = part.split_off(part.len() / 2);
                queue.extend([part, second]);
            }
            Verdict::RefusedForNow => {
                let spread = SPREAD_STEP * (self.number % SPREAD_STEPS) as u32;
                if self.control.wait_after_refusal(&error, spread).await == AfterWait::SendAgain {
                    queue.push_front(part);
                }
            }
            Verdict::AllCallsFail => self.control.stop(JobEnd::Refused(error)),
            Verdict::CallFailed | Verdict::Charged(_) => {
                self.control.record_failure(&error);
                slots.set_failed(&part, &failure);
            }
        }
        Ok(())
    }

    /// Records that a part is about to be sent.
    async fn record_sent(&self, part: &[usize], task: &E::Task) -> Result<(), JournalError> {
        let Some(journal) = self.journal else {
            return Ok(());
        };
        let is_whole = part.len() == self.targets.len();
        let positions = || part.iter().map(|target| *target as u32).collect();
        let sent = SentRecord {
            call: self.number,
            digest: self.digest.to_owned(),
            targets: (!is_whole).then(positions),
            estimate: self.client.estimate::<E>(task).us_dollars(),
            input: self.input.clone(),
        };
        journal.record_sent(sent, part.len()).await
    }
}

/// Returns the response that belongs to an error, as far as it arrived.
fn body_of(error: &Error) -> Bytes {
    let response = error.raw_response();
    response
        .map(|response| response.body().clone())
        .unwrap_or_default()
}

/// The failure of a part that the journal has. Without a cost, the charge is unknown.
fn journaled_failure(reason: String, cost: Option<f64>) -> CallFailure {
    CallFailure {
        reason: reason.into(),
        charge: cost.map_or(Charge::Unknown, Charge::Charged),
        error: None,
    }
}
