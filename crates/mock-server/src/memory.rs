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

use crate::server::{Shared, serve};
use crate::wire::Wire;

/// How much one side may be ahead of the other.
const BUFFER: usize = 64 << 10;

/// Connects a hyper client to a mock server in the same program, without a socket.
///
/// It goes wherever a connector of `hyper_util` goes: into `ClientBuilder::connector` of
/// `dataforseo-client`, or into `hyper_util::client::legacy::Client`. Whatever host a URL names,
/// it connects to its server. It spawns a task a connection, so it is used in a tokio runtime.
#[derive(Clone)]
pub struct Connector {
    pub(crate) shared: Arc<Shared>,
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
        let (near, far) = duplex(BUFFER);
        let reset = Arc::new(AtomicBool::new(false));
        let far = Pipe {
            io: far,
            reset: Arc::clone(&reset),
        };
        tokio::spawn(serve(
            Arc::clone(&self.shared),
            far,
            true,
            self.stop.clone(),
        ));
        ready(Ok(MemoryConnection(TokioIo::new(Pipe { io: near, reset }))))
    }
}

/// A connection to a mock server in the same program.
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
    /// Whether the other side sees a reset where the connection ends.
    reset: Arc<AtomicBool>,
}

impl Pipe {
    fn ended(&self) -> io::Result<()> {
        match self.reset.load(Ordering::Acquire) {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

impl Wire for Pipe {
    fn reset(&self) {
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
                Poll::Ready(self.ended())
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
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.ended().err().unwrap_or(error))),
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
