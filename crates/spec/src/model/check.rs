//! Checks on `api.yaml` and `status_codes.yaml`, and what several checks share.

use std::collections::HashMap;

use crate::Diagnostic;
use crate::dates::DateExpression;
use crate::language::{Api, StatusCodes};
use crate::load::File;
use crate::names;

/// Why a `doc` is refused.
pub const NO_LINKS: &str = "the documentation cannot link to items: write `name` without brackets";

/// Checks `status_codes.yaml`: ascending, each code and each name once.
pub fn check_status_codes(file: &File<StatusCodes>, found: &mut Vec<Diagnostic>) {
    let mut names_taken = HashMap::new();
    let mut last = 0;
    for (index, code) in file.content.codes.iter().enumerate() {
        let path = vec!["codes".to_owned(), index.to_string()];
        let mut report = |message: String| {
            found.push(Diagnostic::new(&file.name, file.tree.place(&path), message));
        };
        if code.code <= last {
            report(format!(
                "{} stands behind {last}: codes ascend, each once",
                code.code
            ));
        }
        if code
            .http_status
            .is_some_and(|status| !(100..=599).contains(&status))
        {
            report("`http_status` is no HTTP status".to_owned());
        }
        last = last.max(code.code);
        if names::type_name(&code.name).as_ref() != Some(&code.name) || code.name == "Other" {
            report(format!("`{}` is no name of a Rust variant", code.name));
        }
        if let Some(other) = names_taken.insert(&code.name, code.code) {
            report(format!("the name `{}` is taken by {other}", code.name));
        }
    }
}

/// Checks `api.yaml`.
pub fn check_api(file: &File<Api>, found: &mut Vec<Diagnostic>) {
    for (name, server) in &file.content.servers {
        if !server.url.starts_with("https://") || server.url.ends_with('/') {
            let path = vec!["servers".to_owned(), name.clone(), "url".to_owned()];
            let message = "expected https:// and no slash at the end";
            found.push(Diagnostic::new(&file.name, file.tree.place(&path), message));
        }
    }
    for name in file.content.sections.keys() {
        if names::field_name(name).as_ref() != Some(name) {
            let path = vec!["sections".to_owned(), name.clone()];
            let message = format!("`{name}` cannot be the name of a module");
            found.push(Diagnostic::new(&file.name, file.tree.place(&path), message));
        }
    }
    if !file.content.envelope.fields.contains_key("tasks") {
        let path = vec!["envelope".to_owned()];
        let message = "the envelope has no field `tasks`";
        found.push(Diagnostic::new(&file.name, file.tree.place(&path), message));
    }
}

/// Whether a text is a day as the spec writes it.
pub fn is_day(text: &str) -> bool {
    matches!(DateExpression::parse(text), Some(DateExpression::On(_)))
}

/// What is said of one that is not.
pub fn no_day(text: &str) -> String {
    format!("`{text}` is no day: expected one such as `2026-11-23`")
}
