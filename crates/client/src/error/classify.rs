//! The predicates of [`Error`], which group failures by how to react to them.

use std::error::Error as StdError;
use std::io;

use dataforseo_models::{RetryAdvice, StatusClass, StatusCode};

use super::{Error, ErrorKind};
use crate::charge::Dispatch;
use crate::http::error::TransportErrorKind;

/// Whether a failed call can succeed when it is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retryable {
    /// It fails the same way every time.
    Never,
    /// The request may be the cause: one retry is enough.
    Once,
    /// It can succeed later.
    Yes,
}

impl Error {
    /// Returns whether a timeout expired.
    ///
    /// True for the client's own timeouts, the operating system's, HTTP 408 and 504, and the API's
    /// code 50401. A target page that responds too slowly (50402) is not a timeout of the call.
    pub fn is_timeout(&self) -> bool {
        match self.kind() {
            ErrorKind::Transport(error) => {
                matches!(error.kind(), TransportErrorKind::Timeout(_)) || timed_out(error)
            }
            ErrorKind::Http(status) => matches!(status, 408 | 504),
            _ => self.has_code(&[StatusCode::InternalTimeout]),
        }
    }

    /// Returns whether no connection to the server could be established, so that nothing was sent.
    ///
    /// True for failures of DNS, TCP, TLS and the proxy's tunnel, and for a connection that took
    /// longer than the timeout.
    pub fn is_connect(&self) -> bool {
        match self.kind() {
            ErrorKind::Transport(error) => match error.kind() {
                TransportErrorKind::Connect => true,
                TransportErrorKind::NotSent => timed_out(error),
                _ => false,
            },
            _ => false,
        }
    }

    /// Returns whether the server's certificate is not trusted, so that nothing was sent.
    ///
    /// True for a certificate that is self-signed, is from an unknown authority, has expired, or is for
    /// another name. [`ClientBuilder::root_certificates`](crate::ClientBuilder::root_certificates) trusts
    /// the first two.
    pub fn is_untrusted_server(&self) -> bool {
        matches!(self.kind(), ErrorKind::Transport(error) if error.dispatch() == Dispatch::NotSent
            && has_invalid_certificate(error))
    }

    /// Returns whether the task is wrong, so that it fails until it is changed.
    ///
    /// True for a task that the client refused, and for the API's codes about requests: 40000 to
    /// 40006, 40407 and 40501 to 40506. [`invalid_fields`](Self::invalid_fields) lists the fields.
    pub fn is_invalid_task(&self) -> bool {
        matches!(self.kind(), ErrorKind::InvalidTask(_)) || self.has_class(StatusClass::Request)
    }

    /// Returns whether the caller is not allowed to use the API.
    ///
    /// True for wrong credentials (40100), an account that is not verified (40104) or paused
    /// (40201), an IP address that is not allowed (40207), and HTTP 401, 403 and 407.
    pub fn is_auth(&self) -> bool {
        match self.kind() {
            ErrorKind::Http(status) => matches!(status, 401 | 403 | 407),
            _ => {
                self.has_class(StatusClass::Auth)
                    || self.has_code(&[
                        StatusCode::AccountNotVerified,
                        StatusCode::AccountPaused,
                        StatusCode::AddressNotAllowed,
                    ])
            }
        }
    }

    /// Returns whether a rate limit was reached.
    ///
    /// True for too many calls per minute (40202) or at once (40209), HTTP 429, and a
    /// [`Limiter`](crate::Limiter) that did not admit the call.
    pub fn is_rate_limited(&self) -> bool {
        match self.kind() {
            ErrorKind::Http(status) => *status == 429,
            ErrorKind::Limiter(_) => true,
            _ => self.has_class(StatusClass::Rate),
        }
    }

    /// Returns whether the balance of the account is too low.
    ///
    /// True for the API's codes 40200 and 40210, and HTTP 402.
    /// [`is_budget_exceeded`](Self::is_budget_exceeded) is about limits that you set.
    pub fn is_out_of_funds(&self) -> bool {
        match self.kind() {
            ErrorKind::Http(status) => *status == 402,
            _ => self.has_code(&[StatusCode::PaymentRequired, StatusCode::InsufficientFunds]),
        }
    }

    /// Returns whether a budget that you set is used up.
    ///
    /// True for the client's budget, and for the daily cost limit in the account's settings (40203).
    pub fn is_budget_exceeded(&self) -> bool {
        matches!(self.kind(), ErrorKind::BudgetExceeded { .. })
            || self.has_code(&[StatusCode::CostLimitExceeded])
    }

    /// Returns whether the API accepted the task and has not finished it. Fetch the result later by
    /// [`task_id`](Self::task_id), and do not send the task again.
    pub fn is_pending(&self) -> bool {
        self.has_class(StatusClass::Pending)
    }

    /// Returns whether the same call can succeed when it is sent again.
    ///
    /// [`StandardRetryPolicy`](crate::StandardRetryPolicy) retries these errors if they were not
    /// charged. Check [`charge`](Self::charge) before you retry, because each attempt can be charged.
    pub fn is_retryable(&self) -> bool {
        self.retryable() != Retryable::Never
    }

    pub(crate) fn retryable(&self) -> Retryable {
        match self.kind() {
            ErrorKind::Transport(error) => match error.kind() {
                TransportErrorKind::ResponseTooLarge(_) | TransportErrorKind::InvalidRequest => {
                    Retryable::Never
                }
                _ => Retryable::Yes,
            },
            ErrorKind::Http(429 | 500..=599) => Retryable::Yes,
            ErrorKind::Body(_) | ErrorKind::NoTask { .. } => Retryable::Once,
            ErrorKind::Envelope { status_code, .. } | ErrorKind::Task { status_code, .. } => {
                match status_code.retry_advice() {
                    RetryAdvice::Later => Retryable::Yes,
                    // A retry is a new task.
                    RetryAdvice::FewTimes | RetryAdvice::NewTask => Retryable::Once,
                    _ => Retryable::Never,
                }
            }
            _ => Retryable::Never,
        }
    }

    fn has_class(&self, class: StatusClass) -> bool {
        self.status_code().is_some_and(|code| code.class() == class)
    }

    fn has_code(&self, codes: &[StatusCode]) -> bool {
        self.status_code().is_some_and(|code| codes.contains(&code))
    }
}

/// Returns whether TLS refused the certificate of the server.
fn has_invalid_certificate(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return true;
        }
        // The source of an I/O error is that of the error within, which is left out.
        let within = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match within {
            Some(within) => Some(within),
            None => error.source(),
        };
    }
    false
}

/// Returns whether the operating system or the connector reported a timeout.
pub(crate) fn timed_out(error: &dyn StdError) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        next = error.source();
    }
    false
}
