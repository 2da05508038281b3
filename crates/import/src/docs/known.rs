//! The fields that are known before the rows of a table are nested: those of the spec, and those of
//! the example on the page.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::Value;

use dataforseo_spec::language::{Field, Fields, SharedType, SharedTypes};

/// The fields of the objects of an example, by the kind of object.
type Kinds<'a> = IndexMap<Option<&'a str>, IndexMap<&'a str, ExampleShape<'a>>>;

/// The shape of all values that an example has at one place.
#[derive(Debug, Default)]
pub struct ExampleShape<'a> {
    /// The fields of the objects, by the value of their field `type`.
    kinds: Kinds<'a>,
    /// Whether the example has a text, a number or a boolean here, or a list of them.
    has_scalars: bool,
}

impl<'a> ExampleShape<'a> {
    /// Returns the shape of an example. The elements of a list have one common shape.
    pub fn of(example: &'a Value) -> Self {
        let mut shape = Self::default();
        shape.add(example);
        shape
    }

    /// Returns the shape of all results in the example of a response.
    pub fn of_results(response: &'a Value) -> Self {
        let mut shape = Self::default();
        let tasks = response.get("tasks").and_then(Value::as_array);
        for task in tasks.into_iter().flatten() {
            task.get("result").into_iter().for_each(|it| shape.add(it));
        }
        shape
    }

    fn add(&mut self, value: &'a Value) {
        match value {
            Value::Null => {}
            Value::Array(list) => list.iter().for_each(|value| self.add(value)),
            Value::Object(map) => {
                let kind = map.get("type").and_then(Value::as_str);
                let fields = self.kinds.entry(kind).or_default();
                for (name, value) in map {
                    fields.entry(name).or_default().add(value);
                }
            }
            _ => self.has_scalars = true,
        }
    }
}

/// The fields that are known inside a field or at the top of a table.
#[derive(Debug, Clone, Default)]
pub struct Known<'a> {
    /// The fields in the spec. Those of each member of a union are separate.
    spec: Vec<&'a Fields>,
    /// The union in the spec, if the place has elements of several kinds.
    union: Option<&'a SharedType>,
    /// The fields of the objects in the example.
    example: Vec<(Option<&'a str>, &'a IndexMap<&'a str, ExampleShape<'a>>)>,
    /// The shared types of the spec.
    shared: Option<&'a SharedTypes>,
}

impl<'a> Known<'a> {
    /// Creates the knowledge of fields in the spec.
    pub fn of_fields(fields: Option<&'a Fields>, shared: Option<&'a SharedTypes>) -> Self {
        Self {
            spec: fields.filter(|it| !it.is_empty()).into_iter().collect(),
            shared,
            ..Self::default()
        }
    }

    /// Creates the knowledge of a shared type: its fields, and those of its members.
    pub fn of_type(ty: &'a SharedType, shared: Option<&'a SharedTypes>) -> Self {
        let mut known = Self::of_fields(Some(&ty.fields), shared);
        known.union = ty.tag.as_ref().map(|_| ty);
        let members = ty.members.keys().flat_map(|tag| known.member(tag));
        let members: Vec<_> = members.collect();
        known.spec.extend(members);
        known
    }

    /// Adds the fields of an example.
    pub fn with_example(mut self, example: Option<&'a ExampleShape<'a>>) -> Self {
        let kinds = example.into_iter().flat_map(|example| &example.kinds);
        self.example
            .extend(kinds.map(|(kind, fields)| (*kind, fields)));
        self
    }

    /// Returns the fields of a member of the union, without the common ones.
    fn member(&self, tag: &str) -> Option<&'a Fields> {
        let member = self.union?.members.get(tag)?;
        let shared = member.shared.as_ref();
        let used = shared.and_then(|name| self.shared?.types.get(name));
        Some(used.map_or(&member.fields, |used| &used.fields))
    }

    /// Returns whether no field is known.
    pub fn is_empty(&self) -> bool {
        self.spec.is_empty() && self.union.is_none() && self.example.is_empty()
    }

    /// Returns whether a field is known.
    pub fn has(&self, name: &str) -> bool {
        let is_tag = self.union.is_some_and(|it| it.tag.as_deref() == Some(name));
        is_tag || self.field(name).is_some() || self.examples(name).next().is_some()
    }

    /// Returns a field of the spec.
    pub fn field(&self, name: &str) -> Option<&'a Field> {
        self.spec.iter().find_map(|fields| fields.get(name))
    }

    fn examples(&self, name: &str) -> impl Iterator<Item = &'a ExampleShape<'a>> {
        self.example
            .iter()
            .filter_map(move |(_, fields)| fields.get(name))
    }

    /// Returns whether the example shows a field that has no fields inside.
    pub fn is_scalar(&self, name: &str) -> bool {
        let mut shapes = self.examples(name);
        shapes.any(|shape| shape.has_scalars && shape.kinds.is_empty())
    }

    /// Returns the fields between the last one of `met` and a field, in the order of the example or of
    /// the spec.
    pub fn between(&self, met: &HashSet<&str>, name: &str) -> impl Iterator<Item = &'a str> {
        let names = |fields: &'a Fields| fields.keys().map(String::as_str).collect::<Vec<_>>();
        let spec = self.spec.iter().map(|fields| names(fields));
        let example = self.example.iter();
        let example = example.map(|(_, fields)| fields.keys().copied().collect());
        let mut all = spec.chain(example).filter_map(|names: Vec<&'a str>| {
            let end = names.iter().position(|other| *other == name)?;
            let start = names[..end].iter().rposition(|other| met.contains(other));
            Some(names[start.map_or(0, |at| at + 1)..end].to_vec())
        });
        all.next().unwrap_or_default().into_iter()
    }

    /// Returns the fields that are known inside a field.
    pub fn inside(&self, name: &str) -> Self {
        let mut inside = Self {
            shared: self.shared,
            ..Self::default()
        };
        for field in self.spec.iter().filter_map(|fields| fields.get(name)) {
            let found = self.inside_field(field);
            inside.union = inside.union.or(found.union);
            inside.spec.extend(found.spec);
        }
        for shape in self.examples(name) {
            inside = inside.with_example(Some(shape));
        }
        inside
    }

    /// Returns the fields inside a field of the spec, or those of its shared type.
    fn inside_field(&self, field: &'a Field) -> Self {
        let mut leaf = field;
        while let Some(each) = &leaf.each {
            leaf = each;
        }
        let shared = leaf.shared.as_ref();
        match shared.and_then(|name| self.shared?.types.get(name)) {
            Some(used) => Self::of_type(used, self.shared),
            None => Self::of_fields(Some(field.inner()), self.shared),
        }
    }

    /// Returns the fields of the values of a map whose keys are numbers. The spec describes the values
    /// and the example has the keys.
    pub fn inside_key(&self, key: &str) -> Self {
        let mut inside = Self {
            spec: self.spec.clone(),
            union: self.union,
            shared: self.shared,
            ..Self::default()
        };
        for shape in self.examples(key) {
            inside = inside.with_example(Some(shape));
        }
        inside
    }

    /// Returns the knowledge of one kind of element, if the kind is known.
    pub fn of_kind(&self, tag: &str, value: &str) -> Option<Self> {
        let is_tag = |union: &&SharedType| union.tag.as_deref() == Some(tag);
        let member = self.union.filter(is_tag).and_then(|_| self.member(value));
        let is_kind = |kind: &Option<&str>| tag == "type" && *kind == Some(value);
        let example = self.example.iter().filter(|(kind, _)| is_kind(kind));
        let example: Vec<_> = example.copied().collect();
        if member.is_none() && example.is_empty() {
            return None;
        }
        let spec = match (member, self.union) {
            (Some(own), Some(union)) => vec![own, &union.fields],
            // Without a union, the spec describes elements of one kind.
            _ => self.spec.clone(),
        };
        Some(Self {
            spec,
            union: self.union,
            example,
            shared: self.shared,
        })
    }
}
