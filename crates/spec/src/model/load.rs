//! Reads a spec folder as a model.

use std::path::Path;

use super::sections::resolve;
use super::types::Model;
use crate::{Diagnostics, Spec, glossary, placeholders};

/// Reads a spec folder and resolves it.
///
/// # Errors
/// Returns all errors in the spec. Errors that depend on another file are reported once that file
/// can be read.
pub fn load(folder: &Path) -> Result<Model, Diagnostics> {
    load_both(folder, MissingDocs::Error).map(|(_, model)| model)
}

/// Reads a spec folder with a placeholder for each missing `doc`. Returns the model and the number of
/// placeholders.
///
/// # Errors
/// Returns the errors of [`load`], except for missing texts.
pub fn load_with_placeholders(folder: &Path) -> Result<(Model, usize), Diagnostics> {
    let mut filled = 0;
    let (_, model) = load_both(folder, MissingDocs::Placeholder(&mut filled))?;
    Ok((model, filled))
}

/// The treatment of a missing `doc`.
enum MissingDocs<'a> {
    /// It is an error.
    Error,
    /// A placeholder takes its place. The number of placeholders is added.
    Placeholder(&'a mut usize),
}

/// Reads a spec folder and returns the spec, with the texts of the glossaries in its fields.
///
/// # Errors
/// Returns all errors in the spec, including those of [`load`].
pub fn load_spec(folder: &Path) -> Result<Spec, Diagnostics> {
    load_both(folder, MissingDocs::Error).map(|(spec, _)| spec)
}

fn load_both(folder: &Path, missing: MissingDocs<'_>) -> Result<(Spec, Model), Diagnostics> {
    let (spec, mut found) = crate::load(folder);
    let resolved = spec.map(|mut spec| {
        let mut unused = Vec::new();
        glossary::apply(&mut spec, &mut unused);
        // A text also seems unused if the file of its field cannot be read.
        if found.is_empty() {
            found.extend(unused);
        }
        if let MissingDocs::Placeholder(filled) = missing {
            *filled += placeholders::fill(&mut spec);
        }
        resolve(&spec).map(|model| (spec, model))
    });
    match resolved {
        Some(Ok(both)) if found.is_empty() => return Ok(both),
        Some(Err(further)) => found.extend(further.0),
        _ => {}
    }
    found.sort();
    Err(Diagnostics(found))
}
