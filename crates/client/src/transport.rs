//! Sending one request and collecting its answer: hyper, TLS, gzip, a deadline.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use dataforseo_models::Method;
use flate2::read::MultiGzDecoder;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT,
};
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, SizeHint};
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

/// The body of a request, which knows whether it was asked for.
struct Outgoing {
    body: Full<Bytes>,
    taken: Arc<AtomicBool>,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.taken.store(true, Ordering::Release);
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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

/// A pool of connections to one server, and what every request carries.
#[derive(Debug)]
pub(crate) struct Transport {
    http: HyperClient<Connector, Outgoing>,
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
        connector: Connector,
    ) -> Self {
        // hyper repeats a request only if not a byte of it was written, on a pooled connection
        // that the server had closed meanwhile; that cannot be charged twice.
        let http = HyperClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .build(connector);
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
        // Of a call without a body nobody can tell when it is sent; those are free.
        let taken = Arc::new(AtomicBool::new(body.is_none()));
        let outgoing = Outgoing {
            body: Full::new(body.unwrap_or_default()),
            taken: Arc::clone(&taken),
        };
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
        request: Request<Outgoing>,
        arrived: &mut Option<Arrived>,
    ) -> Result<(), TransportError> {
        let response = self.http.request(request).await.map_err(|error| {
            if error.is_connect() {
                TransportError::Connect(Cause::new(error))
            } else {
                TransportError::Interrupted(Cause::new(error))
            }
        })?;
        let arrived = arrived.insert(Arrived {
            status: response.status().as_u16(),
            encoding: response.headers().get(CONTENT_ENCODING).cloned(),
            retry_after: response.headers().get(RETRY_AFTER).and_then(seconds),
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

/// The value of `Retry-After` in seconds. One that is a date is passed over: proxies that turn calls
/// away send seconds, and clocks differ.
fn seconds(value: &HeaderValue) -> Option<Duration> {
    value
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// How the connector of a client is made, unless it is given another.
pub(crate) struct Network {
    pub(crate) connect_timeout: Duration,
    pub(crate) proxies: Matcher,
    /// In addition to those that come with this crate.
    pub(crate) roots: Vec<CertificateDer<'static>>,
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
