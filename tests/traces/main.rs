//! The spans and events of the client. The test has a process of its own, because the subscriber of a
//! single test misses events while other tests run.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::{Arc, Mutex};

use dataforseo_client::StandardRetryPolicy;
use dataforseo_client::backlinks::BulkPagesSummaryLive;
use dataforseo_mock_server::{Fault, MockServer, OnMiss};
use dataforseo_test_support::client::{call_pages_summary as call, client_builder};

/// Spans and events contain the endpoint, the attempts, the backoff and the cost, and no secret.
#[tokio::test(start_paused = true)]
async fn spans_and_events() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let writer = Lines(Arc::clone(&lines));
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .in_memory()
        .unwrap();
    mock.on(BulkPagesSummaryLive)
        .first(1)
        .fault(Fault::api(40202));
    mock.on(BulkPagesSummaryLive)
        .nth(3)
        .fault(Fault::task(40501));
    let client = client_builder(&mock)
        .credentials("somebody", "hunter2hunter2")
        .retry_policy(StandardRetryPolicy::default().random(|| 0.5))
        .build()
        .unwrap();
    call(&client).await.unwrap();
    call(&client).await.unwrap_err();
    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let ours: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("dataforseo"))
        .collect();
    let text = ours.join("\n");
    for expected in [
        "endpoint=\"backlinks/bulk_pages_summary/live\"",
        "attempts=2",
        "cost=0.0",
        "retrying the call",
        "backoff=500ms",
        "waited for the account's limits waited=50",
        "rate limited by the API: another program uses the account code=40202",
        "error=backlinks/bulk_pages_summary/live: the task failed: 40501",
        "task_id=01010000-",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    for secret in ["somebody", "hunter2", "c29tZWJvZHk", "Basic "] {
        assert!(!text.contains(secret), "{secret}:\n{text}");
    }
}

#[derive(Clone)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
