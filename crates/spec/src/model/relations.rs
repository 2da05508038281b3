//! Relations between fields of one object: fields that another one requires, excludes, or takes its
//! default from.

use serde_json::Value;

use super::types::{Condition, Limit};
use crate::diagnostics::did_you_mean;
use crate::language::{Field, FieldType, Fields};

/// Returns the names of the other fields that the rules of a field refer to.
pub fn others(field: &Field) -> impl Iterator<Item = &String> {
    let one = [&field.required_with, &field.not_after];
    let by = field.default_by.iter().map(|by| &by.field);
    field
        .required_unless
        .iter()
        .chain(one.into_iter().flatten())
        .chain(field.required_if.keys())
        .chain(field.requires.keys())
        .chain(&field.excludes)
        .chain(by)
}

/// Returns messages about values that the other fields cannot have.
pub fn wrong_values(field: &Field, siblings: &Fields) -> Vec<String> {
    let conditions = field.required_if.iter().chain(&field.requires);
    let mut messages: Vec<String> = conditions
        .filter_map(|(name, value)| wrong_value(name, siblings.get(name)?, value))
        .collect();
    if let Some(by) = &field.default_by
        && let Some(other) = siblings.get(&by.field)
        && let Some(known) = &other.values
    {
        let known = known.names();
        let unknown = by
            .values
            .keys()
            .filter(|value| !known.contains(&value.as_str()));
        messages.extend(unknown.map(|value| not_documented(&by.field, value, &known)));
    }
    messages
}

fn wrong_value(name: &str, other: &Field, value: &Value) -> Option<String> {
    let fits = match other.kind {
        FieldType::Boolean => value.is_boolean(),
        FieldType::Integer => value.is_i64(),
        FieldType::String => value.is_string(),
        _ => {
            return Some(format!(
                "`{name}` is neither a boolean, an integer nor a string"
            ));
        }
    };
    if !fits {
        return Some(format!("{value} is not a value of the type of `{name}`"));
    }
    let known = other.values.as_ref()?.names();
    let text = value.as_str()?;
    (!known.contains(&text)).then(|| not_documented(name, text, &known))
}

fn not_documented(name: &str, value: &str, known: &[&str]) -> String {
    let meant = did_you_mean(value, known.iter().copied());
    format!("`{value}` is not one of the values of `{name}`{meant}")
}

/// Returns the limits of a field that depend on the values of its siblings.
pub fn limits(field: &Field, siblings: &Fields) -> Vec<Limit> {
    let conditions = |values: &indexmap::IndexMap<String, Value>| -> Vec<Condition> {
        let conditions = values.iter().map(|(name, value)| Condition {
            field: name.clone(),
            value: value.clone(),
            is_default: siblings.get(name).and_then(|it| it.default.as_ref()) == Some(value),
        });
        conditions.collect()
    };
    let mut limits = Vec::new();
    if !field.required_if.is_empty() {
        limits.push(Limit::RequiredIf(conditions(&field.required_if)));
    }
    if !field.requires.is_empty() {
        limits.push(Limit::Requires(conditions(&field.requires)));
    }
    if !field.excludes.is_empty() {
        limits.push(Limit::Excludes(field.excludes.clone()));
    }
    limits
}
