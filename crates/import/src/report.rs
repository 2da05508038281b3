//! Reports of imports, for the person who runs them.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::decisions::Decision;
use dataforseo_spec::language::{Evidence, Field, Sentences};

/// The report of the import of one page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportReport {
    /// The page's file.
    pub page: String,
    /// The spec file that it belongs to.
    pub spec_file: String,
    /// The number of facts that page and spec agree on.
    pub agreed: usize,
    /// The questions behind `contradictions` and `unexplained`, with their locations.
    pub decisions: Vec<Decision>,
    /// The differences that a person decided about for this import.
    pub chosen: Vec<String>,
    /// The entries of the spec file that these choices give up, as keys joined by dots.
    pub given_up: Vec<String>,
    /// The shared types that a choice took from a field, which may have been their only user.
    pub abandoned: Vec<String>,
    /// The spec files that a choice removes.
    pub removed_files: Vec<PathBuf>,
    /// New facts and fields of the page.
    pub added: Vec<String>,
    /// Fields that are missing on the page and were marked as removed.
    pub removed: Vec<String>,
    /// Fields with a changed text on the page. A person checks whether `doc` still fits.
    pub reworded: Vec<String>,
    /// Facts on which page and spec differ. The spec is unchanged.
    pub contradictions: Vec<String>,
    /// Fields and facts of the spec that are missing on the page and have no evidence.
    pub unexplained: Vec<String>,
    /// Fields and facts of the spec that are missing on the page and have evidence.
    pub kept: Vec<String>,
    /// Sentences with a constraint that were not understood.
    pub not_understood: Vec<String>,
    /// Sentences with a constraint that `spec/sentences.yaml` decides about.
    pub decided: Vec<String>,
    /// Fields whose text is the same as in the last import, which already reported its sentences.
    pub unchanged: Vec<String>,
    /// Decisions, and content that could not be used.
    pub notes: Vec<String>,
    /// The changed files. In a dry run, the files that would change.
    pub changed_files: Vec<String>,
    /// The changes as unified diffs, in a dry run only.
    pub diffs: Vec<String>,
}

impl ImportReport {
    /// Adds a contradiction between page and spec.
    pub fn contradicts(&mut self, label: &str, fact: &str, spec: &Value, page: &Value) {
        self.contradictions.push(format!(
            "{label}: {fact} is {spec} in the spec and {page} on the page"
        ));
    }

    /// Adds a field or a fact of the spec that is missing on the page.
    pub fn kept(&mut self, label: &str, what: &str, field: &Field, fact: Option<&str>) {
        let evidence = match (&field.evidence, fact) {
            (Some(Evidence::Field(evidence)), None) => Some(evidence),
            (Some(Evidence::Facts(facts)), Some(fact)) => facts.get(fact),
            _ => None,
        };
        match evidence {
            Some(evidence) => self
                .kept
                .push(format!("{label}: {what}. Evidence: {evidence}")),
            None => self
                .unexplained
                .push(format!("{label}: {what}; state its origin in `evidence`")),
        }
    }

    /// Removes sentences that an earlier import already reported.
    pub fn forget_known_sentences(&mut self) {
        let unchanged: HashSet<String> = std::mem::take(&mut self.unchanged).into_iter().collect();
        self.not_understood.retain(|sentence| {
            let (label, _) = place_and_sentence(sentence);
            !unchanged.contains(label)
        });
    }

    /// Moves the sentences that a person decided about out of those that were not understood.
    pub fn apply_decisions(&mut self, decisions: &Sentences) {
        let all = std::mem::take(&mut self.not_understood);
        let (decided, open) = all
            .into_iter()
            .partition(|entry| decisions.decision(place_and_sentence(entry).1).is_some());
        self.not_understood = open;
        self.decided.extend::<Vec<_>>(decided);
    }

    /// Returns whether a person must decide something.
    pub fn needs_decision(&self) -> bool {
        !self.contradictions.is_empty() || !self.unexplained.is_empty()
    }

    /// Returns whether page and spec state the same facts.
    pub fn verified(&self) -> bool {
        !self.needs_decision() && self.added.is_empty() && self.removed.is_empty()
    }
}

/// Returns the place and the sentence of an entry of `not_understood` or `decided`.
pub fn place_and_sentence(entry: &str) -> (&str, &str) {
    entry.split_once(": ").unwrap_or(("", entry))
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} → {}", self.page, self.spec_file)?;
        writeln!(f, "  {} facts agree", self.agreed)?;
        for (title, list) in [
            ("new", &self.added),
            ("removed from the page", &self.removed),
            ("decided", &self.chosen),
            ("reworded; check whether `doc` still fits", &self.reworded),
            (
                "contradictions; the spec is unchanged",
                &self.contradictions,
            ),
            (
                "in the spec, not on the page, without evidence (removed, or the page is truncated)",
                &self.unexplained,
            ),
            ("in the spec, not on the page", &self.kept),
            (
                "constraints that were not understood; add them to the spec by hand",
                &self.not_understood,
            ),
            ("notes", &self.notes),
        ] {
            if !list.is_empty() {
                writeln!(f, "  {title}:")?;
                for item in list {
                    writeln!(f, "    - {item}")?;
                }
            }
        }
        if !self.decided.is_empty() {
            let count = self.decided.len();
            let end = if count == 1 { "" } else { "s" };
            writeln!(
                f,
                "  {count} sentence{end} that spec/sentences.yaml decides about"
            )?;
        }
        match self.changed_files.as_slice() {
            [] => writeln!(f, "  no changes")?,
            files => writeln!(f, "  changes: {}", files.join(", "))?,
        }
        self.diffs.iter().try_for_each(|diff| f.write_str(diff))
    }
}
