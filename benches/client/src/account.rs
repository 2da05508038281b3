//! How much of an account a busy client uses: 60 callers for ten minutes, on a clock that jumps to
//! whatever comes next, against the mock server with the limits of the API.

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
/// How long the server takes for an answer.
const LATENCY: Duration = Duration::from_millis(700);
const AIM: f64 = 0.98;

#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

/// Measures and prints.
pub fn measure(requirements: &mut Requirements) -> Outcome<()> {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build()?;
    let began = RealInstant::now();
    let (counts, most) = runtime.block_on(simulate())?;
    let took = began.elapsed().as_secs_f64();
    let [answered, refused, failed] = [&counts.answered, &counts.refused, &counts.failed]
        .map(|count| count.load(Ordering::Relaxed));
    let limits = Limits::API;
    let a_minute = answered as f64 / MINUTES as f64;
    println!(
        "an account: {CALLERS} callers for {MINUTES} minutes, answers after {} ms; simulated in {took:.1} s",
        LATENCY.as_millis()
    );
    println!(
        "{a_minute:.1} calls a minute of {}; {refused} refused (40202, 40209), {failed} failed otherwise; at most {most} at once of {}",
        limits.calls_per_minute, limits.simultaneous_calls
    );
    let share = a_minute / limits.calls_per_minute as f64;
    requirements.at_least("an account, share of its calls a minute", share, AIM);
    requirements.at_most("an account, calls that were refused", refused as f64, 0.0);
    requirements.at_most(
        "an account, calls that failed otherwise",
        failed as f64,
        0.0,
    );
    let simultaneous = limits.simultaneous_calls as f64;
    requirements.at_most("an account, most calls at once", most as f64, simultaneous);
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
        // A refusal is to be seen.
        .retry_policy(NeverRetry)
        .build()?;
    let counts = Counts::default();
    let end = Instant::now() + Duration::from_secs(MINUTES * 60);
    let callers = (0..CALLERS).map(async |_| {
        let task = BulkPagesSummaryLiveTask::new(["example.com"]);
        while Instant::now() < end {
            let outcome = client.backlinks().bulk_pages_summary_live(&task).await;
            let count = match outcome.map_err(|error| error.status_code()) {
                // An answer that came after the end belongs to no minute.
                Ok(_) if Instant::now() > end => continue,
                Ok(_) => &counts.answered,
                Err(Some(StatusCode::RateLimitExceeded | StatusCode::TooManySimultaneousCalls)) => {
                    &counts.refused
                }
                Err(_) => &counts.failed,
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    join_all(callers).await;
    Ok((counts, under_way.most.load(Ordering::Relaxed)))
}

/// Calls whose answer has not begun: how many, and the most that there were.
#[derive(Default)]
struct UnderWay {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// A connector that looks at its connections from outside, so that it is not the client who says how
/// many calls are under way. HTTP/1 has one call at a time on a connection.
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
    /// Something of a request was written, and nothing of its answer has come.
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

    fn answered(&mut self) {
        if std::mem::take(&mut self.waits) {
            self.under_way.now.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        self.answered();
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
            self.answered();
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
