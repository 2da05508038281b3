//! The types of the resolved model.

use std::sync::Arc;

use crate::Scope;
use crate::dates::DateExpression;
use crate::language::{self, Method, Mode};
use crate::price::Price;

/// The whole API.
#[derive(Debug)]
pub struct Model {
    /// Facts about all endpoints.
    pub api: language::Api,
    /// The status codes in ascending order.
    pub status_codes: Vec<language::StatusCode>,
    /// The types that all sections share.
    pub shared: Arc<Vec<TypesFile>>,
    /// The sections that have endpoints, by name.
    pub sections: Vec<Section>,
}

impl Model {
    /// Returns the number of places that name a type, and the number of generated types and fields.
    pub fn types(&self) -> TypeCount {
        let mut count = TypeCount::default();
        for ty in types_in(self.shared.iter()) {
            count.emitted(ty);
        }
        for section in &self.sections {
            let groups = section.groups.iter().flat_map(|group| &group.types);
            for ty in types_in(section.types.iter().chain(groups)) {
                count.emitted(ty);
            }
            for endpoint in &section.endpoints {
                let own = [&endpoint.task, &endpoint.result];
                for object in own.into_iter().flatten() {
                    count.object(object);
                }
                // The use of a shared result. The endpoint's own result is already counted.
                count.named += usize::from(endpoint.task.is_some());
                count.named += usize::from(matches!(endpoint.result_type, Type::Object(_)));
                for ty in &endpoint.types {
                    count.emitted(ty);
                }
            }
        }
        count
    }

    /// Returns all endpoints by section and path.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.sections.iter().flat_map(|section| &section.endpoints)
    }
}

/// The number of types in a model.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct TypeCount {
    /// Places that name or describe a type.
    pub named: usize,
    /// Types that are generated.
    pub emitted: usize,
    /// Fields of generated types.
    pub fields: usize,
}

impl TypeCount {
    fn object(&mut self, object: &Object) {
        self.emitted += 1;
        self.fields += object.fields.len();
        for field in &object.fields {
            let mut ty = &field.ty;
            while let Type::List(of) | Type::Map(of) | Type::Numbered(of) = ty {
                ty = of;
            }
            let named = matches!(ty, Type::Object(_) | Type::Enum(_) | Type::Union(_));
            self.named += usize::from(named);
        }
    }

    fn emitted(&mut self, ty: &TypeDef) {
        match ty {
            TypeDef::Object(object) => self.object(object),
            TypeDef::Enum(_) => self.emitted += 1,
            TypeDef::Union(union) => {
                self.emitted += 1;
                self.named += union.members.len();
            }
        }
    }
}

/// A file of shared types.
#[derive(Debug)]
pub struct TypesFile {
    /// The name of the spec file, for messages and headers.
    pub file: String,
    /// The Rust module: `types`, or a module inside of `types`.
    pub module: Vec<String>,
    /// The types.
    pub types: Vec<TypeDef>,
}

/// Returns the types of some files.
pub fn types_in<'a>(
    files: impl IntoIterator<Item = &'a TypesFile>,
) -> impl Iterator<Item = &'a TypeDef> {
    files.into_iter().flat_map(|file| &file.types)
}

/// A section of the API.
#[derive(Debug)]
pub struct Section {
    /// The name in paths, of the module and of the cargo feature.
    pub name: String,
    /// The topic of the section.
    pub doc: String,
    /// The types that all sections share.
    pub shared: Arc<Vec<TypesFile>>,
    /// The types that the section's endpoints and groups share.
    pub types: Vec<TypesFile>,
    /// The groups that have endpoints.
    pub groups: Vec<Group>,
    /// The endpoints by folder and file, including those of the groups.
    pub endpoints: Vec<Endpoint>,
}

/// A group of a section: the endpoints of one engine or source.
#[derive(Debug)]
pub struct Group {
    /// The name in paths and of the module.
    pub name: String,
    /// The topic of the group.
    pub doc: String,
    /// The types that the group's endpoints share.
    pub types: Vec<TypesFile>,
}

impl Section {
    /// Returns the scopes of the section: its own, and those of its groups.
    pub fn scopes(&self) -> Vec<Scope> {
        let own = Scope::section(&self.name);
        let groups = self.groups.iter().map(|group| own.child(&group.name));
        std::iter::once(own.clone()).chain(groups).collect()
    }

    /// Returns the group of a scope.
    pub fn group(&self, scope: &Scope) -> Option<&Group> {
        let name = scope.group_name()?;
        self.groups.iter().find(|group| group.name == name)
    }

    /// Returns the endpoints of a scope, without those of the groups inside.
    pub fn endpoints_in<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a Endpoint> {
        let endpoints = self.endpoints.iter();
        endpoints.filter(move |endpoint| endpoint.scope == *scope)
    }

    /// Returns the files of shared types that a scope defines itself.
    pub fn files_of(&self, scope: &Scope) -> &[TypesFile] {
        match (scope.parts(), self.group(scope)) {
            ([], _) => &self.shared,
            ([_], _) => &self.types,
            (_, Some(group)) => &group.types,
            (_, None) => &[],
        }
    }

    /// Returns the shared types that are visible in a scope, from the inside out.
    pub fn shared_in(&self, scope: &Scope) -> impl Iterator<Item = &TypeDef> {
        let of_group = self.group(scope).into_iter().flat_map(|group| &group.types);
        let is_root = scope.parts().is_empty();
        let of_section = self.types.iter().filter(move |_| !is_root);
        types_in(of_group.chain(of_section).chain(self.shared.iter()))
    }

    /// Returns the scope that defines a shared type that is visible in a scope.
    pub fn scope_of(&self, scope: &Scope, name: &str) -> Option<Scope> {
        scope.outward().find(|scope| {
            let mut types = types_in(self.files_of(scope));
            types.any(|ty| ty.name() == name)
        })
    }

    /// Returns the types that an endpoint can refer to: its own, then shared ones.
    pub fn types_of<'a>(&'a self, endpoint: &'a Endpoint) -> Vec<&'a TypeDef> {
        let own = endpoint.types.iter();
        own.chain(self.shared_in(&endpoint.scope)).collect()
    }

    /// Returns the type with a name that an endpoint can refer to.
    pub fn find<'a>(&'a self, endpoint: &'a Endpoint, name: &str) -> Option<&'a TypeDef> {
        let own = endpoint.types.iter();
        own.chain(self.shared_in(&endpoint.scope))
            .find(|ty| ty.name() == name)
    }

    /// Returns the object with a name that an endpoint can refer to, including its result.
    pub fn find_object<'a>(&'a self, endpoint: &'a Endpoint, name: &str) -> Option<&'a Object> {
        match self.find(endpoint, name) {
            Some(TypeDef::Object(object)) => Some(object),
            _ => endpoint.result.as_ref().filter(|it| it.name == name),
        }
    }
}

/// One endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// The name of the spec file, for messages and headers.
    pub file: String,
    /// The folder of the spec file.
    pub scope: Scope,
    /// The path without the version: `backlinks/bulk_ranks/live`.
    pub id: String,
    /// The path with the version.
    pub path: String,
    /// The HTTP method.
    pub method: Method,
    /// When the result is available.
    pub mode: Mode,
    /// Whether calls cost money.
    pub charged: bool,
    /// The name in the rate card of an account.
    pub function: String,
    /// The prices of its calls. Empty if unknown.
    pub price: Price,
    /// The former names.
    pub former: Vec<Former>,
    /// The date when the endpoint was first missing from the documentation.
    pub removed: Option<String>,
    /// The purpose of the endpoint.
    pub doc: String,
    /// The URL of the documentation page.
    pub link: String,
    /// The date of the page's revision.
    pub revised: Option<String>,
    /// The limits per call.
    pub limits: language::CallLimits,
    /// The Rust name of the endpoint: `BulkRanksLive`.
    pub name: String,
    /// The Rust name of its module and of the client's method: `bulk_ranks_live`.
    pub module: String,
    /// The parameters of the path, in path order.
    pub parameters: Vec<Field>,
    /// The task. Absent if the endpoint has no request body.
    pub task: Option<Object>,
    /// An example of a task.
    pub example: Option<serde_json::Value>,
    /// The type of one element of a task's `result`: any JSON if it is not documented.
    pub result_type: Type,
    /// The type of the result, if only this endpoint has it.
    pub result: Option<Object>,
    /// The rows of a result.
    pub rows: Option<Rows>,
    /// The other types, in the order in which fields refer to them.
    pub types: Vec<TypeDef>,
}

/// The names of an endpoint before it was renamed.
#[derive(Debug, PartialEq)]
pub struct Former {
    /// The Rust name: `BulkRanksLive`.
    pub name: String,
    /// The name of the client's method: `bulk_ranks_live`.
    pub module: String,
}

/// The rows of a result.
#[derive(Debug)]
pub struct Rows {
    /// The description in the spec.
    pub spec: language::Rows,
    /// The field of the result that contains the rows.
    pub at: String,
    /// The Rust name of a row's type.
    pub row: String,
    /// The fields that filters and orders can refer to, in documented order. Empty if no task has
    /// filters or an order.
    pub fields: Vec<RowField>,
}

/// A field that filters and orders can refer to.
#[derive(Debug)]
pub struct RowField {
    /// The Rust name.
    pub ident: String,
    /// The name in filters. Each `{}` is a key that the caller provides.
    pub path: String,
    /// The kind of the value.
    pub kind: RowFieldKind,
    /// The documentation of the field.
    pub doc: String,
}

/// The kinds of values that filters distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFieldKind {
    /// A number.
    Number,
    /// Text.
    Text,
    /// A list of texts.
    TextList,
    /// True or false.
    Bool,
    /// A date, or a date with time.
    DateTime,
}

/// A generated type.
#[derive(Debug)]
pub enum TypeDef {
    /// A struct.
    Object(Object),
    /// An open enum.
    Enum(Enum),
    /// An enum of structs with a tag.
    Union(Union),
}

impl TypeDef {
    /// The Rust name.
    pub fn name(&self) -> &str {
        match self {
            Self::Object(object) => &object.name,
            Self::Enum(open) => &open.name,
            Self::Union(union) => &union.name,
        }
    }
}

/// An object with documented fields.
#[derive(Debug, PartialEq)]
pub struct Object {
    /// The Rust name.
    pub name: String,
    /// The documentation. Empty for tasks and results, which have the endpoint's.
    pub doc: String,
    /// Whether the object is a task or a part of one.
    pub sent: bool,
    /// The fields in documented order.
    pub fields: Vec<Field>,
}

/// An enum of structs that keeps undocumented members.
#[derive(Debug, PartialEq)]
pub struct Union {
    /// The Rust name.
    pub name: String,
    /// The documentation.
    pub doc: String,
    /// The field that determines the member. Absent if tasks are sent without one: then the keys of
    /// the members determine them.
    pub tag: Option<String>,
    /// Whether the union is a part of a task.
    pub sent: bool,
    /// The documented members.
    pub members: Vec<Member>,
}

/// A documented member of a union.
#[derive(Debug, PartialEq)]
pub struct Member {
    /// The tag's value in JSON, or the name of the member in a union without a tag.
    pub wire: String,
    /// The required field that only this member has, in a union without a tag.
    pub key: Option<String>,
    /// The Rust name of the variant.
    pub name: String,
    /// The documentation.
    pub doc: String,
    /// The Rust name of its struct.
    pub object: String,
}

/// An enum that keeps undocumented values.
#[derive(Debug, PartialEq)]
pub struct Enum {
    /// The Rust name.
    pub name: String,
    /// The documentation.
    pub doc: String,
    /// The documented values.
    pub variants: Vec<Variant>,
}

/// A documented value.
#[derive(Debug, PartialEq)]
pub struct Variant {
    /// The value in JSON.
    pub wire: String,
    /// The Rust name.
    pub name: String,
    /// The documentation.
    pub doc: Option<String>,
}

/// A field.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// The name in JSON.
    pub wire: String,
    /// The Rust name, without `r#`.
    pub ident: String,
    /// The type.
    pub ty: Type,
    /// Whether a task requires the field.
    pub required: bool,
    /// The limits of the value.
    pub limits: Vec<Limit>,
    /// The description in the spec.
    pub spec: language::Field,
}

/// The type of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// A date.
    Date,
    /// A date with time.
    Timestamp,
    /// Any JSON.
    Json,
    /// A list.
    List(Box<Type>),
    /// An object with arbitrary keys.
    Map(Box<Type>),
    /// A generated struct.
    Object(String),
    /// A generated open enum.
    Enum(String),
    /// A generated union.
    Union(String),
    /// A map with the keys `1`, `2` and so on, generated as a list.
    Numbered(Box<Type>),
    /// Conditions on the rows of the endpoint with this Rust name.
    Filters(String),
    /// One sort rule for the rows of the endpoint with this Rust name.
    Order(String),
}

/// A value that another field has.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The name of the other field in JSON.
    pub field: String,
    /// The value: a boolean, an integer or a string.
    pub value: serde_json::Value,
    /// Whether the other field has the value if it is absent.
    pub is_default: bool,
}

/// A limit of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Limit {
    /// The minimum number of elements.
    MinItems(u32),
    /// The maximum number of elements.
    MaxItems(u32),
    /// The minimum number of characters, of each string in a list.
    MinLength(u32),
    /// The maximum number of characters, of each string in a list.
    MaxLength(u32),
    /// The maximum number of words, of each string in a list.
    MaxWords(u32),
    /// The maximum number of different domains among the elements.
    MaxDistinctDomains(u32),
    /// The maximum number of conditions.
    MaxConditions(u32),
    /// The smallest number.
    Min(f64),
    /// The largest number.
    Max(f64),
    /// A date within bounds.
    Date {
        /// The first date.
        min: Option<DateExpression>,
        /// The last date.
        max: Option<DateExpression>,
    },
    /// The documented values.
    OneOf(Vec<String>),
    /// A domain or a page, in the format of targets.
    Targets,
    /// A date with time in the API's format.
    Timestamp,
    /// Required unless one of these fields is present.
    RequiredUnless(Vec<String>),
    /// Required if this field is present.
    RequiredWith(String),
    /// Required if other fields have these values.
    RequiredIf(Vec<Condition>),
    /// Other fields have these values if this one is used.
    Requires(Vec<Condition>),
    /// None of these fields is used together with this one.
    Excludes(Vec<String>),
    /// A date that is not after the date of this field.
    NotAfter(String),
}
