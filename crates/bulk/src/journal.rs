//! The journal of a job on disk: what was sent and what came back, so that a job that died goes on
//! and pays for nothing twice.
//!
//! It is only ever appended to. Before a call leaves, a record says so; when its answer is there, a
//! record keeps it as it arrived. Each record is a line with its checksum and its lengths,
//!
//! ```text
//! 9a0c11f2 57 1183 {"record":"answered","call":4,"cost":0.05}
//! ```
//!
//! followed by the bytes of the answer, if it has one, and a line break. Whatever a kill or a power
//! cut left half written stands at the end, fails its checksum, and is cut off.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::packing::Capacity;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Reading or writing failed.
    #[error("journal {path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is one already, and the job is not to be resumed.
    #[error(
        "journal {0}: an earlier job left it there; resume that job, or give this one another journal"
    )]
    Exists(PathBuf),
    /// Another job writes it at this moment.
    #[error("journal {0}: another program is at work on it")]
    InUse(PathBuf),
    /// The file is something else.
    #[error("journal {0}: this is no journal of a bulk job")]
    NotAJournal(PathBuf),
    /// It belongs to a job with another endpoint, task or packing.
    #[error("journal {path}: it belongs to another job: {what} was {then}, and is {now}")]
    OtherJob {
        /// The file.
        path: PathBuf,
        /// In what they differ.
        what: &'static str,
        /// As the journal has it.
        then: String,
        /// As it is now.
        now: String,
    },
    /// The input is not the one that the journal was written for.
    #[error(
        "journal {path}: the input is another one, or in another order, or an earlier version of this \
         program packed it: call {call} would have other targets than it had"
    )]
    OtherInput {
        /// The file.
        path: PathBuf,
        /// The first call that differs, counted from 0.
        call: u64,
    },
    /// An answer that was kept cannot be read any more.
    #[error(
        "journal {path}: the answer to call {call} cannot be read any more; nothing was sent for it"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The call, counted from 0.
        call: u64,
    },
    /// A record in the middle is damaged.
    #[error(
        "journal {path}: the record at byte {at} is damaged, and whole ones follow: restore the file \
         from a copy; what is cut off there is sent, and paid for, again"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
    },
}

/// What makes a job the same job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Of the format and of the way of packing.
    pub(crate) version: u32,
    pub(crate) endpoint: String,
    /// Whose answers these are: invented ones are not those of the API.
    pub(crate) server: String,
    /// The task without its targets.
    pub(crate) task: Value,
    pub(crate) targets_per_call: usize,
    pub(crate) domains_per_call: Option<usize>,
    pub(crate) window: usize,
    pub(crate) spool: bool,
}

/// A format, or a way of packing, that this version does not continue gets a new number.
const VERSION: u32 = 1;

impl Job {
    pub(crate) fn new(
        endpoint: &str,
        server: &str,
        task: Value,
        capacity: Capacity,
        window: usize,
        spool: bool,
    ) -> Self {
        Self {
            version: VERSION,
            endpoint: endpoint.to_owned(),
            server: server.to_owned(),
            task,
            targets_per_call: capacity.targets.get(),
            domains_per_call: capacity.domains.map(std::num::NonZeroUsize::get),
            window,
            spool,
        }
    }

    /// In what another one differs: what, here, there.
    fn difference(&self, now: &Self) -> Option<(&'static str, String, String)> {
        let text = |value: &Option<usize>| value.map_or("none".to_owned(), |it| it.to_string());
        let pairs = [
            (
                "the version",
                self.version.to_string(),
                now.version.to_string(),
            ),
            ("the endpoint", self.endpoint.clone(), now.endpoint.clone()),
            ("the server", self.server.clone(), now.server.clone()),
            ("the task", self.task.to_string(), now.task.to_string()),
            (
                "the number of targets a call",
                self.targets_per_call.to_string(),
                now.targets_per_call.to_string(),
            ),
            (
                "the number of domains a call",
                text(&self.domains_per_call),
                text(&now.domains_per_call),
            ),
            (
                "the window",
                self.window.to_string(),
                now.window.to_string(),
            ),
            (
                "sorting by domain",
                self.spool.to_string(),
                now.spool.to_string(),
            ),
        ];
        pairs.into_iter().find(|(_, then, now)| then != now)
    }
}

/// One record. A call is what the packing gives out; it is sent in parts when one target of it was
/// refused, one part after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
enum Record {
    /// The first one.
    Job(Job),
    /// A part of a call is about to leave.
    Sent {
        call: u64,
        /// Of the targets of the whole call.
        digest: String,
        /// Which of the call's targets; all, if it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only: Option<Vec<u32>>,
    },
    /// It was answered; the answer follows.
    Answered { call: u64, cost: Option<f64> },
    /// It brought nothing and cost nothing.
    Refused { call: u64 },
    /// It failed, and may have been charged.
    Failed {
        call: u64,
        reason: String,
        cost: Option<f64>,
    },
    /// The API named one target of a call as wrong.
    Invalid {
        call: u64,
        target: u32,
        reason: String,
    },
}

/// What earlier runs left of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) digest: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) invalid: Vec<(u32, String)>,
}

/// A part of a call that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Which of the call's targets; all, if `None`.
    pub(crate) only: Option<Vec<u32>>,
    pub(crate) end: PartEnd,
}

/// What became of it.
#[derive(Debug, Clone)]
pub(crate) enum PartEnd {
    /// The program ended while it was under way.
    Open,
    Answered {
        body: Body,
    },
    Failed {
        reason: String,
        cost: Option<f64>,
    },
    Refused,
}

/// Where in the file an answer is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body {
    at: u64,
    bytes: u64,
}

/// A journal that is open.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: Mutex<Appending>,
}

#[derive(Debug)]
struct Appending {
    file: File,
    /// The end of the last whole record.
    end: u64,
}

/// What an open journal remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) calls: HashMap<u64, Known>,
    pub(crate) spent: f64,
}

impl Memory {
    /// How many parts may have been charged, and nobody knows.
    pub(crate) fn uncertain(&self) -> usize {
        let parts = self.calls.values().flat_map(|known| &known.parts);
        let unknown = parts
            .filter(|part| matches!(part.end, PartEnd::Open | PartEnd::Failed { cost: None, .. }));
        unknown.count()
    }
}

impl Journal {
    /// Begins a journal, or goes on with one.
    pub(crate) fn open(
        path: &Path,
        job: &Job,
        resume: bool,
    ) -> Result<(Self, Memory), JournalError> {
        let io = |error| JournalError::Io {
            path: path.to_owned(),
            error,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let length = file.metadata().map_err(io)?.len();
        if length > 0 && !resume {
            return Err(JournalError::Exists(path.to_owned()));
        }
        let (memory, end) = read(path, &file, length, job)?;
        if end < length {
            tracing::info!(cut = length - end, "the journal ended in half a record");
            file.set_len(end).map_err(io)?;
        }
        let inner = Inner {
            path: path.to_owned(),
            file: Mutex::new(Appending { file, end }),
        };
        let this = Self {
            inner: Arc::new(inner),
        };
        if end == 0 {
            this.append(&Record::Job(job.clone()), &[])?;
        }
        sync_folder(path).map_err(io)?;
        Ok((this, memory))
    }

    pub(crate) async fn sent(
        &self,
        call: u64,
        digest: &str,
        only: Option<Vec<u32>>,
    ) -> Result<(), JournalError> {
        let digest = digest.to_owned();
        self.write(Record::Sent { call, digest, only }, Bytes::new())
            .await
    }

    pub(crate) async fn answered(
        &self,
        call: u64,
        cost: Option<f64>,
        body: Bytes,
    ) -> Result<(), JournalError> {
        self.write(Record::Answered { call, cost }, body).await
    }

    pub(crate) async fn refused(&self, call: u64) -> Result<(), JournalError> {
        self.write(Record::Refused { call }, Bytes::new()).await
    }

    pub(crate) async fn failed(
        &self,
        call: u64,
        reason: &str,
        cost: Option<f64>,
    ) -> Result<(), JournalError> {
        let reason = reason.to_owned();
        let record = Record::Failed { call, reason, cost };
        self.write(record, Bytes::new()).await
    }

    pub(crate) async fn invalid(
        &self,
        call: u64,
        target: u32,
        reason: &str,
    ) -> Result<(), JournalError> {
        let reason = reason.to_owned();
        let record = Record::Invalid {
            call,
            target,
            reason,
        };
        self.write(record, Bytes::new()).await
    }

    /// Reads an answer.
    pub(crate) async fn body(&self, body: Body) -> Result<Vec<u8>, JournalError> {
        let this = self.clone();
        blocking(move || {
            let mut bytes = Vec::new();
            let mut appending = this.appending();
            let read = appending.file.seek(SeekFrom::Start(body.at)).and_then(|_| {
                (&mut appending.file)
                    .take(body.bytes)
                    .read_to_end(&mut bytes)
            });
            read.map_err(|error| this.io(error))?;
            if bytes.len() as u64 != body.bytes {
                return Err(this.io(io::ErrorKind::UnexpectedEof.into()));
            }
            Ok(bytes)
        })
        .await
    }

    pub(crate) fn unreadable(&self, call: u64) -> JournalError {
        JournalError::Unreadable {
            path: self.inner.path.clone(),
            call,
        }
    }

    pub(crate) fn other_input(&self, call: u64) -> JournalError {
        JournalError::OtherInput {
            path: self.inner.path.clone(),
            call,
        }
    }

    /// Off the threads of the runtime, as the disk takes its time.
    async fn write(&self, record: Record, body: Bytes) -> Result<(), JournalError> {
        let this = self.clone();
        blocking(move || this.append(&record, &body)).await
    }

    /// Adds a record, and returns when it is on the disk.
    fn append(&self, record: &Record, body: &[u8]) -> Result<(), JournalError> {
        let json = serde_json::to_vec(record).map_err(|error| self.io(error.into()))?;
        let mut appending = self.appending();
        let Appending { file, end } = &mut *appending;
        let (head, tail) = frame(&json, body);
        let written = file
            .seek(SeekFrom::Start(*end))
            .and_then(|_| file.write_all(&head))
            .and_then(|()| file.write_all(body))
            .and_then(|()| file.write_all(tail))
            .and_then(|()| file.sync_data());
        if let Err(error) = written {
            // A half record in front of whole ones could not be told from damage. If this fails,
            // too, the next record is written over it.
            let _ = file.set_len(*end);
            return Err(self.io(error));
        }
        *end += (head.len() + body.len() + tail.len()) as u64;
        Ok(())
    }

    fn appending(&self) -> std::sync::MutexGuard<'_, Appending> {
        let file = &self.inner.file;
        file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn io(&self, error: io::Error) -> JournalError {
        JournalError::Io {
            path: self.inner.path.clone(),
            error,
        }
    }
}

/// That the file is there has to survive, too.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Elsewhere a folder is no file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Runs what may wait for the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(JournalError::Io {
            path: PathBuf::new(),
            error: io::Error::other(error),
        }),
    }
}

/// What stands before and behind the body of a record. Without a body, all is before it.
fn frame(json: &[u8], body: &[u8]) -> (Vec<u8>, &'static [u8]) {
    let (sum, bytes) = (checksum(json, body), body.len());
    let mut head = format!("{sum:08x} {} {bytes} ", json.len()).into_bytes();
    head.extend_from_slice(json);
    head.push(b'\n');
    (head, if body.is_empty() { b"" } else { b"\n" })
}

fn checksum(json: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(json);
    hasher.update(body);
    hasher.finalize()
}

/// Reads a journal: what it remembers, and where its whole records end.
fn read(path: &Path, file: &File, length: u64, job: &Job) -> Result<(Memory, u64), JournalError> {
    let io = |error| JournalError::Io {
        path: path.to_owned(),
        error,
    };
    let mut reader = Reader {
        input: BufReader::with_capacity(1 << 16, file),
        at: 0,
    };
    let mut memory = Memory::default();
    let mut is_first = true;
    while let Some((record, body)) = reader.next(length).map_err(io)? {
        match record {
            Record::Job(then) if is_first => {
                if let Some((what, then, now)) = then.difference(job) {
                    return Err(JournalError::OtherJob {
                        path: path.to_owned(),
                        what,
                        then,
                        now,
                    });
                }
            }
            _ if is_first => return Err(JournalError::NotAJournal(path.to_owned())),
            record => memory.take(record, body),
        }
        is_first = false;
    }
    let end = reader.at;
    if end < length && reader.whole_record_follows(length).map_err(io)? {
        return Err(match is_first {
            true => JournalError::NotAJournal(path.to_owned()),
            false => JournalError::Damaged {
                path: path.to_owned(),
                at: end,
            },
        });
    }
    // A first record that was cut off is a journal that never began; anything else is no journal.
    if is_first && length > 0 && !reader.looks_like_a_beginning().map_err(io)? {
        return Err(JournalError::NotAJournal(path.to_owned()));
    }
    Ok((memory, end))
}

impl Memory {
    fn take(&mut self, record: Record, body: Body) {
        let call = match &record {
            Record::Sent { call, .. }
            | Record::Answered { call, .. }
            | Record::Refused { call }
            | Record::Failed { call, .. }
            | Record::Invalid { call, .. } => *call,
            Record::Job(_) => return,
        };
        let known = self.calls.entry(call).or_default();
        let end = match record {
            Record::Sent { digest, only, .. } => {
                known.digest = digest;
                let end = PartEnd::Open;
                known.parts.push(Part { only, end });
                return;
            }
            Record::Invalid { target, reason, .. } => {
                known.invalid.push((target, reason));
                return;
            }
            Record::Answered { cost, .. } => {
                self.spent += cost.unwrap_or_default();
                PartEnd::Answered { body }
            }
            Record::Failed { reason, cost, .. } => {
                self.spent += cost.unwrap_or_default();
                PartEnd::Failed { reason, cost }
            }
            Record::Refused { .. } | Record::Job(_) => PartEnd::Refused,
        };
        if let Some(part) = known.parts.last_mut() {
            part.end = end;
        }
    }
}

/// Goes through the records of a file.
struct Reader<'f> {
    input: BufReader<&'f File>,
    /// The end of the last whole record.
    at: u64,
}

/// Longer than any beginning of a record: checksum and lengths.
const LONGEST_HEAD: usize = 8 + 2 * 21 + 1;

impl Reader<'_> {
    /// The next whole record, with where its body is; `None` at the end, and where none is.
    fn next(&mut self, length: u64) -> io::Result<Option<(Record, Body)>> {
        self.input.seek(SeekFrom::Start(self.at))?;
        let Some((sum, json_bytes, body_bytes, head)) = self.head()? else {
            return Ok(None);
        };
        let json_at = self.at.saturating_add(head);
        let body_at = json_at.saturating_add(json_bytes).saturating_add(1);
        let tail = u64::from(body_bytes > 0);
        let end = body_at.saturating_add(body_bytes).saturating_add(tail);
        if end > length {
            return Ok(None);
        }
        let mut json = Vec::new();
        (&mut self.input).take(json_bytes).read_to_end(&mut json)?;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&json);
        self.input.seek_relative(1)?;
        // Answers are large: they are only passed through.
        let mut left = body_bytes;
        let mut chunk = [0; 1 << 14];
        while left > 0 {
            let part = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
            self.input.read_exact(&mut chunk[..part])?;
            hasher.update(&chunk[..part]);
            left -= part as u64;
        }
        let record = serde_json::from_slice(&json).ok();
        let Some(record) = record.filter(|_| hasher.finalize() == sum) else {
            return Ok(None);
        };
        self.at = end;
        let body = Body {
            at: body_at,
            bytes: body_bytes,
        };
        Ok(Some((record, body)))
    }

    /// Checksum, length of the JSON and of the body, and how many bytes that took.
    fn head(&mut self) -> io::Result<Option<(u32, u64, u64, u64)>> {
        let mut head = Vec::new();
        while head.iter().filter(|byte| **byte == b' ').count() < 3 {
            let mut byte = [0];
            if head.len() == LONGEST_HEAD || self.input.read(&mut byte)? == 0 {
                return Ok(None);
            }
            head.push(byte[0]);
        }
        let text = std::str::from_utf8(&head).unwrap_or_default();
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let parsed = (
            u32::from_str_radix(word(), 16),
            word().parse(),
            word().parse(),
        );
        let (Ok(sum), Ok(json), Ok(body)) = parsed else {
            return Ok(None);
        };
        Ok(Some((sum, json, body, head.len() as u64)))
    }

    /// Whether there is a whole record anywhere behind the place where none could be read.
    fn whole_record_follows(&mut self, length: u64) -> io::Result<bool> {
        let end = self.at;
        let mut at = end;
        let mut found = false;
        while !found && at < length {
            // Records begin behind a line break.
            self.input.seek(SeekFrom::Start(at))?;
            let mut chunk = Vec::new();
            (&mut self.input).take(1 << 20).read_to_end(&mut chunk)?;
            if chunk.is_empty() {
                break;
            }
            for (index, byte) in chunk.iter().enumerate() {
                let sum = chunk.get(index + 1..index + 9);
                // Most line breaks are those of an answer.
                if *byte == b'\n' && sum.is_none_or(|sum| sum.iter().all(u8::is_ascii_hexdigit)) {
                    self.at = at + index as u64 + 1;
                    if self.next(length)?.is_some() {
                        found = true;
                        break;
                    }
                }
            }
            at += chunk.len() as u64;
        }
        self.at = end;
        Ok(found)
    }

    /// Whether the file can be the first part of a first record.
    fn looks_like_a_beginning(&mut self) -> io::Result<bool> {
        self.input.seek(SeekFrom::Start(0))?;
        let mut beginning = Vec::new();
        (&mut self.input).take(8).read_to_end(&mut beginning)?;
        Ok(beginning.iter().all(u8::is_ascii_hexdigit))
    }
}
