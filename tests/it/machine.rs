//! Limits that the programs of a machine share through locked files.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use dataforseo_client::models::backlinks::BulkPagesSummaryLive;
use dataforseo_client::models::serp::google::OrganicTasksReady;
use dataforseo_client::models::{Endpoint, StatusCode};
use dataforseo_client::{Limiter, MachineLimits, Permit};
use tokio::time::{Instant, timeout};

/// The longest wait of a test for an event.
const PATIENT: Duration = Duration::from_secs(60);
/// The time in which a call that may be admitted is admitted.
const PROMPT: Duration = Duration::from_millis(200);

fn limits(folder: &Path, calls_per_minute: u32, simultaneous_calls: u32) -> MachineLimits {
    let limits = MachineLimits::open(folder).unwrap();
    limits.limits(calls_per_minute, simultaneous_calls)
}

async fn admit(limits: &MachineLimits) -> Permit {
    let admitted = limits.admit(BulkPagesSummaryLive::INFO);
    timeout(PATIENT, admitted).await.unwrap().unwrap()
}

async fn is_full(limits: &MachineLimits) -> bool {
    let admitted = limits.admit(BulkPagesSummaryLive::INFO);
    timeout(PROMPT, admitted).await.is_err()
}

#[tokio::test]
async fn places_are_shared_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let new = || limits(folder.path(), 60_000, 2);
    let (first, second) = (new(), new());
    let mut held = vec![admit(&first).await, admit(&second).await];
    assert!(is_full(&first).await && is_full(&second).await);
    held.pop();
    let third = admit(&first).await;
    assert!(is_full(&second).await);
    drop((held, third));
    drop([admit(&second).await, admit(&second).await]);
}

#[tokio::test]
async fn a_call_that_was_given_up_keeps_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Duration::from_millis(500);
    let first = limits(folder.path(), 60_000, 1).server_timeout(kept);
    let second = limits(folder.path(), 60_000, 1);
    let permit = admit(&first).await;
    let began = Instant::now();
    permit.abandon();
    assert!(is_full(&second).await);
    // The program that gave the call up releases the place when it looks.
    drop(admit(&first).await);
    assert!(began.elapsed() >= kept, "{:?}", began.elapsed());
    drop(admit(&second).await);
}

/// The child process of the test below.
#[tokio::test]
async fn program() {
    let Ok(folder) = std::env::var("FOLDER_OF_CHILD") else {
        return;
    };
    let limits = limits(Path::new(&folder), 60_000, 1);
    let _permit = admit(&limits).await;
    fs::write(Path::new(&folder).join("is-admitted"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_places_of_a_program_that_was_killed_are_free() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["machine::program", "--exact"])
        .env("FOLDER_OF_CHILD", folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let admitted = async {
        while !folder.path().join("is-admitted").exists() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENT, admitted).await.unwrap();
    let limits = limits(folder.path(), 60_000, 1);
    assert!(is_full(&limits).await);
    child.kill().unwrap();
    child.wait().unwrap();
    drop(admit(&limits).await);
}

#[tokio::test]
async fn rates_are_shared() {
    let folder = tempfile::tempdir().unwrap();
    // 120 per minute: 12 at once, then one per 60/108 s.
    let new = || limits(folder.path(), 120, 100);
    let (first, second) = (new(), new());
    for _ in 0..6 {
        drop(admit(&first).await);
        drop(admit(&second).await);
    }
    assert!(is_full(&first).await);
    // An endpoint with a rate of its own, of which a tenth is admitted at once.
    let folder = tempfile::tempdir().unwrap();
    let new = || limits(folder.path(), 60_000, 100);
    let (first, second) = (new(), new());
    let rate = OrganicTasksReady::INFO.calls_per_minute.unwrap();
    for limits in [&first, &second]
        .into_iter()
        .cycle()
        .take(rate as usize / 10)
    {
        let admitted = limits.admit(OrganicTasksReady::INFO);
        drop(timeout(PATIENT, admitted).await.unwrap().unwrap());
    }
    let admitted = first.admit(OrganicTasksReady::INFO);
    assert!(timeout(PROMPT, admitted).await.is_err());
    // It does not delay other endpoints.
    drop(admit(&first).await);
}

/// After a crash while the rates were written, the calls of the last minute are unknown.
#[tokio::test]
async fn unreadable_rates_count_as_a_used_burst() {
    let folder = tempfile::tempdir().unwrap();
    let limits = limits(folder.path(), 120, 100);
    for content in ["{\"rate\":17", "nonsense", "{\"rate\":\"soon\"}"] {
        fs::write(folder.path().join("rates"), content).unwrap();
        assert!(is_full(&limits).await, "{content}");
        drop(admit(&limits).await);
    }
}

/// A clock that went back neither stops the calls nor allows another burst.
#[tokio::test]
async fn a_clock_that_goes_back_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let limits = limits(folder.path(), 120, 100);
    let in_the_future = format!("{{\"rate\":{0},\"pause\":{0}}}", 4_000_000_000_000_000_u64);
    fs::write(folder.path().join("rates"), in_the_future).unwrap();
    assert!(is_full(&limits).await);
    drop(admit(&limits).await);
    assert!(is_full(&limits).await);
}

#[tokio::test]
async fn a_refusal_pauses_all_programs() {
    let folder = tempfile::tempdir().unwrap();
    let new = || limits(folder.path(), 60_000, 100);
    let (first, second) = (new(), new());
    drop(admit(&second).await);
    first.on_rate_limited(StatusCode::RateLimitExceeded);
    assert!(is_full(&second).await);
    drop(admit(&second).await);
    first.on_accepted();
    first.on_retry_after(Duration::from_millis(500));
    assert!(is_full(&second).await);
    drop(admit(&second).await);
}

#[test]
fn a_folder_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = MachineLimits::open(&file).unwrap_err().to_string();
    assert!(error.contains(&file.display().to_string()), "{error}");
}
