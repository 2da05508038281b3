//! The commands `serve` and `exec`: a server that runs until it is stopped or its command ends.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::arguments::{ListenArguments, OnMissArgument, ServerArguments};
use super::exit::{FOUND, ProgramError};
use super::stderr::log;
use crate::builder::Builder;
use crate::mock_server::MockServer;
use crate::record::Record;
use crate::replay::OnMiss;
use crate::session::Limits;

/// The time that requests in flight, or the command of `exec`, have to end.
const GRACE_PERIOD: Duration = Duration::from_secs(10);

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, ProgramError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ProgramError::start)
}

pub(super) fn builder(arguments: ServerArguments) -> Builder {
    let mut builder = MockServer::builder()
        .on_miss(match arguments.on_miss {
            OnMissArgument::Example => OnMiss::Example,
            _ => OnMiss::Error,
        })
        .report_misses(|miss| log(miss.to_string()))
        .seed(arguments.seed)
        .request_log_size(arguments.request_log_size);
    if let Some(auth) = arguments.auth {
        builder = builder.auth(auth);
    }
    if arguments.no_embedded {
        builder = builder.without_embedded();
    }
    for folder in arguments.fixtures {
        builder = builder.fixtures(folder);
    }
    for rule in arguments.fault {
        builder = builder.rule(rule);
    }
    if arguments.fault_header {
        builder = builder.fault_header();
    }
    if arguments.limits {
        builder = builder.limits(Limits::API);
    }
    if arguments.admin {
        builder = builder.admin();
    }
    if let Some(token) = arguments.access.token {
        builder = builder.token(token);
    }
    builder
}

/// When a server reads its fixtures again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reload {
    Never,
    /// When one of their files changes.
    OnChange,
}

/// The effect of unused fixtures on the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unused {
    Ignore,
    Fail,
}

pub(super) fn serve(
    server: ServerArguments,
    listen: &ListenArguments,
    reload: Reload,
    record: Option<Record>,
) -> Result<ExitCode, ProgramError> {
    let folders = server.fixtures.clone();
    let builder = {
        let recording = server.on_miss == OnMissArgument::Record;
        match (record, recording) {
            (Some(record), true) => builder(server).record(record),
            (None, true) => {
                return Err(ProgramError::usage(
                    "`--on-miss record` requires `--to FOLDER`",
                ));
            }
            (Some(_), false) => {
                return Err(ProgramError::usage("`--to` requires `--on-miss record`"));
            }
            (None, false) => builder(server),
        }
    };
    runtime()?.block_on(async {
        let server = builder.listen(listen.listen).start().await;
        let server = server.map_err(ProgramError::start)?;
        let _watcher = match reload {
            Reload::OnChange => Some(super::watch::watch(&folders, server.reloader())?),
            Reload::Never => None,
        };
        run(server, listen).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Prints the URL of a server, and runs it until this program is stopped.
pub(super) async fn run(server: MockServer, listen: &ListenArguments) -> Result<(), ProgramError> {
    let mut signals = Signals::listen();
    if let Some(file) = &listen.port_file {
        let url = server.url();
        let port = url.rsplit_once(':').map_or("", |(_, port)| port);
        write_port(file, port)
            .map_err(|error| ProgramError::start(format!("{}: {error}", file.display())))?;
    }
    let mut stdout = std::io::stdout();
    // The parent process waits for this line, and may close the pipe after it.
    let announced = writeln!(stdout, "listening on {}", server.url()).and_then(|()| stdout.flush());
    if let Err(error) = announced {
        log(format!("stdout: {error}"));
    }
    signals.next().await;
    finish(server).await;
    Ok(())
}

/// Writes the port. The file is renamed into place, so that no reader sees half of it.
fn write_port(file: &Path, port: &str) -> std::io::Result<()> {
    let mut temporary = file.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    std::fs::write(&temporary, format!("{port}\n"))?;
    std::fs::rename(&temporary, file)
}

/// Stops a server after the requests in flight, or after the grace period.
async fn finish(server: MockServer) {
    let recorder = server.recorder();
    let _ = tokio::time::timeout(GRACE_PERIOD, server.shutdown()).await;
    // A request to the API is charged, even if its caller no longer waits.
    if let Some(recorder) = recorder {
        recorder.idle().await;
    }
}

pub(super) fn exec(
    server: ServerArguments,
    unused: Unused,
    command: &[String],
) -> Result<ExitCode, ProgramError> {
    if server.on_miss == OnMissArgument::Record {
        return Err(ProgramError::usage(
            "`exec` cannot record: use `serve` or `record`",
        ));
    }
    let Some((program, arguments)) = command.split_first() else {
        return Err(ProgramError::usage("the command is missing"));
    };
    let auth = server.auth.clone();
    runtime()?.block_on(async {
        let server = builder(server).start().await.map_err(ProgramError::start)?;
        let mut signals = Signals::listen();
        let mut child = tokio::process::Command::new(program);
        child
            .args(arguments)
            .env("DATAFORSEO_BASE_URL", server.url());
        let (login, password) = auth
            .as_deref()
            .and_then(|it| it.split_once(':'))
            .unwrap_or(("login", "password"));
        // Always set, so that a test never sees real credentials.
        child
            .env("DATAFORSEO_LOGIN", login)
            .env("DATAFORSEO_PASSWORD", password);
        let mut child = child
            .spawn()
            .map_err(|error| ProgramError::start(format!("{program}: {error}")))?;
        let ended = wait(&mut child, &mut signals).await;
        let ended = ended.map_err(ProgramError::start)?;
        let miss_count = server.miss_count();
        let unused_fixtures = server.unused_fixtures();
        finish(server).await;
        if miss_count > 0 {
            log(format!("misses: {miss_count}"));
        }
        let mut found = miss_count > 0;
        if unused == Unused::Fail {
            for name in &unused_fixtures {
                log(format!("unused: {name}"));
            }
            found |= !unused_fixtures.is_empty();
        }
        Ok(match code_of(ended) {
            0 if found => ExitCode::from(FOUND),
            code => ExitCode::from(code),
        })
    })
}

/// Waits for a command to end. A signal to this program ends the command.
async fn wait(
    child: &mut tokio::process::Child,
    signals: &mut Signals,
) -> std::io::Result<std::process::ExitStatus> {
    let mut grace_period = std::pin::pin!(tokio::time::sleep(GRACE_PERIOD));
    let mut stopped = false;
    loop {
        tokio::select! {
            ended = child.wait() => return ended,
            signal = signals.next() => {
                // The terminal sends Ctrl-C to the command, too, as it is in the same process
                // group. SIGTERM reaches this program only.
                #[cfg(unix)]
                if let (Signal::Terminate, Some(id)) = (signal, child.id().map(i32::try_from)) {
                    use nix::sys::signal;
                    let id = id.map(nix::unistd::Pid::from_raw);
                    // An error means that the command has ended already.
                    let _ = id.map(|id| signal::kill(id, signal::Signal::SIGTERM));
                }
                #[cfg(not(unix))]
                let Signal::Interrupt = signal;
                if !stopped {
                    stopped = true;
                    grace_period.as_mut().reset(tokio::time::Instant::now() + GRACE_PERIOD);
                }
            }
            () = &mut grace_period, if stopped => {
                child.kill().await?;
                return child.wait().await;
            }
        }
    }
}

/// Returns the exit code of a command, as a shell reports it.
fn code_of(ended: std::process::ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = ended.signal() {
            return u8::try_from(128 + signal).unwrap_or(FOUND);
        }
    }
    ended
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(FOUND)
}

/// A signal that stops this program.
enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, which stops a container.
    #[cfg(unix)]
    Terminate,
}

/// A receiver of signals. It receives them from its creation on, not from the first wait on.
struct Signals {
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    /// Waits for the next signal.
    #[cfg(unix)]
    async fn next(&mut self) -> Signal {
        /// Waits for a signal. One that cannot be received never arrives.
        async fn arrives(signal: &mut Option<tokio::signal::unix::Signal>) {
            let received = match signal {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if received.is_none() {
                std::future::pending().await
            }
        }
        tokio::select! {
            () = arrives(&mut self.interrupt) => Signal::Interrupt,
            () = arrives(&mut self.terminate) => Signal::Terminate,
        }
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self {}
    }

    /// Waits for the next signal.
    #[cfg(not(unix))]
    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
