//! The day the documentation changes, in one go: pages into the spec, checks, generated code, what
//! it means for callers, the changelog, the next version. It stops where a person has to decide.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::diff::meaning::{Meaning, Semver};
use crate::diff::{self, Source, SourceError};
use crate::import::report::Report;
use crate::import::{self, ImportError, Options};
use crate::spec::Diagnostics;
use crate::{emit, fresh, model};

/// Why an update broke off. What was written until then can be seen with `git diff`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// A page could not be read.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The spec is not valid now: a new field wants its words, for one.
    #[error("{0}\nmend it, and run the update again")]
    Spec(#[from] Diagnostics),
    /// The revision to compare with could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// What was generated is no Rust, which is a mistake in the generator.
    #[error("generated code is no Rust: {0}")]
    Generated(#[from] syn::Error),
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
}

/// What an update did.
#[derive(Debug)]
pub struct Update {
    /// What each page brought.
    pub imported: Vec<Report>,
    /// How it went on.
    pub outcome: Outcome,
}

/// How an update ended.
#[derive(Debug)]
pub enum Outcome {
    /// A person has to decide; nothing was generated.
    Decide(Vec<String>),
    /// Everything is in step.
    Done(Box<Done>),
}

/// What there is to review.
#[derive(Debug)]
pub struct Done {
    /// What changed since the revision, and what it means for callers.
    pub difference: diff::Report,
    /// Generated files that were written or removed.
    pub generated: Vec<PathBuf>,
    /// Lines that came into the changelog.
    pub changelog: Vec<String>,
    /// The version as it is, and what it should be after this.
    pub version: (String, String),
}

/// Brings pages in, and everything else into step with them. `since` is the revision of git whose spec
/// the changes are told against.
///
/// # Errors
/// When a page, the spec or the revision cannot be read, or something cannot be written.
pub fn update(
    root: &Path,
    pages: &[PathBuf],
    since: &str,
    today: Date,
) -> Result<Update, UpdateError> {
    // First, so that a revision that is not there costs nothing.
    let before = Source::at(root, since)?.read(root)?;
    let options = Options {
        mark_removed: Some(today),
        ..Options::default()
    };
    let mut imported = Vec::new();
    for page in pages {
        imported.push(import::import(root, page, options)?);
    }
    let decisions: Vec<String> = imported.iter().flat_map(decisions).collect();
    if !decisions.is_empty() {
        let outcome = Outcome::Decide(decisions);
        return Ok(Update { imported, outcome });
    }
    let io = |path: &str| {
        let path = path.to_owned();
        move |error| UpdateError::File { path, error }
    };
    let model = model::load(&root.join("spec"))?;
    let fixtures = emit::fixtures(root, &model).map_err(io(emit::FIXTURES))?;
    model::fixtures::check(root, &model, &fixtures).map_err(|error| UpdateError::File {
        path: emit::FIXTURES.to_owned(),
        error: io::Error::other(error.to_string()),
    })?;
    let files = emit::emit(&model, &fixtures)?;
    let stale = fresh::stale(root, &files).map_err(io("generated files"))?;
    fresh::write(root, &stale).map_err(io("generated files"))?;
    let mut after = Source::Folder(root.join("spec")).read(root)?;
    "spec".clone_into(&mut after.name);
    let difference = diff::compare(&before, &after, &diff::Options::default());
    let changelog = root.join("CHANGELOG.md");
    let lines = entries(&difference);
    let text = fs::read_to_string(&changelog).map_err(io("CHANGELOG.md"))?;
    let (text, added) = with_entries(&text, &lines);
    if !added.is_empty() {
        fs::write(&changelog, text).map_err(io("CHANGELOG.md"))?;
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).map_err(io("Cargo.toml"))?;
    let version = version(&manifest);
    let next = next_version(&version, difference.semver());
    let done = Done {
        difference,
        generated: stale.into_iter().map(|file| file.path).collect(),
        changelog: added,
        version: (version, next),
    };
    Ok(Update {
        imported,
        outcome: Outcome::Done(Box::new(done)),
    })
}

/// What a person has to decide after an import.
fn decisions(report: &Report) -> Vec<String> {
    let at = |what: &str, items: &[String]| {
        let item = |item: &String| format!("{}: {what}: {item}", report.spec_file);
        items.iter().map(item).collect::<Vec<_>>()
    };
    [
        at(
            "page and spec contradict each other",
            &report.contradictions,
        ),
        at("in the spec and not on the page", &report.unexplained),
        at(
            "a constraint that was not understood; put it into the spec if it is one",
            &report.not_understood,
        ),
        at(
            "the page words it differently now; see whether its `doc` still fits",
            &report.reworded,
        ),
    ]
    .concat()
}

/// The lines of the changelog for what matters to callers.
fn entries(difference: &diff::Report) -> Vec<String> {
    let matters = |change: &&diff::Change| change.meaning != Meaning::None;
    let line =
        |change: &diff::Change| format!("- {} ({}).", change.summary(), change.meaning.title());
    difference
        .changes
        .iter()
        .filter(matters)
        .map(line)
        .collect()
}

/// What stands above the entries of an update.
const HEADING: &str = "### The API";

/// A changelog with lines in its part of what is not released, and those that were not there.
fn with_entries(changelog: &str, lines: &[String]) -> (String, Vec<String>) {
    let start = changelog.find("\n## ").map_or(changelog.len(), |at| at + 1);
    let body = changelog[start..]
        .find('\n')
        .map_or(changelog.len(), |at| start + at + 1);
    let end = changelog[body..]
        .find("\n## ")
        .map_or(changelog.len(), |at| body + at + 1);
    let known: Vec<&str> = changelog[body..end].lines().collect();
    let new: Vec<String> = lines
        .iter()
        .filter(|line| !known.contains(&line.as_str()))
        .cloned()
        .collect();
    if new.is_empty() {
        return (changelog.to_owned(), new);
    }
    let block = format!("{}\n", new.join("\n"));
    let text = match changelog[body..end].find(HEADING) {
        Some(heading) => {
            let heading = body + heading;
            let at = changelog[heading..]
                .find('\n')
                .map_or(end, |line| heading + line + 1);
            format!("{}{block}{}", &changelog[..at], &changelog[at..])
        }
        None => {
            let rest = changelog[body..].trim_start_matches('\n');
            format!("{}\n{HEADING}\n{block}\n{rest}", &changelog[..body])
        }
    };
    (text, new)
}

/// The version of the workspace.
fn version(manifest: &str) -> String {
    let (_, package) = manifest
        .split_once("[workspace.package]")
        .unwrap_or_default();
    let line = package
        .lines()
        .find_map(|line| line.strip_prefix("version = "));
    line.unwrap_or("0.0.0").trim().trim_matches('"').to_owned()
}

/// The version after a step. Below 1.0 Cargo takes the second number as the major one, and the third
/// as the rest.
fn next_version(version: &str, step: Semver) -> String {
    let numbers: Vec<u64> = version
        .split('.')
        .filter_map(|it| it.parse().ok())
        .collect();
    let [major, minor, patch] = numbers[..] else {
        return version.to_owned();
    };
    match (step, major) {
        (Semver::None, _) => version.to_owned(),
        (Semver::Major, 0) => format!("0.{}.0", minor + 1),
        (Semver::Minor | Semver::Patch, 0) => format!("0.{minor}.{}", patch + 1),
        (Semver::Major, _) => format!("{}.0.0", major + 1),
        (Semver::Minor, _) => format!("{major}.{}.0", minor + 1),
        (Semver::Patch, _) => format!("{major}.{minor}.{}", patch + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_versions() {
        let steps = [Semver::None, Semver::Patch, Semver::Minor, Semver::Major];
        let next = |version: &str| steps.map(|step| next_version(version, step));
        assert_eq!(next("0.1.2"), ["0.1.2", "0.1.3", "0.1.3", "0.2.0"]);
        assert_eq!(next("1.4.2"), ["1.4.2", "1.4.3", "1.5.0", "2.0.0"]);
        assert_eq!(
            version("[workspace.package]\nversion = \"0.1.0\"\n"),
            "0.1.0"
        );
    }

    #[test]
    fn a_changelog_takes_each_line_once() {
        let before = "# Changelog\n\nText.\n\n## Unreleased\n\n### Added\n- x\n\n## 0.1.0\n- a (additive).\n";
        let lines = ["- a (additive).".to_owned(), "- b (loosened).".to_owned()];
        let (after, added) = with_entries(before, &lines);
        assert_eq!(added, lines);
        let expected = "# Changelog\n\nText.\n\n## Unreleased\n\n### The API\n- a (additive).\n- b (loosened).\n\n### Added\n- x\n\n## 0.1.0\n- a (additive).\n";
        assert_eq!(after, expected);
        assert_eq!(with_entries(&after, &lines), (after.clone(), Vec::new()));
        let more = ["- c (additive).".to_owned()];
        let (after, _) = with_entries(&after, &more);
        assert!(
            after.contains("### The API\n- c (additive).\n- a (additive).\n"),
            "{after}"
        );
        let (empty, _) = with_entries("# Changelog\n", &more);
        assert!(
            empty.ends_with("- c (additive).\n\n") || empty.contains("- c"),
            "{empty}"
        );
    }
}
