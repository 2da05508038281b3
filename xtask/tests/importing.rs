//! Bringing pages into the spec: what is added, what stays, what is shown.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod common;

use std::fs;

use common::{Workspace, page, repository, wordpress};
use xtask::import::{Options, import};

const SPEC: &str = "spec/backlinks/widgets_live.yaml";
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
    insta::assert_snapshot!(
        "text_fixture",
        workspace.read(&format!("{FIXTURES}/synthetic.json"))
    );
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

#[test]
fn a_dry_run_writes_nothing() {
    let workspace = Workspace::new();
    let options = Options {
        dry_run: true,
        ..Options::default()
    };
    let report = workspace.import_with(&html(), options).unwrap();
    assert_eq!(report.changed_files.len(), 2);
    let added = |diff: &String| {
        diff.lines()
            .any(|line| line == "+path: /v3/backlinks/widgets/live")
    };
    assert!(added(&report.diffs[0]), "{report}");
    assert!(!workspace.path().join(SPEC).exists());
    assert!(!workspace.path().join(FIXTURES).exists());
}

/// What people wrote: comments, words, a format, a name; the page then brings a new field, a new
/// bound and a new value.
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
    let edited = workspace
        .read(SPEC)
        .replace("default: as_is", "default: one_per_page");
    workspace.write(SPEC, &edited);
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
        .import(&html().replace("<code>as_is</code>\",", "").replace(
            "default value: <code>as_is</code>",
            "default value: <code>one_per_page</code>",
        ))
        .unwrap();
    assert_eq!(
        report.contradictions,
        [
            "task.mode: the correction of `default` no longer applies: it is for \"as_is\", the page has \"one_per_page\"; take it out"
        ]
    );
}

#[test]
fn what_the_page_lacks_is_kept_and_told() {
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
        ["result.items.secret: the page has no such field; say with `evidence` where it is from"]
    );
    assert!(!report.verified());
    assert_eq!(workspace.read(SPEC), edited);
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
    let edited = workspace
        .read(SPEC)
        .replace("    tag:\n", "    tag:\n      typ: string\n");
    workspace.write(SPEC, &edited);
    insta::assert_snapshot!("broken_spec", workspace.refusal(&html()));
    assert_eq!(workspace.read(SPEC), edited);
}

/// The real pages, where they are at hand: each alone gives the facts of the committed file.
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
