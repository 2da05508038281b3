//! The handle of a mock server: telling it what to do, asking what it saw.

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use dataforseo_models::{Endpoint, EndpointInfo};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admin;
use crate::builder::{Builder, StartError};
use crate::fault::{Fault, FaultRule, What, When};
use crate::fixture::FixtureError;
use crate::journal::Call;
use crate::memory::Connector;
use crate::miss::Miss;
use crate::replay::Auth;
use crate::server::Shared;
use crate::session::rule;
use crate::store::{Store, position_of};

/// A server that runs until it is dropped, or told to [`shutdown`](Self::shutdown).
///
/// # Panics
/// When it is dropped and an [expectation](Self::expect) is not met, with what was missed instead.
/// [`verify`](Self::verify) says the same without a panic.
#[must_use = "the server is gone when this is dropped"]
pub struct MockServer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stop: watch::Sender<bool>,
    address: Option<SocketAddr>,
    pub(crate) runs: Runs,
    expectations: Mutex<Vec<Expectation>>,
}

/// What it runs on.
pub(crate) enum Runs {
    /// The tasks of connections alone.
    Memory,
    Task(JoinHandle<()>),
    Thread(Option<thread::JoinHandle<()>>),
}

/// How often an endpoint is to be called.
#[derive(Debug, Clone, Copy)]
struct Expectation {
    endpoint: &'static EndpointInfo,
    min: u64,
    max: u64,
}

/// What was expected and did not come true.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unmet(String);

impl fmt::Debug for MockServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

impl MockServer {
    /// Starts one on a free port of this machine, with the embedded fixtures, for any credentials,
    /// on the runtime of whoever calls.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// The same on a thread of its own, for a test that is not async, or of another runtime.
    ///
    /// # Errors
    /// When no port or no thread can be had.
    pub fn start_blocking() -> Result<Self, StartError> {
        Self::builder().start_blocking()
    }

    /// One without a socket, for a client that takes its [`connector`](Self::connector). A paused
    /// clock is paused for it, too.
    pub fn in_memory() -> Self {
        let builder = Self::builder();
        let shared = builder.shared_with(Store::empty(true), Auth::Any);
        Self::running(shared, None, Runs::Memory)
    }

    /// Begins to configure a server.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn running(shared: Shared, address: Option<SocketAddr>, runs: Runs) -> Self {
        Self {
            shared: Arc::new(shared),
            stop: watch::Sender::new(false),
            address,
            runs,
            expectations: Mutex::default(),
        }
    }

    /// The base URL, such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        match self.address {
            Some(address) => format!("http://{address}"),
            None => "http://localhost".to_owned(),
        }
    }

    /// The base URL of a session: the same server with rules, calls, misses and sequences of its
    /// own, for one of several tests that share it. A name is of letters, digits and `_-.:`, and begins
    /// with a letter or a digit.
    pub fn session_url(&self, name: &str) -> String {
        format!("{}/__s/{name}", self.url())
    }

    /// Connects a client in the same program without a socket. Any server has it.
    pub fn connector(&self) -> Connector {
        Connector {
            shared: Arc::clone(&self.shared),
            stop: self.stop.subscribe(),
        }
    }

    /// Begins a rule about the calls to an endpoint. A later rule goes before an earlier one.
    ///
    /// ```
    /// use dataforseo_mock_server::models::backlinks::BulkPagesSummaryLive;
    /// use dataforseo_mock_server::{Fault, MockServer};
    ///
    /// let mock = MockServer::in_memory();
    /// mock.on(BulkPagesSummaryLive).first(2).fault(Fault::api(40202));
    /// mock.on(BulkPagesSummaryLive).patch("/tasks/0/result/0/items/0/rank", 1);
    /// ```
    pub fn on<E: Endpoint>(&self, _: E) -> On<'_> {
        On {
            shared: &self.shared,
            method: Some(E::INFO.method.as_str()),
            path: pattern(E::INFO),
            when: When::Always,
        }
    }

    /// Begins a rule about the calls to all paths of a form: `*` is anything within a part, `**`
    /// anything, as in `/v3/backlinks/**`.
    pub fn on_path(&self, pattern: impl Into<String>) -> On<'_> {
        On {
            shared: &self.shared,
            method: None,
            path: pattern.into(),
            when: When::Always,
        }
    }

    /// Adds a rule that is written as text.
    pub fn rule(&self, rule: FaultRule) {
        self.shared.main.rule(rule);
    }

    /// Expects calls to an endpoint: one or more unless it is told otherwise. Whether they came is
    /// looked at when the server is dropped.
    ///
    /// ```
    /// use dataforseo_mock_server::MockServer;
    /// use dataforseo_mock_server::models::backlinks::{BulkPagesSummaryLive, Index};
    ///
    /// let mock = MockServer::in_memory();
    /// mock.expect(BulkPagesSummaryLive).times(0);
    /// mock.expect(Index).at_most(1);
    /// ```
    pub fn expect<E: Endpoint>(&self, _: E) -> Expect<'_> {
        let mut expectations = self.expectations();
        expectations.push(Expectation {
            endpoint: E::INFO,
            min: 1,
            max: u64::MAX,
        });
        Expect {
            index: expectations.len() - 1,
            mock: self,
        }
    }

    fn expectations(&self) -> std::sync::MutexGuard<'_, Vec<Expectation>> {
        self.expectations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all expectations are met so far.
    ///
    /// # Errors
    /// Those that are not, and what was missed instead.
    pub fn verify(&self) -> Result<(), Unmet> {
        let mut unmet = Vec::new();
        for it in self.expectations().iter() {
            let found = self.calls_to_endpoint(it.endpoint);
            if (it.min..=it.max).contains(&found) {
                continue;
            }
            let expected = match (it.min, it.max) {
                (min, u64::MAX) => format!("at least {min}"),
                (0, max) if max > 0 => format!("at most {max}"),
                (min, _) => min.to_string(),
            };
            let path = it.endpoint.path;
            unmet.push(format!(
                "{path}: expected calls: {expected}; there were {found}"
            ));
        }
        if unmet.is_empty() {
            return Ok(());
        }
        let misses = self.misses();
        if !misses.is_empty() {
            unmet.push("what was missed:".to_owned());
            unmet.extend(misses.iter().map(ToString::to_string));
        }
        Err(Unmet(unmet.join("\n")))
    }

    /// The last calls, the oldest first: without credentials, ready for a snapshot.
    pub fn journal(&self) -> Vec<Call> {
        self.shared.main.journal.calls()
    }

    /// How often an endpoint was called.
    pub fn calls<E: Endpoint>(&self, _: E) -> u64 {
        self.calls_to_endpoint(E::INFO)
    }

    fn calls_to_endpoint(&self, info: &EndpointInfo) -> u64 {
        position_of(info).map_or(0, |at| self.shared.main.counted(at))
    }

    /// The last requests that nothing answered, the oldest first.
    pub fn misses(&self) -> Vec<Miss> {
        self.shared.main.misses()
    }

    /// How many requests nothing answered, in all sessions.
    pub fn missed(&self) -> u64 {
        self.shared.missed()
    }

    /// The fixtures of the builder that answered nothing yet, by name.
    pub fn unused(&self) -> Vec<String> {
        admin::unused(&self.shared)
    }

    /// Reads the fixtures of the builder's folders anew.
    ///
    /// # Errors
    /// When one of them cannot be used. Those from before stay.
    pub fn reload(&self) -> Result<(), FixtureError> {
        self.shared.reload()
    }

    /// What reads the fixtures anew, and says how many there are, for whoever watches them.
    #[cfg(feature = "program")]
    pub(crate) fn reloader(&self) -> impl Fn() -> Result<usize, FixtureError> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            shared
                .reload()
                .map(|()| shared.replay().store.own().count())
        }
    }

    /// What records, for whoever waits for it.
    #[cfg(feature = "program")]
    pub(crate) fn recorder(&self) -> Option<Arc<crate::record::Recorder>> {
        self.shared.recorder.clone()
    }

    /// Takes no further connections, and waits until those that are open are answered, and until
    /// nothing is being recorded. An answer that never ends is waited for without end: put a
    /// timeout around it.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        match &mut self.runs {
            Runs::Memory => {}
            Runs::Task(task) => {
                // An error here is that the task was aborted, and only `drop` does that.
                let _ = task.await;
            }
            Runs::Thread(thread) => {
                if let Some(thread) = thread.take() {
                    let _ = tokio::task::spawn_blocking(move || thread.join()).await;
                }
            }
        }
        #[cfg(feature = "record")]
        if let Some(recorder) = &self.shared.recorder {
            recorder.idle().await;
        }
    }
}

/// Notes which files answered something, for `unused`. Each server writes a file of its own, so
/// that tests in any number of processes do not meet.
fn note_used(shared: &Shared) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Some(folder) = std::env::var_os("DATAFORSEO_MOCK_USED_DIR") else {
        return;
    };
    let replay = shared.replay();
    let used = replay.store.own().filter(|it| it.is_used());
    let files = used.filter_map(|it| it.file.as_ref()?.canonicalize().ok());
    let lines: String = files.map(|file| format!("{}\n", file.display())).collect();
    if !lines.is_empty() {
        let folder = PathBuf::from(folder);
        // Processes in containers may have the same number.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_nanos());
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = folder.join(format!("{}-{now}-{number}", std::process::id()));
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(file, lines));
        if let Err(error) = written {
            // Nobody may be there to read it, and that is no reason to fail.
            let _ = writeln!(std::io::stderr(), "{}: {error}", folder.display());
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        note_used(&self.shared);
        match &mut self.runs {
            Runs::Memory => {}
            Runs::Task(task) => task.abort(),
            Runs::Thread(thread) => {
                // The thread ends when nobody can tell it anything any more.
                self.stop = watch::Sender::new(false);
                if let Some(thread) = thread.take() {
                    let _ = thread.join();
                }
            }
        }
        if let Err(unmet) = self.verify()
            && !thread::panicking()
        {
            #[allow(clippy::panic, reason = "documented: this is how a test fails")]
            {
                panic!("{unmet}");
            }
        }
    }
}

/// The form of an endpoint's path, with anything for its parameters.
fn pattern(info: &EndpointInfo) -> String {
    let parts = info.path.split('/');
    let parts: Vec<&str> = parts
        .map(|part| if part.starts_with('{') { "*" } else { part })
        .collect();
    parts.join("/")
}

/// A rule that is being put together. It takes effect with its last method.
#[must_use = "a rule takes effect with `fault`, `latency`, `patch` or `ready_after`"]
pub struct On<'a> {
    shared: &'a Shared,
    method: Option<&'static str>,
    path: String,
    when: When,
}

impl fmt::Debug for On<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("On")
            .field("path", &self.path)
            .field("when", &self.when)
            .finish_non_exhaustive()
    }
}

impl On<'_> {
    /// For the first so many calls only.
    pub fn first(self, calls: u64) -> Self {
        self.when(When::First(calls))
    }

    /// For one call only, the first being 1.
    pub fn nth(self, call: u64) -> Self {
        self.when(When::Nth(call))
    }

    /// For every so manieth call.
    pub fn every(self, calls: u64) -> Self {
        self.when(When::Every(calls))
    }

    /// For all but the first so many calls.
    pub fn after(self, calls: u64) -> Self {
        self.when(When::After(calls))
    }

    /// For calls by chance, from 0 to 1; by which, follows from [`Builder::seed`].
    pub fn with_probability(self, probability: f64) -> Self {
        self.when(When::Chance(probability))
    }

    fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// Something goes wrong.
    pub fn fault(self, fault: Fault) {
        self.act(What::Fault(fault));
    }

    /// The answer waits so long, in addition to what other rules say.
    pub fn latency(self, time: Duration) {
        self.act(What::Latency(time));
    }

    /// The answer has this value at a JSON pointer, in the place of its own, or as a further field
    /// of an object. The rest of it keeps its bytes. If there is no such place, the call is a miss
    /// that says so.
    pub fn patch(self, pointer: impl Into<String>, value: impl Serialize) {
        // What cannot be JSON has nothing to say.
        let value = serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned());
        self.act(What::Patch(pointer.into(), value));
    }

    /// The result of each task is ready after so many calls that ask for it; until then they are
    /// answered with 40602.
    pub fn ready_after(self, polls: u32) {
        self.fault(Fault::Pending(polls));
    }

    fn act(self, what: What) {
        self.shared
            .main
            .rule(rule(self.method, &self.path, what, self.when));
    }
}

/// An expectation that can be told more.
pub struct Expect<'a> {
    mock: &'a MockServer,
    index: usize,
}

impl fmt::Debug for Expect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expect").finish_non_exhaustive()
    }
}

impl Expect<'_> {
    /// Just so many calls.
    pub fn times(self, calls: u64) {
        self.between(calls, calls);
    }

    /// So many calls or more.
    pub fn at_least(self, calls: u64) {
        self.between(calls, u64::MAX);
    }

    /// So many calls or fewer.
    pub fn at_most(self, calls: u64) {
        self.between(0, calls);
    }

    fn between(self, min: u64, max: u64) {
        if let Some(expectation) = self.mock.expectations().get_mut(self.index) {
            (expectation.min, expectation.max) = (min, max);
        }
    }
}
