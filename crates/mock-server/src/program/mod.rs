//! The program: what it is told, and what it says.

mod fixtures;
mod recording;
mod serve;
mod stderr;
mod watch;

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::stderr::tell;
use crate::fault::FaultRule;

/// Answers as the DataForSEO v3 API does, offline.
///
/// Exit codes: 0 all is well; 1 something was found (misses, drift, faulty or unused fixtures,
/// a recording that failed); 2 the arguments are wrong; 3 it could not begin (fixtures that cannot
/// be used, an address that is taken, a folder that is not there). `exec` ends with the code of its
/// command if that is not 0.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer until stopped. The first line on stdout is `listening on http://…`; misses go to
    /// stderr.
    Serve {
        #[command(flatten)]
        server: ServerArguments,
        #[command(flatten)]
        listen: ListenArguments,
        /// Read the fixtures anew whenever one of their files changes.
        #[arg(long)]
        watch: bool,
        /// Where `--on-miss record` keeps what it records.
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
        #[command(flatten)]
        upstream: recording::UpstreamArguments,
    },
    /// Start a server, run a command, and fail if it missed. The command finds the server in
    /// DATAFORSEO_BASE_URL, and credentials for it in DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD.
    /// SIGTERM is passed on to it; it has 10 s to end.
    Exec {
        #[command(flatten)]
        server: ServerArguments,
        /// Fail, too, if a fixture of the folders answered nothing.
        #[arg(long)]
        fail_on_unused: bool,
        /// The command and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Ask the real API, and keep what it says as fixtures without secrets. Without METHOD and
    /// PATH it listens, and records whatever is asked of it until it is stopped.
    Record {
        /// Where the fixtures go. Those that are there and ask the same are written anew; their
        /// `match` and their note stay.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        #[command(flatten)]
        upstream: recording::UpstreamArguments,
        #[command(flatten)]
        listen: ListenArguments,
        #[command(flatten)]
        request: recording::RequestArguments,
    },
    /// Ask the real API what the fixtures ask, and say where the answers have another shape. Writes
    /// nothing. The credentials are in DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD.
    Diff(recording::DiffArguments),
    /// Say what is wrong with fixtures: against the spec, secrets, duplicates, age.
    Lint {
        /// The folders.
        #[arg(required = true, value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// Warn of fixtures that were recorded more days ago.
        #[arg(long, value_name = "DAYS")]
        max_age: Option<u32>,
        /// Fail on warnings, too.
        #[arg(long)]
        strict: bool,
    },
    /// Name the fixtures that no test used. Servers note what they used in the folder that
    /// DATAFORSEO_MOCK_USED_DIR names, if it is set while the tests run.
    Unused {
        /// The folders of fixtures.
        #[arg(required = true, value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// Where the servers noted what they used.
        #[arg(long, env = "DATAFORSEO_MOCK_USED_DIR", value_name = "FOLDER")]
        used: PathBuf,
    },
    /// List the fixtures, each with its method and path: those of the folders, or the embedded
    /// ones.
    Ls {
        /// The folders.
        #[arg(value_name = "FOLDER")]
        folders: Vec<PathBuf>,
    },
    /// Print a fixture: an embedded one by the name that `ls` gives it, or a file.
    Show {
        /// The name.
        name: String,
    },
}

/// How a server answers.
#[derive(Args)]
struct ServerArguments {
    /// Take these credentials only; any unless given.
    #[arg(
        long,
        value_name = "LOGIN:PASSWORD",
        env = "DATAFORSEO_MOCK_AUTH",
        hide_env_values = true
    )]
    auth: Option<String>,
    /// Add the fixtures of this folder and those below it.
    #[arg(long, value_name = "FOLDER")]
    fixtures: Vec<PathBuf>,
    /// Leave the embedded fixtures out.
    #[arg(long)]
    no_embedded: bool,
    /// What a request is answered with that no fixture has and no rule refuses.
    #[arg(long, value_enum, default_value = "error")]
    on_miss: Miss,
    /// Something goes wrong: `[METHOD] PATH FAULT [WHEN]`, such as
    /// `POST /v3/backlinks/** api:40202 first:3`.
    #[arg(long, value_name = "RULE")]
    fault: Vec<FaultRule>,
    /// Let each request ask for a fault by the header `x-mock-fault`.
    #[arg(long)]
    fault_header: bool,
    /// Keep the account's limits: 2000 calls a minute, 30 at once.
    #[arg(long)]
    limits: bool,
    /// What chance follows from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Turn the routes under /__mock/ on, for this machine.
    #[arg(long)]
    admin: bool,
    /// How many calls the journal keeps.
    #[arg(long, value_name = "CALLS", default_value_t = crate::journal::CALLS)]
    journal: usize,
}

/// Where a server is.
#[derive(Args)]
struct ListenArguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Write the port into this file when the server listens.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
}

impl ListenArguments {
    /// Takes the file of a server from before away: whoever waits for this one would read a port
    /// that nobody listens on.
    fn forget_port(&self) -> Result<(), Failure> {
        let Some(file) = &self.port_file else {
            return Ok(());
        };
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::begin(format!("{}: {error}", file.display())))
            }
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Miss {
    /// 404, and where the nearest fixture differs.
    Error,
    /// The endpoint's example, with the request's tasks echoed.
    Example,
    /// What the real API says, which is kept as a fixture (`--to`).
    Record,
}

/// Something was found.
const FOUND: u8 = 1;
/// The arguments do not go together.
const USAGE: u8 = 2;
/// It could not begin.
const CANNOT_BEGIN: u8 = 3;

/// Why the program ends, if not in the ordinary way.
struct Failure(u8, String);

impl Failure {
    fn begin(reason: impl Display) -> Self {
        Self(CANNOT_BEGIN, reason.to_string())
    }

    fn usage(reason: impl Display) -> Self {
        Self(USAGE, reason.to_string())
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let code = run(Arguments::parse().command).unwrap_or_else(|Failure(code, reason)| {
        tell(format!("error: {reason}"));
        ExitCode::from(code)
    });
    stderr::finish();
    code
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    if let Command::Serve { listen, .. } | Command::Record { listen, .. } = &command {
        listen.forget_port()?;
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
            watch,
            to.map(|to| recording::record_to(to, upstream)),
        ),
        Command::Exec {
            server,
            fail_on_unused,
            command,
        } => serve::exec(server, fail_on_unused, &command),
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
        } => fixtures::lint(&folders, max_age, strict),
        Command::Unused { folders, used } => fixtures::unused(&folders, &used),
        Command::Ls { folders } => fixtures::list(&folders),
        Command::Show { name } => fixtures::show(&name),
    }
}

/// Prints lines. A reader that has seen enough is no error.
fn print_lines(lines: impl IntoIterator<Item = String>) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    for line in lines {
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
}

/// The credentials of the environment, as `login:password`.
fn credentials() -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (login, password) = (
        variable("DATAFORSEO_LOGIN")?,
        variable("DATAFORSEO_PASSWORD")?,
    );
    Some(format!("{login}:{password}"))
}
