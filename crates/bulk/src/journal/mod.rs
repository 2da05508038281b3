//! The journal of a job on disk: requests and responses, so that a job that died is resumed and
//! does not pay twice.
//!
//! The first line says what the file is. Then records are only appended. A record announces each call
//! before it is sent, and another record keeps the response byte by byte. Each record is a line with
//! its checksum, the length of its JSON and the length of its body,
//!
//! ```text
//! 9a0c11f2 57 1183 {"record":"response","call":4,"cost":0.05}
//! ```
//!
//! followed by the body, if there is one, and a line break. A kill or a power cut leaves at most one
//! torn record at the end. Its checksum is wrong, and it is cut off when the job is resumed.
//!
//! | module | contents |
//! | --- | --- |
//! | `record`, `history` | the records, and what they say about the calls of earlier runs |
//! | `reader` | reading a file back; torn ends and damage |
//! | `file`, `room` | appending, noticing changes by others, reserving room |
//! | `unwritten`, `rest` | records that could not be written, and the second file for them |
//! | `inspect` | reading a journal without a job |

mod error;
mod file;
mod history;
mod inspect;
mod reader;
mod record;
mod rest;
mod room;
mod unwritten;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

pub use error::JournalError;
pub(crate) use history::{BodyLocation, CallHistory, JobHistory, PartEnd};
pub use inspect::{JournalEntry, inspect_journal, read_journal_body};
pub(crate) use record::{FORMAT_VERSION, InputPrefix, JobRecord, SentRecord};

use file::{JournalFile, is_same_file};
use record::{Frame, JournalRecord, MAGIC};
use rest::Rest;
use unwritten::Unwritten;

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
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// The JSON of the first record.
    job: Vec<u8>,
    state: Mutex<JournalState>,
}

#[derive(Debug)]
struct JournalState {
    file: JournalFile,
    unwritten: Vec<Unwritten>,
    /// The second file that has the unwritten records, once one was written.
    saved: Option<PathBuf>,
}

impl JournalState {
    /// Tries to write the unwritten records. Those that cannot be written are saved in a second file,
    /// which is removed when it is not needed any more.
    fn write_unwritten(&mut self, path: &Path, job: &[u8]) -> Result<(), UnwrittenError> {
        let Err(error) = unwritten::retry(&mut self.file, &mut self.unwritten) else {
            if let Some(saved) = self.saved.take() {
                // Records that are in both files count once.
                let _ = std::fs::remove_file(saved);
            }
            return Ok(());
        };
        let saved = match &self.saved {
            Some(saved) => {
                unwritten::save_again(saved, job, &self.unwritten).map(|()| saved.clone())
            }
            None => unwritten::save(path, job, &self.unwritten),
        };
        match saved {
            Ok(saved) => {
                self.saved = Some(saved.clone());
                Err(UnwrittenError {
                    error,
                    saved: Some(saved),
                })
            }
            Err(_) => Err(UnwrittenError { error, saved: None }),
        }
    }
}

/// Records could not be written to the journal.
struct UnwrittenError {
    error: JournalError,
    /// The file that has all of them. `None` if it could not be written either.
    saved: Option<PathBuf>,
}

/// An open journal with the calls of earlier runs.
pub(crate) struct OpenedJournal {
    pub(crate) journal: Journal,
    pub(crate) history: JobHistory,
}

/// Returns whether a file has content, so that resuming it continues a job.
pub(crate) fn has_content(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() > MAGIC.len() as u64)
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
        let mut file = open_locked(path)?;
        let length = file.metadata().map_err(io)?.len();
        if length > 0 && mode == OpenMode::Create {
            return Err(JournalError::Exists(path.to_owned()));
        }
        let mut content = reader::read(path, &mut file, length, job)?;
        // Before anything is changed.
        if let Some(call) = content.history.incomplete {
            return Err(JournalError::Incomplete {
                path: path.to_owned(),
                call,
            });
        }
        let rest = Rest::open(path, job, &content.history)?;
        if content.end < length {
            tracing::info!(
                bytes = length - content.end,
                "cut off a torn record of the journal"
            );
        }
        // Also frees room that an earlier run had reserved.
        file.set_len(content.end).map_err(io)?;
        let job_json = serde_json::to_vec(&JournalRecord::Job(job.clone()));
        let job_json = job_json.map_err(|error| io(error.into()))?;
        if content.end == 0 {
            let Frame { head, .. } = Frame::new(&job_json, &[]);
            let begun = [MAGIC, &head].concat();
            file.rewind()
                .and_then(|()| file.write_all(&begun))
                .map_err(io)?;
            content.end = begun.len() as u64;
        }
        if let Some(rest) = rest {
            rest.add_to(path, &mut file, content.end)?;
            let length = file.metadata().map_err(io)?.len();
            content = reader::read(path, &mut file, length, job)?;
        }
        file.sync_all().map_err(io)?;
        sync_dir(path).map_err(io)?;
        let state = JournalState {
            file: JournalFile::new(path.to_owned(), file, content.end),
            unwritten: Vec::new(),
            saved: None,
        };
        let shared = Shared {
            path: path.to_owned(),
            job: job_json,
            state: Mutex::new(state),
        };
        Ok(OpenedJournal {
            journal: Self {
                shared: Arc::new(shared),
            },
            history: content.history,
        })
    }

    /// Records that a part of a call with this number of targets is about to be sent, and reserves
    /// room for its response.
    ///
    /// # Errors
    /// When the file was changed by something else, when there is no room, or when the record cannot
    /// be written. The part must not be sent then.
    pub(crate) async fn record_sent(
        &self,
        sent: SentRecord,
        targets: usize,
    ) -> Result<(), JournalError> {
        let this = self.clone();
        blocking(move || {
            let call = sent.call;
            let json = this.json(&JournalRecord::Sent(sent))?;
            let mut state = this.lock();
            let shared = &this.shared;
            let outcome = state.write_unwritten(&shared.path, &shared.job);
            outcome.map_err(|it| it.error)?;
            let file = &mut state.file;
            file.reserve_for(call, targets)?;
            let written = file.append(&json, &[]);
            if written.is_err() {
                file.release(call);
            }
            written
        })
        .await
    }

    /// Records the response to the last part of a call.
    pub(crate) async fn record_response(
        &self,
        call: u64,
        cost: Option<f64>,
        body: Bytes,
    ) -> Result<(), JournalError> {
        self.end(call, JournalRecord::Response { call, cost }, body)
            .await
    }

    /// Records that the last part of a call failed without a charge. `body` is the response, if there
    /// was one.
    pub(crate) async fn record_not_charged(
        &self,
        call: u64,
        reason: &str,
        body: Bytes,
    ) -> Result<(), JournalError> {
        let reason = reason.to_owned();
        self.end(call, JournalRecord::NotCharged { call, reason }, body)
            .await
    }

    /// Records that the last part of a call failed, and was or may have been charged. `body` is the
    /// response as far as it arrived.
    pub(crate) async fn record_failed(
        &self,
        call: u64,
        reason: &str,
        cost: Option<f64>,
        body: Bytes,
    ) -> Result<(), JournalError> {
        let reason = reason.to_owned();
        self.end(call, JournalRecord::Failed { call, reason, cost }, body)
            .await
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
        self.end(call, record, Bytes::new()).await
    }

    /// Reads a recorded response.
    pub(crate) async fn read_body(&self, body: BodyLocation) -> Result<Vec<u8>, JournalError> {
        let this = self.clone();
        blocking(move || {
            let mut state = this.lock();
            let mut bytes = Vec::new();
            let file = state.file.file();
            let read = file
                .seek(SeekFrom::Start(body.offset))
                .and_then(|_| file.take(body.length).read_to_end(&mut bytes));
            read.map_err(|error| this.io(error))?;
            if bytes.len() as u64 != body.length {
                return Err(this.io(io::ErrorKind::UnexpectedEof.into()));
            }
            Ok(bytes)
        })
        .await
    }

    pub(crate) fn other_input(&self, call: u64) -> JournalError {
        JournalError::OtherInput {
            path: self.shared.path.clone(),
            call,
        }
    }

    pub(crate) fn input_changed(&self, targets: u64) -> JournalError {
        JournalError::InputChanged {
            path: self.shared.path.clone(),
            targets,
        }
    }

    /// Ends the journal of a run: tries again to write what could not be written. Returns where it is
    /// if that fails, or the bodies that could be saved nowhere.
    pub(crate) async fn finish(&self) -> Finished {
        let this = self.clone();
        let finished = tokio::task::spawn_blocking(move || {
            let mut state = this.lock();
            let shared = &this.shared;
            match state.write_unwritten(&shared.path, &shared.job) {
                Ok(()) => {
                    state.file.trim();
                    Finished::default()
                }
                Err(unwritten) => this.saved_elsewhere(unwritten, &state.unwritten),
            }
        });
        finished.await.unwrap_or_default()
    }

    /// Returns where the records are that could not be written.
    fn saved_elsewhere(&self, outcome: UnwrittenError, records: &[Unwritten]) -> Finished {
        let path = self.shared.path.clone();
        let error = match outcome.error {
            JournalError::Io { error, .. } => error,
            other => io::Error::other(other.to_string()),
        };
        let Some(saved) = outcome.saved else {
            let bodies = records.iter().map(|record| record.body.clone());
            let unsaved: Vec<Bytes> = bodies.filter(|body| !body.is_empty()).collect();
            return Finished {
                error: Some(JournalError::Unsaved {
                    path,
                    error,
                    responses: unsaved.len(),
                }),
                unsaved,
            };
        };
        let beside = unwritten::path_beside(&path);
        let advice = if saved == beside {
            "resume the job, which adds them to the journal".to_owned()
        } else {
            format!("move it to {} and resume the job", beside.display())
        };
        Finished {
            error: Some(JournalError::SavedElsewhere {
                path,
                error,
                records: records.len(),
                saved,
                advice,
            }),
            unsaved: Vec::new(),
        }
    }

    /// Appends the record that ends the last part of a call. If it cannot be written, it is saved in the
    /// second file at once, kept in memory, and tried again with the next record.
    async fn end(&self, call: u64, record: JournalRecord, body: Bytes) -> Result<(), JournalError> {
        let this = self.clone();
        blocking(move || {
            let json = this.json(&record)?;
            let mut state = this.lock();
            state.unwritten.push(Unwritten { json, body });
            state.file.release(call);
            let shared = &this.shared;
            let outcome = state.write_unwritten(&shared.path, &shared.job);
            outcome.map_err(|it| it.error)
        })
        .await
    }

    fn json(&self, record: &JournalRecord) -> Result<Vec<u8>, JournalError> {
        serde_json::to_vec(record).map_err(|error| self.io(error.into()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, JournalState> {
        let state = &self.shared.state;
        state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn io(&self, error: io::Error) -> JournalError {
        JournalError::Io {
            path: self.shared.path.clone(),
            error,
        }
    }
}

/// How the journal of a run ended.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    /// What happened to records that could not be written. `None` if all were.
    pub(crate) error: Option<JournalError>,
    /// The responses that could be saved nowhere.
    pub(crate) unsaved: Vec<Bytes>,
}

/// Opens the file of a journal and locks it. Nothing of it is changed.
fn open_locked(path: &Path) -> Result<File, JournalError> {
    let io = |error| JournalError::Io {
        path: path.to_owned(),
        error,
    };
    // Opening a pipe would wait for its other end.
    if std::fs::metadata(path).is_ok_and(|file| !file.is_file()) {
        return Err(JournalError::NotAJournal(path.to_owned()));
    }
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
    // Another process may have replaced the file between the two steps.
    let own = file.metadata().map_err(io)?;
    match std::fs::metadata(path) {
        Ok(found) if is_same_file(&own, &found) => Ok(file),
        _ => Err(JournalError::InUse(path.to_owned())),
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
