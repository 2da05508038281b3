//! `cargo xtask drift`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dataforseo_compare::drift::{DriftOptions, ReportDetail, drift};

use super::{CommandError, print};

/// The exit code when there is drift.
const DRIFT: u8 = 10;

/// Compare recorded responses with the spec, and propose edits.
///
/// Exit codes:
/// - 0: no drift
/// - 10: drift
/// - 1: a file cannot be compared, or an edit fails
/// - 2: wrong usage
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct DriftArguments {
    /// Files or folders with fixtures, recordings and raw responses.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Make the edits that need no review, and revert those that make the spec invalid.
    #[arg(long)]
    apply: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Omit the table of observations, and only count notes.
    #[arg(long, conflicts_with = "json")]
    brief: bool,
    /// Report a documented field that is missing from N or more objects, and never present.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    enough: u64,
}

/// Compares the recorded responses with the spec of the checkout, and prints the report.
///
/// # Errors
/// When the spec is not valid, or cannot be edited.
pub fn run(root: &Path, arguments: &DriftArguments) -> Result<ExitCode, CommandError> {
    let options = DriftOptions {
        apply: arguments.apply,
        enough: arguments.enough,
    };
    let report = drift(root, &arguments.paths, &options)?;
    if arguments.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&report)?))?;
    } else {
        let detail = if arguments.brief {
            ReportDetail::Brief
        } else {
            ReportDetail::Full
        };
        print(&report.text(detail).to_string())?;
    }
    Ok(match report.count() {
        _ if report.is_incomplete() => ExitCode::FAILURE,
        (0, _) => ExitCode::SUCCESS,
        _ => ExitCode::from(DRIFT),
    })
}
