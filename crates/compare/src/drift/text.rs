//! The report as text.

use std::fmt;

use indexmap::IndexMap;

use super::findings::{DriftFinding, ObservationRow};
use super::propose::Proposal;
use super::report::{EndpointReport, SpecDriftReport};

impl SpecDriftReport {
    /// Returns the report as text.
    pub fn text(&self, detail: ReportDetail) -> impl fmt::Display {
        TextReport {
            report: self,
            detail,
        }
    }
}

/// The level of detail of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportDetail {
    /// Everything: the observations of each path, and each note.
    Full,
    /// The findings. Notes are only counted.
    Brief,
}

struct TextReport<'a> {
    report: &'a SpecDriftReport,
    detail: ReportDetail,
}

impl fmt::Display for TextReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        let (drift, notes) = report.count();
        writeln!(
            f,
            "{}, {} of them synthetic and skipped",
            counted(report.files, "file"),
            report.synthetic
        )?;
        for unread in &report.unread {
            writeln!(f, "not compared: {}: {}", unread.file, unread.reason)?;
        }
        for (path, files) in &report.no_endpoint {
            writeln!(f, "not in the spec: {path} ({})", counted(*files, "file"))?;
        }
        for endpoint in &report.endpoints {
            show_endpoint(f, endpoint, self.detail)?;
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
                    "read the edits, write your own `doc` texts, then run `cargo xtask generate`"
                )?;
            }
        }
        let drift = counted(drift, "finding");
        writeln!(f, "\n{drift} of drift, {}", counted(notes, "note"))
    }
}

fn show_endpoint(
    f: &mut fmt::Formatter<'_>,
    report: &EndpointReport,
    detail: ReportDetail,
) -> fmt::Result {
    writeln!(f, "\n{} ({})", report.endpoint, report.file)?;
    let responses = counted(report.responses, "response");
    write!(f, "  {responses}, {}", counted(report.tasks, "task"))?;
    if report.endpoint != "envelope" {
        write!(f, ", {}", counted(report.results, "result"))?;
    }
    if report.no_json > 0 {
        write!(f, "; not JSON: {}", report.no_json)?;
    }
    writeln!(f)?;
    if detail == ReportDetail::Full {
        table(f, &report.rows)?;
    }
    let (drift, notes): (Vec<_>, Vec<_>) = report.findings.iter().partition(|it| it.drift);
    show_findings(f, "drift", &drift)?;
    if detail == ReportDetail::Full {
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

fn table(f: &mut fmt::Formatter<'_>, rows: &[ObservationRow]) -> fmt::Result {
    let width = rows.iter().map(|row| row.path.chars().count()).max();
    let width = width.unwrap_or_default().clamp(5, 60);
    writeln!(
        f,
        "  {:width$}  {:>6}  {:>6}  kinds",
        "path", "count", "null"
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

fn show_findings(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    findings: &[&DriftFinding],
) -> fmt::Result {
    if !findings.is_empty() {
        writeln!(f, "  {title}")?;
    }
    findings
        .iter()
        .try_for_each(|finding| show_finding(f, finding))
}

fn show_finding(f: &mut fmt::Formatter<'_>, finding: &DriftFinding) -> fmt::Result {
    let DriftFinding {
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
