//! The files of a bulk job: no job writes to a file of another one, or to one that is not its own.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]
#![cfg(all(feature = "backlinks", unix))]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use dataforseo_test_support::fake_api::{FakeApi, Reply, audit};
use dataforseo_test_support::program::ProgramOutput;
use support::{Job, RANKS, targets};

const TARGETS: usize = 30;

/// A server that holds each response back until the test lets it go.
struct HeldApi {
    api: FakeApi,
    arrived: Receiver<()>,
    go: SyncSender<()>,
}

impl HeldApi {
    fn start() -> Self {
        let (arrive, arrived) = sync_channel(1000);
        let (go, gone) = sync_channel::<()>(1000);
        let gone = Arc::new(Mutex::new(gone));
        let api = FakeApi::start(move |_| {
            let (arrive, gone) = (arrive.clone(), Arc::clone(&gone));
            Reply::rows().before(move || {
                arrive.send(()).unwrap();
                // The test has ended if there is no sender.
                let _ = gone.lock().unwrap().recv();
            })
        });
        Self { api, arrived, go }
    }

    /// Waits until a call has arrived, which is charged and has no response yet.
    fn wait(&self) {
        self.arrived.recv().unwrap();
    }

    /// Lets this many responses go.
    fn let_go(&self, responses: usize) {
        for _ in 0..responses {
            self.go.send(()).unwrap();
        }
    }
}

fn arguments<'a>(output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let job = [
        RANKS,
        "targets.txt",
        "-o",
        output,
        "--targets-per-call",
        "5",
    ];
    [&job[..], &["--max-in-flight", "1"], more].concat()
}

fn spawn(job: &Job, arguments: &[&str]) -> Child {
    let mut command = job.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn end(child: Child) -> ProgramOutput {
    child.wait_with_output().unwrap().into()
}

/// The names and contents of all files in the folder.
fn files(job: &Job) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(job.folder.path())
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let content = fs::read(entry.path()).unwrap_or_default();
            (entry.file_name().into_string().unwrap(), content)
        })
        .collect();
    all.sort();
    all
}

fn assert_whole(job: &Job, api: &FakeApi, output: &str) {
    let given: Vec<String> = targets(TARGETS).lines().map(ToOwned::to_owned).collect();
    let problems = audit(&job.read(output), &given, &api.ledger());
    assert_eq!(problems, Vec::<String>::new());
}

/// A second run of the same job, by whatever name, is refused at once and touches nothing.
#[test]
fn a_second_run_touches_nothing() {
    let held = HeldApi::start();
    let job = Job::at(held.api.url(), targets(TARGETS));
    fs::create_dir(job.path("folder")).unwrap();
    symlink(job.path("out.jsonl"), job.path("link.jsonl")).unwrap();
    symlink(job.path("out.jsonl.journal"), job.path("link.journal")).unwrap();
    let first = spawn(&job, &arguments("out.jsonl", &[]));
    held.wait();
    held.let_go(1);
    held.wait();
    let before = files(&job);
    let other_journal = ["--journal", "other.journal"];
    let linked_journal = ["--journal", "link.journal", "--resume"];
    let dotted = "folder/../out.jsonl";
    for (output, more, reason) in [
        (
            "out.jsonl",
            &["--resume"][..],
            "another job is writing this table",
        ),
        (
            "out.jsonl",
            &["--overwrite"],
            "another job is writing this table",
        ),
        (
            "out.jsonl",
            &["--overwrite", "--no-journal"],
            "another job is writing",
        ),
        (dotted, &["--resume"], "another job is writing this table"),
        (
            "link.jsonl",
            &["--overwrite", "--no-journal"],
            "another job is writing",
        ),
        (
            "out.jsonl",
            &[&other_journal[..], &["--overwrite"]].concat(),
            "another job is",
        ),
        (
            "second.jsonl",
            &linked_journal,
            "another process is using it",
        ),
        (
            "-",
            &["--journal", "out.jsonl.journal", "--resume"],
            "another process is using it",
        ),
    ] {
        let output = end(spawn(&job, &arguments(output, more)));
        assert!(output.err.contains(reason), "{more:?} {output:?}");
        assert_ne!(output.code, Some(0));
        assert_eq!(files(&job), before, "{more:?}");
    }
    held.let_go(TARGETS);
    end(first).assert(0, &["30 targets: 30 found"]);
    assert_whole(&job, &held.api, "out.jsonl");
    assert_eq!(held.api.calls().len(), TARGETS / 5);
}

/// Files that are one are recognized by what they are, and nothing is emptied.
#[test]
fn files_that_are_one_are_refused() {
    let api = FakeApi::start(|_| Reply::rows());
    let job = Job::at(api.url(), targets(TARGETS));
    fs::write(job.path("a.csv.part"), targets(TARGETS)).unwrap();
    fs::hard_link(job.path("targets.txt"), job.path("b.csv.part")).unwrap();
    fs::hard_link(job.path("targets.txt"), job.path("c.csv")).unwrap();
    symlink(job.path("targets.txt"), job.path("d.csv.part")).unwrap();
    symlink(job.path("targets.txt"), job.path("e.csv.journal")).unwrap();
    symlink(job.path("nothing"), job.path("f.csv.part")).unwrap();
    fs::create_dir(job.path("g.csv.part")).unwrap();
    let before = files(&job);
    for (arguments, reason) in [
        (
            &["a.csv.part", "-o", "a.csv"][..],
            "the input and the .part of --output are the same",
        ),
        (
            &["targets.txt", "-o", "b.csv"],
            "the input and the .part of --output are the same",
        ),
        (
            &["targets.txt", "-o", "c.csv"],
            "the input and --output are the same file",
        ),
        (
            &["targets.txt", "-o", "d.csv"],
            "the input and the .part of --output are the same",
        ),
        (
            &["targets.txt", "-o", "e.csv"],
            "the input and --journal are the same file",
        ),
        (&["targets.txt", "-o", "f.csv"], "it is a link or no file"),
        (&["targets.txt", "-o", "g.csv"], "it is a link or no file"),
        (
            &["targets.txt", "-o", "h.csv", "--journal", "h.csv.part"],
            "the .part of --output and --journal are the same file",
        ),
        (
            &["x.journal.rest", "-o", "x.csv", "--journal", "x.journal"],
            "the input and the .rest of --journal are the same file",
        ),
    ] {
        for more in [&["--overwrite"][..], &["--resume", "--overwrite"]] {
            let output = job.run(&[&[RANKS], arguments, more].concat());
            output.assert(2, &[reason]);
            assert_eq!(files(&job), before, "{arguments:?}");
        }
    }
    assert_eq!(api.calls().len(), 0);
}

/// A file that is not a journal keeps its content, whatever it looks like.
#[test]
fn only_a_journal_is_resumed() {
    let api = FakeApi::start(|_| Reply::rows());
    let job = Job::at(api.url(), targets(TARGETS));
    let checksums = "9a0c11f2  a.tar\n0b7a2c3d  b.tar\n";
    let record = "9a0c11f2 3 0 {}\n";
    for content in [
        checksums,
        record,
        "9a0c11f2",
        "\n",
        "%dataforseo-bulk-journal",
        "%",
    ] {
        fs::write(job.path("file"), content).unwrap();
        let more = ["--journal", "file", "--resume"];
        let output = job.run(&arguments("out.csv", &more));
        // The beginning of a journal's first line is a journal that never began.
        if content.starts_with('%') {
            output.assert(0, &["30 found"]);
            fs::remove_file(job.path("out.csv")).unwrap();
        } else {
            output.assert(1, &["the file is not a journal of a bulk job"]);
            assert_eq!(job.read("file"), content);
            assert!(!job.path("out.csv").exists() && !job.path("out.csv.part").exists());
        }
    }
}

/// A journal that something else changes stops the job before the next call.
#[test]
fn a_journal_that_changes_stops_the_job() {
    type Change = fn(&Job);
    let changes: [(Change, &str); 5] = [
        (
            |job| fs::remove_file(job.path("out.csv.journal")).unwrap(),
            "deleted or moved",
        ),
        (
            |job| fs::rename(job.path("out.csv.journal"), job.path("old")).unwrap(),
            "deleted or moved",
        ),
        (
            |job| {
                fs::copy(job.path("out.csv.journal"), job.path("copy")).unwrap();
                fs::rename(job.path("copy"), job.path("out.csv.journal")).unwrap();
            },
            "replaced",
        ),
        (
            |job| fs::write(job.path("out.csv.journal"), "").unwrap(),
            "truncated",
        ),
        (
            |job| {
                let mut content = fs::read(job.path("out.csv.journal")).unwrap();
                content.extend(b"x");
                fs::write(job.path("out.csv.journal"), content).unwrap();
            },
            "something else wrote to the file",
        ),
    ];
    for (change, reason) in changes {
        let held = HeldApi::start();
        let job = Job::at(held.api.url(), targets(TARGETS));
        let child = spawn(&job, &arguments("out.csv", &[]));
        held.wait();
        held.let_go(1);
        held.wait();
        change(&job);
        held.let_go(TARGETS);
        let output = end(child);
        output.assert(1, &[reason]);
        // The response that was in flight is in the second file, and in the table.
        assert_eq!(held.api.calls().len(), 2, "{reason}");
        assert!(job.path("out.csv.journal.rest").exists(), "{output:?}");
        let table = job.outcomes("out.csv.part");
        let found = table.values().filter(|(_, outcome)| outcome == "found");
        assert_eq!(found.count(), 10, "{reason}");
    }
}

/// A response that the journal cannot take is on the disk before the job ends, so that a kill does not
/// lose it.
#[test]
fn a_kill_after_a_journal_changed_loses_nothing() {
    let held = HeldApi::start();
    let job = Job::at(held.api.url(), targets(TARGETS));
    let two = ["--max-in-flight", "2"];
    let start = [
        RANKS,
        "targets.txt",
        "-o",
        "out.csv",
        "--targets-per-call",
        "5",
    ];
    let mut child = spawn(&job, &[&start[..], &two].concat());
    held.wait();
    held.wait();
    // The copy is the same journal, and the program does not write to it any more.
    fs::copy(job.path("out.csv.journal"), job.path("copy")).unwrap();
    fs::rename(job.path("copy"), job.path("out.csv.journal")).unwrap();
    held.let_go(1);
    while !job.path("out.csv.journal.rest").exists() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    held.let_go(TARGETS);
    let output = job.run(&[&start[..], &two, &["--resume"]].concat());
    output.assert(10, &["30 targets: 25 found, 5 failed"]);
    assert!(!job.path("out.csv.journal.rest").exists());
    assert_eq!(held.api.calls().len(), TARGETS / 5);
}

/// A table that something else changes does not pass for whole, and can be written again.
#[test]
fn a_table_that_changes_is_not_named() {
    let changes: [fn(&Job); 3] = [
        |job| fs::write(job.path("out.csv.part"), "").unwrap(),
        |job| fs::remove_file(job.path("out.csv.part")).unwrap(),
        |job| {
            fs::copy(job.path("out.csv.part"), job.path("copy")).unwrap();
            fs::rename(job.path("copy"), job.path("out.csv.part")).unwrap();
        },
    ];
    for change in changes {
        let held = HeldApi::start();
        let job = Job::at(held.api.url(), targets(TARGETS));
        let child = spawn(&job, &arguments("out.csv", &[]));
        held.wait();
        held.let_go(1);
        held.wait();
        // The first response is in the table when the second call has arrived, or soon after.
        while fs::metadata(job.path("out.csv.part")).unwrap().len() < 100 {
            std::thread::yield_now();
        }
        change(&job);
        held.let_go(TARGETS);
        end(child).assert(1, &["the output could not be written"]);
        assert!(!job.path("out.csv").exists());
        let resumed = job.run(&arguments("out.csv", &["--resume"]));
        resumed.assert(0, &["30 targets: 30 found; 0 calls"]);
        assert_eq!(job.outcomes("out.csv").len(), TARGETS);
        assert_eq!(held.api.calls().len(), TARGETS / 5);
    }
}

/// A journal whose middle is missing is not resumed, as the missing calls would be paid for again.
#[test]
fn a_journal_with_a_part_missing_is_refused() {
    let api = FakeApi::start(|_| Reply::rows());
    let job = Job::at(api.url(), targets(TARGETS));
    job.run(&arguments("out.csv", &[])).assert(0, &[]);
    let journal = fs::read(job.path("out.csv.journal")).unwrap();
    let text = String::from_utf8_lossy(&journal).into_owned();
    let sent = text.find(r#"{"record":"sent","call":3"#).unwrap();
    let response = text.find(r#"{"record":"response","call":3"#).unwrap();
    let start = |at: usize| text[..at].rfind('\n').unwrap() + 1;
    let cut = [&text[..start(sent)], &text[start(response)..]].concat();
    fs::write(job.path("out.csv.journal"), &cut).unwrap();
    let output = job.run(&arguments("out.csv", &["--resume"]));
    output.assert(1, &["the record that call 3 was sent is missing"]);
    assert_eq!(job.read("out.csv.journal"), cut);
    assert_eq!(api.calls().len(), TARGETS / 5);
}

/// Returns the library that gives a program another clock, if it is installed.
fn faketime() -> Option<&'static str> {
    let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
    if fs::exists(library).unwrap() {
        return Some(library);
    }
    assert!(
        std::env::var_os("REQUIRE_FAKETIME").is_none(),
        "{library} is missing"
    );
    println!("libfaketime is not installed: nothing was tested");
    None
}

/// A date that was valid when the job began does not keep its table from being written, a year later.
/// Only calls that would be sent then are refused.
#[test]
fn a_table_can_be_written_after_the_limit_of_a_date_has_passed() {
    let Some(library) = faketime() else {
        return;
    };
    let api = FakeApi::start(|_| Reply::rows());
    let job = Job::at(api.url(), targets(TARGETS));
    let date = dataforseo_client::models::today().to_string();
    let job_arguments = [
        "backlinks/bulk_new_lost_backlinks/live",
        "targets.txt",
        "-o",
        "out.csv",
        "--targets-per-call",
        "5",
        "--date-from",
        &date,
    ];
    let later = |more: &[&str]| {
        let mut command = job.command(&[&job_arguments[..], more].concat());
        command
            .env("LD_PRELOAD", library)
            .env("FAKETIME", "+400d")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        ProgramOutput::of(command)
    };
    job.run(&job_arguments).assert(0, &["30 found"]);
    let table = job.outcomes("out.csv");
    fs::remove_file(job.path("out.csv")).unwrap();
    later(&["--resume"]).assert(0, &["30 targets: 30 found; 0 calls"]);
    assert_eq!(job.outcomes("out.csv"), table);
    // A new job with the date is refused, and so is a call that the journal lacks.
    later(&["--overwrite", "--journal", "new"]).assert(2, &["--date-from"]);
    fs::write(job.path("targets.txt"), targets(TARGETS + 5)).unwrap();
    fs::remove_file(job.path("out.csv")).unwrap();
    later(&["--resume"]).assert(2, &["30 found, 5 not sent", "date_from"]);
    assert_eq!(api.calls().len(), TARGETS / 5);
}

/// A spreadsheet does not take the text of a cell for a formula.
#[test]
fn formulas_in_a_table_are_escaped_on_request() {
    let api = FakeApi::start(|_| Reply::rows());
    let job = Job::at(
        api.url(),
        "=cmd.example\n+1.example\n-a.example\n@b.example\nc.example\n",
    );
    let cells = |more: &[&str]| -> Vec<String> {
        let output = job.run(&[&[RANKS, "targets.txt"], more].concat());
        output.assert(0, &["5 found"]);
        let mut table = csv::Reader::from_reader(output.out.as_bytes());
        let mut cells: Vec<String> = table
            .records()
            .map(|it| it.unwrap()[1].to_owned())
            .collect();
        cells.sort();
        cells
    };
    let plain = [
        "+1.example",
        "-a.example",
        "=cmd.example",
        "@b.example",
        "c.example",
    ];
    assert_eq!(cells(&[]), plain);
    let escaped = [
        "'+1.example",
        "'-a.example",
        "'=cmd.example",
        "'@b.example",
        "c.example",
    ];
    assert_eq!(cells(&["--escape-formulas"]), escaped);
}

/// A response that cannot be read is in the journal, and can be taken out of it.
#[test]
fn a_response_that_cannot_be_read_is_in_the_journal() {
    let html = "<html>busy</html>";
    let api = FakeApi::start(move |call| match call.number {
        0 => Reply::rows(),
        1 => Reply::rows().encode(move |body| [html.as_bytes(), &body].concat()),
        2 => Reply::failed(40101, "upstream", 0.02).edit(|envelope| {
            envelope["tasks"][0]["result"] = serde_json::json!([{"items": [{"rank": 7}]}]);
        }),
        3 => Reply::rows().edit(|envelope| {
            envelope["tasks"][0]["result"][0]["items"] = "nothing".into();
        }),
        _ => Reply::http("502 Bad Gateway", html),
    });
    let job = Job::at(api.url(), targets(25));
    let output = job.run(&arguments("out.csv", &[]));
    output.assert(
        10,
        &["5 found, 5 unmatched, 15 failed", "may have been charged"],
    );
    let listed = job.command_of(&["journal", "out.csv.journal"]);
    let records: Vec<serde_json::Value> = ProgramOutput::of(listed)
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let bodies = records.iter().filter(|record| record["body_bytes"] != 0);
    let bodies: Vec<String> = bodies
        .map(|record| {
            let number = record["number"].to_string();
            let arguments = ["journal", "out.csv.journal", "--body", &number];
            ProgramOutput::of(job.command_of(&arguments)).out
        })
        .collect();
    assert_eq!(bodies.len(), 5, "{records:?}");
    assert!(bodies[1].starts_with(html) && bodies[1].contains(r#""rank":10"#));
    assert!(bodies[2].contains(r#""rank":7"#) && bodies[3].contains("nothing"));
    assert_eq!(bodies[4].trim_end(), html);
    // Nothing is sent again.
    job.run(&arguments("out.csv", &["--resume"]))
        .assert(10, &["5 found, 5 unmatched, 15 failed"]);
    assert_eq!(api.calls().len(), 5);
}
