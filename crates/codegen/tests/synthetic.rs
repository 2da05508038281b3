//! Synthetic responses from the tables of a spec: bounded, deterministic and valid.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::fmt::Write as _;
use std::path::Path;

use dataforseo_codegen::emit;
use dataforseo_spec::fixtures::Fixtures;
use dataforseo_spec::model::load;
use dataforseo_synthetic::{Exchange, SyntheticCase, Tables};
use dataforseo_test_support::Workspace;
use serde_json::{Value, json};

const PATH: &str = "/v3/backlinks/nests/live";
const SCHEMA: &str = "crates/models/schemas/backlinks/nests_live.result.json";

/// The generated files of a section with one endpoint.
struct Spec {
    tables: Tables,
    schema: Value,
}

impl Spec {
    /// Loads an endpoint whose task has `task` and whose result has `result`. `rows` is the key of
    /// that name, or empty.
    fn new(task: &str, rows: &str, result: &str, types: &str) -> Self {
        let workspace = Workspace::new();
        let endpoint = format!(
            "path: {PATH}\nmethod: POST\nmode: live\ndoc: Lists nests.\nsource:\n  link: \
             https://docs.dataforseo.com/v3/backlinks-nests-live/\nlimits:\n  tasks_per_call: 1\n\
             task:\n  fields:\n{task}example:\n  tag: a\n{rows}result:\n  fields:\n{result}"
        );
        workspace.write("spec/backlinks/nests_live.yaml", &endpoint);
        if !types.is_empty() {
            workspace.write("spec/backlinks/types.yaml", types);
        }
        let model = load(&workspace.path().join("spec")).unwrap();
        let files = emit(&model, &Fixtures::new()).unwrap();
        let tables = &files[Path::new("crates/mock-server/src/generated/backlinks.json")];
        Self {
            tables: Tables::parse(tables).unwrap(),
            schema: serde_json::from_str(&files[Path::new(SCHEMA)]).unwrap(),
        }
    }

    /// Returns the first result of a task, which must be valid.
    fn result(&self, task: &Value, case: SyntheticCase) -> Value {
        let exchange = Exchange {
            case,
            ..Exchange::new(PATH, task)
        };
        let endpoint = self.tables.endpoint(PATH).unwrap();
        let response = exchange.response(&self.tables, endpoint);
        assert_eq!(response, exchange.response(&self.tables, endpoint));
        let result = response["tasks"][0]["result"][0].clone();
        let schema = jsonschema::draft202012::new(&self.schema).unwrap();
        assert!(schema.is_valid(&result), "{case:?}: {result}");
        result
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

const TASK: &str = "    tag:\n      type: string\n      doc: A label.\n";

/// A union of 12 members, each of which has a list of the union.
#[test]
fn a_union_that_contains_itself_has_a_bounded_response() {
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
    let spec = Spec::new(TASK, "", rows, &types);
    for case in [
        SyntheticCase::Plain,
        SyntheticCase::Nulls,
        SyntheticCase::Unknown,
    ] {
        let result = spec.result(&json!({"tag": "a"}), case);
        let size = count(&result);
        assert!((100..5_100).contains(&size), "{case:?}: {size}");
        // The first level is whole, and members occur inside of members.
        let rows = result["items"].as_array().unwrap();
        assert!(rows.len() >= 12, "{case:?}");
        assert_eq!(result["items_count"], rows.len());
        assert!(
            rows.iter()
                .any(|row| row["items"].as_array().is_some_and(|it| it.len() >= 12))
        );
    }
}

/// Types that only double with each level, without any that contains itself.
#[test]
fn a_spec_that_doubles_with_each_level_has_a_bounded_response() {
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
    let spec = Spec::new(TASK, "", root, &types);
    let size = count(&spec.result(&json!({"tag": "a"}), SyntheticCase::Plain));
    assert!((1_000..5_100).contains(&size), "{size}");
}

/// A response repeats the fields of its task only where they have the same type.
#[test]
fn only_fields_of_the_same_type_are_repeated() {
    let task = format!(
        "{TASK}    keywords:\n      type: list\n      of: string\n      doc: Words.\n    depth:\n      \
         type: integer\n      doc: A depth.\n"
    );
    let fields = "    tag:\n      type: string\n      doc: The label.\n    keywords:\n      type: map\n      \
                  of: integer\n      doc: Counts.\n    depth:\n      type: integer\n      doc: The depth.\n";
    let spec = Spec::new(&task, "", fields, "");
    let task = json!({"tag": "a", "keywords": ["b"], "depth": 7});
    let result = spec.result(&task, SyntheticCase::Plain);
    assert_eq!((&result["tag"], &result["depth"]), (&"a".into(), &7.into()));
    assert!(result["keywords"].is_object(), "{result}");
}

/// A list of rows with `limit` and `offset`.
fn list() -> Spec {
    let task = format!(
        "{TASK}    limit:\n      type: integer\n      default: 100\n      min: 1\n      max: 1000\n      doc: Rows.\n    \
         offset:\n      type: integer\n      default: 0\n      min: 0\n      max: 20000\n      doc: Rows before.\n"
    );
    let fields = "    total_count:\n      type: integer\n      doc: All.\n    items_count:\n      type: integer\n      \
                  doc: Here.\n    items:\n      type: list\n      of: object\n      doc: Rows.\n      fields:\n        \
                  rank:\n          type: integer\n          doc: A rank.\n        domain:\n          type: string\n          \
                  doc: A domain.\n";
    Spec::new(
        &task,
        "rows:\n  at: items\n  paging:\n    max_offset: 20000\n",
        fields,
        "",
    )
}

/// Pages of one list, one after the other, have each row once.
#[test]
fn limit_and_offset_select_rows_of_one_list() {
    let spec = list();
    let page = |task: Value| spec.result(&task, SyntheticCase::Plain);
    let all = page(json!({"tag": "a"}));
    let rows = all["items"].as_array().unwrap();
    let total = usize::try_from(all["total_count"].as_u64().unwrap()).unwrap();
    assert_eq!(rows.len(), total);
    assert!((12..=100).contains(&total), "{total}");
    let mut seen = Vec::new();
    for offset in (0..total + 10).step_by(5) {
        let page = page(json!({"limit": 5, "offset": offset, "tag": "other"}));
        assert_eq!(page["total_count"], total);
        let rows = page["items"].as_array().unwrap();
        assert_eq!(page["items_count"], rows.len());
        assert!(rows.len() <= 5);
        seen.extend(rows.iter().cloned());
    }
    assert_eq!(seen, *rows);
}

/// Nothing in a response depends on the machine, so the bytes are known.
#[test]
fn equal_tasks_have_equal_bytes() {
    let spec = list();
    let task = json!({"limit": 2, "offset": 3});
    let result = spec.result(&task, SyntheticCase::Plain);
    insta::assert_snapshot!(result.to_string());
}
