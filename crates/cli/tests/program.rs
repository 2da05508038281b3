//! The program, as people and scripts use it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]
#![cfg(all(feature = "backlinks", feature = "on_page", feature = "serp"))]

use std::io::{Write as _, pipe};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use dataforseo_mock_server::{Builder, MockServer};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_dataforseo");

const LOGIN: &str = "login-7f3a";
const PASSWORD: &str = "password-91c2";
/// Both, as HTTP Basic sends them.
const ENCODED: &str = "bG9naW4tN2YzYTpwYXNzd29yZC05MWMy";

/// What the program said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let said = Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        // Whatever a test is about.
        for secret in [LOGIN, PASSWORD, ENCODED] {
            assert!(!said.out.contains(secret), "{secret} in {}", said.out);
            assert!(!said.err.contains(secret), "{secret} in {}", said.err);
        }
        said
    }
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The exit code, and a part of what stderr has.
    #[track_caller]
    fn assert(&self, code: i32, part: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.contains(part), "{part:?} is not in {self:?}");
    }
}

/// The program without anything of this machine's environment.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Said {
    program(arguments).output().unwrap().into()
}

fn mocked(arguments: &[&str]) -> Said {
    run(&[&["--mock"], arguments].concat())
}

/// Runs it against a server of this machine, with credentials.
fn against(mock: &MockServer, arguments: &[&str]) -> Said {
    let mut command = program(arguments);
    command
        .arg("--no-retries")
        .env("DATAFORSEO_LOGIN", LOGIN)
        .env("DATAFORSEO_PASSWORD", PASSWORD)
        .env("DATAFORSEO_BASE_URL", mock.url());
    command.output().unwrap().into()
}

fn server(builder: Builder) -> MockServer {
    builder.start_blocking().unwrap()
}

fn faulty(rule: &str) -> MockServer {
    server(MockServer::builder().rule(rule.parse().unwrap()))
}

fn fixture(path: &str, task: &Value, result: &Value) -> Builder {
    let task = match task {
        Value::Null => Value::Null,
        task => json!([task]),
    };
    let method = if task.is_null() { "GET" } else { "POST" };
    let fixture = json!({
        "dfs_fixture": 1,
        "request": { "method": method, "path": path, "body": task },
        "response": { "status": 200, "body": {
            "status_code": 20000,
            "cost": 0.5,
            "tasks": [{ "id": "07280000-1111-2222-3333-444455556666", "status_code": 20000, "result": [result] }],
        } },
    });
    MockServer::builder().fixture(fixture.to_string())
}

const RANKS: [&str; 4] = ["backlinks", "bulk-ranks-live", "--targets", "a.example"];

#[test]
fn the_help_of_the_program() {
    insta::assert_snapshot!(run(&["--help"]).out);
}

#[test]
fn the_help_of_an_endpoint() {
    insta::assert_snapshot!(run(&["backlinks", "bulk-new-lost-backlinks-live", "--help"]).out);
}

#[test]
fn the_help_of_a_post() {
    insta::assert_snapshot!(run(&["serp", "google-organic-task-post", "--help"]).out);
}

#[test]
fn the_short_help_of_what_is_fetched() {
    insta::assert_snapshot!(run(&["serp", "google-organic-task-get-advanced", "-h"]).out);
}

#[test]
fn the_help_of_filters_and_numbered_targets() {
    insta::assert_snapshot!(run(&["backlinks", "domain-intersection-live", "--help"]).out);
}

#[test]
fn a_list_of_endpoints() {
    let said = run(&["endpoints"]);
    said.assert(0, "");
    for line in [
        "backlinks bulk-ranks-live\tPOST /v3/backlinks/bulk_ranks/live\t1 task a call\t0.024 USD a call and 0.000036 USD a row, since 2026-07-01",
        "serp google-organic-tasks-ready\tGET /v3/serp/google/organic/tasks_ready\t20 calls a minute\tnothing",
    ] {
        assert!(said.out.lines().any(|found| found == line), "{said:?}");
    }
}

/// The example below each endpoint's help works as it stands there, with nothing but `--mock`.
#[test]
fn the_example_of_every_endpoint_works() {
    let bin = Path::new(PROGRAM).parent().unwrap();
    let list = run(&["endpoints"]).out;
    assert!(list.lines().count() >= 30);
    for line in list.lines() {
        let (command, _) = line.split_once('\t').unwrap();
        let mut words: Vec<&str> = command.split(' ').collect();
        words.push("--help");
        let help = run(&words).out;
        let (_, example) = help
            .split_once("\nExample:\n")
            .unwrap_or_else(|| panic!("{help}"));
        let example = format!("{} --mock", example.trim());
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &example]).env_clear().env("PATH", bin);
        let said = Said::from(shell.output().unwrap());
        said.assert(0, "the built-in mock answers");
        let results = said.json();
        assert!(
            !results.as_array().unwrap().is_empty(),
            "{example}: {said:?}"
        );
    }
}

#[test]
fn results_are_on_one_line_of_stdout() {
    let said = mocked(&RANKS);
    assert_eq!(said.code, Some(0));
    assert_eq!(said.out.lines().count(), 1);
    assert_eq!(said.json()[0]["items"][0]["target"], "a.example");
    let notes: Vec<&str> = said.err.lines().collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[1].starts_with("task "), "{notes:?}");
    assert!(notes[1].contains("; cost: "), "{notes:?}");
}

#[test]
fn the_answer_as_it_arrived() {
    let ok = mocked(&[&RANKS[..], &["--raw"]].concat());
    assert_eq!(ok.json()["tasks"][0]["data"]["function"], "bulk_ranks");
    let mock = faulty("/v3/** api:40200");
    let refused = against(&mock, &[&RANKS[..], &["--raw"]].concat());
    assert_eq!(refused.json()["status_code"], 40200);
    refused.assert(5, "40200");
}

#[test]
fn a_wrong_task_names_the_flags() {
    let said = mocked(&[
        "backlinks",
        "backlinks-live",
        "--target",
        "a.example",
        "--limit",
        "5000",
        "--order-by",
        "rank",
        "--task",
        r#"{"colour": 1}"#,
    ]);
    said.assert(2, "nothing was sent");
    assert!(
        said.err.contains("\n  --limit: at most 1000 is allowed\n"),
        "{said:?}"
    );
    assert!(
        said.err.contains("\n  --order-by (order_by[0]): expected"),
        "{said:?}"
    );
    assert!(said.err.contains("\n  colour: no such field"), "{said:?}");
    assert_eq!(said.out, "");
    let several = r#"[{"keyword": "a"}, {"location_code": 1}]"#;
    let said = mocked(&[
        "serp",
        "google-organic-task-post",
        "--language-code",
        "en",
        "--task",
        several,
    ]);
    said.assert(2, "\n  --location-name: required unless");
    said.assert(2, "\n  task 1: --keyword: required unless");
    let said = mocked(&["backlinks", "backlinks-live", "--target", "www.a.example"]);
    said.assert(0, "warning: --target: a domain is written without www.");
}

#[test]
fn a_wrong_command_line() {
    for (arguments, part) in [
        (&["backlinks", "bulk-ranks-live"][..], "--targets <TARGET>"),
        (&["backlinks", "bulk-rank-live"], "'bulk-ranks-live'"),
        (
            &[
                "backlinks",
                "history-live",
                "--target",
                "a",
                "--rank-scal",
                "x",
            ],
            "'--rank-scale'",
        ),
        (
            &[
                "backlinks",
                "summary-live",
                "--target",
                "a",
                "--internal-list-limit",
                "x",
            ],
            "expected a whole number",
        ),
        (
            &["backlinks", "summary-live", "--task", "{"],
            "--task: no JSON",
        ),
        (
            &["backlinks", "summary-live", "--task", "1"],
            "--task: expected a task",
        ),
        (
            &["backlinks", "summary-live", "--task", "[]"],
            "tasks: 0 elements",
        ),
        (
            &[
                "backlinks",
                "summary-live",
                "--target",
                "a",
                "--max-spend=-1",
            ],
            "--max-spend",
        ),
        (&["backlinks", "index", "--sandbox"], "give one of them"),
        (
            &["backlinks", "index", "--ca-file", "no/such.pem"],
            "--ca-file no/such.pem: ",
        ),
        (&["serp", "google-organic-task-get-advanced"], "<ID>"),
        (
            &["serp", "google-organic-task-get-advanced", ".."],
            "id: required",
        ),
    ] {
        mocked(arguments).assert(2, part);
    }
}

#[test]
fn a_task_from_stdin_and_from_a_file() {
    let task = r#"[{"targets": ["a.example"]}]"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("task.json");
    std::fs::write(&file, task).unwrap();
    let at = format!("@{}", file.display());
    let arguments = ["backlinks", "bulk-ranks-live", "--dry-run", "--task"];
    let from_file = run(&[&arguments[..], &[&at]].concat());
    let mut child = program(&[&arguments[..], &["-"]].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(task.as_bytes())
        .unwrap();
    let from_stdin = Said::from(child.wait_with_output().unwrap());
    for said in [from_file, from_stdin] {
        said.assert(0, "nothing was sent");
        assert_eq!(said.json()["body"], json!([{ "targets": ["a.example"] }]));
    }
}

/// Neither a server nor credentials are there.
#[test]
fn a_dry_run_sends_nothing() {
    let said = run(&[&RANKS[..], &["--dry-run"]].concat());
    said.assert(0, "nothing was sent; estimated at 0.024036 USD at most");
    let request = json!({
        "method": "POST",
        "url": "https://api.dataforseo.com/v3/backlinks/bulk_ranks/live",
        "body": [{ "targets": ["a.example"] }],
        "estimate_us_dollars": 0.024036,
    });
    assert_eq!(said.json(), request);
    let id = [
        "serp",
        "google-organic-task-get-advanced",
        "a b/c",
        "--dry-run",
        "--sandbox",
    ];
    let url = "https://sandbox.dataforseo.com/v3/serp/google/organic/task_get/advanced/a%20b%2Fc";
    assert_eq!(
        run(&id).json(),
        json!({ "method": "GET", "url": url, "estimate_us_dollars": 0.0 })
    );
    let pages = [
        "on-page",
        "instant-pages",
        "--url",
        "https://a.example/",
        "--dry-run",
    ];
    run(&pages).assert(0, "its price is not known here");
}

#[test]
fn money_has_a_limit() {
    let mock = server(MockServer::builder());
    let said = against(&mock, &[&RANKS[..], &["--max-spend", "0.02"]].concat());
    said.assert(5, "not sent");
    assert!(mock.request_log().is_empty());
    let pages = [
        "on-page",
        "instant-pages",
        "--url",
        "https://a.example/",
        "--max-spend",
        "1",
    ];
    mocked(&pages).assert(0, "--max-spend cannot refuse it");
}

#[test]
fn exit_codes_of_calls_that_fail() {
    for (fault, code, part) in [
        ("api:40100", 3, "`dataforseo doctor` looks for the cause"),
        ("task:40501", 3, "the task failed: 40501"),
        ("api:40210", 5, "40210"),
        ("proxy:502", 4, "; it may have been charged"),
        ("empty", 4, "; it may have been charged"),
        ("garbage", 4, "the call may have been charged"),
        ("task:40602", 6, "the task is not done yet (40602)"),
    ] {
        let mock = faulty(&format!("/v3/** {fault}"));
        let said = against(&mock, &RANKS);
        said.assert(code, part);
        assert_eq!(said.out, "", "{fault}");
    }
    let mock = faulty("/v3/** pending:1");
    let get = [
        "serp",
        "google-organic-task-get-advanced",
        "07280000-1111-2222-3333-444455556666",
    ];
    against(&mock, &get).assert(6, "ask again later");
}

#[test]
fn each_task_of_a_post_has_its_outcome() {
    let mock = server(
        MockServer::builder()
            .on_miss(dataforseo_mock_server::OnMiss::Example)
            .rule(
                "/v3/serp/google/organic/task_post task:40501@1"
                    .parse()
                    .unwrap(),
            ),
    );
    let two = r#"[{"keyword": "a"}, {"keyword": "b"}]"#;
    let post = [
        "serp",
        "google-organic-task-post",
        "--location-code",
        "2840",
        "--language-code",
        "en",
    ];
    let said = against(&mock, &[&post[..], &["--task", two]].concat());
    said.assert(3, "1 of 2 tasks failed");
    let outcomes = said.json();
    assert_eq!(outcomes[0]["status_code"], 20100);
    assert!(outcomes[0]["id"].is_string());
    assert_eq!(outcomes[1]["status_code"], 40501);
}

#[test]
fn what_else_is_to_be_said_of_an_answer() {
    let task = json!({ "target": "a.example" });
    let path = "/v3/backlinks/anchors/live";
    let result = json!({ "total_count": 30, "items_count": 1, "items": [{ "rank": 1.5 }] });
    let mock = server(fixture(path, &task, &result));
    let said = against(
        &mock,
        &["backlinks", "anchors-live", "--target", "a.example"],
    );
    assert_eq!(said.json(), json!([result]));
    insta::assert_snapshot!(said.err, @"task 07280000-1111-2222-3333-444455556666; cost: 0.5 USD; this is one page of 30 rows, --offset 1 has the next; /0/items/0/rank lost a part, as it is of another kind than documented: 1.5");
}

#[test]
fn without_credentials() {
    for set in [&[][..], &["DATAFORSEO_LOGIN"]] {
        let mut command = program(&RANKS);
        command.envs(set.iter().map(|name| (name, LOGIN)));
        let said = Said::from(command.output().unwrap());
        let missing = ["DATAFORSEO_LOGIN", "DATAFORSEO_PASSWORD"][set.len()];
        said.assert(1, missing);
        said.assert(1, "add --mock");
    }
}

/// A reader that has seen enough.
#[test]
fn a_closed_pipe_is_no_error() {
    for arguments in [
        &["--help"][..],
        &["endpoints"],
        &["completions", "bash"],
        &["backlinks", "index", "--mock"],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output = program(arguments).stdout(writer).output().unwrap();
        let said = Said::from(output);
        assert_eq!(said.code, Some(0), "{arguments:?}: {said:?}");
        assert!(
            !said.err.contains("error") && !said.err.contains("panicked"),
            "{said:?}"
        );
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output = program(arguments).stderr(writer).output().unwrap();
        assert_eq!(Said::from(output).code, Some(0), "{arguments:?}");
    }
}

#[test]
fn a_shell_takes_the_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = run(&["completions", shell]);
        said.assert(0, "");
        assert!(said.out.contains("bulk-ranks-live"), "{shell}");
        // Not every shell's script offers values.
        let values = matches!(shell, "bash" | "zsh" | "fish");
        assert!(!values || said.out.contains("one_thousand"), "{shell}");
    }
}

fn doctor(mock: &MockServer) -> Said {
    against(mock, &["doctor"])
}

#[test]
fn a_doctor_finds_nothing() {
    let said = run(&["doctor", "--mock"]);
    said.assert(0, "");
    insta::assert_snapshot!(said.out, @"
    ok    variables    the mock needs none
    ok    base URL     http://localhost
    ok    credentials  the API takes them
    ok    balance      16.02 USD
    ");
    let mock = server(MockServer::builder());
    let said = doctor(&mock);
    said.assert(0, "");
    let said = said
        .out
        .replace(mock.url().trim_start_matches("http://"), "HOST");
    insta::assert_snapshot!(said, @"
    ok    variables    DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD are set
    ok    base URL     http://HOST
    ok    proxy        none
    ok    name         HOST is known
    ok    connection   HOST answers
    ok    credentials  the API takes them
    ok    balance      16.02 USD
    ");
}

#[test]
fn a_doctor_says_what_is_wrong() {
    for (fault, line, code) in [
        ("api:40100", "FAIL  credentials  ", 1),
        ("api:40200", "FAIL  balance      ", 1),
        ("api:40201", "FAIL  account      ", 1),
        ("api:40202", "warn  limits       ", 0),
        ("api:50000", "warn  API          ", 0),
        ("proxy:502", "FAIL  answer       ", 1),
        ("garbage", "FAIL  answer       ", 1),
    ] {
        let mock = faulty(&format!("/v3/appendix/** {fault}"));
        let said = doctor(&mock);
        let last = said.out.lines().last().unwrap();
        assert!(last.starts_with(line), "{fault}: {last}");
        assert_eq!(said.code, Some(code), "{fault}");
    }
    // The mock's own 401, with that status.
    let mock = server(MockServer::builder().auth("other:other"));
    let said = doctor(&mock);
    assert!(said.out.contains("login or password is wrong"), "{said:?}");
}

#[test]
fn a_doctor_looks_at_the_money() {
    for (money, expected) in [
        (json!({ "balance": 0.0 }), "FAIL  balance      0 USD"),
        (json!({ "balance": 0.3 }), "warn  balance      0.3 USD"),
        (json!({}), "warn  balance      the answer"),
    ] {
        let result = json!({ "money": money });
        let mock = server(fixture("/v3/appendix/user_data", &Value::Null, &result));
        let said = doctor(&mock);
        assert!(said.out.contains(&format!("\n{expected}")), "{said:?}");
        assert!(said.out.contains("\nwarn  subscription "), "{said:?}");
        assert_eq!(said.code, Some(i32::from(expected.starts_with("FAIL"))));
    }
}

#[test]
fn a_doctor_looks_at_the_network() {
    let said = run(&["doctor", "--base-url", "http://127.0.0.1:1"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out
            .contains("FAIL  variables    not set: DATAFORSEO_LOGIN, DATAFORSEO_PASSWORD")
    );
    assert!(
        said.out.contains("\nFAIL  connection   127.0.0.1:1: "),
        "{said:?}"
    );
    let said = run(&["doctor", "--base-url", "nowhere"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out
            .contains("\nFAIL  base URL     `nowhere` is not complete"),
        "{said:?}"
    );
    // It speaks no TLS.
    let mock = server(MockServer::builder());
    let https = mock.url().replace("http:", "https:");
    let said = against(&mock, &["doctor", "--base-url", &https]);
    assert!(said.out.contains("\nFAIL  TLS "), "{said:?}");
}

/// Neither do proxies and base URLs show what stands in them.
#[test]
fn no_secret_is_shown() {
    let proxy = format!("http://{LOGIN}:{PASSWORD}@127.0.0.1:1");
    let url = format!("https://{LOGIN}:{PASSWORD}@127.0.0.1:1/?key={PASSWORD}");
    for arguments in [
        &["doctor"][..],
        &["backlinks", "index", "--no-retries"],
        &["backlinks", "index", "--dry-run"],
        &["backlinks", "index", "--dry-run", "--base-url", &url],
        &["doctor", "--base-url", &url],
    ] {
        let mut command = program(arguments);
        command
            .env("DATAFORSEO_LOGIN", LOGIN)
            .env("DATAFORSEO_PASSWORD", PASSWORD)
            .env("HTTPS_PROXY", &proxy);
        let said = Said::from(command.output().unwrap());
        assert!(said.out.len() + said.err.len() > 0);
        if arguments == ["doctor"] {
            assert!(said.out.contains("\nwarn  proxy        "), "{said:?}");
            assert!(said.out.contains("through 127.0.0.1:1;"), "{said:?}");
        }
    }
}
