//! A server that says what a test tells it to say, for answers that no API should give.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that answers one request with fixed bytes and closes the connection.
pub struct Scripted {
    address: SocketAddr,
    task: JoinHandle<std::io::Result<String>>,
}

impl Scripted {
    /// Starts one. `answer` is all that goes over the wire, head included; nothing at all closes
    /// the connection without an answer.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(answer: impl Into<Vec<u8>>) -> std::io::Result<Self> {
        let answer = answer.into();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            let request = read_request(&mut stream).await?;
            stream.write_all(&answer).await?;
            stream.shutdown().await?;
            Ok(request)
        });
        Ok(Self { address, task })
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The request as it came, head and body. Waits until it was answered.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn request(self) -> std::io::Result<String> {
        self.task.await.map_err(std::io::Error::other)?
    }
}

/// A server whose answers are a function of the requests: it takes and gives bodies, and keeps
/// what it was asked.
pub struct Answering {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Answering {
    /// Starts one.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            // One request a connection, one after the other: as asked.
            while let Ok((mut stream, _)) = listener.accept().await {
                let Ok(request) = read_request(&mut stream).await else {
                    continue;
                };
                let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                let answer = http("200 OK", "connection: close\r\n", answer(body));
                if let Ok(mut kept) = kept.lock() {
                    kept.push(body.to_owned());
                }
                // A client that went away is its own affair.
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        });
        Ok(Self {
            address,
            asked,
            task,
        })
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bodies that it was asked with, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked
            .lock()
            .map(|asked| asked.clone())
            .unwrap_or_default()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads a request, head and body.
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

/// An answer with a head that fits its body.
pub fn http(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// Whether a request has its head, and as much body as that announces.
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

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Those of the mock server's do, and run.
#[cfg(doctest)]
#[doc = include_str!("../../crates/mock-server/README.md")]
struct MockServerReadme;
