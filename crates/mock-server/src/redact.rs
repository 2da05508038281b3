//! Redaction: values without passwords, secrets in URLs, callback URLs and e-mail addresses.
//!
//! Bytes from the network are wrapped in [`Raw`], which can neither be printed nor serialized; the
//! methods here are the only way out. Each secret is replaced by a text that depends on the field's
//! name or on the address only. So a request and a fixture that differ in secrets only are the same
//! request.
//!
//! Recording also replaces account data: see `record/sanitize.rs`.

use std::borrow::Cow;

use serde_json::Value;

use crate::digest::hex_digest;
use crate::inline_secrets::inline_secrets;

/// The maximum length of a redacted path, in characters.
const MAX_PATH: usize = 300;

/// A value from the network. Implements neither `Debug` nor `Display` nor `Serialize`.
pub(crate) struct Raw<T>(T);

impl<T> Raw<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value with its secrets.
    #[cfg(feature = "record")]
    pub(crate) fn into_unredacted(self) -> T {
        self.0
    }
}

impl Raw<String> {
    /// Returns the text without secrets and e-mail addresses.
    pub(crate) fn redacted_text(&self) -> String {
        redact_text(&self.0).into_owned()
    }

    /// Returns the path without e-mail addresses. A query is replaced as a whole: the API has no
    /// queries, so its content is unknown.
    pub(crate) fn redacted_path(&self) -> String {
        let (path, query) = match self.0.split_once('?') {
            Some((path, _)) => (path, "?[redacted]"),
            None => (self.0.as_str(), ""),
        };
        let path: String = path.chars().take(MAX_PATH).collect();
        format!("{}{query}", redact_text(&path))
    }
}

impl<T: AsRef<[u8]>> Raw<T> {
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().len()
    }

    /// Returns the body of a request: redacted JSON, or its length if it is not JSON.
    pub(crate) fn redacted_body(&self) -> Value {
        let bytes = self.0.as_ref();
        match serde_json::from_slice(bytes) {
            Ok(value) => redact(value),
            Err(_) if bytes.is_empty() => Value::Null,
            Err(_) => format!("{} bytes that are not JSON", bytes.len()).into(),
        }
    }
}

/// Returns the replacement for the value of a field that holds a secret by its name.
pub(crate) fn placeholder(key: &str) -> Option<&'static str> {
    match key {
        // The API itself replaces $id and $tag.
        "pingback_url" | "postback_url" => Some("https://callback.invalid/?id=$id&tag=$tag"),
        "password" | "api_password" | "authorization" | "api_key" | "apikey" | "access_token"
        | "secret" | "client_secret" => Some("[redacted]"),
        _ => None,
    }
}

/// Returns a value without secrets.
pub(crate) fn redact(value: Value) -> Value {
    let text = |text: String| match redact_text(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => text,
    };
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let value = match (placeholder(&key), value) {
                    (_, Value::Null) => Value::Null,
                    (Some(placeholder), _) => placeholder.into(),
                    (None, value) => redact(value),
                };
                (text(key), value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(redact).collect()),
        Value::String(string) => Value::String(text(string)),
        other => other,
    }
}

/// Returns a text without secrets in URLs, and with pseudonyms of e-mail addresses.
pub(crate) fn redact_text(text: &str) -> Cow<'_, str> {
    let is_special = |byte: u8| matches!(byte, b'@' | b'=' | b' ');
    let secrets = match text.bytes().any(is_special) {
        true => inline_secrets(text.as_bytes()),
        false => Vec::new(),
    };
    if secrets.is_empty() {
        return redact_emails(text);
    }
    let mut text = text.to_owned();
    for secret in secrets.into_iter().rev() {
        text.replace_range(secret.range, secret.replacement);
    }
    Cow::Owned(redact_emails(&text).into_owned())
}

/// Returns a text with each e-mail address replaced by a pseudonym, the same one each time.
pub(crate) fn redact_emails(text: &str) -> Cow<'_, str> {
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
        let local_part = bytes[kept..at].iter().rev().take_while(|b| local(b));
        let mut start = at - local_part.count();
        // The digits of an encoded character, such as the colon before a password.
        let digits = bytes.get(start..start + 2).unwrap_or_default();
        if bytes[..start].ends_with(b"%") && digits.iter().all(u8::is_ascii_hexdigit) {
            start = (start + 2).min(at);
        }
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
            out.push_str(&hex_digest("address", &address, 8));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_gets_one_pseudonym() {
        let all = redact_emails("Write to Jo.Do+x@mail.Example.org, or jo.do+X@mail.example.org.");
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
            assert_eq!(redact_emails(same), same);
        }
        assert_eq!(redact_emails(&all), all);
        let encoded = redact_emails("u=jo%3Ajo%40mail.example.org");
        assert!(encoded.starts_with("u=jo%3A"), "{encoded}");
        assert!(encoded.ends_with("%40example.com"), "{encoded}");
    }
}
