//! The messages of errors, one line each.

use std::error::Error as StdError;
use std::fmt;

use dataforseo_models::TaskId;

use super::{Error, ErrorKind};
use crate::paging::stop_reason::StopReason;

impl Error {
    /// Returns the message with those of all underlying errors, in one line.
    ///
    /// ```
    /// # fn log(error: dataforseo_client::Error) {
    /// // serp/…: could not connect; nothing was sent: tcp connect error: Connection refused
    /// eprintln!("{}", error.display_chain());
    /// # }
    /// ```
    pub fn display_chain(&self) -> impl fmt::Display + '_ {
        Chain(self)
    }
}

/// An error's message, followed by those of its sources.
pub(super) struct Chain<'a>(pub(super) &'a dyn StdError);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidTask(violations) => write!(f, "not sent: {violations}"),
            Self::Transport(error) => error.fmt(f),
            Self::Http(status) => {
                write!(
                    f,
                    "HTTP {status} from a proxy or another server, not from the API"
                )
            }
            Self::Body(_) => f.write_str("the body is not a DataForSEO response"),
            Self::Envelope {
                status_code,
                message,
                ..
            } => write!(f, "the call was refused: {status_code} {message}"),
            Self::Task {
                status_code,
                message,
                id,
                ..
            } => {
                write!(f, "the task failed: {status_code} {message}")?;
                write_id(f, id.as_ref())
            }
            Self::Pending {
                status_code, id, ..
            } => {
                write!(f, "the task is not done yet: {status_code}")?;
                write_id(f, id.as_ref())
            }
            Self::NoTask { .. } => f.write_str("the API reported success and returned no task"),
            Self::BudgetExceeded {
                spent,
                estimate,
                budget,
            } => write!(
                f,
                "not sent: {spent:.5} USD spent and an estimate of {estimate:.5} USD exceed the \
                 budget of {budget} USD"
            ),
            Self::Limiter(_) => f.write_str("not sent: the limiter did not admit the call"),
            Self::Incomplete(StopReason::MissingRows) => {
                f.write_str("the API returned no further rows although its total is larger")
            }
            Self::Incomplete(_) => {
                f.write_str("the list has more rows, but the API rejects a larger offset")
            }
        }
    }
}

fn write_id(f: &mut fmt::Formatter<'_>, id: Option<&TaskId>) -> fmt::Result {
    match id {
        Some(id) => write!(f, " (task {id})"),
        None => Ok(()),
    }
}
