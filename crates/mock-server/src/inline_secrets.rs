//! Secrets that are known by their place in a text: users and passwords in URLs, values of
//! parameters such as `api_key`, and credentials of HTTP authentication.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The replacement for a value. It is valid in a URL.
const REDACTED: &str = "redacted";

/// The values that replace others.
const REPLACEMENTS: [&[u8]; 2] = [REDACTED.as_bytes(), b"[redacted]"];

/// The maximum length of a parameter's name, in bytes.
const MAX_NAME: usize = 64;

/// The ends of names of parameters with secrets, without punctuation and in lower case.
const SECRET_ENDS: [&[u8]; 19] = [
    b"apikey",
    b"accesskey",
    b"secretkey",
    b"privatekey",
    b"authkey",
    b"appkey",
    b"licensekey",
    b"subscriptionkey",
    b"secret",
    b"token",
    b"password",
    b"passwd",
    b"pwd",
    b"passphrase",
    b"signature",
    b"authorization",
    b"credential",
    b"credentials",
    b"sessionid",
];

/// Further names of parameters with secrets. Other names end in them, too.
const SECRET_NAMES: [&[u8]; 7] = [
    b"key",
    b"auth",
    b"pass",
    b"sig",
    b"hmac",
    b"jwt",
    b"accesskeyid",
];

/// A secret at a place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InlineSecret {
    pub(crate) range: Range<usize>,
    /// The description, such as "the value of a key in a URL".
    pub(crate) what: &'static str,
    pub(crate) replacement: &'static str,
}

/// Returns the secrets in a text, in order and without overlaps.
pub(crate) fn inline_secrets(text: &[u8]) -> Vec<InlineSecret> {
    let mut found = Vec::new();
    for at in 0..text.len() {
        let secret = match text[at] {
            b':' => user_in_url(text, at),
            b'=' => value_of_key(text, at),
            b'B' | b'b' => http_credentials(text, at),
            _ => None,
        };
        let end = found.last().map_or(0, |it: &InlineSecret| it.range.end);
        found.extend(secret.filter(|secret| secret.range.start >= end));
    }
    found
}

/// Returns the user and password of the URL whose `://` begins at a place, with the `@`.
fn user_in_url(text: &[u8], at: usize) -> Option<InlineSecret> {
    let rest = text[at..].strip_prefix(b"://")?;
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/?#\"'<>\\\0".contains(byte);
    let authority = &rest[..rest.iter().position(is_end).unwrap_or(rest.len())];
    let sign = authority.iter().rposition(|byte| *byte == b'@')?;
    let start = at + 3;
    Some(InlineSecret {
        range: start..start + sign + 1,
        what: "a user or password in a URL",
        replacement: "",
    })
}

/// Returns the value behind a `=`, if the name before it is that of a secret.
fn value_of_key(text: &[u8], at: usize) -> Option<InlineSecret> {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte);
    let name = text[..at].iter().rev().take(MAX_NAME).take_while(is_name);
    let start = at - name.count();
    let before = text[..start].last();
    if before.is_some_and(|byte| !b"?&;#".contains(byte)) || !is_secret_name(&text[start..at]) {
        return None;
    }
    let rest = &text[at + 1..];
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"&#;\"'<>\\,)|\0".contains(byte);
    let length = rest.iter().position(is_end).unwrap_or(rest.len());
    let value = &rest[..length];
    (!value.is_empty() && !REPLACEMENTS.contains(&value)).then_some(InlineSecret {
        range: at + 1..at + 1 + length,
        what: "the value of a key in a URL",
        replacement: REDACTED,
    })
}

fn is_secret_name(name: &[u8]) -> bool {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let name: Vec<u8> = letters.map(u8::to_ascii_lowercase).collect();
    SECRET_NAMES.contains(&name.as_slice()) || SECRET_ENDS.iter().any(|end| name.ends_with(end))
}

/// Returns the credentials behind `Basic` or `Bearer` at a place.
fn http_credentials(text: &[u8], at: usize) -> Option<InlineSecret> {
    if at > 0 && text[at - 1].is_ascii_alphanumeric() {
        return None;
    }
    let scheme = |name: &[u8]| {
        let found = text.get(at..at + name.len())?;
        found.eq_ignore_ascii_case(name).then_some(at + name.len())
    };
    let (after, is_basic) = match scheme(b"Basic ") {
        Some(after) => (after, true),
        None => (scheme(b"Bearer ")?, false),
    };
    let spaces = text[after..].iter().take_while(|byte| **byte == b' ');
    let start = after + spaces.count();
    let is_token = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=_-.~".contains(byte);
    let length = text[start..].iter().take_while(is_token).count();
    let token = &text[start..start + length];
    let is_secret = if is_basic {
        is_basic_token(token)
    } else {
        length >= 16 && token.iter().any(u8::is_ascii_digit)
    };
    is_secret.then_some(InlineSecret {
        range: start..start + length,
        what: "credentials of HTTP authentication",
        replacement: REDACTED,
    })
}

/// Returns whether a token is the base64 of `login:password`.
fn is_basic_token(token: &[u8]) -> bool {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    [STANDARD, URL_SAFE].iter().any(|alphabet| {
        let decoded = GeneralPurpose::new(alphabet, config).decode(token);
        let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.is_some_and(|text| text.contains(':') && !text.contains(char::is_control))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        let mut text = text.to_owned();
        for secret in inline_secrets(text.clone().as_bytes()).into_iter().rev() {
            text.replace_range(secret.range, secret.replacement);
        }
        text
    }

    #[test]
    fn secrets_in_urls_are_replaced_once() {
        for (text, expected) in [
            ("https://jo:pw@a.example/x@y", "https://a.example/x@y"),
            ("see ftp://jo@a.example, or", "see ftp://a.example, or"),
            ("http://a:b@c:d@e.example", "http://e.example"),
            (
                "https://a.example/?api_key=k1&q=2",
                "https://a.example/?api_key=redacted&q=2",
            ),
            (
                "https://a.example/?q=1&amp;Api-Key=k1",
                "https://a.example/?q=1&amp;Api-Key=redacted",
            ),
            (
                "https://a.example/#access_token=k1",
                "https://a.example/#access_token=redacted",
            ),
            (
                "https://a.example/?auth[key]=x&key=y",
                "https://a.example/?auth[key]=redacted&key=redacted",
            ),
            ("X-Amz-Signature=ab12", "X-Amz-Signature=redacted"),
            ("a: Basic bG9naW46cGFzc3dvcmQ= b", "a: Basic redacted b"),
            ("bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "bearer redacted"),
        ] {
            assert_eq!(redacted(text), expected);
            assert_eq!(redacted(expected), expected);
        }
    }

    #[test]
    fn ordinary_text_is_not_a_secret() {
        for text in [
            "https://medium.com/@jo",
            "https://a.example?to=jo@b.example",
            "https://a.example/?keyword=x&monkey=y&page=2&api_key=",
            "x = \"key=y\"",
            "Basic knowledge of SEO",
            "basic instructions",
            "bearer of good news",
            "16:30 ://",
            "",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
