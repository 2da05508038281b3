//! The servers that are measured, each in a process of its own.

use std::convert::Infallible;
use std::future::pending;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;

use bytes::Bytes;
use dataforseo_mock_server::MockServer;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use wiremock::matchers;

use crate::Outcome;
use crate::exchange::{LOGIN, PASSWORD, PATH, Set, authorization};

/// A server that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// hyper with one response to every request, which it does not read.
    Bare,
    /// hyper with one response to every request, after it read the request's body.
    BareReading,
    /// `dataforseo-mock-server` as it is by default: with validation and request log.
    Ours,
    /// `wiremock` as it is by default.
    Wiremock,
    /// `httpmock` as it is by default.
    Httpmock,
}

impl Server {
    const ALL: [Self; 5] = [
        Self::Bare,
        Self::BareReading,
        Self::Ours,
        Self::Wiremock,
        Self::Httpmock,
    ];

    /// Returns the name on the command line and in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::BareReading => "bare-reading",
            Self::Ours => "ours",
            Self::Wiremock => "wiremock",
            Self::Httpmock => "httpmock",
        }
    }
}

/// A server and its exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The server.
    pub server: Server,
    /// The exchanges.
    pub set: Set,
}

impl Kind {
    /// Creates a kind.
    pub const fn new(server: Server, set: Set) -> Self {
        Self { server, set }
    }

    /// Returns the kind with the names of a server and a set, or `None` if there is none.
    pub fn named(server: &str, set: &str) -> Option<Self> {
        Some(Self {
            server: Server::ALL.into_iter().find(|it| it.name() == server)?,
            set: Set::ALL.into_iter().find(|it| it.name() == set)?,
        })
    }

    /// Returns how many requests a process may receive, if its server keeps them all in memory.
    pub fn at_most(self) -> Option<u64> {
        (self.server == Server::Wiremock).then_some(80_000)
    }

    /// Prints the port to the standard output, then runs the server until the process ends.
    pub async fn run(self, fixtures: &Path) -> Outcome<Infallible> {
        match self.server {
            Server::Bare | Server::BareReading => {
                let reading = self.server == Server::BareReading;
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
                print_port(listener.local_addr()?.port())?;
                Ok(bare(listener, self.set.middle().response_body(), reading).await)
            }
            Server::Ours => {
                let mock = MockServer::builder()
                    .fixtures(fixtures)
                    .auth(format!("{LOGIN}:{PASSWORD}"))
                    .start()
                    .await?;
                print_port(port(&mock.url())?)?;
                Ok(pending().await)
            }
            Server::Wiremock => {
                let mock = wiremock::MockServer::start().await;
                for exchange in self.set.exchanges() {
                    let body = exchange.response_body().to_vec();
                    wiremock::Mock::given(matchers::method("POST"))
                        .and(matchers::path(PATH))
                        .and(matchers::basic_auth(LOGIN, PASSWORD))
                        .and(matchers::body_json(exchange.tasks))
                        .respond_with(
                            wiremock::ResponseTemplate::new(200)
                                .set_body_raw(body, "application/json"),
                        )
                        .mount(&mock)
                        .await;
                }
                print_port(mock.address().port())?;
                Ok(pending().await)
            }
            Server::Httpmock => {
                let mock = httpmock::MockServer::start_async().await;
                for exchange in self.set.exchanges() {
                    mock.mock_async(|when, then| {
                        when.method(httpmock::Method::POST)
                            .path(PATH)
                            .header("authorization", authorization())
                            .json_body(exchange.tasks.clone());
                        then.status(200)
                            .header("content-type", "application/json")
                            .body(exchange.response_body());
                    })
                    .await;
                }
                print_port(mock.port())?;
                Ok(pending().await)
            }
        }
    }
}

/// Responds to every request with the same body.
pub async fn bare(listener: TcpListener, body: Bytes, reading: bool) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let body = body.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let body = body.clone();
            async move {
                if reading {
                    request.into_body().collect().await?;
                }
                let mut response = Response::new(Full::new(body));
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
                Ok::<_, hyper::Error>(response)
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Returns the port at the end of a URL.
pub fn port(url: &str) -> Outcome<u16> {
    let port = url.rsplit(':').next().unwrap_or_default();
    Ok(port.parse()?)
}

fn print_port(port: u16) -> Outcome<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{port}")?;
    Ok(out.flush()?)
}
