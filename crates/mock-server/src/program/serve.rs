//! `serve` and `exec`: a server, until it is told to stop or its command is done.

use std::future::Future;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

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
        .report_misses(|miss| eprintln!("{miss}"))
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
            true => Some(watcher(&folders, server.reloader())?),
            false => None,
        };
        run(server, listen).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Says where a server is, and lets it run until this program is told to stop.
pub(super) async fn run(server: MockServer, listen: &ListenArguments) -> Result<(), Failure> {
    let stopped = stopped();
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
        eprintln!("stdout: {error}");
    }
    stopped.await;
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
    let _ = tokio::time::timeout(GRACE, server.shutdown()).await;
}

/// Reads the fixtures anew when something changes below their folders.
fn watcher(
    folders: &[std::path::PathBuf],
    reload: impl Fn() -> Result<usize, crate::FixtureError> + Send + 'static,
) -> Result<notify::RecommendedWatcher, Failure> {
    use notify::Watcher as _;
    if folders.is_empty() {
        return Err(Failure::usage("`--watch` needs `--fixtures FOLDER`"));
    }
    let (changed, changes) = std::sync::mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // Nobody listens any more when the program ends.
            let _ = changed.send(());
        }
    })
    .map_err(Failure::begin)?;
    for folder in folders {
        watcher
            .watch(folder, notify::RecursiveMode::Recursive)
            .map_err(Failure::begin)?;
    }
    std::thread::spawn(move || {
        while changes.recv().is_ok() {
            // An editor writes in several steps; what comes within this time is one change.
            while changes.recv_timeout(Duration::from_millis(50)).is_ok() {}
            match reload() {
                Ok(count) => eprintln!("reloaded: {count} fixtures"),
                Err(error) => eprintln!("not reloaded, the fixtures from before stay: {error}"),
            }
        }
    });
    Ok(watcher)
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
        let ended = tokio::select! {
            ended = child.wait() => ended.map_err(Failure::begin)?,
            () = stopped() => {
                // Ctrl-C went to the command, too; a signal to this program alone did not.
                let _ = child.kill().await;
                return Ok(ExitCode::from(FOUND));
            }
        };
        let missed = server.missed();
        let unused = server.unused();
        finish(server).await;
        if missed > 0 {
            eprintln!("{missed} requests were missed");
        }
        if fail_on_unused {
            for name in &unused {
                eprintln!("unused: {name}");
            }
        }
        Ok(match code_of(ended) {
            0 if missed > 0 || fail_on_unused && !unused.is_empty() => ExitCode::from(FOUND),
            code => ExitCode::from(code),
        })
    })
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

/// Waits for Ctrl-C, or for the signal that ends a container.
fn stopped() -> impl Future<Output = ()> {
    // Listened for from now on, not from the first time that somebody waits.
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        let interrupt = tokio::signal::ctrl_c();
        #[cfg(unix)]
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        let _ = interrupt.await;
    }
}
