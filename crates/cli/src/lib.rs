//! The program `dataforseo`: every endpoint of the DataForSEO v3 API as a command, bulk jobs and a few
//! tools.
//!
//! # Code map
//! The commands of the endpoints come from a generated table (`generated/`, with its types in `table.rs`).
//! The code is the same for all of them.
//!
//! | module | contents |
//! | --- | --- |
//! | `flags` | a flag per field of a task; between flags and JSON |
//! | `call` | the command of an endpoint: request and printed response |
//! | `bulk` | the command `bulk`: input, progress, tables in each format |
//! | `job` | bulk jobs of any endpoint behind one interface |
//! | `doctor`, `endpoints`, `completions`, `journal` | the tools |
//! | `help` | the help of the program and of endpoints |
//! | `connection`, `limits` | server, credentials and the client; where the account's limits are kept |
//! | `exit`, `output`, `money` | exit codes, stdout and stderr, amounts |
//!
//! To add a tool, add a module with its options and a `run` function, a variant of `Tool`, and an arm in
//! `dispatch`.
//!
//! # Features
//! A feature per section, all enabled by default: `appendix`, `backlinks`, `keywords_data`, `on_page`, `serp`.

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
mod job;
mod journal;
mod limits;
mod lookup;
mod money;
mod output;
mod table;

use std::process::ExitCode;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _, Subcommand};

use crate::connection::Connection;
use crate::exit::{CliError, Exit};
use crate::generated::SECTIONS;
use crate::output::note;

// No doc comment: clap would use it as the description of the program.
#[derive(Debug, Subcommand)]
enum Tool {
    /// Find problems with credentials, network or balance.
    ///
    /// Prints a line per check: `ok`, `warn` or `FAIL`, and what to do. It is free: the only call requests
    /// the data of the account. Credentials are never printed.
    Doctor,
    /// List all endpoints: command, method and path, limits, price.
    Endpoints,
    /// Show the records of a bulk job's journal, or a response in it.
    ///
    /// Prints a line of JSON per record: each call that was sent, how it ended, and the size of the
    /// response. Responses that could not be decoded are in the journal, too. The file is not changed.
    Journal(journal::JournalOptions),
    /// Print a completion script for a shell.
    ///
    /// For bash: `source <(dataforseo completions bash)`.
    Completions(completions::CompletionOptions),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // The help goes to stdout. A failure to print cannot be reported.
            let _ = error.print();
            let code = u8::try_from(error.exit_code());
            return code.map_or(Exit::Failed.into(), ExitCode::from);
        }
    };
    match dispatch(&matches) {
        Ok(exit) => exit.into(),
        Err(CliError { exit, message }) => {
            note(format!("error: {message}"));
            exit.into()
        }
    }
}

/// Returns the command line of the program.
fn command() -> Command {
    let command = Command::new("dataforseo")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The DataForSEO v3 API on the command line")
        .long_about(help::ABOUT)
        .after_long_help(help::program_footer())
        .max_term_width(help::WIDTH)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(
            SECTIONS
                .iter()
                .map(|section| call::section_command(section)),
        )
        .subcommand(bulk::command());
    Connection::augment_args(Tool::augment_subcommands(command))
}

/// Runs the command that was given.
fn dispatch(matches: &ArgMatches) -> Result<Exit, CliError> {
    let inner = matches.subcommand();
    let job = inner.and_then(|(name, matches)| (name == "bulk").then(|| matches.subcommand())?);
    // The calls of a job continue while its table waits for the disk.
    let mut runtime = match job {
        Some(_) => tokio::runtime::Builder::new_multi_thread(),
        None => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.worker_threads(2).enable_all().build();
    runtime.map_err(CliError::unexpected)?.block_on(async {
        if let Some((endpoint, matches)) = job
            && let Some(endpoint) = lookup::find_bulk_endpoint(endpoint)
        {
            return bulk::run(endpoint, matches).await;
        }
        if let Some((endpoint, matches)) = lookup::given_endpoint(matches) {
            return call::run(endpoint, matches).await;
        }
        // clap stores global options with the innermost command.
        let options = matches.subcommand().map_or(matches, |(_, inner)| inner);
        let connection = Connection::from_arg_matches(options).map_err(CliError::usage)?;
        match Tool::from_arg_matches(matches).map_err(CliError::usage)? {
            Tool::Doctor => doctor::run(&connection).await,
            Tool::Endpoints => endpoints::run(),
            Tool::Journal(options) => journal::run(&options),
            Tool::Completions(options) => completions::run(&options, command()),
        }
    })
}
