//! What an import found, for the person who ran it.

use std::fmt;

use serde_json::Value;

use dataforseo_spec::language::{Evidence, Field};

/// What an import of one page found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// The page's file.
    pub page: String,
    /// The spec file that it belongs to.
    pub spec_file: String,
    /// How many facts of the page the spec has already.
    pub agreed: usize,
    /// What the page brings.
    pub added: Vec<String>,
    /// Fields that are gone from the page, and are deprecated now.
    pub removed: Vec<String>,
    /// Where only the wording changed: read it, and see whether `doc` still fits.
    pub reworded: Vec<String>,
    /// Where page and spec say different things. The spec was left as it is.
    pub contradictions: Vec<String>,
    /// What the spec has and the page has not, and nobody said where it is from.
    pub unexplained: Vec<String>,
    /// What the spec has and the page has not, with where it is from.
    pub kept: Vec<String>,
    /// Sentences that announce a constraint and were not understood.
    pub not_understood: Vec<String>,
    /// Where the wording is that of the last import: what it says was dealt with then.
    pub unchanged: Vec<String>,
    /// Decisions, and what could not be used.
    pub notes: Vec<String>,
    /// The files that differ now, or would.
    pub changed_files: Vec<String>,
    /// How they would differ, as unified diffs: of a dry run only.
    pub diffs: Vec<String>,
}

impl Report {
    /// Notes that page and spec contradict each other.
    pub fn contradicts(&mut self, label: &str, fact: &str, spec: &Value, page: &Value) {
        self.contradictions.push(format!(
            "{label}: {fact} is {spec} in the spec and {page} on the page"
        ));
    }

    /// Notes that the spec has something that the page has not: a field, or one of its facts.
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
            None => self.unexplained.push(format!(
                "{label}: {what}; say with `evidence` where it is from"
            )),
        }
    }

    /// Whether a person must decide something.
    pub fn needs_decision(&self) -> bool {
        !self.contradictions.is_empty() || !self.unexplained.is_empty()
    }

    /// Whether page and spec state the same facts.
    pub fn verified(&self) -> bool {
        !self.needs_decision() && self.added.is_empty() && self.removed.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} → {}", self.page, self.spec_file)?;
        writeln!(f, "  {} facts agree", self.agreed)?;
        for (title, list) in [
            ("new", &self.added),
            ("gone from the page", &self.removed),
            ("worded differently; does `doc` still fit?", &self.reworded),
            (
                "contradictions; the spec was left as it is",
                &self.contradictions,
            ),
            (
                "in the spec, not on the page, without evidence (gone, or is the page cut off?)",
                &self.unexplained,
            ),
            ("in the spec, not on the page", &self.kept),
            (
                "constraints that were not understood; put them into the spec by hand",
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
        match self.changed_files.as_slice() {
            [] => writeln!(f, "  nothing changes")?,
            files => writeln!(f, "  changes: {}", files.join(", "))?,
        }
        self.diffs.iter().try_for_each(|diff| f.write_str(diff))
    }
}
