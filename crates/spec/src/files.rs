//! Lists, compares and writes the files of a checkout.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

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
/// `places` are the only files and folders that may change, relative to `root`. All writes of the
/// tools go through this function.
///
/// # Errors
/// Returns an error if a change is outside of the places or leads through a link, before anything
/// is written. Also returns an error if a file cannot be written or removed.
pub fn write(root: &Path, places: &[&str], changes: &[FileChange]) -> io::Result<()> {
    for change in changes {
        check_place(root, places, &change.path)?;
    }
    for change in changes {
        let path = root.join(&change.path);
        match &change.wanted {
            Some(wanted) => write_whole(&path, wanted)?,
            None => fs::remove_file(&path)?,
        }
    }
    Ok(())
}

/// Returns an error unless a path is one of the places, or below one, and reached without a link.
fn check_place(root: &Path, places: &[&str], path: &Path) -> io::Result<()> {
    let refuse = |path: &Path, reason: &str| {
        let message = format!("{:?}: {reason}", path.display().to_string());
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    };
    let is_plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || !places.iter().any(|place| path.starts_with(place)) {
        let reason = format!(
            "not written, since only these may change: {}",
            places.join(", ")
        );
        return refuse(path, &reason);
    }
    let mut current = PathBuf::new();
    for part in path.components() {
        current.push(part);
        match fs::symlink_metadata(root.join(&current)) {
            Ok(found) if found.is_symlink() => {
                return refuse(
                    &current,
                    "is a link, which can lead out of the checkout: remove it",
                );
            }
            Ok(found) if current == path && !found.is_file() => {
                return refuse(&current, "is not a regular file: remove it");
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes a file atomically, through a temporary file that is always a new one.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    // A file that an interrupted run left, or a link: opening a link would write to its target.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::File::create_new(&temporary)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(&temporary, path)
}

/// Returns all files below a folder, sorted. A folder that does not exist has none.
///
/// # Errors
/// Returns an error if a folder cannot be read, or contains a link or a special file.
pub fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => collect(folder, &mut files)?,
        Ok(_) => return Err(not_regular(folder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        if kind.is_dir() {
            collect(&path, files)?;
        } else if kind.is_file() {
            files.push(path);
        } else {
            return Err(not_regular(&path));
        }
    }
    Ok(())
}

fn not_regular(path: &Path) -> io::Error {
    let path = path.display().to_string();
    io::Error::other(format!(
        "{path:?}: is neither a regular file nor a folder, but a link or a device: remove it"
    ))
}
