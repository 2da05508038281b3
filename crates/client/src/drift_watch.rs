//! Watching for answers that are not as documented, while a program runs.
//!
//! One answer in many is handed to a thread, which reads it once more, strictly, and counts. What is
//! kept is where something was not as documented, never what stood there.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use dataforseo_models::drift::{DriftKind, DriftLocation, locations};
use dataforseo_models::{EndpointInfo, FromLenientJson, RawEnvelope};
use jiff::Timestamp;
use serde::Serialize;

use crate::response::RawResponse;

/// Looks at some of the answers for what is not as documented: fields that nobody documented, values
/// of another kind, new values of enums, new members of unions. Clones share what they saw.
///
/// It keeps the endpoint, the place and the kind of each difference, how often and when it was seen:
/// no value, no key of a map, nothing else of an answer, and of so many places at most. An answer
/// that is not looked at costs a counter. One that is looked at is handed to a thread of the watch, and
/// held until it was looked at; while that has enough to do, further ones are left out. So no call waits
/// for the watch, and none fails by it. The answers to calls with types are looked at; those of
/// [`Client::send`](crate::Client::send) have none, and posts have no results.
///
/// ```
/// # fn main() -> Result<(), dataforseo_client::ConfigError> {
/// use dataforseo_client::{Client, DriftWatch};
///
/// let watch = DriftWatch::builder()
///     .one_in(20)
///     .on_first(|entry| eprintln!("new: {entry}"))
///     .build();
/// let client = Client::builder()
///     .credentials("login", "password")
///     .drift_watch(watch.clone())
///     .build()?;
/// // …calls, for days
/// println!("{}", watch.report());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct DriftWatch {
    inner: Arc<Inner>,
}

/// Makes a [`DriftWatch`].
#[must_use]
pub struct DriftWatchBuilder {
    one_in: u64,
    most: usize,
    on_first: Option<OnFirst>,
    clock: Clock,
}

type OnFirst = Box<dyn Fn(&DriftEntry) + Send + Sync>;
type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// So many answers wait to be looked at; further ones are left out.
const WAITING: usize = 8;

struct Inner {
    one_in: u64,
    /// How many answers there were.
    answers: AtomicU64,
    /// How many of those that were due were left out.
    skipped: AtomicU64,
    seen: Arc<Seen>,
    /// To the thread, which begins with the first answer that is looked at; `None` if none can be
    /// had.
    thread: OnceLock<Option<SyncSender<Job>>>,
}

impl Default for Inner {
    fn default() -> Self {
        Self::new(DriftWatch::builder())
    }
}

/// What the thread fills.
struct Seen {
    most: usize,
    on_first: Option<OnFirst>,
    clock: Clock,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    checked: u64,
    failed: u64,
    unlisted: u64,
    locations: BTreeMap<(&'static str, String, DriftKind), Count>,
}

struct Count {
    count: u64,
    first: Timestamp,
    last: Timestamp,
}

enum Job {
    Look {
        endpoint: &'static EndpointInfo,
        response: RawResponse,
        /// The pass over the results of one task, by their type.
        pass: fn(&str) -> Result<Vec<DriftLocation>, serde_json::Error>,
    },
    /// To be answered when all that came before was looked at.
    Settle(SyncSender<()>),
}

impl DriftWatch {
    /// Begins to make one. [`DriftWatch::default`] is one as it is unless set.
    pub fn builder() -> DriftWatchBuilder {
        DriftWatchBuilder {
            one_in: 100,
            most: 10_000,
            on_first: None,
            clock: Box::new(Timestamp::now),
        }
    }

    /// What was seen so far. What waits to be looked at is not in it: [`flush`](Self::flush)
    /// before, to have that too.
    pub fn report(&self) -> DriftReport {
        let counts = self.inner.seen.counts();
        let entries = counts.locations.iter();
        let entries = entries.map(|((endpoint, location, kind), count)| DriftEntry {
            endpoint,
            location: location.clone(),
            kind: *kind,
            count: count.count,
            first: count.first,
            last: count.last,
        });
        DriftReport {
            responses: self.inner.answers.load(Ordering::Relaxed),
            checked: counts.checked,
            skipped: counts.failed + self.inner.skipped.load(Ordering::Relaxed),
            unlisted: counts.unlisted,
            entries: entries.collect(),
        }
    }

    /// Waits until all answers that were handed over were looked at. It blocks the thread that calls
    /// it: for the end of a program, and for tests. In [`on_first`](DriftWatchBuilder::on_first) it would
    /// wait for itself.
    pub fn flush(&self) {
        let Some(Some(thread)) = self.inner.thread.get() else {
            return;
        };
        let (done, settled) = sync_channel(1);
        if thread.send(Job::Settle(done)).is_ok() {
            // An error is the end of the thread, and of what could be waited for.
            let _ = settled.recv();
        }
    }

    /// Hands an answer over, if it is its turn.
    pub(crate) fn answered<R: FromLenientJson>(
        &self,
        endpoint: &'static EndpointInfo,
        response: &RawResponse,
    ) {
        let inner = &self.inner;
        let number = inner.answers.fetch_add(1, Ordering::Relaxed);
        // The first is looked at, so that a short program sees something.
        if inner.one_in == 0 || !number.is_multiple_of(inner.one_in) {
            return;
        }
        let job = Job::Look {
            endpoint,
            response: response.clone(),
            pass: locations::<Vec<R>>,
        };
        let thread = inner.thread.get_or_init(|| begin(&inner.seen));
        let handed_over = thread.as_ref().is_some_and(|it| it.try_send(job).is_ok());
        if !handed_over {
            inner.skipped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Nothing of what it saw: that is what [`report`](DriftWatch::report) is for.
impl fmt::Debug for DriftWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriftWatch")
            .field("one_in", &self.inner.one_in)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DriftWatchBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriftWatchBuilder")
            .field("one_in", &self.one_in)
            .field("max_locations", &self.most)
            .finish_non_exhaustive()
    }
}

impl DriftWatchBuilder {
    /// Looks at one answer in so many, the first included; at one in 100 unless set. 0 looks at none.
    pub fn one_in(mut self, answers: u64) -> Self {
        self.one_in = answers;
        self
    }

    /// Keeps so many different places at most, 10,000 unless set. What goes unlisted is counted as
    /// one ([`DriftReport::unlisted`]).
    pub fn max_locations(mut self, places: usize) -> Self {
        self.most = places;
        self
    }

    /// Calls this when a place is seen for the first time, on the watch's own thread. A panic in
    /// it ends there. An event goes to `tracing` besides.
    pub fn on_first(mut self, call: impl Fn(&DriftEntry) + Send + Sync + 'static) -> Self {
        self.on_first = Some(Box::new(call));
        self
    }

    /// Says what time it is. The system's clock unless set.
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Makes the watch. Its thread begins with the first answer that is looked at, and ends with
    /// the last clone.
    pub fn build(self) -> DriftWatch {
        DriftWatch {
            inner: Arc::new(Inner::new(self)),
        }
    }
}

impl Inner {
    fn new(builder: DriftWatchBuilder) -> Self {
        Self {
            one_in: builder.one_in,
            answers: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            seen: Arc::new(Seen {
                most: builder.most,
                on_first: builder.on_first,
                clock: builder.clock,
                counts: Mutex::default(),
            }),
            thread: OnceLock::new(),
        }
    }
}

/// Begins the thread. It holds no sender, so it ends when the watch is dropped.
fn begin(seen: &Arc<Seen>) -> Option<SyncSender<Job>> {
    let (sender, jobs) = sync_channel(WAITING);
    let seen = Arc::clone(seen);
    let thread = thread::Builder::new().name("dataforseo-drift".to_owned());
    thread.spawn(move || work(&seen, &jobs)).ok()?;
    Some(sender)
}

fn work(seen: &Seen, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Look {
                endpoint,
                response,
                pass,
            } => {
                // What goes wrong here is nobody's business but the report's.
                let look = || seen.look(endpoint, &response, pass);
                if !matches!(catch_unwind(AssertUnwindSafe(look)), Ok(Some(()))) {
                    seen.counts().failed += 1;
                }
            }
            Job::Settle(done) => {
                let _ = done.send(());
            }
        }
    }
}

impl Seen {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at an answer; `None` if it cannot be read.
    fn look(
        &self,
        endpoint: &'static EndpointInfo,
        response: &RawResponse,
        pass: fn(&str) -> Result<Vec<DriftLocation>, serde_json::Error>,
    ) -> Option<()> {
        let text = response.text();
        let envelope = RawEnvelope::parse(text.as_bytes()).ok()?;
        let mut all = Vec::new();
        for result in envelope.tasks.iter().filter_map(|task| task.result) {
            all.extend(pass(result.get()).ok()?);
        }
        let now = (self.clock)();
        self.counts().checked += 1;
        let new: Vec<DriftEntry> = all
            .into_iter()
            .filter_map(|location| self.count(endpoint, location, now))
            .collect();
        // The counts are not held while others have their say.
        for entry in &new {
            tracing::warn!(
                endpoint = entry.endpoint,
                location = entry.location,
                "an answer is not as documented: it {}",
                entry.kind
            );
            if let Some(call) = &self.on_first {
                // Whatever this does, the next one is told of.
                let _ = catch_unwind(AssertUnwindSafe(|| call(entry)));
            }
        }
        Some(())
    }

    /// Counts a place, and gives it if it is new.
    fn count(
        &self,
        endpoint: &'static EndpointInfo,
        found: DriftLocation,
        now: Timestamp,
    ) -> Option<DriftEntry> {
        let mut counts = self.counts();
        let location = format!("result{}", found.path);
        let key = (endpoint.id, location.clone(), found.kind);
        if let Some(known) = counts.locations.get_mut(&key) {
            known.count = known.count.saturating_add(found.count);
            known.last = now;
            return None;
        }
        if counts.locations.len() >= self.most {
            counts.unlisted = counts.unlisted.saturating_add(found.count);
            return None;
        }
        let count = Count {
            count: found.count,
            first: now,
            last: now,
        };
        counts.locations.insert(key, count);
        Some(DriftEntry {
            endpoint: endpoint.id,
            location,
            kind: found.kind,
            count: found.count,
            first: now,
            last: now,
        })
    }
}

/// What a [`DriftWatch`] saw: by endpoint, place and kind. It prints as lines, and as JSON by serde.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DriftReport {
    /// How many answers there were.
    pub responses: u64,
    /// How many of them were looked at.
    pub checked: u64,
    /// How many were due and left out: the thread had enough to do, or could not read them.
    pub skipped: u64,
    /// How often something was seen at a place for which there was no room any more. The list is
    /// not complete unless this is 0.
    pub unlisted: u64,
    /// The places, in order.
    pub entries: Vec<DriftEntry>,
}

/// A place at which answers were not as documented. It has nothing of what stood there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DriftEntry {
    /// The endpoint: `backlinks/bulk_ranks/live`.
    pub endpoint: &'static str,
    /// Where: `result[].items[].rank`, as `cargo xtask drift` says it. See [`DriftLocation::path`].
    pub location: String,
    /// In what it was not as documented.
    pub kind: DriftKind,
    /// How often that was seen, in the answers that were looked at.
    pub count: u64,
    /// When it was seen first.
    pub first: Timestamp,
    /// When it was seen last.
    pub last: Timestamp,
}

impl fmt::Display for DriftEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            endpoint,
            location,
            kind,
            count,
            first,
            last,
        } = self;
        write!(f, "{endpoint}: {location} {kind}; seen {count} times, ")?;
        match first == last {
            true => write!(f, "at {first:.0}"),
            false => write!(f, "from {first:.0} to {last:.0}"),
        }
    }
}

impl fmt::Display for DriftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            writeln!(f, "{entry}")?;
        }
        let Self {
            responses,
            checked,
            skipped,
            unlisted,
            entries,
        } = self;
        let locations = entries.len();
        write!(
            f,
            "{locations} locations in {checked} of {responses} responses"
        )?;
        if *skipped > 0 {
            write!(f, "; {skipped} more were selected and skipped")?;
        }
        if *unlisted > 0 {
            write!(
                f,
                "; it is full: {unlisted} entries of other places are not listed"
            )?;
        }
        Ok(())
    }
}
