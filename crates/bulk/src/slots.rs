//! The outcomes of a call's targets while the call runs.

use std::sync::Arc;

use dataforseo_client::models::drift::Drift;
use dataforseo_client::models::{
    Envelope, FromLenientJson, HasItems, PerTarget, TaskResponse, match_rows,
};

use crate::outcome::{CallFailure, Outcome, TargetOutcome, Unmatched};
use crate::packing::PackedTarget;

/// A slot per target of a call. A slot is empty until the outcome is known.
pub(crate) struct OutcomeSlots<E: PerTarget> {
    slots: Vec<Option<Outcome<E::Row>>>,
    unmatched_rows: u64,
}

impl<E: PerTarget> OutcomeSlots<E> {
    pub(crate) fn new(targets: usize) -> Self {
        Self {
            slots: (0..targets).map(|_| None).collect(),
            unmatched_rows: 0,
        }
    }

    pub(crate) fn set(&mut self, target: usize, outcome: Outcome<E::Row>) {
        if let Some(slot) = self.slots.get_mut(target) {
            *slot = Some(outcome);
        }
    }

    /// Sets one failure for all targets of a part.
    pub(crate) fn set_failed(&mut self, part: &[usize], failure: &CallFailure) {
        for target in part {
            self.set(*target, Outcome::Failed(failure.clone()));
        }
    }

    /// Matches the rows of a response with the targets of a part.
    pub(crate) fn set_rows(
        &mut self,
        targets: &[PackedTarget],
        part: &[usize],
        results: Vec<E::Result>,
        drift: &[Drift],
    ) {
        let names: Vec<&str> = part
            .iter()
            .filter_map(|target| targets.get(*target))
            .map(|packed| &*packed.target)
            .collect();
        let rows: Vec<E::Row> = results.into_iter().flat_map(HasItems::into_items).collect();
        let matches = match_rows::<E>(&names, &rows);
        self.unmatched_rows += matches.strays.len() as u64;
        let strays: Vec<Option<&str>> = matches
            .strays
            .iter()
            .filter_map(|row| rows.get(*row).map(E::target))
            .collect();
        let strays = if strays.is_empty() {
            drift
                .iter()
                .find(|it| is_of_rows(it))
                .map(Unmatched::unreadable)
        } else {
            Some(Unmatched::strays(&strays))
        };
        for ((target, row), alike) in part.iter().zip(matches.rows).zip(matches.alike) {
            // Several targets can share a row.
            let row = row.and_then(|row| rows.get(row).cloned());
            let other = || alike.and_then(|other| names.get(other));
            let outcome = match (row, &strays) {
                (Some(row), _) => Outcome::Found(row),
                (None, Some(strays)) => Outcome::Unmatched(strays.clone()),
                (None, None) => other().map_or(Outcome::NotFound, |other| {
                    Outcome::Unmatched(Unmatched::alike(other))
                }),
            };
            self.set(*target, outcome);
        }
    }

    /// Returns the targets without an outcome, as positions within the call.
    pub(crate) fn unresolved(&self) -> Vec<usize> {
        let slots = self.slots.iter().enumerate();
        let unresolved = slots.filter(|(_, slot)| slot.is_none());
        unresolved.map(|(target, _)| target).collect()
    }

    /// Returns how many positions of the input have an outcome.
    pub(crate) fn count_resolved(&self, targets: &[PackedTarget]) -> u64 {
        let resolved = targets.iter().zip(&self.slots);
        let resolved = resolved.filter(|(_, slot)| slot.is_some());
        resolved
            .map(|(packed, _)| packed.indices.len() as u64)
            .sum()
    }

    pub(crate) fn unmatched_rows(&self) -> u64 {
        self.unmatched_rows
    }

    /// Returns an outcome per position of the input. Empty slots become [`Outcome::NotSent`].
    pub(crate) fn into_outcomes(self, targets: Vec<PackedTarget>) -> Vec<TargetOutcome<E::Row>> {
        let mut outcomes = Vec::with_capacity(targets.len());
        for (packed, slot) in targets.into_iter().zip(self.slots) {
            let outcome = slot.unwrap_or(Outcome::NotSent);
            let mut positions = packed.positions().peekable();
            while let Some((index, spelling)) = positions.next() {
                let target = Arc::clone(spelling);
                if positions.peek().is_none() {
                    outcomes.push(TargetOutcome::new(index, target, outcome));
                    break;
                }
                outcomes.push(TargetOutcome::new(index, target, outcome.clone()));
            }
        }
        outcomes
    }
}

/// Returns whether a deviation can have cost a row: it is the list of rows, a row, or what contains
/// them.
fn is_of_rows(drift: &Drift) -> bool {
    let mut segments = drift.pointer.split('/').skip(1);
    let is_index = |segment: Option<&str>| segment.is_none_or(|it| it.parse::<usize>().is_ok());
    is_index(segments.next())
        && segments.next().is_none_or(|name| name == "items")
        && is_index(segments.next())
        && segments.next().is_none()
}

/// Decodes a recorded response, as leniently as when it arrived.
pub(crate) fn decode_task<R: FromLenientJson>(body: &[u8]) -> Option<TaskResponse<R>> {
    let text = String::from_utf8_lossy(body);
    let envelope = Envelope::<TaskResponse<R>>::parse_repaired(&text).ok()?;
    let is_ok = envelope.status_code.is_ok();
    envelope.into_task().filter(|_| is_ok)
}
