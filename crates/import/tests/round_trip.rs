//! Round trips from the spec to pages and back. Each Backlinks endpoint is rendered as a page in
//! both forms with many combinations of quirks, and the import must return the facts of the spec.
//!
//! The comparison leaves out what a page cannot express:
//! - descriptions and notes: `doc`, `unit`, `absent`, `deprecated`, `evidence`, `corrections`, the
//!   meaning of values;
//! - names that people chose: `use`, `name`, `ident`. A shared type counts as its fields or values;
//! - `charged`: pages state prices, and do not reliably mark an endpoint without one;
//! - `cost`: the tests of `prose` read its sentences, and rendered pages have none;
//! - `source.openapi`, which is another source;
//! - the format of a URL (`format: url`): no phrase of a page states it;
//! - the content of a map, unless it counts something or has numbers for keys: it reads as any JSON;
//! - in plain text, the day of the revision; and without leading spaces, the nesting of fields.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::ImportPage;
use dataforseo_spec::facts::facts;
use dataforseo_spec::language::{Endpoint, Field, FieldType, Fields, Format, SharedTypes};
use dataforseo_spec::load::parse;
use dataforseo_test_support::render::{self, Quirks, fields_of};
use dataforseo_test_support::{Workspace, repository};
use serde_json::Value;

const SECTION: &str = "spec/backlinks";

/// Returns the endpoints of the section with their file names.
fn endpoints() -> Vec<(String, Endpoint)> {
    let folder = repository().join(SECTION);
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            let is_shared = name == "types.yaml" || name == "glossary.yaml";
            name.ends_with(".yaml") && !is_shared
        })
        .map(|name| format!("{SECTION}/{name}"))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let endpoint = parse(&name, &committed(&name)).unwrap().content;
            (name, endpoint)
        })
        .collect()
}

fn committed(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

fn types() -> SharedTypes {
    let name = format!("{SECTION}/types.yaml");
    parse(&name, &committed(&name)).unwrap().content
}

/// The forms of a page, and whether they show nesting.
fn pages(endpoint: &Endpoint, shared: &SharedTypes, number: usize) -> [(String, Quirks); 2] {
    let quirks = Quirks::number(number);
    [
        (render::html(endpoint, Some(shared), quirks), quirks),
        (render::text(endpoint, Some(shared), quirks), quirks),
    ]
}

/// Returns the facts of fields that a page can state, by path.
fn stated(fields: &Fields, shared: Option<&SharedTypes>, at: &str) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (place, (name, field)) in fields.iter().enumerate() {
        let path = format!("{at}.{name}");
        let mut facts = facts(field, shared);
        let inner = fields_of(field, shared);
        if field.format == Some(Format::Url) {
            facts.shift_remove("format");
        }
        if facts.get("required") == Some(&Value::Bool(false)) {
            facts.shift_remove("required");
        }
        if is_open(field, inner) {
            facts = [("type", "json".into())].into_iter().collect();
        }
        let mut facts: serde_json::Map<String, Value> = facts
            .into_iter()
            .map(|(name, fact)| (name.to_owned(), fact))
            .collect();
        facts.remove("cost");
        facts.insert("order".into(), place.into());
        facts.insert("numbered".into(), field.numbered.into());
        facts.insert("over".into(), field.over.clone().into());
        if let Some(each) = &field.each {
            facts.insert("each".into(), serde_json::json!([each.kind, each.of]));
        }
        all.insert(path.clone(), Value::Object(facts));
        all.extend(stated(inner, shared, &path));
    }
    all
}

/// Returns whether a field is a map whose values pages do not describe.
fn is_open(field: &Field, inner: &Fields) -> bool {
    field.kind == FieldType::Map
        && field.of != Some(FieldType::Integer)
        && field.numbered.is_none()
        && inner.is_empty()
}

/// Returns the facts of an endpoint that a page can state.
fn summary(endpoint: &Endpoint, shared: Option<&SharedTypes>) -> BTreeMap<String, Value> {
    let task = endpoint.task.clone().unwrap_or_default().fields;
    let mut all = stated(&task, shared, "task");
    let result = endpoint.result.clone().unwrap_or_default();
    all.extend(stated(&result.fields, shared, "result"));
    let facts = [
        ("path", serde_json::to_value(&endpoint.path)),
        ("method", serde_json::to_value(endpoint.method)),
        ("mode", serde_json::to_value(endpoint.mode)),
        ("limits", serde_json::to_value(&endpoint.limits)),
        ("has a task", serde_json::to_value(endpoint.task.is_some())),
        ("parameters", serde_json::to_value(&endpoint.parameters)),
        ("example", serde_json::to_value(&endpoint.example)),
        ("rows", serde_json::to_value(&endpoint.rows)),
    ];
    all.extend(facts.map(|(name, fact)| (name.to_owned(), fact.unwrap())));
    all
}

/// Returns the lines that only one of two texts has.
fn difference(a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>) -> Vec<String> {
    let missing = |from: &BTreeMap<String, Value>, of: &BTreeMap<String, Value>, mark: &str| {
        from.iter()
            .filter(|(name, fact)| of.get(*name) != Some(*fact))
            .map(|(name, fact)| format!("{mark} {name}: {fact}"))
            .collect::<Vec<_>>()
    };
    [missing(a, b, "-"), missing(b, a, "+")].concat()
}

/// The import of a page into an empty spec returns the endpoint from which the page was rendered.
#[test]
fn a_page_alone_gives_the_endpoint() {
    let shared = types();
    let endpoints = endpoints();
    assert_eq!(endpoints.len(), 24);
    let mut wrong = Vec::new();
    for (index, (name, endpoint)) in endpoints.iter().enumerate() {
        let expected = summary(endpoint, Some(&shared));
        // Each endpoint in eight combinations of quirks, each combination once.
        for turn in 0..8 {
            for (page, quirks) in pages(endpoint, &shared, index + 24 * turn) {
                let workspace = Workspace::new();
                let report = match workspace.import(&page) {
                    Ok(report) => report,
                    Err(error) => {
                        wrong.push(format!("{name}, {quirks:?}: {error}"));
                        continue;
                    }
                };
                let read = parse::<Endpoint>(name, &workspace.read(name))
                    .unwrap()
                    .content;
                let difference = difference(&expected, &summary(&read, None));
                if !difference.is_empty() || !report.not_understood.is_empty() {
                    wrong.push(format!(
                        "{name}, {quirks:?}, {}:\n{}\nnot understood: {:#?}",
                        &page[..1],
                        difference.join("\n"),
                        report.not_understood
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}: {}",
        wrong.len(),
        wrong[..wrong.len().min(4)].join("\n\n")
    );
}

/// The import of a page into its own spec finds nothing new. Only the fingerprints are written, and a
/// second import changes nothing.
#[test]
fn a_page_adds_nothing_to_the_spec_that_it_was_made_of() {
    let shared = types();
    let mut wrong = Vec::new();
    for (index, (name, endpoint)) in endpoints().iter().enumerate() {
        let flat = render::text(endpoint, Some(&shared), Quirks::flat(index));
        let [(html, _), (text, _)] = pages(endpoint, &shared, index);
        let markdown = render::markdown(endpoint, Some(&shared), Quirks::number(index));
        for (form, page) in [
            ("html", html),
            ("text", text),
            ("flat", flat),
            ("markdown", markdown),
        ] {
            let workspace = Workspace::new();
            workspace.write(
                &format!("{SECTION}/types.yaml"),
                &committed(&format!("{SECTION}/types.yaml")),
            );
            workspace.write(name, &committed(name));
            let report = match workspace.import(&page) {
                Ok(report) => report,
                Err(error) => {
                    wrong.push(format!("{name}, {form}: {error}"));
                    continue;
                }
            };
            let (before, after) = (committed(name), workspace.read(name));
            let has_findings =
                !report.added.is_empty() || report.needs_decision() || !report.kept.is_empty();
            if before != after || has_findings {
                wrong.push(format!("{name}, {form}: {report}"));
                continue;
            }
            let again = workspace.import(&page).unwrap();
            if !again.changed_files.is_empty() || again.needs_decision() {
                wrong.push(format!("{name}, {form}, again: {again}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}: {}",
        wrong.len(),
        wrong[..wrong.len().min(6)].join("\n\n")
    );
}

/// Pages of endpoints that post tasks and list them are read in each form.
#[test]
fn a_page_of_a_queue_alone_gives_the_endpoint() {
    let name = "spec/serp/google/types/tasks.yaml";
    let shared: SharedTypes = parse(name, &committed(name)).unwrap().content;
    for (index, name) in ["organic_task_post", "organic_tasks_ready"]
        .into_iter()
        .enumerate()
    {
        let name = format!("spec/serp/google/{name}.yaml");
        let mut endpoint: Endpoint = parse(&name, &committed(&name)).unwrap().content;
        // Only an example shows what a list has, and in Markdown which fields are inside.
        if let Some(Value::Object(example)) = &mut endpoint.example {
            let stop = serde_json::json!([{"match_value": "x", "match_type": "domain"}]);
            example.insert("stop_crawl_on_match".to_owned(), stop);
            example.insert("remove_from_url".to_owned(), serde_json::json!(["x"]));
        }
        let expected = summary(&endpoint, Some(&shared));
        for turn in 0..4 {
            let quirks = Quirks::number(index + 2 * turn);
            for page in [
                render::html(&endpoint, Some(&shared), quirks),
                render::text(&endpoint, Some(&shared), quirks),
                render::markdown(&endpoint, Some(&shared), quirks),
            ] {
                let workspace = Workspace::new();
                workspace.import(&page).unwrap();
                let read: Endpoint = parse(&name, &workspace.read(&name)).unwrap().content;
                let difference = difference(&expected, &summary(&read, None));
                assert!(difference.is_empty(), "{name}: {difference:#?}\n{page}");
            }
        }
    }
}
