//! Calls whose endpoint is known only when the program runs.

use dataforseo_client::models::{ENDPOINTS, EndpointInfo, StatusCode};
use dataforseo_client::{Charge, Dispatch, ErrorKind};
use dataforseo_mock_server::{MockServer, OnMiss};
use serde_json::json;

use crate::builder;

fn endpoint(path: &str) -> &'static EndpointInfo {
    let mut all = ENDPOINTS.iter();
    all.find(|endpoint| endpoint.path == path).unwrap()
}

const RANKS: &str = "/v3/backlinks/bulk_ranks/live";

/// What the models do not know, and how a number is written, stays.
#[tokio::test]
async fn results_are_what_arrived() {
    let result = r#"[{"nobody":"documented","cost":1.50}]"#;
    let fixture = format!(
        r#"{{"dfs_fixture": 1,
        "request": {{"method": "POST", "path": "{RANKS}", "body": [{{"targets": ["a.example"]}}]}},
        "response": {{"status": 200, "body": {{"status_code": 20000, "cost": 0.5, "tasks": [
            {{"id": "x", "status_code": 20000, "result": {result}}}]}}}}}}"#
    );
    let mock = MockServer::builder().fixture(fixture).start().await;
    let mock = mock.unwrap();
    let client = builder(mock.url()).build().unwrap();
    let task = json!({ "targets": ["a.example"] });
    let call = client.prepare(endpoint(RANKS), &[], &[task]).unwrap();
    assert_eq!(call.body().unwrap(), &r#"[{"targets":["a.example"]}]"#);
    let response = client.send(&call).await.unwrap();
    assert_eq!(response.tasks[0].result.as_ref().unwrap().get(), result);
    assert_eq!(
        (response.cost(), client.costs().us_dollars),
        (Some(0.5), 0.5)
    );
    // A call can be sent again.
    client.send(&call).await.unwrap();
    assert_eq!(client.costs().calls, 2);
}

#[test]
fn what_is_wrong_is_not_sent() {
    let client = builder("http://127.0.0.1:9").build().unwrap();
    let refused = |path, parameters: &[&str], tasks: &[_]| {
        let error = client.prepare(endpoint(path), parameters, tasks);
        let error = error.unwrap_err();
        assert_eq!(
            (error.dispatch(), error.charge()),
            (Dispatch::NotSent, Charge::None)
        );
        let ErrorKind::InvalidTask(violations) = error.kind() else {
            panic!("{error}")
        };
        violations.to_string()
    };
    assert_eq!(refused(RANKS, &[], &[json!({})]), "targets: required");
    assert_eq!(
        refused(RANKS, &[], &[json!(1)]),
        "tasks[0]: expected an object"
    );
    let none = "tasks: 0 elements, at least 1 are required";
    assert_eq!(refused(RANKS, &[], &[]), none);
    let index = "/v3/backlinks/index";
    let task = json!({ "targets": ["a.example"] });
    assert!(!refused(index, &[], &[task]).is_empty());
    let get = "/v3/serp/google/organic/task_get/advanced/{id}";
    assert_eq!(refused(get, &[], &[]), "id: required");
    assert_eq!(refused(get, &[".."], &[]), "id: required");
    let post = "/v3/serp/google/organic/task_post";
    let task = json!({ "keyword": "a", "location_code": 1, "language_code": "en" });
    let second = refused(post, &[], &[task, json!({ "depth": 5 })]);
    assert!(second.starts_with("tasks[1].keyword: "), "{second}");
}

#[tokio::test]
async fn one_of_several_tasks_can_fail() {
    let mock = MockServer::builder().on_miss(OnMiss::Example);
    let mock = mock.rule("/v3/serp/** task:40501@1".parse().unwrap());
    let mock = mock.start().await.unwrap();
    let client = builder(mock.url()).build().unwrap();
    let task =
        |keyword: &str| json!({ "keyword": keyword, "location_code": 1, "language_code": "en" });
    let post = endpoint("/v3/serp/google/organic/task_post");
    let call = client.prepare(post, &[], &[task("a"), task("b")]).unwrap();
    let response = client.send(&call).await.unwrap();
    let codes: Vec<_> = response.tasks.iter().map(|it| it.status_code).collect();
    assert_eq!(
        codes,
        [StatusCode::from_code(20100), StatusCode::InvalidField]
    );
}

/// The one task that a call held.
#[tokio::test]
async fn a_failed_task_is_an_error() {
    let mock = MockServer::builder().rule("/v3/** task:40501".parse().unwrap());
    let mock = mock.start().await.unwrap();
    let client = builder(mock.url()).build().unwrap();
    let task = json!({ "targets": ["a.example"] });
    let call = client.prepare(endpoint(RANKS), &[], &[task]).unwrap();
    let error = client.send(&call).await.unwrap_err();
    assert_eq!(error.status_code(), Some(StatusCode::InvalidField));
    assert!(error.raw_response().is_some());
}
