//! Targets in odd spellings, and servers that write them in another way.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]
#![cfg(feature = "backlinks")]

use std::fs;
use std::path::PathBuf;

use dataforseo_test_support::fake_api::{FakeApi, Reply};
use dataforseo_test_support::program::{ProgramOutput, isolated};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dataforseo");
const RANKS: &str = "backlinks/bulk_ranks/live";

const ODD: [&str; 36] = [
    "köln.example",
    "xn--dsseldorf-q9a.example",
    "https://почта.рф/ящик",
    "http://shop.example:8080/b",
    "https://shop.example/b#reviews",
    "https://shop.example/two words",
    "shop.example.",
    "SHOP.example",
    "www.shop.example",
    "https://www.shop.example",
    "203.0.113.7",
    "http://[2001:DB8::7]/",
    "intranet",
    "under_score.shop.example",
    "ftp://shop.example/list",
    "shop",
    "//shop.example/list",
    "shop.example/list",
    "mailto:sales@shop.example",
    "https://sales:secret@shop.example/",
    "https://shop.example",
    "https://shop.example/",
    "https://shop.example/?q=ö&p=%20",
    "https://shop.example/?p=7,8;9",
    "🦀.shop.example",
    "two..dots.example",
    "-hyphen.example",
    "http://",
    "'quoted'.example",
    "one.example; two.example",
    "## a heading",
    "https://shop.example/50%",
    "com.example",
    "Shop.Example",
    "https://SHOP.example/Cart",
    "http://shop.example",
];

/// Targets that are spellings of one target.
const SAME: [&[&str]; 2] = [
    &["shop.example.", "SHOP.example", "Shop.Example"],
    &["https://shop.example", "https://shop.example/"],
];

fn is_same(target: &str, other: &str) -> bool {
    target == other
        || SAME
            .iter()
            .any(|it| it.contains(&target) && it.contains(&other))
}

struct Job {
    folder: TempDir,
    api: FakeApi,
}

impl Job {
    /// A job against a server that writes targets as `echo` does.
    fn new(targets: &[&str], echo: fn(&str) -> String) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("targets.txt"), targets.join("\n")).unwrap();
        let api = FakeApi::start(move |_| Reply::rows().echo(echo));
        Self { folder, api }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, output: &str, more: &[&str]) -> ProgramOutput {
        let mut command = isolated(PROGRAM);
        command
            .env("TMPDIR", self.folder.path())
            .env("DATAFORSEO_LOGIN", "login")
            .env("DATAFORSEO_PASSWORD", "password")
            .env("DATAFORSEO_BASE_URL", self.api.url())
            .current_dir(self.folder.path())
            .args(["bulk", RANKS, "targets.txt", "-o", output])
            .args(more);
        ProgramOutput::of(command)
    }

    /// The lines of a table in JSON lines, in the order of the input.
    fn lines(&self, name: &str) -> Vec<Value> {
        let table = fs::read_to_string(self.path(name)).unwrap();
        let mut lines: Vec<Value> = table
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        lines.sort_by_key(|line| line["number"].as_u64());
        lines
    }

    /// Asserts that each target has its own row, or is unmatched with the rows named. Returns the
    /// number of unmatched targets.
    #[track_caller]
    fn assert_matched(&self, lines: &[Value], targets: &[&str]) -> usize {
        let ledger = self.api.ledger();
        assert_eq!(ledger.paid_twice(), [""; 0]);
        assert_eq!(lines.len(), targets.len());
        let mut unmatched = 0;
        for (line, target) in lines.iter().zip(targets) {
            assert_eq!(line["target"], *target);
            match line["outcome"].as_str().unwrap() {
                "found" => {
                    let owner = ledger.target_of(line["row"]["rank"].as_i64().unwrap());
                    assert!(
                        is_same(target, owner.unwrap()),
                        "{target} has that of {owner:?}"
                    );
                }
                "unmatched" => {
                    unmatched += 1;
                    let reason = line["reason"].as_str().unwrap();
                    assert!(reason.contains("the journal has the response"), "{reason}");
                }
                other => panic!("{target} is {other}"),
            }
        }
        unmatched
    }
}

fn punycode(target: &str) -> String {
    target
        .replace("köln", "xn--kln-sna")
        .replace("почта.рф", "xn--80a1acny.xn--p1ai")
        .replace("ящик", "%D1%8F%D1%89%D0%B8%D0%BA")
        .replace("🦀", "xn--zs9h")
}

/// A way to write a target, with the number of targets that cannot be matched then.
type Echo = (&'static str, fn(&str) -> String, usize);

const ECHOES: [Echo; 13] = [
    ("as sent", str::to_owned, 0),
    ("lower case", str::to_lowercase, 0),
    ("upper case", str::to_uppercase, 3),
    ("punycode", punycode, 0),
    (
        "Unicode",
        |it| it.replace("xn--dsseldorf-q9a", "düsseldorf"),
        0,
    ),
    (
        "no fragment",
        |it| it.split('#').next().unwrap().to_owned(),
        1,
    ),
    ("a slash", |it| format!("{}/", it.trim_end_matches('/')), 5),
    ("no slash", |it| it.trim_end_matches('/').to_owned(), 1),
    ("no dot", |it| it.trim_end_matches('.').to_owned(), 0),
    (
        "encoded",
        |it| it.replace(' ', "%20").replace('ö', "%c3%b6"),
        2,
    ),
    ("HTML", |it| it.replace('&', "&amp;"), 0),
    ("no www.", |it| it.replace("www.", ""), 7),
    (
        "no scheme",
        |it| it.split("://").last().unwrap().to_owned(),
        12,
    ),
];

#[test]
fn odd_targets_have_their_rows_or_are_unmatched() {
    for (name, echo, expected) in ECHOES {
        let job = Job::new(&ODD, echo);
        let output = job.run("ranks.jsonl", &[]);
        let unmatched = job.assert_matched(&job.lines("ranks.jsonl"), &ODD);
        assert_eq!(unmatched, expected, "{name}");
        if unmatched == 0 {
            output.assert(0, &["36 targets: 36 found; 1 call"]);
        } else {
            let found = ODD.len() - unmatched;
            let counts = format!("36 targets: {found} found, {unmatched} unmatched; 1 call");
            output.assert(10, &[&counts, "could not be assigned to a target"]);
        }
    }
}

#[test]
fn targets_that_a_server_writes_alike_are_unmatched_in_the_table() {
    let targets = ["www.s.example", "s.example", "t.example"];
    let job = Job::new(&targets, |it| it.replace("www.", ""));
    let output = job.run("ranks.jsonl", &[]);
    output.assert(
        10,
        &[
            "3 targets: 1 found, 2 unmatched; 1 call",
            "2 rows could not be assigned to a target; the journal has the responses",
        ],
    );
    let lines = job.lines("ranks.jsonl");
    assert_eq!(job.assert_matched(&lines, &targets), 2);
    let reason = lines[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("2 rows that cannot be assigned"),
        "{reason}"
    );
    assert!(reason.contains("\"s.example\", \"s.example\""), "{reason}");

    // Resuming restores the table, and pays for nothing.
    let output = job.run("ranks.jsonl", &["--resume"]);
    output.assert(10, &["2 unmatched; 0 calls"]);
    assert_eq!(job.lines("ranks.jsonl"), lines);
    assert_eq!(job.api.calls().len(), 1);
}

#[test]
fn spellings_of_one_target_are_paid_for_once() {
    let targets = [
        "a.example",
        "A.example",
        "a.example.",
        "b.example",
        "A.EXAMPLE",
    ];
    let job = Job::new(&targets, str::to_lowercase);
    job.run("ranks.csv", &[])
        .assert(0, &["5 targets: 5 found; 1 call"]);
    assert_eq!(job.api.calls()[0].targets, ["a.example", "b.example"]);
    let table = fs::read_to_string(job.path("ranks.csv")).unwrap();
    for (index, target) in targets.iter().enumerate() {
        assert!(
            table.contains(&format!("{},{target},found", index + 1)),
            "{table}"
        );
    }
}

#[test]
fn a_response_with_the_rows_of_others_is_kept_in_the_journal() {
    let targets = ["a.example", "b.example"];
    let job = Job::new(&targets, |_| "stranger.example".to_owned());
    let output = job.run("ranks.jsonl", &[]);
    output.assert(10, &["2 targets: 0 found, 2 unmatched"]);
    let lines = job.lines("ranks.jsonl");
    assert_eq!(job.assert_matched(&lines, &targets), 2);
    assert!(
        lines[0]["reason"]
            .as_str()
            .unwrap()
            .contains("\"stranger.example\"")
    );
    let journal = fs::read(job.path("ranks.jsonl.journal")).unwrap();
    assert!(String::from_utf8_lossy(&journal).contains("\"target\":\"stranger.example\""));
}
