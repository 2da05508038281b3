//! Shapes of types as text, for schemas of the vendor's OpenAPI file and for types of the spec.
//! Types with the same shape are the same type.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use indexmap::IndexMap;

use super::schema_prose::prose_of;
use crate::docs::openapi::{Additional, Document, Schema};
use dataforseo_spec::language::{
    Field, FieldType, Fields, Member, SharedType, SharedTypes, Values,
};

/// The shapes of a file's schemas.
pub struct Shapes<'a> {
    document: &'a Document,
    nesting: Nesting,
}

/// The objects whose shapes are being computed, and the shapes that are known.
///
/// An object inside of itself is represented by the number of levels between the two. A shape that
/// is complete in itself is hashed, as it occurs inside of many others.
#[derive(Default)]
struct Nesting {
    /// The objects around the current value, from the outside in, with their names if they have one.
    around: RefCell<Vec<Option<String>>>,
    /// The outermost of these objects that the current shape refers to, as a position.
    outermost: Cell<Option<usize>>,
    /// The number of values in the shape that is being computed. A known shape counts as one.
    values: Cell<usize>,
    /// The known shapes by name.
    known: RefCell<HashMap<String, String>>,
}

impl Nesting {
    /// Returns the shape of an object, which `shape` computes if it is not known.
    fn object(&self, name: Option<&str>, shape: impl FnOnce() -> String) -> String {
        let levels = self.around.borrow().len();
        if levels == 0 {
            self.values.set(0);
        }
        let known = name.and_then(|name| self.known.borrow().get(name).cloned());
        if let Some(known) = known {
            return known;
        }
        let is_itself = |other: &Option<String>| name.is_some() && other.as_deref() == name;
        let position = self.around.borrow().iter().position(is_itself);
        if let Some(position) = position {
            self.refer_to(position);
            return format!("^{}", levels - position);
        }
        if levels > MAX_LEVELS || self.values.get() > MAX_VALUES {
            self.refer_to(0);
            return format!("^{}", name.unwrap_or_default());
        }
        let of_others = self.outermost.take();
        self.around.borrow_mut().push(name.map(str::to_owned));
        let mut shape = shape();
        self.around.borrow_mut().pop();
        let is_complete = self
            .outermost
            .get()
            .is_none_or(|position| position >= levels);
        if is_complete || levels == 0 {
            shape = format!("#{:016x}", hash(&shape));
            if let Some(name) = name {
                let mut known = self.known.borrow_mut();
                known.insert(name.to_owned(), shape.clone());
            }
            self.outermost.set(None);
        }
        if let Some(position) = of_others {
            self.refer_to(position);
        }
        shape
    }

    fn refer_to(&self, position: usize) {
        let outermost = self.outermost.get();
        let outermost = outermost.map_or(position, |other| other.min(position));
        self.outermost.set(Some(outermost));
    }

    fn count_value(&self) {
        self.values.set(self.values.get() + 1);
    }
}

fn hash(shape: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    shape.hash(&mut hasher);
    hasher.finish()
}

/// The maximum number of values in a shape. Shapes of schemas that contain each other in a circle can
/// double with each level.
const MAX_VALUES: usize = 2_000;

/// The maximum depth of a shape.
const MAX_LEVELS: usize = 40;

impl<'a> Shapes<'a> {
    /// Creates an empty cache of the shapes of a file.
    pub fn new(document: &'a Document) -> Self {
        Self {
            document,
            nesting: Nesting::default(),
        }
    }

    /// Returns the shape of a named schema.
    pub fn named(&self, name: &str) -> String {
        match self.document.schema(name) {
            Some(schema) => self.nesting.object(Some(name), || self.schema(schema)),
            None => String::new(),
        }
    }

    fn schema(&self, schema: &Schema) -> String {
        match schema.members() {
            Some((_, members)) => {
                let members =
                    members.map(|(wire, member)| (wire.to_owned(), self.member(schema, member)));
                union(members)
            }
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
        self.nesting.count_value();
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

/// Returns the shape of a union: the shape of each member by the value of its tag. The tag is not a
/// part of it, as tasks can be sent without one.
fn union(members: impl Iterator<Item = (String, String)>) -> String {
    let members = members.map(|(wire, shape)| format!("{wire} ({shape})"));
    format!("one of {}", members.collect::<Vec<_>>().join(", "))
}

/// The shapes of types of the spec, equal to those of [`Shapes`] for the same types.
pub struct SpecShapes<'a> {
    known: &'a SharedTypes,
    nesting: Nesting,
}

impl<'a> SpecShapes<'a> {
    /// Creates an empty cache of the shapes of shared types.
    pub fn new(known: &'a SharedTypes) -> Self {
        Self {
            known,
            nesting: Nesting::default(),
        }
    }

    /// Returns the shape of a shared type.
    pub fn named(&self, name: &str) -> String {
        let Some(ty) = self.known.types.get(name) else {
            return String::new();
        };
        if let Some(values) = &ty.values {
            return self::values(&values.names());
        }
        self.nesting.object(Some(name), || match ty.is_union() {
            true => {
                let members = ty.members.iter();
                let members = members.map(|(wire, member)| {
                    let shape = match &member.shared {
                        Some(shared) => self
                            .known
                            .types
                            .get(shared)
                            .map(|ty| self.fields(&ty.fields)),
                        None => Some(self.member(ty, member)),
                    };
                    (
                        wire.clone(),
                        format!("member {}", shape.unwrap_or_default()),
                    )
                });
                union(members)
            }
            false => self.fields(&ty.fields),
        })
    }

    /// Returns the shape of a member: the fields of the union, then its own.
    fn member(&self, union: &'a SharedType, member: &'a Member) -> String {
        let fields = [self.fields(&union.fields), self.fields(&member.fields)];
        let fields: Vec<&str> = fields
            .iter()
            .map(String::as_str)
            .filter(|it| !it.is_empty())
            .collect();
        fields.join(", ")
    }

    /// Returns the shape of an object with fields of its own.
    pub fn fields(&self, fields: &'a Fields) -> String {
        let fields = fields.iter();
        let fields =
            fields.map(|(name, field)| format!("{name}: {}", self.value(field, field.kind)));
        fields.collect::<Vec<_>>().join(", ")
    }

    fn element(&self, field: &'a Field) -> String {
        match (&field.each, field.of) {
            (Some(each), _) => self.value(each, each.kind),
            // The documented values of a list of texts belong to the list, not to its elements.
            (None, Some(FieldType::String)) => format!("{:?}", Some("string")),
            (None, Some(kind)) => self.value(field, kind),
            (None, None) => String::new(),
        }
    }

    /// Returns the shape of a field's value as one of the given kind.
    fn value(&self, field: &'a Field, kind: FieldType) -> String {
        self.nesting.count_value();
        let word = match kind {
            FieldType::List => return format!("[{}]", self.element(field)),
            FieldType::Map => return format!("<{}>", self.element(field)),
            FieldType::Object => {
                let inner = match &field.shared {
                    Some(shared) => self.named(shared),
                    None => self.nesting.object(None, || self.fields(&field.fields)),
                };
                return format!("{{{inner}}}");
            }
            FieldType::String => {
                let used = field
                    .shared
                    .as_ref()
                    .and_then(|name| self.known.types.get(name));
                let known = field.values.as_ref().or_else(|| used?.values.as_ref());
                match known.map(Values::names) {
                    Some(known) if known.len() > 1 => return self::values(&known),
                    _ => "string",
                }
            }
            FieldType::Integer => "integer",
            FieldType::Float => "number",
            FieldType::Boolean => "boolean",
            _ => "object",
        };
        format!("{:?}", Some(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a type whose union has a member with one field of a type.
    fn types(kind: FieldType) -> SharedTypes {
        let fields: Fields = [("a".to_owned(), Field::new(kind))].into();
        let member = Member {
            fields,
            ..Member::default()
        };
        let union = SharedType {
            tag: Some("type".into()),
            members: [("one".to_owned(), member)].into(),
            ..SharedType::default()
        };
        SharedTypes {
            types: [("Item".to_owned(), union)].into(),
        }
    }

    #[test]
    fn unions_with_equal_tags_and_other_members_are_different() {
        let shape = |kind| SpecShapes::new(&types(kind)).named("Item");
        assert_eq!(shape(FieldType::Integer), shape(FieldType::Integer));
        assert_ne!(shape(FieldType::Integer), shape(FieldType::String));
    }

    #[test]
    fn a_schema_and_the_type_of_the_spec_that_describes_it_have_one_shape() {
        let document: Document = serde_json::from_value(serde_json::json!({
            "paths": {},
            "components": { "schemas": {
                "Item": {
                    "type": "object",
                    "discriminator": {
                        "propertyName": "type",
                        "mapping": { "one": "#/components/schemas/One" },
                    },
                    "properties": { "type": { "type": "string" } },
                },
                "One": { "type": "object", "properties": {
                    "inside": { "type": "array", "items": { "$ref": "#/components/schemas/Item" } },
                } },
            } },
        }))
        .unwrap();
        let mut inside = Field::new(FieldType::List);
        (inside.of, inside.shared) = (Some(FieldType::Object), Some("Item".into()));
        let mut known = types(FieldType::Json);
        known.types["Item"].members["one"].fields = [("inside".to_owned(), inside)].into();
        assert_eq!(
            Shapes::new(&document).named("Item"),
            SpecShapes::new(&known).named("Item")
        );
    }
}
