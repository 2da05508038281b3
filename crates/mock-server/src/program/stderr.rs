//! What is said on stderr, by a thread of its own: whoever reads it too slowly, or not at all, must
//! not hold the server up, and a pipe that is closed must not end it.
//!
//! Nothing else in the program writes to stderr: it would wait for the lock that this thread may
//! hold for as long as nobody reads.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// How many lines wait for whoever reads. What comes when there are so many is left out.
const LINES: usize = 256;

/// How long the end of the program waits for whoever reads.
const AT_THE_END: Duration = Duration::from_secs(1);

/// How many lines were left out since this was last said.
static LEFT_OUT: AtomicUsize = AtomicUsize::new(0);

static WRITER: LazyLock<Writer> = LazyLock::new(Writer::start);

struct Writer {
    /// `None` when the program ends.
    lines: Mutex<Option<SyncSender<String>>>,
    /// Nothing ever comes; it is closed when everything is written.
    written: Mutex<Receiver<()>>,
}

impl Writer {
    fn start() -> Self {
        let (lines, waiting) = sync_channel(LINES);
        let (done, written) = sync_channel(0);
        // Without a thread there is no receiver: nothing is said, and everything else goes on.
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
    // Nobody is left to be told of an error.
    let write = |line: &str| {
        let _ = std::io::stderr().write_all(line.as_bytes());
    };
    loop {
        let next = match waiting.try_recv() {
            Err(TryRecvError::Empty) => {
                write(&left_out());
                waiting.recv().ok()
            }
            next => next.ok(),
        };
        let Some(mut line) = next else {
            return write(&left_out());
        };
        line.push('\n');
        write(&line);
    }
}

/// What is said of lines that were left out: nothing if there are none.
fn left_out() -> String {
    match LEFT_OUT.swap(0, Ordering::Relaxed) {
        0 => String::new(),
        count => format!("{count} lines were left out here: stderr was not read\n"),
    }
}

/// Says a line, or leaves it out: this waits for nobody.
pub(super) fn tell(line: impl Into<String>) {
    let lines = WRITER.lines.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(lines) = &*lines
        && let Err(TrySendError::Full(_)) = lines.try_send(line.into())
    {
        LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    }
}

/// Gives what was said some time to be read. What is said afterwards is lost.
pub(super) fn finish() {
    let lines = &WRITER.lines;
    drop(lines.lock().unwrap_or_else(PoisonError::into_inner).take());
    let written = &WRITER.written;
    let written = written.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = written.recv_timeout(AT_THE_END);
}
