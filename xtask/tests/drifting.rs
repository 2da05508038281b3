//! What `cargo xtask drift` says of recorded answers, and the edits that it makes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod common;

use std::path::PathBuf;

use common::{Workspace, repository};
use serde_json::{Value, json};
use xtask::drift::{FindingKind, Options, Report, drift};
use xtask::model::load;

const ENDPOINT: &str = "\
path: /v3/backlinks/widgets/live
method: POST
mode: live
doc: Counts widgets.
source:
  link: https://docs.dataforseo.com/v3/backlinks-widgets-live/
limits:
  tasks_per_call: 1
task:
  fields:
    target:
      type: string
      required: true
      doc: A site.
    scale:
      type: string
      use: Scale
      default: small
      doc: A scale.
result:
  fields:
    # The number that everything is about.
    rank:
      type: integer
      wording: \"01234567\"
      doc: A rank.
    score:
      type: integer
      doc: A score.
    size:
      type: string
      use: Scale
      absent: Null for nothing.
      doc: A size.
    colour:
      type: string
      values: [red, green]   # what paint there is
      doc: A colour.
    seen:
      type: string
      format: timestamp
      doc: A moment.
    ranks:
      type: list
      of: integer
      doc: Ranks.
    kinds:
      type: map
      of: integer
      values: [anchor, image]
      doc: Kinds.
    rare:
      type: boolean
      doc: Rare.
    elements:
      type: list
      of: object
      use: Element
      doc: Elements.
";

const TYPES: &str = "\
types:
  Scale:
    doc: How large.
    values:
      small: Small.
      large: Large.
  Element:
    doc: A piece of a page.
    tag: type
    fields:
      position:
        type: integer
        doc: A place.
    members:
      text:
        doc: Words.
        fields:
          words:
            type: string
            doc: Words.
      gap:
        doc: Nothing.
";

const FILE: &str = "spec/backlinks/widgets_live.yaml";

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write(FILE, ENDPOINT);
    workspace.write("spec/backlinks/types.yaml", TYPES);
    workspace
}

fn answer(results: &Value) -> Value {
    json!({
        "version": "0.1", "status_code": 20000, "cost": 0.02, "tasks_count": 1,
        "tasks": [{
            "id": "01010000-0000-0000-0000-000000000000", "status_code": 20000,
            "path": ["v3", "backlinks", "widgets", "live"], "result": results,
        }],
    })
}

fn fixture(source: &str, task: &Value, results: &Value) -> String {
    json!({
        "dfs_fixture": 1, "meta": {"source": source},
        "request": {"method": "POST", "path": "/v3/backlinks/widgets/live", "body": [task]},
        "response": {"status": 200, "body": answer(results)},
    })
    .to_string()
}

/// An answer in which a bit of everything is not as documented.
fn strange() -> Value {
    json!([{
        "rank": 1.5, "score": "12", "size": "huge", "colour": "blue", "seen": "yesterday",
        "ranks": [1, 2.25, null], "kinds": {"anchor": 1, "video": 2},
        "elements": [
            {"type": "text", "position": 1, "words": "w".repeat(80), "bold": true},
            {"type": "gap", "position": 2.0, "width": 3},
            {"type": "table", "position": 3, "rows": [["a", "b"]]},
            {"position": 4},
        ],
        "brand_new": 7, "since": "2026-01-02 03:04:05 +00:00", "nothing": null,
        "counts": {"us": 1, "de": 2}, "tags": ["a"], "either": 1,
    }, {
        "rank": null, "score": {"value": 1}, "size": "large", "colour": "red",
        "seen": "2026-01-02 03:04:05 +00:00", "ranks": [], "kinds": [],
        "elements": null, "brand_new": 8.5, "either": "one",
    }])
}

fn look(workspace: &Workspace, options: &Options) -> Report {
    drift(
        workspace.path(),
        &[workspace.path().join("recorded")],
        options,
    )
    .unwrap()
}

fn options() -> Options {
    Options {
        apply: false,
        enough: 2,
    }
}

fn applied() -> Options {
    Options {
        apply: true,
        ..options()
    }
}

fn text(workspace: &Workspace, report: &Report) -> String {
    let folder = format!("{}/", workspace.path().display());
    report.text(true).to_string().replace(&folder, "")
}

#[test]
fn everything_strange_is_told_with_its_edit() {
    let workspace = workspace();
    let task = json!({"target": "example.com", "scale": "enormous", "speed": 3});
    workspace.write("recorded/a.json", &fixture("recording", &task, &strange()));
    let report = look(&workspace, &options());
    insta::assert_snapshot!(text(&workspace, &report));
    insta::assert_json_snapshot!("json", report.endpoints[0].findings);
}

#[test]
fn what_was_applied_is_no_drift_any_more() {
    let workspace = workspace();
    // A comment among values makes that edit one for people; the others go on.
    workspace.write("recorded/a.json", &answer(&strange()).to_string());
    let before = workspace.read(FILE);
    let report = look(&workspace, &applied());
    let made = report.applied.as_ref().unwrap();
    assert_eq!(made.refused.len(), 0, "{made:?}");
    assert_eq!(made.made.len(), 13, "{made:?}");
    load(&workspace.path().join("spec")).unwrap();
    let after = workspace.read(FILE);
    for line in before.lines() {
        let changed = ["      type: integer", "      of: integer"].contains(&line);
        assert!(changed || after.contains(line), "{line} is gone:\n{after}");
    }
    insta::assert_snapshot!("edited", after);
    insta::assert_snapshot!("edited_types", workspace.read("spec/backlinks/types.yaml"));

    let again = look(&workspace, &applied());
    assert_eq!(again.applied.as_ref().unwrap().made, Vec::<String>::new());
    assert_eq!(workspace.read(FILE), after);
    let left: Vec<_> = again.endpoints[0].findings.iter().filter(|it| it.drift);
    let left: Vec<_> = left
        .into_iter()
        .map(|it| (it.kind, it.path.as_str()))
        .collect();
    assert_eq!(
        left,
        [
            (FindingKind::AnotherKind, "result[].score"),
            (FindingKind::NumberAsText, "result[].score"),
            (FindingKind::UndocumentedValue, "result[].colour"),
            (FindingKind::AnotherForm, "result[].seen"),
            (
                FindingKind::UndocumentedMember,
                "result[].elements[]<table>"
            ),
            (FindingKind::UndocumentedMember, "result[].elements[]"),
            (FindingKind::UndocumentedField, "result[].nothing"),
        ]
    );
}
