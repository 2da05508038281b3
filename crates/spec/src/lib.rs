//! The spec: its language, its files, and the model that everything else is made from.
//!
//! ```text
//! spec/*.yaml ── tree ──▶ decode ──▶ language ── load ──▶ Spec ── model ──▶ Model
//! ```
//!
//! This crate depends on no other crate of the workspace. The import writes the files that it reads,
//! the generator and the comparisons read what it returns.

pub mod dates;
pub mod decode;
pub mod diagnostics;
pub mod edit;
pub mod facts;
pub mod files;
pub mod fixtures;
pub mod glob;
pub mod glossary;
pub mod language;
pub mod load;
pub mod model;
pub mod names;
pub mod tree;
pub mod write;

pub use diagnostics::{Diagnostic, Diagnostics, Place};
pub use load::{EndpointFile, Spec, load};
