//! Bulk jobs, as people and scripts run them: on good days, killed, stopped, without money or disk.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]
#![cfg(all(feature = "backlinks", unix))]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use dataforseo_client::models::StatusCode;
use dataforseo_client::models::backlinks::BulkRanksLive;
use dataforseo_mock_server::{Fault, MockServer, OnMiss};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dataforseo");
const RANKS: &str = "backlinks/bulk_ranks/live";

/// A folder with a file of targets.
struct Job {
    folder: TempDir,
    base_url: Option<String>,
}

#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Said {
    #[track_caller]
    fn assert(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in {self:?}");
        }
    }
}

fn targets(count: usize) -> String {
    (0..count)
        .map(|index| format!("d{index}.example\n"))
        .collect()
}

fn mock() -> MockServer {
    let builder = MockServer::builder().on_miss(OnMiss::Example);
    builder.start_blocking().unwrap()
}

impl Job {
    /// Against the built-in mock.
    fn new(targets: impl AsRef<[u8]>) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("targets.txt"), targets).unwrap();
        Self {
            folder,
            base_url: None,
        }
    }

    /// Against a server.
    fn at(base_url: impl Into<String>, targets: impl AsRef<[u8]>) -> Self {
        Self {
            base_url: Some(base_url.into()),
            ..Self::new(targets)
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("TMPDIR", self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        match &self.base_url {
            Some(url) => command
                .env("DATAFORSEO_LOGIN", "login")
                .env("DATAFORSEO_PASSWORD", "password-91c2")
                .env("DATAFORSEO_BASE_URL", url)
                .args(["bulk", "--no-retries"]),
            None => command.args(["bulk", "--mock"]),
        };
        command.args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let said: Said = self.command(arguments).output().unwrap().into();
        assert!(!said.err.contains("password-91c2"), "{said:?}");
        said
    }

    /// The outcomes in a CSV file by their numbers. Fails if a number stands twice.
    fn outcomes(&self, name: &str) -> BTreeMap<u64, (String, String)> {
        let mut by_number = BTreeMap::new();
        for record in csv::Reader::from_path(self.path(name)).unwrap().records() {
            let record = record.unwrap();
            let row = (record[1].to_owned(), record[2].to_owned());
            let before = by_number.insert(record[0].parse().unwrap(), row);
            assert_eq!(before, None, "{record:?}");
        }
        by_number
    }
}

/// How often each target was asked for.
fn asked(mock: &MockServer) -> BTreeMap<String, usize> {
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
    insta::assert_snapshot!(Job::new("").run(&[RANKS, "--help"]).out);
}

#[test]
fn a_table_in_each_form() {
    let job = Job::new("a.example\n\n \"b\",c.example\na.example\n");
    let said = job.run(&[RANKS, "targets.txt", "-o", "ranks.csv"]);
    said.assert(
        0,
        &[
            "3 targets: 3 rows; 1 call, 0 USD",
            "1 blank line passed over",
        ],
    );
    insta::assert_snapshot!(job.read("ranks.csv"));
    job.run(&[RANKS, "targets.txt", "-o", "ranks.jsonl"])
        .assert(0, &[]);
    insta::assert_snapshot!(job.read("ranks.jsonl"));
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
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!(said.out, job.read("ranks.csv"));
}

/// The same rows, whatever the form; of every endpoint.
#[test]
fn parquet_has_what_json_has() {
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
        let file = fs::File::open(job.path("out.parquet")).unwrap();
        let table = SerializedFileReader::new(file).unwrap();
        let rows: Vec<Value> = table
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().to_json_value())
            .collect();
        let lines: Vec<Value> = job
            .read("out.jsonl")
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(rows.len(), 2);
        for (row, line) in rows.iter().zip(&lines) {
            assert_eq!(row["number"], line["number"]);
            assert_eq!(row["outcome"], "row");
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
fn what_a_job_would_cost() {
    let pages: String = (0..300)
        .map(|page| format!("https://d{page}.example/\n"))
        .collect();
    let job = Job::new(pages);
    let said = job.run(&[
        "backlinks/bulk_pages_summary/live",
        "targets.txt",
        "--dry-run",
    ]);
    said.assert(
        0,
        &["nothing was sent; 3 calls, estimated at 0.0828 USD at most"],
    );
    let plan: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&plan["targets"], &plan["calls"]), (&300.into(), &3.into()));
    assert_eq!(fs::read_dir(job.folder.path()).unwrap().count(), 1);
}

#[test]
fn what_is_refused_before_anything_is_sent() {
    let mock = mock();
    let job = Job::at(mock.url(), targets(3));
    let lost = "backlinks/bulk_new_lost_backlinks/live";
    fs::write(job.path("other.txt"), "mine\n").unwrap();
    for (arguments, code, reason) in [
        (
            &[lost, "targets.txt", "--date-from", "1999-01-01"][..],
            2,
            "--date-from: ",
        ),
        (&[RANKS, "nowhere.txt"], 2, "nowhere.txt: "),
        (
            &[RANKS, "targets.txt", "-o", "nowhere/out.csv"],
            2,
            "--output nowhere/out.csv: ",
        ),
        (
            &[RANKS, "targets.txt", "-o", "targets.txt"],
            2,
            "the input and --output are the same file",
        ),
        (
            &[RANKS, "targets.txt", "--resume"],
            2,
            "--resume needs a journal",
        ),
        (
            &[RANKS, "targets.txt", "--resume", "--no-journal"],
            2,
            "cannot be used with",
        ),
        (
            &[RANKS, "targets.txt", "--max-spend", "x"],
            2,
            "--max-spend",
        ),
        (
            &[RANKS, "targets.txt", "--journal", "targets.txt"],
            2,
            "the input and --journal are the same file",
        ),
        (
            &[RANKS, "targets.txt", "--journal", "other.txt", "--resume"],
            1,
            "no journal of a bulk job",
        ),
        (
            &[RANKS, "targets.txt", "--journal", "other.txt"],
            1,
            "an earlier job left it",
        ),
        (
            &[RANKS, "targets.txt", "-o", "./targets.txt", "--overwrite"],
            2,
            "the input and --output are the same file",
        ),
        (
            &[
                RANKS,
                "targets.txt",
                "-o",
                "new.csv",
                "--journal",
                "./new.csv",
            ],
            2,
            "--output and --journal are the same file",
        ),
        (
            &[RANKS, "targets.txt", "-o", "other.txt"],
            2,
            "other.txt is there already",
        ),
        (
            &[RANKS, "targets.txt", "-o", "other.txt", "--resume"],
            2,
            "its journal other.txt.journal is not: the job would begin anew",
        ),
        (
            &["backlinks/summary/live", "targets.txt"],
            2,
            "unrecognized subcommand",
        ),
    ] {
        job.run(arguments).assert(code, &[reason]);
    }
    assert!(mock.request_log().is_empty());
    assert_eq!(job.read("targets.txt"), targets(3));
    assert_eq!(job.read("other.txt"), "mine\n");
    let left: Vec<_> = fs::read_dir(job.folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

/// A job that cannot be resumed leaves the table of the earlier run alone.
#[test]
fn another_task_costs_no_table() {
    let job = Job::new(targets(3));
    let arguments = [RANKS, "targets.txt", "-o", "out.csv"];
    job.run(&arguments).assert(0, &[]);
    let before = job.read("out.csv");
    let said = job.run(&[&arguments[..], &["--resume", "--tag", "x"]].concat());
    said.assert(
        1,
        &["it belongs to another job: the task was {", r#""tag":"x""#],
    );
    assert_eq!(job.read("out.csv"), before);
    job.run(&[&arguments[..], &["--resume"]].concat())
        .assert(0, &["0 calls"]);
    assert_eq!(job.read("out.csv"), before);
}

/// A job whose input is another one leaves the table alone, too, and so does a trial's journal.
#[test]
fn another_input_costs_no_table() {
    let job = Job::new(targets(3));
    let arguments = [RANKS, "targets.txt", "-o", "out.csv"];
    job.run(&arguments).assert(0, &[]);
    let before = job.read("out.csv");
    fs::write(job.path("targets.txt"), targets(4)).unwrap();
    let said = job.run(&[&arguments[..], &["--resume"]].concat());
    said.assert(1, &["the input is another one"]);
    assert_eq!(job.read("out.csv"), before);
    assert!(!job.path("out.csv.part").exists());
}

/// What Windows makes of a list of targets, and what slips in between.
#[test]
fn lines_of_other_encodings_are_told_of() {
    let utf16: Vec<u8> = "a.example\r\nb.example\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let input = [&b"\xff\xfe"[..], &utf16].concat();
    let job = Job::new(input);
    let said = job.run(&[RANKS, "targets.txt", "-o", "out.csv"]);
    said.assert(10, &["0 rows", "invalid; 0 calls"]);
    assert!(
        job.read("out.csv").contains("UTF-16"),
        "{}",
        job.read("out.csv")
    );
    let job = Job::new("\u{a0}a.example\u{a0}\nb\u{7}.example\n");
    let said = job.run(&[RANKS, "targets.txt"]);
    said.assert(10, &["1 row, 1 invalid"]);
    assert!(said.out.contains("1,a.example,row"), "{said:?}");
    assert!(said.out.contains("control characters"), "{said:?}");
}

/// Two million lines with everything in them that files have.
#[test]
fn a_large_and_dirty_input() {
    let mut input = "\u{feff}first.example\r\n".as_bytes().to_vec();
    for line in 0..1_999_990 {
        match line % 100_000 {
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
    let said = job.run(&[RANKS, "targets.txt", "--dry-run"]);
    said.assert(0, &[]);
    let plan: Value = serde_json::from_str(&said.out).unwrap();
    // Twenty lines of each kind; blank ones are none, and the one of a megabyte is no target.
    let valid = 1 + 1_999_990 - 3 * 20 + 1;
    assert_eq!(plan["targets"], valid + 20 + 1, "{plan}");
    assert_eq!(plan["invalid"], 21);
    // `twice.example` stands in different windows.
    assert_eq!(plan["different"], valid);
}

#[test]
fn lines_that_are_no_targets_have_their_place() {
    let long = "x".repeat(1 << 20);
    let input = format!("\u{feff}a.example\r\n{long}\n\nb.example").into_bytes();
    let input = [&input[..], b"\n\xff\xfe\n"].concat();
    let job = Job::new(input);
    let said = job.run(&[RANKS, "targets.txt", "-o", "out.csv"]);
    said.assert(
        10,
        &["4 targets: 2 rows, 2 invalid; 1 call", "1 blank line"],
    );
    let out = job.outcomes("out.csv");
    let words: Vec<&str> = out.values().map(|(_, outcome)| outcome.as_str()).collect();
    assert_eq!(words, ["row", "invalid", "row", "invalid"]);
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
fn the_balance_runs_out_and_the_job_goes_on_later() {
    let mock = mock();
    let empty = Fault::Api(StatusCode::InsufficientFunds);
    mock.on(BulkRanksLive).after(3).fault(empty);
    let job = Job::at(mock.url(), targets(50));
    let arguments = [
        RANKS,
        "targets.txt",
        "-o",
        "out.csv",
        "--targets-per-call",
        "5",
        "--at-once",
        "1",
    ];
    let said = job.run(&arguments);
    said.assert(
        5,
        &["15 rows", "40210", "the same command with --resume goes on"],
    );
    let paid = asked(&mock);
    let again = self::mock();
    let job = Job {
        base_url: Some(again.url()),
        ..job
    };
    job.run(&[&arguments[..], &["--resume"]].concat())
        .assert(0, &["50 targets: 50 rows; 7 calls"]);
    assert_eq!(job.outcomes("out.csv").len(), 50);
    // The one call that was refused is sent again.
    let twice = asked(&again)
        .keys()
        .filter(|target| paid.contains_key(*target))
        .count();
    assert_eq!(twice, 5);
    // A limit of one's own.
    let job = Job::new(targets(50));
    let said = job.run(&[&arguments[..], &["--max-spend", "0.06"]].concat());
    said.assert(0, &[]); // the mock's answers cost nothing
    let said = job.run(&[RANKS, "targets.txt", "--max-spend", "0.02"]);
    said.assert(5, &["may be spent"]);
}

/// One call in ten fails, in each way.
#[test]
fn failures_cost_no_other_target_its_row() {
    for (fault, outcome, uncertain) in [
        (Fault::Reset, "failed", true),
        (Fault::Empty, "failed", true),
        (Fault::Cut(20), "failed", true),
        (Fault::Garbage, "failed", true),
        (Fault::Proxy(502), "failed", true),
        (Fault::Proxy(429), "failed", false),
        (Fault::Api(StatusCode::InternalError), "failed", false),
        (Fault::Task(StatusCode::TaskNotFound, None), "failed", false),
        // The targets are blamed, and none of them: the call is halved.
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
            "--at-once",
            "1",
        ];
        let said = job.run(&arguments);
        let out = job.outcomes("out.csv");
        assert_eq!(out.len(), 40, "{fault:?}");
        let count = |word: &str| out.values().filter(|(_, it)| it == word).count();
        assert!(count("row") >= 36, "{fault:?} {said:?}");
        assert_eq!(count("row") + count(outcome), 40, "{fault:?} {said:?}");
        let told = said.err.contains("--repeat-uncertain");
        assert_eq!(told, uncertain, "{fault:?} {said:?}");
    }
}

#[test]
fn a_reader_that_goes_away() {
    let job = Job::new(targets(5_000));
    let mut child = job.command(&[
        RANKS,
        "targets.txt",
        "--targets-per-call",
        "1",
        "--at-once",
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
    let said = Said::from(child.wait_with_output().unwrap());
    said.assert(11, &["nobody reads the output any more"]);
    assert!(!said.err.contains("panicked"), "{said:?}");
}

#[test]
fn no_room_for_the_table() {
    let job = Job::new(targets(20));
    let said = job.run(&[
        RANKS,
        "targets.txt",
        "-o",
        "/dev/full",
        "--journal",
        "journal",
    ]);
    said.assert(
        1,
        &["the output: No space left on device", "--resume goes on"],
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
    .assert(0, &["20 rows"]);
}

/// The journal cannot grow: nothing is sent that could not be written down, and what was answered is
/// handed out.
#[test]
fn no_room_for_the_journal() {
    let mock = mock();
    let job = Job::at(mock.url(), targets(200));
    let arguments = [
        RANKS,
        "targets.txt",
        "-o",
        "out.csv",
        "--targets-per-call",
        "10",
        "--at-once",
        "1",
    ];
    let program = job.command(&arguments);
    // In blocks of 512 bytes. The signal of the limit is passed over, so that writing fails instead.
    let script = "trap '' XFSZ; ulimit -f 24; exec \"$0\" \"$@\"";
    let mut limited = Command::new("sh");
    limited
        .args(["-c", script])
        .arg(program.get_program())
        .args(program.get_args());
    limited.env_clear().current_dir(job.folder.path());
    for (name, value) in program.get_envs() {
        limited.env(name, value.unwrap());
    }
    let said = Said::from(limited.output().unwrap());
    said.assert(1, &["journal out.csv.journal: File too large"]);
    let paid = asked(&mock);
    let out = job.outcomes("out.csv");
    assert!(!paid.is_empty() && paid.len() < 200, "{}", paid.len());
    for (target, outcome) in out.values() {
        assert_eq!(
            paid.contains_key(target),
            outcome == "row",
            "{target} {outcome}"
        );
    }
    let said = job.run(&[&arguments[..], &["--resume"]].concat());
    assert_eq!(job.outcomes("out.csv").len(), 200);
    assert!(asked(&mock).values().all(|times| *times == 1), "{said:?}");
}

/// Passes bytes between a program and a server, and does something when so many have passed.
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
            // What lies before the place has gone through.
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

const KILLED: [&str; 9] = [
    RANKS,
    "targets.txt",
    "-o",
    "out.csv",
    "--targets-per-call",
    "5",
    "--at-once",
    "2",
    "--quiet",
];
const TARGETS: usize = 30;
const KILLS: usize = 200;

/// What came of a job that was killed and resumed.
struct Resumed {
    /// How many bytes had passed.
    passed: usize,
    was_killed: bool,
    /// Targets whose call nobody knows about, as it was under way.
    uncertain: usize,
}

/// Runs a job that is killed when so many bytes have passed, and again to its end.
fn killed_at(at: usize) -> Resumed {
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
        // The tap waits until the child is there.
        let mut child = child.lock().unwrap();
        *child = Some(job.command(&KILLED).stderr(Stdio::null()).spawn().unwrap());
    }
    let status = loop {
        // Not waited for with the lock held: the tap has to get at it.
        if let Some(status) = child.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
            break status;
        }
        std::thread::yield_now();
    };
    assert!(status.success() || status.code().is_none(), "{status}");
    let first = asked(&mock);
    let job = Job {
        base_url: Some(mock.url()),
        ..job
    };
    let said = job.run(&[&KILLED[..], &["--resume"]].concat());
    assert!(matches!(said.code, Some(0 | 10)), "{at}: {said:?}");
    let out = job.outcomes("out.csv");
    assert_eq!(out.len(), TARGETS, "{at}");
    for (number, (target, outcome)) in &out {
        assert_eq!(*target, format!("d{}.example", number - 1));
        assert!(
            ["row", "failed"].contains(&outcome.as_str()),
            "{at}: {outcome}"
        );
    }
    for (target, times) in asked(&mock) {
        assert_eq!(
            times, 1,
            "{target} was paid for twice, killed at byte {at}; {first:?}"
        );
    }
    // Whoever says so gets the rest.
    let said = job.run(&[&KILLED[..], &["--resume", "--repeat-uncertain"]].concat());
    said.assert(0, &["30 targets: 30 rows"]);
    Resumed {
        passed: tap.passed.load(Ordering::SeqCst),
        was_killed: !status.success(),
        uncertain: out
            .values()
            .filter(|(_, outcome)| outcome == "failed")
            .count(),
    }
}

/// At two hundred places among all bytes that go over the wire.
#[test]
fn killed_at_any_moment() {
    let all = killed_at(usize::MAX).passed;
    assert!(all > 4_000, "{all}");
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let (mut killed, mut uncertain) = (0, 0);
    for _ in 0..KILLS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let resumed = killed_at((random % all as u64) as usize);
        killed += usize::from(resumed.was_killed);
        uncertain += resumed.uncertain;
    }
    println!(
        "{killed} of {KILLS} jobs were killed among {all} bytes; none lost a target or paid twice; \
         {uncertain} of {} targets were in calls that nobody knows about",
        KILLS * TARGETS
    );
    // The last bytes of all can come too late to kill anybody.
    assert!(killed > KILLS * 9 / 10, "{killed}");
    assert!(
        uncertain > 0 && uncertain < KILLS * TARGETS / 2,
        "{uncertain}"
    );
}

/// Ctrl-C: what is under way is finished and kept.
#[test]
fn interrupted() {
    let mock = mock();
    let child: Arc<Mutex<Option<Child>>> = Arc::default();
    let victim = Arc::clone(&child);
    let told = Arc::new(Barrier::new(2));
    let has_told = Arc::clone(&told);
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
        // The answer is held back until the program knows.
        has_told.wait();
    });
    let job = Job::at(&tap.url, targets(100));
    let arguments = [
        RANKS,
        "targets.txt",
        "-o",
        "out.csv",
        "--targets-per-call",
        "5",
        "--at-once",
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
    let mut said = String::new();
    for line in BufReader::new(err).lines() {
        let line = line.unwrap();
        if line.starts_with("stopping: ") {
            told.wait();
        }
        said += &line;
    }
    let status = child.lock().unwrap().as_mut().unwrap().wait().unwrap();
    assert_eq!(status.code(), Some(11), "{said}");
    assert!(said.contains("5 rows, 95 not sent; 1 call"), "{said}");
    assert_eq!(asked(&mock).len(), 5);
    let job = Job {
        base_url: Some(mock.url()),
        ..job
    };
    job.run(&[&arguments[..], &["--resume"]].concat())
        .assert(0, &["100 rows; 19 calls"]);
    assert!(asked(&mock).values().all(|times| *times == 1));
}

/// The journal is a file for people, too: nothing of the credentials is in it.
#[test]
fn the_journal_has_no_credentials() {
    let mock = mock();
    let job = Job::at(mock.url(), targets(3));
    job.run(&[RANKS, "targets.txt", "-o", "out.csv"])
        .assert(0, &[]);
    let journal = job.read("out.csv.journal");
    assert!(journal.contains("d1.example"));
    for secret in ["password-91c2", "bG9naW4"] {
        assert!(!journal.contains(secret) && !job.read("out.csv").contains(secret));
    }
    assert_eq!(mock.calls(BulkRanksLive), 1);
}
