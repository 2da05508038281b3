//! Arguments and environment variables that several commands share.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::exit::ProgramError;
use crate::session::FaultRule;

/// The settings of a server.
#[derive(Args)]
pub(super) struct ServerArguments {
    /// Accept these credentials only. By default any are accepted; while recording, only those of
    /// the environment.
    #[arg(
        long,
        value_name = "LOGIN:PASSWORD",
        env = "DATAFORSEO_MOCK_AUTH",
        hide_env_values = true
    )]
    pub(super) auth: Option<String>,
    /// Add the fixtures of this folder and its subfolders.
    #[arg(long, value_name = "FOLDER")]
    pub(super) fixtures: Vec<PathBuf>,
    /// Exclude the embedded fixtures.
    #[arg(long)]
    pub(super) no_embedded: bool,
    /// The response to a request that matches no fixture and breaks no documented rule.
    #[arg(long, value_enum, default_value = "error")]
    pub(super) on_miss: OnMissArgument,
    /// Add a rule: `[METHOD] PATH FAULT [WHEN]`, such as
    /// `POST /v3/backlinks/** api:40202 first:3`.
    #[arg(long, value_name = "RULE")]
    pub(super) fault: Vec<FaultRule>,
    /// Let each request choose a fault by the header `x-mock-fault`.
    #[arg(long)]
    pub(super) fault_header: bool,
    /// Apply the rate limits of an account: 2000 calls per minute, 30 simultaneous calls.
    #[arg(long)]
    pub(super) limits: bool,
    /// The seed of random choices.
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// Turn on the admin routes under /__mock/, for programs on this machine.
    #[arg(long)]
    pub(super) admin: bool,
    #[command(flatten)]
    pub(super) access: AccessArguments,
    /// The number of requests that the request log keeps.
    #[arg(long, value_name = "REQUESTS", default_value_t = crate::session::DEFAULT_SIZE)]
    pub(super) request_log_size: usize,
}

/// The access to a server.
#[derive(Args)]
pub(super) struct AccessArguments {
    /// The token that gives access to the admin routes and the recorder, also from other machines
    /// and under other host names. Requests have it in the header x-mock-token.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "DATAFORSEO_MOCK_TOKEN",
        hide_env_values = true
    )]
    pub(super) token: Option<String>,
}

/// The address of a server.
#[derive(Args)]
pub(super) struct ListenArguments {
    /// The address to listen on. Port 0 selects a free port.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub(super) listen: SocketAddr,
    /// Write the port into this file when the server listens.
    #[arg(long, value_name = "FILE")]
    pub(super) port_file: Option<PathBuf>,
}

impl ListenArguments {
    /// Removes the file of an earlier server: a process that waits for this one would read a stale
    /// port.
    pub(super) fn remove_port_file(&self) -> Result<(), ProgramError> {
        let Some(file) = &self.port_file else {
            return Ok(());
        };
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(ProgramError::start(format!("{}: {error}", file.display())))
            }
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OnMissArgument {
    /// 404, with the differences to the nearest fixture.
    Error,
    /// The endpoint's example, with the request's tasks echoed.
    Example,
    /// The response of the real API, which is kept as a fixture (`--to`).
    Record,
}

/// Returns the credentials of the environment, as `login:password`.
pub(super) fn credentials() -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (login, password) = (
        variable("DATAFORSEO_LOGIN")?,
        variable("DATAFORSEO_PASSWORD")?,
    );
    Some(format!("{login}:{password}"))
}
