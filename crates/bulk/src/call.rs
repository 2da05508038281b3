//! One call of a job, until each of its targets has an outcome: sent, sent again without a target
//! that the API refuses, or taken from the journal.

use std::sync::Arc;

use dataforseo_client::models::drift::repair;
use dataforseo_client::models::{
    Envelope, FromLenientJson, PerTarget, StatusClass, TaskResponse, match_rows,
};
use dataforseo_client::{Charge, Client, Error, ErrorKind};
use sha2::{Digest, Sha256};

use crate::journal::{Journal, JournalError, Known, PartEnd};
use crate::outcome::{Done, Failure, Outcome};
use crate::packing::Packed;

/// What became of a call.
pub(crate) struct Outcomes<R> {
    pub(crate) done: Vec<Done<R>>,
    /// How many of its targets need no call of this run.
    pub(crate) resumed: u64,
    /// Rows for none of its targets.
    pub(crate) strays: u64,
}

/// Why nothing more should be sent.
pub(crate) enum Stop {
    Refused(Arc<Error>),
    Journal(Arc<JournalError>),
}

/// What a job tells and asks in the course of a call.
pub(crate) trait Watch: Sync {
    /// Whether the job was stopped.
    fn is_stopped(&self) -> bool;
    /// Nothing more should be sent.
    fn stop(&self, why: Stop);
    /// A part was answered, or failed with this.
    fn ended(&self, error: Option<&Arc<Error>>);
}

/// A call, and what it needs.
pub(crate) struct Call<'a, E: PerTarget> {
    pub(crate) client: &'a Client,
    /// With any targets.
    pub(crate) template: &'a E::Task,
    pub(crate) journal: Option<&'a Journal>,
    pub(crate) number: u64,
    pub(crate) targets: Vec<Packed>,
    /// Of the targets, for the journal.
    pub(crate) digest: &'a str,
    pub(crate) watch: &'a dyn Watch,
    /// Whether to send again what may have been charged in an earlier run.
    pub(crate) repeat_uncertain: bool,
}

/// How often a call may be refused because of a target that the API does not name, before the rest
/// of it fails: enough to find three bad ones in a thousand.
const MOST_SPLITS: u32 = 32;

impl<E: PerTarget> Call<'_, E> {
    /// Finds an outcome for each target.
    pub(crate) async fn run(self, known: Option<Known>) -> Outcomes<E::Row> {
        let mut found = Found::<E>::new(self.targets.len());
        if let Err(error) = self.take_known(known, &mut found).await {
            self.watch.stop(Stop::Journal(Arc::new(error)));
        }
        let resumed = self.count(&found);
        if let Err(error) = self.send_rest(&mut found).await {
            self.watch.stop(Stop::Journal(Arc::new(error)));
        }
        Outcomes {
            strays: found.strays,
            done: self.done(found),
            resumed,
        }
    }

    /// Takes what the journal has.
    async fn take_known(
        &self,
        known: Option<Known>,
        found: &mut Found<E>,
    ) -> Result<(), JournalError> {
        let (Some(known), Some(journal)) = (known, self.journal) else {
            return Ok(());
        };
        for part in known.parts {
            let targets: Vec<usize> = match part.only {
                None => (0..self.targets.len()).collect(),
                Some(only) => only.into_iter().map(|target| target as usize).collect(),
            };
            if targets.iter().any(|target| *target >= self.targets.len()) {
                return Err(journal.other_input(self.number));
            }
            let failed = |reason: String, cost: Option<f64>| Failure {
                reason: reason.into(),
                charge: cost.map_or(Charge::Unknown, Charge::Charged),
                error: None,
            };
            match part.end {
                PartEnd::Answered { body } => {
                    let body = journal.body(body).await?;
                    // What was read when it arrived is read again.
                    let Some(results) = reread::<E::Result>(&body) else {
                        return Err(journal.unreadable(self.number));
                    };
                    found.rows(&self.targets, &targets, results);
                }
                PartEnd::Refused => {}
                PartEnd::Open | PartEnd::Failed { .. } if self.repeat_uncertain => {}
                PartEnd::Open => {
                    let reason = "the program ended while the call was under way";
                    found.failed(&targets, &failed(reason.to_owned(), None));
                }
                PartEnd::Failed { reason, cost } => {
                    found.failed(&targets, &failed(reason, cost));
                }
            }
        }
        // Last: the part that named one as wrong may have been sent again without it.
        for (target, reason) in known.invalid {
            found.put(target as usize, Outcome::Invalid(reason.into()));
        }
        Ok(())
    }

    /// Sends what has no outcome yet.
    async fn send_rest(&self, found: &mut Found<E>) -> Result<(), JournalError> {
        let rest: Vec<usize> = (0..self.targets.len())
            .filter(|target| found.outcomes[*target].is_none())
            .collect();
        let mut parts = vec![rest];
        let mut splits = 0;
        while let Some(mut part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            if self.watch.is_stopped() {
                return Ok(());
            }
            if let Some(journal) = self.journal {
                let whole = part.len() == self.targets.len();
                let only = || part.iter().map(|target| *target as u32).collect();
                journal
                    .sent(self.number, self.digest, (!whole).then(only))
                    .await?;
            }
            let mut task = self.template.clone();
            let targets = part
                .iter()
                .map(|target| self.targets[*target].target.to_string());
            E::set_targets(&mut task, targets.collect());
            let error = match self.client.call::<E>(&task).await {
                Ok(answer) => {
                    self.watch.ended(None);
                    let kept = match self.journal {
                        Some(journal) => {
                            let body = answer.raw_response().body().clone();
                            journal.answered(self.number, answer.cost(), body).await
                        }
                        None => Ok(()),
                    };
                    // It is paid for: it is handed out though it could not be written down.
                    found.rows(&self.targets, &part, answer.into_results());
                    kept?;
                    continue;
                }
                Err(error) => Arc::new(error),
            };
            let reason: Arc<str> = error.display_chain().to_string().into();
            let charge = error.charge();
            let failure = Failure {
                reason: Arc::clone(&reason),
                charge,
                error: Some(Arc::clone(&error)),
            };
            if charge != Charge::None {
                self.watch.ended(Some(&error));
                found.failed(&part, &failure);
                if let Some(journal) = self.journal {
                    let cost = match charge {
                        Charge::Charged(cost) => Some(cost),
                        _ => None,
                    };
                    journal.failed(self.number, &reason, cost).await?;
                }
            } else if let Some(blamed) = blamed(&error, E::targets(&task)) {
                let only_one = (part.len() == 1).then_some(0);
                if let Some(bad) = blamed.or(only_one) {
                    let target = part.remove(bad);
                    if let Some(journal) = self.journal {
                        journal.refused(self.number).await?;
                        journal.invalid(self.number, target as u32, &reason).await?;
                    }
                    found.put(target, Outcome::Invalid(reason));
                    parts.push(part);
                    continue;
                }
                self.refused().await?;
                self.watch.ended(Some(&error));
                splits += 1;
                if splits > MOST_SPLITS {
                    found.failed(&part, &failure);
                    continue;
                }
                let second = part.split_off(part.len() / 2);
                parts.extend([second, part]);
            } else {
                self.refused().await?;
                if would_meet_all(&error) {
                    self.watch.stop(Stop::Refused(error));
                    return Ok(());
                }
                self.watch.ended(Some(&error));
                found.failed(&part, &failure);
            }
        }
        Ok(())
    }

    /// How many places of the input have an outcome.
    fn count(&self, found: &Found<E>) -> u64 {
        let places = self.targets.iter().zip(&found.outcomes);
        let places = places.filter(|(_, outcome)| outcome.is_some());
        places.map(|(packed, _)| packed.places.len() as u64).sum()
    }

    async fn refused(&self) -> Result<(), JournalError> {
        match self.journal {
            Some(journal) => journal.refused(self.number).await,
            None => Ok(()),
        }
    }

    /// Each target at each of its places; what has no outcome was cancelled.
    fn done(self, found: Found<E>) -> Vec<Done<E::Row>> {
        let mut done = Vec::with_capacity(self.targets.len());
        for (packed, outcome) in self.targets.into_iter().zip(found.outcomes) {
            let outcome = outcome.unwrap_or(Outcome::Cancelled);
            let (last, others) = match packed.places.split_last() {
                Some(places) => places,
                None => continue,
            };
            let mut at = |place: u64, outcome| {
                done.push(Done {
                    place,
                    target: Arc::clone(&packed.target),
                    outcome,
                });
            };
            for place in others {
                at(*place, outcome.clone());
            }
            at(*last, outcome);
        }
        done
    }
}

/// The outcomes of a call's targets, as far as they are known.
struct Found<E: PerTarget> {
    outcomes: Vec<Option<Outcome<E::Row>>>,
    strays: u64,
}

impl<E: PerTarget> Found<E> {
    fn new(targets: usize) -> Self {
        Self {
            outcomes: (0..targets).map(|_| None).collect(),
            strays: 0,
        }
    }

    fn put(&mut self, target: usize, outcome: Outcome<E::Row>) {
        if let Some(place) = self.outcomes.get_mut(target) {
            *place = Some(outcome);
        }
    }

    fn failed(&mut self, part: &[usize], failure: &Failure) {
        for target in part {
            self.put(*target, Outcome::Failed(failure.clone()));
        }
    }

    /// Brings the rows of an answer to the targets of its part.
    fn rows(&mut self, targets: &[Packed], part: &[usize], results: Vec<E::Result>) {
        let names: Vec<&str> = part
            .iter()
            .filter_map(|target| targets.get(*target))
            .map(|packed| &*packed.target)
            .collect();
        let rows: Vec<E::Row> = results.into_iter().flat_map(E::into_rows).collect();
        let places = match_rows::<E>(&names, &rows);
        let matched = places.iter().flatten().count();
        self.strays += rows.len().saturating_sub(matched) as u64;
        let mut rows: Vec<Option<E::Row>> = rows.into_iter().map(Some).collect();
        for (target, place) in part.iter().zip(places) {
            let row = place.and_then(|place| rows.get_mut(place)?.take());
            self.put(*target, row.map_or(Outcome::Absent, Outcome::Row));
        }
    }
}

/// The results of an answer that was kept.
fn reread<R: FromLenientJson>(body: &[u8]) -> Option<Vec<R>> {
    let text = String::from_utf8_lossy(body);
    let read = Envelope::<TaskResponse<R>>::parse;
    let envelope = read(&text).or_else(|_| read(&repair(&text))).ok()?;
    Some(envelope.tasks.into_iter().next()?.result)
}

/// The target that a 40501 names, by its text or by its place; `Some(None)` if it blames the targets
/// without naming one. `None` if the error is another.
fn blamed(error: &Error, targets: &[String]) -> Option<Option<usize>> {
    // Only the API names a target; a task that the client refuses is not about one.
    error.status_code()?;
    let field = *error.invalid_fields().first()?;
    // A target may have the quote in it that the field ends with.
    let text = error.to_string();
    let quoted = |target: &String| text.contains(&format!("'{target}'"));
    let named = targets.iter().position(|target| target == field);
    if let Some(place) = named.or_else(|| targets.iter().position(quoted)) {
        return Some(Some(place));
    }
    let rest = field.strip_prefix("targets")?;
    if !rest.is_empty() && !rest.starts_with(['[', '.', '/']) {
        return None;
    }
    let digits = rest.trim_matches(|c: char| !c.is_ascii_digit());
    if rest.is_empty() {
        return Some(None);
    }
    let place = digits.parse::<usize>().ok();
    Some(place.filter(|place| *place < targets.len()))
}

/// Whether each further call of the job would meet the same error: it is about the account.
fn would_meet_all(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::BudgetExceeded { .. } | ErrorKind::Limiter(_) | ErrorKind::InvalidTask(_) => {
            true
        }
        ErrorKind::Http(status) => matches!(status, 401 | 402 | 403 | 407),
        _ => error.status_code().is_some_and(|code| {
            matches!(
                code.class(),
                StatusClass::Auth | StatusClass::Account | StatusClass::Billing
            )
        }),
    }
}

/// Tells whether a call has the same targets in the same order as in an earlier run.
pub(crate) fn digest(targets: &[Packed]) -> String {
    let mut hasher = Sha256::new();
    for packed in targets {
        hasher.update((packed.target.len() as u64).to_le_bytes());
        hasher.update(packed.target.as_bytes());
        // A target that stands twice is one target and two outcomes.
        hasher.update((packed.places.len() as u64).to_le_bytes());
    }
    let digest = hasher.finalize();
    digest[..8]
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
