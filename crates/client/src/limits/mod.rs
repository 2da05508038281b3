//! Keeping the account's limits: calls per minute and simultaneous calls.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use dataforseo_models::{EndpointInfo, StatusCode};

pub(crate) mod account;
#[cfg(feature = "redis")]
pub(crate) mod redis;

/// Who lets calls go, so that the account's limits are kept.
///
/// A client asks it before each attempt and drops the [`Permit`] when the attempt is over. One that
/// several clients, processes or machines share keeps the limits for all of them together:
/// [`AccountLimits`] does it within a program, clones of a client share theirs anyway.
///
/// An implementation must be fair (whoever waits longer goes first) and give its place back when
/// the future is dropped, for callers give up.
pub trait Limiter: Send + Sync + fmt::Debug {
    /// Waits until a call may go.
    fn admit<'a>(&'a self, endpoint: &'static EndpointInfo) -> Admission<'a>;

    /// The API refused a call because of a limit (40202, 40209): something else uses the account,
    /// too. Everybody should wait a while, not only the one who was refused.
    fn on_rate_limited(&self, code: StatusCode);

    /// The API took a call.
    fn on_accepted(&self) {}
}

/// A wait for a permit.
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<Permit, LimiterError>> + Send + 'a>>;

/// The right to have one call under way, until it is dropped.
#[must_use = "the place is free again when this is dropped"]
pub struct Permit(#[allow(dead_code, reason = "it is there to be dropped")] Box<dyn Any + Send>);

impl Permit {
    /// One that gives back what it holds.
    pub fn new(held: impl Any + Send) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// Why a limiter lets nobody go.
#[derive(Debug, thiserror::Error)]
#[error("the account's limits cannot be kept: {0}")]
pub struct LimiterError(String);

impl LimiterError {
    /// With the reason, which must not hold a secret.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// No limits: for a server that has none, such as a mock server in a test.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLimits;

impl Limiter for NoLimits {
    fn admit<'a>(&'a self, _: &'static EndpointInfo) -> Admission<'a> {
        Box::pin(async { Ok(Permit::new(())) })
    }

    fn on_rate_limited(&self, _: StatusCode) {}
}
