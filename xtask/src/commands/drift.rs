//! `cargo xtask drift`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dataforseo_compare::drift::{Options, drift};

use super::{Failure, print};

/// The exit code when there is drift.
const DRIFT: u8 = 10;

/// Compare recorded answers with the spec, and propose edits. Exits with 0 if there is no drift,
/// with 10 if there is, with 1 if something could not be looked at or changed.
#[derive(Args)]
pub struct Arguments {
    /// Fixtures, recordings, answers as they came, and folders of such.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Make the edits that need no person, if the spec is valid with them.
    #[arg(long)]
    apply: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Leave out the table of all that was seen, and count notes only.
    #[arg(long, conflicts_with = "json")]
    brief: bool,
    /// Tell of a field that was never seen when there were so many objects without it.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    enough: u64,
}

/// Compares the recorded responses with the spec of the checkout, and prints the report.
///
/// # Errors
/// When the spec is not valid, or cannot be edited.
pub fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let options = Options {
        apply: arguments.apply,
        enough: arguments.enough,
    };
    let report = drift(root, &arguments.paths, &options)?;
    if arguments.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&report)?))?;
    } else {
        print(&report.text(!arguments.brief).to_string())?;
    }
    Ok(match report.count() {
        _ if report.is_incomplete() => ExitCode::FAILURE,
        (0, _) => ExitCode::SUCCESS,
        _ => ExitCode::from(DRIFT),
    })
}
