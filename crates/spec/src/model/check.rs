//! Checks of `api.yaml` and `status_codes.yaml`, and helpers of several checks.

use std::collections::HashMap;

use crate::Diagnostic;
use crate::dates::DateExpression;
use crate::file_names;
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
    check_names(file, found);
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

/// The names that belong to other generated files than those of sections, or to cargo.
const RESERVED_SECTIONS: [&str; 9] = [
    "mod",
    "lib",
    "main",
    "api",
    "status_code",
    "shared",
    "types",
    "always",
    "default",
];

/// The names in the folder of a section that belong to other files than those of groups.
const RESERVED_GROUPS: [&str; 5] = ["mod", "lib", "main", "types", "glossary"];

/// Checks the names in `api.yaml` that become names of files, folders, modules and constants.
fn check_names(file: &File<Api>, found: &mut Vec<Diagnostic>) {
    let mut report = |field: &str, name: &String, message: String| {
        let path = vec![field.to_owned(), name.clone()];
        let location = file.tree.location(&path);
        let message = format!("`{field}`: {name:?} {message}");
        found.push(Diagnostic::new(&file.name, location, message));
    };
    for name in file.content.servers.keys() {
        if names::field_name(name).as_ref() != Some(name) || !name.is_ascii() {
            let message = "cannot be the name of a constant: use a name such as `production`";
            report("servers", name, message.to_owned());
        }
    }
    for (name, section) in &file.content.sections {
        if let Err(reason) = check_module(name, &RESERVED_SECTIONS) {
            report("sections", name, reason);
        }
        for group in section.groups.keys() {
            if let Err(reason) = check_module(group, &RESERVED_GROUPS) {
                report(
                    "sections",
                    name,
                    format!("has a group {group:?} that {reason}"),
                );
            }
        }
    }
}

/// Checks the name of a section or a group. The error is the end of a sentence.
fn check_module(name: &str, reserved: &[&str]) -> Result<(), String> {
    if let Err(reason) = file_names::check(name) {
        Err(format!("cannot be a folder: {reason}"))
    } else if names::field_name(name).as_deref() != Some(name) {
        Err("cannot be the name of a module: use a name such as `on_page`".to_owned())
    } else if reserved.contains(&name) {
        Err("is the name of another generated file: use another name".to_owned())
    } else {
        Ok(())
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
