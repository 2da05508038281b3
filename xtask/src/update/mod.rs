//! The day the documentation changes, in one go: pages into the spec, checks, generated code, what
//! it means for callers, the changelog, the next version. It stops where a person has to decide.

mod changelog;
mod version;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dataforseo_codegen::{emit, output};
use dataforseo_compare::diff::surface::Surface;
use dataforseo_compare::diff::{self, Source, SourceError};
use dataforseo_import::report::ImportReport;
use dataforseo_import::{ImportError, Options, import};
use dataforseo_spec::{Diagnostics, files, fixtures, model};
use jiff::civil::Date;

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
    pub imported: Vec<ImportReport>,
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
        imported.push(import(root, page, options)?);
    }
    let decisions: Vec<String> = imported.iter().flat_map(decisions).collect();
    if !decisions.is_empty() {
        let outcome = Outcome::Decide(decisions);
        return Ok(Update { imported, outcome });
    }
    let done = bring_up_to_date(root, &before)?;
    Ok(Update {
        imported,
        outcome: Outcome::Done(Box::new(done)),
    })
}

/// Checks the spec, generates, and writes the changelog.
fn bring_up_to_date(root: &Path, before: &Surface) -> Result<Done, UpdateError> {
    let generated = generate(root)?;
    let mut after = Source::Folder(root.join("spec")).read(root)?;
    "spec".clone_into(&mut after.name);
    let difference = diff::compare(before, &after, &diff::Options::default());
    let changelog = write_changelog(root, &difference)?;
    let manifest = fs::read_to_string(root.join("Cargo.toml")).map_err(of_file("Cargo.toml"))?;
    let version = version::version(&manifest);
    let next = version::next_version(&version, difference.semver());
    Ok(Done {
        difference,
        generated,
        changelog,
        version: (version, next),
    })
}

/// Checks spec and fixtures, and writes the generated files. Returns those that changed.
fn generate(root: &Path) -> Result<Vec<PathBuf>, UpdateError> {
    let model = model::load(&root.join("spec"))?;
    let found = fixtures::find(root, &model).map_err(of_file(fixtures::FOLDER))?;
    fixtures::check(root, &model, &found).map_err(|error| UpdateError::File {
        path: fixtures::FOLDER.to_owned(),
        error: io::Error::other(error.to_string()),
    })?;
    let wanted = emit(&model, &found)?;
    let stale = output::stale(root, &wanted).map_err(of_file("generated files"))?;
    files::write(root, &stale).map_err(of_file("generated files"))?;
    Ok(stale.into_iter().map(|file| file.path).collect())
}

/// Adds the changes to the changelog. Returns the lines that it did not have.
fn write_changelog(root: &Path, difference: &diff::Report) -> Result<Vec<String>, UpdateError> {
    const NAME: &str = "CHANGELOG.md";
    let file = root.join(NAME);
    let text = fs::read_to_string(&file).map_err(of_file(NAME))?;
    let (text, added) = changelog::with_entries(&text, &changelog::entries(difference));
    if !added.is_empty() {
        fs::write(&file, text).map_err(of_file(NAME))?;
    }
    Ok(added)
}

/// Returns the conversion of an I/O error that names the file.
fn of_file(path: &str) -> impl FnOnce(io::Error) -> UpdateError {
    let path = path.to_owned();
    |error| UpdateError::File { path, error }
}

/// What a person has to decide after an import.
fn decisions(report: &ImportReport) -> Vec<String> {
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
