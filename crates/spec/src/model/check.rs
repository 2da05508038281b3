//! Checks of `api.yaml` and `status_codes.yaml`, and helpers of several checks.

use std::collections::HashMap;

use crate::Diagnostic;
use crate::dates::DateExpression;
use crate::language::{Api, StatusCodes};
use crate::load::File;
use crate::names;

/// The message for a `doc` with a link.
pub const NO_LINKS: &str = "the documentation cannot link to items: write `name` without brackets";

/// Checks that codes are ascending, and that codes and names are unique.
pub fn check_status_codes(file: &File<StatusCodes>, found: &mut Vec<Diagnostic>) {
    let mut used_names = HashMap::new();
    let mut last = 0;
    for (index, code) in file.content.codes.iter().enumerate() {
        let path = vec!["codes".to_owned(), index.to_string()];
        let mut report = |message: String| {
            found.push(Diagnostic::new(
                &file.name,
                file.tree.location(&path),
                message,
            ));
        };
        if code.code <= last {
            report(format!(
                "{} follows {last}: codes must be unique and ascending",
                code.code
            ));
        }
        if code
            .http_status
            .is_some_and(|status| !(100..=599).contains(&status))
        {
            report("`http_status` is not an HTTP status: expected 100 to 599".to_owned());
        }
        last = last.max(code.code);
        if names::type_name(&code.name).as_ref() != Some(&code.name) || code.name == "Other" {
            report(format!(
                "`{}` is not the name of a Rust variant: expected a name such as `NotFound`",
                code.name
            ));
        }
        if let Some(other) = used_names.insert(&code.name, code.code) {
            report(format!(
                "the name `{}` is already used by {other}",
                code.name
            ));
        }
    }
}

/// Checks `api.yaml`.
pub fn check_api(file: &File<Api>, found: &mut Vec<Diagnostic>) {
    for (name, server) in &file.content.servers {
        if !server.url.starts_with("https://") || server.url.ends_with('/') {
            let path = vec!["servers".to_owned(), name.clone(), "url".to_owned()];
            let message = "expected an https:// URL without a slash at the end";
            found.push(Diagnostic::new(
                &file.name,
                file.tree.location(&path),
                message,
            ));
        }
    }
    for name in file.content.sections.keys() {
        if names::field_name(name).as_ref() != Some(name) {
            let path = vec!["sections".to_owned(), name.clone()];
            let message = format!("`{name}` cannot be the name of a module");
            found.push(Diagnostic::new(
                &file.name,
                file.tree.location(&path),
                message,
            ));
        }
    }
    if !file.content.envelope.fields.contains_key("tasks") {
        let path = vec!["envelope".to_owned()];
        let message = "the envelope has no field `tasks`";
        found.push(Diagnostic::new(
            &file.name,
            file.tree.location(&path),
            message,
        ));
    }
}

/// Returns whether a text is a date as the spec writes it.
pub fn is_day(text: &str) -> bool {
    matches!(DateExpression::parse(text), Some(DateExpression::On(_)))
}

/// Returns the message for a text that is not a date.
pub fn not_a_date(text: &str) -> String {
    format!("`{text}` is not a date: expected a date such as `2026-11-23`")
}
