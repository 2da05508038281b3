//! The workspace of an import: files, options and errors.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use dataforseo_spec::Diagnostics;
use dataforseo_spec::files::{self, FileChange};
use dataforseo_spec::fingerprints::{self, Fingerprinted, Fingerprints};
use dataforseo_spec::fixtures;
use dataforseo_spec::glob::fits;
use dataforseo_spec::language::{Api, Sentences};
use dataforseo_spec::load::{File, parse};
use dataforseo_spec::scope::{Placement, PlacementError};
use dataforseo_spec::sentences;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use crate::decisions::Choices;
use crate::docs::Unreadable;
use crate::kept::ensure_kept;
use crate::merge::Merged;
use crate::report::ImportReport;

/// The error of an import.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The page could not be read.
    #[error("{path}: {reason}")]
    Page {
        /// The page's file.
        path: String,
        /// The cause.
        reason: Unreadable,
    },
    /// A required spec file has errors.
    #[error("{0}")]
    Spec(Diagnostics),
    /// A spec file would lose entries. Nothing was written.
    #[error(
        "{path}: the import would remove {}, and nothing was written: please report this as a bug of the import", entries.join(", ")
    )]
    Lost {
        /// The spec file.
        path: String,
        /// The entries, as keys joined by dots.
        entries: Vec<String>,
    },
    /// The path of an endpoint has no place in the spec.
    #[error("{path}: {endpoint}: {reason}")]
    Placement {
        /// The page's file.
        path: String,
        /// The path of the endpoint.
        endpoint: String,
        /// The cause.
        reason: PlacementError,
    },
    /// Endpoints belong to groups that their sections do not declare.
    #[error("{path}: spec/api.yaml lacks groups of sections that have groups; add:\n\n{lines}")]
    Groups {
        /// The page's file.
        path: String,
        /// The lines of `spec/api.yaml`.
        lines: String,
    },
    /// The page belongs to an unknown section.
    #[error(
        "{path}: the page belongs to the section `{section}`, which spec/api.yaml does not list; add it \
         under `sections`:\n\nsections:{lines}\n"
    )]
    Section {
        /// The page's file.
        path: String,
        /// The section. The sections, if there are several.
        section: String,
        /// The lines of `spec/api.yaml`.
        lines: String,
    },
}

/// The options of an import.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The choices of a person for differences between source and spec.
    pub choices: &'a Choices,
    /// Whether nothing is written while a decision is open.
    pub all_or_nothing: bool,
    /// Whether to report changes without writing them.
    pub dry_run: bool,
    /// Whether to read the page without the endpoint's file and to write nothing. This verifies
    /// that the page alone states the facts of the file.
    pub verify: bool,
    /// The removal date for fields that are missing on the page, if the page has no revision date.
    /// If absent, or if a large part of the page is missing, the fields are only reported.
    pub mark_removed: Option<Date>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        static NONE: Choices = Choices::NONE;
        Self {
            choices: &NONE,
            all_or_nothing: false,
            dry_run: false,
            verify: false,
            mark_removed: None,
        }
    }
}

/// The folders that an import writes.
const PLACES: [&str; 2] = ["spec", fixtures::FOLDER];

/// A report, and the new texts of the files that it is about.
pub type Outcome = (ImportReport, Vec<(PathBuf, String)>);

/// Writes the files that differ, or reports the differences of a dry run. Returns the reports.
///
/// # Errors
/// Returns an error if a file of the spec would lose an entry, before anything is written. Also
/// returns an error if a file cannot be written.
pub fn write_files(
    root: &Path,
    outcomes: Vec<Outcome>,
    options: Options<'_>,
) -> Result<Vec<ImportReport>, ImportError> {
    for (report, files) in &outcomes {
        ensure_kept(root, files, &report.given_up)?;
    }
    let is_open = |(report, _): &Outcome| report.needs_decision();
    let holds_back = options.all_or_nothing && outcomes.iter().any(is_open);
    let decisions = decisions(root)?;
    let mut reports = Vec::new();
    for (mut report, files) in outcomes {
        report.apply_decisions(&decisions);
        if holds_back {
            reports.push(report);
            continue;
        }
        for (path, wanted) in files {
            write_file(root, path, Some(wanted), options, &mut report)?;
        }
        for path in report.removed_files.clone() {
            write_file(root, path, None, options, &mut report)?;
        }
        reports.push(report);
    }
    Ok(reports)
}

/// Returns the decisions about sentences. None if the spec has no such file.
fn decisions(root: &Path) -> Result<Sentences, ImportError> {
    let name = format!("spec/{}", sentences::FILE);
    if !root.join(&name).exists() {
        return Ok(Sentences::default());
    }
    let file = parse(&name, &read(&root.join(&name))?).map_err(ImportError::Spec)?;
    Ok(file.content)
}

fn write_file(
    root: &Path,
    path: PathBuf,
    wanted: Option<String>,
    options: Options<'_>,
    report: &mut ImportReport,
) -> Result<(), ImportError> {
    let found = fs::read_to_string(root.join(&path)).ok();
    if found == wanted {
        return Ok(());
    }
    let name = path.display().to_string();
    report.changed_files.push(name.clone());
    let change = FileChange {
        path,
        wanted,
        found,
    };
    if options.dry_run {
        report.diffs.push(change.diff(80));
    } else if !options.verify {
        files::write(root, &PLACES, &[change])
            .map_err(|source| ImportError::File { path: name, source })?;
    }
    Ok(())
}

/// Returns whether a path fits one of the patterns of an import. Without patterns, all paths do.
pub fn is_wanted(only: &[String], path: &str) -> bool {
    only.is_empty() || only.iter().any(|pattern| fits(pattern, path))
}

/// Returns the place of each endpoint in the spec. `source` is the name of the page or file.
///
/// # Errors
/// Returns an error if a section or a group is not declared, or if a path gives no names.
pub fn places<'a>(
    source: &str,
    api: &Api,
    paths: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Placement>, ImportError> {
    let mut places = Vec::new();
    let mut sections = BTreeSet::new();
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in paths {
        let place = Placement::of(path, api).map_err(|reason| ImportError::Placement {
            path: source.to_owned(),
            endpoint: path.to_owned(),
            reason,
        })?;
        let section = place.scope.section_name().to_owned();
        if !api.sections.contains_key(&section) {
            sections.insert(section);
            continue;
        }
        if let Some(group) = place.missing_group(api) {
            groups.entry(section).or_default().insert(group.to_owned());
        }
        places.push(place);
    }
    if !sections.is_empty() {
        let lines = sections
            .iter()
            .map(|name| format!("\n  {name}:\n    doc: …"));
        return Err(ImportError::Section {
            path: source.to_owned(),
            lines: lines.collect(),
            section: Vec::from_iter(sections).join("`, `"),
        });
    }
    if groups.is_empty() {
        return Ok(places);
    }
    let mut lines = String::from("sections:\n");
    for (section, groups) in groups {
        lines += &format!("  {section}:\n    groups:\n");
        for group in groups {
            lines += &format!("      {group}:\n        doc: …\n");
        }
    }
    Err(ImportError::Groups {
        path: source.to_owned(),
        lines,
    })
}

/// Reads a file.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn read(path: &Path) -> Result<String, ImportError> {
    fs::read_to_string(path).map_err(|source| ImportError::File {
        path: path.display().to_string(),
        source,
    })
}

/// The text and the decoded content of a spec file.
pub type SpecFile<T> = (String, File<T>);

/// The fingerprints of a section or of the root, during an import.
#[derive(Debug)]
pub struct SectionFingerprints {
    /// The folder of the section, relative to the root.
    folder: String,
    fingerprints: Fingerprints,
}

impl SectionFingerprints {
    /// Reads the fingerprints of a section; those of the root if the name is empty. Without a file,
    /// nothing is known. Fingerprints of removed spec files are dropped.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or has errors.
    pub fn read(root: &Path, section: &str) -> Result<Self, ImportError> {
        let mut this = Self {
            folder: match section {
                "" => "spec".to_owned(),
                section => format!("spec/{section}"),
            },
            fingerprints: Fingerprints::default(),
        };
        let name = this.name_of(fingerprints::FILE);
        let path = root.join(&name);
        if path.exists() {
            let text = read(&path)?;
            let mut known = Fingerprints::parse(&name, &text).map_err(ImportError::Spec)?;
            known.retain_files(|file| path.with_file_name(file).exists());
            this.fingerprints = known;
        }
        Ok(this)
    }

    fn name_of(&self, file: &str) -> String {
        format!("{}/{file}", self.folder)
    }

    /// Reads a spec file by its path in the folder of the section, with its text and fingerprints. Returns `None` if the file
    /// does not exist.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or has errors.
    pub fn spec_file<T: DeserializeOwned + Fingerprinted>(
        &self,
        root: &Path,
        file: &str,
    ) -> Result<Option<SpecFile<T>>, ImportError> {
        let name = self.name_of(file);
        let path = root.join(&name);
        if !path.exists() {
            return Ok(None);
        }
        let text = read(&path)?;
        let mut parsed: File<T> = parse(&name, &text).map_err(ImportError::Spec)?;
        self.fingerprints.apply(file, &mut parsed.content);
        Ok(Some((text, parsed)))
    }

    /// Replaces the fingerprints of a spec file after a merge. Returns the content of the file.
    ///
    /// # Errors
    /// Returns the errors in the merged text.
    pub fn update<T: DeserializeOwned + Fingerprinted>(
        &mut self,
        file: &str,
        merged: &Merged,
    ) -> Result<T, ImportError> {
        let parsed: File<T> =
            parse(&self.name_of(file), &merged.text).map_err(ImportError::Spec)?;
        let mut content = parsed.content;
        let read = merged.fingerprints.clone();
        self.fingerprints.update(file, &mut content, read);
        Ok(content)
    }

    /// Returns the path and the new text of the file. `None` if there are no fingerprints.
    pub fn file(&self) -> Option<(PathBuf, String)> {
        let name = self.name_of(fingerprints::FILE);
        Some((PathBuf::from(name), self.fingerprints.text()?))
    }
}
