//! The client of the real API. Nothing else in this crate opens a connection.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use dataforseo_http::{
    Cleartext, HttpVersions, base_url, https_connector, is_loopback, redact_url, tcp_connector,
    tls_config,
};
use dataforseo_models::api;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// The largest response body, in bytes.
const MAX_RESPONSE: usize = 256 << 20;

/// The maximum time to connect to the upstream.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The server that a recording sends requests to.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Upstream {
    /// The vendor's sandbox. It is free and returns invented data, but requires real credentials.
    #[default]
    Sandbox,
    /// The live API. Calls cost money, so a [`Record::budget`](crate::Record::budget) is required.
    Live,
    /// Another server, by its base URL, such as `http://127.0.0.1:8080`.
    ///
    /// The scheme must be `https`, or `http` for this machine.
    Other(String),
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sandbox => f.write_str("Sandbox"),
            Self::Live => f.write_str("Live"),
            // A URL with credentials is refused later.
            Self::Other(url) => f.debug_tuple("Other").field(&redact_url(url)).finish(),
        }
    }
}

impl Upstream {
    /// Returns the base URL, without a trailing slash.
    pub fn url(&self) -> &str {
        match self {
            Self::Sandbox => api::SANDBOX,
            Self::Live => api::PRODUCTION,
            Self::Other(url) => url.trim_end_matches('/'),
        }
    }

    /// Returns whether calls cost money: whether the host is that of the live API.
    pub(crate) fn is_live(&self) -> bool {
        let host = |url: &str| {
            let uri: Option<Uri> = url.parse().ok();
            uri.and_then(|uri| uri.host().map(str::to_ascii_lowercase))
        };
        host(self.url())
            .is_some_and(|it| Some(it.trim_end_matches('.')) == host(api::PRODUCTION).as_deref())
    }

    /// Returns the value of `meta.source` in fixtures.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            _ if self.is_live() => "live",
            _ => "other",
        }
    }
}

/// A client for an upstream.
pub(crate) struct UpstreamClient {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
}

/// A response of the upstream.
pub(crate) struct UpstreamResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl UpstreamClient {
    /// Returns a client for an upstream.
    ///
    /// # Errors
    /// When the URL is invalid or would send credentials unencrypted, or when TLS cannot be set up.
    pub(crate) fn new(upstream: &Upstream) -> Result<Self, String> {
        let base = base_url(upstream.url(), Cleartext::Allowed)
            .map_err(|error| format!("the upstream {error}"))?;
        let uri: Uri = base.parse().map_err(|error| format!("`{base}`: {error}"))?;
        if uri.scheme_str() == Some("http") && !uri.host().is_some_and(is_loopback) {
            return Err(format!(
                "`{base}`: expected https://, or http:// with a host on this machine"
            ));
        }
        let tls = tls_config(Vec::new()).map_err(|error| format!("TLS: {error}"))?;
        let tcp = tcp_connector(CONNECT_TIMEOUT);
        let connector = https_connector(tcp, tls, HttpVersions::Http1);
        Ok(Self {
            http: Client::builder(TokioExecutor::new()).build(connector),
            base,
        })
    }

    /// Sends a request once, and reads the whole response.
    ///
    /// # Errors
    /// When no complete response arrives in time.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        authorization: &HeaderValue,
        body: Bytes,
    ) -> Result<UpstreamResponse, String> {
        let mut authorization = authorization.clone();
        authorization.set_sensitive(true);
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| format!("the request cannot be sent: {error}"))?;
        let exchange = async {
            let failed = |error: &dyn std::error::Error| {
                let cause = error.source().map_or(String::new(), |it| format!(": {it}"));
                format!("no response from {}: {error}{cause}", self.base)
            };
            let response = self
                .http
                .request(request)
                .await
                .map_err(|error| failed(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, MAX_RESPONSE)
                .collect()
                .await
                .map_err(|error| format!("incomplete response from {}: {error}", self.base))?
                .to_bytes();
            Ok(UpstreamResponse {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            })
        };
        // The API itself gives up on a live call earlier.
        let timeout = api::SERVER_TIMEOUT + Duration::from_secs(30);
        match tokio::time::timeout(timeout, exchange).await {
            Ok(response) => response,
            Err(_) => Err(format!("no response from {} within {timeout:?}", self.base)),
        }
    }
}
