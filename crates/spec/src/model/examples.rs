//! Checks of the examples of tasks, from which fixtures and documentation are generated.

use serde_json::Value;

use super::types::{Limit, Section};
use super::values::ValueChecker;
use crate::{Diagnostic, EndpointFile};

/// Checks the examples of a section, after all of its types are resolved.
pub fn check<'a>(
    section: &Section,
    files: impl Iterator<Item = &'a EndpointFile>,
    found: &mut Vec<Diagnostic>,
) {
    for file in files {
        let endpoints = &mut section.endpoints.iter();
        let Some(endpoint) = endpoints.find(|it| it.file == file.file.name) else {
            continue;
        };
        let Some((task, example)) = endpoint.task.as_ref().zip(endpoint.example.as_ref()) else {
            continue;
        };
        let mut report = |pointer: &str, message: String| {
            let path: Vec<String> = std::iter::once("example")
                .chain(pointer.split('/').skip(1))
                .map(str::to_owned)
                .collect();
            let message = format!("`{}`: {message}", pointer.trim_start_matches('/'));
            found.push(Diagnostic::new(
                &file.file.name,
                file.file.tree.location(&path),
                message,
            ));
        };
        for field in &task.fields {
            let Some(value) = example.get(&field.wire) else {
                continue;
            };
            let pointer = format!("/{}", field.wire);
            for message in field.limits.iter().filter_map(|limit| beyond(limit, value)) {
                report(&pointer, message);
            }
            ValueChecker {
                section,
                endpoint,
                report: &mut report,
            }
            .value(&field.ty, value, &pointer);
        }
    }
}

/// Returns the violation of a limit that depends neither on other fields nor on the date.
fn beyond(limit: &Limit, value: &Value) -> Option<String> {
    let count = match value {
        Value::Array(list) => Some(list.len()),
        Value::Object(map) => Some(map.len()),
        _ => None,
    };
    let size = |size: u32| usize::try_from(size).unwrap_or(usize::MAX);
    match limit {
        Limit::Min(min) if value.as_f64().is_some_and(|it| it < *min) => {
            Some(format!("{value} is below {min}"))
        }
        Limit::Max(max) if value.as_f64().is_some_and(|it| it > *max) => {
            Some(format!("{value} is above {max}"))
        }
        Limit::MinItems(min) if count.is_some_and(|count| count < size(*min)) => {
            Some(format!("fewer than {min} elements"))
        }
        Limit::MaxItems(max) if count.is_some_and(|count| count > size(*max)) => {
            Some(format!("more than {max} elements"))
        }
        Limit::OneOf(values) => {
            let text = value.as_str()?;
            let known = values.iter().any(|it| it == text);
            (!known).then(|| format!("`{text}` is not a documented value"))
        }
        _ => None,
    }
}
