//! One call: budget, limits, attempts and retries.

use std::time::Duration;

use dataforseo_models::{EndpointInfo, StatusClass};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::budget::Reservation;
use crate::charge::{Charge, Dispatch};
use crate::client::Client;
use crate::decode::{DecodedResponse, decode};
use crate::error::{Error, ErrorKind};
use crate::http::error::{TransportError, TransportErrorKind};
use crate::http::transport::TransportFailure;
use crate::in_flight::InFlight;
use crate::limits::permit::Permit;
use crate::observe::AttemptEvent;
use crate::request::PendingRequest;
use crate::response::{Completed, RawResponse};
use crate::retry::FailedAttempt;

/// An attempt that failed.
struct AttemptError {
    error: Error,
    retry_after: Option<Duration>,
}

impl From<Error> for AttemptError {
    fn from(error: Error) -> Self {
        Self {
            error,
            retry_after: None,
        }
    }
}

impl Client {
    /// Makes a call: within limits and budget, with the retries of the policy. `read` decodes the
    /// response from the HTTP status and the text.
    pub(crate) async fn perform<T>(
        &self,
        request: PendingRequest<'_>,
        read: impl Fn(u16, &str) -> Result<DecodedResponse<T>, ErrorKind>,
    ) -> Result<Completed<T>, Error> {
        let span = tracing::info_span!(
            "dataforseo call",
            endpoint = request.endpoint.id,
            task_id = tracing::field::Empty,
            attempts = tracing::field::Empty,
            cost = tracing::field::Empty,
            error = tracing::field::Empty,
        );
        let outcome = self
            .with_retries(&request, &read)
            .instrument(span.clone())
            .await;
        self.inner.retry_policy.on_complete();
        match &outcome {
            Ok(completed) => {
                span.record("attempts", completed.raw_response.attempts);
                span.record("cost", completed.cost.us_dollars.unwrap_or_default());
            }
            Err(error) => {
                span.record("attempts", error.attempts());
                span.record("error", tracing::field::display(error.display_chain()));
                if let Some(id) = error.task_id() {
                    span.record("task_id", tracing::field::display(id));
                }
            }
        }
        outcome
    }

    async fn with_retries<T>(
        &self,
        request: &PendingRequest<'_>,
        read: &impl Fn(u16, &str) -> Result<DecodedResponse<T>, ErrorKind>,
    ) -> Result<Completed<T>, Error> {
        let endpoint = request.endpoint;
        let call_start = Instant::now();
        let mut earlier_charge = Charge::None;
        let mut number = 1;
        loop {
            let attempt_start = Instant::now();
            let outcome = self.attempt(request, read).await;
            self.observe(endpoint, number, attempt_start.elapsed(), &outcome);
            let AttemptError { error, retry_after } = match outcome {
                Ok(mut completed) => {
                    completed.raw_response.attempts = number;
                    return Ok(completed);
                }
                Err(failed) => failed,
            };
            let failed =
                FailedAttempt::new(endpoint, number, call_start.elapsed(), &error, retry_after);
            let Some(backoff) = self.inner.retry_policy.on_error(&failed) else {
                return Err(error.after(number, earlier_charge));
            };
            tracing::info!(number, ?backoff, error = %error.display_chain(), "retrying the call");
            earlier_charge = earlier_charge.and(error.last_charge());
            number += 1;
            tokio::time::sleep(backoff).await;
        }
    }

    /// Makes one attempt: reserves the estimate, waits for the limiter, sends, settles.
    async fn attempt<T>(
        &self,
        request: &PendingRequest<'_>,
        read: &impl Fn(u16, &str) -> Result<DecodedResponse<T>, ErrorKind>,
    ) -> Result<Completed<T>, AttemptError> {
        let endpoint = request.endpoint;
        let inner = &self.inner;
        let reservation = self.reserve(request)?;
        let wait_start = Instant::now();
        let mut in_flight = InFlight::new(self.admit(endpoint).await?);
        let waited = wait_start.elapsed();
        if !waited.is_zero() {
            tracing::debug!(?waited, "waited for the account's limits");
        }
        // From here on the call may be charged, even if the caller drops the future.
        let mut unsettled = Unsettled(Some(reservation));
        let sent = inner
            .transport
            .send(
                endpoint.method,
                request.path,
                request.body.clone(),
                in_flight.validity(),
            )
            .await;
        in_flight.end(&sent);
        let outcome = receive(endpoint, sent, read).map_err(|failed| AttemptError {
            error: failed.error.cleaned(&inner.redactor),
            ..failed
        });
        unsettled.settle_as(endpoint, &outcome);
        self.report_to_limiter(&outcome);
        outcome
    }

    /// Waits for a permit with which the call may start.
    async fn admit(&self, endpoint: &'static EndpointInfo) -> Result<Permit, Error> {
        loop {
            let permit = self.inner.limiter.admit(endpoint).await;
            let permit =
                permit.map_err(|error| Error::new(endpoint.id, ErrorKind::Limiter(error), None))?;
            let validity = permit.validity();
            if validity.is_none_or(|validity| validity.is_startable()) {
                return Ok(permit);
            }
            tracing::info!(
                "the process stood still after its admission: requesting another permit"
            );
        }
    }

    /// Reserves the estimate of a call in the budget.
    fn reserve(&self, request: &PendingRequest<'_>) -> Result<Reservation, Error> {
        let endpoint = request.endpoint;
        self.ledger
            .reserve(request.estimate.us_dollars())
            .map_err(|exceeded| {
                let kind = ErrorKind::BudgetExceeded {
                    spent: exceeded.spent,
                    estimate: exceeded.estimate,
                    budget: exceeded.budget,
                };
                Error::new(endpoint.id, kind, None)
            })
    }

    fn report_to_limiter<T>(&self, outcome: &Result<Completed<T>, AttemptError>) {
        match outcome {
            Ok(_) => self.inner.limiter.on_accepted(),
            Err(failed) => {
                let code = failed.error.status_code();
                if let Some(code) = code.filter(|code| code.class() == StatusClass::Rate) {
                    tracing::warn!(%code, "rate limited by the API: another program uses the account");
                    self.inner.limiter.on_rate_limited(code);
                }
                // Only a refusal for now has this header.
                if let Some(wait) = failed
                    .retry_after
                    .filter(|_| failed.error.is_rate_limited())
                {
                    self.inner.limiter.on_retry_after(wait);
                }
            }
        }
    }

    fn observe<T>(
        &self,
        endpoint: &'static EndpointInfo,
        number: u32,
        duration: Duration,
        outcome: &Result<Completed<T>, AttemptError>,
    ) {
        let Some(observer) = &self.inner.observer else {
            return;
        };
        let error = outcome.as_ref().err().map(|failed| &failed.error);
        observer.on_attempt(&AttemptEvent {
            endpoint,
            number,
            duration,
            error,
            cost: match outcome {
                Ok(completed) => completed.cost.us_dollars,
                Err(failed) => failed.error.last_charge().amount(),
            },
        });
    }
}

/// Turns the outcome of the transport into that of the attempt.
fn receive<T>(
    endpoint: &'static EndpointInfo,
    sent: Result<RawResponse, TransportFailure>,
    read: &impl Fn(u16, &str) -> Result<DecodedResponse<T>, ErrorKind>,
) -> Result<Completed<T>, AttemptError> {
    let raw_response = match sent {
        Ok(raw_response) => raw_response,
        Err(TransportFailure {
            error,
            response: Some(raw_response),
        }) if error.kind().is_within_response() => {
            return salvage(endpoint, error, raw_response, read);
        }
        Err(TransportFailure { error, response }) => {
            let kind = ErrorKind::Transport(error);
            return Err(Error::new(endpoint.id, kind, response).into());
        }
    };
    match decode(&raw_response, |text| read(raw_response.status, text)) {
        Ok(DecodedResponse { value, cost }) => Ok(Completed {
            value,
            cost,
            raw_response,
        }),
        Err(kind) => Err(AttemptError {
            retry_after: raw_response.retry_after,
            error: Error::new(endpoint.id, kind, Some(raw_response)),
        }),
    }
}

/// Turns the part of a response that arrived before the transport failed into the outcome of the
/// attempt. A whole response of the API is worth as much as without the failure.
fn salvage<T>(
    endpoint: &'static EndpointInfo,
    error: TransportError,
    raw_response: RawResponse,
    read: &impl Fn(u16, &str) -> Result<DecodedResponse<T>, ErrorKind>,
) -> Result<Completed<T>, AttemptError> {
    let decoded = decode(&raw_response, |text| read(raw_response.status, text));
    let kind = match decoded {
        Ok(DecodedResponse { value, cost }) => {
            tracing::warn!(%error, "the transport failed, but the response is whole");
            return Ok(Completed {
                value,
                cost,
                raw_response,
            });
        }
        // What cannot be decompressed may be damaged, so it does not prove that nothing was charged.
        Err(kind) if kind.is_from_api() && error.kind() != TransportErrorKind::Decompression => {
            tracing::warn!(%error, "the transport failed, but the response is whole");
            kind
        }
        Err(_) => ErrorKind::Transport(error),
    };
    Err(AttemptError {
        retry_after: raw_response.retry_after,
        error: Error::new(endpoint.id, kind, Some(raw_response)),
    })
}

/// The reservation of a call in flight. Dropping it counts the call as possibly charged, because a
/// caller that drops the future does not stop the server.
struct Unsettled(Option<Reservation>);

impl Unsettled {
    fn settle_as<T>(
        &mut self,
        endpoint: &EndpointInfo,
        outcome: &Result<Completed<T>, AttemptError>,
    ) {
        let mut least = 0.0;
        let (dispatch, charge) = match outcome {
            Ok(Completed { cost, .. }) => {
                let stated = cost.us_dollars.unwrap_or_default();
                let charge = if cost.is_complete {
                    Charge::of(stated)
                } else {
                    least = stated;
                    Charge::Unknown
                };
                (Dispatch::Sent, charge)
            }
            Err(failed) => (failed.error.dispatch(), failed.error.last_charge()),
        };
        // A free endpoint that states a cost is not free.
        let charge = match charge {
            Charge::Unknown if !endpoint.charged => Charge::of(least),
            charge => charge,
        };
        self.settle(dispatch, charge, least);
    }

    /// Settles the reservation. At least `least` US dollars were charged if the charge is unknown.
    fn settle(&mut self, dispatch: Dispatch, charge: Charge, least: f64) {
        if let Some(reservation) = self.0.take() {
            reservation.settle(dispatch, charge, least);
        }
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        self.settle(Dispatch::Unknown, Charge::Unknown, 0.0);
    }
}
