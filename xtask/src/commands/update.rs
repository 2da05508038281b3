//! `cargo xtask update`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dataforseo_compare::diff::{Rendering, ReportLength};
use dataforseo_import::decision_groups::GroupLength;
use xtask::update::{
    Imported, UpdateOutcome, UpdateSources, UpdateSummary, complete, import_sources, report,
};

use super::choices::ChoiceArguments;
use super::{CommandError, print, today};

/// The exit code when a person has to decide.
const DECISION: u8 = 10;

/// Import documentation pages or the OpenAPI file, and update the rest: check, generate, changelog,
/// version.
///
/// Stops with a list of decisions that a person has to make. Run it again afterward. The next run
/// no longer lists changed texts and sentences that were not understood.
///
/// The OpenAPI file is imported completely or not at all. All differences are in one report, by
/// kind, with file and line. Decide about them with --take and --keep, or edit the spec:
///
///   --take 'task.*.max_items'               all lists of tasks
///   --keep 'result.*.type=measured'         all types of results, including shared types
///   --take 'serp/google/*/task.depth.max'   one fact of some endpoints
///
/// The longest pattern that fits decides. --take writes what the source states, and marks what is
/// gone as removed_upstream. --keep writes a correction or evidence with the reason.
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
    #[arg(required_unless_present = "openapi")]
    pages: Vec<PathBuf>,
    /// Read the vendor's OpenAPI file instead of pages.
    #[arg(long, value_name = "FILE", conflicts_with = "pages")]
    openapi: Option<PathBuf>,
    /// Read only this path of the OpenAPI file, where `*` matches any text. Defaults to all.
    #[arg(long, value_name = "GLOB", requires = "openapi")]
    only: Vec<String>,
    #[command(flatten)]
    choices: ChoiceArguments,
    /// List everything, and not only the first differences of each kind.
    #[arg(long)]
    all: bool,
    /// The git revision to compare with.
    #[arg(long, default_value = "HEAD", value_name = "REV")]
    since: String,
}

impl UpdateArguments {
    fn sources(&self) -> UpdateSources {
        match &self.openapi {
            Some(file) => UpdateSources::OpenApi {
                file: file.clone(),
                only: self.only.clone(),
            },
            None => UpdateSources::Pages(self.pages.clone()),
        }
    }
}

/// Runs the update, and prints what it did.
///
/// # Errors
/// When something cannot be read or written, or the spec is not valid.
pub fn run(root: &Path, arguments: &UpdateArguments) -> Result<ExitCode, CommandError> {
    let sources = arguments.sources();
    let choices = arguments.choices.read()?;
    let imported = import_sources(root, &sources, &arguments.since, &choices, today())?;
    // The reports are shown even if the rest of the update fails.
    show_imported(&sources, &imported, arguments.all)?;
    match complete(root, imported)?.outcome {
        UpdateOutcome::NeedsDecision(decisions) => {
            show_open(&sources, &decisions)?;
            Ok(ExitCode::from(DECISION))
        }
        UpdateOutcome::Completed(done) => {
            show(&done)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn show_imported(
    sources: &UpdateSources,
    imported: &Imported,
    all: bool,
) -> Result<(), CommandError> {
    let length = if all {
        GroupLength::Full
    } else {
        GroupLength::Short
    };
    match sources {
        UpdateSources::OpenApi { .. } => print(&report::text(&imported.reports, length)),
        UpdateSources::Pages(_) => {
            for report in &imported.reports {
                print(&report.to_string())?;
            }
            Ok(())
        }
    }
}

fn show_open(sources: &UpdateSources, decisions: &[String]) -> Result<(), CommandError> {
    if let UpdateSources::OpenApi { .. } = sources {
        let count = decisions.len();
        return print(&format!(
            "\nnothing was written, because {count} decisions are open: neither spec, generated code nor \
             changelog\n"
        ));
    }
    print("\nnothing was generated; the spec has the clear facts of the pages\n")?;
    print("decide these, then run the command again:\n")?;
    for decision in decisions {
        print(&format!("  - {decision}\n"))?;
    }
    Ok(())
}

fn show(done: &UpdateSummary) -> Result<(), CommandError> {
    let difference = done.difference.render(Rendering::Text, ReportLength::Short);
    let mut text = format!("\n{difference}");
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
