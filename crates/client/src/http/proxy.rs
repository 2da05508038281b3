//! The proxy of a client: given, or from the environment.

use ::http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use crate::builder::ConfigError;

/// The environment variables with the URL of a proxy for `https`. The first that is set counts.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// The environment variables with the servers that are called without a proxy.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Which proxy to use.
#[derive(Clone)]
pub(crate) enum Proxy {
    None,
    /// The URL, which can contain a password.
    Url(SecretString),
}

/// The proxies of a client.
pub(crate) struct Proxies {
    pub(crate) matcher: Matcher,
    /// The credentials for the proxy, if it has any.
    pub(crate) credentials: Option<Credentials>,
}

/// User and password for a proxy.
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// Returns the proxy for a server, from the settings, or if there are none, from the environment.
///
/// # Errors
/// When a proxy is set for the server and its URL cannot be used. Without the error, calls would not go
/// through the proxy.
pub(crate) fn proxies(
    proxy: Option<&Proxy>,
    base: &str,
    look_up: impl Fn(&str) -> Option<String>,
) -> Result<Proxies, ConfigError> {
    let none = || Proxies {
        matcher: Matcher::builder().build(),
        credentials: None,
    };
    let set = |name: &&str| look_up(name).filter(|value| !value.trim().is_empty());
    match proxy {
        Some(Proxy::None) => Ok(none()),
        Some(Proxy::Url(url)) => with_scheme(url.expose_secret(), "").ok_or(ConfigError::Proxy),
        None => {
            let proxies = PROXIES.into_iter();
            let mut proxies = proxies.filter_map(|name| Some((name, set(&name)?)));
            let exceptions = EXCEPTIONS.iter().find_map(set).unwrap_or_default();
            match proxies.next().filter(|_| needs_proxy(base, &exceptions)) {
                Some((name, url)) => {
                    with_scheme(&url, &exceptions).ok_or(ConfigError::ProxyVariable(name))
                }
                None => Ok(none()),
            }
        }
    }
}

/// Returns whether a proxy of the environment is for this server. Servers without TLS have none.
fn needs_proxy(base: &str, exceptions: &str) -> bool {
    let any = Matcher::builder()
        .https("http://proxy.invalid")
        .no(exceptions);
    let base = base.parse::<Uri>().ok();
    base.is_some_and(|base| {
        base.scheme_str() == Some("https") && any.build().intercept(&base).is_some()
    })
}

/// Returns the proxy with this URL; `None` if it is not one. A URL without a scheme is one of `http`, as
/// for curl.
fn with_scheme(url: &str, exceptions: &str) -> Option<Proxies> {
    let url = url.trim();
    let url = match url.contains("://") {
        true => url.to_owned(),
        false => format!("http://{url}"),
    };
    let uri = url.parse::<Uri>().ok()?;
    let authority = uri.authority().filter(|it| !it.host().is_empty())?;
    let port = authority.as_str().rsplit_once('@');
    let port = port.map_or(authority.as_str(), |(_, server)| server);
    let port = port.strip_prefix(authority.host()).unwrap_or_default();
    // A port that is out of range would become the default port without notice.
    let valid_port = port.is_empty() || uri.port_u16().is_some();
    if uri.scheme_str() != Some("http") || !valid_port {
        return None;
    }
    let credentials = authority.as_str().rsplit_once('@').map(|(before, _)| {
        let (user, password) = before.split_once(':').unwrap_or((before, ""));
        let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Credentials {
            user: decode(user),
            password: decode(password),
        }
    });
    Some(Proxies {
        matcher: Matcher::builder().all(url).no(exceptions).build(),
        credentials,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)], base: &str) -> Result<Option<String>, ConfigError> {
        let look_up = |name: &str| {
            let mut found = variables.iter().filter(|(variable, _)| *variable == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        let proxies = proxies(None, base, look_up)?;
        let uri = base.parse::<Uri>().unwrap();
        Ok(proxies
            .matcher
            .intercept(&uri)
            .map(|it| it.uri().to_string()))
    }

    #[test]
    fn the_proxy_of_the_environment() {
        const API: &str = "https://api.example";
        let found = |url: &str| Ok(Some(url.to_owned()));
        for (variables, expected) in [
            (&[][..], Ok(None)),
            (&[("HTTPS_PROXY", "")], Ok(None)),
            (&[("HTTPS_PROXY", "http://p:1")], found("http://p:1/")),
            (&[("https_proxy", "p:1")], found("http://p:1/")),
            (&[("ALL_PROXY", "http://u:s3cret@p")], found("http://p/")),
            (
                &[("HTTPS_PROXY", "http://p:1"), ("ALL_PROXY", "://")],
                found("http://p:1/"),
            ),
            // Only for requests without TLS, which use no proxy.
            (&[("HTTP_PROXY", "://")], Ok(None)),
            (
                &[("HTTPS_PROXY", "://"), ("NO_PROXY", "api.example")],
                Ok(None),
            ),
            (
                &[("HTTPS_PROXY", "http://p"), ("NO_PROXY", "other.example")],
                found("http://p/"),
            ),
        ] {
            assert_eq!(from(variables, API), expected, "{variables:?}");
        }
        assert_eq!(
            from(&[("HTTPS_PROXY", "://")], "http://localhost:1"),
            Ok(None)
        );
        for url in [
            "://puser:pr0xyPW",
            "http://puser:pr0xyPW@",
            "http://puser:pr0xy PW@127.0.0.1:1",
            "http://puser:pr0xyPW@127.0.0.1:99999",
            "http://puser:pr0xyPW@127.0.0.1:x",
            "socks5://puser:pr0xyPW@127.0.0.1:1",
            "https://puser:pr0xyPW@127.0.0.1:1",
        ] {
            for name in PROXIES {
                let error = from(&[(name, url)], API).unwrap_err();
                assert_eq!(error, ConfigError::ProxyVariable(name), "{url}");
                let shown = format!("{error} {error:?}");
                assert!(shown.contains(name) && !shown.contains("pr0xy"), "{shown}");
            }
        }
    }
}
