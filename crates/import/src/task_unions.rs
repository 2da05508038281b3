//! Unions inside of tasks, such as targets that are either a domain or a keyword.
//!
//! The vendor's file gives each union a tag. Tasks are sent without it where the file does not list
//! the tag among the fields, or where no example has it.

use std::collections::HashSet;
use std::ptr;

use dataforseo_spec::language::{Fields, SharedType};
use indexmap::IndexMap;
use serde_json::Value;

use crate::docs::openapi::{Document, Schema};

/// The schemas that tasks contain.
#[derive(Default)]
pub struct SentSchemas<'a> {
    /// The schemas by address: a part of a schema has no name.
    schemas: HashSet<*const Schema>,
    examples: Vec<&'a Value>,
}

impl<'a> SentSchemas<'a> {
    /// Adds the schema of a task, with all schemas that it contains.
    pub fn add(&mut self, document: &'a Document, task: &'a Schema, example: Option<&'a Value>) {
        self.examples.extend(example);
        let mut queue = vec![task];
        while let Some(schema) = queue.pop() {
            if !self.schemas.insert(ptr::from_ref(schema)) {
                continue;
            }
            for (_, member) in schema
                .members()
                .into_iter()
                .flat_map(|(_, members)| members)
            {
                queue.extend(document.schema(member));
            }
            for field in document.fields(schema).into_values() {
                let mut inner = Some(field);
                while let Some(schema) = inner {
                    queue.extend(schema.named().and_then(|name| document.schema(name)));
                    inner = schema.element();
                }
            }
        }
    }

    /// Returns whether tasks contain a schema.
    pub fn contains(&self, schema: &Schema) -> bool {
        self.schemas.contains(&ptr::from_ref(schema))
    }

    /// Returns whether the tag of a union is sent.
    pub fn has_tag(&self, fields: &IndexMap<&str, &Schema>, tag: &str) -> bool {
        let in_examples = || self.examples.iter().any(|example| has_key(example, tag));
        fields.contains_key(tag) && (self.examples.is_empty() || in_examples())
    }
}

/// Returns whether an object in a value has a key.
fn has_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Array(list) => list.iter().any(|value| has_key(value, key)),
        Value::Object(map) => map
            .iter()
            .any(|(name, value)| name == key || has_key(value, key)),
        _ => false,
    }
}

/// Requires the field of each member that identifies it: a field that is required unless another
/// member's is set, or one with the name of the member.
pub fn require_keys(union: &mut SharedType) {
    for (wire, member) in &mut union.members {
        let fields = &mut member.fields;
        let names: Vec<String> = fields.keys().cloned().collect();
        for field in fields.values_mut() {
            let others = std::mem::take(&mut field.required_unless);
            let (inside, outside): (Vec<_>, Vec<_>) =
                others.into_iter().partition(|other| names.contains(other));
            if inside.is_empty() && !outside.is_empty() {
                field.required = Some(true);
            }
            field.required_unless = inside;
        }
        if union.tag.is_none() && !has_required(fields) {
            if let Some(field) = fields.get_mut(wire) {
                field.required = Some(true);
            }
        }
    }
}

fn has_required(fields: &Fields) -> bool {
    fields.values().any(|field| field.required == Some(true))
}
