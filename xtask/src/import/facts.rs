//! The facts that a documentation page states about a field, by name: what is compared when a page
//! and the spec meet.

use indexmap::IndexMap;
use serde_json::Value;

use crate::spec::language::{Field, SharedTypes};

/// The names of facts, in the order in which a field states them.
pub const NAMES: [&str; 16] = [
    "type",
    "of",
    "format",
    "required",
    "required_unless",
    "required_with",
    "not_after",
    "default",
    "min",
    "max",
    "max_length",
    "min_items",
    "max_items",
    "max_conditions",
    "max_distinct_domains",
    "values",
];

/// The facts that a field states. What a shared type says counts as the field's own.
pub fn facts(field: &Field, shared: Option<&SharedTypes>) -> IndexMap<&'static str, Value> {
    let json = serde_json::to_value(field).unwrap_or_default();
    let mut facts: IndexMap<&'static str, Value> = NAMES
        .iter()
        .filter_map(|name| Some((*name, json.get(*name)?.clone())))
        .filter(|(_, value)| !value.is_null())
        .filter(|(name, value)| *name != "required_unless" || *value != Value::Array(Vec::new()))
        .collect();
    let used = field
        .shared
        .as_ref()
        .and_then(|name| shared?.types.get(name));
    let values = field.values.as_ref().or_else(|| used?.values.as_ref());
    if let Some(values) = values {
        facts.insert("values", values.names().into());
    }
    facts
}
