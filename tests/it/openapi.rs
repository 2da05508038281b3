//! The OpenAPI document of `cargo xtask openapi`, against an independent reader and an
//! independent validator.

use std::path::Path;
use std::sync::LazyLock;

use dataforseo_client::models::Endpoint as _;
use dataforseo_client::models::backlinks::BacklinksLive;
use dataforseo_test_support::documented;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::fixtures;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let model = dataforseo_spec::model::load(&spec).unwrap();
    serde_json::from_str(&dataforseo_codegen::openapi::emit(&model)).unwrap()
});

/// A schema of the document, with the components that it refers to.
fn validator(schema: &Value) -> Validator {
    let mut whole = schema.clone();
    whole["components"] = DOCUMENT["components"].clone();
    jsonschema::draft202012::new(&whole).unwrap()
}

/// Method, path and operation.
fn operations() -> Vec<(&'static str, &'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    });
    operations.collect()
}

#[test]
fn another_reader_takes_it() {
    let document = oas3::from_json(DOCUMENT.to_string()).unwrap();
    let read = document.operations().count();
    assert_eq!(read, crate::generated::ENDPOINTS.len());
    for (path, method, operation) in document.operations() {
        assert!(operation.operation_id.is_some(), "{method} {path}");
        assert!(
            operation
                .summary
                .as_ref()
                .is_some_and(|it| it.ends_with('.')),
            "{path}"
        );
    }
    let ids: std::collections::BTreeSet<_> = operations()
        .into_iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), read);
}

#[test]
fn every_schema_is_one_and_every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    found.push(reference);
                }
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        jsonschema::draft202012::meta::validate(schema)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let mut found = Vec::new();
    references(&DOCUMENT, &mut found);
    assert!(found.len() > schemas.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(DOCUMENT.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_fixture_and_every_example_fits() {
    for (method, path, operation) in operations() {
        let body = &operation["requestBody"]["content"]["application/json"];
        let response = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let response_schema = validator(response);
        let request = (method == "post").then(|| validator(&body["schema"]));
        for fixture in fixtures::of(path) {
            let name = format!("{path} {}", fixture.name);
            let response: Value = serde_json::from_str(&fixture.response).unwrap();
            response_schema
                .validate(&response)
                .unwrap_or_else(|error| panic!("{name}: {error} at {}", error.instance_path()));
            if let Some(request) = &request {
                request
                    .validate(&fixture.request)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
        if let Some(request) = request {
            assert!(request.is_valid(&body["example"]), "{path}");
        }
    }
}

/// What the vendor's own document lacks: required fields, bounds, values, and a union's members.
#[test]
fn it_refuses_what_the_documentation_rules_out() {
    let limit = documented::max(BacklinksLive::INFO, "limit");
    let operation = &DOCUMENT["paths"]["/v3/backlinks/backlinks/live"]["post"];
    let tasks = validator(&operation["requestBody"]["content"]["application/json"]["schema"]);
    assert!(tasks.is_valid(&json!([{ "target": "a.example", "mode": "some_new_mode" }])));
    for bad in [
        json!([]),
        json!([{}]),
        json!([{ "target": "a.example" }, { "target": "b.example" }]),
        json!([{ "target": "a.example", "limit": limit + 1 }]),
        json!([{ "target": "a.example", "limits": 10 }]),
        json!([{ "target": "a.example", "custom_mode": { "field": "anchor" } }]),
        json!([{ "target": "a.example", "order_by": ["rank"] }]),
    ] {
        assert!(!tasks.is_valid(&bad), "{bad}");
    }
    let operation = &DOCUMENT["paths"]["/v3/serp/google/organic/live/advanced"]["post"];
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let response = validator(schema);
    let item = |item: Value| {
        json!({
            "status_code": 20000,
            "tasks": [{ "status_code": 20000, "result": [{ "items": [item] }] }],
        })
    };
    assert!(response.is_valid(&item(json!({ "type": "organic", "title": "t" }))));
    assert!(response.is_valid(&item(json!({ "type": "new_element", "title": 1 }))));
    assert!(response.is_valid(&item(Value::Null)));
    assert!(!response.is_valid(&item(json!({ "type": "organic", "title": 1 }))));
    assert!(!response.is_valid(&item(json!("organic"))));
}
