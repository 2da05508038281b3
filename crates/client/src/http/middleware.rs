//! One exchange over HTTP, as middleware sees it: a request goes in, an answer comes out.

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

use crate::http::connector::{BoxError, Connector};

type Exchange = Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, BoxError>> + Send>>;

/// What sends a request and brings its answer: hyper, with the middleware of the user around it.
/// [`ClientBuilder::layer`](crate::ClientBuilder::layer) wraps it.
#[derive(Clone)]
pub struct HttpService(Arc<dyn Fn(Request<RequestBody>) -> Exchange + Send + Sync>);

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").finish_non_exhaustive()
    }
}

impl HttpService {
    /// Sends with hyper.
    pub(crate) fn hyper(http: HyperClient<Connector, RequestBody>) -> Self {
        Self(Arc::new(move |request| {
            let answer = http.request(request);
            Box::pin(async move { Ok(answer.await?.map(ResponseBody::hyper)) })
        }))
    }

    /// The same with one more layer around it.
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
                let answer = service.call(request).await.map_err(Into::into)?;
                Ok(answer.map(ResponseBody::new))
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

/// The body of a request, which knows whether it was asked for: that tells a call that was never
/// sent from one that may have been charged.
pub struct RequestBody {
    bytes: Bytes,
    body: Full<Bytes>,
    taken: Arc<AtomicBool>,
}

/// Without the bytes: they are the caller's data.
impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

impl RequestBody {
    /// A body, and what tells whether it was asked for.
    pub(crate) fn new(body: Option<Bytes>) -> (Self, Arc<AtomicBool>) {
        // Of a call without a body nobody can tell when it is sent; those are free.
        let taken = Arc::new(AtomicBool::new(body.is_none()));
        let bytes = body.unwrap_or_default();
        let this = Self {
            body: Full::new(bytes.clone()),
            bytes,
            taken: Arc::clone(&taken),
        };
        (this, taken)
    }

    /// The JSON that is sent; empty for a call without tasks. To look at it does not count as
    /// sending: middleware that sends it by itself, not through the [`HttpService`] that it wraps,
    /// reads it as a [`Body`].
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

/// The body of an answer, as it arrives: compressed, if its header says so.
pub struct ResponseBody(Kind);

enum Kind {
    /// hyper's own needs no box.
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

    /// A body of the middleware's own, such as `http_body_util::Full` of the bytes of an answer that
    /// it kept.
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
