//! `cargo xtask check`.

use std::path::Path;
use std::process::ExitCode;

use dataforseo_spec::fixtures;

use super::{CommandError, load};

/// Checks the spec and the fixtures of a checkout.
///
/// # Errors
/// Everything that is wrong with them.
pub fn run(root: &Path) -> Result<ExitCode, CommandError> {
    let model = load(root)?;
    let fixtures = fixtures::check(root, &model, &fixtures::find(root, &model)?)?;
    println!(
        "the spec is valid: {} endpoints, {} status codes, {fixtures} recorded fixtures",
        model.endpoints().count(),
        model.status_codes.len()
    );
    Ok(ExitCode::SUCCESS)
}
