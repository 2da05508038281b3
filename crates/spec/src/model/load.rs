//! Reading a spec folder as a model.

use std::path::Path;

use super::resolve::resolve;
use super::types::Model;
use crate::{Diagnostics, Spec, glossary};

/// Reads a spec folder and resolves it.
///
/// # Errors
/// Everything that is wrong with it. What can be said of a file only when the files that it
/// refers to are readable is said when they are.
pub fn load(folder: &Path) -> Result<Model, Diagnostics> {
    load_both(folder).map(|(_, model)| model)
}

/// Reads a spec folder and gives the spec itself, fields with the words of the glossaries.
///
/// # Errors
/// As [`load`]: a spec that does not resolve is none.
pub fn load_spec(folder: &Path) -> Result<Spec, Diagnostics> {
    load_both(folder).map(|(spec, _)| spec)
}

fn load_both(folder: &Path) -> Result<(Spec, Model), Diagnostics> {
    let (spec, mut found) = crate::load(folder);
    let resolved = spec.map(|mut spec| {
        let mut unused = Vec::new();
        glossary::apply(&mut spec, &mut unused);
        // Words are unused, too, where the file of their field cannot be read.
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
