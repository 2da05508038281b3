//! Compares generated text with the files of a checkout, and writes the difference.

use std::fs;
use std::io;
use std::path::Path;

use dataforseo_spec::files::{self, FileChange, files_below};

use crate::folders::{GENERATED_FOLDERS, LANGUAGE_SCHEMA};
use crate::rust::Files;

/// Compares the generated files with those of the checkout.
///
/// # Errors
/// Returns an error if a folder cannot be read.
pub fn stale(root: &Path, files: &Files) -> io::Result<Vec<FileChange>> {
    let mut stale = Vec::new();
    for (path, wanted) in files {
        let found = fs::read_to_string(root.join(path)).ok();
        // A checkout can have other line ends.
        let same = found
            .as_ref()
            .is_some_and(|found| found == wanted || found.replace("\r\n", "\n") == *wanted);
        if !same {
            stale.push(FileChange {
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
                stale.push(FileChange {
                    path: relative,
                    wanted: None,
                    found: fs::read_to_string(&path).ok(),
                });
            }
        }
    }
    Ok(stale)
}

/// Writes the changes that [`stale`] returned.
///
/// # Errors
/// Returns an error if a change is outside of the folders of generated files, before anything is
/// written. Also returns an error if a file cannot be written or removed.
pub fn write(root: &Path, changes: &[FileChange]) -> io::Result<()> {
    let mut places = GENERATED_FOLDERS.to_vec();
    places.push(LANGUAGE_SCHEMA);
    files::write(root, &places, changes)
}
