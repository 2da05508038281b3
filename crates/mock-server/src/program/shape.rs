//! The comparison of a new response with a recorded one by their shapes.
//!
//! Values change from day to day, but programs rely on the fields and their types. The elements of a
//! list are compared as one, and so are the values of an object whose keys are data.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::json::tokens::escape_step;

/// The types of values at each place. A place is a JSON pointer with `*` for list elements.
type Shape = BTreeMap<String, BTreeSet<&'static str>>;

/// Returns one line per difference between the shapes of a fixture and a new response.
pub(crate) fn shape_changes(fixture: &Value, now: &Value) -> Vec<String> {
    let (mut old, mut new) = (Shape::new(), Shape::new());
    let (mut old_lists, mut new_lists) = (BTreeSet::new(), BTreeSet::new());
    collect(fixture, String::new(), &mut old, &mut old_lists);
    collect(now, String::new(), &mut new, &mut new_lists);
    let kinds = |kinds: &BTreeSet<&str>| kinds.iter().copied().collect::<Vec<_>>().join(" or ");
    let mut changes = Vec::new();
    for (place, before) in &old {
        match new.get(place) {
            None if is_within(place, &new, &new_lists) => {
                changes.push(format!("{place} is gone (it was {})", kinds(before)));
            }
            None => {}
            Some(after) => {
                // Any field can be null today and have a value tomorrow.
                let further = after.difference(before).any(|kind| *kind != "null");
                if further {
                    let (before, after) = (kinds(before), kinds(after));
                    changes.push(format!("{place} was {before} and is {after}"));
                }
            }
        }
    }
    for (place, after) in &new {
        if !old.contains_key(place) && is_within(place, &old, &old_lists) {
            changes.push(format!("{place} is new ({})", kinds(after)));
        }
    }
    changes.sort();
    changes
}

/// Returns whether the other side has the parent of a place, so that the absence of the place is a
/// change. A field of an empty list or of null may return.
fn is_within(place: &str, other: &Shape, lists: &BTreeSet<String>) -> bool {
    let Some((parent, _)) = place.rsplit_once('/') else {
        return true;
    };
    match other.get(parent) {
        Some(kinds) if kinds.contains("object") => true,
        Some(kinds) => kinds.contains("list") && lists.contains(parent),
        None => false,
    }
}

fn collect(value: &Value, place: String, shape: &mut Shape, filled: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        // One type: whether a number has a fraction depends on its value.
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    shape.entry(place.clone()).or_default().insert(kind);
    match value {
        Value::Array(list) => {
            if !list.is_empty() {
                filled.insert(place.clone());
            }
            for element in list {
                collect(element, format!("{place}/*"), shape, filled);
            }
        }
        Value::Object(fields) => {
            let map = is_map(fields);
            for (key, value) in fields {
                let key = if map {
                    "*".to_owned()
                } else {
                    escape_step(key)
                };
                collect(value, format!("{place}/{key}"), shape, filled);
            }
        }
        _ => {}
    }
}

/// Returns whether the keys of an object are data: country codes, top-level domains, numbers.
fn is_map(fields: &serde_json::Map<String, Value>) -> bool {
    let odd = fields.keys().filter(|key| !is_field(key)).count();
    let counts = fields.values().all(|it| it.is_number() || it.is_null());
    // Counts by platform, tag or page area have words as keys.
    let words = fields.keys().all(|key| !key.contains('_')) && fields.len() > 3;
    !fields.is_empty() && (odd * 2 > fields.len() || counts && (odd > 0 || words))
}

/// Returns whether a key looks like a field of the API: `rank`, `is_lost`, `h1_count`, but not `us`
/// or `co.uk`.
fn is_field(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let begins = key.starts_with(|first: char| first.is_ascii_lowercase());
    // Codes of countries and languages are shorter.
    let long = key.len() > 3 || key.contains('_');
    begins && long && key.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn different_values_are_not_a_change() {
        let old = json!({"items": [{"rank": 1, "tld": {"com": 1, "a-b": 2}}, {"rank": 2.5, "tld": {}}], "x": null});
        let new = json!({"items": [{"rank": 7, "tld": {"org": 1}}], "x": null});
        assert_eq!(shape_changes(&old, &new), Vec::<String>::new());
        assert_eq!(shape_changes(&new, &old), Vec::<String>::new());
        let empty = json!({"items": [], "x": null});
        assert_eq!(shape_changes(&old, &empty), Vec::<String>::new());
    }

    #[test]
    fn different_shapes_are_changes() {
        let old = json!({"items": [{"rank": 1, "old_field": "x", "page": {"a_b": 1}}], "count": 1});
        let new = json!({"items": [{"rank": "1", "new_field": true, "page": null}], "count": 1.0, "more": []});
        assert_eq!(
            shape_changes(&old, &new),
            [
                "/items/*/new_field is new (boolean)",
                "/items/*/old_field is gone (it was string)",
                "/items/*/rank was number and is string",
                "/more is new (list)",
            ]
        );
    }

    #[test]
    fn null_is_not_a_type() {
        let old = json!({"items": [{"rank": 1}, {"rank": "1"}]});
        let new = json!({"items": [{"rank": 1}, {"rank": null}]});
        assert_eq!(shape_changes(&old, &new), Vec::<String>::new());
    }

    #[test]
    fn keys_that_are_data() {
        for (fields, expected) in [
            (json!({}), false),
            (json!({"rank": 1, "is_lost": true}), false),
            (json!({"us": 1, "de": 2}), true),
            (json!({"co.uk": {}, "com": {}}), true),
            (json!({"h1": 1, "h2": 2}), true),
            (
                json!({"article": 1, "footer": 2, "main": 3, "nav_": null}),
                false,
            ),
            (
                json!({"article": 1, "footer": 2, "main": 3, "aside": null}),
                true,
            ),
            (json!({"rank": 1, "Rank": "x"}), false),
        ] {
            assert_eq!(is_map(fields.as_object().unwrap()), expected, "{fields}");
        }
    }
}
