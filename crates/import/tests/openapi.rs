//! Imports of an OpenAPI file into a workspace.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::collections::BTreeMap;
use std::fs;

use dataforseo_import::report::ImportReport;
use dataforseo_import::{ImportError, Options, openapi};
use dataforseo_test_support::{Workspace, page};

const FILE: &str = "openapi-2026-02-18.yaml";
const FINGERPRINTS: &str = "spec/backlinks/fingerprints.lock";

fn import(workspace: &Workspace) -> Result<Vec<ImportReport>, ImportError> {
    import_named(workspace, FILE, &[])
}

fn import_named(
    workspace: &Workspace,
    name: &str,
    only: &[String],
) -> Result<Vec<ImportReport>, ImportError> {
    let file = workspace.path().join(name);
    openapi::import(workspace.path(), &file, only, Options::default())
}

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write(FILE, &page("openapi.yaml"));
    workspace
}

/// Returns the YAML files of the section by name.
fn spec(workspace: &Workspace) -> BTreeMap<String, String> {
    fs::read_dir(workspace.path().join("spec/backlinks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn show(reports: &[ImportReport], workspace: &Workspace) -> String {
    let reports: Vec<String> = reports.iter().map(ToString::to_string).collect();
    let folder = format!("{}/", workspace.path().display());
    reports.join("\n").replace(&folder, "")
}

#[test]
fn shapes_rules_and_shared_types_are_found() {
    let workspace = workspace();
    let reports = import(&workspace).unwrap();
    insta::assert_snapshot!("openapi_reports", show(&reports, &workspace));
    let files = spec(&workspace);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "gadgets_live.yaml",
            "places.yaml",
            "places_by_country.yaml",
            "types.yaml",
            "widgets_live.yaml"
        ]
    );
    for (name, text) in &files {
        insta::assert_snapshot!(format!("openapi_{}", name.trim_end_matches(".yaml")), text);
    }
    insta::assert_snapshot!("openapi_fingerprints", workspace.read(FINGERPRINTS));
}

#[test]
fn a_second_import_changes_nothing() {
    let workspace = workspace();
    import(&workspace).unwrap();
    let before = spec(&workspace);
    for report in import(&workspace).unwrap() {
        assert_eq!(report.changed_files, Vec::<String>::new(), "{report}");
        assert!(report.verified(), "{report}");
    }
    assert_eq!(spec(&workspace), before);
}

/// A second import recognizes types that a person renamed by their use.
#[test]
fn renamed_types_are_known_again() {
    let workspace = workspace();
    import(&workspace).unwrap();
    let fingerprints = workspace.read(FINGERPRINTS);
    for (name, text) in spec(&workspace) {
        let text = text
            .replace("Size", "Extent")
            .replace("  WidgetsElement:", "  PageElement:")
            .replace("use: WidgetsElement\n", "use: PageElement\n");
        workspace.write(&format!("spec/backlinks/{name}"), &text);
    }
    let before = spec(&workspace);
    assert!(before["types.yaml"].contains("PageElement:\n"));
    for report in import(&workspace).unwrap() {
        assert!(report.verified(), "{report}");
    }
    assert_eq!(spec(&workspace), before);
    // The fingerprints of the texts are the same, with the new names.
    let renamed = fingerprints
        .replace("types/Size/", "types/Extent/")
        .replace("types/WidgetsElement/", "types/PageElement/");
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_ne!(renamed, fingerprints);
    assert_eq!(sorted(&workspace.read(FINGERPRINTS)), sorted(&renamed));
}

/// A later file differs in an endpoint, a shared type and a member, and has a new member.
#[test]
fn a_later_file_is_compared_everywhere() {
    let workspace = workspace();
    import(&workspace).unwrap();
    let later = page("openapi.yaml")
        .replace("maximum value: 100\"", "maximum value: 50\"")
        .replace("width: { type: integer,", "width: { type: number,")
        .replace("\"rank\" }", "\"rank\" }\n        depth: { type: integer, description: \"depth\" }")
        .replace("          box: '#/components/schemas/BoxElement'\n", "          box: '#/components/schemas/BoxElement'\n          line: '#/components/schemas/SizeInfo'\n");
    workspace.write("openapi-2026-05-01.yaml", &later);
    let reports = import_named(&workspace, "openapi-2026-05-01.yaml", &[]).unwrap();
    let shown: Vec<&ImportReport> = reports
        .iter()
        .filter(|report| report.needs_decision() || !report.added.is_empty())
        .collect();
    let shown: Vec<ImportReport> = shown.into_iter().cloned().collect();
    insta::assert_snapshot!("openapi_later", show(&shown, &workspace));
    assert!(spec(&workspace)["types.yaml"].contains("      line:\n"));
}

#[test]
fn an_older_file_is_left_alone() {
    let workspace = workspace();
    import(&workspace).unwrap();
    let before = spec(&workspace);
    workspace.write("openapi-2025-01-01.yaml", &page("openapi.yaml"));
    let reports = import_named(&workspace, "openapi-2025-01-01.yaml", &[]).unwrap();
    assert!(reports.iter().all(ImportReport::needs_decision));
    assert_eq!(spec(&workspace), before);
}

/// Files are written only after all files were read.
#[test]
fn an_error_leaves_nothing_half_done() {
    let workspace = workspace();
    let text = page("openapi.yaml").replace("/v3/backlinks/gadgets/live:", "/v3/gadgets/live:");
    workspace.write(FILE, &text);
    let error = import(&workspace).unwrap_err().to_string();
    assert!(error.contains("section `gadgets`"), "{error}");
    assert!(!workspace.path().join("spec/backlinks").exists());
    let only = ["/v3/backlinks/*".to_owned(), "/v3/serp/*".to_owned()];
    let error = import_named(&workspace, FILE, &only).unwrap_err();
    assert!(
        error.to_string().contains("no path matches `/v3/serp/*`"),
        "{error}"
    );
    workspace.write(FILE, "paths: [1, 2]\n");
    let error = import(&workspace).unwrap_err().to_string();
    assert!(error.contains("line"), "{error}");
}

/// Returns the file with other descriptions of two fields, and a path in another section.
fn with_rows_in_a_shared_type() -> String {
    page("openapi.yaml")
        .replace("/v3/backlinks/gadgets/live", "/v3/backlinks/widgets/other")
        .replace("GadgetsResultInfo' }", "WidgetsResultInfo' }")
        .replace(
            "    GadgetsRequestInfo:\n      type: object\n      properties:\n",
            "    GadgetsRequestInfo:\n      type: object\n      properties:\n        filters: { type: array, items: { type: object }, description: \"which\" }\n        ratio: { type: integer, description: \"ratio\\nminimum value: 0.5\" }\n        backlinks_filters: { type: array, items: { type: object }, description: \"which links\" }\n",
        )
}

#[test]
fn rows_are_recognized_in_a_result_of_a_shared_type() {
    let workspace = workspace();
    workspace.write(FILE, &with_rows_in_a_shared_type());
    import(&workspace).unwrap();
    let other = workspace.read("spec/backlinks/widgets_other.yaml");
    assert!(other.contains("rows:\n  at: items\n"), "{other}");
    assert!(other.contains("result:\n  use: "), "{other}");
    assert!(
        other.contains(
            "backlinks_filters:\n      type: filters\n      over: backlinks/backlinks/live"
        ),
        "{other}"
    );
}

#[test]
fn a_bound_with_a_fraction_belongs_to_a_float() {
    let workspace = workspace();
    workspace.write(FILE, &with_rows_in_a_shared_type());
    import(&workspace).unwrap();
    let other = workspace.read("spec/backlinks/widgets_other.yaml");
    assert!(
        other.contains("ratio:\n      type: float\n      min: 0.5"),
        "{other}"
    );
}
