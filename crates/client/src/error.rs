//! What can go wrong with a call, told apart by where it went wrong.

use std::fmt;

use dataforseo_models::{StatusCode, TaskId, Violations};

use crate::answer::RawResponse;
use crate::pages::End;
use crate::transport::TransportError;

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
///         ErrorKind::Invalid(violations) => println!("not sent: {violations}"),
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
}

/// Where a call went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The task breaks documented limits. It was not sent.
    Invalid(Violations),
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
    /// The API reports success and sent no task.
    NoTask,
    /// A list has further rows, and they cannot be had. What came before is whole.
    Incomplete(End),
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
        }))
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
            ErrorKind::Envelope { status_code, .. } | ErrorKind::Task { status_code, .. } => {
                Some(*status_code)
            }
            _ => None,
        }
    }

    /// The field that the API found wrong (40501), without the quotes: `date_from`.
    pub fn invalid_field(&self) -> Option<&str> {
        let (ErrorKind::Envelope {
            status_code,
            message,
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
    pub fn response(&self) -> Option<&RawResponse> {
        self.0.response.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.endpoint)?;
        match self.kind() {
            ErrorKind::Invalid(violations) => write!(f, "not sent: {violations}"),
            ErrorKind::Transport(error) => error.fmt(f),
            ErrorKind::Http(status) => write!(f, "HTTP {status}, and not from the API"),
            ErrorKind::Body(error) => write!(f, "the answer is not the API's envelope: {error}"),
            ErrorKind::Envelope {
                status_code,
                message,
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
            ErrorKind::Incomplete(End::Short) => {
                f.write_str("the API sent no further rows, though it says that there are some")
            }
            ErrorKind::Incomplete(_) => {
                f.write_str("the list has further rows, and the API takes no larger offset")
            }
            ErrorKind::NoTask => f.write_str("the API reports success and sent no task"),
        }
    }
}

/// The text says all; [`Error::kind`] has the causes as values. There is no `source`, as programs
/// that print a chain of errors would print it twice.
impl std::error::Error for Error {}
