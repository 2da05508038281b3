//! What became of each target, and of the job.

use std::fmt;
use std::sync::Arc;

use dataforseo_client::{Charge, Error};

use crate::journal::JournalError;

/// One target of the input, and what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Done<R> {
    /// Where it stands in the input, counted from 0.
    pub place: u64,
    /// As it was given.
    pub target: Arc<str>,
    /// What became of it.
    pub outcome: Outcome<R>,
}

impl<R> Done<R> {
    /// The same with another row.
    pub fn map<T>(self, change: impl FnOnce(R) -> T) -> Done<T> {
        let Self {
            place,
            target,
            outcome,
        } = self;
        Done {
            place,
            target,
            outcome: match outcome {
                Outcome::Row(row) => Outcome::Row(change(row)),
                Outcome::Absent => Outcome::Absent,
                Outcome::Invalid(reason) => Outcome::Invalid(reason),
                Outcome::Failed(failure) => Outcome::Failed(failure),
                Outcome::Cancelled => Outcome::Cancelled,
            },
        }
    }
}

/// What became of a target.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome<R> {
    /// The API's row for it.
    Row(R),
    /// The API answered, and has no row for it. Its call was paid for.
    Absent,
    /// It cannot be asked for: it breaks a limit, or the API named it as wrong. Why.
    Invalid(Arc<str>),
    /// The call that it was part of failed.
    Failed(Failure),
    /// The job was stopped before it was sent in this run.
    Cancelled,
}

impl<R> Outcome<R> {
    /// One word for tables: `row`, `absent`, `invalid`, `failed`, `cancelled`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Row(_) => "row",
            Self::Absent => "absent",
            Self::Invalid(_) => "invalid",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The row, if there is one.
    pub fn row(&self) -> Option<&R> {
        match self {
            Self::Row(row) => Some(row),
            _ => None,
        }
    }
}

/// Why a call brought nothing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Failure {
    /// In words.
    pub reason: Arc<str>,
    /// Whether the call was charged. If it was not, a job that is resumed sends it again.
    pub charge: Charge,
    /// The error, of a call of this run; `None` for what an earlier run left in the journal.
    pub error: Option<Arc<Error>>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// How a job ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum End {
    /// The input is at its end, and each target has its outcome.
    Complete,
    /// Somebody stopped it, or nobody takes the outcomes any more.
    Stopped,
    /// This error would have met every call that was left: the money is at its end, the credentials
    /// are wrong, or the task is.
    Refused(Arc<Error>),
    /// So many calls in a row failed, the last one with this.
    Failing(u32, Arc<Error>),
    /// The journal could not be written or does not belong to this input.
    Journal(Arc<JournalError>),
    /// The input could not be sorted on disk. Nothing was sent; targets that were taken have no
    /// outcome.
    Spool(Arc<std::io::Error>),
    /// The job's own task broke down: a bug in here, or the runtime was shut down.
    Broken,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Stopped => f.write_str("stopped"),
            Self::Refused(error) => write!(
                f,
                "every further call would fail: {}",
                error.display_chain()
            ),
            Self::Failing(calls, error) => {
                write!(
                    f,
                    "{calls} calls in a row failed, the last one: {}",
                    error.display_chain()
                )
            }
            Self::Journal(error) => error.fmt(f),
            Self::Spool(error) => write!(f, "sorting the input on disk: {error}"),
            Self::Broken => f.write_str("the job broke down"),
        }
    }
}

/// How far a job is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Targets that were taken from the input.
    pub taken: u64,
    /// Targets with a row.
    pub rows: u64,
    /// Targets that the API has no row for.
    pub absent: u64,
    /// Targets that cannot be asked for.
    pub invalid: u64,
    /// Targets whose call failed.
    pub failed: u64,
    /// Of those, targets whose call may have been charged: it is not sent again unless you say so.
    pub uncertain: u64,
    /// Targets that were not sent.
    pub cancelled: u64,
    /// Targets whose outcome came from the journal, and cost nothing now.
    pub resumed: u64,
    /// Rows that the API sent for none of the targets of their call.
    pub strays: u64,
    /// Calls that were answered in this run.
    pub calls: u64,
    /// What this run spent, in US dollars, by the API's own words.
    pub spent: f64,
    /// What earlier runs spent, by the journal.
    pub spent_before: f64,
}

impl Progress {
    pub(crate) fn add<R>(&mut self, outcome: &Outcome<R>) {
        match outcome {
            Outcome::Row(_) => self.rows += 1,
            Outcome::Absent => self.absent += 1,
            Outcome::Invalid(_) => self.invalid += 1,
            Outcome::Cancelled => self.cancelled += 1,
            Outcome::Failed(failure) => {
                self.failed += 1;
                self.uncertain += u64::from(failure.charge != Charge::None);
            }
        }
    }

    /// Targets that have an outcome.
    pub fn done(&self) -> u64 {
        self.rows + self.absent + self.invalid + self.failed + self.cancelled
    }
}
