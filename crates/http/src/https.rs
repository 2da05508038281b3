//! TCP and TLS for clients.

use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

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

/// Returns a TLS configuration that trusts the public root certificates and `roots`. A certificate in
/// `roots` is also trusted as that of a server.
///
/// # Errors
/// When one of `roots` cannot be used.
pub fn tls_config(roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let mut store = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for root in &roots {
        store.add(root.clone())?;
    }
    // Naming the provider keeps a program with two providers in its dependencies from panicking.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    if roots.is_empty() {
        return Ok(config.with_root_certificates(store).with_no_client_auth());
    }
    let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build();
    let chains = chains.map_err(|error| rustls::Error::General(error.to_string()))?;
    let verifier = RootsAsServers { chains, roots };
    Ok(config
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// A verifier of certificates that also accepts a trusted certificate itself as that of a server.
///
/// A usual self-signed certificate is marked as an authority, and webpki refuses an authority as a server
/// although it is trusted.
#[derive(Debug)]
struct RootsAsServers {
    /// Verifies everything else.
    chains: Arc<WebPkiServerVerifier>,
    roots: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for RootsAsServers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let outcome = self.chains.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match outcome {
            // webpki checks the dates before the mark, so they are right.
            Err(error) if self.roots.contains(end_entity) && is_marked_as_authority(&error) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// Returns whether a certificate was refused because it is marked as an authority.
fn is_marked_as_authority(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(rustls::CertificateError::Other(OtherError(error))) =
        error
    else {
        return false;
    };
    let error = error.downcast_ref::<webpki::Error>();
    matches!(error, Some(webpki::Error::CaUsedAsEndEntity))
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
