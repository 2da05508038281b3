//! The program: its arguments and exit codes.

mod fixtures;
mod lint;
mod recording;
mod serve;
mod shape;
mod stderr;
mod watch;

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::fixtures::Strictness;
use self::stderr::log;
use crate::session::FaultRule;

/// A mock server for the DataForSEO v3 API.
///
/// Exit codes: 0 success; 1 something was found (misses, shape changes, invalid or unused fixtures,
/// a failed recording); 2 invalid arguments; 3 the start failed (a fixture that cannot be used, an
/// address in use, a missing folder). `exec` ends with the exit code of its command if that is not
/// 0.
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
        request: recording::RequestArguments,
    },
    /// Send the requests of fixtures to the real API, and print where the shapes of the responses
    /// differ. Writes nothing. The credentials are in DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD.
    Diff(recording::DiffArguments),
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

/// The settings of a server.
#[derive(Args)]
struct ServerArguments {
    /// Accept these credentials only. By default any are accepted.
    #[arg(
        long,
        value_name = "LOGIN:PASSWORD",
        env = "DATAFORSEO_MOCK_AUTH",
        hide_env_values = true
    )]
    auth: Option<String>,
    /// Add the fixtures of this folder and its subfolders.
    #[arg(long, value_name = "FOLDER")]
    fixtures: Vec<PathBuf>,
    /// Exclude the embedded fixtures.
    #[arg(long)]
    no_embedded: bool,
    /// The response to a request that matches no fixture and breaks no documented rule.
    #[arg(long, value_enum, default_value = "error")]
    on_miss: OnMissArgument,
    /// Add a rule: `[METHOD] PATH FAULT [WHEN]`, such as
    /// `POST /v3/backlinks/** api:40202 first:3`.
    #[arg(long, value_name = "RULE")]
    fault: Vec<FaultRule>,
    /// Let each request choose a fault by the header `x-mock-fault`.
    #[arg(long)]
    fault_header: bool,
    /// Apply the rate limits of an account: 2000 calls per minute, 30 simultaneous calls.
    #[arg(long)]
    limits: bool,
    /// The seed of random choices.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Turn on the admin routes under /__mock/, for connections from this machine.
    #[arg(long)]
    admin: bool,
    /// The number of requests that the request log keeps.
    #[arg(long, value_name = "REQUESTS", default_value_t = crate::session::DEFAULT_SIZE)]
    request_log_size: usize,
}

/// The address of a server.
#[derive(Args)]
struct ListenArguments {
    /// The address to listen on. Port 0 selects a free port.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Write the port into this file when the server listens.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
}

impl ListenArguments {
    /// Removes the file of an earlier server: a process that waits for this one would read a stale
    /// port.
    fn remove_port_file(&self) -> Result<(), Failure> {
        let Some(file) = &self.port_file else {
            return Ok(());
        };
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::start(format!("{}: {error}", file.display())))
            }
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OnMissArgument {
    /// 404, with the differences to the nearest fixture.
    Error,
    /// The endpoint's example, with the request's tasks echoed.
    Example,
    /// The response of the real API, which is kept as a fixture (`--to`).
    Record,
}

/// The exit code if something was found.
const FOUND: u8 = 1;
/// The exit code of arguments that exclude each other.
const USAGE: u8 = 2;
/// The exit code of a failed start.
const START_FAILED: u8 = 3;

/// The exit code and reason of a program that ends early.
struct Failure {
    code: u8,
    reason: String,
}

impl Failure {
    fn start(reason: impl Display) -> Self {
        Self {
            code: START_FAILED,
            reason: reason.to_string(),
        }
    }

    fn usage(reason: impl Display) -> Self {
        Self {
            code: USAGE,
            reason: reason.to_string(),
        }
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let code = run(Arguments::parse().command).unwrap_or_else(|Failure { code, reason }| {
        log(format!("error: {reason}"));
        ExitCode::from(code)
    });
    stderr::finish();
    code
}

fn run(command: Command) -> Result<ExitCode, Failure> {
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
            to.map(|to| recording::record_to(to, upstream)),
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
            request,
        } => recording::record(to, upstream, &listen, request),
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

/// Returns the exit code, which states whether something was found.
fn exit_code(found: bool) -> ExitCode {
    if found {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    }
}

/// Prints lines to stdout. A closed pipe is not an error.
fn print_lines(lines: impl IntoIterator<Item = String>) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    for line in lines {
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
}

/// Returns the credentials of the environment, as `login:password`.
fn credentials() -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (login, password) = (
        variable("DATAFORSEO_LOGIN")?,
        variable("DATAFORSEO_PASSWORD")?,
    );
    Some(format!("{login}:{password}"))
}
