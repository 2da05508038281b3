//! `serve` and `exec`: a server, until it is told to stop or its command is done.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::stderr::tell;
use super::{FOUND, Failure, ListenArguments, Miss, ServerArguments};
use crate::{Builder, Limits, MockServer, OnMiss};

/// How long a server that is told to stop waits for what is in flight.
const GRACE: Duration = Duration::from_secs(10);

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::begin)
}

pub(super) fn builder(arguments: ServerArguments) -> Builder {
    let mut builder = MockServer::builder()
        .on_miss(match arguments.on_miss {
            Miss::Example => OnMiss::Example,
            _ => OnMiss::Error,
        })
        .report_misses(|miss| tell(miss.to_string()))
        .seed(arguments.seed)
        .journal(arguments.journal);
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
    builder
}

pub(super) fn serve(
    server: ServerArguments,
    listen: &ListenArguments,
    watch: bool,
    #[cfg(feature = "record")] record: Option<crate::Record>,
) -> Result<ExitCode, Failure> {
    let folders = server.fixtures.clone();
    let builder = {
        let recording = server.on_miss == Miss::Record;
        match (record, recording) {
            (Some(record), true) => builder(server).record(record),
            (None, true) => return Err(Failure::usage("`--on-miss record` needs `--to FOLDER`")),
            (Some(_), false) => {
                return Err(Failure::usage("`--to` goes with `--on-miss record`"));
            }
            (None, false) => builder(server),
        }
    };
    runtime()?.block_on(async {
        let server = builder.listen(listen.listen).start().await;
        let server = server.map_err(Failure::begin)?;
        let _watcher = match watch {
            true => Some(super::watch::watch(&folders, server.reloader())?),
            false => None,
        };
        run(server, listen).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Says where a server is, and lets it run until this program is told to stop.
pub(super) async fn run(server: MockServer, listen: &ListenArguments) -> Result<(), Failure> {
    let mut signals = Signals::listen();
    if let Some(file) = &listen.port_file {
        let url = server.url();
        let port = url.rsplit_once(':').map_or("", |(_, port)| port);
        write_port(file, port)
            .map_err(|error| Failure::begin(format!("{}: {error}", file.display())))?;
    }
    let mut stdout = std::io::stdout();
    // Whoever started the program waits for this line; it may have closed the pipe after it.
    let announced = writeln!(stdout, "listening on {}", server.url()).and_then(|()| stdout.flush());
    if let Err(error) = announced {
        tell(format!("stdout: {error}"));
    }
    signals.next().await;
    finish(server).await;
    Ok(())
}

/// Whoever waits for the file must never read half of it.
fn write_port(file: &Path, port: &str) -> std::io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    std::fs::write(&beside, format!("{port}\n"))?;
    std::fs::rename(&beside, file)
}

/// Answers what is in flight, within reason.
async fn finish(server: MockServer) {
    let recorder = server.recorder();
    let _ = tokio::time::timeout(GRACE, server.shutdown()).await;
    // What was asked of the API is paid for, whoever waits for it.
    if let Some(recorder) = recorder {
        recorder.idle().await;
    }
}

pub(super) fn exec(
    server: ServerArguments,
    fail_on_unused: bool,
    command: &[String],
) -> Result<ExitCode, Failure> {
    if server.on_miss == Miss::Record {
        return Err(Failure::usage(
            "`exec` does not record: use `serve` or `record`",
        ));
    }
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::usage("no command"));
    };
    let auth = server.auth.clone();
    runtime()?.block_on(async {
        let server = builder(server).start().await.map_err(Failure::begin)?;
        let mut signals = Signals::listen();
        let mut child = tokio::process::Command::new(program);
        child
            .args(arguments)
            .env("DATAFORSEO_BASE_URL", server.url());
        let (login, password) = auth
            .as_deref()
            .and_then(|it| it.split_once(':'))
            .unwrap_or(("login", "password"));
        // Always set: the real ones have no business in a test.
        child
            .env("DATAFORSEO_LOGIN", login)
            .env("DATAFORSEO_PASSWORD", password);
        let mut child = child
            .spawn()
            .map_err(|error| Failure::begin(format!("{program}: {error}")))?;
        let ended = wait(&mut child, &mut signals).await;
        let ended = ended.map_err(Failure::begin)?;
        let missed = server.missed();
        let unused = server.unused();
        finish(server).await;
        if missed > 0 {
            tell(format!("{missed} requests were missed"));
        }
        if fail_on_unused {
            for name in &unused {
                tell(format!("unused: {name}"));
            }
        }
        Ok(match code_of(ended) {
            0 if missed > 0 || fail_on_unused && !unused.is_empty() => ExitCode::from(FOUND),
            code => ExitCode::from(code),
        })
    })
}

/// Waits for a command to end, and ends it if this program is to end.
async fn wait(
    child: &mut tokio::process::Child,
    signals: &mut Signals,
) -> std::io::Result<std::process::ExitStatus> {
    let mut patience = std::pin::pin!(tokio::time::sleep(GRACE));
    let mut stopped = false;
    loop {
        tokio::select! {
            ended = child.wait() => return ended,
            signal = signals.next() => {
                // Ctrl-C went to the command, too: it is in the terminal's group, as this program
                // is. SIGTERM went to this program alone.
                #[cfg(unix)]
                if let (Signal::Terminate, Some(id)) = (signal, child.id().map(i32::try_from)) {
                    use nix::sys::signal;
                    let id = id.map(nix::unistd::Pid::from_raw);
                    // One that is not there any more has ended.
                    let _ = id.map(|id| signal::kill(id, signal::Signal::SIGTERM));
                }
                #[cfg(not(unix))]
                let Signal::Interrupt = signal;
                if !stopped {
                    stopped = true;
                    patience.as_mut().reset(tokio::time::Instant::now() + GRACE);
                }
            }
            () = &mut patience, if stopped => {
                child.kill().await?;
                return child.wait().await;
            }
        }
    }
}

/// The exit code of a command, as a shell gives it.
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

/// What tells this program to stop.
enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The signal that ends a container.
    #[cfg(unix)]
    Terminate,
}

/// Listens for them from the time that it is made, not from the first time that somebody waits.
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

    /// Waits for the next one.
    #[cfg(unix)]
    async fn next(&mut self) -> Signal {
        /// One that cannot be listened for never comes.
        async fn comes(signal: &mut Option<tokio::signal::unix::Signal>) {
            let came = match signal {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if came.is_none() {
                std::future::pending().await
            }
        }
        tokio::select! {
            () = comes(&mut self.interrupt) => Signal::Interrupt,
            () = comes(&mut self.terminate) => Signal::Terminate,
        }
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self {}
    }

    /// Waits for the next one.
    #[cfg(not(unix))]
    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
