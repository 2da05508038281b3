//! `cargo xtask`: see `cargo xtask --help`.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::{
    CommandError, check, diff, drift, generate, import, openapi, prices, replay, scan, style,
    trial, update,
};
use xtask::checkout;

/// Maintain the spec, and everything that is generated from it.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    command: XtaskCommand,
}

#[derive(Subcommand)]
enum XtaskCommand {
    Import(import::ImportArguments),
    Update(update::UpdateArguments),
    /// Check the spec and the fixtures, and list everything that is wrong with them.
    Check,
    Prices(prices::PricesArguments),
    Diff(diff::DiffArguments),
    Drift(drift::DriftArguments),
    /// Print the spec as an OpenAPI 3.1 document, in JSON.
    Openapi,
    Generate(generate::GenerateArguments),
    Replay(replay::ReplayArguments),
    Scan(scan::ScanArguments),
    Style(style::StyleArguments),
    Trial(trial::TrialArguments),
}

fn main() -> ExitCode {
    match run(CommandLine::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command in the checkout that contains the current folder.
fn run(command: XtaskCommand) -> Result<ExitCode, CommandError> {
    let root = checkout::find(&std::env::current_dir()?)?;
    match command {
        XtaskCommand::Import(arguments) => import::run(&root, &arguments),
        XtaskCommand::Update(arguments) => update::run(&root, &arguments),
        XtaskCommand::Check => check::run(&root),
        XtaskCommand::Prices(arguments) => prices::run(&root, &arguments),
        XtaskCommand::Diff(arguments) => diff::run(&root, arguments),
        XtaskCommand::Drift(arguments) => drift::run(&root, &arguments),
        XtaskCommand::Openapi => openapi::run(&root),
        XtaskCommand::Replay(arguments) => replay::run(&root, &arguments),
        XtaskCommand::Generate(arguments) => generate::run(&root, &arguments),
        XtaskCommand::Scan(arguments) => scan::run(&arguments),
        XtaskCommand::Style(arguments) => style::run(&root, &arguments),
        XtaskCommand::Trial(arguments) => trial::run(&root, &arguments),
    }
}
