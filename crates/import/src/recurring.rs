//! Shapes and lists of values that recur in an OpenAPI file. Each becomes one shared type, in the
//! innermost folder of the spec that all of its users can see.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dataforseo_spec::language::{FieldType, SharedType, Values};
use dataforseo_spec::{Scope, names};
use indexmap::IndexMap;

use crate::docs::openapi::{Document, Schema};
use crate::openapi::{Importer, PathOperation};
use crate::outline::kind_of;
use crate::schema_prose::prose_of;
use crate::shape::{self, Shapes};

/// The names of shapes, by the scope that defines the type.
#[derive(Default)]
pub struct NamedShapes(HashMap<String, Vec<(Scope, String)>>);

impl NamedShapes {
    /// Names a shape. A name in the same scope is replaced.
    pub fn insert(&mut self, scope: &Scope, shape: String, name: &str) {
        let names = self.0.entry(shape).or_default();
        names.retain(|(other, _)| other != scope);
        names.push((scope.clone(), name.to_owned()));
    }

    /// Returns the name of a shape in the innermost scope that is visible in a scope.
    pub fn get(&self, scope: &Scope, shape: &str) -> Option<&str> {
        let names = self.0.get(shape)?.iter();
        let visible = names.filter(|(other, _)| scope.is_within(other));
        let innermost = visible.max_by_key(|(other, _)| other.parts().len());
        innermost.map(|(_, name)| name.as_str())
    }
}

/// The names of types, by scope.
#[derive(Default)]
pub struct UsedNames {
    types: BTreeMap<Scope, BTreeSet<String>>,
    endpoints: BTreeMap<Scope, BTreeSet<String>>,
}

impl UsedNames {
    /// Adds the name of a shared type.
    pub fn insert(&mut self, scope: &Scope, name: String) {
        self.types.entry(scope.clone()).or_default().insert(name);
    }

    /// Adds the name of an endpoint, or of its task or result.
    pub fn insert_of_endpoint(&mut self, scope: &Scope, name: String) {
        let names = self.endpoints.entry(scope.clone()).or_default();
        names.insert(name);
    }

    /// Returns the names of all shared types that are visible in a scope.
    pub fn of_types(&self, scope: &Scope) -> impl Iterator<Item = &String> + Clone {
        let scopes: Vec<Scope> = scope.outward().collect();
        let all = self.types.iter();
        all.filter(move |(other, _)| scopes.contains(other))
            .flat_map(|(_, names)| names)
    }

    /// Returns whether an endpoint has a name that is visible in a scope or in a folder inside.
    fn is_of_endpoint(&self, scope: &Scope, name: &str) -> bool {
        let mut all = self.endpoints.iter();
        all.any(|(other, names)| overlap(scope, other) && names.contains(name))
    }

    /// Returns whether a type of a scope cannot have a name: because it is visible there, or because
    /// a folder inside has it.
    fn is_used(&self, scope: &Scope, name: &str) -> bool {
        let mut all = self.types.iter();
        all.any(|(other, names)| overlap(scope, other) && names.contains(name))
            || self.is_of_endpoint(scope, name)
    }
}

/// Returns whether one of two scopes is inside of the other.
fn overlap(one: &Scope, other: &Scope) -> bool {
    one.is_within(other) || other.is_within(one)
}

/// The uses of shapes in a file, by shape.
type Uses<'a> = IndexMap<String, SchemaUse<'a>>;

/// The uses of one shape.
struct SchemaUse<'a> {
    /// The places that use the shape.
    places: BTreeSet<(String, &'a str)>,
    /// The innermost scope that all users can see.
    scope: Scope,
    /// The first schema with the shape; the name of the field for a list of values.
    schema: &'a str,
    /// The union, if the schema is a member.
    of_union: Option<&'a Schema>,
}

/// The schemas and lists of values that operations use.
struct Survey<'a, 's> {
    document: &'a Document,
    shapes: &'s Shapes<'a>,
    uses: Uses<'a>,
    enums: Uses<'a>,
    /// The schemas that the file does not contain.
    missing: BTreeSet<String>,
}

impl<'a> Survey<'a, '_> {
    /// Adds the uses in the operations of one scope.
    fn scope(&mut self, scope: &Scope, operations: &[&PathOperation<'a>]) {
        let mut seen = BTreeSet::new();
        let mut queue: Vec<&str> = Vec::new();
        for PathOperation {
            path, operation, ..
        } in operations
        {
            if let Some((task, _)) = self.document.task(operation) {
                self.look(scope, &format!("task of {path}"), task, &mut queue);
            }
            if let Some(result) = self.document.result(operation) {
                let shape = self.shapes.named(result);
                self.add(
                    scope,
                    shape,
                    (format!("result of {path}"), ""),
                    result,
                    None,
                );
                queue.push(result);
            }
            while let Some(name) = queue.pop() {
                if !seen.insert(name) {
                    continue;
                }
                match self.document.schema(name) {
                    Some(schema) => {
                        let owner = self.shapes.named(name);
                        self.look(scope, &owner, schema, &mut queue);
                    }
                    None => {
                        self.missing.insert(name.to_owned());
                    }
                }
            }
        }
    }

    fn add(
        &mut self,
        scope: &Scope,
        shape: String,
        place: (String, &'a str),
        schema: &'a str,
        of_union: Option<&'a Schema>,
    ) {
        let entry = self.uses.entry(shape).or_insert_with(|| SchemaUse {
            places: BTreeSet::new(),
            scope: scope.clone(),
            schema,
            of_union,
        });
        entry.scope = entry.scope.common(scope);
        entry.places.insert(place);
    }

    /// Adds the schemas and lists of values that a schema refers to. `owner` is its shape.
    fn look(&mut self, scope: &Scope, owner: &str, schema: &'a Schema, queue: &mut Vec<&'a str>) {
        let mut fields = self.document.fields(schema);
        if let Some((tag, members)) = schema.members() {
            fields.shift_remove(tag);
            for (wire, member) in members {
                let shape = self.shapes.member(schema, member);
                self.add(scope, shape, (owner.to_owned(), wire), member, Some(schema));
                queue.push(member);
            }
        }
        for (name, field) in fields {
            let prose = prose_of(field);
            if prose.values.len() > 1 && kind_of(field).0 != FieldType::Map {
                let entry = self
                    .enums
                    .entry(shape::values(&prose.values))
                    .or_insert_with(|| SchemaUse {
                        places: BTreeSet::new(),
                        scope: scope.clone(),
                        schema: name,
                        of_union: None,
                    });
                entry.scope = entry.scope.common(scope);
                entry.places.insert((owner.to_owned(), name));
            }
            let mut inner = Some(field);
            while let Some(schema) = inner {
                if let Some(inner) = schema.named() {
                    let shape = self.shapes.named(inner);
                    self.add(scope, shape, (owner.to_owned(), name), inner, None);
                    queue.push(inner);
                }
                inner = schema.element();
            }
        }
    }
}

impl<'a> Importer<'a> {
    /// Names all unions, and the shapes and lists of values that occur more than once.
    pub fn name_what_recurs(&mut self, operations: &[PathOperation<'a>]) {
        let mut by_scope: BTreeMap<&Scope, Vec<&PathOperation<'a>>> = BTreeMap::new();
        for operation in operations {
            let all = by_scope.entry(&operation.place.scope).or_default();
            all.push(operation);
        }
        let mut survey = Survey {
            document: self.document,
            shapes: &self.shapes,
            uses: Uses::new(),
            enums: Uses::new(),
            missing: BTreeSet::new(),
        };
        for (scope, operations) in by_scope {
            survey.scope(scope, &operations);
        }
        let Survey {
            uses,
            enums,
            missing,
            ..
        } = survey;
        self.missing.extend(missing);
        for (values, it) in enums {
            let SchemaUse { places, scope, .. } = it;
            if places.len() > 1 && self.named.get(&scope, &values).is_none() {
                let name = self.free_name(&scope, plain_name(it.schema), &[]);
                self.named.insert(&scope, values.clone(), &name);
                let values = values.split(" | ").map(str::to_owned).collect();
                let ty = SharedType {
                    values: Some(Values::Plain(values)),
                    ..SharedType::default()
                };
                self.added.entry(scope).or_default().insert(name, ty);
            }
        }
        let mut wanted = Vec::new();
        for (shape, it) in uses {
            // A schema that is not in the file has no shape to recognize.
            let Some(schema) = self.document.schema(it.schema) else {
                continue;
            };
            let variants = schema.members().map(|(_, members)| {
                let variants = members.filter_map(|(wire, _)| names::type_name(wire));
                variants.collect::<Vec<_>>()
            });
            let is_shared = it.places.len() > 1 || variants.is_some();
            if is_shared && self.named.get(&it.scope, &shape).is_none() {
                let name = plain_name(it.schema);
                let name = self.free_name(&it.scope, name, &variants.unwrap_or_default());
                self.named.insert(&it.scope, shape, &name);
                wanted.push((it.scope, name, schema, it.of_union));
            }
        }
        for (scope, name, schema, of_union) in wanted {
            self.scope.clone_from(&scope);
            let ty = self.type_of(&name, schema, of_union);
            self.added.entry(scope).or_default().insert(name, ty);
        }
    }

    /// Returns a name that no other type has. `variants` are the names of a union's members.
    fn free_name(&mut self, scope: &Scope, mut name: String, variants: &[String]) -> String {
        if names::is_core(&name) || self.used_names.is_of_endpoint(scope, &name) {
            let section = scope.parts().last().and_then(|it| names::type_name(it));
            name = format!("{}{name}", section.unwrap_or_else(|| "Shared".to_owned()));
        }
        // A union also names the objects of its members.
        let all = |name: &str| {
            let members = variants.iter().map(|variant| format!("{name}{variant}"));
            std::iter::once(name.to_owned())
                .chain(members)
                .collect::<Vec<_>>()
        };
        let is_free = |used: &UsedNames, name: &str| {
            let all = all(name);
            !all.iter().any(|name| used.is_used(scope, name))
        };
        // A duplicate name gets a letter until a person chooses a better one.
        let mut letters = 'B'..='Z';
        let mut free = name.clone();
        while !is_free(&self.used_names, &free) {
            match letters.next() {
                Some(letter) => free = format!("{name}{letter}"),
                None => free.push('Z'),
            }
        }
        for name in all(&free) {
            self.used_names.insert(scope, name);
        }
        free
    }
}

/// Returns the Rust name for a schema, without common endings.
fn plain_name(schema: &str) -> String {
    let without_base = schema.strip_prefix("Base");
    let mut name = without_base
        .filter(|rest| !rest.is_empty())
        .unwrap_or(schema);
    for ending in ["Info", "Item", "Element", "Result"] {
        if let Some(rest) = name.strip_suffix(ending).filter(|rest| !rest.is_empty()) {
            name = rest;
        }
    }
    let named = names::type_name(name).or_else(|| names::type_name(&format!("schema_{name}")));
    named.unwrap_or_else(|| "Schema".to_owned())
}
