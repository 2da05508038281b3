//! Measures a bulk job of two million pages in virtual time.
//!
//! The job runs against the mock server with the API's limits. The figures are its share of the
//! limits, its memory, and its CPU time compared with a bare hyper client that sends the same calls.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dataforseo_bulk::{BulkJob, Capacity, Packer};
use dataforseo_client::models::Task;
use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveTask};
use dataforseo_client::{Client, NeverRetry};
use dataforseo_mock_server::{Limits, MockServer, OnMiss};
use futures_util::{StreamExt, stream};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::process::{own_time, run_again};
use crate::report::Requirements;
use crate::{Outcome, process};

const TARGETS: u64 = 2_000_000;
/// The number of pages per domain, which follow each other in the input.
const PAGES: u64 = 4;
const LATENCY: Duration = Duration::from_millis(700);

/// Measures, and prints the figures. Each client runs in its own process, so that its memory can be
/// measured.
pub fn measure(requirements: &mut Requirements) -> Outcome<()> {
    let job = run_again("bulk job")?;
    let bare = run_again("bulk bare")?;
    let [calls, minutes, failed, seconds, megabytes] = job[..] else {
        return Err("the process of the job did not print five figures".into());
    };
    let [bare_seconds, bare_megabytes] = bare[..] else {
        return Err("the process of the bare client did not print two figures".into());
    };
    let per_minute = calls / minutes;
    let own = (seconds - bare_seconds) / TARGETS as f64 * 1e6;
    println!(
        "a bulk job: {TARGETS} pages, {PAGES} per domain, {calls} calls in {minutes:.2} minutes of virtual time; {failed} failed"
    );
    println!(
        "{per_minute:.1} calls per minute; {seconds:.1} s of CPU time and {megabytes:.1} MB with the mock server in the process, \
         a bare hyper {bare_seconds:.1} s and {bare_megabytes:.1} MB; {own:.2} µs per target beyond that"
    );
    let limit = Limits::API.calls_per_minute as f64;
    requirements.at_least(
        "a bulk job, share of the calls per minute",
        per_minute / limit,
        0.98,
    );
    requirements.at_most("a bulk job, targets that failed", failed, 0.0);
    requirements.at_most("a bulk job, peak memory in MB", megabytes, 64.0);
    requirements.at_most("a bulk job, own time per target in µs", own, 20.0);
    Ok(())
}

fn targets() -> impl Iterator<Item = String> + Send {
    (0..TARGETS).map(|page| format!("https://www.domain-{}.com/page-{page}", page / PAGES))
}

fn clock() -> Outcome<Runtime> {
    let mut runtime = Builder::new_current_thread();
    Ok(runtime.enable_all().start_paused(true).build()?)
}

fn mock() -> Outcome<MockServer> {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .request_log_size(0)
        .limits(Limits::API)
        .in_memory()?;
    mock.on(BulkPagesSummaryLive).latency(LATENCY);
    Ok(mock)
}

/// Runs the job with a journal.
///
/// Returns the calls, minutes, failed targets, seconds of CPU time and megabytes.
pub fn job() -> Outcome<Vec<f64>> {
    let folder = tempfile::TempDir::new()?;
    let journal = folder.path().join("journal");
    let (calls, minutes, failed) = clock()?.block_on(async {
        let mock = mock()?;
        let client = Client::builder()
            .credentials("login", "password")
            .base_url(mock.url())
            .connector(mock.connector())
            .retry_policy(NeverRetry)
            .build()?;
        let task = BulkPagesSummaryLiveTask::default();
        let job = BulkJob::<BulkPagesSummaryLive>::new(client, task).journal(journal);
        let began = Instant::now();
        let mut outcomes = job.run(stream::iter(targets())).await?;
        let mut failed = 0_u64;
        let mut all = 0_u64;
        while let Some(done) = outcomes.next().await {
            failed += u64::from(done.outcome.row().is_none());
            all += 1;
        }
        let minutes = began.elapsed().as_secs_f64() / 60.0;
        let lost = TARGETS - all;
        Outcome::Ok((outcomes.progress().calls, minutes, failed + lost))
    })?;
    let seconds = own_time()?.as_secs_f64();
    let megabytes = process::peak_megabytes()?;
    Ok(vec![
        calls as f64,
        minutes,
        failed as f64,
        seconds,
        megabytes,
    ])
}

/// Sends the same calls with hyper, which does not decode the responses.
///
/// Returns the seconds of CPU time and megabytes.
pub fn bare() -> Outcome<Vec<f64>> {
    clock()?.block_on(async {
        let mock = Arc::new(mock()?);
        let http = HyperClient::builder(TokioExecutor::new()).build(mock.connector());
        let capacity = Capacity::from_rules(BulkPagesSummaryLiveTask::RULES);
        let url = format!("{}/v3/backlinks/bulk_pages_summary/live", mock.url());
        // With a window of one call, the cost of packing counts for the job only.
        let mut packer = Packer::new(capacity, capacity.targets);
        let mut input = targets().enumerate();
        let send = async |bodies: &mut Vec<Bytes>| {
            let sent = bodies.drain(..).map(|body| {
                let request = Request::post(&url)
                    .header(AUTHORIZATION, "Basic bG9naW46cGFzc3dvcmQ=")
                    .header(CONTENT_TYPE, "application/json")
                    .body(Full::new(body));
                let http = &http;
                async move {
                    let response = http.request(request?).await?;
                    Outcome::Ok(response.into_body().collect().await?.to_bytes().len())
                }
            });
            for length in futures_util::future::join_all(sent).await {
                if length? < 10_000 {
                    return Err("a response without rows".into());
                }
            }
            // 30 calls per second are 1800 per minute, which is within the account's limits.
            tokio::time::sleep(Duration::from_secs(1)).await;
            Outcome::Ok(())
        };
        let mut bodies = Vec::new();
        loop {
            while !packer.is_full() {
                let Some((index, target)) = input.next() else {
                    break;
                };
                packer.push(index as u64, &target);
            }
            let Some(call) = packer.next_call() else {
                break;
            };
            let targets: Vec<&str> = call.iter().map(|packed| &*packed.target).collect();
            let body = serde_json::json!([{ "targets": targets }]).to_string();
            bodies.push(Bytes::from(body));
            if bodies.len() == 30 {
                send(&mut bodies).await?;
            }
        }
        send(&mut bodies).await
    })?;
    Ok(vec![own_time()?.as_secs_f64(), process::peak_megabytes()?])
}
