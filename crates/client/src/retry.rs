//! Retry policies: whether a failed call is sent again, and after how long.
//!
//! The API cannot distinguish a retry from another call, and charges both. Calls that may have been
//! charged are therefore not retried unless the caller allows it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dataforseo_models::EndpointInfo;

use crate::charge::Charge;
use crate::error::{Error, Retryable};

/// A policy that decides whether a failed call is retried.
///
/// [`StandardRetryPolicy`] is the default. [`NeverRetry`] disables retries.
pub trait RetryPolicy: Send + Sync + fmt::Debug {
    /// Called after each failed attempt. Returns the backoff before the next attempt, or `None` to
    /// give up.
    fn on_error(&self, failed: &FailedAttempt<'_>) -> Option<Duration>;

    /// Called once per call, after it succeeded or failed finally. Does nothing by default.
    ///
    /// For policies that limit the ratio of retries to calls.
    fn on_complete(&self) {}
}

/// An attempt that failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct FailedAttempt<'a> {
    /// The endpoint that was called.
    pub endpoint: &'static EndpointInfo,
    /// The number of the attempt, starting at 1.
    pub number: u32,
    /// The time since the first attempt began, including backoffs.
    pub elapsed: Duration,
    /// The error of the attempt.
    pub error: &'a Error,
    /// Whether this attempt was charged.
    pub charge: Charge,
    /// The wait that the header `Retry-After` requests, at most one day; `None` without the header.
    pub retry_after: Option<Duration>,
}

impl<'a> FailedAttempt<'a> {
    pub(crate) fn new(
        endpoint: &'static EndpointInfo,
        number: u32,
        elapsed: Duration,
        error: &'a Error,
        retry_after: Option<Duration>,
    ) -> Self {
        Self {
            endpoint,
            number,
            elapsed,
            charge: error.last_charge(),
            error,
            retry_after,
        }
    }
}

/// A policy that never retries.
#[derive(Debug, Clone, Copy, Default)]
pub struct NeverRetry;

impl RetryPolicy for NeverRetry {
    fn on_error(&self, _: &FailedAttempt<'_>) -> Option<Duration> {
        None
    }
}

/// The default policy: exponential backoff with full jitter, and no retry of a call that may have
/// been charged.
///
/// | failure | retried |
/// | --- | --- |
/// | nothing was sent | yes |
/// | the API refused the call for now: rate limit, busy service | yes |
/// | internal error of the API (50000), not charged | once, as an invalid field can be the cause |
/// | HTTP 429 from a proxy | yes, after `Retry-After` if there is one |
/// | the call may have been charged | no, unless [`even_if_charged`](Self::even_if_charged) is set or the endpoint is free |
/// | invalid task, wrong credentials, balance too low | never |
///
/// | setting | default |
/// | --- | --- |
/// | [`max_attempts`](Self::max_attempts) | 4 |
/// | [`time_limit`](Self::time_limit) | 5 minutes |
/// | [`backoff`](Self::backoff) | 1 s, doubled per attempt, at most 30 s |
/// | [`retry_ratio`](Self::retry_ratio) | 0.1 retries per call |
///
/// ```
/// use std::time::Duration;
/// use dataforseo_client::{Client, StandardRetryPolicy};
///
/// # fn main() -> Result<(), dataforseo_client::ConfigError> {
/// let policy = StandardRetryPolicy::default()
///     .max_attempts(3)
///     .time_limit(Duration::from_secs(60));
/// let client = Client::builder()
///     .credentials("login", "password")
///     .retry_policy(policy)
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub struct StandardRetryPolicy {
    max_attempts: u32,
    time_limit: Duration,
    initial_backoff: Duration,
    max_backoff: Duration,
    even_if_charged: bool,
    retry_ratio: f64,
    /// The number of retries that the ratio allows at the moment.
    allowance: Mutex<f64>,
    random: Box<dyn Fn() -> f64 + Send + Sync>,
}

/// The number of retries that the ratio allows at most, and before the first call ended.
const MAX_ALLOWANCE: f64 = 10.0;

impl fmt::Debug for StandardRetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandardRetryPolicy")
            .field("max_attempts", &self.max_attempts)
            .field("time_limit", &self.time_limit)
            .field("even_if_charged", &self.even_if_charged)
            .field("retry_ratio", &self.retry_ratio)
            .finish_non_exhaustive()
    }
}

impl Default for StandardRetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            time_limit: Duration::from_secs(300),
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(30),
            even_if_charged: false,
            retry_ratio: 0.1,
            allowance: Mutex::new(MAX_ALLOWANCE),
            random: Box::new(fastrand::f64),
        }
    }
}

impl StandardRetryPolicy {
    /// Sets the maximum number of attempts per call, including the first. Defaults to 4.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the time after which a call is not retried, measured from its first attempt. Defaults
    /// to 5 minutes.
    pub fn time_limit(mut self, time: Duration) -> Self {
        self.time_limit = time;
        self
    }

    /// Sets the upper bounds of the first and of the longest backoff. Default to 1 s and 30 s.
    ///
    /// The bound doubles per attempt. The backoff is a random part of it, so that callers that
    /// failed together do not retry together.
    pub fn backoff(mut self, initial: Duration, max: Duration) -> Self {
        self.initial_backoff = initial;
        self.max_backoff = max;
        self
    }

    /// Sets the maximum number of retries per call, on average over all calls. Defaults to 0.1.
    ///
    /// The ratio limits the load on an API that fails every call. A burst of up to ten retries is
    /// allowed; each completed call then allows another 0.1 retries.
    ///
    /// The ratio does not apply to calls that a rate limit refused without a charge: 40202, 40209 and
    /// HTTP 429. The number of attempts and the time limit do.
    pub fn retry_ratio(mut self, ratio: f64) -> Self {
        self.retry_ratio = ratio;
        self
    }

    /// Retries calls that may have been charged, too, if [`Error::is_retryable`] returns true. You may
    /// pay for each attempt. By default such calls are not retried.
    pub fn even_if_charged(mut self) -> Self {
        self.even_if_charged = true;
        self
    }

    /// Sets the source of randomness for the jitter, which returns numbers from 0 to 1. For tests.
    pub fn random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Returns the maximum number of attempts of a call that failed like this.
    fn attempts_for(&self, failed: &FailedAttempt<'_>) -> u32 {
        let charged = match failed.charge {
            Charge::None => false,
            Charge::Unknown => failed.endpoint.charged,
            Charge::Charged(_) => true,
        };
        if charged && !self.even_if_charged {
            return 1;
        }
        match failed.error.retryable() {
            Retryable::Never => 1,
            Retryable::Once => self.max_attempts.min(2),
            Retryable::Yes => self.max_attempts,
        }
    }

    fn allowance(&self) -> MutexGuard<'_, f64> {
        self.allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one retry from the allowance, if there is one.
    fn take_retry(&self) -> bool {
        let mut allowance = self.allowance();
        let available = *allowance >= 1.0;
        if available {
            *allowance -= 1.0;
        }
        available
    }
}

impl RetryPolicy for StandardRetryPolicy {
    fn on_error(&self, failed: &FailedAttempt<'_>) -> Option<Duration> {
        if failed.number >= self.attempts_for(failed) {
            return None;
        }
        let bound = self
            .initial_backoff
            .saturating_mul(1_u32.checked_shl(failed.number - 1).unwrap_or(u32::MAX))
            .min(self.max_backoff);
        let jitter = bound.mul_f64((self.random)().clamp(0.0, 1.0));
        // The jitter is added to the requested wait, which is a minimum.
        let backoff = failed
            .retry_after
            .unwrap_or_default()
            .saturating_add(jitter);
        if failed.elapsed.saturating_add(backoff) > self.time_limit {
            return None;
        }
        // A rate limit does not mean that the API fails, and the limiter spaces the calls.
        let free_refusal = failed.error.is_rate_limited() && failed.charge == Charge::None;
        (free_refusal || self.take_retry()).then_some(backoff)
    }

    fn on_complete(&self) {
        let mut allowance = self.allowance();
        *allowance = (*allowance + self.retry_ratio).min(MAX_ALLOWANCE);
    }
}
