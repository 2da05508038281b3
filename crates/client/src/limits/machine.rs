//! The account's limits on one machine, through locked files.
//!
//! Each place is a file, and a call in flight holds its lock. The kernel releases the lock when the
//! process ends, however it ends. The rates are in a file of their own, which is read and written under
//! its lock.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use dataforseo_models::{EndpointInfo, StatusCode, api};
use tokio::time::{Instant, sleep};

use super::abandoned::Abandoned;
use super::account::{INITIAL_PAUSE, MAX_PAUSE, Pace, pace};
use super::endpoint_rates::EndpointRates;
use super::permit::Permit;
use super::queues::Queues;
use super::{Admission, Limiter, LimiterError, MAX_REQUESTED_PAUSE};
use crate::account_rates::AccountRates;

/// The interval at which a caller looks for a free place.
const PLACE_CHECK: Duration = Duration::from_millis(25);
/// The interval at which a caller tries to lock the rates. They are locked for microseconds.
const LOCK_CHECK: Duration = Duration::from_millis(1);
/// The longest wait for the lock of the rates.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time between two decisions about a call that waits.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// A limiter that keeps the limits of one account on a machine, through locked files in a folder.
///
/// All programs that use the same folder share the limits: simultaneous calls, calls per minute, and
/// pauses after a refusal. The folder belongs to one account. It must not be deleted while programs
/// use it.
///
/// A program that ends releases its places at once, also if it is killed. Its last calls can then
/// still run on the server. A call that was given up keeps its place for the
/// [`server_timeout`](Self::server_timeout), as long as its program runs.
///
/// ```no_run
/// use std::sync::Arc;
/// use dataforseo_client::{Client, MachineLimits};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limits = MachineLimits::open("/var/lib/reports/dataforseo-limits")?;
/// let client = Client::builder().credentials("login", "password").limiter(Arc::new(limits)).build()?;
/// # Ok(())
/// # }
/// ```
pub struct MachineLimits {
    folder: PathBuf,
    calls_per_minute: u32,
    simultaneous_calls: u32,
    server_timeout: Duration,
    /// Callers of this program are admitted in their order.
    queues: Queues,
    endpoint_rates: EndpointRates,
    /// The places of calls that were given up.
    abandoned: Arc<Abandoned<File>>,
    news: Mutex<News>,
}

/// What this program has learned and not yet written to the shared file.
#[derive(Debug, Default)]
struct News {
    is_refused: bool,
    pause_until: Option<SystemTime>,
    /// Whether the refusals in a row have ended.
    is_accepted: bool,
    /// Whether the next success ends a row of refusals.
    was_refused: bool,
}

/// What was decided about a call.
enum Decision {
    /// The locked file is the place of the call.
    Admitted(File),
    Wait(Duration),
    /// Another program has locked the rates.
    Locked,
}

impl fmt::Debug for MachineLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MachineLimits")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl MachineLimits {
    /// Returns a limiter with the documented limits of an account. Creates the folder if it does not
    /// exist, for the current user only.
    ///
    /// # Errors
    /// When files in the folder cannot be created or locked.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, LimiterError> {
        let folder = folder.into();
        let failed = |error| failure(&folder, &error);
        create_folder(&folder).map_err(failed)?;
        lock(&folder.join(RATES)).map_err(failed)?;
        Ok(Self {
            folder,
            calls_per_minute: api::CALLS_PER_MINUTE,
            simultaneous_calls: api::SIMULTANEOUS_CALLS,
            server_timeout: api::SERVER_TIMEOUT,
            queues: Queues::default(),
            endpoint_rates: EndpointRates::default(),
            abandoned: Arc::default(),
            news: Mutex::default(),
        })
    }

    /// Sets the limits of the account. Defaults to the documented limits, 2000 calls per minute and 30
    /// simultaneous calls. All programs that share the folder must set the same limits.
    pub fn limits(mut self, calls_per_minute: u32, simultaneous_calls: u32) -> Self {
        self.calls_per_minute = calls_per_minute.max(1);
        self.simultaneous_calls = simultaneous_calls.max(1);
        self
    }

    /// Sets the time after which the server has ended a call that the client gave up. Defaults to the
    /// documented [`SERVER_TIMEOUT`](api::SERVER_TIMEOUT), 120 s.
    pub fn server_timeout(mut self, time: Duration) -> Self {
        self.server_timeout = time;
        self
    }

    async fn permit(&self, endpoint: &'static EndpointInfo) -> Result<Permit, LimiterError> {
        let _turn = self.queues.turn(self.endpoint_rates.of(endpoint)).await;
        let mut locked_since = None;
        loop {
            self.abandoned.release_expired();
            let decision = self
                .decide(endpoint)
                .map_err(|error| failure(&self.folder, &error))?;
            match decision {
                Decision::Admitted(place) => {
                    let (abandoned, time) = (Arc::clone(&self.abandoned), self.server_timeout);
                    let keep = move |place| abandoned.keep(place, time);
                    return Ok(Permit::with_abandon(place, keep));
                }
                Decision::Wait(time) => {
                    locked_since = None;
                    sleep(time.clamp(Duration::from_millis(1), MAX_WAIT)).await;
                }
                Decision::Locked => {
                    let since = *locked_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > LOCK_TIMEOUT {
                        return Err(LimiterError::new(format!(
                            "{} has been locked for {LOCK_TIMEOUT:?}: end or continue the program \
                             that stands still",
                            self.folder.join(RATES).display()
                        )));
                    }
                    sleep(LOCK_CHECK).await;
                }
            }
        }
    }

    /// Admits a call if there is a place and the rates allow it.
    fn decide(&self, endpoint: &'static EndpointInfo) -> io::Result<Decision> {
        let Some(file) = lock(&self.folder.join(RATES))? else {
            return Ok(Decision::Locked);
        };
        let mut rates = Rates::read(file, micros_of(SystemTime::now()))?;
        self.add_news(&mut rates);
        let own = self.endpoint_rates.of(endpoint);
        let own = own.map(|rate| pace(rate.calls_per_minute));
        let account = pace(self.calls_per_minute);
        let name = format!("rate:{}", endpoint.function);
        let wait = rates.wait_for(ACCOUNT, &account);
        let wait = own
            .as_ref()
            .map_or(wait, |own| wait.max(rates.wait_for(&name, own)));
        let wait = wait.max(rates.pause());
        let place = match wait {
            0 => self.free_place()?,
            _ => None,
        };
        let decision = match place {
            Some(place) => {
                rates.count(ACCOUNT, &account);
                if let Some(own) = &own {
                    rates.count(&name, own);
                }
                Decision::Admitted(place)
            }
            None if wait > 0 => Decision::Wait(Duration::from_micros(wait)),
            None => Decision::Wait(PLACE_CHECK),
        };
        rates.write()?;
        Ok(decision)
    }

    /// Returns the lock of a place that is free.
    fn free_place(&self) -> io::Result<Option<File>> {
        for number in 0..self.simultaneous_calls {
            if let Some(place) = lock(&self.folder.join(format!("place-{number:03}")))? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Writes what this program has learned to the shared rates.
    fn add_news(&self, rates: &mut Rates) {
        let mut news = self.news();
        if std::mem::take(&mut news.is_accepted) {
            rates.set("refusals", 0);
        }
        if std::mem::take(&mut news.is_refused) && rates.pause() == 0 {
            let refusals = rates.get("refusals");
            let wait = INITIAL_PAUSE.saturating_mul(1 << refusals.min(5));
            rates.set("refusals", refusals + 1);
            rates.pause_until(rates.now + micros(wait.min(MAX_PAUSE)));
        }
        if let Some(until) = news.pause_until.take() {
            rates.pause_until(micros_of(until));
        }
    }

    /// Informs other programs now if possible, and otherwise before the next call.
    fn publish(&self) {
        if let Ok(Some(file)) = lock(&self.folder.join(RATES))
            && let Ok(mut rates) = Rates::read(file, micros_of(SystemTime::now()))
        {
            self.add_news(&mut rates);
            if let Err(error) = rates.write() {
                tracing::warn!(%error, "other programs are not informed of a refusal");
            }
        }
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limiter for MachineLimits {
    fn admit<'a>(&'a self, endpoint: &'static EndpointInfo) -> Admission<'a> {
        Box::pin(self.permit(endpoint))
    }

    fn on_rate_limited(&self, _: StatusCode) {
        let mut news = self.news();
        (news.is_refused, news.was_refused) = (true, true);
        drop(news);
        self.publish();
    }

    fn on_retry_after(&self, wait: Duration) {
        self.news().pause_until = Some(SystemTime::now() + wait.min(MAX_REQUESTED_PAUSE));
        self.publish();
    }

    fn on_account_rates(&self, rates: &AccountRates) {
        self.endpoint_rates.set(rates);
    }

    fn on_accepted(&self) {
        let mut news = self.news();
        if std::mem::take(&mut news.was_refused) {
            news.is_accepted = true;
        }
    }
}

/// The name of the file with the rates.
const RATES: &str = "rates";
/// The rate of the account.
const ACCOUNT: &str = "rate";
/// The time at which the rates began without knowledge of earlier calls.
const SINCE: &str = "since";
const PAUSE: &str = "pause";

/// The shared rates: the time, in microseconds since 1970, at which each is free again.
struct Rates {
    file: File,
    times: BTreeMap<String, u64>,
    now: u64,
    is_changed: bool,
}

impl Rates {
    /// Reads the rates from the locked file.
    fn read(mut file: File, now: u64) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // A program was killed while it wrote, or something else did. The calls before are unknown.
        let unknown = || BTreeMap::from([(SINCE.to_owned(), now)]);
        let read = serde_json::from_slice(&bytes).ok();
        let is_changed = read.is_none() && !bytes.is_empty();
        let times = match read {
            Some(times) => times,
            None if bytes.is_empty() => BTreeMap::new(),
            None => unknown(),
        };
        Ok(Self {
            file,
            times,
            now,
            is_changed,
        })
    }

    fn get(&self, name: &str) -> u64 {
        self.times.get(name).copied().unwrap_or_default()
    }

    fn set(&mut self, name: &str, value: u64) {
        self.times.insert(name.to_owned(), value);
        self.is_changed = true;
    }

    /// Returns the time at which a rate is free.
    fn due(&mut self, name: &str, pace: &Pace) -> u64 {
        let longest = self.now + micros(pace.interval) * u64::from(pace.burst);
        // Rates without knowledge of earlier calls begin as if the burst were used up.
        let begin = || match self.get(SINCE) {
            0 => 0,
            since => since + micros(pace.interval) * u64::from(pace.burst),
        };
        let due = self.times.get(name).copied().unwrap_or_else(begin);
        if due > longest {
            // The clock went back. Only the new time makes the rate free again.
            self.set(name, longest);
        }
        due.clamp(self.now, longest)
    }

    /// Returns the microseconds until a rate allows a call.
    fn wait_for(&mut self, name: &str, pace: &Pace) -> u64 {
        let ahead = micros(pace.interval) * u64::from(pace.burst - 1);
        (self.due(name, pace) - self.now).saturating_sub(ahead)
    }

    /// Counts a call.
    fn count(&mut self, name: &str, pace: &Pace) {
        let due = self.due(name, pace) + micros(pace.interval);
        self.set(name, due);
    }

    /// Returns the microseconds until the end of the pause.
    fn pause(&self) -> u64 {
        let rest = self.get(PAUSE).saturating_sub(self.now);
        // A pause that is longer was written by a clock that has gone back since.
        if rest > micros(MAX_REQUESTED_PAUSE) {
            0
        } else {
            rest
        }
    }

    fn pause_until(&mut self, until: u64) {
        self.set(PAUSE, until.max(self.now + self.pause()));
    }

    /// Writes the rates and releases the lock.
    fn write(mut self) -> io::Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        let text = serde_json::to_vec(&self.times)?;
        self.file.rewind()?;
        // Without truncation first, so that a program that is killed here leaves no empty file.
        self.file.write_all(&text)?;
        self.file.set_len(text.len() as u64)
    }
}

/// Locks a file, which is created if it does not exist. Returns `None` if another program has it.
/// Dropping the file releases the lock.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    let file = options.read(true).write(true).create(true).truncate(false);
    let file = file.open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Creates a folder for the current user only.
fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn failure(folder: &Path, error: &io::Error) -> LimiterError {
    LimiterError::new(format!("the folder {}: {error}", folder.display()))
}

/// Returns a time in whole microseconds.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn micros_of(time: SystemTime) -> u64 {
    micros(
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default(),
    )
}
