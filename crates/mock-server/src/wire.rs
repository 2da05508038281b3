//! Answers that break off, and the connections that they break.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::limits::Running;

/// How a connection ends, shared by the answer, which knows when, and the connection.
#[derive(Clone, Default)]
pub(crate) struct Ending(Arc<AtomicU8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum End {
    /// In the ordinary way.
    Orderly = 0,
    /// At once, when everything so far was sent.
    Close = 1,
    /// The same, by a reset.
    Reset = 2,
    /// After bytes that are no HTTP in the place of whatever was to be sent.
    Garbage = 3,
}

impl Ending {
    pub(crate) fn set(&self, end: End) {
        self.0.store(end as u8, Ordering::Release);
    }

    fn get(&self) -> End {
        match self.0.load(Ordering::Acquire) {
            1 => End::Close,
            2 => End::Reset,
            3 => End::Garbage,
            _ => End::Orderly,
        }
    }
}

/// A connection that can be reset.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes the other side see a reset when this side is dropped.
    fn reset(&self);
}

impl Wire for TcpStream {
    fn reset(&self) {
        // If it cannot be set, the other side sees the end in place of a reset.
        let _ = self.set_zero_linger();
    }
}

/// What is sent by [`End::Garbage`]: no HTTP, no TLS, no text.
const GARBAGE: &[u8] = b"\x16\x00\xff\xfe{\"status_code\": 200\x00\r\n\x80\x80\r\n\r\n";

/// A connection that ends as it is told.
pub(crate) struct FaultIo<W: Wire> {
    io: W,
    ending: Ending,
    /// How much of the garbage was sent.
    sent: usize,
}

impl<W: Wire> FaultIo<W> {
    pub(crate) fn new(io: W, ending: Ending) -> Self {
        Self {
            io,
            ending,
            sent: 0,
        }
    }

    fn poll_garbage(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        while let Some(rest) = GARBAGE.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.io).poll_write(context, rest)) {
                Ok(sent) => self.sent += sent,
                Err(error) => return Poll::Ready(error),
            }
        }
        Poll::Ready(broken())
    }
}

fn broken() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "a fault ended the connection",
    )
}

impl<W: Wire> Drop for FaultIo<W> {
    fn drop(&mut self) {
        if self.ending.get() == End::Reset {
            self.io.reset();
        }
    }
}

impl<W: Wire> AsyncRead for FaultIo<W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<W: Wire> AsyncWrite for FaultIo<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.ending.get() == End::Garbage {
            return self.poll_garbage(context).map(Err);
        }
        Pin::new(&mut self.io).poll_write(context, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.ending.get() == End::Garbage {
            return self.poll_garbage(context).map(Err);
        }
        Pin::new(&mut self.io).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(context))?;
        // hyper flushes when all that there is so far was written.
        match self.ending.get() {
            End::Close | End::Reset => Poll::Ready(Err(broken())),
            End::Orderly | End::Garbage => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// The body of an answer.
pub(crate) struct Answer {
    rest: Bytes,
    pace: Pace,
    /// The place among the calls that are under way.
    _running: Option<Running>,
}

/// How it is sent.
enum Pace {
    Whole,
    /// The connection ends after what there is.
    ThenEnd(Ending, End),
    /// Nothing comes after what there is.
    ThenNothing,
    /// So many bytes at a time, and so long from one to the next.
    Slowly(usize, Duration, Pin<Box<Sleep>>),
}

impl Answer {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self {
            rest: bytes,
            pace: Pace::Whole,
            _running: None,
        }
    }

    /// So many bytes, then the end of the connection.
    pub(crate) fn then_end(bytes: Bytes, length: usize, ending: Ending, end: End) -> Self {
        Self {
            rest: first(bytes, length),
            pace: Pace::ThenEnd(ending, end),
            _running: None,
        }
    }

    /// So many bytes, then nothing while the connection stays open.
    pub(crate) fn then_nothing(bytes: Bytes, length: usize) -> Self {
        Self {
            rest: first(bytes, length),
            pace: Pace::ThenNothing,
            _running: None,
        }
    }

    /// So many bytes a second.
    pub(crate) fn slowly(bytes: Bytes, bytes_a_second: u32) -> Self {
        // Ten parts a second, or else a byte at a time.
        let part = (bytes_a_second as usize / 10).max(1);
        let beat = Duration::from_secs(1) / (bytes_a_second.clamp(1, 10));
        Self {
            rest: bytes,
            pace: Pace::Slowly(part, beat, Box::pin(sleep(beat))),
            _running: None,
        }
    }

    /// Keeps a call's place until this is sent, or given up.
    pub(crate) fn hold(&mut self, running: Option<Running>) {
        self._running = running;
    }

    /// What is still to be sent.
    pub(crate) fn bytes(&self) -> Bytes {
        self.rest.clone()
    }

    fn is_whole(&self) -> bool {
        matches!(self.pace, Pace::Whole)
    }
}

fn first(bytes: Bytes, length: usize) -> Bytes {
    let length = length.min(bytes.len());
    bytes.slice(..length)
}

impl Body for Answer {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Pace::Slowly(part, beat, pause) = &mut this.pace
            && !this.rest.is_empty()
        {
            ready!(pause.as_mut().poll(context));
            let part = this.rest.split_to((*part).min(this.rest.len()));
            // From the last beat on, so that a late reader does not slow it down.
            let next = pause.deadline() + *beat;
            pause.as_mut().reset(next);
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        if !this.rest.is_empty() {
            let rest = std::mem::take(&mut this.rest);
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        match &this.pace {
            Pace::Whole | Pace::Slowly(..) => Poll::Ready(None),
            Pace::ThenNothing => Poll::Pending,
            Pace::ThenEnd(ending, end) => {
                // What was given out is written and flushed before this is asked again, and the
                // connection breaks at the flush.
                ending.set(*end);
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.is_whole()
    }

    fn size_hint(&self) -> SizeHint {
        match self.is_whole() {
            true => SizeHint::with_exact(self.rest.len() as u64),
            false => SizeHint::default(),
        }
    }
}
