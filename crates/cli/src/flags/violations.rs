//! Messages about tasks that break documented limits, by flag.

use dataforseo_client::models::{Severity, Violation};

use super::names::flag;
use crate::output::note;
use crate::table::EndpointEntry;

/// Returns the error message about a task that is not sent, with a line per violation.
pub(crate) fn describe_all(endpoint: &'static EndpointEntry, violations: &[Violation]) -> String {
    let mut lines = vec!["the task breaks documented limits, nothing was sent".to_owned()];
    let described = violations.iter().map(|it| describe(endpoint, it));
    lines.extend(described.map(|text| format!("  {text}")));
    lines.join("\n")
}

/// Writes warnings to stderr: values that the documentation advises against, but that the API may
/// accept.
pub(crate) fn warn(endpoint: &'static EndpointEntry, violations: &[Violation]) {
    for violation in violations {
        if violation.severity() == Severity::Warning {
            note(format!("warning: {}", describe(endpoint, violation)));
        }
    }
}

/// Describes a violation, with the flag instead of the field.
fn describe(endpoint: &'static EndpointEntry, violation: &Violation) -> String {
    let (task, path) = match violation.path.strip_prefix("tasks[") {
        Some(rest) => match rest.split_once("].") {
            Some(("0", path)) => (String::new(), path),
            Some((index, path)) => (format!("task {index}: "), path),
            None => (String::new(), violation.path.as_str()),
        },
        None => (String::new(), violation.path.as_str()),
    };
    let field = path.split(['[', '.']).next().unwrap_or_default();
    let location = if !endpoint.fields.iter().any(|it| it.name == field) {
        path.to_owned()
    } else if field == path {
        format!("--{}", flag(field))
    } else {
        format!("--{} ({path})", flag(field))
    };
    format!("{task}{location}: {}", violation.kind)
}
