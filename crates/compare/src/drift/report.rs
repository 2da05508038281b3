//! The differences between recorded responses and the spec.

use std::collections::BTreeMap;

use serde::Serialize;

use super::findings::{DriftFinding, ObservationRow};
use super::input::UnreadFile;
use super::propose::{AppliedEdits, Proposal};

/// The result of a comparison of recorded responses with the spec.
#[derive(Debug, Default, Serialize)]
pub struct SpecDriftReport {
    /// The number of files that were read.
    pub files: usize,
    /// The number of synthetic fixtures. They are generated from the spec, prove nothing, and are
    /// skipped.
    pub synthetic: usize,
    /// The files that could not be compared.
    pub unread: Vec<UnreadFile>,
    /// The paths without an endpoint in the spec, with the number of files.
    pub no_endpoint: BTreeMap<String, usize>,
    /// The observations of each endpoint, and of the envelope.
    pub endpoints: Vec<EndpointReport>,
    /// The edits that would resolve the findings.
    pub proposals: Vec<Proposal>,
    /// The edits that were made. `None` unless edits were requested.
    pub applied: Option<AppliedEdits>,
}

/// The observations of an endpoint.
#[derive(Debug, Serialize)]
pub struct EndpointReport {
    /// The path of the endpoint, or `envelope`.
    pub endpoint: String,
    /// The spec file of the endpoint.
    pub file: String,
    /// The number of responses that were compared.
    #[serde(rename = "answers")]
    pub responses: u64,
    /// The number of responses that are not JSON.
    pub no_json: u64,
    /// The number of tasks in the responses.
    pub tasks: u64,
    /// The number of results in the responses.
    pub results: u64,
    /// The observations of each path.
    #[serde(rename = "places")]
    pub rows: Vec<ObservationRow>,
    /// The differences from the spec.
    pub findings: Vec<DriftFinding>,
}

impl SpecDriftReport {
    /// Returns the number of findings that are drift, and of those that are notes.
    pub fn count(&self) -> (usize, usize) {
        let findings = self.endpoints.iter().flat_map(|it| &it.findings);
        let drift = findings.clone().filter(|finding| finding.drift).count();
        (drift, findings.count() - drift)
    }

    /// Returns whether a file could not be compared, or an edit was refused.
    pub fn is_incomplete(&self) -> bool {
        let refused = self
            .applied
            .as_ref()
            .map_or(0, |applied| applied.refused.len());
        !self.unread.is_empty() || refused > 0
    }
}
