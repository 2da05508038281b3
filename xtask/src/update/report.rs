//! The report of the import of a whole OpenAPI file: what is open, what is new, and what a person
//! reads, each once and by kind.

use std::collections::BTreeMap;

use dataforseo_import::decision_groups::{GroupLength, groups};
use dataforseo_import::decisions::Decision;
use dataforseo_import::report::{ImportReport, place_and_sentence};
use indexmap::IndexMap;

/// The number of entries of a list in a short report. Further ones are counted.
const LISTED: usize = 12;

/// The number of fields that a short report names per file.
const FIELDS: usize = 8;

/// Returns the report of an import as text.
pub fn text(reports: &[ImportReport], length: GroupLength) -> String {
    let agreed: usize = reports.iter().map(|report| report.agreed).sum();
    let mut text = format!(
        "{} spec files compared, {agreed} facts agree\n",
        reports.len()
    );
    text += &sentences(reports, length);
    text += &by_file(
        reports,
        "texts changed; check whether `doc` still fits",
        length,
        |it| &it.reworded,
    );
    text += &by_file(reports, "decided", length, |it| &it.chosen);
    text += &new_endpoints(reports);
    text += &by_file(reports, "new", length, |it| &it.added);
    text += &decisions(reports, length);
    text
}

/// Returns all open decisions.
pub fn open(reports: &[ImportReport]) -> Vec<Decision> {
    let all = reports.iter().flat_map(|report| report.decisions.clone());
    all.collect()
}

/// Returns the open decisions by kind, and the questions without a location.
fn decisions(reports: &[ImportReport], length: GroupLength) -> String {
    let all = open(reports);
    let groups = groups(&all);
    let mut text = String::new();
    if !groups.is_empty() {
        text += &format!(
            "\nopen: {} decisions of {} kinds\n\n",
            all.len(),
            groups.len()
        );
    }
    for group in groups {
        text += &group.text(length);
    }
    for question in unlocated(reports) {
        text += &format!("  {question}\n");
    }
    text
}

/// Returns the questions of reports without decisions, each with its file.
pub fn unlocated(reports: &[ImportReport]) -> Vec<String> {
    let all = reports.iter().filter(|report| report.decisions.is_empty());
    let questions = all.flat_map(|report| {
        let questions = report.contradictions.iter().chain(&report.unexplained);
        questions.map(|question| format!("{}: {question}", report.spec_file))
    });
    questions.collect()
}

/// Returns the places of each sentence that was not understood, the most frequent sentence first.
pub fn places_of_sentences(reports: &[ImportReport]) -> IndexMap<&str, Vec<String>> {
    let mut places: IndexMap<&str, Vec<String>> = IndexMap::new();
    for report in reports {
        for entry in &report.not_understood {
            let (label, sentence) = place_and_sentence(entry);
            let place = format!("{}: {label}", report.spec_file);
            places.entry(sentence).or_default().push(place);
        }
    }
    places.sort_by(|_, a, _, b| b.len().cmp(&a.len()));
    places
}

/// Returns the sentences that were not understood, each with the number of its places.
fn sentences(reports: &[ImportReport], length: GroupLength) -> String {
    let places = places_of_sentences(reports);
    if places.is_empty() {
        return String::new();
    }
    let count: usize = places.values().map(Vec::len).sum();
    let mut text = format!(
        "\nnot understood: {} sentences at {count} places; if one is a rule, add it to the spec by hand; \
         spec/sentences.yaml decides about those that recur\n",
        places.len()
    );
    let shown = shown(places.len(), LISTED, length);
    for (sentence, places) in places.iter().take(shown) {
        let first = places.first().map(String::as_str).unwrap_or_default();
        text += &format!("  {} × “{sentence}”, such as {first}\n", places.len());
    }
    text + &more(places.len() - shown)
}

/// Returns a list of the reports by spec file, with the fields of each on one line.
fn by_file<'r>(
    reports: &'r [ImportReport],
    title: &str,
    length: GroupLength,
    list: impl Fn(&'r ImportReport) -> &'r Vec<String>,
) -> String {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for report in reports {
        let entries = list(report).iter().map(String::as_str);
        let entries = entries.filter(|entry| !is_of_file(entry));
        let of_file = files.entry(&report.spec_file).or_default();
        of_file.extend(entries);
    }
    files.retain(|_, entries| !entries.is_empty());
    if files.is_empty() {
        return String::new();
    }
    let count: usize = files.values().map(Vec::len).sum();
    let mut text = format!("\n{title}: {count} in {} files\n", files.len());
    let shown_files = shown(files.len(), LISTED, length);
    for (file, entries) in files.iter().take(shown_files) {
        match length {
            GroupLength::Full => {
                text += &format!("  {file}\n");
                for entry in entries {
                    text += &format!("    {entry}\n");
                }
            }
            GroupLength::Short => {
                let place = |entry: &&str| entry.split(": ").next().unwrap_or_default().to_owned();
                let named: Vec<String> = entries.iter().take(FIELDS).map(place).collect();
                let rest = entries.len() - named.len();
                let rest = match rest {
                    0 => String::new(),
                    rest => format!(" and {rest} more"),
                };
                text += &format!("  {file}: {}{rest}\n", named.join(", "));
            }
        }
    }
    text + &more(files.len() - shown_files)
}

/// Returns whether an entry is about the whole file: a new endpoint, or the day of the source.
fn is_of_file(entry: &str) -> bool {
    entry.starts_with("a new endpoint") || entry.starts_with("the OpenAPI file of")
}

/// Returns the number of new endpoints by section.
fn new_endpoints(reports: &[ImportReport]) -> String {
    let mut sections: BTreeMap<&str, usize> = BTreeMap::new();
    for report in reports {
        let is_new = report
            .added
            .iter()
            .any(|it| it.starts_with("a new endpoint"));
        let section = report.spec_file.split('/').nth(1);
        if let Some(section) = section.filter(|_| is_new) {
            *sections.entry(section).or_default() += 1;
        }
    }
    if sections.is_empty() {
        return String::new();
    }
    let named: Vec<String> = sections
        .iter()
        .map(|(section, count)| format!("{section} {count}"))
        .collect();
    format!(
        "\nnew endpoints: {}; write each `doc` that the glossaries lack\n",
        named.join(", ")
    )
}

/// Returns the number of entries of a list that are shown.
fn shown(count: usize, limit: usize, length: GroupLength) -> usize {
    match length {
        GroupLength::Short => count.min(limit),
        GroupLength::Full => count,
    }
}

fn more(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!("  … and {count} more; --all lists them\n"),
    }
}
