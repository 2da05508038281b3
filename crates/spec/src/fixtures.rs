//! Checks of fixtures: each must match the spec, so that the models decode all of it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::file_names;
use crate::files::files_below;
use crate::model::Model;
use crate::model::values::ValueChecker;
use crate::{Diagnostic, Diagnostics, Location};

/// The folder with the fixtures of the mock server, relative to the root of the workspace.
pub const FOLDER: &str = "crates/mock-server/fixtures";

/// The fixtures of the mock server by endpoint id. Each is a path relative to [`FOLDER`], in order.
pub type Fixtures = BTreeMap<String, Vec<String>>;

/// Finds the fixtures.
///
/// # Errors
/// Returns an error if the folder cannot be read, if a file's name cannot be used on every system, or
/// if its folder does not belong to an endpoint.
pub fn find(root: &Path, model: &Model) -> io::Result<Fixtures> {
    let folder = root.join(FOLDER);
    let mut fixtures = Fixtures::new();
    for file in files_below(&folder)? {
        let relative = file.strip_prefix(&folder).unwrap_or(&file);
        let relative = relative.to_string_lossy().replace('\\', "/");
        let (path, name) = relative.rsplit_once('/').unwrap_or(("", &relative));
        let stem = name.strip_suffix(".json").unwrap_or_default();
        file_names::check(stem).map_err(|reason| {
            io::Error::other(format!(
                "{relative:?} is not a name such as `example.json`: {reason}"
            ))
        })?;
        let endpoint = model
            .endpoints()
            .find(|endpoint| endpoint.path.trim_start_matches('/') == path)
            .ok_or_else(|| {
                io::Error::other(format!(
                    "{relative}: the spec has no endpoint with this path"
                ))
            })?;
        fixtures
            .entry(endpoint.id.clone())
            .or_default()
            .push(relative);
    }
    Ok(fixtures)
}

/// Checks the fixtures. Returns the number of checked fixtures.
///
/// # Errors
/// Returns all errors in the fixtures.
pub fn check(root: &Path, model: &Model, fixtures: &Fixtures) -> Result<usize, Diagnostics> {
    let mut found = Vec::new();
    let mut checked = 0;
    for section in &model.sections {
        for endpoint in &section.endpoints {
            for name in fixtures.get(&endpoint.id).into_iter().flatten() {
                checked += 1;
                let file = format!("{FOLDER}/{name}");
                let mut report = |pointer: &str, message: String| {
                    let message = match pointer {
                        "" => message,
                        pointer => format!("{pointer}: {message}"),
                    };
                    found.push(Diagnostic::new(&file, Location::START, message));
                };
                match fs::read_to_string(root.join(FOLDER).join(name)) {
                    Ok(text) => fixture(
                        &text,
                        &mut ValueChecker {
                            section,
                            endpoint,
                            report: &mut report,
                        },
                    ),
                    Err(error) => report("", format!("cannot be read: {error}")),
                }
            }
        }
    }
    if found.is_empty() {
        Ok(checked)
    } else {
        Err(Diagnostics(found))
    }
}

fn fixture(text: &str, checker: &mut ValueChecker<'_>) {
    let fixture: Value = match serde_json::from_str(text) {
        Ok(fixture) => fixture,
        Err(error) => return (checker.report)("", format!("not JSON: {error}")),
    };
    let tasks = fixture.pointer("/response/body/tasks");
    let tasks = tasks.and_then(Value::as_array).cloned().unwrap_or_default();
    for (index, task) in tasks.iter().enumerate() {
        let results = task.get("result").and_then(Value::as_array);
        for (at, result) in results.into_iter().flatten().enumerate() {
            let pointer = format!("/response/body/tasks/{index}/result/{at}");
            let ty = &checker.endpoint.result_type;
            checker.value(ty, result, &pointer);
        }
    }
}
