//! Facts that a person keeps although an OpenAPI file states them differently.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::fmt::Write as _;

use dataforseo_import::decisions::Choices;
use dataforseo_import::{Options, openapi};
use dataforseo_test_support::Workspace;
use jiff::civil::date;

/// Returns a file with two endpoints. `boxes` is the field `boxes` of the first task.
fn description(boxes: &str) -> String {
    let mut paths = String::new();
    let mut schemas = format!(
        "    Box: {{ type: object, properties: {{ width: {{ type: integer, description: width }} }} }}\n    \
         Crate: {{ type: object, properties: {{ height: {{ type: integer, description: height }} }} }}\n    \
         FirstTask: {{ type: object, properties: {{ boxes: {boxes} }} }}\n    \
         SecondTask: {{ type: object, properties: {{ spare: {}, other: {} }} }}\n",
        list("Box", "boxes"),
        list("Crate", "crates")
    );
    for name in ["First", "Second"] {
        let lower = name.to_lowercase();
        write!(
            paths,
            "  /v3/backlinks/{lower}/live:\n    post:\n      description: things\n      requestBody:\n        \
             content: {{ application/json: {{ schema: {{ type: array, items: {{ $ref: '#/components/schemas/{name}Task' }} }} }} }}\n      \
             responses:\n        '200':\n          content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/{name}Response' }} }} }}\n"
        )
        .unwrap();
        write!(
            schemas,
            "    {name}Response: {{ type: object, properties: {{ tasks: {{ type: array, items: {{ $ref: '#/components/schemas/{name}Tasks' }} }} }} }}\n    \
             {name}Tasks: {{ type: object, properties: {{ result: {{ type: array, items: {{ $ref: '#/components/schemas/{name}Result' }} }} }} }}\n    \
             {name}Result: {{ type: object, properties: {{ {lower}: {{ type: integer, description: count }} }} }}\n"
        )
        .unwrap();
    }
    format!("openapi: 3.0.1\npaths:\n{paths}components:\n  schemas:\n{schemas}")
}

/// Returns a list of objects of a schema.
fn list(schema: &str, text: &str) -> String {
    format!(
        "{{ type: array, items: {{ $ref: '#/components/schemas/{schema}' }}, description: \"{text}\" }}"
    )
}

#[test]
fn two_kept_facts_of_a_field_both_have_their_reason() {
    let workspace = Workspace::new();
    let import = |day: &str, boxes: &str| {
        let name = format!("openapi-{day}.yaml");
        workspace.write(&name, &description(boxes));
        let mut choices = Choices::on(date(2026, 3, 9));
        choices.keep("*=measured").unwrap();
        let options = Options {
            choices: &choices,
            ..Options::default()
        };
        let file = workspace.path().join(name);
        openapi::import(workspace.path(), &file, &[], options).unwrap()
    };
    import(
        "2026-01-01",
        &list("Box", "boxes\\nyou can set up to 20 boxes"),
    );
    let before = workspace.read("spec/backlinks/first_live.yaml");
    assert!(before.contains("max_items: 20"), "{before}");
    import("2026-02-01", &list("Crate", "boxes"));
    let after = workspace.read("spec/backlinks/first_live.yaml");
    let evidence = "      evidence:\n        max_items: measured\n        use: measured\n";
    assert!(after.contains(evidence), "{after}");
}
