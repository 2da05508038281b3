//! TLS with a certificate of one's own, HTTP/2, and a proxy in between.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use dataforseo_client::models::backlinks::Index;
use dataforseo_client::{Client, ClientBuilder, ConfigError, ErrorKind, TransportErrorKind};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Returns an acceptor for `localhost` with a self-signed certificate, and the certificate.
pub(crate) fn tls_acceptor(protocols: &[&[u8]]) -> (TlsAcceptor, String) {
    let names = CertificateParams::new(["localhost".to_owned()]);
    self_signed(protocols, names.unwrap())
}

fn self_signed(protocols: &[&[u8]], parameters: CertificateParams) -> (TlsAcceptor, String) {
    let key = KeyPair::generate().unwrap();
    acceptor(protocols, &parameters.self_signed(&key).unwrap(), &key)
}

fn acceptor(
    protocols: &[&[u8]],
    certificate: &Certificate,
    key: &KeyPair,
) -> (TlsAcceptor, String) {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|it| it.to_vec()).collect();
    (TlsAcceptor::from(Arc::new(config)), certificate.pem())
}

/// A server for `localhost`, with the protocols that it offers, and the versions that it was asked
/// in.
async fn tls_server(protocols: &[&[u8]]) -> (u16, String, Arc<Mutex<Vec<Version>>>) {
    let (acceptor, pem) = tls_acceptor(protocols);
    let (port, versions) = serve(acceptor).await;
    (port, pem, versions)
}

async fn serve(acceptor: TlsAcceptor) -> (u16, Arc<Mutex<Vec<Version>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let versions = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&versions);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let response = service_fn(move |request: Request<Incoming>| {
                    seen.lock().unwrap().push(request.version());
                    let body = r#"{"status_code": 20000, "tasks": [{"status_code": 20000, "result": null}]}"#;
                    async move { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(body))) }
                });
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), response)
                    .await;
            });
        }
    });
    (port, versions)
}

/// A proxy that lets those through who have its credentials; and what was asked of it.
async fn proxy() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let target = head.split(' ').nth(1).unwrap().to_owned();
                let allowed = head
                    .to_lowercase()
                    .contains("proxy-authorization: basic dtpodw50zxiy");
                kept.lock().unwrap().push(head);
                if !allowed {
                    let refusal =
                        b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(refusal).await.unwrap();
                    return;
                }
                let mut server = TcpStream::connect(target).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            });
        }
    });
    (port, heads)
}

fn builder(port: u16) -> ClientBuilder {
    crate::builder(format!("https://localhost:{port}")).credentials("somebody", "secret-password")
}

async fn call(client: &Client) -> Result<(), dataforseo_client::Error> {
    client.get::<Index>(&[]).await.map(drop)
}

#[tokio::test]
async fn a_certificate_of_ones_own_and_http_2() {
    for (protocols, version) in [
        (&[b"h2" as &[u8], b"http/1.1"][..], Version::HTTP_2),
        (&[b"http/1.1" as &[u8]], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let (port, pem, versions) = tls_server(protocols).await;
        let trusting = builder(port)
            .no_proxy()
            .root_certificates(pem)
            .build()
            .unwrap();
        call(&trusting).await.unwrap();
        call(&trusting).await.unwrap();
        assert_eq!(*versions.lock().unwrap(), [version, version]);
        // Without it, nothing is sent.
        let error = call(&builder(port).no_proxy().build().unwrap())
            .await
            .unwrap_err();
        let kind = error.kind();
        assert!(
            matches!(kind, ErrorKind::Transport(error) if error.kind() == TransportErrorKind::Connect),
            "{error}"
        );
        assert_eq!(versions.lock().unwrap().len(), 2);
    }
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        let error = builder(1).root_certificates(pem).build().unwrap_err();
        assert!(matches!(error, ConfigError::Tls(_)), "{pem}: {error}");
    }
}

#[tokio::test]
async fn through_a_proxy() {
    let (port, pem, versions) = tls_server(&[b"h2"]).await;
    let (proxy, heads) = proxy().await;
    let with = |credentials: &str| {
        let url = format!("http://{credentials}127.0.0.1:{proxy}");
        builder(port).root_certificates(pem.clone()).proxy(url)
    };
    // u:hunter2
    let client = with("u:hunter2@").build().unwrap();
    call(&client).await.unwrap();
    assert_eq!(*versions.lock().unwrap(), [Version::HTTP_2]);
    let head = heads.lock().unwrap().remove(0);
    assert!(
        head.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")),
        "{head}"
    );
    // Of the API's own credentials it sees nothing.
    assert!(!head.to_lowercase().contains("c29tzwjvzhk"), "{head}");
    let error = call(&with("").build().unwrap()).await.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Transport(error) if error.kind() == TransportErrorKind::Connect
        ),
        "{error}"
    );
    assert_eq!(versions.lock().unwrap().len(), 1);
    // Nothing shows the proxy's password.
    let builder = with("u:hunter2@");
    let error = with("u:other@").build().unwrap();
    let error = call(&error).await.unwrap_err();
    let bad = crate::builder("https://a.example")
        .proxy("socks5://u:hunter2@x")
        .build()
        .unwrap_err();
    assert_eq!(bad, ConfigError::Proxy);
    let chain = error.display_chain();
    let shown = format!("{builder:?} {client:?} {error} {chain} {error:?} {bad}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("other@"),
        "{shown}"
    );
    // What is not encrypted does not go through it.
    let mock = dataforseo_mock_server::MockServer::start().await.unwrap();
    let direct = crate::builder(mock.url())
        .proxy(format!("http://127.0.0.1:{proxy}"))
        .build()
        .unwrap();
    let before = heads.lock().unwrap().len();
    call(&direct).await.unwrap();
    assert_eq!(heads.lock().unwrap().len(), before);
}

/// Tools such as openssl mark self-signed certificates as authorities.
#[tokio::test]
async fn a_self_signed_certificate_can_be_trusted() {
    let parameters = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters
    };
    let client = |port: u16, pem: &str| {
        let builder = crate::builder(format!("https://127.0.0.1:{port}")).no_proxy();
        builder.root_certificates(pem).build().unwrap()
    };
    let (acceptor, pem) = self_signed(&[b"h2"], parameters(&["127.0.0.1"]));
    let (port, versions) = serve(acceptor).await;
    call(&client(port, &pem)).await.unwrap();
    assert_eq!(versions.lock().unwrap().len(), 1);
    // One of the same name, one of another name, and one that has expired.
    let (_, other) = self_signed(&[], parameters(&["127.0.0.1"]));
    let (wrong_name, of_wrong_name) = self_signed(&[], parameters(&["other.example"]));
    let mut old = parameters(&["127.0.0.1"]);
    old.not_after = rcgen::date_time_ymd(2000, 1, 1);
    old.not_before = rcgen::date_time_ymd(1999, 1, 1);
    let (expired, of_expired) = self_signed(&[], old);
    let cases = [
        (port, other),
        (serve(wrong_name).await.0, of_wrong_name),
        (serve(expired).await.0, of_expired),
    ];
    for (port, pem) in cases {
        let error = call(&client(port, &pem)).await.unwrap_err();
        let chain = error.display_chain().to_string();
        assert!(error.is_untrusted_server() && error.is_connect(), "{chain}");
    }
    assert_eq!(versions.lock().unwrap().len(), 1);
}
