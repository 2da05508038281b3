//! The journal of a job on disk: requests and responses, so that a job that died is resumed and
//! does not pay twice.
//!
//! Records are only appended. A record announces each call before it is sent, and another record
//! keeps the response byte by byte. Each record is a line with its checksum, the length of its JSON
//! and the length of its body,
//!
//! ```text
//! 9a0c11f2 57 1183 {"record":"response","call":4,"cost":0.05}
//! ```
//!
//! followed by the body, if there is one, and a line break. A kill or a power cut leaves at most one
//! torn record at the end. Its checksum is wrong, and it is cut off when the job is resumed.

mod error;
mod history;
mod reader;
mod record;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

pub use error::JournalError;
pub(crate) use history::{BodyLocation, CallHistory, JobHistory, PartEnd};
pub(crate) use record::{FORMAT_VERSION, JobRecord};

use record::{Frame, JournalRecord};

/// How a journal is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenMode {
    /// The file must not exist, or must be empty.
    Create,
    /// An existing journal is continued. Without one, a new journal is created.
    Resume,
}

/// An open journal. Clones share the file.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    shared: Arc<SharedFile>,
}

#[derive(Debug)]
struct SharedFile {
    path: PathBuf,
    file: Mutex<AppendFile>,
}

#[derive(Debug)]
struct AppendFile {
    file: File,
    /// The offset behind the last intact record, in bytes.
    end: u64,
}

/// An open journal with the calls of earlier runs.
pub(crate) struct OpenedJournal {
    pub(crate) journal: Journal,
    pub(crate) history: JobHistory,
}

impl Journal {
    /// Opens a journal and locks it against other processes.
    pub(crate) fn open(
        path: &Path,
        job: &JobRecord,
        mode: OpenMode,
    ) -> Result<OpenedJournal, JournalError> {
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
        if length > 0 && mode == OpenMode::Create {
            return Err(JournalError::Exists(path.to_owned()));
        }
        let content = reader::read(path, &file, length, job)?;
        let end = content.end;
        if end < length {
            tracing::info!(bytes = length - end, "cut off a torn record of the journal");
            file.set_len(end).map_err(io)?;
        }
        let shared = SharedFile {
            path: path.to_owned(),
            file: Mutex::new(AppendFile { file, end }),
        };
        let journal = Self {
            shared: Arc::new(shared),
        };
        if end == 0 {
            journal.append(&JournalRecord::Job(job.clone()), &[])?;
        }
        sync_dir(path).map_err(io)?;
        Ok(OpenedJournal {
            journal,
            history: content.history,
        })
    }

    /// Records that a part of a call is about to be sent.
    pub(crate) async fn record_sent(
        &self,
        call: u64,
        digest: &str,
        targets: Option<Vec<u32>>,
    ) -> Result<(), JournalError> {
        let record = JournalRecord::Sent {
            call,
            digest: digest.to_owned(),
            targets,
        };
        self.write(record, Bytes::new()).await
    }

    /// Records the response to the last part of a call.
    pub(crate) async fn record_response(
        &self,
        call: u64,
        cost: Option<f64>,
        body: Bytes,
    ) -> Result<(), JournalError> {
        self.write(JournalRecord::Response { call, cost }, body)
            .await
    }

    /// Records that the last part of a call failed without a charge.
    pub(crate) async fn record_not_charged(&self, call: u64) -> Result<(), JournalError> {
        self.write(JournalRecord::NotCharged { call }, Bytes::new())
            .await
    }

    /// Records that the last part of a call failed, and was or may have been charged.
    pub(crate) async fn record_failed(
        &self,
        call: u64,
        reason: &str,
        cost: Option<f64>,
    ) -> Result<(), JournalError> {
        let reason = reason.to_owned();
        let record = JournalRecord::Failed { call, reason, cost };
        self.write(record, Bytes::new()).await
    }

    /// Records that the API rejected a target of a call.
    pub(crate) async fn record_invalid(
        &self,
        call: u64,
        target: u32,
        reason: &str,
    ) -> Result<(), JournalError> {
        let record = JournalRecord::Invalid {
            call,
            target,
            reason: reason.to_owned(),
        };
        self.write(record, Bytes::new()).await
    }

    /// Reads a recorded response.
    pub(crate) async fn read_body(&self, body: BodyLocation) -> Result<Vec<u8>, JournalError> {
        let this = self.clone();
        blocking(move || {
            let mut bytes = Vec::new();
            let mut file = this.lock();
            let read = file
                .file
                .seek(SeekFrom::Start(body.offset))
                .and_then(|_| (&mut file.file).take(body.length).read_to_end(&mut bytes));
            read.map_err(|error| this.io(error))?;
            if bytes.len() as u64 != body.length {
                return Err(this.io(io::ErrorKind::UnexpectedEof.into()));
            }
            Ok(bytes)
        })
        .await
    }

    pub(crate) fn unreadable(&self, call: u64) -> JournalError {
        JournalError::Unreadable {
            path: self.shared.path.clone(),
            call,
        }
    }

    pub(crate) fn other_input(&self, call: u64) -> JournalError {
        JournalError::OtherInput {
            path: self.shared.path.clone(),
            call,
        }
    }

    /// Appends a record on a blocking thread, as it waits for the disk.
    async fn write(&self, record: JournalRecord, body: Bytes) -> Result<(), JournalError> {
        let this = self.clone();
        blocking(move || this.append(&record, &body)).await
    }

    /// Appends a record, and returns when it is on disk.
    fn append(&self, record: &JournalRecord, body: &[u8]) -> Result<(), JournalError> {
        let json = serde_json::to_vec(record).map_err(|error| self.io(error.into()))?;
        let mut locked = self.lock();
        let AppendFile { file, end } = &mut *locked;
        let Frame { head, tail } = Frame::new(&json, body);
        let written = file
            .seek(SeekFrom::Start(*end))
            .and_then(|_| file.write_all(&head))
            .and_then(|()| file.write_all(body))
            .and_then(|()| file.write_all(tail))
            .and_then(|()| file.sync_data());
        if let Err(error) = written {
            // A torn record followed by intact ones would look like damage. If the cut fails too,
            // the next record overwrites the torn one.
            let _ = file.set_len(*end);
            return Err(self.io(error));
        }
        *end += (head.len() + body.len() + tail.len()) as u64;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, AppendFile> {
        let file = &self.shared.file;
        file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn io(&self, error: io::Error) -> JournalError {
        JournalError::Io {
            path: self.shared.path.clone(),
            error,
        }
    }
}

/// Syncs the directory, so that the new file itself survives a power cut.
#[cfg(unix)]
fn sync_dir(path: &Path) -> io::Result<()> {
    let dir = path.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(dir.unwrap_or(Path::new(".")))?.sync_all()
}

/// Other systems do not open a directory as a file.
#[cfg(not(unix))]
fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Runs work that may wait for the disk on a blocking thread.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(JournalError::Io {
            path: PathBuf::new(),
            error: io::Error::other(error),
        }),
    }
}
