//! Reading a journal without its job, to look at what arrived.

use std::fs::File;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::error::JournalError;
use super::history::BodyLocation;
use super::reader::{Beginning, RecordAt, RecordReader, beginning};
use super::record::MAGIC;
use super::unwritten::bytes_between;

/// A record of a journal.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JournalEntry {
    /// The number of the record in the file, counted from 1.
    pub number: u64,
    /// The record: its kind in `record`, the number of the call in `call`, and what belongs to the
    /// kind, such as `cost` in US dollars or `reason`.
    pub record: Value,
    /// The size of the response that belongs to the record, in bytes; 0 if it has none.
    pub body_bytes: u64,
    body: BodyLocation,
}

/// Reads the records of a journal, or of the second file beside one, in their order. Returns the number
/// of bytes behind the last intact record, which is 0 unless the end is torn or damaged.
///
/// The file is not locked, so a running job can be inspected. Neither is it changed.
///
/// # Errors
/// If the file cannot be read or is not a journal in the current format.
pub fn inspect_journal(
    path: &Path,
    mut visit: impl FnMut(JournalEntry),
) -> Result<u64, JournalError> {
    let io = |error| JournalError::Io {
        path: path.to_owned(),
        error,
    };
    let mut file = File::open(path).map_err(io)?;
    if beginning(&mut file).map_err(io)? != Beginning::Journal {
        return Err(JournalError::NotAJournal(path.to_owned()));
    }
    let length = file.metadata().map_err(io)?.len();
    let start = length.min(MAGIC.len() as u64);
    let mut reader = RecordReader::new(&file, length, start);
    let mut number = 0;
    while let Some(RecordAt { record, body }) = reader.next().map_err(io)? {
        number += 1;
        visit(JournalEntry {
            number,
            record: serde_json::to_value(&record).map_err(|error| io(error.into()))?,
            body_bytes: body.length,
            body,
        });
    }
    Ok(length - reader.offset)
}

/// Reads the response that belongs to a record of a journal, as it arrived. Returns nothing if the
/// record has none.
///
/// # Errors
/// If the file cannot be read, or is shorter than when it was inspected.
pub fn read_journal_body(path: &Path, entry: &JournalEntry) -> Result<Vec<u8>, JournalError> {
    let read = || {
        let BodyLocation { offset, length } = entry.body;
        let bytes = bytes_between(&mut File::open(path)?, offset, offset + length)?;
        if bytes.len() as u64 == length {
            Ok(bytes)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    };
    read().map_err(|error| JournalError::Io {
        path: path.to_owned(),
        error,
    })
}
