//! The summary of a report: the totals by section, and one sentence per kind of change.

use std::fmt::Write as _;

use super::{plural, subject};
use crate::diff::kinds::KindOfChange;
use crate::diff::meaning::Meaning;
use crate::diff::report::DiffReport;

/// The number of sections, and of changes, that a sentence names.
const NAMED: usize = 3;

/// The headings of the table of totals, in the order of [`Meaning::ALL`].
const COLUMNS: [&str; 5] = ["build", "run time", "loosened", "additive", "no effect"];

/// Returns the totals by section and meaning, the most severe first, as the rows of a table.
fn totals(report: &DiffReport) -> Vec<Vec<String>> {
    let mut rows = vec![
        std::iter::once("section")
            .chain(COLUMNS)
            .map(str::to_owned)
            .collect(),
    ];
    let row = |name: &str, count: &dyn Fn(Meaning) -> usize| {
        let counts = Meaning::ALL.map(|meaning| match count(meaning) {
            0 => "-".to_owned(),
            count => count.to_string(),
        });
        std::iter::once(name.to_owned())
            .chain(counts)
            .collect::<Vec<_>>()
    };
    for (section, counts) in report.by_section() {
        rows.push(row(section, &|meaning| {
            counts.get(&meaning).copied().unwrap_or_default()
        }));
    }
    rows.push(row("all", &|meaning| report.count(meaning)));
    rows
}

/// Returns the summary for a terminal.
pub fn text(report: &DiffReport) -> String {
    let rows = totals(report);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(String::len).max().unwrap_or_default()
    };
    let mut out = String::from("\n");
    for row in &rows {
        let mut line = String::from("  ");
        for (column, cell) in row.iter().enumerate() {
            // Writing to a String never fails.
            let _ = match column {
                0 => write!(line, "{cell:0$}", width(0)),
                _ => write!(line, "  {cell:>0$}", width(column)),
            };
        }
        out += &format!("{}\n", line.trim_end());
    }
    let mut last = None;
    for kind in report.kinds() {
        if last != Some(kind.meaning) {
            let step = kind.meaning.semver().name();
            let count = report.count(kind.meaning);
            let _ = writeln!(out, "\n{} ({count}, {step})", kind.meaning.title());
            last = Some(kind.meaning);
        }
        let _ = writeln!(out, "  {}", sentence(&kind));
        if kind.meaning != Meaning::None {
            let _ = writeln!(out, "      {}: {}", by_section(&kind), examples(&kind));
        }
    }
    out
}

/// Returns the summary in Markdown.
pub fn markdown(report: &DiffReport) -> String {
    let mut out = String::from("\n");
    for (at, row) in totals(report).iter().enumerate() {
        let _ = writeln!(out, "| {} |", row.join(" | "));
        if at == 0 {
            let _ = writeln!(out, "| --- |{}", " ---: |".repeat(row.len() - 1));
        }
    }
    let mut last = None;
    for kind in report.kinds() {
        if last != Some(kind.meaning) {
            let _ = writeln!(out, "\n**{}**\n", super::capital(kind.meaning.title()));
            last = Some(kind.meaning);
        }
        let _ = match kind.meaning {
            Meaning::None => writeln!(out, "- {}.", sentence(&kind)),
            _ => writeln!(out, "- {} ({}).", sentence(&kind), by_section(&kind)),
        };
        if kind.meaning != Meaning::None {
            out += &listed_for_callers(&kind);
        }
    }
    out
}

/// Returns the first changes of a kind as a list inside a list.
fn listed_for_callers(kind: &KindOfChange<'_>) -> String {
    let shown = super::shown(kind, super::ReportLength::Short);
    let mut out = String::new();
    for change in shown {
        let _ = writeln!(out, "  - {}.", change.for_callers());
    }
    match kind.changes.len() - shown.len() {
        0 => {}
        more => {
            let _ = writeln!(out, "  - And {more} more.");
        }
    }
    out
}

/// Returns the sentence of a kind, with the number of changes and the reason for the meaning.
pub fn sentence(kind: &KindOfChange<'_>) -> String {
    let count = kind.changes.len();
    let subjects = match count {
        1 => singular(&kind.sentence),
        _ => kind.sentence.clone(),
    };
    format!("{count} {subjects}: {}", kind.why)
}

/// Returns a sentence about one thing. Its first word is a plural.
fn singular(sentence: &str) -> String {
    let (first, rest) = sentence.split_once(' ').unwrap_or((sentence, ""));
    let first = first.strip_suffix('s').unwrap_or(first);
    format!("{first} {rest}")
}

/// Returns the sections with the most changes of a kind.
fn by_section(kind: &KindOfChange<'_>) -> String {
    let all = kind.sections();
    if let [(section, _)] = all.as_slice() {
        return (*section).to_owned();
    }
    let named = all.iter().take(NAMED);
    let named: Vec<String> = named
        .map(|(section, count)| format!("{section} {count}"))
        .collect();
    let more = all.len().saturating_sub(NAMED);
    let more = match more {
        0 => String::new(),
        _ => format!(", {}", plural(more, "more section", "more sections")),
    };
    format!("{}{more}", named.join(", "))
}

/// Returns the changes of a kind that affect the most locations.
fn examples(kind: &KindOfChange<'_>) -> String {
    let named = kind.changes.iter().take(NAMED);
    let mut named: Vec<&str> = named.map(|change| subject(change)).collect();
    let more = kind.changes.len().saturating_sub(NAMED);
    let more_text = format!("{more} more");
    if more > 0 {
        named.push(&more_text);
    }
    named.join(", ")
}
