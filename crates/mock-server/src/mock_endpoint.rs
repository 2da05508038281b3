//! The entries of the generated table of endpoints.

use dataforseo_models::{self as models, EndpointInfo};

/// An entry of the generated table.
pub(crate) struct MockEndpoint {
    pub(crate) info: &'static EndpointInfo,
    /// Finds the places where a result does not fit the models.
    #[cfg_attr(
        not(feature = "program"),
        allow(dead_code, reason = "for the lint command")
    )]
    pub(crate) lossy_fields: LossyFields,
    /// For an endpoint that returns one row per target.
    pub(crate) per_target: Option<TargetRows>,
    /// The embedded fixtures: name and content.
    pub(crate) fixtures: &'static [(&'static str, &'static str)],
}

pub(crate) type LossyFields = fn(&str) -> Result<Vec<models::drift::Drift>, serde_json::Error>;

/// Returns the places of a `result` that decoding and encoding would change.
#[cfg_attr(
    not(any(
        feature = "appendix",
        feature = "backlinks",
        feature = "on_page",
        feature = "serp"
    )),
    allow(dead_code, reason = "a build may be without any section")
)]
pub(crate) fn lossy_fields<E: models::Endpoint>(
    result: &str,
) -> Result<Vec<models::drift::Drift>, serde_json::Error> {
    models::drift::lossy_fields::<Vec<E::Result>>(result)
}

/// Where a result has one row per target.
#[derive(Clone, Copy)]
pub(crate) struct TargetRows {
    /// The field of the result that holds the rows; `result` if the results are the rows.
    pub(crate) rows: &'static str,
    /// The field of a row that names its target.
    pub(crate) target: &'static str,
    /// The field of the task with the targets.
    pub(crate) targets: &'static str,
}
