//! Stops a job on Ctrl-C and on the signal to terminate, and turns a file size limit into an error.

use std::io;

use dataforseo_bulk::JobHandle;
use tokio::task::JoinHandle;

use super::progress::Notifier;
use crate::exit::Exit;

/// Stops the job on the first signal, and ends the program on the second.
///
/// It runs as a task of its own, as writing the table may block.
pub(super) fn stop_on_signal(handle: JobHandle, notifier: Notifier) -> io::Result<JoinHandle<()>> {
    #[cfg(unix)]
    let mut next = {
        use tokio::signal::unix::{SignalKind, signal};
        // A write beyond the limit fails then, instead of killing the program with calls in flight.
        let limit = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        drop(signal(limit)?);
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        async move || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
    };
    #[cfg(not(unix))]
    let mut next = async || {
        // An error means that Ctrl-C is not available.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    Ok(tokio::spawn(async move {
        next().await;
        notifier.note(
            "stopping: calls in flight are finished. Ctrl-C again stops now; calls in flight may be \
             charged and lost",
        );
        handle.stop();
        next().await;
        notifier.note("stopped; calls in flight may have been charged");
        std::process::exit(i32::from(Exit::Stopped as u8));
    }))
}
