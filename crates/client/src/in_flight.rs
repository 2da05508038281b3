//! The place of a call among the simultaneous calls, until the call has ended.

use crate::http::error::TransportErrorKind;
use crate::http::transport::TransportFailure;
use crate::limits::permit::{Permit, Validity};
use crate::response::RawResponse;

/// The permit of a call in flight. Dropping it abandons the call, because a caller that drops the
/// future does not stop the server.
pub(crate) struct InFlight(Option<Permit>);

impl InFlight {
    pub(crate) fn new(permit: Permit) -> Self {
        Self(Some(permit))
    }

    /// Returns how long the call may be sent.
    pub(crate) fn validity(&self) -> Option<Validity> {
        self.0.as_ref().and_then(Permit::validity)
    }

    /// Releases the place if the call has ended for certain, and abandons it otherwise.
    pub(crate) fn end(&mut self, sent: &Result<RawResponse, TransportFailure>) {
        if has_ended(sent) {
            self.0 = None;
        } else if let Some(permit) = self.0.take() {
            permit.abandon();
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(permit) = self.0.take() {
            permit.abandon();
        }
    }
}

/// Returns whether the server has ended a call for certain.
fn has_ended(sent: &Result<RawResponse, TransportFailure>) -> bool {
    use TransportErrorKind as Kind;
    match sent {
        // A proxy that gave up does not stop the server behind it.
        Ok(response) => !matches!(response.status, 408 | 499 | 502..=504 | 520..=530),
        Err(failure) => matches!(
            failure.error.kind(),
            Kind::Connect | Kind::NotSent | Kind::InvalidRequest | Kind::Decompression
        ),
    }
}
