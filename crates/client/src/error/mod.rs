//! The error of a call: what failed, whether the call was charged, and what to do about it.

mod classify;
pub(crate) mod clean;
mod display;
#[cfg(test)]
mod tests;

use std::fmt;

use dataforseo_models::{StatusClass, StatusCode, TaskId, Violations};

use crate::charge::{Charge, Dispatch};
use crate::http::error::TransportError;
use crate::limits::LimiterError;
use crate::paging::stop_reason::StopReason;
use crate::response::RawResponse;

pub(crate) use classify::{Retryable, timed_out};

/// The error of a failed call.
///
/// The methods that begin with `is_` group errors by how to react to them, wherever they come from:
/// [`is_timeout`](Self::is_timeout) holds for the client's own timeout, for a proxy's HTTP 504 and
/// for the API's code 50401. [`kind`](Self::kind) returns where the call failed.
///
/// | method | reaction |
/// | --- | --- |
/// | [`is_invalid_task`](Self::is_invalid_task) | Correct the fields in [`invalid_fields`](Self::invalid_fields). |
/// | [`is_auth`](Self::is_auth) | Check the credentials and the state of the account. |
/// | [`is_out_of_funds`](Self::is_out_of_funds) | Add money to the account. |
/// | [`is_budget_exceeded`](Self::is_budget_exceeded) | Raise the budget, or stop. |
/// | [`is_rate_limited`](Self::is_rate_limited) | Call later, or give the [`Limiter`](crate::Limiter) a smaller share. |
/// | [`is_connect`](Self::is_connect), [`is_timeout`](Self::is_timeout) | Look at [`charge`](Self::charge), then call again. |
/// | [`is_untrusted_server`](Self::is_untrusted_server) | Trust the certificate, if it is the right server. |
/// | [`is_pending`](Self::is_pending) | Fetch the task [`task_id`](Self::task_id) later. |
/// | [`is_retryable`](Self::is_retryable) | Look at [`charge`](Self::charge), then call again. |
///
/// # Costs
/// The API cannot recognize a retry, so it charges for each attempt that it accepts.
/// [`charge`](Self::charge) returns whether the call was charged, over all attempts.
/// [`dispatch`](Self::dispatch) returns whether the last attempt was sent.
/// [`raw_response`](Self::raw_response) returns the bytes that arrived.
///
/// # Messages
/// `Display` prints one line: the endpoint, what failed, and the number of attempts if there were
/// several. It leaves out the underlying error of hyper, TLS or the operating system, which
/// [`source`](std::error::Error::source) returns. Programs that print the whole chain, such as those
/// that use `anyhow`, therefore print nothing twice.
/// [`display_chain`](Self::display_chain) prints both in one line, for logs.
/// Neither `Display` nor `Debug` prints credentials or bodies. Where a server repeats the credentials in
/// a message, in any usual encoding, they are replaced by `[redacted]`, and control characters are
/// escaped. A login or password with fewer than 4 characters is replaced only where it is a whole word.
///
/// # Examples
/// With `anyhow`, in a program:
///
/// ```no_run
/// use anyhow::{Context as _, bail};
/// use dataforseo_client::{Charge, Client, backlinks::BulkRanksLiveTask};
///
/// async fn print_ranks(client: &Client, targets: Vec<String>) -> anyhow::Result<()> {
///     let task = BulkRanksLiveTask::new(targets);
///     match client.backlinks().bulk_ranks_live(&task).await {
///         Ok(response) => {
///             for row in response.items() {
///                 println!("{:?} {:?}", row.target, row.rank);
///             }
///             Ok(())
///         }
///         Err(error) if error.is_invalid_task() => bail!("wrong fields: {:?}", error.invalid_fields()),
///         Err(error) if error.is_retryable() && error.charge() == Charge::None => {
///             // `{:#}` of the result prints the whole chain down to the operating system's error.
///             Err(error).context("the API cannot be reached now; nothing was charged")
///         }
///         Err(error) => Err(error.into()),
///     }
/// }
/// ```
///
/// With `thiserror`, in a library:
///
/// ```no_run
/// use dataforseo_client::{Client, Error, backlinks::BulkRanksLiveTask};
///
/// #[derive(Debug, thiserror::Error)]
/// enum RankError {
///     #[error("the DataForSEO account needs attention")]
///     Account(#[source] Error),
///     #[error("try again later")]
///     Later(#[source] Error),
///     #[error(transparent)]
///     Other(Error),
/// }
///
/// impl From<Error> for RankError {
///     fn from(error: Error) -> Self {
///         if error.is_auth() || error.is_out_of_funds() {
///             Self::Account(error)
///         } else if error.is_timeout() || error.is_connect() || error.is_rate_limited() {
///             Self::Later(error)
///         } else {
///             Self::Other(error)
///         }
///     }
/// }
///
/// async fn rank(client: &Client, target: &str) -> Result<Option<i64>, RankError> {
///     let task = BulkRanksLiveTask::new([target]);
///     let response = client.backlinks().bulk_ranks_live(&task).await?;
///     Ok(response.items().next().and_then(|row| row.rank))
/// }
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    endpoint: &'static str,
    kind: ErrorKind,
    raw_response: Option<RawResponse>,
    attempts: u32,
    /// The charge of the attempts before the last one.
    earlier_charge: Charge,
}

/// Where a call failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The task breaks documented limits. It was not sent.
    InvalidTask(Violations),
    /// No complete response arrived.
    Transport(TransportError),
    /// A response with this HTTP status arrived that is not from the API. Proxies send such
    /// responses.
    Http(u16),
    /// The HTTP status is a success, but the body is not a DataForSEO response.
    Body(serde_json::Error),
    /// The API refused the whole call.
    Envelope {
        /// The status code of the response.
        status_code: StatusCode,
        /// The API's message.
        message: String,
        /// The cost of the call in US dollars; `None` if the response has none.
        cost: Option<f64>,
    },
    /// The API accepted the call and the task failed.
    Task {
        /// The status code of the task.
        status_code: StatusCode,
        /// The API's message.
        message: String,
        /// The identifier of the task; `None` if the response has none.
        id: Option<TaskId>,
        /// The cost of the call in US dollars; `None` if the response has none.
        cost: Option<f64>,
    },
    /// A live endpoint returned before the task was done. Fetch the result by the identifier.
    Pending {
        /// The status code of the task.
        status_code: StatusCode,
        /// The identifier of the task; `None` if the response has none.
        id: Option<TaskId>,
        /// The cost of the call in US dollars; `None` if the response has none.
        cost: Option<f64>,
    },
    /// The API reported success and returned no task. The call may have been charged.
    NoTask {
        /// The cost of the call in US dollars; `None` if the response has none.
        cost: Option<f64>,
    },
    /// The estimate of the call exceeds what is left of the budget. The call was not sent.
    BudgetExceeded {
        /// The amount spent so far, plus the estimates of calls in flight and of calls that may have been
        /// charged, in US dollars.
        spent: f64,
        /// The estimate of this call, in US dollars.
        estimate: f64,
        /// The budget, in US dollars.
        budget: f64,
    },
    /// The limiter did not admit the call. It was not sent.
    Limiter(LimiterError),
    /// The list has further rows that cannot be fetched. All earlier rows were returned.
    Incomplete(StopReason),
}

impl ErrorKind {
    /// Returns whether the API said that the call or the task failed.
    pub(crate) fn is_from_api(&self) -> bool {
        matches!(
            self,
            Self::Envelope { .. } | Self::Task { .. } | Self::NoTask { .. }
        )
    }
}

impl Error {
    pub(crate) fn new(
        endpoint: &'static str,
        kind: ErrorKind,
        raw_response: Option<RawResponse>,
    ) -> Self {
        Self(Box::new(Inner {
            endpoint,
            kind,
            raw_response,
            attempts: 1,
            earlier_charge: Charge::None,
        }))
    }

    /// Adds what happened before the last attempt.
    pub(crate) fn after(mut self, attempts: u32, earlier_charge: Charge) -> Self {
        self.0.attempts = attempts;
        self.0.earlier_charge = earlier_charge;
        self
    }

    /// Returns where the call failed.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Returns the endpoint that was called, such as `backlinks/bulk_pages_summary/live`.
    pub fn endpoint(&self) -> &'static str {
        self.0.endpoint
    }

    /// Returns whether the last attempt was sent.
    pub fn dispatch(&self) -> Dispatch {
        match self.kind() {
            ErrorKind::InvalidTask(_)
            | ErrorKind::Incomplete(_)
            | ErrorKind::BudgetExceeded { .. }
            | ErrorKind::Limiter(_) => Dispatch::NotSent,
            ErrorKind::Transport(error) => error.dispatch(),
            _ => Dispatch::Sent,
        }
    }

    /// Returns whether a response arrived, or the beginning of one, from the API or from a proxy.
    pub fn has_response(&self) -> bool {
        self.dispatch() == Dispatch::Sent
    }

    /// Returns whether the call was charged, over all attempts.
    pub fn charge(&self) -> Charge {
        self.0.earlier_charge.and(self.last_charge())
    }

    /// Returns whether the last attempt was charged.
    pub(crate) fn last_charge(&self) -> Charge {
        match self.kind() {
            _ if self.dispatch() == Dispatch::NotSent => Charge::None,
            // These mean that the server or a proxy gave up waiting, so the call may have been passed on.
            ErrorKind::Http(408 | 499) => Charge::Unknown,
            // A proxy that refuses a request does not pass it on to the API.
            ErrorKind::Http(status) if (400..500).contains(status) => Charge::None,
            ErrorKind::Envelope {
                status_code, cost, ..
            }
            | ErrorKind::Task {
                status_code, cost, ..
            } => cost.map_or_else(|| charge_without_cost(*status_code), Charge::of),
            ErrorKind::Pending { cost, .. } => cost.map_or(Charge::Unknown, Charge::of),
            // A success without a task is odd, so a cost of 0 is not believed.
            ErrorKind::NoTask { cost: Some(cost) } if *cost > 0.0 => Charge::Charged(*cost),
            _ => Charge::Unknown,
        }
    }

    /// Returns how often the call was tried: 1 unless it was retried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the identifier of the task that failed or is pending; `None` if the response has
    /// none, or if the call failed as a whole.
    pub fn task_id(&self) -> Option<&TaskId> {
        match self.kind() {
            ErrorKind::Task { id, .. } | ErrorKind::Pending { id, .. } => id.as_ref(),
            _ => None,
        }
    }

    /// Returns the API's status code, of the task or of the whole call; `None` if the API did not
    /// respond.
    pub fn status_code(&self) -> Option<StatusCode> {
        match self.kind() {
            ErrorKind::Envelope { status_code, .. }
            | ErrorKind::Task { status_code, .. }
            | ErrorKind::Pending { status_code, .. } => Some(*status_code),
            _ => None,
        }
    }

    /// Returns the paths of the invalid fields, such as `date_from` or `targets[3]`.
    ///
    /// For a task that the client refused these are all invalid fields. For the API's code 40501 it
    /// is the one that the message names, if any. Otherwise the list is empty.
    pub fn invalid_fields(&self) -> Vec<&str> {
        match self.kind() {
            ErrorKind::InvalidTask(violations) => {
                let mut paths: Vec<&str> = Vec::new();
                for violation in violations.violations() {
                    if !paths.contains(&violation.path.as_str()) {
                        paths.push(&violation.path);
                    }
                }
                paths
            }
            ErrorKind::Envelope {
                status_code: StatusCode::InvalidField,
                message,
                ..
            }
            | ErrorKind::Task {
                status_code: StatusCode::InvalidField,
                message,
                ..
            } => quoted(message).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the response as it arrived, or its beginning if the connection failed within it;
    /// `None` if no response arrived.
    pub fn raw_response(&self) -> Option<&RawResponse> {
        self.0.raw_response.as_ref()
    }
}

/// Returns whether a failure with this code is charged when the response has no cost.
fn charge_without_cost(code: StatusCode) -> Charge {
    match code.class() {
        StatusClass::Upstream | StatusClass::Server | StatusClass::Unknown => Charge::Unknown,
        _ => Charge::None,
    }
}

/// Returns the first text in single quotes.
fn quoted(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once('\'')?;
    rest.split_once('\'').map(|(field, _)| field)
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.kind() {
            // The transport error's own message is part of this one's.
            ErrorKind::Transport(error) => error.source(),
            ErrorKind::Body(error) => Some(error),
            ErrorKind::Limiter(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.endpoint, self.0.kind)?;
        match self.0.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, " (after {attempts} attempts)"),
        }
    }
}
