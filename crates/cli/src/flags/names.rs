//! The names of flags, and which fields have a flag that can be repeated.

use dataforseo_client::models::{FieldKind, FieldRule};

use crate::table::{Argument, kebab_case};

/// The flags of the program itself. A field with one of these names has the flag `--task-NAME`.
pub(super) const RESERVED: [&str; 34] = [
    "account-rates",
    "allow-http",
    "base-url",
    "budget",
    "ca-file",
    "domains-per-call",
    "dry-run",
    "escape-formulas",
    "format",
    "give-up-after",
    "help",
    "input",
    "journal",
    "limits",
    "limits-account",
    "max-in-flight",
    "mock",
    "no-journal",
    "no-retries",
    "no-sort",
    "output",
    "overwrite",
    "quiet",
    "rate-limit-timeout",
    "raw",
    "resume",
    "retry-uncertain",
    "sandbox",
    "targets-per-call",
    "task",
    "temp-dir",
    "timeout",
    "version",
    "window",
];

/// Returns the flag of a field, without dashes in front.
pub(crate) fn flag(field: &str) -> String {
    let name = kebab_case(field);
    if RESERVED.contains(&name.as_str()) {
        format!("task-{name}")
    } else {
        name
    }
}

/// Returns the identifier of a field for clap. Those of the program's own arguments have no dot.
pub(crate) fn id(field: &str) -> String {
    format!("task.{field}")
}

/// Returns the kind of the elements if the flag is repeated for each of them. Other lists are given as
/// JSON.
pub(crate) fn element_kind(argument: &Argument, rule: &FieldRule) -> Option<&'static FieldKind> {
    match rule.kind {
        FieldKind::List(
            of @ (FieldKind::String
            | FieldKind::Integer
            | FieldKind::Float
            | FieldKind::Boolean
            | FieldKind::Order),
        ) => Some(of),
        FieldKind::Map(of @ FieldKind::String) if argument.numbered => Some(of),
        _ => None,
    }
}
