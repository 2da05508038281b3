//! The outcome of each target.

use std::fmt;
use std::sync::Arc;

use dataforseo_client::{Charge, Error};

/// A target of the input with its outcome.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TargetOutcome<R> {
    /// The position of the target in the input, counted from 0.
    pub index: u64,
    /// The target, spelled as in the input.
    pub target: Arc<str>,
    /// The outcome.
    pub outcome: Outcome<R>,
}

impl<R> TargetOutcome<R> {
    pub(crate) fn new(index: u64, target: Arc<str>, outcome: Outcome<R>) -> Self {
        Self {
            index,
            target,
            outcome,
        }
    }

    /// Converts the row, if there is one. All other outcomes stay as they are.
    pub fn map<T>(self, convert: impl FnOnce(R) -> T) -> TargetOutcome<T> {
        let outcome = match self.outcome {
            Outcome::Found(row) => Outcome::Found(convert(row)),
            Outcome::NotFound => Outcome::NotFound,
            Outcome::Invalid(reason) => Outcome::Invalid(reason),
            Outcome::Failed(failure) => Outcome::Failed(failure),
            Outcome::NotSent => Outcome::NotSent,
        };
        TargetOutcome::new(self.index, self.target, outcome)
    }
}

/// The outcome of a target.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome<R> {
    /// The response has this row for the target.
    Found(R),
    /// The response has no row for the target. The call was charged.
    NotFound,
    /// The target breaks a documented limit and was not sent, or the API rejected it. The text is the
    /// reason.
    Invalid(Arc<str>),
    /// The call that contained the target failed.
    Failed(CallFailure),
    /// The job stopped before it sent the target in this run. [`BulkJob::resume`] sends it.
    ///
    /// [`BulkJob::resume`]: crate::BulkJob::resume
    NotSent,
}

impl<R> Outcome<R> {
    /// Returns the name for tables: `found`, `not_found`, `invalid`, `failed` or `not_sent`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::NotFound => "not_found",
            Self::Invalid(_) => "invalid",
            Self::Failed(_) => "failed",
            Self::NotSent => "not_sent",
        }
    }

    /// Returns the row of [`Outcome::Found`]; `None` for all other outcomes.
    pub fn row(&self) -> Option<&R> {
        match self {
            Self::Found(row) => Some(row),
            _ => None,
        }
    }
}

/// The failure of a call, shared by all of its targets. `Display` writes the reason.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallFailure {
    /// The error message.
    pub reason: Arc<str>,
    /// Whether the call was charged. [`BulkJob::resume`] sends the targets again only if it was not.
    ///
    /// [`BulkJob::resume`]: crate::BulkJob::resume
    pub charge: Charge,
    /// The error. `None` if the failure was read from the journal of an earlier run.
    pub error: Option<Arc<Error>>,
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
