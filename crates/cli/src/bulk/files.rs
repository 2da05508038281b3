//! The files of a job: where its table goes, and which of them are one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Options;
use crate::exit::Failure;

/// Where the table goes.
pub(super) enum Output {
    Stdout,
    /// What is no file by itself, such as a pipe.
    Device(File),
    /// A file, which is written under another name until it is whole.
    File {
        file: File,
        part: PathBuf,
        path: PathBuf,
    },
}

impl Output {
    pub(super) fn open(options: &Options) -> Result<Self, Failure> {
        let Some(path) = options.to_file() else {
            return Ok(Self::Stdout);
        };
        let failed = |error| Failure::usage(format!("--output {}: {error}", path.display()));
        let known = std::fs::metadata(path);
        if known.is_ok_and(|known| !known.is_file()) {
            let file = OpenOptions::new().write(true).open(path);
            return file.map(Self::Device).map_err(failed);
        }
        let part = beside(path, ".part");
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

    /// Gives the table its name, or takes it away if it is of no use.
    pub(super) fn settle(&self, is_of_use: bool) -> io::Result<()> {
        match self {
            Self::File { part, path, .. } if is_of_use => std::fs::rename(part, path),
            Self::File { part, .. } => std::fs::remove_file(part),
            _ => Ok(()),
        }
    }
}

/// A file beside another one.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    name.into()
}

/// Where a file is, whatever it is called; it need not be there.
pub(super) fn place(path: &Path) -> Option<PathBuf> {
    if let Ok(whole) = path.canonicalize() {
        return Some(whole);
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}
