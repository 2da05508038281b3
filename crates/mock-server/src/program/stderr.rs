//! Lines on stderr, written by a thread of their own.
//!
//! A reader that is slow or gone must not block the server, and a closed pipe must not end it.
//! Nothing else in the program writes to stderr: it would wait for the lock that this thread may
//! hold.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// The maximum number of lines that wait for a reader. Further ones are dropped.
const MAX_WAITING_LINES: usize = 256;

/// How long the end of the program waits for the reader.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of lines dropped since the last report of it.
static DROPPED: AtomicUsize = AtomicUsize::new(0);

static WRITER: LazyLock<Writer> = LazyLock::new(Writer::start);

struct Writer {
    /// `None` when the program ends.
    lines: Mutex<Option<SyncSender<String>>>,
    /// Closed when everything is written. Nothing is ever sent.
    written: Mutex<Receiver<()>>,
}

impl Writer {
    fn start() -> Self {
        let (lines, waiting) = sync_channel(MAX_WAITING_LINES);
        let (done, written) = sync_channel(0);
        // Without a thread there is no receiver: lines are lost, and everything else continues.
        let _ = std::thread::Builder::new()
            .name("stderr".to_owned())
            .spawn(move || {
                write_all(&waiting);
                drop(done);
            });
        Self {
            lines: Mutex::new(Some(lines)),
            written: Mutex::new(written),
        }
    }
}

fn write_all(waiting: &Receiver<String>) {
    // There is no place left to report an error.
    let write = |line: &str| {
        let _ = std::io::stderr().write_all(line.as_bytes());
    };
    loop {
        let next = match waiting.try_recv() {
            Err(TryRecvError::Empty) => {
                write(&take_dropped());
                waiting.recv().ok()
            }
            next => next.ok(),
        };
        let Some(mut line) = next else {
            return write(&take_dropped());
        };
        line.push('\n');
        write(&line);
    }
}

/// Returns the report of dropped lines, or an empty text.
fn take_dropped() -> String {
    match DROPPED.swap(0, Ordering::Relaxed) {
        0 => String::new(),
        count => format!("{count} lines were dropped here: stderr was not read\n"),
    }
}

/// Writes a line, or drops it if too many wait. Never blocks.
pub(super) fn log(line: impl Into<String>) {
    let lines = WRITER.lines.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(lines) = &*lines
        && let Err(TrySendError::Full(_)) = lines.try_send(line.into())
    {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits until all lines are written, up to [`FLUSH_TIMEOUT`]. Later lines are lost.
pub(super) fn finish() {
    let lines = &WRITER.lines;
    drop(lines.lock().unwrap_or_else(PoisonError::into_inner).take());
    let written = &WRITER.written;
    let written = written.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = written.recv_timeout(FLUSH_TIMEOUT);
}
