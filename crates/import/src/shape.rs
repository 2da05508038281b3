//! Shapes of types as text, for schemas of the vendor's OpenAPI file and for types of the spec.
//! Types with the same shape are the same type.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use indexmap::IndexMap;

use super::schema_prose::prose_of;
use crate::docs::openapi::{Additional, Document, Schema};
use dataforseo_spec::language::{Field, FieldType, Fields, SharedType, SharedTypes, Values};

/// The shapes of a file's schemas.
pub struct Shapes<'a> {
    document: &'a Document,
    /// The schemas whose shape is being computed, from the outside in.
    under_way: RefCell<Vec<String>>,
    /// The number of values in the shape that is being computed.
    values: Cell<usize>,
    /// The computed shapes.
    known: RefCell<HashMap<String, String>>,
}

/// The maximum number of values in a shape. Shapes of schemas that use each other can double with
/// each level. The vendor's largest shape has about 2,000.
const MAX_VALUES: usize = 20_000;

/// The maximum depth of a shape.
const MAX_LEVELS: usize = 40;

impl<'a> Shapes<'a> {
    /// Creates an empty cache of the shapes of a file.
    pub fn new(document: &'a Document) -> Self {
        Self {
            document,
            under_way: RefCell::default(),
            values: Cell::default(),
            known: RefCell::default(),
        }
    }

    /// Returns the shape of a named schema. A schema that contains itself is represented by its
    /// name there, and so is a schema beyond the limits.
    pub fn named(&self, name: &str) -> String {
        let levels = self.under_way.borrow().len();
        if levels == 0 {
            if let Some(shape) = self.known.borrow().get(name) {
                return shape.clone();
            }
            self.values.set(0);
        }
        let holds_itself = self.under_way.borrow().iter().any(|other| other == name);
        if holds_itself || levels > MAX_LEVELS || self.values.get() > MAX_VALUES {
            return format!("^{name}");
        }
        let Some(schema) = self.document.schema(name) else {
            return String::new();
        };
        self.under_way.borrow_mut().push(name.to_owned());
        let shape = self.schema(schema);
        self.under_way.borrow_mut().pop();
        if levels == 0 {
            let mut known = self.known.borrow_mut();
            known.insert(name.to_owned(), shape.clone());
        }
        shape
    }

    fn schema(&self, schema: &Schema) -> String {
        match schema.members() {
            Some((tag, members)) => union(tag, members.map(|(tag, _)| tag)),
            None => self.fields(&self.document.fields(schema)),
        }
    }

    /// Returns the shape of a member, including the fields of its union.
    pub fn member(&self, union: &'a Schema, member: &str) -> String {
        let fields = match self.document.schema(member) {
            Some(member) => self.document.member_fields(union, member),
            None => IndexMap::new(),
        };
        format!("member {}", self.fields(&fields))
    }

    /// Returns the shape of an object.
    pub fn fields(&self, fields: &IndexMap<&str, &Schema>) -> String {
        let fields = fields
            .iter()
            .map(|(name, field)| format!("{name}: {}", self.value(field)));
        fields.collect::<Vec<_>>().join(", ")
    }

    fn value(&self, schema: &Schema) -> String {
        self.values.set(self.values.get() + 1);
        if let Some(name) = schema.named() {
            return format!("{{{}}}", self.named(name));
        }
        if let Some(items) = &schema.items {
            return format!("[{}]", self.value(items));
        }
        if let Some(Additional::Schema(of)) = &schema.additional_properties {
            return format!("<{}>", self.value(of));
        }
        let prose = prose_of(schema);
        match schema.kind.as_deref() {
            Some("string") if prose.values.len() > 1 => values(&prose.values),
            kind => format!("{kind:?}"),
        }
    }
}

/// Returns the shape of a list of values.
pub fn values<T: AsRef<str>>(values: &[T]) -> String {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    values.join(" | ")
}

/// Returns the shape of a union.
pub fn union<'a>(tag: &str, members: impl Iterator<Item = &'a str>) -> String {
    format!("{tag} of {}", members.collect::<Vec<_>>().join(", "))
}

/// Returns the shape of an object in the spec, equal to that of [`Shapes`] for the same object.
pub fn of_spec(fields: &Fields, shared: Option<&SharedTypes>) -> String {
    fields_of_spec(fields, shared, 0, &Cell::new(0))
}

fn fields_of_spec(
    fields: &Fields,
    shared: Option<&SharedTypes>,
    depth: usize,
    values: &Cell<usize>,
) -> String {
    let fields = fields
        .iter()
        .map(|(name, field)| format!("{name}: {}", value_of_spec(field, shared, depth, values)));
    fields.collect::<Vec<_>>().join(", ")
}

fn value_of_spec(
    field: &Field,
    shared: Option<&SharedTypes>,
    depth: usize,
    values: &Cell<usize>,
) -> String {
    values.set(values.get() + 1);
    // A type can contain itself in a list. The first levels are enough to distinguish shapes.
    if depth > 12 || values.get() > MAX_VALUES {
        return String::new();
    }
    let element = |kind: Option<FieldType>| match (&field.each, kind) {
        (Some(each), _) => value_of_spec(each, shared, depth + 1, values),
        // The documented values of a list of texts belong to the list, not to its elements.
        (None, Some(FieldType::String)) => format!("{:?}", Some("string")),
        (None, Some(kind)) => value_of_spec(
            &Field {
                of: None,
                kind,
                ..field.clone()
            },
            shared,
            depth + 1,
            values,
        ),
        (None, None) => String::new(),
    };
    let used = field
        .shared
        .as_ref()
        .and_then(|name| shared?.types.get(name));
    match field.kind {
        FieldType::List => format!("[{}]", element(field.of)),
        FieldType::Map => format!("<{}>", element(field.of)),
        FieldType::Object => match used {
            Some(SharedType {
                tag: Some(tag),
                members,
                ..
            }) => format!("{{{}}}", union(tag, members.keys().map(String::as_str))),
            Some(ty) => format!(
                "{{{}}}",
                fields_of_spec(&ty.fields, shared, depth + 1, values)
            ),
            None => format!(
                "{{{}}}",
                fields_of_spec(&field.fields, shared, depth + 1, values)
            ),
        },
        FieldType::String => {
            let known = field.values.as_ref().or_else(|| used?.values.as_ref());
            match known.map(Values::names) {
                Some(known) if known.len() > 1 => self::values(&known),
                _ => format!("{:?}", Some("string")),
            }
        }
        kind => {
            let word = match kind {
                FieldType::Integer => "integer",
                FieldType::Float => "number",
                FieldType::Boolean => "boolean",
                _ => "object",
            };
            format!("{:?}", Some(word))
        }
    }
}
