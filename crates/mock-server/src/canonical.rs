//! When two requests are the same, and where they differ if not.

use serde_json::{Number, Value};

use crate::node::Node;
use crate::sanitize::{stand_in, without_addresses};
use crate::tokens::{escaped, parse_pointer};

/// JSON in one spelling: keys sorted, whole numbers without a fraction, what is secret replaced,
/// fields that are null left out, as some clients send every field that they know. Equal text means
/// equal requests.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::with_capacity(128);
    write(&Node::from(value), &mut text);
    text
}

/// What makes requests the same where everything counts, straight from the bytes of a body; `None`
/// if they are no list of tasks. The same as [`MatchRule::key`] gives for its value.
pub(crate) fn strict_key(path: &str, body: &[u8]) -> Option<String> {
    let node: Node<'_> = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let Node::Array(tasks) = &node else {
        return None;
    };
    if tasks.is_empty() || !tasks.iter().all(|it| matches!(it, Node::Object(_))) {
        return None;
    }
    let mut text = String::with_capacity(path.len() + body.len() + 32);
    text.push_str(path);
    text.push(' ');
    write(&node, &mut text);
    Some(text)
}

fn write(value: &Node<'_>, text: &mut String) {
    match value {
        Node::Object(entries) => {
            let entries = entries
                .iter()
                .filter(|(_, value)| !matches!(value, Node::Null));
            text.push('{');
            for (index, (key, value)) in entries.enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_string(key, text);
                text.push(':');
                match stand_in(key) {
                    Some(word) => write_string(word, text),
                    None => write(value, text),
                }
            }
            text.push('}');
        }
        Node::Array(list) => {
            text.push('[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        Node::Number(number) => text.push_str(&number_text(number)),
        Node::String(string) => write_string(string, text),
        Node::Bool(true) => text.push_str("true"),
        Node::Bool(false) => text.push_str("false"),
        Node::Null => text.push_str("null"),
    }
}

fn write_string(string: &str, text: &mut String) {
    // `%40` is how an address can be written, too. Without a way out of the loop it takes many bytes
    // at a time, and nearly all strings go as they are.
    let special = |byte: u8| {
        (byte < b' ') | (byte == b'"') | (byte == b'\\') | (byte == b'@') | (byte == b'%')
    };
    if string
        .bytes()
        .fold(false, |found, byte| found | special(byte))
    {
        text.push_str(&Value::from(without_addresses(string)).to_string());
    } else {
        text.push('"');
        text.push_str(string);
        text.push('"');
    }
}

/// What of a request does not count for a fixture.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MatchRule {
    /// Ways into the request's body. `*` stands for any element of a list.
    ignore: Vec<Vec<String>>,
    /// Ways to lists whose order does not count.
    unordered: Vec<Vec<String>>,
}

impl MatchRule {
    /// # Errors
    /// When a pointer is none.
    pub(crate) fn new(ignore: &[String], unordered: &[String]) -> Result<Self, String> {
        let parse = |pointers: &[String]| {
            let mut all = pointers
                .iter()
                .map(|pointer| parse_pointer(pointer))
                .collect::<Result<Vec<_>, _>>()?;
            all.sort();
            Ok::<_, String>(all)
        };
        Ok(Self {
            ignore: parse(ignore)?,
            unordered: parse(unordered)?,
        })
    }

    /// The first list that is said to have no order and is no list in this request.
    pub(crate) fn points_to_no_list(&self, tasks: &Value) -> Option<String> {
        self.unordered.iter().find_map(|steps| {
            let mut lists = false;
            let mut tasks = tasks.clone();
            each(&mut tasks, steps, &mut |value| lists |= value.is_array());
            (!lists).then(|| format!("/{}", steps.join("/")))
        })
    }

    /// The tasks as far as they count.
    pub(crate) fn apply(&self, tasks: &Value) -> Value {
        let mut tasks = tasks.clone();
        for steps in &self.ignore {
            if let Some((last, parents)) = steps.split_last() {
                each(&mut tasks, parents, &mut |parent| {
                    if let Value::Object(fields) = parent {
                        fields.shift_remove(last);
                    }
                });
            }
        }
        for steps in &self.unordered {
            each(&mut tasks, steps, &mut |value| {
                if let Value::Array(list) = value {
                    list.sort_by_cached_key(canonical);
                }
            });
        }
        tasks
    }

    /// How much does not count: less is stricter. Equal for equal rules only.
    pub(crate) fn strictness(&self) -> (usize, &Self) {
        (self.ignore.len() + self.unordered.len(), self)
    }

    /// Whether everything counts.
    pub(crate) fn is_strict(&self) -> bool {
        self.ignore.is_empty() && self.unordered.is_empty()
    }

    /// What makes requests the same.
    pub(crate) fn key(&self, path: &str, tasks: &Value) -> String {
        let body = match self.is_strict() {
            true => canonical(tasks),
            false => canonical(&self.apply(tasks)),
        };
        [path, " ", &body].concat()
    }
}

/// Does something to every value that a way leads to.
fn each(value: &mut Value, steps: &[String], act: &mut dyn FnMut(&mut Value)) {
    let Some((first, rest)) = steps.split_first() else {
        return act(value);
    };
    match value {
        Value::Array(list) if first == "*" => {
            for element in list {
                each(element, rest, act);
            }
        }
        Value::Array(list) => {
            let element = first
                .parse()
                .ok()
                .and_then(|index: usize| list.get_mut(index));
            if let Some(element) = element {
                each(element, rest, act);
            }
        }
        Value::Object(fields) => {
            if let Some(field) = fields.get_mut(first) {
                each(field, rest, act);
            }
        }
        _ => {}
    }
}

/// A number by its value: 1, 1.0 and 1e0 are one.
fn number_text(number: &Number) -> String {
    match number.as_f64() {
        // Whole floats up to 2^53 stand for exactly one integer.
        Some(float)
            if number.is_f64()
                && float.fract() == 0.0
                && float.abs() <= 9_007_199_254_740_992.0 =>
        {
            (float as i64).to_string()
        }
        _ => number.to_string(),
    }
}

/// One place where a request is not what a fixture has.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// A JSON pointer into the body.
    pub pointer: String,
    /// What the fixture has there, cut after 60 characters; `None` for nothing.
    pub fixture: Option<String>,
    /// What the request has there, cut after 60 characters; `None` for nothing.
    pub request: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        let (fixture, request) = (side(&self.fixture), side(&self.request));
        let pointer: String = self.pointer.chars().take(120).collect();
        write!(
            f,
            "{pointer} (in the fixture {fixture}, in the request {request})"
        )
    }
}

/// The first places where a request is not what a fixture has. Both are without secrets already.
pub(crate) fn differences(fixture: &Value, request: &Value, most: usize) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Some(fixture), Some(request), "", most, &mut found);
    found
}

/// How many places there are where two values differ.
pub(crate) fn count_differences(a: Option<&Value>, b: Option<&Value>) -> usize {
    match (a, b) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let further = b.keys().filter(|key| !a.contains_key(*key));
            let keys = a.keys().chain(further);
            keys.map(|key| count_differences(a.get(key), b.get(key)))
                .sum()
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => (0..a.len().max(b.len()))
            .map(|index| count_differences(a.get(index), b.get(index)))
            .sum(),
        (a, b) => usize::from(!same(a, b)),
    }
}

/// Whether two values are the same. A field that is null is one that is not there.
fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::String(a)), Some(Value::String(b))) => a == b,
        (Some(a), Some(b)) => canonical(a) == canonical(b),
        (a, b) => a.is_none_or(Value::is_null) && b.is_none_or(Value::is_null),
    }
}

fn compare(
    fixture: Option<&Value>,
    request: Option<&Value>,
    pointer: &str,
    most: usize,
    found: &mut Vec<Difference>,
) {
    if found.len() >= most {
        return;
    }
    match (fixture, request) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let further = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(further) {
                let at = format!("{pointer}/{}", escaped(key));
                compare(a.get(key), b.get(key), &at, most, found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                compare(
                    a.get(index),
                    b.get(index),
                    &format!("{pointer}/{index}"),
                    most,
                    found,
                );
            }
        }
        (a, b) => {
            if !same(a, b) {
                found.push(Difference {
                    pointer: pointer.to_owned(),
                    fixture: a.map(shorten),
                    request: b.map(shorten),
                });
            }
        }
    }
}

fn shorten(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_count_by_value_and_keys_in_any_order() {
        let a = json!([{"limit": 10, "x": {"b": 1, "a": [1.5, -0.0]}}]);
        let b = json!([{"x": {"a": [1.5, 0], "b": 1.0}, "limit": 1e1}]);
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(differences(&a, &b, 9), []);
        assert_eq!(count_differences(Some(&a), Some(&b)), 0);
    }

    #[test]
    fn a_field_that_is_null_is_one_that_is_not_there() {
        let (a, b) = (json!([{"a": 1, "b": null}]), json!([{"a": 1}]));
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(differences(&a, &b, 9), []);
        assert_eq!(differences(&b, &a, 9), []);
        assert_ne!(canonical(&json!([null])), canonical(&json!([])));
    }

    #[test]
    fn secrets_and_addresses_make_no_difference() {
        let a = json!([{"postback_url": "https://a/?key=1", "keyword": "mail Jo@x.org"}]);
        let b = json!([{"keyword": "mail jo@X.org", "postback_url": "https://b/?key=2"}]);
        assert_eq!(canonical(&a), canonical(&b));
        assert!(!canonical(&a).contains("key=1") && !canonical(&a).contains("x.org"));
        assert_ne!(
            canonical(&a),
            canonical(&json!([{"keyword": "mail jo@x.org"}]))
        );
    }

    #[test]
    fn what_does_not_count() {
        let rule = |ignore: &[&str], unordered: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
            MatchRule::new(&owned(ignore), &owned(unordered)).unwrap()
        };
        let (a, b) = (
            json!([{"tag": "x", "targets": ["a", "b"], "deep": {"n": 1}}]),
            json!([{"tag": "y", "targets": ["b", "a"], "deep": {"n": 2}}]),
        );
        let same = |rule: &MatchRule| rule.key("/p", &a) == rule.key("/p", &b);
        assert!(same(&rule(&["/0/tag", "/0/deep/n"], &["/0/targets"])));
        assert!(same(&rule(&["/*/tag", "/0/deep"], &["/*/targets"])));
        assert!(!same(&rule(&["/0/tag"], &["/0/targets"])));
        assert!(!same(&rule(&["/0/tag", "/0/deep"], &[])));
        assert!(!same(&rule(&["/1/tag", "/0/deep"], &["/0/targets"])));
        assert_eq!(rule(&[], &["/0/targets"]).points_to_no_list(&a), None);
        let wrong = rule(&[], &["/0/tag"]).points_to_no_list(&a);
        assert_eq!(wrong.as_deref(), Some("/0/tag"));
        assert!(MatchRule::new(&["tag".to_owned()], &[]).is_err());
    }

    #[test]
    fn strings_count_exactly() {
        assert_ne!(canonical(&json!("A")), canonical(&json!("a")));
        assert_ne!(canonical(&json!("1")), canonical(&json!(1)));
        assert_ne!(canonical(&json!([1, 2])), canonical(&json!([2, 1])));
    }

    #[test]
    fn large_integers_are_not_rounded() {
        let a: Value = serde_json::from_str("9007199254740993").unwrap();
        let b: Value = serde_json::from_str("9007199254740992").unwrap();
        assert_ne!(canonical(&a), canonical(&b));
    }

    #[test]
    fn a_difference_names_its_place() {
        let found = differences(
            &json!([{"a": 1, "b": [1]}]),
            &json!([{"a": 2, "b": [1, "x"]}]),
            9,
        );
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "/0/a (in the fixture 1, in the request 2)",
                "/0/b/1 (in the fixture nothing, in the request \"x\")",
            ]
        );
    }
}
