//! What was asked, and what was answered: the last calls, bounded in number and in bytes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use serde::Serialize;
use serde_json::Value;

use crate::sanitize::Raw;

/// How many calls are kept unless the builder says otherwise.
pub(crate) const CALLS: usize = 1024;
/// How many bytes of bodies are kept in all; the oldest go first, their calls stay.
const BYTES: usize = 2 << 20;

/// A call, as it may be shown: without headers, without secrets, and with nothing in it that
/// changes from run to run. Made for snapshots.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Call {
    /// Counted from 1.
    pub number: u64,
    /// The HTTP method.
    pub method: String,
    /// The path, its first 300 characters; of a query only that there was one.
    pub path: String,
    /// The body as JSON; null for none, and for one that is not kept any more. What is no JSON is
    /// told of in words.
    pub body: Value,
    /// The HTTP status of the answer. With a fault of the connection, the one that it began with.
    pub status: u16,
    /// What the answer is from: what the header `x-mock-source` says.
    pub source: String,
    /// What was wrong, if something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A call as it is kept. What came over the wire stays raw until somebody asks.
struct Kept {
    number: u64,
    method: String,
    path: Raw<String>,
    body: Option<Raw<Box<[u8]>>>,
    status: u16,
    source: HeaderValue,
    detail: Option<Raw<String>>,
}

/// The last calls.
pub(crate) struct Journal {
    limit: usize,
    kept: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    calls: VecDeque<Kept>,
    /// How many there were.
    count: u64,
    /// How many bytes of bodies are kept.
    bytes: usize,
    /// How many of the oldest calls have lost their bodies already.
    bare: usize,
}

/// What is written down of a call.
pub(crate) struct Line<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) status: u16,
    pub(crate) source: HeaderValue,
    pub(crate) detail: Option<&'a str>,
}

impl Journal {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: Mutex::default(),
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, line: &Line<'_>) {
        if self.limit == 0 {
            return;
        }
        // Copied: what hyper hands out is a part of a larger buffer, which would be kept whole.
        let body = Raw::new(Box::from(line.body));
        let mut kept = Kept {
            number: 0,
            method: line.method.to_owned(),
            // No path of the API is as long as this; whoever sends one sends garbage.
            path: Raw::new(line.path.chars().take(1000).collect()),
            body: Some(body),
            status: line.status,
            source: line.source.clone(),
            detail: line.detail.map(|it| Raw::new(it.to_owned())),
        };
        let mut ring = self.ring();
        ring.count += 1;
        kept.number = ring.count;
        if ring.calls.len() == self.limit
            && let Some(old) = ring.calls.pop_front()
        {
            ring.bytes -= old.body.map_or(0, |body| body.len());
            ring.bare = ring.bare.saturating_sub(1);
        }
        ring.bytes += line.body.len();
        ring.calls.push_back(kept);
        while ring.bytes > BYTES && ring.bare < ring.calls.len() {
            let bare = ring.bare;
            let lost = ring.calls.get_mut(bare).and_then(|call| call.body.take());
            ring.bytes -= lost.map_or(0, |body| body.len());
            ring.bare += 1;
        }
    }

    /// The calls that are kept, the oldest first.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.ring().calls.iter().map(Kept::show).collect()
    }

    /// Forgets all calls, and counts from 1 again.
    pub(crate) fn clear(&self) {
        *self.ring() = Ring::default();
    }
}

impl Kept {
    fn show(&self) -> Call {
        Call {
            number: self.number,
            method: self.method.clone(),
            path: self.path.path(),
            body: self.body.as_ref().map_or(Value::Null, Raw::body),
            status: self.status,
            source: String::from_utf8_lossy(self.source.as_bytes()).into_owned(),
            detail: self.detail.as_ref().map(Raw::text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(journal: &Journal, body: &[u8]) {
        journal.add(&Line {
            method: "POST",
            path: "/v3/x?mail=jo@mail.org",
            body,
            status: 200,
            source: HeaderValue::from_static("fixture"),
            detail: None,
        });
    }

    #[test]
    fn the_oldest_calls_go() {
        let journal = Journal::new(3);
        for number in 0..5 {
            add(&journal, format!("[{number}]").as_bytes());
        }
        let calls = journal.calls();
        let numbers: Vec<u64> = calls.iter().map(|call| call.number).collect();
        assert_eq!(numbers, [3, 4, 5]);
        assert_eq!(calls[0].body, serde_json::json!([2]));
        assert!(!calls[0].path.contains("mail.org"), "{}", calls[0].path);
        journal.clear();
        add(&journal, b"no JSON");
        assert_eq!(journal.calls()[0].number, 1);
        assert_eq!(journal.calls()[0].body, "7 bytes that are no JSON");
    }

    #[test]
    fn large_bodies_go_before_their_calls() {
        let journal = Journal::new(10);
        let large = format!("[\"{}\"]", "x".repeat(BYTES / 3));
        for round in 0..3 {
            for _ in 0..4 {
                add(&journal, large.as_bytes());
            }
            add(&journal, b"[]");
            let calls = journal.calls();
            let with_body = calls.iter().filter(|call| call.body.is_array()).count();
            assert_eq!(with_body, 3, "{round}");
            assert_eq!(journal.ring().bytes, 2 * large.len() + 2);
        }
        add(&journal, format!("[\"{}\"]", "x".repeat(BYTES)).as_bytes());
        assert_eq!(journal.ring().bytes, 0);
        assert_eq!(journal.calls().len(), 10);
        let none = Journal::new(0);
        add(&none, b"[]");
        assert_eq!(none.calls(), []);
    }
}
