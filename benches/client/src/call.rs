//! Measures the CPU time of one call, compared with a bare hyper client.
//!
//! The bare client sends the same request and does not decode the response. The server is a bare
//! hyper server in another process on another core. The calls follow each other on one connection.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dataforseo_client::models::Endpoint as _;
use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveTask};
use dataforseo_client::{Client, NeverRetry, NoLimits};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::process::{Pinned, Server, own_time};
use crate::report::{Requirements, table, words};
use crate::{Outcome, responses};

/// The number of items of a response, which has 2 to 3 kB.
const ITEMS: usize = 2;
const ROUNDS: usize = 25;
/// The number of calls per kind and round.
const CALLS: u32 = 1000;
const AIM: f64 = 1.25;

/// Serves the same response to every request, until standard input ends.
pub fn serve() -> Outcome<()> {
    std::thread::spawn(|| {
        // The parent process closed standard input or ended: the server is not needed any more.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let body = Bytes::from(responses::body(ITEMS)?);
    runtime()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", listener.local_addr()?.port())?;
        out.flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let body = body.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let body = body.clone();
                async move {
                    // If reading fails, the client is gone and does not read the response.
                    let _ = request.into_body().collect().await;
                    let mut response = Response::new(Full::new(body));
                    let json = HeaderValue::from_static("application/json; charset=utf-8");
                    response.headers_mut().insert(CONTENT_TYPE, json);
                    Ok::<_, Infallible>(response)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}

fn runtime() -> Outcome<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// hyper's client with the headers of `dataforseo-client`.
struct Bare {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    base: String,
    authorization: HeaderValue,
    body: Bytes,
}

impl Bare {
    fn new(base: &str, body: Vec<u8>) -> Outcome<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut authorization =
            HeaderValue::try_from(format!("Basic {}", STANDARD.encode("login:password")))?;
        authorization.set_sensitive(true);
        Ok(Self {
            http: HyperClient::builder(TokioExecutor::new()).build(connector),
            base: base.to_owned(),
            authorization,
            body: body.into(),
        })
    }

    async fn call(&self) -> Outcome<Bytes> {
        let request = Request::post(format!("{}{}", self.base, BulkPagesSummaryLive::INFO.path))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_ENCODING, "gzip")
            .header(USER_AGENT, "dataforseo-client/0.1.0")
            .body(Full::new(self.body.clone()))?;
        let response = self.http.request(request).await?;
        if response.status() != 200 {
            return Err(format!("a bare call got {}", response.status()).into());
        }
        Ok(response.into_body().collect().await?.to_bytes())
    }
}

/// A kind of call, with its time per call in the best round.
struct Kind {
    name: &'static str,
    best: Duration,
}

/// Measures, and prints the figures.
pub fn measure(requirements: &mut Requirements) -> Outcome<()> {
    let (server, _pinned) = Pinned::apart_from(Server::start)?;
    let base = format!("http://127.0.0.1:{}", server.port);
    let task = BulkPagesSummaryLiveTask::new(responses::targets(ITEMS));
    let body = serde_json::to_vec(&[&task])?;
    let sent = body.len();
    let expected = responses::body(ITEMS)?;
    let bare = Bare::new(&base, body)?;
    let ours = Client::builder()
        .credentials("login", "password")
        .base_url(&base)
        .limiter(Arc::new(NoLimits))
        .retry_policy(NeverRetry)
        .build()?;
    let (bare, ours, task) = (&bare, &ours, &task);

    let mut kinds = [
        "bare hyper",
        "bare hyper, and serde_json::Value",
        "dataforseo-client",
    ]
    .map(|name| Kind {
        name,
        best: Duration::MAX,
    });
    runtime()?.block_on(async {
        let response = ours.backlinks().bulk_pages_summary_live(task).await?;
        let items = response.results().iter().filter_map(|it| it.items.as_ref());
        if items.flatten().count() != ITEMS || bare.call().await? != expected {
            return Err("the server did not send the expected response".into());
        }
        for _ in 0..ROUNDS {
            let [plain, parsed, typed] = &mut kinds;
            plain.round(async || bare.call().await.map(drop)).await?;
            parsed
                .round(async || {
                    let body = bare.call().await?;
                    std::hint::black_box(serde_json::from_slice::<Value>(&body)?);
                    Ok(())
                })
                .await?;
            typed
                .round(async || {
                    let response = ours.backlinks().bulk_pages_summary_live(task).await?;
                    std::hint::black_box(response);
                    Ok(())
                })
                .await?;
        }
        Outcome::Ok(())
    })?;

    println!(
        "one call: request body {sent} bytes, response {} bytes; CPU time, the best of {ROUNDS} rounds of {CALLS} calls in turn",
        expected.len()
    );
    let [plain, parsed, typed] = &kinds;
    let mut rows = vec![words(&[
        "",
        "µs per call",
        "of bare hyper",
        "of hyper and Value",
    ])];
    for kind in &kinds {
        rows.push(vec![
            kind.name.to_owned(),
            format!("{:.1}", kind.best.as_secs_f64() * 1e6),
            format!("{:.3}", kind.over(plain)),
            format!("{:.3}", kind.over(parsed)),
        ]);
    }
    print!("{}", table(&rows));
    requirements.at_most("a call, CPU time, of bare hyper", typed.over(plain), AIM);
    Ok(())
}

impl Kind {
    /// Runs the calls of a round, and keeps the time per call if it is the best so far.
    async fn round(&mut self, call: impl AsyncFn() -> Outcome<()>) -> Outcome<()> {
        let before = own_time()?;
        for _ in 0..CALLS {
            call().await?;
        }
        self.best = self.best.min((own_time()? - before) / CALLS);
        Ok(())
    }

    fn over(&self, other: &Self) -> f64 {
        self.best.as_secs_f64() / other.best.as_secs_f64()
    }
}
