//! The account's limits, kept as the API keeps them, on the clock of whoever tests.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dataforseo_models::{StatusCode, api};
use tokio::time::Instant;

/// How much the account may do. What is above it is answered with 40202 or 40209, in HTTP 200.
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
    /// Calls in any 60 seconds, those that are refused not counted.
    pub calls_per_minute: usize,
    /// Calls that are being answered at one time.
    pub simultaneous_calls: usize,
}

impl Limits {
    /// Those of the API.
    pub const API: Self = Self {
        calls_per_minute: api::CALLS_PER_MINUTE as usize,
        simultaneous_calls: api::SIMULTANEOUS_CALLS as usize,
    };
}

const MINUTE: Duration = Duration::from_secs(60);

/// What was used of the limits.
pub(crate) struct Account {
    limits: Limits,
    /// When the calls of the last minute began.
    calls: Mutex<VecDeque<Instant>>,
    running: Arc<AtomicUsize>,
}

/// A call that is being answered. Dropped when it is over.
pub(crate) struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Account {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            calls: Mutex::default(),
            running: Arc::default(),
        }
    }

    /// Forgets the calls of the last minute.
    pub(crate) fn reset(&self) {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Takes a call on, or says which limit is in the way.
    pub(crate) fn admit(&self, now: Instant) -> Result<Running, StatusCode> {
        let running = Running(Arc::clone(&self.running));
        // Counted first, so that two at one time cannot both be the last.
        if self.running.fetch_add(1, Ordering::AcqRel) >= self.limits.simultaneous_calls {
            return Err(StatusCode::TooManySimultaneousCalls);
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        while calls
            .front()
            .is_some_and(|began| now.saturating_duration_since(*began) >= MINUTE)
        {
            calls.pop_front();
        }
        if calls.len() >= self.limits.calls_per_minute {
            return Err(StatusCode::RateLimitExceeded);
        }
        calls.push_back(now);
        Ok(running)
    }
}
