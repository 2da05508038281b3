//! Malformed requests and fixtures, and how the mock server reports them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use dataforseo_mock_server::{MockServer, OnMiss};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::mock::BASIC;
use crate::replay::SUMMARY;

fn mock() -> MockServer {
    MockServer::builder()
        .on_miss(OnMiss::Example)
        .start_blocking()
        .unwrap()
}

/// Sends bytes unchanged, and returns the status and the body of the response.
fn raw(mock: &MockServer, head: &str, body: &[u8]) -> (u16, Value) {
    let mut stream = TcpStream::connect(mock.url().replace("http://", "")).unwrap();
    let head = format!("{head}host: x\r\nauthorization: {BASIC}\r\nconnection: close\r\n\r\n");
    let mut writing = stream.try_clone().unwrap();
    let (head, body) = (head.into_bytes(), body.to_vec());
    // The server may respond before it has read everything.
    let writer = thread::spawn(move || {
        let _ = writing
            .write_all(&head)
            .and_then(|()| writing.write_all(&body));
    });
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    writer.join().unwrap();
    let text = String::from_utf8_lossy(&response).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

fn post(mock: &MockServer, headers: &str, body: &[u8]) -> (u16, Value) {
    let length = body.len();
    let head = format!("POST {SUMMARY} HTTP/1.1\r\ncontent-length: {length}\r\n{headers}");
    raw(mock, &head, body)
}

const GOOD: &[u8] = b"[{\"targets\": [\"a.com\"]}]";

#[test]
fn odd_bodies() {
    let mock = mock();
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    zipped.write_all(GOOD).unwrap();
    let zipped = zipped.finish().unwrap();
    let deep = [&[b'['; 10_000][..], &[b']'; 10_000]].concat();
    let deeper = format!(
        "[{{\"targets\": {}{}}}]",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let cases: [(&str, &str, &[u8], u64); 11] = [
        ("good", "", GOOD, 20000),
        ("of another type", "content-type: text/xml\r\n", GOOD, 20000),
        (
            "as a form",
            "content-type: application/x-www-form-urlencoded\r\n",
            GOOD,
            20000,
        ),
        ("compressed", "content-encoding: gzip\r\n", &zipped, 40503),
        (
            "not compressed",
            "content-encoding: identity\r\n",
            GOOD,
            20000,
        ),
        ("no UTF-8", "", b"[{\"targets\": [\"\xff\"]}]", 40503),
        (
            "half a character",
            "",
            b"[{\"targets\": [\"\\ud83d\"]}]",
            40503,
        ),
        ("deep", "", &deep, 40503),
        ("deep within", "", deeper.as_bytes(), 40503),
        ("two documents", "", b"[{}] [{}]", 40503),
        ("nothing", "", b"", 40502),
    ];
    for (what, headers, body, code) in cases {
        let (status, response) = post(&mock, headers, body);
        assert_eq!(
            (status, &response["status_code"]),
            (200, &json!(code)),
            "{what}: {response}"
        );
    }
    let chunked = format!("POST {SUMMARY} HTTP/1.1\r\ntransfer-encoding: chunked\r\n");
    let body = b"4\r\n[{\"t\r\n14\r\nargets\": [\"a.com\"]}]\r\n0\r\n\r\n";
    assert_eq!(raw(&mock, &chunked, body).1["status_code"], 20000);
    // A client that disconnects within the body gets a response to the part that it sent.
    let (_, response) = raw(&mock, &chunked, b"xyz\r\n");
    assert_ne!(response["status_code"], 20000);
}

/// A body of 100 MB is read completely, so that the sender can read the response. It is not stored.
#[test]
fn a_large_body() {
    let mock = mock();
    let (status, response) = post(&mock, "", &vec![b' '; 100 << 20]);
    assert_eq!((status, &response["status_code"]), (413, &json!(40503)));
    assert_eq!(mock.request_log(), []);
    // Just below the limit it is read.
    let mut large = GOOD.to_vec();
    large.resize(16 << 20, b' ');
    assert_eq!(post(&mock, "", &large).1["status_code"], 20000);
    assert_eq!(post(&mock, "", GOOD).1["status_code"], 20000);
}

#[test]
fn odd_paths_and_methods() {
    let mock = mock();
    for (line, status, code) in [
        (format!("PUT {SUMMARY}"), 404, 40400),
        (format!("GET {SUMMARY}"), 404, 40400),
        ("GET /../../etc/passwd".to_owned(), 404, 40400),
        (
            "GET /v3/backlinks/../backlinks/index".to_owned(),
            404,
            40400,
        ),
        ("GET /v3/%2e%2e/%00".to_owned(), 404, 40400),
        ("GET /__s//v3/backlinks/index".to_owned(), 404, 40400),
        ("GET /__s/../v3/backlinks/index".to_owned(), 404, 40400),
        (format!("GET /{}", "x".repeat(8000)), 404, 40400),
        (format!("GET /{}", "/x".repeat(4000)), 404, 40400),
        ("GET /v3/backlinks/index?x=1".to_owned(), 200, 20000),
        ("GET //v3/backlinks/index".to_owned(), 200, 20000),
        ("GET /v3/backlinks/index/".to_owned(), 200, 20000),
        (
            "GET /v3/serp/google/organic/task_get/advanced/%F0%9F%98%80".to_owned(),
            200,
            20000,
        ),
    ] {
        let (found, response) = raw(&mock, &format!("{line} HTTP/1.1\r\n"), b"");
        let line: String = line.chars().take(60).collect();
        assert_eq!(
            (found, &response["status_code"]),
            (status, &json!(code)),
            "{line}: {response}"
        );
    }
    for garbage in [
        "",
        "\r\n\r\n",
        "hello\r\n\r\n",
        "GET / HTTP/9.9\r\n",
        "POST / HTTP/1.1\r\ncontent-length: -1\r\n",
    ] {
        let (status, _) = raw(&mock, garbage, b"");
        assert!([0, 400].contains(&status), "{garbage:?}: {status}");
    }
    // It is still there.
    assert_eq!(post(&mock, "", GOOD).0, 200);
}

/// A line for each thing that can be wrong with a folder.
#[test]
fn folders_that_cannot_be_used() {
    let folder = TempDir::new().unwrap();
    let start = || {
        let builder = MockServer::builder().fixtures(folder.path());
        builder
            .in_memory()
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let file = folder.path().join("a.json");
    fs::write(&file, b"{\"dfs_fixture\": 1, \"x\": \"\xff\"}").unwrap();
    assert!(
        start()
            .unwrap_err()
            .contains("a.json: stream did not contain valid UTF-8")
    );
    fs::write(&file, "{\n  \"dfs_fixture\": 1,\n  \"request\": }").unwrap();
    assert!(
        start()
            .unwrap_err()
            .ends_with("a.json: not JSON: expected value at line 3 column 14")
    );
    let deep = format!(
        "{{\"dfs_fixture\": 1, \"meta\": {}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    fs::write(&file, deep).unwrap();
    assert!(start().unwrap_err().contains("recursion limit"));
    fs::remove_file(&file).unwrap();
    fs::create_dir(folder.path().join("b.json")).unwrap();
    assert!(start().unwrap_err().contains("contains no fixtures"));
    let path = folder.path().join("c.txt");
    fs::write(&path, "").unwrap();
    let builder = MockServer::builder().fixtures(&path);
    assert!(
        builder
            .in_memory()
            .unwrap_err()
            .to_string()
            .contains("c.txt: Not a directory")
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        // A circle of links ends, and a broken link is a file that cannot be read.
        symlink(folder.path(), folder.path().join("circle")).unwrap();
        assert!(start().unwrap_err().contains("contains no fixtures"));
        symlink("/nowhere", folder.path().join("d.json")).unwrap();
        assert!(start().unwrap_err().contains("d.json: No such file"));
    }
}

/// A deeply nested fixture of 50 MB is replayed like any other.
#[test]
fn a_large_fixture() {
    let folder = TempDir::new().unwrap();
    let rows = vec!["  {\"rank\": 1.0}"; 3_400_000].join(",\n");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let text = format!(
        "{{\"dfs_fixture\": 1, \"request\": {{\"method\": \"POST\", \"path\": \"{SUMMARY}\", \
         \"body\": [{{\"targets\": [\"large.com\"]}}]}}, \"response\": {{\"status\": 200, \"body\": \
         {{\"deep\": {deep}, \"rows\": [{rows}]}}}}}}"
    );
    assert!(text.len() > 50 << 20);
    fs::write(folder.path().join("large.json"), text).unwrap();
    let mock = MockServer::builder()
        .fixtures(folder.path())
        .start_blocking()
        .unwrap();
    let mut stream = TcpStream::connect(mock.url().replace("http://", "")).unwrap();
    let body = "[{\"targets\": [\"large.com\"]}]";
    let head = format!(
        "POST {SUMMARY} HTTP/1.1\r\nhost: x\r\nauthorization: {BASIC}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    let rows = "{\"rank\":1.0},".repeat(3_400_000);
    let expected = format!("{{\"deep\":{deep},\"rows\":[{}]}}", &rows[..rows.len() - 1]);
    assert!(response.ends_with(expected.as_bytes()));
}
