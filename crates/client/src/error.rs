//! What can go wrong with a call, told apart by where it went wrong.

use std::fmt;

use dataforseo_models::{StatusClass, StatusCode, TaskId, Violations};

use crate::charge::{Charge, Dispatch};
use crate::http::transport::TransportError;
use crate::limits::LimiterError;
use crate::paging::stop_reason::StopReason;
use crate::response::RawResponse;

/// A call that failed.
///
/// ```no_run
/// use dataforseo_client::{Client, Error, ErrorKind};
/// # use dataforseo_client::models::backlinks::BulkPagesSummaryLiveTask;
///
/// # async fn example(client: Client, task: BulkPagesSummaryLiveTask) {
/// match client.backlinks().bulk_pages_summary_live(&task).await {
///     Ok(answer) => println!("{} results", answer.results().len()),
///     Err(error) => match error.kind() {
///         ErrorKind::InvalidTask(violations) => println!("not sent: {violations}"),
///         ErrorKind::Task { status_code, .. } => {
///             println!("{status_code} {:?}", error.invalid_field());
///         }
///         _ => println!("{error}"),
///     },
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    endpoint: &'static str,
    kind: ErrorKind,
    response: Option<RawResponse>,
    attempts: u32,
    /// What attempts before the last one may have cost.
    before: Charge,
}

/// Where a call went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The task breaks documented limits. It was not sent.
    InvalidTask(Violations),
    /// No whole answer came.
    Transport(TransportError),
    /// An answer came with this HTTP status, and it is not the API's: a proxy's, most likely.
    Http(u16),
    /// HTTP says success, and the body is not the API's: no JSON, cut off, or no envelope.
    Body(serde_json::Error),
    /// The API refused the call as a whole.
    Envelope {
        /// Why.
        status_code: StatusCode,
        /// How the API words it.
        message: String,
        /// What the call cost all the same, in US dollars, by the envelope.
        cost: Option<f64>,
    },
    /// The API took the call and the task failed.
    Task {
        /// Why.
        status_code: StatusCode,
        /// How the API words it.
        message: String,
        /// The task's identifier.
        id: Option<TaskId>,
        /// What the failed task cost, in US dollars.
        cost: Option<f64>,
    },
    /// A live endpoint answered that the task is not done yet. There is nothing to fetch it by but
    /// its identifier.
    Pending {
        /// Which way it is pending.
        status_code: StatusCode,
        /// The task's identifier.
        id: Option<TaskId>,
        /// What the task cost, in US dollars.
        cost: Option<f64>,
    },
    /// The API reports success and sent no task.
    NoTask,
    /// The call would go beyond what may be spent. It was not sent.
    BudgetExceeded {
        /// What was spent so far, in US dollars.
        spent: f64,
        /// What the call is estimated at, in US dollars.
        estimate: f64,
        /// What may be spent, in US dollars.
        limit: f64,
    },
    /// Nobody who keeps the account's limits let the call go. It was not sent.
    Limiter(LimiterError),
    /// A list has further rows, and they cannot be had. What came before is whole.
    Incomplete(StopReason),
}

impl Error {
    pub(crate) fn new(
        endpoint: &'static str,
        kind: ErrorKind,
        response: Option<RawResponse>,
    ) -> Self {
        Self(Box::new(Inner {
            endpoint,
            kind,
            response,
            attempts: 1,
            before: Charge::None,
        }))
    }

    pub(crate) fn after(mut self, attempts: u32, before: Charge) -> Self {
        (self.0.attempts, self.0.before) = (attempts, before);
        self
    }

    /// Whether the call left this program, in the last attempt.
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

    /// Whether an answer came, by the API or by something in between; of one that broke off, its
    /// beginning.
    pub fn has_response(&self) -> bool {
        self.dispatch() == Dispatch::Sent
    }

    /// Whether the call was charged, all attempts together.
    pub fn charge(&self) -> Charge {
        self.0.before.and(self.last_charge())
    }

    /// Whether the last attempt was charged.
    pub(crate) fn last_charge(&self) -> Charge {
        let told = |cost: Option<f64>, otherwise: Charge| match cost {
            Some(cost) if cost > 0.0 => Charge::Charged(cost),
            Some(_) => Charge::None,
            None => otherwise,
        };
        match self.kind() {
            _ if self.dispatch() == Dispatch::NotSent => Charge::None,
            // What a proxy turned away by itself never came to the API.
            ErrorKind::Http(429) => Charge::None,
            ErrorKind::Http(status) if (400..500).contains(status) => Charge::None,
            ErrorKind::Envelope {
                status_code, cost, ..
            }
            | ErrorKind::Task {
                status_code, cost, ..
            } => {
                let otherwise = match status_code.class() {
                    StatusClass::Upstream | StatusClass::Server | StatusClass::Unknown => {
                        Charge::Unknown
                    }
                    _ => Charge::None,
                };
                told(*cost, otherwise)
            }
            ErrorKind::Pending { cost, .. } => told(*cost, Charge::Unknown),
            _ => Charge::Unknown,
        }
    }

    /// How often the call was sent, or would have been: 1 unless it was repeated.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The identifier of the task that failed, or that is not done yet.
    pub fn task_id(&self) -> Option<&TaskId> {
        match self.kind() {
            ErrorKind::Task { id, .. } | ErrorKind::Pending { id, .. } => id.as_ref(),
            _ => None,
        }
    }

    /// Where it went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The endpoint that was called, such as `backlinks/bulk_pages_summary/live`.
    pub fn endpoint(&self) -> &'static str {
        self.0.endpoint
    }

    /// The API's status code, of the envelope or of the task.
    pub fn status_code(&self) -> Option<StatusCode> {
        match self.kind() {
            ErrorKind::Envelope { status_code, .. }
            | ErrorKind::Task { status_code, .. }
            | ErrorKind::Pending { status_code, .. } => Some(*status_code),
            _ => None,
        }
    }

    /// The field that the API found wrong (40501), without the quotes: `date_from`.
    pub fn invalid_field(&self) -> Option<&str> {
        let (ErrorKind::Envelope {
            status_code,
            message,
            ..
        }
        | ErrorKind::Task {
            status_code,
            message,
            ..
        }) = self.kind()
        else {
            return None;
        };
        if *status_code != StatusCode::InvalidField {
            return None;
        }
        let (_, quoted) = message.split_once('\'')?;
        quoted.split_once('\'').map(|(field, _)| field)
    }

    /// The answer as it arrived, if one did; of one that broke off, what there is.
    pub fn raw_response(&self) -> Option<&RawResponse> {
        self.0.response.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.endpoint)?;
        match self.kind() {
            ErrorKind::InvalidTask(violations) => write!(f, "not sent: {violations}"),
            ErrorKind::Transport(error) => error.fmt(f),
            ErrorKind::Http(status) => write!(f, "HTTP {status}, and not from the API"),
            ErrorKind::Body(error) => write!(f, "the answer is not the API's envelope: {error}"),
            ErrorKind::Envelope {
                status_code,
                message,
                ..
            } => {
                write!(f, "the call was refused: {status_code} {message}")
            }
            ErrorKind::Task {
                status_code,
                message,
                id,
                ..
            } => {
                write!(f, "the task failed: {status_code} {message}")?;
                match id {
                    Some(id) => write!(f, " (task {id})"),
                    None => Ok(()),
                }
            }
            ErrorKind::Incomplete(StopReason::MissingRows) => {
                f.write_str("the API sent no further rows, though it says that there are some")
            }
            ErrorKind::Incomplete(_) => {
                f.write_str("the list has further rows, and the API takes no larger offset")
            }
            ErrorKind::NoTask => f.write_str("the API reports success and sent no task"),
            ErrorKind::Pending {
                status_code, id, ..
            } => {
                write!(f, "the task is not done yet: {status_code}")?;
                match id {
                    Some(id) => write!(f, " (task {id})"),
                    None => Ok(()),
                }
            }
            ErrorKind::BudgetExceeded {
                spent,
                estimate,
                limit,
            } => write!(
                f,
                "not sent: {spent:.5} US dollars are spent, the call is estimated at {estimate:.5}, \
                 and {limit} may be spent"
            ),
            ErrorKind::Limiter(error) => write!(f, "not sent: {error}"),
        }?;
        match self.0.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, " (after {attempts} attempts)"),
        }
    }
}

/// The text says all; [`Error::kind`] has the causes as values. There is no `source`, as programs
/// that print a chain of errors would print it twice.
impl std::error::Error for Error {}
