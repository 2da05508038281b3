//! The real API, for whoever records it or compares with it. Nothing else in this crate opens a
//! connection.

use std::time::Duration;

use bytes::Bytes;
use dataforseo_models::api;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// The largest answer that is taken.
const MAX_ANSWER: usize = 256 << 20;

/// The server that is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Upstream {
    /// The vendor's sandbox: free, invented data, real credentials.
    #[default]
    Sandbox,
    /// The API itself. Calls cost money.
    Live,
    /// Another server, such as a mock server, by its base URL.
    Other(String),
}

impl Upstream {
    /// The base URL.
    pub fn url(&self) -> &str {
        match self {
            Self::Sandbox => api::SANDBOX,
            Self::Live => api::PRODUCTION,
            Self::Other(url) => url.trim_end_matches('/'),
        }
    }

    /// Whether calls cost money: those to the API itself, by whatever name it is called.
    pub(crate) fn is_live(&self) -> bool {
        let host = |url: &str| {
            let uri: Option<Uri> = url.parse().ok();
            uri.and_then(|uri| uri.host().map(str::to_ascii_lowercase))
        };
        host(self.url())
            .is_some_and(|it| Some(it.trim_end_matches('.')) == host(api::PRODUCTION).as_deref())
    }

    /// What a fixture says that it is from.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            _ if self.is_live() => "live",
            _ => "other",
        }
    }
}

/// Asks a server.
pub(crate) struct Asker {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
}

/// What it says.
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asker {
    /// # Errors
    /// When the URL is none, or would send credentials in the clear, or TLS cannot be set up.
    pub(crate) fn new(upstream: &Upstream) -> Result<Self, String> {
        let base = upstream.url().to_owned();
        // What cannot be read can hold anything, and is not repeated.
        let uri: Uri = base
            .parse()
            .map_err(|_| "the URL of the server is none".to_owned())?;
        if uri.authority().is_some_and(|it| it.as_str().contains('@')) {
            return Err("the URL holds credentials: give them in the environment".to_owned());
        }
        let host = uri.host().unwrap_or_default();
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if here => {}
            _ => {
                return Err(format!(
                    "`{base}`: expected https://, or http:// on this machine"
                ));
            }
        }
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let roots =
            rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(Duration::from_secs(10)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self {
            http: Client::builder(TokioExecutor::new()).build(connector),
            base,
        })
    }

    /// Sends a request, once, and waits for the whole answer.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        authorization: &HeaderValue,
        body: Bytes,
    ) -> Result<Said, String> {
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
            let away = |error: &dyn std::error::Error| {
                let cause = error.source().map_or(String::new(), |it| format!(": {it}"));
                format!("{} gives no answer: {error}{cause}", self.base)
            };
            let response = self
                .http
                .request(request)
                .await
                .map_err(|error| away(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER)
                .collect()
                .await
                .map_err(|error| format!("the answer of {} broke off: {error}", self.base))?
                .to_bytes();
            Ok(Said {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            })
        };
        // The server itself gives a live call up by then.
        let deadline = api::SERVER_TIMEOUT + Duration::from_secs(30);
        match tokio::time::timeout(deadline, exchange).await {
            Ok(said) => said,
            Err(_) => Err(format!("{} gave no answer within {deadline:?}", self.base)),
        }
    }
}
