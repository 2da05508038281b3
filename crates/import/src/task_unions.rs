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
        if union.tag.is_none()
            && !has_required(fields)
            && let Some(field) = fields.get_mut(wire)
        {
            field.required = Some(true);
        }
    }
}

fn has_required(fields: &Fields) -> bool {
    fields.values().any(|field| field.required == Some(true))
}

#[cfg(test)]
mod tests {
    use dataforseo_spec::language::{Field, FieldType, Member};
    use serde_json::json;

    use super::*;

    /// Returns a document with a task whose targets are a union, and this example.
    fn document(example: &Value) -> Document {
        let named = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let one = |field: &str| json!({ "properties": { field: { "type": "string" } } });
        let media = json!({ "schema": {
            "type": "array", "items": named("Task"), "example": [example],
        } });
        serde_json::from_value(json!({
            "paths": { "/v3/a/b/live": { "post": {
                "requestBody": { "content": { "application/json": media } },
            } } },
            "components": { "schemas": {
                "Task": { "properties": { "targets": { "type": "array", "items": named("Target") } } },
                "Target": {
                    "properties": { "kind": { "type": "string" } },
                    "discriminator": { "propertyName": "kind", "mapping": {
                        "site": "#/components/schemas/Site",
                        "word": "#/components/schemas/Word",
                    } },
                },
                "Site": one("site"),
                "Word": one("word"),
                "Other": one("kind"),
            } },
        }))
        .unwrap()
    }

    /// Returns whether the tag of the union is sent in tasks such as the example.
    fn is_tagged(example: &Value) -> bool {
        let document = document(example);
        let operation = &document.paths["/v3/a/b/live"]["post"];
        let (task, example) = document.task(operation).unwrap();
        let mut sent = SentSchemas::default();
        sent.add(&document, task, example);
        for (name, is_sent) in [("Target", true), ("Word", true), ("Other", false)] {
            assert_eq!(
                sent.contains(document.schema(name).unwrap()),
                is_sent,
                "{name}"
            );
        }
        let fields = document.fields(document.schema("Target").unwrap());
        assert!(!sent.has_tag(&fields, "missing"));
        sent.has_tag(&fields, "kind")
    }

    #[test]
    fn a_tag_that_no_example_has_is_not_sent() {
        assert!(!is_tagged(
            &json!({ "targets": [{ "site": "a.example" }, { "word": "b" }] })
        ));
        assert!(is_tagged(
            &json!({ "targets": [{ "kind": "word", "word": "b" }] })
        ));
    }

    #[test]
    fn each_member_requires_the_field_that_identifies_it() {
        let member = |wire: &str, other: Option<&str>| {
            let mut field = Field::new(FieldType::String);
            field.required_unless.extend(other.map(str::to_owned));
            Member {
                fields: [(wire.to_owned(), field)].into(),
                ..Member::default()
            }
        };
        let mut union = SharedType {
            members: [
                ("site".to_owned(), member("site", Some("word"))),
                ("word".to_owned(), member("word", None)),
            ]
            .into(),
            ..SharedType::default()
        };
        require_keys(&mut union);
        for wire in ["site", "word"] {
            assert_eq!(union.key_of(wire, |_| None), Some(wire));
        }
    }
}
