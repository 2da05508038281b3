//! A YAML file as a plain value plus the place of each key and value in it.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::diagnostics::{Diagnostic, Place};

/// A file's content, and where each part of it stands.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The content.
    pub value: Value,
    /// The places by path into `value`.
    places: BTreeMap<Path, Place>,
}

/// How deep mappings and lists may stand in each other. The committed files have some 20 levels;
/// reading takes a good part of a thread's stack for each.
const MAX_DEPTH: usize = 44;

/// The keys and indices that lead to a value.
pub type Path = Vec<String>;

impl Tree {
    /// Reads YAML. A syntax error ends it; keys that stand twice are all reported.
    pub fn parse(file: &str, text: &str) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            strict_booleans: true,
            underscored_numbers_as_strings: true,
            leading_zero_numbers_as_strings: true,
            budget: serde_saphyr::budget! { max_depth: MAX_DEPTH },
        };
        let root: Spanned<Node> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| {
                let place = error.location().map_or(Place::START, |location| Place {
                    line: location.line(),
                    column: location.column(),
                });
                let message = error.without_snippet().to_string();
                // The location is printed in front of the message already.
                let message = message
                    .split(" at line ")
                    .next()
                    .unwrap_or(&message)
                    .to_owned();
                Diagnostic::new(file, place, format!("not YAML: {message}"))
            })?;
        let mut builder = Builder {
            file,
            places: BTreeMap::new(),
            duplicates: Vec::new(),
        };
        let value = builder.value(root, &mut Vec::new());
        let tree = Self {
            value,
            places: builder.places,
        };
        Ok((tree, builder.duplicates))
    }

    /// Where a value's key stands, or the value itself in a list; for a path that leads nowhere,
    /// where the nearest value above it stands.
    pub fn place(&self, path: &[String]) -> Place {
        (0..=path.len())
            .rev()
            .find_map(|length| self.places.get(&path[..length]).copied())
            .unwrap_or(Place::START)
    }

    /// Whether there is something at a path.
    pub fn has(&self, path: &[String]) -> bool {
        self.places.contains_key(path)
    }
}

struct Builder<'a> {
    file: &'a str,
    places: BTreeMap<Path, Place>,
    duplicates: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn value(&mut self, node: Spanned<Node>, path: &mut Path) -> Value {
        self.places.entry(path.clone()).or_insert(place_of(&node));
        match node.value {
            Node::Scalar(value) => value,
            Node::List(list) => Value::Array(
                list.into_iter()
                    .enumerate()
                    .map(|(index, node)| {
                        path.push(index.to_string());
                        let value = self.value(node, path);
                        path.pop();
                        value
                    })
                    .collect(),
            ),
            Node::Map(entries) => {
                let mut map = Map::new();
                let mut seen = HashSet::new();
                for (key, node) in entries {
                    if !seen.insert(key.value.clone()) {
                        let message = format!("`{}` stands here a second time", key.value);
                        self.duplicates
                            .push(Diagnostic::new(self.file, place_of(&key), message));
                        continue;
                    }
                    path.push(key.value.clone());
                    self.places.insert(path.clone(), place_of(&key));
                    let value = self.value(node, path);
                    path.pop();
                    map.insert(key.value, value);
                }
                Value::Object(map)
            }
        }
    }
}

fn place_of<T>(spanned: &Spanned<T>) -> Place {
    Place {
        line: spanned.referenced.line(),
        column: spanned.referenced.column(),
    }
}

enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(
            Number::from_f64(value).map_or(Value::Null, Value::Number),
        ))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element()? {
            list.push(node);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}
