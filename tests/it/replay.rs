//! How the mock server finds a fixture, and what it says when there is none.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use dataforseo_client::models::Endpoint as _;
use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveTask, Index};
use dataforseo_client::models::serp::google::{OrganicTaskGetAdvanced, OrganicTaskPost};
use dataforseo_client::{Client, ClientBuilder, ErrorKind, Fetched, NeverRetry, NoLimits};
use dataforseo_mock_server::{Fault, MissReason, MockServer, OnMiss};
use dataforseo_test_support::client::client_builder;
use dataforseo_test_support::documented;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::mock::{BASIC, ask};

pub(crate) const SUMMARY: &str = "/v3/backlinks/bulk_pages_summary/live";
const POST: &str = "/v3/serp/google/organic/task_post";

/// A client of a mock without a socket.
pub(crate) fn in_memory(mock: &MockServer) -> Client {
    bare(mock).build().unwrap()
}

fn bare(mock: &MockServer) -> ClientBuilder {
    client_builder(mock)
        .retry_policy(NeverRetry)
        .limiter(Arc::new(NoLimits))
}

fn fixture(path: &str, tasks: Value, cost: f64) -> Value {
    json!({
        "dfs_fixture": 1,
        "request": {"method": "POST", "path": path, "body": tasks},
        "response": {"status": 200, "body": {
            "status_code": 20000,
            "cost": cost,
            "tasks_error": 0,
            "tasks": [{"id": format!("id of {cost}"), "status_code": 20100, "cost": cost, "result": null}],
        }},
    })
}

async fn post(mock: &MockServer, path: &str, body: &Value) -> crate::mock::HttpResponse {
    ask(
        mock,
        "POST",
        path,
        &[("authorization", BASIC)],
        &body.to_string(),
    )
    .await
}

/// The official client for Python sends every field that it knows.
#[tokio::test]
async fn a_field_that_is_null_does_not_count() {
    let mock = MockServer::builder()
        .fixture(fixture(SUMMARY, json!([{"targets": ["a.com"]}]), 1.0).to_string());
    let mock = mock.start().await.unwrap();
    let body = json!([{"targets": ["a.com"], "tag": null, "rank_scale": null}]);
    assert_eq!(
        post(&mock, SUMMARY, &body).await.header("x-mock-source"),
        "fixture 1"
    );
}

#[tokio::test]
async fn what_a_fixture_says_does_not_count() {
    let mut lenient = fixture(
        SUMMARY,
        json!([{"targets": ["a.com", "b.com"], "tag": "x"}]),
        1.0,
    );
    lenient["match"] = json!({"ignore": ["/0/tag"], "unordered": ["/0/targets"]});
    let strict = fixture(
        SUMMARY,
        json!([{"targets": ["b.com", "a.com"], "tag": "strict"}]),
        2.0,
    );
    let mock = MockServer::builder()
        .fixture(lenient.to_string())
        .fixture(strict.to_string());
    let mock = mock.start().await.unwrap();
    for (targets, tag, source) in [
        (["a.com", "b.com"], Some("x"), "fixture 1"),
        (["b.com", "a.com"], Some("y"), "fixture 1"),
        (["b.com", "a.com"], None, "fixture 1"),
        (["b.com", "a.com"], Some("strict"), "fixture 2"),
        (["a.com", "b.com"], Some("strict"), "fixture 1"),
        (["a.com", "c.com"], Some("x"), "miss"),
    ] {
        let response = post(&mock, SUMMARY, &json!([{"targets": targets, "tag": tag}])).await;
        assert_eq!(
            response.header("x-mock-source"),
            source,
            "{targets:?} {tag:?}"
        );
    }
}

#[tokio::test]
async fn responses_in_sequence() {
    let mut repeated = fixture(SUMMARY, json!([{"targets": ["a.com"]}]), 0.0);
    let response = |cost: u32| json!({"status": 200, "body": {"status_code": 20000, "cost": cost, "tasks": []}});
    repeated.as_object_mut().unwrap().remove("response");
    repeated["responses"] = json!([response(1), response(2)]);
    let mut once = repeated.clone();
    once["request"]["body"][0]["targets"] = json!(["b.com"]);
    once["after"] = json!("error");
    let mock = MockServer::builder()
        .fixture(repeated.to_string())
        .fixture(once.to_string());
    let mock = mock.start().await.unwrap();
    let costs = async |target: &str| {
        let mut costs = Vec::new();
        for _ in 0..3 {
            let response = post(&mock, SUMMARY, &json!([{"targets": [target]}])).await;
            costs.push(match response.status {
                200 => response.json()["cost"].to_string(),
                _ => response.header("x-mock-detail").to_owned(),
            });
        }
        costs
    };
    assert_eq!(costs("a.com").await, ["1", "2", "2"]);
    let given = "all 2 responses of fixture 2 were sent; set `\"after\": \"repeat_last\"` in the fixture to repeat the last one";
    assert_eq!(costs("b.com").await, ["1", "2", given]);
    assert_eq!(mock.misses()[0].reason, MissReason::SequenceExhausted);
    // Another session is at the beginning.
    let path = format!("/__s/other{SUMMARY}");
    let response = post(&mock, &path, &json!([{"targets": ["a.com"]}])).await;
    assert_eq!(response.json()["cost"], 1);
}

/// Each task of a post is looked for alone; what is found keeps its identifier.
#[tokio::test]
async fn a_post_gets_a_response_per_task() {
    let task =
        |keyword: &str| json!({"keyword": keyword, "location_code": 2840, "language_code": "en"});
    let mock = MockServer::builder()
        .fixture(fixture(POST, json!([task("one")]), 0.0006).to_string())
        .fixture(fixture(POST, json!([task("two")]), 0.0012).to_string());
    let mock = mock.start().await.unwrap();
    let both = json!([task("two"), task("one"), task("two")]);
    let response = post(&mock, POST, &both).await.json();
    assert_eq!(response["tasks"][0]["id"], "id of 0.0012");
    assert_eq!(response["tasks"][1]["id"], "id of 0.0006");
    assert_eq!(
        (response["cost"].as_f64(), &response["tasks_count"]),
        (Some(0.003), &json!(3))
    );
    assert_eq!(response["tasks_error"], 0);
    // A task without a fixture fails, and the other tasks do not.
    let response = post(
        &mock,
        POST,
        &json!([task("one"), task("none"), {"keyword": 1}]),
    )
    .await
    .json();
    let codes: Vec<_> = response["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["status_code"].to_string())
        .collect();
    assert_eq!(codes, ["20100", "40400", "40501"]);
    assert_eq!(response["tasks_error"], 2);
    assert_eq!(
        response["tasks"][1]["status_message"],
        "dataforseo-mock-server: no fixture for it"
    );
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let mut text = fixture(SUMMARY, json!([{"targets": ["a.com"]}]), 0.0);
    text["response"] = json!({"status": 503, "headers": {"content-type": "text/html", "retry-after": "7"}, "body_text": "<html>"});
    let mut bytes = fixture(SUMMARY, json!([{"targets": ["b.com"]}]), 0.0);
    bytes["response"] = json!({"status": 200, "body_base64": "/w=="});
    let mock = MockServer::builder()
        .fixture(text.to_string())
        .fixture(bytes.to_string());
    let mock = mock.start().await.unwrap();
    let response = post(&mock, SUMMARY, &json!([{"targets": ["a.com"]}])).await;
    assert_eq!((response.status, response.text()), (503, "<html>"));
    assert_eq!(
        (
            response.header("content-type"),
            response.header("retry-after")
        ),
        ("text/html", "7")
    );
    let response = post(&mock, SUMMARY, &json!([{"targets": ["b.com"]}])).await;
    assert_eq!(response.body, b"\xff"[..]);
}

#[tokio::test]
async fn what_is_wrong_with_a_fixture() {
    let good = fixture(SUMMARY, json!([{"targets": ["a.com"]}]), 0.0);
    let with = |key: &str, value: Value| {
        let mut fixture = good.clone();
        fixture[key] = value;
        fixture
    };
    let response = |response: Value| with("response", response);
    let mut all = String::new();
    for (what, fixture) in [
        ("no pointer", with("match", json!({"ignore": ["tag"]}))),
        ("no list", with("match", json!({"unordered": ["/0/tag"]}))),
        ("a word too many", with("match", json!({"ignored": []}))),
        ("both", with("responses", json!([]))),
        ("after one", with("after", json!("error"))),
        ("after what", with("after", json!("never"))),
        (
            "two bodies",
            response(json!({"status": 200, "body": 1, "body_text": "x"})),
        ),
        ("no body", response(json!({"status": 200}))),
        (
            "no base64",
            response(json!({"status": 200, "body_base64": "!"})),
        ),
        (
            "a header with a break",
            response(json!({"status": 200, "body": 1, "headers": {"x": "a\nb"}})),
        ),
        (
            "a header of the server",
            response(json!({"status": 200, "body": 1, "headers": {"Content-Length": "1"}})),
        ),
    ] {
        let error = MockServer::builder()
            .fixture(fixture.to_string())
            .in_memory()
            .unwrap_err();
        all += &format!("--- {what}\n{error}\n");
    }
    insta::assert_snapshot!(all);
}

/// A miss in full: three fixtures, the nearest first, and how to record the request. Neither a
/// secret nor an address of anybody is in it.
#[tokio::test]
async fn a_miss_helps() {
    let mock = MockServer::builder().without_embedded();
    let mock = ["a.com", "b.com", "c.com", "d.com"]
        .into_iter()
        .fold(mock, |mock, target| {
            let request = json!([{"targets": [target], "tag": target, "include_subdomains": true}]);
            mock.fixture(fixture(SUMMARY, request, 0.0).to_string())
        });
    let mock = mock.start().await.unwrap();
    let request = json!([{"targets": ["c.com", "e.com"], "tag": "mail jo@mail.org"}]);
    let response = post(&mock, SUMMARY, &request).await;
    assert_eq!(
        (response.status, response.header("x-mock-miss")),
        (404, "1")
    );
    let misses = mock.misses();
    assert_eq!(
        response.json()["status_message"],
        format!("dataforseo-mock-server: {}", misses[0].message)
    );
    insta::assert_snapshot!(misses[0].to_string());
    let callback =
        json!([{"targets": ["c.com"], "postback_url": "https://me.example/?key=hunter2"}]);
    post(&mock, SUMMARY, &callback).await;
    let everything = format!("{:?} {:?}", mock.misses(), mock.request_log());
    for secret in [
        "hunter2",
        "me.example",
        "jo@mail.org",
        "bG9naW46",
        "password",
    ] {
        assert!(!everything.contains(secret), "{secret}: {everything}");
    }
}

#[tokio::test]
async fn the_request_log_as_a_snapshot() {
    let mock = crate::examples();
    let client = in_memory(&mock);
    let task = BulkPagesSummaryLiveTask::new(["a.com"]).tag("nulls");
    client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap();
    client.backlinks().index().await.unwrap();
    let unchecked = bare(&mock).without_validation().build().unwrap();
    let none = BulkPagesSummaryLiveTask::new(Vec::<String>::new());
    unchecked
        .backlinks()
        .bulk_pages_summary_live(&none)
        .await
        .unwrap_err();
    insta::assert_json_snapshot!(mock.request_log());
    assert_eq!(mock.calls(BulkPagesSummaryLive), 2);
    assert_eq!(mock.calls(Index), 1);
}

#[tokio::test]
async fn responses_from_a_value() {
    let mock = crate::examples();
    mock.on(BulkPagesSummaryLive)
        .first(2)
        .patch("/tasks/0/result/0/items/0/rank", 77);
    mock.on(BulkPagesSummaryLive)
        .first(1)
        .patch("/tasks/0/result/0/items/0/new", json!({"a": [1.5]}));
    mock.on(BulkPagesSummaryLive)
        .nth(3)
        .patch("/tasks/7/id", "x");
    let client = in_memory(&mock);
    let task = BulkPagesSummaryLiveTask::new(["a.com"]);
    for new in [true, false] {
        let response = client
            .backlinks()
            .bulk_pages_summary_live(&task)
            .await
            .unwrap();
        assert_eq!(
            response.results()[0].items.as_ref().unwrap()[0].rank,
            Some(77)
        );
        assert_eq!(
            response
                .raw_response()
                .text()
                .contains("\"new\":{\"a\":[1.5]}"),
            new
        );
    }
    let error = client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("the response of example"),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("/tasks/7/id does not point to a value"),
        "{error}"
    );
    assert_eq!(mock.misses()[0].reason, MissReason::Patch);
    // A task that fails has no rows to patch, and its message can be patched.
    mock.on(BulkPagesSummaryLive).fault(Fault::task(40501));
    mock.on(BulkPagesSummaryLive)
        .patch("/tasks/0/status_message", "Invalid Field: 'tag'.");
    mock.on(BulkPagesSummaryLive)
        .patch("/tasks/0/result/0/items/0/rank", 1);
    let error = client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap_err();
    assert_eq!(error.invalid_fields(), ["tag"]);
    assert_eq!(mock.misses().len(), 1);
}

/// A task is posted, polled until it is ready, and fetched.
#[tokio::test]
async fn a_task_that_takes_its_time() {
    let mock = crate::examples();
    mock.on(OrganicTaskGetAdvanced).ready_after(2);
    let client = in_memory(&mock);
    for id in [
        "01010000-0000-0000-0000-000000000001",
        "01010000-0000-0000-0000-000000000002",
    ] {
        for poll in 1..=3 {
            let fetched = client
                .serp()
                .google()
                .organic_task_get_advanced(id)
                .await
                .unwrap();
            assert_eq!(
                matches!(fetched, Fetched::Ready(_)),
                poll == 3,
                "{id} {poll}"
            );
        }
    }
    assert_eq!(mock.calls(OrganicTaskGetAdvanced), 6);
    assert_eq!(mock.calls(OrganicTaskPost), 0);
}

#[tokio::test]
async fn expectations() {
    let mock = crate::examples();
    mock.expect(BulkPagesSummaryLive).times(2);
    mock.expect(Index).at_most(0);
    let client = in_memory(&mock);
    let task = BulkPagesSummaryLiveTask::new(["a.com"]);
    client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap();
    let unmet = mock.verify().unwrap_err().to_string();
    assert_eq!(unmet, format!("{SUMMARY}: expected calls: 2; actual: 1"));
    client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap();
    mock.verify().unwrap();
}

#[test]
fn an_expectation_that_is_not_met_fails_the_test() {
    let failed = std::panic::catch_unwind(|| {
        let mock = MockServer::builder()
            .without_embedded()
            .start_blocking()
            .unwrap();
        mock.expect(Index);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            post(&mock, "/v3/backlinks/indx", &json!([{}])).await;
        });
    });
    let message = failed.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(
        *message,
        "/v3/backlinks/index: expected calls: at least 1; actual: 0\nmisses:\n\
         miss 1: POST /v3/backlinks/indx: unknown endpoint /v3/backlinks/indx; did you mean /v3/backlinks/index?"
    );
}

/// A server on its own thread responds to blocking clients.
#[test]
fn a_blocking_test() {
    use std::io::{Read, Write};
    let mock = MockServer::start_blocking().unwrap();
    let address = mock.url().replace("http://", "");
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    let head = format!(
        "GET /v3/backlinks/index HTTP/1.1\r\nhost: x\r\nauthorization: {BASIC}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    drop(mock);
    assert!(std::net::TcpStream::connect(&address).is_err());
}

#[tokio::test]
async fn sessions_do_not_meet() {
    let rule = format!("{SUMMARY} api:40202 first:1").parse().unwrap();
    let mock = MockServer::builder()
        .admin()
        .on_miss(OnMiss::Example)
        .rule(rule)
        .start()
        .await
        .unwrap();
    let body = json!([{"targets": ["a.com"]}]);
    let code = async |base: &str| {
        post(&mock, &format!("{base}{SUMMARY}"), &body).await.json()["status_code"].clone()
    };
    assert_eq!(mock.session_url("a"), format!("{}/__s/a", mock.url()));
    for base in ["", "/__s/a", "/__s/b"] {
        assert_eq!(
            [code(base).await, code(base).await],
            [40202, 20000],
            "{base}"
        );
    }
    let request_log = async |base: &str| {
        ask(&mock, "GET", &format!("{base}/__mock/request_log"), &[], "")
            .await
            .json()
    };
    assert_eq!(request_log("/__s/a").await.as_array().unwrap().len(), 2);
    assert_eq!(request_log("/__s/a").await[0]["path"], SUMMARY);
    assert_eq!(
        ask(&mock, "POST", "/__s/a/__mock/reset", &[], "")
            .await
            .status,
        200
    );
    assert_eq!(request_log("/__s/a").await, json!([]));
    assert_eq!(request_log("").await.as_array().unwrap().len(), 2);
    // An invalid name is an unknown path. A client with its own base URL works.
    assert_eq!(code("/__s/a%20b").await, 40400);
    let client = crate::client(mock.session_url("c"));
    let task = BulkPagesSummaryLiveTask::new(["a.com"]);
    let error = client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Envelope { .. }),
        "{error}"
    );
    client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap();
}

/// No web page drives the admin routes: neither from another site nor after DNS rebinding.
#[tokio::test]
async fn the_admin_routes_are_closed_to_web_pages() {
    const TOKEN: (&str, &str) = ("x-mock-token", "0123456789abcdef");
    let rebound = ("host", "rebound.example:8080");
    let mock = MockServer::builder().admin().start().await.unwrap();
    let faults = async |mock: &MockServer, headers: &[(&str, &str)]| {
        let response = ask(mock, "POST", "/__mock/faults", headers, "/v3/** reset").await;
        (response.status, response.text().to_owned())
    };
    for page in [
        &[rebound][..],
        &[("origin", "https://page.example")],
        &[("origin", "null"), ("content-type", "text/plain")],
        &[("sec-fetch-site", "cross-site")],
        &[TOKEN, rebound],
    ] {
        let (status, text) = faults(&mock, page).await;
        assert_eq!(status, 403, "{page:?}");
        assert!(
            text.contains("closed to") && text.contains("127.0.0.1"),
            "{text}"
        );
        let path = "/__s/a/__mock/faults";
        assert_eq!(ask(&mock, "GET", path, page, "").await.status, 403);
    }
    let health = ask(&mock, "GET", "/__mock/health", &[rebound], "").await;
    assert_eq!(health.status, 200);
    assert_eq!(
        faults(&mock, &[("origin", "http://localhost:3000")])
            .await
            .0,
        200
    );

    // With a token, it is required, and sufficient.
    let mock = MockServer::builder().admin().token(TOKEN.1).start().await;
    let mock = mock.unwrap();
    let (status, text) = faults(&mock, &[]).await;
    assert_eq!(status, 403);
    assert!(text.contains("requires the token"), "{text}");
    assert_eq!(faults(&mock, &[TOKEN, rebound]).await.0, 200);
}

#[tokio::test]
async fn the_rules_of_a_session_are_limited() {
    let mock = MockServer::builder().admin().start().await.unwrap();
    let add = async |rules: &str| {
        let response = ask(&mock, "POST", "/__mock/faults", &[], rules).await;
        (response.status, response.text().to_owned())
    };
    assert_eq!(add(&"/v3/** reset\n".repeat(1000)).await.0, 200);
    let (status, text) = add("/v3/** reset").await;
    assert_eq!(status, 429);
    assert!(text.contains("at most 1000 rules"), "{text}");
    let (status, text) = add(&format!("/v3/{} reset", "*".repeat(5000))).await;
    assert_eq!(status, 400);
    assert!(text.contains("at most 4096"), "{text}");
}

#[tokio::test]
async fn the_admin_routes() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.json");
    let write = |cost: f64| {
        fs::write(
            &file,
            fixture(SUMMARY, json!([{"targets": ["a.com"]}]), cost).to_string(),
        )
    };
    write(1.0).unwrap();
    let mock = MockServer::builder()
        .admin()
        .without_embedded()
        .fixtures(folder.path())
        .start()
        .await
        .unwrap();
    let mut all = String::new();
    for (method, route, body) in [
        ("GET", "health", ""),
        ("GET", "fixtures", ""),
        ("GET", "unused_fixtures", ""),
        (
            "POST",
            "match",
            r#"{"path": "/v3/backlinks/bulk_pages_summary/live", "body": [{"targets": ["a.com"]}]}"#,
        ),
        (
            "POST",
            "match",
            r#"{"path": "/v3/backlinks/bulk_pages_summary/live", "body": [{"targets": ["b.com"]}]}"#,
        ),
        (
            "POST",
            "match",
            r#"{"method": "GET", "path": "/v3/backlinks/index"}"#,
        ),
        ("POST", "match", "{}"),
        ("GET", "request_log", ""),
        ("GET", "misses", ""),
        ("GET", "misses/1", ""),
        (
            "POST",
            "faults",
            "/v3/** reset first:1\n\nGET /v3/** http:500\n",
        ),
        ("POST", "faults", "/v3/** nonsense"),
        ("GET", "faults", ""),
        ("DELETE", "faults", ""),
        ("GET", "faults", ""),
        ("GET", "unused_fixtures", ""),
        ("DELETE", "request_log", ""),
        ("GET", "nothing", ""),
    ] {
        let response = ask(&mock, method, &format!("/__mock/{route}"), &[], body).await;
        all += &format!(
            "--- {method} {route} {body}\n{} {}",
            response.status,
            response.text()
        );
    }
    let all = all.replace(&folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(all.replace(env!("CARGO_PKG_VERSION"), "VERSION"));

    let body = json!([{"targets": ["a.com"]}]);
    assert_eq!(post(&mock, SUMMARY, &body).await.json()["cost"], 1.0);
    assert_eq!(mock.unused_fixtures(), Vec::<String>::new());
    write(2.0).unwrap();
    assert_eq!(
        ask(&mock, "POST", "/__mock/reload", &[], "").await.status,
        200
    );
    assert_eq!(post(&mock, SUMMARY, &body).await.json()["cost"], 2.0);
    fs::write(&file, "{").unwrap();
    let response = ask(&mock, "POST", "/__mock/reload", &[], "").await;
    assert_eq!(response.status, 422);
    assert!(response.text().contains("not JSON"), "{}", response.text());
    assert_eq!(post(&mock, SUMMARY, &body).await.json()["cost"], 2.0);

    let closed = MockServer::start().await.unwrap();
    assert_eq!(
        ask(&closed, "GET", "/__mock/health", &[], "").await.status,
        200
    );
    assert_eq!(
        ask(&closed, "GET", "/__mock/request_log", &[], "")
            .await
            .status,
        403
    );
}

/// Half a minute of waiting takes no time on a paused clock, without a socket.
#[tokio::test(start_paused = true)]
async fn waiting_on_a_paused_clock() {
    let mock = crate::examples();
    mock.on(BulkPagesSummaryLive)
        .latency(Duration::from_secs(30));
    let client = in_memory(&mock);
    let begin = tokio::time::Instant::now();
    let task = BulkPagesSummaryLiveTask::new(["a.com"]);
    for _ in 0..50 {
        client
            .backlinks()
            .bulk_pages_summary_live(&task)
            .await
            .unwrap();
    }
    assert_eq!(begin.elapsed().as_secs(), 50 * 30);
}

#[tokio::test]
async fn a_server_responds_before_it_shuts_down() {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .start()
        .await
        .unwrap();
    mock.on(BulkPagesSummaryLive)
        .latency(Duration::from_millis(50));
    let client = crate::client(mock.url());
    let task = BulkPagesSummaryLiveTask::new(["a.com"]);
    let api = client.backlinks();
    let call = api.bulk_pages_summary_live(&task);
    tokio::pin!(call);
    // Until the server has it.
    while mock.calls(BulkPagesSummaryLive) == 0 {
        tokio::select! {
            biased;
            _ = &mut call => panic!("answered too early"),
            () = tokio::task::yield_now() => {}
        }
    }
    let (response, ()) = tokio::join!(call, mock.shutdown());
    response.unwrap();
}

/// One task of several without a fixture is also a miss, although the call succeeds. Misses are kept
/// after a reset.
#[tokio::test]
async fn no_miss_is_lost() {
    let task =
        |keyword: &str| json!({"keyword": keyword, "location_code": 2840, "language_code": "en"});
    let rule = "/v3/backlinks/index api:40202 first:1".parse().unwrap();
    let mock = MockServer::builder()
        .fixture(fixture(POST, json!([task("one")]), 0.0).to_string())
        .rule(rule)
        .admin();
    let mock = mock.start().await.unwrap();
    let response = post(&mock, POST, &json!([task("one"), task("two")])).await;
    assert_eq!(
        (response.status, response.header("x-mock-miss")),
        (200, "1")
    );
    let miss = &mock.misses()[0];
    assert!(
        miss.message.starts_with("task 1: no fixture for it; "),
        "{miss}"
    );
    assert_eq!(miss.nearest[0].fixture, "fixture 1");
    let index = async |code: u32| {
        let response = ask(
            &mock,
            "GET",
            "/v3/backlinks/index",
            &[("authorization", BASIC)],
            "",
        )
        .await;
        assert_eq!(response.json()["status_code"], code);
    };
    index(40202).await;
    index(20000).await;
    assert_eq!(
        ask(&mock, "POST", "/__mock/reset", &[], "").await.status,
        200
    );
    assert_eq!(mock.misses(), []);
    assert_eq!(mock.miss_count(), 1);
    // The rules that it was made with are there again, and count from the beginning.
    index(40202).await;
    index(20000).await;
}

/// A fixture that looks at more goes before one that looks at less, by whatever name.
#[tokio::test]
async fn the_stricter_fixture_goes_first() {
    let with = |tag: &str, ignore: Value, cost: f64| {
        let mut one = fixture(
            SUMMARY,
            json!([{"targets": ["a.com"], "tag": tag, "include_subdomains": true}]),
            cost,
        );
        one["match"] = json!({"ignore": ignore});
        one.to_string()
    };
    let mock = MockServer::builder()
        .fixture(with("x", json!(["/0/include_subdomains", "/0/tag"]), 1.0))
        .fixture(with("special", json!(["/0/include_subdomains"]), 2.0))
        .start()
        .await
        .unwrap();
    for (tag, cost) in [("special", 2.0), ("other", 1.0)] {
        let response = post(&mock, SUMMARY, &json!([{"targets": ["a.com"], "tag": tag}])).await;
        assert_eq!(response.json()["cost"], cost, "{tag}");
    }
}

/// What a test does not use stays unused, and what it used stays used, through a reload.
#[tokio::test]
async fn use_outlives_a_reload() {
    let folder = TempDir::new().unwrap();
    for name in ["a", "b"] {
        let text = fixture(SUMMARY, json!([{"targets": [format!("{name}.com")]}]), 0.0);
        fs::write(folder.path().join(format!("{name}.json")), text.to_string()).unwrap();
    }
    fs::write(folder.path().join(".#c.json"), "an editor's own").unwrap();
    let mock = MockServer::builder()
        .fixtures(folder.path())
        .start()
        .await
        .unwrap();
    post(&mock, SUMMARY, &json!([{"targets": ["a.com"]}])).await;
    mock.reload().unwrap();
    let unused = mock.unused_fixtures();
    assert_eq!(unused.len(), 1);
    assert!(unused[0].ends_with("b.json"), "{unused:?}");
}

/// Many misses of large requests are kept within reason.
#[tokio::test]
async fn large_misses_stay_small() {
    let most = documented::max_items(BulkPagesSummaryLive::INFO, "targets");
    let mut mock = MockServer::builder();
    for number in 0..50 {
        let targets: Vec<String> = (0..most).map(|at| format!("{number}-{at}.com")).collect();
        mock = mock.fixture(fixture(SUMMARY, json!([{"targets": targets}]), 0.0).to_string());
    }
    let mock = mock.start().await.unwrap();
    for _ in 0..70 {
        let targets: Vec<String> = (0..most).map(|at| format!("https://a.org/{at}")).collect();
        post(&mock, SUMMARY, &json!([{"targets": targets}])).await;
    }
    let misses = mock.misses();
    assert_eq!(
        (misses.len(), misses[0].number, mock.miss_count()),
        (64, 7, 70)
    );
    let near = &misses[0].nearest[0];
    assert_eq!((near.differences.len(), near.difference_count), (20, most));
}

/// Neither a query nor a key nor a detail brings a secret into the request log.
#[tokio::test]
async fn the_journal_keeps_no_secret() {
    let mock = MockServer::start().await.unwrap();
    let path = format!("{SUMMARY}?api_key=topsecret&password=hunter2");
    let body =
        json!([{"targets": ["a.com"], "jo@mail.org": 1, "password": ["hunter2"], "x%40y.org": 1}]);
    post(&mock, &path, &body).await;
    let shown = serde_json::to_string(&mock.request_log()).unwrap();
    for secret in ["topsecret", "hunter2", "mail.org", "y.org"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
