//! The second file of a journal, with records that an earlier run could not write to the journal.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::error::JournalError;
use super::history::JobHistory;
use super::reader;
use super::record::JobRecord;
use super::unwritten;

/// The second file of a journal.
#[derive(Debug)]
pub(super) struct Rest {
    path: PathBuf,
    /// The records behind that of the job, as they are in the file.
    records: Vec<u8>,
}

impl Rest {
    /// Reads the second file of a journal with this history. `None` if there is none.
    ///
    /// # Errors
    /// If the journal lacks the calls whose responses the file has: it was deleted or truncated, and
    /// those calls would be paid for again.
    pub(super) fn open(
        journal: &Path,
        job: &JobRecord,
        history: &JobHistory,
    ) -> Result<Option<Self>, JournalError> {
        let path = unwritten::path_beside(journal);
        let io = |error| JournalError::Io {
            path: path.clone(),
            error,
        };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        let length = file.metadata().map_err(io)?.len();
        let content = reader::read(&path, &mut file, length, job)?;
        let start = reader::end_of_first_record(&mut file, length).map_err(io)?;
        let records = unwritten::bytes_between(&mut file, start, content.end).map_err(io)?;
        let calls = content.history.calls.keys();
        if let Some(call) = calls.filter(|call| !history.calls.contains_key(call)).min() {
            return Err(JournalError::CallMissing {
                path: journal.to_owned(),
                call: *call,
                saved: path,
            });
        }
        Ok(Some(Self { path, records }))
    }

    /// Adds the records to the journal, which ends at an offset in bytes, and removes the file.
    pub(super) fn add_to(
        self,
        path: &Path,
        journal: &mut File,
        end: u64,
    ) -> Result<(), JournalError> {
        let added = journal
            .seek(SeekFrom::Start(end))
            .and_then(|_| journal.write_all(&self.records))
            .and_then(|()| journal.sync_all());
        if let Err(error) = added {
            let _ = journal.set_len(end);
            return Err(JournalError::Io {
                path: path.to_owned(),
                error,
            });
        }
        let path = self.path;
        std::fs::remove_file(&path).map_err(|error| JournalError::Io { path, error })
    }
}
