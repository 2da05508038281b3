//! The output file of a job, and paths.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit::CliError;

/// The destination of the table.
pub(super) enum Output {
    Stdout,
    /// A path that is not a regular file, such as a pipe.
    Device(File),
    /// A regular file. It is written under the name `part` and renamed at the end.
    File {
        file: File,
        part: PathBuf,
        path: PathBuf,
    },
}

impl Output {
    /// Opens the output. `None` is stdout.
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
        let part = with_suffix(path, ".part");
        let path = path.to_owned();
        let file = File::create(&part).map_err(failed)?;
        Ok(Self::File { file, part, path })
    }

    pub(super) fn writer(&self) -> io::Result<Box<dyn Write + Send>> {
        Ok(match self {
            Self::Stdout => Box::new(io::stdout()),
            Self::Device(file) | Self::File { file, .. } => Box::new(file.try_clone()?),
        })
    }

    /// Gives the file its name. An existing file is replaced.
    pub(super) fn commit(&self) -> io::Result<()> {
        match self {
            Self::File { part, path, .. } => std::fs::rename(part, path),
            _ => Ok(()),
        }
    }

    /// Removes the file. An existing file with its name stays.
    pub(super) fn discard(&self) -> io::Result<()> {
        match self {
            Self::File { part, .. } => std::fs::remove_file(part),
            _ => Ok(()),
        }
    }
}

/// Appends a suffix to the name of a file.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// Returns the absolute path of a file that need not exist. The directory must exist.
pub(super) fn resolve(path: &Path) -> Option<PathBuf> {
    if let Ok(absolute) = path.canonicalize() {
        return Some(absolute);
    }
    let dir = path.parent().filter(|it| !it.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new(".")).canonicalize().ok()?;
    Some(dir.join(path.file_name()?))
}
