//! The cost of a server per test: start it, send one request, drop it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dataforseo_mock_server::MockServer;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::handshake;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service as _;

use crate::exchange::{PATH, authorization};
use crate::servers::{bare, port};
use crate::{Outcome, problem};

/// The number of measurements per kind.
const TIMES: usize = 1000;
/// The number of runs before the measurement.
const BEFORE: usize = 50;
/// The tasks of the documentation's example. The mock server has a fixture for them.
const TASKS: &str =
    r#"[{"targets":["https://dataforseo.com/solutions","https://dataforseo.com/about-us"]}]"#;

/// The sorted times of one kind of server.
pub struct Times(Vec<Duration>);

impl Times {
    /// Returns a quantile of the times, in µs.
    pub fn quantile(&self, part: f64) -> f64 {
        let at = (self.0.len() as f64 * part) as usize;
        let time = self.0.get(at).or(self.0.last());
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    }
}

/// Measures bare hyper, `MockServer::in_memory` and `MockServer::start`, in turn.
pub async fn measure() -> Outcome<[Times; 3]> {
    let expected = memory(Uri::from_static("http://localhost/")).await?;
    let mut all = [const { Vec::new() }; 3];
    for number in 0..BEFORE + TIMES {
        for (way, times) in all.iter_mut().enumerate() {
            let began = Instant::now();
            let got = match way {
                0 => fresh(expected.clone()).await?,
                1 => memory(Uri::from_static("http://localhost/")).await?,
                _ => socket().await?,
            };
            // The runtime needs a turn to free what was dropped.
            tokio::task::yield_now().await;
            let took = began.elapsed();
            if got != expected {
                return Err(problem("an instance returned another response".to_owned()));
            }
            if number >= BEFORE {
                times.push(took);
            }
        }
    }
    Ok(all.map(|mut times| {
        times.sort();
        Times(times)
    }))
}

async fn fresh(expected: Bytes) -> Outcome<Bytes> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(bare(listener, expected, true));
    let got = send(TokioIo::new(TcpStream::connect(address).await?)).await;
    server.abort();
    got
}

async fn memory(uri: Uri) -> Outcome<Bytes> {
    let mock = MockServer::in_memory();
    let connection = mock.connector().call(uri).await?;
    send(connection).await
}

async fn socket() -> Outcome<Bytes> {
    let mock = MockServer::start().await?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port(&mock.url())?));
    send(TokioIo::new(TcpStream::connect(address).await?)).await
}

/// Sends one request on a new connection.
async fn send(io: impl Read + Write + Unpin + Send + 'static) -> Outcome<Bytes> {
    let (mut sender, connection) = handshake(io).await?;
    let connection = tokio::spawn(connection);
    let request = Request::post(PATH)
        .header(HOST, "localhost")
        .header(AUTHORIZATION, authorization())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from_static(TASKS.as_bytes())))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    drop(sender);
    connection.await??;
    match status {
        http::StatusCode::OK => Ok(body),
        other => Err(problem(format!("an instance returned status {other}"))),
    }
}
