//! Bulk jobs on the command line: complete, killed, stopped, without money or disk space.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]
#![cfg(all(feature = "backlinks", unix))]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkRanksLive};
use dataforseo_client::models::{Endpoint as _, StatusCode};
use dataforseo_mock_server::{Fault, MockServer, OnMiss};
use dataforseo_test_support::documented;
use dataforseo_test_support::fake_api::{FakeApi, Reply, audit};
use dataforseo_test_support::program::ProgramOutput;
use serde_json::Value;

use support::help::{assert_fields, frame};
use support::{Job, PASSWORD, RANKS, targets};

fn mock() -> MockServer {
    let builder = MockServer::builder().on_miss(OnMiss::Example);
    builder.start_blocking().unwrap()
}

/// How often each target was sent.
fn times_sent(mock: &MockServer) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for call in mock.request_log() {
        for target in call.body[0]["targets"].as_array().into_iter().flatten() {
            *times
                .entry(target.as_str().unwrap().to_owned())
                .or_default() += 1;
        }
    }
    times
}

#[test]
fn the_help_of_a_job() {
    insta::assert_snapshot!(Job::new("").run(&["--help"]).out);
    let help = Job::new("").run(&[RANKS, "--help"]).out;
    insta::assert_snapshot!(frame(&help));
    assert_fields(&help, BulkRanksLive::INFO, &["targets"]);
}

#[test]
fn a_job_of_keywords_sends_spellings_of_one_keyword_once() {
    let job = Job::new("Coffee  Machine\ntea\ncoffee machine\n");
    let endpoint = "keywords_data/google_ads/search_volume/live";
    let output = job.run(&[endpoint, "targets.txt", "-o", "volumes.jsonl"]);
    output.assert(0, &["3 targets: 3 found; 1 call"]);
    let rows: Vec<Value> = job
        .read("volumes.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let targets: Vec<&str> = rows
        .iter()
        .map(|row| row["target"].as_str().unwrap())
        .collect();
    assert_eq!(targets.len(), 3);
    assert!(targets.contains(&"coffee machine") && targets.contains(&"Coffee  Machine"));
}

#[test]
fn a_table_in_text_formats() {
    let job = Job::new("a.example\n\n \"b\",c.example\na.example\n");
    let output = job.run(&[RANKS, "targets.txt", "-o", "ranks.csv"]);
    output.assert(
        0,
        &["3 targets: 3 found; 1 call, 0 USD", "1 blank line skipped"],
    );
    let table = job.read("ranks.csv");
    for (line, start) in table.lines().zip([
        "number,target,outcome,reason,api_target,",
        "1,a.example,found,,a.example,",
        "3,a.example,found,,a.example,",
        r#"2,"""b"",c.example",found,,"""b"",c.example","#,
    ]) {
        assert!(line.starts_with(start), "{table}");
    }
    // Each line has as many columns as the first one.
    let records = csv::Reader::from_reader(table.as_bytes()).into_records();
    assert_eq!(records.map(Result::unwrap).count(), 3);
    job.run(&[RANKS, "targets.txt", "-o", "ranks.jsonl"])
        .assert(0, &[]);
    let lines = job.read("ranks.jsonl");
    for (line, start) in lines.lines().zip([
        r#"{"number":1,"target":"a.example","outcome":"found","row":{"target":"a.example","#,
        r#"{"number":3,"target":"a.example","outcome":"found","row":{"target":"a.example","#,
        r#"{"number":2,"target":"\"b\",c.example","outcome":"found","row":{"target":"\"b\",c.example","#,
    ]) {
        assert!(line.starts_with(start), "{lines}");
        assert!(serde_json::from_str::<Value>(line).unwrap()["row"]["rank"].is_i64());
    }
    assert_eq!(lines.lines().count(), 3);
    // To stdout, from stdin.
    let mut child = job.command(&[RANKS]);
    let mut child = child
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(&fs::read(job.path("targets.txt")).unwrap())
        .unwrap();
    drop(stdin);
    let output = ProgramOutput::from(child.wait_with_output().unwrap());
    assert_eq!(output.out, job.read("ranks.csv"));
}

/// The rows are the same in each format, for every endpoint.
#[test]
fn parquet_and_json_lines_have_the_same_rows() {
    let help = Job::new("").run(&["--help"]).out;
    let endpoints = help
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("backlinks/"));
    let endpoints: Vec<&str> = endpoints.collect();
    assert_eq!(endpoints.len(), 7, "{help}");
    for endpoint in endpoints {
        let job = Job::new("https://a.example/\nb.example\n");
        job.run(&[endpoint, "targets.txt", "-o", "out.jsonl"])
            .assert(0, &[]);
        job.run(&[endpoint, "targets.txt", "-o", "out.parquet"])
            .assert(0, &[]);
        let rows = job.lines("out.parquet");
        let lines = job.lines("out.jsonl");
        assert_eq!(rows.len(), 2);
        for (row, line) in rows.iter().zip(&lines) {
            assert_eq!(row["number"], line["number"]);
            assert_eq!(row["outcome"], "found");
            for (name, value) in line["row"].as_object().unwrap() {
                let cell = row.get(name).unwrap_or(&row[format!("api_{name}")]);
                match cell {
                    Value::String(text) if !value.is_string() => {
                        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), *value);
                    }
                    cell => assert_eq!(cell.as_f64(), value.as_f64(), "{endpoint} {name}"),
                }
            }
        }
    }
}

#[test]
fn the_estimated_cost_of_a_job() {
    let domains = documented::max_distinct_domains(BulkPagesSummaryLive::INFO, "targets");
    let pages: String = (0..3 * domains)
        .map(|page| format!("https://d{page}.example/\n"))
        .collect();
    let job = Job::new(pages);
    let output = job.run(&[
        "backlinks/bulk_pages_summary/live",
        "targets.txt",
        "--dry-run",
    ]);
    let plan: Value = serde_json::from_str(&output.out).unwrap();
    let estimate = &plan["estimate_us_dollars"];
    assert!(estimate.as_f64().unwrap() > 0.0, "{plan}");
    let total = format!("nothing was sent; 3 calls, estimated at {estimate} USD at most");
    output.assert(0, &[&total]);
    let targets = Value::from(3 * domains);
    assert_eq!((&plan["targets"], &plan["calls"]), (&targets, &3.into()));
    assert_eq!(fs::read_dir(job.folder.path()).unwrap().count(), 1);
}

const NEW_LOST: &str = "backlinks/bulk_new_lost_backlinks/live";

/// Arguments of a job that does not start.
struct RefusedArguments {
    arguments: &'static [&'static str],
    code: i32,
    reason: &'static str,
}

const REFUSED: &[RefusedArguments] = &[
    RefusedArguments {
        arguments: &[NEW_LOST, "targets.txt", "--date-from", "1999-01-01"],
        code: 2,
        reason: "--date-from: ",
    },
    RefusedArguments {
        arguments: &[RANKS, "nowhere.txt"],
        code: 2,
        reason: "nowhere.txt: ",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "-o", "nowhere/out.csv"],
        code: 2,
        reason: "--output nowhere/out.csv: ",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "-o", "targets.txt"],
        code: 2,
        reason: "the input and --output are the same file",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "--resume"],
        code: 2,
        reason: "--resume requires a journal",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "--resume", "--no-journal"],
        code: 2,
        reason: "cannot be used with",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "--budget", "x"],
        code: 2,
        reason: "--budget",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "--journal", "targets.txt"],
        code: 2,
        reason: "the input and --journal are the same file",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "--journal", "other.txt", "--resume"],
        code: 1,
        reason: "not a journal of a bulk job",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "--journal", "other.txt"],
        code: 1,
        reason: "the file exists already",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "-o", "./targets.txt", "--overwrite"],
        code: 2,
        reason: "the input and --output are the same file",
    },
    RefusedArguments {
        arguments: &[
            RANKS,
            "targets.txt",
            "-o",
            "new.csv",
            "--journal",
            "./new.csv",
        ],
        code: 2,
        reason: "--output and --journal are the same file",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "-o", "other.txt"],
        code: 2,
        reason: "other.txt exists already",
    },
    RefusedArguments {
        arguments: &[RANKS, "targets.txt", "-o", "other.txt", "--resume"],
        code: 2,
        reason: "its journal other.txt.journal does not: the job would start over",
    },
    RefusedArguments {
        arguments: &["backlinks/summary/live", "targets.txt"],
        code: 2,
        reason: "unrecognized subcommand",
    },
];

#[test]
fn arguments_that_are_refused_before_a_call() {
    let mock = mock();
    let job = Job::at(mock.url(), targets(3));
    fs::write(job.path("other.txt"), "mine\n").unwrap();
    for RefusedArguments {
        arguments,
        code,
        reason,
    } in REFUSED
    {
        job.run(arguments).assert(*code, &[reason]);
    }
    assert!(mock.request_log().is_empty());
    assert_eq!(job.read("targets.txt"), targets(3));
    assert_eq!(job.read("other.txt"), "mine\n");
    let left: Vec<_> = fs::read_dir(job.folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

/// A job that cannot be resumed keeps the table of the earlier run.
#[test]
fn another_task_keeps_the_table() {
    let job = Job::new(targets(3));
    let arguments = [RANKS, "targets.txt", "-o", "out.csv"];
    job.run(&arguments).assert(0, &[]);
    let before = job.read("out.csv");
    let output = job.run(&[&arguments[..], &["--resume", "--tag", "x"]].concat());
    output.assert(
        1,
        &["it belongs to another job: the task was {", r#""tag":"x""#],
    );
    assert_eq!(job.read("out.csv"), before);
    job.run(&[&arguments[..], &["--resume"]].concat())
        .assert(0, &["0 calls"]);
    assert_eq!(job.read("out.csv"), before);
}

/// A job with another input keeps the table of the earlier run.
#[test]
fn another_input_keeps_the_table() {
    let job = Job::new(targets(3));
    let arguments = [RANKS, "targets.txt", "-o", "out.csv"];
    job.run(&arguments).assert(0, &[]);
    let before = job.read("out.csv");
    fs::write(job.path("targets.txt"), targets(4)).unwrap();
    let output = job.run(&[&arguments[..], &["--resume"]].concat());
    output.assert(1, &["the input differs from the one"]);
    assert_eq!(job.read("out.csv"), before);
    assert!(!job.path("out.csv.part").exists());
}

/// Files from Windows, and stray characters.
#[test]
fn lines_in_other_encodings_are_invalid() {
    let utf16: Vec<u8> = "a.example\r\nb.example\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let input = [&b"\xff\xfe"[..], &utf16].concat();
    let job = Job::new(input);
    let output = job.run(&[RANKS, "targets.txt", "-o", "out.csv"]);
    output.assert(10, &["0 found", "invalid; 0 calls"]);
    assert!(
        job.read("out.csv").contains("UTF-16"),
        "{}",
        job.read("out.csv")
    );
    let job = Job::new("\u{a0}a.example\u{a0}\nb\u{7}.example\n");
    let output = job.run(&[RANKS, "targets.txt"]);
    output.assert(10, &["1 found, 1 invalid"]);
    assert!(output.out.contains("1,a.example,found"), "{output:?}");
    assert!(output.out.contains("control characters"), "{output:?}");
}

/// 400,000 lines, with everything that occurs in files.
#[test]
fn a_large_and_dirty_input() {
    let mut input = "\u{feff}first.example\r\n".as_bytes().to_vec();
    for line in 0..399_990 {
        match line % 20_000 {
            7 => input.extend(b"\r\n"),
            8 => input.extend(b"   \n"),
            9 => input.extend(b"caf\xe9.example\n"),
            10 => input.extend(b"twice.example\r\n"),
            _ => input.extend(format!("d{line}.example\r\n").as_bytes()),
        }
    }
    input.extend(std::iter::repeat_n(b'x', 1 << 20));
    input.extend(b"\nlast.example");
    let job = Job::new(input);
    let output = job.run(&[RANKS, "targets.txt", "--dry-run"]);
    output.assert(0, &[]);
    let plan: Value = serde_json::from_str(&output.out).unwrap();
    // Twenty lines of each kind. Blank ones do not count, and the one of a megabyte is invalid.
    let valid = 1 + 399_990 - 3 * 20 + 1;
    assert_eq!(plan["targets"], valid + 20 + 1, "{plan}");
    assert_eq!(plan["invalid"], 21);
    // The lines with `twice.example` are far apart, and are paid for once.
    assert_eq!(plan["distinct"], valid - 19);
}

#[test]
fn invalid_lines_are_in_the_table() {
    let long = "x".repeat(1 << 20);
    let input = format!("\u{feff}a.example\r\n{long}\n\nb.example").into_bytes();
    let input = [&input[..], b"\n\xff\xfe\n"].concat();
    let job = Job::new(input);
    let output = job.run(&[RANKS, "targets.txt", "-o", "out.csv"]);
    output.assert(
        10,
        &["4 targets: 2 found, 2 invalid; 1 call", "1 blank line"],
    );
    let out = job.outcomes("out.csv");
    let words: Vec<&str> = out.values().map(|(_, outcome)| outcome.as_str()).collect();
    assert_eq!(words, ["found", "invalid", "found", "invalid"]);
    assert_eq!(
        (out[&1].0.as_str(), out[&3].0.as_str()),
        ("a.example", "b.example")
    );
    let table = job.read("out.csv");
    assert!(table.contains("the line has 1048576 bytes"), "{table}");
    assert!(table.contains("the line is not UTF-8"), "{table}");
    assert!(table.len() < 2_000);
}

#[test]
fn a_job_without_funds_is_resumed_later() {
    let mock = mock();
    let empty = Fault::Api(StatusCode::InsufficientFunds);
    mock.on(BulkRanksLive).nth(4).fault(empty);
    let job = Job::at(mock.url(), targets(50));
    let arguments = [
        RANKS,
        "targets.txt",
        "-o",
        "out.csv",
        "--targets-per-call",
        "5",
        "--max-in-flight",
        "1",
    ];
    let output = job.run(&arguments);
    output.assert(
        5,
        &[
            "15 found",
            "40210",
            "the same command with --resume continues the job",
        ],
    );
    let before = times_sent(&mock);
    // Nothing is lost, and nothing passes for the whole table.
    assert!(!job.path("out.csv").exists());
    assert_eq!(job.outcomes("out.csv.part").len(), 50);
    job.run(&[&arguments[..], &["--resume"]].concat())
        .assert(0, &["50 targets: 50 found; 7 calls"]);
    assert_eq!(job.outcomes("out.csv").len(), 50);
    assert!(!job.path("out.csv.part").exists());
    // The call that was refused is sent again.
    let after = times_sent(&mock);
    let twice = after.iter().filter(|(_, times)| **times == 2);
    assert_eq!(twice.count(), 5);
    assert!(after.len() == 50 && before.len() == 20);
    // A budget.
    let job = Job::new(targets(50));
    let output = job.run(&[&arguments[..], &["--budget", "0.06"]].concat());
    output.assert(0, &[]); // the responses of the mock cost nothing
    let output = job.run(&[RANKS, "targets.txt", "--budget", "0.02"]);
    output.assert(5, &["exceed the budget of 0.02 USD"]);
}

/// One call in ten fails, for each kind of failure.
#[test]
fn failures_do_not_affect_other_targets() {
    for (fault, outcome, uncertain) in [
        (Fault::Reset, "failed", true),
        (Fault::Empty, "failed", true),
        (Fault::Cut(20), "failed", true),
        (Fault::Garbage, "failed", true),
        (Fault::Proxy(502), "failed", true),
        (Fault::Proxy(429), "failed", false),
        (Fault::Api(StatusCode::InternalError), "failed", false),
        (Fault::Task(StatusCode::TaskNotFound, None), "failed", false),
        // The API rejects the targets without naming one, so the call is halved.
        (Fault::Api(StatusCode::InvalidField), "invalid", false),
    ] {
        let mock = mock();
        mock.on(BulkRanksLive).every(10).fault(fault);
        let job = Job::at(mock.url(), targets(40));
        let arguments = [
            RANKS,
            "targets.txt",
            "-o",
            "out.csv",
            "--targets-per-call",
            "2",
            "--max-in-flight",
            "1",
        ];
        let output = job.run(&arguments);
        let out = job.outcomes("out.csv");
        assert_eq!(out.len(), 40, "{fault:?}");
        let count = |word: &str| out.values().filter(|(_, it)| it == word).count();
        assert!(count("found") >= 36, "{fault:?} {output:?}");
        assert_eq!(count("found") + count(outcome), 40, "{fault:?} {output:?}");
        let is_mentioned = output.err.contains("--retry-uncertain");
        assert_eq!(is_mentioned, uncertain, "{fault:?} {output:?}");
    }
}

#[test]
fn a_reader_that_closes_the_output() {
    let job = Job::new(targets(5_000));
    let mut child = job.command(&[
        RANKS,
        "targets.txt",
        "--targets-per-call",
        "1",
        "--max-in-flight",
        "1",
    ]);
    let mut child = child
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("number,"));
    let output = ProgramOutput::from(child.wait_with_output().unwrap());
    output.assert(11, &["the reader of the output closed it"]);
    assert!(!output.err.contains("panicked"), "{output:?}");
}

#[test]
fn no_disk_space_for_the_table() {
    let job = Job::new(targets(20));
    let output = job.run(&[
        RANKS,
        "targets.txt",
        "-o",
        "/dev/full",
        "--journal",
        "journal",
    ]);
    output.assert(
        1,
        &[
            "the output could not be written: No space left on device",
            "--resume continues",
        ],
    );
    job.run(&[
        RANKS,
        "targets.txt",
        "-o",
        "out.csv",
        "--journal",
        "journal",
        "--resume",
    ])
    .assert(0, &["20 found"]);
}

/// Runs a job of `FakeApi` with a limit for the size of its files, in blocks of 512 bytes.
fn with_file_limit(job: &Job, blocks: usize, arguments: &[&str]) -> ProgramOutput {
    let program = job.command(arguments);
    let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut limited = Command::new("sh");
    limited
        .args(["-c", &script])
        .arg(program.get_program())
        .args(program.get_args());
    limited.env_clear().current_dir(job.folder.path());
    for (name, value) in program.get_envs() {
        limited.env(name, value.unwrap());
    }
    ProgramOutput::from(limited.output().unwrap())
}

/// Returns rows with this many bytes of other data.
fn large_rows(bytes: usize) -> Reply {
    Reply::rows().edit(move |envelope| envelope["padding"] = "x".repeat(bytes).into())
}

const DISK: [&str; 10] = [
    RANKS,
    "targets.txt",
    "-o",
    "out.jsonl",
    "--targets-per-call",
    "10",
    "--max-in-flight",
    "2",
    "--rate-limit-timeout",
    "0",
];

/// Resumes a job without a limit. Everything that was paid for must be in the table.
fn resume_on_an_empty_disk(job: &Job, api: &FakeApi) {
    job.run(&[&DISK[..], &["--resume"]].concat())
        .assert(0, &["200 targets: 200 found"]);
    let given: Vec<String> = targets(200).lines().map(ToOwned::to_owned).collect();
    let problems = audit(&job.read("out.jsonl"), &given, &api.ledger());
    assert_eq!(problems, Vec::<String>::new());
    assert!(!job.path("out.jsonl.journal.rest").exists());
}

/// Room for the responses is reserved before calls are sent, so a full disk stops the job before it
/// pays for a response that would be lost.
#[test]
fn no_disk_space_for_the_next_response() {
    let api = FakeApi::start(|_| Reply::rows());
    let job = Job::at(api.url(), targets(200));
    let output = with_file_limit(&job, 100, &DISK);
    output.assert(1, &["there is no room for", "--resume continues"]);
    let paid = api.ledger().charges.len();
    assert!((1..20).contains(&paid), "{paid}");
    assert!(!job.path("out.jsonl").exists());
    resume_on_an_empty_disk(&job, &api);
}

/// A response that does not fit into the journal goes into a second file, and from there into the
/// journal when the job is resumed.
#[test]
fn no_disk_space_for_a_response_in_flight() {
    let both = Arc::new(Barrier::new(2));
    let api = FakeApi::start(move |call| {
        let both = Arc::clone(&both);
        let reply = large_rows(40_000);
        // The first two are in flight together.
        if call.number < 2 {
            reply.before(move || {
                both.wait();
            })
        } else {
            reply
        }
    });
    let job = Job::at(api.url(), targets(200));
    let output = with_file_limit(&job, 128, &DISK);
    let saved = "1 of its records are saved in out.jsonl.journal.rest: resume the job";
    output.assert(1, &["could not be written (File too large", saved]);
    assert_eq!(api.ledger().charges.len(), 2);
    assert_eq!(job.read("out.jsonl.part").matches("\"found\"").count(), 20);
    resume_on_an_empty_disk(&job, &api);
}

/// A response that fits nowhere is printed.
#[test]
fn no_disk_space_anywhere() {
    let api = FakeApi::start(|_| large_rows(90_000));
    let job = Job::at(api.url(), targets(10));
    let output = with_file_limit(&job, 128, &DISK);
    output.assert(
        1,
        &[
            "1 responses are in memory only",
            "it is paid for:",
            r#""padding":"xxx"#,
        ],
    );
    assert_eq!(api.ledger().charges.len(), 1);
    // The table has the rows. It is not replaced by one that lacks them.
    let before = job.read("out.jsonl.part");
    assert_eq!(before.matches("\"found\"").count(), 10);
    let output = job.run(&[&DISK[..], &["--resume"]].concat());
    output.assert(1, &["has 10 rows that the journal lacks, so it stays"]);
    assert_eq!(job.read("out.jsonl.part.1"), before);
    assert_eq!(api.ledger().charges.len(), 1);
}

/// Responses that could not be written to a journal are saved beside it. A journal that lacks their
/// calls is not resumed, as the job would pay for them again.
#[test]
fn a_truncated_journal_is_not_resumed_while_its_responses_are_saved() {
    let folder: Arc<Mutex<std::path::PathBuf>> = Arc::default();
    let of_script = Arc::clone(&folder);
    let api = FakeApi::start(move |call| {
        let journal = of_script.lock().unwrap().join("out.jsonl.journal");
        let is_third = call.number == 2;
        Reply::rows().before(move || {
            if is_third {
                let file = fs::OpenOptions::new().write(true).open(&journal).unwrap();
                file.set_len(600).unwrap();
            }
        })
    });
    let job = Job::at(api.url(), targets(50));
    job.folder.path().clone_into(&mut folder.lock().unwrap());
    let arguments = [&DISK[..6], &["--max-in-flight", "1"]].concat();
    job.run(&arguments).assert(
        1,
        &[
            "was truncated while the job was running",
            "saved in out.jsonl.journal.rest",
        ],
    );
    assert_eq!(api.calls().len(), 3);
    let resumed = [&arguments[..], &["--resume"]].concat();
    let journal = fs::read(job.path("out.jsonl.journal")).unwrap();
    job.run(&resumed).assert(
        1,
        &["it lacks call 2, and out.jsonl.journal.rest has its response: restore the journal"],
    );
    assert_eq!(
        fs::read(job.path("out.jsonl.journal")).unwrap().len(),
        journal.len()
    );
    assert_eq!(api.calls().len(), 3);
    // The user gives them up.
    fs::remove_file(job.path("out.jsonl.journal.rest")).unwrap();
    job.run(&resumed)
        .assert(1, &["40 found, 10 failed; 4 calls", "part.1 has 10 rows"]);
}

/// A run that is killed leaves the table of the run before it under a name with a number.
#[test]
fn tables_of_killed_runs_are_removed_when_their_rows_are_in_the_table() {
    let job = Job::new(targets(3));
    let arguments = [RANKS, "targets.txt", "-o", "out.csv", "--resume"];
    job.run(&arguments).assert(0, &["3 found"]);
    fs::copy(job.path("out.csv"), job.path("out.csv.part.1")).unwrap();
    fs::write(job.path("out.csv.part.2"), "number,target,outcome,reason\n").unwrap();
    fs::write(job.path("out.csv.part.12"), "mine\n").unwrap();
    fs::write(job.path("out.csv.part.old"), "mine\n").unwrap();
    job.run(&arguments).assert(0, &["0 calls"]);
    assert!(!job.path("out.csv.part.1").exists());
    assert!(!job.path("out.csv.part.2").exists());
    assert_eq!(job.read("out.csv.part.12"), "mine\n");
    assert_eq!(job.read("out.csv.part.old"), "mine\n");
    // It has a row that the table lacks.
    let more = "number,target,outcome,reason\n4,d3.example,found,\n";
    fs::write(job.path("out.csv.part.1"), more).unwrap();
    job.run(&arguments).assert(
        1,
        &["out.csv.part.1 has 1 row that the journal lacks, so it stays"],
    );
    assert_eq!(job.read("out.csv.part.1"), more);
    assert_eq!(job.outcomes("out.csv").len(), 3);
}

/// Rows that the journal has are in the table, although the job stops before it comes to them.
#[test]
fn a_job_that_stops_delivers_what_the_journal_has() {
    let api = FakeApi::start(|call| match call.number {
        0 => Reply::failed(40400, "not found", 0.0),
        10 => Reply::refused(40210, "no money"),
        _ => Reply::rows(),
    });
    let job = Job::at(api.url(), targets(50));
    let arguments = [
        RANKS,
        "targets.txt",
        "-o",
        "out.csv",
        "--targets-per-call",
        "5",
        "--max-in-flight",
        "1",
        "--resume",
    ];
    job.run(&arguments).assert(10, &["45 found, 5 failed"]);
    job.run(&arguments)
        .assert(5, &["45 found, 5 not sent; 1 call", "40210"]);
    let part = job.outcomes("out.csv.part");
    assert_eq!(part.values().filter(|(_, it)| it == "found").count(), 45);
    assert_eq!(job.outcomes("out.csv").len(), 50);
}

/// A proxy between a program and a server that acts when a number of bytes has passed.
struct Tap {
    url: String,
    passed: Arc<AtomicUsize>,
}

impl Tap {
    fn new(server: &str, at: usize, act: impl Fn() + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = server.strip_prefix("http://").unwrap().to_owned();
        let passed = Arc::new(AtomicUsize::new(0));
        let act = Arc::new(act);
        let count = Arc::clone(&passed);
        std::thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let server = TcpStream::connect(&server).unwrap();
                let ways = [
                    (client.try_clone().unwrap(), server.try_clone().unwrap()),
                    (server, client),
                ];
                for (from, to) in ways {
                    let (act, count) = (Arc::clone(&act), Arc::clone(&count));
                    std::thread::spawn(move || pass(from, to, &count, at, &*act));
                }
            }
        });
        Self { url, passed }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, count: &AtomicUsize, at: usize, act: &dyn Fn()) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let before = count.fetch_add(read, Ordering::SeqCst);
        if before <= at && at < before + read {
            // The bytes before the position are forwarded.
            let (passed, rest) = bytes[..read].split_at(at - before);
            let _ = to.write_all(passed);
            act();
            if to.write_all(rest).is_err() {
                break;
            }
        } else if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The arguments of a job that is killed. Its output follows.
const KILLED: [&str; 8] = [
    RANKS,
    "targets.txt",
    "--targets-per-call",
    "5",
    "--max-in-flight",
    "2",
    "--quiet",
    "-o",
];
const OUTPUTS: [&str; 3] = ["out.csv", "out.jsonl", "out.parquet"];
const TARGETS: usize = 30;
const KILLS: usize = 200;

/// The outcomes of a job that was killed and resumed.
struct Resumed {
    /// How many bytes had passed.
    passed: usize,
    was_killed: bool,
    /// Targets of calls in flight, whose charge is unknown.
    uncertain: usize,
}

/// Runs a job that is killed after this number of bytes, and resumes it.
fn killed_at(at: usize, output_name: &str) -> Resumed {
    let arguments = [&KILLED[..], &[output_name]].concat();
    let mock = mock();
    let child: Arc<Mutex<Option<Child>>> = Arc::default();
    let victim = Arc::clone(&child);
    let tap = Tap::new(&mock.url(), at, move || {
        if let Some(child) = victim.lock().unwrap().as_mut() {
            child.kill().unwrap();
        }
    });
    let job = Job::at(&tap.url, targets(TARGETS));
    {
        // The tap waits for the lock until the child exists.
        let mut child = child.lock().unwrap();
        *child = Some(
            job.command(&arguments)
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
    }
    let status = loop {
        // Waiting with the lock held would block the tap.
        if let Some(status) = child.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
            break status;
        }
        std::thread::yield_now();
    };
    assert!(status.success() || status.code().is_none(), "{status}");
    let first = times_sent(&mock);
    let output = job.run(&[&arguments[..], &["--resume"]].concat());
    assert!(matches!(output.code, Some(0 | 10)), "{at}: {output:?}");
    let out = job.outcomes(output_name);
    assert_eq!(out.len(), TARGETS, "{at}");
    for (number, (target, outcome)) in &out {
        assert_eq!(*target, format!("d{}.example", number - 1));
        assert!(
            ["found", "failed"].contains(&outcome.as_str()),
            "{at}: {outcome}"
        );
    }
    for (target, times) in times_sent(&mock) {
        assert_eq!(
            times, 1,
            "{target} was paid for twice, killed at byte {at}; {first:?}"
        );
    }
    // On request, the rest is sent again.
    let output = job.run(&[&arguments[..], &["--resume", "--retry-uncertain"]].concat());
    output.assert(0, &["30 targets: 30 found"]);
    Resumed {
        passed: tap.passed.load(Ordering::SeqCst),
        was_killed: !status.success(),
        uncertain: out
            .values()
            .filter(|(_, outcome)| outcome == "failed")
            .count(),
    }
}

/// Kills the program at 200 positions among all bytes that are transferred, with each format in turn.
#[test]
fn killed_at_any_moment() {
    let all = killed_at(usize::MAX, OUTPUTS[0]).passed;
    assert!(all > 4_000, "{all}");
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let (mut killed, mut uncertain) = (0, 0);
    for kill in 0..KILLS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let resumed = killed_at((random % all as u64) as usize, OUTPUTS[kill % 3]);
        killed += usize::from(resumed.was_killed);
        uncertain += resumed.uncertain;
    }
    println!(
        "{killed} of {KILLS} jobs were killed among {all} bytes; none lost a target or paid twice; \
         {uncertain} of {} targets were in calls whose charge is unknown",
        KILLS * TARGETS
    );
    // At the last bytes the program may have ended already.
    assert!(killed > KILLS * 9 / 10, "{killed}");
    assert!(
        uncertain > 0 && uncertain < KILLS * TARGETS / 2,
        "{uncertain}"
    );
}

/// Ctrl-C: calls in flight are finished and recorded.
#[test]
fn interrupted() {
    let mock = mock();
    let child: Arc<Mutex<Option<Child>>> = Arc::default();
    let victim = Arc::clone(&child);
    let barrier = Arc::new(Barrier::new(2));
    let of_tap = Arc::clone(&barrier);
    // In the middle of the first request.
    let tap = Tap::new(&mock.url(), 300, move || {
        let id = victim.lock().unwrap().as_ref().unwrap().id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        // The response is held back until the program handles the signal.
        of_tap.wait();
    });
    let job = Job::at(&tap.url, targets(100));
    let arguments = [
        RANKS,
        "targets.txt",
        "-o",
        "out.csv",
        "--targets-per-call",
        "5",
        "--max-in-flight",
        "1",
    ];
    let mut started = child.lock().unwrap();
    let mut process = job
        .command(&arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let err = process.stderr.take().unwrap();
    *started = Some(process);
    drop(started);
    let mut output = String::new();
    for line in BufReader::new(err).lines() {
        let line = line.unwrap();
        if line.starts_with("stopping: ") {
            barrier.wait();
        }
        output += &line;
    }
    let status = child.lock().unwrap().as_mut().unwrap().wait().unwrap();
    assert_eq!(status.code(), Some(11), "{output}");
    assert!(output.contains("5 found, 95 not sent; 1 call"), "{output}");
    assert_eq!(times_sent(&mock).len(), 5);
    assert!(!job.path("out.csv").exists());
    job.run(&[&arguments[..], &["--resume"]].concat())
        .assert(0, &["100 found; 19 calls"]);
    assert!(times_sent(&mock).values().all(|times| *times == 1));
}

/// On a terminal, the notice of Ctrl-C is not overwritten by the progress bar.
#[cfg(target_os = "linux")]
#[test]
fn interrupted_on_a_terminal() {
    // `script` gives the program a terminal, whose Ctrl-C it forwards.
    if Command::new("script").arg("--version").output().is_err() {
        println!("there is no program `script`: nothing was tested");
        return;
    }
    let interrupt = Arc::new(Mutex::new(None));
    let barrier = Arc::new(Barrier::new(2));
    let (of_api, at_api) = (Arc::clone(&interrupt), Arc::clone(&barrier));
    let api = FakeApi::start(move |call| {
        let (interrupt, barrier) = (Arc::clone(&of_api), Arc::clone(&at_api));
        if call.number != 1 {
            return Reply::rows();
        }
        Reply::rows().before(move || {
            let mut terminal: std::process::ChildStdin = interrupt.lock().unwrap().take().unwrap();
            terminal.write_all(b"\x03").unwrap();
            // Keeps the terminal open until the program has shown the notice.
            barrier.wait();
        })
    });
    let job = Job::at(api.url(), targets(100));
    let program = job.command(&[
        RANKS,
        "targets.txt",
        "-o",
        "out.csv",
        "--targets-per-call",
        "5",
        "--max-in-flight",
        "1",
    ]);
    let mut line = format!("'{}'", program.get_program().to_str().unwrap());
    for argument in program.get_args() {
        line += &format!(" '{}'", argument.to_str().unwrap());
    }
    let mut terminal = Command::new("script");
    terminal
        .args(["-qefc", &line, "/dev/null"])
        .env_clear()
        .current_dir(job.folder.path());
    terminal.env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
    for (name, value) in program.get_envs() {
        terminal.env(name, value.unwrap());
    }
    let mut held = interrupt.lock().unwrap();
    let mut child = terminal
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    *held = child.stdin.take();
    drop(held);
    let (mut shown, mut is_noticed) = (Vec::new(), false);
    for byte in BufReader::new(child.stdout.take().unwrap()).bytes() {
        shown.push(byte.unwrap());
        if !is_noticed && shown.ends_with(b"charged and lost") {
            is_noticed = true;
            barrier.wait();
        }
    }
    assert!(is_noticed, "{}", String::from_utf8_lossy(&shown));
    let shown = String::from_utf8(shown).unwrap();
    // The notice begins a line of its own, and the bar is drawn again below it.
    let before = &shown[..shown.find("stopping: ").unwrap()];
    let last = before.rsplit(['\r', '\n']).next().unwrap();
    assert!(!last.contains("targets/s"), "{shown:?}");
    assert!(shown.contains("not sent"), "{shown}");
    child.wait().unwrap();
}

/// Users may share a journal, so it must not contain credentials.
#[test]
fn the_journal_has_no_credentials() {
    let mock = mock();
    let job = Job::at(mock.url(), targets(3));
    job.run(&[RANKS, "targets.txt", "-o", "out.csv"])
        .assert(0, &[]);
    let journal = job.read("out.csv.journal");
    assert!(journal.contains("d1.example"));
    for secret in [PASSWORD, "bG9naW4"] {
        assert!(!journal.contains(secret) && !job.read("out.csv").contains(secret));
    }
    assert_eq!(mock.calls(BulkRanksLive), 1);
}
