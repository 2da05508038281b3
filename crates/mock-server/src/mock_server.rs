//! The handle of a running mock server: rules, expectations, and what was called.

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use dataforseo_models::{Endpoint, EndpointInfo};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::builder::{Builder, StartError};
use crate::endpoints;
use crate::fixtures::{Embedded, FixtureError, Store};
use crate::http::memory::Connector;
use crate::http::state::ServerState;
use crate::replay::AcceptedCredentials;
use crate::session::{
    Action, CallPattern, Fault, FaultRule, LoggedRequest, Miss, Occurrence, Patch,
};

/// A running mock server.
///
/// It runs until it is dropped, or until [`shutdown`](Self::shutdown). It has no state on disk, so
/// each test can have its own. The base URL for clients is [`url`](Self::url).
///
/// A server has a main session, and one session per base URL that
/// [`session_url`](Self::session_url) returns. Methods for rules, expectations, calls and misses
/// concern the main session, unless their documentation states otherwise.
///
/// # Panics
/// Dropping it panics if an [expectation](Self::expect) is not met. The message lists the misses.
/// [`verify`](Self::verify) returns the same as an error.
#[must_use = "dropping it stops the server"]
pub struct MockServer {
    pub(crate) state: Arc<ServerState>,
    pub(crate) stop: watch::Sender<bool>,
    address: Option<SocketAddr>,
    pub(crate) runs_on: RunsOn,
    expected_calls: Mutex<Vec<ExpectedCalls>>,
}

/// Where a server runs.
pub(crate) enum RunsOn {
    /// On the tasks of its connections.
    Connections,
    Task(JoinHandle<()>),
    Thread(Option<thread::JoinHandle<()>>),
}

/// How many calls an endpoint should get.
#[derive(Debug, Clone, Copy)]
struct ExpectedCalls {
    endpoint: &'static EndpointInfo,
    min: u64,
    max: u64,
}

/// The error of expectations that are not met.
///
/// Its message has one line per endpoint, with the expected and the actual number of calls. If
/// there were misses, they follow in full.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnmetExpectations(String);

impl fmt::Debug for MockServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

impl MockServer {
    /// Starts a server on a free port of this machine, on the current tokio runtime.
    ///
    /// It has the embedded fixtures and accepts any credentials. [`builder`](Self::builder) starts
    /// one with other settings.
    ///
    /// # Errors
    /// When no port is available.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Starts a server on a free port of this machine, on a thread of its own.
    ///
    /// For tests that are not async or that use another runtime than tokio. Otherwise equal to
    /// [`start`](Self::start).
    ///
    /// # Errors
    /// When no port or no thread is available.
    pub fn start_blocking() -> Result<Self, StartError> {
        Self::builder().start_blocking()
    }

    /// Returns a server without a socket.
    ///
    /// Clients in the same program reach it through its [`connector`](Self::connector). It works on
    /// a paused tokio clock: latencies and time limits then take no real time.
    pub fn in_memory() -> Self {
        let store = Store::new(Embedded::Included);
        let state = Self::builder().state_with(store, AcceptedCredentials::Any);
        Self::running(state, None, RunsOn::Connections)
    }

    /// Returns a builder, to start a server with other settings.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn running(
        state: ServerState,
        address: Option<SocketAddr>,
        runs_on: RunsOn,
    ) -> Self {
        Self {
            state: Arc::new(state),
            stop: watch::Sender::new(false),
            address,
            runs_on,
            expected_calls: Mutex::default(),
        }
    }

    /// Returns the base URL, such as `http://127.0.0.1:41234`. It has no trailing slash.
    pub fn url(&self) -> String {
        match self.address {
            Some(address) => format!("http://{address}"),
            None => "http://localhost".to_owned(),
        }
    }

    /// Returns the base URL of a session, for one of several tests that share the server.
    ///
    /// Each session has its own rules, request log and misses, and its own position in each fixture
    /// with several responses. A session starts with its first request. A server has at most 1024
    /// sessions; a further one replaces one that was idle for 10 minutes.
    ///
    /// A name consists of letters, digits and `_-.:`, begins with a letter or digit, and has at most
    /// 100 characters. Requests with another name are unknown paths.
    pub fn session_url(&self, name: &str) -> String {
        format!("{}/__s/{name}", self.url())
    }

    /// Returns a connector, for a client in the same program that connects without a socket.
    ///
    /// Servers with a socket have it, too.
    pub fn connector(&self) -> Connector {
        Connector {
            state: Arc::clone(&self.state),
            stop: self.stop.subscribe(),
        }
    }

    /// Returns a builder of a rule for the calls to an endpoint.
    ///
    /// The rule takes effect with one of the methods `fault`, `latency`, `patch` and `ready_after`
    /// of [`RuleBuilder`]. If several rules have a fault for a call, the latest rule counts.
    /// Latencies add up, and all patches are applied.
    ///
    /// ```
    /// use dataforseo_mock_server::models::backlinks::BulkPagesSummaryLive;
    /// use dataforseo_mock_server::{Fault, MockServer};
    ///
    /// let mock = MockServer::in_memory();
    /// mock.on(BulkPagesSummaryLive).first(2).fault(Fault::api(40202));
    /// mock.on(BulkPagesSummaryLive).patch("/tasks/0/result/0/items/0/rank", 1);
    /// ```
    pub fn on<E: Endpoint>(&self, _: E) -> RuleBuilder<'_> {
        RuleBuilder {
            state: &self.state,
            method: Some(E::INFO.method.as_str()),
            path: path_pattern(E::INFO),
            occurrence: Occurrence::Always,
        }
    }

    /// Returns a builder of a rule for the calls to all paths that match a pattern, such as
    /// `/v3/backlinks/**`.
    ///
    /// `*` matches any text without a slash, `**` any text. Otherwise equal to [`on`](Self::on).
    pub fn on_path(&self, pattern: impl Into<String>) -> RuleBuilder<'_> {
        RuleBuilder {
            state: &self.state,
            method: None,
            path: pattern.into(),
            occurrence: Occurrence::Always,
        }
    }

    /// Adds a rule that was parsed from text.
    pub fn rule(&self, rule: FaultRule) {
        self.state.main.add_rule(rule);
    }

    /// Expects calls to an endpoint: one or more, unless a method of [`Expectation`] follows.
    ///
    /// The number of calls is checked when the server is dropped, or by [`verify`](Self::verify).
    ///
    /// ```
    /// use dataforseo_mock_server::MockServer;
    /// use dataforseo_mock_server::models::backlinks::{BulkPagesSummaryLive, Index};
    ///
    /// let mock = MockServer::in_memory();
    /// mock.expect(BulkPagesSummaryLive).times(0);
    /// mock.expect(Index).at_most(1);
    /// ```
    pub fn expect<E: Endpoint>(&self, _: E) -> Expectation<'_> {
        let mut expected_calls = self.lock_expected_calls();
        expected_calls.push(ExpectedCalls {
            endpoint: E::INFO,
            min: 1,
            max: u64::MAX,
        });
        Expectation {
            index: expected_calls.len() - 1,
            mock: self,
        }
    }

    fn lock_expected_calls(&self) -> MutexGuard<'_, Vec<ExpectedCalls>> {
        self.expected_calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that all expectations are met so far.
    ///
    /// # Errors
    /// When at least one is not. The error lists those, and all misses.
    pub fn verify(&self) -> Result<(), UnmetExpectations> {
        let mut unmet: Vec<String> = self
            .lock_expected_calls()
            .iter()
            .filter_map(|expected| expected.check(self.count_calls(expected.endpoint)))
            .collect();
        if unmet.is_empty() {
            return Ok(());
        }
        let misses = self.misses();
        if !misses.is_empty() {
            unmet.push("misses:".to_owned());
            unmet.extend(misses.iter().map(ToString::to_string));
        }
        Err(UnmetExpectations(unmet.join("\n")))
    }

    /// Returns the request log: the latest requests, oldest first.
    ///
    /// It has at most as many requests as [`Builder::request_log_size`] sets, 1024 by default. It
    /// contains neither headers nor secrets and is the same in each run, so it suits snapshot tests.
    /// Requests to a server that records are not in it.
    pub fn request_log(&self) -> Vec<LoggedRequest> {
        self.state.main.request_log.requests()
    }

    /// Returns the number of calls to an endpoint, including those with a fault.
    pub fn calls<E: Endpoint>(&self, _: E) -> u64 {
        self.count_calls(E::INFO)
    }

    fn count_calls(&self, info: &EndpointInfo) -> u64 {
        let endpoint = endpoints::find(info.path);
        endpoint.map_or(0, |endpoint| self.state.main.call_count(endpoint))
    }

    /// Returns the latest misses, oldest first: at most 64.
    ///
    /// A miss is a request that matches no fixture and gets HTTP 404.
    pub fn misses(&self) -> Vec<Miss> {
        self.state.main.misses()
    }

    /// Returns the number of misses in all sessions.
    pub fn miss_count(&self) -> u64 {
        self.state.miss_count()
    }

    /// Returns the names of your own fixtures that matched no request yet, sorted. Embedded fixtures
    /// are not included.
    pub fn unused_fixtures(&self) -> Vec<String> {
        self.state.unused_fixtures()
    }

    /// Reads the fixtures of the builder's folders again.
    ///
    /// # Errors
    /// When a fixture cannot be used. All fixtures then stay as they were.
    pub fn reload(&self) -> Result<(), FixtureError> {
        self.state.reload()
    }

    /// Returns a function that reloads the fixtures and returns their number.
    #[cfg(feature = "program")]
    pub(crate) fn reloader(&self) -> impl Fn() -> Result<usize, FixtureError> + Send + 'static {
        let state = Arc::clone(&self.state);
        move || {
            state.reload()?;
            Ok(state.replay().store.own().count())
        }
    }

    #[cfg(feature = "program")]
    pub(crate) fn recorder(&self) -> Option<Arc<crate::record::Recorder>> {
        self.state.recorder.clone()
    }

    /// Stops the server after open connections are finished and recordings are written.
    ///
    /// It accepts no further connections. A response that never ends, as with [`Fault::Silence`],
    /// is waited for without limit, so wrap the call in a timeout.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        match &mut self.runs_on {
            RunsOn::Connections => {}
            RunsOn::Task(task) => {
                // An error means that the task was aborted, and only `drop` does that.
                let _ = task.await;
            }
            RunsOn::Thread(thread) => {
                if let Some(thread) = thread.take() {
                    let _ = tokio::task::spawn_blocking(move || thread.join()).await;
                }
            }
        }
        #[cfg(feature = "record")]
        if let Some(recorder) = &self.state.recorder {
            recorder.idle().await;
        }
    }
}

impl ExpectedCalls {
    /// Returns the message if the number of calls is not the expected one.
    fn check(&self, calls: u64) -> Option<String> {
        if (self.min..=self.max).contains(&calls) {
            return None;
        }
        let expected = match (self.min, self.max) {
            (min, u64::MAX) => format!("at least {min}"),
            (0, max) if max > 0 => format!("at most {max}"),
            (min, _) => min.to_string(),
        };
        let path = self.endpoint.path;
        Some(format!(
            "{path}: expected calls: {expected}; actual: {calls}"
        ))
    }
}

/// Writes the files of used fixtures into the folder `DATAFORSEO_MOCK_USED_DIR`, for the command
/// `unused`. Each server writes a file of its own, so that concurrent test processes never share
/// one.
fn write_used_fixtures(state: &ServerState) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Some(folder) = std::env::var_os("DATAFORSEO_MOCK_USED_DIR") else {
        return;
    };
    let replay = state.replay();
    let used = replay.store.own().filter(|fixture| fixture.is_used());
    let files = used.filter_map(|fixture| fixture.file.as_ref()?.canonicalize().ok());
    let lines: String = files.map(|file| format!("{}\n", file.display())).collect();
    if !lines.is_empty() {
        let folder = PathBuf::from(folder);
        // Processes in different containers may have the same identifier.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_nanos());
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = folder.join(format!("{}-{now}-{number}", std::process::id()));
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(file, lines));
        if let Err(error) = written {
            // A closed stderr must not fail the test.
            let _ = writeln!(std::io::stderr(), "{}: {error}", folder.display());
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        write_used_fixtures(&self.state);
        match &mut self.runs_on {
            RunsOn::Connections => {}
            RunsOn::Task(task) => task.abort(),
            RunsOn::Thread(thread) => {
                // The thread ends when the sender is dropped.
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

/// Returns the pattern of an endpoint's path, with `*` for its parameters.
fn path_pattern(info: &EndpointInfo) -> String {
    let segments = info.path.split('/');
    let segments: Vec<&str> = segments
        .map(|segment| {
            if segment.starts_with('{') {
                "*"
            } else {
                segment
            }
        })
        .collect();
    segments.join("/")
}

/// A rule that is being built, from [`MockServer::on`] or [`MockServer::on_path`].
///
/// First select calls with `first`, `nth`, `every`, `after` or `with_probability`; without one of
/// them the rule applies to all matching calls. Then add the rule with `fault`, `latency`, `patch`
/// or `ready_after`. Calls are counted from then on.
#[must_use = "a rule takes effect with `fault`, `latency`, `patch` or `ready_after`"]
pub struct RuleBuilder<'a> {
    state: &'a ServerState,
    method: Option<&'static str>,
    path: String,
    occurrence: Occurrence,
}

impl fmt::Debug for RuleBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleBuilder")
            .field("path", &self.path)
            .field("occurrence", &self.occurrence)
            .finish_non_exhaustive()
    }
}

impl RuleBuilder<'_> {
    /// Applies the rule to the first `n` calls only.
    pub fn first(self, n: u64) -> Self {
        self.occurrence(Occurrence::First(n))
    }

    /// Applies the rule to the `n`th call only. The first call is 1.
    pub fn nth(self, n: u64) -> Self {
        self.occurrence(Occurrence::Nth(n))
    }

    /// Applies the rule to every `n`th call.
    pub fn every(self, n: u64) -> Self {
        self.occurrence(Occurrence::Every(n))
    }

    /// Applies the rule to all calls but the first `n`.
    pub fn after(self, n: u64) -> Self {
        self.occurrence(Occurrence::After(n))
    }

    /// Applies the rule to each call with a probability from 0 to 1.
    ///
    /// The choice depends on [`Builder::seed`] and the number of the call, so it is the same in
    /// each run.
    pub fn with_probability(self, probability: f64) -> Self {
        self.occurrence(Occurrence::Chance(probability))
    }

    fn occurrence(mut self, occurrence: Occurrence) -> Self {
        self.occurrence = occurrence;
        self
    }

    /// Adds the rule: calls get this fault.
    pub fn fault(self, fault: Fault) {
        self.add(Action::Fault(fault));
    }

    /// Adds the rule: the response is delayed by this time, on top of other rules' latencies.
    pub fn latency(self, time: Duration) {
        self.add(Action::Latency(time));
    }

    /// Adds the rule: the response has this value at a JSON pointer.
    ///
    /// The value replaces the existing one or becomes a new field of an object. All other bytes of
    /// the response stay as they are. If the response has no such location, the call is a miss with
    /// [`MissReason::Patch`](crate::MissReason::Patch). A value that cannot be serialized becomes
    /// null.
    pub fn patch(self, pointer: impl Into<String>, value: impl Serialize) {
        let value = serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned());
        let pointer = pointer.into();
        self.add(Action::Patch(Patch { pointer, value }));
    }

    /// Adds the rule: the first `polls` calls per path get 40602 (task in queue) in place of their
    /// result. Equal to [`Fault::Pending`].
    pub fn ready_after(self, polls: u32) {
        self.fault(Fault::Pending(polls));
    }

    fn add(self, action: Action) {
        self.state.main.add_rule(FaultRule {
            calls: CallPattern {
                method: self.method.map(str::to_owned),
                path: self.path,
            },
            action,
            occurrence: self.occurrence,
        });
    }
}

/// An expected number of calls, from [`MockServer::expect`]. Without a further method it is one or
/// more.
pub struct Expectation<'a> {
    mock: &'a MockServer,
    index: usize,
}

impl fmt::Debug for Expectation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expectation").finish_non_exhaustive()
    }
}

impl Expectation<'_> {
    /// Expects exactly `n` calls.
    pub fn times(self, n: u64) {
        self.between(n, n);
    }

    /// Expects `n` calls or more.
    pub fn at_least(self, n: u64) {
        self.between(n, u64::MAX);
    }

    /// Expects `n` calls or fewer.
    pub fn at_most(self, n: u64) {
        self.between(0, n);
    }

    fn between(self, min: u64, max: u64) {
        if let Some(expected) = self.mock.lock_expected_calls().get_mut(self.index) {
            (expected.min, expected.max) = (min, max);
        }
    }
}
