//! The account's limits: calls a minute, calls at once, and what to do when the API says that they
//! are passed all the same.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dataforseo_models::{EndpointInfo, StatusCode, api};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Mutex as FairMutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Admission, Limiter, LimiterError, Permit};

/// How many calls may go at once in the steady flow. What goes at once is taken off the flow, so
/// that no minute has more than it may.
const BURST: u32 = 20;
/// The first wait after a refusal; it doubles with each that follows without a success.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The limits of one account, within this program.
///
/// Callers wait in the order in which they came. Give the same to several clients if they use the
/// same account; clones of a client share it without that.
///
/// ```
/// use std::sync::Arc;
/// use dataforseo_client::{AccountLimits, Client};
///
/// # fn main() -> Result<(), dataforseo_client::ConfigError> {
/// // Half of the account is another program's.
/// let limits = Arc::new(AccountLimits::new(1000, 15));
/// let client = Client::builder().credentials("login", "password").limiter(limits).build()?;
/// # Ok(())
/// # }
/// ```
pub struct AccountLimits {
    calls: Rate,
    running: Arc<Semaphore>,
    /// Endpoints with a limit of their own, by their name.
    endpoints: Mutex<HashMap<&'static str, Arc<Rate>>>,
    pause: Mutex<Pause>,
    clock: TokioClock,
}

/// A rate, and the queue before it.
struct Rate {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Nanos>>,
    queue: FairMutex<()>,
}

#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    /// How many refusals there were since the last success.
    refusals: u32,
}

impl fmt::Debug for AccountLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountLimits")
            .field("free", &self.running.available_permits())
            .finish_non_exhaustive()
    }
}

impl Default for AccountLimits {
    /// The documented limits of an account.
    fn default() -> Self {
        Self::new(api::CALLS_PER_MINUTE, api::SIMULTANEOUS_CALLS)
    }
}

impl AccountLimits {
    /// Limits of one's own: a share of the account, or what was agreed on with the vendor. At least
    /// one call each.
    pub fn new(calls_per_minute: u32, simultaneous_calls: u32) -> Self {
        let clock = TokioClock::default();
        Self {
            calls: Rate::new(calls_per_minute, clock),
            running: Arc::new(Semaphore::new(simultaneous_calls.max(1) as usize)),
            endpoints: Mutex::default(),
            pause: Mutex::default(),
            clock,
        }
    }

    /// The rate of an endpoint that has one of its own.
    fn of_endpoint(&self, endpoint: &'static EndpointInfo) -> Option<Arc<Rate>> {
        let limit = endpoint.calls_per_minute?;
        let mut all = self
            .endpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let rate = all
            .entry(endpoint.id)
            .or_insert_with(|| Arc::new(Rate::new(limit, self.clock)));
        Some(Arc::clone(rate))
    }

    /// Waits until nobody is told to wait any more.
    async fn pause(&self) {
        loop {
            let until = self
                .pause
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .until;
            match until {
                Some(until) if until > Instant::now() => sleep_until(until).await,
                _ => return,
            }
        }
    }

    async fn place(&self, endpoint: &'static EndpointInfo) -> Result<Permit, LimiterError> {
        // The endpoint's own rate first: whoever waits for it keeps nobody else from going.
        if let Some(rate) = self.of_endpoint(endpoint) {
            rate.wait(self.clock).await;
        }
        let running: OwnedSemaphorePermit = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| LimiterError::new("the limiter was closed"))?;
        // Then the account's rate, with the place in hand: the call goes when its turn has come.
        let _turn = self.calls.queue.lock().await;
        self.pause().await;
        self.calls.ready(self.clock).await;
        Ok(Permit::new(running))
    }
}

impl Limiter for AccountLimits {
    fn admit<'a>(&'a self, endpoint: &'static EndpointInfo) -> Admission<'a> {
        Box::pin(self.place(endpoint))
    }

    fn on_rate_limited(&self, _: StatusCode) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // Several calls that were under way together are refused together: that is one refusal.
        if pause.until.is_some_and(|until| until > now) {
            return;
        }
        let wait = FIRST_PAUSE.saturating_mul(1 << pause.refusals.min(5));
        pause.refusals += 1;
        pause.until = Some(now + wait.min(LONGEST_PAUSE));
    }

    fn on_accepted(&self) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        pause.refusals = 0;
    }
}

/// The time from one call to the next, and how many may go at once. Both together are what a minute
/// may have.
pub(crate) fn flow(calls_per_minute: u32) -> (Duration, u32) {
    let burst = BURST.min(calls_per_minute / 10).max(1);
    let steady = calls_per_minute.saturating_sub(burst).max(1);
    (Duration::from_secs(60) / steady, burst)
}

impl Rate {
    fn new(calls_per_minute: u32, clock: TokioClock) -> Self {
        let (interval, burst) = flow(calls_per_minute);
        let quota = Quota::with_period(interval)
            .unwrap_or(Quota::per_minute(NonZeroU32::MIN))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        Self {
            limiter: RateLimiter::direct_with_clock(quota, clock),
            queue: FairMutex::new(()),
        }
    }

    async fn wait(&self, clock: TokioClock) {
        let _turn = self.queue.lock().await;
        self.ready(clock).await;
    }

    /// Waits for the rate, by whoever is first in its queue.
    async fn ready(&self, clock: TokioClock) {
        while let Err(not_yet) = self.limiter.check() {
            // Timers are exact to the millisecond; a moment too late is no call too early.
            let wait = not_yet.wait_time_from(clock.now());
            sleep(wait.max(Duration::from_millis(1))).await;
        }
    }
}

/// Tokio's clock for governor, so that a paused one is paused for limits, too.
#[derive(Debug, Clone, Copy)]
struct TokioClock {
    began: Instant,
}

impl Default for TokioClock {
    fn default() -> Self {
        Self {
            began: Instant::now(),
        }
    }
}

impl Clock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.began.elapsed().into()
    }
}
