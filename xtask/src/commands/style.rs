//! `cargo xtask style`.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use xtask::style::{self, Search};

use super::{CommandError, print};

/// Check words, names and sentences against `docs/style.md`.
///
/// Exit codes:
/// - 0: no findings
/// - 1: findings, or a file cannot be read
/// - 2: wrong usage
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct StyleArguments {
    /// List sentences of more than 25 words instead. Exits with 0 whatever it finds.
    #[arg(long)]
    long: bool,
}

/// Checks the style of a checkout and prints what it finds.
///
/// # Errors
/// When a file cannot be read, or the tables of the guide are malformed.
pub fn run(root: &Path, arguments: &StyleArguments) -> Result<ExitCode, CommandError> {
    if arguments.long {
        let findings = style::check(root, Search::LongSentences)?;
        print(&style::lines(&findings))?;
        eprintln!("{} sentences have more than 25 words", findings.len());
        return Ok(ExitCode::SUCCESS);
    }
    let findings = style::check(root, Search::Words)?;
    print(&style::lines(&findings))?;
    if findings.is_empty() {
        print("all words and names are in the style of docs/style.md\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "{} findings: see docs/style.md for the reasons",
        findings.len()
    );
    Ok(ExitCode::FAILURE)
}
