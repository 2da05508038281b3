//! The account's rate limits, measured on tokio's clock, which a test can pause.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dataforseo_models::{EndpointInfo, StatusCode, api};
use tokio::time::Instant;

/// The rate limits of an account. Pass them to [`Builder::limits`](crate::Builder::limits).
///
/// A call over a limit gets HTTP 200 with 40202 (calls per minute) or 40209 (simultaneous calls) on
/// the envelope, as from the API. The documented rates of endpoints apply, too
/// ([`EndpointInfo::calls_per_minute`]). Unauthenticated requests do not count against the limits. The
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
    starts: Mutex<Starts>,
    in_flight: Arc<AtomicUsize>,
}

/// The calls of the last minute.
#[derive(Default)]
struct Starts {
    all: LastMinute,
    /// Those to endpoints that have a rate of their own, by function of the rate card.
    by_function: HashMap<&'static str, LastMinute>,
}

/// The start of each call in the last minute, oldest first.
#[derive(Default)]
struct LastMinute(VecDeque<Instant>);

impl LastMinute {
    /// Returns the number of calls that started less than a minute ago.
    fn count(&mut self, now: Instant) -> usize {
        let is_over = |start: &Instant| now.saturating_duration_since(*start) >= MINUTE;
        while self.0.front().is_some_and(is_over) {
            self.0.pop_front();
        }
        self.0.len()
    }
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
        *starts = Starts::default();
    }

    /// Admits a call, or returns the status code of the limit that it is over.
    pub(crate) fn admit(
        &self,
        endpoint: Option<&'static EndpointInfo>,
        now: Instant,
    ) -> Result<CallPermit, StatusCode> {
        let permit = CallPermit(Arc::clone(&self.in_flight));
        // Counted before the check, so that of two calls at one time only one gets the last place.
        if self.in_flight.fetch_add(1, Ordering::AcqRel) >= self.limits.simultaneous_calls {
            return Err(StatusCode::TooManySimultaneousCalls);
        }
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let Starts { all, by_function } = &mut *starts;
        let own = endpoint.and_then(|it| Some((it.function, it.calls_per_minute?)));
        let own = own.map(|(function, max)| (by_function.entry(function).or_default(), max));
        if all.count(now) >= self.limits.calls_per_minute {
            return Err(StatusCode::RateLimitExceeded);
        }
        if let Some((calls, max)) = own {
            if calls.count(now) >= max as usize {
                return Err(StatusCode::RateLimitExceeded);
            }
            calls.0.push_back(now);
        }
        all.0.push_back(now);
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
        let first = limiter.admit(None, start);
        let second = limiter.admit(None, after(1));
        assert!(first.is_ok() && second.is_ok());
        let code = |result: Result<CallPermit, _>| result.err();
        let simultaneous = Some(StatusCode::TooManySimultaneousCalls);
        assert_eq!(code(limiter.admit(None, after(1))), simultaneous);
        drop((first, second));
        assert_eq!(code(limiter.admit(None, after(1))), None);
        let rate = Some(StatusCode::RateLimitExceeded);
        assert_eq!(code(limiter.admit(None, after(59))), rate);
        assert_eq!(code(limiter.admit(None, after(60))), None);
        assert_eq!(code(limiter.admit(None, after(60))), rate);
        limiter.reset();
        assert_eq!(code(limiter.admit(None, after(60))), None);
    }

    #[cfg(feature = "appendix")]
    #[test]
    fn an_endpoint_keeps_its_own_rate() {
        use dataforseo_models::{Endpoint as _, appendix::UserData};

        let limiter = RateLimiter::new(Limits::API);
        let start = Instant::now();
        let max = UserData::INFO.calls_per_minute.unwrap();
        let code = |after| {
            let admitted = limiter.admit(Some(UserData::INFO), start + Duration::from_secs(after));
            admitted.err()
        };
        for _ in 0..max {
            assert_eq!(code(0), None);
        }
        assert_eq!(code(59), Some(StatusCode::RateLimitExceeded));
        assert!(limiter.admit(None, start).is_ok());
        assert_eq!(code(60), None);
    }
}
