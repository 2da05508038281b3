//! The calls of earlier runs, as a journal recorded them.

use std::collections::HashMap;

use super::record::{InputPrefix, JournalRecord, SentRecord};

/// The calls of earlier runs.
#[derive(Debug, Default)]
pub(crate) struct JobHistory {
    /// By the number of the call.
    pub(crate) calls: HashMap<u64, CallHistory>,
    /// The known cost of all calls in US dollars.
    pub(crate) cost: f64,
    /// The longest input that was read before a call.
    pub(crate) input: InputPrefix,
    /// A call that has a response and was not sent, as a part of the file is missing.
    pub(crate) incomplete: Option<u64>,
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
    /// The estimated cost in US dollars.
    estimate: f64,
    pub(crate) end: PartEnd,
}

/// How a part of a call ended.
#[derive(Debug, Clone)]
pub(crate) enum PartEnd {
    /// The program ended before the part did.
    InFlight,
    /// A response arrived. Without a cost, the charge is unknown.
    Response {
        body: BodyLocation,
        cost: Option<f64>,
    },
    /// It failed and was or may have been charged. Without a cost, the charge is unknown.
    Failed {
        body: BodyLocation,
        reason: String,
        cost: Option<f64>,
    },
    /// It failed and was not charged.
    NotCharged,
}

impl PartEnd {
    /// Returns the location of the response, if there was one.
    pub(crate) fn body(&self) -> Option<BodyLocation> {
        match self {
            Self::Response { body, .. } | Self::Failed { body, .. } => Some(*body),
            Self::InFlight | Self::NotCharged => None,
        }
    }
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
    /// Returns the estimated cost of the parts whose charge is unknown, in US dollars.
    pub(crate) fn possible_cost(&self) -> f64 {
        let parts = self.calls.values().flat_map(|call| &call.parts);
        let uncertain = parts.filter(|part| {
            matches!(
                part.end,
                PartEnd::InFlight
                    | PartEnd::Failed { cost: None, .. }
                    | PartEnd::Response { cost: None, .. }
            )
        });
        uncertain.map(|part| part.estimate).sum()
    }

    /// Adds the next record.
    pub(crate) fn add(&mut self, record: JournalRecord, body: BodyLocation) {
        match record {
            JournalRecord::Job(_) => {}
            JournalRecord::Sent(sent) => self.add_sent(sent),
            JournalRecord::Invalid {
                call,
                target,
                reason,
            } => {
                let call = self.calls.entry(call).or_default();
                call.invalid.push(RejectedTarget { target, reason });
            }
            JournalRecord::Response { call, cost } => {
                self.end_part(call, PartEnd::Response { body, cost }, cost);
            }
            JournalRecord::Failed { call, reason, cost } => {
                self.end_part(call, PartEnd::Failed { body, reason, cost }, cost);
            }
            JournalRecord::NotCharged { call, .. } => {
                self.end_part(call, PartEnd::NotCharged, None);
            }
        }
    }

    fn add_sent(&mut self, sent: SentRecord) {
        let call = self.calls.entry(sent.call).or_default();
        call.digest = sent.digest;
        call.parts.push(SentPart {
            targets: sent.targets,
            estimate: sent.estimate,
            end: PartEnd::InFlight,
        });
        if sent.input.targets > self.input.targets {
            self.input = sent.input;
        }
    }

    /// Ends the part of a call that was sent last. A record that occurs twice counts once.
    fn end_part(&mut self, call: u64, end: PartEnd, cost: Option<f64>) {
        let last = self.calls.entry(call).or_default().parts.last_mut();
        if last.is_none() {
            self.incomplete.get_or_insert(call);
        }
        if let Some(part) = last.filter(|part| matches!(part.end, PartEnd::InFlight)) {
            part.end = end;
            // A negative cost does not reduce it.
            self.cost += cost.unwrap_or_default().max(0.0);
        }
    }
}
