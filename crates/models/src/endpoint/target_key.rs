//! What identifies a target: keys that are equal for spellings of one target.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use idna::AsciiDenyList;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The ASCII characters that a URL contains in encoded form only. Other characters of ASCII can have
/// a meaning of their own, so they are left as they are.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Returns the key of a target. Two targets with equal keys are the same target: a domain, or a page.
///
/// Equal keys have spellings that differ in these ways only:
///
/// - white space around the target, and a fragment (`#…`);
/// - case of the scheme and of the host, and punycode or Unicode in the host;
/// - a dot at the end of the host, and the default port of the scheme;
/// - an empty path instead of `/`, in a URL with a scheme or a query;
/// - percent-encoding of path and query: its case, characters that need none, and characters that
///   are written without it although they need it.
///
/// A domain and its page, `www.` and no `www.`, or `http` and `https` have different keys. Text without
/// a host, or with white space in its host, is its own key.
///
/// ```
/// use dataforseo_models::target_key;
///
/// assert_eq!(target_key("Example.com."), target_key("example.com"));
/// assert_eq!(target_key("https://münchen.de#top"), target_key("https://xn--mnchen-3ya.de:443/"));
/// assert_eq!(target_key("https://a.example/%7eü"), target_key("https://a.example/~%C3%BC"));
/// assert_ne!(target_key("https://a.example/"), target_key("http://a.example/"));
/// assert_ne!(target_key("www.a.example"), target_key("a.example"));
/// ```
pub fn target_key(target: &str) -> Cow<'_, str> {
    let text = target.trim();
    if is_plain_domain(text) {
        return Cow::Borrowed(text);
    }
    let Some(parts) = Parts::of(text) else {
        return Cow::Borrowed(text);
    };
    let scheme = parts.scheme.to_ascii_lowercase();
    let mut key = scheme.clone();
    key.push_str(parts.slashes);
    if let Some(user) = parts.user {
        key.push_str(user);
        key.push('@');
    }
    key.push_str(&host_key(parts.host));
    if let Some(port) = port_key(parts.port)
        && default_port(&scheme) != Some(&*port)
    {
        key.push(':');
        key.push_str(&port);
    }
    if parts.path.is_empty() && (!scheme.is_empty() || parts.query.is_some()) {
        key.push('/');
    }
    key.push_str(&percent_key(parts.path));
    if let Some(query) = parts.query {
        key.push('?');
        key.push_str(&percent_key(query));
    }
    Cow::Owned(key)
}

/// Returns a weaker key for the [`target_key`] of a target. It is equal for more targets, as a server
/// can write a target in another form.
pub(super) fn weak_key(key: &str, ignored: Ignored) -> String {
    let Some(parts) = Parts::of(key) else {
        return key.to_lowercase();
    };
    let mut weak = String::with_capacity(key.len());
    if ignored == Ignored::Path {
        weak.push_str(parts.scheme);
        weak.push_str(parts.slashes);
        if let Some(user) = parts.user {
            weak.push_str(user);
            weak.push('@');
        }
        weak.push_str(parts.host);
    } else {
        weak.push_str(&site_key(parts.host));
    }
    let is_kept = |port: &&str| ignored == Ignored::Path || !matches!(*port, "80" | "443");
    if let Some(port) = parts.port.filter(is_kept) {
        weak.push(':');
        weak.push_str(port);
    }
    push_segments(&mut weak, &unescaped(parts.path));
    if let Some(query) = parts.query.filter(|query| !query.is_empty()) {
        weak.push('?');
        weak.push_str(&unescaped(query));
    }
    match ignored {
        Ignored::Path | Ignored::Site => weak,
        Ignored::Case => percent_decode_str(&weak).decode_utf8_lossy().to_lowercase(),
    }
}

/// What a [`weak_key`] ignores. Each variant also ignores what those before it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ignored {
    /// Empty segments of the path and those of dots, an empty query, and the escape of HTML for `&`.
    Path,
    /// The scheme, the user, `www.`, ports 80 and 443, and brackets around an address.
    Site,
    /// Case, and percent-encoding.
    Case,
}

/// Returns a host without `www.` and in one form if it is an address.
fn site_key(host: &str) -> String {
    match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => without_www(host).to_lowercase(),
    }
}

/// Adds the segments of a path, without empty ones and those of dots.
fn push_segments(key: &mut String, path: &str) {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    for segment in segments {
        key.push('/');
        key.push_str(segment);
    }
}

/// The parts of a target. The fragment is left out.
struct Parts<'a> {
    /// The scheme; empty without one.
    scheme: &'a str,
    /// What follows the scheme: `://`, or `//` or nothing if there is no scheme.
    slashes: &'static str,
    user: Option<&'a str>,
    host: &'a str,
    /// The digits behind the host. They can be empty.
    port: Option<&'a str>,
    /// The path; empty, or with a slash in front.
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Splits a target. `None` if it has no host, or white space in it.
    fn of(text: &'a str) -> Option<Self> {
        let text = text.split_once('#').map_or(text, |(text, _)| text);
        let (scheme, slashes, rest) = match text.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme, "://", rest),
            _ => match text.strip_prefix("//") {
                Some(rest) => ("", "//", rest),
                None => ("", "", text),
            },
        };
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let (user, host) = match authority.rsplit_once('@') {
            // Without slashes, it is an email address.
            Some((user, host)) if !slashes.is_empty() => (Some(user), host),
            _ => (None, authority),
        };
        let (host, port) = split_port(host);
        let is_text = |c: char| c.is_whitespace() || c.is_control();
        (!host.is_empty() && !host.contains(is_text)).then_some(Self {
            scheme,
            slashes,
            user,
            host,
            port,
            path,
            query,
        })
    }
}

/// Returns whether the target is a domain that is its own key. Most targets are.
fn is_plain_domain(text: &str) -> bool {
    let is_plain = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_');
    text.bytes().all(is_plain) && !text.ends_with('.') && !text.contains("xn--")
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'))
}

/// Splits the port from a host.
fn split_port(host: &str) -> (&str, Option<&str>) {
    if host.parse::<Ipv6Addr>().is_ok() {
        return (host, None);
    }
    match host.rsplit_once(':') {
        Some((name, port))
            if !name.is_empty()
                && (!name.contains(':') || name.ends_with(']'))
                && port.bytes().all(|c| c.is_ascii_digit()) =>
        {
            (name, Some(port))
        }
        _ => (host, None),
    }
}

/// Returns a port without leading zeros. `None` if there is none, or if it is empty.
fn port_key(port: Option<&str>) -> Option<Cow<'_, str>> {
    let port = port.filter(|port| !port.is_empty())?;
    Some(match port.parse::<u16>() {
        Ok(number) => Cow::Owned(number.to_string()),
        Err(_) => Cow::Borrowed(port),
    })
}

fn default_port(scheme: &str) -> Option<&'static str> {
    match scheme {
        "http" => Some("80"),
        "https" => Some("443"),
        "ftp" => Some("21"),
        _ => None,
    }
}

/// Returns a host in lower case and in punycode, without a trailing dot.
fn host_key(host: &str) -> String {
    let address = |text: &str| text.parse::<Ipv6Addr>().ok();
    let inner = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    if let Some(address) = inner.and_then(address) {
        return format!("[{address}]");
    }
    if let Some(address) = address(host) {
        return address.to_string();
    }
    let ascii = match idna::domain_to_ascii_cow(host.as_bytes(), AsciiDenyList::URL) {
        Ok(ascii) if !ascii.is_empty() => ascii,
        // Not a valid name. A server can echo it nevertheless.
        _ => return host.to_ascii_lowercase(),
    };
    match ascii.strip_suffix('.') {
        Some(rest) if !rest.is_empty() && !rest.ends_with('.') => rest.to_owned(),
        _ => ascii.into_owned(),
    }
}

/// Returns a host without `www.`, unless only a top-level domain would be left.
fn without_www(host: &str) -> &str {
    let mut host = host;
    while let Some(rest) = host.strip_prefix("www.")
        && rest.contains('.')
    {
        host = rest;
    }
    host
}

/// Returns a path or a query with one form of percent-encoding.
fn percent_key(text: &str) -> String {
    let encoded = utf8_percent_encode(text, ENCODED).to_string();
    let mut rest = encoded.as_str();
    let mut key = String::with_capacity(encoded.len());
    // Next to a `%` that encodes nothing, a decoded digit would result in other encoded characters.
    let decodes = !has_stray_percent(rest);
    while let Some((before, after)) = rest.split_once('%') {
        key.push_str(before);
        let Some(byte) = encoded_byte(after) else {
            key.push('%');
            rest = after;
            continue;
        };
        if decodes && (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')) {
            key.push(char::from(byte));
        } else {
            key.push_str(&format!("%{byte:02X}"));
        }
        rest = after.get(2..).unwrap_or_default();
    }
    key.push_str(rest);
    key
}

fn has_stray_percent(text: &str) -> bool {
    let mut parts = text.split('%');
    parts.next();
    parts.any(|after| encoded_byte(after).is_none())
}

/// Returns the byte of the two hexadecimal digits at the start of a text.
fn encoded_byte(text: &str) -> Option<u8> {
    let digits = text.get(..2)?;
    let is_hex = digits.bytes().all(|c| c.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(digits, 16).ok())?
}

/// Returns text without the escapes of HTML for `&`, also where they were applied repeatedly.
fn unescaped(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    while text.contains("&amp;") {
        text = Cow::Owned(text.replace("&amp;", "&"));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weak(target: &str, ignored: Ignored) -> String {
        weak_key(&target_key(target), ignored)
    }

    fn alike(target: &str) -> String {
        weak(target, Ignored::Site)
    }

    #[test]
    fn spellings_of_one_target_have_one_key() {
        for (spelling, other) in [
            ("A2.Example", "a2.example"),
            (" a2.example\t", "a2.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("XN--BCHER-KVA.example", "BÜCHER.example"),
            ("İstanbul.example", "i̇stanbul.example"),
            ("😀.ws", "xn--e28h.ws"),
            ("example。com", "example.com"),
            ("a8.example.", "a8.example"),
            ("https://a3.example", "HTTPS://A3.example/"),
            ("https://a7.example:443/", "https://a7.example/"),
            ("http://a7.example:080/", "http://a7.example/"),
            ("http://a7.example:/x", "http://a7.example/x"),
            ("ftp://a7.example:21/x", "ftp://a7.example/x"),
            ("http://[::0:1]/", "http://[::1]"),
            ("https://b1.example/#x", "https://b1.example/"),
            ("b1.example#x", "b1.example"),
            ("https://b7.example?q=1", "https://b7.example/?q=1"),
            ("b7.example?q=1", "b7.example/?q=1"),
            ("https://a5.example/ü", "https://a5.example/%c3%bC"),
            ("https://a6.example/%7Eu%2d", "https://a6.example/~u-"),
            (
                "https://b3.example/a b?c d",
                "https://b3.example/a%20b?c%20d",
            ),
            ("https://B6.example/Path", "https://b6.example/Path"),
        ] {
            assert_eq!(target_key(spelling), target_key(other), "{spelling}");
        }
    }

    #[test]
    fn different_targets_have_different_keys() {
        for (target, other) in [
            ("www.a.example", "a.example"),
            ("https://a.example/", "http://a.example/"),
            ("https://a.example/", "a.example"),
            ("a.example/", "a.example"),
            ("https://a.example/x/", "https://a.example/x"),
            ("https://a.example/X", "https://a.example/x"),
            ("https://a.example/?q=A", "https://a.example/?q=a"),
            ("https://a.example:8080/", "https://a.example/"),
            ("https://a.example:80/", "https://a.example/"),
            ("https://u@a.example/", "https://a.example/"),
            ("https://a.example/a%2Fb", "https://a.example/a/b"),
            ("https://a.example/?a%26b", "https://a.example/?a&b"),
            ("https://a.example/%2541", "https://a.example/A"),
            ("https://a.example/%4%31", "https://a.example/A"),
            ("strasse.example", "straße.example"),
            ("a\u{2100}b.example", "aa/cb.example"),
            ("# one", "# two"),
            ("https://", "http://"),
            ("mailto:a@b.example", "b.example"),
        ] {
            assert_ne!(target_key(target), target_key(other), "{target}");
        }
    }

    #[test]
    fn targets_that_a_server_may_rewrite_are_alike() {
        for (target, other) in [
            ("https://a4.example/p/", "https://a4.example/p"),
            ("a4.example/", "a4.example"),
            (
                "https://b2.example/?a=1&b=2",
                "https://b2.example/?a=1&amp;b=2",
            ),
            ("https://b2.example/?", "https://b2.example/"),
            ("https://b4.example//x", "https://b4.example/x"),
            ("https://b5.example/a/%2e./b/.", "https://b5.example/b"),
            ("# Comment", "# comment"),
        ] {
            assert_eq!(
                weak(target, Ignored::Path),
                weak(other, Ignored::Path),
                "{target}"
            );
            assert_eq!(alike(target), alike(other), "{target}");
        }
        for (target, other) in [
            ("www.a1.example", "a1.example"),
            ("http://a9.example/", "https://a9.example/"),
            ("https://a3.example", "a3.example"),
            ("//a3.example/x", "a3.example/x"),
            ("https://user:pw@b9.example/", "https://b9.example/"),
            ("http://[::1]/", "::1"),
            ("a.example:80", "http://a.example"),
        ] {
            assert_ne!(
                weak(target, Ignored::Path),
                weak(other, Ignored::Path),
                "{target}"
            );
            assert_eq!(alike(target), alike(other), "{target}");
        }
        for (target, other) in [
            ("https://a.example/X", "https://a.example/x"),
            ("https://a.example/ü", "https://a.example/Ü"),
            ("a.example/a%2Fb", "a.example/a/b"),
        ] {
            assert_ne!(alike(target), alike(other), "{target}");
            assert_eq!(
                weak(target, Ignored::Case),
                weak(other, Ignored::Case),
                "{target}"
            );
        }
        for (target, other) in [
            ("www.com", "com"),
            ("user@a.example", "a.example"),
            ("[::1]:8080", "[::1:8080]"),
        ] {
            assert_ne!(
                weak(target, Ignored::Case),
                weak(other, Ignored::Case),
                "{target}"
            );
        }
    }

    /// Text that resembles targets, and any other text.
    fn text() -> impl Strategy<Value = String> {
        let part = prop::sample::select(vec![
            "http",
            "HTTPS",
            "ftp",
            "://",
            "//",
            "/",
            ":",
            ":80",
            ":0443",
            "@",
            "www.",
            "WWW.",
            "a",
            "B.example",
            "example.com",
            "ü",
            "xn--",
            "xn--4ca",
            "。",
            "ß",
            "İ",
            "Σ",
            ".",
            "..",
            "[::1]",
            "::1",
            "[",
            "]",
            "%",
            "%2",
            "%7e",
            "%41",
            "%c3%BC",
            "%25",
            "?",
            "#",
            "&amp;",
            "amp;",
            "&",
            " ",
            "\t",
            "\u{ad}",
            "\u{2100}",
            "\u{ff0f}",
            "-",
            "_",
            "\"",
            "|",
            "\u{301}",
        ]);
        prop_oneof![
            prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat()),
            any::<String>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn the_key_of_a_key_is_the_key(text in text()) {
            let key = target_key(&text);
            prop_assert_eq!(target_key(&key), &*key);
            for ignored in [Ignored::Path, Ignored::Site] {
                let once = weak_key(&key, ignored);
                prop_assert_eq!(weak(&once, ignored), once);
            }
        }

        #[test]
        fn targets_with_one_key_have_one_weaker_key(text in text()) {
            let key = target_key(&text).into_owned();
            for ignored in [Ignored::Path, Ignored::Site, Ignored::Case] {
                prop_assert_eq!(weak(&text, ignored), weak(&key, ignored));
            }
            prop_assert_eq!(alike(&weak(&text, Ignored::Path)), alike(&text));
            prop_assert_eq!(weak(&alike(&text), Ignored::Case), weak(&text, Ignored::Case));
        }
    }
}
