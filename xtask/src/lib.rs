//! What keeps the crates in step with the documentation.
//!
//! ```text
//! page ── docs ──▶ import ──▶ spec/*.yaml ── spec ──▶ model ── emit ──▶ generated files
//! ```
//!
//! Beside that stands `drift`, which compares recorded answers with the spec.
//!
//! Each step knows only the one before it: the readers of pages know nothing of Rust code, the
//! emitters nothing of HTML.

pub mod diff;
pub mod docs;
pub mod drift;
pub mod emit;
pub mod fresh;
pub mod import;
pub mod model;
pub mod spec;
pub mod style;
pub mod update;
