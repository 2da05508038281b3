//! `cargo xtask trial`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use xtask::trial::{self, Stage, Trial};

use super::{CommandError, folder_of_copy, print};

/// Try the tools on a whole OpenAPI file, in a copy of this checkout.
///
/// Imports all endpoints of the file, puts a placeholder in place of each missing text, checks,
/// generates and compiles, and sends the example of each endpoint to the mock server. Prints the figures
/// of each stage, and everything that a person would have to decide.
///
/// Exit codes:
/// - 0: the only thing missing is texts
/// - 1: a stage failed; the copy shows its state
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct TrialArguments {
    /// The vendor's OpenAPI file.
    #[arg(value_name = "FILE")]
    openapi: PathBuf,
    /// The last stage.
    #[arg(long, value_enum, default_value_t = Stage::Mock)]
    until: Stage,
    /// The folder of the copy. It is replaced. Defaults to `target/trial`.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Runs the trial, and prints its figures.
///
/// # Errors
/// When the copy or a stage fails.
pub fn run(root: &Path, arguments: &TrialArguments) -> Result<ExitCode, CommandError> {
    let folder = folder_of_copy(root, arguments.folder.as_deref(), "trial")?;
    let trial = Trial::new(root, &folder);
    let mut show = |line: &str| print(&format!("{line}\n"));
    let passed = trial::run(&trial, &arguments.openapi, arguments.until, &mut show)?;
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
