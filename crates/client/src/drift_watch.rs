//! A watch for responses that differ from the documentation, while a program runs.
//!
//! A thread decodes a sample of the responses a second time, strictly, and counts differences. It
//! keeps their locations and never the values.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use dataforseo_models::drift::{Drift, DriftKind, DriftLocation, locations};
use dataforseo_models::{EndpointInfo, FromLenientJson, RawEnvelope};
use jiff::Timestamp;
use serde::Serialize;

use crate::response::RawResponse;

/// A watch that compares a sample of the responses with the documentation.
///
/// It finds undocumented fields, values of another type than documented, and unknown variants of
/// enums. Per difference it keeps the endpoint, the location, the kind, the count and the times. It
/// keeps no content of a response, such as values and keys of maps. Clones share one report.
///
/// Calls never wait for the watch and never fail because of it. Responses outside the sample are
/// only counted. Responses of the sample are checked on a thread of the watch, and skipped while its
/// queue is full. Only results of typed calls are checked: [`Client::send`](crate::Client::send)
/// decodes no types, and posts have no results.
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
/// // The program runs for days.
/// println!("{}", watch.report());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct DriftWatch {
    inner: Arc<Inner>,
}

/// A builder for a [`DriftWatch`].
#[must_use]
pub struct DriftWatchBuilder {
    one_in: u64,
    max_locations: usize,
    on_first: Option<OnFirst>,
    clock: Clock,
}

type OnFirst = Box<dyn Fn(&DriftEntry) + Send + Sync>;
type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// The number of responses in the queue. Further ones are skipped.
const QUEUE_LENGTH: usize = 8;

struct Inner {
    one_in: u64,
    /// The number of responses.
    responses: AtomicU64,
    /// The number of responses of the sample that were skipped.
    skipped: AtomicU64,
    seen: Arc<Seen>,
    /// The queue of the thread, which starts with the first response of the sample; `None` if it
    /// could not be started.
    thread: OnceLock<Option<SyncSender<Job>>>,
}

impl Default for Inner {
    fn default() -> Self {
        Self::new(DriftWatch::builder())
    }
}

/// The state that the thread updates.
struct Seen {
    max_locations: usize,
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

/// A difference in one response, without any value.
struct Difference {
    location: String,
    kind: DriftKind,
    count: u64,
}

impl From<DriftLocation> for Difference {
    fn from(found: DriftLocation) -> Self {
        Self {
            location: format!("result{}", found.path),
            kind: found.kind,
            count: found.count,
        }
    }
}

/// A difference in the costs of a response.
impl From<&Drift> for Difference {
    fn from(found: &Drift) -> Self {
        let location = match found.pointer.as_str() {
            "/cost" => "cost",
            _ => "tasks[].cost",
        };
        Self {
            location: location.to_owned(),
            kind: found.kind,
            count: 1,
        }
    }
}

enum Job {
    Check {
        endpoint: &'static EndpointInfo,
        response: RawResponse,
        /// Finds the differences in the results of one task, by their type.
        pass: fn(&str) -> Result<Vec<DriftLocation>, serde_json::Error>,
    },
    /// Confirms that all earlier jobs are done.
    Flush(SyncSender<()>),
}

impl DriftWatch {
    /// Returns a builder with the default settings. [`DriftWatch::default`] returns a watch with them.
    pub fn builder() -> DriftWatchBuilder {
        DriftWatchBuilder {
            one_in: 100,
            max_locations: 10_000,
            on_first: None,
            clock: Box::new(Timestamp::now),
        }
    }

    /// Returns the differences found so far. Call [`flush`](Self::flush) before to include the
    /// responses in the queue.
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
            responses: self.inner.responses.load(Ordering::Relaxed),
            checked: counts.checked,
            skipped: counts.failed + self.inner.skipped.load(Ordering::Relaxed),
            unlisted: counts.unlisted,
            entries: entries.collect(),
        }
    }

    /// Waits until all responses in the queue are checked.
    ///
    /// Blocks the current thread: for the end of a program, and for tests. Calling it in
    /// [`on_first`](DriftWatchBuilder::on_first) would wait forever.
    pub fn flush(&self) {
        let Some(Some(thread)) = self.inner.thread.get() else {
            return;
        };
        let (done, settled) = sync_channel(1);
        if thread.send(Job::Flush(done)).is_ok() {
            // An error means that the thread ended, so that nothing is left in the queue.
            let _ = settled.recv();
        }
    }

    /// Queues a response if it is part of the sample.
    pub(crate) fn on_response<R: FromLenientJson>(
        &self,
        endpoint: &'static EndpointInfo,
        response: &RawResponse,
    ) {
        let inner = &self.inner;
        let number = inner.responses.fetch_add(1, Ordering::Relaxed);
        // The first response is part of the sample, so that a short program finds something.
        if inner.one_in == 0 || !number.is_multiple_of(inner.one_in) {
            return;
        }
        let job = Job::Check {
            endpoint,
            response: response.clone(),
            pass: locations::<Vec<R>>,
        };
        let thread = inner.thread.get_or_init(|| start(&inner.seen));
        let queued = thread.as_ref().is_some_and(|it| it.try_send(job).is_ok());
        if !queued {
            inner.skipped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Without the differences, which [`report`](DriftWatch::report) returns.
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
            .field("max_locations", &self.max_locations)
            .finish_non_exhaustive()
    }
}

impl DriftWatchBuilder {
    /// Sets the size of the sample: every `responses`th response is checked, starting with the first.
    /// Defaults to 100. 0 turns the checks off.
    pub fn one_in(mut self, responses: u64) -> Self {
        self.one_in = responses;
        self
    }

    /// Sets the maximum number of entries in the report. Defaults to 10,000. Differences at other
    /// locations are only counted: [`DriftReport::unlisted`].
    pub fn max_locations(mut self, locations: usize) -> Self {
        self.max_locations = locations;
        self
    }

    /// Sets a callback for each new entry, which runs on the thread of the watch. Defaults to none.
    ///
    /// A panic in the callback is caught. Each new entry is also a `tracing` event of the level warn.
    pub fn on_first(mut self, call: impl Fn(&DriftEntry) + Send + Sync + 'static) -> Self {
        self.on_first = Some(Box::new(call));
        self
    }

    /// Sets the source of the current time. Defaults to the system's clock.
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Builds the watch. Its thread starts with the first response that is checked, and ends when the
    /// last clone is dropped.
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
            responses: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            seen: Arc::new(Seen {
                max_locations: builder.max_locations,
                on_first: builder.on_first,
                clock: builder.clock,
                counts: Mutex::default(),
            }),
            thread: OnceLock::new(),
        }
    }
}

/// Starts the thread. It holds no sender, so it ends when the watch is dropped.
fn start(seen: &Arc<Seen>) -> Option<SyncSender<Job>> {
    let (sender, jobs) = sync_channel(QUEUE_LENGTH);
    let seen = Arc::clone(seen);
    let thread = thread::Builder::new().name("dataforseo-drift".to_owned());
    thread.spawn(move || work(&seen, &jobs)).ok()?;
    Some(sender)
}

fn work(seen: &Seen, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Check {
                endpoint,
                response,
                pass,
            } => {
                let check = || seen.check(endpoint, &response, pass);
                if !matches!(catch_unwind(AssertUnwindSafe(check)), Ok(Some(()))) {
                    seen.counts().failed += 1;
                }
            }
            Job::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
}

impl Seen {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks a response. Returns `None` if it cannot be decoded.
    fn check(
        &self,
        endpoint: &'static EndpointInfo,
        response: &RawResponse,
        pass: fn(&str) -> Result<Vec<DriftLocation>, serde_json::Error>,
    ) -> Option<()> {
        let text = response.text();
        let envelope = RawEnvelope::parse(text.as_bytes()).ok()?;
        let mut all: Vec<Difference> = Vec::new();
        for result in envelope.tasks.iter().filter_map(|task| task.result) {
            all.extend(pass(result.get()).ok()?.into_iter().map(Into::into));
        }
        all.extend(envelope.total_cost().drift.iter().map(Into::into));
        let now = (self.clock)();
        self.counts().checked += 1;
        let new: Vec<DriftEntry> = all
            .into_iter()
            .filter_map(|found| self.count(endpoint, found, now))
            .collect();
        // The lock is not held while callbacks run.
        for entry in &new {
            tracing::warn!(
                endpoint = entry.endpoint,
                location = entry.location,
                "a response is not as documented: it {}",
                entry.kind
            );
            if let Some(call) = &self.on_first {
                // A panic does not lose the entries that follow.
                let _ = catch_unwind(AssertUnwindSafe(|| call(entry)));
            }
        }
        Some(())
    }

    /// Counts a difference. Returns its entry if it is new.
    fn count(
        &self,
        endpoint: &'static EndpointInfo,
        found: Difference,
        now: Timestamp,
    ) -> Option<DriftEntry> {
        let mut counts = self.counts();
        let location = found.location;
        let key = (endpoint.id, location.clone(), found.kind);
        if let Some(known) = counts.locations.get_mut(&key) {
            known.count = known.count.saturating_add(found.count);
            known.last = now;
            return None;
        }
        if counts.locations.len() >= self.max_locations {
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

/// The differences that a [`DriftWatch`] found, by endpoint, location and kind.
///
/// `Display` prints one line per entry, and `serde` serializes the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DriftReport {
    /// The number of responses, including those outside the sample.
    pub responses: u64,
    /// The number of responses that were checked.
    pub checked: u64,
    /// The number of responses of the sample that were not checked: the queue was full, or the
    /// response could not be decoded.
    pub skipped: u64,
    /// The number of differences that are not in `entries` because the report is full. If it is 0,
    /// the list is complete.
    pub unlisted: u64,
    /// The differences, ordered by endpoint, location and kind.
    pub entries: Vec<DriftEntry>,
}

/// A location at which responses differ from the documentation. It contains no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DriftEntry {
    /// The endpoint, such as `backlinks/bulk_ranks/live`.
    pub endpoint: &'static str,
    /// The location, such as `result[].items[].rank`. See [`DriftLocation::path`]. Costs that
    /// contradict each other are at `cost`.
    pub location: String,
    /// The kind of the difference.
    pub kind: DriftKind,
    /// The number of occurrences in the responses that were checked.
    pub count: u64,
    /// The time of the first occurrence.
    pub first: Timestamp,
    /// The time of the last occurrence.
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
        write!(f, "{endpoint}: {location} {kind}; {count} times, ")?;
        if first == last {
            write!(f, "at {first:.0}")
        } else {
            write!(f, "from {first:.0} to {last:.0}")
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
                "; the report is full: {unlisted} occurrences at other locations are not listed"
            )?;
        }
        Ok(())
    }
}
