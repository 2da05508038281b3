//! The difference between two OpenAPI files, checked against a simple comparison: no difference is
//! missing, and none is invented.
//!
//! Synthetic files are always compared. The vendor's files cannot be kept here, and are compared if
//! `DATAFORSEO_HISTORY` names a folder of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use dataforseo_compare::diff::surface::Fact;
use dataforseo_compare::diff::{ChangeKind, DiffOptions, DiffReport};
use serde_json::Value;

use crate::plain::{SimpleDifference, differences, entries, letters};
use crate::{compare_documents, page};

/// Returns the changes of a report in the form of the simple comparison. There, a fact from a
/// description is a change of the text.
pub fn reported(
    report: &DiffReport,
    plain: &BTreeSet<SimpleDifference>,
) -> BTreeSet<SimpleDifference> {
    let mut reported = BTreeSet::new();
    for change in &report.changes {
        for location in &change.locations {
            let mut note = |path: &str, what: &str| {
                let new = reported.insert(SimpleDifference::new(&location.endpoint, path, what));
                assert!(
                    new || what == "words",
                    "reported twice: {location:?} {what}"
                );
            };
            match &change.what {
                ChangeKind::Added { .. } => note(&location.path, "added"),
                ChangeKind::Removed { .. } => note(&location.path, "removed"),
                ChangeKind::Renamed { .. } | ChangeKind::Moved { .. }
                    if location.path.is_empty() =>
                {
                    note("", "removed");
                    let to = location.to.clone().unwrap();
                    reported.insert(SimpleDifference::new(&to, "", "added"));
                }
                ChangeKind::Renamed { .. } | ChangeKind::Moved { .. } => {
                    note(&location.path, "removed");
                    note(location.to.as_ref().unwrap(), "added");
                }
                ChangeKind::Changed { fact, .. } => {
                    let name = fact.name();
                    let key = SimpleDifference::new(&location.endpoint, &location.path, name);
                    match fact {
                        Fact::Wording | Fact::Doc => note(&location.path, "words"),
                        _ if fact.in_prose() && !plain.contains(&key) => {
                            note(&location.path, "words")
                        }
                        _ => note(&location.path, name),
                    }
                }
            }
        }
    }
    reported
}

/// Checks a report against the simple comparison, and returns both.
pub fn hold(old: &Value, new: &Value) -> (DiffReport, BTreeSet<SimpleDifference>) {
    let report = compare_documents(old, new, &DiffOptions::default());
    let mut plain = differences(old, new);
    let mut reported = reported(&report, &plain);
    // Punctuation is not a change of the text, but may change a fact: `4.5` and `4, 5`.
    let dots: Vec<SimpleDifference> = plain
        .extract_if(.., |it| it.what == "punctuation")
        .collect();
    for dot in dots {
        reported.remove(&SimpleDifference {
            what: "words".to_owned(),
            ..dot
        });
    }
    let missed: Vec<_> = plain.difference(&reported).take(20).collect();
    let invented: Vec<_> = reported.difference(&plain).take(20).collect();
    assert!(
        missed.is_empty() && invented.is_empty(),
        "missed: {missed:#?}\ninvented: {invented:#?}"
    );
    grounded(&report, old, new);
    (report, plain)
}

/// Checks that each fact from a description occurs in the text of its field.
fn grounded(report: &DiffReport, old: &Value, new: &Value) {
    let (old_fields, new_fields) = (entries(old), entries(new));
    for change in &report.changes {
        let ChangeKind::Changed { fact, old, new } = &change.what else {
            continue;
        };
        if !fact.in_prose() || *fact == Fact::Format || *fact == Fact::Required {
            continue;
        }
        for location in &change.locations {
            let key = (location.endpoint.clone(), location.path.clone());
            for (value, fields) in [(old, &old_fields), (new, &new_fields)] {
                let entry = &fields[&key];
                if entry.facts.contains_key(fact.name()) {
                    continue;
                }
                for text in texts(value.as_ref()) {
                    let words = format!(" {} ", letters(&entry.words));
                    let squeezed = words.replace(' ', "");
                    let stands = number_words(&text)
                        .iter()
                        .any(|text| squeezed.contains(&letters(text).replace(' ', "")));
                    assert!(
                        stands,
                        "`{text}` of {fact:?} is not stated at {key:?}: {words}"
                    );
                }
            }
        }
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(all)) => all.iter().flat_map(|it| texts(Some(it))).collect(),
        Some(Value::Object(_)) => Vec::new(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(value) => vec![value.to_string()],
    }
}

fn number_words(text: &str) -> Vec<String> {
    let words = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let mut all = vec![text.to_owned()];
    if let Some(word) = text.parse().ok().and_then(|at: usize| words.get(at)) {
        all.push((*word).to_owned());
    }
    all
}

#[test]
fn every_kind_of_change_in_a_synthetic_file_is_reported_and_no_other() {
    let read = |name: &str| -> Value { serde_saphyr::from_str(&page(name)).unwrap() };
    let (old, new) = (read("diff-old.yaml"), read("diff-new.yaml"));
    let (report, _) = hold(&old, &new);
    hold(&new, &old);
    assert_eq!(hold(&old, &old).0.changes, []);
    let events: BTreeSet<String> = report
        .changes
        .iter()
        .map(|change| format!("{:?} {:?}", change.side, change.event))
        .collect();
    insta::assert_snapshot!("events", events.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_history_of_the_vendors_file() {
    let Some(folder) = std::env::var_os("DATAFORSEO_HISTORY").map(PathBuf::from) else {
        eprintln!(
            "skipped: DATAFORSEO_HISTORY does not name a folder with the vendor's OpenAPI files (all of \
             v3 as well with DATAFORSEO_HISTORY_ALL=1)"
        );
        return;
    };
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .collect();
    // The names contain the dates.
    files.sort();
    assert!(files.len() > 1, "{} has no two files", folder.display());
    let documents: Vec<Value> = files
        .iter()
        .map(|file| serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap())
        .collect();
    let mut rounds = vec![("Backlinks", "/v3/backlinks/")];
    if std::env::var_os("DATAFORSEO_HISTORY_ALL").is_some() {
        rounds.push(("all of v3", "/v3/"));
    }
    for (name, prefix) in rounds {
        let section = |document: &Value| {
            let mut section = document.clone();
            let paths = section["paths"].as_object_mut().unwrap();
            paths.retain(|path, _| path.starts_with(prefix));
            section
        };
        for (files, step) in files.windows(2).zip(documents.windows(2)) {
            let begin = Instant::now();
            let (report, plain) = hold(&section(&step[0]), &section(&step[1]));
            let mut by_kind = BTreeMap::<&str, usize>::new();
            for difference in &plain {
                *by_kind.entry(&difference.what).or_default() += 1;
            }
            eprintln!(
                "{name}, {} → {}: {} changes at {} locations, {:?}, {:.1?}; {by_kind:?}",
                files[0].file_stem().unwrap().display(),
                files[1].file_stem().unwrap().display(),
                report.changes.len(),
                report
                    .changes
                    .iter()
                    .map(|it| it.locations.len())
                    .sum::<usize>(),
                report.semver(),
                begin.elapsed()
            );
        }
    }
}
