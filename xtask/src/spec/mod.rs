//! The spec: its language, and reading, writing and editing its files.

pub mod decode;
pub mod diagnostics;
pub mod edit;
pub mod language;
pub mod load;
pub mod tree;
pub mod write;

pub use diagnostics::{Diagnostic, Diagnostics, Place};
pub use load::{EndpointFile, Spec, load};
