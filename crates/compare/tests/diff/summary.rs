//! Reports of many changes, and of more than two sources.

use dataforseo_compare::diff::surface::Surface;
use dataforseo_compare::diff::{
    DiffHistory, DiffOptions, DiffReport, Rendering, ReportLength, compare_all,
};
use serde_json::{Map, Value, json};

use crate::{compare_documents, surface};

/// The maximum number of lines before the details: two screens.
const TWO_SCREENS: usize = 100;

/// Returns a document with one endpoint per section, each with 15 numbers of a type and with other
/// fields in its result.
fn document(number: &str, fields: &Value) -> Value {
    let mut properties = Map::new();
    for at in 0..15 {
        properties.insert(format!("count_{at}"), json!({ "type": number }));
    }
    properties.extend(fields.as_object().unwrap().clone());
    let item = |schema: Value| json!({ "type": "array", "items": schema });
    let body = json!({ "properties": {
        "tasks": item(json!({ "properties": { "result": item(json!({ "properties": properties })) } })),
    } });
    let get = json!({ "get": { "description": "Widgets.", "responses": {
        "200": { "content": { "application/json": { "schema": body } } },
    } } });
    json!({
        "openapi": "3.0.0",
        "paths": { "/v3/first/widgets": get, "/v3/second/widgets": get },
        "components": { "schemas": {} },
    })
}

fn texts(words: &str) -> Value {
    let fields = (0..12).map(|at| {
        let name = format!("text_{at}");
        (name, json!({ "type": "string", "description": words }))
    });
    fields.collect::<Map<_, _>>().into()
}

/// Returns a report of 15 changed types, one new field and 12 changed texts.
fn long_report() -> DiffReport {
    let mut new = texts("Other words.");
    new["fresh"] = json!({ "type": "boolean" });
    let (old, new) = (
        document("number", &texts("Words.")),
        document("integer", &new),
    );
    compare_documents(&old, &new, &DiffOptions::default())
}

#[test]
fn a_long_report_begins_with_totals_and_one_sentence_per_kind() {
    let report = long_report();
    let text = report.render(Rendering::Text, ReportLength::Short);
    let (summary, details) = text.split_once("\ndetails\n").unwrap();
    assert!(summary.lines().count() < TWO_SCREENS, "{summary}");
    assert!(
        summary.contains("15 fields of results changed from float to integer: the Rust type"),
        "{summary}"
    );
    assert!(
        summary.contains("12 fields of results changed the text"),
        "{summary}"
    );
    assert!(
        details.contains("… and 9 more; --all lists them"),
        "{details}"
    );
    assert!(!details.contains("text_0"), "{details}");
    insta::assert_snapshot!("summary", text);
}

#[test]
fn a_full_report_lists_everything() {
    let text = long_report().render(Rendering::Text, ReportLength::Full);
    for at in 0..15 {
        assert!(
            text.contains(&format!("~ result.count_{at}: type")),
            "{text}"
        );
    }
    assert!(text.contains("~ result.text_11"), "{text}");
}

#[test]
fn markdown_of_a_long_report_has_sentences_and_no_tables_of_fields() {
    let markdown = long_report().render(Rendering::Markdown, ReportLength::Short);
    insta::assert_snapshot!("summary_markdown", markdown);
}

#[test]
fn a_change_that_a_later_source_undoes_is_marked() {
    let dates = [
        (
            "one.json",
            json!({ "stays": { "type": "string" }, "gone": { "type": "string" } }),
        ),
        ("two.json", json!({ "stays": { "type": "integer" } })),
        (
            "three.json",
            json!({ "stays": { "type": "string" }, "gone": { "type": "string" } }),
        ),
    ];
    let surfaces: Vec<Surface> = dates
        .into_iter()
        .map(|(name, fields)| surface(&document("integer", &fields), name))
        .collect();
    let history: DiffHistory = compare_all(&surfaces, &DiffOptions::default());
    let marks = |step: usize| -> Vec<_> {
        let changes = &history.steps[step].changes;
        let marks = changes
            .iter()
            .map(|it| (it.undone_in.clone(), it.undoes.clone()));
        marks.collect()
    };
    assert_eq!(marks(0), vec![(Some("three.json".to_owned()), None); 2]);
    assert_eq!(marks(1), vec![(None, Some("two.json".to_owned())); 2]);
    let text = history.render(Rendering::Text, ReportLength::Short);
    assert!(
        text.contains("came and went: 2 changes that a later step undid"),
        "{text}"
    );
    assert!(text.contains("result.gone"), "{text}");
    assert_eq!(history.exit_code(), 11);
}

#[test]
fn callers_read_sentences() {
    let sentences = |report: &DiffReport| -> Vec<String> {
        report.changes.iter().map(|it| it.for_callers()).collect()
    };
    let old = document("integer", &json!({ "old": { "type": "string" } }));
    let new = document(
        "integer",
        &json!({ "old": { "type": "string", "deprecated": true }, "new": { "type": "number" } }),
    );
    let report = compare_documents(&old, &new, &DiffOptions::default());
    assert_eq!(
        sentences(&report),
        [
            "`result.new` of `first/widgets` and `second/widgets` is new (float)",
            "`result.old` of `first/widgets` and `second/widgets` is deprecated",
        ]
    );
    let kinds = long_report();
    let kinds: Vec<String> = kinds.kinds().iter().map(|it| it.for_callers()).collect();
    assert_eq!(
        kinds[0],
        "15 fields of results changed from float to integer, such as `result.count_0`, \
         `result.count_1`, `result.count_10`"
    );
}
