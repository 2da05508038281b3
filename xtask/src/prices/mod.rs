//! Brings the rate card of an account into the spec.

mod apply;
pub mod card;
mod functions;
mod report;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dataforseo_spec::edit::Editor;
use dataforseo_spec::files::{self, FileChange};
use dataforseo_spec::{Diagnostics, Spec, load};

use apply::{EndpointEdit, edit};
use card::{Card, CardError};
use functions::Function;
pub use report::{Outcome, PriceReport};

/// The reason why a rate card cannot be brought into the spec.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// The card cannot be read.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The spec has errors.
    #[error(transparent)]
    Spec(#[from] Diagnostics),
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] std::io::Error),
}

/// Brings a rate card into the spec of a checkout: the prices and rates of each endpoint, and the
/// day of the card. Writes nothing with [`Mode::DryRun`].
///
/// # Errors
/// When the card or the spec cannot be read, or a file cannot be written.
pub fn run(
    root: &Path,
    files: &[PathBuf],
    since: &str,
    mode: Mode,
) -> Result<PriceReport, PricesError> {
    let card = Card::read(files)?;
    let (spec, found) = load(&root.join("spec"));
    let Some(spec) = spec.filter(|_| found.is_empty()) else {
        return Err(Diagnostics(found).into());
    };
    let mut report = PriceReport::default();
    let mut changes = Vec::new();
    let mut used = BTreeSet::new();
    let names: BTreeSet<&str> = card
        .prices
        .keys()
        .chain(card.calls_per_minute.keys())
        .map(String::as_str)
        .collect();
    for endpoint in &spec.endpoints {
        let file = &endpoint.file;
        let function = match functions::find(&file.content.path, names.iter().copied()) {
            Function::Found(name) => name,
            Function::Missing => {
                report.add(&file.name, Outcome::NotInCard);
                continue;
            }
            Function::Ambiguous(names) => {
                let names = names.iter().map(|name| (*name).to_owned()).collect();
                report.add(&file.name, Outcome::Ambiguous(names));
                continue;
            }
        };
        used.insert(function);
        let text = read(root, &file.name)?;
        let wanted = edit(
            &file.name,
            &text,
            &EndpointEdit::new(&file.content, function, &card),
        )?;
        report.add_all(&file.name, wanted.outcomes);
        changes.extend(change(&file.name, text, wanted.text));
    }
    report.unused = names
        .difference(&used)
        .map(|name| (*name).to_owned())
        .collect();
    changes.extend(dated(root, &spec, since)?);
    report.changed_files = changes.len();
    if mode == Mode::Write {
        let written = files::write(root, &["spec"], &changes);
        written.map_err(|error| PricesError::File(root.join("spec"), error))?;
    }
    Ok(report)
}

/// Whether files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All changes are written.
    Write,
    /// The changes are only reported.
    DryRun,
}

fn read(root: &Path, name: &str) -> Result<String, PricesError> {
    let path = root.join(name);
    std::fs::read_to_string(&path).map_err(|error| PricesError::File(path, error))
}

fn change(name: &str, found: String, wanted: String) -> Option<FileChange> {
    (found != wanted).then(|| FileChange {
        path: name.into(),
        wanted: Some(wanted),
        found: Some(found),
    })
}

/// Sets the day of the rate card in `api.yaml`.
fn dated(root: &Path, spec: &Spec, since: &str) -> Result<Option<FileChange>, PricesError> {
    let name = &spec.api.name;
    let text = read(root, name)?;
    let mut editor = Editor::new(name, &text)?;
    let line = format!("  since: {since}\n");
    editor.set(&["rate_card".to_owned()], "since", &["since"], &line)?;
    let wanted = editor.text().to_owned();
    Ok(change(name, text, wanted))
}
