//! The account's rate limits, measured on tokio's clock, which a test can pause.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dataforseo_models::{StatusCode, api};
use tokio::time::Instant;

/// The rate limits of an account. Pass them to [`Builder::limits`](crate::Builder::limits).
///
/// A call over a limit gets HTTP 200 with 40202 (calls per minute) or 40209 (simultaneous calls) on
/// the envelope, as from the API. Unauthenticated requests do not count against the limits. The
/// server measures time on tokio's clock, so `tokio::time::advance` moves it in tests.
///
/// ```
/// use dataforseo_mock_server::{Limits, MockServer};
///
/// let few = Limits { calls_per_minute: 10, ..Limits::API };
/// let mock = MockServer::builder().limits(few).in_memory()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of calls in any 60 seconds. Calls over a limit are not counted.
    pub calls_per_minute: usize,
    /// The maximum number of calls in flight at one time.
    pub simultaneous_calls: usize,
}

impl Limits {
    /// The limits of the API: 2000 calls per minute, 30 simultaneous calls.
    pub const API: Self = Self {
        calls_per_minute: api::CALLS_PER_MINUTE as usize,
        simultaneous_calls: api::SIMULTANEOUS_CALLS as usize,
    };
}

const MINUTE: Duration = Duration::from_secs(60);

/// Applies [`Limits`] to the calls of one session.
pub(crate) struct RateLimiter {
    limits: Limits,
    /// The start of each call in the last minute, oldest first.
    starts: Mutex<VecDeque<Instant>>,
    in_flight: Arc<AtomicUsize>,
}

/// The place of a call among the simultaneous ones. Dropping it frees the place.
pub(crate) struct CallPermit(Arc<AtomicUsize>);

impl Drop for CallPermit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl RateLimiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            starts: Mutex::default(),
            in_flight: Arc::default(),
        }
    }

    /// Forgets the calls of the last minute. Calls in flight still count.
    pub(crate) fn reset(&self) {
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        starts.clear();
    }

    /// Admits a call, or returns the status code of the limit that it is over.
    pub(crate) fn admit(&self, now: Instant) -> Result<CallPermit, StatusCode> {
        let permit = CallPermit(Arc::clone(&self.in_flight));
        // Counted before the check, so that of two calls at one time only one gets the last place.
        if self.in_flight.fetch_add(1, Ordering::AcqRel) >= self.limits.simultaneous_calls {
            return Err(StatusCode::TooManySimultaneousCalls);
        }
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        while starts
            .front()
            .is_some_and(|start| now.saturating_duration_since(*start) >= MINUTE)
        {
            starts.pop_front();
        }
        if starts.len() >= self.limits.calls_per_minute {
            return Err(StatusCode::RateLimitExceeded);
        }
        starts.push_back(now);
        Ok(permit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_over_a_limit_are_rejected() {
        let limiter = RateLimiter::new(Limits {
            calls_per_minute: 3,
            simultaneous_calls: 2,
        });
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let first = limiter.admit(start);
        let second = limiter.admit(after(1));
        assert!(first.is_ok() && second.is_ok());
        let code = |result: Result<CallPermit, _>| result.err();
        let simultaneous = Some(StatusCode::TooManySimultaneousCalls);
        assert_eq!(code(limiter.admit(after(1))), simultaneous);
        drop((first, second));
        assert_eq!(code(limiter.admit(after(1))), None);
        let rate = Some(StatusCode::RateLimitExceeded);
        assert_eq!(code(limiter.admit(after(59))), rate);
        assert_eq!(code(limiter.admit(after(60))), None);
        assert_eq!(code(limiter.admit(after(60))), rate);
        limiter.reset();
        assert_eq!(code(limiter.admit(after(60))), None);
    }
}
