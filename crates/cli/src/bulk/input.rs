//! The input of a bulk job: lines of a file or of stdin, in any encoding.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dataforseo_bulk::Target;
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Notify, mpsc};

use crate::job::TargetStream;

/// The maximum length of a target in bytes. Longer lines are invalid, and are not held in memory.
const MAX_TARGET_BYTES: usize = 8192;
/// How many characters of an invalid line are shown.
const MAX_SHOWN_CHARS: usize = 100;
/// How many lines are sent from the reader to the job together.
const LINES_PER_BATCH: usize = 1000;

/// The status of reading the input.
#[derive(Debug, Default)]
pub(super) struct InputStatus {
    error: Mutex<Option<io::Error>>,
    /// Notified when reading fails.
    pub(super) failed: Notify,
    blank_lines: Mutex<u64>,
}

impl InputStatus {
    /// Returns the error that reading failed with.
    pub(super) fn error(&self) -> Option<String> {
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        error.as_ref().map(ToString::to_string)
    }

    /// Returns the number of blank lines so far.
    pub(super) fn blank_lines(&self) -> u64 {
        let count = self.blank_lines.lock();
        *count.unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: io::Error) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.failed.notify_one();
    }

    fn add_blank_line(&self) {
        let count = self.blank_lines.lock();
        *count.unwrap_or_else(PoisonError::into_inner) += 1;
    }
}

/// The source of the targets.
#[derive(Debug, Clone)]
pub(super) enum InputSource {
    Stdin,
    File(PathBuf),
}

/// An input that is being read.
pub(super) struct OpenInput {
    pub(super) targets: TargetStream,
    pub(super) status: Arc<InputStatus>,
}

impl InputSource {
    /// Returns the source for a path. `-` is stdin.
    pub(super) fn new(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Stdin
        } else {
            Self::File(path.to_owned())
        }
    }

    fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::File(path) => Box::new(File::open(path)?),
        })
    }

    /// Counts the targets of a regular file.
    pub(super) fn count(&self) -> Option<u64> {
        let Self::File(path) = self else {
            return None;
        };
        // Checked before opening, as opening a pipe twice can block forever.
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

    /// Starts to read the targets, on a thread of its own, as reading may block.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub(super) fn open(&self) -> io::Result<OpenInput> {
        let input = self.reader()?;
        let status = Arc::new(InputStatus::default());
        let (sender, receiver) = mpsc::channel(4);
        let of_thread = Arc::clone(&status);
        std::thread::spawn(move || read(input, &sender, &of_thread));
        let batches = stream::unfold(receiver, async |mut receiver: mpsc::Receiver<_>| {
            let batch: Vec<Target> = receiver.recv().await?;
            Some((stream::iter(batch), receiver))
        });
        // After an error the stream never ends, as the job must not pass for complete.
        let of_end = Arc::clone(&status);
        let end = stream::once(async move {
            if of_end.error().is_some() {
                std::future::pending::<()>().await;
            }
        });
        let end = end.filter_map(async |()| None);
        Ok(OpenInput {
            targets: batches.flatten().chain(end).boxed(),
            status,
        })
    }
}

/// Reads all lines. Stops when the receiver is dropped.
fn read(input: Box<dyn Read + Send>, sender: &mpsc::Sender<Vec<Target>>, status: &InputStatus) {
    let mut lines = Lines::new(input);
    let mut batch = Vec::with_capacity(LINES_PER_BATCH);
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => {
                status.fail(error);
                break;
            }
        };
        if line.is_blank() {
            status.add_blank_line();
            continue;
        }
        batch.push(line.to_target());
        let is_full = batch.len() == LINES_PER_BATCH;
        if is_full && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
            return;
        }
    }
    let _ = sender.blocking_send(batch);
}

/// The lines of a file.
struct Lines<R> {
    input: BufReader<R>,
    is_first: bool,
    line: Vec<u8>,
}

/// A line without its line break.
struct Line<'a> {
    /// The beginning of the line, as far as it is kept.
    bytes: &'a [u8],
    /// The length of the whole line in bytes.
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
        let Some(mut length) = self.read_line()? else {
            return Ok(None);
        };
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

    /// Reads up to the next line break and keeps the beginning. Returns the length in bytes. `None` at
    /// the end of the file.
    fn read_line(&mut self) -> io::Result<Option<u64>> {
        self.line.clear();
        let mut length = 0;
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok((length > 0).then_some(length));
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = end.unwrap_or(available.len());
            length += part as u64;
            // With room for a carriage return and a byte order mark, which are removed.
            let room = (MAX_TARGET_BYTES + 8).saturating_sub(self.line.len());
            self.line.extend_from_slice(&available[..part.min(room)]);
            self.input.consume(part + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(Some(length));
            }
        }
    }
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.length as usize <= MAX_TARGET_BYTES && self.bytes.trim_ascii().is_empty()
    }

    fn to_target(&self) -> Target {
        let reason = match std::str::from_utf8(self.bytes) {
            _ if self.length > MAX_TARGET_BYTES as u64 => {
                format!(
                    "the line has {} bytes, and the maximum for a target is {MAX_TARGET_BYTES}",
                    self.length
                )
            }
            Ok(text) if !text.trim().contains(char::is_control) => {
                return Target::Text(text.trim().to_owned());
            }
            // ASCII text in UTF-16 has a zero in every other byte.
            _ if self.bytes.contains(&0) => {
                "the line is not UTF-8 but probably UTF-16; convert the file to UTF-8".to_owned()
            }
            Ok(_) => "the line contains control characters".to_owned(),
            Err(_) => "the line is not UTF-8".to_owned(),
        };
        let text = String::from_utf8_lossy(self.bytes);
        let text = match text.char_indices().nth(MAX_SHOWN_CHARS) {
            Some((cut, _)) => format!("{}…", &text[..cut]),
            None => text.into_owned(),
        };
        Target::Invalid { text, reason }
    }
}
