//! The account's limits across machines, through Redis.
//!
//! Each decision is one script, so that checking and taking are atomic. Times are those of Redis, so
//! the clocks of the machines may differ. A call in flight holds a lease, which its process renews.
//! The lease of a process that died expires.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dataforseo_models::{EndpointInfo, StatusCode, api};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use tokio::sync::Mutex as FairMutex;
use tokio::time::{Instant, sleep, timeout};

use super::account::{AccountLimits, Pace, pace};
use super::{Admission, Limiter, LimiterError, Permit};

/// The lifetime of a lease that is not renewed.
const LEASE_TIME: Duration = Duration::from_secs(6);
/// The interval at which leases are renewed.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(1);
/// The pause after Redis restarted without its data, until all processes have renewed the leases of
/// their calls in flight.
const REJOIN_GRACE: Duration = Duration::from_secs(3);
/// The timeout of a Redis command.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The time after a failure of Redis during which it is not used.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// What happens to calls while Redis is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisFallback {
    /// Calls fail with [`ErrorKind::Limiter`](crate::ErrorKind::Limiter). The limits are always
    /// kept.
    Refuse,
    /// Calls are sent within this machine's share of the account. Choose the shares so that their sum
    /// is within the account's limits. While calls from before the failure are in flight, there can
    /// be more simultaneous calls than the account allows.
    Share {
        /// Calls per minute of this machine.
        calls_per_minute: u32,
        /// Simultaneous calls of this machine.
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
pub struct RedisLimits {
    shared: Arc<Shared>,
    /// The limits for [`RedisFallback::Share`].
    fallback: Option<AccountLimits>,
    calls_per_minute: u32,
    simultaneous_calls: u32,
    /// Callers of this program are admitted in their order.
    queue: FairMutex<()>,
}

struct Shared {
    client: Client,
    /// The prefix of all keys. Its braces make a cluster keep them on one node.
    prefix: String,
    connection: FairMutex<Option<ConnectionManager>>,
    /// The time of the last failure of Redis.
    failed_at: Mutex<Option<Instant>>,
    /// The leases of calls in flight.
    leases: Mutex<HashSet<String>>,
    renewing: AtomicBool,
    /// Whether the next success resets the number of refusals.
    refused: AtomicBool,
    process: String,
    count: AtomicU64,
}

impl fmt::Debug for RedisLimits {
    /// Without the URL, which can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimits")
            .field("prefix", &self.shared.prefix)
            .finish_non_exhaustive()
    }
}

/// Admits a call, or returns how long to wait, in microseconds.
///
/// KEYS: leases, rate, rate of the endpoint, pause, memory. ARGV: lease, its lifetime, simultaneous
/// calls, interval and burst of the account and of the endpoint (0 for none), grace after a restart.
/// Times are in microseconds.
const ADMIT: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
if redis.call('EXISTS', KEYS[5]) == 0 then
  redis.call('SET', KEYS[5], 1)
  redis.call('SET', KEYS[4], string.format('%.0f', now + ARGV[8]), 'PX', math.ceil(ARGV[8] / 1000))
end
local pause = tonumber(redis.call('GET', KEYS[4]) or 0)
if pause > now then return math.ceil(pause - now) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 20000 end
local wait = 0
local function due_at(key, interval, burst)
  if interval == 0 then return nil end
  local due = math.max(tonumber(redis.call('GET', key) or 0), now)
  wait = math.max(wait, due - now - interval * (burst - 1))
  return due + interval
end
local account = due_at(KEYS[2], tonumber(ARGV[4]), tonumber(ARGV[5]))
local endpoint = due_at(KEYS[3], tonumber(ARGV[6]), tonumber(ARGV[7]))
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[2], string.format('%.0f', account), 'PX', 120000)
if endpoint then redis.call('SET', KEYS[3], string.format('%.0f', endpoint), 'PX', 120000) end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
return 0
";

/// Renews leases. KEYS: leases. ARGV: lifetime of a lease in microseconds, then leases.
const RENEW: &str = r"
local t = redis.call('TIME')
local until_ = string.format('%.0f', t[1] * 1000000 + t[2] + ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], until_, ARGV[i]) end
return 0
";

/// Starts a pause after a refusal. Several refusals within a pause count as one.
///
/// KEYS: pause, refusals. ARGV: longest pause in seconds.
const PAUSE: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
if tonumber(redis.call('GET', KEYS[1]) or 0) > now then return 0 end
local count = redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], 300)
local seconds = math.min(2 ^ (count - 1), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', now + seconds * 1000000), 'PX', seconds * 1000)
return 0
";

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
        let client =
            Client::open(url).map_err(|_| LimiterError::new("the URL of Redis cannot be read"))?;
        let fallback = match fallback {
            RedisFallback::Refuse => None,
            RedisFallback::Share {
                calls_per_minute,
                simultaneous_calls,
            } => Some(AccountLimits::new(calls_per_minute, simultaneous_calls)),
        };
        let shared = Shared {
            client,
            prefix: format!("{{dataforseo:{account}}}"),
            connection: FairMutex::default(),
            failed_at: Mutex::default(),
            leases: Mutex::default(),
            renewing: AtomicBool::new(false),
            refused: AtomicBool::new(false),
            process: format!("{:016x}", fastrand::u64(..)),
            count: AtomicU64::new(0),
        };
        Ok(Self {
            shared: Arc::new(shared),
            fallback,
            calls_per_minute: api::CALLS_PER_MINUTE,
            simultaneous_calls: api::SIMULTANEOUS_CALLS,
            queue: FairMutex::default(),
        })
    }

    /// Sets the limits of the account. Defaults to the documented limits, 2000 calls per minute and 30
    /// simultaneous calls. All programs that share the account must set the same limits.
    pub fn limits(mut self, calls_per_minute: u32, simultaneous_calls: u32) -> Self {
        self.calls_per_minute = calls_per_minute.max(1);
        self.simultaneous_calls = simultaneous_calls.max(1);
        self
    }

    async fn permit(&self, endpoint: &'static EndpointInfo) -> Result<Permit, LimiterError> {
        let _turn = self.queue.lock().await;
        let shared = &self.shared;
        let lease = Lease::new(shared);
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let account = pace(self.calls_per_minute);
        let own = endpoint.calls_per_minute.map_or(Pace::UNLIMITED, pace);
        loop {
            let script = Script::new(ADMIT);
            let mut admit = script.prepare_invoke();
            admit
                .key(shared.key("leases"))
                .key(shared.key("rate"))
                .key(shared.key(&format!("rate:{}", endpoint.id)))
                .key(shared.key("pause"))
                .key(shared.key("memory"))
                .arg(&lease.name)
                .arg(micros(LEASE_TIME))
                .arg(self.simultaneous_calls)
                .arg(micros(account.interval))
                .arg(account.burst)
                .arg(micros(own.interval))
                .arg(own.burst)
                .arg(micros(REJOIN_GRACE));
            match shared.run(&admit).await {
                Ok(0) => {
                    lease.hold();
                    return Ok(Permit::new(lease));
                }
                Ok(wait) => sleep(Duration::from_micros(wait).max(Duration::from_millis(1))).await,
                Err(unavailable) => match &self.fallback {
                    Some(fallback) => {
                        tracing::debug!(%unavailable, "using this machine's share of the limits");
                        return fallback.admit(endpoint).await;
                    }
                    None => return Err(unavailable),
                },
            }
        }
    }
}

impl Limiter for RedisLimits {
    fn admit<'a>(&'a self, endpoint: &'static EndpointInfo) -> Admission<'a> {
        Box::pin(self.permit(endpoint))
    }

    fn on_rate_limited(&self, code: StatusCode) {
        if let Some(fallback) = &self.fallback {
            fallback.on_rate_limited(code);
        }
        self.shared.refused.store(true, Ordering::Release);
        self.shared.in_background(|shared| async move {
            let script = Script::new(PAUSE);
            let mut refused = script.prepare_invoke();
            refused
                .key(shared.key("pause"))
                .key(shared.key("refusals"))
                .arg(30);
            let _ = shared.run(&refused).await;
        });
    }

    fn on_accepted(&self) {
        if let Some(fallback) = &self.fallback {
            fallback.on_accepted();
        }
        if self.shared.refused.swap(false, Ordering::AcqRel) {
            self.shared.in_background(|shared| async move {
                let script = Script::new("return redis.call('DEL', KEYS[1])");
                let mut forget = script.prepare_invoke();
                forget.key(shared.key("refusals"));
                let _ = shared.run(&forget).await;
            });
        }
    }
}

impl Shared {
    fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }

    /// Runs a script, with a timeout. Fails at once for a while after a failure.
    async fn run(&self, script: &redis::ScriptInvocation<'_>) -> Result<u64, LimiterError> {
        let failed_at = *self
            .failed_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if failed_at.is_some_and(|at| at.elapsed() < RETRY_DELAY) {
            return Err(LimiterError::new("Redis is unavailable"));
        }
        let outcome = timeout(RESPONSE_TIMEOUT, async {
            let mut connection = self.connect().await?;
            script.invoke_async(&mut connection).await
        });
        let error = match outcome.await {
            Ok(Ok(value)) => return Ok(value),
            // Only the kind: a message can contain the address.
            Ok(Err(error)) => format!("Redis is unavailable: {:?}", error.kind()),
            Err(_) => format!("Redis is unavailable: no response within {RESPONSE_TIMEOUT:?}"),
        };
        *self
            .failed_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        *self.connection.lock().await = None;
        tracing::warn!("{error}");
        Err(LimiterError::new(error))
    }

    async fn connect(&self) -> Result<ConnectionManager, RedisError> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new().set_number_of_retries(0);
        let new = ConnectionManager::new_with_config(self.client.clone(), config).await?;
        Ok(connection.insert(new).clone())
    }

    /// Spawns a task, if there is a runtime.
    fn in_background<F>(self: &Arc<Self>, act: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(act(Arc::clone(self)));
        }
    }

    /// Renews the leases of this program until it has none.
    async fn renew(self: Arc<Self>) {
        loop {
            sleep(RENEWAL_INTERVAL).await;
            let live: Vec<String> = {
                let live = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
                if live.is_empty() {
                    self.renewing.store(false, Ordering::Release);
                    return;
                }
                live.iter().cloned().collect()
            };
            let script = Script::new(RENEW);
            let mut renew = script.prepare_invoke();
            renew.key(self.key("leases"));
            renew.arg(u64::try_from(LEASE_TIME.as_micros()).unwrap_or(u64::MAX));
            for lease in live {
                renew.arg(lease);
            }
            // A failed renewal is repeated after the interval, before the leases expire.
            let _ = self.run(&renew).await;
        }
    }
}

/// The place of one call in flight.
struct Lease {
    shared: Arc<Shared>,
    name: String,
    held: AtomicBool,
}

impl Lease {
    fn new(shared: &Arc<Shared>) -> Self {
        let number = shared.count.fetch_add(1, Ordering::Relaxed);
        Self {
            name: format!("{}:{number}", shared.process),
            shared: Arc::clone(shared),
            held: AtomicBool::new(false),
        }
    }

    fn hold(&self) {
        self.held.store(true, Ordering::Release);
        let mut live = self
            .shared
            .leases
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        live.insert(self.name.clone());
        if !self.shared.renewing.swap(true, Ordering::AcqRel) {
            self.shared.in_background(Shared::renew);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.held.load(Ordering::Acquire) {
            return;
        }
        let mut live = self
            .shared
            .leases
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        live.remove(&self.name);
        let name = std::mem::take(&mut self.name);
        // Without a runtime the lease expires.
        self.shared.in_background(|shared| async move {
            let script = Script::new("return redis.call('ZREM', KEYS[1], ARGV[1])");
            let mut release = script.prepare_invoke();
            release.key(shared.key("leases")).arg(name);
            let _ = shared.run(&release).await;
        });
    }
}
