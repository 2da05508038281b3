//! The program: its arguments and exit codes.

mod arguments;
mod exit;
mod fixtures;
mod lint;
mod recording;
mod serve;
mod shape;
mod stderr;
mod stdout;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::arguments::{AccessArguments, ListenArguments, ServerArguments};
use self::exit::ProgramError;
use self::fixtures::Strictness;
use self::stderr::log;

/// A mock server for the DataForSEO v3 API.
///
/// Exit code 0 is success. Exit code 1: something was found, such as misses, invalid or unused
/// fixtures, or a failed recording. Exit code 2: invalid arguments. Exit code 3: the start failed,
/// for example because of an invalid fixture or an address in use. `exec` ends with the exit code of
/// its command if that is not 0.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a server until it is stopped. The first line on stdout is `listening on http://…`;
    /// misses are on stderr.
    Serve {
        #[command(flatten)]
        server: ServerArguments,
        #[command(flatten)]
        listen: ListenArguments,
        /// Read the fixtures again whenever one of their files changes.
        #[arg(long)]
        watch: bool,
        /// The folder for recordings of `--on-miss record`.
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
        #[command(flatten)]
        upstream: recording::UpstreamArguments,
    },
    /// Start a server, run a command, and fail if there was a miss. The command finds the server in
    /// DATAFORSEO_BASE_URL, and credentials for it in DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD.
    /// SIGTERM is passed on to the command, which then has 10 s to end.
    Exec {
        #[command(flatten)]
        server: ServerArguments,
        /// Also fail if a fixture of the folders was not used.
        #[arg(long)]
        fail_on_unused: bool,
        /// The command and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Send requests to the real API, and keep the responses as fixtures without secrets. Without
    /// METHOD and PATH, run a server that records every request until it is stopped.
    Record {
        /// The folder for the fixtures. A fixture for the same request is replaced; its `match` and
        /// note are kept.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        #[command(flatten)]
        upstream: recording::UpstreamArguments,
        #[command(flatten)]
        listen: ListenArguments,
        #[command(flatten)]
        access: AccessArguments,
        #[command(flatten)]
        request: recording::RequestArguments,
    },
    /// Send the requests of fixtures to the real API, and print where the shapes of the responses
    /// differ. Writes nothing. The credentials are in DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD.
    Diff(recording::CompareArguments),
    /// Check fixtures: against the spec, for secrets, duplicates and age.
    Lint {
        /// The folders of fixtures.
        #[arg(required = true, value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// Warn about fixtures that were recorded more than this many days ago.
        #[arg(long, value_name = "DAYS")]
        max_age: Option<u32>,
        /// Fail on warnings, too.
        #[arg(long)]
        strict: bool,
    },
    /// Print the fixtures that no test used. Servers write the used fixtures into the folder of
    /// DATAFORSEO_MOCK_USED_DIR, if it is set while the tests run.
    Unused {
        /// The folders of fixtures.
        #[arg(required = true, value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// The folder that the servers wrote the used fixtures into.
        #[arg(long, env = "DATAFORSEO_MOCK_USED_DIR", value_name = "FOLDER")]
        used: PathBuf,
    },
    /// List fixtures, each with its method and path: those of the folders, or the embedded ones.
    Ls {
        /// The folders of fixtures.
        #[arg(value_name = "FOLDER")]
        folders: Vec<PathBuf>,
    },
    /// Print a fixture: an embedded one by its name in `ls`, or a file.
    Show {
        /// The name of the fixture, or the path of a file.
        name: String,
    },
}

/// Runs the program.
pub fn main() -> ExitCode {
    let code = run(Arguments::parse().command).unwrap_or_else(|ProgramError { code, reason }| {
        log(format!("error: {reason}"));
        ExitCode::from(code)
    });
    stderr::finish();
    code
}

fn run(command: Command) -> Result<ExitCode, ProgramError> {
    if let Command::Serve { listen, .. } | Command::Record { listen, .. } = &command {
        listen.remove_port_file()?;
    }
    match command {
        Command::Serve {
            server,
            listen,
            watch,
            to,
            upstream,
        } => serve::serve(
            server,
            &listen,
            if watch {
                serve::Reload::OnChange
            } else {
                serve::Reload::Never
            },
            to.map(|to| recording::record_to(to, upstream))
                .transpose()?,
        ),
        Command::Exec {
            server,
            fail_on_unused,
            command,
        } => {
            let unused = if fail_on_unused {
                serve::Unused::Fail
            } else {
                serve::Unused::Ignore
            };
            serve::exec(server, unused, &command)
        }
        Command::Record {
            to,
            upstream,
            listen,
            access,
            request,
        } => recording::record(to, upstream, &listen, access, request),
        Command::Diff(arguments) => recording::diff(&arguments),
        Command::Lint {
            folders,
            max_age,
            strict,
        } => {
            let strictness = if strict {
                Strictness::ErrorsAndWarnings
            } else {
                Strictness::Errors
            };
            fixtures::lint(&folders, max_age, strictness)
        }
        Command::Unused { folders, used } => fixtures::unused(&folders, &used),
        Command::Ls { folders } => fixtures::list(&folders),
        Command::Show { name } => fixtures::show(&name),
    }
}
