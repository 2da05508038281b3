//! The load: connections that stay open, each with one request at a time.
//!
//! The client reads only as much of HTTP as it takes to compare each response with the expected
//! one, so that most of the work is done by the servers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::exchange::Exchange;
use crate::process::{Started, own_time};
use crate::{Outcome, problem};

/// The number of connections.
const CONNECTIONS: usize = 32;
/// The time under load before the measurement starts.
pub const WARM_UP: Duration = Duration::from_secs(1);
/// The time that a round may last in addition to its duration.
const ROUND_TIMEOUT: Duration = Duration::from_secs(20);

/// The figures of one round.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Responses per second.
    pub rate: f64,
    /// The server's CPU time per response, in µs.
    pub server_time: f64,
    /// The share of a core that the server used.
    pub server_busy: f64,
    /// The share of a core that the load used.
    pub load_busy: f64,
    /// The server's resident memory before the load, after the warm-up and at the end, in bytes.
    pub resident: [u64; 3],
    /// The number of responses that differ from the expected ones.
    pub wrong: u64,
}

#[derive(Default)]
struct Tally {
    responses: AtomicU64,
    wrong: AtomicU64,
}

/// Loads a server for a time, or with about `at_most` requests if that is sooner.
pub async fn round(
    server: &Started,
    exchanges: &[Exchange],
    time: Duration,
    at_most: Option<u64>,
) -> Outcome<Round> {
    let round = measure(server, exchanges, time, at_most);
    timeout(WARM_UP + time + ROUND_TIMEOUT, round).await?
}

async fn measure(
    server: &Started,
    exchanges: &[Exchange],
    time: Duration,
    at_most: Option<u64>,
) -> Outcome<Round> {
    let at_most = at_most.unwrap_or(u64::MAX);
    let pairs: Arc<[(Bytes, Bytes)]> = exchanges
        .iter()
        .map(|exchange| (exchange.request(), exchange.response_body()))
        .collect();
    let tally = Arc::new(Tally::default());
    let before = server.resident()?;
    // Dropped at the end of this function, and all connections with it.
    let mut connections = JoinSet::new();
    for number in 0..CONNECTIONS {
        let first = number * pairs.len() / CONNECTIONS;
        let (pairs, tally) = (Arc::clone(&pairs), Arc::clone(&tally));
        connections.spawn(connection(server.address, pairs, first, tally));
    }
    pass(&mut connections, &tally, WARM_UP, at_most / 4).await?;
    let warm = server.resident()?;
    let (own, theirs) = (own_time()?, server.time()?);
    let (count, began) = (tally.responses.load(Ordering::Relaxed), Instant::now());
    pass(&mut connections, &tally, time, at_most).await?;
    let took = began.elapsed().as_secs_f64();
    let responses = (tally.responses.load(Ordering::Relaxed) - count) as f64;
    let server_time = (server.time()? - theirs).as_secs_f64();
    Ok(Round {
        rate: responses / took,
        server_time: server_time / responses * 1e6,
        server_busy: server_time / took,
        load_busy: (own_time()? - own).as_secs_f64() / took,
        resident: [before, warm, server.resident()?],
        wrong: tally.wrong.load(Ordering::Relaxed),
    })
}

/// Waits until the time is over, enough responses arrived, or a connection failed.
async fn pass(
    connections: &mut JoinSet<Outcome<()>>,
    tally: &Tally,
    time: Duration,
    at_most: u64,
) -> Outcome<()> {
    let began = Instant::now();
    while began.elapsed() < time && tally.responses.load(Ordering::Relaxed) < at_most {
        if let Some(ended) = connections.try_join_next() {
            ended??;
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Requests one exchange after the other, without end.
async fn connection(
    address: SocketAddr,
    pairs: Arc<[(Bytes, Bytes)]>,
    first: usize,
    tally: Arc<Tally>,
) -> Outcome<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 64 << 10];
    for (request, expected) in pairs.iter().cycle().skip(first) {
        stream.write_all(request).await?;
        let mut filled = 0;
        let (status, body) = loop {
            let space = buffer.get_mut(filled..).filter(|space| !space.is_empty());
            let space = space.ok_or("a response is too long")?;
            match stream.read(space).await? {
                0 => return Err(problem("a connection ended".to_owned())),
                count => filled += count,
            }
            if let Some(response) = parse_response(&buffer[..filled])? {
                break response;
            }
        };
        if status != b"200" || body != expected {
            tally.wrong.fetch_add(1, Ordering::Relaxed);
        }
        tally.responses.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Returns the status and the body of a response, or `None` if it is incomplete.
fn parse_response(bytes: &[u8]) -> Outcome<Option<(&[u8], &[u8])>> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = (&bytes[..end], &bytes[end + 4..]);
    let name = b"content-length:";
    let length = head
        .split(|byte| *byte == b'\n')
        .find(|line| {
            line.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        })
        .and_then(|line| std::str::from_utf8(&line[name.len()..]).ok())
        .ok_or("a response has no content-length")?;
    let length: usize = length.trim().parse()?;
    let status = head.get(9..12).unwrap_or_default();
    Ok((body.len() >= length).then_some((status, body)))
}
