//! Connections without a socket, for tests on a paused clock.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::sync::watch;
use tower_service::Service;

use super::fault_io::Resettable;
use super::listen::serve;
use super::peer::Peer;
use super::state::ServerState;

/// How many bytes one side may write before the other reads them.
const BUFFER_SIZE: usize = 64 << 10;

/// A connector that links a hyper client to a mock server in the same program, without a socket.
///
/// [`MockServer::connector`](crate::MockServer::connector) returns it. Pass it to
/// `ClientBuilder::connector` of `dataforseo-client`, or build a
/// `hyper_util::client::legacy::Client` with it.
///
/// Every URL leads to the same mock server, whatever host it names. The connector spawns a task
/// per connection, so it requires a tokio runtime.
#[derive(Clone)]
pub struct Connector {
    pub(crate) state: Arc<ServerState>,
    pub(crate) stop: watch::Receiver<bool>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Service<Uri> for Connector {
    type Response = MemoryConnection;
    type Error = Infallible;
    type Future = Ready<Result<MemoryConnection, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (near, far) = duplex(BUFFER_SIZE);
        let reset = Arc::new(AtomicBool::new(false));
        let far = Pipe {
            io: far,
            reset: Arc::clone(&reset),
        };
        tokio::spawn(serve(
            Arc::clone(&self.state),
            far,
            Peer::Program,
            self.stop.clone(),
        ));
        ready(Ok(MemoryConnection(TokioIo::new(Pipe { io: near, reset }))))
    }
}

/// A connection of a [`Connector`] to a mock server in the same program.
pub struct MemoryConnection(TokioIo<Pipe>);

impl std::fmt::Debug for MemoryConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryConnection").finish_non_exhaustive()
    }
}

impl Connection for MemoryConnection {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl rt::Read for MemoryConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl rt::Write for MemoryConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// One side of a connection in memory.
struct Pipe {
    io: DuplexStream,
    /// Whether the end of the connection is a reset for the other side.
    reset: Arc<AtomicBool>,
}

impl Pipe {
    fn end_of_stream(&self) -> io::Result<()> {
        if self.reset.load(Ordering::Acquire) {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl Resettable for Pipe {
    fn reset_on_drop(&self) {
        self.reset.store(true, Ordering::Release);
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(context, buffer);
        match read {
            Poll::Ready(Ok(())) if buffer.filled().len() == before && buffer.remaining() > 0 => {
                Poll::Ready(self.end_of_stream())
            }
            read => read,
        }
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, buffer);
        match written {
            Poll::Ready(Err(error)) => {
                Poll::Ready(Err(self.end_of_stream().err().unwrap_or(error)))
            }
            written => written,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
