//! `completions`: a script that a shell reads.

use clap::Command;
use clap_complete::Shell;

use crate::exit::{Exit, Failure};
use crate::output::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, mut command: Command) -> Result<Exit, Failure> {
    // Into memory first: a reader that goes away must not make it panic.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "dataforseo", &mut script);
    print(&script)?;
    Ok(Exit::Done)
}
