//! Helpers that the tests of several crates share. Not published.
//!
//! The feature `client` adds clients of a mock server. The feature `program` adds the output of programs. The feature `spec` adds temporary workspaces with a spec, and pages.

#[cfg(feature = "client")]
pub mod client;
pub mod fuzz;
#[cfg(feature = "program")]
pub mod program;
#[cfg(feature = "spec")]
pub mod render;
#[cfg(feature = "spec")]
mod workspace;

#[cfg(feature = "spec")]
pub use workspace::{Workspace, page, repository, wordpress};
