//! Records that could not be written to the journal. They are kept in memory, tried again, and in the
//! end saved in a second file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::error::JournalError;
use super::file::JournalFile;
use super::record::{Frame, MAGIC};

/// A record that could not be written.
#[derive(Debug, Clone)]
pub(super) struct Unwritten {
    pub(super) json: Vec<u8>,
    pub(super) body: Bytes,
}

/// Appends the records. Those that cannot be written stay.
pub(super) fn retry(
    file: &mut JournalFile,
    records: &mut Vec<Unwritten>,
) -> Result<(), JournalError> {
    while let Some(first) = records.first() {
        file.append(&first.json, &first.body)?;
        records.remove(0);
    }
    Ok(())
}

/// Returns the path of the second file of a journal.
pub(super) fn path_beside(journal: &Path) -> PathBuf {
    let mut path = journal.as_os_str().to_owned();
    path.push(".rest");
    path.into()
}

/// Saves the records in a new file, beside the journal or, if that fails, in the directory for
/// temporary files. Returns its path.
pub(super) fn save(journal: &Path, job: &[u8], records: &[Unwritten]) -> io::Result<PathBuf> {
    let beside = path_beside(journal);
    let temporary = beside
        .file_name()
        .map(|name| std::env::temp_dir().join(name));
    let mut last = None;
    for path in [Some(beside), temporary].into_iter().flatten() {
        match write_new(&path, job, records) {
            Ok(()) => return Ok(path),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::InvalidInput.into()))
}

fn write_new(path: &Path, job: &[u8], records: &[Unwritten]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = write(&mut file, job, records);
    if written.is_err() {
        // Half of the records is worse than the message that there are none.
        let _ = std::fs::remove_file(path);
    }
    written
}

fn write(file: &mut File, job: &[u8], records: &[Unwritten]) -> io::Result<()> {
    file.write_all(MAGIC)?;
    let first = Unwritten {
        json: job.to_vec(),
        body: Bytes::new(),
    };
    for record in std::iter::once(&first).chain(records) {
        let Frame { head, tail } = Frame::new(&record.json, &record.body);
        file.write_all(&head)?;
        file.write_all(&record.body)?;
        file.write_all(tail)?;
    }
    file.sync_all()
}

/// Returns the bytes between two offsets of a file.
pub(super) fn bytes_between(file: &mut File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(to.saturating_sub(from)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
