//! Reads a journal back, and distinguishes a torn last record from damage.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::error::JournalError;
use super::history::{BodyLocation, JobHistory};
use super::record::{FORMAT_VERSION, JobRecord, JournalHeader, JournalRecord, MAGIC};

/// The content of a journal.
pub(crate) struct JournalContent {
    pub(crate) history: JobHistory,
    /// The offset behind the last intact record, in bytes.
    pub(crate) end: u64,
}

/// What a file is, by its beginning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Beginning {
    /// The first line of a journal, or nothing but a part of it: a journal that never began.
    Journal,
    /// A journal of the versions that had no first line of their own.
    Former,
    Other,
}

/// Returns what a file is.
pub(super) fn beginning(file: &mut File) -> io::Result<Beginning> {
    let mut start = Vec::new();
    file.rewind()?;
    (&mut *file)
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)?;
    if MAGIC.starts_with(&start) {
        return Ok(Beginning::Journal);
    }
    let length = file.metadata()?.len();
    let first = RecordReader::new(file, length, 0).peek()?;
    Ok(
        match first.and_then(|raw| JournalHeader::version(&raw.json)) {
            Some(_) => Beginning::Former,
            None => Beginning::Other,
        },
    )
}

/// Reads a journal of the current job.
pub(crate) fn read(
    path: &Path,
    file: &mut File,
    length: u64,
    current: &JobRecord,
) -> Result<JournalContent, JournalError> {
    let io = |error| JournalError::Io {
        path: path.to_owned(),
        error,
    };
    let start = match beginning(file).map_err(io)? {
        Beginning::Journal => MAGIC.len() as u64,
        Beginning::Former => 0,
        Beginning::Other => return Err(JournalError::NotAJournal(path.to_owned())),
    };
    let mut reader = RecordReader::new(file, length, start.min(length));
    let mut history = JobHistory::default();
    check_version(path, &mut reader)?;
    let mut is_first = true;
    while let Some(RecordAt { record, body }) = reader.next().map_err(io)? {
        match record {
            JournalRecord::Job(journaled) if is_first => check_job(path, &journaled, current)?,
            _ if is_first => return Err(JournalError::NotAJournal(path.to_owned())),
            record => history.add(record, body),
        }
        is_first = false;
    }
    let end = reader.offset;
    if end < length && reader.is_followed_by_a_record().map_err(io)? {
        return Err(JournalError::Damaged {
            path: path.to_owned(),
            offset: end,
        });
    }
    // A journal whose first record is torn never began.
    let end = if is_first { 0 } else { end };
    Ok(JournalContent { history, end })
}

/// Returns the offset behind the settings of the job, in bytes.
pub(super) fn end_of_first_record(file: &mut File, length: u64) -> io::Result<u64> {
    let mut reader = RecordReader::new(file, length, MAGIC.len() as u64);
    reader.next()?;
    Ok(reader.offset)
}

/// Refuses a journal of another version, whatever its records look like.
fn check_version(path: &Path, reader: &mut RecordReader<'_>) -> Result<(), JournalError> {
    let first = reader.peek().map_err(|error| JournalError::Io {
        path: path.to_owned(),
        error,
    })?;
    match first.and_then(|raw| JournalHeader::version(&raw.json)) {
        Some(version) if version != FORMAT_VERSION => Err(JournalError::UnsupportedVersion {
            path: path.to_owned(),
            version,
            supported: FORMAT_VERSION,
        }),
        _ => Ok(()),
    }
}

/// Refuses a journal of a job with other settings.
fn check_job(path: &Path, journaled: &JobRecord, current: &JobRecord) -> Result<(), JournalError> {
    match journaled.difference(current) {
        None => Ok(()),
        Some(difference) => Err(JournalError::OtherJob {
            path: path.to_owned(),
            setting: difference.setting,
            journaled: difference.journaled,
            current: difference.current,
        }),
    }
}

/// Reads the records of a file, one after the other.
pub(super) struct RecordReader<'f> {
    input: BufReader<&'f File>,
    /// The length of the file in bytes.
    length: u64,
    /// The offset behind the last intact record, in bytes.
    pub(super) offset: u64,
}

/// A record with the location of its body.
pub(super) struct RecordAt {
    pub(super) record: JournalRecord,
    pub(super) body: BodyLocation,
}

/// A record whose checksum is right.
struct RawRecord {
    json: Vec<u8>,
    body: BodyLocation,
    /// The offset behind the record, in bytes.
    end: u64,
}

/// The first words of a record.
struct RecordHead {
    checksum: u32,
    json_bytes: u64,
    body_bytes: u64,
    /// The length of the head itself, in bytes.
    length: u64,
}

/// An upper bound for the length of a head: a checksum, two lengths and three spaces.
const MAX_HEAD_BYTES: usize = 8 + 2 * 21 + 1;
/// The number of bytes that are searched for a record at a time.
const SEARCH_BYTES: u64 = 1 << 20;

impl<'f> RecordReader<'f> {
    pub(super) fn new(file: &'f File, length: u64, start: u64) -> Self {
        Self {
            input: BufReader::with_capacity(1 << 16, file),
            length,
            offset: start,
        }
    }

    /// Returns the next intact record with the location of its body. `None` at the end of the file,
    /// and where no intact record is.
    pub(super) fn next(&mut self) -> io::Result<Option<RecordAt>> {
        let Some(raw) = self.peek()? else {
            return Ok(None);
        };
        let Ok(record) = serde_json::from_slice(&raw.json) else {
            return Ok(None);
        };
        self.offset = raw.end;
        Ok(Some(RecordAt {
            record,
            body: raw.body,
        }))
    }

    /// Reads the next record without moving behind it.
    fn peek(&mut self) -> io::Result<Option<RawRecord>> {
        self.input.seek(SeekFrom::Start(self.offset))?;
        let Some(head) = self.head()? else {
            return Ok(None);
        };
        let json_offset = self.offset.saturating_add(head.length);
        let body_offset = json_offset
            .saturating_add(head.json_bytes)
            .saturating_add(1);
        let tail = u64::from(head.body_bytes > 0);
        let end = body_offset
            .saturating_add(head.body_bytes)
            .saturating_add(tail);
        if end > self.length {
            return Ok(None);
        }
        let mut json = Vec::new();
        (&mut self.input)
            .take(head.json_bytes)
            .read_to_end(&mut json)?;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&json);
        self.input.seek_relative(1)?;
        // Responses are large, so they are checked without being kept in memory.
        let mut left = head.body_bytes;
        let mut chunk = [0; 1 << 14];
        while left > 0 {
            let part = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
            self.input.read_exact(&mut chunk[..part])?;
            hasher.update(&chunk[..part]);
            left -= part as u64;
        }
        if hasher.finalize() != head.checksum {
            return Ok(None);
        }
        let body = BodyLocation {
            offset: body_offset,
            length: head.body_bytes,
        };
        Ok(Some(RawRecord { json, body, end }))
    }

    /// Reads the head of a record.
    fn head(&mut self) -> io::Result<Option<RecordHead>> {
        let mut head = Vec::new();
        while head.iter().filter(|byte| **byte == b' ').count() < 3 {
            let mut byte = [0];
            if head.len() == MAX_HEAD_BYTES || self.input.read(&mut byte)? == 0 {
                return Ok(None);
            }
            head.push(byte[0]);
        }
        let text = std::str::from_utf8(&head).unwrap_or_default();
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let checksum = u32::from_str_radix(word(), 16);
        let (json, body) = (word().parse(), word().parse());
        let (Ok(checksum), Ok(json_bytes), Ok(body_bytes)) = (checksum, json, body) else {
            return Ok(None);
        };
        Ok(Some(RecordHead {
            checksum,
            json_bytes,
            body_bytes,
            length: head.len() as u64,
        }))
    }

    /// Returns whether an intact record follows the place where reading ended.
    fn is_followed_by_a_record(&mut self) -> io::Result<bool> {
        let end = self.offset;
        let found = self.search_record(end);
        self.offset = end;
        found
    }

    /// Searches the file from here for an intact record. Moves the reader.
    fn search_record(&mut self, start: u64) -> io::Result<bool> {
        let mut chunk_offset = start;
        while chunk_offset < self.length {
            self.input.seek(SeekFrom::Start(chunk_offset))?;
            let mut chunk = Vec::new();
            (&mut self.input)
                .take(SEARCH_BYTES)
                .read_to_end(&mut chunk)?;
            if chunk.is_empty() {
                break;
            }
            for (index, byte) in chunk.iter().enumerate() {
                let sum = chunk.get(index + 1..index + 9);
                // Records begin behind a line break. Most line breaks are part of a response, and no
                // checksum follows them.
                if *byte == b'\n' && sum.is_none_or(|sum| sum.iter().all(u8::is_ascii_hexdigit)) {
                    self.offset = chunk_offset + index as u64 + 1;
                    if self.next()?.is_some() {
                        return Ok(true);
                    }
                }
            }
            chunk_offset += chunk.len() as u64;
        }
        Ok(false)
    }
}
