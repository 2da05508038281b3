//! When two requests are the same, and where they differ if not.

use serde_json::{Number, Value};

/// JSON in one spelling: keys sorted, whole numbers without a fraction. Equal text means equal
/// requests.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(&Value::from(key.as_str()), text);
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(list) => {
            text.push('[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        Value::Number(number) => text.push_str(&number_text(number)),
        other => text.push_str(&other.to_string()),
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// A JSON pointer into the body.
    pub(crate) pointer: String,
    /// What the fixture has there; `None` for nothing.
    pub(crate) fixture: Option<String>,
    /// What the request has there; `None` for nothing.
    pub(crate) request: Option<String>,
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

/// All places where a request is not what a fixture has.
pub(crate) fn differences(fixture: &Value, request: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Some(fixture), Some(request), "", &mut found);
    found
}

fn compare(
    fixture: Option<&Value>,
    request: Option<&Value>,
    pointer: &str,
    found: &mut Vec<Difference>,
) {
    match (fixture, request) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let further = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(further) {
                let at = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                compare(a.get(key), b.get(key), &at, found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                compare(
                    a.get(index),
                    b.get(index),
                    &format!("{pointer}/{index}"),
                    found,
                );
            }
        }
        (a, b) => {
            let same = match (a, b) {
                (Some(a), Some(b)) => canonical(a) == canonical(b),
                (a, b) => a.is_none() && b.is_none(),
            };
            if !same {
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
        assert_eq!(differences(&a, &b), []);
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
