//! Removal of secrets and account data from an exchange before it is written.
//!
//! In addition to `redact`, identifiers of tasks and each `search_after_token` get pseudonyms. Later
//! requests get them too, so a post and the call that fetches its result still belong together.
//! Amounts of money on the account become 0. Finally the text is searched for the credentials, in
//! every encoding that they are known to appear in.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::digest::hex_digest;
use crate::json::tokens::{self, Leaf, PathStep};
use crate::matching::canonical;
use crate::redact::{Raw, placeholder, redact_emails};

/// A request and its response, as text.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The tasks as JSON; `None` for a GET.
    pub(crate) request: Option<String>,
    pub(crate) status: u16,
    /// The headers that a fixture keeps.
    pub(crate) headers: Vec<(String, String)>,
    /// JSON.
    pub(crate) body: String,
}

/// A value that a [`Sanitizer`] has cleaned. Only it can create one.
pub(crate) struct Clean<T>(T);

impl<T> Clean<T> {
    pub(crate) fn get(&self) -> &T {
        &self.0
    }
}

/// A secret in a JSON text.
pub(crate) struct FoundSecret {
    /// The place, as a JSON pointer without secrets.
    pub(crate) pointer: String,
    /// The description of the secret, such as "the password".
    pub(crate) what: &'static str,
}

const LOGIN: &str = "the login";

/// Texts that must not appear in anything that is written. Each has a description.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// The texts in lower case.
    plain: Vec<(&'static str, String)>,
    /// Their base64 encodings, at every offset in a longer text.
    encoded: Vec<(&'static str, String)>,
}

impl Secrets {
    /// Returns the secrets of credentials `login:password`.
    ///
    /// # Errors
    /// When login or password is so short that it would be found in ordinary text.
    pub(crate) fn of(credentials: &str) -> Result<Self, String> {
        let (login, password) = credentials
            .split_once(':')
            .ok_or("the credentials have no colon: expected `login:password`")?;
        if login.len() < 4 || password.len() < 6 {
            return Err(
                "login or password is too short to be distinguished from ordinary text: \
                     nothing is recorded with such credentials"
                    .to_owned(),
            );
        }
        let mut secrets = Self::default();
        for (what, secret) in [
            (LOGIN, login),
            ("the password", password),
            ("the credentials", credentials),
        ] {
            secrets.plain.push((what, secret.to_lowercase()));
            secrets.encoded.push((what, STANDARD.encode(secret)));
            for skipped in 0..3 {
                let forms = [
                    inner_base64(secret, skipped, &STANDARD_NO_PAD),
                    inner_base64(secret, skipped, &URL_SAFE_NO_PAD),
                ];
                secrets.encoded.extend(forms.map(|form| (what, form)));
            }
        }
        Ok(secrets)
    }

    /// Adds a further secret.
    pub(crate) fn add(&mut self, what: &'static str, secret: &str) {
        self.plain.push((what, secret.to_lowercase()));
    }

    /// Returns the description of the first secret in a text.
    ///
    /// The text is searched as it is, and percent-decoded once and twice.
    fn find(&self, text: &str) -> Option<&'static str> {
        self.find_any(text, |_| true)
    }

    /// Returns whether a text contains a secret other than the login.
    fn has_password(&self, text: &str) -> bool {
        self.find_any(text, |what| what != LOGIN).is_some()
    }

    fn find_any(&self, text: &str, of: impl Fn(&str) -> bool) -> Option<&'static str> {
        let mut readings = vec![text.to_owned()];
        for _ in 0..2 {
            let last = readings.last().cloned().unwrap_or_default();
            let decoded = percent_decode_str(&last).decode_utf8_lossy().into_owned();
            if decoded == last {
                break;
            }
            readings.push(decoded);
        }
        if text.contains('+') {
            let spaced = text.replace('+', " ");
            readings.push(percent_decode_str(&spaced).decode_utf8_lossy().into_owned());
        }
        readings.iter().find_map(|reading| {
            let lower = reading.to_lowercase();
            let mut plain = self.plain.iter().filter(|(what, _)| of(what));
            let plain = plain.find(|(_, secret)| lower.contains(secret));
            let mut encoded = self.encoded.iter().filter(|(what, _)| of(what));
            let encoded = || encoded.find(|(_, form)| reading.contains(form));
            plain.or_else(encoded).map(|(what, _)| *what)
        })
    }

    /// Returns the first secret in the keys and values of a JSON text, escaped or not.
    pub(crate) fn find_in_json(&self, json: &str) -> Option<FoundSecret> {
        let mut found = None;
        tokens::each(json, |path, leaf| {
            if found.is_some() {
                return;
            }
            let (raw, place) = match leaf {
                Leaf::Key(raw) => (raw, &path[..path.len().saturating_sub(1)]),
                Leaf::Scalar(raw) => (raw, path),
            };
            let read: Option<String> = serde_json::from_str(raw).ok();
            let what = self.find(raw).or_else(|| self.find(&read?));
            found = what.map(|what| FoundSecret {
                pointer: tokens::pointer(place),
                what,
            });
        });
        // A secret can extend over several tokens.
        found.or_else(|| {
            let what = self.find(json)?;
            let pointer = String::new();
            Some(FoundSecret { pointer, what })
        })
    }
}

/// Returns the part of the base64 of a longer text that depends on a secret in it only, with
/// `skipped` bytes before the secret.
fn inner_base64(secret: &str, skipped: usize, engine: &impl base64::Engine) -> String {
    let padded = [vec![0; skipped], secret.as_bytes().to_vec()].concat();
    let encoded = engine.encode(&padded);
    let start = (skipped * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    encoded.get(start..end).unwrap_or(&encoded).to_owned()
}

/// Cleans the exchanges of one recording.
#[derive(Default)]
pub(crate) struct Sanitizer {
    /// The pseudonyms by the value that they replace.
    pseudonyms: HashMap<String, String>,
    /// The number of exchanges per request.
    seen: HashMap<String, usize>,
    /// The callback URLs of requests, which a response may contain anywhere.
    callbacks: HashSet<String>,
}

/// The side of an exchange that is cleaned.
#[derive(Clone, Copy)]
struct Side<'a> {
    /// Texts that must not be left.
    secrets: &'a Secrets,
    /// The source of new pseudonyms; `None` for a request.
    pseudonyms: Option<&'a PseudonymSource>,
    /// Whether it is a response that lists failed callbacks.
    lists_callback_errors: bool,
}

impl<'a> Side<'a> {
    fn request(secrets: &'a Secrets) -> Self {
        Self {
            secrets,
            pseudonyms: None,
            lists_callback_errors: false,
        }
    }
}

impl Sanitizer {
    /// Returns a path without identifiers of the account.
    pub(crate) fn path(&mut self, path: &str) -> String {
        self.ids(path, None).into_owned()
    }

    /// Returns the exchange without secrets.
    ///
    /// # Errors
    /// When a secret is left. The error states which one and where, without the secret itself.
    pub(crate) fn clean(
        &mut self,
        raw: Raw<Exchange>,
        secrets: &Secrets,
    ) -> Result<Clean<Exchange>, String> {
        let exchange = raw.into_unredacted();
        let path = self.ids(&exchange.path, None).into_owned();
        let request = exchange
            .request
            .map(|request| self.json(&request, Side::request(secrets)));
        // Pseudonyms depend on the request, so the next recording of it has the same ones.
        let tasks: Value = request
            .as_deref()
            .and_then(|request| serde_json::from_str(request).ok())
            .unwrap_or_default();
        let key = format!("{} {path} {}", exchange.method, canonical(&tasks));
        let count = self.seen.entry(key.clone()).or_default();
        let pseudonyms = PseudonymSource {
            request: format!("{key} {count}"),
            count: Cell::new(0),
        };
        *count += 1;
        let response = Side {
            pseudonyms: Some(&pseudonyms),
            lists_callback_errors: path.ends_with("/errors"),
            secrets,
        };
        let clean = Exchange {
            body: self.json(&exchange.body, response),
            path,
            request,
            ..exchange
        };
        let mut secrets = secrets.clone();
        for callback in &self.callbacks {
            secrets.add("a callback URL", callback);
        }
        let parts = [
            ("/response/body", Some(&clean.body)),
            ("/request/body", clean.request.as_ref()),
        ];
        for (place, text) in parts {
            if let Some(found) = text.and_then(|text| secrets.find_in_json(text)) {
                let FoundSecret { pointer, what } = found;
                return Err(format!("it contains {what}, at {place}{pointer}"));
            }
        }
        let headers = clean.headers.iter().map(|(_, value)| value);
        for text in headers.chain([&clean.path]) {
            if let Some(what) = secrets.find(text) {
                return Err(format!("the path or a header contains {what}"));
            }
        }
        Ok(Clean(clean))
    }

    fn json(&mut self, text: &str, side: Side<'_>) -> String {
        tokens::rewrite(text, |path, leaf| match leaf {
            Leaf::Key(raw) => self.key(raw, side),
            Leaf::Scalar(raw) => self.scalar(path, raw, side),
        })
    }

    /// Returns the replacement for a key, if it needs one.
    fn key(&mut self, raw: &str, side: Side<'_>) -> Option<String> {
        let text: String = serde_json::from_str(raw).ok()?;
        if side.secrets.has_password(&text) {
            return None;
        }
        let new = self.replaced(&text, side);
        (new != text).then(|| quoted_as(&new, raw))
    }

    /// Returns the replacement for a scalar, if it needs one.
    fn scalar(&mut self, path: &[PathStep<'_>], raw: &str, side: Side<'_>) -> Option<String> {
        let keys: Vec<String> = path
            .iter()
            .filter_map(|step| match step {
                PathStep::Key(key) => Some(tokens::unescape(key)),
                PathStep::Index(_) => None,
            })
            .collect();
        let is_response = side.pseudonyms.is_some();
        let is_account_data =
            is_response && keys.iter().any(|key| key == "money" || key == "statistics");
        let key = keys.last().map_or("", String::as_str);
        let placeholder = keys.iter().find_map(|key| placeholder(key));
        if !raw.starts_with('"') {
            let number = raw.starts_with(|c: char| c == '-' || c.is_ascii_digit());
            return match placeholder {
                Some(placeholder) if raw != "null" => Some(Value::from(placeholder).to_string()),
                _ => (number && is_account_data).then(|| "0".to_owned()),
            };
        }
        let text: String = serde_json::from_str(raw).ok()?;
        // Replacing a part of the text could hide a password from the search at the end. Unchanged,
        // it is found, and nothing is written.
        if placeholder.is_none() && side.secrets.has_password(&text) {
            return None;
        }
        let new = match key {
            _ if placeholder.is_some() => {
                // A short one would be found in ordinary text.
                if text.contains("://") && text.len() > 12 && Some(text.as_str()) != placeholder {
                    self.callbacks.insert(text.clone());
                }
                placeholder?.to_owned()
            }
            _ if is_account_data && text.trim().parse::<f64>().is_ok() => "0".to_owned(),
            "login" | "api_login" if is_response => "[redacted]".to_owned(),
            "http_url" | "error_message" if side.lists_callback_errors => without_urls(&text),
            // The duration of the call, which differs each time.
            "time" if is_response && is_envelope_field(path) => "0 sec.".to_owned(),
            "search_after_token" => self.token(&text, side.pseudonyms),
            _ => self.replaced(&text, side),
        };
        (new != text).then(|| quoted_as(&new, raw))
    }

    /// Returns a text with identifiers and e-mail addresses replaced.
    fn replaced(&mut self, text: &str, side: Side<'_>) -> String {
        let ids = self.ids(text, side.pseudonyms);
        redact_emails(&ids).into_owned()
    }

    /// Returns a text with the identifiers of tasks replaced.
    fn ids<'a>(&mut self, text: &'a str, source: Option<&PseudonymSource>) -> Cow<'a, str> {
        let mut out = String::new();
        let mut kept = 0;
        let mut at = 0;
        while let Some(candidate) = text.as_bytes().get(at..at + ID_FORM.len()) {
            if !is_id(candidate) {
                at += 1;
                continue;
            }
            let id = &text[at..at + ID_FORM.len()];
            out.push_str(&text[kept..at]);
            out.push_str(&self.pseudonym(id, source, |hash| {
                format!("01010000-0000-0000-0000-{}", hash)
            }));
            at += ID_FORM.len();
            kept = at;
        }
        if kept == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[kept..]);
        Cow::Owned(out)
    }

    /// Returns the pseudonym of a `search_after_token`: base64 of JSON, like the token.
    fn token(&mut self, token: &str, source: Option<&PseudonymSource>) -> String {
        self.pseudonym(token, source, |hash| {
            STANDARD.encode(format!("{{\"page\":\"{}\"}}", hash))
        })
    }

    /// Returns the pseudonym of a value: the known one, or else the next one of the source.
    fn pseudonym(
        &mut self,
        real: &str,
        source: Option<&PseudonymSource>,
        make: impl Fn(&str) -> String,
    ) -> String {
        if let Some(known) = self.pseudonyms.get(real) {
            return known.clone();
        }
        let hash = match source {
            Some(source) => source.next(),
            // A value of an earlier recording, whose pseudonym is no longer known.
            None => hex_digest("before", real, 12),
        };
        let new = make(&hash);
        self.pseudonyms.insert(real.to_owned(), new.clone());
        new
    }
}

/// The source of the pseudonyms of a response. They depend on the request and their order.
struct PseudonymSource {
    request: String,
    count: Cell<usize>,
}

impl PseudonymSource {
    fn next(&self) -> String {
        let count = self.count.replace(self.count.get() + 1);
        hex_digest("origin", &format!("{} {count}", self.request), 12)
    }
}

/// The form of a task identifier: `0` for a decimal digit, `f` for a hexadecimal one. It begins
/// with month, day, hour and minute.
const ID_FORM: &[u8] = b"00000000-0000-0000-0000-ffffffffffff";

fn is_id(text: &[u8]) -> bool {
    text.iter().zip(ID_FORM).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        b'f' => byte.is_ascii_hexdigit(),
        _ => byte == form,
    })
}

/// Returns a string as JSON, with slashes escaped if they were in the original.
fn quoted_as(new: &str, raw: &str) -> String {
    let quoted = Value::from(new).to_string();
    if raw.contains("\\/") {
        quoted.replace('/', "\\/")
    } else {
        quoted
    }
}

/// Returns a text with all URLs replaced except those of the API.
fn without_urls(text: &str) -> String {
    let words = text.split_inclusive(|c: char| c.is_whitespace() || "\"'<>".contains(c));
    words
        .map(|word| match word.find("://") {
            Some(at) if !word[at + 3..].starts_with("api.dataforseo.com/") => {
                let start = word[..at].rfind(|c: char| !c.is_ascii_alphabetic());
                let start = start.map_or(0, |at| at + 1);
                let end = word.trim_end_matches(|c: char| c.is_whitespace() || "\"'<>".contains(c));
                let tail = &word[end.len()..];
                let url = placeholder("postback_url").unwrap_or_default();
                format!("{}{url}{tail}", word.get(..start).unwrap_or_default())
            }
            _ => word.to_owned(),
        })
        .collect()
}

/// Returns whether a path leads to a field of the envelope or of a task.
fn is_envelope_field(path: &[PathStep<'_>]) -> bool {
    matches!(path, [_] | [PathStep::Key("tasks"), PathStep::Index(_), _])
}
