//! The account's limits across machines, through Redis.
//!
//! Each decision is one script, so nothing comes between looking and taking, and Redis' own clock
//! counts, so clocks of machines may differ. A call that is under way holds a lease, which its
//! process renews while it lives; the lease of one that died runs out.

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

use super::account::{AccountLimits, flow};
use super::{Admission, Limiter, LimiterError, Permit};

/// How long a lease lives without being renewed.
const LEASE: Duration = Duration::from_secs(6);
/// How often leases are renewed.
const RENEWAL: Duration = Duration::from_secs(1);
/// How long nobody goes when Redis comes back without its memory: until all who have calls under
/// way have renewed their leases.
const RECOLLECTION: Duration = Duration::from_secs(3);
/// How long an answer of Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long Redis is left alone after it failed.
const REST: Duration = Duration::from_millis(500);

/// What to do when Redis is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisFallback {
    /// No call goes: [`ErrorKind::Limiter`](crate::ErrorKind::Limiter). The limits hold whatever
    /// happens.
    Refuse,
    /// Calls go within this machine's share of the account. Give each machine a share so that all
    /// together are within the limits. For as long as calls from before are under way, there may be
    /// more at once than the account may have.
    Share {
        /// Calls a minute.
        calls_per_minute: u32,
        /// Calls at once.
        simultaneous_calls: u32,
    },
}

/// The limits of one account, for all programs that name the same Redis and the same account.
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
    /// For [`RedisFallback::Share`].
    own: Option<AccountLimits>,
    calls_per_minute: u32,
    simultaneous_calls: u32,
    /// Callers of this program go in their order.
    queue: FairMutex<()>,
}

struct Shared {
    client: Client,
    /// The first part of all keys: in braces, so that a cluster keeps them in one place.
    prefix: String,
    connection: FairMutex<Option<ConnectionManager>>,
    /// When Redis failed last.
    failed: Mutex<Option<Instant>>,
    /// The leases of calls that are under way.
    live: Mutex<HashSet<String>>,
    renewing: AtomicBool,
    /// Whether a refusal is to be forgotten at the next success.
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

/// KEYS: leases, rate, rate of the endpoint, pause, memory. ARGV: lease, its length, calls at once,
/// interval and burst of the account, of the endpoint (0 for none), recollection; times in
/// microseconds. It gives how long to wait; 0 for a call that may go.
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
local function look(key, interval, burst)
  if interval == 0 then return nil end
  local due = math.max(tonumber(redis.call('GET', key) or 0), now)
  wait = math.max(wait, due - now - interval * (burst - 1))
  return due + interval
end
local account = look(KEYS[2], tonumber(ARGV[4]), tonumber(ARGV[5]))
local endpoint = look(KEYS[3], tonumber(ARGV[6]), tonumber(ARGV[7]))
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[2], string.format('%.0f', account), 'PX', 120000)
if endpoint then redis.call('SET', KEYS[3], string.format('%.0f', endpoint), 'PX', 120000) end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
return 0
";

/// KEYS: leases. ARGV: the length of a lease in microseconds, then leases.
const RENEW: &str = r"
local t = redis.call('TIME')
local until_ = string.format('%.0f', t[1] * 1000000 + t[2] + ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], until_, ARGV[i]) end
return 0
";

/// KEYS: pause, refusals. ARGV: longest pause in seconds. Several refusals within a pause are one.
const REFUSED: &str = r"
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
    /// The documented limits of an account that programs name alike. Nothing is connected yet.
    ///
    /// # Errors
    /// When the URL is none. It is not in the message: it can hold a password.
    pub fn new(
        url: &str,
        account: impl fmt::Display,
        when_away: RedisFallback,
    ) -> Result<Self, LimiterError> {
        let client =
            Client::open(url).map_err(|_| LimiterError::new("the URL of Redis cannot be read"))?;
        let own = match when_away {
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
            failed: Mutex::default(),
            live: Mutex::default(),
            renewing: AtomicBool::new(false),
            refused: AtomicBool::new(false),
            process: format!("{:016x}", fastrand::u64(..)),
            count: AtomicU64::new(0),
        };
        Ok(Self {
            shared: Arc::new(shared),
            own,
            calls_per_minute: api::CALLS_PER_MINUTE,
            simultaneous_calls: api::SIMULTANEOUS_CALLS,
            queue: FairMutex::default(),
        })
    }

    /// Other limits than the documented ones. All programs must say the same.
    pub fn limits(mut self, calls_per_minute: u32, simultaneous_calls: u32) -> Self {
        self.calls_per_minute = calls_per_minute.max(1);
        self.simultaneous_calls = simultaneous_calls.max(1);
        self
    }

    async fn place(&self, endpoint: &'static EndpointInfo) -> Result<Permit, LimiterError> {
        let _turn = self.queue.lock().await;
        let shared = &self.shared;
        let lease = Lease::new(shared);
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let (interval, burst) = flow(self.calls_per_minute);
        let (own_interval, own_burst) = match endpoint.calls_per_minute {
            Some(calls) => flow(calls),
            None => (Duration::ZERO, 1),
        };
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
                .arg(micros(LEASE))
                .arg(self.simultaneous_calls)
                .arg(micros(interval))
                .arg(burst)
                .arg(micros(own_interval))
                .arg(own_burst)
                .arg(micros(RECOLLECTION));
            match shared.run(&admit).await {
                Ok(0) => {
                    lease.hold();
                    return Ok(Permit::new(lease));
                }
                Ok(wait) => sleep(Duration::from_micros(wait).max(Duration::from_millis(1))).await,
                Err(away) => match &self.own {
                    Some(own) => {
                        tracing::debug!(%away, "this machine's share of the limits is used");
                        return own.admit(endpoint).await;
                    }
                    None => return Err(away),
                },
            }
        }
    }
}

impl Limiter for RedisLimits {
    fn admit<'a>(&'a self, endpoint: &'static EndpointInfo) -> Admission<'a> {
        Box::pin(self.place(endpoint))
    }

    fn on_rate_limited(&self, code: StatusCode) {
        if let Some(own) = &self.own {
            own.on_rate_limited(code);
        }
        self.shared.refused.store(true, Ordering::Release);
        self.shared.in_background(|shared| async move {
            let script = Script::new(REFUSED);
            let mut refused = script.prepare_invoke();
            refused
                .key(shared.key("pause"))
                .key(shared.key("refusals"))
                .arg(30);
            let _ = shared.run(&refused).await;
        });
    }

    fn on_accepted(&self) {
        if let Some(own) = &self.own {
            own.on_accepted();
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

    /// Runs a script, within reason. Redis is not asked again right after it failed.
    async fn run(&self, script: &redis::ScriptInvocation<'_>) -> Result<u64, LimiterError> {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_some_and(|failed| failed.elapsed() < REST) {
            return Err(LimiterError::new("Redis is away"));
        }
        let outcome = timeout(PATIENCE, async {
            let mut connection = self.connect().await?;
            script.invoke_async(&mut connection).await
        });
        let error = match outcome.await {
            Ok(Ok(answer)) => return Ok(answer),
            // Its kind and no more: a message can have the address in it.
            Ok(Err(error)) => format!("Redis is away: {:?}", error.kind()),
            Err(_) => format!("Redis is away: no answer within {PATIENCE:?}"),
        };
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
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

    /// Does something that nobody waits for, if there is a runtime to do it.
    fn in_background<F>(self: &Arc<Self>, act: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(act(Arc::clone(self)));
        }
    }

    /// Renews the leases of this program for as long as it has any.
    async fn renew(self: Arc<Self>) {
        loop {
            sleep(RENEWAL).await;
            let live: Vec<String> = {
                let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
                if live.is_empty() {
                    self.renewing.store(false, Ordering::Release);
                    return;
                }
                live.iter().cloned().collect()
            };
            let script = Script::new(RENEW);
            let mut renew = script.prepare_invoke();
            renew.key(self.key("leases"));
            renew.arg(u64::try_from(LEASE.as_micros()).unwrap_or(u64::MAX));
            for lease in live {
                renew.arg(lease);
            }
            // What cannot be renewed now is renewed in a second.
            let _ = self.run(&renew).await;
        }
    }
}

/// The right to have a call under way.
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
            .live
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
            .live
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        live.remove(&self.name);
        let name = std::mem::take(&mut self.name);
        // Without a runtime it runs out by itself.
        self.shared.in_background(|shared| async move {
            let script = Script::new("return redis.call('ZREM', KEYS[1], ARGV[1])");
            let mut release = script.prepare_invoke();
            release.key(shared.key("leases")).arg(name);
            let _ = shared.run(&release).await;
        });
    }
}
