//! Limits that several programs share through a Redis server, a real one, which the tests start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::redis_server::Server;
use dataforseo_client::models::Endpoint;
use dataforseo_client::models::StatusCode;
use dataforseo_client::models::backlinks::BulkPagesSummaryLive;
use dataforseo_client::models::serp::google::OrganicTasksReady;
use dataforseo_client::{Limiter, Permit, RedisFallback, RedisLimits};
use futures_util::future::join_all;
use tokio::task::JoinSet;

/// A timeout with which leases end soon.
const SHORT: Duration = Duration::from_millis(200);

async fn admit(limits: &RedisLimits) -> Permit {
    limits.admit(BulkPagesSummaryLive::INFO).await.unwrap()
}

#[tokio::test]
async fn places_are_shared_and_given_back() {
    let Some(server) = Server::start() else {
        return;
    };
    let (first, second) = (
        server.limits(60_000, 3).await,
        server.limits(60_000, 3).await,
    );
    let mut held = vec![
        admit(&first).await,
        admit(&second).await,
        admit(&second).await,
    ];
    let waiting = admit(&first);
    tokio::pin!(waiting);
    assert!(
        tokio::time::timeout(Duration::from_millis(200), &mut waiting)
            .await
            .is_err()
    );
    held.pop();
    drop(waiting.await);
    // A program that died gives back what it held when its leases run out.
    drop(held);
    assert!(first.flush().await && second.flush().await);
    let dying = server
        .limits_or(RedisFallback::Refuse)
        .limits(60_000, 3)
        .call_timeout(SHORT)
        .server_timeout(SHORT);
    let dead = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let held = runtime.block_on(async {
            [
                admit(&dying).await,
                admit(&dying).await,
                admit(&dying).await,
            ]
        });
        // Not released, as nothing of its runtime runs any more.
        std::mem::forget(held);
    });
    dead.join().unwrap();
    drop(admit(&first).await);
    let others = server.limits(60_000, 3).await;
    drop(join_all((0..3).map(|_| admit(&others))).await);
}

#[tokio::test]
async fn rates_are_shared() {
    let Some(server) = Server::start() else {
        return;
    };
    // 120 a minute: 12 at once, then one in 60/108 s.
    let (first, second) = (server.limits(120, 100).await, server.limits(120, 100).await);
    drop(admit(&first).await);
    let began = Instant::now();
    for _ in 0..6 {
        drop(admit(&first).await);
        drop(admit(&second).await);
    }
    assert!(
        began.elapsed() > Duration::from_millis(400),
        "{:?}",
        began.elapsed()
    );
    // The endpoint's own limit, of which a tenth is admitted at once. It does not limit other endpoints.
    let rate = OrganicTasksReady::INFO.calls_per_minute.unwrap();
    let began = Instant::now();
    let others = server.limits(60_000, 100).await;
    let programs = [&others, &first, &second].into_iter().cycle();
    for limits in programs.take(rate as usize / 10 + 3) {
        drop(limits.admit(OrganicTasksReady::INFO).await.unwrap());
    }
    assert!(
        began.elapsed() > Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_refusal_is_known_everywhere() {
    let Some(server) = Server::start() else {
        return;
    };
    let (first, second) = (
        server.limits(60_000, 100).await,
        server.limits(60_000, 100).await,
    );
    drop(admit(&second).await);
    first.on_rate_limited(StatusCode::RateLimitExceeded);
    // The script was sent. From the moment that it runs, no call is sent for a second.
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    while longest < Duration::from_millis(500) {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the call did not wait"
        );
        let turn = Instant::now();
        drop(admit(&second).await);
        longest = longest.max(turn.elapsed());
    }
}

/// Two programs, and a Redis that is killed and comes back without its memory in the middle: never
/// more at once than there may be, never more in a minute, and all get through in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_dies_under_load() {
    let Some(mut server) = Server::start() else {
        return;
    };
    const PLACES: usize = 4;
    let programs = [server.limits(6000, 4).await, server.limits(6000, 4).await];
    let programs =
        programs.map(|limits| Arc::new(limits.call_timeout(SHORT).server_timeout(SHORT)));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (refused, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for number in 0..12_usize {
        let limits = Arc::clone(&programs[number % 2]);
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        let (refused, done) = (Arc::clone(&refused), Arc::clone(&done));
        let stop = Arc::clone(&stop);
        callers.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let Ok(permit) = limits.admit(BulkPagesSummaryLive::INFO).await else {
                    refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                // A call that takes a while.
                tokio::time::sleep(Duration::from_millis(40)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                drop(permit);
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let reach = async |count: usize| {
        let began = Instant::now();
        while done.load(Ordering::Relaxed) < count {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "{} are done",
                done.load(Ordering::Relaxed)
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    reach(40).await;
    for _ in 0..2 {
        server.restart();
        let before = done.load(Ordering::Relaxed);
        reach(before + 40).await;
    }
    stop.store(true, Ordering::Relaxed);
    while callers.join_next().await.is_some() {}
    assert_eq!(most.load(Ordering::SeqCst), PLACES);
    assert_eq!(running.load(Ordering::SeqCst), 0);
    assert!(refused.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn without_redis() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let strict = server.limits(6000, 4).await;
    let share = server.limits_or(RedisFallback::Share {
        calls_per_minute: 6000,
        simultaneous_calls: 2,
    });
    drop(admit(&strict).await);
    server.kill();
    let error = strict.admit(BulkPagesSummaryLive::INFO).await.unwrap_err();
    assert!(
        error.to_string().contains("Redis is unavailable"),
        "{error}"
    );
    let held = [admit(&share).await, admit(&share).await];
    let third = tokio::time::timeout(Duration::from_millis(50), admit(&share)).await;
    assert!(third.is_err());
    drop(held);
    drop(admit(&share).await);
    // No message has a password.
    let error = RedisLimits::new("redis://:hunter2@/x y", "a", RedisFallback::Refuse).map(drop);
    let shown = format!(
        "{error:?} {:?}",
        RedisLimits::new("redis://:hunter2@127.0.0.1/", "a", RedisFallback::Refuse)
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}
