//! TCP and TLS for clients.

use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// The versions of HTTP that a connector offers to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVersions {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, or HTTP/1.1 where the server does not support it.
    Http1And2,
}

/// Why certificates in PEM text cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The text does not contain a certificate.
    #[error("the PEM text does not contain a certificate")]
    Missing,
    /// The text is not valid PEM.
    #[error("the PEM text cannot be read: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
}

/// Returns the certificates in PEM text.
///
/// # Errors
/// When the text is not valid, or does not contain a certificate.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() {
        return Err(CertificateError::Missing);
    }
    Ok(all)
}

/// Returns a connector for TCP, which also accepts `https` URLs.
pub fn tcp_connector(connect_timeout: Duration) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect_timeout));
    tcp
}

/// Returns a TLS configuration that trusts the public root certificates and `roots`.
///
/// # Errors
/// When one of `roots` cannot be used.
pub fn tls_config(roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let mut store = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for root in roots {
        store.add(root)?;
    }
    // Naming the provider keeps a program with two providers in its dependencies from panicking.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_no_client_auth())
}

/// Returns a connector that adds TLS to `tcp` for `https` URLs.
pub fn https_connector<T>(tcp: T, tls: ClientConfig, versions: HttpVersions) -> HttpsConnector<T> {
    let builder = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http();
    match versions {
        HttpVersions::Http1 => builder.enable_http1().wrap_connector(tcp),
        HttpVersions::Http1And2 => builder.enable_all_versions().wrap_connector(tcp),
    }
}
