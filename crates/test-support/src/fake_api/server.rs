//! The server: sockets and HTTP/1.1, one thread per connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use socket2::SockRef;

use super::reply::{Ending, Framing};
use super::{Ledger, Reply};

/// A call as the server received it.
#[derive(Debug, Clone)]
pub struct Call {
    /// The number of the call, counted from 0 over all connections.
    pub number: usize,
    /// The path, such as `/v3/backlinks/bulk_ranks/live`.
    pub path: String,
    /// The lines of the head after the first.
    pub headers: Vec<String>,
    /// The first task; null for a call without one.
    pub task: Value,
    /// The targets of the first task; empty if it has none.
    pub targets: Vec<String>,
}

type Script = dyn Fn(&Call) -> Reply + Send + Sync;

struct Shared {
    script: Box<Script>,
    ledger: Mutex<Ledger>,
    calls: Mutex<Vec<Call>>,
    in_flight: AtomicUsize,
    max_in_flight: AtomicUsize,
    is_over: AtomicBool,
}

/// A scripted server. Dropping it ends it.
pub struct FakeApi {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl FakeApi {
    /// Starts a server. The script decides about each call when it arrives.
    pub fn start(script: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("the address of the port");
        let shared = Arc::new(Shared {
            script: Box::new(script),
            ledger: Mutex::default(),
            calls: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            max_in_flight: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if of_thread.is_over.load(Ordering::Acquire) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                // An error ends the connection. It is the client's or the script's doing.
                let serve = move |stream| drop(shared.serve(stream));
                let _ = stream.map(|stream| thread::spawn(move || serve(stream)));
            }
        });
        Self { address, shared }
    }

    /// Returns the base URL, such as `http://127.0.0.1:4127`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what was charged so far.
    pub fn ledger(&self) -> Ledger {
        self.shared.ledger().clone()
    }

    /// Returns the calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls().clone()
    }

    /// Returns the largest number of calls that were in flight at once. A call is in flight from its
    /// arrival until its response is written.
    pub fn max_in_flight(&self) -> usize {
        self.shared.max_in_flight.load(Ordering::Acquire)
    }
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

/// What is left of a connection after a call.
#[derive(PartialEq)]
enum Connection {
    Open,
    Closed,
}

/// The price of a call in US dollars, for a number of targets.
fn price(targets: usize) -> f64 {
    0.02 + 0.000_03 * targets as f64
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(call) = self.read_call(&mut reader)? {
            let reply = (self.script)(&call);
            let in_flight = self.in_flight.fetch_add(1, Ordering::AcqRel) + 1;
            self.max_in_flight.fetch_max(in_flight, Ordering::AcqRel);
            let outcome = self.respond(&call, &reply, &stream);
            self.in_flight.fetch_sub(1, Ordering::AcqRel);
            if outcome? == Connection::Closed {
                break;
            }
        }
        Ok(())
    }

    /// Reads the next call. `None` at the end of the connection.
    fn read_call(&self, reader: &mut BufReader<TcpStream>) -> io::Result<Option<Call>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            lines.push(line.to_owned());
        }
        let length = lines.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().ok())?
        });
        let mut body = vec![0; length.unwrap_or_default()];
        reader.read_exact(&mut body)?;
        let mut tasks = serde_json::from_slice::<Value>(&body).unwrap_or_default();
        let task = tasks.get_mut(0).map(Value::take).unwrap_or_default();
        let targets = task["targets"].as_array().into_iter().flatten();
        let targets = targets.filter_map(Value::as_str).map(ToOwned::to_owned);
        let mut calls = self.calls();
        let call = Call {
            number: calls.len(),
            path: lines.remove(0).split(' ').nth(1).unwrap_or("/").to_owned(),
            headers: lines,
            targets: targets.collect(),
            task,
        };
        calls.push(call.clone());
        Ok(Some(call))
    }

    fn respond(
        &self,
        call: &Call,
        reply: &Reply,
        mut stream: &TcpStream,
    ) -> io::Result<Connection> {
        let cost = reply.charge.unwrap_or_else(|| price(call.targets.len()));
        let ranks = if cost > 0.0 {
            self.ledger().charge(call.number, &call.targets, cost)
        } else {
            vec![0; call.targets.len()]
        };
        if let Some(before) = &reply.before {
            before();
        }
        let bytes = http(reply, &reply.body(call, cost, &ranks));
        let end = reply.cut.unwrap_or(bytes.len()).min(bytes.len());
        stream.write_all(&bytes[..end])?;
        if end == bytes.len() {
            self.ledger().deliver(call.number);
        }
        if let Some(after) = &reply.after {
            after();
        }
        match reply.ending {
            Ending::KeepOpen => Ok(Connection::Open),
            Ending::Close => Ok(Connection::Closed),
            Ending::Reset => {
                SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
                Ok(Connection::Closed)
            }
            Ending::Hang => {
                // Until the client gives up.
                let _ = stream.read(&mut [0]);
                Ok(Connection::Closed)
            }
        }
    }
}

/// Returns the bytes of a response.
fn http(reply: &Reply, body: &[u8]) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {}\r\ncontent-type: application/json\r\n",
        reply.status
    );
    for header in &reply.headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    let length = match reply.framing {
        Framing::Length => body.len(),
        Framing::WrongLength(difference) => body.len().saturating_add_signed(difference),
        Framing::Chunked | Framing::ChunkedWithoutEnd => {
            head.push_str("transfer-encoding: chunked\r\n\r\n");
            let mut bytes = head.into_bytes();
            for chunk in body.chunks(700) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            if matches!(reply.framing, Framing::Chunked) {
                bytes.extend_from_slice(b"0\r\n\r\n");
            }
            return bytes;
        }
    };
    let mut bytes = format!("{head}content-length: {length}\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(api: &FakeApi, targets: &str) -> String {
        let mut stream = TcpStream::connect(api.address).unwrap();
        let body = format!(r#"[{{"targets":[{targets}]}}]"#);
        let length = body.len();
        let request = format!("POST /v3/x/live HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response);
        String::from_utf8(response).unwrap()
    }

    #[test]
    fn charges_and_deliveries_are_counted() {
        let api = FakeApi::start(|call| match call.number {
            0 => Reply::rows().close(),
            1 => Reply::rows().reset(),
            2 => Reply::rows().cut_at(50).close(),
            _ => Reply::refused(40202, "slow down").close(),
        });
        assert!(call(&api, r#""a","b""#).contains(r#""url":"b","rank":2"#));
        assert_eq!(call(&api, r#""c""#), "");
        assert_eq!(call(&api, r#""a""#).len(), 50);
        assert!(call(&api, r#""d""#).contains("slow down"));
        let ledger = api.ledger();
        assert_eq!(ledger.paid_twice(), ["a"]);
        assert_eq!(ledger.delivered().collect::<Vec<_>>(), ["a", "b"]);
        assert!((ledger.total() - 0.06012).abs() < 1e-9, "{ledger:?}");
        assert_eq!(ledger.target_of(3), Some("c"));
        assert_eq!(api.calls()[3].targets, ["d"]);
    }
}
