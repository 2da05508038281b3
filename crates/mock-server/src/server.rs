//! Listening, and passing requests on to the replay.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dataforseo_models::{Date, today};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, WWW_AUTHENTICATE,
};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::answer::Reply;
use crate::fixture::{Fixture, FixtureError};
use crate::generated::ENDPOINTS;
use crate::replay::{Auth, Clock, OnMiss, Replay, Request as Seen};

/// The largest body of a request that is read. The API's own limits stay far below.
const MAX_REQUEST: usize = 16 << 20;
/// Answers shorter than this are not worth compressing.
const MIN_GZIP: usize = 1024;

/// What is told of a miss.
type ReportMiss = Arc<dyn Fn(&str) + Send + Sync>;

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
    #[error("credentials are given as login:password")]
    Credentials,
}

/// A running mock server. It stops when this is dropped.
#[derive(Debug)]
pub struct MockServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl MockServer {
    /// Starts a server on a free port of this machine, with the embedded fixtures, taking any
    /// credentials. Each is a server of its own, so tests do not meet.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
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
            examples: OnMiss::Refuse,
            on_miss: None,
        }
    }

    /// The base URL, such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs until the server stops by itself, which it does not.
    #[cfg(feature = "program")]
    #[doc(hidden)]
    pub async fn run(mut self) {
        // An error here is that the task was aborted, and only `drop` does that.
        let _ = (&mut self.task).await;
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.task.abort();
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
    examples: OnMiss,
    on_miss: Option<ReportMiss>,
}

impl Builder {
    /// Listens on this address instead of a free port of this machine.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Adds the fixtures of a folder and those below it. One that answers the same request as an
    /// embedded fixture takes its place.
    pub fn fixtures(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
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

    /// Adds a fixture, given as the text of its file.
    pub fn fixture(mut self, json: impl Into<String>) -> Self {
        self.texts.push(json.into());
        self
    }

    /// What a request is answered with that no fixture has and no rule refuses. 404 unless set.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dataforseo_mock_server::{MockServer, OnMiss};
    ///
    /// let mock = MockServer::builder().answer_misses(OnMiss::Example).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn answer_misses(mut self, with: OnMiss) -> Self {
        self.examples = with;
        self
    }

    /// Calls this with the message of each miss, and of each path that is none.
    pub fn on_miss(mut self, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_miss = Some(Arc::new(report));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// When a fixture cannot be used, or the address cannot be listened on.
    pub async fn start(self) -> Result<MockServer, StartError> {
        let mut further = Vec::new();
        for folder in &self.folders {
            further.extend(Fixture::read_folder(folder)?);
        }
        for (index, text) in self.texts.iter().enumerate() {
            further.push(Fixture::parse(&format!("fixture {}", index + 1), text)?);
        }
        let auth = match self.auth {
            None => Auth::Any,
            Some(credentials) if credentials.contains(':') => Auth::Exactly(credentials),
            Some(_) => return Err(StartError::Credentials),
        };
        let replay = Replay::new(
            ENDPOINTS,
            self.embedded,
            further,
            auth,
            self.clock,
            self.examples,
        )?;
        let address = self.listen;
        let fail = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let task = tokio::spawn(listen(listener, Arc::new(replay), self.on_miss));
        Ok(MockServer { address, task })
    }
}

async fn listen(listener: TcpListener, replay: Arc<Replay>, on_miss: Option<ReportMiss>) {
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        // Accepting fails for a client that went away, or for too many open files; the latter
        // passes, and trying without a pause would take a whole core until it does.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let replay = Arc::clone(&replay);
        let on_miss = on_miss.clone();
        let service =
            service_fn(move |request| respond(Arc::clone(&replay), on_miss.clone(), request));
        connections.spawn(async move {
            // A client that breaks its connection off is its own affair.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn respond(
    replay: Arc<Replay>,
    on_miss: Option<ReportMiss>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_REQUEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            return Ok(response);
        }
    };
    let header = |name| {
        head.headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let reply = replay.answer(&Seen {
        method: head.method.as_str(),
        path: head.uri.path(),
        authorization: header(AUTHORIZATION),
        body: &body,
    });
    if let (Some(report), Some(detail), "miss" | "path") =
        (on_miss, &reply.detail, reply.source.as_str())
    {
        report(detail);
    }
    let gzip = header(ACCEPT_ENCODING).is_some_and(|accepted| {
        accepted
            .split(',')
            .any(|coding| coding.split(';').next().unwrap_or_default().trim() == "gzip")
    });
    Ok(response(reply, gzip))
}

fn response(reply: Reply, gzip: bool) -> Response<Full<Bytes>> {
    let compressed = (gzip && reply.body.len() >= MIN_GZIP)
        .then(|| compress(&reply.body))
        .flatten();
    let encoded = compressed.is_some();
    let mut response = Response::new(Full::new(compressed.unwrap_or(reply.body)));
    // A fixture's status was checked when it was read; the API's own are constants.
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    if encoded {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if reply.status == 401 {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"Rest Server\""),
        );
    }
    for (name, value) in [
        ("x-mock-source", Some(reply.source)),
        ("x-mock-detail", reply.detail),
    ] {
        // A header takes no line breaks, and clients take no long ones; what cannot be said in one
        // is left out.
        let value = value.map(|value| value.chars().take(2000).collect::<String>());
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn compress(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
