//! Lists, compares and writes the files of a checkout.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use similar::TextDiff;

/// A file whose content must change.
#[derive(Debug)]
pub struct FileChange {
    /// The path, relative to the root of the workspace.
    pub path: PathBuf,
    /// The required text. `None` if the file must not exist.
    pub wanted: Option<String>,
    /// The current text. `None` if the file does not exist.
    pub found: Option<String>,
}

impl FileChange {
    /// Returns the difference as a unified diff of at most `limit` lines.
    pub fn diff(&self, limit: usize) -> String {
        let path = self.path.display();
        let found = self.found.as_deref().unwrap_or_default();
        let wanted = self.wanted.as_deref().unwrap_or_default();
        let diff = TextDiff::from_lines(found, wanted)
            .unified_diff()
            .header(
                &format!("{path} (as it is)"),
                &format!("{path} (as it should be)"),
            )
            .to_string();
        let lines: Vec<&str> = diff.lines().collect();
        match lines.len().checked_sub(limit) {
            Some(more @ 1..) => format!("{}\n… {more} more lines\n", lines[..limit].join("\n")),
            _ => diff,
        }
    }
}

/// Applies changes below `root`: writes files and removes those that must not exist.
///
/// # Errors
/// Returns an error if a file cannot be written or removed.
pub fn write(root: &Path, changes: &[FileChange]) -> io::Result<()> {
    for file in changes {
        let path = root.join(&file.path);
        match &file.wanted {
            Some(wanted) => write_whole(&path, wanted)?,
            None => fs::remove_file(&path)?,
        }
    }
    Ok(())
}

/// Writes a file atomically, through a temporary file.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    fs::write(&temporary, text)?;
    fs::rename(&temporary, path)
}

/// Returns all files below a folder, sorted. A folder that does not exist has none.
///
/// # Errors
/// Returns an error if a folder cannot be read.
pub fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                files.extend(files_below(&path)?);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
