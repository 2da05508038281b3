//! The limits of one account within a program.

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
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::abandoned::Abandoned;
use super::endpoint_rates::{EndpointRate, EndpointRates};
use super::permit::Permit;
use super::{Admission, Limiter, LimiterError, MAX_REQUESTED_PAUSE};
use crate::account_rates::AccountRates;

/// The maximum number of calls that are admitted without an interval. They are subtracted from the
/// steady rate, so that no minute has more calls than allowed.
const MAX_BURST: u32 = 20;
/// The pause after the first refusal. It doubles per refusal until a call succeeds.
pub(crate) const INITIAL_PAUSE: Duration = Duration::from_secs(1);
pub(crate) const MAX_PAUSE: Duration = Duration::from_secs(30);

/// A limiter that keeps the limits of one account within a program.
///
/// Calls are admitted in the order in which they arrive. Clones of a client share its limiter; pass
/// one limiter to clients that are built separately for the account. When the API refuses a call
/// because of a rate limit (40202, 40209), all callers pause for 1 s, doubled per refusal up to 30 s.
/// A header `Retry-After` can make the pause longer, up to 1 h.
///
/// A call that was given up (a timeout, a dropped future, a failed connection) can still run on the
/// server. It keeps its place for the [`server_timeout`](Self::server_timeout).
///
/// ```
/// use std::sync::Arc;
/// use dataforseo_client::{AccountLimits, Client};
///
/// # fn main() -> Result<(), dataforseo_client::ConfigError> {
/// // Another program uses the other half of the account.
/// let limits = Arc::new(AccountLimits::new(1000, 15));
/// let client = Client::builder().credentials("login", "password").limiter(limits).build()?;
/// # Ok(())
/// # }
/// ```
pub struct AccountLimits {
    calls: Rate,
    running: Arc<Semaphore>,
    /// The first of the callers that wait for a place.
    place_queue: FairMutex<()>,
    /// The places of calls that were given up.
    abandoned: Arc<Abandoned<OwnedSemaphorePermit>>,
    server_timeout: Duration,
    endpoint_rates: EndpointRates,
    /// The rates of endpoints that have a limit of their own, by function.
    endpoints: Mutex<HashMap<&'static str, Arc<Rate>>>,
    pause: Mutex<Pause>,
    clock: TokioClock,
}

/// A rate and the queue of its callers.
struct Rate {
    calls_per_minute: u32,
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Nanos>>,
    queue: FairMutex<()>,
}

#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    /// The number of refusals since the last success.
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
    /// Returns a limiter with the documented limits of an account,
    /// [`CALLS_PER_MINUTE`](api::CALLS_PER_MINUTE) and
    /// [`SIMULTANEOUS_CALLS`](api::SIMULTANEOUS_CALLS).
    fn default() -> Self {
        Self::new(api::CALLS_PER_MINUTE, api::SIMULTANEOUS_CALLS)
    }
}

impl AccountLimits {
    /// Returns a limiter with these limits: a share of the account, or limits that you agreed on with
    /// the vendor. Each is at least 1.
    pub fn new(calls_per_minute: u32, simultaneous_calls: u32) -> Self {
        let clock = TokioClock::default();
        Self {
            calls: Rate::new(calls_per_minute, clock),
            running: Arc::new(Semaphore::new(simultaneous_calls.max(1) as usize)),
            place_queue: FairMutex::new(()),
            abandoned: Arc::default(),
            server_timeout: api::SERVER_TIMEOUT,
            endpoint_rates: EndpointRates::default(),
            endpoints: Mutex::default(),
            pause: Mutex::default(),
            clock,
        }
    }

    /// Sets the time after which the server has ended a call that the client gave up. Defaults to the
    /// documented [`SERVER_TIMEOUT`](api::SERVER_TIMEOUT), 120 s.
    pub fn server_timeout(mut self, time: Duration) -> Self {
        self.server_timeout = time;
        self
    }

    /// Returns the rate of an endpoint that has a limit of its own.
    fn of_endpoint(&self, endpoint: &'static EndpointInfo) -> Option<Arc<Rate>> {
        let EndpointRate {
            function,
            calls_per_minute,
        } = self.endpoint_rates.of(endpoint)?;
        let mut all = self
            .endpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Rate::new(calls_per_minute, self.clock));
        let rate = all.entry(function).or_insert_with(new);
        if rate.calls_per_minute != calls_per_minute {
            // The account's own rate became known.
            *rate = new();
        }
        Some(Arc::clone(rate))
    }

    /// Waits for the end of the pause after a refusal.
    async fn wait_for_pause(&self) {
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

    async fn permit(&self, endpoint: &'static EndpointInfo) -> Result<Permit, LimiterError> {
        // The endpoint's own rate comes first: waiting for it does not delay other endpoints.
        if let Some(rate) = self.of_endpoint(endpoint) {
            rate.wait(self.clock).await;
        }
        let place = self.place().await;
        // The account's rate comes last, so that an admitted call is sent at once.
        let _turn = self.calls.queue.lock().await;
        self.wait_for_pause().await;
        self.calls.ready(self.clock).await;
        Ok(self.permit_for(place))
    }

    /// Waits for a place among the simultaneous calls.
    async fn place(&self) -> OwnedSemaphorePermit {
        let _turn = self.place_queue.lock().await;
        loop {
            self.abandoned.release_expired();
            let place = Arc::clone(&self.running).acquire_owned();
            if let Ok(Ok(place)) = timeout(self.abandoned.next_check(), place).await {
                return place;
            }
        }
    }

    /// Returns a permit if a place is free now, without regard to the rate.
    #[cfg(feature = "redis")]
    pub(crate) fn free_permit(&self) -> Option<Permit> {
        self.abandoned.release_expired();
        let place = Arc::clone(&self.running).try_acquire_owned().ok()?;
        Some(self.permit_for(place))
    }

    fn permit_for(&self, place: OwnedSemaphorePermit) -> Permit {
        let (abandoned, time) = (Arc::clone(&self.abandoned), self.server_timeout);
        Permit::with_abandon(place, move |place| abandoned.keep(place, time))
    }
}

impl Limiter for AccountLimits {
    fn admit<'a>(&'a self, endpoint: &'static EndpointInfo) -> Admission<'a> {
        Box::pin(self.permit(endpoint))
    }

    fn on_rate_limited(&self, _: StatusCode) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // Calls in flight are refused together: that counts as one refusal.
        if pause.until.is_some_and(|until| until > now) {
            return;
        }
        let wait = INITIAL_PAUSE.saturating_mul(1 << pause.refusals.min(5));
        pause.refusals += 1;
        pause.until = Some(now + wait.min(MAX_PAUSE));
    }

    fn on_retry_after(&self, wait: Duration) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + wait.min(MAX_REQUESTED_PAUSE);
        pause.until = pause.until.max(Some(until));
    }

    fn on_account_rates(&self, rates: &AccountRates) {
        self.endpoint_rates.set(rates);
    }

    fn on_accepted(&self) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        pause.refusals = 0;
    }
}

/// A rate of calls. Interval and burst together allow no more calls per minute than the limit.
pub(crate) struct Pace {
    /// The time between two calls.
    pub(crate) interval: Duration,
    /// The number of calls that are admitted without an interval.
    pub(crate) burst: u32,
}

impl Pace {
    /// No limit.
    #[cfg(feature = "redis")]
    pub(crate) const UNLIMITED: Self = Self {
        interval: Duration::ZERO,
        burst: 1,
    };
}

/// Returns the pace that keeps a number of calls per minute.
pub(crate) fn pace(calls_per_minute: u32) -> Pace {
    let burst = MAX_BURST.min(calls_per_minute / 10).max(1);
    let steady = calls_per_minute.saturating_sub(burst).max(1);
    Pace {
        interval: Duration::from_secs(60) / steady,
        burst,
    }
}

impl Rate {
    fn new(calls_per_minute: u32, clock: TokioClock) -> Self {
        let Pace { interval, burst } = pace(calls_per_minute);
        let quota = Quota::with_period(interval)
            .unwrap_or(Quota::per_minute(NonZeroU32::MIN))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        Self {
            calls_per_minute,
            limiter: RateLimiter::direct_with_clock(quota, clock),
            queue: FairMutex::new(()),
        }
    }

    async fn wait(&self, clock: TokioClock) {
        let _turn = self.queue.lock().await;
        self.ready(clock).await;
    }

    /// Waits for the rate. Only the first caller of the queue may call this.
    async fn ready(&self, clock: TokioClock) {
        while let Err(not_yet) = self.limiter.check() {
            // Timers are exact to the millisecond, so a shorter sleep would busy-wait.
            let wait = not_yet.wait_time_from(clock.now());
            sleep(wait.max(Duration::from_millis(1))).await;
        }
    }
}

/// Tokio's clock for governor, so that a paused clock pauses the limits, too.
#[derive(Debug, Clone, Copy)]
struct TokioClock {
    start: Instant,
}

impl Default for TokioClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.start.elapsed().into()
    }
}
