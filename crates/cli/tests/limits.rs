//! Jobs that run at the same time share the limits of the account.

#![cfg(feature = "backlinks")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dataforseo_client::models::Endpoint as _;
use dataforseo_client::models::backlinks::BulkRanksLive;
use dataforseo_client::{Limiter as _, RedisFallback, RedisLimits};
use dataforseo_test_support::fake_api::{FakeApi, Reply};
use dataforseo_test_support::program::{ProgramOutput, isolated};
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};

/// The documented number of simultaneous calls.
const PLACES: usize = 30;
/// The calls of each of the two jobs.
const CALLS: usize = 20;

fn program(api: &FakeApi, state: &Path) -> Command {
    let mut command = isolated(env!("CARGO_BIN_EXE_dataforseo"));
    command
        .env("DATAFORSEO_LOGIN", "login")
        .env("DATAFORSEO_PASSWORD", "password")
        .env("DATAFORSEO_BASE_URL", api.url())
        .env("XDG_STATE_HOME", state);
    command
}

/// Starts a job with a call per target.
fn job(api: &FakeApi, folder: &Path, number: usize, options: &[&str]) -> Child {
    let mut targets = String::new();
    for target in 0..CALLS {
        writeln!(targets, "t{target}.job{number}.example").unwrap();
    }
    let input = folder.join(format!("{number}.txt"));
    fs::write(&input, targets).unwrap();
    let mut command = program(api, folder);
    command.args(["bulk", "backlinks/bulk_ranks/live"]);
    command.args(["--targets-per-call", "1", "--quiet", "--no-journal"]);
    command.args(options);
    command
        .arg(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn two_jobs_of_a_machine_are_within_the_limits() {
    let folder = tempfile::tempdir().unwrap();
    let work = Duration::from_millis(700);
    let api = FakeApi::start(move |_| Reply::rows().before(move || std::thread::sleep(work)));
    let jobs = [1, 2].map(|number| job(&api, folder.path(), number, &[]));
    for job in jobs {
        let output = ProgramOutput::from(job.wait_with_output().unwrap());
        output.assert(0, &[]);
    }
    assert_eq!(api.calls().len(), 2 * CALLS);
    assert!(api.max_in_flight() <= PLACES, "{}", api.max_in_flight());
}

/// A Redis server on a port of its own, with an account that has no call in flight.
struct Redis {
    child: Child,
    url: String,
    limits: RedisLimits,
    runtime: Runtime,
}

impl Redis {
    /// `None` if there is no Redis on this machine. CI requires one.
    fn start(folder: &Path) -> Option<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no", "--dir"]);
        let Ok(child) = command.arg(folder).stdout(Stdio::null()).spawn() else {
            assert!(
                std::env::var_os("REQUIRE_REDIS").is_none(),
                "no redis-server"
            );
            return None;
        };
        let url = format!("redis://127.0.0.1:{port}/");
        let limits = RedisLimits::new(&url, "agency", RedisFallback::Refuse).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let began = Instant::now();
        while runtime.block_on(limits.declare_idle()).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "redis-server does not start"
            );
            std::thread::yield_now();
        }
        Some(Self {
            child,
            url,
            limits,
            runtime,
        })
    }

    /// Returns whether all places of the account are free.
    fn is_free(&self) -> bool {
        let admitted = (0..PLACES).map(|_| self.limits.admit(BulkRanksLive::INFO));
        let all = join_all(admitted);
        let wait = Duration::from_secs(30);
        self.runtime
            .block_on(async { tokio::time::timeout(wait, all).await })
            .is_ok_and(|all| all.iter().all(Result::is_ok))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn jobs_share_the_limits_through_redis_and_release_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let Some(redis) = Redis::start(folder.path()) else {
        return;
    };
    let work = Duration::from_millis(700);
    let api = FakeApi::start(move |_| Reply::rows().before(move || std::thread::sleep(work)));
    let limits = ["--limits", &redis.url, "--limits-account", "agency"];
    let jobs = [1, 2].map(|number| job(&api, folder.path(), number, &limits));
    for job in jobs {
        let output = ProgramOutput::from(job.wait_with_output().unwrap());
        output.assert(0, &[]);
    }
    assert_eq!(api.calls().len(), 2 * CALLS);
    assert!(api.max_in_flight() <= PLACES, "{}", api.max_in_flight());
    assert!(redis.is_free());
}

fn summary(command: &mut Command) -> ProgramOutput {
    command.args(["backlinks", "summary-live", "--target", "a.example"]);
    ProgramOutput::from(command.output().unwrap())
}

#[test]
fn a_folder_that_cannot_be_used_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let api = FakeApi::start(|_| Reply::rows());
    let output = summary(&mut program(&api, &file));
    output.assert(
        0,
        &["warning: ", "file/dataforseo", "do not share the limits"],
    );
    let output = summary(program(&api, &file).args(["--limits", "process"]));
    output.assert(0, &[]);
    assert!(!output.err.contains("warning"), "{output:?}");
}

#[test]
fn a_limiter_that_is_not_one_is_refused_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let api = FakeApi::start(|_| Reply::rows());
    let wrong = "redis://:hunter2@/x y";
    let outputs = [
        summary(program(&api, folder.path()).args(["--limits", wrong])),
        summary(program(&api, folder.path()).env("DATAFORSEO_LIMITS", wrong)),
    ];
    for output in outputs {
        output
            .without_secrets(&["hunter2"])
            .assert(2, &["redis://HOST/"]);
    }
    let name = ["--limits-account", "../other"];
    let output = summary(program(&api, folder.path()).args(name));
    output.assert(2, &["--limits-account"]);
    assert!(api.calls().is_empty());
}
