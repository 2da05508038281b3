//! The errors of a journal.

use std::io;
use std::path::PathBuf;

/// The reason why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Reading or writing the file failed.
    #[error("journal {path}: {error}")]
    Io {
        /// The path of the journal.
        path: PathBuf,
        /// The error of the file system.
        error: io::Error,
    },
    /// The file exists already. [`BulkJob::journal`](crate::BulkJob::journal) requires a new file, and
    /// [`BulkJob::resume`](crate::BulkJob::resume) continues an existing one.
    #[error(
        "journal {0}: the file exists already; resume the job that it belongs to, or choose another \
         path"
    )]
    Exists(PathBuf),
    /// Another process has the journal open.
    #[error("journal {0}: another process is using it; wait until that process ends")]
    InUse(PathBuf),
    /// The file is not a journal.
    #[error("journal {0}: the file is not a journal of a bulk job")]
    NotAJournal(PathBuf),
    /// The journal was written in another version of the format.
    #[error(
        "journal {path}: it has format version {version}, and this program supports version {supported} \
         only; finish the job with the program that began it, or start a new job with another journal, \
         which sends and pays for all targets again"
    )]
    UnsupportedVersion {
        /// The path of the journal.
        path: PathBuf,
        /// The version of the file.
        version: u32,
        /// The version that this program reads and writes.
        supported: u32,
    },
    /// The journal belongs to a job with another endpoint, server, task or packing.
    #[error(
        "journal {path}: it belongs to another job: {setting} was {journaled}, and is {current}"
    )]
    OtherJob {
        /// The path of the journal.
        path: PathBuf,
        /// The setting that differs.
        setting: &'static str,
        /// The value in the journal.
        journaled: String,
        /// The value of this job.
        current: String,
    },
    /// The journal belongs to another input.
    #[error(
        "journal {path}: the input differs from the one that the journal was written for, or its order \
         does: call {call} would contain other targets than before; give the same input again, or use \
         another journal"
    )]
    OtherInput {
        /// The path of the journal.
        path: PathBuf,
        /// The first call that differs, counted from 0.
        call: u64,
    },
    /// A response in the journal cannot be decoded.
    #[error(
        "journal {path}: the response to call {call} cannot be decoded; nothing was sent for it"
    )]
    Unreadable {
        /// The path of the journal.
        path: PathBuf,
        /// The call, counted from 0.
        call: u64,
    },
    /// A record is damaged, and intact records follow it.
    #[error(
        "journal {path}: the record at byte {offset} is damaged, and intact records follow: restore the \
         file from a backup; if you cut it off there instead, later calls are sent and paid for again"
    )]
    Damaged {
        /// The path of the journal.
        path: PathBuf,
        /// The offset of the record in bytes.
        offset: u64,
    },
}
