//! Imports of pages into the spec: added, kept and reported facts.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod common;

use std::fs;

use common::ImportPage;
use dataforseo_import::{Options, import};
use dataforseo_test_support::{Workspace, page, repository, wordpress};

const SPEC: &str = "spec/backlinks/widgets_live.yaml";
const FINGERPRINTS: &str = "spec/backlinks/fingerprints.lock";
const FIXTURES: &str = "crates/mock-server/fixtures/v3/backlinks/widgets/live";

fn html() -> String {
    wordpress(&page("widgets.html"))
}

#[test]
fn a_new_page_becomes_a_spec_file_and_a_fixture() {
    let workspace = Workspace::new();
    let report = workspace.import(&html()).unwrap();
    insta::assert_snapshot!("new_report", report.to_string());
    insta::assert_snapshot!("new_spec", workspace.read(SPEC));
    insta::assert_snapshot!("new_fingerprints", workspace.read(FINGERPRINTS));
    insta::assert_snapshot!(
        "new_fixture",
        workspace.read(&format!("{FIXTURES}/documentation.json"))
    );
}

#[test]
fn plain_text_says_where_it_decided() {
    let workspace = Workspace::new();
    let report = workspace.import(&page("widgets.txt")).unwrap();
    insta::assert_snapshot!("text_report", report.to_string());
    insta::assert_snapshot!("text_spec", workspace.read(SPEC));
}

#[test]
fn leading_spaces_of_plain_text_are_nesting() {
    let workspace = Workspace::new();
    workspace.import(&page("widgets-nested.txt")).unwrap();
    insta::assert_snapshot!("nested_spec", workspace.read(SPEC));
}

#[test]
fn a_second_run_changes_nothing() {
    for content in [html(), page("widgets.txt"), page("widgets-nested.txt")] {
        let workspace = Workspace::new();
        workspace.import(&content).unwrap();
        let before = workspace.read(SPEC);
        let report = workspace.import(&content).unwrap();
        assert_eq!(report.changed_files, Vec::<String>::new());
        assert_eq!(report.added, Vec::<String>::new());
        assert_eq!(workspace.read(SPEC), before);
    }
}

/// A sentence that was not understood is reported once, and again if the fingerprints are lost.
#[test]
fn a_text_without_a_fingerprint_is_new() {
    let workspace = Workspace::new();
    let sentence = "required field if the moon is full";
    let odd = wordpress(&page("widgets.html").replace("<em>words on it</em>", sentence));
    let is_reported = || {
        let report = workspace.import(&odd).unwrap();
        assert_eq!(report.reworded, [""; 0]);
        report.not_understood.iter().any(|it| it.contains(sentence))
    };
    assert!(is_reported());
    assert!(!is_reported());
    let before = workspace.read(FINGERPRINTS);
    fs::remove_file(workspace.path().join(FINGERPRINTS)).unwrap();
    assert!(is_reported());
    assert_eq!(workspace.read(FINGERPRINTS), before);
}

#[test]
fn fingerprints_of_removed_fields_and_files_are_dropped() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let before = workspace.read(FINGERPRINTS);
    let other = "\ngone_live.yaml source 01234567\n";
    let removed = "\nwidgets_live.yaml task/fields/gone 01234567\n";
    let kept = "\nwidgets_live.yaml task/fields/mode ";
    let with =
        before
            .replacen('\n', other, 1)
            .replacen(kept, &format!("{removed}{}", &kept[1..]), 1);
    assert_ne!(with, before);
    workspace.write(FINGERPRINTS, &with);
    let report = workspace.import(&html()).unwrap();
    assert_eq!(report.changed_files, [FINGERPRINTS]);
    assert!(report.verified(), "{report}");
    assert_eq!(workspace.read(FINGERPRINTS), before);
}

#[test]
fn a_broken_file_of_fingerprints_stops_the_import() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let broken = format!("{}<<<<<<< HEAD\n", workspace.read(FINGERPRINTS));
    workspace.write(FINGERPRINTS, &broken);
    let error = workspace.refusal(&html());
    let line = format!(
        "{FINGERPRINTS}:{}:1: not a fingerprint",
        broken.lines().count()
    );
    assert!(error.starts_with(&line), "{error}");
    assert_eq!(workspace.read(FINGERPRINTS), broken);
}

#[test]
fn a_dry_run_writes_nothing() {
    let workspace = Workspace::new();
    let options = Options {
        dry_run: true,
        ..Options::default()
    };
    let report = workspace.import_with(&html(), options).unwrap();
    assert_eq!(report.changed_files.len(), 3);
    let added = |diff: &String| {
        diff.lines()
            .any(|line| line == "+path: /v3/backlinks/widgets/live")
    };
    assert!(added(&report.diffs[0]), "{report}");
    assert!(report.diffs[1].contains("\n+widgets_live.yaml source "));
    assert!(!workspace.path().join(SPEC).exists());
    assert!(!workspace.path().join(FINGERPRINTS).exists());
    assert!(!workspace.path().join(FIXTURES).exists());
}

/// A file with comments, texts, a format and a name of a person, and a page with a new field, a new
/// limit and a new value.
#[test]
fn what_people_wrote_stays() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let edited = workspace
        .read(SPEC)
        .replace("      max_length: 255\n", "      max_length: 255 # counted in characters\n")
        .replace("method: POST\n", "method: POST\n# Written by hand.\ndoc: Our words.\n")
        .replace("        labels:\n", "        # The words, not the colours.\n        labels:\n          doc: Words printed on it.\n          absent: Null for a bare one.\n");
    workspace.write(SPEC, &edited);
    let changed = page("widgets.html")
        .replace("<code>one_per_page</code> — one for a page<br />", "<code>one_per_page</code> — one for a page<br />\n<code>one_per_site</code> — one for a site<br />")
        .replace("<em>words on it</em>", "<em>all the words on it</em>")
        .replace(
            "<tr><td>                    <code>labels</code>",
            "<tr><td>                    <code>weight</code></td><td>float</td><td><em>how heavy it is</em></td></tr>\n<tr><td>                    <code>labels</code>",
        );
    let report = workspace.import(&wordpress(&changed)).unwrap();
    insta::assert_snapshot!("merged_report", report.to_string());
    let diff = similar::TextDiff::from_lines(&edited, workspace.read(SPEC))
        .unified_diff()
        .context_radius(1)
        .to_string();
    insta::assert_snapshot!("merged_diff", diff);
}

#[test]
fn a_contradiction_is_shown_and_not_overwritten() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let edited = workspace.edit(SPEC, "default: as_is", "default: one_per_page");
    let report = workspace.import(&html()).unwrap();
    assert!(report.needs_decision());
    assert_eq!(
        report.contradictions,
        ["task.mode: default is \"one_per_page\" in the spec and \"as_is\" on the page"]
    );
    assert_eq!(workspace.read(SPEC), edited);

    // With a correction the difference is explained …
    let corrected = edited.replace(
        "      default: one_per_page\n",
        "      default: one_per_page\n      corrections:\n        - fact: default\n          documented: as_is\n          reason: recordings show the other\n          evidence: recording of 2026-01-02\n",
    );
    workspace.write(SPEC, &corrected);
    let report = workspace.import(&html()).unwrap();
    assert_eq!(report.contradictions, Vec::<String>::new());

    // … until the page says the same.
    let report = workspace
        .import(&html().replace(
            "default value: <code>as_is</code>",
            "default value: <code>one_per_page</code>",
        ))
        .unwrap();
    assert_eq!(
        report.contradictions,
        [
            "task.mode: the correction of `default` no longer applies: it is for \"as_is\", the page has \"one_per_page\"; remove it"
        ]
    );
}

#[test]
fn what_the_page_lacks_is_kept_and_reported() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let edited = workspace.read(SPEC)
        + "        secret:\n          type: string\n        known:\n          type: string\n          evidence: seen in a recording\n";
    workspace.write(SPEC, &edited);
    let report = workspace.import(&html()).unwrap();
    assert_eq!(
        report.kept,
        ["result.items.known: the page has no such field. Evidence: seen in a recording"]
    );
    assert_eq!(
        report.unexplained,
        ["result.items.secret: the page has no such field; state its origin in `evidence`"]
    );
    assert!(!report.verified());
    assert_eq!(workspace.read(SPEC), edited);
}

/// Facts that do not fit the type are not written.
#[test]
fn a_type_that_contradicts_brings_nothing_along() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let before = workspace.read(SPEC);
    let changed = page("widgets.html")
        .replace("<td><code>tag</code></td>\n<td>string</td>", "<td><code>tag</code></td>\n<td>array</td>")
        .replace(
            "<code>labels</code></td><td>array</td><td><em>words on it</em></td></tr>",
            "<code>labels</code></td><td>array</td><td><em>words on it</em></td></tr>\n<tr><td>                              <code>word</code></td><td>string</td><td><em>one</em></td></tr>",
        );
    let report = workspace.import(&wordpress(&changed)).unwrap();
    assert_eq!(
        report.contradictions,
        [
            "task.tag: type is \"string\" in the spec and \"list\" on the page",
            "result.items.labels: of is \"string\" in the spec and \"object\" on the page",
        ]
    );
    assert_eq!(workspace.read(SPEC), before);
    assert_eq!(report.reworded, Vec::<String>::new());
}

/// The page states another default, so its text also changed. The change of the text is reported
/// after the decision.
#[test]
fn a_contradiction_keeps_the_fingerprint() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let before = workspace.read(SPEC);
    let fingerprints = workspace.read(FINGERPRINTS);
    let other = html().replace(
        "default value: <code>as_is",
        "default value: <code>one_per_page",
    );
    for _ in 0..2 {
        let report = workspace.import(&other).unwrap();
        assert_eq!(report.contradictions.len(), 1, "{report}");
        assert_eq!(workspace.read(SPEC), before);
        assert_eq!(workspace.read(FINGERPRINTS), fingerprints);
    }
    let decided = workspace.edit(SPEC, "default: as_is", "default: one_per_page");
    let report = workspace.import(&other).unwrap();
    assert_eq!(report.reworded, ["task.mode"]);
    assert_eq!(report.changed_files, [FINGERPRINTS]);
    assert_eq!(workspace.read(SPEC), decided);
    let report = workspace.import(&other).unwrap();
    assert_eq!(report.reworded, [""; 0]);
}

/// A truncated page looks like a page with removed fields, so a person decides.
#[test]
fn a_page_that_was_cut_off() {
    let workspace = Workspace::new();
    let text = page("widgets.txt");
    workspace.import(&text).unwrap();
    let (cut, _) = text.split_once("id\nstring\nthe widget's").unwrap();
    let report = workspace.import(cut).unwrap();
    assert!(report.needs_decision());
    assert!(
        report.to_string().contains("the page is truncated"),
        "{report}"
    );
    assert_eq!(report.unexplained.len(), 2);
}

/// Fields that are missing on a page of any form are deprecated, not removed.
#[test]
fn a_field_that_is_gone_is_deprecated() {
    let today = Options {
        mark_removed: Some(jiff::civil::date(2026, 11, 23)),
        ..Options::default()
    };
    let without = |page: String, from: &str, to: &str| {
        let (before, rest) = page.split_once(from).unwrap();
        let (_, after) = rest.split_once(to).unwrap();
        format!("{before}{to}{after}")
    };
    let plain = page("widgets.txt");
    let shorter = without(plain.clone(), "tag\nstring\n", "As a response");
    let rows = "<tr>\n<td><code>tag</code>";
    let html_shorter = wordpress(&without(page("widgets.html"), rows, "</tbody>"));
    for (whole, shorter, day) in [
        (plain, shorter, "2026-11-23"),
        (html(), html_shorter, "2026-03-04"),
    ] {
        let workspace = Workspace::new();
        workspace.import(&whole).unwrap();
        let before = workspace.read(SPEC);
        let fingerprints = workspace.read(FINGERPRINTS);
        // Without the option, a person decides.
        let report = workspace.import(&shorter).unwrap();
        assert_eq!(report.unexplained.len(), 1, "{report}");
        workspace.write(SPEC, &before);
        let report = workspace.import_with(&shorter, today).unwrap();
        assert!(!report.needs_decision(), "{report}");
        let expected = format!("task.tag: deprecated: missing on the page since {day}");
        assert_eq!(report.removed, [expected]);
        let after = workspace.read(SPEC);
        let line = format!("      removed_upstream: {day}\n");
        assert!(after.contains(&line), "{after}");
        assert_eq!(workspace.read(FINGERPRINTS), fingerprints);
        // A second import changes nothing.
        let report = workspace.import_with(&shorter, today).unwrap();
        assert_eq!(
            (report.removed.len(), report.changed_files.len()),
            (0, 0),
            "{report}"
        );
        assert!(!report.needs_decision(), "{report}");
        // The field is on the page again: a person removes the mark.
        let report = workspace.import_with(&whole, today).unwrap();
        let expected = format!(
            "task.tag: marked `removed_upstream: {day}`, but the page has it again; remove the mark"
        );
        assert_eq!(report.contradictions, [expected]);
    }
}

/// A truncated page does not mark fields as removed.
#[test]
fn much_that_is_gone_at_once_is_a_question() {
    let workspace = Workspace::new();
    let text = page("widgets.txt");
    workspace.import(&text).unwrap();
    let before = workspace.read(SPEC);
    let (cut, _) = text.split_once("items_count\ninteger\n").unwrap();
    let options = Options {
        mark_removed: Some(jiff::civil::date(2026, 11, 23)),
        ..Options::default()
    };
    let report = workspace.import_with(cut, options).unwrap();
    assert!(report.needs_decision(), "{report}");
    assert_eq!(report.removed, [""; 0]);
    assert!(
        !workspace.read(SPEC).contains("removed_upstream"),
        "{before}"
    );
}

/// The text form does not show the fields of an object, but the other form does.
#[test]
fn a_better_form_of_the_page_fills_in_what_was_open() {
    let workspace = Workspace::new();
    workspace.import(&page("widgets.txt")).unwrap();
    assert!(workspace.read(SPEC).contains("\nexample:\n"));
    let report = workspace.import(&html()).unwrap();
    insta::assert_snapshot!("better_report", report.to_string());
    assert!(
        workspace
            .read(SPEC)
            .contains("        size:\n          type: object\n")
    );
    assert!(workspace.read(SPEC).contains("            width:\n"));
    assert_eq!(
        workspace.import(&html()).unwrap().changed_files,
        Vec::<String>::new()
    );
}

#[test]
fn facts_of_shared_types_are_compared() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let edited = workspace.read(SPEC);
    let (before, after) = edited
        .split_once("        size:\n          type: object\n")
        .unwrap();
    let (_, after) = after.split_once("        colors:\n").unwrap();
    let edited = format!(
        "{before}        size:\n          type: object\n          use: Size\n        colors:\n{after}"
    );
    workspace.write(SPEC, &edited);
    let types = "types:\n  Size:\n    doc: How large.\n    fields:\n      width:\n        type: integer\n        doc: x\n      gone:\n        type: float\n        doc: x\n";
    workspace.write("spec/backlinks/types.yaml", types);
    let report = workspace.import(&html()).unwrap();
    assert_eq!(
        report.contradictions,
        ["result.items.size.width: type is \"integer\" in the spec and \"float\" on the page"]
    );
    assert_eq!(report.unexplained.len(), 1, "{report}");
    assert!(
        report.unexplained[0].starts_with("result.items.size.gone: "),
        "{report}"
    );
    assert_eq!(workspace.read("spec/backlinks/types.yaml"), types);
}

#[test]
fn an_older_page_changes_nothing() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let (before, after) = (workspace.read(SPEC), page("widgets.html"));
    let older = wordpress(&after.replace("<code>tag</code>", "<code>gone</code>"))
        .replace("2026-03-04", "2024-01-01");
    let report = workspace.import(&older).unwrap();
    assert!(report.needs_decision());
    assert!(
        report.contradictions[0].contains("nothing was imported"),
        "{report}"
    );
    let older = older.replace("0.1.20260101", "0.1.20240101");
    assert_eq!(
        workspace.import(&older).unwrap().changed_files,
        Vec::<String>::new()
    );
    let fixture = workspace.read(&format!("{FIXTURES}/documentation.json"));
    assert!(fixture.contains("0.1.20260101"), "{fixture}");
    assert_eq!(workspace.read(SPEC), before);
}

#[test]
fn optional_on_the_page_and_required_in_the_spec() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    workspace.edit(
        SPEC,
        "      max_length: 255\n",
        "      required: true\n      max_length: 255\n",
    );
    let report = workspace.import(&html()).unwrap();
    assert_eq!(
        report.contradictions,
        ["task.tag: required is true in the spec and false on the page"]
    );
}

/// Evidence for one fact does not apply to another.
#[test]
fn evidence_is_for_one_fact() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    workspace.edit(
        SPEC,
        "      max_length: 255\n",
        "      max_length: 255\n      min_items: 1\n      values: [a, b]\n      evidence:\n        values: a recording\n",
    );
    let report = workspace.import(&html()).unwrap();
    assert_eq!(
        report.kept,
        ["task.tag: the page does not state values [\"a\",\"b\"]. Evidence: a recording"]
    );
    assert_eq!(report.unexplained.len(), 1, "{report}");
}

/// After a correction to `json`, fields inside are not imported.
#[test]
fn a_type_that_was_corrected_stays() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let edited = workspace.read(SPEC);
    let (before, after) = edited
        .split_once("        size:\n          type: object\n")
        .unwrap();
    let (_, after) = after.split_once("        colors:\n").unwrap();
    let corrected = "        size:\n          type: json\n          corrections:\n            - fact: type\n              documented: object\n              reason: r\n              evidence: e\n          doc: d\n        colors:\n";
    workspace.write(SPEC, &format!("{before}{corrected}{after}"));
    let report = workspace.import(&html()).unwrap();
    assert_eq!(report.contradictions, Vec::<String>::new(), "{report}");
    assert!(!workspace.read(SPEC).contains("width"));
}

#[test]
fn a_request_that_is_no_list_of_tasks_makes_no_fixture() {
    let workspace = Workspace::new();
    let text = page("widgets.html").replace("--data-raw &#039;[", "--data-raw &#039;");
    let report = workspace.import(&wordpress(&text)).unwrap();
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("not a list of tasks")),
        "{report}"
    );
    assert!(!workspace.path().join(FIXTURES).exists());
}

/// Comments among values, and values with the indentation of their key, stay.
#[test]
fn values_that_people_laid_out() {
    let more = page("widgets.html").replace("has the count per each colour<br />possible values: <code>red</code>, <code>green</code>", "has the count per each colour<br />possible values: <code>red</code>, <code>green</code>, <code>blue</code>");
    let with = |values: &str| {
        let workspace = Workspace::new();
        workspace.import(&html()).unwrap();
        let edited = workspace
            .read(SPEC)
            .replace("          values: [red, green]\n", values);
        workspace.write(SPEC, &edited);
        let report = workspace.import(&wordpress(&more)).unwrap();
        (workspace.read(SPEC), report)
    };
    let (text, report) = with("          values:\n          - red\n          - green\n");
    assert!(
        text.contains("          values: [red, green, blue]\n"),
        "{text}"
    );
    assert_eq!(report.contradictions, Vec::<String>::new());
    let (text, report) =
        with("          values:\n            - red\n            # the best\n            - green\n");
    assert!(text.contains("# the best\n            - green\n"), "{text}");
    assert_eq!(report.contradictions.len(), 1);
    let (text, _) =
        with("          values:\n            red: As blood.\n            green: As grass.\n");
    assert!(
        text.contains("            green: As grass.\n            blue: \"\"\n"),
        "{text}"
    );
}

#[test]
fn a_mapping_on_one_line_is_refused_not_broken() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let edited = workspace.read(SPEC);
    let (before, after) = edited.split_once("    tag:\n").unwrap();
    let (_, after) = after.split_once("\n\n").unwrap();
    let edited = format!("{before}    tag: {{type: string}}\n\n{after}");
    workspace.write(SPEC, &edited);
    insta::assert_snapshot!("one_line", workspace.refusal(&html()));
    assert_eq!(workspace.read(SPEC), edited);
}

/// A spec file with an error stops the import before anything is written.
#[test]
fn a_broken_spec_file_stops_the_import() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let edited = workspace.edit(SPEC, "    tag:\n", "    tag:\n      typ: string\n");
    insta::assert_snapshot!("broken_spec", workspace.refusal(&html()));
    assert_eq!(workspace.read(SPEC), edited);
}

/// Each real page, if available, states the facts of the committed file.
#[test]
fn the_documentation_gives_the_committed_facts() {
    let folder = repository().join("../shared/docs");
    let Ok(entries) = fs::read_dir(folder) else {
        println!("no documentation pages here");
        return;
    };
    for entry in entries {
        let options = Options {
            verify: true,
            ..Options::default()
        };
        let report = import(&repository(), &entry.unwrap().path(), options).unwrap();
        assert!(report.verified(), "{report}");
        assert_eq!(report.changed_files, Vec::<String>::new(), "{report}");
        assert!(report.agreed > 20, "{report}");
        assert_eq!(report.not_understood, Vec::<String>::new(), "{report}");
    }
}

/// A page lists the tag of a union, and the fields of its members, like fields of one object.
#[test]
fn the_tag_and_the_members_of_a_union_are_known() {
    let workspace = Workspace::new();
    workspace.import(&html()).unwrap();
    let text = workspace.read(SPEC);
    let start = text.find("\nresult:\n").unwrap();
    let items = text[start..]
        .find("    items:\n")
        .map(|at| start + at)
        .unwrap();
    let union =
        "    items:\n      type: list\n      of: object\n      use: Widget\n      doc: Rows.\n";
    workspace.write(SPEC, &format!("{}{union}", &text[..items]));
    let fields = text[items..].split_once("      fields:\n").unwrap().1;
    // Each field becomes one of a member, with the indentation of members.
    let first = fields.lines().next().unwrap().trim_end_matches(':').trim();
    let rest: String = fields
        .lines()
        .skip_while(|line| line.trim_end_matches(':').trim() == first)
        .skip_while(|line| line.starts_with("          "))
        .map(|line| format!("    {line}\n"))
        .collect();
    let types = format!(
        "types:\n  Widget:\n    doc: A widget.\n    tag: {first}\n    members:\n      a:\n        doc: One.\n        fields:\n{rest}"
    );
    workspace.write("spec/backlinks/types.yaml", &types);
    let report = workspace.import(&html()).unwrap();
    assert_eq!(report.contradictions, Vec::<String>::new(), "{types}");
}
