//! The outcome of each target.

use std::fmt;
use std::sync::Arc;

use dataforseo_client::models::drift::Drift;
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
            Outcome::Unmatched(unmatched) => Outcome::Unmatched(unmatched),
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
    /// The response has a row that may be the target's, and it is not certain. The call was charged, and
    /// the target is not sent again.
    Unmatched(Unmatched),
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
    /// Returns the name for tables: `found`, `not_found`, `unmatched`, `invalid`, `failed` or
    /// `not_sent`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::NotFound => "not_found",
            Self::Unmatched(_) => "unmatched",
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

/// The maximum number of rows that an outcome names.
const MAX_NAMED_ROWS: usize = 10;
/// The maximum length of a name in characters.
const MAX_NAME_CHARS: usize = 200;

/// The rows of a response that may be those of a target. `Display` writes the reason.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Unmatched {
    /// Why it is not certain which row is the target's. It names the rows.
    pub reason: Arc<str>,
    /// The targets that the rows name, spelled as in the response. At most 10; rows without a target are
    /// left out.
    pub named: Arc<[String]>,
}

impl Unmatched {
    /// Creates the outcome of all targets without a row in a response that has rows for no target.
    /// `names` are the targets that these rows name.
    pub(crate) fn strays(names: &[Option<&str>]) -> Self {
        let named: Arc<[String]> = names
            .iter()
            .flatten()
            .take(MAX_NAMED_ROWS)
            .map(|name| name.chars().take(MAX_NAME_CHARS).collect())
            .collect();
        // Quoted with escapes: the server wrote the names.
        let mut listed: Vec<String> = named.iter().map(|name| format!("{name:?}")).collect();
        let others = names.len() - named.len();
        match others {
            0 => {}
            _ if named.is_empty() => listed.push("no target".to_owned()),
            1 => listed.push("1 other".to_owned()),
            _ => listed.push(format!("{others} others")),
        }
        let (rows, name) = match names.len() {
            1 => ("1 row".to_owned(), "names"),
            count => (format!("{count} rows"), "name"),
        };
        let reason = format!(
            "the response has no row that is certainly for this target, and {rows} that cannot be \
             assigned, which {name} {}; the journal has the response",
            listed.join(", ")
        );
        Self {
            reason: reason.into(),
            named,
        }
    }

    /// Creates the outcome of all targets without a row in a response whose rows cannot all be read.
    pub(crate) fn unreadable(drift: &Drift) -> Self {
        let reason = format!(
            "the response differs from the documentation, so that rows may be missing: {drift}; the \
             journal has the response"
        );
        Self {
            reason: reason.into(),
            named: Arc::new([]),
        }
    }

    /// Creates the outcome of a target that may be the same as another one, which has the row.
    pub(crate) fn alike(other: &str) -> Self {
        let reason = format!(
            "the response has a row for {other:?} only, which may be the same target; the journal has \
             the response"
        );
        Self {
            reason: reason.into(),
            named: Arc::new([other.to_owned()]),
        }
    }
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
