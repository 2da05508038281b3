//! Requests to the mock server: the example of each endpoint.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dataforseo_spec::language::Method;
use dataforseo_spec::model::{Endpoint, Model};
use serde_json::{Value, json};

/// The status code of a task that succeeded, and that of one that was created.
const SUCCESS: [u64; 2] = [20000, 20100];

/// What the mock server sent.
#[derive(Debug, Default)]
pub struct Exchanges {
    /// The number of endpoints whose task succeeded.
    pub responded: usize,
    /// The other endpoints, with their status codes.
    pub failures: Vec<String>,
    /// The time until the server listened.
    pub start: Duration,
    /// The time of the first response.
    pub first: Duration,
    /// The time of the slowest response.
    pub slowest: Duration,
}

/// Starts a mock server, and sends it the example of each endpoint.
///
/// # Errors
/// When the server does not start, or closes a connection.
pub fn send_all(program: &Path, model: &Model) -> io::Result<Exchanges> {
    let start = Instant::now();
    let server = Server::start(program)?;
    let mut exchanges = Exchanges {
        start: start.elapsed(),
        ..Exchanges::default()
    };
    for (index, endpoint) in model.endpoints().enumerate() {
        let start = Instant::now();
        let response = server.send(endpoint)?;
        let time = start.elapsed();
        if index == 0 {
            exchanges.first = time;
        }
        exchanges.slowest = exchanges.slowest.max(time);
        let status = response.pointer("/tasks/0/status_code");
        let status = status.or_else(|| response.pointer("/status_code"));
        if status
            .and_then(Value::as_u64)
            .is_some_and(|code| SUCCESS.contains(&code))
        {
            exchanges.responded += 1;
        } else {
            let message = response.pointer("/tasks/0/status_message");
            let message = message.or_else(|| response.pointer("/status_message"));
            let text = message.unwrap_or(&Value::Null).to_string();
            let text: String = text.chars().take(200).collect();
            exchanges
                .failures
                .push(format!("{}: {text}", endpoint.path));
        }
    }
    Ok(exchanges)
}

/// A running mock server. It ends when the value is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(program: &Path) -> io::Result<Self> {
        let mut process = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().rsplit("//").next().unwrap_or_default();
        let address = address.trim_end_matches('/').to_owned();
        Ok(Self { process, address })
    }

    /// Sends the example of an endpoint. A parameter of the path gets a value of its own.
    fn send(&self, endpoint: &Endpoint) -> io::Result<Value> {
        let mut path = endpoint.path.clone();
        for parameter in &endpoint.parameters {
            let value = match parameter.wire.as_str() {
                "id" => "11280800-1535-0066-0000-0123456789ab",
                _ => "us",
            };
            path = path.replace(&format!("{{{}}}", parameter.wire), value);
        }
        let body = match endpoint.method {
            Method::Get => String::new(),
            Method::Post => {
                let example = endpoint.example.clone().unwrap_or_else(|| json!({}));
                json!([example]).to_string()
            }
        };
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "{} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic dHJpYWw6dHJpYWw=\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            endpoint.method.as_str(),
            self.address,
            body.len()
        )?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let body = response.split_once("\r\n\r\n").map(|(_, body)| body);
        // A body in chunks has lines with their lengths around it.
        let json = body.and_then(|body| Some(&body[body.find('{')?..=body.rfind('}')?]));
        Ok(serde_json::from_str(json.unwrap_or_default()).unwrap_or_default())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to keep.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
