//! Keeping the account's limits: calls per minute and simultaneous calls.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use dataforseo_models::{EndpointInfo, StatusCode};

pub(crate) mod account;
#[cfg(feature = "redis")]
pub(crate) mod redis;

/// A limiter that keeps the limits of an account: calls per minute and simultaneous calls.
///
/// The client calls [`admit`](Self::admit) before each attempt and drops the [`Permit`] after it.
/// [`AccountLimits`](crate::AccountLimits) keeps the limits within a program, and `RedisLimits`,
/// behind the feature `redis`, across machines. Clones of a client share their limiter.
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

    /// Called when the API accepted a call. Does nothing by default.
    fn on_accepted(&self) {}
}

/// The future that [`Limiter::admit`] returns. It resolves to a permit.
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<Permit, LimiterError>> + Send + 'a>>;

/// The permission to have one call in flight. When it is dropped, another call can be admitted.
#[must_use = "dropping a permit releases its place"]
pub struct Permit(
    #[allow(dead_code, reason = "dropping it releases the place")] Box<dyn Any + Send>,
);

impl Permit {
    /// Returns a permit that contains `held`, such as a semaphore permit, and drops it with itself.
    pub fn new(held: impl Any + Send) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

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

/// A limiter without limits, for servers that have none, such as a mock server.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLimits;

impl Limiter for NoLimits {
    fn admit<'a>(&'a self, _: &'static EndpointInfo) -> Admission<'a> {
        Box::pin(async { Ok(Permit::new(())) })
    }

    fn on_rate_limited(&self, _: StatusCode) {}
}
