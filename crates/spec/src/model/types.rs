//! The types of the resolved model.

use crate::dates::DateExpression;
use crate::language::{self, Method, Mode};

/// The whole API.
#[derive(Debug)]
pub struct Model {
    /// What holds for all endpoints.
    pub api: language::Api,
    /// The status codes, ascending.
    pub status_codes: Vec<language::StatusCode>,
    /// The sections that have endpoints, by name.
    pub sections: Vec<Section>,
}

impl Model {
    /// How many types the spec names, over all their places, and how many types these are.
    pub fn types(&self) -> TypeCount {
        let mut count = TypeCount::default();
        for section in &self.sections {
            for ty in &section.shared {
                count.emitted(ty);
            }
            for endpoint in &section.endpoints {
                let own = [&endpoint.task, &endpoint.result];
                for object in own.into_iter().flatten() {
                    count.object(object);
                }
                // The place of a shared result; one of its own was counted.
                count.named += usize::from(endpoint.task.is_some());
                count.named += usize::from(matches!(endpoint.result_type, Type::Object(_)));
                for ty in &endpoint.types {
                    count.emitted(ty);
                }
            }
        }
        count
    }

    /// All endpoints, by section and path.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.sections.iter().flat_map(|section| &section.endpoints)
    }
}

/// How many types there are.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct TypeCount {
    /// Places that name or describe a type.
    pub named: usize,
    /// Types that are generated.
    pub emitted: usize,
    /// Fields of these.
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

/// A section of the API.
#[derive(Debug)]
pub struct Section {
    /// Its name in paths, and the name of the module and of the cargo feature.
    pub name: String,
    /// What it is about.
    pub doc: String,
    /// The file with the shared types, if there is one.
    pub shared_file: Option<String>,
    /// The types that its endpoints share.
    pub shared: Vec<TypeDef>,
    /// Its endpoints, by file.
    pub endpoints: Vec<Endpoint>,
}

impl Section {
    /// The type with this name that an endpoint can refer to.
    pub fn find<'a>(&'a self, endpoint: &'a Endpoint, name: &str) -> Option<&'a TypeDef> {
        let own = endpoint.types.iter();
        own.chain(&self.shared).find(|ty| ty.name() == name)
    }

    /// The object with this name that an endpoint can refer to, its result included.
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
    /// The spec file, as it is named in messages and headers.
    pub file: String,
    /// The path without the version: `backlinks/bulk_ranks/live`.
    pub id: String,
    /// The path with the version.
    pub path: String,
    /// The HTTP method.
    pub method: Method,
    /// When the result comes.
    pub mode: Mode,
    /// Whether calls cost money.
    pub charged: bool,
    /// What it was called before.
    pub former: Vec<Former>,
    /// The day on which the documentation no longer had it.
    pub removed: Option<String>,
    /// What it is for.
    pub doc: String,
    /// The documentation page.
    pub link: String,
    /// The day of the page's revision.
    pub revised: Option<String>,
    /// Limits of a call as a whole.
    pub limits: language::CallLimits,
    /// The Rust name of the endpoint: `BulkRanksLive`.
    pub name: String,
    /// The Rust name of its module and of the client's method: `bulk_ranks_live`.
    pub module: String,
    /// The parameters in the path, in its order.
    pub parameters: Vec<Field>,
    /// What is sent, if anything is.
    pub task: Option<Object>,
    /// An example of what is sent.
    pub example: Option<serde_json::Value>,
    /// The type of one element of a task's `result`; any JSON where there is none.
    pub result_type: Type,
    /// That type, if this endpoint alone has it.
    pub result: Option<Object>,
    /// The rows of a result.
    pub rows: Option<Rows>,
    /// The further types, in the order in which fields name them.
    pub types: Vec<TypeDef>,
}

/// What an endpoint was called before it was renamed.
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
    /// What the spec says about them.
    pub spec: language::Rows,
    /// The field of the result that holds them.
    pub at: String,
    /// The Rust name of a row's type.
    pub row: String,
    /// What filters and orders can name, in documented order; empty where no task has either.
    pub fields: Vec<RowField>,
}

/// What filters and orders can name.
#[derive(Debug)]
pub struct RowField {
    /// The Rust name.
    pub ident: String,
    /// The name as filters write it; each `{}` is a key that the caller gives.
    pub path: String,
    /// The kind of value.
    pub kind: RowFieldKind,
    /// What it means: the documentation of the field.
    pub doc: String,
}

/// The kinds of value that filters tell apart.
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
    /// A moment or a day.
    DateTime,
}

/// A generated type.
#[derive(Debug)]
pub enum TypeDef {
    /// A struct.
    Object(Object),
    /// An open enum.
    Enum(Enum),
    /// An enum of structs, told apart by a tag.
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
    /// What it is; the endpoint's documentation says it for tasks and results.
    pub doc: String,
    /// Whether it is sent: a task or a part of one.
    pub sent: bool,
    /// The fields in documented order.
    pub fields: Vec<Field>,
}

/// An enum of structs that keeps members that are not documented.
#[derive(Debug, PartialEq)]
pub struct Union {
    /// The Rust name.
    pub name: String,
    /// What it is.
    pub doc: String,
    /// The field that says which member an object is.
    pub tag: String,
    /// The documented members.
    pub members: Vec<Member>,
}

/// A documented member of a union.
#[derive(Debug, PartialEq)]
pub struct Member {
    /// The tag's value in JSON.
    pub wire: String,
    /// The Rust name of the variant.
    pub name: String,
    /// What it is.
    pub doc: String,
    /// The Rust name of its struct.
    pub object: String,
}

/// An enum that keeps values that are not documented.
#[derive(Debug, PartialEq)]
pub struct Enum {
    /// The Rust name.
    pub name: String,
    /// What it is.
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
    /// What it means.
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
    /// Whether a task must have it.
    pub required: bool,
    /// What holds for the value beyond its type.
    pub limits: Vec<Limit>,
    /// What the spec says about it, for the documentation.
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
    /// A moment.
    Timestamp,
    /// Any JSON.
    Json,
    /// A list.
    List(Box<Type>),
    /// An object with keys of the answer's choosing.
    Map(Box<Type>),
    /// A generated struct.
    Object(String),
    /// A generated open enum.
    Enum(String),
    /// A generated union.
    Union(String),
    /// A map with the keys `1`, `2` and so on, out of a list.
    Numbered(Box<Type>),
    /// Conditions on the rows of the endpoint with this Rust name.
    Filters(String),
    /// One rule for the order of the rows of the endpoint with this Rust name.
    Order(String),
}

/// What holds for a value beyond its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Limit {
    /// At least so many elements.
    MinItems(u32),
    /// At most so many elements.
    MaxItems(u32),
    /// At most so many characters.
    MaxLength(u32),
    /// Elements of at most so many different domains.
    MaxDistinctDomains(u32),
    /// At most so many conditions.
    MaxConditions(u32),
    /// Not below.
    Min(f64),
    /// Not above.
    Max(f64),
    /// A date within bounds.
    Date {
        /// Not before.
        min: Option<DateExpression>,
        /// Not after.
        max: Option<DateExpression>,
    },
    /// One of these.
    OneOf(Vec<String>),
    /// Written as targets are.
    Targets,
    /// A moment in the API's form.
    Timestamp,
    /// There, unless one of these fields is.
    RequiredUnless(Vec<String>),
    /// There, if this field is.
    RequiredWith(String),
    /// A date not after that of this field.
    NotAfter(String),
}
