//! Synthetic fixtures: bounded, deterministic and valid.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::fmt::Write as _;
use std::path::Path;

use dataforseo_codegen::{Files, emit};
use dataforseo_spec::fixtures::Fixtures;
use dataforseo_spec::model::load;
use dataforseo_test_support::Workspace;
use serde_json::Value;

const SCHEMA: &str = "crates/models/schemas/backlinks/nests_live.result.json";
const FOLDER: &str = "crates/mock-server/fixtures/v3/backlinks/nests/live";

/// Emits all files of a section with one endpoint, whose task has `task` and whose result has
/// `result`.
fn files(task: &str, example: &str, result: &str, types: &str) -> Files {
    let workspace = Workspace::new();
    let endpoint = format!(
        "path: /v3/backlinks/nests/live\nmethod: POST\nmode: live\ndoc: Lists nests.\nsource:\n  \
         link: https://docs.dataforseo.com/v3/backlinks-nests-live/\nlimits:\n  tasks_per_call: 1\n\
         task:\n  fields:\n{task}example:\n{example}result:\n  fields:\n{result}"
    );
    workspace.write("spec/backlinks/nests_live.yaml", &endpoint);
    if !types.is_empty() {
        workspace.write("spec/backlinks/types.yaml", types);
    }
    let model = load(&workspace.path().join("spec")).unwrap();
    emit(&model, &Fixtures::new()).unwrap()
}

/// Returns the first result of a fixture, which must be valid.
fn result(files: &Files, case: &str) -> Value {
    let read = |path: &str| -> Value { serde_json::from_str(&files[Path::new(path)]).unwrap() };
    let fixture = read(&format!("{FOLDER}/{case}.json"));
    let result = fixture["response"]["body"]["tasks"][0]["result"][0].clone();
    let schema = jsonschema::draft202012::new(&read(SCHEMA)).unwrap();
    assert!(schema.is_valid(&result), "{case}: {result}");
    result
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

const TASK: &str = "    tag:\n      type: string\n      doc: A label.\n";
const EXAMPLE: &str = "  tag: a\n";

/// A union of 12 members, each of which has a list of the union.
#[test]
fn a_union_that_contains_itself_has_a_bounded_fixture() {
    let mut types = "types:\n  Any:\n    doc: Anything.\n    tag: type\n    members:\n".to_owned();
    for member in 0..12 {
        write!(
            types,
            "      m{member}:\n        doc: A member.\n        fields:\n          title{member}:\n            \
             type: string\n            doc: A title.\n          items:\n            type: list\n            \
             of: object\n            use: Any\n            doc: More of them.\n"
        )
        .unwrap();
    }
    let rows = "    items_count:\n      type: integer\n      doc: How many.\n    items:\n      \
                type: list\n      of: object\n      use: Any\n      doc: Rows.\n";
    let all = files(TASK, EXAMPLE, rows, &types);
    for case in ["synthetic", "nulls", "unknown"] {
        let result = result(&all, case);
        let size = count(&result);
        assert!((100..5_100).contains(&size), "{case}: {size}");
        // The first level is whole, and members occur inside of members.
        let rows = result["items"].as_array().unwrap();
        assert!(rows.len() >= 12, "{case}");
        assert!(
            rows.iter()
                .any(|row| row["items"].as_array().is_some_and(|it| it.len() >= 12))
        );
    }
    assert_eq!(all, files(TASK, EXAMPLE, rows, &types));
}

/// Types that only double with each level, without any that contains itself.
#[test]
fn a_spec_that_doubles_with_each_level_has_a_bounded_fixture() {
    let mut types = "types:\n".to_owned();
    for level in 0..15 {
        write!(types, "  L{level}:\n    doc: A level.\n    fields:\n").unwrap();
        for side in ["left", "right"] {
            let ty = match level {
                14 => "type: string".to_owned(),
                _ => format!("type: object\n        use: L{}", level + 1),
            };
            write!(
                types,
                "      {side}{level}:\n        {ty}\n        doc: A side.\n"
            )
            .unwrap();
        }
    }
    let root = "    root:\n      type: object\n      use: L0\n      doc: The root.\n";
    let files = files(TASK, EXAMPLE, root, &types);
    let size = count(&result(&files, "synthetic"));
    assert!((1_000..5_100).contains(&size), "{size}");
}

/// A response repeats the fields of its task only where they have the same type.
#[test]
fn only_fields_of_the_same_type_are_repeated() {
    let task = format!(
        "{TASK}    keywords:\n      type: list\n      of: string\n      doc: Words.\n    depth:\n      \
         type: integer\n      doc: A depth.\n"
    );
    let example = "  tag: a\n  keywords: [b]\n  depth: 7\n";
    let fields = "    tag:\n      type: string\n      doc: The label.\n    keywords:\n      type: map\n      \
                  of: integer\n      doc: Counts.\n    depth:\n      type: integer\n      doc: The depth.\n";
    let result = result(&files(&task, example, fields, ""), "synthetic");
    assert_eq!((&result["tag"], &result["depth"]), (&"a".into(), &7.into()));
    assert!(result["keywords"].is_object(), "{result}");
}
