//! The permission to send one call, and how long it is valid.

use std::any::Any;
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// The permission to have one call in flight. When it is dropped, another call can be admitted.
///
/// The client drops the permit when the call has ended. A call that was given up, such as by a
/// timeout, can still run on the server: the client then calls [`abandon`](Self::abandon).
#[must_use = "dropping a permit releases its place"]
pub struct Permit {
    held: Box<dyn Held>,
    validity: Option<Validity>,
}

/// What a permit contains. Dropping it releases the place.
trait Held: Send {
    /// Keeps the place until the server must have ended the call.
    fn abandon(self: Box<Self>);
}

struct WithAbandon<T, F> {
    held: T,
    on_abandon: F,
}

impl<T: Send, F: FnOnce(T) + Send> Held for WithAbandon<T, F> {
    fn abandon(self: Box<Self>) {
        (self.on_abandon)(self.held);
    }
}

impl Permit {
    /// Returns a permit that contains `held`, such as a semaphore permit, and drops it with itself.
    /// An abandoned call releases its place at once: see [`with_abandon`](Self::with_abandon).
    pub fn new(held: impl Any + Send) -> Self {
        Self::with_abandon(held, drop)
    }

    /// Returns a permit that contains `held` and drops it with itself. If the call is given up,
    /// `on_abandon` receives it, and should keep the place until the server must have ended the call:
    /// [`SERVER_TIMEOUT`](dataforseo_models::api::SERVER_TIMEOUT).
    pub fn with_abandon<T: Any + Send>(
        held: T,
        on_abandon: impl FnOnce(T) + Send + 'static,
    ) -> Self {
        Self {
            held: Box::new(WithAbandon { held, on_abandon }),
            validity: None,
        }
    }

    /// Reports that the call was given up and can still run on the server. The place is released
    /// later, at a time that the limiter chooses.
    pub fn abandon(self) {
        self.held.abandon();
    }

    /// Sets how long the permit allows the call to be sent.
    #[cfg(feature = "redis")]
    pub(crate) fn valid_for(mut self, validity: Validity) -> Self {
        self.validity = Some(validity);
        self
    }

    /// Returns how long the permit allows the call to be sent. `None` if there is no limit.
    pub(crate) fn validity(&self) -> Option<Validity> {
        self.validity
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// How long a permit allows its call to be sent.
///
/// A process can stand still between its admission and the sending of the call. Its place may then
/// belong to another call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    requested_at: Instant,
    requested_on: SystemTime,
    start: Duration,
    send: Duration,
}

impl Validity {
    /// Returns a validity that begins now. A call may start within the first time, and its task may
    /// be written within the second.
    #[cfg_attr(not(feature = "redis"), allow(dead_code))]
    pub(crate) fn new(start: Duration, send: Duration) -> Self {
        Self {
            requested_at: Instant::now(),
            requested_on: SystemTime::now(),
            start,
            send,
        }
    }

    /// Returns the time that has passed. The clock of the system counts, too, because the other one
    /// can stand still while the machine sleeps.
    fn elapsed(&self) -> Duration {
        let on_wall = self.requested_on.elapsed().unwrap_or_default();
        self.requested_at.elapsed().max(on_wall)
    }

    /// Returns whether the call may start.
    pub(crate) fn is_startable(&self) -> bool {
        self.elapsed() <= self.start
    }

    /// Returns whether the task may be written.
    pub(crate) fn is_sendable(&self) -> bool {
        self.elapsed() <= self.send
    }
}
