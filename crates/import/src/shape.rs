//! Shapes of types, as texts: two types of one shape are one. Of schemas of the vendor's OpenAPI
//! file, and of types of the spec.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use indexmap::IndexMap;

use super::schema_prose::prose_of;
use crate::docs::openapi::{Additional, Document, Schema};
use dataforseo_spec::language::{Field, FieldType, Fields, SharedType, SharedTypes, Values};

/// The shapes of a file's schemas.
pub struct Shapes<'a> {
    document: &'a Document,
    /// The schemas whose shape is being worked out, from the outside in.
    under_way: RefCell<Vec<String>>,
    /// How many values the shape that is being worked out has so far.
    values: Cell<usize>,
    /// The shapes that were worked out.
    known: RefCell<HashMap<String, String>>,
}

/// How many values a shape is told of at most. Schemas that use each other often have shapes that
/// double with each level. The vendor's largest has some 2,000.
const MAX_VALUES: usize = 20_000;

/// How deep a shape is told of.
const MAX_LEVELS: usize = 40;

impl<'a> Shapes<'a> {
    /// Those of this file.
    pub fn new(document: &'a Document) -> Self {
        Self {
            document,
            under_way: RefCell::default(),
            values: Cell::default(),
            known: RefCell::default(),
        }
    }

    /// The shape of a named schema. One that holds itself, in a list, is told by its name there, and
    /// so is what is too much.
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

    /// The shape of a member, the fields of its union included.
    pub fn member(&self, union: &'a Schema, member: &str) -> String {
        let fields = match self.document.schema(member) {
            Some(member) => self.document.member_fields(union, member),
            None => IndexMap::new(),
        };
        format!("member {}", self.fields(&fields))
    }

    /// The shape of an object with these fields.
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

/// The shape of a list of values.
pub fn values<T: AsRef<str>>(values: &[T]) -> String {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    values.join(" | ")
}

/// The shape of a union.
pub fn union<'a>(tag: &str, members: impl Iterator<Item = &'a str>) -> String {
    format!("{tag} of {}", members.collect::<Vec<_>>().join(", "))
}

/// The shape of what is in the spec, as [`Shapes`] has it of what is in the file.
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
    // A type can hold itself in a list. What is so deep is told by its place anyway.
    if depth > 12 || values.get() > MAX_VALUES {
        return String::new();
    }
    let element = |kind: Option<FieldType>| match (&field.each, kind) {
        (Some(each), _) => value_of_spec(each, shared, depth + 1, values),
        // The values of a list's texts are told with the list, not with its elements.
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
