//! The command `completions`: prints a completion script for a shell.

use clap::Command;
use clap_complete::Shell;

use crate::exit::{CliError, Exit};
use crate::output::print;

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionOptions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
pub(crate) fn run(options: &CompletionOptions, mut command: Command) -> Result<Exit, CliError> {
    // Generated in memory: clap_complete would panic if stdout is closed.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "dataforseo", &mut script);
    print(&script)?;
    Ok(Exit::Success)
}
