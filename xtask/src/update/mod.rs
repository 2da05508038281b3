//! The update after a change of the documentation, in one run: import, checks, generated code,
//! difference, changelog and next version. The update stops if a person has to decide.

mod changelog;
pub mod report;
mod sources;
mod version;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dataforseo_codegen::{emit, output};
use dataforseo_compare::diff::surface::Surface;
use dataforseo_compare::diff::{self, ApiSource, SourceError};
use dataforseo_import::ImportError;
use dataforseo_import::decisions::Choices;
use dataforseo_import::report::ImportReport;
use dataforseo_spec::files::{self, FileChange};
use dataforseo_spec::{Diagnostics, fixtures, model};
use jiff::civil::Date;
pub use sources::UpdateSources;

/// The error of an update that failed. `git diff` shows the files that were already written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// A page cannot be read.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The spec is no longer valid, for example because a new field lacks its `doc`.
    #[error("{0}\nfix the spec, and run the update again")]
    Spec(#[from] Diagnostics),
    /// The revision to compare with cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The generated code is not valid Rust, which is a bug in the generator.
    #[error("the generated code is not valid Rust: {0}")]
    Generated(#[from] syn::Error),
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// The reason.
        error: io::Error,
    },
}

/// The result of an update.
#[derive(Debug)]
pub struct Update {
    /// The import report of each page, or of each spec file of the OpenAPI file.
    pub imported: Vec<ImportReport>,
    /// The outcome after the import.
    pub outcome: UpdateOutcome,
}

/// The outcome of an update.
#[derive(Debug)]
pub enum UpdateOutcome {
    /// A person has to make these decisions. Nothing was generated.
    NeedsDecision(Vec<String>),
    /// Everything is up to date.
    Completed(Box<UpdateSummary>),
}

/// The changes of an update, for review.
#[derive(Debug)]
pub struct UpdateSummary {
    /// The changes since the revision, with their meaning for callers.
    pub difference: diff::DiffReport,
    /// The generated files that were written or removed.
    pub generated: Vec<PathBuf>,
    /// The lines that were added to the changelog.
    pub changelog: Vec<String>,
    /// The current version, and the next one.
    pub version: (String, String),
}

/// An update whose sources were imported, and that is not complete yet.
#[derive(Debug)]
pub struct Imported {
    /// The API before the update.
    before: Surface,
    /// The import report of each page, or of each spec file of the OpenAPI file.
    pub reports: Vec<ImportReport>,
    /// The decisions that a person has to make.
    pub decisions: Vec<String>,
}

/// Imports sources. `since` is the git revision to compare with later.
///
/// # Errors
/// When a source or the revision cannot be read, or a file cannot be written.
pub fn import_sources(
    root: &Path,
    sources: &UpdateSources,
    since: &str,
    choices: &Choices,
    today: Date,
) -> Result<Imported, UpdateError> {
    // Read first, so that a missing revision changes nothing.
    let before = ApiSource::at(root, since)?.read(root)?;
    let reports = sources.import(root, choices, today)?;
    let decisions = match sources {
        UpdateSources::Pages(_) => reports.iter().flat_map(decisions).collect(),
        UpdateSources::OpenApi { .. } => reports.iter().flat_map(questions).collect(),
    };
    Ok(Imported {
        before,
        reports,
        decisions,
    })
}

/// Updates everything that depends on the spec, unless a decision is open.
///
/// # Errors
/// When the spec is not valid, or a file cannot be written.
pub fn complete(root: &Path, imported: Imported) -> Result<Update, UpdateError> {
    let outcome = if imported.decisions.is_empty() {
        let done = bring_up_to_date(root, &imported.before)?;
        UpdateOutcome::Completed(Box::new(done))
    } else {
        UpdateOutcome::NeedsDecision(imported.decisions)
    };
    Ok(Update {
        imported: imported.reports,
        outcome,
    })
}

/// Imports pages without choices, and updates everything that depends on them. `since` is the git
/// revision to compare with.
///
/// # Errors
/// When a page, the spec or the revision cannot be read, or a file cannot be written.
pub fn update(
    root: &Path,
    pages: &[PathBuf],
    since: &str,
    today: Date,
) -> Result<Update, UpdateError> {
    let sources = UpdateSources::Pages(pages.to_vec());
    let imported = import_sources(root, &sources, since, &Choices::on(today), today)?;
    complete(root, imported)
}

/// Checks the spec, generates code, and writes the changelog.
fn bring_up_to_date(root: &Path, before: &Surface) -> Result<UpdateSummary, UpdateError> {
    let generated = generate(root)?;
    let mut after = ApiSource::Folder(root.join("spec")).read(root)?;
    "spec".clone_into(&mut after.name);
    let difference = diff::compare(before, &after, &diff::DiffOptions::default());
    let changelog = write_changelog(root, &difference)?;
    let manifest = fs::read_to_string(root.join("Cargo.toml")).map_err(of_file("Cargo.toml"))?;
    let version = version::version(&manifest);
    let next = version::next_version(&version, difference.semver());
    Ok(UpdateSummary {
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
    output::write(root, &stale).map_err(of_file("generated files"))?;
    Ok(stale.into_iter().map(|file| file.path).collect())
}

/// Adds the changes to the changelog. Returns the lines that it did not have.
fn write_changelog(root: &Path, difference: &diff::DiffReport) -> Result<Vec<String>, UpdateError> {
    const NAME: &str = "CHANGELOG.md";
    let file = root.join(NAME);
    let text = fs::read_to_string(&file).map_err(of_file(NAME))?;
    let (with_entries, added) = changelog::with_entries(&text, &changelog::entries(difference));
    if !added.is_empty() {
        let change = FileChange {
            path: NAME.into(),
            wanted: Some(with_entries),
            found: Some(text),
        };
        files::write(root, &[NAME], &[change]).map_err(of_file(NAME))?;
    }
    Ok(added)
}

/// Returns the conversion of an I/O error that names the file.
fn of_file(path: &str) -> impl FnOnce(io::Error) -> UpdateError {
    let path = path.to_owned();
    |error| UpdateError::File { path, error }
}

/// Returns the differences without a choice.
fn questions(report: &ImportReport) -> Vec<String> {
    let all = report.contradictions.iter().chain(&report.unexplained);
    let all = all.map(|question| format!("{}: {question}", report.spec_file));
    all.collect()
}

/// Returns the decisions that a person has to make after an import.
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
        at("in the spec, but not on the page", &report.unexplained),
        at(
            "a constraint that the import does not understand; add it to the spec if it is one",
            &report.not_understood,
        ),
        at(
            "the text of the page changed; check whether the `doc` still fits",
            &report.reworded,
        ),
    ]
    .concat()
}
