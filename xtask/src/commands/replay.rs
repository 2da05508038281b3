//! `cargo xtask replay`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use dataforseo_import::decision_groups::GroupLength;
use dataforseo_import::decisions::Choices;
use xtask::replay::Replay;
use xtask::trial::{compile_models, copy_checkout};

use super::{CommandError, folder_of_copy, print, today};

/// The number of differences that are listed.
const LISTED: usize = 40;

/// Replay the vendor's OpenAPI files of several dates, in a copy of this checkout.
///
/// Imports the first file into a spec without endpoints, and updates the spec from each later one,
/// with the source taken everywhere. Prints the number and the kinds of decisions of each step, and at
/// the end the differences to an import of the last file alone.
///
/// Exit codes:
/// - 0: no differences
/// - 1: differences, or a step failed
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ReplayArguments {
    /// The OpenAPI files, in the order of their dates.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Read only this path, where `*` matches any text. Defaults to all.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// Generate after each step.
    #[arg(long)]
    generate: bool,
    /// Generate and compile the models after each step.
    #[arg(long)]
    compile: bool,
    /// The folder of the copy. It is replaced. Defaults to `target/replay`.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Replays the files, and prints the figures of each step.
///
/// # Errors
/// When a step fails.
pub fn run(root: &Path, arguments: &ReplayArguments) -> Result<ExitCode, CommandError> {
    let folder = folder_of_copy(root, arguments.folder.as_deref(), "replay")?;
    let copy = folder.join("checkout");
    copy_checkout(root, &copy)?;
    let mut choices = Choices::on(today());
    choices.take("*")?;
    let replay = Replay {
        root: &copy,
        only: &arguments.only,
        choices: &choices,
    };
    replay.clear()?;
    for file in &arguments.files {
        step(&replay, file, arguments, &folder)?;
    }
    let fresh = folder.join("fresh");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    let last = arguments.files.last().ok_or("no file")?;
    let differences = replay.differences(last, &fresh)?;
    for change in differences.iter().take(LISTED) {
        print(&format!("  {}\n", change.summary()))?;
    }
    print(&format!(
        "{} differences to a fresh import\n",
        differences.len()
    ))?;
    Ok(if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn step(
    replay: &Replay<'_>,
    file: &Path,
    arguments: &ReplayArguments,
    folder: &Path,
) -> Result<(), CommandError> {
    let start = Instant::now();
    let step = replay.step(file)?;
    print(&format!(
        "{}: {} decisions of {} kinds, {:.1} s\n",
        file.display(),
        step.decisions(),
        step.groups.len(),
        start.elapsed().as_secs_f64()
    ))?;
    let texts = step
        .groups
        .iter()
        .map(|group| group.text(GroupLength::Short));
    fs::write(folder.join("decisions.txt"), texts.collect::<String>())?;
    let open = step.open();
    if !open.is_empty() {
        return Err(open.join("\n").into());
    }
    if arguments.generate || arguments.compile {
        match replay.generate() {
            Ok(count) => print(&format!("  {count} generated files\n"))?,
            // The earliest files have types that the generator cannot use, such as a float as the
            // number of rows.
            Err(error) => return print(&format!("  not generated:\n{error}\n")),
        }
    }
    if arguments.compile && !compile_models(replay.root, &folder.join("target"))? {
        return Err("the models do not compile".into());
    }
    Ok(())
}
