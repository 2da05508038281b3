//! When a call that failed is sent again, and after how long.
//!
//! The API cannot tell a repeat from a second order. So what may have been charged is not repeated
//! unless the caller says so, and what is wrong stays wrong.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dataforseo_models::{EndpointInfo, RetryAdvice, StatusCode};

use crate::charge::Charge;
use crate::error::{Error, ErrorKind};

/// Decides about calls that failed.
pub trait RetryPolicy: Send + Sync + fmt::Debug {
    /// How long to wait before the call is sent again; `None` to give up.
    fn on_error(&self, failed: &FailedAttempt<'_>) -> Option<Duration>;

    /// A call succeeded or was given up: for policies that look at the share of repeats.
    fn on_complete(&self) {}
}

/// An attempt that failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct FailedAttempt<'a> {
    /// The endpoint.
    pub endpoint: &'static EndpointInfo,
    /// Which attempt it was, the first being 1.
    pub number: u32,
    /// How long the call takes already, waits included.
    pub elapsed: Duration,
    /// Why it failed.
    pub error: &'a Error,
    /// Whether this attempt was charged.
    pub charge: Charge,
    /// What a proxy said in `Retry-After`.
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

/// Nothing is ever sent again.
#[derive(Debug, Clone, Copy, Default)]
pub struct NeverRetry;

impl RetryPolicy for NeverRetry {
    fn on_error(&self, _: &FailedAttempt<'_>) -> Option<Duration> {
        None
    }
}

/// The ordinary policy.
///
/// | what happened | it is sent again |
/// | --- | --- |
/// | nothing left this program | yes |
/// | the API refused it for now: too many calls, a service is busy | yes |
/// | an internal error (50000), not charged | once: a malformed field can cause it, too |
/// | a proxy refused it (429) | yes, after `Retry-After` if there is one |
/// | it may have been charged | no, unless [`even_if_charged`](Self::even_if_charged), or the endpoint is free |
/// | it is wrong: the task, the credentials, the balance | never |
///
/// Waits are a random part of a time that doubles (full jitter), so that callers who failed together
/// do not come back together.
///
/// ```
/// use std::time::Duration;
/// use dataforseo_client::{Client, StandardRetryPolicy};
///
/// # fn main() -> Result<(), dataforseo_client::ConfigError> {
/// let policy = StandardRetryPolicy::default().max_attempts(3).time_limit(Duration::from_secs(60));
/// let client = Client::builder().credentials("login", "password").retry_policy(policy).build()?;
/// # Ok(())
/// # }
/// ```
pub struct StandardRetryPolicy {
    max_attempts: u32,
    time_limit: Duration,
    first_backoff: Duration,
    max_backoff: Duration,
    even_if_charged: bool,
    /// How many repeats there may be for each call that ended.
    retry_ratio: f64,
    /// Repeats that are left, for the share.
    left: Mutex<f64>,
    random: Box<dyn Fn() -> f64 + Send + Sync>,
}

/// Repeats that are there from the beginning, before any call has ended.
const RESERVE: f64 = 10.0;

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
            first_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(30),
            even_if_charged: false,
            retry_ratio: 0.1,
            left: Mutex::new(RESERVE),
            random: Box::new(fastrand::f64),
        }
    }
}

impl StandardRetryPolicy {
    /// How often a call is sent at most; 4 unless set.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// How long a call may take with its repeats; after that it is not repeated. 5 minutes unless
    /// set.
    pub fn time_limit(mut self, time: Duration) -> Self {
        self.time_limit = time;
        self
    }

    /// The first wait at most, and the longest; 1 s and 30 s unless set.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_backoff, self.max_backoff) = (first, longest);
        self
    }

    /// How many repeats there may be for each call, on average, so that an API in trouble does not
    /// get all calls many times; 0.1 unless set. Ten are there from the beginning.
    pub fn retry_ratio(mut self, ratio: f64) -> Self {
        self.retry_ratio = ratio;
        self
    }

    /// Repeats what may have been charged, too. It is safe for your results, and not for your
    /// money: the API charges each of them.
    pub fn even_if_charged(mut self) -> Self {
        self.even_if_charged = true;
        self
    }

    /// Where chance comes from: numbers from 0 to 1.
    pub fn random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// How often an attempt that failed like this may be made in all; 1 is not again.
    fn attempts_for(&self, failed: &FailedAttempt<'_>) -> u32 {
        let charged = failed.charge != Charge::None && failed.endpoint.charged;
        if charged && !self.even_if_charged {
            return 1;
        }
        match failed.error.kind() {
            ErrorKind::Transport(_) => self.max_attempts,
            ErrorKind::Http(429 | 500..=599) => self.max_attempts,
            ErrorKind::Body(_) | ErrorKind::NoTask => self.max_attempts.min(2),
            ErrorKind::Envelope { status_code, .. } | ErrorKind::Task { status_code, .. } => {
                match status_code.retry_advice() {
                    RetryAdvice::Later => self.max_attempts,
                    RetryAdvice::FewTimes => self.max_attempts.min(2),
                    // As a new task, which this is.
                    RetryAdvice::NewTask => self.max_attempts.min(2),
                    _ => 1,
                }
            }
            _ => 1,
        }
    }

    /// Takes one of the repeats that there may be.
    fn take(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let there = *left >= 1.0;
        if there {
            *left -= 1.0;
        }
        there
    }
}

impl RetryPolicy for StandardRetryPolicy {
    fn on_error(&self, failed: &FailedAttempt<'_>) -> Option<Duration> {
        if failed.number >= self.attempts_for(failed) {
            return None;
        }
        let doubled = self
            .first_backoff
            .saturating_mul(1_u32.checked_shl(failed.number - 1).unwrap_or(u32::MAX))
            .min(self.max_backoff);
        let jitter = doubled.mul_f64((self.random)().clamp(0.0, 1.0));
        // What is asked for is waited for, and the jitter on top of it.
        let wait = failed
            .retry_after
            .unwrap_or_default()
            .saturating_add(jitter);
        if failed.elapsed.saturating_add(wait) > self.time_limit || !self.take() {
            return None;
        }
        Some(wait)
    }

    fn on_complete(&self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + self.retry_ratio).min(RESERVE);
    }
}

/// Whether a code says that a limit of the account was passed.
pub(crate) fn is_limit(code: StatusCode) -> bool {
    matches!(
        code,
        StatusCode::RateLimitExceeded | StatusCode::TooManySimultaneousCalls
    )
}
