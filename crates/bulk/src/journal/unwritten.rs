//! Records that could not be written to the journal. They are kept in memory and tried again. Meanwhile
//! a second file has them, so that a kill does not lose them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tempfile::NamedTempFile;

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
    let file = write_temporary(path, job, records)?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes the records to a file that was saved before, which keeps its content if that fails.
pub(super) fn save_again(path: &Path, job: &[u8], records: &[Unwritten]) -> io::Result<()> {
    let file = write_temporary(path, job, records)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes the records to a temporary file in the directory of `path`. It is removed unless it is
/// renamed.
fn write_temporary(path: &Path, job: &[u8], records: &[Unwritten]) -> io::Result<NamedTempFile> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(dir.unwrap_or(Path::new(".")))?;
    write(file.as_file_mut(), job, records)?;
    Ok(file)
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
