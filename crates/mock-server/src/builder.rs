//! Making a mock server: what it answers with, where it listens, what it keeps.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dataforseo_models::{Date, today};

use crate::fault::FaultRule;
use crate::fixture::FixtureError;
use crate::journal;
use crate::limits::Limits;
use crate::miss::Miss;
use crate::mock::{MockServer, Runs};
use crate::replay::{Auth, Clock, OnMiss, Replay};
use crate::server::{ReportMiss, Settings, Shared, bind, listen};
use crate::store::Store;

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
    pub(crate) fn new() -> Self {
        Self {
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

    /// Lets each request ask for a [`Fault`](crate::Fault) by the header `x-mock-fault`.
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

    pub(crate) fn shared_with(self, store: Store, auth: Auth) -> Shared {
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
