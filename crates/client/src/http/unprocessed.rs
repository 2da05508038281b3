//! Errors that prove that the server did not process the request, so that it cannot have been charged.
//!
//! HTTP/2 has two: a stream that is reset with `REFUSED_STREAM`, and a `GOAWAY` frame whose last stream
//! is before that of the request (RFC 9113, sections 8.7 and 6.8).

use std::error::Error as StdError;
use std::fmt;

use super::connector::BoxError;

/// An error of hyper that proves that the request was not processed. Its message is that of hyper.
#[derive(Debug)]
struct Unprocessed(hyper_util::client::legacy::Error);

impl fmt::Display for Unprocessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Unprocessed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// Returns hyper's error of a request that was sent once, marked if it proves that the request was not
/// processed.
pub(super) fn mark(error: hyper_util::client::legacy::Error) -> BoxError {
    let mut next = error.source();
    while let Some(source) = next {
        if source.downcast_ref::<h2::Error>().is_some_and(is_proof) {
            return Unprocessed(error).into();
        }
        next = source.source();
    }
    error.into()
}

/// Returns whether an error is marked. Middleware may have wrapped it.
pub(super) fn is_unprocessed(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<Unprocessed>() {
            return true;
        }
        next = error.source();
    }
    false
}

fn is_proof(error: &h2::Error) -> bool {
    // h2 fails only those streams with the server's GOAWAY that are after its last stream.
    error.is_remote()
        && (error.is_go_away()
            || (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)))
}
