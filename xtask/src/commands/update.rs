//! `cargo xtask update`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dataforseo_compare::diff::{Rendering, ReportLength};
use xtask::update::{UpdateOutcome, UpdateSummary, update};

use super::{CommandError, print, today};

/// The exit code when a person has to decide.
const DECISION: u8 = 10;

/// Import documentation pages, and update the rest: check, generate, changelog, version.
///
/// Stops with a list of decisions that a person has to make. Run it again afterward. The next run
/// no longer lists changed texts.
///
/// Exit codes:
/// - 0: done
/// - 10: a person has to decide
/// - 1: a source cannot be read, or the spec is invalid
/// - 2: wrong usage
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct UpdateArguments {
    /// The pages: WordPress JSON, plain text or Markdown.
    #[arg(required = true)]
    pages: Vec<PathBuf>,
    /// The git revision to compare with.
    #[arg(long, default_value = "HEAD", value_name = "REV")]
    since: String,
}

/// Runs the update, and prints what it did.
///
/// # Errors
/// When something cannot be read or written, or the spec is not valid.
pub fn run(root: &Path, arguments: &UpdateArguments) -> Result<ExitCode, CommandError> {
    let update = update(root, &arguments.pages, &arguments.since, today())?;
    for report in &update.imported {
        print(&report.to_string())?;
    }
    match update.outcome {
        UpdateOutcome::NeedsDecision(decisions) => {
            print("\ndecide these, then run the command again:\n")?;
            for decision in decisions {
                print(&format!("  - {decision}\n"))?;
            }
            Ok(ExitCode::from(DECISION))
        }
        UpdateOutcome::Completed(done) => {
            show(&done)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn show(done: &UpdateSummary) -> Result<(), CommandError> {
    let mut text = format!(
        "\n{}",
        done.difference.render(Rendering::Text, ReportLength::Short)
    );
    text += &format!("\n{} generated files changed\n", done.generated.len());
    for line in &done.changelog {
        text += &format!("CHANGELOG.md: {line}\n");
    }
    let (version, next) = &done.version;
    if version == next {
        text += &format!("the version stays {version}\n");
    } else {
        let step = done.difference.semver().name();
        text += &format!("the version after {version}: {next} ({step})\n");
    }
    print(&text)
}
