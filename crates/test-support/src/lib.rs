//! Helpers that the tests of several crates share. Not published.
//!
//! The feature `spec` adds temporary workspaces with a spec, and pages.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

pub mod fuzz;
#[cfg(feature = "spec")]
pub mod render;
#[cfg(feature = "spec")]
mod workspace;

#[cfg(feature = "spec")]
pub use workspace::{Workspace, page, repository, wordpress};
