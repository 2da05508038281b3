//! What a comparison of recorded answers with the spec found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::findings::{Finding, Row};
use super::input::Unread;
use super::propose::{Applied, Proposal};

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// How many files were looked at.
    pub files: usize,
    /// How many were made up from the spec. They prove nothing, and are left out.
    pub synthetic: usize,
    /// The files that could not be used.
    pub unread: Vec<Unread>,
    /// The paths that the spec has no endpoint for, with the number of files.
    pub no_endpoint: BTreeMap<String, usize>,
    /// What was seen of each endpoint, and of the envelope.
    pub endpoints: Vec<Looked>,
    /// The edits that would settle the findings.
    pub proposals: Vec<Proposal>,
    /// The edits that were made, if that was asked for.
    pub applied: Option<Applied>,
}

/// What was seen of an endpoint.
#[derive(Debug, Serialize)]
pub struct Looked {
    /// Its path, or `envelope`.
    pub endpoint: String,
    /// Its file.
    pub file: String,
    /// How many answers were looked at.
    pub answers: u64,
    /// How many answers were no JSON.
    pub no_json: u64,
    /// How many tasks of answers were.
    pub tasks: u64,
    /// How many results were.
    pub results: u64,
    /// What was seen, place by place.
    pub places: Vec<Row>,
    /// Where that differs from the spec.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings are drift, and how many are notes.
    pub fn count(&self) -> (usize, usize) {
        let findings = self.endpoints.iter().flat_map(|it| &it.findings);
        let drift = findings.clone().filter(|finding| finding.drift).count();
        (drift, findings.count() - drift)
    }

    /// Whether something could not be looked at, or not be changed.
    pub fn is_incomplete(&self) -> bool {
        let refused = self
            .applied
            .as_ref()
            .map_or(0, |applied| applied.refused.len());
        !self.unread.is_empty() || refused > 0
    }
}
