//! The program on the command line.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]
#![cfg(all(feature = "backlinks", feature = "on_page", feature = "serp"))]

use std::io::{Write as _, pipe};
use std::path::Path;
use std::process::{Command, Stdio};

use dataforseo_client::models::Endpoint as _;
use dataforseo_client::models::backlinks::{
    BacklinksLive, BulkNewLostBacklinksLive, DomainIntersectionLive,
};
use dataforseo_client::models::serp::google::OrganicTaskPost;
use dataforseo_mock_server::{Builder, MockServer};
use dataforseo_test_support::documented;
use dataforseo_test_support::program::{ProgramOutput, isolated};
use serde_json::{Value, json};

#[path = "support/help.rs"]
mod help;

use help::{assert_fields, frame};

const PROGRAM: &str = env!("CARGO_BIN_EXE_dataforseo");

const LOGIN: &str = "login-7f3a";
const PASSWORD: &str = "password-91c2";
/// Both, as HTTP Basic sends them.
const ENCODED: &str = "bG9naW4tN2YzYTpwYXNzd29yZC05MWMy";

const SECRETS: &[&str] = &[LOGIN, PASSWORD, ENCODED];

/// Runs a command. Panics if it prints a secret, whatever the test is about.
fn finish(command: Command) -> ProgramOutput {
    ProgramOutput::of(command).without_secrets(SECRETS)
}

/// The program with an empty environment.
fn program(arguments: &[&str]) -> Command {
    let mut command = isolated(PROGRAM);
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> ProgramOutput {
    finish(program(arguments))
}

fn mocked(arguments: &[&str]) -> ProgramOutput {
    run(&[&["--mock"], arguments].concat())
}

/// Runs the program against a local server, with credentials.
fn against(mock: &MockServer, arguments: &[&str]) -> ProgramOutput {
    let mut command = program(arguments);
    command
        .arg("--no-retries")
        .env("DATAFORSEO_LOGIN", LOGIN)
        .env("DATAFORSEO_PASSWORD", PASSWORD)
        .env("DATAFORSEO_BASE_URL", mock.url());
    finish(command)
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
    let help = run(&["backlinks", "bulk-new-lost-backlinks-live", "--help"]).out;
    insta::assert_snapshot!(frame(&help));
    let info = BulkNewLostBacklinksLive::INFO;
    assert_fields(&help, info, &[]);
    for facts in [
        format!(
            "\n          Required. At most {}. Repeat the flag for each value",
            documented::max_items(info, "targets")
        ),
        format!(
            "\n          At most {} characters.\n",
            documented::max_length(info, "tag")
        ),
        format!("\nCall    POST {}\n", info.path),
        format!("\nDocs    {}\n", info.docs_url),
        "\nExample:\n  dataforseo backlinks bulk-new-lost-backlinks-live --targets ".to_owned(),
    ] {
        assert!(help.contains(&facts), "{facts}\n{help}");
    }
}

#[test]
fn the_help_of_a_post() {
    let help = run(&["serp", "google", "organic-task-post", "--help"]).out;
    insta::assert_snapshot!(frame(&help));
    let info = OrganicTaskPost::INFO;
    assert_fields(&help, info, &[]);
    let values = documented::values(info, "device").join(", ");
    let values = format!("\n          [possible values: {values}]\n");
    assert!(help.contains(&values), "{help}");
}

#[test]
fn the_short_help_of_a_result() {
    let help = run(&["serp", "google", "organic-task-get-advanced", "-h"]).out;
    insta::assert_snapshot!(frame(&help));
}

#[test]
fn the_help_of_filters_and_numbered_targets() {
    let help = run(&["backlinks", "domain-intersection-live", "--help"]).out;
    insta::assert_snapshot!(frame(&help));
    let info = DomainIntersectionLive::INFO;
    assert_fields(&help, info, &[]);
    let conditions = documented::max_conditions(info, "filters");
    for facts in [
        format!("At most {conditions} conditions. JSON, such as"),
        "      --targets <TARGET>\n".to_owned(),
    ] {
        assert!(help.contains(&facts), "{facts}\n{help}");
    }
}

#[test]
fn a_list_of_endpoints() {
    let output = run(&["endpoints"]);
    output.assert(0, &[]);
    for line in [
        "backlinks bulk-ranks-live\tPOST /v3/backlinks/bulk_ranks/live\t1 task per call\t0.024 USD per task and 0.000036 USD per row on 2026-07-28",
        "serp google organic-tasks-ready\tGET /v3/serp/google/organic/tasks_ready\t60 calls per minute\tfree",
    ] {
        assert!(output.out.lines().any(|found| found == line), "{output:?}");
    }
}

/// The example in each endpoint's help works with `--mock`.
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
        let output = finish(shell);
        output.assert(0, &["using the built-in mock server"]);
        let results = output.json();
        assert!(
            !results.as_array().unwrap().is_empty(),
            "{example}: {output:?}"
        );
    }
}

#[test]
fn results_are_on_one_line_of_stdout() {
    let output = mocked(&RANKS);
    assert_eq!(output.code, Some(0));
    assert_eq!(output.out.lines().count(), 1);
    assert_eq!(output.json()[0]["items"][0]["target"], "a.example");
    let notes: Vec<&str> = output.err.lines().collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[1].starts_with("task "), "{notes:?}");
    assert!(notes[1].contains("; cost: "), "{notes:?}");
}

#[test]
fn the_raw_response() {
    let ok = mocked(&[&RANKS[..], &["--raw"]].concat());
    assert_eq!(ok.json()["tasks"][0]["data"]["function"], "bulk_ranks");
    let mock = faulty("/v3/** api:40200");
    let refused = against(&mock, &[&RANKS[..], &["--raw"]].concat());
    assert_eq!(refused.json()["status_code"], 40200);
    refused.assert(5, &["40200"]);
}

#[test]
fn a_wrong_task_names_the_flags() {
    let most = documented::max(BacklinksLive::INFO, "limit");
    let output = mocked(&[
        "backlinks",
        "backlinks-live",
        "--target",
        "a.example",
        "--limit",
        &(most + 1).to_string(),
        "--order-by",
        "rank",
        "--task",
        r#"{"colour": 1}"#,
    ]);
    output.assert(2, &["nothing was sent"]);
    assert!(
        output
            .err
            .contains(&format!("\n  --limit: at most {most} is allowed\n")),
        "{output:?}"
    );
    assert!(
        output
            .err
            .contains("\n  --order-by (order_by[0]): expected"),
        "{output:?}"
    );
    assert!(
        output.err.contains("\n  colour: unknown field"),
        "{output:?}"
    );
    assert_eq!(output.out, "");
    let several = r#"[{"keyword": "a"}, {"location_code": 1}]"#;
    let output = mocked(&[
        "serp",
        "google",
        "organic-task-post",
        "--language-code",
        "en",
        "--task",
        several,
    ]);
    output.assert(2, &["\n  --location-code: required unless"]);
    output.assert(2, &["\n  task 1: --keyword: required unless"]);
    let output = mocked(&["backlinks", "backlinks-live", "--target", "www.a.example"]);
    output.assert(0, &["warning: --target: a domain is written without www."]);
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
            "--task: not JSON",
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
            &["backlinks", "summary-live", "--target", "a", "--budget=-1"],
            "--budget",
        ),
        (&["backlinks", "index", "--sandbox"], "give one of them"),
        (
            &["backlinks", "index", "--ca-file", "no/such.pem"],
            "--ca-file no/such.pem: ",
        ),
        (&["serp", "google", "organic-task-get-advanced"], "<ID>"),
        (
            &["serp", "google", "organic-task-get-advanced", ".."],
            "id: required",
        ),
    ] {
        mocked(arguments).assert(2, &[part]);
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
    let from_stdin =
        ProgramOutput::from(child.wait_with_output().unwrap()).without_secrets(SECRETS);
    for output in [from_file, from_stdin] {
        output.assert(0, &["nothing was sent"]);
        assert_eq!(output.json()["body"], json!([{ "targets": ["a.example"] }]));
    }
}

/// Without a server and without credentials.
#[test]
fn a_dry_run_sends_nothing() {
    let output = run(&[&RANKS[..], &["--dry-run"]].concat());
    output.assert(0, &["nothing was sent; estimated at 0.024036 USD at most"]);
    let request = json!({
        "method": "POST",
        "url": "https://api.dataforseo.com/v3/backlinks/bulk_ranks/live",
        "body": [{ "targets": ["a.example"] }],
        "estimate_us_dollars": 0.024036,
    });
    assert_eq!(output.json(), request);
    let id = [
        "serp",
        "google",
        "organic-task-get-advanced",
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
        "--enable-browser-rendering",
        "--dry-run",
    ];
    run(&pages).assert(0, &["the price is unknown to this program"]);
}

#[test]
fn calls_stay_within_the_budget() {
    let mock = server(MockServer::builder());
    let output = against(&mock, &[&RANKS[..], &["--budget", "0.02"]].concat());
    output.assert(5, &["not sent"]);
    assert!(mock.request_log().is_empty());
    let pages = [
        "on-page",
        "instant-pages",
        "--url",
        "https://a.example/",
        "--enable-browser-rendering",
        "--budget",
        "1",
    ];
    mocked(&pages).assert(0, &["--budget has no effect"]);
}

#[test]
fn exit_codes_of_calls_that_fail() {
    for (fault, code, part) in [
        ("api:40100", 3, "`dataforseo doctor` finds the cause"),
        ("task:40501", 3, "the task failed: 40501"),
        ("api:40210", 5, "40210"),
        ("proxy:502", 4, "; it may have been charged"),
        ("empty", 4, "; it may have been charged"),
        ("garbage", 4, "the call may have been charged"),
        ("task:40602", 6, "the task is still in progress (40602)"),
    ] {
        let mock = faulty(&format!("/v3/** {fault}"));
        let output = against(&mock, &RANKS);
        output.assert(code, &[part]);
        assert_eq!(output.out, "", "{fault}");
    }
    let mock = faulty("/v3/** pending:1");
    let get = [
        "serp",
        "google",
        "organic-task-get-advanced",
        "07280000-1111-2222-3333-444455556666",
    ];
    against(&mock, &get).assert(6, &["try again later"]);
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
        "google",
        "organic-task-post",
        "--location-code",
        "2840",
        "--language-code",
        "en",
    ];
    let output = against(&mock, &[&post[..], &["--task", two]].concat());
    output.assert(3, &["1 of 2 tasks failed"]);
    let outcomes = output.json();
    assert_eq!(outcomes[0]["status_code"], 20100);
    assert!(outcomes[0]["id"].is_string());
    assert_eq!(outcomes[1]["status_code"], 40501);
}

#[test]
fn notes_about_a_response() {
    let task = json!({ "target": "a.example" });
    let path = "/v3/backlinks/anchors/live";
    let result = json!({ "total_count": 30, "items_count": 1, "items": [{ "rank": 1.5 }] });
    let mock = server(fixture(path, &task, &result));
    let output = against(
        &mock,
        &["backlinks", "anchors-live", "--target", "a.example"],
    );
    assert_eq!(output.json(), json!([result]));
    insta::assert_snapshot!(output.err, @"task 07280000-1111-2222-3333-444455556666; cost: 0.5 USD; one page of 30 rows, use --offset 1 for the next; /0/items/0/rank is not of the documented kind and lost a part: 1.5");
}

#[test]
fn without_credentials() {
    for set in [&[][..], &["DATAFORSEO_LOGIN"]] {
        let mut command = program(&RANKS);
        command.envs(set.iter().map(|name| (name, LOGIN)));
        let output = finish(command);
        let missing = ["DATAFORSEO_LOGIN", "DATAFORSEO_PASSWORD"][set.len()];
        output.assert(1, &[missing]);
        output.assert(1, &["add --mock"]);
    }
}

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
        let mut command = program(arguments);
        command.stdout(writer);
        let output = finish(command);
        assert_eq!(output.code, Some(0), "{arguments:?}: {output:?}");
        assert!(
            !output.err.contains("error") && !output.err.contains("panicked"),
            "{output:?}"
        );
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = program(arguments);
        command.stderr(writer);
        assert_eq!(finish(command).code, Some(0), "{arguments:?}");
    }
}

#[test]
fn completions_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        output.assert(0, &[]);
        assert!(output.out.contains("bulk-ranks-live"), "{shell}");
        // Not every shell's script offers values.
        let values = matches!(shell, "bash" | "zsh" | "fish");
        assert!(!values || output.out.contains("one_thousand"), "{shell}");
    }
}

fn doctor(mock: &MockServer) -> ProgramOutput {
    against(mock, &["doctor"])
}

/// Replaces the balance, which is synthetic.
fn without_balance(text: &str) -> String {
    let line = text.lines().find(|line| line.contains("balance"));
    let amount = line.and_then(|line| line.split_whitespace().nth(2));
    let amount = amount.expect("a line with the balance");
    assert!(
        amount
            .parse::<f64>()
            .is_ok_and(|us_dollars| us_dollars > 0.0)
    );
    text.replace(amount, "N")
}

#[test]
fn doctor_finds_no_problem() {
    let output = run(&["doctor", "--mock"]);
    output.assert(0, &[]);
    insta::assert_snapshot!(without_balance(&output.out), @"
    ok    variables    not needed for the mock server
    ok    base URL     http://localhost
    ok    credentials  accepted by the API
    ok    balance      N USD
    warn  limits       missing in the response: those of this program apply
    warn  prices       missing in the response: those of this program apply
    ");
    let mock = server(MockServer::builder());
    let output = doctor(&mock);
    output.assert(0, &[]);
    let output = output
        .out
        .replace(mock.url().trim_start_matches("http://"), "HOST");
    insta::assert_snapshot!(without_balance(&output), @"
    ok    variables    DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD are set
    ok    base URL     http://HOST
    ok    proxy        none
    ok    DNS          HOST resolves
    ok    connection   HOST accepts connections
    ok    credentials  accepted by the API
    ok    balance      N USD
    warn  limits       missing in the response: those of this program apply
    warn  prices       missing in the response: those of this program apply
    ");
}

#[test]
fn doctor_explains_errors() {
    for (fault, line, code) in [
        ("api:40100", "FAIL  credentials  ", 1),
        ("api:40200", "FAIL  balance      ", 1),
        ("api:40201", "FAIL  account      ", 1),
        ("api:40202", "warn  limits       ", 0),
        ("api:50000", "warn  API          ", 0),
        ("proxy:502", "FAIL  response     ", 1),
        ("garbage", "FAIL  response     ", 1),
    ] {
        let mock = faulty(&format!("/v3/appendix/** {fault}"));
        let output = doctor(&mock);
        let last = output.out.lines().last().unwrap();
        assert!(last.starts_with(line), "{fault}: {last}");
        assert_eq!(output.code, Some(code), "{fault}");
    }
    // The 401 of the mock, with that HTTP status.
    let mock = server(MockServer::builder().auth("other:other"));
    let output = doctor(&mock);
    assert!(
        output.out.contains("login or password is wrong"),
        "{output:?}"
    );
}

#[test]
fn doctor_checks_the_balance() {
    for (money, expected) in [
        (json!({ "balance": 0.0 }), "FAIL  balance      0 USD"),
        (json!({ "balance": 0.3 }), "warn  balance      0.3 USD"),
        (json!({}), "warn  balance      missing in the response"),
    ] {
        let result = json!({ "money": money });
        let mock = server(fixture("/v3/appendix/user_data", &Value::Null, &result));
        let output = doctor(&mock);
        assert!(output.out.contains(&format!("\n{expected}")), "{output:?}");
        assert!(output.out.contains("\nwarn  subscription "), "{output:?}");
        assert_eq!(output.code, Some(i32::from(expected.starts_with("FAIL"))));
    }
}

#[test]
fn doctor_shows_limits_and_prices() {
    let price = |per_request: f64| {
        json!({"serp": {"task_post": {"priority_normal": [
            {"cost_type": "per_request", "cost": per_request}
        ]}}})
    };
    let rates = json!({"limits": {"minute": {"total": 500, "serp": {"tasks_ready": 60}}}});
    for (price, line) in [
        (
            price(0.0006),
            "warn  prices       1 endpoints have other prices",
        ),
        (
            json!({"serp": 1}),
            "warn  prices       missing in the response",
        ),
    ] {
        let result = json!({ "price": price, "rates": rates });
        let mock = server(fixture("/v3/appendix/user_data", &Value::Null, &result));
        let output = doctor(&mock);
        let limits = "ok    limits       500 calls per minute, 30 at the same time; 1 functions";
        for expected in [limits, line] {
            assert!(output.out.contains(&format!("\n{expected}")), "{output:?}");
        }
    }
}

#[test]
fn the_prices_of_the_account() {
    let result = json!({
        "price": {"backlinks": {"summary": {"live": {"priority_normal": [
            {"cost_type": "per_request", "cost": 0.5}
        ]}}}},
        "rates": {"limits": {"minute": {}}}
    });
    let mock = server(fixture("/v3/appendix/user_data", &Value::Null, &result));
    let arguments = [
        "backlinks",
        "summary-live",
        "--target",
        "a.com",
        "--dry-run",
    ];
    let output = against(&mock, &arguments);
    output.assert(0, &["estimated at 0.024036 USD at most"]);
    let output = against(&mock, &[&arguments[..], &["--account-rates"]].concat());
    output.assert(0, &["estimated at 0.5 USD at most"]);
}

#[test]
fn doctor_checks_the_network() {
    let output = run(&["doctor", "--base-url", "http://127.0.0.1:1"]);
    assert_eq!(output.code, Some(1));
    assert!(
        output
            .out
            .contains("FAIL  variables    not set: DATAFORSEO_LOGIN, DATAFORSEO_PASSWORD")
    );
    assert!(
        output.out.contains("\nFAIL  connection   127.0.0.1:1: "),
        "{output:?}"
    );
    let output = run(&["doctor", "--base-url", "nowhere"]);
    assert_eq!(output.code, Some(1));
    assert!(
        output
            .out
            .contains("\nFAIL  base URL     `nowhere` is incomplete; expected a URL such as"),
        "{output:?}"
    );
    // The server has no TLS.
    let mock = server(MockServer::builder());
    let https = mock.url().replace("http:", "https:");
    let output = against(&mock, &["doctor", "--base-url", &https]);
    assert!(output.out.contains("\nFAIL  TLS "), "{output:?}");
}

/// Credentials in proxies and base URLs are not shown either.
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
        let output = finish(command);
        assert!(output.out.len() + output.err.len() > 0);
        if arguments == ["doctor"] {
            assert!(output.out.contains("\nwarn  proxy        "), "{output:?}");
            assert!(output.out.contains("through 127.0.0.1:1,"), "{output:?}");
        }
    }
}
