//! Where a request differs from a fixture.

use serde_json::Value;

use super::canonical::canonical;
use crate::json::tokens::escape_step;

/// The maximum length of a value in a difference, in characters.
const MAX_SHOWN: usize = 60;
/// The maximum length of a pointer in the text of a difference, in characters.
const MAX_POINTER: usize = 120;

/// The maximum length of a pointer that is kept, in characters. A key can be as long as a body.
const MAX_KEPT_POINTER: usize = 1000;

/// A place where a request differs from the request of a fixture.
///
/// `Display` writes `POINTER (in the fixture VALUE, in the request VALUE)`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The place, as a JSON pointer into the body, up to 1000 characters.
    pub pointer: String,
    /// The fixture's value as JSON, up to 60 characters. `None` if it has no value there.
    pub fixture: Option<String>,
    /// The request's value as JSON, up to 60 characters. `None` if it has no value there.
    pub request: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        let (fixture, request) = (side(&self.fixture), side(&self.request));
        let pointer: String = self.pointer.chars().take(MAX_POINTER).collect();
        write!(
            f,
            "{pointer} (in the fixture {fixture}, in the request {request})"
        )
    }
}

/// Returns the first places where a request differs from a fixture, at most `max`. Both are redacted
/// already.
pub(crate) fn differences(fixture: &Value, request: &Value, max: usize) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Some(fixture), Some(request), "", max, &mut found);
    found
}

/// Returns the number of places where two values differ.
pub(crate) fn count_differences(a: Option<&Value>, b: Option<&Value>) -> usize {
    match (a, b) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let only_in_b = b.keys().filter(|key| !a.contains_key(*key));
            let keys = a.keys().chain(only_in_b);
            keys.map(|key| count_differences(a.get(key), b.get(key)))
                .sum()
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => (0..a.len().max(b.len()))
            .map(|index| count_differences(a.get(index), b.get(index)))
            .sum(),
        (a, b) => usize::from(!same(a, b)),
    }
}

/// Returns whether two values are the same. A null value equals a missing one.
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
    max: usize,
    found: &mut Vec<Difference>,
) {
    if found.len() >= max {
        return;
    }
    match (fixture, request) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let only_in_b = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(only_in_b) {
                let at = format!("{pointer}/{}", escape_step(key));
                compare(a.get(key), b.get(key), &at, max, found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                compare(
                    a.get(index),
                    b.get(index),
                    &format!("{pointer}/{index}"),
                    max,
                    found,
                );
            }
        }
        (a, b) => {
            if !same(a, b) {
                found.push(Difference {
                    pointer: pointer.chars().take(MAX_KEPT_POINTER).collect(),
                    fixture: a.map(shorten),
                    request: b.map(shorten),
                });
            }
        }
    }
}

/// Returns the first [`MAX_SHOWN`] characters of a value.
fn shorten(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
