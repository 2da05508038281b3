//! A YAML file as a JSON value, with the location of each key and value.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Location as YamlLocation, Spanned};

use super::diagnostics::{Diagnostic, Location};

/// The content of a file, and the location of each part.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The content.
    pub value: Value,
    /// The locations by path into `value`.
    locations: BTreeMap<Path, Location>,
}

/// The maximum depth of nested mappings and lists. The committed files have about 20 levels. Each
/// level uses a lot of stack.
const MAX_DEPTH: usize = 44;

/// The keys and indices that lead to a value.
pub type Path = Vec<String>;

impl Tree {
    /// Parses YAML. Returns the tree and all duplicate keys, or the first syntax error.
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
                           line; replace it with a line feed";
            return Err(Diagnostic::new(file, lines.location(position), message));
        }
        let root: Spanned<YamlNode> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| {
                let location = error.location();
                let location = location.map_or(Location::START, |yaml| lines.location_of(yaml));
                let message = error.without_snippet().to_string();
                // The diagnostic prints the location itself.
                let message = message
                    .split(" at line ")
                    .next()
                    .unwrap_or(&message)
                    .to_owned();
                Diagnostic::new(file, location, format!("not YAML: {message}"))
            })?;
        let mut builder = Builder {
            file,
            lines,
            locations: BTreeMap::new(),
            duplicates: Vec::new(),
        };
        let value = builder.value(root, &mut Vec::new());
        let tree = Self {
            value,
            locations: builder.locations,
        };
        Ok((tree, builder.duplicates))
    }

    /// Returns the location of a value's key, or of an element in a list. For an unknown path, it
    /// is the location of the nearest parent.
    pub fn location(&self, path: &[String]) -> Location {
        (0..=path.len())
            .rev()
            .find_map(|length| self.locations.get(&path[..length]).copied())
            .unwrap_or(Location::START)
    }

    /// Returns whether a path exists.
    pub fn has(&self, path: &[String]) -> bool {
        self.locations.contains_key(path)
    }
}

/// The start of each line of a text.
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
    fn location(&self, character: u64) -> Location {
        let line = self.starts.partition_point(|start| *start <= character);
        let start = self.starts.get(line.saturating_sub(1)).copied();
        Location {
            line: line as u64,
            column: character - start.unwrap_or_default() + 1,
        }
    }

    fn location_of(&self, yaml: YamlLocation) -> Location {
        if yaml == YamlLocation::UNKNOWN {
            return Location::START;
        }
        self.location(yaml.span().offset())
    }
}

struct Builder<'a> {
    file: &'a str,
    lines: Lines,
    locations: BTreeMap<Path, Location>,
    duplicates: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn value(&mut self, node: Spanned<YamlNode>, path: &mut Path) -> Value {
        self.locations
            .entry(path.clone())
            .or_insert(self.lines.location_of(node.referenced));
        match node.value {
            YamlNode::Scalar(value) => value,
            YamlNode::List(list) => Value::Array(
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
            YamlNode::Map(entries) => {
                let mut map = Map::new();
                let mut seen = HashSet::new();
                for (key, node) in entries {
                    if !seen.insert(key.value.clone()) {
                        let message =
                            format!("duplicate key `{}`: remove one of the two", key.value);
                        self.duplicates.push(Diagnostic::new(
                            self.file,
                            self.lines.location_of(key.referenced),
                            message,
                        ));
                        continue;
                    }
                    path.push(key.value.clone());
                    self.locations
                        .insert(path.clone(), self.lines.location_of(key.referenced));
                    let value = self.value(node, path);
                    path.pop();
                    map.insert(key.value, value);
                }
                Value::Object(map)
            }
        }
    }
}

enum YamlNode {
    Scalar(Value),
    List(Vec<Spanned<YamlNode>>),
    Map(Vec<(Spanned<String>, Spanned<YamlNode>)>),
}

impl<'de> Deserialize<'de> for YamlNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlNodeVisitor)
    }
}

struct YamlNodeVisitor;

impl<'de> Visitor<'de> for YamlNodeVisitor {
    type Value = YamlNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<YamlNode, E> {
        Ok(YamlNode::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<YamlNode, E> {
        Ok(YamlNode::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<YamlNode, E> {
        Ok(YamlNode::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<YamlNode, E> {
        Ok(YamlNode::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<YamlNode, E> {
        Ok(YamlNode::Scalar(
            Number::from_f64(value).map_or(Value::Null, Value::Number),
        ))
    }

    fn visit_str<E>(self, value: &str) -> Result<YamlNode, E> {
        Ok(YamlNode::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<YamlNode, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element()? {
            list.push(node);
        }
        Ok(YamlNode::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<YamlNode, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(YamlNode::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(text: &str, path: &[&str]) -> (u64, u64) {
        let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        let (tree, _) = Tree::parse("file.yaml", text).unwrap();
        assert!(tree.has(&path), "{path:?}");
        let location = tree.location(&path);
        (location.line, location.column)
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        assert_eq!(location("a: 1\nb: {c: 2}\n", &["b", "c"]), (2, 5));
        assert_eq!(location("a: 1\r\nb: 2\r\n", &["b"]), (2, 1));
        assert_eq!(location("\u{feff}a: 1\nb: 2\n", &["b"]), (2, 1));
        for separator in ["\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("a: \"x{separator} y\"\nb: {{é\u{1f600}: 1, c: 2}}\n");
            assert_eq!(location(&text, &["b", "c"]), (2, 12), "{separator:?}");
        }
    }

    #[test]
    fn errors_name_the_line_of_an_editor() {
        for separator in ["\u{85}", "\u{2028}", "\u{2029}", "\r\n"] {
            let text = format!("a: \"x{separator} y\"\nb: [1\nc: 2\n");
            let error = Tree::parse("file.yaml", &text).unwrap_err();
            let lines = text.lines().count() as u64;
            assert!(
                (lines - 1..=lines).contains(&error.location.line),
                "{error}"
            );
        }
    }

    #[test]
    fn a_lone_carriage_return_is_refused() {
        let error = Tree::parse("file.yaml", "a: 1\nb: 2\rc: 3\n").unwrap_err();
        assert_eq!(
            (error.location.line, error.location.column),
            (2, 5),
            "{error}"
        );
    }
}
