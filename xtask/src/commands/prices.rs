//! `cargo xtask prices`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;
use xtask::prices::{self, Mode};

use super::{CommandError, print};

/// Bring the prices and rates of an account into the spec.
///
/// The rate card is in the response of `appendix/user_data`, a free call:
/// `dataforseo appendix user-data --raw > card.json`.
#[derive(Args)]
pub struct PricesArguments {
    /// The response of `appendix/user_data` as JSON, or tables of prices and rates.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The day of the rate card, `yyyy-mm-dd`.
    #[arg(long, value_name = "DATE")]
    since: Date,
    /// Show what would change, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Edits the spec and prints what changed.
///
/// # Errors
/// When the card or the spec cannot be read, or a file cannot be written.
pub fn run(root: &Path, arguments: &PricesArguments) -> Result<ExitCode, CommandError> {
    let mode = if arguments.dry_run {
        Mode::DryRun
    } else {
        Mode::Write
    };
    let since = arguments.since.to_string();
    let report = prices::run(root, &arguments.files, &since, mode)?;
    print(&report.to_string())?;
    Ok(if report.needs_decision() {
        ExitCode::from(10)
    } else {
        ExitCode::SUCCESS
    })
}
