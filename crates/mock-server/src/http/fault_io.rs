//! Connections that a fault can end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ConnectionEnd {
    /// As HTTP defines it.
    Orderly = 0,
    /// By closing it, once everything so far was sent.
    Close = 1,
    /// By a reset, once everything so far was sent.
    Reset = 2,
    /// By sending bytes that are not HTTP in place of the response.
    Garbage = 3,
}

/// The end of a connection, shared by the response body, which decides when, and the connection.
#[derive(Clone, Default)]
pub(crate) struct EndSignal(Arc<AtomicU8>);

impl EndSignal {
    pub(crate) fn set(&self, end: ConnectionEnd) {
        self.0.store(end as u8, Ordering::Release);
    }

    pub(crate) fn get(&self) -> ConnectionEnd {
        match self.0.load(Ordering::Acquire) {
            1 => ConnectionEnd::Close,
            2 => ConnectionEnd::Reset,
            3 => ConnectionEnd::Garbage,
            _ => ConnectionEnd::Orderly,
        }
    }
}

/// A connection that can be reset.
pub(crate) trait Resettable: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes the other side see a reset when this side is dropped.
    fn reset_on_drop(&self);
}

impl Resettable for TcpStream {
    fn reset_on_drop(&self) {
        // If the option cannot be set, the other side sees an ordinary end.
        let _ = self.set_zero_linger();
    }
}

/// The bytes of [`ConnectionEnd::Garbage`]: neither HTTP, TLS nor text.
const GARBAGE: &[u8] = b"\x16\x00\xff\xfe{\"status_code\": 200\x00\r\n\x80\x80\r\n\r\n";

/// A connection that ends as its [`EndSignal`] says.
pub(crate) struct FaultIo<C: Resettable> {
    io: C,
    end: EndSignal,
    /// The number of garbage bytes sent so far.
    sent: usize,
}

impl<C: Resettable> FaultIo<C> {
    pub(crate) fn new(io: C, end: EndSignal) -> Self {
        Self { io, end, sent: 0 }
    }

    fn poll_garbage(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        while let Some(rest) = GARBAGE.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.io).poll_write(context, rest)) {
                Ok(sent) => self.sent += sent,
                Err(error) => return Poll::Ready(error),
            }
        }
        Poll::Ready(ended())
    }
}

fn ended() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "a fault ended the connection",
    )
}

impl<C: Resettable> Drop for FaultIo<C> {
    fn drop(&mut self) {
        if self.end.get() == ConnectionEnd::Reset {
            self.io.reset_on_drop();
        }
    }
}

impl<C: Resettable> AsyncRead for FaultIo<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<C: Resettable> AsyncWrite for FaultIo<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.end.get() == ConnectionEnd::Garbage {
            return self.poll_garbage(context).map(Err);
        }
        Pin::new(&mut self.io).poll_write(context, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.end.get() == ConnectionEnd::Garbage {
            return self.poll_garbage(context).map(Err);
        }
        Pin::new(&mut self.io).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(context))?;
        // hyper flushes once everything so far is written.
        match self.end.get() {
            ConnectionEnd::Close | ConnectionEnd::Reset => Poll::Ready(Err(ended())),
            ConnectionEnd::Orderly | ConnectionEnd::Garbage => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
