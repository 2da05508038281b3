//! The routes under `/__mock/`: requests to the server itself instead of the API.
//!
//! `health` is always on. The other routes require `Builder::admin` and a program on this machine,
//! or the token.
//! Behind a session's base path they act on that session.

use bytes::Bytes;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::access::{TOKEN_HEADER, check_local};
use super::peer::Peer;
use super::state::{ServerState, Settings};
use crate::replay::MockResponse;
use crate::session::{FaultRule, Session};

/// The routes, for the response to an unknown one.
const ROUTES: &str = "the routes are GET health, fixtures, unused_fixtures, request_log, misses, \
                      misses/N, faults; POST match, faults, reset, reload; DELETE request_log, \
                      faults";

/// The maximum length of a rule, in bytes.
const MAX_RULE: usize = 4096;

/// A request to `/__mock/ROUTE`.
pub(super) struct AdminRequest<'a> {
    method: &'a str,
    route: &'a str,
    body: &'a Bytes,
}

impl<'a> AdminRequest<'a> {
    pub(super) fn new(head: &'a Parts, route: &'a str, body: &'a Bytes) -> Self {
        Self {
            method: head.method.as_str(),
            route,
            body,
        }
    }
}

/// The body of `POST match`: the request to try.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrialRequest {
    #[serde(default = "post")]
    method: String,
    path: String,
    #[serde(default)]
    body: Value,
}

fn post() -> String {
    "POST".to_owned()
}

/// Returns the response to a request that may not use the admin routes. Its body is not read.
pub(super) fn refuse(
    settings: &Settings,
    peer: Peer,
    head: &Parts,
    route: &str,
) -> Option<MockResponse> {
    if is_health(head.method.as_str(), route) {
        return None;
    }
    if !settings.admin {
        return Some(error(
            403,
            "the admin routes are off: turn them on with `--admin` or `Builder::admin`",
        ));
    }
    let access = match &settings.token {
        Some(token) if token.is_in(head) => Ok(()),
        Some(_) => Err(format!(
            "this admin route requires the token: send it as the header `{TOKEN_HEADER}`"
        )),
        None => check_local(head, peer, "this admin route"),
    };
    access.err().map(|reason| error(403, &reason))
}

fn is_health(method: &str, route: &str) -> bool {
    (method, route) == ("GET", "health")
}

/// Responds to an admin request that was not refused.
pub(super) fn respond(
    state: &ServerState,
    session: &Session,
    request: &AdminRequest<'_>,
) -> MockResponse {
    if is_health(request.method, request.route) {
        return health(state);
    }
    let route = request.route.strip_suffix('/').unwrap_or(request.route);
    match request.method {
        "GET" => get(state, session, route),
        "POST" => post_to(state, session, route, request.body),
        "DELETE" => delete(session, route),
        _ => error(404, ROUTES),
    }
}

fn get(state: &ServerState, session: &Session, route: &str) -> MockResponse {
    match route.split_once('/').unwrap_or((route, "")) {
        ("fixtures", "") => fixtures(state),
        ("unused_fixtures", "") => json(&state.unused_fixtures()),
        ("request_log", "") => json(&session.request_log.requests()),
        ("misses", "") => json(&session.misses()),
        ("misses", number) => miss(session, number),
        ("faults", "") => json(&session.rules()),
        _ => error(404, ROUTES),
    }
}

fn post_to(state: &ServerState, session: &Session, route: &str, body: &Bytes) -> MockResponse {
    match route {
        "match" => match serde_json::from_slice(body) {
            Ok(request) => try_match(state, &request),
            Err(reason) => error(400, &format!("expected {{\"path\", \"body\"}}: {reason}")),
        },
        "faults" => add_faults(session, body),
        "reset" => {
            session.reset(&state.settings.rules);
            ok()
        }
        "reload" => match state.reload() {
            Ok(()) => health(state),
            Err(reason) => error(
                422,
                &format!("not reloaded, the current fixtures stay: {reason}"),
            ),
        },
        _ => error(404, ROUTES),
    }
}

fn delete(session: &Session, route: &str) -> MockResponse {
    match route {
        "request_log" => session.request_log.clear(),
        "faults" => session.clear_rules(),
        _ => return error(404, ROUTES),
    }
    ok()
}

fn health(state: &ServerState) -> MockResponse {
    json(&json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "fixtures": state.replay().store.len(),
    }))
}

fn fixtures(state: &ServerState) -> MockResponse {
    let replay = state.replay();
    let mut names: Vec<Value> = replay
        .store
        .own()
        .map(|it| json!({"name": it.name, "method": it.method, "path": it.path}))
        .collect();
    names.sort_by_key(|it| it["name"].to_string());
    json(&names)
}

fn miss(session: &Session, number: &str) -> MockResponse {
    let misses = session.misses();
    match misses.iter().find(|it| it.number.to_string() == number) {
        Some(miss) => json(miss),
        None => error(
            404,
            &format!("no miss has the number {number}, or it was dropped for newer ones"),
        ),
    }
}

fn add_faults(session: &Session, body: &Bytes) -> MockResponse {
    let text = String::from_utf8_lossy(body);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    if let Some(long) = lines.clone().find(|line| line.len() > MAX_RULE) {
        let length = long.len();
        return error(
            400,
            &format!("a rule has {length} bytes: at most {MAX_RULE} are allowed"),
        );
    }
    let rules: Result<Vec<FaultRule>, _> = lines.map(str::parse).collect();
    match rules {
        Ok(rules) => match session.try_add_rules(rules) {
            Ok(()) => json(&session.rules()),
            Err(reason) => error(429, &reason),
        },
        Err(reason) => error(400, &reason.to_string()),
    }
}

/// Reports the response that a request would get. Changes nothing.
fn try_match(state: &ServerState, request: &TrialRequest) -> MockResponse {
    let body = match &request.body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let replay = state.replay();
    let response = replay.dry_run(&request.method, &request.path, body.as_bytes());
    json(&json!({
        "status": response.status,
        "source": String::from_utf8_lossy(response.source.as_bytes()),
        "detail": response.detail,
        "miss": response.misses.first(),
    }))
}

fn json(value: &impl Serialize) -> MockResponse {
    let body = serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    MockResponse::new(200, body, "admin")
}

fn ok() -> MockResponse {
    json(&json!({"status": "ok"}))
}

pub(super) fn error(status: u16, message: &str) -> MockResponse {
    MockResponse {
        status,
        ..json(&json!({"status": "error", "message": message}))
    }
}
