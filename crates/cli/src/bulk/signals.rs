//! Stops a job on Ctrl-C and on the signals to terminate, and turns a file size limit into an error.

use std::io;

use dataforseo_bulk::JobHandle;
use tokio::task::JoinHandle;

use super::progress::Notifier;
use crate::exit::Exit;

/// The signals that stop a job. From its creation on, none of them kills the program.
pub(super) struct Signals {
    #[cfg(unix)]
    streams: [tokio::signal::unix::Signal; 3],
}

impl Signals {
    /// Begins to listen. Do so before the first call is sent, as a kill loses the calls in flight.
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // A write beyond the limit fails then, instead of killing the program with calls in flight.
        let limit = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        drop(signal(limit)?);
        Ok(Self {
            streams: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ],
        })
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Stops the job on the first signal, and ends the program on the second.
    ///
    /// It runs as a task of its own, as writing the table may block.
    pub(super) fn stop_job(mut self, handle: JobHandle, notifier: Notifier) -> JoinHandle<()> {
        tokio::spawn(async move {
            self.next().await;
            notifier.note(
                "stopping: calls in flight are finished. Ctrl-C again stops now; calls in flight may \
                 be charged and lost",
            );
            handle.stop();
            self.next().await;
            notifier.note("stopped; calls in flight may have been charged");
            std::process::exit(i32::from(Exit::Stopped as u8));
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.streams;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        // An error means that Ctrl-C is not available.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
