//! The keys of a field, and the facts among them, which the import compares with a page.

use indexmap::IndexMap;
use serde_json::Value;

use crate::language::{Field, SharedTypes};

use KeyKind::{Annotation, Fact, Stated};

/// The kind of a key of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    /// A fact that a page always states if it applies.
    Stated,
    /// A fact that a page can omit, and that a person can refine.
    Fact,
    /// Not a fact: a name, a text or the fields inside.
    Annotation,
}

/// Every key of a field, in the order in which it is written.
const KEYS: [(&str, KeyKind); 37] = [
    ("type", Fact),
    ("of", Fact),
    ("numbered", Annotation),
    ("over", Annotation),
    ("format", Fact),
    ("use", Annotation),
    ("name", Annotation),
    ("ident", Annotation),
    ("required", Stated),
    ("required_unless", Stated),
    ("required_with", Fact),
    ("required_if", Fact),
    ("requires", Fact),
    ("excludes", Fact),
    ("default", Stated),
    ("default_by", Fact),
    ("min", Stated),
    ("max", Stated),
    ("not_after", Fact),
    ("min_length", Fact),
    ("max_length", Stated),
    ("max_words", Fact),
    ("min_items", Stated),
    ("max_items", Stated),
    ("max_conditions", Fact),
    ("max_distinct_domains", Stated),
    ("values", Stated),
    ("cost", Fact),
    ("unit", Annotation),
    ("absent", Annotation),
    ("evidence", Annotation),
    ("deprecated", Annotation),
    ("removed_upstream", Annotation),
    ("corrections", Annotation),
    ("doc", Annotation),
    ("each", Annotation),
    ("fields", Annotation),
];

/// The keys of a field, in the order in which they are written.
pub const FIELD_KEYS: [&str; KEYS.len()] = names(&[Annotation, Fact, Stated]);

/// The names of facts, in the order in which a field states them.
pub const FACTS: [&str; 23] = names(&[Fact, Stated]);

/// The names of the facts that a page always states if they apply.
pub const STATED: [&str; 10] = names(&[Stated]);

/// Returns the keys of some kinds. `N` is how many there are: another number does not compile.
const fn names<const N: usize>(kinds: &[KeyKind]) -> [&'static str; N] {
    let mut names = [""; N];
    let (mut key, mut count) = (0, 0);
    while key < KEYS.len() {
        let (name, kind) = KEYS[key];
        let mut at = 0;
        while at < kinds.len() {
            if kinds[at] as u8 == kind as u8 {
                names[count] = name;
                count += 1;
            }
            at += 1;
        }
        key += 1;
    }
    assert!(
        count == N,
        "the length of the list is not the number of keys"
    );
    names
}

/// Returns the facts that a field states, by name. The values of its shared type count as its own.
pub fn facts(field: &Field, shared: Option<&SharedTypes>) -> IndexMap<&'static str, Value> {
    let json = serde_json::to_value(field).unwrap_or_default();
    let mut facts: IndexMap<&'static str, Value> = FACTS
        .iter()
        .filter_map(|name| Some((*name, json.get(*name)?.clone())))
        .filter(|(_, value)| !value.is_null())
        .filter(|(name, value)| *name != "required_unless" || *value != Value::Array(Vec::new()))
        .collect();
    let used = field
        .shared
        .as_ref()
        .and_then(|name| shared?.types.get(name));
    let values = field.values.as_ref().or_else(|| used?.values.as_ref());
    if let Some(values) = values {
        facts.insert("values", values.names().into());
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::{FACTS, FIELD_KEYS, STATED};

    #[test]
    fn each_list_is_a_part_of_the_longer_one_in_the_same_order() {
        let part = |short: &[&str], long: &[&str]| {
            let mut rest = long.iter();
            short.iter().all(|name| rest.any(|other| other == name))
        };
        assert!(part(&STATED, &FACTS) && part(&FACTS, &FIELD_KEYS));
        assert!(FIELD_KEYS.iter().all(|name| !name.is_empty()));
    }
}
