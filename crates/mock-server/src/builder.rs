//! The builder of a mock server: its fixtures, its address and its settings.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use dataforseo_models::{Date, today};
use tokio::net::TcpListener;

use crate::fixtures::{Embedded, FixtureError, Store};
use crate::http::access::Token;
use crate::http::listen::{MAX_CONNECTIONS, listen};
use crate::http::state::{ReportMiss, ServerState, Settings};
use crate::mock_server::{MockServer, RunsOn};
use crate::replay::{AcceptedCredentials, Clock, OnMiss, Replay};
use crate::session::{DEFAULT_SIZE, FaultRule, Limits, Miss};

/// The error of a mock server that did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The server cannot listen on the address, for example because it is in use.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A fixture cannot be used.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// The credentials of [`Builder::auth`] have no colon.
    #[error("the credentials have no colon: expected `login:password`")]
    Credentials,
    /// The token of [`Builder::token`] is too short, or has other characters than visible ASCII.
    #[error("the token is not secure: expected 16 or more visible ASCII characters")]
    Token,
    /// The thread of [`Builder::start_blocking`], or the runtime on it, cannot be created.
    #[error("cannot start a background thread: {0}")]
    Background(std::io::Error),
    /// The settings of [`Builder::record`] cannot be used.
    #[cfg(feature = "record")]
    #[error(transparent)]
    Record(#[from] crate::record::RecordError),
}

/// A builder of mock servers, from [`MockServer::builder`].
///
/// [`start`](Self::start), [`start_blocking`](Self::start_blocking) and
/// [`in_memory`](Self::in_memory) create the server.
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
    embedded: Embedded,
    folders: Vec<PathBuf>,
    texts: Vec<String>,
    auth: Option<String>,
    clock: Clock,
    on_miss: OnMiss,
    report_miss: Option<ReportMiss>,
    request_log_size: usize,
    limits: Option<Limits>,
    seed: u64,
    rules: Vec<FaultRule>,
    admin: bool,
    token: Option<String>,
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
            .field("token", &self.token.as_ref().map(|_| "[redacted]"))
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            embedded: Embedded::Included,
            folders: Vec::new(),
            texts: Vec::new(),
            auth: None,
            clock: Arc::new(today),
            on_miss: OnMiss::Error,
            report_miss: None,
            request_log_size: DEFAULT_SIZE,
            limits: None,
            seed: 0,
            rules: Vec::new(),
            admin: false,
            token: None,
            fault_header: false,
            #[cfg(feature = "record")]
            record: None,
        }
    }

    /// Sets the address to listen on. Defaults to a free port of this machine, `127.0.0.1:0`.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Adds the fixtures of a folder and its subfolders. They take precedence over embedded ones.
    ///
    /// Fixtures are files that end in `.json`. They are read when the server starts.
    pub fn fixtures(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Adds a fixture, given as the content of its file. It takes precedence over embedded ones.
    pub fn fixture(mut self, json: impl Into<String>) -> Self {
        self.texts.push(json.into());
        self
    }

    /// Excludes the embedded fixtures. They are included by default.
    pub fn without_embedded(mut self) -> Self {
        self.embedded = Embedded::Excluded;
        self
    }

    /// Sets the only credentials that the server accepts, as `login:password`. By default it accepts
    /// any HTTP Basic credentials.
    pub fn auth(mut self, credentials: impl Into<String>) -> Self {
        self.auth = Some(credentials.into());
        self
    }

    /// Sets the source of the current date, for documented limits that depend on it, such as the
    /// earliest `date_from`. Defaults to today's date in UTC.
    pub fn clock(mut self, clock: impl Fn() -> Date + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the response to a request that matches no fixture and breaks no documented rule.
    /// Defaults to [`OnMiss::Error`].
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
    pub fn on_miss(mut self, on_miss: OnMiss) -> Self {
        self.on_miss = on_miss;
        self
    }

    /// Sets a callback that runs for every miss.
    pub fn report_misses(mut self, report: impl Fn(&Miss) + Send + Sync + 'static) -> Self {
        self.report_miss = Some(Arc::new(report));
        self
    }

    /// Sets the number of requests that the request log keeps. Defaults to 1024; 0 turns it off.
    ///
    /// The log keeps at most 2 MiB of bodies. The oldest bodies are dropped first. All sessions
    /// together keep at most 64 MiB.
    pub fn request_log_size(mut self, requests: usize) -> Self {
        self.request_log_size = requests;
        self
    }

    /// Sets the rate limits, which the server applies as the API does. Unlimited by default.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Sets the seed of rules that apply with a probability. Defaults to 0. With the same seed and the
    /// same calls the faults are the same.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Adds a rule that applies from the start of the server, in every
    /// [session](MockServer::session_url).
    pub fn rule(mut self, rule: FaultRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Turns on the admin routes under `/__mock/`.
    ///
    /// They accept requests from this machine to `localhost` or a loopback address, and none of web
    /// pages from elsewhere. With a [`token`](Self::token), they accept requests with it only.
    /// `GET /__mock/health` is always on.
    pub fn admin(mut self) -> Self {
        self.admin = true;
        self
    }

    /// Sets a token that gives access to the admin routes and the recorder, also from other machines
    /// and under other host names. A request has it in the header `x-mock-token`.
    ///
    /// It has at least 16 visible ASCII characters. There is none by default.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Lets each request choose a [`Fault`](crate::Fault) by the header `x-mock-fault`. Off by
    /// default.
    pub fn fault_header(mut self) -> Self {
        self.fault_header = true;
        self
    }

    /// Sends each request without a fixture to another server, and keeps the response as a fixture.
    ///
    /// The embedded fixtures are then excluded. [`Record`](crate::Record) has the settings.
    ///
    /// The server then accepts only the credentials of [`auth`](Self::auth), or else of
    /// [`Record::credentials`](crate::Record::credentials), and only from programs on this machine.
    /// With a [`token`](Self::token), it also accepts requests with it, from anywhere. One of the
    /// three is required.
    #[cfg(feature = "record")]
    pub fn record(mut self, record: crate::record::Record) -> Self {
        self.record = Some(record);
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    /// When a setting or a fixture cannot be used, or when the server cannot listen on the address.
    pub async fn start(self) -> Result<MockServer, StartError> {
        let address = self.listen;
        let state = self.state()?;
        let fail = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let mut mock = MockServer::running(state, Some(address), RunsOn::Connections);
        let state = Arc::clone(&mock.state);
        mock.runs_on = RunsOn::Task(tokio::spawn(listen(listener, state, mock.stop.subscribe())));
        Ok(mock)
    }

    /// Starts the server on a thread of its own.
    ///
    /// For tests that are not async or that use another runtime than tokio.
    ///
    /// # Errors
    /// When a setting or a fixture cannot be used, or when the server cannot listen on the address.
    pub fn start_blocking(self) -> Result<MockServer, StartError> {
        let address = self.listen;
        let state = self.state()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartError::Background)?;
        // Bound here instead of on the thread, so that an error can be returned. It is a blocking
        // call because a runtime may be running on this thread already.
        let fail = |source| StartError::Listen { address, source };
        let listener = std::net::TcpListener::bind(address).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let bound = listener.local_addr().map_err(fail)?;
        let mut mock = MockServer::running(state, Some(bound), RunsOn::Connections);
        let state = Arc::clone(&mock.state);
        let stop = mock.stop.subscribe();
        let run = move || {
            runtime.block_on(async {
                if let Ok(listener) = TcpListener::from_std(listener) {
                    listen(listener, state, stop).await;
                }
            });
        };
        let thread = thread::Builder::new()
            .name("mock-server".to_owned())
            .spawn(run);
        mock.runs_on = RunsOn::Thread(Some(thread.map_err(StartError::Background)?));
        Ok(mock)
    }

    /// Returns a server without a socket, for clients that use its
    /// [`connector`](MockServer::connector).
    ///
    /// # Errors
    /// When a setting or a fixture cannot be used.
    pub fn in_memory(self) -> Result<MockServer, StartError> {
        Ok(MockServer::running(
            self.state()?,
            None,
            RunsOn::Connections,
        ))
    }

    fn state(self) -> Result<ServerState, StartError> {
        #[cfg(feature = "record")]
        let recorder = match self.record.clone() {
            Some(record) => Some(crate::record::Recorder::new(record)?),
            None => None,
        };
        let token = self
            .token
            .clone()
            .map(|text| Token::new(text).ok_or(StartError::Token));
        let token = token.transpose()?;
        let credentials = match &self.auth {
            None => self.recorded_credentials(token.as_ref())?,
            Some(credentials) if credentials.contains(':') => {
                AcceptedCredentials::exactly(credentials)
            }
            Some(_) => return Err(StartError::Credentials),
        };
        #[cfg_attr(not(feature = "record"), allow(unused_mut, reason = "set below"))]
        let mut state = self.state_with(Store::new(Embedded::Excluded), credentials);
        state.settings.token = token;
        state.reload()?;
        #[cfg(feature = "record")]
        {
            state.recorder = recorder.map(Arc::new);
        }
        Ok(state)
    }

    /// Returns the credentials that a server without [`auth`](Self::auth) accepts.
    #[cfg(feature = "record")]
    fn recorded_credentials(
        &self,
        token: Option<&Token>,
    ) -> Result<AcceptedCredentials, StartError> {
        let Some(record) = &self.record else {
            return Ok(AcceptedCredentials::Any);
        };
        match record.own_credentials() {
            Some(credentials) => Ok(AcceptedCredentials::exactly(credentials)),
            // Requests without the token are refused.
            None if token.is_some() => Ok(AcceptedCredentials::Any),
            None => Err(crate::record::RecordError::NoCredentials.into()),
        }
    }

    /// Returns the credentials that a server without [`auth`](Self::auth) accepts.
    #[cfg(not(feature = "record"))]
    fn recorded_credentials(&self, _: Option<&Token>) -> Result<AcceptedCredentials, StartError> {
        Ok(AcceptedCredentials::Any)
    }

    pub(crate) fn state_with(self, store: Store, credentials: AcceptedCredentials) -> ServerState {
        // A recording must not contain generated data, so the API is called instead.
        #[cfg(feature = "record")]
        let embedded = match self.record {
            Some(_) => Embedded::Excluded,
            None => self.embedded,
        };
        #[cfg(not(feature = "record"))]
        let embedded = self.embedded;
        let replay = Replay {
            store: Arc::new(store),
            credentials,
            clock: self.clock,
            on_miss: self.on_miss,
        };
        let settings = Settings {
            embedded,
            folders: self.folders,
            texts: self.texts,
            request_log_size: self.request_log_size,
            limits: self.limits,
            seed: self.seed,
            admin: self.admin,
            token: None,
            fault_header: self.fault_header,
            report_miss: self.report_miss,
            rules: self.rules,
            max_connections: MAX_CONNECTIONS,
            miss_count: Arc::default(),
            log_bytes: Arc::default(),
        };
        ServerState::new(replay, settings)
    }
}
