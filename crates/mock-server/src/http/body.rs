//! The body of a response, sent at the pace that a fault sets.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::fault_io::{ConnectionEnd, EndSignal};
use crate::session::CallPermit;

/// The body of a response.
pub(crate) struct MockBody {
    rest: Bytes,
    pace: Pace,
    /// Counts against the limit of simultaneous calls until the body is dropped.
    _permit: Option<CallPermit>,
}

/// How a body is sent.
enum Pace {
    Whole,
    /// The connection ends after the bytes.
    ThenEnd {
        signal: EndSignal,
        end: ConnectionEnd,
    },
    /// Nothing follows the bytes, and the connection stays open.
    ThenNothing,
    /// A chunk of `size` bytes per `interval`.
    Slowly {
        size: usize,
        interval: Duration,
        /// When the next chunk is sent.
        next: Instant,
        pause: Pin<Box<Sleep>>,
    },
}

impl MockBody {
    fn new(rest: Bytes, pace: Pace) -> Self {
        Self {
            rest,
            pace,
            _permit: None,
        }
    }

    /// Sends all bytes at once.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::new(bytes, Pace::Whole)
    }

    /// Sends the first `length` bytes, then ends the connection.
    pub(crate) fn then_end(
        bytes: Bytes,
        length: usize,
        signal: EndSignal,
        end: ConnectionEnd,
    ) -> Self {
        Self::new(first(bytes, length), Pace::ThenEnd { signal, end })
    }

    /// Sends the first `length` bytes, then nothing, and leaves the connection open.
    pub(crate) fn then_nothing(bytes: Bytes, length: usize) -> Self {
        Self::new(first(bytes, length), Pace::ThenNothing)
    }

    /// Sends this many bytes per second.
    pub(crate) fn slowly(bytes: Bytes, bytes_per_second: u32) -> Self {
        // Ten chunks per second, or one byte at a time.
        let size = (bytes_per_second as usize / 10).max(1);
        let interval = Duration::from_secs(1) / (bytes_per_second.clamp(1, 10));
        let next = Instant::now() + interval;
        let pause = Box::pin(sleep_until(next));
        let pace = Pace::Slowly {
            size,
            interval,
            next,
            pause,
        };
        Self::new(bytes, pace)
    }

    /// Keeps the permit of a call until the body is dropped.
    pub(crate) fn hold(&mut self, permit: Option<CallPermit>) {
        self._permit = permit;
    }

    /// Returns the bytes that are still to be sent.
    pub(crate) fn remaining(&self) -> Bytes {
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

impl Body for MockBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Pace::Slowly {
            size,
            interval,
            next,
            pause,
        } = &mut this.pace
            && !this.rest.is_empty()
        {
            ready!(pause.as_mut().poll(context));
            let chunk = this.rest.split_to((*size).min(this.rest.len()));
            // Counted from the planned time, so that a late reader does not slow the body down.
            *next += *interval;
            pause.as_mut().reset(*next);
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        if !this.rest.is_empty() {
            let rest = std::mem::take(&mut this.rest);
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        match &this.pace {
            Pace::Whole | Pace::Slowly { .. } => Poll::Ready(None),
            Pace::ThenNothing => Poll::Pending,
            Pace::ThenEnd { signal, end } => {
                // hyper writes and flushes the bytes before it polls again, and the flush that
                // follows the signal ends the connection.
                signal.set(*end);
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.is_whole()
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_whole() {
            SizeHint::with_exact(self.rest.len() as u64)
        } else {
            SizeHint::default()
        }
    }
}
