//! `cargo xtask`: see `cargo xtask --help`.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::{Failure, check, diff, drift, generate, import, openapi, style, update};
use xtask::checkout;

/// Keeps the crates up to date with the documentation.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Import(import::Arguments),
    Update(update::Arguments),
    /// Check the spec and the fixtures, and list everything that is wrong with them.
    Check,
    Diff(diff::Arguments),
    Drift(drift::Arguments),
    /// Print the spec as an OpenAPI 3.1 document, in JSON.
    Openapi,
    Generate(generate::Arguments),
    Style(style::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command in the checkout that contains the current folder.
fn run(command: Command) -> Result<ExitCode, Failure> {
    let root = checkout::find(&std::env::current_dir()?)?;
    match command {
        Command::Import(arguments) => import::run(&root, &arguments),
        Command::Update(arguments) => update::run(&root, &arguments),
        Command::Check => check::run(&root),
        Command::Diff(arguments) => diff::run(&root, arguments),
        Command::Drift(arguments) => drift::run(&root, &arguments),
        Command::Openapi => openapi::run(&root),
        Command::Generate(arguments) => generate::run(&root, &arguments),
        Command::Style(arguments) => style::run(&root, &arguments),
    }
}
