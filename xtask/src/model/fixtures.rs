//! Checks on fixtures: each holds what the spec describes and nothing else, so that the models
//! lose no part of it. Those that were made up to hold what nobody documented are left out.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Model;
use super::values::Checker;
use crate::emit::{FIXTURES, Fixtures};
use crate::spec::{Diagnostic, Diagnostics, Place};

/// Checks the fixtures that are not made up; those that are follow the spec by the way they are
/// made.
///
/// # Errors
/// Everything that is wrong with them.
pub fn check(root: &Path, model: &Model, fixtures: &Fixtures) -> Result<usize, Diagnostics> {
    let mut found = Vec::new();
    let mut checked = 0;
    for section in &model.sections {
        for endpoint in &section.endpoints {
            for name in fixtures.get(&endpoint.id).into_iter().flatten() {
                checked += 1;
                let file = format!("{FIXTURES}/{name}");
                let mut report = |pointer: &str, message: String| {
                    let message = match pointer {
                        "" => message,
                        pointer => format!("{pointer}: {message}"),
                    };
                    found.push(Diagnostic::new(&file, Place::START, message));
                };
                match fs::read_to_string(root.join(FIXTURES).join(name)) {
                    Ok(text) => fixture(
                        &text,
                        &mut Checker {
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
    match found.is_empty() {
        true => Ok(checked),
        false => Err(Diagnostics(found)),
    }
}

fn fixture(text: &str, checker: &mut Checker<'_>) {
    let fixture: Value = match serde_json::from_str(text) {
        Ok(fixture) => fixture,
        Err(error) => return (checker.report)("", format!("no JSON: {error}")),
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
