//! Fuzz targets: what comes from outside, bytes of requests and files of fixtures.
//!
//! `cargo test` runs each for a bounded number of inputs. With `cargo bolero test fuzz::requests`
//! and `cargo bolero test fuzz::fixtures` a fuzzer that sees which code is reached goes on for as
//! long as it is let.

use std::panic::AssertUnwindSafe;
use std::str::FromStr as _;
use std::sync::Arc;

use base64::Engine as _;
use bolero::TypeGenerator;
use dataforseo_models::{Date, RawEnvelope};
use dataforseo_test_support::fuzz;
use serde_json::Value;

use crate::canonical::{MatchRule, canonical, strict_key};
use crate::fault::FaultRule;
use crate::fixture::Fixture;
use crate::generated::ENDPOINTS;
use crate::replay::{Auth, OnMiss, Replay, Request};
use crate::sanitize::{Exchange, Raw, Sanitizer, Secrets};
use crate::session::{Effects, Session};
use crate::store::{Store, position};
use crate::tokens;

/// How many inputs a run of the tests takes.
const INPUTS: u64 = 4000;

/// A change to a text that was well.
#[derive(Debug, TypeGenerator)]
enum Edit {
    Replace(u16, u8),
    Insert(u16, u8),
    Delete(u16, u8),
    /// Something that means something in JSON.
    Put(u16, u8),
    /// A part again, elsewhere.
    Copy(u16, u8, u16),
    Cut(u16),
}

const WORDS: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "1e999",
    "-0.0",
    "@a.bc",
    "\u{1f600}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// A text after a few changes, or after none: with many, nothing of it would be left to look at.
fn edited(text: &str, edits: &[Edit]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let few = edits.len() % 4;
    for edit in &edits[..few] {
        let place = |at: u16| usize::from(at) % (bytes.len() + 1);
        match *edit {
            Edit::Replace(at, byte) => {
                let at = place(at);
                if let Some(old) = bytes.get_mut(at) {
                    *old = byte;
                }
            }
            Edit::Insert(at, byte) => bytes.insert(place(at), byte),
            Edit::Delete(at, count) => {
                let from = place(at);
                let to = (from + usize::from(count)).min(bytes.len());
                bytes.drain(from..to);
            }
            Edit::Put(at, word) => {
                let at = place(at);
                bytes.splice(at..at, WORDS[usize::from(word) % WORDS.len()].bytes());
            }
            Edit::Copy(at, count, to) => {
                let (from, to) = (place(at), place(to));
                let part = bytes[from..]
                    .iter()
                    .take(usize::from(count))
                    .copied()
                    .collect::<Vec<_>>();
                bytes.splice(to..to, part);
            }
            Edit::Cut(at) => bytes.truncate(place(at)),
        }
    }
    bytes
}

/// The way to each value.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(at, it)| (at.to_string(), it))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, it)| (tokens::escaped(key), it))
            .collect(),
        _ => Vec::new(),
    };
    let below = children.into_iter().flat_map(|(step, child)| {
        pointers(child)
            .into_iter()
            .map(move |rest| format!("/{step}{rest}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}

fn replay(store: Store, on_miss: OnMiss) -> Replay {
    Replay {
        store: Arc::new(store),
        auth: Auth::Any,
        clock: Arc::new(|| Date::constant(2026, 3, 31)),
        on_miss,
    }
}

fn embedded(number: u16) -> (&'static str, &'static str) {
    let mut all = ENDPOINTS.iter().flat_map(|line| line.fixtures).cycle();
    all.nth(usize::from(number) % 1000)
        .copied()
        .unwrap_or_default()
}

const FAULTS: [&str; 8] = [
    "** task:40501@1",
    "** hidden_task:50000",
    "** no_result",
    "** pending:1",
    "** proxy:502",
    "** api:40202",
    "** http:500",
    "** latency:1",
];

/// Whatever is asked, the answer is whole: the API's form, or a fixture's own bytes.
#[test]
fn requests() {
    // What a panic leaves behind is not looked at again.
    let modes = [OnMiss::Error, OnMiss::Example];
    let modes = AssertUnwindSafe(modes.map(|it| replay(Store::empty(true), it)));
    fuzz!(
        INPUTS,
        (u16, Vec<Edit>, Vec<Edit>, Vec<Edit>, u8, bool),
        |(fixture, path, body, authorization, fault, example)| {
            let known: Value = serde_json::from_str(embedded(*fixture).1).unwrap();
            let method = known["request"]["method"].as_str().unwrap();
            let path = edited(known["request"]["path"].as_str().unwrap(), path);
            let path = String::from_utf8_lossy(&path);
            let body = edited(&known["request"]["body"].to_string(), body);
            let authorization = edited("Basic bG9naW46cGFzc3dvcmQ=", authorization);
            let authorization = String::from_utf8_lossy(&authorization);
            if let Some(key) = strict_key(&path, &body) {
                let value: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(key, MatchRule::default().key(&path, &value));
            }
            let request = Request {
                method,
                path: &path,
                at: position(path.trim_end_matches('/')),
                authorization: Some(&authorization),
                encoding: None,
                body: &body,
            };
            let session = Session::dry();
            let mut effects = Effects::default();
            // A fault in every other call.
            if let Some(rule) = FAULTS.get(usize::from(*fault) % (2 * FAULTS.len())) {
                session.rule(FaultRule::from_str(rule).unwrap());
                effects = session.effects(method, &path);
            }
            let reply = modes[usize::from(*example)].answer(&session, &request, &effects);
            assert!((200..=599).contains(&reply.status));
            let proxied = effects
                .fault
                .is_some_and(|fault| fault.to_string() == "proxy:502");
            assert!(proxied || RawEnvelope::parse(&reply.body).is_ok());
            for miss in session.misses() {
                assert!(!miss.to_string().contains("bG9naW46"));
                assert!(miss.nearest.len() <= 3);
            }
        }
    );
}

const SECRET: &str = "s3cr3t/p+ss=wörd";

/// The secret as it may be found in an answer.
fn spelled(way: u8) -> String {
    let standard = base64::engine::general_purpose::STANDARD;
    let percent = |text: &str, plain: &[u8]| -> String {
        let byte = |byte: u8| match plain.contains(&byte) || byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02x}"),
        };
        text.bytes().map(byte).collect()
    };
    match way % 6 {
        0 => SECRET.to_owned(),
        1 => percent(SECRET, b""),
        2 => percent(SECRET, b"/=")
            .to_uppercase()
            .replace("S3CR3T", "s3cr3t"),
        3 => percent(&percent(SECRET, b""), b""),
        4 => standard.encode(format!("login:{SECRET}")),
        _ => standard.encode(format!("{}{SECRET}z", "x".repeat(usize::from(way) % 5))),
    }
}

/// Whatever the answer and wherever a secret is in it, a recording that is made has none, and is
/// JSON of the same shape.
#[test]
fn recordings() {
    let secrets = Secrets::of(&format!("somebody:{SECRET}")).unwrap();
    fuzz!(INPUTS, (u16, Vec<Edit>, u16, u8, bool, bool), |(
        number,
        edits,
        place,
        way,
        escape,
        hide,
    )| {
        let (_, text) = embedded(*number);
        let fixture = Fixture::parse("file.json", text).unwrap();
        let body = fixture.first().unwrap().body().clone();
        let Ok(text) = String::from_utf8(edited(std::str::from_utf8(&body).unwrap(), edits)) else {
            return;
        };
        // Into the string that is the so-manieth, key or value.
        let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at + 1).collect();
        let (Some(at), true) = (quotes.get(usize::from(*place) % quotes.len().max(1)), *hide)
        else {
            return clean(&secrets, &text, &fixture, false);
        };
        let spelled = match *escape {
            true => spelled(*way)
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect(),
            false => spelled(*way),
        };
        let text = [&text[..*at], &spelled, &text[*at..]].concat();
        clean(&secrets, &text, &fixture, true);
    });
}

fn clean(secrets: &Secrets, text: &str, fixture: &Fixture, hidden: bool) {
    let Ok(before) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let raw = Raw::new(Exchange {
        method: fixture.method.clone(),
        path: fixture.path.clone(),
        request: None,
        status: 200,
        headers: Vec::new(),
        body: text.to_owned(),
    });
    match Sanitizer::default().clean(raw, secrets) {
        Ok(clean) => {
            let after: Value = serde_json::from_str(&clean.get().body).unwrap();
            let (before, after) = (pointers(&before).len(), pointers(&after).len());
            // Two keys that become one are the only thing that may be lost.
            assert!(after <= before);
            let text = clean.get().body.to_lowercase();
            for part in ["s3cr3t", "czncm3q", "zm2nyznr"] {
                assert!(!hidden || !text.contains(part), "{part}: {text}");
            }
        }
        Err(reason) => {
            assert!(hidden, "{reason}: {text}");
            assert!(!reason.contains("s3cr3t"), "{reason}");
        }
    }
}

/// A file is a fixture that answers its own request, or an error that names the file.
#[test]
fn fixtures() {
    fuzz!(INPUTS, (u16, Vec<Edit>, u16, bool, Vec<Edit>), |(
        number,
        edits,
        place,
        below,
        pointer,
    )| {
        let (_, text) = embedded(*number);
        let Ok(text) = String::from_utf8(edited(text, edits)) else {
            return;
        };
        let fixture = match Fixture::parse("file.json", &text) {
            Ok(fixture) => fixture,
            Err(error) => {
                assert!(error.to_string().starts_with("file.json: "), "{error}");
                return;
            }
        };
        let body = fixture
            .first()
            .map(|it| it.body().clone())
            .unwrap_or_default();
        let json = std::str::from_utf8(&body).unwrap();
        assert_eq!(tokens::compact(json), json);
        assert_eq!(tokens::compact(&tokens::layout(json, 0)), json);
        assert_eq!(tokens::rewrite(json, |_, _| None), json);
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        let all = pointers(&value);
        let one = &all[usize::from(*place) % all.len()];
        let pointer = edited(
            &format!("{one}{}", if *below { "/new" } else { "" }),
            pointer,
        );
        if let Ok(changed) = tokens::set(json, &String::from_utf8_lossy(&pointer), "[1.0]") {
            let parsed = serde_json::from_str::<serde::de::IgnoredAny>(&changed);
            assert!(parsed.is_ok(), "{changed}");
        }
        let text = canonical(&fixture.request);
        let again: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(canonical(&again), text);
        let (method, path) = (fixture.method.clone(), fixture.path.clone());
        let sent = fixture.request.to_string();
        let status = fixture.first().map_or(0, |it| it.status);
        let mut store = Store::empty(false);
        if store.add(fixture).is_err() {
            return;
        }
        let request = Request {
            method: &method,
            path: &path,
            at: position(&path),
            authorization: Some("Basic YTpi"),
            encoding: None,
            body: sent.as_bytes(),
        };
        let reply =
            replay(store, OnMiss::Error).answer(&Session::dry(), &request, &Effects::default());
        assert_eq!((reply.status, reply.body), (status, body));
    });
}
