//! The program and a server that responds while the program stands still, or that repeats credentials.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![cfg(all(feature = "backlinks", unix))]

use std::fs;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use dataforseo_test_support::fake_api::{FakeApi, Reply, audit};
use dataforseo_test_support::program::{ProgramOutput, isolated};
use tempfile::TempDir;

/// The number of calls, which are in flight at once.
const CALLS: usize = 6;
/// The timeout per call in seconds.
const TIMEOUT: u64 = 2;

/// Counts events, and waits for a number of them.
#[derive(Default)]
struct Events(Mutex<usize>, Condvar);

impl Events {
    fn add(&self) {
        *self.0.lock().unwrap() += 1;
        self.1.notify_all();
    }

    fn wait_for(&self, count: usize) {
        let events = self.0.lock().unwrap();
        drop(self.1.wait_while(events, |events| *events < count).unwrap());
    }
}

fn signal(name: &str, pid: u32) {
    let mut kill = Command::new("kill");
    assert!(
        kill.args([name, &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// Waits by the clock, as nothing reports that a timeout has passed in a process that stands still.
fn wait_until(instant: Instant) {
    while Instant::now() < instant {
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Responses that arrived while the program was stopped are paid for. All of them are read, although
/// the timeout passed meanwhile.
#[test]
fn a_stopped_program_loses_no_response() {
    let arrived = Arc::new(Events::default());
    let stopped = Arc::new(Events::default());
    let (seen, stop) = (Arc::clone(&arrived), Arc::clone(&stopped));
    let api = FakeApi::start(move |_| {
        let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
        Reply::rows().before(move || {
            seen.add();
            stop.wait_for(1);
        })
    });
    let folder = TempDir::new().unwrap();
    let (input, output) = (
        folder.path().join("in.txt"),
        folder.path().join("out.jsonl"),
    );
    let targets: Vec<String> = (0..CALLS * 10).map(|it| format!("t{it}.example")).collect();
    fs::write(&input, targets.join("\n")).unwrap();
    let mut command = isolated(env!("CARGO_BIN_EXE_dataforseo"));
    command
        .args(["bulk", "backlinks/bulk_ranks/live"])
        .arg(&input);
    command
        .arg("-o")
        .arg(&output)
        .args(["--base-url", &api.url()]);
    command.args([
        "--targets-per-call",
        "10",
        "--timeout",
        &TIMEOUT.to_string(),
    ]);
    let credentials = [
        ("DATAFORSEO_LOGIN", "login"),
        ("DATAFORSEO_PASSWORD", "password"),
    ];
    let program = command
        .envs(credentials)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    arrived.wait_for(CALLS);
    signal("-STOP", program.id());
    stopped.add();
    let passed = Instant::now() + Duration::from_secs(TIMEOUT + 2);
    while api.ledger().delivered().count() < targets.len() {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    wait_until(passed);
    signal("-CONT", program.id());
    let ended = program.wait_with_output().unwrap();
    let report = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{report}");
    assert_eq!(api.calls().len(), CALLS, "{report}");
    let table = fs::read_to_string(&output).unwrap();
    let problems = audit(&table, &targets, &api.ledger());
    assert!(problems.is_empty(), "{problems:?} {report}");
}

/// Neither a command nor the doctor shows what a server repeats, and no terminal is controlled by it.
#[test]
fn credentials_that_a_server_repeats_are_not_shown() {
    let (login, password) = ("login-7f3a@agency.test", "pass&word-91c2");
    let api = FakeApi::start(|call| {
        let mut headers = call.headers.iter();
        let header = headers.find(|line| line.to_lowercase().starts_with("authorization"));
        let message = format!(
            "\u{1b}]0;owned\u{7}\u{9b}31m {} login-7f3a@agency.test pass&amp;word-91c2",
            header.unwrap()
        );
        Reply::refused(40100, &message).status("401 Unauthorized")
    });
    let run = |arguments: &[&str]| {
        let mut command = isolated(env!("CARGO_BIN_EXE_dataforseo"));
        command.args(arguments).args(["--base-url", &api.url()]);
        command.envs([
            ("DATAFORSEO_LOGIN", login),
            ("DATAFORSEO_PASSWORD", password),
        ]);
        ProgramOutput::of(command)
    };
    for arguments in [
        &["backlinks", "bulk-ranks-live", "--targets", "example.com"][..],
        &["doctor"],
    ] {
        let output = run(arguments);
        let shown = format!("{}{}", output.out, output.err);
        assert!(
            shown.contains("40100") && shown.contains("[redacted]"),
            "{shown}"
        );
        let controls = |character: char| character.is_control() && character != '\n';
        assert!(!shown.contains(controls), "{shown:?}");
        output.without_secrets(&[login, password, "pass&amp;word", "bG9naW4t"]);
    }
}
