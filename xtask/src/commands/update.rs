//! `cargo xtask update`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dataforseo_compare::diff::Rendering;
use xtask::update::{Done, Outcome, update};

use super::{Failure, print, today};

/// The exit code when a person has to decide.
const DECISION: u8 = 10;

/// Bring documentation pages in, and everything else into step: check, generate, changelog, version.
///
/// It stops with a list where a person has to decide; run it again then. What it tells of wording
/// counts as read with the next run.
///
/// Exit codes: 0 done, 10 a person has to decide, 1 something cannot be read or is not valid, 2 wrong
/// usage.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// The pages: WordPress JSON or plain text.
    #[arg(required = true)]
    pages: Vec<PathBuf>,
    /// The revision of git that the changes are told against.
    #[arg(long, default_value = "HEAD", value_name = "REV")]
    since: String,
}

/// Runs the update, and prints what it did.
///
/// # Errors
/// When something cannot be read or written, or the spec is not valid.
pub fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let update = update(root, &arguments.pages, &arguments.since, today())?;
    for report in &update.imported {
        print!("{report}");
    }
    match update.outcome {
        Outcome::Decide(decisions) => {
            println!("\na person has to decide, then run this again:");
            for decision in decisions {
                println!("  - {decision}");
            }
            Ok(ExitCode::from(DECISION))
        }
        Outcome::Done(done) => {
            show(&done)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn show(done: &Done) -> Result<(), Failure> {
    print(&format!("\n{}", done.difference.render(Rendering::Text)))?;
    println!("\n{} generated files changed", done.generated.len());
    for line in &done.changelog {
        println!("CHANGELOG.md: {line}");
    }
    let (version, next) = &done.version;
    if version == next {
        println!("the version stays {version}");
    } else {
        println!(
            "the version after {version}: {next} ({})",
            done.difference.semver().name()
        );
    }
    Ok(())
}
