//! Maps are what an `IndexMap` of the same entries is, however large.

use dataforseo_client::models::drift::{DriftKind, decode};
use dataforseo_client::models::{Map, Numbered};
use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::json;

type Reference = IndexMap<String, Option<i64>>;

/// Everything that can be asked of a map, of both.
fn assert_same(map: &Map<i64>, reference: &Reference) {
    assert_eq!(map.len(), reference.len());
    assert_eq!(map.is_empty(), reference.is_empty());
    let entries = reference.iter().map(|(key, value)| (key.as_str(), value));
    assert!(map.iter().eq(entries), "{map:?} {reference:?}");
    assert!(map.keys().eq(reference.keys()));
    assert!(map.values().eq(reference.values()));
    assert!(map.clone().into_iter().eq(reference.clone()));
    for (key, value) in reference {
        assert_eq!(map.get(key), Some(value));
        assert_eq!(map.clone().get_mut(key), Some(&mut value.clone()));
        assert!(map.contains_key(key));
    }
    assert_eq!((map.get("?"), map.contains_key("?")), (None, false));
    assert_eq!(format!("{map:?}"), format!("{reference:?}"));
    let written = serde_json::to_string(map).unwrap();
    assert_eq!(written, serde_json::to_string(reference).unwrap());
    assert_eq!(&serde_json::from_str::<Map<i64>>(&written).unwrap(), map);
}

/// Keys that are often the same, with parts that could run into each other.
fn entries() -> impl Strategy<Value = Vec<(String, Option<i64>)>> {
    let key = prop_oneof!["[abé]{0,2}", "[a-d]{2}", ".{0,6}"];
    let key = key.prop_filter("the key that is never there", |key| key != "?");
    prop::collection::vec((key, any::<Option<i64>>()), 0..120)
}

/// An object as text; a key may stand in it twice.
fn object(entries: &[(String, Option<i64>)]) -> String {
    let entries = entries
        .iter()
        .map(|(key, value)| format!("{}: {}", json!(key), json!(value)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}

proptest! {
    #[test]
    fn a_map_is_what_an_index_map_is(entries in entries()) {
        let mut map = Map::default();
        let mut reference = Reference::new();
        for (key, value) in &entries {
            let former = reference.insert(key.clone(), *value);
            prop_assert_eq!(map.insert(key, *value), former);
        }
        assert_same(&map, &reference);
        assert_same(&entries.iter().cloned().collect(), &reference);

        // Decoded by the lenient decoder, and by serde.
        let text = object(&entries);
        let decoded = decode::<Map<i64>>(&text).unwrap();
        prop_assert_eq!(decoded.drift, []);
        assert_same(&decoded.value.unwrap(), &reference);
        assert_same(&serde_json::from_str(&text).unwrap(), &reference);

        // Equal in any order, and not with another value, entry, or key.
        let reversed: Map<i64> = map.clone().into_iter().collect::<Vec<_>>().into_iter().rev().collect();
        prop_assert_eq!(&reversed, &map);
        let mut other = map.clone();
        other.insert("?", None);
        prop_assert_ne!(&other, &map);
        if let Some((key, value)) = map.iter().next() {
            let mut other = map.clone();
            *other.get_mut(key).unwrap() = value.map_or(Some(1), |_| None);
            prop_assert_ne!(&other, &map);
            let mut other: Map<i64> = map.clone().into_iter().skip(1).collect();
            other.insert("?", *value);
            prop_assert_ne!(&other, &map);
        }
    }
}

/// The number of keys is not documented, so a lookup must not get slower with more keys. A linear
/// search would take minutes here.
#[test]
fn a_large_map_is_read_and_searched() {
    let entries: Vec<_> = (0..100_000_i64)
        .map(|n| (format!("key {n}"), Some(n)))
        .collect();
    let again: Vec<_> = entries
        .iter()
        .map(|(key, n)| (key.clone(), n.map(|n| -n)))
        .collect();
    let text = object(&[entries.clone(), again].concat());
    let mut map = decode::<Map<i64>>(&text).unwrap().value.unwrap();
    assert_eq!(map.len(), entries.len());
    for (key, n) in &entries {
        assert_eq!(map.get(key), Some(&n.map(|n| -n)));
    }
    assert!(
        map.iter()
            .map(|(key, _)| key)
            .eq(entries.iter().map(|(key, _)| key))
    );
    assert_eq!(map.get("key 100000"), None);
    assert_eq!(map.insert("one more", None), None);
    assert_eq!(map.get("one more"), Some(&None));
    let reversed: Map<i64> = map
        .clone()
        .into_iter()
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    assert_eq!(reversed, map);
}

#[test]
fn values_that_are_not_maps_are_reported() {
    for (text, value, met) in [
        ("null", None, 0),
        ("[]", Some(Map::default()), 0),
        ("[1]", None, 1),
        ("7", None, 1),
        (
            r#"{"a": "b", "c": 1}"#,
            Some(Map::from([("a", None), ("c", Some(1))])),
            1,
        ),
    ] {
        let decoded = decode::<Map<i64>>(text).unwrap();
        assert_eq!((decoded.value, decoded.drift.len()), (value, met), "{text}");
    }
    let decoded = decode::<Map<i64>>(r#"{"a": 1, "b/c": "d"}"#).unwrap();
    assert_eq!(decoded.drift[0].pointer, "/b~1c");
    assert!(serde_json::from_str::<Map<i64>>(r#"{"a": "7"}"#).is_err());
    assert!(serde_json::from_str::<Map<i64>>("[]").is_err());
}

#[test]
fn the_schema_of_a_map_is_that_of_an_object() {
    let ours = schemars::schema_for!(Map<i64>);
    let reference = schemars::schema_for!(Reference);
    assert_eq!(
        ours.get("additionalProperties"),
        reference.get("additionalProperties")
    );
    assert_eq!(ours.get("type"), reference.get("type"));
}

/// Numbered keys that are present, and keys that are not numbers.
#[test]
fn a_numbered_list_takes_the_numbers_from_one_on() {
    for (text, values, dropped) in [
        ("{}", &[][..], &[][..]),
        (r#"{"2": 20, "1": 10, "3": 30}"#, &[10, 20, 30], &[]),
        (r#"{"1": 10, "2": null}"#, &[10], &[]),
        (r#"{"1": 10, "2": null, "3": 30}"#, &[10], &["/3"]),
        (
            r#"{"1": 10, "3": 30, "a": 1, "": 2}"#,
            &[10],
            &["/3", "/a", "/"],
        ),
        (
            r#"{"01": 1, "+1": 2, "1": 3, "0": 4}"#,
            &[3],
            &["/01", "/+1", "/0"],
        ),
        (r#"{"1": 1, "1": 2}"#, &[2], &[]),
    ] {
        let decoded = decode::<Numbered<i64>>(text).unwrap();
        assert_eq!(decoded.value.unwrap().as_slice(), values, "{text}");
        let places: Vec<_> = decoded
            .drift
            .iter()
            .map(|drift| drift.pointer.as_str())
            .collect();
        assert_eq!(places, dropped, "{text}");
        assert!(
            decoded
                .drift
                .iter()
                .all(|drift| drift.kind == DriftKind::Dropped)
        );
    }
}
