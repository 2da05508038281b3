//! Access to the admin routes and to the recorder: for programs on this machine, or with the token.
//!
//! A web page can send requests to this machine, too. Its requests name the page in `Origin`, or,
//! after DNS rebinding, the page's host in `Host`.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use sha2::{Digest as _, Sha256};

use super::peer::Peer;

/// The request header with the token.
pub(crate) const TOKEN_HEADER: &str = "x-mock-token";

/// The minimum length of a token, in bytes. A shorter one could be guessed.
const MIN_TOKEN: usize = 16;

/// The maximum number of characters of a header that a message shows.
const MAX_SHOWN: usize = 100;

/// A text that gives access from anywhere. It implements neither `Debug` nor `Display`.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// Returns a token, or `None` if the text is too short or cannot be sent in a header.
    pub(crate) fn new(text: String) -> Option<Self> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (text.len() >= MIN_TOKEN && is_visible).then_some(Self(text))
    }

    /// Returns whether a request has the token.
    pub(super) fn is_in(&self, head: &Parts) -> bool {
        let given = head.headers.get(TOKEN_HEADER);
        // Of hashes, the time of a comparison reveals nothing.
        given.is_some_and(|it| Sha256::digest(it.as_bytes()) == Sha256::digest(&self.0))
    }
}

/// Checks that no web page and no other machine sent a request. `what` needs the access.
///
/// # Errors
/// The error states why the request is refused, and what to do.
pub(super) fn check_local(head: &Parts, peer: Peer, what: &str) -> Result<(), String> {
    let token = format!(
        "or start the server with a token (`--token` or `Builder::token`) and send it as the header \
         `{TOKEN_HEADER}`"
    );
    let refuse = |reason: String| {
        Err(format!(
            "{reason}: send the request from this machine to localhost, 127.0.0.1 or [::1], {token}"
        ))
    };
    match peer {
        // No web page reaches a server without a socket.
        Peer::Program => return Ok(()),
        Peer::Remote => return refuse(format!("{what} is closed to other machines")),
        Peer::Local => {}
    }
    let in_target = head.uri.authority().map(Authority::as_str);
    let in_headers = head.headers.get_all(HOST).into_iter();
    let in_headers = in_headers.map(|value| value.to_str().unwrap_or("?"));
    let hosts: Vec<&str> = in_target.into_iter().chain(in_headers).collect();
    if hosts.is_empty() {
        return refuse(format!("{what} requires the header `Host`"));
    }
    if let Some(host) = hosts.into_iter().find(|host| !is_loopback(host)) {
        return refuse(format!("{what} is closed to the host {}", shown(host)));
    }
    for origin in head.headers.get_all(ORIGIN) {
        let origin = origin.to_str().unwrap_or("?");
        let authority = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        if !authority.is_some_and(is_loopback) {
            return refuse(format!(
                "{what} is closed to web pages, and this one is from {}",
                shown(origin)
            ));
        }
    }
    let site = head.headers.get("sec-fetch-site");
    if site.is_some_and(|site| site == "cross-site") {
        return refuse(format!("{what} is closed to web pages of other sites"));
    }
    Ok(())
}

/// Returns whether a host with an optional port is this machine.
fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_name = host.eq_ignore_ascii_case("localhost") && !authority.as_str().contains('@');
    let address = address.parse::<IpAddr>().map(|it| it.to_canonical());
    is_name || address.is_ok_and(|it| it.is_loopback())
}

/// Returns the start of a header, quoted and with control characters escaped.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(MAX_SHOWN).collect();
    format!("{start:?}")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn check(uri: &str, headers: &[(&'static str, &str)], peer: Peer) -> Result<(), String> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        check_local(&head, peer, "the recorder")
    }

    #[test]
    fn programs_on_this_machine_have_access() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:80",
        ] {
            assert_eq!(check("/", &[("host", host)], Peer::Local), Ok(()), "{host}");
            let origin = format!("http://{host}");
            let headers = [
                ("host", host),
                ("origin", &origin),
                ("sec-fetch-site", "same-site"),
            ];
            assert_eq!(check("/", &headers, Peer::Local), Ok(()), "{host}");
        }
        assert_eq!(
            check("/", &[("host", "api.example")], Peer::Program),
            Ok(())
        );
    }

    #[test]
    fn web_pages_and_other_machines_have_none() {
        for host in [
            "a.example",
            "a.example:8080",
            "localhost.a.example",
            "127.0.0.1.a.example",
            "0.0.0.0:8080",
            "192.168.0.1",
            "localhost@a.example",
            "a.example@localhost",
            "",
            "?",
        ] {
            let reason = check("/", &[("host", host)], Peer::Local).unwrap_err();
            assert!(
                reason.contains("closed to the host") && reason.contains("--token"),
                "{reason}"
            );
            let origin = format!("http://{host}");
            let headers = [("host", "localhost"), ("origin", &origin)];
            let reason = check("/", &headers, Peer::Local).unwrap_err();
            assert!(reason.contains("closed to web pages"), "{reason}");
        }
        let good = ("host", "localhost");
        for headers in [
            &[][..],
            &[good, ("host", "a.example")],
            &[good, ("origin", "null")],
            &[
                good,
                ("origin", "http://localhost"),
                ("origin", "https://a.example"),
            ],
            &[good, ("origin", "file://localhost")],
            &[good, ("sec-fetch-site", "cross-site")],
        ] {
            assert!(check("/", headers, Peer::Local).is_err(), "{headers:?}");
        }
        assert!(check("http://a.example/", &[good], Peer::Local).is_err());
        assert!(check("/", &[good], Peer::Remote).is_err());
    }

    #[test]
    fn a_token_is_long_and_visible() {
        assert!(Token::new("short".to_owned()).is_none());
        assert!(Token::new("a token with spaces".to_owned()).is_none());
        let token = Token::new("0123456789abcdef".to_owned()).unwrap();
        let with = |value: &str| {
            let request = Request::builder().header(TOKEN_HEADER, value);
            token.is_in(&request.body(()).unwrap().into_parts().0)
        };
        assert!(with("0123456789abcdef"));
        assert!(!with("0123456789abcdeg"));
        assert!(!with(""));
    }
}
