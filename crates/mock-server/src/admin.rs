//! The routes under `/__mock/`: what is asked of the server itself, and not of the API.
//!
//! `health` is always there. The others are there when the server was told so, and for this machine
//! only. Behind a session's base path they are about that session.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::Reply;
use crate::fault::FaultRule;
use crate::server::{Shared, dry_run};
use crate::session::Session;

/// A request as `match` takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dry {
    #[serde(default = "post")]
    method: String,
    path: String,
    #[serde(default)]
    body: Value,
}

fn post() -> String {
    "POST".to_owned()
}

/// The answer to a request to `/__mock/ROUTE`.
pub(crate) fn answer(
    shared: &Shared,
    session: &Session,
    local: bool,
    method: &str,
    route: &str,
    body: &Bytes,
) -> Reply {
    if (method, route) == ("GET", "health") {
        return health(shared);
    }
    if !shared.settings.admin {
        return wrong(
            403,
            "the admin routes are off; `--admin` or `Builder::admin` turns them on",
        );
    }
    if !local {
        return wrong(403, "the admin routes are for this machine only");
    }
    let (route, rest) = route.split_once('/').unwrap_or((route, ""));
    match (method, route, rest) {
        ("POST", "match", "") => match serde_json::from_slice(body) {
            Ok(request) => matched(shared, &request),
            Err(error) => wrong(400, &format!("expected {{\"path\", \"body\"}}: {error}")),
        },
        ("GET", "fixtures", "") => {
            let replay = shared.replay();
            let mut names: Vec<Value> = replay
                .store
                .own()
                .map(|it| json!({"name": it.name, "method": it.method, "path": it.path}))
                .collect();
            names.sort_by_key(|it| it["name"].to_string());
            show(&names)
        }
        ("GET", "unused", "") => show(&unused(shared)),
        ("GET", "journal", "") => show(&session.journal.calls()),
        ("DELETE", "journal", "") => {
            session.journal.clear();
            done()
        }
        ("GET", "misses", "") => show(&session.misses()),
        ("GET", "misses", number) => {
            let misses = session.misses();
            match misses.iter().find(|miss| miss.number.to_string() == number) {
                Some(miss) => show(miss),
                None => wrong(404, "there is no such miss, or it is no longer kept"),
            }
        }
        ("GET", "faults", "") => show(&session.rules()),
        ("POST", "faults", "") => {
            let text = String::from_utf8_lossy(body);
            let rules: Result<Vec<FaultRule>, _> = text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(str::parse)
                .collect();
            match rules {
                Ok(rules) => {
                    rules.into_iter().for_each(|rule| session.rule(rule));
                    show(&session.rules())
                }
                Err(error) => wrong(400, &error.to_string()),
            }
        }
        ("DELETE", "faults", "") => {
            session.clear_rules();
            done()
        }
        ("POST", "reset", "") => {
            session.reset(&shared.settings.rules);
            done()
        }
        ("POST", "reload", "") => match shared.reload() {
            Ok(()) => health(shared),
            Err(error) => wrong(422, &format!("the fixtures from before stay: {error}")),
        },
        _ => wrong(
            404,
            "there are GET health, fixtures, unused, journal, misses, misses/N, faults; \
             POST match, faults, reset, reload; DELETE journal, faults",
        ),
    }
}

/// The server's own fixtures that answered nothing yet.
pub(crate) fn unused(shared: &Shared) -> Vec<String> {
    let replay = shared.replay();
    let mut names: Vec<String> = replay
        .store
        .own()
        .filter(|it| !it.is_used())
        .map(|it| it.name.clone())
        .collect();
    names.sort();
    names
}

fn health(shared: &Shared) -> Reply {
    show(&json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "fixtures": shared.replay().store.len(),
    }))
}

fn matched(shared: &Shared, request: &Dry) -> Reply {
    let body = match &request.body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let reply = dry_run(shared, &request.method, &request.path, body.as_bytes());
    show(&json!({
        "status": reply.status,
        "source": String::from_utf8_lossy(reply.source.as_bytes()),
        "detail": reply.detail,
        "miss": reply.misses.first(),
    }))
}

fn show(value: &impl Serialize) -> Reply {
    let body = serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    Reply::new(200, body, "admin")
}

fn done() -> Reply {
    show(&json!({"status": "ok"}))
}

fn wrong(status: u16, message: &str) -> Reply {
    Reply {
        status,
        ..show(&json!({"status": "error", "message": message}))
    }
}
