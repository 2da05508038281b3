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
    /// A path or a query as it may be shown.
    pub(crate) fn text(&self) -> String {
        without_addresses(&self.0).into_owned()
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
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let value = match (stand_in(&key), value) {
                    (Some(word), Value::String(_)) => word.into(),
                    (_, value) => without_secrets(value),
                };
                (key, value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_secrets).collect()),
        Value::String(text) => match without_addresses(&text) {
            Cow::Borrowed(_) => Value::String(text),
            Cow::Owned(text) => Value::String(text),
        },
        other => other,
    }
}

/// A text with each e-mail address replaced by one that stands for it, always the same.
pub(crate) fn without_addresses(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let local = |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let domain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let mut out = String::new();
    let mut kept = 0;
    for (at, _) in text.match_indices('@') {
        if at < kept {
            continue;
        }
        let start = at
            - bytes[kept..at]
                .iter()
                .rev()
                .take_while(|b| local(b))
                .count();
        let mut end = at + 1 + bytes[at + 1..].iter().take_while(|b| domain(b)).count();
        while bytes[end - 1] == b'.' || bytes[end - 1] == b'-' {
            end -= 1;
        }
        let host = text.get(at + 1..end).unwrap_or_default();
        let name = host.rsplit_once('.').map_or("", |(_, name)| name);
        let is_address = start < at
            && name.len() >= 2
            && name.bytes().all(|byte| byte.is_ascii_alphabetic())
            && host != "example.com";
        if is_address {
            out.push_str(&text[kept..start]);
            let address = text[start..end].to_ascii_lowercase();
            out.push_str(&format!(
                "{}@example.com",
                crate::digest("address", &address, 8)
            ));
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
    use std::collections::HashMap;

    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    use serde_json::Value;

    use super::{Raw, stand_in, without_addresses};
    use crate::canonical::canonical;
    use crate::digest;
    use crate::tokens::{self, Step};

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

    /// What must not be found in anything that is written.
    #[derive(Clone, Default)]
    pub(crate) struct Secrets(Vec<(&'static str, String)>);

    impl Secrets {
        /// The credentials `login:password`, in every spelling.
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
            let mut forms = Vec::new();
            for (what, secret) in [
                ("the login", login),
                ("the password", password),
                ("the credentials", credentials),
            ] {
                forms.push((what, secret.to_owned()));
                for skipped in 0..3 {
                    forms.push((what, inner_base64(secret, skipped, &STANDARD_NO_PAD)));
                    forms.push((what, inner_base64(secret, skipped, &URL_SAFE_NO_PAD)));
                }
                forms.push((what, STANDARD.encode(secret)));
                for set in [NON_ALPHANUMERIC, RESERVED] {
                    let encoded = utf8_percent_encode(secret, set).to_string();
                    forms.push((what, encoded.to_ascii_lowercase()));
                    forms.push((what, encoded));
                }
            }
            forms.sort();
            forms.dedup();
            Ok(Self(forms))
        }

        /// The first secret in a text, by what it is. The secret itself is not in the answer.
        fn find(&self, text: &str) -> Option<&'static str> {
            self.0
                .iter()
                .find(|(_, form)| text.contains(form.as_str()))
                .map(|(what, _)| *what)
        }

        /// The first secret in a JSON text, escaped or not, and the pointer to it.
        pub(crate) fn find_in_json(&self, json: &str) -> Option<(String, &'static str)> {
            let mut found = None;
            tokens::rewrite(json, |path, raw| {
                if found.is_none() {
                    let last = match path.last() {
                        Some(Step::Key(key)) => self.find(&tokens::unquoted(key)),
                        _ => None,
                    };
                    let what = last
                        .or_else(|| self.find(raw))
                        .or_else(|| self.find(&serde_json::from_str::<String>(raw).ok()?));
                    found = what.map(|what| (tokens::pointer(path), what));
                }
                None
            });
            // Whatever the walk does not come by, such as a key without a value of its own.
            found.or_else(|| self.find(json).map(|what| (String::new(), what)))
        }
    }

    /// What is percent-encoded in a query by those who leave as much as they may.
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');

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
    }

    impl Sanitizer {
        pub(crate) fn new() -> Self {
            Self::default()
        }

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
            let request = exchange.request.map(|request| self.json(&request, None));
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
            let clean = Exchange {
                body: self.json(&exchange.body, Some(&origin)),
                path,
                request,
                ..exchange
            };
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

        fn json(&mut self, text: &str, origin: Option<&Origin>) -> String {
            tokens::rewrite(text, |path, raw| self.scalar(path, raw, origin))
        }

        /// What a scalar is replaced by.
        fn scalar(
            &mut self,
            path: &[Step<'_>],
            raw: &str,
            origin: Option<&Origin>,
        ) -> Option<String> {
            let key = match path.last() {
                Some(Step::Key(key)) => *key,
                _ => "",
            };
            if !raw.starts_with('"') {
                let accounts = [Step::Key("money"), Step::Key("statistics")];
                let amount = raw.starts_with(|c: char| c == '-' || c.is_ascii_digit());
                let of_account = path.iter().any(|step| accounts.contains(step));
                return (amount && of_account && origin.is_some()).then(|| "0".to_owned());
            }
            let text: String = serde_json::from_str(raw).ok()?;
            let new = match key {
                _ if stand_in(key).is_some() => stand_in(key)?.to_owned(),
                "login" | "api_login" if origin.is_some() => "[redacted]".to_owned(),
                // How long the server worked: another time each time.
                "time" if origin.is_some() && is_envelopes(path) => "0 sec.".to_owned(),
                "search_after_token" => self.token(&text, origin),
                _ => {
                    let ids = self.ids(&text, origin);
                    without_addresses(&ids).into_owned()
                }
            };
            (new != text).then(|| {
                let quoted = Value::from(new).to_string();
                match raw.contains("\\/") {
                    true => quoted.replace('/', "\\/"),
                    false => quoted,
                }
            })
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
