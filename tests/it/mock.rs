//! The mock server's responses, with the API's messages.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use dataforseo_client::models::backlinks::{
    BulkNewLostBacklinksLive, BulkNewLostBacklinksLiveTask,
};
use dataforseo_client::models::{Date, Endpoint as _};
use dataforseo_mock_server::{Builder, MockServer};
use dataforseo_test_support::documented;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{client, fixtures};

const NEW_LOST: &str = "/v3/backlinks/bulk_new_lost_backlinks/live";
/// `login:password`
pub(crate) const BASIC: &str = "Basic bG9naW46cGFzc3dvcmQ=";

pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl HttpResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Asks as any program would, with headers of its own.
pub(crate) async fn ask(
    mock: &MockServer,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> HttpResponse {
    let http = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", mock.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = http
        .request(request.body(Full::from(body.to_owned())).unwrap())
        .await
        .unwrap();
    let (head, body) = response.into_parts();
    HttpResponse {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

async fn post(mock: &MockServer, body: &str) -> HttpResponse {
    ask(mock, "POST", NEW_LOST, &[("authorization", BASIC)], body).await
}

fn on(date: Date) -> Builder {
    MockServer::builder().clock(move || date)
}

#[tokio::test]
async fn each_fixture_is_replayed_byte_for_byte() {
    let mock = MockServer::start().await.unwrap();
    for endpoint in dataforseo_client::models::ENDPOINTS {
        for fixture in fixtures::committed(endpoint.path) {
            let name = fixture.name;
            let body = match fixture.request {
                Value::Null => String::new(),
                tasks => tasks.to_string(),
            };
            let method = endpoint.method.as_str();
            let headers = [("authorization", BASIC)];
            let response = ask(&mock, method, &fixture.path, &headers, &body).await;
            assert_eq!(response.status, 200);
            assert!(
                response
                    .header("x-mock-source")
                    .ends_with(&format!("{name}.json"))
            );
            // The committed text without its layout: tokens as they are. No string of these
            // fixtures has a line break or a quote in it, so this is a fair way to take it out.
            let file = fixtures::folder()
                .join(endpoint.path.trim_start_matches('/'))
                .join(format!("{name}.json"));
            let file = fs::read_to_string(file).unwrap();
            let flat: String = file.lines().map(str::trim_start).collect();
            let flat = flat.replace("\": ", "\":");
            let (_, recorded) = flat
                .split_once("\"response\":{\"status\":200,\"body\":")
                .unwrap();
            let recorded = recorded.strip_suffix("}}").unwrap();
            assert_eq!(
                String::from_utf8(response.body.to_vec()).unwrap(),
                recorded,
                "{name}"
            );
        }
    }
}

/// Spelled in another way, it is the same request.
#[tokio::test]
async fn the_same_request_in_another_spelling() {
    let request = json!([{"targets": ["a.com", "b.com"], "date_from": "2021-01-01"}]);
    let own = fixture(&[("/request/body", request.clone())]);
    let mock = on(Date::constant(2021, 10, 13)).fixture(own.to_string());
    let mock = mock.start().await.unwrap();
    let request = request.to_string();
    assert_eq!(post(&mock, &request).await.status, 200);
    let respelled =
        "[\n {\"date_from\":\"2021-01-01\" ,\t\"targets\": [\"a.com\", \"\\u0062.com\"] }]";
    assert_eq!(post(&mock, respelled).await.status, 200);
    let another = request.replace("a.com", "A.com");
    let missed = post(&mock, &another).await;
    assert_eq!(
        (missed.status, missed.header("x-mock-source")),
        (404, "miss")
    );
}

#[tokio::test]
async fn errors_are_in_the_envelope_of_the_api() {
    let info = BulkNewLostBacklinksLive::INFO;
    let today = Date::constant(2026, 3, 31);
    let mock = on(today)
        .without_embedded()
        .fixture(fixture(&[]).to_string());
    let mock = mock.start().await.unwrap();
    let most = documented::max_items(info, "targets");
    let many = json!([{ "targets": vec!["a.com"; most + 1] }]).to_string();
    let first = documented::first_date(info, "date_from", today);
    let dated = |date: Date| json!([{ "targets": ["a.com"], "date_from": date }]).to_string();
    let (too_early, just_in_time) = (dated(first.yesterday().unwrap()), dated(first));
    let cases = [
        ("no body", ""),
        ("white space", " \n"),
        ("no tasks", "[]"),
        ("no JSON", "[{\"targets\": [\"a.com\"}]"),
        ("no list", "{\"targets\": [\"a.com\"]}"),
        ("a list of something else", "[1]"),
        (
            "two tasks",
            "[{\"targets\": [\"a.com\"]}, {\"targets\": [\"b.com\"]}]",
        ),
        ("a missing field", "[{}]"),
        ("a field of null", "[{\"targets\": null}]"),
        ("no targets", "[{\"targets\": []}]"),
        ("too many targets", &many),
        ("text for a list", "[{\"targets\": \"a.com\"}]"),
        ("a number in the list", "[{\"targets\": [\"a.com\", 1]}]"),
        (
            "an unknown field",
            "[{\"targets\": [\"a.com\"], \"tagg\": \"x\", \"date_from\": \"x\"}]",
        ),
        (
            "no date",
            "[{\"targets\": [\"a.com\"], \"date_from\": \"2026-3-1\"}]",
        ),
        ("a date too early", &too_early),
        ("a date just in time", &just_in_time),
        (
            "a miss",
            "[{\"targets\": [\"mine.com\"], \"date_from\": \"2026-01-01\"}]",
        ),
    ];
    let mut all = String::new();
    for (what, body) in cases {
        let response = post(&mock, body).await;
        let json = response.json();
        let shown = match json["tasks"].get(0) {
            Some(task) => {
                json!({"envelope": json["status_code"], "task": task["status_code"], "message": task["status_message"], "data": task["data"].as_object().map(|data| data.keys().cloned().collect::<Vec<_>>())})
            }
            None => {
                json!({"envelope": json["status_code"], "message": json["status_message"], "tasks": json["tasks"]})
            }
        };
        writeln!(
            all,
            "--- {what}\n{} {shown}\n{}: {}",
            response.status,
            response.header("x-mock-source"),
            response.header("x-mock-detail")
        )
        .unwrap();
    }
    let fields: Vec<&str> = info.task_rules.iter().map(|rule| rule.name).collect();
    let elements = format!("{} elements, at most {most} are", most + 1);
    let all = all
        .replace(&elements, "MOST + 1 elements, at most MOST are")
        .replace(&fields.join(", "), "FIELDS")
        .replace(&first.to_string(), "FIRST");
    insta::assert_snapshot!(all);
}

/// Clients reject a response with a header of 30 kB.
#[tokio::test]
async fn the_detail_of_a_refusal_stays_short() {
    let mock = MockServer::start().await.unwrap();
    let count = documented::max_items(BulkNewLostBacklinksLive::INFO, "targets");
    let numbers: Vec<usize> = (0..count).collect();
    let response = post(&mock, &json!([{ "targets": numbers }]).to_string()).await;
    let detail = response.header("x-mock-detail");
    assert!(
        detail.ends_with(&format!(
            "targets[4]: expected a string; and {} more",
            count - 5
        )),
        "{detail}"
    );
    let long = "x".repeat(9000);
    let response = post(
        &mock,
        &json!([{ "targets": ["a.com"], long: 1 }]).to_string(),
    )
    .await;
    assert_eq!(response.header("x-mock-detail").len(), 2000);
    assert_eq!(response.json()["tasks"][0]["status_code"], 40506);
}

#[tokio::test]
async fn a_complete_error_response() {
    let mock = on(Date::constant(2026, 3, 31)).start().await.unwrap();
    let response = post(
        &mock,
        "[{\"targets\": [\"a.com\"], \"date_from\": \"2005-03-30\"}]",
    )
    .await;
    insta::assert_json_snapshot!(response.json());
}

#[tokio::test]
async fn paths_and_methods() {
    let mock = MockServer::start().await.unwrap();
    let mut all = String::new();
    for (method, path) in [
        ("GET", NEW_LOST),
        ("POST", "/v3/backlinks/bulk_new_lost_backlink/live"),
        ("POST", "/"),
        ("POST", "/v3/backlinks/bulk_new_lost_backlinks/live/"),
    ] {
        let response = ask(&mock, method, path, &[("authorization", BASIC)], "").await;
        writeln!(
            all,
            "{method} {path}: {} {}",
            response.status,
            response.json()["status_message"]
        )
        .unwrap();
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn credentials() {
    let any = MockServer::start().await.unwrap();
    let own = MockServer::builder()
        .auth("me:pass:word")
        .start()
        .await
        .unwrap();
    let encode = |text: &str| {
        use base64::Engine as _;
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(text)
        )
    };
    for (header, by_any, by_own) in [
        (None, false, false),
        (Some(encode("me:pass:word")), true, true),
        (Some(encode("me:other")), true, false),
        (Some(encode("me:")), false, false),
        (Some(encode("nocolon")), false, false),
        (Some("Basic !!!".to_owned()), false, false),
        (Some("Bearer token".to_owned()), false, false),
        (
            Some(encode("me:pass:word").replace("Basic", "basic")),
            true,
            true,
        ),
    ] {
        for (mock, accepted) in [(&any, by_any), (&own, by_own)] {
            let headers: Vec<_> = header
                .iter()
                .map(|value| ("authorization", value.as_str()))
                .collect();
            let response = ask(mock, "POST", NEW_LOST, &headers, "").await;
            assert_eq!(
                response.status,
                if accepted { 200 } else { 401 },
                "{header:?}"
            );
            let code = if accepted { 40502 } else { 40100 };
            assert_eq!(response.json()["status_code"], code, "{header:?}");
        }
    }
}

#[tokio::test]
async fn compressed_if_requested() {
    let mock = MockServer::start().await.unwrap();
    let request = fixtures::of(NEW_LOST).remove(0).request;
    let plain = post(&mock, &request.to_string()).await;
    assert_eq!(plain.header("content-encoding"), "");
    let headers = [
        ("authorization", BASIC),
        ("accept-encoding", "br, gzip;q=0.5"),
    ];
    let zipped = ask(&mock, "POST", NEW_LOST, &headers, &request.to_string()).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    let mut unzipped = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::GzDecoder::new(&zipped.body[..]),
        &mut unzipped,
    )
    .unwrap();
    assert_eq!(unzipped.as_bytes(), plain.body);
}

/// The client requests compression, so the whole path is tested. The raw body is the fixture's.
#[tokio::test]
async fn the_client_gets_the_whole_documented_response() {
    let mock = MockServer::start().await.unwrap();
    let fixture = fixtures::of(NEW_LOST).remove(0);
    let targets = fixture.request[0]["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| target.as_str().unwrap());
    let date: Date = serde_json::from_value(fixture.request[0]["date_from"].clone()).unwrap();
    let task = BulkNewLostBacklinksLiveTask::new(targets).date_from(date);
    let response = client(mock.url())
        .backlinks()
        .bulk_new_lost_backlinks_live(&task)
        .await
        .unwrap();
    assert_eq!(response.raw_response().text(), fixture.response);
    assert_eq!(response.drift(), []);
    let sent: Value = serde_json::from_str(&fixture.response).unwrap();
    let task = &sent["tasks"][0];
    assert_eq!(response.cost(), sent["cost"].as_f64());
    assert_eq!(response.task.result_count, task["result_count"].as_i64());
    let items = task["result"][0]["items"].as_array().unwrap();
    assert!(!items.is_empty());
    let results = response.into_results();
    assert_eq!(results[0].items.as_ref().unwrap().len(), items.len());
}

fn fixture(changes: &[(&str, Value)]) -> Value {
    let mut fixture = json!({
        "dfs_fixture": 1,
        "request": {"method": "POST", "path": NEW_LOST, "body": [{"targets": ["mine.com"]}]},
        "response": {"status": 200, "body": {"status_code": 20000, "tasks": []}},
    });
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        fixture.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    fixture
}

fn write(folder: &Path, name: &str, text: impl ToString) {
    fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    fs::write(folder.join(name), text.to_string()).unwrap();
}

#[tokio::test]
async fn fixtures_of_ones_own() {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        "deep/mine.json",
        fixture(&[("/response/status", json!(503))]),
    );
    write(folder.path(), "README.md", "not a fixture");
    let documented = fixtures::of(NEW_LOST).remove(0).request;
    let over = fixture(&[
        ("/request/body", documented.clone()),
        ("/response/body", json!({"own": 1.50})),
    ]);
    write(
        folder.path(),
        "over.json",
        over.to_string().replace("1.5", "1.50"),
    );
    let mock = MockServer::builder()
        .fixtures(folder.path())
        .start()
        .await
        .unwrap();
    assert_eq!(
        post(&mock, "[{\"targets\": [\"mine.com\"]}]").await.status,
        503
    );
    assert_eq!(
        post(&mock, &documented.to_string()).await.body,
        "{\"own\":1.50}"
    );

    let alone = MockServer::builder()
        .without_embedded()
        .start()
        .await
        .unwrap();
    let response = post(&alone, "[{\"targets\": [\"mine.com\"]}]").await;
    assert_eq!(
        response.header("x-mock-detail"),
        format!("no fixture for {NEW_LOST}")
    );
}

#[tokio::test]
async fn fixtures_that_cannot_be_used() {
    let cases = [
        ("no JSON", "{\"dfs_fixture\": 1,".to_owned()),
        ("not a fixture", "{\"hello\": 1}".to_owned()),
        (
            "another format with other keys",
            "{\"dfs_fixture\": 2, \"exchange\": {}}".to_owned(),
        ),
        ("a typo", fixture(&[("/respons", json!({}))]).to_string()),
        (
            "another version",
            fixture(&[("/dfs_fixture", json!(2))]).to_string(),
        ),
        (
            "a path that is none",
            fixture(&[(
                "/request/path",
                json!("/v3/backlinks/bulk_new_lost_backlink/live"),
            )])
            .to_string(),
        ),
        (
            "another method",
            fixture(&[("/request/method", json!("PUT"))]).to_string(),
        ),
        (
            "a body with a GET",
            fixture(&[("/request/method", json!("GET"))]).to_string(),
        ),
        (
            "a body that is no list of tasks",
            fixture(&[("/request/body", json!({"targets": ["mine.com"]}))]).to_string(),
        ),
        (
            "a status that is none",
            fixture(&[("/response/status", json!(7))]).to_string(),
        ),
    ];
    let mut all = String::new();
    for (what, text) in cases {
        let folder = TempDir::new().unwrap();
        write(folder.path(), "bad.json", text);
        let error = MockServer::builder()
            .fixtures(folder.path())
            .start()
            .await
            .expect_err(what);
        let message = error
            .to_string()
            .replace(&folder.path().display().to_string(), "FOLDER");
        writeln!(all, "--- {what}\n{message}").unwrap();
    }
    let folder = TempDir::new().unwrap();
    write(folder.path(), "a.json", fixture(&[]));
    write(
        folder.path(),
        "b.json",
        fixture(&[("/request/body", json!([{"targets": ["mine.com"]}]))]),
    );
    let error = MockServer::builder()
        .fixtures(folder.path())
        .start()
        .await
        .expect_err("twice");
    writeln!(
        all,
        "--- twice\n{}",
        error
            .to_string()
            .replace(&folder.path().display().to_string(), "FOLDER")
    )
    .unwrap();
    let error = MockServer::builder()
        .fixtures("no/such/folder")
        .start()
        .await
        .expect_err("no folder");
    writeln!(all, "--- no folder\n{error}").unwrap();
    let folder = TempDir::new().unwrap();
    let error = MockServer::builder()
        .fixtures(folder.path())
        .start()
        .await
        .expect_err("empty");
    let message = error
        .to_string()
        .replace(&folder.path().display().to_string(), "FOLDER");
    writeln!(all, "--- an empty folder\n{message}").unwrap();
    let error = MockServer::builder()
        .fixture("[]")
        .start()
        .await
        .expect_err("text");
    writeln!(all, "--- text\n{error}").unwrap();
    let error = MockServer::builder()
        .auth("nocolon")
        .start()
        .await
        .expect_err("no colon");
    writeln!(all, "--- credentials\n{error}").unwrap();
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn a_fixture_in_code_and_reported_misses() {
    let misses = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&misses);
    let mock = MockServer::builder()
        .fixture(fixture(&[]).to_string())
        .report_misses(move |miss| seen.lock().unwrap().push(miss.message.clone()))
        .start()
        .await
        .unwrap();
    let response = post(&mock, "[{\"targets\": [\"mine.com\"]}]").await;
    assert_eq!(response.header("x-mock-source"), "fixture 1");
    post(&mock, "[{\"targets\": [\"yours.com\"]}]").await;
    let misses = misses.lock().unwrap();
    assert_eq!(
        *misses,
        [
            "no fixture for this request; the nearest, fixture 1, differs at /0/targets/0 (in the fixture \"mine.com\", in the request \"yours.com\")"
        ]
    );
}

/// Servers do not meet, and one that is dropped is gone.
#[tokio::test]
async fn each_server_is_its_own() {
    let first = MockServer::start().await.unwrap();
    let second = MockServer::builder()
        .without_embedded()
        .start()
        .await
        .unwrap();
    assert_ne!(first.url(), second.url());
    let request = fixtures::of(NEW_LOST).remove(0).request;
    assert_eq!(post(&first, &request.to_string()).await.status, 200);
    assert_eq!(
        post(&second, &request.to_string())
            .await
            .header("x-mock-source"),
        "rules"
    );
    let address = first.url().replace("http://", "");
    drop(first);
    // The listener is closed by the runtime's next turn.
    for _ in 0..1000 {
        if tokio::net::TcpStream::connect(&address).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the server still listens");
}
