//! Decisions about sentences that the import does not understand.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use dataforseo_import::report::ImportReport;
use dataforseo_import::{ImportError, Options, openapi};
use dataforseo_test_support::{Workspace, page};

const FILE: &str = "openapi-2026-02-18.yaml";

/// Imports a file with one sentence that states a limit, but not as a fact.
fn import(decisions: &str) -> Result<Vec<ImportReport>, ImportError> {
    let workspace = Workspace::new();
    let rule = "limit\\nthe LIMIT must suit each of 3 seasons";
    let text = page("openapi.yaml").replace("\"limit\\n", &format!("\"{rule}\\n"));
    workspace.write(FILE, &text);
    workspace.write("spec/sentences.yaml", decisions);
    let file = workspace.path().join(FILE);
    openapi::import(workspace.path(), &file, &[], Options::default())
}

fn not_understood(reports: &[ImportReport]) -> usize {
    let sentences = reports.iter().flat_map(|report| &report.not_understood);
    sentences
        .filter(|it| it.contains("each of 3 seasons"))
        .count()
}

/// Returns decisions with these patterns.
fn decisions(like: &[&str]) -> String {
    let head = "sentences:\n  - is: explanation\n    because: Seasons limit nothing.\n    like:\n";
    let like = like.iter().map(|like| format!("      - \"{like}\"\n"));
    like.fold(head.to_owned(), |text, like| text + &like)
}

#[test]
fn a_sentence_with_a_decision_is_not_listed() {
    let reports = import(&decisions(&["the limit must suit*seasons"])).unwrap();
    assert_eq!(not_understood(&reports), 0);
    let decided: Vec<&String> = reports.iter().flat_map(|report| &report.decided).collect();
    assert_eq!(
        decided,
        ["task.limit: the LIMIT must suit each of 3 seasons"]
    );
    let text: String = reports.iter().map(ToString::to_string).collect();
    assert!(
        text.contains("1 sentence that spec/sentences.yaml decides about"),
        "{text}"
    );
}

#[test]
fn a_decision_is_about_whole_sentences() {
    let reports = import(&decisions(&["the limit must suit"])).unwrap();
    assert_eq!(not_understood(&reports), 1);
}

#[test]
fn a_decision_that_fits_everything_is_an_error_of_the_check() {
    for (wrong, expected) in [
        (
            decisions(&["*must*"]),
            "5:9: `*must*` fits too many sentences",
        ),
        (
            decisions(&["the limit must*", "The limit must*"]),
            "6:9: `The limit must*` is already a pattern of `explanation`",
        ),
        (
            decisions(&["the limit must*"]).replace("Seasons limit nothing.", "\" \""),
            "3:5: `because` is empty",
        ),
    ] {
        let workspace = Workspace::new();
        workspace.write("spec/sentences.yaml", &wrong);
        let errors = dataforseo_spec::model::load(&workspace.path().join("spec")).unwrap_err();
        assert!(errors.to_string().contains(expected), "{errors}");
    }
}
