//! Listening, and serving the connections that come in.

use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::fault_io::{EndSignal, FaultIo, Resettable};
use super::peer::Peer;
use super::service::handle;
use super::state::ServerState;

/// The maximum number of open connections.
pub(crate) const MAX_CONNECTIONS: usize = 1000;
/// The time that the head of a request has to arrive, from the end of the one before.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// The pause after a connection that could not be accepted.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(10);

/// Accepts connections until `stop` changes.
///
/// The value `true` lets open connections finish. A dropped sender ends them at once.
pub(crate) async fn listen(
    listener: TcpListener,
    state: Arc<ServerState>,
    mut stop: watch::Receiver<bool>,
) {
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            changed = stop.changed() => match changed {
                Ok(()) => break,
                Err(_) => return,
            },
        };
        // Accepting fails when the client is gone already or the process is out of file
        // descriptors. The latter lasts, and a loop without a pause would use a whole core.
        let Ok((stream, address)) = accepted else {
            tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        if connections.len() >= state.settings.max_connections {
            refuse(stream, connections.len());
            continue;
        }
        let _ = stream.set_nodelay(true);
        let peer = Peer::from(address.ip());
        connections.spawn(serve(Arc::clone(&state), stream, peer, stop.clone()));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Closes a connection that is one too many, with a response that states the limit.
fn refuse(stream: TcpStream, open: usize) {
    let reason = format!("the server has {open} open connections, its limit: close some of them\n");
    let response = format!(
        "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-type: text/plain\r\n\
         content-length: {}\r\n\r\n{reason}",
        reason.len()
    );
    // The buffer of a new connection has room, so this does not block. If the client is gone, it
    // needs no response.
    let _ = stream
        .into_std()
        .and_then(|mut stream| stream.write_all(response.as_bytes()));
}

/// Serves one connection until it ends or `stop` changes.
pub(crate) async fn serve(
    state: Arc<ServerState>,
    io: impl Resettable,
    peer: Peer,
    mut stop: watch::Receiver<bool>,
) {
    let end = EndSignal::default();
    let io = FaultIo::new(io, end.clone());
    let service = service_fn(move |request| handle(Arc::clone(&state), request, peer, end.clone()));
    let mut http = http1::Builder::new();
    http.max_buf_size(MAX_HEAD);
    match peer {
        // A test in the same program can stop the clock.
        Peer::Program => {}
        Peer::Local | Peer::Remote => {
            http.timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT);
        }
    }
    let mut connection = pin!(http.serve_connection(TokioIo::new(io), service));
    let finish_open_requests = tokio::select! {
        biased;
        // An error here means that the client broke the connection off.
        _ = connection.as_mut() => return,
        changed = stop.wait_for(|stop| *stop) => changed.is_ok(),
    };
    if finish_open_requests {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _ = connection => {}
            () = dropped(stop) => {}
        }
    }
}

/// Waits until the sender is dropped.
async fn dropped(mut stop: watch::Receiver<bool>) {
    while stop.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::Instant;

    use super::*;
    use crate::fixtures::{Embedded, Store};
    use crate::mock_server::MockServer;
    use crate::replay::AcceptedCredentials;

    /// Listens with at most two connections. Returns the address, and the sender that stops it.
    async fn start() -> (std::net::SocketAddr, watch::Sender<bool>) {
        let store = Store::new(Embedded::Excluded);
        let mut state = MockServer::builder().state_with(store, AcceptedCredentials::Any);
        state.settings.max_connections = 2;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = watch::Sender::new(false);
        tokio::spawn(listen(listener, Arc::new(state), stop.subscribe()));
        (address, stop)
    }

    const HEALTH: &[u8] = b"GET /__mock/health HTTP/1.1\r\nhost: localhost\r\n\r\n";

    async fn status(stream: &mut TcpStream) -> String {
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.unwrap();
        String::from_utf8_lossy(&start).into_owned()
    }

    #[tokio::test]
    async fn a_connection_too_many_gets_the_limit_and_the_others_go_on() {
        let (address, _stop) = start().await;
        let mut open = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(HEALTH).await.unwrap();
            assert_eq!(status(&mut stream).await, "HTTP/1.1 200");
            open.push(stream);
        }
        let mut refused = String::new();
        let mut more = TcpStream::connect(address).await.unwrap();
        more.read_to_string(&mut refused).await.unwrap();
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        assert!(
            refused.contains("2 open connections, its limit"),
            "{refused}"
        );
        open[0].write_all(HEALTH).await.unwrap();
    }

    /// A head that arrives byte by byte, or not at all, holds its connection for a limited time.
    #[tokio::test(start_paused = true)]
    async fn a_connection_with_half_a_head_is_closed() {
        let (address, _stop) = start().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&HEALTH[..20]).await.unwrap();
        let started = Instant::now();
        let mut response = Vec::new();
        let limit = HEAD_TIMEOUT * 2;
        let read = tokio::time::timeout(limit, stream.read_to_end(&mut response));
        let read = read.await;
        assert!(read.is_ok(), "the connection is open after {limit:?}");
        assert!(started.elapsed() >= HEAD_TIMEOUT);
        assert_eq!(response, b"");
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_an_error() {
        let (address, _stop) = start().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(MAX_HEAD));
        // The rest is not read any more.
        let _ = stream.write_all(head.as_bytes()).await;
        assert_eq!(status(&mut stream).await, "HTTP/1.1 431");
    }
}
