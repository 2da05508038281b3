//! `cargo xtask check`.

use std::path::Path;
use std::process::ExitCode;

use dataforseo_spec::fixtures;

use super::{CommandError, load, print};

/// Checks the spec and the fixtures of a checkout.
///
/// # Errors
/// Everything that is wrong with them.
pub fn run(root: &Path) -> Result<ExitCode, CommandError> {
    let model = load(root)?;
    let fixtures = fixtures::check(root, &model, &fixtures::find(root, &model)?)?;
    print(&format!(
        "the spec is valid: {} endpoints, {} status codes, {fixtures} recorded fixtures\n",
        model.endpoints().count(),
        model.status_codes.len()
    ))?;
    Ok(ExitCode::SUCCESS)
}
