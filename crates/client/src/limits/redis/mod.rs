//! The account's limits across machines, through Redis.
//!
//! A call in flight holds a lease. It is not renewed: its life is the longest time that the call can
//! last, so that it outlives the call whatever happens to the process or to Redis. Times are those of
//! Redis, so the clocks of the machines may differ.

mod scripts;
mod shared;

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dataforseo_models::{EndpointInfo, StatusCode, api};
use redis::{Client, Script};
use tokio::time::{Instant, sleep, timeout};

use self::scripts::{ADMIT, DECLARE_IDLE, FORGET_REFUSALS, PAUSE, PAUSE_FOR, Status};
use self::shared::{RETRY_DELAY, RedisLease, Shared, Times, micros};
use super::account::{AccountLimits, MAX_PAUSE, Pace, pace};
use super::endpoint_rates::EndpointRates;
use super::permit::{Permit, Validity};
use super::queues::Queues;
use super::{Admission, Limiter, LimiterError, MAX_REQUESTED_PAUSE};
use crate::account_rates::AccountRates;

/// The longest time between two decisions about a call that waits.
const MAX_WAIT: Duration = Duration::from_secs(1);
/// The timeout of [`RedisLimits::flush`].
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// The minimum time between two reports that Redis is unavailable.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// The default timeout of a client per attempt.
const CALL_TIMEOUT: Duration = Duration::from_secs(api::SERVER_TIMEOUT.as_secs() + 30);

/// What happens to calls while Redis is unavailable.
///
/// Redis counts as unavailable while it does not respond, and after it lost its record of the calls in
/// flight: see [`RedisLimits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisFallback {
    /// Calls fail with [`ErrorKind::Limiter`](crate::ErrorKind::Limiter). The limits are always
    /// kept.
    Refuse,
    /// Calls wait until Redis is available again. The limits are always kept.
    Wait {
        /// The longest wait. Calls that waited longer fail with
        /// [`ErrorKind::Limiter`](crate::ErrorKind::Limiter).
        at_most: Duration,
    },
    /// Calls are sent within the share of this program.
    ///
    /// At most `limit + S` calls are in flight at once. `limit` is that of
    /// [`RedisLimits::limits`], and `S` is the sum of the shares of the programs that are cut off from
    /// Redis. A program subtracts its calls that Redis admitted from its share. The same sum holds for
    /// calls per minute.
    ///
    /// So the limits of the account are always kept if `limit` and all shares together are within
    /// them: for 30 simultaneous calls and two programs, `limits(1800, 26)` and shares of 100 and 2.
    Share {
        /// Calls per minute of this program.
        calls_per_minute: u32,
        /// Simultaneous calls of this program.
        simultaneous_calls: u32,
    },
}

/// A limiter that keeps the limits of one account across machines, through Redis.
///
/// All programs that use the same Redis server and account name share the limits.
///
/// ```no_run
/// use std::sync::Arc;
/// use dataforseo_client::{Client, RedisLimits, RedisFallback};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limits = RedisLimits::new("redis://127.0.0.1/", "agency", RedisFallback::Refuse)?;
/// let client = Client::builder().credentials("login", "password").limiter(Arc::new(limits)).build()?;
/// # Ok(())
/// # }
/// ```
///
/// # Leases
/// Each call in flight holds a place in Redis, which outlives the call. It is released when the call
/// has ended. Where this cannot be known, the place is kept until the server must have ended the call:
///
/// | what happens | the place is kept for |
/// | --- | --- |
/// | The response arrived, or the call was not sent. | – |
/// | The call was given up: a timeout, a dropped future, a failed connection. | [`server_timeout`](Self::server_timeout), 120 s |
/// | The process died or was cut off from Redis. | [`call_timeout`](Self::call_timeout) and `server_timeout`, 270 s |
///
/// A margin of a sixteenth is added. A call whose process stood still for longer than the margin after
/// its admission requests another place.
///
/// # A Redis without memory
/// Redis can lose its record of the calls in flight: after a restart, a failover, `FLUSHALL`, or an
/// eviction. The loss is noticed by a marker in the account's state, and so is a state that went back
/// in time. Redis then counts as unavailable until all calls from before must have ended, 287 s with
/// the default timeouts.
///
/// This also applies to a new Redis. Call [`declare_idle`](Self::declare_idle) when you set it up to
/// begin at once.
///
/// # Requirements
/// Redis 5 or later, as one server or as a cluster. Its user needs `EVAL`, `EVALSHA`, `SCRIPT LOAD`,
/// `INFO`, `TIME`, `EXISTS`, `DEL` and the commands of hashes. Do not set the clock of Redis forward
/// while programs run. Two servers that both accept writes keep the limits twice: set
/// `min-replicas-to-write 1` where a replica can be promoted.
pub struct RedisLimits {
    shared: Arc<Shared>,
    fallback: Fallback,
    calls_per_minute: u32,
    simultaneous_calls: u32,
    /// Callers of this program are admitted in their order.
    queues: Queues,
    endpoint_rates: EndpointRates,
    on_unavailable: Option<Report>,
    /// When the callback ran last.
    reported_at: Mutex<Option<Instant>>,
}

/// A callback for the reason why Redis is unavailable.
type Report = Box<dyn Fn(&LimiterError) + Send + Sync>;

/// What a program does while Redis is unavailable.
enum Fallback {
    Refuse,
    Wait(Duration),
    Share(Box<AccountLimits>),
}

/// What Redis decided about a call.
enum Decision {
    Admitted(Validity),
    Wait(Duration),
    /// The calls in flight are not known for this time.
    Away(Duration),
}

impl fmt::Debug for RedisLimits {
    /// Without the URL, which can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimits")
            .field("prefix", &self.shared.prefix)
            .finish_non_exhaustive()
    }
}

impl RedisLimits {
    /// Returns a limiter with the documented limits of an account. It connects to Redis on the first
    /// call.
    ///
    /// `account` is any name that all programs use for the account. `fallback` applies while Redis
    /// is unavailable.
    ///
    /// # Errors
    /// When the URL cannot be read. The message leaves it out, as it can contain a password.
    pub fn new(
        url: &str,
        account: impl fmt::Display,
        fallback: RedisFallback,
    ) -> Result<Self, LimiterError> {
        let client = Client::open(url).map_err(|_| {
            LimiterError::new("the URL of Redis cannot be read: expected redis://HOST:PORT/")
        })?;
        let fallback = match fallback {
            RedisFallback::Refuse => Fallback::Refuse,
            RedisFallback::Wait { at_most } => Fallback::Wait(at_most),
            RedisFallback::Share {
                calls_per_minute,
                simultaneous_calls,
            } => Fallback::Share(Box::new(AccountLimits::new(
                calls_per_minute,
                simultaneous_calls,
            ))),
        };
        let times = Times {
            call_timeout: CALL_TIMEOUT,
            server_timeout: api::SERVER_TIMEOUT,
        };
        Ok(Self {
            shared: Arc::new(Shared::new(
                client,
                format!("{{dataforseo:{account}}}"),
                times,
            )),
            fallback,
            calls_per_minute: api::CALLS_PER_MINUTE,
            simultaneous_calls: api::SIMULTANEOUS_CALLS,
            queues: Queues::default(),
            endpoint_rates: EndpointRates::default(),
            on_unavailable: None,
            reported_at: Mutex::default(),
        })
    }

    /// Sets the limits of the account. Defaults to the documented limits, 2000 calls per minute and 30
    /// simultaneous calls. All programs that share the account must set the same limits.
    pub fn limits(mut self, calls_per_minute: u32, simultaneous_calls: u32) -> Self {
        self.calls_per_minute = calls_per_minute.max(1);
        self.simultaneous_calls = simultaneous_calls.max(1);
        self
    }

    /// Sets the longest timeout of a call of any program that shares the account. Defaults to 150 s,
    /// the default timeout of a client. A client with a longer timeout raises it.
    pub fn call_timeout(self, time: Duration) -> Self {
        self.shared.set_times(Times {
            call_timeout: time,
            ..self.shared.times()
        });
        self
    }

    /// Sets the time after which the server has ended a call that it received. Defaults to the
    /// documented [`SERVER_TIMEOUT`](api::SERVER_TIMEOUT), 120 s.
    pub fn server_timeout(mut self, time: Duration) -> Self {
        self.shared.set_times(Times {
            server_timeout: time,
            ..self.shared.times()
        });
        if let Fallback::Share(share) = self.fallback {
            self.fallback = Fallback::Share(Box::new(share.server_timeout(time)));
        }
        self
    }

    /// Sets a callback that runs when calls wait, fail or use the share because Redis is unavailable, at
    /// most once per minute. Defaults to none.
    pub fn on_unavailable(
        mut self,
        report: impl Fn(&LimiterError) + Send + Sync + 'static,
    ) -> Self {
        self.on_unavailable = Some(Box::new(report));
        self
    }

    /// Runs the callback, unless it ran in the last minute.
    fn report_unavailable(&self, error: &LimiterError) {
        let Some(report) = &self.on_unavailable else {
            return;
        };
        let mut last = self
            .reported_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= REPORT_INTERVAL) {
            *last = Some(Instant::now());
            drop(last);
            report(error);
        }
    }

    /// Declares that no call of the account is in flight or was sent in the last minute, so that a new
    /// Redis admits calls at once. Does nothing if Redis has a state of the account. Returns whether
    /// the state was new.
    ///
    /// # Errors
    /// When Redis is unavailable.
    pub async fn declare_idle(&self) -> Result<bool, LimiterError> {
        let script = Script::new(DECLARE_IDLE);
        let mut declare = script.prepare_invoke();
        declare.key(self.shared.state());
        let began: u64 = self.shared.run(&declare).await?;
        Ok(began == 1)
    }

    /// Waits until Redis knows which calls have ended, at most 2 s. Returns whether it knows.
    ///
    /// Call this before the program ends. Otherwise the places of the last calls are kept until their
    /// leases expire.
    pub async fn flush(&self) -> bool {
        timeout(FLUSH_TIMEOUT, self.shared.reported()).await.is_ok()
    }

    async fn permit(&self, endpoint: &'static EndpointInfo) -> Result<Permit, LimiterError> {
        let began = Instant::now();
        let turn = self.queues.turn(self.endpoint_rates.of(endpoint)).await;
        let mut lease = RedisLease::new(&self.shared);
        loop {
            let unavailable = match self.decide(&mut lease, endpoint).await {
                Ok(Decision::Admitted(validity)) => return Ok(self.permit_for(lease, validity)),
                Ok(Decision::Wait(time)) => {
                    sleep(time.clamp(Duration::from_millis(1), MAX_WAIT)).await;
                    continue;
                }
                Ok(Decision::Away(time)) => incomplete(time),
                Err(unavailable) => unavailable,
            };
            self.report_unavailable(&unavailable);
            match &self.fallback {
                Fallback::Wait(at_most) if began.elapsed() < *at_most => sleep(RETRY_DELAY).await,
                Fallback::Refuse | Fallback::Wait(_) => return Err(unavailable),
                Fallback::Share(share) => {
                    tracing::debug!(%unavailable, "using this program's share of the limits");
                    drop(turn);
                    return share.admit(endpoint).await;
                }
            }
        }
    }

    fn permit_for(&self, lease: RedisLease, validity: Validity) -> Permit {
        let share = match &self.fallback {
            Fallback::Share(share) => share.free_permit(),
            _ => None,
        };
        let permit = Permit::with_abandon((lease, share), |(lease, share)| {
            lease.abandon();
            if let Some(share) = share {
                share.abandon();
            }
        });
        permit.valid_for(validity)
    }

    /// Requests a lease. If the reply is lost, Redis may have the lease nevertheless; it is then
    /// released or expires.
    async fn decide(
        &self,
        lease: &mut RedisLease,
        endpoint: &'static EndpointInfo,
    ) -> Result<Decision, LimiterError> {
        let shared = &self.shared;
        let account = pace(self.calls_per_minute);
        let own = self.endpoint_rates.of(endpoint);
        let own = own.map_or(Pace::UNLIMITED, |rate| pace(rate.calls_per_minute));
        if lease.is_requested {
            *lease = RedisLease::new(shared);
        }
        shared.report_endings();
        // A second attempt sets the clock right that the first one did not know.
        for _ in 0..2 {
            let times = shared.times();
            let validity = Validity::new(times.margin(), times.call_timeout);
            let known = shared.known();
            let script = Script::new(ADMIT);
            let mut admit = script.prepare_invoke();
            admit
                .key(shared.state())
                .arg(&lease.name)
                .arg(micros(times.lease_life()))
                .arg(self.simultaneous_calls)
                .arg(micros(account.interval))
                .arg(account.burst)
                .arg(format!("rate:{}", endpoint.function))
                .arg(micros(own.interval))
                .arg(own.burst)
                .arg(known.generation)
                .arg(known.count)
                .arg(known.latest());
            lease.is_requested = true;
            let (status, wait, now, generation, count): (u64, u64, u64, u64, u64) =
                shared.run(&admit).await?;
            shared.remember(generation, count, now);
            let wait = Duration::from_micros(wait);
            let status = Status::of(status);
            lease.is_requested = status == Status::Admitted;
            match status {
                Status::Admitted => return Ok(Decision::Admitted(validity)),
                Status::Wait => return Ok(Decision::Wait(wait)),
                Status::Away => return Ok(Decision::Away(wait)),
                Status::Late => {}
            }
        }
        Err(LimiterError::new(
            "Redis is unavailable: it responds too late",
        ))
    }

    /// Runs a script in the background, whose result is not needed.
    fn report(&self, script: &'static str, argument: Option<u64>) {
        self.shared.in_background(|shared| async move {
            let script = Script::new(script);
            let mut report = script.prepare_invoke();
            report.key(shared.state());
            if let Some(argument) = argument {
                report.arg(argument);
            }
            let _: Result<u64, _> = shared.run(&report).await;
        });
    }
}

/// Returns the error while the calls in flight are not known.
fn incomplete(time: Duration) -> LimiterError {
    LimiterError::new(format!(
        "Redis is new or lost its record of the calls in flight; calls from before can last for \
         another {} s",
        time.as_secs() + 1
    ))
}

impl Limiter for RedisLimits {
    fn admit<'a>(&'a self, endpoint: &'static EndpointInfo) -> Admission<'a> {
        Box::pin(self.permit(endpoint))
    }

    fn on_rate_limited(&self, code: StatusCode) {
        if let Fallback::Share(share) = &self.fallback {
            share.on_rate_limited(code);
        }
        self.shared.refused.store(true, Ordering::Release);
        self.report(PAUSE, Some(MAX_PAUSE.as_secs()));
    }

    fn on_retry_after(&self, wait: Duration) {
        if let Fallback::Share(share) = &self.fallback {
            share.on_retry_after(wait);
        }
        self.report(PAUSE_FOR, Some(micros(wait.min(MAX_REQUESTED_PAUSE))));
    }

    fn on_account_rates(&self, rates: &AccountRates) {
        if let Fallback::Share(share) = &self.fallback {
            share.on_account_rates(rates);
        }
        self.endpoint_rates.set(rates);
    }

    fn on_accepted(&self) {
        if let Fallback::Share(share) = &self.fallback {
            share.on_accepted();
        }
        if self.shared.refused.swap(false, Ordering::AcqRel) {
            self.report(FORGET_REFUSALS, None);
        }
    }

    fn on_client(&self, timeout: Duration) {
        self.shared.raise_call_timeout(timeout);
    }
}
