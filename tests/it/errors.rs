//! Failures, and the errors that callers get.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use dataforseo_client::models::backlinks::{
    BulkPagesSummaryLive, BulkPagesSummaryLiveResult, BulkPagesSummaryLiveTask,
};
use dataforseo_client::models::{Endpoint as _, StatusCode};
use dataforseo_client::{
    Charge, Client, ConfigError, Error, ErrorKind, Response, TransportErrorKind,
};
use dataforseo_mock_server::MockServer;
use dataforseo_test_support::documented;
use dataforseo_tests::{Scripted, http};

use crate::{builder, client};

type Outcome = Result<Response<BulkPagesSummaryLiveResult>, Error>;

async fn call(client: &Client) -> Outcome {
    let task = BulkPagesSummaryLiveTask::new(["https://example.com/"]);
    client.backlinks().bulk_pages_summary_live(&task).await
}

async fn respond_with(response: Vec<u8>) -> Outcome {
    let server = Scripted::start(response).await.unwrap();
    call(&client(server.url())).await
}

fn envelope(code: u32, tasks: &str) -> String {
    format!(
        r#"{{"status_code": {code}, "status_message": "Said so.", "cost": 0.02, "tasks": {tasks}}}"#
    )
}

fn task(code: u32, message: &str) -> String {
    let task = format!(
        r#"[{{"id": "01", "status_code": {code}, "status_message": "{message}", "cost": 0, "result": null}}]"#
    );
    envelope(20000, &task)
}

#[tokio::test]
async fn each_failure_has_its_own_kind() {
    let ok = |body: &str| http("200 OK", "content-type: application/json\r\n", body);
    let cases = [
        ("an error of the envelope", ok(&envelope(40202, "null"))),
        (
            "wrong credentials",
            http("401 Unauthorized", "", envelope(40100, "null")),
        ),
        (
            "no money",
            http("402 Payment Required", "", envelope(40200, "null")),
        ),
        (
            "an error of the task",
            ok(&task(40501, "Invalid Field: 'targets'.")),
        ),
        (
            "an error of the task, without its field",
            ok(&task(40501, "Invalid Field.")),
        ),
        ("an error that is not known", ok(&task(49876, "New."))),
        ("success without tasks", ok(&envelope(20000, "null"))),
        (
            "success with a task that is null",
            ok(&envelope(20000, "[null]")),
        ),
        (
            "a proxy's error",
            http(
                "502 Bad Gateway",
                "content-type: text/html\r\n",
                "<html>bad</html>",
            ),
        ),
        (
            "a proxy's limit",
            http("429 Too Many Requests", "retry-after: 3\r\n", ""),
        ),
        ("HTML in a success", ok("<html></html>")),
        ("JSON that is no envelope", ok(r#"{"error": "x"}"#)),
        ("an empty body", ok("")),
        (
            "JSON that ends too early",
            ok(&envelope(20000, "[{\"status_code\": 2000")),
        ),
        (
            "compression that is none",
            http("200 OK", "content-encoding: gzip\r\n", "plain"),
        ),
        (
            "compression that was not asked for",
            http("200 OK", "content-encoding: br\r\n", "x"),
        ),
        (
            "a body cut in the middle",
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status".to_vec(),
        ),
        ("no response", Vec::new()),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.0\r\n".to_vec()),
    ];
    let mut all = String::new();
    for (what, response) in cases {
        let error = respond_with(response).await.expect_err(what);
        let response = error
            .raw_response()
            .map(|response| (response.status(), response.text().into_owned()));
        let kind = format!("{:?}", error.kind());
        let kind = kind.split(['(', ' ', '{']).next().unwrap().to_owned();
        writeln!(
            all,
            "--- {what}\n{}\n  kind {kind}, code {:?}, fields {:?}, status and body {response:?}",
            error.display_chain(),
            error.status_code(),
            error.invalid_fields(),
        )
        .unwrap();
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn a_missing_server_differs_from_a_broken_one() {
    // Port 1 has no listener. Another test could use a port that was free a moment ago.
    let error = call(&client("http://127.0.0.1:1"))
        .await
        .expect_err("no server");
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Transport(error) if error.kind() == TransportErrorKind::Connect
        ),
        "{error}"
    );
    assert!(error.to_string().contains("nothing was sent"), "{error}");
}

/// A server that accepts the connection and never responds.
#[tokio::test]
async fn the_timeout_ends_a_call() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let client = builder(url)
        .timeout(Duration::from_millis(20))
        .build()
        .unwrap();
    let error = call(&client).await.expect_err("no response");
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Transport(error) if matches!(error.kind(), TransportErrorKind::Timeout(_))
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_large_response_is_rejected_before_and_after_decompression() {
    let body = envelope(20000, &format!("[{}]", " ".repeat(5000)));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body.as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    assert!(zipped.len() < 1000);
    for response in [
        http("200 OK", "", &body),
        http("200 OK", "content-encoding: gzip\r\n", &zipped),
    ] {
        let server = Scripted::start(response).await.unwrap();
        let client = builder(server.url())
            .max_response_bytes(1000)
            .build()
            .unwrap();
        let error = call(&client).await.expect_err("too large");
        assert!(
            matches!(
                error.kind(),
                ErrorKind::Transport(error) if error.kind() == TransportErrorKind::ResponseTooLarge(1000)
            ),
            "{error}"
        );
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// What is paid for and arrived in part can be read, compressed or not.
#[tokio::test]
async fn the_bytes_of_a_broken_response_are_kept() {
    let body = envelope(20000, &format!("[{}]", " ".repeat(100_000)));
    let whole = http("200 OK", "content-encoding: gzip\r\n", gzip(&body));
    let error = respond_with(whole[..whole.len() / 2].to_vec())
        .await
        .expect_err("cut");
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Transport(error) if error.kind() == TransportErrorKind::BodyInterrupted
        ),
        "{error}"
    );
    let kept = error.raw_response().unwrap().text().into_owned();
    assert!(
        body.starts_with(&kept) && kept.len() > 1000,
        "{}",
        kept.len()
    );

    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let slow = tokio::spawn(async move {
        let (mut stream, _) = server.accept().await.unwrap();
        let mut request = [0; 4096];
        let read = tokio::io::AsyncReadExt::read(&mut stream, &mut request)
            .await
            .unwrap();
        assert!(read > 0);
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status";
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes())
            .await
            .unwrap();
        stream
    });
    let client = builder(url)
        .timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let error = call(&client).await.expect_err("slow");
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Transport(error) if matches!(error.kind(), TransportErrorKind::Timeout(_))
        ),
        "{error}"
    );
    assert_eq!(error.raw_response().unwrap().text(), "{\"status");
    drop(slow.await.unwrap());
}

#[tokio::test]
async fn bytes_that_are_not_utf8_do_not_lose_the_response() {
    let mut body = task(20000, "x?").into_bytes();
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xff;
    let response = respond_with(http("200 OK", "", &body)).await.unwrap();
    assert_eq!(response.task.status_message.as_deref(), Some("x\u{fffd}"));
    assert_eq!(response.raw_response().body().as_ref(), body);
}

#[tokio::test]
async fn half_a_character_does_not_lose_the_response() {
    let body = task(20000, r"x\ud83d").replace("\"cost\": 0.02", "\"cost\": 1e999");
    let response = respond_with(http("200 OK", "", body)).await.unwrap();
    assert_eq!(response.task.status_message.as_deref(), Some("x\u{fffd}"));
    assert_eq!(response.cost(), Some(0.0));
}

#[tokio::test]
async fn empty_is_no_error_and_pending_is_one() {
    for code in [20000, 40102] {
        let response = respond_with(http("200 OK", "", task(code, "x")))
            .await
            .unwrap();
        assert_eq!(response.status_code().code(), code);
        assert_eq!(response.results().len(), 0);
        assert_eq!(response.cost(), Some(0.02));
    }
    let error = respond_with(http("200 OK", "", task(40602, "x")))
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Pending { .. }), "{error}");
    assert_eq!(error.task_id().unwrap().as_str(), "01");
    assert_eq!(error.charge(), Charge::Charged(0.02));
}

/// An invalid task is not sent: the response of this server would fail the test.
#[tokio::test]
async fn an_invalid_task_is_not_sent() {
    let client = client("http://127.0.0.1:1");
    let info = BulkPagesSummaryLive::INFO;
    let items = documented::max_items(info, "targets");
    let domains = documented::max_distinct_domains(info, "targets");
    let length = documented::max_length(info, "tag");
    let (many, long) = (items + 1, length + 1);
    let targets = (0..many).map(|number| format!("https://site{number}.example/"));
    let task = BulkPagesSummaryLiveTask::new(targets).tag("x".repeat(long));
    let error = client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .expect_err("invalid");
    assert!(matches!(error.kind(), ErrorKind::InvalidTask(_)));
    assert_eq!(
        error.to_string(),
        format!(
            "backlinks/bulk_pages_summary/live: not sent: targets: {many} elements, at most {items} are \
             allowed; targets: {many} different domains, at most {domains} are allowed; tag: {long} \
             characters, at most {length} are allowed"
        )
    );
}

#[tokio::test]
async fn validation_can_be_switched_off() {
    let mock = MockServer::start().await.unwrap();
    let client = builder(mock.url()).without_validation().build().unwrap();
    let length = documented::max_length(BulkPagesSummaryLive::INFO, "tag");
    let task = BulkPagesSummaryLiveTask::new(["example.com"]).tag("x".repeat(length + 1));
    let error = client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .expect_err("refused");
    assert_eq!(error.status_code(), Some(StatusCode::InvalidField));
    assert_eq!(error.invalid_fields(), ["tag"]);
}

#[test]
fn bad_configurations() {
    let urls = [
        "",
        "api.dataforseo.com",
        "ftp://api.dataforseo.com",
        "http://api.dataforseo.com",
        "https://api.dataforseo.com?x=1",
        "https://api.dataforseo.com/#x",
        "https://me:secret@api.dataforseo.com",
        "http://",
        "https://exa mple.com",
    ];
    let mut all = String::new();
    for url in urls {
        let error = builder(url).build().expect_err(url);
        writeln!(all, "{error}").unwrap();
    }
    let no_credentials = Client::builder().build().expect_err("no credentials");
    assert_eq!(no_credentials, ConfigError::NoCredentials);
    for (login, password) in [("", "p"), ("l", ""), ("a:b", "p"), ("l", "p\n")] {
        // A line break is encoded away; everything else is refused.
        match Client::builder().credentials(login, password).build() {
            Ok(_) => writeln!(all, "{login:?} {password:?} are taken").unwrap(),
            Err(error) => writeln!(all, "{error}").unwrap(),
        }
    }
    for url in [
        "http://localhost:1",
        "http://[::1]:1/",
        "https://proxy.example/behind",
    ] {
        builder(url).build().expect(url);
    }
    builder("http://mock:1")
        .allow_http()
        .build()
        .expect("allowed");
    insta::assert_snapshot!(all);
}
