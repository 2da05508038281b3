//! `cargo xtask openapi`.

use std::path::Path;
use std::process::ExitCode;

use super::{CommandError, load, print};

/// Prints the spec of a checkout as an OpenAPI document.
///
/// # Errors
/// When the spec is not valid.
pub fn run(root: &Path) -> Result<ExitCode, CommandError> {
    print(&dataforseo_codegen::openapi::emit(&load(root)?))?;
    Ok(ExitCode::SUCCESS)
}
