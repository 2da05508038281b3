//! The calls of earlier runs, as a journal recorded them.

use std::collections::HashMap;

use super::record::JournalRecord;

/// The calls of earlier runs.
#[derive(Debug, Default)]
pub(crate) struct JobHistory {
    /// By the number of the call.
    pub(crate) calls: HashMap<u64, CallHistory>,
    /// The known cost of all calls in US dollars.
    pub(crate) cost: f64,
}

/// A call of earlier runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallHistory {
    /// The digest of the call's targets.
    pub(crate) digest: String,
    pub(crate) parts: Vec<SentPart>,
    /// The targets that the API rejected.
    pub(crate) invalid: Vec<RejectedTarget>,
}

/// A target that the API rejected.
#[derive(Debug, Clone)]
pub(crate) struct RejectedTarget {
    /// The position within the call.
    pub(crate) target: u32,
    pub(crate) reason: String,
}

/// A part of a call that was sent.
#[derive(Debug, Clone)]
pub(crate) struct SentPart {
    /// The positions of its targets within the call. `None` for the whole call.
    pub(crate) targets: Option<Vec<u32>>,
    pub(crate) end: PartEnd,
}

/// How a part of a call ended.
#[derive(Debug, Clone)]
pub(crate) enum PartEnd {
    /// The program ended before the part did.
    InFlight,
    /// A response arrived.
    Response(BodyLocation),
    /// It failed and was or may have been charged.
    Failed { reason: String, cost: Option<f64> },
    /// It failed and was not charged.
    NotCharged,
}

/// The location of a response in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLocation {
    /// The offset in bytes.
    pub(crate) offset: u64,
    /// The length in bytes.
    pub(crate) length: u64,
}

impl JobHistory {
    /// Returns the number of parts whose charge is unknown.
    pub(crate) fn uncertain_parts(&self) -> usize {
        let parts = self.calls.values().flat_map(|call| &call.parts);
        let uncertain = parts.filter(|part| {
            matches!(
                part.end,
                PartEnd::InFlight | PartEnd::Failed { cost: None, .. }
            )
        });
        uncertain.count()
    }

    /// Adds the next record.
    pub(crate) fn add(&mut self, record: JournalRecord, body: BodyLocation) {
        match record {
            JournalRecord::Job(_) => {}
            JournalRecord::Sent {
                call,
                digest,
                targets,
            } => {
                let call = self.calls.entry(call).or_default();
                call.digest = digest;
                call.parts.push(SentPart {
                    targets,
                    end: PartEnd::InFlight,
                });
            }
            JournalRecord::Invalid {
                call,
                target,
                reason,
            } => {
                let call = self.calls.entry(call).or_default();
                call.invalid.push(RejectedTarget { target, reason });
            }
            JournalRecord::Response { call, cost } => {
                self.cost += cost.unwrap_or_default();
                self.end_part(call, PartEnd::Response(body));
            }
            JournalRecord::Failed { call, reason, cost } => {
                self.cost += cost.unwrap_or_default();
                self.end_part(call, PartEnd::Failed { reason, cost });
            }
            JournalRecord::NotCharged { call } => self.end_part(call, PartEnd::NotCharged),
        }
    }

    /// Ends the part of a call that was sent last.
    fn end_part(&mut self, call: u64, end: PartEnd) {
        if let Some(part) = self.calls.entry(call).or_default().parts.last_mut() {
            part.end = end;
        }
    }
}
