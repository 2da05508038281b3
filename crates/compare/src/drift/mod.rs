//! Drift: differences between the spec and recorded responses.
//!
//! Compares with the spec of the working tree instead of the generated types, so an edit counts
//! immediately.
//!
//! ```text
//! files ── input ──▶ exchanges ── observations ──▶ counts by path ── findings ──▶ report, proposals
//!                                       ▲ spec_view: the description of a path in the spec
//! ```

pub mod findings;
mod infer;
mod input;
mod observations;
mod propose;
mod report;
mod run;
mod spec_view;
mod text;

pub use findings::{DriftFinding, FindingKind, ObservationRow};
pub use input::UnreadFile;
pub use propose::{AppliedEdits, Proposal, RejectedEdit};
pub use report::{EndpointReport, SpecDriftReport};
pub use run::{DriftOptions, drift};
pub use text::ReportDetail;
