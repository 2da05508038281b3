//! The connector that a client has unless it is given another: TCP, proxies and TLS.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::Uri;
use dataforseo_http::{HttpVersions, https_connector, tcp_connector, tls_config};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tower_service::Service;

use super::awake;
use super::connector::{AnyConnector, BoxError};
use super::middleware::HttpService;
use crate::error::timed_out;

/// How long an unused connection stays open.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The settings of the connector.
pub(crate) struct Network {
    pub(crate) connect_timeout: Duration,
    pub(crate) proxies: Matcher,
    /// Certificates that are trusted in addition to the public ones.
    pub(crate) roots: Vec<CertificateDer<'static>>,
}

/// Returns a service that sends over connections of `connector`, and reuses them.
pub(crate) fn pooled(connector: AnyConnector) -> HttpService {
    // hyper resends a request only if nothing of it was written, on a pooled connection that the
    // server had closed meanwhile. Such a request cannot be charged twice.
    let http = HyperClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build(connector);
    HttpService::hyper(http)
}

/// Returns a connector for TCP, through a proxy if there is one, and TLS, with HTTP/2 where the
/// server supports it.
pub(crate) fn connector(network: Network) -> Result<AnyConnector, rustls::Error> {
    let tls = tls_config(network.roots)?;
    let tcp = MaybeProxied {
        tcp: tcp_connector(network.connect_timeout),
        proxies: Arc::new(network.proxies),
    };
    Ok(AnyConnector::new(https_connector(
        tcp,
        tls,
        HttpVersions::Http1And2,
    )))
}

/// TCP to the server, or to its proxy and through that to the server.
#[derive(Clone)]
struct MaybeProxied {
    tcp: HttpConnector,
    proxies: Arc<Matcher>,
}

impl Service<Uri> for MaybeProxied {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // Requests without TLS stay on this machine or in a trusted network: a proxy could read
        // their credentials.
        let encrypted = uri.scheme_str() == Some("https");
        let Some(proxy) = self.proxies.intercept(&uri).filter(|_| encrypted) else {
            let tcp = self.tcp.clone();
            let direct = move || {
                let connecting = tcp.clone().call(uri.clone());
                async move { Ok(connecting.await?) }
            };
            return Box::pin(awake::connecting(direct, is_timeout));
        };
        if proxy.uri().scheme_str() != Some("http") {
            let reason = "the proxy's URL must begin with http://";
            return Box::pin(async move { Err(reason.into()) });
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.tcp.clone());
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let through = move || {
            let connecting = tunnel.clone().call(uri.clone());
            async move { Ok(connecting.await?) }
        };
        Box::pin(awake::connecting(through, is_timeout))
    }
}

fn is_timeout(error: &BoxError) -> bool {
    timed_out(error.as_ref())
}
