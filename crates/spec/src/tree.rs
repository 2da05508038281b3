//! A YAML file as a plain value plus the place of each key and value in it.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Location, Spanned};

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
        let lines = Lines::new(text);
        if let Some(position) = lines.lone_carriage_return {
            let message = "a carriage return without a line feed: editors disagree on whether it ends a \
                           line; replace it by a line feed";
            return Err(Diagnostic::new(file, lines.place(position), message));
        }
        let root: Spanned<Node> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| {
                let place = error.location();
                let place = place.map_or(Place::START, |location| lines.place_of(location));
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
            lines,
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

/// Where each line of a text begins.
///
/// Lines end with a line feed, as for `str::lines`, git and editors. YAML 1.1 also ends them at a
/// next-line character and at Unicode's separators, so the parser's own line numbers can be higher.
struct Lines {
    /// The number of the first character of each line.
    starts: Vec<u64>,
    /// The number of the first carriage return that no line feed follows.
    lone_carriage_return: Option<u64>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let mut lines = Self {
            starts: vec![0],
            lone_carriage_return: None,
        };
        let mut characters = (0_u64..).zip(text.chars()).peekable();
        while let Some((number, character)) = characters.next() {
            if character == '\n' {
                lines.starts.push(number + 1);
            }
            let next = characters.peek().map(|(_, next)| *next);
            if character == '\r' && next != Some('\n') {
                lines.lone_carriage_return.get_or_insert(number);
            }
        }
        lines
    }

    /// Returns the line and the column of a character.
    fn place(&self, character: u64) -> Place {
        let line = self.starts.partition_point(|start| *start <= character);
        let start = self.starts.get(line.saturating_sub(1)).copied();
        Place {
            line: line as u64,
            column: character - start.unwrap_or_default() + 1,
        }
    }

    fn place_of(&self, location: Location) -> Place {
        if location == Location::UNKNOWN {
            return Place::START;
        }
        self.place(location.span().offset())
    }
}

struct Builder<'a> {
    file: &'a str,
    lines: Lines,
    places: BTreeMap<Path, Place>,
    duplicates: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn value(&mut self, node: Spanned<Node>, path: &mut Path) -> Value {
        self.places
            .entry(path.clone())
            .or_insert(self.lines.place_of(node.referenced));
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
                        self.duplicates.push(Diagnostic::new(
                            self.file,
                            self.lines.place_of(key.referenced),
                            message,
                        ));
                        continue;
                    }
                    path.push(key.value.clone());
                    self.places
                        .insert(path.clone(), self.lines.place_of(key.referenced));
                    let value = self.value(node, path);
                    path.pop();
                    map.insert(key.value, value);
                }
                Value::Object(map)
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, path: &[&str]) -> (u64, u64) {
        let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        let (tree, _) = Tree::parse("file.yaml", text).unwrap();
        assert!(tree.has(&path), "{path:?}");
        let place = tree.place(&path);
        (place.line, place.column)
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        assert_eq!(place("a: 1\nb: {c: 2}\n", &["b", "c"]), (2, 5));
        assert_eq!(place("a: 1\r\nb: 2\r\n", &["b"]), (2, 1));
        assert_eq!(place("\u{feff}a: 1\nb: 2\n", &["b"]), (2, 1));
        for separator in ["\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("a: \"x{separator} y\"\nb: {{é\u{1f600}: 1, c: 2}}\n");
            assert_eq!(place(&text, &["b", "c"]), (2, 12), "{separator:?}");
        }
    }

    #[test]
    fn errors_name_the_line_of_an_editor() {
        for separator in ["\u{85}", "\u{2028}", "\u{2029}", "\r\n"] {
            let text = format!("a: \"x{separator} y\"\nb: [1\nc: 2\n");
            let error = Tree::parse("file.yaml", &text).unwrap_err();
            let lines = text.lines().count() as u64;
            assert!((lines - 1..=lines).contains(&error.place.line), "{error}");
        }
    }

    #[test]
    fn a_lone_carriage_return_is_refused() {
        let error = Tree::parse("file.yaml", "a: 1\nb: 2\rc: 3\n").unwrap_err();
        assert_eq!((error.place.line, error.place.column), (2, 5), "{error}");
    }
}
