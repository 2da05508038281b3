//! The tables that the mock server generates synthetic responses from: one file per section.

use std::collections::{BTreeMap, HashMap};

use dataforseo_spec::language::Format;
use dataforseo_spec::model::{Endpoint, Field, Limit, Object, Section, Type, TypeDef};
use dataforseo_synthetic::{EndpointTable, Kind, RowsTable, Scalar, Tables, TypeTable};

/// The default number of rows of an endpoint whose `limit` has no documented default.
const DEFAULT_LIMIT: u64 = 100;

/// Returns the tables of a section.
pub fn tables(section: &Section) -> Tables {
    let mut emitter = Emitter {
        section,
        types: BTreeMap::new(),
        names: HashMap::new(),
    };
    let endpoints = section.endpoints.iter();
    let endpoints = endpoints
        .map(|endpoint| (endpoint.path.clone(), emitter.endpoint(endpoint)))
        .collect();
    Tables {
        endpoints,
        types: emitter.types,
    }
}

struct Emitter<'a> {
    section: &'a Section,
    types: BTreeMap<String, TypeTable>,
    /// The names in the tables, by the address of the type in the model.
    names: HashMap<usize, String>,
}

impl<'a> Emitter<'a> {
    fn endpoint(&mut self, endpoint: &'a Endpoint) -> EndpointTable {
        let field = |name: &str| {
            let mut fields = endpoint.task.iter().flat_map(|task| &task.fields);
            fields.find(|field| field.wire == name)
        };
        let default = |name: &str| {
            let field = field(name).filter(|field| field.ty == Type::Integer)?;
            let default = field.spec.default.as_ref();
            Some(
                default
                    .and_then(serde_json::Value::as_u64)
                    .unwrap_or(DEFAULT_LIMIT),
            )
        };
        let rows = endpoint.rows.as_ref().map(|rows| RowsTable {
            at: rows.at.clone(),
            target: rows.spec.named_by().cloned(),
            sent: Some(rows.spec.names_in_task().to_owned()).filter(|name| name != "targets"),
            keyed_by: rows.spec.keyed_by.clone(),
        });
        EndpointTable {
            mode: endpoint.mode.as_str().to_owned(),
            result: self.kind(endpoint, &endpoint.result_type, None),
            example: endpoint.example.clone(),
            tagged: field("tag").is_some_and(|field| field.ty == Type::String),
            limit: default("limit"),
            depth: default("depth"),
            rows,
        }
    }

    fn kind(&mut self, endpoint: &'a Endpoint, ty: &Type, field: Option<&Field>) -> Kind {
        match ty {
            Type::Integer => number(Scalar::Integer, field),
            Type::Float => number(Scalar::Float, field),
            Type::Boolean => Kind::Scalar(Scalar::Boolean),
            Type::Date => Kind::Scalar(Scalar::Date),
            Type::Timestamp => Kind::Scalar(Scalar::Timestamp),
            Type::String => Kind::Scalar(text(field)),
            Type::Json | Type::Numbered(_) | Type::Filters(_) | Type::Order(_) => {
                Kind::Scalar(Scalar::Json)
            }
            Type::List(of) => Kind::List([Box::new(self.kind(endpoint, of, field))]),
            Type::Map(of) => {
                let values = field.and_then(|field| field.spec.values.as_ref());
                let keys = values.map(|values| values.names()).unwrap_or_default();
                Kind::Map {
                    map: Box::new(self.kind(endpoint, of, field)),
                    keys: keys.into_iter().map(str::to_owned).collect(),
                }
            }
            Type::Object(name) | Type::Enum(name) | Type::Union(name) => self.named(endpoint, name),
        }
    }

    /// Returns a reference to a type, which is added to the tables.
    fn named(&mut self, endpoint: &'a Endpoint, name: &str) -> Kind {
        match self.section.find(endpoint, name) {
            Some(TypeDef::Object(object)) => Kind::Type(self.object(endpoint, object)),
            Some(TypeDef::Enum(open)) => {
                let values = open.variants.iter().map(|value| value.wire.clone());
                let (name, _) = self.enter(std::ptr::from_ref(open).addr(), name);
                let values = TypeTable::Values(values.collect());
                self.types.insert(name.clone(), values);
                Kind::Type(name)
            }
            Some(TypeDef::Union(union)) => {
                let (name, entry) = self.enter(std::ptr::from_ref(union).addr(), name);
                if entry == Entry::New {
                    let members = union.members.iter().filter_map(|member| {
                        let object = self.section.find_object(endpoint, &member.object)?;
                        Some((member.wire.clone(), self.object(endpoint, object)))
                    });
                    let members = members.collect();
                    let tag = union.tag.clone().unwrap_or_default();
                    self.types
                        .insert(name.clone(), TypeTable::Union { tag, members });
                }
                Kind::Type(name)
            }
            None => match self.section.find_object(endpoint, name) {
                Some(object) => Kind::Type(self.object(endpoint, object)),
                None => Kind::Scalar(Scalar::Json),
            },
        }
    }

    /// Adds an object. Returns its name in the tables.
    fn object(&mut self, endpoint: &'a Endpoint, object: &'a Object) -> String {
        let (name, entry) = self.enter(std::ptr::from_ref(object).addr(), &object.name);
        if entry == Entry::New {
            let fields = object.fields.iter().map(|field| {
                let kind = self.kind(endpoint, &field.ty, Some(field));
                (field.wire.clone(), kind)
            });
            let fields = TypeTable::Object(fields.collect());
            self.types.insert(name.clone(), fields);
        }
        name
    }

    /// Returns the name of a type in the tables. Types of different endpoints can have one name.
    fn enter(&mut self, address: usize, name: &str) -> (String, Entry) {
        if let Some(known) = self.names.get(&address) {
            return (known.clone(), Entry::Known);
        }
        let used = |name: &String| self.names.values().any(|known| known == name);
        let mut unique = name.to_owned();
        let mut number = 1;
        while used(&unique) {
            number += 1;
            unique = format!("{name}~{number}");
        }
        self.names.insert(address, unique.clone());
        (unique, Entry::New)
    }
}

/// Whether a type is in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Known,
    New,
}

/// Returns the kind of a number: with bounds if they are documented, or if the unit states them.
fn number(of: Scalar, field: Option<&Field>) -> Kind {
    match field.and_then(bounds) {
        Some(range) => Kind::Number { of, range },
        None => Kind::Scalar(of),
    }
}

fn bounds(field: &Field) -> Option<[f64; 2]> {
    let limits = || field.limits.iter();
    let min = limits().find_map(|limit| match limit {
        Limit::Min(min) => Some(*min),
        _ => None,
    });
    let max = limits().find_map(|limit| match limit {
        Limit::Max(max) => Some(*max),
        _ => None,
    });
    match (min, max) {
        (min, Some(max)) => Some([min.unwrap_or(0.0).min(max), max]),
        (Some(_), None) => None,
        // "0 to 100, higher is better".
        (None, None) => {
            let unit = field.spec.unit.as_deref()?;
            let (min, rest) = unit.split_once(" to ")?;
            let max = rest.split([',', ' ']).next()?;
            Some([min.parse().ok()?, max.parse().ok()?])
        }
    }
}

fn text(field: Option<&Field>) -> Scalar {
    match field.and_then(|field| field.spec.format) {
        Some(Format::Date) => Scalar::Date,
        Some(Format::Timestamp) => Scalar::Timestamp,
        Some(Format::Url) => Scalar::Url,
        Some(Format::Target) => Scalar::Target,
        None => Scalar::String,
    }
}
