//! Helpers that the tests of several crates share. Not published.
//!
//! The feature `client` adds clients of a mock server, `documented` the documented limits of tasks, `fake-api` a scripted server, `program` the
//! output of programs, and `spec` temporary workspaces with a spec, and pages.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "documented")]
pub mod documented;
#[cfg(feature = "fake-api")]
pub mod fake_api;
pub mod fuzz;
#[cfg(feature = "program")]
pub mod program;
#[cfg(feature = "spec")]
pub mod render;
#[cfg(feature = "spec")]
mod workspace;

#[cfg(feature = "spec")]
pub use workspace::{Workspace, page, repository, wordpress};
