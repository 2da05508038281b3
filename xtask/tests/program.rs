//! The program: the checkout that it works on, and its exit codes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use dataforseo_test_support::{Workspace, repository};
use serde_json::{Value, json};

const SPEC: &str = "spec/backlinks/widgets_live.yaml";

const WIDGETS: &str = "\
path: /v3/backlinks/widgets/live
method: POST
mode: live
doc: Counts widgets.
source:
  link: https://docs.dataforseo.com/v3/backlinks-widgets-live/
limits:
  tasks_per_call: 10
task:
  fields:
    target:
      type: string
      required: true
      doc: A domain.
result:
  fields:
    count:
      type: integer
      doc: How many.
";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Returns a checkout with one endpoint.
fn checkout() -> Workspace {
    let checkout = Workspace::new();
    checkout.write(SPEC, WIDGETS);
    checkout
}

/// Returns the generated model of the endpoint, if it exists.
fn generated(checkout: &Workspace) -> Option<String> {
    let file = "crates/models/src/generated/backlinks/widgets_live.rs";
    fs::read_to_string(checkout.path().join(file)).ok()
}

#[test]
fn one_program_writes_to_the_checkout_that_it_is_run_in() {
    let checkouts = [checkout(), checkout()];
    checkouts[1].edit(SPEC, "How many.", "How many of the second checkout.");

    let output = run(checkouts[0].path(), &["generate"]);
    assert!(output.status.success(), "{}", error(&output));
    let first = generated(&checkouts[0]).unwrap();
    assert!(!first.contains("of the second checkout"));
    assert_eq!(generated(&checkouts[1]), None);

    // The same applies to a folder inside the checkout.
    let output = run(&checkouts[1].path().join("spec/backlinks"), &["generate"]);
    assert!(output.status.success(), "{}", error(&output));
    let second = generated(&checkouts[1]).unwrap();
    assert!(second.contains("of the second checkout"));
    assert_eq!(generated(&checkouts[0]), Some(first));
    for checkout in &checkouts {
        let output = run(checkout.path(), &["generate", "--check"]);
        assert!(output.status.success(), "{}", error(&output));
    }
}

#[test]
fn a_folder_outside_of_a_checkout_is_an_error() {
    let folder = tempfile::TempDir::new().unwrap();
    for command in [&["check"][..], &["generate"], &["openapi"]] {
        let output = run(folder.path(), command);
        assert_eq!(output.status.code(), Some(1));
        let error = error(&output);
        assert!(
            error.contains("no checkout here") && error.contains("spec/api.yaml"),
            "{error}"
        );
        assert_eq!(output.stdout, b"");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Compares with the committed spec.
#[test]
fn the_exit_code_states_what_was_found() {
    let folder = tempfile::TempDir::new().unwrap();
    let drift = |file: &Path| {
        let output = run(&repository(), &["drift", "--json", file.to_str().unwrap()]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), report)
    };
    let file = folder.path().join("response.json");
    let write = |rank: &Value| {
        let response = json!({
            "version": "0.1", "status_code": 20000, "cost": 0.02, "tasks_count": 1,
            "tasks": [{
                "id": "01010000-0000-0000-0000-000000000000", "status_code": 20000,
                "path": ["v3", "backlinks", "bulk_ranks", "live"],
                "result": [{"items_count": 1, "items": [{"target": "example.org", "rank": rank}]}],
            }],
        });
        fs::write(&file, response.to_string()).unwrap();
    };
    write(&json!(7));
    assert_eq!(drift(&file).0, Some(0));
    write(&json!(7.5));
    let (code, report) = drift(&file);
    assert_eq!(code, Some(10));
    let finding = &report["endpoints"][0]["findings"][0];
    assert_eq!(finding["kind"], "float_for_integer");
    assert_eq!(finding["path"], "result[].items[].rank");
    assert_eq!(drift(&folder.path().join("nothing.json")).0, Some(1));
}

/// `cargo xtask import … | head` closes the pipe before everything is printed.
#[test]
fn a_reader_that_closes_the_pipe_is_no_error() {
    let checkout = checkout();
    let description =
        "paths:\n  /v3/backlinks/gadgets/live:\n    get: {}\ncomponents:\n  schemas: {}\n";
    checkout.write("openapi.yaml", description);
    let import = ["import", "--openapi", "openapi.yaml"];
    for arguments in [&["check"] as &[&str], &["generate"], &import] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .current_dir(checkout.path())
            .stdout(writer)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", error(&output));
    }
}
