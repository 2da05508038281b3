//! Measures how much of an account's limits a busy client uses.
//!
//! 60 callers run for ten minutes of virtual time against the mock server with the API's limits.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant as RealInstant};

use dataforseo_client::models::StatusCode;
use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveTask};
use dataforseo_client::{Client, NeverRetry};
use dataforseo_mock_server::{Limits, MockServer, OnMiss};
use futures_util::future::join_all;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::runtime::Builder;
use tokio::time::Instant;
use tower_service::Service;

use crate::Outcome;
use crate::report::Requirements;

const CALLERS: usize = 60;
const MINUTES: u64 = 10;
/// The time until the server responds.
const LATENCY: Duration = Duration::from_millis(700);
const AIM: f64 = 0.98;

#[derive(Default)]
struct Counts {
    succeeded: AtomicU64,
    rejected: AtomicU64,
    failed: AtomicU64,
}

/// Measures, and prints the figures.
pub fn measure(requirements: &mut Requirements) -> Outcome<()> {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build()?;
    let began = RealInstant::now();
    let (counts, most) = runtime.block_on(simulate())?;
    let took = began.elapsed().as_secs_f64();
    let [succeeded, rejected, failed] = [&counts.succeeded, &counts.rejected, &counts.failed]
        .map(|count| count.load(Ordering::Relaxed));
    let limits = Limits::API;
    let per_minute = succeeded as f64 / MINUTES as f64;
    println!(
        "an account: {CALLERS} callers for {MINUTES} minutes, responses after {} ms; simulated in {took:.1} s",
        LATENCY.as_millis()
    );
    println!(
        "{per_minute:.1} calls per minute of {}; {rejected} rate limited (40202, 40209), {failed} failed otherwise; at most {most} in flight of {}",
        limits.calls_per_minute, limits.simultaneous_calls
    );
    let share = per_minute / limits.calls_per_minute as f64;
    requirements.at_least("an account, share of its calls per minute", share, AIM);
    requirements.at_most(
        "an account, calls that were rate limited",
        rejected as f64,
        0.0,
    );
    requirements.at_most(
        "an account, calls that failed otherwise",
        failed as f64,
        0.0,
    );
    let simultaneous = limits.simultaneous_calls as f64;
    requirements.at_most(
        "an account, most calls in flight",
        most as f64,
        simultaneous,
    );
    Ok(())
}

async fn simulate() -> Outcome<(Counts, usize)> {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .request_log_size(0)
        .limits(Limits::API)
        .in_memory()?;
    mock.on(BulkPagesSummaryLive).latency(LATENCY);
    let under_way = Arc::new(UnderWay::default());
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(Counting {
            connector: mock.connector(),
            under_way: Arc::clone(&under_way),
        })
        // A retry would hide that a call was rate limited.
        .retry_policy(NeverRetry)
        .build()?;
    let counts = Counts::default();
    let end = Instant::now() + Duration::from_secs(MINUTES * 60);
    let callers = (0..CALLERS).map(async |_| {
        let task = BulkPagesSummaryLiveTask::new(["example.com"]);
        while Instant::now() < end {
            let outcome = client.backlinks().bulk_pages_summary_live(&task).await;
            let count = match outcome.map_err(|error| error.status_code()) {
                // A response after the end is not part of the ten minutes.
                Ok(_) if Instant::now() > end => continue,
                Ok(_) => &counts.succeeded,
                Err(Some(StatusCode::RateLimitExceeded | StatusCode::TooManySimultaneousCalls)) => {
                    &counts.rejected
                }
                Err(_) => &counts.failed,
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    join_all(callers).await;
    Ok((counts, under_way.most.load(Ordering::Relaxed)))
}

/// Counts the calls whose response has not started, now and at most.
#[derive(Default)]
struct UnderWay {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// A connector that counts the calls in flight on its connections.
///
/// The count does not depend on the client. An HTTP/1 connection has one call at a time.
#[derive(Clone)]
struct Counting<C> {
    connector: C,
    under_way: Arc<UnderWay>,
}

impl<C> Service<Uri> for Counting<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
{
    type Response = Counted<C::Response>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, C::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let opening = self.connector.call(uri);
        let under_way = Arc::clone(&self.under_way);
        Box::pin(async move {
            Ok(Counted {
                stream: opening.await?,
                waits: false,
                under_way,
            })
        })
    }
}

struct Counted<S> {
    stream: S,
    /// Whether a part of a request was written, and no part of its response was read.
    waits: bool,
    under_way: Arc<UnderWay>,
}

impl<S> Counted<S> {
    fn wrote(&mut self, outcome: &Poll<io::Result<usize>>) {
        if !self.waits && matches!(outcome, Poll::Ready(Ok(1..))) {
            self.waits = true;
            let now = self.under_way.now.fetch_add(1, Ordering::Relaxed) + 1;
            self.under_way.most.fetch_max(now, Ordering::Relaxed);
        }
    }

    fn finish(&mut self) {
        if std::mem::take(&mut self.waits) {
            self.under_way.now.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        self.finish();
    }
}

impl<S: Connection> Connection for Counted<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

impl<S: Read + Unpin> Read for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if outcome.is_ready() {
            self.finish();
        }
        outcome
    }
}

impl<S: Write + Unpin> Write for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, buffer);
        self.wrote(&outcome);
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.wrote(&outcome);
        outcome
    }
}
