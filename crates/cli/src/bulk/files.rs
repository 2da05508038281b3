//! The table's file: found, locked, written under another name, and renamed when it is whole.
//!
//! Two jobs never write to one table. The lock is on the file that is written, and it is taken before
//! anything is emptied.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::exit::CliError;

/// The destination of the table.
pub(super) enum Output {
    Stdout,
    /// A path that is not a regular file, such as a pipe.
    Device(File),
    File(TableFile),
}

/// A regular file. It is written under the name `part` and renamed when it is whole.
pub(super) struct TableFile {
    file: File,
    part: PathBuf,
    path: PathBuf,
    /// The part of an earlier run, under another name.
    earlier: Option<PathBuf>,
    /// Parts of runs before that one, which had no time to remove them.
    older: Vec<PathBuf>,
    is_new: bool,
    /// The number of bytes that were written.
    written: Arc<AtomicU64>,
}

/// What happens to the table of an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EarlierTable {
    /// It stays until the new table has all of its rows.
    Keep,
    /// It is replaced.
    Replace,
}

impl Output {
    /// Opens and locks the output, and changes nothing. `None` is stdout.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path else {
            return Ok(Self::Stdout);
        };
        let failed = |error| CliError::usage(format!("--output {}: {error}", path.display()));
        let metadata = std::fs::metadata(path);
        if metadata.is_ok_and(|metadata| !metadata.is_file()) {
            let file = OpenOptions::new().write(true).open(path);
            return file.map(Self::Device).map_err(failed);
        }
        let path = follow_links(path).map_err(failed)?;
        let part = part_of(&path);
        let is_new = std::fs::symlink_metadata(&part).is_err();
        let file = open_locked(&part)?;
        let older = older_parts(&part).map_err(failed)?;
        Ok(Self::File(TableFile {
            file,
            part,
            path,
            earlier: None,
            older,
            is_new,
            written: Arc::default(),
        }))
    }

    /// Empties the file for the table of a job that has started.
    pub(super) fn begin(&mut self, earlier: EarlierTable) -> io::Result<()> {
        match self {
            Self::File(table) => table.begin(earlier),
            _ => Ok(()),
        }
    }

    pub(super) fn writer(&self) -> io::Result<Box<dyn Write + Send>> {
        Ok(match self {
            Self::Stdout => Box::new(io::stdout()),
            Self::Device(file) => Box::new(file.try_clone()?),
            Self::File(table) => Box::new(CountingWriter {
                file: table.file.try_clone()?,
                written: Arc::clone(&table.written),
            }),
        })
    }

    /// Gives up an output that was not used. Everything is as before.
    pub(super) fn discard(&self) -> io::Result<()> {
        match self {
            Self::File(table) => table.discard(),
            _ => Ok(()),
        }
    }

    /// Returns the file of the table, if it is a regular file.
    pub(super) fn table_file(&self) -> Option<&TableFile> {
        match self {
            Self::File(table) => Some(table),
            _ => None,
        }
    }
}

impl TableFile {
    fn begin(&mut self, earlier: EarlierTable) -> io::Result<()> {
        let has_rows = self.file.metadata()?.len() > 0;
        if has_rows && earlier == EarlierTable::Keep {
            let name = unused_name(&self.part);
            std::fs::rename(&self.part, &name)?;
            self.earlier = Some(name);
            self.file = OpenOptions::new()
                .read(true)
                .append(true)
                .create_new(true)
                .open(&self.part)?;
            self.file.try_lock().map_err(io::Error::from)?;
        }
        self.file.set_len(0)
    }

    /// The name of the table when it is whole.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the table while it is written.
    pub(super) fn part(&self) -> &Path {
        &self.part
    }

    /// The table of an earlier run that did not finish.
    pub(super) fn earlier(&self) -> Option<&Path> {
        self.earlier.as_deref()
    }

    /// The tables of runs before that one.
    pub(super) fn older(&self) -> impl Iterator<Item = &Path> {
        self.older.iter().map(PathBuf::as_path)
    }

    /// Waits until the table is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Gives the file its name. An existing file is replaced.
    ///
    /// # Errors
    /// If something else changed the file while it was written, or the file system fails.
    pub(super) fn commit(&self) -> io::Result<()> {
        self.sync()?;
        let found = std::fs::symlink_metadata(&self.part)?;
        let is_own = is_same_file(&self.file.metadata()?, &found);
        if !is_own || found.len() != self.written.load(Ordering::Acquire) {
            return Err(io::Error::other(format!(
                "something else changed {} while it was written",
                self.part.display()
            )));
        }
        std::fs::rename(&self.part, &self.path)?;
        sync_dir(&self.path)
    }

    fn discard(&self) -> io::Result<()> {
        match &self.earlier {
            Some(earlier) => std::fs::rename(earlier, &self.part),
            None if self.is_new => std::fs::remove_file(&self.part),
            None => Ok(()),
        }
    }
}

/// Writes to a file, and counts the bytes.
struct CountingWriter {
    file: File,
    written: Arc<AtomicU64>,
}

impl Write for CountingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.written.fetch_add(count as u64, Ordering::AcqRel);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Opens the file that a table is written to and locks it. An existing file keeps its content.
fn open_locked(part: &Path) -> Result<File, CliError> {
    let failed = |error: &dyn std::fmt::Display| {
        CliError::usage(format!("--output: {}: {error}", part.display()))
    };
    if let Ok(found) = std::fs::symlink_metadata(part)
        && !found.is_file()
    {
        return Err(failed(
            &"the table is written to this file first, and it is a link or no file",
        ));
    }
    // Appending keeps a file that something else truncated from being filled up with zeros.
    let opened = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(part);
    let file = opened.map_err(|error| failed(&error))?;
    let in_use = "another job is writing this table; wait until it has ended";
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(failed(&in_use)),
        Err(TryLockError::Error(error)) => return Err(failed(&error)),
    }
    // The other job may have finished and renamed the file between the two steps.
    let own = file.metadata().map_err(|error| failed(&error))?;
    match std::fs::symlink_metadata(part) {
        Ok(found) if is_same_file(&own, &found) => Ok(file),
        _ => Err(failed(&in_use)),
    }
}

/// Returns the name under which a table is written until it is whole.
pub(super) fn part_of(output: &Path) -> PathBuf {
    with_suffix(output, ".part")
}

/// Returns the files with a name that [`unused_name`] returned to earlier runs.
fn older_parts(part: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(dir), Some(name)) = (part.parent(), part.file_name()) else {
        return Ok(Vec::new());
    };
    let is_older = |found: &Path| {
        let found = found.file_name().unwrap_or_default();
        let suffix = found
            .as_encoded_bytes()
            .strip_prefix(name.as_encoded_bytes());
        let digits = suffix.and_then(|suffix| suffix.strip_prefix(b"."));
        digits.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
    };
    let mut older = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if is_older(&entry.path()) && entry.file_type()?.is_file() {
            older.push(entry.path());
        }
    }
    older.sort();
    Ok(older)
}

/// Returns a name for the part of an earlier run.
fn unused_name(part: &Path) -> PathBuf {
    let names = (1..).map(|number: u32| with_suffix(part, &format!(".{number}")));
    let mut unused = names.filter(|name| std::fs::symlink_metadata(name).is_err());
    unused.next().unwrap_or_else(|| part.to_owned())
}

/// Appends a suffix to the name of a file.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// Returns the file that a chain of links leads to. It need not exist.
pub(super) fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        let Ok(target) = std::fs::read_link(&path) else {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            let dir = dir.unwrap_or(Path::new(".")).canonicalize()?;
            let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
            return Ok(dir.join(name));
        };
        path = match path.parent() {
            Some(dir) => dir.join(target),
            None => target,
        };
    }
    Err(io::Error::other("too many links"))
}

/// A file by what it is, and not by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileIdentity {
    /// The numbers of the device and of the file on it.
    #[cfg(unix)]
    Existing(u64, u64),
    /// The path without links.
    Path(PathBuf),
}

impl FileIdentity {
    /// Returns the identity of a file that need not exist. The directory must exist.
    pub(super) fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        if let Ok(found) = std::fs::metadata(path) {
            use std::os::unix::fs::MetadataExt as _;
            return Some(Self::Existing(found.dev(), found.ino()));
        }
        follow_links(path).ok().map(Self::Path)
    }
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    one.dev() == other.dev() && one.ino() == other.ino()
}

#[cfg(not(unix))]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    one.file_type() == other.file_type()
}

/// Syncs the directory of a file, so that its new name survives a power cut.
fn sync_dir(path: &Path) -> io::Result<()> {
    match path.parent().filter(|_| cfg!(unix)) {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}
