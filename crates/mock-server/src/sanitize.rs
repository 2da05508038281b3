//! What must not be kept: who pays, who is called back, whose e-mail address it is.
//!
//! What came over the wire is [`Raw`], and a `Raw` can be neither printed nor written. The way out
//! is through here. Two things are done at two times:
//!
//! - **Always**, to requests that are matched, kept in the journal or told of in a miss: passwords,
//!   callback URLs and e-mail addresses are replaced by words that depend on nothing else, so that
//!   a fixture and a request that differ in them alone are the same request.
//! - **When recording**, to both sides of the exchange: identifiers of tasks and
//!   `search_after_token`s get pseudonyms, which later requests get too, so that a post and the
//!   call that fetches its result still belong together; amounts of money on the account become 0.
//!   At last the text is searched for the credentials that were used, in every spelling that they
//!   are known to travel in.

use std::borrow::Cow;

#[cfg(feature = "record")]
pub(crate) use recording::{Clean, Exchange, Sanitizer, Secrets};

/// Something that came over the wire. Neither `Debug` nor `Display` nor `Serialize`.
pub(crate) struct Raw<T>(T);

impl<T> Raw<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }
}

impl Raw<String> {
    /// Text as it may be shown.
    pub(crate) fn text(&self) -> String {
        without_addresses(&self.0).into_owned()
    }

    /// A path as it may be shown: of a query only that there is one, for the API has none, and what
    /// is in it can be anything.
    pub(crate) fn path(&self) -> String {
        let (path, query) = match self.0.split_once('?') {
            Some((path, _)) => (path, "?[redacted]"),
            None => (self.0.as_str(), ""),
        };
        let path: String = path.chars().take(300).collect();
        format!("{}{query}", without_addresses(&path))
    }
}

impl<T: AsRef<[u8]>> Raw<T> {
    /// How large it is.
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().len()
    }

    /// The body of a request as it may be shown: JSON without secrets, or how long it is if it is
    /// no JSON.
    pub(crate) fn body(&self) -> serde_json::Value {
        let bytes = self.0.as_ref();
        match serde_json::from_slice(bytes) {
            Ok(value) => without_secrets(value),
            Err(_) if bytes.is_empty() => serde_json::Value::Null,
            Err(_) => format!("{} bytes that are no JSON", bytes.len()).into(),
        }
    }
}

/// What stands for the value of a field that holds a secret by its name.
pub(crate) fn stand_in(key: &str) -> Option<&'static str> {
    match key {
        // The placeholders are the API's own: it fills them in.
        "pingback_url" | "postback_url" => Some("https://callback.invalid/?id=$id&tag=$tag"),
        "password" | "api_password" | "authorization" => Some("[redacted]"),
        _ => None,
    }
}

/// A value without secrets.
pub(crate) fn without_secrets(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    let text = |text: String| match without_addresses(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => text,
    };
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let value = match (stand_in(&key), value) {
                    (_, Value::Null) => Value::Null,
                    (Some(word), _) => word.into(),
                    (None, value) => without_secrets(value),
                };
                (text(key), value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_secrets).collect()),
        Value::String(string) => Value::String(text(string)),
        other => other,
    }
}

/// A text with each e-mail address replaced by one that stands for it, always the same.
pub(crate) fn without_addresses(text: &str) -> Cow<'_, str> {
    if !text.contains('@') && !text.contains("%40") {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let local = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
    let domain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let plain = text.match_indices('@').map(|(at, _)| (at, 1));
    let encoded = text.match_indices("%40").map(|(at, _)| (at, 3));
    let mut signs: Vec<(usize, usize)> = plain.chain(encoded).collect();
    signs.sort_unstable();
    let mut out = String::new();
    let mut kept = 0;
    for (at, length) in signs {
        if at < kept {
            continue;
        }
        let behind = at + length;
        let start = at
            - bytes[kept..at]
                .iter()
                .rev()
                .take_while(|b| local(b))
                .count();
        let mut end = behind + bytes[behind..].iter().take_while(|b| domain(b)).count();
        while end > behind && (bytes[end - 1] == b'.' || bytes[end - 1] == b'-') {
            end -= 1;
        }
        let host = text.get(behind..end).unwrap_or_default();
        let name = host.rsplit_once('.').map_or("", |(_, name)| name);
        let is_address = start < at
            && name.len() >= 2
            && name.bytes().all(|byte| byte.is_ascii_alphabetic())
            && host != "example.com";
        if is_address {
            out.push_str(&text[kept..start]);
            let address = format!("{}@{host}", &text[start..at]).to_ascii_lowercase();
            out.push_str(&crate::digest("address", &address, 8));
            out.push_str(&text[at..behind]);
            out.push_str("example.com");
            kept = end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

#[cfg(feature = "record")]
mod recording {
    use std::borrow::Cow;
    use std::cell::Cell;
    use std::collections::{HashMap, HashSet};

    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    use percent_encoding::percent_decode_str;
    use serde_json::Value;

    use super::{Raw, stand_in, without_addresses};
    use crate::canonical::canonical;
    use crate::digest;
    use crate::tokens::{self, Part, Step};

    /// A request and its answer, as text.
    #[derive(Clone)]
    pub(crate) struct Exchange {
        pub(crate) method: String,
        pub(crate) path: String,
        /// The tasks as JSON; `None` for a GET.
        pub(crate) request: Option<String>,
        pub(crate) status: u16,
        /// Those that are on the list of what may be kept.
        pub(crate) headers: Vec<(String, String)>,
        /// JSON.
        pub(crate) body: String,
    }

    /// What went through a [`Sanitizer`], and nothing else.
    pub(crate) struct Clean<T>(T);

    impl<T> Clean<T> {
        pub(crate) fn get(&self) -> &T {
            &self.0
        }
    }

    const LOGIN: &str = "the login";

    /// What must not be found in anything that is written.
    #[derive(Clone, Default)]
    pub(crate) struct Secrets {
        /// As they are, in lower case.
        plain: Vec<(&'static str, String)>,
        /// What base64 makes of them, wherever in a text they stand.
        encoded: Vec<(&'static str, String)>,
    }

    impl Secrets {
        /// The credentials `login:password`.
        ///
        /// # Errors
        /// When they are so short that they would be found everywhere.
        pub(crate) fn of(credentials: &str) -> Result<Self, String> {
            let (login, password) = credentials
                .split_once(':')
                .ok_or("the credentials have no colon between login and password")?;
            if login.len() < 4 || password.len() < 6 {
                return Err(
                    "login or password is too short to be told from ordinary text: nothing \
                            is recorded with such credentials"
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

        /// Something else that must not be there.
        pub(crate) fn add(&mut self, what: &'static str, secret: &str) {
            self.plain.push((what, secret.to_lowercase()));
        }

        /// The first secret in a text, by what it is. The secret itself is not in the answer.
        ///
        /// The text is looked at as it is and percent-decoded, once and twice: there are more ways
        /// to write a secret than could be listed.
        fn find(&self, text: &str) -> Option<&'static str> {
            self.find_any(text, |_| true)
        }

        /// Whether more than the login is in a text.
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

        /// The first secret in a JSON text, in a key or in a value, escaped or not, and the way to
        /// what holds it: the way has no secret in it.
        pub(crate) fn find_in_json(&self, json: &str) -> Option<(String, &'static str)> {
            let mut found = None;
            tokens::each(json, |path, part| {
                if found.is_some() {
                    return;
                }
                let (raw, way) = match part {
                    Part::Key(raw) => (raw, &path[..path.len().saturating_sub(1)]),
                    Part::Scalar(raw) => (raw, path),
                };
                let read: Option<String> = serde_json::from_str(raw).ok();
                let what = self.find(raw).or_else(|| self.find(&read?));
                found = what.map(|what| (tokens::pointer(way), what));
            });
            // Whatever lies across two parts.
            found.or_else(|| self.find(json).map(|what| (String::new(), what)))
        }
    }

    /// What stands for a secret in the base64 of a text that has it, when `skipped` bytes come
    /// before it: without the characters that depend on its neighbours.
    fn inner_base64(secret: &str, skipped: usize, engine: &impl base64::Engine) -> String {
        let padded = [vec![0; skipped], secret.as_bytes().to_vec()].concat();
        let encoded = engine.encode(&padded);
        let start = (skipped * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        encoded.get(start..end).unwrap_or(&encoded).to_owned()
    }

    /// Makes exchanges fit to be kept. One serves a whole session of recording.
    #[derive(Default)]
    pub(crate) struct Sanitizer {
        /// What was seen, and what stands for it.
        pseudonyms: HashMap<String, String>,
        /// How often each request was seen.
        seen: HashMap<String, usize>,
        /// The callback URLs that were sent: an answer may name them anywhere.
        callbacks: HashSet<String>,
    }

    /// What is being made fit.
    #[derive(Clone, Copy)]
    struct Side<'a> {
        /// What must not be there when it is done.
        secrets: &'a Secrets,
        /// What the pseudonyms of an answer follow from; `None` for a request.
        origin: Option<&'a Origin>,
        /// Whether it is an answer that tells of calls back that failed.
        of_errors: bool,
    }

    impl<'a> Side<'a> {
        /// A request.
        fn of(secrets: &'a Secrets) -> Self {
            Self {
                secrets,
                origin: None,
                of_errors: false,
            }
        }
    }

    impl Sanitizer {
        /// A path without identifiers of the account.
        pub(crate) fn path(&mut self, path: &str) -> String {
            self.ids(path, None).into_owned()
        }

        /// The exchange without secrets.
        ///
        /// # Errors
        /// When a secret is in it all the same: where, and which, but not the secret.
        pub(crate) fn clean(
            &mut self,
            raw: Raw<Exchange>,
            secrets: &Secrets,
        ) -> Result<Clean<Exchange>, String> {
            let Raw(exchange) = raw;
            let path = self.ids(&exchange.path, None).into_owned();
            let request = exchange
                .request
                .map(|request| self.json(&request, Side::of(secrets)));
            // Pseudonyms follow from the request, so that the next recording of it has the same.
            let tasks: Value = request
                .as_deref()
                .and_then(|request| serde_json::from_str(request).ok())
                .unwrap_or_default();
            let key = format!("{} {path} {}", exchange.method, canonical(&tasks));
            let count = self.seen.entry(key.clone()).or_default();
            let origin = Origin {
                request: format!("{key} {count}"),
                count: Cell::new(0),
            };
            *count += 1;
            let answer = Side {
                origin: Some(&origin),
                of_errors: path.ends_with("/errors"),
                secrets,
            };
            let clean = Exchange {
                body: self.json(&exchange.body, answer),
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
                if let Some((pointer, what)) = text.and_then(|text| secrets.find_in_json(text)) {
                    return Err(format!("{what} is in it, at {place}{pointer}"));
                }
            }
            let headers = clean.headers.iter().map(|(_, value)| value);
            for text in headers.chain([&clean.path]) {
                if let Some(what) = secrets.find(text) {
                    return Err(format!("{what} is in the path or in a header"));
                }
            }
            Ok(Clean(clean))
        }

        fn json(&mut self, text: &str, side: Side<'_>) -> String {
            tokens::rewrite(text, |path, part| match part {
                Part::Key(raw) => self.key(raw, side),
                Part::Scalar(raw) => self.scalar(path, raw, side),
            })
        }

        /// What a key is replaced by.
        fn key(&mut self, raw: &str, side: Side<'_>) -> Option<String> {
            let text: String = serde_json::from_str(raw).ok()?;
            if side.secrets.has_password(&text) {
                return None;
            }
            let new = self.replaced(&text, side);
            (new != text).then(|| quoted_as(&new, raw))
        }

        /// What a scalar is replaced by.
        fn scalar(&mut self, path: &[Step<'_>], raw: &str, side: Side<'_>) -> Option<String> {
            let keys: Vec<String> = path
                .iter()
                .filter_map(|step| match step {
                    Step::Key(key) => Some(tokens::unquoted(key)),
                    Step::Index(_) => None,
                })
                .collect();
            let answers = side.origin.is_some();
            let of_account =
                answers && keys.iter().any(|key| key == "money" || key == "statistics");
            let key = keys.last().map_or("", String::as_str);
            let word = keys.iter().find_map(|key| stand_in(key));
            if !raw.starts_with('"') {
                let number = raw.starts_with(|c: char| c == '-' || c.is_ascii_digit());
                return match word {
                    Some(word) if raw != "null" => Some(Value::from(word).to_string()),
                    _ => (number && of_account).then(|| "0".to_owned()),
                };
            }
            let text: String = serde_json::from_str(raw).ok()?;
            // What is replaced in part, as an address or as a URL, may be a part of the password: the
            // rest would not be found any more. As it is, it is found, and nothing is kept.
            if word.is_none() && side.secrets.has_password(&text) {
                return None;
            }
            let new = match key {
                _ if word.is_some() => {
                    // Short ones would be found everywhere.
                    if text.contains("://") && text.len() > 12 && Some(text.as_str()) != word {
                        self.callbacks.insert(text.clone());
                    }
                    word?.to_owned()
                }
                _ if of_account && text.trim().parse::<f64>().is_ok() => "0".to_owned(),
                "login" | "api_login" if answers => "[redacted]".to_owned(),
                "http_url" | "error_message" if side.of_errors => without_urls(&text),
                // How long the server worked: another time each time.
                "time" if answers && is_envelopes(path) => "0 sec.".to_owned(),
                "search_after_token" => self.token(&text, side.origin),
                _ => self.replaced(&text, side),
            };
            (new != text).then(|| quoted_as(&new, raw))
        }

        /// A text with identifiers and addresses replaced.
        fn replaced(&mut self, text: &str, side: Side<'_>) -> String {
            let ids = self.ids(text, side.origin);
            without_addresses(&ids).into_owned()
        }

        /// A text with the identifiers of tasks replaced.
        fn ids<'a>(&mut self, text: &'a str, origin: Option<&Origin>) -> Cow<'a, str> {
            let mut out = String::new();
            let mut kept = 0;
            let mut at = 0;
            while let Some(candidate) = text.as_bytes().get(at..at + ID.len()) {
                if !is_id(candidate) {
                    at += 1;
                    continue;
                }
                let id = &text[at..at + ID.len()];
                out.push_str(&text[kept..at]);
                out.push_str(&self.pseudonym(id, origin, |hash| {
                    format!("01010000-0000-0000-0000-{}", hash)
                }));
                at += ID.len();
                kept = at;
            }
            if kept == 0 {
                return Cow::Borrowed(text);
            }
            out.push_str(&text[kept..]);
            Cow::Owned(out)
        }

        /// What stands for a `search_after_token`: base64 of JSON, as it was.
        fn token(&mut self, token: &str, origin: Option<&Origin>) -> String {
            self.pseudonym(token, origin, |hash| {
                STANDARD.encode(format!("{{\"page\":\"{}\"}}", hash))
            })
        }

        /// What stands for a value: that which did before, or else the next one of the request
        /// that brought it.
        fn pseudonym(
            &mut self,
            real: &str,
            origin: Option<&Origin>,
            make: impl Fn(&str) -> String,
        ) -> String {
            if let Some(known) = self.pseudonyms.get(real) {
                return known.clone();
            }
            let hash = match origin {
                Some(origin) => origin.next(),
                // From a session before this one. Its pseudonym there is not known any more.
                None => digest("before", real, 12),
            };
            let new = make(&hash);
            self.pseudonyms.insert(real.to_owned(), new.clone());
            new
        }
    }

    /// What the pseudonyms of an answer follow from: its request, and how many there were before.
    struct Origin {
        request: String,
        count: Cell<usize>,
    }

    impl Origin {
        fn next(&self) -> String {
            let count = self.count.replace(self.count.get() + 1);
            digest("origin", &format!("{} {count}", self.request), 12)
        }
    }

    /// The form of an identifier: `0` for a decimal digit, `f` for a hexadecimal one. It begins with
    /// month, day, hour and minute.
    const ID: &[u8] = b"00000000-0000-0000-0000-ffffffffffff";

    fn is_id(text: &[u8]) -> bool {
        text.iter().zip(ID).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            b'f' => byte.is_ascii_hexdigit(),
            _ => byte == form,
        })
    }

    /// A string as JSON, slashes escaped if they were.
    fn quoted_as(new: &str, raw: &str) -> String {
        let quoted = Value::from(new).to_string();
        match raw.contains("\\/") {
            true => quoted.replace('/', "\\/"),
            false => quoted,
        }
    }

    /// A text with all addresses in it replaced but for the API's own.
    fn without_urls(text: &str) -> String {
        let words = text.split_inclusive(|c: char| c.is_whitespace() || "\"'<>".contains(c));
        words
            .map(|word| match word.find("://") {
                Some(at) if !word[at + 3..].starts_with("api.dataforseo.com/") => {
                    let start = word[..at].rfind(|c: char| !c.is_ascii_alphabetic());
                    let start = start.map_or(0, |at| at + 1);
                    let end =
                        word.trim_end_matches(|c: char| c.is_whitespace() || "\"'<>".contains(c));
                    let tail = &word[end.len()..];
                    let url = stand_in("postback_url").unwrap_or_default();
                    format!("{}{url}{tail}", word.get(..start).unwrap_or_default())
                }
                _ => word.to_owned(),
            })
            .collect()
    }

    /// Whether a way leads to a field of the envelope or of a task.
    fn is_envelopes(path: &[Step<'_>]) -> bool {
        matches!(path, [_] | [Step::Key("tasks"), Step::Index(_), _])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_get_one_stand_in_each() {
        let all =
            without_addresses("Write to Jo.Do+x@mail.Example.org, or jo.do+X@mail.example.org.");
        let (_, rest) = all.split_once("to ").unwrap();
        let (first, rest) = rest.split_once(", or ").unwrap();
        assert!(first.ends_with("@example.com"), "{all}");
        assert_eq!(rest, format!("{first}."));
        for same in [
            "a @ b",
            "@you",
            "me@home",
            "x@1.2",
            "ä@",
            "a@example.com",
            "@",
            "@.",
            "a@-.",
        ] {
            assert_eq!(without_addresses(same), same);
        }
        assert_eq!(without_addresses(&all), all);
    }
}
