//! The difference between two descriptions of the API, by endpoint and field, and its meaning for
//! Rust callers.
//!
//! ```text
//! folder, revision, OpenAPI file, page ── source ──▶ Surface ── compare ──▶ Report ── render ──▶ text
//! ```
//!
//! ```no_run
//! # fn main() -> Result<(), dataforseo_compare::diff::SourceError> {
//! use std::path::Path;
//! use dataforseo_compare::diff::{DiffOptions, ApiSource, compare};
//!
//! let root = Path::new(".");
//! let old = ApiSource::at(root, "v0.1.0")?.read(root)?;
//! let new = ApiSource::at(root, "spec")?.read(root)?;
//! let report = compare(&old, &new, &DiffOptions::default());
//! println!("{}", report.semver().name());
//! # Ok(())
//! # }
//! ```

mod callers;
mod comparison;
mod from_openapi;
mod from_spec;
mod group;
mod history;
pub mod kinds;
pub mod meaning;
mod pairs;
mod render;
mod report;
mod source;
pub mod surface;

pub use comparison::{DiffOptions, compare};
pub use history::{DiffHistory, compare_all};
pub use render::{Rendering, ReportLength};
pub use report::{ApiChange, ChangeKind, ChangeLocation, DiffReport, SourceName};
pub use source::{ApiSource, SourceError};
