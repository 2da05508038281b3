//! Shapes and lists of values that recur in an OpenAPI file. Each becomes one shared type, in the
//! innermost folder of the spec that all of its users can see.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dataforseo_spec::language::{FieldType, SharedType, Values};
use dataforseo_spec::{Placement, Scope, names};
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

    /// Returns the scopes that define a type with a shape.
    fn scopes_of(&self, shape: &str) -> Vec<Scope> {
        let names = self.0.get(shape).into_iter().flatten();
        names.map(|(scope, _)| scope.clone()).collect()
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
    /// The places that use the shape: the shape around it, and the name in it.
    places: BTreeSet<(String, String)>,
    /// The scopes of the users.
    scopes: BTreeSet<Scope>,
    /// The functions of the users.
    functions: BTreeSet<String>,
    /// The first place.
    origin: Origin,
    /// The first schema with the shape; none for a list of values.
    schema: Option<&'a str>,
    /// The union, if the schema is a member.
    of_union: Option<&'a Schema>,
}

/// The place of a type in an endpoint.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The name of the endpoint.
    endpoint: String,
    /// The name of the endpoint's function.
    function: String,
    /// The names of the fields around the type, from the outside in.
    parents: Vec<String>,
    /// The name by its own field. Empty for a result.
    tail: String,
}

/// The parts of a path that belong to no function.
const MODES: [&str; 3] = ["live", "task_get", "task_post"];

/// The names by a field that say nothing without the fields around it.
const VAGUE: [&str; 7] = ["Item", "Element", "Data", "Value", "Info", "Entry", "List"];

impl Origin {
    /// Returns the place of an endpoint itself.
    fn of(place: &Placement) -> Self {
        let plain = names::plain_path(&place.rest);
        let parts = plain.split('/').filter(|part| !MODES.contains(part));
        let function = names::type_name(&parts.collect::<Vec<_>>().join("_"));
        Self {
            endpoint: place.name.clone(),
            function: function.unwrap_or_else(|| place.name.clone()),
            ..Self::default()
        }
    }

    /// Returns the place of a field in the type at this place.
    fn inside(&self, name: &str, tail: Option<String>) -> Self {
        let mut parents = self.parents.clone();
        parents.push(name.to_owned());
        Self {
            parents,
            tail: tail.unwrap_or_default(),
            ..self.clone()
        }
    }

    /// Returns possible names, from the shortest. A type of several functions is named by its field
    /// alone, if that says enough.
    pub fn names(&self, has_one_function: bool) -> Vec<String> {
        let Self {
            endpoint,
            function,
            tail,
            ..
        } = self;
        let around = self
            .parents
            .split_last()
            .map_or(&[][..], |(_, around)| around);
        if tail.is_empty() {
            return vec![
                function.clone(),
                format!("{function}Result"),
                format!("{endpoint}Page"),
            ];
        }
        let by_place = || names::by_place(around, tail);
        let whole = by_place().last().unwrap_or_else(|| tail.clone());
        let mut all = Vec::new();
        if !has_one_function {
            all.extend(Some(tail.clone()).filter(|tail| !VAGUE.contains(&tail.as_str())));
            all.extend(by_place());
        }
        all.push(format!("{function}{tail}"));
        all.extend(by_place().map(|name| format!("{function}{name}")));
        all.push(format!("{endpoint}{tail}"));
        all.push(format!("{endpoint}{whole}"));
        all
    }
}

/// The schemas and lists of values that operations use.
struct Survey<'a, 's> {
    document: &'a Document,
    shapes: &'s Shapes<'a>,
    uses: Uses<'a>,
    /// The schemas that the file does not contain.
    missing: BTreeSet<String>,
    scope: Scope,
    /// The schemas that are not visited yet, each with its place.
    queue: Vec<(&'a str, Origin)>,
}

impl<'a> Survey<'a, '_> {
    /// Adds the uses in an operation.
    fn operation(&mut self, operation: &PathOperation<'a>) {
        let PathOperation {
            path,
            place,
            operation,
            ..
        } = operation;
        self.scope.clone_from(&place.scope);
        let origin = Origin::of(place);
        if let Some((task, _)) = self.document.task(operation) {
            self.look(&format!("task of {path}"), task, &origin);
        }
        if let Some(result) = self.document.result(operation) {
            let shape = self.shapes.named(result);
            let place = (format!("result of {path}"), String::new());
            self.add(shape, place, &origin, Some(result), None);
            self.queue.push((result, origin));
        }
        let mut seen = BTreeSet::new();
        while let Some((name, origin)) = self.queue.pop() {
            if !seen.insert(name) {
                continue;
            }
            match self.document.schema(name) {
                Some(schema) => {
                    let owner = self.shapes.named(name);
                    self.look(&owner, schema, &origin);
                }
                None => {
                    self.missing.insert(name.to_owned());
                }
            }
        }
    }

    fn add(
        &mut self,
        shape: String,
        place: (String, String),
        origin: &Origin,
        schema: Option<&'a str>,
        of_union: Option<&'a Schema>,
    ) {
        let entry = self.uses.entry(shape).or_insert_with(|| SchemaUse {
            places: BTreeSet::new(),
            scopes: BTreeSet::new(),
            functions: BTreeSet::new(),
            origin: origin.clone(),
            schema,
            of_union,
        });
        entry.scopes.insert(self.scope.clone());
        entry.functions.insert(origin.function.clone());
        entry.places.insert(place);
    }

    /// Adds the schemas and lists of values that a schema refers to. `owner` is its shape.
    fn look(&mut self, owner: &str, schema: &'a Schema, origin: &Origin) {
        let mut fields = self.document.fields(schema);
        if let Some((tag, members)) = schema.members() {
            fields.shift_remove(tag);
            for (wire, member) in members {
                let shape = self.shapes.member(schema, member);
                let origin = origin.inside(wire, names::type_name(wire));
                let place = (owner.to_owned(), wire.to_owned());
                self.add(shape, place, &origin, Some(member), Some(schema));
                self.queue.push((member, origin));
            }
        }
        for (name, field) in fields {
            let tail = match field.items {
                Some(_) => names::element_name(name),
                None => names::type_name(name),
            };
            let origin = origin.inside(name, tail);
            let place = || (owner.to_owned(), name.to_owned());
            let prose = prose_of(field);
            if prose.values.len() > 1 && kind_of(field).0 != FieldType::Map {
                self.add(shape::values(&prose.values), place(), &origin, None, None);
            }
            let mut inner = Some(field);
            while let Some(schema) = inner {
                if let Some(inner) = schema.named() {
                    let shape = self.shapes.named(inner);
                    self.add(shape, place(), &origin, Some(inner), None);
                    self.queue.push((inner, origin.clone()));
                }
                inner = schema.element();
            }
        }
    }
}

/// A type that the import adds.
struct NewType<'a> {
    scope: Scope,
    shape: String,
    /// The schema, and its union if it is a member. None for a list of values.
    schema: Option<(&'a Schema, Option<&'a Schema>)>,
    schema_name: Option<&'a str>,
    /// The names of a union's members.
    variants: Vec<String>,
    /// Possible names, from the shortest.
    names: Vec<String>,
    /// The index of the current name.
    level: usize,
}

impl NewType<'_> {
    fn name(&self) -> &str {
        self.names.get(self.level).map_or("", String::as_str)
    }

    /// Returns all names that the type claims. A union also names the objects of its members.
    fn claimed(&self) -> impl Iterator<Item = String> {
        let name = self.name();
        let members = self
            .variants
            .iter()
            .map(move |variant| format!("{name}{variant}"));
        std::iter::once(name.to_owned()).chain(members)
    }
}

impl<'a> Importer<'a> {
    /// Names all unions, and the shapes and lists of values that occur more than once.
    pub fn name_what_recurs(&mut self, operations: &[PathOperation<'a>]) {
        let mut survey = Survey {
            document: self.document,
            shapes: &self.shapes,
            uses: Uses::new(),
            missing: BTreeSet::new(),
            scope: Scope::root(),
            queue: Vec::new(),
        };
        for operation in operations {
            survey.operation(operation);
        }
        let Survey { uses, missing, .. } = survey;
        self.missing.extend(missing);
        for operation in operations {
            let result = self.document.result(operation.operation);
            let shape = result.map(|result| self.shapes.named(result));
            let has_own =
                shape.is_none_or(|shape| uses.get(&shape).is_none_or(|it| it.places.len() < 2));
            if has_own {
                let name = format!("{}Result", operation.place.name);
                self.used_names
                    .insert_of_endpoint(&operation.place.scope, name);
            }
        }
        let mut new: Vec<NewType<'a>> = Vec::new();
        for (shape, it) in uses {
            new.extend(self.new_types(shape, it));
        }
        self.choose_names(&mut new);
        for ty in &new {
            self.named.insert(&ty.scope, ty.shape.clone(), ty.name());
            for name in ty.claimed() {
                self.used_names.insert(&ty.scope, name);
            }
        }
        for new in new {
            let name = new.name().to_owned();
            self.scope.clone_from(&new.scope);
            let ty = match new.schema {
                Some((schema, of_union)) => self.type_of(&name, schema, of_union),
                None => {
                    let values = new.shape.split(" | ").map(str::to_owned).collect();
                    SharedType {
                        values: Some(Values::Plain(values)),
                        ..SharedType::default()
                    }
                }
            };
            self.added.entry(new.scope).or_default().insert(name, ty);
        }
    }

    /// Returns the shared types that a shape becomes: one for all users that see no type with this
    /// shape. A type of an inner folder is not moved, so there can be several.
    fn new_types(&self, shape: String, it: SchemaUse<'a>) -> Vec<NewType<'a>> {
        let schema = match it.schema {
            // A schema that is not in the file has no shape to recognize.
            Some(name) => match self.document.schema(name) {
                Some(schema) => Some((schema, it.of_union)),
                None => return Vec::new(),
            },
            None => None,
        };
        let members = schema.and_then(|(schema, _)| schema.members());
        let variants = members.map(|(_, members)| {
            let variants = members.filter_map(|(wire, _)| names::type_name(wire));
            variants.collect::<Vec<_>>()
        });
        if it.places.len() < 2 && variants.is_none() {
            return Vec::new();
        }
        let users = it.scopes.iter();
        let users = users.filter(|scope| self.named.get(scope, &shape).is_none());
        let known = self.named.scopes_of(&shape);
        let scopes = scopes_for(&users.cloned().collect::<Vec<_>>(), &known);
        let names = it.origin.names(it.functions.len() == 1);
        let new = scopes.into_iter().map(|scope| NewType {
            scope,
            shape: shape.clone(),
            schema,
            schema_name: it.schema,
            variants: variants.clone().unwrap_or_default(),
            names: names.clone(),
            level: 0,
        });
        new.collect()
    }

    /// Chooses the names of new types. Types that would have the same name are all named by their
    /// place in more detail. Those that still clash are reported.
    fn choose_names(&mut self, new: &mut [NewType<'a>]) {
        let rounds = new.iter().map(|ty| ty.names.len()).max().unwrap_or(0);
        for _ in 0..=rounds * 2 {
            let clashing = self.clashing(new);
            let mut is_settled = true;
            for index in clashing {
                if let Some(ty) = new.get_mut(index)
                    && ty.level + 1 < ty.names.len()
                {
                    ty.level += 1;
                    is_settled = false;
                }
            }
            if is_settled {
                break;
            }
        }
        for index in 0..new.len() {
            if !self.clashing(new).contains(&index) {
                continue;
            }
            let Some(ty) = new.get_mut(index) else {
                continue;
            };
            let scope = ty.scope.parts().join("_");
            let scope = names::type_name(&scope).unwrap_or_else(|| "Shared".to_owned());
            let schema = ty.schema_name.and_then(names::type_name);
            let proposal = format!("{scope}{}", schema.as_deref().unwrap_or(ty.name()));
            self.notes.push(format!(
                "two types of `{}` would be named `{}`; one is named `{proposal}`: rename it in its \
                 file of types",
                ty.scope,
                ty.name()
            ));
            ty.names.push(proposal);
            ty.level = ty.names.len() - 1;
        }
    }

    /// Returns the new types whose names clash with each other or with those that are used.
    fn clashing(&self, new: &[NewType<'a>]) -> BTreeSet<usize> {
        let mut claims: HashMap<String, Vec<usize>> = HashMap::new();
        let mut clashing = BTreeSet::new();
        for (index, ty) in new.iter().enumerate() {
            for name in ty.claimed() {
                if names::is_core(&name) || self.used_names.is_used(&ty.scope, &name) {
                    clashing.insert(index);
                }
                claims.entry(name).or_default().push(index);
            }
        }
        for indices in claims.values() {
            for one in indices {
                let clashes = indices.iter().any(|other| {
                    let scopes = new.get(*one).zip(new.get(*other));
                    one != other
                        && scopes.is_some_and(|(one, other)| overlap(&one.scope, &other.scope))
                });
                if clashes {
                    clashing.insert(*one);
                }
            }
        }
        clashing
    }
}

/// Returns the scopes in which a shape is defined, so that all users see it. No scope contains one of
/// `known`, which define the shape already.
fn scopes_for(users: &[Scope], known: &[Scope]) -> Vec<Scope> {
    let Some(first) = users.first() else {
        return Vec::new();
    };
    let common = users
        .iter()
        .fold(first.clone(), |common, user| common.common(user));
    if !known.iter().any(|known| known.is_within(&common)) {
        return vec![common];
    }
    let depth = common.parts().len();
    let mut parts: BTreeMap<Option<&String>, Vec<Scope>> = BTreeMap::new();
    for user in users {
        let part = user.parts().get(depth);
        parts.entry(part).or_default().push(user.clone());
    }
    if parts.len() < 2 {
        return users.to_vec();
    }
    let parts = parts.into_values();
    parts.flat_map(|users| scopes_for(&users, known)).collect()
}
