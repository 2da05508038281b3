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
    /// The input changed in a part that was read before and not sent.
    #[error(
        "journal {path}: the first {targets} targets of the input differ from those that the journal was \
         written for, or their order does; give the same input again, or use another journal"
    )]
    InputChanged {
        /// The path of the journal.
        path: PathBuf,
        /// The number of targets that were read before, counted from the start of the input.
        targets: u64,
    },
    /// The file was replaced, truncated, changed or deleted by something else while the job ran.
    /// Nothing was sent after that.
    #[error(
        "journal {path}: {change} while the job was running; restore it before you resume the job, as \
         calls that it lacks are paid for again"
    )]
    Changed {
        /// The path of the journal.
        path: PathBuf,
        /// What happened to the file.
        change: &'static str,
    },
    /// There is no room on the disk for the responses of the next call, which was not sent.
    #[error(
        "journal {path}: there is no room for {bytes} bytes, which the responses of the calls in flight \
         may need, so no further call was sent; make room and resume the job"
    )]
    NoSpace {
        /// The path of the journal.
        path: PathBuf,
        /// The number of bytes that could not be reserved.
        bytes: u64,
    },
    /// Responses arrived that could not be written to the journal, and were saved elsewhere.
    #[error(
        "journal {path}: it could not be written ({error}); {records} of its records are saved in \
         {saved}: {advice}"
    )]
    SavedElsewhere {
        /// The path of the journal.
        path: PathBuf,
        /// The error of the file system.
        error: io::Error,
        /// The number of records.
        records: usize,
        /// The file with the records.
        saved: PathBuf,
        /// What to do with the file.
        advice: String,
    },
    /// Responses arrived that could be written nowhere. [`Outcomes::unsaved`](crate::Outcomes::unsaved)
    /// returns them.
    #[error(
        "journal {path}: it could not be written ({error}), and neither could a second file: {responses} \
         responses are in memory only; save them, as they are paid for"
    )]
    Unsaved {
        /// The path of the journal.
        path: PathBuf,
        /// The error of the file system.
        error: io::Error,
        /// The number of responses.
        responses: usize,
    },
    /// The journal lacks a call whose response is in the second file beside it: it was deleted, replaced
    /// or truncated.
    #[error(
        "journal {path}: it lacks call {call}, and {saved} has its response: restore the journal, which was \
         deleted or truncated; without {saved} the job sends and pays for the call again"
    )]
    CallMissing {
        /// The path of the journal.
        path: PathBuf,
        /// The first call that is missing, counted from 0.
        call: u64,
        /// The file with the response.
        saved: PathBuf,
    },
    /// The file has the response to a call and not the record that the call was sent: its beginning or
    /// middle was cut off.
    #[error(
        "journal {path}: the record that call {call} was sent is missing, although its response is \
         there: restore the file from a backup, as calls that it lacks are paid for again"
    )]
    Incomplete {
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
