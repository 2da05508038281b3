//! Limits, repeats and money, played on a paused clock against the mock server and its faults.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dataforseo_client::models::backlinks::{
    BacklinksLive, BacklinksLiveTask, BulkPagesSummaryLive, BulkPagesSummaryLiveTask,
    DomainIntersectionLive, DomainIntersectionLiveTask, Index,
};
use dataforseo_client::models::serp::google::OrganicTasksReady;
use dataforseo_client::models::{Endpoint, StatusCode, TaskEndpoint, TaskFields};
use dataforseo_client::{
    AccountLimits, AttemptEvent, Charge, Client, ConfigError, Dispatch, Error, ErrorKind,
    NeverRetry, NoLimits, Observer, Prices, StandardRetryPolicy,
};
use dataforseo_mock_server::{Fault, Limits, MockServer, OnMiss};
use dataforseo_test_support::client::{call_pages_summary as call, client_builder as builder};
use futures_util::future::join_all;
use tokio::time::{Instant, advance, timeout};

fn mock() -> MockServer {
    MockServer::builder()
        .on_miss(OnMiss::Example)
        .request_log_size(0)
        .in_memory()
        .unwrap()
}

/// The ordinary policy with waits that are known: always the longest.
fn retries() -> StandardRetryPolicy {
    StandardRetryPolicy::default().random(|| 1.0)
}

/// Each fault on the first two calls: how often it is sent, how long that takes, and what is said of
/// the last attempt where it fails.
#[tokio::test(start_paused = true)]
async fn what_is_sent_again() {
    use Charge::{None as Free, Unknown};
    let cases = [
        // Nothing is known of what became of it.
        (Fault::Reset, 1, 0, Some((Dispatch::Unknown, Unknown))),
        (
            Fault::ResetReading(10),
            1,
            0,
            Some((Dispatch::Unknown, Unknown)),
        ),
        (Fault::Empty, 1, 0, Some((Dispatch::Unknown, Unknown))),
        (Fault::Garbage, 1, 0, Some((Dispatch::Unknown, Unknown))),
        (Fault::Silence, 1, 150, Some((Dispatch::Unknown, Unknown))),
        (
            Fault::Stall(600),
            1,
            150,
            Some((Dispatch::Unknown, Unknown)),
        ),
        (Fault::Cut(600), 1, 0, Some((Dispatch::Sent, Unknown))),
        (
            Fault::ResetAfter(600),
            1,
            0,
            Some((Dispatch::Sent, Unknown)),
        ),
        // A proxy that turned it away, and ones that may have passed it on.
        (Fault::Proxy(429), 3, 1 + 1 + 1 + 2, None),
        (Fault::Proxy(502), 1, 0, Some((Dispatch::Sent, Unknown))),
        (Fault::Proxy(504), 1, 0, Some((Dispatch::Sent, Unknown))),
        // Wrong, and wrong again.
        (Fault::Http(401), 1, 0, Some((Dispatch::Sent, Free))),
        (Fault::Http(402), 1, 0, Some((Dispatch::Sent, Free))),
        (Fault::Http(404), 1, 0, Some((Dispatch::Sent, Free))),
        (Fault::api(40501), 1, 0, Some((Dispatch::Sent, Free))),
        (Fault::task(40501), 1, 0, Some((Dispatch::Sent, Free))),
        (Fault::api(40203), 1, 0, Some((Dispatch::Sent, Free))),
        // For now, and not charged: the envelope says 0.
        (Fault::api(50301), 3, 1 + 2, None),
        (Fault::task(50401), 3, 1 + 2, None),
        (Fault::task(40103), 3, 1 + 2, None),
        // Only once more.
        (Fault::Http(500), 2, 1, Some((Dispatch::Sent, Free))),
        (Fault::task(50000), 2, 1, Some((Dispatch::Sent, Free))),
        // No failure.
        (Fault::NoResult, 1, 0, None),
    ];
    for (fault, sent, seconds, error) in cases {
        let mock = mock();
        mock.on(BulkPagesSummaryLive).first(2).fault(fault);
        let client = builder(&mock)
            .limiter(Arc::new(NoLimits))
            .retry_policy(retries())
            .build()
            .unwrap();
        let began = Instant::now();
        let outcome = call(&client).await;
        assert_eq!(mock.calls(BulkPagesSummaryLive), sent, "{fault}");
        assert_eq!(began.elapsed().as_secs(), seconds, "{fault}");
        let found = outcome
            .as_ref()
            .err()
            .map(|error| (error.dispatch(), error.charge()));
        assert_eq!(found, error, "{fault}: {outcome:?}");
        if let Err(error) = outcome {
            assert_eq!(u64::from(error.attempts()), sent, "{fault}");
            assert_eq!(error.has_response(), error.dispatch() == Dispatch::Sent);
            assert_eq!(
                error.to_string().contains("after 2 attempts"),
                sent == 2,
                "{error}"
            );
        }
        let spend = client.costs();
        let unknown = matches!(error, Some((_, Unknown)));
        assert_eq!(
            (spend.us_dollars, spend.unknown_charges),
            (0.0, u64::from(unknown)),
            "{fault}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_sent_again() {
    let client = Client::builder()
        .credentials("login", "password")
        .base_url("http://127.0.0.1:1");
    let client = client.retry_policy(retries()).build().unwrap();
    let error = call(&client).await.unwrap_err();
    assert_eq!(
        (error.dispatch(), error.charge(), error.attempts()),
        (Dispatch::NotSent, Charge::None, 4)
    );
    assert_eq!(client.costs().calls, 0);
}

/// A charged request is sent again only if the caller allows it. A free request is sent again anyway.
#[tokio::test(start_paused = true)]
async fn what_may_have_been_charged() {
    let mock = mock();
    mock.on(BulkPagesSummaryLive)
        .first(2)
        .fault(Fault::Cut(600));
    mock.on(Index).first(2).fault(Fault::Cut(10));
    let limits = Arc::new(NoLimits);
    let client = builder(&mock)
        .limiter(limits)
        .retry_policy(retries().even_if_charged())
        .build()
        .unwrap();
    call(&client).await.unwrap();
    assert_eq!(client.costs().unknown_charges, 2);
    let client = builder(&mock).retry_policy(retries()).build().unwrap();
    let response = client.backlinks().index().await.unwrap();
    assert_eq!(response.raw_response().attempts(), 3);
    assert_eq!(client.costs().unknown_charges, 0);
}

#[tokio::test(start_paused = true)]
async fn repeats_have_limits() {
    let mock = mock();
    mock.on(BulkPagesSummaryLive).fault(Fault::api(50301));
    let calls = async |policy: StandardRetryPolicy| {
        let client = builder(&mock)
            .limiter(Arc::new(NoLimits))
            .retry_policy(policy)
            .build()
            .unwrap();
        let before = mock.calls(BulkPagesSummaryLive);
        for _ in 0..20 {
            call(&client).await.unwrap_err();
        }
        mock.calls(BulkPagesSummaryLive) - before - 20
    };
    // Ten are there from the beginning, and a tenth of one comes with each call.
    assert_eq!(calls(retries()).await, 11);
    assert_eq!(calls(retries().retry_ratio(0.0)).await, 10);
    assert_eq!(
        calls(retries().retry_ratio(100.0).max_attempts(2)).await,
        20
    );
    assert_eq!(calls(retries().max_attempts(1)).await, 0);
    // Waits of 1 s and 2 s fit into 3 s, one of 4 s does not.
    assert_eq!(
        calls(
            retries()
                .retry_ratio(100.0)
                .time_limit(Duration::from_secs(3))
        )
        .await,
        40
    );
    assert_eq!(
        calls(
            retries()
                .retry_ratio(100.0)
                .backoff(Duration::ZERO, Duration::ZERO)
        )
        .await,
        60
    );
}

/// A closed loop of callers for two minutes: no refusal, never more than may be, and hardly less.
#[tokio::test(start_paused = true)]
async fn the_account_is_used_to_its_limits() {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .request_log_size(0)
        .limits(Limits::API);
    let mock = mock.in_memory().unwrap();
    mock.on(BulkPagesSummaryLive)
        .latency(Duration::from_millis(700));
    let client = builder(&mock).retry_policy(NeverRetry).build().unwrap();
    let began = Instant::now();
    let minutes = Duration::from_secs(2 * 60);
    let count = Arc::new(AtomicU64::new(0));
    join_all((0..60).map(|_| async {
        while began.elapsed() < minutes {
            call(&client).await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
        }
    }))
    .await;
    let share = count.load(Ordering::Relaxed) as f64 / (2.0 * 2000.0);
    assert!(share >= 0.98, "{share}");
}

/// Another program uses the same account: all callers wait after a rate limit.
#[tokio::test(start_paused = true)]
async fn a_rate_limit_delays_all_callers() {
    let mock = mock();
    mock.on(BulkPagesSummaryLive)
        .first(1)
        .fault(Fault::api(40202));
    let client = builder(&mock).retry_policy(NeverRetry).build().unwrap();
    call(&client).await.unwrap_err();
    let began = Instant::now();
    // Another endpoint, another clone.
    let other = client.clone();
    other.backlinks().index().await.unwrap();
    assert!(
        began.elapsed() >= Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    let began = Instant::now();
    call(&client).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    // Refused again and again, it waits longer and longer.
    mock.on(BulkPagesSummaryLive)
        .first(3)
        .fault(Fault::api(40209));
    let began = Instant::now();
    for _ in 0..3 {
        call(&client).await.unwrap_err();
    }
    call(&client).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 1 + 2 + 4);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_with_a_limit_of_its_own() {
    let mock = mock();
    let client = builder(&mock).build().unwrap();
    let began = Instant::now();
    let mut done = 0;
    while began.elapsed() < Duration::from_secs(60) {
        client.get::<OrganicTasksReady>(&[]).await.unwrap();
        done += 1;
    }
    let rate = OrganicTasksReady::INFO.calls_per_minute.unwrap();
    assert!((rate - 1..=rate + 1).contains(&done), "{done}");
    // Others do not wait for it.
    let ready = client.get::<OrganicTasksReady>(&[]);
    let others = async {
        let began = Instant::now();
        call(&client).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(1));
    };
    let (ready, ()) = tokio::join!(ready, others);
    ready.unwrap();
}

/// A thousand callers wait, every other one leaves, and the rest get their turn in order.
#[tokio::test(start_paused = true)]
async fn callers_that_give_up_free_their_place() {
    let mock = mock();
    let limits = Arc::new(AccountLimits::new(600, 5));
    let client = builder(&mock)
        .limiter(limits)
        .retry_policy(NeverRetry)
        .build()
        .unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let began = Instant::now();
    join_all((0..1000_usize).map(|number| {
        let (client, order) = (client.clone(), Arc::clone(&order));
        async move {
            if number % 2 == 1 {
                assert!(
                    timeout(Duration::from_millis(1), call(&client))
                        .await
                        .is_err()
                        || number < 30
                );
            } else {
                call(&client).await.unwrap();
                order.lock().unwrap().push(number);
            }
        }
    }))
    .await;
    let order = order.lock().unwrap();
    assert_eq!(order.len(), 500);
    // Calls that are sent at the same time complete in any order.
    assert!(order[20..].is_sorted(), "{order:?}");
    // 500 calls at 600 a minute, and not a thousand.
    assert!(
        began.elapsed() < Duration::from_secs(55),
        "{:?}",
        began.elapsed()
    );
    assert!(
        began.elapsed() > Duration::from_secs(45),
        "{:?}",
        began.elapsed()
    );
}

/// A clock that jumps (a machine that slept) makes no burst.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps() {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .request_log_size(0)
        .limits(Limits::API);
    let mock = mock.in_memory().unwrap();
    let client = builder(&mock).retry_policy(NeverRetry).build().unwrap();
    for jump in [0, 86_400] {
        advance(Duration::from_secs(jump)).await;
        let began = Instant::now();
        join_all((0..2100).map(|_| async { call(&client).await.unwrap() })).await;
        assert!(
            began.elapsed() > Duration::from_secs(60),
            "{:?}",
            began.elapsed()
        );
    }
}

/// Changes the responses to a price of one cent per call, so that sums are easy to check. The mock
/// server's own responses cost nothing.
#[tokio::test(start_paused = true)]
async fn money() {
    let mock = mock();
    mock.on(BulkPagesSummaryLive).patch("/cost", 0.01);
    let prices = Prices::none().set("backlinks", 0.01, 0.0);
    let client = builder(&mock)
        .prices(prices.clone())
        .budget(0.05)
        .build()
        .unwrap();
    let task = BulkPagesSummaryLiveTask::new(["a.com"]);
    assert_eq!(
        client.estimate::<BulkPagesSummaryLive>(&task).us_dollars(),
        0.01
    );
    let job = client.with_budget(0.02);
    for _ in 0..2 {
        call(&job).await.unwrap();
    }
    let error = call(&job).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::BudgetExceeded { .. }),
        "{error}"
    );
    assert_eq!(
        (error.dispatch(), error.charge()),
        (Dispatch::NotSent, Charge::None)
    );
    assert_eq!(
        error.to_string(),
        "backlinks/bulk_pages_summary/live: not sent: 0.02000 USD spent and an estimate of \
         0.01000 USD exceed the budget of 0.02 USD"
    );
    assert_eq!(mock.calls(BulkPagesSummaryLive), 2);
    // The client itself has three left, for all that it does at once.
    let outcomes = join_all((0..5).map(|_| call(&client))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    assert_eq!(mock.calls(BulkPagesSummaryLive), 5);
    assert!((client.costs().us_dollars - 0.05).abs() < 1e-9);
    assert_eq!((client.costs().calls, job.costs().calls), (5, 2));
    // What is free is always there.
    client.backlinks().index().await.unwrap();
    // Documented prices: a call, and a row for each target, or for the limit of a list.
    let known = builder(&mock).build().unwrap();
    let two = BulkPagesSummaryLiveTask::new(["a.com", "b.com"]);
    assert_eq!(
        known.estimate::<BulkPagesSummaryLive>(&two).us_dollars(),
        0.024_072
    );
    let error = builder(&mock).budget(f64::NAN).build().unwrap_err();
    assert!(matches!(error, ConfigError::InvalidBudget(_)));
}

/// The most rows of a task are the same for the typed task and for its JSON.
#[test]
fn rows_of_typed_tasks_are_those_of_their_json() {
    fn rows<E: TaskEndpoint>(task: &E::Task) -> u64 {
        let rows = E::INFO.max_rows(TaskFields::from(task));
        let json = serde_json::to_value(task).unwrap();
        assert_eq!(rows, E::INFO.max_rows((&json).into()), "{json}");
        rows
    }
    let two = BulkPagesSummaryLiveTask::new(["a.com", "b.com"]);
    assert_eq!(rows::<BulkPagesSummaryLive>(&two), 2);
    let none = BulkPagesSummaryLiveTask::new([""; 0]);
    assert_eq!(rows::<BulkPagesSummaryLive>(&none), 0);
    let list = || BacklinksLiveTask::new("a.com");
    for (task, expected) in [
        (list(), 100),
        (list().limit(700), 700),
        (list().limit(0), 0),
        (list().limit(-1), 100),
        (list().limit(i64::MAX), i64::MAX as u64),
    ] {
        assert_eq!(rows::<BacklinksLive>(&task), expected);
    }
    let both = DomainIntersectionLiveTask::new(["a.com", "b.com"]);
    assert_eq!(rows::<DomainIntersectionLive>(&both), 100);
    assert_eq!(rows::<DomainIntersectionLive>(&both.limit(3)), 3);
}

/// A caller that gives up in the middle of a call has not taken it back.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_counts_as_unknown() {
    let mock = mock();
    mock.on(BulkPagesSummaryLive)
        .latency(Duration::from_secs(5));
    let client = builder(&mock).build().unwrap();
    assert!(
        timeout(Duration::from_secs(1), call(&client))
            .await
            .is_err()
    );
    assert_eq!(client.costs().unknown_charges, 1);
    // Its place is free.
    call(&client).await.unwrap();
}

/// The server still works on a call that the caller gave up: its place is kept.
#[tokio::test(start_paused = true)]
async fn calls_that_were_given_up_keep_their_places() {
    let cases = [
        // The caller drops the future, or the call fails in a way that leaves the server at work.
        (Fault::Silence, Some(1), 1 + 120),
        (Fault::Silence, None, 150 + 120),
        (Fault::Reset, None, 120),
        (Fault::Proxy(504), None, 120),
        // The call has ended, or was not carried out.
        (Fault::api(40501), None, 0),
        (Fault::Proxy(429), None, 1),
    ];
    for (fault, dropped_after, seconds) in cases {
        let mock = mock();
        mock.on(BulkPagesSummaryLive).first(1).fault(fault);
        let limits = Arc::new(AccountLimits::new(60_000, 1));
        let client = builder(&mock).limiter(limits).retry_policy(NeverRetry);
        let client = client.build().unwrap();
        let began = Instant::now();
        let after = Duration::from_secs(dropped_after.unwrap_or(10_000));
        let outcome = timeout(after, call(&client)).await;
        assert_eq!(outcome.is_err(), dropped_after.is_some(), "{fault}");
        call(&client).await.unwrap();
        assert_eq!(began.elapsed().as_secs(), seconds, "{fault}");
    }
}

#[derive(Debug, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Observer for Seen {
    fn on_attempt(&self, observed: &AttemptEvent<'_>) {
        let AttemptEvent {
            endpoint,
            number,
            error,
            cost,
            ..
        } = observed;
        let error = error.and_then(Error::status_code).map(StatusCode::code);
        self.0
            .lock()
            .unwrap()
            .push(format!("{} {number} {error:?} {cost:?}", endpoint.id));
    }
}

#[tokio::test(start_paused = true)]
async fn metrics_see_every_attempt() {
    let mock = mock();
    mock.on(BulkPagesSummaryLive)
        .first(1)
        .fault(Fault::api(50301));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let client = builder(&mock)
        .observer(Seen(Arc::clone(&seen)))
        .build()
        .unwrap();
    call(&client).await.unwrap();
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "backlinks/bulk_pages_summary/live 1 Some(50301) None",
            "backlinks/bulk_pages_summary/live 2 None Some(0.0)",
        ]
    );
}

/// If one task of a post fails, `into_ids` returns an error.
#[tokio::test(start_paused = true)]
async fn a_post_that_was_accepted_in_part() {
    use dataforseo_client::models::serp::google::{OrganicTaskPost, OrganicTaskPostTask};
    let mock = mock();
    mock.on(OrganicTaskPost)
        .first(1)
        .fault(Fault::HiddenTask(StatusCode::InvalidField, Some(1)));
    let client = builder(&mock).build().unwrap();
    let tasks: Vec<OrganicTaskPostTask> = (0..3)
        .map(|number| {
            OrganicTaskPostTask::new()
                .keyword(format!("word {number}"))
                .language_code("en")
                .location_code(2840)
        })
        .collect();
    let posted = client.post::<OrganicTaskPost>(&tasks).await.unwrap();
    let failed: Vec<usize> = posted.failed().map(|(place, _)| place).collect();
    assert_eq!(failed, [1]);
    assert_eq!(posted.into_ids().unwrap_err().tasks().len(), 3);
    let posted = client.post::<OrganicTaskPost>(&tasks).await.unwrap();
    assert_eq!(posted.into_ids().unwrap().len(), 3);
}
