//! The mock server as a program: see `dataforseo-mock-server --help`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use dataforseo_mock_server::{MockServer, OnMiss};

/// Answers as the DataForSEO v3 API does, offline.
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
        /// Where to listen; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
        listen: SocketAddr,
        /// Take these credentials only; any unless given.
        #[arg(long, value_name = "LOGIN:PASSWORD")]
        auth: Option<String>,
        /// Add the fixtures of this folder and those below it.
        #[arg(long, value_name = "FOLDER")]
        fixtures: Vec<PathBuf>,
        /// Leave the embedded fixtures out.
        #[arg(long)]
        no_embedded: bool,
        /// What a request is answered with that no fixture has and no rule refuses: an error, or
        /// the endpoint's example with the request's tasks echoed.
        #[arg(long, value_enum, default_value = "refuse")]
        on_miss: Miss,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Miss {
    Refuse,
    Example,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command::Serve {
        listen,
        auth,
        fixtures,
        no_embedded,
        on_miss,
    } = Arguments::parse().command;
    let mut builder = MockServer::builder()
        .listen(listen)
        .answer_misses(match on_miss {
            Miss::Refuse => OnMiss::Refuse,
            Miss::Example => OnMiss::Example,
        })
        .on_miss(|message| eprintln!("miss: {message}"));
    if let Some(auth) = auth {
        builder = builder.auth(auth);
    }
    if no_embedded {
        builder = builder.without_embedded();
    }
    for folder in fixtures {
        builder = builder.fixtures(folder);
    }
    let server = match builder.start().await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut stdout = std::io::stdout();
    // Whoever started the program waits for this line; it may have closed the pipe after it.
    let announced = writeln!(stdout, "listening on {}", server.url()).and_then(|()| stdout.flush());
    if let Err(error) = announced {
        eprintln!("stdout: {error}");
    }
    tokio::select! {
        () = server.run() => {}
        () = stopped() => {}
    }
    ExitCode::SUCCESS
}

/// Waits for Ctrl-C, or for the signal that ends a container.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
