//! Drift from reality: recorded answers against the spec.
//!
//! What is looked at is the spec as it stands, not the generated types, so an edit counts at once:
//!
//! ```text
//! files ── input ──▶ exchanges ── tally ──▶ counts by place ── findings ──▶ report and proposals
//!                                  ▲ said: what the spec says of a place
//! ```

pub mod findings;
mod infer;
mod input;
mod propose;
mod report;
mod run;
mod said;
mod tally;
mod text;

pub use findings::{Finding, FindingKind, Row};
pub use input::Unread;
pub use propose::{Applied, Proposal, Refused};
pub use report::{Looked, Report};
pub use run::{Options, drift};
