//! Fuzz targets for input from outside: bytes of requests, responses and fixture files.
//!
//! `cargo test` runs each with a limited number of inputs. `cargo bolero test fuzz::requests` and
//! `cargo bolero test fuzz::fixtures` run a coverage-guided fuzzer without a limit.

use std::panic::AssertUnwindSafe;
use std::str::FromStr as _;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use bolero::TypeGenerator;
use dataforseo_models::{Date, RawEnvelope};
use dataforseo_test_support::fuzz;
use serde_json::Value;

use crate::endpoints::{self, EndpointIndex};
use crate::fixtures::{Embedded, Fixture, Store};
use crate::json::tokens;
use crate::matching::{MatchRule, canonical, strict_key};
use crate::record::{Exchange, Sanitizer, Secrets};
use crate::redact::Raw;
use crate::replay::{AcceptedCredentials, ApiRequest, OnMiss, Replay};
use crate::session::{Effects, FaultRule, Session};
use crate::synthetic::SyntheticFixture;

/// The number of inputs per target in `cargo test`.
const INPUTS: u64 = 4000;

/// A change of a valid text.
#[derive(Debug, TypeGenerator)]
enum Edit {
    Replace(u16, u8),
    Insert(u16, u8),
    Delete(u16, u8),
    /// Inserts one of [`WORDS`].
    InsertWord(u16, u8),
    /// Copies a part to another place.
    Copy(u16, u8, u16),
    Cut(u16),
}

/// Texts with a meaning in JSON.
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

/// Returns a text after at most three changes: after many, it would be rejected early.
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
            Edit::InsertWord(at, word) => {
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

/// Returns the pointer to each value.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(at, it)| (at.to_string(), it))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, it)| (tokens::escape_step(key), it))
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
        credentials: AcceptedCredentials::Any,
        clock: Arc::new(|| Date::constant(2026, 3, 31)),
        on_miss,
    }
}

/// Returns the text of an embedded fixture, or of a synthetic one.
fn embedded(number: u16) -> &'static str {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| {
        let files = endpoints::embedded_fixtures().map(|(_, text)| (*text).to_owned());
        let synthetic = EndpointIndex::all().flat_map(SyntheticFixture::of);
        let synthetic = synthetic.map(|fixture| fixture.text(Date::constant(2026, 3, 31)));
        files.chain(synthetic).collect()
    });
    &ALL[usize::from(number) % 1000 % ALL.len()]
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

/// Every request gets a complete response: a DataForSEO response, or the bytes of a fixture.
#[test]
fn requests() {
    // The state is not used after a panic.
    let modes = [OnMiss::Error, OnMiss::Example];
    let modes = AssertUnwindSafe(modes.map(|it| replay(Store::new(Embedded::Included), it)));
    fuzz!(
        INPUTS,
        (u16, Vec<Edit>, Vec<Edit>, Vec<Edit>, u8, bool),
        |(fixture, path, body, authorization, fault, example)| {
            let known: Value = serde_json::from_str(embedded(*fixture)).unwrap();
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
            let request = ApiRequest {
                method,
                path: &path,
                endpoint: endpoints::find(path.trim_end_matches('/')),
                authorization: Some(&authorization),
                content_encoding: None,
                body: &body,
            };
            let session = Session::dry_run();
            let mut effects = Effects::default();
            // Half of the calls have a fault.
            if let Some(rule) = FAULTS.get(usize::from(*fault) % (2 * FAULTS.len())) {
                session.add_rule(FaultRule::from_str(rule).unwrap());
                effects = session.effects(method, &path);
            }
            let response = modes[usize::from(*example)].respond(&session, &request, &effects);
            assert!((200..=599).contains(&response.status));
            let proxied = effects
                .fault
                .is_some_and(|fault| fault.to_string() == "proxy:502");
            assert!(proxied || RawEnvelope::parse(&response.body).is_ok());
            for miss in session.misses() {
                assert!(!miss.to_string().contains("bG9naW46"));
                assert!(miss.nearest.len() <= 3);
            }
        }
    );
}

const SECRET: &str = "s3cr3t/p+ss=wörd";

/// Returns the secret in one of the encodings that a response may contain.
fn encoded(way: u8) -> String {
    let standard = base64::engine::general_purpose::STANDARD;
    let percent = |text: &str, plain: &[u8]| -> String {
        let byte = |byte: u8| {
            if plain.contains(&byte) || byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02x}")
            }
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

/// A recording contains no secret, wherever the response has one, and is JSON of the same shape.
#[test]
fn recordings() {
    let secrets = Secrets::of(&format!("somebody:{SECRET}")).unwrap();
    fuzz!(INPUTS / 4, (u16, Vec<Edit>, u16, u8, bool, bool), |(
        number,
        edits,
        place,
        way,
        escape,
        hide,
    )| {
        let text = embedded(*number);
        let fixture = Fixture::parse("file.json", text).unwrap();
        let body = fixture.first().unwrap().body().clone();
        let Ok(text) = String::from_utf8(edited(std::str::from_utf8(&body).unwrap(), edits)) else {
            return;
        };
        // The secret goes into any string, a key or a value.
        let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at + 1).collect();
        let (Some(at), true) = (quotes.get(usize::from(*place) % quotes.len().max(1)), *hide)
        else {
            return clean(&secrets, &text, &fixture, Secret::Absent);
        };
        let mut encoded = encoded(*way);
        if *escape {
            let units = encoded.encode_utf16();
            encoded = units.map(|unit| format!("\\u{unit:04x}")).collect();
        }
        let text = [&text[..*at], &encoded, &text[*at..]].concat();
        clean(&secrets, &text, &fixture, Secret::Present);
    });
}

/// Whether the text of a response contains the secret.
#[derive(Clone, Copy, PartialEq)]
enum Secret {
    Absent,
    Present,
}

fn clean(secrets: &Secrets, text: &str, fixture: &Fixture, secret: Secret) {
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
            // Only two keys with the same pseudonym may become one.
            assert!(after <= before);
            let text = clean.get().body.to_lowercase();
            for part in ["s3cr3t", "czncm3q", "zm2nyznr"] {
                assert!(
                    secret == Secret::Absent || !text.contains(part),
                    "{part}: {text}"
                );
            }
        }
        Err(reason) => {
            assert!(secret == Secret::Present, "{reason}: {text}");
            assert!(!reason.contains("s3cr3t"), "{reason}");
        }
    }
}

const LOGIN: &str = "jane.roe@agency.example";
const URL_WITH_KEY: &str = "https://jane:pw12@a.example/?q=1&api_key=k3yv4lue";

/// A secret in a text, and the part of the text that reveals it.
#[derive(Clone)]
struct Hidden {
    text: String,
    core: String,
}

impl Hidden {
    /// Encodes the text. The core is then the part that depends on the former core only.
    fn encode(self, encoding: u8, before: &str, after: &str) -> Self {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

        let text = format!("{before}{}{after}", self.text);
        let characters = |text: &str, write: &dyn Fn(char) -> String| -> String {
            text.chars().map(write).collect()
        };
        let plain = |c: char| c.is_ascii_alphanumeric();
        let bytes = |c: char, write: &dyn Fn(u8) -> String| -> String {
            c.to_string().bytes().map(write).collect()
        };
        let encode: &dyn Fn(&str) -> String = match encoding % 12 {
            0 => &|text| characters(text, &|c| bytes(c, &|byte| format!("%{byte:02x}"))),
            1 => &|text| {
                characters(text, &|c| match plain(c) {
                    true => c.to_string(),
                    false => bytes(c, &|byte| format!("%{byte:02X}")),
                })
            },
            2 => &|text| {
                characters(text, &|c| match c {
                    '&' => "&amp;".to_owned(),
                    '/' => "&sol;".to_owned(),
                    '+' => "&plus;".to_owned(),
                    '=' => "&equals;".to_owned(),
                    ':' => "&colon;".to_owned(),
                    '@' => "&commat;".to_owned(),
                    'ö' => "&ouml;".to_owned(),
                    c => c.to_string(),
                })
            },
            3 => &|text| characters(text, &|c| format!("&#{};", u32::from(c))),
            4 => &|text| characters(text, &|c| format!("&#x{:X};", u32::from(c))),
            5 => &|text| {
                Value::from(text)
                    .to_string()
                    .trim_matches('"')
                    .replace('/', "\\/")
            },
            6 => &|text| characters(text, &|c| format!("\\u{:04x}", u32::from(c))),
            7 => &|text| characters(text, &|c| bytes(c, &|byte| format!("{byte:02x}"))),
            8 => &|text| characters(text, &|c| bytes(c, &|byte| format!("{byte:02X}"))),
            encoding => {
                let encode = |text: &str| match encoding {
                    9 | 11 => STANDARD.encode(text),
                    _ => URL_SAFE_NO_PAD.encode(text),
                };
                let start = text.len() - after.len() - self.text.len();
                let core = start + self.text.find(&self.core).unwrap();
                let (from, to) = ((core * 8).div_ceil(6), (core + self.core.len()) * 8 / 6);
                let whole = encode(&text);
                // Two characters per line break.
                let (text, from, to) = match encoding {
                    11 => (
                        whole
                            .as_bytes()
                            .chunks(20)
                            .map(String::from_utf8_lossy)
                            .collect::<Vec<_>>()
                            .join("\r\n"),
                        from + from / 20 * 2,
                        to + (to - 1) / 20 * 2,
                    ),
                    _ => (whole, from, to),
                };
                return Self {
                    core: text[from..to].to_owned(),
                    text,
                };
            }
        };
        Self {
            core: encode(&self.core),
            text: encode(&text),
        }
    }
}

/// Returns text to put around a secret.
fn filler(bytes: &[u8]) -> String {
    const FILLER: &[u8] = b"abcdefABCDEF0123456789xyz .,/_-=:";
    let bytes = bytes.iter().take(9);
    bytes
        .map(|byte| char::from(FILLER[usize::from(*byte) % FILLER.len()]))
        .collect()
}

/// A secret is replaced in a response and refused in a request, in every encoding, also of
/// encodings in each other, and anywhere in a longer text.
#[test]
fn secrets_in_every_encoding() {
    let pair = format!("{LOGIN}:{SECRET}");
    let secrets = Secrets::of(&pair).unwrap();
    let header = {
        let encoded = base64::engine::general_purpose::STANDARD.encode(&pair);
        format!("Authorization: Basic {encoded}")
    };
    let secret = |kind: u8| match kind % 5 {
        0 => SECRET,
        1 => &pair,
        2 => &header,
        3 => URL_WITH_KEY,
        _ => LOGIN,
    };
    fuzz!(
        INPUTS / 10,
        (u8, Vec<(u8, Vec<u8>, Vec<u8>)>, u16, bool),
        |(kind, ways, number, as_key)| {
            let text = secret(*kind).to_owned();
            let core = match text.as_str() {
                URL_WITH_KEY => "k3yv4lue".to_owned(),
                _ => text.clone(),
            };
            let mut hidden = Hidden { text, core };
            for (encoding, before, after) in ways.iter().take(3) {
                // A key in a URL has its own surroundings.
                let (before, after) = match secret(*kind) {
                    URL_WITH_KEY => (
                        format!("{} ", filler(before)),
                        format!(" {}", filler(after)),
                    ),
                    _ => (filler(before), filler(after)),
                };
                hidden = hidden.encode(*encoding, &before, &after);
            }
            let Hidden { text, core } = hidden;
            let body = match as_key {
                true => serde_json::json!({"tasks": [{ &text: 1 }]}),
                false => serde_json::json!({"tasks": [{"x": [&text, 1.5]}]}),
            };
            let fixture = embedded(*number);
            let fixture = Fixture::parse("file.json", fixture).unwrap();
            let raw = Raw::new(Exchange {
                method: "GET".to_owned(),
                path: fixture.path.clone(),
                request: None,
                status: 200,
                headers: vec![("x".to_owned(), text.clone())],
                body: body.to_string(),
            });
            let clean = Sanitizer::default().clean(raw, &secrets);
            let clean = clean.unwrap_or_else(|reason| panic!("{reason}: {text}"));
            let body: Value = serde_json::from_str(&clean.get().body).unwrap();
            let written = body.to_string();
            let core = Value::from(core).to_string();
            let core = core.trim_matches('"');
            assert!(
                core.len() < 4 || !written.contains(core),
                "{core}: {written}"
            );
            assert!(
                !written.contains(Value::from(text.clone()).to_string().trim_matches('"')),
                "{written}"
            );
            assert!(!clean.get().headers[0].1.contains(&text), "{text}");
            // An address has a pseudonym in requests, and a key in a URL a placeholder.
            if kind % 5 < 3 {
                let tasks = serde_json::json!([{"tag": text}]).to_string();
                let refused = Sanitizer::default().request("/v3/x", Some(&tasks), &secrets);
                let reason = refused.err().unwrap_or_else(|| panic!("sent: {text}"));
                assert!(reason.ends_with("at /request/body/0/tag"), "{reason}");
            }
        }
    );
}

/// A file is a fixture that matches its own request, or an error that names the file.
#[test]
fn fixtures() {
    fuzz!(INPUTS, (u16, Vec<Edit>, u16, bool, Vec<Edit>), |(
        number,
        edits,
        place,
        below,
        pointer,
    )| {
        let text = embedded(*number);
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
        let mut store = Store::new(Embedded::Excluded);
        if store.add(fixture).is_err() {
            return;
        }
        let request = ApiRequest {
            method: &method,
            path: &path,
            endpoint: endpoints::find(&path),
            authorization: Some("Basic YTpi"),
            content_encoding: None,
            body: sent.as_bytes(),
        };
        let replay = replay(store, OnMiss::Error);
        let response = replay.respond(&Session::dry_run(), &request, &Effects::default());
        assert_eq!((response.status, response.body), (status, body));
    });
}
