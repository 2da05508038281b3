//! Jobs that run at the same time share the limits of the account.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dataforseo_test_support::fake_api::{FakeApi, Reply};
use dataforseo_test_support::program::{ProgramOutput, isolated};

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
fn job(api: &FakeApi, folder: &Path, number: usize) -> Child {
    let mut targets = String::new();
    for target in 0..CALLS {
        writeln!(targets, "t{target}.job{number}.example").unwrap();
    }
    let input = folder.join(format!("{number}.txt"));
    fs::write(&input, targets).unwrap();
    let mut command = program(api, folder);
    command.args(["bulk", "backlinks/bulk_ranks/live"]);
    command.args(["--targets-per-call", "1", "--quiet", "--no-journal"]);
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
    let jobs = [1, 2].map(|number| job(&api, folder.path(), number));
    for job in jobs {
        let output = ProgramOutput::from(job.wait_with_output().unwrap());
        output.assert(0, &[]);
    }
    assert_eq!(api.calls().len(), 2 * CALLS);
    assert!(api.max_in_flight() <= PLACES, "{}", api.max_in_flight());
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
