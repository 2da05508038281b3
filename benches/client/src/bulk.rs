//! A bulk job of two million pages on a clock that jumps to whatever comes next, against the mock
//! server with the limits of the API: how much of the account it uses, how much memory, and how much
//! time on a core beside a bare hyper that sends the same calls.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dataforseo_bulk::{Bulk, Capacity, Packer};
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
/// So many pages of each domain, one after the other.
const PAGES: u64 = 4;
const LATENCY: Duration = Duration::from_millis(700);

/// Measures and prints. Each half has a process of its own, as memory is that of a process.
pub fn measure(requirements: &mut Requirements) -> Outcome<()> {
    let job = run_again("bulk job")?;
    let bare = run_again("bulk bare")?;
    let [calls, minutes, failed, seconds, megabytes] = job[..] else {
        return Err("the job told something else".into());
    };
    let [bare_seconds, bare_megabytes] = bare[..] else {
        return Err("the bare client told something else".into());
    };
    let a_minute = calls / minutes;
    let own = (seconds - bare_seconds) / TARGETS as f64 * 1e6;
    println!(
        "a bulk job: {TARGETS} pages, {PAGES} a domain, {calls} calls in {minutes:.2} minutes of the clock; {failed} failed"
    );
    println!(
        "{a_minute:.1} calls a minute; {seconds:.1} s on a core and {megabytes:.1} MB with the mock server in the process, \
         a bare hyper {bare_seconds:.1} s and {bare_megabytes:.1} MB; {own:.2} µs a target beyond that"
    );
    let limit = Limits::API.calls_per_minute as f64;
    requirements.at_least(
        "a bulk job, share of the calls a minute",
        a_minute / limit,
        0.98,
    );
    requirements.at_most("a bulk job, targets that failed", failed, 0.0);
    requirements.at_most("a bulk job, peak memory in MB", megabytes, 64.0);
    requirements.at_most("a bulk job, own time a target in µs", own, 20.0);
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

/// The job, with a journal: calls, minutes, failed targets, seconds on a core, megabytes.
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
        let job = Bulk::<BulkPagesSummaryLive>::new(client, task).journal(journal);
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

/// The same calls, sent by hyper and not looked at: seconds on a core, megabytes.
pub fn bare() -> Outcome<Vec<f64>> {
    clock()?.block_on(async {
        let mock = Arc::new(mock()?);
        let http = HyperClient::builder(TokioExecutor::new()).build(mock.connector());
        let capacity = Capacity::documented(BulkPagesSummaryLiveTask::RULES);
        let url = format!("{}/v3/backlinks/bulk_pages_summary/live", mock.url());
        // A window of one call: the packing is the job's own work.
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
                    let answer = http.request(request?).await?;
                    Outcome::Ok(answer.into_body().collect().await?.to_bytes().len())
                }
            });
            for length in futures_util::future::join_all(sent).await {
                if length? < 10_000 {
                    return Err("an answer without rows".into());
                }
            }
            // Within the account's limits: 30 calls in a second are 1800 in a minute.
            tokio::time::sleep(Duration::from_secs(1)).await;
            Outcome::Ok(())
        };
        let mut bodies = Vec::new();
        loop {
            while !packer.is_full() {
                let Some((place, target)) = input.next() else {
                    break;
                };
                packer.push(place as u64, &target);
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
