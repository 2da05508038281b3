//! Checks of the URL of a server.

use std::net::IpAddr;

use http::Uri;

/// Whether credentials may be sent without encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleartext {
    /// Only to this machine.
    LoopbackOnly,
    /// To any server.
    Allowed,
}

/// Why a base URL cannot be used. The message contains the URL without credentials and query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` {reason}")]
pub struct BaseUrlError {
    url: String,
    reason: &'static str,
}

/// Checks the base URL of a server and returns it without trailing slashes.
///
/// # Errors
/// When the URL is incomplete, contains credentials, a query, a fragment or the path `/v3`, or when
/// it would send credentials in cleartext.
pub fn base_url(url: &str, cleartext: Cleartext) -> Result<String, BaseUrlError> {
    let trimmed = url.trim_end_matches('/');
    match defect(trimmed, cleartext) {
        Some(reason) => Err(BaseUrlError {
            url: redact_url(url),
            reason,
        }),
        None => Ok(trimmed.to_owned()),
    }
}

/// Returns what is wrong with a URL.
fn defect(url: &str, cleartext: Cleartext) -> Option<&'static str> {
    let Ok(uri) = url.parse::<Uri>() else {
        return Some("is not a URL; expected one such as https://api.dataforseo.com");
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Some("is incomplete; expected a URL such as https://api.dataforseo.com");
    };
    if authority.as_str().contains('@') {
        return Some(
            "contains credentials; pass them to `credentials` or set the environment variables",
        );
    }
    if uri.query().is_some() || url.contains('#') {
        return Some("has a query or a fragment; expected scheme, host, and at most a path");
    }
    if uri.path().trim_end_matches('/').ends_with("/v3") {
        return Some("ends in `/v3`, which every path begins with: leave it out");
    }
    match scheme {
        "https" => None,
        "http" if cleartext == Cleartext::Allowed || is_loopback(authority.host()) => None,
        "http" => Some(
            "would send the credentials unencrypted; use https, or `allow_http` for a mock server",
        ),
        _ => Some("has a scheme that is neither https nor http"),
    }
}

/// Returns whether a host, as it is written in a URL, is this machine.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Returns a URL without the parts that can contain secrets, for messages: the user and password,
/// and the query.
pub fn redact_url(url: &str) -> String {
    let (url, query) = match url.split_once('?') {
        Some((url, _)) => (url, "?[redacted]"),
        None => (url, ""),
    };
    let url = match url.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://[redacted]@{host}")
        }
        None => url.to_owned(),
    };
    url + query
}

#[cfg(test)]
mod tests {
    use super::{Cleartext, base_url};

    #[test]
    fn the_version_is_not_part_of_the_base() {
        for url in ["https://x.example/v3", "https://x.example/proxy/v3//"] {
            let error = base_url(url, Cleartext::LoopbackOnly).unwrap_err();
            assert!(error.to_string().contains("leave it out"), "{error}");
        }
        assert!(base_url("https://x.example/v3/proxy", Cleartext::LoopbackOnly).is_ok());
        assert!(base_url("https://v3/", Cleartext::LoopbackOnly).is_ok());
    }

    #[test]
    fn cleartext_stays_on_this_machine_unless_it_is_allowed() {
        for url in ["http://localhost:1", "http://127.0.0.1", "http://[::1]:1/"] {
            assert!(base_url(url, Cleartext::LoopbackOnly).is_ok(), "{url}");
        }
        assert!(base_url("http://mock:1", Cleartext::LoopbackOnly).is_err());
        assert!(base_url("http://mock:1", Cleartext::Allowed).is_ok());
    }
}
