//! The difference between two OpenAPI files, held against a plain comparison of the two: nothing
//! is missed, nothing is invented.
//!
//! With made-up files always; with the vendor's own, which are not ours to keep here, where
//! `DATAFORSEO_HISTORY` names a folder of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use dataforseo_compare::diff::surface::Fact;
use dataforseo_compare::diff::{Options, Report, What};
use serde_json::Value;

use crate::plain::{Difference, differences, entries, letters};
use crate::{compare_documents, page};

/// What a report says, in the words of the plain comparison. A fact that is read out of prose is
/// a change of words there.
pub fn told(report: &Report, plain: &BTreeSet<Difference>) -> BTreeSet<Difference> {
    let mut told = BTreeSet::new();
    for change in &report.changes {
        for place in &change.places {
            let mut say = |path: &str, what: &str| {
                let new = told.insert((place.endpoint.clone(), path.to_owned(), what.to_owned()));
                assert!(new || what == "words", "told twice: {place:?} {what}");
            };
            match &change.what {
                What::Added { .. } => say(&place.path, "added"),
                What::Removed { .. } => say(&place.path, "removed"),
                What::Renamed { .. } | What::Moved { .. } if place.path.is_empty() => {
                    say("", "removed");
                    let to = place.to.clone().unwrap();
                    told.insert((to, String::new(), "added".to_owned()));
                }
                What::Renamed { .. } | What::Moved { .. } => {
                    say(&place.path, "removed");
                    say(place.to.as_ref().unwrap(), "added");
                }
                What::Changed { fact, .. } => {
                    let name = fact.name();
                    let key = (place.endpoint.clone(), place.path.clone(), name.to_owned());
                    match fact {
                        Fact::Wording | Fact::Doc => say(&place.path, "words"),
                        _ if fact.in_prose() && !plain.contains(&key) => say(&place.path, "words"),
                        _ => say(&place.path, name),
                    }
                }
            }
        }
    }
    told
}

/// Holds a report against the plain comparison, and gives both.
pub fn hold(old: &Value, new: &Value) -> (Report, BTreeSet<Difference>) {
    let report = compare_documents(old, new, &Options::default());
    let mut plain = differences(old, new);
    let mut told = told(&report, &plain);
    // Punctuation alone is no change of words, but may be one of a fact: `4.5` and `4, 5`.
    let dots: Vec<Difference> = plain.extract_if(.., |it| it.2 == "punctuation").collect();
    for (id, path, _) in dots {
        told.remove(&(id, path, "words".to_owned()));
    }
    let missed: Vec<_> = plain.difference(&told).take(20).collect();
    let invented: Vec<_> = told.difference(&plain).take(20).collect();
    assert!(
        missed.is_empty() && invented.is_empty(),
        "missed: {missed:#?}\ninvented: {invented:#?}"
    );
    grounded(&report, old, new);
    (report, plain)
}

/// Each fact that is read out of prose stands in the words of that field.
fn grounded(report: &Report, old: &Value, new: &Value) {
    let (old_fields, new_fields) = (entries(old), entries(new));
    for change in &report.changes {
        let What::Changed { fact, old, new } = &change.what else {
            continue;
        };
        if !fact.in_prose() || *fact == Fact::Format || *fact == Fact::Required {
            continue;
        }
        for place in &change.places {
            let key = (place.endpoint.clone(), place.path.clone());
            for (value, fields) in [(old, &old_fields), (new, &new_fields)] {
                let entry = &fields[&key];
                if entry.said.contains_key(fact.name()) {
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
                        "`{text}` of {fact:?} is not said at {key:?}: {words}"
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
fn every_kind_of_change_in_a_made_up_file_is_told_and_no_other() {
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
            "skipped: DATAFORSEO_HISTORY names no folder with the vendor's OpenAPI files (all of \
             v3 besides Backlinks with DATAFORSEO_HISTORY_ALL=1)"
        );
        return;
    };
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .collect();
    // Their names have their dates.
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
        let part = |document: &Value| {
            let mut part = document.clone();
            let paths = part["paths"].as_object_mut().unwrap();
            paths.retain(|path, _| path.starts_with(prefix));
            part
        };
        for (files, step) in files.windows(2).zip(documents.windows(2)) {
            let begin = Instant::now();
            let (report, plain) = hold(&part(&step[0]), &part(&step[1]));
            let mut by_kind = BTreeMap::<&str, usize>::new();
            for (_, _, what) in &plain {
                *by_kind.entry(what).or_default() += 1;
            }
            eprintln!(
                "{name}, {} → {}: {} changes at {} places, {:?}, {:.1?}; {by_kind:?}",
                files[0].file_stem().unwrap().display(),
                files[1].file_stem().unwrap().display(),
                report.changes.len(),
                report
                    .changes
                    .iter()
                    .map(|it| it.places.len())
                    .sum::<usize>(),
                report.semver(),
                begin.elapsed()
            );
        }
    }
}
