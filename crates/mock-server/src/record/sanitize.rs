//! Removal of secrets and account data from an exchange before it is written.
//!
//! In addition to `redact`, identifiers of tasks and each `search_after_token` get pseudonyms. Later
//! requests get them too, so a post and the call that fetches its result still belong together.
//! Amounts of money on the account become 0. Secrets in a response are replaced in every encoding
//! that they are known to appear in. A request with one is refused, since a replacement would make
//! it another request. Finally everything is searched again.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::secrets::{FoundSecret, Searched, Secrets};
use crate::digest::hex_digest;
use crate::json::tokens::{self, Leaf, PathStep};
use crate::matching::canonical;
use crate::redact::{Raw, placeholder, redact_text};

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

    fn is_response(self) -> bool {
        self.pseudonyms.is_some()
    }

    /// Returns a text without passwords. `None` if it has one and belongs to a request: it is
    /// then left as it is, and refused.
    fn without_passwords(self, text: &str) -> Option<String> {
        if self.is_response() {
            let replaced = self.secrets.replace(text, Searched::AllButLogin);
            Some(replaced.unwrap_or_else(|| text.to_owned()))
        } else {
            (!self.secrets.has_password(text)).then(|| text.to_owned())
        }
    }
}

/// A request without secrets.
pub(crate) struct CleanRequest {
    path: String,
    /// The tasks as JSON; `None` for a GET.
    tasks: Option<String>,
}

impl CleanRequest {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

impl Sanitizer {
    /// Returns a path without identifiers of the account.
    pub(crate) fn path(&mut self, path: &str) -> String {
        self.ids(path, None).into_owned()
    }

    /// Returns a request without secrets.
    ///
    /// # Errors
    /// When a secret is left, so that the response could not be stored. The error states which one
    /// and where, without the secret itself.
    pub(crate) fn request(
        &mut self,
        path: &str,
        tasks: Option<&str>,
        secrets: &Secrets,
    ) -> Result<CleanRequest, String> {
        let clean = CleanRequest {
            path: self.ids(path, None).into_owned(),
            tasks: tasks.map(|tasks| self.json(tasks, Side::request(secrets))),
        };
        if let Some(what) = secrets.find(&clean.path) {
            return Err(format!("the path contains {what}"));
        }
        if let Some(tasks) = &clean.tasks {
            check_json(secrets, "/request/body", tasks)?;
        }
        Ok(clean)
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
        let CleanRequest { path, tasks } =
            self.request(&exchange.path, exchange.request.as_deref(), secrets)?;
        // Pseudonyms depend on the request, so the next recording of it has the same ones.
        let value: Value = tasks
            .as_deref()
            .and_then(|tasks| serde_json::from_str(tasks).ok())
            .unwrap_or_default();
        let key = format!("{} {path} {}", exchange.method, canonical(&value));
        let count = self.seen.entry(key.clone()).or_default();
        let pseudonyms = PseudonymSource {
            request: format!("{key} {count}"),
            count: Cell::new(0),
        };
        *count += 1;
        let known = self.with_callbacks(secrets);
        let response = Side {
            pseudonyms: Some(&pseudonyms),
            lists_callback_errors: path.ends_with("/errors"),
            secrets: &known,
        };
        let body = self.json(&exchange.body, response);
        let headers = exchange.headers.into_iter().map(|(name, value)| {
            let clean = known.replace(&value, Searched::All);
            (name, clean.unwrap_or(value))
        });
        let clean = Exchange {
            body,
            headers: headers.collect(),
            path,
            request: tasks,
            ..exchange
        };
        // The response can contain further ones.
        let known = self.with_callbacks(secrets);
        check_json(&known, "/response/body", &clean.body)?;
        for (name, value) in &clean.headers {
            if let Some(what) = known.find(value) {
                return Err(format!("the header `{name}` contains {what}"));
            }
        }
        Ok(Clean(clean))
    }

    /// Returns the secrets together with the callback URLs so far.
    pub(crate) fn with_callbacks(&self, secrets: &Secrets) -> Secrets {
        let mut secrets = secrets.clone();
        for callback in &self.callbacks {
            secrets.add_callback(callback);
        }
        secrets
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
        let new = self.replaced(&side.without_passwords(&text)?, side);
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
        let is_response = side.is_response();
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
        // First, as replacing another part of the text could hide a password from later searches.
        let safe = match placeholder {
            Some(_) => text.clone(),
            None => side.without_passwords(&text)?,
        };
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
            "http_url" | "error_message" if side.lists_callback_errors => without_urls(&safe),
            // The duration of the call, which differs each time.
            "time" if is_response && is_envelope_field(path) => "0 sec.".to_owned(),
            "search_after_token" => self.token(&text, side.pseudonyms),
            _ => self.replaced(&safe, side),
        };
        (new != text).then(|| quoted_as(&new, raw))
    }

    /// Returns a text with identifiers and e-mail addresses replaced, and the login of a response.
    fn replaced(&mut self, text: &str, side: Side<'_>) -> String {
        let ids = self.ids(text, side.pseudonyms);
        let text = redact_text(&ids).into_owned();
        let without_login = side
            .is_response()
            .then(|| side.secrets.replace(&text, Searched::All));
        without_login.flatten().unwrap_or(text)
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

/// Returns an error if a secret is left in a JSON text.
pub(super) fn check_json(secrets: &Secrets, place: &str, text: &str) -> Result<(), String> {
    match secrets.find_in_json(text) {
        None => Ok(()),
        Some(FoundSecret { pointer, what }) => {
            Err(format!("it contains {what}, at {place}{pointer}"))
        }
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
