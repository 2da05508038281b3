//! Prices of endpoints, estimates, and the rates of an account.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dataforseo_client::models::appendix::UserData;
use dataforseo_client::models::backlinks::{BacklinksLiveTask, SummaryLive, SummaryLiveTask};
use dataforseo_client::models::serp::google::{
    OrganicLiveAdvanced, OrganicLiveAdvancedTask, OrganicTasksReady,
};
use dataforseo_client::models::{
    Amount, Endpoint, EndpointInfo, Estimate, MaxRows, Task, TaskFields, Value,
};
use dataforseo_client::{AccountLimits, AccountRates, Limiter, MachineLimits, Prices};
use dataforseo_mock_server::{Limits, MockServer, OnMiss};
use dataforseo_test_support::client::client_builder as builder;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::generated::ENDPOINTS;

fn find(path: &str) -> Option<&'static EndpointInfo> {
    let mut all = ENDPOINTS.iter().map(|typed| typed.info);
    all.find(|info| info.matches(path))
}

fn amount(text: &str) -> Amount {
    Amount::from_us_dollars(text.parse().unwrap()).unwrap()
}

/// An endpoint with another name, a function and a rate of its own. The rates of the spec change.
fn endpoint(id: &'static str, function: &'static str, rate: Option<u32>) -> &'static EndpointInfo {
    let mut info = UserData::INFO.clone();
    (info.id, info.function, info.calls_per_minute) = (id, function, rate);
    Box::leak(Box::new(info))
}

/// A task and the cost that a response to it states, as responses of the API were observed on the day
/// of the rate card. The tasks are invented, and the rows are those of the response.
#[test]
fn costs_are_right_to_the_last_digit() {
    for (path, task, rows, cost) in [
        (
            "/v3/backlinks/backlinks/live",
            json!({"target": "a.com", "limit": 5}),
            5,
            "0.02418",
        ),
        (
            "/v3/backlinks/bulk_ranks/live",
            json!({"targets": ["a.com"]}),
            10,
            "0.02436",
        ),
        (
            "/v3/backlinks/history/live",
            json!({"target": "a.com"}),
            9,
            "0.024324",
        ),
        (
            "/v3/backlinks/summary/live",
            json!({"target": "a.com"}),
            1,
            "0.024036",
        ),
        ("/v3/backlinks/index", json!({}), 0, "0"),
        (
            "/v3/on_page/instant_pages",
            json!({"url": "https://a.com/", "enable_javascript": true, "custom_js": "1;"}),
            1,
            "0.0015",
        ),
        (
            "/v3/on_page/instant_pages",
            json!({"url": "https://a.com/", "enable_javascript": true, "load_resources": true}),
            1,
            "0.0018",
        ),
        (
            "/v3/serp/google/organic/live/advanced",
            json!({"keyword": "cats"}),
            8,
            "0.002",
        ),
        (
            "/v3/serp/google/organic/live/advanced",
            json!({"keyword": "cats", "depth": 100}),
            100,
            "0.0155",
        ),
        (
            "/v3/serp/google/organic/live/advanced",
            json!({"keyword": "cats", "load_async_ai_overview": true, "calculate_rectangles": true}),
            8,
            "0.006",
        ),
        (
            "/v3/serp/google/organic/live/advanced",
            json!({"keyword": "site:a.com cats", "people_also_ask_click_depth": 2}),
            8,
            "0.0103",
        ),
        (
            "/v3/serp/google/organic/task_post",
            json!({"keyword": "cats"}),
            0,
            "0.0006",
        ),
        (
            "/v3/serp/google/organic/task_post",
            json!({"keyword": "cats", "priority": 2, "depth": 100}),
            0,
            "0.0093",
        ),
        ("/v3/serp/google/organic/tasks_ready", json!({}), 1000, "0"),
    ] {
        let info = find(path).unwrap();
        let price = info.price.unwrap_or(dataforseo_client::models::Price::new(
            Amount::ZERO,
            Amount::ZERO,
        ));
        let found = info.cost(&price, (&task).into(), rows);
        assert_eq!(found, Estimate::known(amount(cost)), "{path} {task}");
        if !info.charged {
            assert_eq!(
                info.estimate(None, [TaskFields::from(&task)]),
                Estimate::FREE
            );
        }
    }
}

/// Responses in a folder: `{"path": …, "answer": …}` per file. Set `DATAFORSEO_RECORDINGS` to check
/// them: the cost of each task is the one that its price and its rows yield.
#[test]
fn recorded_costs_are_those_of_the_prices() {
    let Some(folder) = std::env::var_os("DATAFORSEO_RECORDINGS") else {
        return;
    };
    let mut checked = BTreeMap::<_, usize>::new();
    for file in files(Path::new(&folder)) {
        let recording: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let path = recording["path"].as_str().unwrap_or_default();
        let Some(info) = find(path) else { continue };
        let tasks = recording["answer"]["tasks"].as_array();
        for task in tasks.into_iter().flatten() {
            check_recorded(info, task, &file);
            *checked.entry(info.id).or_default() += 1;
        }
    }
    println!("{} endpoints: {checked:?}", checked.len());
    assert!(!checked.is_empty(), "no recording of a known endpoint");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    paths
}

fn check_recorded(info: &EndpointInfo, task: &Value, file: &Path) {
    let stated = amount(&task["cost"].to_string());
    let data = &task["data"];
    // The cost of a model is known only afterwards.
    let spent = task["result"][0]["money_spent"]
        .as_f64()
        .unwrap_or_default();
    let spent = Amount::from_us_dollars(spent).unwrap();
    let failed = task["status_code"]
        .as_u64()
        .is_some_and(|code| code >= 40_000);
    if failed && stated.is_zero() {
        return;
    }
    let rows = rows(info, task);
    let cost = match info.price {
        Some(price) => info.cost(&price, data.into(), rows).amount,
        None => Amount::ZERO,
    };
    assert_eq!(cost.plus(spent), stated, "{}: {rows} rows", file.display());
}

/// Returns the number of rows of a recorded task.
fn rows(info: &EndpointInfo, task: &Value) -> u64 {
    if let MaxRows::Rows(rows) = info.cost_rules.max_rows
        && rows < 100
    {
        return rows;
    }
    let results = task["result"].as_array().map_or(&[][..], Vec::as_slice);
    let counts: Option<Vec<u64>> = results
        .iter()
        .map(|it| it["items_count"].as_u64())
        .collect();
    match counts {
        Some(counts) if !counts.is_empty() => counts.iter().sum(),
        // Publishers cut lists, so the limit of the task is better than the length of a list.
        _ if task["data"].get("limit").is_some() => info.max_rows((&task["data"]).into()),
        _ => task["result_count"].as_u64().unwrap_or_default(),
    }
}

#[test]
fn typed_tasks_cost_the_same_as_their_json() {
    fn cost<E: Endpoint>(task: &impl Task) -> String {
        let json = serde_json::to_value(task).unwrap();
        let price = E::INFO.price.as_ref();
        let typed = E::INFO.estimate(price, [TaskFields::from(task)]);
        assert_eq!(
            typed,
            E::INFO.estimate(price, [TaskFields::from(&json)]),
            "{json}"
        );
        assert!(typed.is_complete);
        typed.amount.to_string()
    }
    let list = || BacklinksLiveTask::new("a.com");
    type Backlinks = dataforseo_client::models::backlinks::BacklinksLive;
    assert_eq!(cost::<Backlinks>(&list()), "0.0276");
    assert_eq!(cost::<Backlinks>(&list().limit(700)), "0.0492");
    assert_eq!(cost::<Backlinks>(&list().limit(-1)), "0.0276");
    assert_eq!(
        cost::<SummaryLive>(&SummaryLiveTask::new("a.com")),
        "0.024036"
    );
    let search = || OrganicLiveAdvancedTask::new().keyword("cats");
    assert_eq!(cost::<OrganicLiveAdvanced>(&search()), "0.002");
    assert_eq!(cost::<OrganicLiveAdvanced>(&search().depth(30)), "0.005");
    let operator = search().keyword("intitle:cats");
    assert_eq!(cost::<OrganicLiveAdvanced>(&operator), "0.01");
}

/// A result of `appendix/user_data`.
fn user_data(per_request: f64) -> Value {
    json!({
        "login": "me",
        "rates": {"limits": {"minute": {"total": 500, "serp": {"tasks_ready": 12}}}},
        "price": {"backlinks": {"summary": {"live": {"priority_normal": [
            {"cost_type": "per_request", "cost": per_request},
            {"cost_type": "per_result", "cost": 0.00001}
        ]}}}}
    })
}

#[tokio::test]
async fn the_prices_of_the_account_replace_those_of_the_spec() {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .in_memory()
        .unwrap();
    mock.on(UserData).patch("/tasks/0/result/0", user_data(0.5));
    let client = builder(&mock).build().unwrap();
    let clone = client.clone();
    let task = SummaryLiveTask::new("a.com");
    let estimate = |client: &dataforseo_client::Client| {
        client.estimate::<SummaryLive>(&task).amount.to_string()
    };
    assert_eq!(estimate(&client), "0.024036");
    let rates = client.load_account_rates().await.unwrap();
    assert!(rates.unread.is_empty(), "{:?}", rates.unread);
    assert_eq!(rates.total_calls_per_minute, Some(500));
    assert_eq!(rates.calls_per_minute(OrganicTasksReady::INFO), Some(12));
    assert_eq!(
        (estimate(&client), estimate(&clone)),
        ("0.50001".into(), "0.50001".into())
    );
    // What the program sets comes first.
    let own = Prices::known().set("backlinks", 0.25, 0.0).account(&rates);
    assert_eq!(
        own.price(SummaryLive::INFO).unwrap().per_task,
        amount("0.25")
    );
    let own = own.set(SummaryLive::INFO.id, 0.125, 0.0);
    assert_eq!(
        own.price(SummaryLive::INFO).unwrap().per_task,
        amount("0.125")
    );
    assert_eq!(client.costs().us_dollars, 0.0);
}

#[tokio::test]
async fn a_changed_response_leaves_the_prices_of_the_spec() {
    let task = SummaryLiveTask::new("a.com");
    for result in [
        json!({"price": "on request", "rates": null}),
        json!({"price": {"backlinks": {"summary": {"live": {"priority_normal": "cheap"}}}}}),
        // A charged call does not become free.
        user_data(0.0)
            .pointer("/rates")
            .map_or(Value::Null, |rates| {
                json!({"rates": rates, "price": {"backlinks": {"summary": {"live": {
                    "priority_normal": [{"cost_type": "per_request", "cost": 0}]
                }}}}})
            }),
    ] {
        let mock = MockServer::builder()
            .on_miss(OnMiss::Example)
            .in_memory()
            .unwrap();
        mock.on(UserData).patch("/tasks/0/result/0", result.clone());
        let client = builder(&mock).build().unwrap();
        client.load_account_rates().await.unwrap();
        let estimate = client.estimate::<SummaryLive>(&task);
        assert_eq!(estimate, Estimate::known(amount("0.024036")), "{result}");
    }
}

#[test]
fn an_unknown_price_stays_unknown() {
    let prices = Prices::none();
    let task = json!({"target": "a.com"});
    let estimate = |info| prices.estimate(info, [TaskFields::from(&task)]);
    assert_eq!(estimate(SummaryLive::INFO), Estimate::UNKNOWN);
    assert_eq!(estimate(UserData::INFO), Estimate::FREE);
    let instant = find("/v3/on_page/instant_pages").unwrap();
    let rendered = json!({"url": "https://a.com/", "enable_browser_rendering": true});
    let estimate = Prices::known().estimate(instant, [TaskFields::from(&rendered)]);
    assert!(!estimate.is_complete && !estimate.amount.is_zero());
}

/// Returns how long a limiter takes to admit calls, one after another.
async fn admitted(limiter: &dyn Limiter, calls: &[&'static EndpointInfo]) -> Duration {
    let began = Instant::now();
    for info in calls {
        drop(limiter.admit(info).await.unwrap());
    }
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn endpoints_of_one_function_share_a_rate() {
    // 6 per minute: one at once, then one per 12 s.
    let one = endpoint("x/one", "x/shared", Some(6));
    let two = endpoint("x/two", "x/shared", Some(6));
    let other = endpoint("x/other", "x/other", Some(6));
    let limits = AccountLimits::default();
    let waited = admitted(&limits, &[one, two, one]).await;
    assert!(waited >= Duration::from_secs(24), "{waited:?}");
    let waited = admitted(&limits, &[other]).await;
    assert!(waited < Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn the_rate_of_the_account_replaces_that_of_the_spec() {
    let info = endpoint("x/one", "serp/tasks_ready", None);
    let limits = AccountLimits::default();
    let waited = admitted(&limits, &[info; 10]).await;
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    limits.on_account_rates(&AccountRates::from_user_data(&user_data(0.5)));
    // 12 per minute: one at once, then one per 60/11 s.
    let waited = admitted(&limits, &[info; 12]).await;
    assert!(waited >= Duration::from_secs(59), "{waited:?}");
}

#[tokio::test]
async fn the_programs_of_a_machine_share_the_rate_of_a_function() {
    let folder = tempfile::tempdir().unwrap();
    let open = || MachineLimits::open(folder.path()).unwrap();
    let (first, second) = (open(), open());
    for limits in [&first, &second] {
        limits.on_account_rates(&AccountRates::from_user_data(&user_data(0.5)));
    }
    let one = endpoint("x/one", "serp/tasks_ready", None);
    let two = endpoint("x/two", "serp/tasks_ready", None);
    let other = endpoint("x/three", "x/three", None);
    drop(first.admit(one).await.unwrap());
    let waiting = second.admit(two);
    assert!(timeout(Duration::from_millis(200), waiting).await.is_err());
    drop(second.admit(other).await.unwrap());
}

/// The client keeps the rates that the mock server enforces, so that nothing is refused.
#[tokio::test(start_paused = true)]
async fn the_mock_server_enforces_the_rates_of_endpoints() {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .limits(Limits::API)
        .in_memory()
        .unwrap();
    let rate = UserData::INFO.calls_per_minute.unwrap();
    let keeps = builder(&mock)
        .limiter(Arc::new(AccountLimits::default()))
        .retry_policy(dataforseo_client::NeverRetry)
        .build()
        .unwrap();
    for _ in 0..2 * rate {
        keeps.appendix().user_data().await.unwrap();
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    let ignores = builder(&mock)
        .limiter(Arc::new(dataforseo_client::NoLimits))
        .retry_policy(dataforseo_client::NeverRetry)
        .build()
        .unwrap();
    for _ in 0..rate {
        ignores.appendix().user_data().await.unwrap();
    }
    let error = ignores.appendix().user_data().await.unwrap_err();
    let code = error.status_code().map(|code| code.code());
    assert_eq!(code, Some(40_202), "{error}");
    ignores.backlinks().index().await.unwrap();
}
