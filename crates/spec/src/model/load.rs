//! Reads a spec folder as a model.

use std::path::Path;

use super::sections::resolve;
use super::types::Model;
use crate::{Diagnostics, Spec, glossary};

/// Reads a spec folder and resolves it.
///
/// # Errors
/// Returns all errors in the spec. Errors that depend on another file are reported once that file
/// can be read.
pub fn load(folder: &Path) -> Result<Model, Diagnostics> {
    load_both(folder).map(|(_, model)| model)
}

/// Reads a spec folder and returns the spec, with the texts of the glossaries in its fields.
///
/// # Errors
/// Returns all errors in the spec, including those of [`load`].
pub fn load_spec(folder: &Path) -> Result<Spec, Diagnostics> {
    load_both(folder).map(|(spec, _)| spec)
}

fn load_both(folder: &Path) -> Result<(Spec, Model), Diagnostics> {
    let (spec, mut found) = crate::load(folder);
    let resolved = spec.map(|mut spec| {
        let mut unused = Vec::new();
        glossary::apply(&mut spec, &mut unused);
        // A text also seems unused if the file of its field cannot be read.
        if found.is_empty() {
            found.extend(unused);
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
