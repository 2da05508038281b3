//! Keeping the account's limits: calls per minute and simultaneous calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use dataforseo_models::{EndpointInfo, StatusCode};

use self::permit::Permit;
use crate::account_rates::AccountRates;

mod abandoned;
pub(crate) mod account;
mod endpoint_rates;
pub(crate) mod machine;
pub(crate) mod permit;
mod queues;
#[cfg(feature = "redis")]
pub(crate) mod redis;

/// A limiter that keeps the limits of an account: calls per minute and simultaneous calls.
///
/// Some endpoints have a rate of their own, which all endpoints with the same
/// [`EndpointInfo::function`] share. A call to one of them waits for both rates.
///
/// The client calls [`admit`](Self::admit) before each attempt. It drops the [`Permit`] when the call
/// has ended, and calls [`Permit::abandon`] when it gave the call up.
///
/// [`AccountLimits`](crate::AccountLimits) keeps the limits within a program,
/// [`MachineLimits`](crate::MachineLimits) on a machine, and `RedisLimits`, behind the feature `redis`,
/// across machines. Clones of a client share their limiter.
///
/// An implementation must admit calls in the order in which `admit` was called. A caller can drop
/// the future of `admit` before it resolves; the call must then not count as in flight.
pub trait Limiter: Send + Sync + fmt::Debug {
    /// Waits until a call may be sent.
    ///
    /// # Errors
    /// When the limiter cannot keep the limits. The call is then not sent:
    /// [`ErrorKind::Limiter`](crate::ErrorKind::Limiter).
    fn admit<'a>(&'a self, endpoint: &'static EndpointInfo) -> Admission<'a>;

    /// Called when the API refused a call because of a rate limit (40202, 40209).
    ///
    /// The cause is usually another program that uses the account, so all callers should pause.
    fn on_rate_limited(&self, code: StatusCode);

    /// Called when a refused response requests a wait with the header `Retry-After`. All callers
    /// should pause for this time. Does nothing by default.
    fn on_retry_after(&self, wait: Duration) {
        let _ = wait;
    }

    /// Called when the API accepted a call. Does nothing by default.
    fn on_accepted(&self) {}

    /// Called when the prices and rates of the account are known. The limiter should keep the rates of
    /// endpoints from then on: [`AccountRates::calls_per_minute`]. Does nothing by default.
    fn on_account_rates(&self, rates: &AccountRates) {
        let _ = rates;
    }

    /// Called when a client with this limiter is built. `timeout` is the client's timeout per attempt,
    /// which a lease must outlive. Does nothing by default.
    fn on_client(&self, timeout: Duration) {
        let _ = timeout;
    }
}

/// The future that [`Limiter::admit`] returns. It resolves to a permit.
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<Permit, LimiterError>> + Send + 'a>>;

/// The reason why a limiter does not admit a call.
#[derive(Debug, thiserror::Error)]
#[error("the account's limits cannot be kept: {0}")]
pub struct LimiterError(String);

impl LimiterError {
    /// Returns an error with this reason, which must not contain a secret.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// The longest pause that a `Retry-After` can cause.
pub(crate) const MAX_REQUESTED_PAUSE: Duration = Duration::from_secs(60 * 60);

/// A limiter without limits, for servers that have none, such as a mock server.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLimits;

impl Limiter for NoLimits {
    fn admit<'a>(&'a self, _: &'static EndpointInfo) -> Admission<'a> {
        Box::pin(async { Ok(Permit::new(())) })
    }

    fn on_rate_limited(&self, _: StatusCode) {}
}
