//! The file of a journal: appending records, noticing that something else changed the file, and
//! reserving room before money is spent.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::error::JournalError;
use super::record::Frame;
use super::room;

/// How much is reserved at a time, so that few calls wait for it.
const RESERVE_STEP: u64 = 4 << 20;
/// The expected size of a response in bytes: a fixed part and a part per target.
const EXPECTED_BASE: u64 = 8 << 10;
const EXPECTED_PER_TARGET: u64 = 1 << 10;

/// The file of a journal, locked against other processes.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: File,
    /// The offset behind the last intact record, in bytes.
    end: u64,
    /// The offset up to which the file system has promised room, in bytes.
    reserved: u64,
    /// The expected size of the response to each call in flight, in bytes.
    in_flight: HashMap<u64, u64>,
    /// The size of the largest response so far, in bytes.
    largest: u64,
}

impl JournalFile {
    pub(super) fn new(path: PathBuf, file: File, end: u64) -> Self {
        Self {
            path,
            file,
            end,
            reserved: end,
            in_flight: HashMap::new(),
            largest: 0,
        }
    }

    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Appends a record, and returns when it is on disk. After an error the file ends as before.
    pub(super) fn append(&mut self, json: &[u8], body: &[u8]) -> Result<(), JournalError> {
        self.check_unchanged()?;
        let Frame { head, tail } = Frame::new(json, body);
        let file = &mut self.file;
        let written = file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| file.write_all(&head))
            .and_then(|()| file.write_all(body))
            .and_then(|()| file.write_all(tail))
            .and_then(|()| file.sync_data());
        if let Err(error) = written {
            // A torn record followed by intact ones would look like damage. If the cut fails too,
            // the next record overwrites the torn one.
            let _ = self.file.set_len(self.end);
            self.reserved = self.end;
            return Err(self.io(error));
        }
        self.end += (head.len() + body.len() + tail.len()) as u64;
        self.largest = self.largest.max(body.len() as u64);
        Ok(())
    }

    /// Makes sure that the response to a call with this number of targets will find room, in addition
    /// to those of the other calls in flight.
    pub(super) fn reserve_for(&mut self, call: u64, targets: usize) -> Result<(), JournalError> {
        self.check_unchanged()?;
        let by_targets = EXPECTED_BASE + EXPECTED_PER_TARGET * targets as u64;
        let expected = by_targets.max(self.largest.saturating_mul(2));
        self.in_flight.insert(call, expected);
        let bytes = self.in_flight.values().sum::<u64>();
        let needed = self.end.saturating_add(bytes);
        if needed <= self.reserved {
            return Ok(());
        }
        for to in [needed.saturating_add(RESERVE_STEP), needed] {
            let is_reserved = room::reserve(&self.file, self.end, to);
            if is_reserved.map_err(|error| self.io(error))? {
                self.reserved = to;
                return Ok(());
            }
        }
        self.release(call);
        Err(JournalError::NoSpace {
            path: self.path.clone(),
            bytes,
        })
    }

    /// Gives the room up that was kept for the response to a call.
    pub(super) fn release(&mut self, call: u64) {
        self.in_flight.remove(&call);
    }

    /// Gives reserved room back that was not used.
    pub(super) fn trim(&mut self) {
        // The room is freed in any case when the journal is next opened.
        if self.check_unchanged().is_ok() {
            let _ = self.file.set_len(self.end);
        }
    }

    /// Refuses to continue if the path leads to another file, or the file has another length.
    fn check_unchanged(&self) -> Result<(), JournalError> {
        let changed = |change| {
            Err(JournalError::Changed {
                path: self.path.clone(),
                change,
            })
        };
        let own = self.file.metadata().map_err(|error| self.io(error))?;
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                changed("the file was deleted or moved")
            }
            Err(error) => Err(self.io(error)),
            Ok(found) if !is_same_file(&own, &found) => changed("the file was replaced"),
            Ok(_) if own.len() < self.end => changed("the file was truncated"),
            Ok(_) if own.len() > self.end => changed("something else wrote to the file"),
            Ok(_) => Ok(()),
        }
    }

    fn io(&self, error: io::Error) -> JournalError {
        JournalError::Io {
            path: self.path.clone(),
            error,
        }
    }
}

/// Returns whether two descriptions are of one file.
#[cfg(unix)]
pub(super) fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    one.dev() == other.dev() && one.ino() == other.ino()
}

/// Returns whether two descriptions can be of one file. Without inodes only the kind is compared.
#[cfg(not(unix))]
pub(super) fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    one.file_type() == other.file_type()
}
