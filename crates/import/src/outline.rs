//! The kinds of the fields of a schema.

use dataforseo_spec::language::{Field, FieldType, Fields};

use crate::docs::openapi::{Additional, Document, Schema};

/// Returns the fields of a result and of the rows in it, with their kinds only.
pub fn outline(document: &Document, result: &Schema) -> Fields {
    let mut fields = kinds(document, result);
    for (name, schema) in document.fields(result) {
        let row = schema.element().and_then(Schema::named);
        if let (Some(field), Some(row)) = (
            fields.get_mut(name),
            row.and_then(|row| document.schema(row)),
        ) {
            field.fields = kinds(document, row);
        }
    }
    fields
}

fn kinds(document: &Document, schema: &Schema) -> Fields {
    let fields = document.fields(schema).into_iter();
    let fields = fields.map(|(name, schema)| {
        let (kind, of) = kind_of(schema);
        let field = Field {
            of,
            ..Field::new(kind)
        };
        (name.to_owned(), field)
    });
    fields.collect()
}

/// Returns the kind of a schema, and that of its elements.
pub(crate) fn kind_of(schema: &Schema) -> (FieldType, Option<FieldType>) {
    if let Some(items) = &schema.items {
        return (FieldType::List, Some(kind_of(items).0));
    }
    if let Some(Additional::Schema(of)) = &schema.additional_properties {
        return (FieldType::Map, Some(kind_of(of).0));
    }
    if schema.named().is_some() {
        return (FieldType::Object, None);
    }
    let kind = match schema.kind.as_deref() {
        Some("string") => FieldType::String,
        Some("integer") => FieldType::Integer,
        Some("number") => FieldType::Float,
        Some("boolean") => FieldType::Boolean,
        _ => FieldType::Json,
    };
    (kind, None)
}
