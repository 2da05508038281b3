//! One HTTP exchange as middleware sees it: request, service, response.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use ::http::{Request, Response};
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::client::legacy::Client as HyperClient;
use tower_layer::Layer;
use tower_service::Service;

use crate::http::connector::{AnyConnector, BoxError};
use crate::http::unprocessed;
use crate::limits::permit::Validity;

type Exchange = Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, BoxError>> + Send>>;

/// The service that sends requests: hyper with the layers that were added before.
///
/// [`ClientBuilder::layer`](crate::ClientBuilder::layer) passes it to a layer, which returns a
/// service around it.
#[derive(Clone)]
pub struct HttpService(Arc<dyn Fn(Request<RequestBody>) -> Exchange + Send + Sync>);

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").finish_non_exhaustive()
    }
}

impl HttpService {
    /// Returns a service that sends with hyper.
    pub(crate) fn hyper(http: HyperClient<AnyConnector, RequestBody>) -> Self {
        Self(Arc::new(move |request| {
            // Middleware that has read the task may have sent it in another way.
            let sent_before = request.body().is_task_read();
            let response = http.request(request);
            Box::pin(async move {
                match response.await {
                    Ok(response) => Ok(response.map(ResponseBody::hyper)),
                    Err(error) if sent_before => Err(error.into()),
                    Err(error) => Err(unprocessed::mark(error)),
                }
            })
        }))
    }

    /// Returns this service with a layer around it.
    pub(crate) fn wrap<L, B>(self, layer: &L) -> Self
    where
        L: Layer<Self>,
        L::Service: Service<Request<RequestBody>, Response = Response<B>>,
        L::Service: Clone + Send + Sync + 'static,
        <L::Service as Service<Request<RequestBody>>>::Error: Into<BoxError>,
        <L::Service as Service<Request<RequestBody>>>::Future: Send,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let service = layer.layer(self);
        Self(Arc::new(move |request| {
            let mut service = service.clone();
            Box::pin(async move {
                std::future::poll_fn(|context| service.poll_ready(context))
                    .await
                    .map_err(Into::into)?;
                let response = service.call(request).await.map_err(Into::into)?;
                Ok(response.map(ResponseBody::new))
            })
        }))
    }
}

impl Service<Request<RequestBody>> for HttpService {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = Exchange;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Exchange {
        (self.0)(request)
    }
}

/// The body of a request: the tasks as JSON, or nothing for a GET request.
///
/// The body records whether it was read. A request whose body was not read was not sent, so that it
/// cannot have been charged. `Debug` prints the size and not the content.
pub struct RequestBody {
    bytes: Bytes,
    body: Full<Bytes>,
    is_read: Arc<AtomicBool>,
    /// How long the body may be read. `None` for no limit.
    validity: Option<Validity>,
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

impl RequestBody {
    /// Returns a body, and a flag that is set when the body is read.
    pub(crate) fn new(body: Option<Bytes>) -> (Self, Arc<AtomicBool>) {
        // Reading an empty body cannot be observed. Requests without a body are free.
        let is_read = Arc::new(AtomicBool::new(body.is_none()));
        let bytes = body.unwrap_or_default();
        let this = Self {
            body: Full::new(bytes.clone()),
            bytes,
            is_read: Arc::clone(&is_read),
            validity: None,
        };
        (this, is_read)
    }

    /// Sets how long the body may be read. Afterwards, reading it does not end, so that the request
    /// fails by its timeout and counts as not sent.
    pub(crate) fn valid_for(mut self, validity: Option<Validity>) -> Self {
        self.validity = validity;
        self
    }

    /// Returns whether the request has a task, and it was read.
    fn is_task_read(&self) -> bool {
        !self.bytes.is_empty() && self.is_read.load(Ordering::Acquire)
    }

    /// Returns the JSON of the tasks; empty for a GET request.
    ///
    /// This does not count as reading the body. Middleware that sends the request by itself, and not
    /// through the [`HttpService`] that it wraps, must read it as a [`Body`].
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let is_late = self.validity.is_some_and(|it| !it.is_sendable());
        if is_late && !self.is_read.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        self.is_read.store(true, Ordering::Release);
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a response as it arrives, before decompression.
pub struct ResponseBody(Kind);

enum Kind {
    /// The common case, without a box.
    Hyper(Incoming),
    Other(UnsyncBoxBody<Bytes, BoxError>),
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

impl ResponseBody {
    fn hyper(body: Incoming) -> Self {
        Self(Kind::Hyper(body))
    }

    /// Returns a body for a response that middleware creates, such as an `http_body_util::Full` with
    /// the bytes of a cached response.
    pub fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        Self(Kind::Other(body.map_err(Into::into).boxed_unsync()))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Hyper(body) => {
                let frame = ready!(Pin::new(body).poll_frame(context));
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Kind::Other(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Hyper(body) => body.is_end_stream(),
            Kind::Other(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Hyper(body) => body.size_hint(),
            Kind::Other(body) => body.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Polls a body once, and returns whether there is a frame and whether it counts as read.
    fn poll(send: Duration) -> (bool, bool) {
        let validity = Validity::new(Duration::ZERO, send);
        let (body, is_read) = RequestBody::new(Some(Bytes::from_static(b"[]")));
        let mut body = std::pin::pin!(body.valid_for(Some(validity)));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let frame = body.as_mut().poll_frame(&mut context);
        (frame.is_ready(), is_read.load(Ordering::Acquire))
    }

    #[test]
    fn a_task_is_not_written_after_its_permit_has_expired() {
        assert_eq!(poll(Duration::ZERO), (false, false));
        assert_eq!(poll(Duration::from_secs(60)), (true, true));
    }
}
