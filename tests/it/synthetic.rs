//! Synthetic responses: those of the mock server, and those without a server.

use dataforseo_client::models::backlinks::{
    BacklinksLive, BacklinksLiveTask, BulkRanksLive, BulkRanksLiveTask, PageIntersectionLive,
    TimeseriesSummaryLive,
};
use dataforseo_client::models::serp::google::OrganicTasksReady;
use dataforseo_client::models::{Date, Endpoint, Method};
use dataforseo_mock_server::{MockServer, OnMiss, Synthetic, SyntheticCase};
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::client;
use crate::generated::ENDPOINTS;
use crate::mock::ask;

const AUTHORIZATION: [(&str, &str); 1] = [("authorization", "Basic bG9naW46cGFzc3dvcmQ=")];
const TODAY: Date = Date::constant(2026, 3, 31);

async fn post(mock: &MockServer, path: &str, task: &Value) -> Value {
    let body = json!([task]).to_string();
    let response = ask(mock, "POST", path, &AUTHORIZATION, &body).await;
    assert_eq!(response.status, 200, "{}", response.header("x-mock-detail"));
    response.json()
}

async fn get(mock: &MockServer, path: &str) -> Value {
    let response = ask(mock, "GET", path, &AUTHORIZATION, "").await;
    assert_eq!(response.status, 200);
    response.json()
}

fn examples() -> dataforseo_mock_server::Builder {
    let builder = MockServer::builder().on_miss(OnMiss::Example);
    builder.clock(|| TODAY)
}

/// Every endpoint responds to its own example and to each tag, also without `OnMiss::Example`.
#[tokio::test]
async fn the_request_of_a_synthetic_fixture_gets_its_response() {
    let mock = MockServer::builder().clock(|| TODAY).start().await.unwrap();
    let mut count = 0;
    for (number, typed) in ENDPOINTS.iter().enumerate() {
        for case in SyntheticCase::ALL {
            let synthetic = Synthetic::of_path(typed.info.path).unwrap();
            let synthetic = synthetic.case(case).today(TODAY);
            let fixture: Value = serde_json::from_str(&synthetic.fixture()).unwrap();
            let request = &fixture["request"];
            let body = match typed.info.method {
                Method::Post => request["body"].to_string(),
                Method::Get => String::new(),
            };
            let (method, path) = (
                typed.info.method.as_str(),
                request["path"].as_str().unwrap(),
            );
            // A session for each, so that `tasks_ready` lists no task of another one.
            let path = format!("/__s/{number}{path}");
            let response = ask(&mock, method, &path, &AUTHORIZATION, &body).await;
            let name = format!("{}/{}.json", &typed.info.path[1..], case.name());
            if response.header("x-mock-source") != name {
                continue;
            }
            count += 1;
            assert_eq!(response.status, 200, "{name}");
            let task = &fixture["response"]["body"]["tasks"][0];
            assert_eq!(response.json()["tasks"], json!([task]), "{name}");
        }
    }
    // All but two endpoints have no documented response, and most of them have three cases more.
    assert!(count > 80, "{count}");
}

#[tokio::test]
async fn limit_and_offset_select_rows() {
    let mock = examples().start().await.unwrap();
    let client = client(mock.url());
    let rows = async |limit: i64, offset: i64| {
        let task = BacklinksLiveTask::new("nobody.example")
            .limit(limit)
            .offset(offset);
        let response = client.backlinks().backlinks_live(&task).await.unwrap();
        let result = &response.results()[0];
        let urls: Vec<_> = result
            .items
            .iter()
            .flatten()
            .map(|row| row.url_from.clone())
            .collect();
        assert_eq!(result.items_count, i64::try_from(urls.len()).ok());
        (urls, result.total_count.unwrap())
    };
    let (all, total) = rows(100, 0).await;
    assert_eq!(i64::try_from(all.len()).unwrap(), total);
    let (first, _) = rows(3, 0).await;
    let (second, again) = rows(3, 3).await;
    assert_eq!([first, second].concat(), all[..6]);
    assert_eq!(again, total);
    assert_eq!(rows(3, 20_000).await, (Vec::new(), total));
}

/// A target has the same row in each call, and the dates are near the day of the request.
#[tokio::test]
async fn values_depend_on_the_target_and_the_day() {
    let mock = examples().start().await.unwrap();
    let client = client(mock.url());
    let rank = async |targets: &[&str], index: usize| {
        let task = BulkRanksLiveTask::new(targets.iter().copied());
        let response = client.backlinks().bulk_ranks_live(&task).await.unwrap();
        response.items().nth(index).unwrap().rank
    };
    let alone = rank(&["b.example"], 0).await;
    assert_eq!(rank(&["a.example", "b.example"], 1).await, alone);
    let synthetic = Synthetic::of(BacklinksLive).unwrap();
    let response = synthetic.today(TODAY).response();
    let row = &response["tasks"][0]["result"][0]["items"][0];
    let seen = row["last_seen"].as_str().unwrap();
    assert!(seen.starts_with("2026-03-"), "{seen}");
    assert_eq!(row["domain_to"], "forbes.com");
}

/// A task is posted, listed and fetched.
#[tokio::test]
async fn posted_tasks_are_listed_and_fetched() {
    let mock = examples().start().await.unwrap();
    let function = "/v3/serp/google/organic";
    let task =
        json!({"keyword": "red pandas", "location_code": 2276, "language_code": "de", "tag": "t"});
    let posted = post(&mock, &format!("{function}/task_post"), &task).await;
    let posted = &posted["tasks"][0];
    assert_eq!(
        (&posted["status_code"], &posted["result"]),
        (&json!(20100), &Value::Null)
    );
    let id = posted["id"].as_str().unwrap();
    let ready = get(&mock, &format!("{function}/tasks_ready")).await;
    let ready = ready["tasks"][0]["result"].as_array().unwrap().clone();
    assert_eq!(ready.len(), 1);
    assert_eq!(
        (&ready[0]["id"], &ready[0]["tag"]),
        (&json!(id), &json!("t"))
    );
    let path = format!("{function}/task_get/advanced/{id}");
    assert_eq!(ready[0]["endpoint_advanced"], path);
    let fetched = get(&mock, &path).await;
    let fetched = &fetched["tasks"][0];
    assert_eq!(fetched["id"], id);
    assert_eq!(fetched["data"]["function"], "task_get");
    assert_eq!(fetched["data"]["keyword"], "red pandas");
    let result = &fetched["result"][0];
    assert_eq!(result["keyword"], "red pandas");
    assert_eq!(
        (&result["location_code"], &result["language_code"]),
        (&json!(2276), &json!("de"))
    );
    // A task that was fetched is no longer listed.
    let ready = get(&mock, &format!("{function}/tasks_ready")).await;
    assert_eq!(ready["tasks"][0]["result"], Value::Null);
    assert_eq!(ready["tasks"][0]["result_count"], 0);
}

/// The depth of a search is the number of results of its main type.
#[test]
fn depth_is_the_number_of_main_results() {
    let path = "/v3/serp/google/organic/live/advanced";
    let organic = |depth: u32| {
        let task =
            json!({"keyword": "a", "location_code": 1, "language_code": "en", "depth": depth});
        let response = Synthetic::of_path(path)
            .unwrap()
            .task(&task)
            .unwrap()
            .response();
        let items = response["tasks"][0]["result"][0]["items"].clone();
        let items = items.as_array().unwrap();
        items
            .iter()
            .filter(|item| item["type"] == "organic")
            .count()
    };
    assert_eq!((organic(1), organic(5)), (1, 5));
}

/// A few responses in full, as real ones look.
#[test]
fn a_few_responses() {
    fn of<E: Endpoint>(endpoint: E, task: Value) -> Value {
        let synthetic = Synthetic::of(endpoint).unwrap().today(TODAY);
        synthetic.task(&task).unwrap().response()
    }
    let rows = json!({"target": "nobody.example", "limit": 1, "offset": 1});
    assert_json_snapshot!("rows", of(BacklinksLive, rows));
    let bulk = json!({"targets": ["a.example", "https://b.example/c"], "tag": "t"});
    assert_json_snapshot!("bulk", of(BulkRanksLive, bulk));
    let series = json!({
        "target": "nobody.example",
        "date_from": "2026-01-15",
        "date_to": "2026-03-01",
        "group_range": "month",
    });
    assert_json_snapshot!("series", of(TimeseriesSummaryLive, series));
    let targets = json!({"targets": {"1": "a.example", "2": "b.example"}, "limit": 1});
    assert_json_snapshot!("targets", of(PageIntersectionLive, targets));
    assert_json_snapshot!("ready", of(OrganicTasksReady, Value::Null));
}

#[test]
fn an_unknown_path_has_none() {
    assert!(Synthetic::of_path("/v3/backlinks/nothing/live").is_none());
    assert!(Synthetic::of_path("/v3/backlinks/index/").is_some());
}
