//! What a call cost, and budgets, when a response states that in two ways, in an impossible way or not
//! at all.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dataforseo_client::models::backlinks::{BulkRanksLive, BulkRanksLiveResult, BulkRanksLiveTask};
use dataforseo_client::models::drift::DriftKind;
use dataforseo_client::{
    Charge, Client, DriftWatch, Error, ErrorKind, FailedAttempt, Response, RetryPolicy,
    StandardRetryPolicy,
};
use dataforseo_mock_server::Fault;
use dataforseo_test_support::fake_api::{FakeApi, Reply};
use serde_json::{Value, json};

async fn ranks(client: &Client) -> Result<Response<BulkRanksLiveResult>, Error> {
    let task = BulkRanksLiveTask::new(["example.com"]);
    client.backlinks().bulk_ranks_live(&task).await
}

/// A client that retries at once.
fn client(api: &FakeApi) -> Client {
    let at_once = StandardRetryPolicy::default().backoff(Duration::ZERO, Duration::ZERO);
    let builder = crate::builder(api.url()).retry_policy(at_once);
    builder.build().unwrap()
}

fn costs(envelope: impl Into<Value>, task: impl Into<Value>) -> impl Fn(&mut Value) {
    let (envelope, task) = (envelope.into(), task.into());
    move |body| {
        body["cost"] = envelope.clone();
        if let Some(first) = body["tasks"].get_mut(0) {
            first["cost"] = task.clone();
        }
    }
}

#[tokio::test]
async fn the_higher_cost_of_a_failed_call_counts_and_it_is_not_sent_again() {
    let refused = || Reply::refused(50301, "busy");
    let replies = [
        Reply::failed(50301, "busy", 0.05).edit(costs(0.05, 0)),
        Reply::failed(50301, "busy", 0.05).edit(costs(0, 0.05)),
        Reply::failed(40501, "Invalid Field: 'targets'.", 0.05).edit(costs(0.05, 0)),
        Reply::failed(50301, "busy", 0.05).edit(costs(-1, 0.05)),
        refused().charging(0.05).edit(costs(0.05, 0)),
        refused().charging(0.05).edit(|body| {
            body["cost"] = json!(0);
            body["tasks"] = json!([{"cost": 0.02}, {"cost": 0.03}]);
        }),
        // A success without a task.
        refused()
            .charging(0.05)
            .edit(|body| body["status_code"] = json!(20000)),
    ];
    for reply in replies {
        let api = FakeApi::start(move |_| reply.clone());
        let client = client(&api);
        let error = ranks(&client).await.unwrap_err();
        assert_eq!(error.charge(), Charge::Charged(0.05), "{error}");
        assert_eq!(api.calls().len(), 1, "{error}");
        let total = client.costs();
        assert_eq!((total.us_dollars, total.unknown_charges), (0.05, 0));
    }
}

#[tokio::test]
async fn the_higher_cost_of_a_success_counts_and_is_reported() {
    let api = FakeApi::start(|call| {
        Reply::rows().edit(match call.number {
            0 => costs(0.05, 0.02),
            1 => costs(-5.0, 0.02),
            _ => costs(0.02, 0.02),
        })
    });
    let watch = DriftWatch::builder().one_in(1).build();
    let builder = crate::builder(api.url()).drift_watch(watch.clone());
    let client = builder.build().unwrap();
    let mut kinds = Vec::new();
    for expected in [0.05, 0.02, 0.02] {
        let response = ranks(&client).await.unwrap();
        assert_eq!(response.cost(), Some(expected));
        let drift = response.drift().iter();
        kinds.push(drift.map(|drift| drift.kind).collect::<Vec<_>>());
    }
    use DriftKind::{Contradictory, OutOfRange};
    assert_eq!(kinds[0], [Contradictory]);
    assert_eq!(kinds[1], [OutOfRange, Contradictory]);
    assert!(kinds[2].is_empty());
    assert!((client.costs().us_dollars - 0.09).abs() < 1e-9);
    watch.flush();
    let entries = watch.report().entries.into_iter();
    let entries = entries.filter(|entry| entry.location == "cost");
    let entries: Vec<_> = entries.map(|it| (it.location, it.kind, it.count)).collect();
    assert_eq!(
        entries,
        [
            ("cost".to_owned(), Contradictory, 2),
            ("cost".to_owned(), OutOfRange, 1)
        ]
    );
}

/// The rows that are paid for are returned, wherever they are, and the costs of all tasks count.
#[tokio::test]
async fn several_tasks_in_a_response() {
    let api = FakeApi::start(|_| {
        Reply::rows().charging(0.03).edit(|body| {
            let failed = json!({"status_code": 40000, "cost": 0.01, "result": null});
            body["tasks"].as_array_mut().unwrap().insert(0, failed);
            body["cost"] = json!(0.03);
        })
    });
    let client = client(&api);
    let response = ranks(&client).await.unwrap();
    assert_eq!(response.items().next().unwrap().rank, Some(1));
    assert_eq!(response.cost(), Some(0.04));
    assert_eq!(client.costs().us_dollars, 0.04);
}

/// The server charges 0.02003 per call, and a call is estimated at 0.024036.
#[tokio::test]
async fn a_budget_is_not_passed_if_charges_are_unknown() {
    let silent = |body: &mut Value| {
        body.as_object_mut().unwrap().remove("cost");
        if let Some(task) = body["tasks"].get_mut(0) {
            task.as_object_mut().unwrap().remove("cost");
        }
    };
    let replies = [
        Reply::rows().reset(),
        Reply::rows().hang().close(),
        Reply::rows().cut_at(150).close(),
        Reply::rows()
            .status("502 Bad Gateway")
            .encode(|_| b"<html>".to_vec()),
        Reply::rows()
            .status("408 Request Timeout")
            .encode(|_| b"<html>".to_vec()),
        Reply::rows().status("499 x").encode(|_| b"<html>".to_vec()),
        Reply::rows().edit(silent),
        Reply::failed(50301, "busy", 0.02003).edit(silent),
    ];
    for reply in replies {
        let shown = format!("{reply:?}");
        let api = FakeApi::start(move |_| reply.clone());
        let client = client(&api).with_budget(0.05);
        for _ in 0..5 {
            let _ = ranks(&client).await;
        }
        let error = ranks(&client).await.unwrap_err();
        let kind = error.kind();
        assert!(matches!(kind, ErrorKind::BudgetExceeded { .. }), "{error}");
        assert_eq!(api.calls().len(), 2, "{shown}");
        assert!(api.ledger().total() <= 0.05);
        let costs = client.costs();
        assert_eq!(
            (costs.us_dollars, costs.unknown_charges),
            (0.0, 2),
            "{shown}"
        );
        assert!((costs.possible_us_dollars - 0.048_072).abs() < 1e-9);
    }
}

/// If only one of two tasks states a cost, the rest of the estimate may have been charged.
#[tokio::test]
async fn a_part_of_a_cost_is_not_the_whole() {
    let api = FakeApi::start(|_| {
        Reply::rows().charging(0.01).edit(|body| {
            body["cost"] = Value::Null;
            let silent = json!({"status_code": 20000, "result": null});
            body["tasks"].as_array_mut().unwrap().push(silent);
        })
    });
    let client = client(&api);
    assert_eq!(ranks(&client).await.unwrap().cost(), Some(0.01));
    let costs = client.costs();
    assert_eq!((costs.us_dollars, costs.unknown_charges), (0.01, 1));
    assert!((costs.max_us_dollars() - 0.024_036).abs() < 1e-9);
}

/// A free endpoint that states a cost is charged, and is not called again.
#[tokio::test]
async fn a_cost_of_a_free_endpoint_counts() {
    let api = FakeApi::start(|_| Reply::failed(50301, "busy", 0.004).edit(costs(0, 0.004)));
    let client = client(&api);
    let error = client.backlinks().index().await.unwrap_err();
    assert_eq!(error.charge(), Charge::Charged(0.004));
    assert_eq!(client.costs().us_dollars, 0.004);
    assert_eq!(api.calls().len(), 1);
}

/// A negative cost does not add to the budget.
#[tokio::test]
async fn a_negative_cost_counts_as_zero() {
    let api = FakeApi::start(|_| Reply::rows().charging(0.0).edit(costs(-1, -1)));
    let client = client(&api).with_budget(0.03);
    let response = ranks(&client).await.unwrap();
    assert_eq!((response.cost(), response.drift().len()), (Some(0.0), 2));
    assert_eq!(client.costs().max_us_dollars(), 0.0);
}

/// Keeps the wait that each failed attempt requested.
#[derive(Debug, Clone, Default)]
struct Waits(Arc<Mutex<Vec<Option<Duration>>>>);

impl RetryPolicy for Waits {
    fn on_error(&self, failed: &FailedAttempt<'_>) -> Option<Duration> {
        self.0.lock().unwrap().push(failed.retry_after);
        StandardRetryPolicy::default()
            .random(|| 0.0)
            .on_error(failed)
            .map(|_| Duration::ZERO)
    }
}

#[tokio::test]
async fn a_refusal_of_the_api_can_request_a_wait() {
    let api = FakeApi::start(|call| match call.number {
        0 => Reply::refused(40202, "slow down").header("retry-after: 7"),
        1 => Reply::failed(40209, "slow down", 0.0).header("retry-after: 8"),
        _ => Reply::rows(),
    });
    let waits = Waits::default();
    let client = crate::builder(api.url()).retry_policy(waits.clone());
    ranks(&client.build().unwrap()).await.unwrap();
    let seconds = [7, 8].map(|it| Some(Duration::from_secs(it)));
    assert_eq!(*waits.0.lock().unwrap(), seconds);
}

/// A storm of refusals costs nothing, so it does not use up the retries.
#[tokio::test(start_paused = true)]
async fn the_ratio_of_retries_is_not_for_rate_limits() {
    let policy = || StandardRetryPolicy::default().retry_ratio(0.0);
    for (fault, sent) in [
        (Fault::api(40202), 20 * 4),
        (Fault::task(40209), 20 * 4),
        (Fault::Proxy(429), 20 * 4),
        // Ten retries are allowed from the beginning.
        (Fault::api(50301), 20 + 10),
    ] {
        let mock = crate::examples();
        mock.on(BulkRanksLive).fault(fault);
        let builder = crate::builder(mock.url()).connector(mock.connector());
        let client = builder.retry_policy(policy()).build().unwrap();
        for _ in 0..20 {
            ranks(&client).await.unwrap_err();
        }
        assert_eq!(mock.calls(BulkRanksLive), sent, "{fault}");
    }
}
