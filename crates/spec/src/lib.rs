//! The spec: its language, its files, and the model from which all code is generated.
//!
//! ```text
//! spec/*.yaml ── tree ──▶ decode ──▶ language ── load ──▶ Spec ── model ──▶ Model
//! ```
//!
//! This crate depends on no other crate of the workspace. The import writes the spec files, and the
//! generator and the comparisons read the model.

pub mod dates;
pub mod decode;
pub mod diagnostics;
pub mod edit;
pub mod facts;
pub mod file_names;
pub mod files;
pub mod fingerprints;
pub mod fixtures;
pub mod glob;
pub mod glossary;
pub mod language;
pub mod load;
pub mod model;
pub mod names;
mod payload;
pub mod placeholders;
pub mod price;
pub mod scope;
pub mod sentences;
pub mod tree;
pub mod write;

pub use diagnostics::{Diagnostic, Diagnostics, Location};
pub use load::{EndpointFile, Spec, load};
pub use payload::Payload;
pub use scope::{Placement, Scope};
