//! A report as text, as JSON, and as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::group::show;
use super::meaning::{Meaning, gone};
use super::report::{Change, Report, What};
use super::surface::Fact;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Rendering {
    /// For a terminal.
    #[default]
    Text,
    /// For programs: everything, each place included.
    Json,
    /// For a pull request or a changelog.
    Markdown,
}

/// How many endpoints are named before the rest is counted.
const NAMED: usize = 4;

impl Report {
    /// The report in one of its forms. It ends with a line end.
    pub fn render(&self, rendering: Rendering) -> String {
        match rendering {
            Rendering::Text => self.text(),
            Rendering::Json => self.json(),
            Rendering::Markdown => self.markdown(),
        }
    }

    fn text(&self) -> String {
        let mut out = format!(
            "{} → {}: {}\n",
            self.old.name,
            self.new.name,
            self.verdict()
        );
        for (meaning, changes) in self.by_meaning() {
            let step = meaning.semver().name();
            // A String takes everything that is written to it.
            let _ = writeln!(out, "\n{} ({}, {step})", meaning.title(), changes.len());
            for change in changes {
                let _ = writeln!(out, "  {} {} ({})", mark(change), title(change), change.why);
                for line in details(change) {
                    let _ = writeln!(out, "      {line}");
                }
                if let Some(line) = where_else(change) {
                    let _ = writeln!(out, "      {line}");
                }
            }
        }
        if !self.not_compared.is_empty() {
            out.push_str("\nnot compared\n");
            for what in &self.not_compared {
                let _ = writeln!(out, "  {what}");
            }
        }
        out
    }

    fn markdown(&self) -> String {
        let mut out = format!(
            "### `{}` → `{}`\n\n**{}**\n",
            self.old.name,
            self.new.name,
            self.verdict()
        );
        for (meaning, changes) in self.by_meaning() {
            let _ = writeln!(
                out,
                "\n#### {} ({})\n\n| where | what | for callers |\n| --- | --- | --- |",
                capital(meaning.title()),
                changes.len()
            );
            for change in changes {
                let mut what = vec![happened(change)];
                what.extend(details(change));
                let mut places = format!("`{}`", subject(change));
                places.push_str(&match where_else(change) {
                    Some(line) => format!(" {line}"),
                    None => endpoint(change).map_or_else(String::new, |it| format!(" of {it}")),
                });
                let _ = writeln!(
                    out,
                    "| {} | {} | {} |",
                    cell(&places),
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

    /// The changes by what they mean, the worst first; meanings without any are left out.
    fn by_meaning(&self) -> impl Iterator<Item = (Meaning, Vec<&Change>)> {
        let of = |meaning| {
            let changes = self.changes.iter();
            let changes = changes.filter(move |change| change.meaning == meaning);
            (meaning, changes.collect::<Vec<_>>())
        };
        let all = Meaning::ALL.into_iter().map(of);
        all.filter(|(_, changes)| !changes.is_empty())
    }

    /// The whole in one line.
    fn verdict(&self) -> String {
        if self.changes.is_empty() {
            return format!("no difference in {}", endpoints(self.endpoints_in_both));
        }
        let counts: Vec<String> = Meaning::ALL
            .into_iter()
            .filter(|meaning| self.count(*meaning) > 0)
            .map(|meaning| match meaning {
                Meaning::BreaksCompile => ("break", "breaks", "the build", meaning),
                Meaning::BreaksRunTime => ("break", "breaks", "at run time", meaning),
                Meaning::Loosened => ("are", "is", "loosened", meaning),
                Meaning::Additive => ("are", "is", "additive", meaning),
                Meaning::None => ("mean", "means", "nothing to callers", meaning),
            })
            .map(|(many, one, what, meaning)| match self.count(meaning) {
                1 => format!("1 {one} {what}"),
                count => format!("{count} {many} {what}"),
            })
            .collect();
        let changes = match self.changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        };
        format!(
            "{} ({changes}: {})",
            self.semver().name(),
            counts.join(", ")
        )
    }
}

fn mark(change: &Change) -> char {
    match change.what {
        What::Added { .. } => '+',
        What::Removed { .. } => '-',
        What::Renamed { .. } | What::Moved { .. } => '?',
        What::Changed { .. } => '~',
    }
}

/// What a change is about: the field, or the endpoint.
fn subject(change: &Change) -> &str {
    let Some(place) = change.places.first() else {
        return "";
    };
    match (place.path.as_str(), &change.shared) {
        ("", _) => &place.endpoint,
        (_, Some(shared)) => shared,
        (path, None) => path,
    }
}

/// The endpoint, where there is but one and the subject is another.
fn endpoint(change: &Change) -> Option<&str> {
    match change.places.as_slice() {
        [place] if !place.path.is_empty() => Some(&place.endpoint),
        _ => None,
    }
}

impl Change {
    /// The change in one line: what it is about, and what happened.
    pub fn summary(&self) -> String {
        title(self)
    }
}

fn title(change: &Change) -> String {
    let of = endpoint(change).map_or_else(String::new, |it| format!(" of {it}"));
    format!("{}{of}: {}", subject(change), happened(change))
}

/// What happened, in a few words.
fn happened(change: &Change) -> String {
    let place = change.places.first();
    let to = place.and_then(|place| place.to.as_deref());
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
        What::Added {
            kind: word,
            required,
            inside,
        } => format!("added {}", kind(word, *required, *inside)),
        What::Removed {
            kind: word,
            required,
            inside,
        } => format!("removed {}", kind(word, *required, *inside)),
        What::Renamed { to, .. } => format!("renamed? to `{to}`"),
        What::Moved { .. } => format!("moved? to `{}`", to.unwrap_or_default()),
        What::Changed { fact, old, new } => changed(*fact, old.as_ref(), new.as_ref()),
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
            let mut values = signed('-', gone(old, new));
            values.extend(signed('+', gone(new, old)));
            format!("values {}", values.join(" "))
        }
        (Fact::Doc, _, _) => "worded differently".to_owned(),
        (Fact::Wording, _, _) => "worded differently by the vendor".to_owned(),
        _ => format!("{} {} → {}", fact.name(), shown(old), shown(new)),
    }
}

/// A value, none as a dash.
fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| show(Some(value)))
}

/// Evidence, and where words differ.
fn details(change: &Change) -> Vec<String> {
    match &change.what {
        What::Renamed { evidence, .. } | What::Moved { evidence } => {
            vec![format!("evidence: {}", evidence.join(", "))]
        }
        What::Changed {
            fact: Fact::Doc | Fact::Wording,
            old: Some(Value::String(old)),
            new: Some(Value::String(new)),
        } if !is_mark(old) && !is_mark(new) => {
            let (old, new) = apart(old, new);
            vec![format!("“{old}” → “{new}”")]
        }
        _ => Vec::new(),
    }
}

/// Whether this is the mark of words and not words: a spec and a page keep no more of them.
fn is_mark(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Two texts from where they begin to differ to where they end to, with two words before.
fn apart(old: &str, new: &str) -> (String, String) {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        old.split_whitespace().collect(),
        new.split_whitespace().collect(),
    );
    let pairs = old.iter().zip(&new);
    let same = pairs.take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same;
    let pairs = old.iter().rev().zip(new.iter().rev());
    let behind = pairs.take_while(|(a, b)| a == b).count().min(rest);
    let part = |words: &[&str]| {
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
    (part(&old), part(&new))
}

/// The endpoints that a change touches, where there are several places.
fn where_else(change: &Change) -> Option<String> {
    if change.places.len() < 2 {
        return None;
    }
    let all = change.places.iter().map(|place| place.endpoint.as_str());
    let all: BTreeSet<&str> = all.collect();
    let named: Vec<&str> = all.iter().take(NAMED).copied().collect();
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let places = match change.places.len() {
        count if count == all.len() => String::new(),
        count => format!("{count} places of "),
    };
    let paths = change.places.iter().map(|place| place.path.as_str());
    let paths = paths.collect::<BTreeSet<&str>>().len();
    let more = match paths {
        1 => more,
        // The path above is but the first of them.
        count => format!("{more} (at {count} paths)"),
    };
    Some(format!(
        "in {places}{}: {}{more}",
        endpoints(all.len()),
        named.join(", ")
    ))
}

fn endpoints(count: usize) -> String {
    match count {
        1 => "1 endpoint".to_owned(),
        count => format!("{count} endpoints"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
