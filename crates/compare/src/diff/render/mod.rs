//! A report as text, JSON or Markdown.

mod history;
mod summary;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::group::show;
use super::kinds::KindOfChange;
use super::meaning::{Meaning, missing_from};
use super::report::{ApiChange, ChangeKind, DiffReport};
use super::surface::{Fact, words};

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Rendering {
    /// For a terminal.
    #[default]
    Text,
    /// For programs: everything, with each location.
    Json,
    /// For a pull request or a changelog.
    Markdown,
}

/// The changes that a report in text or Markdown lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportLength {
    /// The first changes of each kind, and none without an effect on callers, if there are many.
    #[default]
    Short,
    /// All changes.
    Full,
}

/// The number of endpoints that are named. Further ones are counted.
const MAX_NAMED_ENDPOINTS: usize = 4;

/// The largest number of changes that are listed without a summary.
const FEW: usize = 20;

/// The number of changes of a kind that a short report lists.
const MAX_LISTED: usize = 6;

/// The largest number of characters of a change in a short report.
const MAX_LINE: usize = 400;

impl DiffReport {
    /// Returns the report in a format. It ends with a newline. The length has no effect on JSON.
    pub fn render(&self, rendering: Rendering, length: ReportLength) -> String {
        match rendering {
            Rendering::Text => self.text(length),
            Rendering::Json => self.json(),
            Rendering::Markdown => self.markdown(length),
        }
    }

    fn text(&self, length: ReportLength) -> String {
        let mut out = format!(
            "{} → {}: {}\n",
            self.old.name,
            self.new.name,
            self.verdict()
        );
        if self.changes.len() <= FEW {
            self.list_by_meaning(&mut out);
        } else {
            out += &summary::text(self);
            self.list_by_kind(&mut out, length);
        }
        if !self.not_compared.is_empty() {
            out.push_str("\nnot compared\n");
            for what in &self.not_compared {
                let _ = writeln!(out, "  {what}");
            }
        }
        out
    }

    /// Lists all changes by meaning.
    fn list_by_meaning(&self, out: &mut String) {
        for (meaning, changes) in self.by_meaning() {
            let step = meaning.semver().name();
            // Writing to a String never fails.
            let _ = writeln!(out, "\n{} ({}, {step})", meaning.title(), changes.len());
            for change in changes {
                let why = Some(change.why);
                out.push_str(&listed(change, why));
            }
        }
    }

    /// Lists changes by kind, below the sentence of the kind.
    fn list_by_kind(&self, out: &mut String, length: ReportLength) {
        out.push_str("\ndetails\n");
        let mut folded = 0;
        for kind in self.kinds() {
            if kind.meaning == Meaning::None && length == ReportLength::Short {
                folded += kind.changes.len();
                continue;
            }
            let _ = writeln!(out, "\n  {}", summary::sentence(&kind));
            let shown = shown(&kind, length);
            for change in shown {
                let text = listed(change, None);
                out.push_str(&match length {
                    ReportLength::Short => cut_lines(&text),
                    ReportLength::Full => text,
                });
            }
            match kind.changes.len() - shown.len() {
                0 => {}
                more => {
                    let _ = writeln!(out, "  … and {more} more; --all lists them");
                }
            }
        }
        if folded > 0 {
            let changes = plural(folded, "change", "changes");
            let _ = writeln!(
                out,
                "\n  {changes} without an effect on callers; --all lists them"
            );
        }
    }

    fn markdown(&self, length: ReportLength) -> String {
        let mut out = format!(
            "### `{}` → `{}`\n\n**{}**\n",
            self.old.name,
            self.new.name,
            self.verdict()
        );
        let is_long = self.changes.len() > FEW;
        if is_long {
            out += &summary::markdown(self);
        }
        for (meaning, changes) in self.by_meaning() {
            if is_long && length == ReportLength::Short {
                continue;
            }
            let _ = writeln!(
                out,
                "\n#### {} ({})\n\n| where | what | for callers |\n| --- | --- | --- |",
                capital(meaning.title()),
                changes.len()
            );
            for change in changes {
                let mut what = vec![happened(change)];
                what.extend(details(change));
                let mut locations = format!("`{}`", subject(change));
                locations.push_str(&match where_else(change) {
                    Some(line) => format!(" {line}"),
                    None => endpoint(change).map_or_else(String::new, |it| format!(" of {it}")),
                });
                let _ = writeln!(
                    out,
                    "| {} | {} | {} |",
                    cell(&locations),
                    cell(&what.join("; ")),
                    cell(change.why)
                );
            }
        }
        if !self.not_compared.is_empty() {
            out.push_str("\n#### Not compared\n\n");
            for what in &self.not_compared {
                let _ = writeln!(out, "- {what}");
            }
        }
        out
    }

    fn json(&self) -> String {
        let counts = Meaning::ALL.map(|meaning| {
            let name = serde_json::to_value(meaning).unwrap_or_default();
            (show(Some(&name)), json!(self.count(meaning)))
        });
        let mut report = json!({
            "semver": self.semver(),
            "counts": counts.into_iter().collect::<serde_json::Map<_, _>>(),
        });
        let whole = serde_json::to_value(self).unwrap_or_default();
        if let (Value::Object(report), Value::Object(whole)) = (&mut report, whole) {
            report.extend(whole);
        }
        format!("{report:#}\n")
    }

    /// Returns the changes by meaning, the most severe first. Meanings without changes are omitted.
    fn by_meaning(&self) -> impl Iterator<Item = (Meaning, Vec<&ApiChange>)> {
        let of = |meaning| {
            let changes = self.changes.iter();
            let changes = changes.filter(move |change| change.meaning == meaning);
            (meaning, changes.collect::<Vec<_>>())
        };
        let all = Meaning::ALL.into_iter().map(of);
        all.filter(|(_, changes)| !changes.is_empty())
    }

    /// Returns a summary in one line.
    fn verdict(&self) -> String {
        if self.changes.is_empty() {
            return format!("no difference in {}", endpoints(self.endpoints_in_both));
        }
        let counts: Vec<String> = Meaning::ALL
            .into_iter()
            .filter(|meaning| self.count(*meaning) > 0)
            .map(|meaning| {
                let count = self.count(meaning);
                let one_or_many = |one, many| if count == 1 { one } else { many };
                match meaning {
                    Meaning::BreaksCompile => {
                        format!("{count} {} the build", one_or_many("breaks", "break"))
                    }
                    Meaning::BreaksRunTime => {
                        format!("{count} {} at run time", one_or_many("breaks", "break"))
                    }
                    Meaning::Loosened => format!("{count} {} loosened", one_or_many("is", "are")),
                    Meaning::Additive => format!("{count} {} additive", one_or_many("is", "are")),
                    Meaning::None => {
                        format!(
                            "{count} {} no effect on callers",
                            one_or_many("has", "have")
                        )
                    }
                }
            })
            .collect();
        let changes = plural(self.changes.len(), "change", "changes");
        format!(
            "{} ({changes}: {})",
            self.semver().name(),
            counts.join(", ")
        )
    }
}

/// Returns the changes of a kind that a report lists.
fn shown<'a, 'b>(kind: &'b KindOfChange<'a>, length: ReportLength) -> &'b [&'a ApiChange] {
    match length {
        // One or two more lines are better than a line that counts them.
        ReportLength::Short if kind.changes.len() > MAX_LISTED + 2 => &kind.changes[..MAX_LISTED],
        _ => &kind.changes,
    }
}

/// Returns a change for a terminal, with its details and its other locations.
fn listed(change: &ApiChange, why: Option<&str>) -> String {
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    let mut text = format!(
        "  {} {}{why}{}\n",
        mark(change),
        title(change),
        back(change)
    );
    for line in details(change).into_iter().chain(where_else(change)) {
        text += &format!("      {line}\n");
    }
    text
}

/// Returns the source in which a change was undone, or whose change it undoes, as a remark.
fn back(change: &ApiChange) -> String {
    match (&change.undone_in, &change.undoes) {
        (Some(later), _) => format!(" [undone in {later}]"),
        (None, Some(earlier)) => format!(" [undoes a change in {earlier}]"),
        (None, None) => String::new(),
    }
}

/// Returns a text with long lines cut.
fn cut_lines(text: &str) -> String {
    let cut = |line: &str| match line.char_indices().nth(MAX_LINE) {
        Some((at, _)) => format!("{} …\n", line[..at].trim_end()),
        None => format!("{line}\n"),
    };
    text.lines().map(cut).collect()
}

/// Returns a number with its noun.
fn plural(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

fn mark(change: &ApiChange) -> char {
    match change.what {
        ChangeKind::Added { .. } => '+',
        ChangeKind::Removed { .. } => '-',
        ChangeKind::Renamed { .. } | ChangeKind::Moved { .. } => '?',
        ChangeKind::Changed { .. } => '~',
    }
}

/// Returns the field or the endpoint that changed.
fn subject(change: &ApiChange) -> &str {
    let Some(location) = change.locations.first() else {
        return "";
    };
    match (location.path.as_str(), &change.shared) {
        ("", _) => &location.endpoint,
        (_, Some(shared)) => shared,
        (path, None) => path,
    }
}

/// Returns the endpoint, if it is the only one and not the subject itself.
fn endpoint(change: &ApiChange) -> Option<&str> {
    match change.locations.as_slice() {
        [location] if !location.path.is_empty() => Some(&location.endpoint),
        _ => None,
    }
}

impl ApiChange {
    /// Returns the change in one line: the subject and the event.
    pub fn summary(&self) -> String {
        title(self)
    }
}

fn title(change: &ApiChange) -> String {
    let of = endpoint(change).map_or_else(String::new, |it| format!(" of {it}"));
    format!("{}{of}: {}", subject(change), happened(change))
}

/// Returns the event as text.
fn happened(change: &ApiChange) -> String {
    let location = change.locations.first();
    let to = location.and_then(|location| location.to.as_deref());
    let kind = |kind: &str, required: bool, inside: usize| {
        let required = if required { ", required" } else { "" };
        let inside = match inside {
            0 => String::new(),
            1 => ", 1 field inside".to_owned(),
            count => format!(", {count} fields inside"),
        };
        format!("({kind}{required}{inside})")
    };
    match &change.what {
        ChangeKind::Added {
            kind: word,
            required,
            inside,
        } => format!("added {}", kind(word, *required, *inside)),
        ChangeKind::Removed {
            kind: word,
            required,
            inside,
        } => format!("removed {}", kind(word, *required, *inside)),
        ChangeKind::Renamed { to, .. } => format!("renamed? to `{to}`"),
        ChangeKind::Moved { .. } => format!("moved? to `{}`", to.unwrap_or_default()),
        ChangeKind::Changed { fact, old, new } => changed(*fact, old.as_ref(), new.as_ref()),
    }
}

fn changed(fact: Fact, old: Option<&Value>, new: Option<&Value>) -> String {
    match (fact, old, new) {
        (Fact::Values, Some(old), Some(new)) => {
            let signed = |sign: char, values: Vec<&Value>| {
                let values = values.into_iter();
                let values: Vec<_> = values
                    .map(|value| format!("{sign}`{}`", show(Some(value))))
                    .collect();
                values
            };
            let mut values = signed('-', missing_from(old, new));
            values.extend(signed('+', missing_from(new, old)));
            format!("values {}", values.join(" "))
        }
        (Fact::Doc, _, _) => "text changed".to_owned(),
        (Fact::Wording, _, _) => "vendor's text changed".to_owned(),
        (Fact::Deprecated, _, Some(Value::Bool(true))) => "deprecated".to_owned(),
        (Fact::Deprecated, _, _) => "no longer deprecated".to_owned(),
        (Fact::Required, _, Some(Value::Bool(true))) => "now required".to_owned(),
        (Fact::Required, _, _) => "no longer required".to_owned(),
        (_, None, new) => format!("{} added: {}", fact.name(), show(new)),
        (_, old, None) => format!("{} removed: {}", fact.name(), show(old)),
        (_, old, new) => format!("{} {} → {}", fact.name(), show(old), show(new)),
    }
}

/// Returns the evidence, and the difference of texts.
fn details(change: &ApiChange) -> Vec<String> {
    match &change.what {
        ChangeKind::Renamed { evidence, .. } | ChangeKind::Moved { evidence } => {
            vec![format!("evidence: {}", evidence.join(", "))]
        }
        ChangeKind::Changed {
            fact: Fact::Doc | Fact::Wording,
            old: Some(Value::String(old)),
            new: Some(Value::String(new)),
        } if !is_fingerprint(old) && !is_fingerprint(new) => {
            let (old, new) = differing_parts(old, new);
            vec![format!("“{old}” → “{new}”")]
        }
        _ => Vec::new(),
    }
}

/// Returns whether a text is a fingerprint. A spec and a page only contain that of the vendor's
/// text.
fn is_fingerprint(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the different parts of two texts, with two words of context before.
fn differing_parts(old: &str, new: &str) -> (String, String) {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        old.split_whitespace().collect(),
        new.split_whitespace().collect(),
    );
    // Texts are compared by their words, so punctuation is not a difference.
    let pairs = old.iter().zip(&new);
    let same = pairs.take_while(|(a, b)| words(a) == words(b)).count();
    let rest = old.len().min(new.len()) - same;
    let pairs = old.iter().rev().zip(new.iter().rev());
    let behind = pairs
        .take_while(|(a, b)| words(a) == words(b))
        .count()
        .min(rest);
    let excerpt = |words: &[&str]| {
        let from = same.saturating_sub(2);
        let to = words.len() - behind;
        let shown = &words[from..to.max(from)];
        let cut = &shown[..shown.len().min(16)];
        let before = if from > 0 { "… " } else { "" };
        let after = if cut.len() < shown.len() || behind > 0 {
            " …"
        } else {
            ""
        };
        format!("{before}{}{after}", cut.join(" "))
    };
    (excerpt(&old), excerpt(&new))
}

/// Returns the endpoints that a change affects, if it has several locations.
fn where_else(change: &ApiChange) -> Option<String> {
    if change.locations.len() < 2 {
        return None;
    }
    let all = change
        .locations
        .iter()
        .map(|location| location.endpoint.as_str());
    let all: BTreeSet<&str> = all.collect();
    let named: Vec<&str> = all.iter().take(MAX_NAMED_ENDPOINTS).copied().collect();
    let more = match all.len().saturating_sub(MAX_NAMED_ENDPOINTS) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let count_of_locations = match change.locations.len() {
        count if count == all.len() => String::new(),
        count => format!("{count} locations in "),
    };
    let paths = change
        .locations
        .iter()
        .map(|location| location.path.as_str());
    let paths = paths.collect::<BTreeSet<&str>>().len();
    let more = match paths {
        1 => more,
        // The subject shows only the first path.
        count => format!("{more} (at {count} paths)"),
    };
    Some(format!(
        "in {count_of_locations}{}: {}{more}",
        endpoints(all.len()),
        named.join(", ")
    ))
}

fn endpoints(count: usize) -> String {
    plural(count, "endpoint", "endpoints")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// Returns text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
