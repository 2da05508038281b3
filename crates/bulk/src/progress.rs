//! Counters of a job, and the reason why it ended.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use dataforseo_client::{Charge, Error};

use crate::journal::JournalError;
use crate::outcome::Outcome;

/// The reason why a job ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum JobEnd {
    /// The whole input was read, and no target has the outcome
    /// [`NotSent`](crate::Outcome::NotSent). Targets can be unmatched, invalid or failed.
    Complete,
    /// [`JobHandle::stop`](crate::JobHandle::stop) was called, or the outcomes were dropped.
    Stopped,
    /// A call failed with an error with which all further calls would fail, too: balance too low,
    /// budget reached, credentials refused, or invalid task.
    Refused(Arc<Error>),
    /// Too many calls failed in a row. [`BulkJob::give_up_after`](crate::BulkJob::give_up_after)
    /// sets the limit.
    TooManyFailures {
        /// The number of calls that failed in a row.
        calls: u32,
        /// The error of the last of them.
        last: Arc<Error>,
    },
    /// The API refused all calls for longer than the [`rate_limit_timeout`](crate::BulkJob::rate_limit_timeout) of
    /// the job, because the account's limits were reached. Nothing was charged for them.
    RateLimited {
        /// How long calls had been refused.
        waited: Duration,
        /// The last error.
        last: Arc<Error>,
    },
    /// The journal could not be written, or it belongs to another input.
    Journal(Arc<JournalError>),
    /// A temporary file of [`BulkJob::spool`](crate::BulkJob::spool) could not be written or read.
    /// Some targets have no outcome.
    Spool(Arc<io::Error>),
    /// An async task of the job panicked, or the runtime was shut down. Some targets have no outcome.
    Aborted,
}

impl fmt::Display for JobEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Stopped => f.write_str("stopped"),
            Self::Refused(error) => write!(
                f,
                "stopped, as all further calls would fail: {}",
                error.display_chain()
            ),
            Self::TooManyFailures { calls, last } => {
                write!(
                    f,
                    "stopped after {calls} failed calls in a row, the last with: {}",
                    last.display_chain()
                )
            }
            Self::RateLimited { waited, last } => write!(
                f,
                "stopped, as all calls had been refused for {} s: {}",
                waited.as_secs(),
                last.display_chain()
            ),
            Self::Journal(error) => error.fmt(f),
            Self::Spool(error) => write!(f, "the input cannot be sorted on disk: {error}"),
            Self::Aborted => {
                f.write_str("the job was aborted: a task panicked or the runtime ended")
            }
        }
    }
}

/// Counters of a job. The counts of outcomes and the costs include outcomes from the journal.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of targets read from the input.
    pub read: u64,
    /// The number of targets with a row.
    pub found: u64,
    /// The number of targets without a row in the response.
    pub not_found: u64,
    /// The number of targets without a row in a response that has rows which may be theirs.
    pub unmatched: u64,
    /// The number of targets that break a limit, or that the API rejected.
    pub invalid: u64,
    /// The number of targets whose call failed.
    pub failed: u64,
    /// The number of failed targets whose call was or may have been charged. A part of `failed`.
    ///
    /// Only [`BulkJob::retry_uncertain`](crate::BulkJob::retry_uncertain) sends them again.
    pub uncertain: u64,
    /// The number of targets that were read and not sent, because the job stopped.
    pub not_sent: u64,
    /// The number of targets whose outcome came from the journal, without a call in this run.
    pub resumed: u64,
    /// The number of rows in responses that match no target of their call, or more than one.
    pub unmatched_rows: u64,
    /// The number of calls of this run that received a response.
    pub calls: u64,
    /// The cost of this run in US dollars, as the API reported it.
    pub cost: f64,
    /// The estimated cost of the calls of this run that may have been charged, in US dollars. `cost`
    /// does not include it, and the budget does.
    pub possible_cost: f64,
    /// The cost of earlier runs in US dollars, as recorded in the journal.
    pub earlier_cost: f64,
    /// The estimated cost of the calls of earlier runs that may have been charged, in US dollars.
    pub earlier_possible_cost: f64,
    /// For how long the API has refused all calls because the account's limits are reached. `None`
    /// while it does not.
    pub refused_for: Option<Duration>,
}

impl Progress {
    pub(crate) fn add<R>(&mut self, outcome: &Outcome<R>) {
        match outcome {
            Outcome::Found(_) => self.found += 1,
            Outcome::NotFound => self.not_found += 1,
            Outcome::Unmatched(_) => self.unmatched += 1,
            Outcome::Invalid(_) => self.invalid += 1,
            Outcome::NotSent => self.not_sent += 1,
            Outcome::Failed(failure) => {
                self.failed += 1;
                self.uncertain += u64::from(failure.charge != Charge::None);
            }
        }
    }

    /// Returns the number of targets that have an outcome.
    pub fn finished(&self) -> u64 {
        self.found + self.not_found + self.unmatched + self.invalid + self.failed + self.not_sent
    }
}
