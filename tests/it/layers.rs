//! Middleware around an exchange: what it receives, and how its errors and own responses count.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use dataforseo_client::models::StatusCode;
use dataforseo_client::models::backlinks::{BulkRanksLive, BulkRanksLiveTask};
use dataforseo_client::{
    Charge, Client, ClientBuilder, Dispatch, Error, ErrorKind, FailedAttempt, HttpService,
    RequestBody, ResponseBody, RetryPolicy, StandardRetryPolicy, TransportErrorKind,
};
use dataforseo_mock_server::{Fault, MockServer};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response};
use tower_layer::{Layer, layer_fn};
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Exchange =
    Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, BoxError>> + Send>>;

/// A function in the place of what sends.
#[derive(Clone)]
pub(crate) struct Middleware<F> {
    inner: HttpService,
    function: F,
}

impl<F> Service<Request<RequestBody>> for Middleware<F>
where
    F: Fn(HttpService, Request<RequestBody>) -> Exchange,
{
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = Exchange;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Exchange {
        (self.function)(self.inner.clone(), request)
    }
}

fn with<F>(mock: &MockServer, function: F) -> ClientBuilder
where
    F: Fn(HttpService, Request<RequestBody>) -> Exchange + Clone + Send + Sync + 'static,
{
    let builder = crate::builder(mock.url()).connector(mock.connector());
    builder.layer(layer(function))
}

pub(crate) fn layer<F>(
    function: F,
) -> impl Layer<HttpService, Service = Middleware<F>> + Send + Sync
where
    F: Clone + Send + Sync,
{
    layer_fn(move |inner| Middleware {
        inner,
        function: function.clone(),
    })
}

async fn call(client: &Client) -> Result<f64, Error> {
    let task = BulkRanksLiveTask::new(["example.com"]);
    let response = client.backlinks().bulk_ranks_live(&task).await?;
    Ok(response.cost().unwrap())
}

/// An error of middleware, around the one that it met.
#[derive(Debug)]
struct Around(BoxError);

impl fmt::Display for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("around")
    }
}

impl std::error::Error for Around {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}

#[tokio::test(start_paused = true)]
async fn layers_see_each_attempt_from_the_outside_in() {
    let mock = crate::examples();
    let limit = Fault::Api(StatusCode::RateLimitExceeded);
    mock.on(BulkRanksLive).first(1).fault(limit);
    let log = Arc::new(Mutex::new(Vec::new()));
    let logging = |name: &'static str| {
        let log = Arc::clone(&log);
        move |mut inner: HttpService, mut request: Request<RequestBody>| {
            let body = String::from_utf8(request.body().bytes().to_vec()).unwrap();
            let met = request.headers().contains_key("x-met");
            request.headers_mut().insert("x-met", "1".parse().unwrap());
            log.lock().unwrap().push(format!("{name} {met} {body}"));
            let log = Arc::clone(&log);
            Box::pin(async move {
                let response = inner.call(request).await?;
                let status = response.status().as_u16();
                log.lock().unwrap().push(format!("{name} {status}"));
                Ok(response)
            }) as Exchange
        }
    };
    let client = with(&mock, logging("inner"))
        .layer(layer(logging("outer")))
        .retry_policy(StandardRetryPolicy::default())
        .build()
        .unwrap();
    call(&client).await.unwrap();
    let sent = r#"[{"targets":["example.com"]}]"#;
    let once = [
        format!("outer false {sent}"),
        format!("inner true {sent}"),
        "inner 200".to_owned(),
        "outer 200".to_owned(),
    ];
    assert_eq!(*log.lock().unwrap(), [once.clone(), once].concat());
}

#[tokio::test]
async fn an_error_of_a_layer_counts_by_what_was_sent() {
    let mock = crate::examples();
    // Before anybody read the task.
    let client = with(&mock, |_, request| {
        assert!(!request.body().bytes().is_empty());
        Box::pin(async { Err("too early".into()) })
    });
    let error = call(&client.build().unwrap()).await.unwrap_err();
    assert_eq!(
        (error.dispatch(), error.charge()),
        (Dispatch::NotSent, Charge::None)
    );
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Transport(error) if error.kind() == TransportErrorKind::NotSent
        ),
        "{error}"
    );
    assert!(
        error.display_chain().to_string().contains("too early"),
        "{error}"
    );
    // After it was sent.
    let client = with(&mock, |mut inner, request| {
        Box::pin(async move {
            inner.call(request).await?;
            Err("too late".into())
        })
    });
    let error = call(&client.build().unwrap()).await.unwrap_err();
    assert_eq!(
        (error.dispatch(), error.charge()),
        (Dispatch::Unknown, Charge::Unknown)
    );
    // It was sent by the layer itself, in another way.
    let client = with(&mock, |_, request| {
        Box::pin(async move {
            request.into_body().collect().await?;
            Err("elsewhere".into())
        })
    });
    let error = call(&client.build().unwrap()).await.unwrap_err();
    assert_eq!(error.charge(), Charge::Unknown);
    // hyper's own reason is found in the layer's.
    let around = layer(|mut inner: HttpService, request| {
        Box::pin(async move { inner.call(request).await.map_err(|it| Around(it).into()) })
            as Exchange
    });
    let client = crate::builder("http://127.0.0.1:1").layer(around);
    let client = client.build().unwrap();
    let error = call(&client).await.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Transport(error) if error.kind() == TransportErrorKind::Connect
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_layer_responds_by_itself() {
    let mock = crate::examples();
    let client = with(&mock, |_, _| {
        let body = r#"{"status_code": 20000, "cost": 0.25, "tasks": [{"status_code": 20000, "result": null}]}"#;
        let body = ResponseBody::new(Full::<hyper::body::Bytes>::from(body));
        Box::pin(async { Ok(Response::new(body)) })
    });
    assert_eq!(call(&client.build().unwrap()).await.unwrap(), 0.25);
    assert!(mock.request_log().is_empty());
}

/// Repeats as often as there is something to wait for, and notes the waits.
#[derive(Debug, Clone, Default)]
struct Completed(Arc<Mutex<Vec<Option<Duration>>>>);

impl RetryPolicy for Completed {
    fn on_error(&self, failed: &FailedAttempt<'_>) -> Option<Duration> {
        self.0.lock().unwrap().push(failed.retry_after);
        None
    }
}

#[tokio::test]
async fn retry_after_in_seconds_and_as_a_time() {
    let mock = crate::examples();
    for (retry_after, date, expected) in [
        ("7", None, Some(7)),
        (" 7 ", None, Some(7)),
        (
            "Wed, 21 Oct 2015 07:28:30 GMT",
            Some("Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(30),
        ),
        // It is over by the server's clock, or by ours when the server does not say.
        (
            "Wed, 21 Oct 2015 07:28:00 GMT",
            Some("Wed, 21 Oct 2015 07:28:30 GMT"),
            Some(0),
        ),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None, Some(0)),
        // No more than a day, whatever it says.
        ("18446744073709551615", None, Some(86_400)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None, Some(86_400)),
        ("soon", None, None),
        ("-1", None, None),
    ] {
        let reported = Completed::default();
        let client = with(&mock, move |_, _| {
            let mut response = Response::builder()
                .status(429)
                .header("retry-after", retry_after);
            if let Some(date) = date {
                response = response.header("date", date);
            }
            let body = ResponseBody::new(Full::<hyper::body::Bytes>::from("<html>"));
            let response = response.body(body).map_err(Into::into);
            Box::pin(async { response })
        });
        let client = client.retry_policy(reported.clone()).build().unwrap();
        call(&client).await.unwrap_err();
        let expected = expected.map(Duration::from_secs);
        assert_eq!(
            *reported.0.lock().unwrap(),
            [expected],
            "{retry_after} {date:?}"
        );
    }
}
