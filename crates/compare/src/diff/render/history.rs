//! The report of sources in a row: each step, and what came and went in between.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Rendering, ReportLength, plural, title};
use crate::diff::history::DiffHistory;
use crate::diff::meaning::Meaning;
use crate::diff::report::ApiChange;

/// The number of undone changes that a short report lists.
const MAX_LISTED: usize = 10;

impl DiffHistory {
    /// Returns the reports of all steps, and the changes that a later step undid. It ends with a
    /// newline.
    pub fn render(&self, rendering: Rendering, length: ReportLength) -> String {
        if let [step] = self.steps.as_slice() {
            return step.render(rendering, length);
        }
        let reports = self.steps.iter().map(|step| step.render(rendering, length));
        match rendering {
            Rendering::Json => {
                let reports = reports.filter_map(|text| serde_json::from_str::<Value>(&text).ok());
                format!("{:#}\n", json!({ "steps": reports.collect::<Vec<_>>() }))
            }
            Rendering::Text => {
                let reports: Vec<String> = reports.collect();
                format!("{}\n{}", reports.join("\n"), self.came_and_went(length))
            }
            Rendering::Markdown => {
                let reports: Vec<String> = reports.collect();
                let heading = "#### ";
                format!(
                    "{}\n{heading}{}",
                    reports.join("\n"),
                    self.came_and_went(length)
                )
            }
        }
    }

    /// Returns the exit code of the program, for the step with the most severe change.
    pub fn exit_code(&self) -> u8 {
        let codes = self.steps.iter().map(super::DiffReport::exit_code);
        codes.max().unwrap_or_default()
    }

    /// Lists the changes that a later step undid. Those without an effect on callers are counted.
    fn came_and_went(&self, length: ReportLength) -> String {
        let undone = |change: &&ApiChange| change.undone_in.is_some();
        let all = || {
            self.steps
                .iter()
                .flat_map(|step| &step.changes)
                .filter(undone)
        };
        let relevant: Vec<&ApiChange> = all().filter(|it| it.meaning != Meaning::None).collect();
        let folded = all().count() - relevant.len();
        let mut out = format!(
            "came and went: {} that a later step undid, and {folded} without an effect on callers\n\n",
            plural(relevant.len(), "change", "changes")
        );
        let shown = match length {
            ReportLength::Short => relevant.len().min(MAX_LISTED),
            ReportLength::Full => relevant.len(),
        };
        for change in relevant.iter().take(shown) {
            let later = change.undone_in.as_deref().unwrap_or_default();
            let _ = writeln!(out, "- {}; undone in {later}", title(change));
        }
        match relevant.len() - shown {
            0 => {}
            more => {
                let _ = writeln!(out, "- … and {more} more; --all lists them");
            }
        }
        out
    }
}
