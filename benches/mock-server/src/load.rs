//! The load: connections that are kept open, each with one request at a time.
//!
//! The client knows just enough of HTTP to compare each answer with the one that is right, so that
//! the servers and not it have most of the work.

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

/// How many connections there are.
const CONNECTIONS: usize = 32;
/// How long a server is loaded before anything is measured.
pub const WARM_UP: Duration = Duration::from_secs(1);
/// How much longer than it should a round may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was measured in one round.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Answers a second.
    pub rate: f64,
    /// The server's time on a core for an answer, in µs.
    pub server_time: f64,
    /// What part of a core the server took.
    pub server_busy: f64,
    /// What part of a core the load took.
    pub load_busy: f64,
    /// The server's resident memory before the load, after the warm-up and at the end, in bytes.
    pub resident: [u64; 3],
    /// How many answers were not what they should have been.
    pub wrong: u64,
}

#[derive(Default)]
struct Tally {
    answers: AtomicU64,
    wrong: AtomicU64,
}

/// Loads a server for so long, or with about `at_most` requests if that is sooner.
pub async fn round(
    server: &Started,
    exchanges: &[Exchange],
    time: Duration,
    at_most: Option<u64>,
) -> Outcome<Round> {
    let round = measure(server, exchanges, time, at_most);
    timeout(WARM_UP + time + PATIENCE, round).await?
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
        .map(|exchange| (exchange.request(), exchange.answer()))
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
    let (count, began) = (tally.answers.load(Ordering::Relaxed), Instant::now());
    pass(&mut connections, &tally, time, at_most).await?;
    let took = began.elapsed().as_secs_f64();
    let answers = (tally.answers.load(Ordering::Relaxed) - count) as f64;
    let server_time = (server.time()? - theirs).as_secs_f64();
    Ok(Round {
        rate: answers / took,
        server_time: server_time / answers * 1e6,
        server_busy: server_time / took,
        load_busy: (own_time()? - own).as_secs_f64() / took,
        resident: [before, warm, server.resident()?],
        wrong: tally.wrong.load(Ordering::Relaxed),
    })
}

/// Waits until the time is over, or there were enough answers, or a connection failed.
async fn pass(
    connections: &mut JoinSet<Outcome<()>>,
    tally: &Tally,
    time: Duration,
    at_most: u64,
) -> Outcome<()> {
    let began = Instant::now();
    while began.elapsed() < time && tally.answers.load(Ordering::Relaxed) < at_most {
        if let Some(ended) = connections.try_join_next() {
            ended??;
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Asks for one exchange after the other, for ever.
async fn connection(
    address: SocketAddr,
    pairs: Arc<[(Bytes, Bytes)]>,
    first: usize,
    tally: Arc<Tally>,
) -> Outcome<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 64 << 10];
    for (request, wanted) in pairs.iter().cycle().skip(first) {
        stream.write_all(request).await?;
        let mut filled = 0;
        let (status, body) = loop {
            let space = buffer.get_mut(filled..).filter(|space| !space.is_empty());
            let space = space.ok_or("an answer is too long")?;
            match stream.read(space).await? {
                0 => return Err(problem("a connection ended".to_owned())),
                count => filled += count,
            }
            if let Some(answer) = answer(&buffer[..filled])? {
                break answer;
            }
        };
        if status != b"200" || body != wanted {
            tally.wrong.fetch_add(1, Ordering::Relaxed);
        }
        tally.answers.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// The status and the body of an answer, if it is all there.
fn answer(bytes: &[u8]) -> Outcome<Option<(&[u8], &[u8])>> {
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
        .ok_or("an answer does not tell its length")?;
    let length: usize = length.trim().parse()?;
    let status = head.get(9..12).unwrap_or_default();
    Ok((body.len() >= length).then_some((status, body)))
}
