//! The generated JSON Schemas, against an independent validator.

use std::fs;
use std::path::Path;

use dataforseo_client::models::Endpoint as _;
use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveTask};
use dataforseo_test_support::documented;
use serde_json::{Value, json};

use crate::fixtures;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> Value {
    let path = root().join(path);
    serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
}

fn schema(id: &str, role: &str) -> Value {
    let id = dataforseo_spec::names::plain_path(id);
    let parts: Vec<&str> = id.split('/').collect();
    // An endpoint of a group has its schema in the folder of the group.
    let files = [2, 1].map(|depth| {
        let (folder, name) = parts.split_at(depth);
        format!("{}/{}.{role}.json", folder.join("/"), name.join("_"))
    });
    committed(&files).unwrap_or_else(|| panic!("no schema of {role} for {id}"))
}

/// The first of these schemas that exists.
fn committed(files: &[String]) -> Option<Value> {
    let paths = files
        .iter()
        .map(|file| format!("crates/models/schemas/{file}"));
    let mut found = paths.filter(|path| root().join(path).exists());
    found.next().map(|path| read(&path))
}

/// The schema of a result: the endpoint's own, or that of a shared type.
fn result_schema(endpoint: &dataforseo_spec::model::Endpoint) -> Option<Value> {
    match &endpoint.result_type {
        _ if endpoint.result.is_some() => Some(schema(&endpoint.id, "result")),
        dataforseo_spec::model::Type::Object(name) => {
            let parts: Vec<&str> = endpoint.id.split('/').collect();
            let name = heck::ToSnakeCase::to_snake_case(name.as_str());
            // A shared type is in the folder of the group, of the section, or of all sections.
            let files = [2, 1, 0].map(|depth| {
                let folder: String = parts[..depth]
                    .iter()
                    .map(|part| format!("{part}/"))
                    .collect();
                format!("{folder}types.{name}.json")
            });
            Some(committed(&files).unwrap_or_else(|| panic!("no schema of {name}")))
        }
        _ => None,
    }
}

#[test]
fn fixtures_fit_their_schemas() {
    let model = dataforseo_spec::model::load(&root().join("spec")).unwrap();
    for endpoint in model.endpoints() {
        let validator = |role: &str, there: bool| {
            there.then(|| jsonschema::draft202012::new(&schema(&endpoint.id, role)).unwrap())
        };
        let task = validator("task", endpoint.task.is_some());
        let result = result_schema(endpoint);
        let result = result.map(|schema| jsonschema::draft202012::new(&schema).unwrap());
        assert_eq!(result.is_none(), endpoint.id.ends_with("/task_post"));
        for fixture in fixtures::of(&endpoint.path) {
            let name = format!("{} {}", endpoint.id, fixture.name);
            if let Some(task) = &task {
                task.validate(&fixture.request[0])
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            let response: Value = serde_json::from_str(&fixture.response).unwrap();
            if let (Some(result), Some(one)) = (&result, response.pointer("/tasks/0/result/0")) {
                result
                    .validate(one)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
}

#[test]
fn schemas_refuse_what_the_rules_refuse() {
    let task =
        jsonschema::draft202012::new(&schema("backlinks/bulk_pages_summary/live", "task")).unwrap();
    assert!(task.is_valid(&json!({"targets": ["a.example"], "rank_scale": "some_new_scale"})));
    let info = BulkPagesSummaryLive::INFO;
    let most = documented::max_items(info, "targets");
    let length = documented::max_length(info, "tag");
    for bad in [
        json!({}),
        json!({"targets": []}),
        json!({"targets": "a.example"}),
        json!({"targets": vec!["a.example"; most + 1]}),
        json!({"targets": ["a.example"], "tag": "x".repeat(length + 1)}),
        json!({"targets": ["a.example"], "tagg": "x"}),
        json!({"targets": ["a.example"], "include_subdomains": "yes"}),
    ] {
        assert!(!task.is_valid(&bad), "{bad}");
    }
}

#[test]
fn the_feature_gives_the_committed_schemas() {
    let model = dataforseo_spec::model::load(&root().join("spec")).unwrap();
    for (endpoint, typed) in model.endpoints().zip(crate::generated::ENDPOINTS) {
        assert_eq!(endpoint.id, typed.info.id);
        let Some(committed) = result_schema(endpoint) else {
            continue;
        };
        let given = (typed.schema)();
        for key in ["properties", "$defs"] {
            assert_eq!(given.get(key), committed.get(key), "{} {key}", endpoint.id);
        }
        assert!(given.get("properties").is_some());
    }
    let given = schemars::schema_for!(BulkPagesSummaryLiveTask);
    let committed = schema("backlinks/bulk_pages_summary/live", "task");
    assert_eq!(given.get("properties"), committed.get("properties"));
}

/// An editor says the same of a spec file as `cargo xtask check`.
#[test]
fn the_spec_fits_its_own_schema() {
    let schema = jsonschema::draft202012::new(&read("spec/spec.schema.json")).unwrap();
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let mut files = dataforseo_spec::files::files_below(&spec).unwrap();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    assert!(files.len() >= 5);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap_or_default();
        let depth = file.strip_prefix(&spec).unwrap().components().count() - 1;
        let named = format!("$schema={}spec.schema.json", "../".repeat(depth));
        assert!(first.ends_with(&named), "{}: {first}", file.display());
        let (tree, _) = dataforseo_spec::tree::Tree::parse("file", &text).unwrap();
        assert!(schema.is_valid(&tree.value), "{}", file.display());
    }
    assert!(!schema.is_valid(&json!({"path": "/v3/x"})));
    let (tree, _) =
        dataforseo_spec::tree::Tree::parse("file", "types:\n  A:\n    docs: x\n").unwrap();
    assert!(!schema.is_valid(&tree.value));
}
