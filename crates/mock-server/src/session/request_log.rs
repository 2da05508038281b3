//! The request log: the latest requests with their outcomes, bounded in number and in bytes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use serde::Serialize;
use serde_json::Value;

use crate::redact::Raw;

/// The number of requests that are kept by default.
pub(crate) const DEFAULT_SIZE: usize = 1024;
/// The maximum number of bytes of all bodies. The oldest bodies are dropped; their requests stay.
const MAX_BODY_BYTES: usize = 2 << 20;
/// The maximum number of bytes of the request logs of all sessions. A session above it drops its own
/// oldest requests.
const MAX_TOTAL_BYTES: usize = 64 << 20;
/// The bytes that a request takes in addition to its texts.
const ENTRY_BYTES: usize = 256;
/// The maximum length of a path, in characters. Every path of the API is shorter.
const MAX_PATH: usize = 1000;
/// The maximum length of a method, in characters.
const MAX_METHOD: usize = 32;
/// The maximum length of a detail, in characters, as in its header.
const MAX_DETAIL: usize = 2000;

/// A request in the request log, ready for a snapshot test.
///
/// It has no headers and no secrets, and nothing in it changes from run to run.
/// [`MockServer::request_log`](crate::MockServer::request_log) returns the latest ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// The number of the request in its session, starting at 1.
    pub number: u64,
    /// The HTTP method.
    pub method: String,
    /// The path, up to 300 characters. A query is replaced by `?[redacted]`.
    pub path: String,
    /// The body as JSON, with secrets and e-mail addresses replaced.
    ///
    /// Null if there was no body or it is no longer kept. A body that is not JSON is replaced by a
    /// string that states its length.
    pub body: Value,
    /// The HTTP status of the response; 0 if a fault ended the connection before a response.
    pub status: u16,
    /// The origin of the response: the value of the header `x-mock-source`.
    pub source: String,
    /// Details of an error: the value of the header `x-mock-detail`. `None` without an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A request as it is kept. Redacted when it is read, as most requests never are.
struct Entry {
    number: u64,
    method: String,
    path: Raw<String>,
    body: Option<Raw<Box<[u8]>>>,
    status: u16,
    source: HeaderValue,
    detail: Option<Raw<String>>,
}

/// The latest requests of a session.
pub(crate) struct RequestLog {
    size: usize,
    entries: Mutex<Entries>,
    /// The number of bytes of all request logs that share it.
    total: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Entries {
    kept: VecDeque<Entry>,
    /// The number of requests so far, including dropped ones.
    count: u64,
    /// The number of bytes of all kept bodies.
    body_bytes: usize,
    /// The number of bytes of everything else.
    text_bytes: usize,
    /// The number of the oldest entries whose bodies are dropped.
    without_body: usize,
}

/// A request to be logged.
pub(crate) struct NewEntry<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) status: u16,
    pub(crate) source: HeaderValue,
    pub(crate) detail: Option<&'a str>,
}

impl RequestLog {
    /// Returns a log that keeps this many requests.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            entries: Mutex::default(),
            total: Arc::default(),
        }
    }

    /// Counts bytes into a total. The log must be empty.
    pub(crate) fn with_total(mut self, total: &Arc<AtomicUsize>) -> Self {
        self.total = Arc::clone(total);
        self
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, new: &NewEntry<'_>) {
        if self.size == 0 {
            return;
        }
        // Copied: the bytes from hyper are a slice of a larger buffer, which would be kept whole.
        let body = Raw::new(Box::from(new.body));
        let mut entry = Entry {
            number: 0,
            method: new.method.chars().take(MAX_METHOD).collect(),
            path: Raw::new(new.path.chars().take(MAX_PATH).collect()),
            body: Some(body),
            status: new.status,
            source: new.source.clone(),
            detail: new
                .detail
                .map(|it| Raw::new(it.chars().take(MAX_DETAIL).collect())),
        };
        let mut entries = self.lock();
        let before = entries.bytes();
        entries.count += 1;
        entry.number = entries.count;
        if entries.kept.len() == self.size {
            entries.drop_oldest();
        }
        entries.body_bytes += new.body.len();
        entries.text_bytes += entry.text_bytes();
        entries.kept.push_back(entry);
        entries.drop_old_bodies();
        let (added, removed) = difference(before, entries.bytes());
        let mut total = self.total.fetch_add(added, Ordering::Relaxed) + added;
        total -= removed;
        self.total.fetch_sub(removed, Ordering::Relaxed);
        while total > MAX_TOTAL_BYTES && !entries.kept.is_empty() {
            let before = entries.bytes();
            entries.drop_oldest();
            let freed = before - entries.bytes();
            total = self.total.fetch_sub(freed, Ordering::Relaxed) - freed;
        }
    }

    /// Returns the requests that are kept, oldest first.
    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        self.lock().kept.iter().map(Entry::redacted).collect()
    }

    /// Removes all requests, and counts from 1 again.
    pub(crate) fn clear(&self) {
        let cleared = std::mem::take(&mut *self.lock());
        self.total.fetch_sub(cleared.bytes(), Ordering::Relaxed);
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Returns how much was added and how much was removed between two numbers. One of them is 0.
fn difference(before: usize, after: usize) -> (usize, usize) {
    (after.saturating_sub(before), before.saturating_sub(after))
}

impl Entries {
    fn bytes(&self) -> usize {
        self.body_bytes + self.text_bytes
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.kept.pop_front() {
            self.text_bytes -= oldest.text_bytes();
            self.body_bytes -= oldest.body.map_or(0, |body| body.len());
            self.without_body = self.without_body.saturating_sub(1);
        }
    }

    fn drop_old_bodies(&mut self) {
        while self.body_bytes > MAX_BODY_BYTES && self.without_body < self.kept.len() {
            let oldest = self.kept.get_mut(self.without_body);
            let dropped = oldest.and_then(|entry| entry.body.take());
            self.body_bytes -= dropped.map_or(0, |body| body.len());
            self.without_body += 1;
        }
    }
}

impl Entry {
    /// Returns the number of bytes without the body.
    fn text_bytes(&self) -> usize {
        let detail = self.detail.as_ref().map_or(0, Raw::len);
        ENTRY_BYTES + self.method.len() + self.path.len() + detail
    }

    fn redacted(&self) -> LoggedRequest {
        LoggedRequest {
            number: self.number,
            method: self.method.clone(),
            path: self.path.redacted_path(),
            body: self.body.as_ref().map_or(Value::Null, Raw::redacted_body),
            status: self.status,
            source: String::from_utf8_lossy(self.source.as_bytes()).into_owned(),
            detail: self.detail.as_ref().map(Raw::redacted_text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(log: &RequestLog, body: &[u8]) {
        log.add(&NewEntry {
            method: "POST",
            path: "/v3/x?mail=jo@mail.org",
            body,
            status: 200,
            source: HeaderValue::from_static("fixture"),
            detail: None,
        });
    }

    #[test]
    fn the_oldest_requests_are_dropped() {
        let log = RequestLog::new(3);
        for number in 0..5 {
            add(&log, format!("[{number}]").as_bytes());
        }
        let requests = log.requests();
        let numbers: Vec<u64> = requests.iter().map(|it| it.number).collect();
        assert_eq!(numbers, [3, 4, 5]);
        assert_eq!(requests[0].body, serde_json::json!([2]));
        assert!(
            !requests[0].path.contains("mail.org"),
            "{}",
            requests[0].path
        );
        log.clear();
        add(&log, b"not JSON");
        assert_eq!(log.requests()[0].number, 1);
        assert_eq!(log.requests()[0].body, "8 bytes that are not JSON");
    }

    #[test]
    fn large_bodies_are_dropped_before_their_requests() {
        let log = RequestLog::new(10);
        let large = format!("[\"{}\"]", "x".repeat(MAX_BODY_BYTES / 3));
        for round in 0..3 {
            for _ in 0..4 {
                add(&log, large.as_bytes());
            }
            add(&log, b"[]");
            let requests = log.requests();
            let with_body = requests.iter().filter(|it| it.body.is_array()).count();
            assert_eq!(with_body, 3, "{round}");
            assert_eq!(log.lock().body_bytes, 2 * large.len() + 2);
        }
        add(
            &log,
            format!("[\"{}\"]", "x".repeat(MAX_BODY_BYTES)).as_bytes(),
        );
        assert_eq!(log.lock().body_bytes, 0);
        assert_eq!(log.requests().len(), 10);
        let none = RequestLog::new(0);
        add(&none, b"[]");
        assert_eq!(none.requests(), []);
    }

    #[test]
    fn all_logs_together_are_bounded() {
        let total = Arc::new(AtomicUsize::new(0));
        let logs: Vec<RequestLog> = (0..40)
            .map(|_| RequestLog::new(10_000).with_total(&total))
            .collect();
        let large = format!("[\"{}\"]", "x".repeat(MAX_BODY_BYTES - 100));
        for log in &logs {
            add(log, large.as_bytes());
            for _ in 0..10 {
                add(log, b"[]");
            }
        }
        let bytes = |logs: &[RequestLog]| logs.iter().map(|log| log.lock().bytes()).sum::<usize>();
        assert_eq!(total.load(Ordering::Relaxed), bytes(&logs));
        assert!(bytes(&logs) <= MAX_TOTAL_BYTES);
        assert_eq!(logs[0].requests().len(), 11);
        assert!(logs[39].requests().len() < 11);
        logs[0].clear();
        drop(logs);
        assert_eq!(total.load(Ordering::Relaxed), 0);
    }
}
