//! The canonical form of JSON, and the rules that make two requests the same.

use serde_json::{Number, Value};

use crate::json::borrowed::BorrowedJson;
use crate::json::tokens::parse_pointer;
use crate::redact::{placeholder, redact_text};

/// Returns JSON in its canonical form. Equal texts mean equal requests.
///
/// Keys are sorted, whole numbers have no fraction and secrets are replaced. Fields that are null
/// are left out, because some clients send every field that they know.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::with_capacity(128);
    write(&BorrowedJson::from(value), &mut text);
    text
}

/// Returns the key of a request for fixtures without a `match`, straight from the body's bytes.
/// Returns `None` if the body is not a list of tasks.
///
/// The key is the one that [`MatchRule::key`] returns for the body's value.
pub(crate) fn strict_key(path: &str, body: &[u8]) -> Option<String> {
    let node: BorrowedJson<'_> = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let BorrowedJson::Array(tasks) = &node else {
        return None;
    };
    if tasks.is_empty() || !tasks.iter().all(|it| matches!(it, BorrowedJson::Object(_))) {
        return None;
    }
    let mut text = String::with_capacity(path.len() + body.len() + 32);
    text.push_str(path);
    text.push(' ');
    write(&node, &mut text);
    Some(text)
}

fn write(value: &BorrowedJson<'_>, text: &mut String) {
    match value {
        BorrowedJson::Object(entries) => {
            let entries = entries
                .iter()
                .filter(|(_, value)| !matches!(value, BorrowedJson::Null));
            text.push('{');
            for (index, (key, value)) in entries.enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_string(key, text);
                text.push(':');
                match placeholder(key) {
                    Some(placeholder) => write_string(placeholder, text),
                    None => write(value, text),
                }
            }
            text.push('}');
        }
        BorrowedJson::Array(list) => {
            text.push('[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        BorrowedJson::Number(number) => text.push_str(&number_text(number)),
        BorrowedJson::String(string) => write_string(string, text),
        BorrowedJson::Bool(true) => text.push_str("true"),
        BorrowedJson::Bool(false) => text.push_str("false"),
        BorrowedJson::Null => text.push_str("null"),
    }
}

fn write_string(string: &str, text: &mut String) {
    // `%40` is an encoded `@` of an address, and `=` is before a key in a URL. Without an early exit
    // the compiler vectorizes the loops, and nearly all strings need no change.
    let special = |byte: u8| {
        (byte < b' ')
            | (byte == b'"')
            | (byte == b'\\')
            | (byte == b'@')
            | (byte == b'%')
            | (byte == b'=')
    };
    let is_special = string
        .bytes()
        .fold(false, |found, byte| found | special(byte));
    // `Basic ` and `Bearer ` are before credentials.
    let pairs = string.bytes().zip(string.bytes().skip(1));
    let ends_scheme = pairs.fold(false, |found, (last, space)| {
        found | ((space == b' ') & ((last | 32 == b'c') | (last | 32 == b'r')))
    });
    if is_special || ends_scheme {
        text.push_str(&Value::from(redact_text(string)).to_string());
    } else {
        text.push('"');
        text.push_str(string);
        text.push('"');
    }
}

/// The `match` of a fixture: the parts of a request that are not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MatchRule {
    /// Pointers into the request's body, split into steps. `*` stands for any element of a list.
    ignore: Vec<Vec<String>>,
    /// Pointers to lists whose order is not compared, split into steps.
    unordered: Vec<Vec<String>>,
}

impl MatchRule {
    /// Returns a rule with these JSON pointers.
    ///
    /// # Errors
    /// When a text is not a JSON pointer.
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

    /// Returns the first pointer of `unordered` that does not lead to a list in this request.
    pub(crate) fn pointer_without_list(&self, tasks: &Value) -> Option<String> {
        self.unordered.iter().find_map(|steps| {
            let mut lists = false;
            let mut tasks = tasks.clone();
            each(&mut tasks, steps, &mut |value| lists |= value.is_array());
            (!lists).then(|| format!("/{}", steps.join("/")))
        })
    }

    /// Returns the tasks without the parts that are not compared.
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

    /// Returns an order of rules: stricter ones first. Equal for equal rules only.
    pub(crate) fn strictness(&self) -> (usize, &Self) {
        (self.ignore.len() + self.unordered.len(), self)
    }

    /// Returns whether the whole request is compared.
    pub(crate) fn is_strict(&self) -> bool {
        self.ignore.is_empty() && self.unordered.is_empty()
    }

    /// Returns the key of a request. Requests with equal keys are the same.
    pub(crate) fn key(&self, path: &str, tasks: &Value) -> String {
        let body = if self.is_strict() {
            canonical(tasks)
        } else {
            canonical(&self.apply(tasks))
        };
        [path, " ", &body].concat()
    }
}

/// Calls `act` with every value that the steps of a pointer lead to.
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

/// Returns a number in its shortest form: 1 for 1, 1.0 and 1e0.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::matching::{count_differences, differences};

    #[test]
    fn numbers_are_compared_by_value_and_keys_in_any_order() {
        let a = json!([{"limit": 10, "x": {"b": 1, "a": [1.5, -0.0]}}]);
        let b = json!([{"x": {"a": [1.5, 0], "b": 1.0}, "limit": 1e1}]);
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(differences(&a, &b, 9), []);
        assert_eq!(count_differences(Some(&a), Some(&b)), 0);
    }

    #[test]
    fn a_null_field_equals_a_missing_one() {
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
    fn ignored_and_unordered_parts() {
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
        assert_eq!(rule(&[], &["/0/targets"]).pointer_without_list(&a), None);
        let wrong = rule(&[], &["/0/tag"]).pointer_without_list(&a);
        assert_eq!(wrong.as_deref(), Some("/0/tag"));
        assert!(MatchRule::new(&["tag".to_owned()], &[]).is_err());
    }

    #[test]
    fn strings_are_compared_exactly() {
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
}
