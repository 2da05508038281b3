//! The connection to Redis, and what the leases of a program share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, RedisError, Script, ScriptInvocation};
use tokio::sync::Mutex as FairMutex;
use tokio::time::{Instant, sleep, timeout};

use super::super::LimiterError;
use super::scripts::END;

/// The timeout of a Redis command.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The time after a failure of Redis during which it is not used.
pub(super) const RETRY_DELAY: Duration = Duration::from_millis(500);
/// The interval at which a caller checks whether all endings were reported.
const REPORT_CHECK: Duration = Duration::from_millis(5);
/// The maximum number of leases that one script ends.
const MAX_ENDINGS: usize = 200;

pub(super) struct Shared {
    client: Client,
    /// The prefix of all keys. Its braces make a cluster keep them on one node.
    pub(super) prefix: String,
    connection: FairMutex<Option<ConnectionManager>>,
    /// The time of the last failure of Redis.
    failed_at: Mutex<Option<Instant>>,
    /// The leases whose end Redis does not know yet.
    endings: Mutex<Vec<Ending>>,
    is_ending: AtomicBool,
    /// The newest state that was seen.
    known: Mutex<KnownState>,
    /// The longest timeout of a call, in microseconds.
    call_timeout: AtomicU64,
    /// The time after which the server has ended a call, in microseconds.
    server_timeout: AtomicU64,
    /// Whether the next success resets the number of refusals.
    pub(super) refused: AtomicBool,
    process: String,
    count: AtomicU64,
}

/// The end of a lease.
#[derive(Debug, Clone)]
struct Ending {
    lease: String,
    /// How long its place is kept; zero to release it.
    keep: Duration,
    /// When it was first to be reported. An ending is given up when its lease has expired.
    reported_at: Instant,
}

/// The newest state that a program has seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KnownState {
    pub(super) generation: u64,
    pub(super) count: u64,
    clock: Option<ClockSample>,
}

/// The time of Redis at a moment.
#[derive(Debug, Clone, Copy)]
struct ClockSample {
    redis_micros: u64,
    at: Instant,
}

impl KnownState {
    /// Returns the time of Redis after which the caller of a script no longer waits; 0 if unknown.
    pub(super) fn latest(&self) -> u64 {
        self.clock.map_or(0, |sample| {
            sample.redis_micros + micros(sample.at.elapsed() + RESPONSE_TIMEOUT)
        })
    }
}

/// Returns a time in whole microseconds.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Shared {
    pub(super) fn new(client: Client, prefix: String, times: Times) -> Self {
        Self {
            client,
            prefix,
            connection: FairMutex::default(),
            failed_at: Mutex::default(),
            endings: Mutex::default(),
            is_ending: AtomicBool::new(false),
            known: Mutex::default(),
            call_timeout: AtomicU64::new(micros(times.call_timeout)),
            server_timeout: AtomicU64::new(micros(times.server_timeout)),
            refused: AtomicBool::new(false),
            process: format!("{:016x}", fastrand::u64(..)),
            count: AtomicU64::new(0),
        }
    }

    /// Returns the key of the account's state.
    pub(super) fn state(&self) -> String {
        format!("{}:state", self.prefix)
    }

    /// Returns a name that no other lease has.
    pub(super) fn lease_name(&self) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        format!("{}:{number}", self.process)
    }

    pub(super) fn times(&self) -> Times {
        let load = |time: &AtomicU64| Duration::from_micros(time.load(Ordering::Acquire));
        Times {
            call_timeout: load(&self.call_timeout),
            server_timeout: load(&self.server_timeout),
        }
    }

    pub(super) fn set_times(&self, times: Times) {
        self.call_timeout
            .store(micros(times.call_timeout), Ordering::Release);
        self.server_timeout
            .store(micros(times.server_timeout), Ordering::Release);
    }

    /// Makes leases outlive calls with this timeout.
    pub(super) fn raise_call_timeout(&self, timeout: Duration) {
        self.call_timeout
            .fetch_max(micros(timeout), Ordering::AcqRel);
    }

    pub(super) fn known(&self) -> KnownState {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the state that a script returned, unless a newer one is known.
    pub(super) fn remember(&self, generation: u64, count: u64, redis_micros: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if (generation, count) >= (known.generation, known.count) {
            (known.generation, known.count) = (generation, count);
        }
        known.clock = Some(ClockSample {
            redis_micros,
            at: Instant::now(),
        });
    }

    /// Runs a script, with a timeout. Fails at once for a while after a failure.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, LimiterError> {
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
    pub(super) fn in_background<F>(self: &Arc<Self>, act: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(act(Arc::clone(self)));
        }
    }

    /// Reports the end of a lease to Redis, now or when Redis is available again.
    pub(super) fn end(self: &Arc<Self>, lease: String, keep: Duration) {
        self.endings().push(Ending {
            lease,
            keep,
            reported_at: Instant::now(),
        });
        self.report_endings();
    }

    /// Starts to report the ends of leases, unless that is in progress.
    pub(super) fn report_endings(self: &Arc<Self>) {
        if self.endings().is_empty() || self.is_ending.swap(true, Ordering::AcqRel) {
            return;
        }
        let reporting = Reporting {
            shared: Arc::clone(self),
            is_active: true,
        };
        self.in_background(|_| reporting.run());
    }

    /// Waits until Redis knows the ends of all leases.
    pub(super) async fn reported(self: &Arc<Self>) {
        loop {
            self.report_endings();
            if self.endings().is_empty() {
                return;
            }
            sleep(REPORT_CHECK).await;
        }
    }

    fn endings(&self) -> std::sync::MutexGuard<'_, Vec<Ending>> {
        self.endings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that reports the ends of leases.
struct Reporting {
    shared: Arc<Shared>,
    /// Whether this task holds the flag `is_ending`.
    is_active: bool,
}

impl Reporting {
    async fn run(mut self) {
        while let Some(batch) = self.next_batch() {
            let script = Script::new(END);
            let mut end = script.prepare_invoke();
            end.key(self.shared.state());
            for ending in &batch {
                end.arg(&ending.lease).arg(micros(ending.keep));
            }
            match self.shared.run::<u64>(&end).await {
                // Only this task removes endings, and new ones are appended.
                Ok(_) => drop(self.shared.endings().drain(..batch.len())),
                Err(_) => sleep(RETRY_DELAY).await,
            }
        }
    }

    /// Returns the next endings, or `None` if there are none: this task is then over.
    fn next_batch(&mut self) -> Option<Vec<Ending>> {
        let life = self.shared.times().lease_life();
        let mut endings = self.shared.endings();
        endings.retain(|ending| ending.reported_at.elapsed() < life);
        if endings.is_empty() {
            // Under the lock, so that no ending is appended in between and then forgotten.
            self.is_active = false;
            self.shared.is_ending.store(false, Ordering::Release);
            return None;
        }
        Some(endings.iter().take(MAX_ENDINGS).cloned().collect())
    }
}

impl Drop for Reporting {
    /// Resets the flag where there is no runtime, or where it ends.
    fn drop(&mut self) {
        if self.is_active {
            self.shared.is_ending.store(false, Ordering::Release);
        }
    }
}

/// The times that the life of a lease depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// The longest timeout of a call.
    pub(super) call_timeout: Duration,
    /// The time after which the server has ended a call that it received.
    pub(super) server_timeout: Duration,
}

impl Times {
    /// Returns the time within which an admitted call must start. It also covers differences between
    /// the clocks.
    pub(super) fn margin(&self) -> Duration {
        let total = self.call_timeout + self.server_timeout;
        (total / 16).max(Duration::from_secs(1))
    }

    /// Returns the life of a lease: the call is sent within its timeout, and the server then ends it
    /// within its own.
    pub(super) fn lease_life(&self) -> Duration {
        self.call_timeout + self.server_timeout + self.margin()
    }
}

/// The place of one call in flight.
pub(super) struct RedisLease {
    shared: Arc<Shared>,
    pub(super) name: String,
    /// Whether Redis may have the lease.
    pub(super) is_requested: bool,
}

impl RedisLease {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            name: shared.lease_name(),
            is_requested: false,
        }
    }

    /// Keeps the place until the server must have ended the call.
    pub(super) fn abandon(mut self) {
        self.is_requested = false;
        let times = self.shared.times();
        let keep = times.server_timeout + times.margin();
        self.shared.end(std::mem::take(&mut self.name), keep);
    }
}

impl Drop for RedisLease {
    /// Releases the place. Without a runtime, the lease expires.
    fn drop(&mut self) {
        if self.is_requested {
            let name = std::mem::take(&mut self.name);
            self.shared.end(name, Duration::ZERO);
        }
    }
}
