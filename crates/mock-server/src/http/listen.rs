//! Listening, and serving the connections that come in.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::fault_io::{EndSignal, FaultIo, Resettable};
use super::peer::Peer;
use super::service::handle;
use super::state::ServerState;

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
        let _ = stream.set_nodelay(true);
        let peer = Peer::from(address.ip());
        connections.spawn(serve(Arc::clone(&state), stream, peer, stop.clone()));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
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
    let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(io), service));
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
