//! Bringing generated files up to date, or showing that they are not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::emit::{FIXTURES, Files, GENERATED_FOLDERS, MADE_UP};

/// One file that is not as it should be.
#[derive(Debug)]
pub struct Stale {
    /// The path from the workspace's root on.
    pub path: PathBuf,
    /// What it should be; `None` if it should not be there.
    pub wanted: Option<String>,
    /// What it is; `None` if it is not there.
    pub found: Option<String>,
}

impl Stale {
    /// The difference, as a unified diff of at most `limit` lines.
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

/// Compares what was generated with what is there.
///
/// # Errors
/// When a folder cannot be read.
pub fn stale(root: &Path, files: &Files) -> io::Result<Vec<Stale>> {
    let mut stale = Vec::new();
    for (path, wanted) in files {
        let found = fs::read_to_string(root.join(path)).ok();
        // A checkout may have other line ends.
        let same = found
            .as_ref()
            .is_some_and(|found| found == wanted || found.replace("\r\n", "\n") == *wanted);
        if !same {
            stale.push(Stale {
                path: path.clone(),
                wanted: Some(wanted.clone()),
                found,
            });
        }
    }
    for folder in GENERATED_FOLDERS {
        for path in files_below(&root.join(folder))? {
            let relative = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
            if !files.contains_key(&relative) {
                stale.push(Stale {
                    path: relative,
                    wanted: None,
                    found: fs::read_to_string(&path).ok(),
                });
            }
        }
    }
    // A fixture that was made up for an endpoint which is gone, or has a documented one by now.
    for path in files_below(&root.join(FIXTURES))? {
        let relative = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
        if files.contains_key(&relative) {
            continue;
        }
        let found = fs::read_to_string(&path)?;
        if found.contains(MADE_UP) {
            stale.push(Stale {
                path: relative,
                wanted: None,
                found: Some(found),
            });
        }
    }
    Ok(stale)
}

/// Writes what is not as it should be; everything else keeps its time stamp.
///
/// # Errors
/// When a file cannot be written.
pub fn write(root: &Path, stale: &[Stale]) -> io::Result<()> {
    for file in stale {
        let path = root.join(&file.path);
        match &file.wanted {
            Some(wanted) => write_whole(&path, wanted)?,
            None => fs::remove_file(&path)?,
        }
    }
    Ok(())
}

/// Writes a file whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    fs::write(&temporary, text)?;
    fs::rename(&temporary, path)
}

/// All files below a folder, in order; none if it is not there.
///
/// # Errors
/// When a folder cannot be read.
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
