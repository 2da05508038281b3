//! A trial of all tools with a small OpenAPI file.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use dataforseo_test_support::{Workspace, page};
use tempfile::TempDir;
use xtask::trial::{self, Stage, Trial};

/// The outcome of a trial that ends before anything is compiled.
struct Tried {
    passed: bool,
    shown: String,
    folder: TempDir,
}

/// Tries a file in a copy of a workspace without endpoints.
fn try_file(workspace: &Workspace, openapi: &str) -> Tried {
    workspace.write("vendor/openapi-2026-01-02.yaml", openapi);
    let folder = TempDir::new().unwrap();
    let mut shown = String::new();
    let passed = trial::run(
        &Trial::new(workspace.path(), folder.path()),
        &workspace.path().join("vendor/openapi-2026-01-02.yaml"),
        Stage::Generate,
        &mut |line| {
            shown += &format!("{line}\n");
            Ok(())
        },
    );
    Tried {
        passed: passed.unwrap(),
        shown,
        folder,
    }
}

#[test]
fn a_trial_imports_sections_that_the_spec_does_not_have() {
    let workspace = Workspace::new();
    let before = workspace.read("spec/api.yaml");
    let openapi = page("openapi.yaml").replace("/v3/backlinks/gadgets/", "/v3/shop_data/gadgets/");
    let tried = try_file(&workspace, &openapi);
    assert!(tried.passed, "{}", tried.shown);
    assert!(tried.shown.contains("1 new sections"), "{}", tried.shown);
    assert!(tried.shown.contains("4 endpoints,"), "{}", tried.shown);
    assert!(tried.shown.contains("no other error"), "{}", tried.shown);
    let models = tried
        .folder
        .path()
        .join("checkout/crates/models/src/generated");
    let root = std::fs::read_to_string(models.join("mod.rs")).unwrap();
    assert!(root.contains("pub mod shop_data;"), "{root}");
    // The trial changes the copy only.
    assert_eq!(workspace.read("spec/api.yaml"), before);
    assert!(
        !workspace
            .path()
            .join("crates/models/src/generated")
            .exists()
    );
}

#[test]
fn an_error_other_than_a_missing_text_fails_the_trial() {
    let workspace = Workspace::new();
    workspace.write(
        "spec/backlinks/broken_live.yaml",
        "path: /v3/backlinks/broken/live\nmethod: POST\nmode: live\ndoc: Breaks.\nsource:\n  link: https://docs.dataforseo.com/v3/broken/\ntask:\n  fields:\n    limit:\n      type: integer\n      min: 3\n      max: 2\n",
    );
    let tried = try_file(&workspace, &page("openapi.yaml"));
    assert!(!tried.passed, "{}", tried.shown);
    assert!(
        tried.shown.contains("broken_live.yaml:11:"),
        "{}",
        tried.shown
    );
}
