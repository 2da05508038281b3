//! One HTTP exchange: building the request, collecting the response, its timeout and its encoding.

use std::error::Error as StdError;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use ::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, RETRY_AFTER, USER_AGENT,
};
use ::http::{HeaderMap, HeaderValue, Request};
use bytes::{Bytes, BytesMut};
use dataforseo_models::Method;
use http_body_util::BodyExt;
use tower_service::Service;

use super::awake::{self, Progress};
use super::encoding::{self, Decoded};
use super::error::{TransportError, TransportErrorKind};
use super::middleware::{HttpService, RequestBody};
use super::unprocessed::is_unprocessed;
use crate::limits::permit::Validity;
use crate::response::RawResponse;

/// A transport error and the part of the response that arrived.
pub(crate) struct TransportFailure {
    pub(crate) error: TransportError,
    pub(crate) response: Option<RawResponse>,
}

impl TransportFailure {
    fn without_response(error: TransportError) -> Self {
        Self {
            error,
            response: None,
        }
    }
}

/// The server and what every request to it contains.
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

    /// Sends a request once and collects the response. The task is not written after `validity`.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        validity: Option<Validity>,
    ) -> Result<RawResponse, TransportFailure> {
        let has_task = body.is_some();
        let (outgoing, body_read) = RequestBody::new(body);
        let outgoing = outgoing.valid_for(validity);
        let request = self
            .request(method, path, outgoing)
            .map_err(TransportFailure::without_response)?;
        let mut arrived = None;
        let progress = Progress::default();
        let exchange = self.exchange(request, &mut arrived, &progress);
        let error = match awake::within(self.timeout, exchange, &progress).await {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(error),
            None => Some(TransportErrorKind::Timeout(self.timeout).into()),
        };
        let written = Written {
            has_task,
            body_read: body_read.load(Ordering::Acquire),
        };
        let error = error.map(|error| written.correct(error));
        let Some(arrived) = arrived else {
            return Err(TransportFailure::without_response(error.unwrap_or_else(
                || {
                    TransportError::new(
                        TransportErrorKind::Interrupted,
                        "neither a response nor an error",
                    )
                },
            )));
        };
        let decoded = encoding::decode(
            &arrived.encodings,
            arrived.body.freeze(),
            self.max_response_bytes,
        );
        let Decoded {
            body,
            error: unreadable,
        } = decoded.await;
        let response = RawResponse {
            status: arrived.status,
            body,
            retry_after: arrived.retry_after,
            attempts: 1,
        };
        match error.or(unreadable) {
            None => Ok(response),
            Some(error) => Err(TransportFailure {
                error,
                response: Some(response),
            }),
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: RequestBody,
    ) -> Result<Request<RequestBody>, TransportError> {
        let mut request = Request::builder()
            .method(method.as_str())
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, self.authorization.clone());
        if !body.bytes().is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request
            .header(ACCEPT_ENCODING, "gzip")
            .header(USER_AGENT, AGENT)
            .body(body)
            .map_err(|error| TransportError::new(TransportErrorKind::InvalidRequest, error))
    }

    /// Sends the request and collects the response into `arrived`, which outlives an error and the
    /// timeout.
    async fn exchange(
        &self,
        request: Request<RequestBody>,
        arrived: &mut Option<Arrived>,
        progress: &Progress,
    ) -> Result<(), TransportError> {
        let response = self.http.clone().call(request).await.map_err(|error| {
            let kind = if is_connect(error.as_ref()) {
                TransportErrorKind::Connect
            } else if is_unprocessed(error.as_ref()) {
                TransportErrorKind::Unprocessed
            } else {
                TransportErrorKind::Interrupted
            };
            TransportError::new(kind, error)
        })?;
        progress.note();
        let arrived = arrived.insert(Arrived {
            status: response.status().as_u16(),
            encodings: response
                .headers()
                .get_all(CONTENT_ENCODING)
                .iter()
                .cloned()
                .collect(),
            retry_after: retry_after(response.headers()),
            body: BytesMut::new(),
        });
        let mut incoming = response.into_body();
        while let Some(frame) = incoming.frame().await {
            let frame = frame
                .map_err(|error| TransportError::new(TransportErrorKind::BodyInterrupted, error))?;
            // Trailers are ignored.
            if let Ok(data) = frame.into_data() {
                progress.note();
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
}

/// The part of a response that arrived.
struct Arrived {
    status: u16,
    encodings: Vec<HeaderValue>,
    retry_after: Option<Duration>,
    body: BytesMut,
}

/// What is known about whether the task was written to the network.
struct Written {
    /// Whether the request has a task. Requests without one are free.
    has_task: bool,
    /// Whether the body was read, which is when it is written.
    body_read: bool,
}

impl Written {
    /// Corrects the kind of an error by what was written.
    fn correct(&self, error: TransportError) -> TransportError {
        use TransportErrorKind as Kind;
        match error.kind() {
            // Middleware that sends by itself, and then through hyper, may have sent the task.
            Kind::Connect if self.body_read && self.has_task => error.with_kind(Kind::Interrupted),
            Kind::Interrupted if !self.body_read => error.with_kind(Kind::NotSent),
            Kind::Timeout(time) if !self.body_read => TransportError::new(
                Kind::NotSent,
                io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("no connection within {time:?}"),
                ),
            ),
            _ => error,
        }
    }
}

/// Returns whether hyper could not connect. Middleware may have wrapped hyper's error.
fn is_connect(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return error.is_connect();
        }
        next = error.source();
    }
    false
}

/// Returns the time to wait from the header `Retry-After`: seconds, or a date. Dates are compared
/// with the server's own `Date`, as the clocks may differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let value = text(RETRY_AFTER)?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = httpdate::parse_http_date(value).ok()?;
            let now = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
            let wait = until.duration_since(now.unwrap_or_else(SystemTime::now));
            wait.unwrap_or_default()
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// The longest wait that is accepted from `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The value of the header `User-Agent`.
const AGENT: &str = concat!("dataforseo-client/", env!("CARGO_PKG_VERSION"));
