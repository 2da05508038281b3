//! Sending one request and collecting its answer: hyper, TLS, gzip, a timeout.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use ::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, RETRY_AFTER, USER_AGENT,
};
use ::http::{HeaderMap, HeaderValue, Request, Uri};
use bytes::{Bytes, BytesMut};
use dataforseo_models::Method;
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::charge::Dispatch;
use crate::http::connector::{BoxError, Connector};
use crate::http::middleware::{HttpService, RequestBody};
use crate::response::RawResponse;

/// An error of the transport: no complete response arrived.
///
/// [`kind`](Self::kind) returns what happened. [`source`](std::error::Error::source) returns the
/// underlying error of hyper, TLS or the operating system, if there is one.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<BoxError>,
}

/// What went wrong between the client and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The client could not connect: the request was not sent.
    Connect,
    /// The connection failed, or the timeout expired, before any of the task was written: the
    /// request was not sent.
    NotSent,
    /// The connection failed before a response arrived. The call may have been charged.
    Interrupted,
    /// The connection failed within the response. The call may have been charged.
    BodyInterrupted,
    /// No complete response arrived within the timeout, which is given here. The call may have been
    /// charged.
    Timeout(Duration),
    /// The response is larger than the maximum, which is given here in bytes. The call may have
    /// been charged.
    ResponseTooLarge(usize),
    /// The response could not be decompressed. The call may have been charged.
    Decompression,
    /// The request could not be built. It was not sent.
    InvalidRequest,
}

impl TransportError {
    fn new(kind: TransportErrorKind, source: impl Into<BoxError>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    fn with_kind(self, kind: TransportErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// Returns what happened.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns whether the request was sent.
    pub(crate) fn dispatch(&self) -> Dispatch {
        use TransportErrorKind as Kind;
        match self.kind {
            Kind::Connect | Kind::NotSent | Kind::InvalidRequest => Dispatch::NotSent,
            Kind::Interrupted | Kind::Timeout(_) => Dispatch::Unknown,
            Kind::BodyInterrupted | Kind::ResponseTooLarge(_) | Kind::Decompression => {
                Dispatch::Sent
            }
        }
    }
}

impl From<TransportErrorKind> for TransportError {
    fn from(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("could not connect; nothing was sent"),
            Self::NotSent => f.write_str("failed before the task was written; nothing was sent"),
            Self::Interrupted => f.write_str(
                "the connection failed before a response arrived; the call may have been charged",
            ),
            Self::BodyInterrupted => f.write_str(
                "the connection failed within the response; the call may have been charged",
            ),
            Self::Timeout(time) => write!(
                f,
                "no complete response within {time:?}; the call may have been charged"
            ),
            Self::ResponseTooLarge(max) => write!(
                f,
                "the response is larger than {max} bytes (`max_response_bytes`); the call may have \
                 been charged"
            ),
            Self::Decompression => f.write_str(
                "the response could not be decompressed; the call may have been charged",
            ),
            Self::InvalidRequest => f.write_str("the request could not be built; nothing was sent"),
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        match &self.source {
            Some(source) => write!(f, ": {}", chain(source.as_ref())),
            None => Ok(()),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// A transport error with what there is of the answer.
pub(crate) struct Failure {
    pub(crate) error: TransportError,
    pub(crate) response: Option<RawResponse>,
}

impl Failure {
    fn of(error: TransportError) -> Self {
        Self {
            error,
            response: None,
        }
    }
}

/// An error's text with its causes: hyper's own says little without them.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

/// What sends requests to one server, and what every request carries.
#[derive(Debug)]
pub(crate) struct Transport {
    http: HttpService,
    base: String,
    authorization: HeaderValue,
    timeout: Duration,
    max_response_bytes: usize,
}

impl Transport {
    pub(crate) fn new(
        base: String,
        authorization: HeaderValue,
        timeout: Duration,
        max_response_bytes: usize,
        http: HttpService,
    ) -> Self {
        Self {
            http,
            base,
            authorization,
            timeout,
            max_response_bytes,
        }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Sends a body, if there is one, to a path of an endpoint, once, and collects the answer. With
    /// an error comes what there is of the answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<RawResponse, Failure> {
        let mut request = Request::builder()
            .method(method.as_str())
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, self.authorization.clone());
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let is_free = body.is_none();
        let (outgoing, taken) = RequestBody::new(body);
        let request = request
            .header(ACCEPT_ENCODING, "gzip")
            .header(
                USER_AGENT,
                concat!("dataforseo-client/", env!("CARGO_PKG_VERSION")),
            )
            .body(outgoing)
            .map_err(|error| {
                Failure::of(TransportError::new(
                    TransportErrorKind::InvalidRequest,
                    error,
                ))
            })?;
        let mut arrived = None;
        let exchange = self.exchange(request, &mut arrived);
        let broken = match tokio::time::timeout(self.timeout, exchange).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(_) => Some(TransportErrorKind::Timeout(self.timeout).into()),
        };
        let unsent = !taken.load(Ordering::Acquire);
        let broken = broken.map(|error| match error.kind {
            // A layer that sends by itself, and then through hyper, may have sent it.
            TransportErrorKind::Connect if !unsent && !is_free => {
                error.with_kind(TransportErrorKind::Interrupted)
            }
            TransportErrorKind::Interrupted if unsent => {
                error.with_kind(TransportErrorKind::NotSent)
            }
            TransportErrorKind::Timeout(time) if unsent => TransportError::new(
                TransportErrorKind::NotSent,
                io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("no connection within {time:?}"),
                ),
            ),
            _ => error,
        });
        let Some(Arrived {
            status,
            encoding,
            retry_after,
            body,
        }) = arrived
        else {
            let cause = || "no answer and no error";
            let error = broken
                .unwrap_or_else(|| TransportError::new(TransportErrorKind::Interrupted, cause()));
            return Err(Failure::of(error));
        };
        let (body, unreadable) = self.decompress(encoding.as_ref(), body.freeze());
        let response = RawResponse {
            status,
            body,
            retry_after,
            attempts: 1,
        };
        match broken.or(unreadable) {
            None => Ok(response),
            Some(error) => Err(Failure {
                error,
                response: Some(response),
            }),
        }
    }

    /// Sends the request and collects the answer into `arrived`, which is kept when this breaks
    /// off or is given up.
    async fn exchange(
        &self,
        request: Request<RequestBody>,
        arrived: &mut Option<Arrived>,
    ) -> Result<(), TransportError> {
        let response = self.http.clone().call(request).await.map_err(|error| {
            // Middleware can have put an error of its own around hyper's.
            match connecting(error.as_ref()) {
                true => TransportError::new(TransportErrorKind::Connect, error),
                false => TransportError::new(TransportErrorKind::Interrupted, error),
            }
        })?;
        let arrived = arrived.insert(Arrived {
            status: response.status().as_u16(),
            encoding: response.headers().get(CONTENT_ENCODING).cloned(),
            retry_after: retry_after(response.headers()),
            body: BytesMut::new(),
        });
        let mut incoming = response.into_body();
        while let Some(frame) = incoming.frame().await {
            let frame = frame
                .map_err(|error| TransportError::new(TransportErrorKind::BodyInterrupted, error))?;
            // Trailers are of no use here.
            if let Ok(data) = frame.into_data() {
                if arrived.body.len() + data.len() > self.max_response_bytes {
                    return Err(
                        TransportErrorKind::ResponseTooLarge(self.max_response_bytes).into(),
                    );
                }
                arrived.body.extend_from_slice(&data);
            }
        }
        Ok(())
    }

    /// The body as it was before compression, as far as it can be read.
    fn decompress(
        &self,
        encoding: Option<&HeaderValue>,
        body: Bytes,
    ) -> (Bytes, Option<TransportError>) {
        match encoding.map(HeaderValue::as_bytes) {
            None | Some(b"identity" | b"") => (body, None),
            Some(encoding) if encoding.eq_ignore_ascii_case(b"gzip") => self.unzip(&body),
            Some(encoding) => {
                let encoding = String::from_utf8_lossy(encoding).into_owned();
                let message = format!("asked for gzip, got `{encoding}`");
                (
                    body,
                    Some(TransportError::new(
                        TransportErrorKind::Decompression,
                        message,
                    )),
                )
            }
        }
    }

    fn unzip(&self, body: &Bytes) -> (Bytes, Option<TransportError>) {
        let mut plain = Vec::new();
        let limit = u64::try_from(self.max_response_bytes).unwrap_or(u64::MAX);
        // One byte more than allowed tells an answer of just that size from a larger one. What was
        // read before an error stays in `plain`.
        let outcome = MultiGzDecoder::new(&body[..])
            .take(limit.saturating_add(1))
            .read_to_end(&mut plain);
        let error = match outcome {
            Err(error) => Some(TransportError::new(
                TransportErrorKind::Decompression,
                error,
            )),
            Ok(_) if plain.len() > self.max_response_bytes => {
                Some(TransportErrorKind::ResponseTooLarge(self.max_response_bytes).into())
            }
            Ok(_) => None,
        };
        // What is not compressed at all is handed out as it is.
        match (plain.is_empty(), error) {
            (true, Some(error)) => (body.clone(), Some(error)),
            (_, error) => (plain.into(), error),
        }
    }
}

/// An answer as far as it came.
struct Arrived {
    status: u16,
    encoding: Option<HeaderValue>,
    retry_after: Option<Duration>,
    body: BytesMut,
}

/// Whether hyper could not connect.
fn connecting(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return error.is_connect();
        }
        next = error.source();
    }
    false
}

/// How long `Retry-After` says to wait: so many seconds, or until a time. That time is the
/// server's, so it is held against the server's own `Date`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let value = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds.min(LONGEST_WAIT)));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    let wait = until.duration_since(now.unwrap_or_else(SystemTime::now));
    Some(
        wait.unwrap_or_default()
            .min(Duration::from_secs(LONGEST_WAIT)),
    )
}

/// A day, in seconds: whoever asks for more is not to be taken at his word.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

/// How the connector of a client is made, unless it is given another.
pub(crate) struct Network {
    pub(crate) connect_timeout: Duration,
    pub(crate) proxies: Matcher,
    /// In addition to those that come with this crate.
    pub(crate) roots: Vec<CertificateDer<'static>>,
}

/// Sends over connections that this opens, and keeps them for the next calls.
pub(crate) fn pooled(connector: Connector) -> HttpService {
    // hyper repeats a request only if not a byte of it was written, on a pooled connection that the
    // server had closed meanwhile; that cannot be charged twice.
    let http = HyperClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(60))
        .build(connector);
    HttpService::hyper(http)
}

/// The connector that a client has unless it is given another: TCP, through a proxy if there is
/// one, and TLS, with HTTP/2 where the server offers it.
pub(crate) fn tcp_and_tls(network: Network) -> Result<Connector, rustls::Error> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(network.connect_timeout));
    let known = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
    let mut roots = rustls::RootCertStore::from_iter(known);
    for root in network.roots {
        roots.add(root)?;
    }
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls(roots)?)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(MaybeProxied {
            tcp,
            proxies: Arc::new(network.proxies),
        });
    Ok(Connector::new(connector))
}

/// TCP to the server, or to its proxy and through that to the server.
#[derive(Clone)]
struct MaybeProxied {
    tcp: HttpConnector,
    proxies: Arc<Matcher>,
}

impl Service<Uri> for MaybeProxied {
    type Response = TokioIo<TcpStream>;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // What is not encrypted stays on this machine or in a network that is trusted: a proxy
        // would get to read the credentials.
        let encrypted = uri.scheme_str() == Some("https");
        let Some(proxy) = self.proxies.intercept(&uri).filter(|_| encrypted) else {
            let direct = self.tcp.call(uri);
            return Box::pin(async move { Ok(direct.await?) });
        };
        if proxy.uri().scheme_str() != Some("http") {
            let reason = "only proxies at http:// are supported";
            return Box::pin(async move { Err(reason.into()) });
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.tcp.clone());
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let through = tunnel.call(uri);
        Box::pin(async move { Ok(through.await?) })
    }
}

/// The provider is named, so that a program with two of them in its tree does not panic.
fn tls(roots: rustls::RootCertStore) -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
