//! The handle of a mock server: making one, telling it what to do, asking what it saw.

use std::fmt;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dataforseo_models::{Date, Endpoint, EndpointInfo, today};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admin;
use crate::fault::{Fault, FaultRule, What, When};
use crate::fixture::FixtureError;
use crate::journal::{self, Call};
use crate::limits::Limits;
use crate::memory::Connector;
use crate::miss::Miss;
use crate::replay::{Auth, Clock, OnMiss, Replay};
use crate::server::{ReportMiss, Settings, Shared, bind, listen};
use crate::session::rule;
use crate::store::{Store, position_of};

/// Why a mock server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A fixture cannot be used.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// The credentials have no colon.
    #[error("the credentials have no colon: expected `login:password`")]
    Credentials,
    /// There is no thread, or no runtime on it.
    #[error("cannot run in the background: {0}")]
    Background(std::io::Error),
    /// Nothing can be recorded like this.
    #[cfg(feature = "record")]
    #[error(transparent)]
    Record(#[from] crate::record::RecordError),
}

/// A server that runs until it is dropped, or told to [`shutdown`](Self::shutdown).
///
/// # Panics
/// When it is dropped and an [expectation](Self::expect) is not met, with what was missed instead.
/// [`verify`](Self::verify) says the same without a panic.
#[must_use = "the server is gone when this is dropped"]
pub struct MockServer {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    address: Option<SocketAddr>,
    runs: Runs,
    expectations: Mutex<Vec<Expectation>>,
}

/// What it runs on.
enum Runs {
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
        Builder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            embedded: true,
            folders: Vec::new(),
            texts: Vec::new(),
            auth: None,
            clock: Arc::new(today),
            on_miss: OnMiss::Error,
            report: None,
            journal: journal::CALLS,
            limits: None,
            seed: 0,
            rules: Vec::new(),
            admin: false,
            fault_header: false,
            #[cfg(feature = "record")]
            record: None,
        }
    }

    fn running(shared: Shared, address: Option<SocketAddr>, runs: Runs) -> Self {
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

/// How a mock server answers.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dataforseo_mock_server::MockServer;
///
/// let mock = MockServer::builder().auth("login:password").start().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Builder {
    listen: SocketAddr,
    embedded: bool,
    folders: Vec<PathBuf>,
    texts: Vec<String>,
    auth: Option<String>,
    clock: Clock,
    on_miss: OnMiss,
    report: Option<ReportMiss>,
    journal: usize,
    limits: Option<Limits>,
    seed: u64,
    rules: Vec<FaultRule>,
    admin: bool,
    fault_header: bool,
    #[cfg(feature = "record")]
    record: Option<crate::record::Record>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("folders", &self.folders)
            .field("auth", &self.auth.as_ref().map(|_| "[redacted]"))
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Listens on this address instead of a free port of this machine.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Adds the fixtures of a folder and those below it. They go before embedded ones.
    pub fn fixtures(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Adds a fixture, given as the text of its file.
    pub fn fixture(mut self, json: impl Into<String>) -> Self {
        self.texts.push(json.into());
        self
    }

    /// Leaves the embedded fixtures out.
    pub fn without_embedded(mut self) -> Self {
        self.embedded = false;
        self
    }

    /// Takes these credentials only, given as `login:password`.
    pub fn auth(mut self, credentials: impl Into<String>) -> Self {
        self.auth = Some(credentials.into());
        self
    }

    /// Says what day it is, for rules that move with the day. Today's date in UTC unless set.
    pub fn clock(mut self, clock: impl Fn() -> Date + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// What a request is answered with that no fixture has and no rule refuses. 404 unless set.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dataforseo_mock_server::{MockServer, OnMiss};
    ///
    /// let mock = MockServer::builder().on_miss(OnMiss::Example).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_miss(mut self, answer: OnMiss) -> Self {
        self.on_miss = answer;
        self
    }

    /// Calls this with each miss.
    pub fn report_misses(mut self, report: impl Fn(&Miss) + Send + Sync + 'static) -> Self {
        self.report = Some(Arc::new(report));
        self
    }

    /// How many calls the journal keeps: 1024 unless set, 0 for none. It keeps 2 MiB of bodies at
    /// most, whatever this says.
    pub fn journal(mut self, calls: usize) -> Self {
        self.journal = calls;
        self
    }

    /// Keeps limits of the account as the API does. None unless set.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// What chance follows from. The same seed and the same calls are the same faults.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Adds a rule from the beginning.
    pub fn rule(mut self, rule: FaultRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Turns the routes under `/__mock/` on, for this machine only. `GET /__mock/health` is always
    /// there.
    pub fn admin(mut self) -> Self {
        self.admin = true;
        self
    }

    /// Lets each request ask for a [`Fault`] by the header `x-mock-fault`.
    pub fn fault_header(mut self) -> Self {
        self.fault_header = true;
        self
    }

    /// Asks another server about each miss, and keeps what it says as a fixture.
    #[cfg(feature = "record")]
    pub fn record(mut self, record: crate::record::Record) -> Self {
        self.record = Some(record);
        self
    }

    /// Starts the server on the runtime of whoever calls.
    ///
    /// # Errors
    /// When a fixture cannot be used, or the address cannot be listened on.
    pub async fn start(self) -> Result<MockServer, StartError> {
        let address = self.listen;
        let shared = self.shared()?;
        let listener = bind(address).await?;
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Listen { address, source })?;
        let mut mock = MockServer::running(shared, Some(address), Runs::Memory);
        let shared = Arc::clone(&mock.shared);
        mock.runs = Runs::Task(tokio::spawn(listen(
            listener,
            shared,
            mock.stop.subscribe(),
        )));
        Ok(mock)
    }

    /// Starts the server on a thread of its own, for a test that is not async, or of another
    /// runtime.
    ///
    /// # Errors
    /// When a fixture cannot be used, or the address cannot be listened on.
    pub fn start_blocking(self) -> Result<MockServer, StartError> {
        let address = self.listen;
        let shared = self.shared()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartError::Background)?;
        // Bound here and not by the thread, so that an error has a way out. A runtime that is
        // running on this thread already would not let another one block it.
        let fail = |source| StartError::Listen { address, source };
        let listener = std::net::TcpListener::bind(address).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let bound = listener.local_addr().map_err(fail)?;
        let mut mock = MockServer::running(shared, Some(bound), Runs::Memory);
        let shared = Arc::clone(&mock.shared);
        let stop = mock.stop.subscribe();
        let run = move || {
            runtime.block_on(async {
                if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                    listen(listener, shared, stop).await;
                }
            });
        };
        let thread = thread::Builder::new()
            .name("mock-server".to_owned())
            .spawn(run);
        mock.runs = Runs::Thread(Some(thread.map_err(StartError::Background)?));
        Ok(mock)
    }

    /// Makes a server without a socket, for a client that takes its
    /// [`connector`](MockServer::connector).
    ///
    /// # Errors
    /// When a fixture cannot be used.
    pub fn in_memory(self) -> Result<MockServer, StartError> {
        Ok(MockServer::running(self.shared()?, None, Runs::Memory))
    }

    fn shared(self) -> Result<Shared, StartError> {
        let auth = match &self.auth {
            None => Auth::Any,
            Some(credentials) if credentials.contains(':') => {
                let header = format!("Basic {}", STANDARD.encode(credentials));
                Auth::Exactly(credentials.clone(), header)
            }
            Some(_) => return Err(StartError::Credentials),
        };
        #[cfg(feature = "record")]
        let recorder = match self.record.clone() {
            Some(record) => Some(crate::record::Recorder::new(record)?),
            None => None,
        };
        #[cfg_attr(not(feature = "record"), allow(unused_mut, reason = "set below"))]
        let mut shared = self.shared_with(Store::empty(false), auth);
        shared.reload()?;
        #[cfg(feature = "record")]
        {
            shared.recorder = recorder.map(Arc::new);
        }
        Ok(shared)
    }

    fn shared_with(self, store: Store, auth: Auth) -> Shared {
        // What was made up is no answer of the API: where it can be asked, it is.
        #[cfg(feature = "record")]
        let embedded = self.embedded && self.record.is_none();
        #[cfg(not(feature = "record"))]
        let embedded = self.embedded;
        let replay = Replay {
            store: Arc::new(store),
            auth,
            clock: self.clock,
            on_miss: self.on_miss,
        };
        Shared::new(
            replay,
            Settings {
                embedded,
                folders: self.folders,
                texts: self.texts,
                journal: self.journal,
                limits: self.limits,
                seed: self.seed,
                admin: self.admin,
                fault_header: self.fault_header,
                report: self.report,
                rules: self.rules,
                missed: Arc::default(),
            },
        )
    }
}
