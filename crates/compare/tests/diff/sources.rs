//! Comparisons of each form of source, the three formats, and the errors of unreadable sources.

use std::fs;
use std::process::Command;

use dataforseo_codegen::openapi;
use dataforseo_compare::diff::surface::SourceForm;
use dataforseo_compare::diff::{
    ApiSource, DiffOptions, DiffReport, Rendering, ReportLength, compare,
};
use dataforseo_import::{Options as ImportOptions, import};
use dataforseo_spec::model;
use serde_json::Value;

use crate::meaning::workspace;
use dataforseo_test_support::{Workspace, page, repository, wordpress};

/// Compares two sources of a workspace by their names there.
fn report(workspace: &Workspace, old: &str, new: &str) -> DiffReport {
    let read = |name: &str| {
        let path = workspace.path().join(name);
        let source = if path.exists() {
            ApiSource::at(workspace.path(), path.to_str().unwrap())
        } else {
            ApiSource::at(workspace.path(), name)
        };
        let mut surface = source.unwrap().read(workspace.path()).unwrap();
        surface.name = name.to_owned();
        surface
    };
    compare(&read(old), &read(new), &DiffOptions::default())
}

fn git(workspace: &Workspace, arguments: &[&str]) {
    let status = Command::new("git")
        .arg("-C")
        .arg(workspace.path())
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{arguments:?}");
}

/// Returns a spec that changed in many ways since it was committed.
fn changed() -> Workspace {
    let workspace = workspace();
    git(&workspace, &["init", "-q"]);
    git(&workspace, &["add", "."]);
    git(&workspace, &["commit", "-q", "-m", "A spec"]);
    let file = "spec/backlinks/widgets_live.yaml";
    workspace.edit(file, "max: 1000", "max: 500");
    workspace.edit(
        file,
        "note: { type: string",
        "note: { type: string, required: true",
    );
    workspace.edit(file, "total_count:", "total:");
    workspace.edit(file, "tasks_per_call: 10", "tasks_per_call: 100");
    workspace.edit(file, "The colour of most", "The colour that most have");
    workspace.edit(file, "    tag:", "    fresh: { type: boolean }\n    tag:");
    let types = "spec/backlinks/types.yaml";
    workspace.edit(types, "[all, new]", "[all, lost]");
    workspace.edit(types, "place: { type: integer", "place: { type: float");
    workspace
}

#[test]
fn a_revision_against_a_folder_in_three_renderings() {
    let workspace = changed();
    let report = report(&workspace, "HEAD", "spec");
    assert_eq!(report.exit_code(), 11);
    insta::assert_snapshot!("text", report.render(Rendering::Text, ReportLength::Short));
    insta::assert_snapshot!(
        "markdown",
        report.render(Rendering::Markdown, ReportLength::Short)
    );
    insta::assert_snapshot!("json", report.render(Rendering::Json, ReportLength::Short));
}

#[test]
fn a_revision_names_folders_and_files_too() {
    let workspace = changed();
    assert_eq!(report(&workspace, "HEAD", "HEAD:spec").changes, []);
    workspace.write("old.json", &page("diff-old.yaml"));
    git(&workspace, &["add", "old.json"]);
    git(&workspace, &["commit", "-q", "-m", "A file"]);
    let none = report(&workspace, "HEAD:old.json", "old.json");
    assert_eq!((none.changes.len(), none.exit_code()), (0, 0));
    assert_eq!(none.old.form, SourceForm::OpenApi);
}

#[test]
fn our_own_document_states_the_same_as_the_spec() {
    let spec = repository().join("spec");
    let document = openapi::emit(&model::load(&spec).unwrap());
    let workspace = Workspace::new();
    workspace.write("own.json", &document);
    let read = |source: ApiSource| source.read(&repository()).unwrap();
    let spec = read(ApiSource::Folder(spec));
    let own = read(ApiSource::File(workspace.path().join("own.json")));
    assert_eq!(own.form, SourceForm::OwnOpenApi);
    for (old, new) in [(&spec, &own), (&own, &spec)] {
        let report = compare(old, new, &DiffOptions::default());
        assert_eq!(
            report.changes,
            [],
            "{}",
            report.render(Rendering::Text, ReportLength::Short)
        );
        assert!(report.endpoints_in_both > 25);
        // Facts that one of them cannot state are listed.
        let silent = "`nullable`: not stated by a spec";
        assert!(report.not_compared.iter().any(|it| it.starts_with(silent)));
    }
}

#[test]
fn a_page_is_compared_with_its_endpoint_alone() {
    let workspace = Workspace::new();
    let html = wordpress(&page("widgets.html"));
    workspace.write("page.json", &html);
    import(
        workspace.path(),
        &workspace.path().join("page.json"),
        ImportOptions::default(),
    )
    .unwrap();
    workspace.write(
        "spec/backlinks/other_live.yaml",
        &crate::meaning::SPEC.replace("/widgets/", "/other/"),
    );
    let same = report(&workspace, "page.json", "spec");
    assert_eq!(
        same.changes,
        [],
        "{}",
        same.render(Rendering::Text, ReportLength::Short)
    );
    assert_eq!(same.endpoints_in_both, 1);
    // The text states less, and nothing else.
    workspace.write("page.txt", &page("widgets.txt"));
    let text = report(&workspace, "page.txt", "page.json");
    insta::assert_snapshot!("page", text.render(Rendering::Text, ReportLength::Short));
    let file = "spec/backlinks/widgets_live.yaml";
    let changed = workspace
        .read(file)
        .replacen("max_items: 1000", "max_items: 999", 1);
    assert_ne!(changed, workspace.read(file));
    workspace.write(file, &changed);
    let differs = report(&workspace, "page.json", "spec");
    assert_eq!(
        differs.changes.len(),
        1,
        "{}",
        differs.render(Rendering::Text, ReportLength::Short)
    );
}

#[test]
fn a_spec_and_the_vendors_file_are_compared_by_common_facts() {
    let workspace = Workspace::new();
    let file = "openapi-2026-02-18.yaml";
    workspace.write(file, &page("openapi.yaml"));
    dataforseo_import::openapi::import(
        workspace.path(),
        &workspace.path().join(file),
        &[],
        ImportOptions::default(),
    )
    .unwrap();
    let report = report(&workspace, "spec", file);
    insta::assert_snapshot!(
        "spec_and_file",
        report.render(Rendering::Text, ReportLength::Short)
    );
}

#[test]
fn an_unreadable_source_states_why_and_what_to_do() {
    let workspace = workspace();
    git(&workspace, &["init", "-q"]);
    workspace.write("empty.txt", "");
    workspace.write("bytes.txt", "");
    fs::write(workspace.path().join("bytes.txt"), [b'a', 0xff, 0xfe]).unwrap();
    workspace.write("list.json", "[1, 2]");
    workspace.write("paths.yaml", "openapi: 3.0.1\npaths: 3\n");
    workspace.write("broken.yaml", "openapi: 3.0.1\npaths: [\n");
    workspace.write(
        "lost.yaml",
        "openapi: 3.0.1\npaths: { /v3/a/b: { get: { responses: { '200': { content: { j: { schema: { $ref: '#/components/schemas/Gone' } } } } } } } }\n",
    );
    workspace.edit("spec/backlinks/types.yaml", "tag: type", "tog: type");
    let mut all = String::new();
    for name in [
        "no_such_thing",
        "--upload-pack=x",
        "empty.txt",
        "bytes.txt",
        "list.json",
        "paths.yaml",
        "broken.yaml",
        "lost.yaml",
        "spec",
    ] {
        let path = workspace.path().join(name);
        let named = if path.exists() {
            path.display().to_string()
        } else {
            name.to_owned()
        };
        let read = ApiSource::at(workspace.path(), &named).and_then(|it| it.read(workspace.path()));
        let error = read.expect_err(name).to_string();
        let folder = format!("{}/", workspace.path().display());
        all.push_str(&format!(
            "{name}\n  {}\n",
            error.replace(&folder, "").replace('\n', "\n  ")
        ));
    }
    insta::assert_snapshot!("errors", all);
}

#[test]
fn schemas_that_multiply_are_refused() {
    let mut schemas = serde_json::Map::new();
    for at in 0..40 {
        let next = serde_json::json!({ "$ref": format!("#/components/schemas/S{}", at + 1) });
        let fields = serde_json::json!({ "properties": { "a": next, "b": next } });
        schemas.insert(format!("S{at}"), fields);
    }
    schemas.insert("S40".into(), serde_json::json!({}));
    let body = serde_json::json!({ "content": { "j": { "schema": { "$ref": "#/components/schemas/S0" } } } });
    let document = serde_json::json!({
        "openapi": "3.1.0",
        "paths": { "/v3/a/b": { "post": { "requestBody": body } } },
        "components": { "schemas": schemas },
    });
    let workspace = Workspace::new();
    workspace.write("wide.json", &document.to_string());
    let wide = ApiSource::File(workspace.path().join("wide.json"));
    let error = wide.read(workspace.path()).unwrap_err().to_string();
    assert!(error.contains("more than"), "{error}");
}

#[test]
fn odd_documents_do_no_harm() {
    // A schema that holds itself, and kinds of JSON where others are expected.
    let odd = serde_json::json!({
        "openapi": "3.1.0",
        "paths": { "/v3/a": { "post": {
            "description": 7,
            "parameters": [3, { "name": 4 }, { "name": "x", "schema": [] }],
            "requestBody": { "content": { "j": { "schema": { "$ref": "#/components/schemas/Me" } } } },
            "responses": { "200": { "content": {} } },
        }, "summary": "s" }, "x": 1, "": { "get": null } },
        "components": { "schemas": { "Me": {
            "$ref": "#/components/schemas/Me",
            "type": [], "items": { "$ref": "#/components/schemas/Me" },
            "properties": { "a": { "$ref": "#/components/schemas/Me" }, "b": 1, "c": { "enum": 5, "required": true } },
            "required": { "a": 1 }, "allOf": 1, "discriminator": { "propertyName": "a", "mapping": { "m": 1 } },
        } } },
    });
    let old = crate::surface(&odd, "odd.json");
    assert_eq!(compare(&old, &old, &DiffOptions::default()).changes, []);
    let _: Value = serde_json::from_str(
        &compare(&old, &old, &DiffOptions::default()).render(Rendering::Json, ReportLength::Short),
    )
    .unwrap();
}
