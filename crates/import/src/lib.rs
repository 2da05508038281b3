//! The import: reads the vendor's documentation pages and OpenAPI file into the spec.
//!
//! ```text
//! page ── docs ──▶ draft ─┐
//!                         ├─▶ merge ──▶ spec/*.yaml and a report
//! OpenAPI file ─ openapi ─┘
//! ```
//!
//! This crate depends on [`dataforseo_spec`] only, and not on the generator.

pub mod decision_groups;
pub mod decisions;
mod departed;
pub mod docs;
pub mod draft;
mod fixture;
mod kept;
mod merge;
pub mod openapi;
mod outline;
mod page;
mod place_names;
pub mod prose;
mod recurring;
pub mod report;
mod requirements;
mod rows;
pub mod scan;
mod schema_prose;
mod shape;
mod shared_files;
mod task_unions;
mod type_uses;
mod unused_types;
mod workspace;

pub use page::import;
pub use workspace::{ImportError, Options};
