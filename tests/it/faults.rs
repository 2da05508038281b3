//! What the mock server can let go wrong, seen through our client and over a plain socket.

use std::io::{ErrorKind as IoErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveTask};
use dataforseo_client::models::{StatusClass, StatusCode};
use dataforseo_client::{Error, ErrorKind, TransportErrorKind};
use dataforseo_mock_server::{Fault, Limits, MockServer, OnMiss};
use dataforseo_test_support::client::call_pages_summary;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::examples;
use crate::mock::{BASIC, ask};
use crate::replay::{SUMMARY, in_memory};

async fn call(mock: &MockServer) -> Result<(), Error> {
    call_pages_summary(&in_memory(mock)).await
}

/// What our client says of a fault, in a word.
fn word(outcome: &Result<(), Error>) -> String {
    match outcome.as_ref().map_err(Error::kind) {
        Ok(()) => "ok".to_owned(),
        Err(ErrorKind::Transport(error)) => match error.kind() {
            TransportErrorKind::Interrupted => "interrupted".to_owned(),
            TransportErrorKind::BodyInterrupted => "body interrupted".to_owned(),
            TransportErrorKind::Timeout(time) => format!("timeout of {time:?}"),
            error => format!("{error:?}"),
        },
        Err(ErrorKind::Http(status)) => format!("HTTP {status}"),
        Err(ErrorKind::Envelope { status_code, .. }) => format!("envelope {}", status_code.code()),
        Err(ErrorKind::Task { status_code, .. }) => format!("task {}", status_code.code()),
        Err(ErrorKind::Pending { status_code, .. }) => format!("pending {}", status_code.code()),
        Err(kind) => format!("{kind:?}"),
    }
}

/// Each fault without a socket, on a paused clock, as our client sees it. The next call is well.
#[tokio::test(start_paused = true)]
async fn each_fault_without_a_socket() {
    let cases = [
        (Fault::Reset, "interrupted"),
        (Fault::ResetReading(0), "interrupted"),
        (Fault::ResetReading(10), "interrupted"),
        (Fault::ResetAfter(0), "body interrupted"),
        (Fault::ResetAfter(600), "body interrupted"),
        (Fault::Empty, "interrupted"),
        (Fault::Cut(0), "body interrupted"),
        (Fault::Cut(600), "body interrupted"),
        (Fault::Stall(0), "timeout of 150s"),
        (Fault::Stall(600), "timeout of 150s"),
        (Fault::Silence, "timeout of 150s"),
        (Fault::Trickle(1), "timeout of 150s"),
        (Fault::Trickle(1000), "ok"),
        (Fault::Garbage, "interrupted"),
        (Fault::Http(401), "envelope 40100"),
        (Fault::Http(402), "envelope 40200"),
        (Fault::Http(404), "envelope 40400"),
        (Fault::Http(500), "envelope 50000"),
        (Fault::Proxy(429), "HTTP 429"),
        (Fault::Proxy(502), "HTTP 502"),
        (Fault::Proxy(503), "HTTP 503"),
        (Fault::Proxy(504), "HTTP 504"),
        (Fault::NoResult, "ok"),
        (Fault::Pending(1), "pending 40602"),
        (Fault::Task(StatusCode::InvalidField, Some(0)), "task 40501"),
        (Fault::Task(StatusCode::InvalidField, Some(1)), "ok"),
        (
            Fault::HiddenTask(StatusCode::InternalError, None),
            "task 50000",
        ),
    ];
    for (fault, expected) in cases {
        let mock = examples();
        mock.on(BulkPagesSummaryLive).first(1).fault(fault);
        assert_eq!(word(&call(&mock).await), expected, "{fault}");
        assert_eq!(word(&call(&mock).await), "ok", "after {fault}");
        let requests = mock.request_log();
        let expected = if matches!(fault, Fault::ResetReading(_)) {
            json!(null)
        } else {
            json!([{"targets": ["a.com"]}])
        };
        // A call whose client disconnected before the response is never finished.
        if fault != Fault::Silence {
            assert_eq!(requests[0].body, expected, "{fault}");
        }
    }
}

#[tokio::test]
async fn every_documented_code_on_both_levels() {
    let mock = examples();
    for code in StatusCode::ALL
        .iter()
        .copied()
        .chain([StatusCode::Other(49999)])
    {
        let number = code.code();
        mock.on(BulkPagesSummaryLive).fault(Fault::Api(code));
        let outcome = call(&mock).await;
        match code.is_ok() {
            true => assert!(
                matches!(outcome.unwrap_err().kind(), ErrorKind::NoTask { .. }),
                "{number}"
            ),
            false => assert_eq!(word(&outcome), format!("envelope {number}")),
        }
        mock.on(BulkPagesSummaryLive).fault(Fault::task(number));
        let expected = match code.class() {
            StatusClass::Success | StatusClass::Empty => "ok".to_owned(),
            StatusClass::Pending => format!("pending {number}"),
            _ => format!("task {number}"),
        };
        assert_eq!(word(&call(&mock).await), expected);
    }
}

/// The responses of the faults, as any client receives them.
#[tokio::test]
async fn responses_of_faults() {
    let builder = MockServer::builder()
        .fault_header()
        .on_miss(OnMiss::Example);
    let mock = builder.start().await.unwrap();
    let mut all = String::new();
    for fault in [
        "http:402",
        "proxy:429",
        "proxy:502",
        "api:40202",
        "task:40501",
        "hidden_task:50000@0",
        "no_result",
        "pending:2",
        "task:40501@5",
        "nonsense",
    ] {
        let headers = [("authorization", BASIC), ("x-mock-fault", fault)];
        let response = ask(
            &mock,
            "POST",
            SUMMARY,
            &headers,
            "[{\"targets\": [\"a.com\"]}]",
        )
        .await;
        let body = match serde_json::from_slice::<Value>(&response.body) {
            Ok(mut body) => {
                // Its results are those of the example.
                if let Some(result) = body
                    .pointer_mut("/tasks/0/result")
                    .filter(|it| it.is_array())
                {
                    *result = json!("…");
                }
                serde_json::to_string_pretty(&body).unwrap()
            }
            Err(_) => response.text().to_owned(),
        };
        let header = |name| response.header(name).to_owned();
        all += &format!(
            "--- {fault}\n{} {} {:?} {}: {}\n{body}\n",
            response.status,
            header("content-type"),
            header("retry-after"),
            header("x-mock-source"),
            header("x-mock-detail")
        );
    }
    insta::assert_snapshot!(all);
    let closed = MockServer::builder()
        .on_miss(OnMiss::Example)
        .start()
        .await
        .unwrap();
    let headers = [("authorization", BASIC), ("x-mock-fault", "api:40202")];
    let response = ask(
        &closed,
        "POST",
        SUMMARY,
        &headers,
        "[{\"targets\": [\"a.com\"]}]",
    )
    .await;
    assert_eq!(response.json()["status_code"], 20000);
}

/// One task of several fails, and the envelope counts it or does not.
#[tokio::test]
async fn one_task_of_several() {
    let path = "/v3/serp/google/organic/task_post";
    let task = json!({"keyword": "one", "location_code": 2840, "language_code": "en"});
    let body = json!([task, task, task]).to_string();
    let builder = MockServer::builder()
        .fault_header()
        .on_miss(OnMiss::Example);
    let mock = builder.start().await.unwrap();
    for (fault, counted) in [("task:40501@1", 1), ("hidden_task:40501@1", 0)] {
        let headers = [("authorization", BASIC), ("x-mock-fault", fault)];
        let response = ask(&mock, "POST", path, &headers, &body).await.json();
        let codes: Vec<_> = response["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["status_code"].as_u64().unwrap())
            .collect();
        assert_eq!(codes, [20100, 40501, 20100]);
        assert_eq!(
            (&response["tasks_error"], &response["tasks_count"]),
            (&json!(counted), &json!(3))
        );
        let costs = |at: usize| response["tasks"][at]["cost"].as_f64().unwrap();
        assert_eq!(response["cost"].as_f64().unwrap(), costs(0) + costs(2));
    }
    // A fault needs no fixture.
    let bare = MockServer::builder()
        .fault_header()
        .without_embedded()
        .start()
        .await
        .unwrap();
    let headers = [("authorization", BASIC), ("x-mock-fault", "task:40501@1")];
    let response = ask(&bare, "POST", path, &headers, &body).await.json();
    assert_eq!(response["tasks"][1]["status_code"], 40501);
    assert_eq!(response["tasks"][0]["status_code"], 20000);
}

/// Sends a request over a real socket. Returns the bytes that arrive and the error that ends the
/// connection, if there is one.
fn over_tcp(mock: &MockServer, fault: Fault) -> (Vec<u8>, Option<IoErrorKind>) {
    mock.on(BulkPagesSummaryLive).fault(fault);
    let mut stream = TcpStream::connect(mock.url().replace("http://", "")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let body = "[{\"targets\": [\"a.com\"]}]";
    let head = format!(
        "POST {SUMMARY} HTTP/1.1\r\nhost: x\r\nauthorization: {BASIC}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A reset that is faster than this write fails the write, and the system reports each reset
    // once: the read after it is an ordinary end.
    let written = stream.write_all(body.as_bytes());
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let error = written.err().or(read.err());
    (bytes, error.map(|error| error.kind()))
}

fn body_of(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    Some(&bytes[at + 4..])
}

#[test]
fn resets_and_ends_over_a_socket() {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .start_blocking()
        .unwrap();
    let reset = Some(IoErrorKind::ConnectionReset);
    assert_eq!(over_tcp(&mock, Fault::Reset), (Vec::new(), reset));
    assert_eq!(over_tcp(&mock, Fault::ResetReading(0)), (Vec::new(), reset));
    assert_eq!(over_tcp(&mock, Fault::Empty), (Vec::new(), None));
    let (bytes, error) = over_tcp(&mock, Fault::Cut(600));
    assert_eq!((body_of(&bytes).unwrap().len(), error), (600, None));
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let (bytes, error) = over_tcp(&mock, Fault::Cut(0));
    assert_eq!((body_of(&bytes).unwrap().len(), error), (0, None));
    // What was under way when the reset came may be lost with it.
    let (bytes, error) = over_tcp(&mock, Fault::ResetAfter(600));
    assert_eq!(error, reset);
    assert!(body_of(&bytes).is_none_or(|body| body.len() <= 600));
    let (bytes, error) = over_tcp(&mock, Fault::Garbage);
    assert_eq!(error, None);
    assert!(!bytes.is_empty() && !bytes.starts_with(b"HTTP"));
}

#[tokio::test]
async fn which_calls_a_rule_is_about() {
    let hits = async |prepare: &dyn Fn(&MockServer)| {
        let mock = MockServer::builder()
            .on_miss(OnMiss::Example)
            .seed(7)
            .in_memory()
            .unwrap();
        prepare(&mock);
        let mut hits = String::new();
        for _ in 0..12 {
            hits.push(if call(&mock).await.is_ok() { '.' } else { 'x' });
        }
        hits
    };
    let on = |mock: &MockServer| mock.on(BulkPagesSummaryLive).fault(Fault::api(40202));
    assert_eq!(hits(&on).await, "xxxxxxxxxxxx");
    let fault = || Fault::api(40202);
    assert_eq!(
        hits(&|it| it.on(BulkPagesSummaryLive).first(3).fault(fault())).await,
        "xxx........."
    );
    assert_eq!(
        hits(&|it| it.on(BulkPagesSummaryLive).nth(3).fault(fault())).await,
        "..x........."
    );
    assert_eq!(
        hits(&|it| it.on(BulkPagesSummaryLive).every(3).fault(fault())).await,
        "..x..x..x..x"
    );
    assert_eq!(
        hits(&|it| it.on(BulkPagesSummaryLive).after(9).fault(fault())).await,
        ".........xxx"
    );
    assert_eq!(
        hits(&|it| it.on_path("/v3/*/bulk_*/live").first(1).fault(fault())).await,
        "x..........."
    );
    assert_eq!(
        hits(&|it| it.on_path("/v3/*/live").fault(fault())).await,
        "............"
    );
    // Rules strike each by its own chance, and always the same way.
    let chance = |it: &MockServer| {
        it.on(BulkPagesSummaryLive)
            .with_probability(0.5)
            .fault(fault())
    };
    let first = hits(&chance).await;
    assert_eq!(first, hits(&chance).await);
    assert!(first.contains('x') && first.contains('.'), "{first}");
    // The later rule goes first; both count.
    let two = |it: &MockServer| {
        it.on(BulkPagesSummaryLive).first(3).fault(Fault::NoResult);
        it.on(BulkPagesSummaryLive).nth(2).fault(fault());
    };
    assert_eq!(hits(&two).await, ".x..........");
}

/// 2000 calls in a minute, on the test's own clock; the next one when the first is a minute ago.
#[tokio::test(start_paused = true)]
async fn calls_a_minute() {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .limits(Limits::API)
        .request_log_size(0);
    let mock = mock.in_memory().unwrap();
    let client = in_memory(&mock);
    let task = BulkPagesSummaryLiveTask::new(["a.com"]);
    let call = async || {
        client
            .backlinks()
            .bulk_pages_summary_live(&task)
            .await
            .map(drop)
    };
    for number in 0..2000 {
        assert_eq!(word(&call().await), "ok", "{number}");
    }
    assert_eq!(word(&call().await), "envelope 40202");
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(word(&call().await), "envelope 40202");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(word(&call().await), "ok");
}

#[tokio::test(start_paused = true)]
async fn calls_at_once() {
    let mock = MockServer::builder()
        .on_miss(OnMiss::Example)
        .limits(Limits::API);
    let mock = mock.in_memory().unwrap();
    mock.on(BulkPagesSummaryLive)
        .latency(Duration::from_secs(5));
    let outcomes = join_all((0..33).map(|_| call(&mock))).await;
    let words: Vec<String> = outcomes.iter().map(word).collect();
    assert_eq!(words.iter().filter(|word| *word == "ok").count(), 30);
    assert_eq!(
        words
            .iter()
            .filter(|word| *word == "envelope 40209")
            .count(),
        3
    );
    // A client that gives up frees its place.
    for _ in 0..3 {
        let waiting = join_all((0..30).map(|_| call(&mock)));
        assert!(
            tokio::time::timeout(Duration::from_secs(1), waiting)
                .await
                .is_err()
        );
    }
    assert_eq!(word(&call(&mock).await), "ok");
}
