//! `cargo xtask import`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dataforseo_import::report::ImportReport;
use dataforseo_import::{Options, import, openapi};

use super::choices::ChoiceArguments;
use super::{CommandError, print, today};

/// Read documentation pages into the spec.
#[derive(Args)]
pub struct ImportArguments {
    /// The pages: WordPress JSON, plain text or Markdown.
    #[arg(required_unless_present = "openapi")]
    pages: Vec<PathBuf>,
    /// Read the vendor's OpenAPI file instead of pages.
    #[arg(long, value_name = "FILE", conflicts_with = "pages")]
    openapi: Option<PathBuf>,
    /// Read only this path of the OpenAPI file, where `*` matches any text. Defaults to all.
    #[arg(long, value_name = "GLOB", requires = "openapi")]
    only: Vec<String>,
    /// Show what would change, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write nothing, and fail if the pages do not state all facts of the spec.
    #[arg(long, conflicts_with = "dry_run")]
    verify: bool,
    /// Deprecate fields that the pages no longer contain. Without this flag, they are listed for a
    /// decision.
    #[arg(long, conflicts_with_all = ["openapi", "verify"])]
    removed: bool,
    #[command(flatten)]
    choices: ChoiceArguments,
}

/// Imports the pages, or the OpenAPI file, and prints the reports.
///
/// # Errors
/// When the OpenAPI file cannot be read. A page that cannot be read is printed, and the others are
/// imported.
pub fn run(root: &Path, arguments: &ImportArguments) -> Result<ExitCode, CommandError> {
    let choices = arguments.choices.read()?;
    let options = Options {
        choices: &choices,
        all_or_nothing: false,
        dry_run: arguments.dry_run,
        verify: arguments.verify,
        mark_removed: arguments.removed.then(today),
    };
    let mut failed = false;
    let mut show = |report: &ImportReport| {
        failed |= report.needs_decision() || (options.verify && !report.verified());
        print(&report.to_string())
    };
    let mut unread = false;
    if let Some(file) = &arguments.openapi {
        for report in openapi::import(root, file, &arguments.only, options)? {
            show(&report)?;
        }
    } else {
        for page in &arguments.pages {
            match import(root, page, options) {
                Ok(report) => show(&report)?,
                Err(error) => {
                    eprintln!("{error}");
                    unread = true;
                }
            }
        }
    }
    if failed || unread {
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
