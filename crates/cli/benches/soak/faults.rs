//! Faults of the server and of the network.

use std::io::Write as _;

use dataforseo_client::models::target_key;
use dataforseo_test_support::fake_api::{Call, Reply};
use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;

/// What a charged response brings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Brings {
    /// A row per target, readable.
    Rows,
    /// A row per target, and it is not certain that the program can read or assign it.
    MaybeRows,
    /// A success without rows.
    NoRows,
    /// Nothing that can be read.
    Nothing,
}

/// A reply with what is to be expected of it.
pub struct Drawn {
    pub reply: Reply,
    pub fault: Option<Fault>,
    pub brings: Brings,
    /// A target whose row is left out.
    pub without_row: Option<String>,
    /// Whether the response has a row for another target in place of it.
    pub has_stray: bool,
    /// Whether the body is in the journal as it was written here.
    pub has_body: bool,
}

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Chunked,
    CloseAfter,
    ResetAfter,
    ByteOrderMark,
    TrailingBytes,
    NotANumber,
    Gzip,
    GzipTwice,
    GzipBadChecksum,
    GzipTruncated,
    GzipLabelOnly,
    Identity,
    LengthTooLong,
    LengthTooShort,
    NoLastChunk,
    RowsWithStatus,
    EnvelopeCostLower,
    TaskCostLower,
    NoCost,
    NegativeCost,
    OtherSpelling,
    Stray,
    RowMissing,
    ResultNull,
    ResetCharged,
    CloseCharged,
    CutByte,
    Hang,
    HtmlInFront,
    HttpCharged,
    TaskFailedCharged,
    ResetUncharged,
    CloseUncharged,
    HttpUncharged,
    TaskFailedUncharged,
    Refused,
    OutOfFunds,
    Busy,
    ErrorWithoutCost,
}

/// All faults.
pub const FAULTS: [Fault; 39] = [
    Fault::Chunked,
    Fault::CloseAfter,
    Fault::ResetAfter,
    Fault::ByteOrderMark,
    Fault::TrailingBytes,
    Fault::NotANumber,
    Fault::Gzip,
    Fault::GzipTwice,
    Fault::GzipBadChecksum,
    Fault::GzipTruncated,
    Fault::GzipLabelOnly,
    Fault::Identity,
    Fault::LengthTooLong,
    Fault::LengthTooShort,
    Fault::NoLastChunk,
    Fault::RowsWithStatus,
    Fault::EnvelopeCostLower,
    Fault::TaskCostLower,
    Fault::NoCost,
    Fault::NegativeCost,
    Fault::OtherSpelling,
    Fault::Stray,
    Fault::RowMissing,
    Fault::ResultNull,
    Fault::ResetCharged,
    Fault::CloseCharged,
    Fault::CutByte,
    Fault::Hang,
    Fault::HtmlInFront,
    Fault::HttpCharged,
    Fault::TaskFailedCharged,
    Fault::ResetUncharged,
    Fault::CloseUncharged,
    Fault::HttpUncharged,
    Fault::TaskFailedUncharged,
    Fault::Refused,
    Fault::OutOfFunds,
    Fault::Busy,
    Fault::ErrorWithoutCost,
];

/// The statuses of proxies that gave up, so that the call may have been charged.
const UNKNOWN: [&str; 6] = [
    "408 Request Timeout",
    "499 Client Closed Request",
    "500 Internal Server Error",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "504 Gateway Timeout",
];

/// Returns a text that is in the body of a call's response, and in no other.
pub fn marker(call: usize) -> String {
    format!("11281954-1535-0521-0000-{call:012}")
}

impl Fault {
    /// Returns whether the program waits for seconds.
    pub fn is_slow(self) -> bool {
        matches!(self, Self::Hang)
    }

    /// Returns whether the response states what was charged, or nothing.
    pub fn is_honest(self) -> bool {
        self != Self::NegativeCost
    }

    /// Returns whether the program keeps the place of the call among those in flight.
    pub fn keeps_its_place(self) -> bool {
        use Fault as F;
        matches!(
            self,
            F::ResetAfter
                | F::ResetCharged
                | F::CloseCharged
                | F::CutByte
                | F::Hang
                | F::LengthTooLong
                | F::LengthTooShort
                | F::NoLastChunk
                | F::GzipTruncated
                | F::GzipBadChecksum
                | F::HttpCharged
                | F::RowsWithStatus
                | F::ResetUncharged
                | F::CloseUncharged
                | F::HttpUncharged
        )
    }

    /// Returns whether the server closes the connection after the response.
    pub fn closes(self) -> bool {
        self == Self::CloseAfter || self.keeps_its_place()
    }

    /// Returns the reply of a call.
    pub fn reply(self, rng: &mut Rng, call: &Call) -> Drawn {
        let drawn = self
            .charged_rows(rng, call)
            .or_else(|| self.charged_without_rows(rng, call))
            .or_else(|| self.uncharged(rng, call));
        let mut drawn = drawn.unwrap_or_else(|| Drawn::rows(Reply::rows()));
        drawn.fault = Some(self);
        drawn
    }

    /// Replies that bring rows.
    fn charged_rows(self, rng: &mut Rng, call: &Call) -> Option<Drawn> {
        let rows = Reply::rows();
        let reply = match self {
            Self::Chunked => rows.chunked(),
            Self::CloseAfter => rows.close(),
            Self::ResetAfter => {
                let reply = rows.cut_at(usize::MAX).reset();
                return Some(Drawn::of(reply, Brings::MaybeRows).without_body());
            }
            Self::ByteOrderMark => rows.encode(|body| [&b"\xef\xbb\xbf"[..], &body].concat()),
            Self::TrailingBytes => {
                let tail = ["\n<!-- 9 ms -->", "\0\0", "{}", "]}"][rng.usize(..4)];
                rows.encode(move |body| [&body[..], tail.as_bytes()].concat())
            }
            Self::NotANumber => rows.encode(|body| {
                let text = String::from_utf8_lossy(&body);
                text.replacen("\"0.1\"", "NaN", 1).into_bytes()
            }),
            Self::Gzip => gzipped(rows, "gzip"),
            Self::GzipTwice => gzipped(rows.encode(gzip), "gzip, gzip"),
            Self::GzipBadChecksum => gzipped(rows, "gzip").encode(|mut body| {
                let checksum = body.len() - 8;
                body[checksum] ^= 0x55;
                body
            }),
            Self::GzipLabelOnly => rows.header("content-encoding: gzip"),
            Self::Identity => rows.header("content-encoding: identity"),
            Self::LengthTooLong => rows.wrong_length(rng.isize(1..500)),
            Self::NoLastChunk => rows.chunked_without_end(),
            Self::RowsWithStatus => rows.status(UNKNOWN[rng.usize(..UNKNOWN.len())]),
            Self::EnvelopeCostLower => rows.edit(|body| body["cost"] = 0.into()),
            Self::TaskCostLower => rows.edit(|body| body["tasks"][0]["cost"] = 0.into()),
            Self::NoCost => rows.edit(|body| {
                body["cost"] = serde_json::Value::Null;
                body["tasks"][0]["cost"] = serde_json::Value::Null;
            }),
            Self::NegativeCost => rows.edit(|body| {
                body["cost"] = (-0.02).into();
                body["tasks"][0]["cost"] = (-0.02).into();
            }),
            Self::OtherSpelling => return Some(other_spelling(rng, call)),
            Self::Stray | Self::RowMissing => return self.without_row(rng, call),
            _ => return None,
        };
        Some(Drawn::rows(reply))
    }

    /// Replies that lack the row of a target.
    fn without_row(self, rng: &mut Rng, call: &Call) -> Option<Drawn> {
        let left_out = call.targets.get(rng.usize(..call.targets.len().max(1)))?;
        let target = left_out.clone();
        let has_stray = self == Self::Stray;
        let reply = Reply::rows().edit(move |body| {
            let Some(items) = body["tasks"][0]["result"][0]["items"].as_array_mut() else {
                return;
            };
            if has_stray {
                for item in items.iter_mut().filter(|item| item["target"] == *target) {
                    item["target"] = "stranger.test".into();
                    item["url"] = "stranger.test".into();
                }
            } else {
                items.retain(|item| item["target"] != *target);
            }
        });
        let mut drawn = Drawn::rows(reply);
        drawn.without_row = Some(left_out.clone());
        drawn.has_stray = has_stray;
        Some(drawn)
    }

    /// Replies that are charged and bring no row.
    fn charged_without_rows(self, rng: &mut Rng, call: &Call) -> Option<Drawn> {
        let rows = Reply::rows();
        let nothing = |reply| Some(Drawn::of(reply, Brings::Nothing).without_body());
        match self {
            Self::GzipTruncated => {
                let left = rng.usize(1..40);
                nothing(gzipped(rows, "gzip").encode(move |mut body| {
                    body.truncate(body.len().saturating_sub(8 + left));
                    body
                }))
            }
            Self::LengthTooShort => nothing(rows.wrong_length(-rng.isize(1..200))),
            Self::ResetCharged => nothing(rows.reset()),
            Self::CloseCharged => nothing(rows.cut_at(0).close()),
            Self::CutByte => {
                let reply = rows.cut_at(rng.usize(1..900)).close();
                let reply = if rng.bool() { reply.reset() } else { reply };
                Some(Drawn::of(reply, Brings::MaybeRows).without_body())
            }
            Self::Hang => nothing(rows.hang()),
            Self::ResultNull => {
                let reply = rows.edit(|body| {
                    body["tasks"][0]["result"] = serde_json::Value::Null;
                    body["tasks"][0]["result_count"] = 0.into();
                });
                Some(Drawn::of(reply, Brings::NoRows))
            }
            Self::HtmlInFront => {
                let reply = rows.encode(|body| [&b"<html>\n"[..], &body].concat());
                Some(Drawn::of(reply, Brings::Nothing))
            }
            Self::HttpCharged => {
                let status = UNKNOWN[rng.usize(..UNKNOWN.len())];
                let body = format!("<html>{} {status}</html>", marker(call.number));
                let reply = Reply::http(status, &body).charging(0.02);
                Some(Drawn::of(reply, Brings::Nothing))
            }
            Self::TaskFailedCharged => {
                let code = [40101, 40400, 50000, 40106][rng.usize(..4)];
                let reply = Reply::failed(code, "the task failed", 0.02);
                let reply = match rng.u32(..3) {
                    0 => reply.edit(|body| body["cost"] = 0.into()),
                    1 => reply.edit(|body| body["tasks"][0]["cost"] = 0.into()),
                    _ => reply,
                };
                Some(Drawn::of(reply, Brings::Nothing))
            }
            _ => None,
        }
    }

    /// Replies that are not charged.
    fn uncharged(self, rng: &mut Rng, call: &Call) -> Option<Drawn> {
        let message = marker(call.number);
        let reply = match self {
            Self::ResetUncharged => Reply::http("200 OK", "").reset(),
            Self::CloseUncharged => Reply::http("200 OK", "").cut_at(0).close(),
            Self::HttpUncharged => {
                let other = ["429 Too Many Requests", "404 Not Found", "503 Busy"];
                let status = match rng.bool() {
                    true => UNKNOWN[rng.usize(..UNKNOWN.len())],
                    false => other[rng.usize(..3)],
                };
                Reply::http(status, &format!("<html>{message}</html>"))
            }
            Self::TaskFailedUncharged => {
                Reply::failed([40400, 40401, 50000][rng.usize(..3)], "failed", 0.0)
            }
            Self::Refused => {
                let code = [40202, 40209][rng.usize(..2)];
                let wait = ["0", "1"][rng.usize(..2)];
                Reply::refused(code, &message).header(&format!("retry-after: {wait}"))
            }
            Self::OutOfFunds => Reply::refused(40210, &message),
            Self::Busy => Reply::refused([50301, 50303][rng.usize(..2)], &message),
            Self::ErrorWithoutCost => {
                Reply::refused(50000, &message).edit(|body| body["cost"] = serde_json::Value::Null)
            }
            _ => return None,
        };
        Some(Drawn::of(reply, Brings::Nothing))
    }
}

impl Drawn {
    pub fn rows(reply: Reply) -> Self {
        Self::of(reply, Brings::Rows)
    }

    pub fn of(reply: Reply, brings: Brings) -> Self {
        Self {
            reply,
            fault: None,
            brings,
            without_row: None,
            has_stray: false,
            has_body: true,
        }
    }

    fn without_body(mut self) -> Self {
        self.has_body = false;
        self
    }
}

/// Rows whose targets are written in another way. If it is the same target by its key, the program
/// must recognize it.
fn other_spelling(rng: &mut Rng, call: &Call) -> Drawn {
    let spellings: [fn(&str) -> String; 6] = [
        str::to_lowercase,
        str::to_uppercase,
        |target| target.replace("bücher", "xn--bcher-kva"),
        |target| target.replace("www.", ""),
        |target| target.trim_end_matches(['/', '.']).to_owned(),
        |target| target.replace('&', "&amp;").replace(' ', "%20"),
    ];
    let spell = spellings[rng.usize(..spellings.len())];
    let is_same = |target: &String| target_key(&spell(target)) == target_key(target);
    let brings = if call.targets.iter().all(is_same) {
        Brings::Rows
    } else {
        Brings::MaybeRows
    };
    Drawn::of(Reply::rows().echo(spell), brings)
}

fn gzipped(reply: Reply, encoding: &str) -> Reply {
    reply
        .encode(gzip)
        .header(&format!("content-encoding: {encoding}"))
}

fn gzip(body: Vec<u8>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&body).unwrap();
    encoder.finish().unwrap()
}
