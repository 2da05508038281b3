//! Sending one request and collecting its answer: hyper, TLS, gzip, a deadline.

use std::error::Error as StdError;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use dataforseo_models::Method;
use flate2::read::MultiGzDecoder;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, RETRY_AFTER, USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Request, Uri};
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

use crate::answer::RawResponse;
use crate::connector::Connector;
use crate::error::Left;
use crate::exchange::{HttpService, RequestBody};

/// Why no whole answer came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection: the call was not sent.
    #[error("no connection, nothing was sent: {0}")]
    Connect(Cause),
    /// The connection broke, or the deadline passed, before anything of the task was written: the
    /// call was not sent.
    #[error("broken off before the task was written, nothing was sent: {0}")]
    Unsent(Cause),
    /// The connection broke before an answer began. The call may have been carried out.
    #[error("the connection broke before an answer came; the call may have been charged: {0}")]
    Interrupted(Cause),
    /// The answer broke off. The call was carried out.
    #[error("the answer broke off; the call may have been charged: {0}")]
    BodyInterrupted(Cause),
    /// The deadline passed when the task was under way. The call may have been carried out.
    #[error("no whole answer within {0:?}; the call may have been charged")]
    DeadlineExceeded(Duration),
    /// The answer is larger than the client was told to take.
    #[error(
        "the answer is larger than {0} bytes (`max_response_bytes`); the call may have been charged"
    )]
    TooLarge(usize),
    /// The answer is not compressed in the way that its header says.
    #[error("the answer's compression cannot be read; the call may have been charged: {0}")]
    Encoding(Cause),
    /// The request could not be put together. Nothing was sent.
    #[error("the request could not be built, nothing was sent: {0}")]
    Request(Cause),
}

impl TransportError {
    /// Whether the call left this program.
    pub(crate) fn left(&self) -> Left {
        match self {
            Self::Connect(_) | Self::Unsent(_) | Self::Request(_) => Left::No,
            Self::Interrupted(_) | Self::DeadlineExceeded(_) => Left::Perhaps,
            Self::BodyInterrupted(_) | Self::TooLarge(_) | Self::Encoding(_) => Left::Yes,
        }
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

/// What lies under a transport error, with all of its own causes in its text.
#[derive(Debug, thiserror::Error)]
#[error("{}", chain(.0.as_ref()))]
pub struct Cause(Box<dyn StdError + Send + Sync>);

impl Cause {
    fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
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
    deadline: Duration,
    max_response_bytes: usize,
}

impl Transport {
    pub(crate) fn new(
        base: String,
        authorization: HeaderValue,
        deadline: Duration,
        max_response_bytes: usize,
        http: HttpService,
    ) -> Self {
        Self {
            http,
            base,
            authorization,
            deadline,
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
            .map_err(|error| Failure::of(TransportError::Request(Cause::new(error))))?;
        let mut arrived = None;
        let exchange = self.exchange(request, &mut arrived);
        let broken = match tokio::time::timeout(self.deadline, exchange).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(_) => Some(TransportError::DeadlineExceeded(self.deadline)),
        };
        let unsent = !taken.load(Ordering::Acquire);
        let broken = broken.map(|error| match error {
            // A layer that sends by itself, and then through hyper, may have sent it.
            TransportError::Connect(cause) if !unsent && !is_free => {
                TransportError::Interrupted(cause)
            }
            TransportError::Interrupted(cause) if unsent => TransportError::Unsent(cause),
            TransportError::DeadlineExceeded(time) if unsent => {
                TransportError::Unsent(Cause::new(format!("no connection within {time:?}")))
            }
            error => error,
        });
        let Some(Arrived {
            status,
            encoding,
            retry_after,
            body,
        }) = arrived
        else {
            let cause = || Cause::new("no answer and no error");
            let error = broken.unwrap_or_else(|| TransportError::Interrupted(cause()));
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
                true => TransportError::Connect(Cause::new(error)),
                false => TransportError::Interrupted(Cause::new(error)),
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
            let frame =
                frame.map_err(|error| TransportError::BodyInterrupted(Cause::new(error)))?;
            // Trailers are of no use here.
            if let Ok(data) = frame.into_data() {
                if arrived.body.len() + data.len() > self.max_response_bytes {
                    return Err(TransportError::TooLarge(self.max_response_bytes));
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
                (body, Some(TransportError::Encoding(Cause::new(message))))
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
            Err(error) => Some(TransportError::Encoding(Cause::new(error))),
            Ok(_) if plain.len() > self.max_response_bytes => {
                Some(TransportError::TooLarge(self.max_response_bytes))
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
