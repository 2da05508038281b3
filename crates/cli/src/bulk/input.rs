//! The targets of a job: lines of a file or of stdin, whatever is in them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dataforseo_bulk::Target;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::{Notify, mpsc};

/// No target is longer. What is, is no target, and does not fill the memory.
pub(super) const LONGEST: usize = 8192;
/// How much of a line that cannot be used is shown.
const SHOWN: usize = 100;
/// How many lines go from the reader to the job together.
const TOGETHER: usize = 1000;

/// What became of reading, besides the targets.
#[derive(Debug, Default)]
pub(super) struct Reading {
    failed: Mutex<Option<io::Error>>,
    /// Wakes whoever waits for a failure.
    pub(super) has_failed: Notify,
    blank: Mutex<u64>,
}

impl Reading {
    /// Why reading ended before the end, if it did.
    pub(super) fn failure(&self) -> Option<String> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().map(ToString::to_string)
    }

    /// How many lines were blank.
    pub(super) fn blank(&self) -> u64 {
        *self.blank.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: io::Error) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.has_failed.notify_one();
    }
}

/// Where targets come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    pub(super) fn new(path: &Path) -> Self {
        match path == Path::new("-") {
            true => Self::Stdin,
            false => Self::File(path.to_owned()),
        }
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::File(path) => Box::new(File::open(path)?),
        })
    }

    /// How many lines there are, if that can be found out before they are read.
    pub(super) fn count(&self) -> Option<u64> {
        let Self::File(path) = self else {
            return None;
        };
        // Before it is opened: a pipe that is opened twice can wait for ever.
        if !std::fs::metadata(path).ok()?.is_file() {
            return None;
        }
        let mut lines = Lines::new(File::open(path).ok()?);
        let mut count = 0;
        while let Some(line) = lines.next_line().ok()? {
            count += u64::from(!line.is_blank());
        }
        Some(count)
    }

    /// The targets, and what becomes of reading them. A thread of its own reads: a file can be slow.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn targets(
        &self,
    ) -> io::Result<(impl Stream<Item = Target> + Send + use<>, Arc<Reading>)> {
        let input = self.open()?;
        let reading = Arc::new(Reading::default());
        let (sender, receiver) = mpsc::channel(4);
        let told = Arc::clone(&reading);
        std::thread::spawn(move || read(input, &sender, &told));
        let chunks = stream::unfold(receiver, async |mut receiver: mpsc::Receiver<_>| {
            let chunk: Vec<Target> = receiver.recv().await?;
            Some((stream::iter(chunk), receiver))
        });
        // Input that broke off has no end: the job must not take what came for the whole.
        let broken = Arc::clone(&reading);
        let end = stream::once(async move {
            if broken.failure().is_some() {
                std::future::pending::<()>().await;
            }
        });
        let end = end.filter_map(async |()| None);
        Ok((chunks.flatten().chain(end).boxed(), reading))
    }
}

/// Reads all lines. Stops when nobody takes them any more.
fn read(input: Box<dyn Read + Send>, sender: &mpsc::Sender<Vec<Target>>, reading: &Reading) {
    let mut lines = Lines::new(input);
    let mut chunk = Vec::with_capacity(TOGETHER);
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => {
                reading.fail(error);
                break;
            }
        };
        if line.is_blank() {
            *reading.blank.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            continue;
        }
        chunk.push(line.target());
        if chunk.len() == TOGETHER && sender.blocking_send(std::mem::take(&mut chunk)).is_err() {
            return;
        }
    }
    let _ = sender.blocking_send(chunk);
}

/// The lines of a file.
struct Lines<R> {
    input: BufReader<R>,
    is_first: bool,
    line: Vec<u8>,
}

/// A line without its end, as far as it was kept.
struct Line<'a> {
    bytes: &'a [u8],
    /// How long it is.
    length: u64,
}

impl<R: Read> Lines<R> {
    fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(1 << 16, input),
            is_first: true,
            line: Vec::new(),
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut length = 0;
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = end.unwrap_or(available.len());
            length += part as u64;
            // With room for an end that is cut off, and for the mark of a byte order.
            let room = (LONGEST + 8).saturating_sub(self.line.len());
            self.line.extend_from_slice(&available[..part.min(room)]);
            let is_end_of_file = available.is_empty();
            self.input.consume(part + usize::from(end.is_some()));
            if end.is_some() {
                break;
            }
            if is_end_of_file {
                if length == 0 {
                    return Ok(None);
                }
                break;
            }
        }
        let is_whole = length == self.line.len() as u64;
        let mut bytes = self.line.as_slice();
        if std::mem::take(&mut self.is_first) {
            bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        }
        if is_whole {
            bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            length = bytes.len() as u64;
        }
        Ok(Some(Line { bytes, length }))
    }
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.length as usize <= LONGEST && self.bytes.trim_ascii().is_empty()
    }

    fn target(&self) -> Target {
        let reason = match std::str::from_utf8(self.bytes) {
            _ if self.length > LONGEST as u64 => {
                format!(
                    "the line has {} bytes, and no target has more than {LONGEST}",
                    self.length
                )
            }
            // White space around a target is a slip of whoever made the file.
            Ok(text) if !text.trim().contains(char::is_control) => {
                return Target::Text(text.trim().to_owned());
            }
            // Every other byte of such a file is 0.
            _ if self.bytes.contains(&0) => "the line is not UTF-8 but UTF-16, it seems".to_owned(),
            Ok(_) => "the line has control characters in it".to_owned(),
            Err(_) => "the line is not UTF-8".to_owned(),
        };
        let text = String::from_utf8_lossy(self.bytes);
        let text = match text.char_indices().nth(SHOWN) {
            Some((cut, _)) => format!("{}…", &text[..cut]),
            None => text.into_owned(),
        };
        Target::Unusable { text, reason }
    }
}
