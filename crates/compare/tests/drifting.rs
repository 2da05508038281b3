//! The report of `cargo xtask drift` on recorded responses, and the edits that it makes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use dataforseo_compare::drift::{DriftOptions, FindingKind, ReportDetail, SpecDriftReport, drift};
use dataforseo_spec::model::load;
use dataforseo_test_support::Workspace;
use serde_json::{Value, json};

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

/// A page described the rank.
const FINGERPRINTS: &str = "widgets_live.yaml result/fields/rank 01234567\n";

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write(FILE, ENDPOINT);
    workspace.write("spec/backlinks/types.yaml", TYPES);
    workspace.write("spec/backlinks/fingerprints.lock", FINGERPRINTS);
    workspace
}

fn response(results: &Value) -> Value {
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
        "response": {"status": 200, "body": response(results)},
    })
    .to_string()
}

/// Returns results with many kinds of differences from the spec.
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

fn look(workspace: &Workspace, options: &DriftOptions) -> SpecDriftReport {
    drift(
        workspace.path(),
        &[workspace.path().join("recorded")],
        options,
    )
    .unwrap()
}

fn options() -> DriftOptions {
    DriftOptions {
        apply: false,
        enough: 2,
    }
}

fn applied() -> DriftOptions {
    DriftOptions {
        apply: true,
        ..options()
    }
}

fn text(workspace: &Workspace, report: &SpecDriftReport) -> String {
    let folder = format!("{}/", workspace.path().display());
    report
        .text(ReportDetail::Full)
        .to_string()
        .replace(&folder, "")
}

#[test]
fn every_difference_is_reported_with_its_edit() {
    let workspace = workspace();
    let task = json!({"target": "example.com", "scale": "enormous", "speed": 3});
    workspace.write("recorded/a.json", &fixture("recording", &task, &strange()));
    let report = look(&workspace, &options());
    insta::assert_snapshot!(text(&workspace, &report));
    insta::assert_json_snapshot!("json", report.endpoints[0].findings);
}

#[test]
fn applied_edits_remove_the_drift() {
    let workspace = workspace();
    // A comment among values requires an edit by hand. The other edits are still made.
    workspace.write("recorded/a.json", &response(&strange()).to_string());
    let before = workspace.read(FILE);
    let report = look(&workspace, &applied());
    let made = report.applied.as_ref().unwrap();
    assert_eq!(made.refused.len(), 0, "{made:?}");
    assert_eq!(made.made.len(), 11, "{made:?}");
    load(&workspace.path().join("spec")).unwrap();
    let after = workspace.read(FILE);
    for line in before.lines() {
        let changed = [
            "      type: integer",
            "      of: integer",
            "      values: [anchor, image]",
        ]
        .contains(&line);
        assert!(changed || after.contains(line), "{line} is gone:\n{after}");
    }
    insta::assert_snapshot!("edited", after);
    insta::assert_snapshot!("edited_types", workspace.read("spec/backlinks/types.yaml"));

    let again = look(&workspace, &applied());
    assert_eq!(again.applied.as_ref().unwrap().made, Vec::<String>::new());
    assert_eq!(workspace.read(FILE), after);
    let left = again.endpoints[0].findings.iter().filter(|it| it.drift);
    let left: Vec<_> = left
        .into_iter()
        .map(|it| (it.kind, it.path.as_str()))
        .collect();
    assert_eq!(
        left,
        [
            (FindingKind::NumberAsText, "result[].score"),
            (FindingKind::AnotherKind, "result[].score"),
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

/// An edit that makes the spec invalid does not prevent the others.
#[test]
fn an_edit_that_breaks_the_spec_is_reverted() {
    let workspace = workspace();
    let results = json!([{"self": 1, "fine": 2, "rows": [{"word": "a"}]}]);
    workspace.write("recorded/a.json", &response(&results).to_string());
    let report = look(&workspace, &applied());
    let applied = report.applied.as_ref().unwrap();
    assert_eq!(applied.made.len(), 2, "{applied:?}");
    assert_eq!(applied.refused.len(), 1, "{applied:?}");
    assert!(applied.refused[0].what.ends_with("the field `self`"));
    assert!(applied.refused[0].reason.contains("cannot be a Rust name"));
    assert!(report.is_incomplete());
    load(&workspace.path().join("spec")).unwrap();
    let file = workspace.read(FILE);
    assert!(file.contains("    fine:\n") && !file.contains("    self:\n"));
}

#[test]
fn synthetic_fixtures_prove_nothing() {
    let workspace = workspace();
    let task = json!({"target": "example.com"});
    let strange = fixture("synthetic", &task, &strange());
    workspace.write("recorded/a.json", &strange);
    let report = look(&workspace, &applied());
    assert_eq!((report.files, report.synthetic), (1, 1));
    assert!(report.endpoints.is_empty() && report.proposals.is_empty());
    assert_eq!(workspace.read(FILE), ENDPOINT);
}

/// A field that no response contains is only reported after enough responses.
#[test]
fn a_missing_field_is_reported_after_enough_objects() {
    let workspace = workspace();
    let result = json!({"kinds": {"anchor": 1}, "size": "small"});
    let results = Value::Array(vec![result; 5]);
    workspace.write("recorded/a.json", &response(&results).to_string());
    let never = |enough| {
        let options = DriftOptions {
            apply: false,
            enough,
        };
        let report = look(&workspace, &options);
        let findings = report.endpoints[0].findings.clone();
        let findings = findings.into_iter();
        let never = findings.filter(|it| it.kind == FindingKind::NeverSeen);
        never.map(|it| (it.path, it.of)).collect::<Vec<_>>()
    };
    assert_eq!(never(6), []);
    let missing = never(5);
    assert!(
        missing.contains(&("result[].rank".to_owned(), 5)),
        "{missing:?}"
    );
    assert!(
        missing.contains(&("result[].kinds{image}".to_owned(), 5)),
        "{missing:?}"
    );
    assert_eq!(missing.len(), 8, "{missing:?}");
}

#[test]
fn an_unreadable_file_is_reported() {
    let workspace = workspace();
    for (name, content) in [
        ("a", "{"),
        ("b", "[1]"),
        ("c", r#"{"dfs_fixture": 2, "request": {"path": "/"}}"#),
        ("d", r#"{"dfs_fixture": 1, "request": {"path": 7}}"#),
        ("e", r#"{"tasks": null}"#),
        (
            "f",
            r#"{"tasks": [{"path": ["v3", "nowhere"], "result": [1]}]}"#,
        ),
    ] {
        workspace.write(&format!("recorded/{name}.json"), content);
    }
    let report = look(&workspace, &options());
    assert!(report.is_incomplete());
    insta::assert_snapshot!(text(&workspace, &report));
}

/// Undocumented kinds of value at every documented path.
#[test]
fn any_response_can_be_compared() {
    let workspace = workspace();
    let odd = [
        json!(null),
        json!(true),
        json!(1e300),
        json!("é".repeat(100)),
        json!([[[]], {}, 1]),
        json!({"": {"": {}}, "type": [], "a/b~c": 1}),
    ];
    let names = [
        "rank", "size", "seen", "ranks", "kinds", "elements", "\u{0}", "a: b #",
    ];
    for (index, value) in odd.iter().enumerate() {
        let fields = names.iter().map(|name| ((*name).to_owned(), value.clone()));
        let object = Value::Object(fields.collect());
        for (at, results) in [value.clone(), json!([value]), json!([object])]
            .iter()
            .enumerate()
        {
            let name = format!("recorded/{index}_{at}.json");
            workspace.write(&name, &response(results).to_string());
        }
    }
    let many = (0..500).map(|index| (format!("field_{index}"), json!(index)));
    let many = json!([Value::Object(many.collect())]);
    workspace.write("recorded/many.json", &response(&many).to_string());
    let report = look(&workspace, &applied());
    assert!(report.count().0 > 50);
    assert!(report.unread.is_empty());
    load(&workspace.path().join("spec")).unwrap();
    for row in &report.endpoints[0].rows {
        let example = row.example.as_deref().unwrap_or_default();
        assert!(example.chars().count() <= 43, "{example}");
    }
}

const FETCH: &str = "\
path: /v3/backlinks/widgets/task_get/{id}
method: GET
mode: task_get
doc: Fetches widgets.
source:
  link: https://docs.dataforseo.com/v3/backlinks-widgets-task_get/
parameters:
  id:
    type: string
    required: true
    doc: A task.
result:
  fields:
    owner:
      type: object
      doc: Whose.
      fields:
        login:
          type: string
          doc: A name.
";

/// Other files in a folder, paths with parameters, bodies as text, and private examples.
#[test]
fn files_of_many_kinds() {
    let workspace = workspace();
    workspace.write("spec/backlinks/widgets_task_get.yaml", FETCH);
    let results = json!([{"owner": {"login": "alice", "password": "secret", "age": 7}}]);
    let fixture = json!({
        "dfs_fixture": 1,
        "request": {"method": "GET", "path": "/v3/backlinks/widgets/task_get/0101-17"},
        "responses": [
            {"status": 200, "body": response(&results)},
            {"status": 200, "body_text": response(&results).to_string()},
            {"status": 502, "body_text": "<html>"},
        ],
    });
    workspace.write("recorded/deep/a.json", &fixture.to_string());
    workspace.write("recorded/README.md", "Recorded by alice.");
    workspace.write("recorded/.hidden.json", "{");
    let report = look(&workspace, &options());
    assert_eq!((report.files, report.is_incomplete()), (1, false));
    let looked = &report.endpoints[0];
    assert_eq!(looked.endpoint, "/v3/backlinks/widgets/task_get/{id}");
    assert_eq!(
        (looked.responses, looked.no_json, looked.results),
        (2, 1, 2)
    );
    let message = format!(
        "{}{}",
        report.text(ReportDetail::Full),
        serde_json::to_string(&report).unwrap()
    );
    assert!(
        !message.contains("alice") && !message.contains("secret"),
        "{message}"
    );
    assert!(message.contains("such as 7"));
    // A file with two names counts once.
    let paths = ["recorded", "recorded/deep/a.json"].map(|path| workspace.path().join(path));
    let twice = drift(workspace.path(), &paths, &options()).unwrap();
    assert_eq!(twice.files, 1);
}

/// Only a value in a result proves that the API supports it, even if the value was also sent.
#[test]
fn a_value_that_was_only_sent_is_not_applied() {
    let workspace = workspace();
    let task = json!({"target": "a.com", "scale": "huge"});
    let sent = fixture("recording", &task, &json!([{"size": "small"}]));
    workspace.write("recorded/a.json", &sent);
    let report = look(&workspace, &applied());
    assert_eq!(report.applied.unwrap().made.len(), 0);
    let both = fixture("recording", &task, &json!([{"size": "huge"}]));
    workspace.write("recorded/a.json", &both);
    let report = look(&workspace, &applied());
    assert_eq!(report.applied.unwrap().made.len(), 1);
}
