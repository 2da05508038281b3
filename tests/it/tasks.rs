//! Tasks whose results come later: posting many, what became of each, fetching.

use dataforseo_client::models::serp::google::{OrganicTaskPost, OrganicTaskPostTask, SerpItem};
use dataforseo_client::models::{Endpoint as _, StatusCode};
use dataforseo_client::{ErrorKind, Fetched};
use dataforseo_mock_server::{MockServer, OnMiss};
use dataforseo_test_support::documented;
use dataforseo_tests::{Responder, Scripted, http};
use serde_json::{Value, json};

use crate::client;

fn task(keyword: &str) -> OrganicTaskPostTask {
    OrganicTaskPostTask::new()
        .keyword(keyword)
        .location_code(2840)
        .language_code("en")
}

async fn example_mock() -> MockServer {
    let mock = MockServer::builder().on_miss(OnMiss::Example);
    mock.start().await.unwrap()
}

#[tokio::test]
async fn posted_listed_and_fetched() {
    let mock = example_mock().await;
    let client = client(mock.url());
    let count = OrganicTaskPost::INFO.tasks_per_call.unwrap() as usize;
    let tasks: Vec<_> = (0..count)
        .map(|number| task(&format!("keyword {number}")))
        .collect();
    let posted = client
        .serp()
        .google()
        .organic_task_post(&tasks)
        .await
        .unwrap();
    assert_eq!(posted.tasks().len(), count);
    assert!(posted.tasks().iter().all(|task| task.is_accepted()));
    let ids: std::collections::BTreeSet<_> = posted
        .tasks()
        .iter()
        .map(|task| task.id.as_ref().unwrap().as_str())
        .collect();
    assert_eq!(ids.len(), count);

    let ready = client.serp().google().organic_tasks_ready().await.unwrap();
    assert!(ready.results()[0].id.is_some());

    let id = posted.tasks()[0].id.as_ref().unwrap().as_str();
    let fetched = client
        .serp()
        .google()
        .organic_task_get_advanced(id)
        .await
        .unwrap();
    let Fetched::Ready(response) = fetched else {
        panic!("{fetched:?}");
    };
    assert_eq!(response.task.id.as_ref().unwrap().as_str(), id);
    let items = response.results()[0].items.as_ref().unwrap();
    assert!(
        items
            .iter()
            .any(|item| matches!(item, SerpItem::AiOverview(_)))
    );
}

/// An invalid task is rejected before any task is sent. The error has its position.
#[tokio::test]
async fn no_task_is_sent_if_one_is_bad() {
    let server = Responder::start(|_| String::new()).await.unwrap();
    let client = client(server.url());
    let refused = |error: dataforseo_client::Error| match error.kind() {
        ErrorKind::InvalidTask(violations) => violations.to_string(),
        other => panic!("{other:?}"),
    };
    let info = OrganicTaskPost::INFO;
    let length = documented::max_length(info, "keyword");
    let tasks = [
        task("a"),
        task(&"x".repeat(length + 1)),
        OrganicTaskPostTask::new(),
    ];
    let error = client
        .serp()
        .google()
        .organic_task_post(&tasks)
        .await
        .unwrap_err();
    let violations = refused(error);
    let expected = format!(
        "tasks[1].keyword: {} characters, at most {length} are allowed; tasks[2].keyword: required \
         unless url is given; tasks[2].",
        length + 1
    );
    assert!(violations.starts_with(&expected), "{violations}");
    let most = info.tasks_per_call.unwrap();
    let many: Vec<_> = (0..=most).map(|_| task("a")).collect();
    let error = client
        .serp()
        .google()
        .organic_task_post(&many)
        .await
        .unwrap_err();
    assert_eq!(
        refused(error),
        format!("tasks: {} elements, at most {most} are allowed", most + 1)
    );
    let error = client
        .serp()
        .google()
        .organic_task_post(&[])
        .await
        .unwrap_err();
    assert_eq!(refused(error), "tasks: 0 elements, at least 1 are required");
    assert_eq!(server.received(), Vec::<String>::new());
}

/// The API accepts some tasks, rejects others, and may omit one. Each outcome is reported.
#[tokio::test]
async fn every_task_has_its_outcome() {
    let body = json!({
        "status_code": 20000,
        "cost": 0.0006,
        "tasks_error": 1,
        "tasks": [
            { "id": "01", "status_code": 20100, "status_message": "Task Created.", "cost": 0.0006, "result": null },
            { "id": "02", "status_code": 40501, "status_message": "Invalid Field: 'keyword'.", "cost": 0, "result": null },
        ],
    });
    let server = Scripted::start(http("200 OK", "", body.to_string()))
        .await
        .unwrap();
    let client = client(server.url());
    let tasks = [task("a"), task("b"), task("c")];
    let posted = client
        .serp()
        .google()
        .organic_task_post(&tasks)
        .await
        .unwrap();
    let outcomes: Vec<_> = posted
        .tasks()
        .iter()
        .map(|task| (task.is_accepted(), task.status_code, task.cost))
        .collect();
    assert_eq!(
        outcomes,
        [
            (true, Some(StatusCode::TaskCreated), Some(0.0006)),
            (false, Some(StatusCode::InvalidField), Some(0.0)),
            (false, None, None),
        ]
    );
    assert_eq!(posted.cost(), Some(0.0006));
    assert!(posted.raw_response().text().contains("Task Created"));
    // Three tasks went out in one call.
    let sent = server.request().await.unwrap();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /v3/serp/google/organic/task_post "),
        "{head}"
    );
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body.as_array().unwrap().len(), 3);
}

/// A null in the place of a task shifts no other's outcome.
#[tokio::test]
async fn outcomes_keep_their_places() {
    let body = r#"{"status_code": 20000, "tasks": [null, {"id": "02", "status_code": 20100},
        {"id": "03", "status_code": 20100}, {"id": "04", "status_code": 20100}]}"#;
    let server = Scripted::start(http("200 OK", "", body)).await.unwrap();
    let tasks = [task("a"), task("b"), task("c")];
    let posted = client(server.url())
        .serp()
        .google()
        .organic_task_post(&tasks)
        .await
        .unwrap();
    let ids: Vec<_> = posted
        .tasks()
        .iter()
        .map(|task| task.id.as_ref().map(|id| id.as_str()))
        .collect();
    assert_eq!(ids, [None, Some("02"), Some("03")]);
}

/// A live endpoint would return results that are lost.
#[tokio::test]
async fn only_what_comes_later_is_posted() {
    use dataforseo_client::models::backlinks::{BulkRanksLive, BulkRanksLiveTask};
    let client = client("http://127.0.0.1:1");
    let task = BulkRanksLiveTask::new(["a.example"]);
    let error = client.post::<BulkRanksLive>(&[task]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidTask(_)), "{error}");
}

/// Rules that hold between two fields.
#[test]
fn fields_that_go_together() {
    use dataforseo_client::models::Date;
    use dataforseo_client::models::backlinks::{IdListTask, TimeseriesSummaryLiveTask};
    let today = Date::constant(2026, 3, 1);
    let refused =
        |result: Result<(), dataforseo_client::models::Violations>| result.unwrap_err().to_string();
    let posted_back = task("a").postback_url("https://example.com/");
    assert_eq!(
        refused(posted_back.validate_on(today)),
        "postback_data: required with postback_url"
    );
    assert_eq!(
        refused(task("").validate_on(today)),
        "keyword: required unless url is given"
    );
    let range = TimeseriesSummaryLiveTask::new("a.example")
        .date_from(Date::constant(2026, 2, 2))
        .date_to(Date::constant(2026, 2, 1));
    assert_eq!(
        refused(range.validate_on(today)),
        "date_from: after date_to"
    );
    let moments = IdListTask::new("2026-02-01 00:00:00 +00:00", "yesterday");
    assert_eq!(
        refused(moments.validate_on(today)),
        "datetime_to: expected a date and time, yyyy-mm-dd hh:mm:ss +00:00"
    );
}

#[tokio::test]
async fn a_refused_post_is_an_error() {
    let body = r#"{"status_code": 40006, "status_message": "Too many.", "tasks": null}"#;
    let server = Scripted::start(http("200 OK", "", body)).await.unwrap();
    let error = client(server.url())
        .serp()
        .google()
        .organic_task_post(&[task("a")])
        .await
        .unwrap_err();
    assert_eq!(error.status_code(), Some(StatusCode::TooManyTasks));
}

#[tokio::test]
async fn pending_is_no_error() {
    for (code, pending) in [(40601, true), (40602, true), (40400, false), (40401, false)] {
        let body = json!({
            "status_code": 20000,
            "tasks": [{ "id": "01", "status_code": code, "status_message": "x", "result": null }],
        });
        let server = Scripted::start(http("200 OK", "", body.to_string()))
            .await
            .unwrap();
        let client = client(server.url());
        let outcome = client.serp().google().organic_task_get_advanced("01").await;
        match outcome {
            Ok(Fetched::Pending(status)) => assert!(pending && status.code() == code),
            Ok(Fetched::Ready(response)) => panic!("{response:?}"),
            Err(error) => assert!(!pending, "{error}"),
        }
        let sent = server.request().await.unwrap();
        assert!(
            sent.starts_with("GET /v3/serp/google/organic/task_get/advanced/01 "),
            "{sent}"
        );
        assert!(!sent.to_lowercase().contains("content-type"), "{sent}");
    }
}

/// What stands in a path cannot become another one.
#[tokio::test]
async fn parameters_of_paths_are_escaped() {
    let server = Scripted::start(http("200 OK", "", "{}")).await.unwrap();
    let url = server.url();
    let _ = client(url)
        .serp()
        .google()
        .organic_task_get_advanced("../a b/?x=1#é")
        .await;
    let sent = server.request().await.unwrap();
    assert!(
        sent.starts_with(
            "GET /v3/serp/google/organic/task_get/advanced/..%2Fa%20b%2F%3Fx%3D1%23%C3%A9 "
        ),
        "{sent}"
    );
    let error = client("http://127.0.0.1:1")
        .serp()
        .google()
        .organic_task_get_advanced("")
        .await;
    assert!(matches!(
        error.unwrap_err().kind(),
        ErrorKind::InvalidTask(_)
    ));
}
