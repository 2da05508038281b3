//! The workspace into which sources are imported: its files, how to import, what can fail.

use std::fs;
use std::path::{Path, PathBuf};

use dataforseo_spec::Diagnostics;
use dataforseo_spec::files::{self, FileChange};
use dataforseo_spec::load::{File, parse};
use jiff::civil::Date;

use crate::docs::Unreadable;
use crate::report::Report;

/// Why a page was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The page could not be read.
    #[error("{path}: {reason}")]
    Page {
        /// The page's file.
        path: String,
        /// Why.
        reason: Unreadable,
    },
    /// A spec file that is needed has errors.
    #[error("{0}")]
    Spec(Diagnostics),
    /// The page belongs to a section that the spec does not have.
    #[error(
        "{path}: the page is of the section `{section}`, which spec/api.yaml does not have; add it under `sections`"
    )]
    Section {
        /// The page's file.
        path: String,
        /// The section.
        section: String,
    },
}

/// How to import.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Say what would change, and write nothing.
    pub dry_run: bool,
    /// Read the page without help from the spec file, and write nothing: does the page alone give
    /// the facts of the file?
    pub verify: bool,
    /// Mark fields that the page no longer has as removed: on the day of the page's revision, or on
    /// this one. Unless given, a person is asked; and so when a large part of the page is not there.
    pub mark_removed: Option<Date>,
}

/// Writes the files that differ, or reports how they would differ.
///
/// # Errors
/// When a file cannot be written.
pub fn write_files(
    root: &Path,
    wanted_files: impl IntoIterator<Item = (PathBuf, String)>,
    options: Options,
    report: &mut Report,
) -> Result<(), ImportError> {
    for (path, wanted) in wanted_files {
        let found = fs::read_to_string(root.join(&path)).ok();
        if found.as_ref() == Some(&wanted) {
            continue;
        }
        let name = path.display().to_string();
        report.changed_files.push(name.clone());
        let change = FileChange {
            path,
            wanted: Some(wanted),
            found,
        };
        if options.dry_run {
            report.diffs.push(change.diff(80));
        } else if !options.verify {
            files::write(root, &[change])
                .map_err(|source| ImportError::File { path: name, source })?;
        }
    }
    Ok(())
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<String, ImportError> {
    fs::read_to_string(path).map_err(|source| ImportError::File {
        path: path.display().to_string(),
        source,
    })
}

/// The text of a spec file, and what it states.
pub type SpecFile<T> = (String, File<T>);

/// Reads a spec file that may not exist yet, with its text.
///
/// # Errors
/// When it cannot be read, or is not valid.
pub fn optional<T: serde::de::DeserializeOwned>(
    spec: &Path,
    name: &str,
) -> Result<Option<SpecFile<T>>, ImportError> {
    let path = spec.join(name);
    if !path.exists() {
        return Ok(None);
    }
    let text = read(&path)?;
    let file = parse(&format!("spec/{name}"), &text).map_err(ImportError::Spec)?;
    Ok(Some((text, file)))
}
