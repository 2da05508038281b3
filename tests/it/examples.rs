//! The mock server's responses to requests without a fixture: the endpoint's example.

use dataforseo_client::models::backlinks::{
    BacklinksLive, BacklinksLiveTask, BulkRanksLiveTask, SummaryLiveTask,
};
use dataforseo_client::models::{Endpoint as _, Method, StatusCode};
use dataforseo_mock_server::{Builder, MockServer, OnMiss};
use dataforseo_test_support::documented;
use serde_json::{Value, json};

use crate::client;
use crate::generated::ENDPOINTS;
use crate::mock::ask;

const BASIC: &str = "Basic bG9naW46cGFzc3dvcmQ=";

fn examples() -> Builder {
    MockServer::builder().on_miss(OnMiss::Example)
}

/// Every endpoint responds to a task without a recording, and echoes the task.
#[tokio::test]
async fn every_endpoint_has_one() {
    let mock = examples().start().await.unwrap();
    for typed in ENDPOINTS {
        let fixture = crate::fixtures::of(typed.info.path).pop().unwrap();
        let mut body = fixture.request.clone();
        if typed.info.method == Method::Post {
            for (key, value) in body[0].as_object_mut().unwrap() {
                if let ("target" | "keyword" | "url", Value::String(text)) = (key.as_str(), value) {
                    *text = "https://nobody.example/".to_owned();
                }
            }
            let task = body[0].as_object_mut().unwrap();
            task.shift_remove("tag");
            // That of the documentation lies too far back by now.
            task.shift_remove("date_from");
        }
        let text = match body.is_null() {
            true => String::new(),
            false => body.to_string(),
        };
        let path = typed
            .info
            .path
            .replace("{id}", "07280000-1111-2222-3333-444455556666");
        let headers = [("authorization", BASIC)];
        let response = ask(&mock, typed.info.method.as_str(), &path, &headers, &text).await;
        let name = typed.info.id;
        assert_eq!(
            response.status,
            200,
            "{name}: {:?}",
            response.header("x-mock-detail")
        );
        let response = response.json();
        let task = &response["tasks"][0];
        assert_eq!(response["tasks_error"], 0, "{name}");
        for (key, value) in body[0].as_object().into_iter().flatten() {
            assert_eq!(task["data"][key], *value, "{name} {key}");
        }
        let decoded = (typed.decode)(&response.to_string());
        assert_eq!(decoded["tasks"][0]["drift"], json!([]), "{name}");
    }
}

#[tokio::test]
async fn a_tag_asks_for_a_hard_case() {
    let mock = examples().start().await.unwrap();
    let client = client(mock.url());
    let task = |tag: &str| SummaryLiveTask::new("nobody.example").tag(tag);
    let backlinks = client.backlinks();
    let empty = backlinks.summary_live(&task("empty")).await.unwrap();
    assert!(empty.results().is_empty());
    let nulls = backlinks.summary_live(&task("nulls")).await.unwrap();
    assert_eq!(nulls.results()[0].rank, None);
    let unknown = backlinks.summary_live(&task("unknown")).await.unwrap();
    let countries = unknown.results()[0]
        .referring_links_countries
        .as_ref()
        .unwrap();
    assert!(countries.contains_key("") && countries.contains_key("WW"));
    let other = backlinks.summary_live(&task("my own")).await.unwrap();
    assert!(other.results()[0].rank.is_some());
    let data: Value = serde_json::from_str(other.task.data.as_ref().unwrap().get()).unwrap();
    assert_eq!(data["tag"], "my own");
    assert_eq!(
        (&data["api"], &data["function"]),
        (&json!("backlinks"), &json!("summary"))
    );
}

/// The rules hold in this mode, too.
#[tokio::test]
async fn a_bad_task_is_refused_all_the_same() {
    let mock = examples().start().await.unwrap();
    let client = crate::builder(mock.url())
        .without_validation()
        .build()
        .unwrap();
    let most = documented::max(BacklinksLive::INFO, "limit");
    let task = BacklinksLiveTask::new("nobody.example").limit(most + 1);
    let error = client.backlinks().backlinks_live(&task).await.unwrap_err();
    assert_eq!(error.invalid_fields(), ["limit"]);
}

/// Of several tasks each has its own outcome, and its own identifier.
#[tokio::test]
async fn tasks_of_one_post_have_their_own_ids() {
    let mock = examples().start().await.unwrap();
    let task =
        |keyword: &str| json!({"keyword": keyword, "location_code": 1, "language_code": "en"});
    let body = json!([task("a"), {"location_code": 1, "language_code": "en"}, task("b")]);
    let path = "/v3/serp/google/organic/task_post";
    let headers = [("authorization", BASIC)];
    let response = ask(&mock, "POST", path, &headers, &body.to_string()).await;
    assert!(
        response
            .header("x-mock-detail")
            .starts_with("task 1: keyword")
    );
    let response = response.json();
    let codes: Vec<_> = (0..3)
        .map(|index| response["tasks"][index]["status_code"].as_u64())
        .collect();
    assert_eq!(codes, [Some(20100), Some(40501), Some(20100)]);
    assert_ne!(response["tasks"][0]["id"], response["tasks"][2]["id"]);
    assert_eq!(response["tasks_error"], 1);
    assert_eq!(response["tasks"][2]["data"]["function"], "task_post");
    assert_eq!(response["tasks"][2]["data"]["se_type"], "organic");
    // The same again is the same again; another post has other identifiers.
    let again = ask(&mock, "POST", path, &headers, &body.to_string())
        .await
        .json();
    assert_eq!(again, response);
    let other = ask(
        &mock,
        "POST",
        path,
        &headers,
        &json!([task("c")]).to_string(),
    )
    .await
    .json();
    assert_ne!(other["tasks"][0]["id"], response["tasks"][0]["id"]);
}

/// A recorded error is replayed for its own request only.
#[tokio::test]
async fn an_error_is_not_an_example() {
    let refused = json!({
        "dfs_fixture": 1,
        "request": {
            "method": "POST",
            "path": "/v3/backlinks/bulk_ranks/live",
            "body": [{ "targets": ["poor.example"] }],
        },
        "response": { "status": 402, "body": { "status_code": 40200, "tasks": null } },
    });
    let mock = examples()
        .fixture(refused.to_string())
        .start()
        .await
        .unwrap();
    let client = client(mock.url());
    let call = async |target: &str| {
        let task = BulkRanksLiveTask::new([target]);
        client.backlinks().bulk_ranks_live(&task).await
    };
    let error = call("poor.example").await.unwrap_err();
    assert_eq!(error.status_code(), Some(StatusCode::PaymentRequired));
    assert!(!call("rich.example").await.unwrap().results().is_empty());
}

#[tokio::test]
async fn a_bulk_example_has_a_row_for_each_target() {
    let mock = examples().start().await.unwrap();
    let bulk: Vec<_> = ENDPOINTS
        .iter()
        .filter(|typed| typed.info.id.starts_with("backlinks/bulk_"))
        .collect();
    assert_eq!(bulk.len(), 7);
    for typed in bulk {
        let name = typed.info.id;
        let headers = [("authorization", BASIC)];
        let body = json!([{ "targets": ["b.example", "a.example", "b.example"] }]).to_string();
        let response = ask(&mock, "POST", typed.info.path, &headers, &body).await;
        let response = response.json();
        let result = &response["tasks"][0]["result"][0];
        let target = match name {
            "backlinks/bulk_pages_summary/live" => "url",
            _ => "target",
        };
        let rows: Vec<_> = result["items"].as_array().unwrap().iter().collect();
        let targets: Vec<_> = rows.iter().map(|row| &row[target]).collect();
        assert_eq!(targets, ["b.example", "a.example"], "{name}");
        assert_eq!(result["items_count"], 2, "{name}");
        assert!(rows[0].as_object().unwrap().len() > 1, "{name}");
    }
}

/// What the example says of a target is not given to another.
#[tokio::test]
async fn a_target_of_the_example_keeps_its_row() {
    let fixture = json!({
        "dfs_fixture": 1,
        "request": {
            "method": "POST",
            "path": "/v3/backlinks/bulk_ranks/live",
            "body": [{ "targets": ["poor.example", "rich.example"] }],
        },
        "response": { "status": 200, "body": {
            "status_code": 20000,
            "tasks": [{ "status_code": 20000, "result": [{ "items_count": 2, "items": [
                { "target": "poor.example", "rank": 1 },
                { "target": "rich.example", "rank": 900 },
            ] }] }],
        } },
    });
    let mock = examples().fixture(fixture.to_string());
    let mock = mock.start().await.unwrap();
    let task = BulkRanksLiveTask::new(["rich.example", "new.example", "other.example"]);
    let client = client(mock.url());
    let response = client.backlinks().bulk_ranks_live(&task).await.unwrap();
    let rows = response.results()[0].items.as_deref().unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.target.as_deref().unwrap(), row.rank.unwrap()))
        .collect();
    assert_eq!(
        rows,
        [
            ("rich.example", 900),
            ("new.example", 900),
            ("other.example", 1)
        ]
    );
}
