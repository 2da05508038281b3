//! Servers that return what a test defines, for responses that the mock server does not give.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that responds to one request with fixed bytes and closes the connection.
pub struct Scripted {
    address: SocketAddr,
    task: JoinHandle<std::io::Result<String>>,
}

impl Scripted {
    /// Starts a server that sends `response`, including its head. An empty response closes the
    /// connection.
    ///
    /// # Errors
    ///
    /// Returns the error of binding a port.
    pub async fn start(response: impl Into<Vec<u8>>) -> std::io::Result<Self> {
        let response = response.into();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            let request = read_request(&mut stream).await?;
            stream.write_all(&response).await?;
            stream.shutdown().await?;
            Ok(request)
        });
        Ok(Self { address, task })
    }

    /// Returns the base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until the response was sent, and returns the request with its head.
    ///
    /// # Errors
    ///
    /// Returns the error of a connection that broke.
    pub async fn request(self) -> std::io::Result<String> {
        self.task.await.map_err(std::io::Error::other)?
    }
}

/// A server that computes each response's body from the request's body, and keeps the requests.
pub struct Responder {
    address: SocketAddr,
    received: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Responder {
    /// Starts a server that calls `respond` with the body of each request.
    ///
    /// # Errors
    ///
    /// Returns the error of binding a port.
    pub async fn start(
        respond: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let task = tokio::spawn(async move {
            // One request per connection, in sequence, so that the log is in order.
            while let Ok((mut stream, _)) = listener.accept().await {
                let Ok(request) = read_request(&mut stream).await else {
                    continue;
                };
                let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                let response = http("200 OK", "connection: close\r\n", respond(body));
                if let Ok(mut log) = log.lock() {
                    log.push(body.to_owned());
                }
                // The test decides whether a client may disconnect early.
                let _ = stream.write_all(&response).await;
                let _ = stream.shutdown().await;
            }
        });
        Ok(Self {
            address,
            received,
            task,
        })
    }

    /// Returns the base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the bodies of the requests, in order.
    pub fn received(&self) -> Vec<String> {
        self.received
            .lock()
            .map(|received| received.clone())
            .unwrap_or_default()
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads a request with its head and body.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        request.extend_from_slice(&buffer[..read]);
    }
    Ok(String::from_utf8_lossy(&request).into_owned())
}

/// Returns a response whose head has the length of its body.
pub fn http(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// Returns whether a request has its head and as much of a body as the head announces.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Runs the examples of the mock server's README.
#[cfg(doctest)]
#[doc = include_str!("../../crates/mock-server/README.md")]
struct MockServerReadme;

/// Compiles the example of the client's README.
#[cfg(doctest)]
#[doc = include_str!("../../crates/client/README.md")]
struct ClientReadme;

/// Compiles the example of the README of bulk jobs.
#[cfg(doctest)]
#[doc = include_str!("../../crates/bulk/README.md")]
struct BulkReadme;
