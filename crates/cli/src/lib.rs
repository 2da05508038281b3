//! The program `dataforseo`: every endpoint of the API as a command, and a few tools around them.
//!
//! The commands of the endpoints come out of a generated table; the code here is the same for all
//! of them. A further tool is a module with its arguments and its `run`, a variant of `Tool`, and
//! an arm in `run`.
//!
//! # Features
//! One a section, all on by default: `appendix`, `backlinks`, `on_page`, `serp`.

mod bulk;
mod call;
mod completions;
mod connection;
mod doctor;
mod endpoints;
mod exit;
mod flags;
#[rustfmt::skip]
mod generated;
mod help;
mod output;
mod table;

use std::process::ExitCode;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _, Subcommand};

use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::generated::SECTIONS;
use crate::output::tell;

// What there is beside the endpoints. No doc comment: clap would take it for the program's.
#[derive(Debug, Subcommand)]
enum Tool {
    /// Find out what is wrong with credentials, network or balance.
    ///
    /// A line for each check: `ok`, `warn` or `FAIL`, and what to do. It costs nothing: the account
    /// is asked by a call that is free. Credentials are never printed.
    Doctor,
    /// List all endpoints: command, method and path, limits, price.
    Endpoints,
    /// Print a script that completes commands and flags, for a shell to read.
    ///
    /// For bash: `source <(dataforseo completions bash)`.
    Completions(completions::Arguments),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // It goes to stdout if it is help. Nobody is left to be told that it cannot.
            let _ = error.print();
            let code = u8::try_from(error.exit_code());
            return code.map_or(Exit::Failed.into(), ExitCode::from);
        }
    };
    match run(&matches) {
        Ok(exit) => exit.into(),
        Err(Failure { exit, reason }) => {
            tell(format!("error: {reason}"));
            exit.into()
        }
    }
}

/// The command line.
fn command() -> Command {
    let command = Command::new("dataforseo")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The DataForSEO v3 API on the command line")
        .long_about(help::ABOUT)
        .after_long_help(help::after())
        .max_term_width(help::WIDTH)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(SECTIONS.iter().map(|section| call::section(section)))
        .subcommand(bulk::command());
    Connection::augment_args(Tool::augment_subcommands(command))
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let inner = matches.subcommand();
    let job = inner.and_then(|(name, matches)| (name == "bulk").then(|| matches.subcommand())?);
    // While a table waits for its disk, the calls of a job go on.
    let mut runtime = match job {
        Some(_) => tokio::runtime::Builder::new_multi_thread(),
        None => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.worker_threads(2).enable_all().build();
    runtime.map_err(Failure::unexpected)?.block_on(async {
        if let Some((endpoint, matches)) = job
            && let Some(endpoint) = bulk::find(endpoint)
        {
            return bulk::run(endpoint, matches).await;
        }
        if let Some((section, matches)) = matches.subcommand()
            && let Some((endpoint, matches)) = matches.subcommand()
            && let Some(endpoint) = table::find(section, endpoint)
        {
            return call::run(endpoint, matches).await;
        }
        // Global options stand with the innermost command.
        let options = matches.subcommand().map_or(matches, |(_, inner)| inner);
        let connection = Connection::from_arg_matches(options).map_err(Failure::usage)?;
        match Tool::from_arg_matches(matches).map_err(Failure::usage)? {
            Tool::Doctor => doctor::run(&connection).await,
            Tool::Endpoints => endpoints::run(),
            Tool::Completions(arguments) => completions::run(&arguments, command()),
        }
    })
}
