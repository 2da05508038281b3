//! Errors between the client and the server.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use dataforseo_http::Redactor;

use super::connector::BoxError;
use crate::charge::Dispatch;
use crate::error::clean::clean_chain;
use crate::error::timed_out;

/// An error of the transport: no complete response arrived.
///
/// `Display` prints what happened. [`source`](std::error::Error::source) returns the underlying
/// error of hyper, TLS or the operating system, if there is one.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<BoxError>,
}

/// The kind of a [`TransportError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The client could not connect: DNS, TCP, TLS or the proxy failed. The request was not sent.
    Connect,
    /// The connection failed, or the timeout expired, before any of the task was written. The
    /// request was not sent.
    NotSent,
    /// The server proved over HTTP/2 that it did not process the request: it refused the stream, or
    /// ended the connection before it. The call counts as not sent.
    Unprocessed,
    /// The connection failed before a response arrived. The call may have been charged.
    Interrupted,
    /// The connection failed within the response. The call may have been charged.
    BodyInterrupted,
    /// No complete response arrived within this timeout. The call may have been charged.
    Timeout(Duration),
    /// The response is larger than this number of bytes, the maximum of the client. The call may
    /// have been charged.
    ResponseTooLarge(usize),
    /// The response could not be decompressed. The call may have been charged.
    Decompression,
    /// The request could not be built. It was not sent.
    InvalidRequest,
}

impl TransportErrorKind {
    /// Returns whether the response can be whole although the transport failed. One that is too large was
    /// cut.
    pub(crate) fn is_within_response(self) -> bool {
        matches!(
            self,
            Self::BodyInterrupted | Self::Timeout(_) | Self::Decompression
        )
    }
}

impl TransportError {
    pub(crate) fn new(kind: TransportErrorKind, source: impl Into<BoxError>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    pub(crate) fn with_kind(self, kind: TransportErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// Replaces the underlying error by its text without credentials and control characters, if it has
    /// any.
    pub(crate) fn clean(&mut self, redactor: &Redactor) {
        let Some(source) = &self.source else {
            return;
        };
        if let Some(text) = clean_chain(source.as_ref(), redactor) {
            self.source = Some(if timed_out(self) {
                io::Error::new(io::ErrorKind::TimedOut, text).into()
            } else {
                text.into()
            });
        }
    }

    /// Returns what happened.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns whether the request was sent.
    pub(crate) fn dispatch(&self) -> Dispatch {
        use TransportErrorKind as Kind;
        match self.kind {
            Kind::Connect | Kind::NotSent | Kind::Unprocessed | Kind::InvalidRequest => {
                Dispatch::NotSent
            }
            Kind::Interrupted | Kind::Timeout(_) => Dispatch::Unknown,
            Kind::BodyInterrupted | Kind::ResponseTooLarge(_) | Kind::Decompression => {
                Dispatch::Sent
            }
        }
    }
}

impl From<TransportErrorKind> for TransportError {
    fn from(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("could not connect; nothing was sent"),
            Self::NotSent => f.write_str("failed before the task was written; nothing was sent"),
            Self::Unprocessed => {
                f.write_str("the server did not process the call, which counts as not sent")
            }
            Self::Interrupted => f.write_str(
                "the connection failed before a response arrived; the call may have been charged",
            ),
            Self::BodyInterrupted => f.write_str(
                "the connection failed within the response; the call may have been charged",
            ),
            Self::Timeout(time) => write!(
                f,
                "no complete response within {time:?}; the call may have been charged"
            ),
            Self::ResponseTooLarge(max) => write!(
                f,
                "the response is larger than {max} bytes (`max_response_bytes`); the call may have \
                 been charged"
            ),
            Self::Decompression => f.write_str(
                "the response could not be decompressed; the call may have been charged",
            ),
            Self::InvalidRequest => f.write_str("the request could not be built; nothing was sent"),
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
