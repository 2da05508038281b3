//! Shared types that no field uses any more, because a person chose another type for their users.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dataforseo_spec::edit::Editor;
use dataforseo_spec::files::files_below;

use crate::workspace::{ImportError, Outcome};

/// Removes the types that a choice took from their last user.
///
/// # Errors
/// Returns an error if a file cannot be read or edited.
pub fn prune(root: &Path, outcomes: &mut [Outcome]) -> Result<(), ImportError> {
    let abandoned: BTreeSet<String> = outcomes
        .iter()
        .flat_map(|(report, _)| report.abandoned.iter().cloned())
        .collect();
    if abandoned.is_empty() {
        return Ok(());
    }
    let used = used_types(root, outcomes)?;
    let types = ["types".to_owned()];
    for (report, files) in outcomes {
        for (path, text) in files {
            let is_of_types = path.components().any(|part| {
                let part = part.as_os_str();
                part == "types" || part == "types.yaml"
            });
            if !is_of_types || path.extension().is_none_or(|it| it != "yaml") {
                continue;
            }
            let name = path.display().to_string();
            let mut editor = Editor::new(&name, text).map_err(ImportError::Spec)?;
            for unused in abandoned.difference(&used) {
                let key = [types[0].clone(), unused.clone()];
                if editor.value(&key).is_some() {
                    editor.remove(&types, unused).map_err(ImportError::Spec)?;
                    report.given_up.push(key.join("."));
                    report
                        .chosen
                        .push(format!("{unused}: removed, because no field uses it"));
                }
            }
            editor.text().clone_into(text);
        }
    }
    Ok(())
}

/// Returns the names of all types that a file of the spec uses after the import.
fn used_types(root: &Path, outcomes: &[Outcome]) -> Result<BTreeSet<String>, ImportError> {
    let mut used = BTreeSet::new();
    let mut read = |text: &str| {
        let names = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("use: "));
        used.extend(names.map(str::to_owned));
    };
    let mut written: BTreeSet<PathBuf> = BTreeSet::new();
    for (path, text) in outcomes.iter().flat_map(|(_, files)| files) {
        written.insert(path.clone());
        read(text);
    }
    let io = |source| ImportError::File {
        path: "spec".to_owned(),
        source,
    };
    for path in files_below(&root.join("spec")).map_err(io)? {
        let relative = path.strip_prefix(root).unwrap_or(&path);
        if path.extension().is_some_and(|it| it == "yaml") && !written.contains(relative) {
            read(&fs::read_to_string(&path).map_err(io)?);
        }
    }
    Ok(used)
}
