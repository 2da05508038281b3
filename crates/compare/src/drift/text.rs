//! The report as text.

use std::fmt;

use indexmap::IndexMap;

use super::findings::{Finding, Row};
use super::propose::Proposal;
use super::report::{Looked, Report};

impl Report {
    /// The report for people; `places` says whether to list all that was seen, and each note.
    pub fn text(&self, places: bool) -> impl fmt::Display {
        Text {
            report: self,
            places,
        }
    }
}

struct Text<'a> {
    report: &'a Report,
    places: bool,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        let (drift, notes) = report.count();
        writeln!(
            f,
            "{}, {} of them made up from the spec and left out",
            counted(report.files, "file"),
            report.synthetic
        )?;
        for unread in &report.unread {
            writeln!(f, "not looked at: {}: {}", unread.file, unread.reason)?;
        }
        for (path, files) in &report.no_endpoint {
            writeln!(f, "not in the spec: {path} ({})", counted(*files, "file"))?;
        }
        for looked in &report.endpoints {
            endpoint(f, looked, self.places)?;
        }
        if !report.proposals.is_empty() {
            writeln!(f, "\nproposed edits of the spec")?;
        }
        for proposal in &report.proposals {
            show_proposal(f, proposal)?;
        }
        if let Some(applied) = &report.applied {
            writeln!(f, "\nedits made: {}", applied.made.len())?;
            for what in &applied.made {
                writeln!(f, "  {what}")?;
            }
            for refused in &applied.refused {
                writeln!(f, "  not made: {}:", refused.what)?;
                for line in refused.reason.lines() {
                    writeln!(f, "    {line}")?;
                }
            }
            if !applied.made.is_empty() {
                writeln!(
                    f,
                    "read them, write words of your own, then `cargo xtask generate`"
                )?;
            }
        }
        let drift = counted(drift, "finding");
        writeln!(f, "\n{drift} of drift, {}", counted(notes, "note"))
    }
}

fn endpoint(f: &mut fmt::Formatter<'_>, looked: &Looked, places: bool) -> fmt::Result {
    writeln!(f, "\n{} ({})", looked.endpoint, looked.file)?;
    let answers = counted(looked.answers, "answer");
    write!(f, "  {answers}, {}", counted(looked.tasks, "task"))?;
    if looked.endpoint != "envelope" {
        write!(f, ", {}", counted(looked.results, "result"))?;
    }
    if looked.no_json > 0 {
        write!(f, "; not JSON: {}", looked.no_json)?;
    }
    writeln!(f)?;
    if places {
        table(f, &looked.places)?;
    }
    let (drift, notes): (Vec<_>, Vec<_>) = looked.findings.iter().partition(|it| it.drift);
    show_findings(f, "drift", &drift)?;
    if places {
        return show_findings(f, "notes", &notes);
    }
    let mut counts: IndexMap<&str, u64> = IndexMap::new();
    for note in notes {
        *counts.entry(&note.what).or_default() += 1;
    }
    for (what, count) in counts {
        writeln!(f, "  {}: {what}", counted(count, "note"))?;
    }
    Ok(())
}

fn table(f: &mut fmt::Formatter<'_>, rows: &[Row]) -> fmt::Result {
    let width = rows.iter().map(|row| row.path.chars().count()).max();
    let width = width.unwrap_or_default().clamp(5, 60);
    writeln!(
        f,
        "  {:width$}  {:>6}  {:>6}  kinds",
        "place", "seen", "null"
    )?;
    for row in rows {
        let kinds = row
            .kinds
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"));
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        let example = row.example.as_ref().map(|example| format!("  {example}"));
        let line = format!(
            "  {:width$}  {:>6}  {:>6}  {kinds}{}",
            row.path,
            row.seen,
            row.null,
            example.unwrap_or_default()
        );
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

fn show_findings(f: &mut fmt::Formatter<'_>, title: &str, findings: &[&Finding]) -> fmt::Result {
    if !findings.is_empty() {
        writeln!(f, "  {title}")?;
    }
    findings
        .iter()
        .try_for_each(|finding| show_finding(f, finding))
}

fn show_finding(f: &mut fmt::Formatter<'_>, finding: &Finding) -> fmt::Result {
    let Finding {
        path,
        what,
        count,
        of,
        file,
        line,
        ..
    } = finding;
    write!(f, "    {path}: {what}, {count} of {of}")?;
    if let Some(example) = &finding.example {
        write!(f, ", such as {example}")?;
    }
    writeln!(f, " ({file}:{line})")
}

fn show_proposal(f: &mut fmt::Formatter<'_>, proposal: &Proposal) -> fmt::Result {
    let Proposal {
        file,
        line,
        what,
        paths,
        by_hand,
        patch,
    } = proposal;
    writeln!(f, "\n{file}:{line}: {what}")?;
    for path in paths {
        writeln!(f, "  seen at {path}")?;
    }
    match by_hand {
        Some(reason) => writeln!(f, "  by hand: {reason}")?,
        None => writeln!(f, "  by --apply")?,
    }
    f.write_str(patch)
}

fn counted(count: impl fmt::Display, noun: &str) -> String {
    match count.to_string() {
        one if one == "1" => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}
