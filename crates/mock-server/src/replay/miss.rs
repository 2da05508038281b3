//! Misses: requests that no fixture, rule or example covers.

use std::borrow::Cow;

use dataforseo_models::StatusCode;
use serde_json::Value;

use super::request::{ApiRequest, ParsedRequest, shown_path};
use super::response::MockResponse;
use crate::fixtures::{Fixture, Store};
use crate::matching::{count_differences, differences};
use crate::redact::redact;
use crate::session::{MAX_DIFFERENCES, MAX_NEAREST, Miss, MissReason, NearestFixture, Session};

/// The longest body in the command that records a request, in bytes.
const MAX_COMMAND_BODY: usize = 2000;

/// The maximum length of a method, in characters.
const MAX_METHOD: usize = 32;

/// The advice for a fixture whose responses were all sent.
pub(super) const REPEAT_ADVICE: &str =
    "set `\"after\": \"repeat_last\"` in the fixture to repeat the last one";

/// Returns the message for a fixture whose responses were all sent.
pub(super) fn all_sent(fixture: &Fixture) -> String {
    let count = fixture.responses.len();
    format!("all {count} responses of {} were sent", fixture.name)
}

/// Returns the response to a request that is a miss without a look at fixtures.
pub(super) fn request_miss(
    session: &Session,
    request: &ApiRequest<'_>,
    reason: MissReason,
    message: String,
) -> MockResponse {
    let miss = Miss {
        number: 0,
        method: request.method.chars().take(MAX_METHOD).collect(),
        path: shown_path(request.path),
        reason,
        message,
        nearest: Vec::new(),
        record_command: None,
    };
    miss_response(session, miss)
}

/// Adds a miss to the session. Returns the response to it.
pub(super) fn miss_response(session: &Session, miss: Miss) -> MockResponse {
    let source = match miss.reason {
        MissReason::UnknownPath | MissReason::Method => "path",
        _ => "miss",
    };
    let detail = miss.message.clone();
    MockResponse {
        misses: vec![session.add_miss(miss)],
        ..MockResponse::mock_error(404, StatusCode::NotFound, source, detail)
    }
}

/// Returns the miss of some tasks, with the nearest fixtures.
pub(super) fn build_miss(store: &Store, request: &ParsedRequest<'_>, tasks: &Value) -> Miss {
    let tasks = redact(tasks.clone());
    let method = request.endpoint.info().method.as_str();
    let nearest = nearest_fixtures(store, request, &tasks);
    let (reason, message) = match nearest.first() {
        None => (
            MissReason::NoFixture,
            format!("no fixture for {}", shown_path(request.path)),
        ),
        Some(nearest) => (MissReason::RequestDiffers, nearest.message()),
    };
    Miss {
        number: 0,
        method: method.to_owned(),
        path: shown_path(request.path),
        reason,
        message,
        nearest,
        record_command: Some(record_command(method, request.path, &tasks)),
    }
}

fn nearest_fixtures(
    store: &Store,
    request: &ParsedRequest<'_>,
    tasks: &Value,
) -> Vec<NearestFixture> {
    let candidates = store
        .of(request.endpoint)
        .filter(|fixture| !tasks.is_null() || fixture.path == request.path);
    // Counting is cheaper than listing, and there can be many fixtures: only the nearest are
    // compared in full.
    let mut counted: Vec<(usize, &Fixture)> = candidates
        .map(|fixture| {
            let (theirs, ours) = compared_parts(fixture, tasks);
            let count = count_differences(Some(&theirs), Some(&ours));
            (count, fixture.as_ref())
        })
        .collect();
    counted.sort_by(|(a, first), (b, second)| a.cmp(b).then(first.name.cmp(&second.name)));
    counted.truncate(MAX_NEAREST);
    counted
        .into_iter()
        .map(|(difference_count, fixture)| {
            let (theirs, ours) = compared_parts(fixture, tasks);
            NearestFixture {
                fixture: fixture.name.clone(),
                differences: differences(&theirs, &ours, MAX_DIFFERENCES),
                difference_count,
            }
        })
        .collect()
}

/// Returns the tasks of a fixture and of a request, without the parts that the fixture ignores.
fn compared_parts<'a>(fixture: &'a Fixture, tasks: &'a Value) -> (Cow<'a, Value>, Cow<'a, Value>) {
    if fixture.rule.is_strict() {
        (Cow::Borrowed(&fixture.request), Cow::Borrowed(tasks))
    } else {
        let theirs = fixture.rule.apply(&fixture.request);
        (Cow::Owned(theirs), Cow::Owned(fixture.rule.apply(tasks)))
    }
}

/// Returns the command that records a request, quoted for a shell. A part that cannot be quoted is
/// replaced by the word `PATH` or `BODY`.
fn record_command(method: &str, path: &str, tasks: &Value) -> String {
    let quoted = |text: &str| (!text.contains('\'')).then(|| format!(" '{text}'"));
    let unquoted = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-.".contains(&byte);
    let path = shown_path(path);
    let path = if path.bytes().all(unquoted) {
        format!(" {path}")
    } else {
        quoted(&path).unwrap_or_else(|| " PATH".to_owned())
    };
    let body = match tasks {
        Value::Null => String::new(),
        tasks => {
            let text = tasks.to_string();
            let short = Some(text).filter(|text| text.len() <= MAX_COMMAND_BODY);
            short
                .and_then(|text| quoted(&text))
                .unwrap_or_else(|| " BODY".to_owned())
        }
    };
    format!("dataforseo-mock-server record --to FOLDER {method}{path}{body}")
}
