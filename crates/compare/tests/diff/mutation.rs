//! Known changes at random locations of our own OpenAPI document. The report contains exactly
//! these.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use dataforseo_codegen::openapi;
use dataforseo_compare::diff::surface::is_inside;
use dataforseo_compare::diff::{DiffOptions, compare};
use dataforseo_spec::model;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::history::reported;
use crate::plain::{FieldEntry, FieldKey, SimpleDifference, differences, entries};
use crate::surface;
use dataforseo_test_support::repository;

struct Base {
    document: Value,
    fields: BTreeMap<FieldKey, FieldEntry>,
    /// The properties of components, each with the locations that use it.
    properties: Vec<((String, String), Vec<FieldKey>)>,
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let model = model::load(&repository().join("spec")).unwrap();
    let mut document: Value = serde_json::from_str(&openapi::emit(&model)).unwrap();
    let paths = document["paths"].as_object_mut().unwrap();
    paths.retain(|path, _| path.starts_with("/v3/backlinks/"));
    let fields = entries(&document);
    let mut properties: BTreeMap<(String, String), Vec<FieldKey>> = BTreeMap::new();
    for (key, entry) in &fields {
        if let Some(owner) = &entry.owner {
            let name = key.1.rsplit('.').next().unwrap().to_owned();
            properties
                .entry((owner.clone(), name))
                .or_default()
                .push(key.clone());
        }
    }
    assert!(properties.len() > 200, "{}", properties.len());
    Base {
        document,
        fields,
        properties: properties.into_iter().collect(),
    }
});

#[derive(Debug, Clone, Copy)]
enum Mutation {
    Remove,
    Add,
    Rename,
    Type,
    Nullable,
    Words,
    Default,
    Bound,
    Required,
    Value,
    Deprecated,
}

const ALL: [Mutation; 11] = [
    Mutation::Remove,
    Mutation::Add,
    Mutation::Rename,
    Mutation::Type,
    Mutation::Nullable,
    Mutation::Words,
    Mutation::Default,
    Mutation::Bound,
    Mutation::Required,
    Mutation::Value,
    Mutation::Deprecated,
];

/// Changes a property of a component. Returns the changes at the locations that use it, or `None`
/// if the change does not apply.
fn mutate(document: &mut Value, mutation: Mutation, at: usize) -> Option<Vec<SimpleDifference>> {
    let base = &*BASE;
    let ((owner, name), locations) = &base.properties[at % base.properties.len()];
    let beside = |name: &str| -> Vec<FieldKey> {
        let renamed = locations.iter().map(|(id, path)| {
            let parent = &path[..path.rfind('.').unwrap()];
            (id.clone(), format!("{parent}.{name}"))
        });
        renamed.collect()
    };
    let differ = |locations: &[FieldKey], what: &str| -> Vec<SimpleDifference> {
        let all = locations.iter();
        all.map(|(id, path)| SimpleDifference::new(id, path, what))
            .collect()
    };
    let leaf = base.fields[&locations[0]].leaf.clone();
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    let component = &mut schemas[owner];
    let properties = component["properties"].as_object_mut().unwrap();
    let schema = properties.get_mut(name)?;
    let plain = schema.get("type").is_some() && schema.get("anyOf").is_none();
    match mutation {
        Mutation::Remove => {
            properties.shift_remove(name);
            Some(differ(locations, "removed"))
        }
        Mutation::Add => {
            let schema = json!({ "type": "boolean", "description": "Nothing like it was there." });
            properties.insert("zz_brand_new".to_owned(), schema);
            Some(differ(&beside("zz_brand_new"), "added"))
        }
        Mutation::Rename => {
            let to = format!("{name}_x");
            if to.ends_with("filters_x") || name == "order_by" {
                return None;
            }
            let renamed: Map<String, Value> = properties
                .iter()
                .map(|(key, value)| {
                    (
                        if key == name { to.clone() } else { key.clone() },
                        value.clone(),
                    )
                })
                .collect();
            *properties = renamed;
            let mut all = differ(locations, "removed");
            all.extend(differ(&beside(&to), "added"));
            Some(all)
        }
        Mutation::Type => {
            let kinds = ["string", "integer", "number", "boolean"];
            let next = |kind: &Value| {
                let at = kinds.iter().position(|it| kind == it)?;
                Some(json!(kinds[(at + 1) % kinds.len()]))
            };
            if !plain || schema.get("x-format").is_some() {
                return None;
            }
            match &mut schema["type"] {
                Value::Array(all) => all[0] = next(&all[0])?,
                kind => *kind = next(kind)?,
            }
            Some(differ(locations, "type"))
        }
        Mutation::Nullable => {
            if let Some(any) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
                let before = any.len();
                any.retain(|it| it["type"] != "null");
                if before == any.len() {
                    return None;
                }
            } else {
                let kind = schema.get("type")?.clone();
                schema["type"] = match &kind {
                    Value::Array(all) => all[0].clone(),
                    kind => json!([kind, "null"]),
                };
            }
            Some(differ(locations, "nullable"))
        }
        Mutation::Words => {
            let words = schema["description"].as_str().unwrap_or_default();
            schema["description"] = json!(format!("{words} And a word more."));
            Some(differ(locations, "words"))
        }
        Mutation::Default => {
            schema["default"] = json!(77_777);
            Some(differ(locations, "default"))
        }
        Mutation::Bound => {
            let (key, what) = match schema.get("items") {
                Some(_) => ("maxItems", "max_items"),
                None => ("maximum", "max"),
            };
            schema[key] = json!(77_777);
            Some(differ(locations, what))
        }
        Mutation::Required => {
            let required = component.get("required").and_then(Value::as_array);
            let mut required = required.cloned().unwrap_or_default();
            match required.iter().position(|it| it == name) {
                Some(at) => {
                    required.remove(at);
                }
                None => required.push(json!(name)),
            }
            component["required"] = json!(required);
            Some(differ(locations, "required"))
        }
        Mutation::Value => {
            let leaf = leaf?;
            let values = schemas[&leaf]
                .pointer_mut("/anyOf/0/enum")?
                .as_array_mut()?;
            match at % 2 {
                0 => values.push(json!("brand_new")),
                _ => {
                    values.pop();
                }
            }
            let users = base
                .fields
                .iter()
                .filter(|(_, entry)| entry.leaf.as_ref() == Some(&leaf));
            let users: Vec<FieldKey> = users.map(|(key, _)| key.clone()).collect();
            Some(differ(&users, "values"))
        }
        Mutation::Deprecated => {
            schema["deprecated"] = json!(true);
            Some(differ(locations, "deprecated"))
        }
    }
}

/// Returns whether two changes are independent: neither is inside the other.
fn are_independent(a: &[SimpleDifference], b: &BTreeSet<SimpleDifference>) -> bool {
    a.iter().all(|a| {
        b.iter().all(|b| {
            a.endpoint != b.endpoint
                || !(is_inside(&a.path, &b.path) || is_inside(&b.path, &a.path))
        })
    })
}

fn check(wanted: &[(usize, usize)]) {
    let base = &*BASE;
    let mut document = base.document.clone();
    let mut expected = BTreeSet::new();
    for (kind, at) in wanted {
        let mut changed = document.clone();
        let mutation = ALL[kind % ALL.len()];
        if let Some(found) = mutate(&mut changed, mutation, *at)
            && are_independent(&found, &expected)
        {
            expected.extend(found);
            document = changed;
        }
    }
    assert_eq!(
        differences(&base.document, &document),
        expected,
        "the test itself"
    );
    let new = surface(&document, "new.json");
    let report = compare(
        &surface(&base.document, "old.json"),
        &new,
        &DiffOptions::default(),
    );
    assert_eq!(reported(&report, &expected), expected);
    // A change of a component is reported once, even if several locations use it.
    assert!(report.changes.len() <= 2 * wanted.len(), "{report:#?}");
}

#[test]
fn each_kind_of_mutation_is_reported() {
    for kind in 0..ALL.len() {
        for at in [3, 40, 111] {
            check(&[(kind, at)]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_the_mutations_are_reported(
        wanted in prop::collection::vec((0..ALL.len(), 0_usize..10_000), 0..6)
    ) {
        check(&wanted);
    }
}
