//! `cargo xtask scan`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dataforseo_import::scan::scan;

use super::{CommandError, print};

/// Compare the facts that the import reads from an OpenAPI file with plain patterns.
///
/// Fails if less than 98 % of the stated facts of a kind agree, or if the import invents one.
#[derive(Args)]
pub struct ScanArguments {
    /// The vendor's OpenAPI file.
    file: PathBuf,
    /// Print the table only, without the disagreements.
    #[arg(long)]
    brief: bool,
}

/// Scans the file, and prints the disagreements and the table.
///
/// # Errors
/// When the file cannot be read.
pub fn run(arguments: &ScanArguments) -> Result<ExitCode, CommandError> {
    let name = arguments.file.display();
    let text = std::fs::read_to_string(&arguments.file).map_err(|it| format!("{name}: {it}"))?;
    let report = scan(&text).map_err(|reason| format!("{name}: {reason}"))?;
    if arguments.brief {
        print(&report.table())?;
    } else {
        print(&report.to_string())?;
    }
    if report.is_enough() {
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
