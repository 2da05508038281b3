//! Recording: a mock server that sends requests to another one, and stores what is allowed of the
//! responses.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dataforseo_mock_server::{Builder, MockServer, OnMiss, Record, StartError, Upstream};
use dataforseo_tests::{Responder, Scripted, http};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::mock::{HttpResponse, ask};
use crate::replay::SUMMARY;

const LOGIN: &str = "somebody@agency.example.org";
const PASSWORD: &str = "s3cr3t/p+ss=word";
const POST: &str = "/v3/serp/google/organic/task_post";
const READY: &str = "/v3/serp/google/organic/tasks_ready";
const GET: &str = "/v3/serp/google/organic/task_get/advanced";
/// An identifier as the API makes them: month, day, hour, minute, then digits of the account.
const ID: &str = "11231405-7531-0066-0000-9e4f0a1b2c3d";

fn credentials() -> String {
    format!("{LOGIN}:{PASSWORD}")
}

fn authorization() -> String {
    format!("Basic {}", STANDARD.encode(credentials()))
}

fn record(folder: &TempDir, upstream: String) -> Record {
    Record::to(folder.path())
        .upstream(Upstream::Other(upstream))
        .allow_network()
}

async fn recorder(record: Record) -> MockServer {
    recorder_for(record, &credentials()).await
}

async fn recorder_for(record: Record, credentials: &str) -> MockServer {
    MockServer::builder()
        .without_embedded()
        .auth(credentials)
        .record(record)
        .start()
        .await
        .unwrap()
}

async fn send(mock: &MockServer, method: &str, path: &str, body: &str) -> HttpResponse {
    ask(
        mock,
        method,
        path,
        &[("authorization", &authorization())],
        body,
    )
    .await
}

fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => all.push((path.clone(), fs::read_to_string(path).unwrap())),
            }
        }
    }
    all.sort();
    all
}

fn envelope(task: &str) -> String {
    format!(
        r#"{{"version":"0.1","status_code":20000,"status_message":"Ok.","time":"0.1234 sec.","cost":0.02,"tasks_count":1,"tasks_error":0,"tasks":[{{"status_code":20100,"time":"7 sec.",{task}}}]}}"#
    )
}

/// Responds as the API does for an account.
fn account(request_body: &str) -> String {
    if request_body.contains("postback_url") {
        envelope(&format!(
            r#""id":"{ID}","cost":0.02,"data":{{"keyword":"a\/b","postback_url":"https:\/\/me.example\/?key=hunter2&id=$id"}},"result":null"#
        ))
    } else if request_body.contains("search_after_token") {
        envelope(
            r#""id":"x","result":[{"search_after_token":"cmVhbCAy","rank":1.50,"url":"http:\/\/a.com\/"}]"#,
        )
    } else if request_body.contains("targets") {
        envelope(&format!(
            r#""id":"{ID}","result":[{{"search_after_token":"cmVhbCAx","mail":"Jo@Mail.Example.net","money":{{"total":12.5,"limits":[1,2],"currency":"USD"}},"login":"whoever"}}]"#
        ))
    } else {
        envelope(&format!(
            r#""id":"11231406-7531-0066-0000-0000000000aa","result":[{{"id":"{ID}","endpoint_advanced":"\/v3\/serp\/google\/organic\/task_get\/advanced\/{ID}"}}]"#
        ))
    }
}

/// What identifies the account is gone, all of it, and later requests still fit.
#[tokio::test]
async fn what_is_kept_has_no_secret_and_still_joins() {
    let upstream = Responder::start(account).await.unwrap();
    let folder = TempDir::new().unwrap();
    let mock = recorder(record(&folder, upstream.url()).refresh()).await;
    let task = r#"[{"keyword": "a/b", "language_code": "en", "location_code": 2840, "postback_url": "https://me.example/?key=hunter2&id=$id"}]"#;
    let response = send(&mock, "POST", POST, task).await;
    // The client that records gets the real response, byte for byte.
    assert_eq!(response.text(), account("postback_url"));
    assert_eq!(response.header("x-mock-source"), "upstream");
    send(&mock, "GET", READY, "").await;
    send(&mock, "GET", &format!("{GET}/{ID}"), "").await;
    send(&mock, "POST", SUMMARY, r#"[{"targets": ["a.com"]}]"#).await;
    let next = "/v3/backlinks/backlinks/live";
    send(
        &mock,
        "POST",
        next,
        r#"[{"target": "a.com", "search_after_token": "cmVhbCAx"}]"#,
    )
    .await;
    let kept = files(folder.path());
    assert_eq!(kept.len(), 5);
    let all: String = kept.iter().map(|(_, text)| text.as_str()).collect();
    for secret in [
        LOGIN,
        PASSWORD,
        "7531",
        ID,
        "hunter2",
        "me.example",
        "cmVhbCAx",
        "cmVhbCAy",
        "12.5",
        "ail.Example.net",
        "whoever",
        "0.1234",
        &authorization(),
        &STANDARD.encode(PASSWORD),
    ] {
        assert!(!all.contains(secret), "{secret}:\n{all}");
    }
    // What is not secret keeps its bytes.
    assert!(
        all.contains("\"rank\": 1.50") && all.contains("\"http:\\/\\/a.com\\/\""),
        "{all}"
    );
    insta::assert_snapshot!(shown(&kept, folder.path()));

    // Replayed, with other credentials and another secret: one identifier leads to the next.
    let replay = MockServer::builder()
        .without_embedded()
        .fixtures(folder.path());
    let replay = replay.start().await.unwrap();
    let other = task.replace("hunter2", "another");
    let posted = send(&replay, "POST", POST, &other).await.json();
    let id = posted["tasks"][0]["id"].as_str().unwrap();
    let ready = send(&replay, "GET", READY, "").await.json();
    assert_eq!(ready["tasks"][0]["result"][0]["id"], id);
    let endpoint = ready["tasks"][0]["result"][0]["endpoint_advanced"]
        .as_str()
        .unwrap();
    assert_eq!(send(&replay, "GET", endpoint, "").await.status, 200);
    let summary = send(&replay, "POST", SUMMARY, r#"[{"targets": ["a.com"]}]"#)
        .await
        .json();
    let token = &summary["tasks"][0]["result"][0]["search_after_token"];
    let requested = json!([{"target": "a.com", "search_after_token": token}]);
    assert_eq!(
        send(&replay, "POST", next, &requested.to_string())
            .await
            .status,
        200
    );
    assert_eq!(replay.unused_fixtures(), Vec::<String>::new());
}

fn shown(kept: &[(PathBuf, String)], folder: &Path) -> String {
    let mut all = String::new();
    for (file, text) in kept {
        let name = file.strip_prefix(folder).unwrap().display();
        // The day moves.
        let (before, after) = text.split_once("\"recorded\": \"").unwrap();
        all += &format!("--- {name}\n{before}\"recorded\": \"DAY{}", &after[10..]);
    }
    all
}

/// A second recording changes what changed, and nothing else; what people wrote stays.
#[tokio::test]
async fn a_second_recording_is_a_readable_difference() {
    let rank = Arc::new(Mutex::new("1"));
    let now = Arc::clone(&rank);
    let upstream = Responder::start(move |body| {
        // The identifier is another one each time.
        let rank = *now.lock().unwrap();
        account(body)
            .replace("0a1b2c3d", &format!("0a1b2c{rank}{rank}"))
            .replace("1.50", rank)
    });
    let upstream = upstream.await.unwrap();
    let folder = TempDir::new().unwrap();
    let task = r#"[{"target": "a.com", "search_after_token": "cmVhbCAx"}]"#;
    let round = async || {
        let mock = recorder(record(&folder, upstream.url()).refresh()).await;
        send(&mock, "POST", "/v3/backlinks/backlinks/live", task).await;
        send(&mock, "POST", SUMMARY, r#"[{"targets": ["a.com"]}]"#).await;
        files(folder.path())
    };
    let first = round().await;
    assert_eq!(round().await, first);
    let (file, text) = &first[1];
    let by_hand = text
        .replace("\"source\"", "\"note\": \"mine\", \"source\"")
        .replace(
            "\"response\"",
            "\"match\": {\"ignore\": [\"/0/tag\"]},\n  \"response\"",
        );
    fs::write(file, &by_hand).unwrap();
    let renamed = file.with_file_name("my-name.json");
    fs::rename(file, &renamed).unwrap();
    *rank.lock().unwrap() = "2";
    let second = round().await;
    assert_eq!(second.len(), 2);
    let old: Vec<&str> = first[0].1.lines().collect();
    let changed = second[0].1.lines().filter(|line| !old.contains(line));
    assert_eq!(changed.collect::<String>().trim(), "\"rank\": 2,");
    assert_eq!(second[1].0, renamed);
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let (old, new) = (parse(&by_hand), parse(&second[1].1));
    assert_eq!(new["meta"]["note"], "mine");
    assert_eq!(
        (&new["match"], &new["response"]),
        (&old["match"], &old["response"])
    );
}

/// Polling records a sequence. Two equal responses are one response.
#[tokio::test]
async fn polling_becomes_a_sequence() {
    let count = Arc::new(Mutex::new(0));
    let polls = Arc::clone(&count);
    let upstream = Responder::start(move |_| {
        let mut polls = polls.lock().unwrap();
        *polls += 1;
        let code = if *polls < 3 { 40602 } else { 20000 };
        format!(
            r#"{{"status_code":20000,"cost":0,"tasks":[{{"id":"{ID}","status_code":{code},"result":null}}]}}"#
        )
    });
    let upstream = upstream.await.unwrap();
    let folder = TempDir::new().unwrap();
    let mock = recorder(record(&folder, upstream.url()).refresh()).await;
    for _ in 0..4 {
        send(&mock, "GET", &format!("{GET}/{ID}"), "").await;
    }
    let kept = files(folder.path());
    assert_eq!(kept.len(), 1);
    let fixture: Value = serde_json::from_str(&kept[0].1).unwrap();
    let codes: Vec<&Value> = fixture["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["body"]["tasks"][0]["status_code"])
        .collect();
    assert_eq!(codes, [40602, 20000]);
}

/// A response with the password in some form is recorded without it.
#[tokio::test]
async fn a_secret_in_a_response_is_replaced() {
    let encoded = STANDARD.encode(format!("xy{PASSWORD}z"));
    let escaped: String = PASSWORD
        .chars()
        .map(|c| format!("\\u{:04x}", c as u32))
        .collect();
    let url = "s3cr3t%2Fp%2Bss%3Dword";
    let header = STANDARD.encode(format!("{LOGIN}:{PASSWORD}"));
    let hex: String = PASSWORD.bytes().map(|byte| format!("{byte:02x}")).collect();
    for what in [
        PASSWORD.to_owned(),
        PASSWORD.replace('/', "\\/"),
        format!("a {encoded} b"),
        escaped.clone(),
        format!("http:\\/\\/a.com\\/?p={url}"),
        format!("http://a.com/?p={}", url.to_lowercase()),
        // The end of it looks like an address, which is replaced, too.
        format!("http://a:{PASSWORD}@host.example.org/"),
        format!("{}@host.example.org", url.replace('%', "%25")),
        header.clone(),
        STANDARD.encode(format!("Authorization: Basic {header}")),
        format!("{}\\r\\n{}", &header[..20], &header[20..]),
        hex.clone(),
        hex.to_uppercase(),
        "s3cr3t&#47;p&#x2B;ss&equals;word".to_owned(),
        escaped.replace('\\', "\\\\"),
        "s3cr3t\\\\\\/p+ss=word".to_owned(),
    ] {
        let body = envelope(&format!(
            r#""id":"{ID}","result":[{{"x":"{what}","rank":1.50}}]"#
        ));
        let upstream = Responder::start(move |_| body.clone()).await.unwrap();
        let folder = TempDir::new().unwrap();
        let mock = recorder(record(&folder, upstream.url()).refresh()).await;
        let response = send(&mock, "POST", SUMMARY, r#"[{"targets": ["a.com"]}]"#).await;
        // The caller gets what was paid for.
        assert!(response.text().contains(&what), "{what}");
        assert!(
            response.header("x-mock-detail").starts_with("recorded"),
            "{what}: {}",
            response.header("x-mock-detail")
        );
        let kept = &files(folder.path())[0].1;
        let left = [
            &what,
            "s3cr3t",
            "czncm3q",
            "c2VjcjN0",
            "73336372",
            &escaped[..12],
        ];
        for secret in left {
            assert!(!kept.contains(secret), "{what}: {secret}: {kept}");
        }
        assert!(kept.contains("\"rank\": 1.50"), "{kept}");
    }
}

/// A secret that cannot be replaced is not written, and one in a request is not sent.
#[tokio::test]
async fn a_secret_that_is_left_is_not_written() {
    let digits = "Basic am9obi5kb2U6OTg3NjU0MzIx"; // john.doe:987654321
    let body = envelope(r#""result":[{"x":987654321.5}]"#);
    let upstream = Responder::start(move |_| body.clone()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let to = || record(&folder, upstream.url()).refresh();
    let mock = recorder_for(to(), "john.doe:987654321").await;
    let good = r#"[{"targets": ["a.com"]}]"#;
    let response = ask(&mock, "POST", SUMMARY, &[("authorization", digits)], good).await;
    assert_eq!(
        response.header("x-mock-detail"),
        "not recorded: it contains the password, at /response/body/tasks/0/result/0/x"
    );
    assert_eq!(upstream.received().len(), 1);

    let mock = recorder(to()).await;
    let encoded = STANDARD.encode(PASSWORD);
    for (path, body, place) in [
        (
            SUMMARY,
            json!([{"targets": ["a.com"], "tag": PASSWORD}]),
            "at /request/body/0/tag",
        ),
        (
            SUMMARY,
            json!([{"targets": ["a.com"], "tag": encoded}]),
            "at /request/body/0/tag",
        ),
        (
            SUMMARY,
            json!([{"targets": [format!("https://a.com/{}", PASSWORD.replace('/', "%2f"))]}]),
            "at /request/body/0/targets/0",
        ),
        (
            SUMMARY,
            json!([{"targets": ["https://a.com/?u=https%3A%2F%2Fjo%3Apw%40b.com"]}]),
            "a user or password in a URL, at /request/body/0/targets/0",
        ),
    ] {
        let response = send(&mock, "POST", path, &body.to_string()).await;
        let detail = response.header("x-mock-detail");
        assert_eq!(response.status, 400);
        assert!(
            detail.starts_with("not sent: it contains ") && detail.ends_with(place),
            "{detail}"
        );
    }
    let response = send(&mock, "GET", &format!("{GET}/{encoded}"), "").await;
    assert_eq!(
        response.header("x-mock-detail"),
        "not sent: the path contains the password"
    );
    // Too short to be searched for.
    let mock = recorder_for(to(), "a:b").await;
    let short = [("authorization", "Basic YTpi")];
    let response = ask(&mock, "POST", SUMMARY, &short, good).await;
    assert!(
        response.header("x-mock-detail").contains("too short"),
        "{}",
        response.header("x-mock-detail")
    );
    assert_eq!(upstream.received().len(), 1);
    assert_eq!(files(folder.path()), []);
}

/// Users, passwords and keys in the URLs of targets are replaced, and the request still matches.
#[tokio::test]
async fn secrets_in_urls_of_targets_are_replaced() {
    let upstream = Responder::start(|_| {
        envelope(
            r#""result":[{"target":"https:\/\/jo:pw12@a.example\/?api_key=k3yv4lue","html":"&lt;a href=&quot;https://a.example/?q=1&amp;amp;token=k3yv4lue&quot;&gt;"}]"#,
        )
    });
    let upstream = upstream.await.unwrap();
    let folder = TempDir::new().unwrap();
    let mock = recorder(record(&folder, upstream.url()).refresh()).await;
    let body = r#"[{"targets": ["https://jo:pw12@a.example/?api_key=k3yv4lue"]}]"#;
    let response = send(&mock, "POST", SUMMARY, body).await;
    let detail = response.header("x-mock-detail");
    assert!(detail.starts_with("recorded as "), "{detail}");
    let (file, kept) = &files(folder.path())[0];
    for secret in ["pw12", "k3yv4lue", "jo:"] {
        assert!(!kept.contains(secret), "{secret}: {kept}");
        assert!(!file.to_string_lossy().contains(secret), "{file:?}");
    }
    assert!(
        kept.contains("https:\\/\\/a.example\\/?api_key=redacted"),
        "{kept}"
    );
    let replay = MockServer::builder()
        .without_embedded()
        .fixtures(folder.path());
    let replay = replay.start().await.unwrap();
    assert_eq!(send(&replay, "POST", SUMMARY, body).await.status, 200);
}

/// The part of the login before its `@` identifies a person. It is not a secret inside of a word.
#[tokio::test]
async fn the_local_part_of_the_login_is_replaced() {
    let upstream = Responder::start(|_| {
        envelope(r#""result":[{"x":"by somebody, for somebodys","y":"%73omebody","somebody":1}]"#)
    });
    let upstream = upstream.await.unwrap();
    let folder = TempDir::new().unwrap();
    let mock = recorder(record(&folder, upstream.url()).refresh()).await;
    let body = r#"[{"targets": ["some-body.com"]}]"#;
    let response = send(&mock, "POST", SUMMARY, body).await;
    let detail = response.header("x-mock-detail");
    assert!(detail.starts_with("recorded as "), "{detail}");
    let (file, kept) = &files(folder.path())[0];
    assert!(kept.contains("by [redacted], for somebodys"), "{kept}");
    assert!(
        kept.contains("\"y\": \"[redacted]\"") && kept.contains("\"[redacted]\": 1"),
        "{kept}"
    );
    // The name of a file has no punctuation, so it would read as the secret.
    let name = file.file_name().unwrap().to_string_lossy();
    assert!(name.starts_with("task--"), "{name}");
}

#[tokio::test]
async fn what_is_missing_is_recorded_once() {
    let upstream = Responder::start(account).await.unwrap();
    let folder = TempDir::new().unwrap();
    let mock = MockServer::builder()
        .without_embedded()
        .auth(credentials())
        .record(record(&folder, upstream.url()));
    let mock = mock.start().await.unwrap();
    let body = r#"[{"targets": ["a.com"]}]"#;
    assert_eq!(
        send(&mock, "POST", SUMMARY, body)
            .await
            .header("x-mock-source"),
        "upstream"
    );
    let again = send(&mock, "POST", SUMMARY, body).await;
    assert!(
        again.header("x-mock-source").ends_with(".json"),
        "{}",
        again.header("x-mock-source")
    );
    assert_eq!(upstream.received().len(), 1);
    // Nothing of it is in the journal, which could not be without secrets.
    assert_eq!(mock.request_log(), []);
}

/// An API that cannot be reached, or another server. The caller gets an error, and nothing is written.
#[tokio::test]
async fn an_upstream_that_fails() {
    let folder = TempDir::new().unwrap();
    let unreachable = {
        let gone = Scripted::start("").await.unwrap();
        gone.url()
    };
    let body = r#"[{"targets": ["a.com"]}]"#;
    let garbage: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        (
            "HTML",
            http("502 Bad Gateway", "", "<html>"),
            502,
            "is not a DataForSEO response",
        ),
        (
            "no HTTP",
            b"\x16\x03garbage\r\n\r\n".to_vec(),
            502,
            "no response from",
        ),
        (
            "half an answer",
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status".to_vec(),
            502,
            "incomplete response from",
        ),
        ("an end", Vec::new(), 502, "no response from"),
        (
            "other JSON",
            http("200 OK", "", "[1, 2]"),
            200,
            "is not a DataForSEO response",
        ),
        (
            "no UTF-8",
            http("200 OK", "", b"{\"status_code\": 20000, \"x\": \"\xff\"}"),
            200,
            "not recorded",
        ),
        (
            "wrong credentials",
            http("401 Unauthorized", "", "{\"status_code\": 40100}"),
            401,
            "the upstream rejected the credentials",
        ),
    ];
    for (what, response, status, reason) in garbage {
        let upstream = Scripted::start(response).await.unwrap();
        let mock = recorder(record(&folder, upstream.url()).refresh()).await;
        let response = send(&mock, "POST", SUMMARY, body).await;
        assert_eq!(response.status, status, "{what}");
        let detail = response.header("x-mock-detail");
        assert!(detail.contains(reason), "{what}: {detail}");
    }
    let mock = recorder(record(&folder, unreachable).refresh()).await;
    let response = send(&mock, "POST", SUMMARY, body).await;
    assert_eq!(
        (response.status, &response.json()["status_code"]),
        (502, &json!(50301))
    );
    let unknown = Responder::start(account).await.unwrap();
    let mock = recorder(record(&folder, unknown.url()).refresh()).await;
    let response = send(&mock, "POST", "/v3/nothing/live", body).await;
    assert!(
        response
            .header("x-mock-detail")
            .contains("no endpoint with this path"),
        "{}",
        response.header("x-mock-detail")
    );
    let response = ask(&mock, "POST", SUMMARY, &[], body).await;
    assert_eq!(response.status, 401);
    assert_eq!(files(folder.path()), []);
}

#[tokio::test]
async fn the_budget_is_not_exceeded() {
    let upstream = Responder::start(account).await.unwrap();
    let folder = TempDir::new().unwrap();
    let mock = recorder(record(&folder, upstream.url()).refresh().budget(0.05)).await;
    let call = async |target: &str| {
        send(
            &mock,
            "POST",
            SUMMARY,
            &json!([{"targets": [target]}]).to_string(),
        )
        .await
    };
    assert_eq!(call("a.com").await.status, 200);
    assert_eq!(call("b.com").await.header("x-mock-source"), "upstream");
    // A third one would make 0.06.
    let response = call("c.com").await;
    assert_eq!(response.json()["status_code"], 40203);
    assert!(
        response.text().contains("0.04000 of 0.05 are spent"),
        "{}",
        response.text()
    );
    // What is free is asked all the same.
    assert_eq!(
        send(&mock, "GET", "/v3/backlinks/index", "")
            .await
            .header("x-mock-source"),
        "upstream"
    );
    assert_eq!(upstream.received().len(), 3);

    let silent = Responder::start(|_| r#"{"status_code": 20000, "tasks": []}"#.to_owned())
        .await
        .unwrap();
    let mock = recorder(record(&folder, silent.url()).refresh().budget(9.0)).await;
    send(&mock, "POST", SUMMARY, r#"[{"targets": ["d.com"]}]"#).await;
    let response = send(&mock, "POST", SUMMARY, r#"[{"targets": ["e.com"]}]"#).await;
    assert!(
        response
            .text()
            .contains("the cost of an earlier call is unknown"),
        "{}",
        response.text()
    );
}

#[test]
fn what_is_not_recorded_at_all() {
    let folder = TempDir::new().unwrap();
    let to = || Record::to(folder.path()).allow_network();
    let start = |record: Record| -> Result<MockServer, StartError> {
        let builder: Builder = MockServer::builder()
            .on_miss(OnMiss::Example)
            .auth(credentials())
            .record(record);
        builder.in_memory()
    };
    let error = |record| start(record).unwrap_err().to_string();
    assert!(error(to().upstream(Upstream::Live)).contains("`--budget`"));
    assert!(error(to().budget(f64::NAN)).contains("is not an amount of money"));
    assert!(
        error(to().upstream(Upstream::Other("http://a.example".into())))
            .contains("expected https://")
    );
    assert!(error(to().credentials("nocolon")).contains("no colon"));
    assert!(start(to().upstream(Upstream::Live).budget(1.0)).is_ok());
    fs::write(folder.path().join("a.json"), "{").unwrap();
    assert!(error(to()).contains("a.json: not JSON"));
    let file = Record::to(folder.path().join("a.json").join("b")).allow_network();
    assert!(start(file).is_err());
    // Nothing shows the credentials.
    let shown = format!("{:?}", to().credentials("somebody:hunter2hunter2"));
    assert!(!shown.contains("hunter2"), "{shown}");
}

/// A request that was sent is completed, counted and stored, even if its client disconnected.
#[tokio::test]
async fn a_caller_that_gives_up_loses_no_recording() {
    let (requested, gate) = std::sync::mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let upstream = Responder::start(move |body| {
        // Responds when the test sends a signal.
        gate.lock().unwrap().recv().unwrap();
        account(body)
    });
    // A server that blocks its thread while it waits is on a thread of its own.
    let (url, held) = on_its_own_thread(upstream);
    let folder = TempDir::new().unwrap();
    let reported = Arc::new(tokio::sync::Notify::new());
    let tell = Arc::clone(&reported);
    let record = record(&folder, url)
        .refresh()
        .report(move |_| tell.notify_one());
    let mock = recorder(record).await;
    let body = r#"[{"targets": ["a.com"]}]"#;
    let call = send(&mock, "POST", SUMMARY, body);
    let gone = tokio::time::timeout(std::time::Duration::from_millis(300), call).await;
    assert!(gone.is_err());
    requested.send(()).unwrap();
    let limit = std::time::Duration::from_secs(30);
    tokio::time::timeout(limit, reported.notified())
        .await
        .expect("nothing is recorded");
    assert_eq!(files(folder.path()).len(), 1);
    drop(held);
}

fn on_its_own_thread(
    server: impl Future<Output = std::io::Result<Responder>> + Send + 'static,
) -> (String, std::sync::mpsc::Sender<()>) {
    let (url, urls) = std::sync::mpsc::channel();
    let (held, hold) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let server = runtime.block_on(server).unwrap();
        url.send(server.url()).unwrap();
        let _ = hold.recv();
    });
    (urls.recv().unwrap(), held)
}

/// The price of what is asked counts, not only that of what was asked before.
#[tokio::test]
async fn a_dearer_call_is_not_made() {
    let upstream = Responder::start(account).await.unwrap();
    let folder = TempDir::new().unwrap();
    let mock = recorder(record(&folder, upstream.url()).refresh().budget(0.06)).await;
    let one = r#"[{"target": "a.com", "limit": 1}]"#;
    let many = r#"[{"target": "a.com", "limit": 1000}]"#;
    let path = "/v3/backlinks/backlinks/live";
    assert_eq!(
        send(&mock, "POST", path, one).await.header("x-mock-source"),
        "upstream"
    );
    // 0.02 is spent, and 1000 rows make it 0.06 by the known prices.
    let response = send(&mock, "POST", path, many).await;
    assert!(
        response.text().contains("it can cost 0.06000"),
        "{}",
        response.text()
    );
    // Three tasks at once cost three times what one did.
    let task = r#"{"keyword": "x", "language_code": "en", "location_code": 2840}"#;
    let posts = format!("[{task},{task},{task}]");
    let response = send(&mock, "POST", POST, &posts).await;
    assert!(response.text().contains("not sent"), "{}", response.text());
    assert_eq!(upstream.received().len(), 1);
}

/// A request whose response cannot be stored is not sent, as it would be charged.
#[tokio::test]
async fn requests_whose_response_cannot_be_stored_are_not_sent() {
    let upstream = Responder::start(account).await.unwrap();
    let folder = TempDir::new().unwrap();
    let own = "owner:hunter2hunter2";
    for (auth, mock) in [
        (
            false,
            recorder_for(
                record(&folder, upstream.url()).refresh(),
                "somebody:secret-word",
            )
            .await,
        ),
        (true, {
            let record = record(&folder, upstream.url()).credentials(own);
            MockServer::builder()
                .auth(own)
                .record(record)
                .start()
                .await
                .unwrap()
        }),
    ] {
        let sent = format!(
            "Basic {}",
            STANDARD.encode(if auth { own } else { "somebody:secret-word" })
        );
        let headers = [("authorization", sent.as_str())];
        let good = r#"[{"targets": ["a.com"]}]"#;
        for (method, path, body) in [
            ("post", SUMMARY, good),
            ("GET", SUMMARY, ""),
            ("POST", SUMMARY, r#"{"targets": ["a.com"]}"#),
            ("POST", SUMMARY, "[]"),
            ("POST", SUMMARY, "[1]"),
            ("POST", SUMMARY, "no JSON"),
            ("POST", "/v3/backlinks/nothing/live", good),
            ("GET", "/v3/backlinks/index?x=1", ""),
        ] {
            let response = ask(&mock, method, path, &headers, body).await;
            assert!(
                response.status == 400 || response.status == 404,
                "{method} {path} {body}"
            );
        }
        // A client without credentials spends no money.
        for headers in [&[][..], &[("authorization", "Bearer x")]] {
            assert_eq!(ask(&mock, "POST", SUMMARY, headers, good).await.status, 401);
        }
        if auth {
            let other = [("authorization", "Basic b3RoZXI6b3RoZXJvdGhlcg==")];
            assert_eq!(ask(&mock, "POST", SUMMARY, &other, good).await.status, 401);
        }
    }
    assert_eq!(upstream.received(), Vec::<String>::new());
    assert_eq!(files(folder.path()), []);
    for url in ["https://api.dataforseo.com", "https://API.dataforseo.com./"] {
        let record = Record::to(folder.path()).allow_network();
        let live = MockServer::builder().record(record.upstream(Upstream::Other(url.to_owned())));
        assert!(
            live.in_memory()
                .unwrap_err()
                .to_string()
                .contains("--budget"),
            "{url}"
        );
    }
    let record = Record::to(folder.path()).allow_network();
    let upstream = Upstream::Other("https://bob:hunter2@a.example".to_owned());
    let error = MockServer::builder()
        .record(record.upstream(upstream))
        .in_memory()
        .unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

/// No program and no web page spends money with other credentials than those of the start.
#[tokio::test]
async fn a_recorder_accepts_only_the_credentials_it_was_started_with() {
    let upstream = Responder::start(account).await.unwrap();
    let folder = TempDir::new().unwrap();
    let to = || record(&folder, upstream.url());
    let body = r#"[{"targets": ["a.com"]}]"#;
    let error = MockServer::builder().record(to()).in_memory().unwrap_err();
    assert!(
        error.to_string().contains("accepts only the credentials"),
        "{error}"
    );
    assert!(error.to_string().contains("`--token`"), "{error}");

    let own = authorization();
    let other = ("authorization", "Basic b3RoZXI6b3RoZXJvdGhlcg==");
    let mock = MockServer::builder().record(to().credentials(credentials()));
    let mock = mock.start().await.unwrap();
    for headers in [&[][..], &[other]] {
        let response = ask(&mock, "POST", SUMMARY, headers, body).await;
        assert_eq!(response.status, 401);
        let detail = response.header("x-mock-detail");
        assert!(detail.contains("that it was started with"), "{detail}");
    }
    let good = ("authorization", own.as_str());
    for page in [
        ("host", "rebound.example:8080"),
        ("origin", "https://page.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let response = ask(&mock, "POST", SUMMARY, &[good, page], body).await;
        assert_eq!(response.status, 403, "{page:?}");
        let detail = response.header("x-mock-detail");
        assert!(detail.contains("x-mock-token"), "{detail}");
    }
    assert_eq!(upstream.received().len(), 0);
    assert_eq!(ask(&mock, "POST", SUMMARY, &[good], body).await.status, 200);
    assert_eq!(upstream.received().len(), 1);
}

/// With the token, callers need neither the credentials nor a loopback name.
#[tokio::test]
async fn a_token_gives_access_to_the_recorder() {
    const TOKEN: &str = "0123456789abcdef";
    let upstream = Responder::start(account).await.unwrap();
    let folder = TempDir::new().unwrap();
    let to = || record(&folder, upstream.url()).refresh();
    let body = r#"[{"targets": ["a.com"]}]"#;
    let short = MockServer::builder().token("0123456789").record(to());
    assert!(
        short
            .in_memory()
            .unwrap_err()
            .to_string()
            .contains("16 or more")
    );
    let own = authorization();
    let callers = ("authorization", own.as_str());
    let other = ("authorization", "Basic b3RoZXI6b3RoZXJvdGhlcg==");
    let token = ("x-mock-token", TOKEN);
    let wrong = ("x-mock-token", "0123456789abcdeg");
    let host = ("host", "recorder.example:8080");

    // The credentials of the caller are sent on.
    let builder = MockServer::builder().token(TOKEN).record(to());
    assert!(!format!("{builder:?}").contains(TOKEN));
    let mock = builder.start().await.unwrap();
    for (headers, status) in [
        (&[callers][..], 401),
        (&[callers, wrong], 401),
        (&[callers, host], 403),
        (&[token, host], 400),
        (&[callers, token, host], 200),
    ] {
        let response = ask(&mock, "POST", SUMMARY, headers, body).await;
        assert_eq!(response.status, status, "{headers:?}");
    }
    // Or those of the recorder.
    let record = to().credentials(credentials());
    let mock = MockServer::builder().token(TOKEN).record(record);
    let mock = mock.start().await.unwrap();
    for (headers, status) in [
        (&[callers][..], 200),
        (&[other], 401),
        (&[token, host], 200),
        (&[other, token], 200),
    ] {
        let response = ask(&mock, "POST", SUMMARY, headers, body).await;
        assert_eq!(response.status, status, "{headers:?}");
    }
    assert_eq!(upstream.received().len(), 4);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_leads_no_recording_out_of_its_folder() {
    let upstream = Responder::start(account).await.unwrap();
    let (folder, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::os::unix::fs::symlink(outside.path(), folder.path().join("v3")).unwrap();
    let mock = recorder(record(&folder, upstream.url())).await;
    let response = send(&mock, "POST", SUMMARY, r#"[{"targets": ["a.com"]}]"#).await;
    assert_eq!(response.status, 200);
    let detail = response.header("x-mock-detail");
    assert!(detail.contains("leads out of the folder"), "{detail}");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

/// A good recording is not replaced by a bad moment.
#[tokio::test]
async fn what_passes_is_not_kept() {
    let folder = TempDir::new().unwrap();
    let body = r#"[{"targets": ["a.com"]}]"#;
    for (response, kept) in [
        (envelope(r#""id":"x","result":[]"#), 1),
        (
            r#"{"status_code":40202,"cost":0,"tasks":null}"#.to_owned(),
            1,
        ),
        (
            r#"{"status_code":20000,"cost":0,"tasks":[{"status_code":50401}]}"#.to_owned(),
            1,
        ),
        (
            r#"{"status_code":20000,"cost":0,"tasks":[{"status_code":40501}]}"#.to_owned(),
            1,
        ),
    ] {
        let upstream = Responder::start(move |_| response.clone()).await.unwrap();
        let mock = recorder(record(&folder, upstream.url()).refresh()).await;
        let before = files(folder.path());
        let detail = send(&mock, "POST", SUMMARY, body)
            .await
            .header("x-mock-detail")
            .to_owned();
        let after = files(folder.path());
        assert_eq!(after.len(), kept);
        assert_eq!(detail.contains("is temporary"), before == after, "{detail}");
    }
}

/// Only missing fixtures are recorded: with overlapping folders, single known tasks, a sequence that
/// is used up, and faults.
#[tokio::test]
async fn only_what_is_missing() {
    let upstream = Responder::start(account).await.unwrap();
    let folder = TempDir::new().unwrap();
    let start = async || {
        let record = record(&folder, upstream.url());
        let builder = MockServer::builder()
            .auth(credentials())
            .fixtures(folder.path())
            .record(record);
        let rule = "/v3/backlinks/summary/live api:40202".parse().unwrap();
        builder.rule(rule).start().await.unwrap()
    };
    let task =
        |keyword: &str| json!({"keyword": keyword, "language_code": "en", "location_code": 2840});
    let first = {
        let record = record(&folder, upstream.url());
        let builder = MockServer::builder().auth(credentials()).record(record);
        builder.start().await.unwrap()
    };
    for keyword in ["one", "two"] {
        let body = json!([task(keyword)]).to_string();
        assert_eq!(
            send(&first, "POST", POST, &body)
                .await
                .header("x-mock-source"),
            "upstream"
        );
        assert_eq!(send(&first, "POST", POST, &body).await.status, 200);
    }
    // A generated fixture is not a real response, so the request is sent.
    assert_eq!(
        send(&first, "GET", "/v3/backlinks/index", "")
            .await
            .header("x-mock-source"),
        "upstream"
    );
    assert_eq!(upstream.received().len(), 3);
    let (file, text) = files(folder.path()).remove(0);
    let mut sequence: Value = serde_json::from_str(&text).unwrap();
    let response = sequence
        .as_object_mut()
        .unwrap()
        .remove("response")
        .unwrap();
    sequence["responses"] = json!([response, response]);
    sequence["after"] = json!("error");
    fs::write(&file, sequence.to_string()).unwrap();
    let mock = start().await;
    let statuses = async |path: &str, body: &str| {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(send(&mock, method, path, body).await.status);
        }
        statuses
    };
    assert_eq!(statuses("/v3/backlinks/index", "").await, [200, 200, 404]);
    let both = json!([task("one"), task("two")]).to_string();
    assert_eq!(statuses(POST, &both).await, [200, 200, 200]);
    let body = json!([{"target": "a.com"}]).to_string();
    assert_eq!(
        send(&mock, "POST", "/v3/backlinks/summary/live", &body)
            .await
            .json()["status_code"],
        40202
    );
    assert_eq!(upstream.received().len(), 3);
    assert_eq!(fs::read_to_string(&file).unwrap(), sequence.to_string());
}

/// Unusual spellings of a secret, and secrets in positions other than values.
#[tokio::test]
async fn secrets_in_odd_places() {
    const ODD: &str = "Pa/ss Word!1é";
    let header = format!("Basic {}", STANDARD.encode(format!("SomeBody:{ODD}")));
    let results = [
        r#"{"x": "Pa%2Fss%20Word%211%C3%A9"}"#,
        r#"{"x": "Pa%2fss+Word!1%c3%a9"}"#,
        r#"{"x": "Pa/ss%20Word!1%C3%A9"}"#,
        r#"{"x": "Pa%252Fss%2520Word%25211%25C3%25A9"}"#,
        r#"{"Pa\/ss Word!1\u00e9": {}}"#,
        r#"{"x": {"\u0050a/ss Word!1é": []}}"#,
        r#"{"x": "somebody"}"#,
        r#"{"x": "https:\/\/me.example\/hook?key=topsecret"}"#,
        r#"{"x": "https%3A%2F%2Fme.example%2Fhook%3Fkey%3Dtopsecret"}"#,
    ];
    for result in results {
        let body = envelope(&format!(r#""id":"x","result":[{result}]"#));
        let upstream = Responder::start(move |_| body.clone()).await.unwrap();
        let folder = TempDir::new().unwrap();
        let mock = recorder_for(
            record(&folder, upstream.url()).refresh(),
            &format!("SomeBody:{ODD}"),
        )
        .await;
        let task = r#"[{"keyword": "x", "language_code": "en", "location_code": 2840, "postback_url": "https://me.example/hook?key=topsecret"}]"#;
        let response = ask(&mock, "POST", POST, &[("authorization", &header)], task).await;
        let detail = response.header("x-mock-detail");
        assert!(detail.starts_with("recorded as "), "{result}: {detail}");
        let kept = &files(folder.path())[0].1;
        for secret in ["Word", "topsecret", "me.example", "somebody"] {
            assert!(!kept.contains(secret), "{result}: {secret}: {kept}");
        }
    }
    // These are replaced.
    let errors = r#"[{"limit": 10}]"#;
    let body = envelope(&format!(
        r#""id":"x","result":[{{"id":"{ID}","http_url":"https:\/\/me.example\/hook?key=topsecret","error_message":"no answer from https://me.example/hook?key=topsecret in time",
        "jo@mail.org":1,"{ID}":2,"x":"jo%40mail.org","postback\u005furl":"https://a/?k=topsecret","pingback_url":["https://b/?k=topsecret"],"money":{{"total":"1234.56"}}}}]"#
    ));
    let upstream = Responder::start(move |_| body.clone()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let mock = recorder_for(
        record(&folder, upstream.url()).refresh(),
        &format!("SomeBody:{ODD}"),
    )
    .await;
    let response = ask(
        &mock,
        "POST",
        "/v3/backlinks/errors",
        &[("authorization", &header)],
        errors,
    )
    .await;
    assert!(
        response.header("x-mock-detail").starts_with("recorded"),
        "{}",
        response.header("x-mock-detail")
    );
    let kept = &files(folder.path())[0].1;
    for secret in ["topsecret", "me.example", "mail.org", ID, "1234.56"] {
        assert!(!kept.contains(secret), "{secret}: {kept}");
    }
    assert!(
        kept.contains("no answer from https://callback.invalid"),
        "{kept}"
    );
}
