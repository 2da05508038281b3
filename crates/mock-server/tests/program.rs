//! The program, as a CI job runs it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]
#![cfg(feature = "program")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dataforseo-mock-server");
const SUMMARY: &str = "/v3/backlinks/bulk_pages_summary/live";

struct Running {
    child: Child,
    /// `None` once it is closed.
    stderr: Option<BufReader<ChildStderr>>,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        Self::spawn(&mut program(arguments))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.expect(&line).to_owned();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            stderr: Some(stderr),
            address,
        }
    }

    /// Sends a request. Returns the response, head and body.
    fn send(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Basic bG9naW46cGFzc3dvcmQ=\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    /// Reads stderr up to a line with this beginning. Returns that line.
    fn wait_for(&mut self, beginning: &str) -> String {
        let stderr = self.stderr.as_mut().unwrap();
        let mut line = String::new();
        while !line.starts_with(beginning) {
            line.clear();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "{beginning}");
        }
        line
    }

    /// Reads stderr from here to its end.
    fn rest_of_stderr(&mut self) -> String {
        let mut text = String::new();
        let stderr = self.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut text).unwrap();
        text
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    fn terminate(&mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .env_remove("CI")
        .env_remove("DATAFORSEO_MOCK_USED_DIR")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    ended(&program(arguments).output().unwrap())
}

fn ended(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn fixture(target: &str, cost: &str) -> String {
    format!(
        r#"{{"dfs_fixture": 1,
        "request": {{"method": "POST", "path": "{SUMMARY}", "body": [{{"targets": ["{target}"]}}]}},
        "response": {{"status": 200, "body": {{"status_code": 20000, "cost": {cost}, "tasks": []}}}}}}"#
    )
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn it_prints_its_address_and_responds() {
    let mut server = Running::start(&["serve", "--listen", "127.0.0.1:0"]);
    let response = server.send("GET", "/nothing", "");
    assert!(
        response.starts_with("HTTP/1.1 404 Not Found\r\n"),
        "{response}"
    );
    assert!(response.contains("\"status_code\":40400"), "{response}");
    let miss = server.wait_for("miss");
    assert_eq!(miss, "miss 1: GET /nothing: unknown endpoint /nothing\n");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn invalid_arguments_are_reported() {
    let (code, _, message) = run(&["serve", "--fixtures", "no/such/folder"]);
    assert_eq!(code, Some(3));
    assert!(message.starts_with("error: no/such/folder: "), "{message}");
    for (arguments, expected) in [
        (
            &["serve", "--listen", "nowhere"][..],
            "invalid socket address",
        ),
        (&["serve", "--fault", "/v3 resett"], "Did you mean `reset`?"),
        (&["serve", "--on-miss", "record"], "requires `--to FOLDER`"),
        (
            &["serve", "--watch"],
            "`--watch` requires `--fixtures FOLDER`",
        ),
        (
            &["record", "--to", "x", "--upstream", "nowhere"],
            "expected `sandbox`, `live` or a URL",
        ),
        (
            &["record", "--to", "x", "--upstream", "http://a.example"],
            "expected https://",
        ),
        (&["exec"], "required arguments"),
    ] {
        let (code, _, message) = run(arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
    // No message contains credentials.
    let (code, _, message) = run(&["serve", "--auth", "hunter2"]);
    assert_eq!(code, Some(3));
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn the_port_is_in_a_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("port");
    let server = Running::start(&["serve", "--port-file", file.to_str().unwrap()]);
    let port = fs::read_to_string(file).unwrap();
    assert_eq!(server.address, format!("127.0.0.1:{}", port.trim()));
    let response = server.send("GET", "/__mock/health", "");
    assert!(response.contains("\"status\": \"ok\""), "{response}");
}

/// A process that waits for the file must not read the port of an earlier server.
#[test]
fn an_old_port_file_is_removed() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "port", "1\n");
    let start = ["serve", "--port-file", &file, "--fixtures"];
    assert_eq!(run(&[&start[..], &["no/such/folder"]].concat()).0, Some(3));
    assert!(!Path::new(&file).exists());
    // One that cannot be removed is reported before anything starts.
    let path = folder.path().to_str().unwrap();
    let (code, _, message) = run(&["serve", "--port-file", path]);
    assert_eq!(code, Some(3));
    assert!(
        message.starts_with(&format!("error: {path}: ")),
        "{message}"
    );
}

#[test]
fn fixtures_are_read_again_when_they_change() {
    let folder = TempDir::new().unwrap();
    let name = write(folder.path(), "a.json", &fixture("a.com", "1"));
    let path = folder.path().to_str().unwrap();
    let mut server = Running::start(&["serve", "--watch", "--fixtures", path]);
    let tasks = r#"[{"targets": ["a.com"]}]"#;
    assert!(server.send("POST", SUMMARY, tasks).contains("\"cost\":1,"));
    fs::write(&name, fixture("a.com", "2")).unwrap();
    assert_eq!(server.wait_for("reloaded"), "reloaded: 1 fixtures\n");
    assert!(server.send("POST", SUMMARY, tasks).contains("\"cost\":2,"));
    fs::write(&name, "{").unwrap();
    let message = server.wait_for("not reloaded");
    assert!(message.contains("a.json: not JSON"), "{message}");
    assert!(server.send("POST", SUMMARY, tasks).contains("\"cost\":2,"));
}

/// A folder can be replaced by another one, as by a checkout or `mv` and `cp -r`.
#[cfg(unix)]
#[test]
fn a_folder_that_is_replaced_is_still_watched() {
    let around = TempDir::new().unwrap();
    let folder = around.path().join("q");
    fs::create_dir(&folder).unwrap();
    write(&folder, "a.json", &fixture("a.com", "1"));
    let path = folder.to_str().unwrap();
    let mut server = Running::start(&["serve", "--watch", "--fixtures", path]);
    // A reload in between may have seen a part of the change.
    let wait_for_cost = |server: &mut Running, cost: u32| {
        loop {
            server.wait_for("reloaded");
            let response = server.send("POST", SUMMARY, TASKS);
            if response.contains(&format!("\"cost\":{cost},")) {
                break;
            }
        }
    };
    fs::rename(&folder, around.path().join("q.old")).unwrap();
    let message = server.wait_for("not reloaded");
    assert!(message.contains(path), "{message}");
    fs::create_dir(&folder).unwrap();
    write(&folder, "a.json", &fixture("a.com", "2"));
    wait_for_cost(&mut server, 2);
    write(&folder, "a.json", &fixture("a.com", "3"));
    wait_for_cost(&mut server, 3);

    // A link can get another target.
    let other = around.path().join("other");
    fs::create_dir(&other).unwrap();
    write(&other, "a.json", &fixture("a.com", "4"));
    let link = around.path().join("link");
    std::os::unix::fs::symlink("q", &link).unwrap();
    let path = link.to_str().unwrap();
    let mut server = Running::start(&["serve", "--watch", "--fixtures", path]);
    let new = around.path().join("new");
    std::os::unix::fs::symlink("other", &new).unwrap();
    fs::rename(&new, &link).unwrap();
    wait_for_cost(&mut server, 4);
    write(&other, "a.json", &fixture("a.com", "5"));
    wait_for_cost(&mut server, 5);
}

/// Emacs creates such a link beside a file that is being edited.
#[cfg(unix)]
#[test]
fn a_file_that_begins_with_a_dot_is_not_a_fixture() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "a.json", &fixture("a.com", "1"));
    let lock = folder.path().join(".#a.json");
    std::os::unix::fs::symlink("jo@host.1:2", lock).unwrap();
    let path = folder.path().to_str().unwrap();
    let server = Running::start(&["serve", "--fixtures", path]);
    assert!(server.send("POST", SUMMARY, TASKS).contains("\"cost\":1,"));
}

/// Responses that were started before the signal are completed after it.
#[test]
fn it_ends_after_the_requests_in_flight() {
    // A response that takes two seconds.
    let folder = TempDir::new().unwrap();
    let long = format!("\"tasks\": [], \"long\": \"{}\"", "x".repeat(20_000));
    let long = fixture("a.com", "1").replace("\"tasks\": []", &long);
    write(folder.path(), "a.json", &long);
    let path = folder.path().to_str().unwrap();
    let rule = format!("{SUMMARY} trickle:10000");
    let mut server = Running::start(&["serve", "--fixtures", path, "--fault", &rule]);
    let mut waiting: Vec<(TcpStream, Vec<u8>)> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            let length = TASKS.len();
            let head = format!(
                "POST {SUMMARY} HTTP/1.1\r\nhost: x\r\nauthorization: Basic bG9naW46cGFzc3dvcmQ=\r\n\
                 content-length: {length}\r\n\r\n{TASKS}"
            );
            stream.write_all(head.as_bytes()).unwrap();
            (stream, Vec::new())
        })
        .collect();
    // The head of each response has arrived; the rest takes a while.
    for (stream, response) in &mut waiting {
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        response.extend(first);
    }
    server.signal("TERM");
    // Proves that the responses are not complete yet.
    for (stream, response) in &mut waiting {
        stream.set_nonblocking(true).unwrap();
        let stopped = stream.read_to_end(response).map_err(|error| error.kind());
        assert_eq!(stopped, Err(std::io::ErrorKind::WouldBlock));
        assert!(
            response.len() < 20_000,
            "{} bytes are there",
            response.len()
        );
        stream.set_nonblocking(false).unwrap();
    }
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    for (mut stream, mut response) in waiting {
        stream.read_to_end(&mut response).unwrap();
        let response = String::from_utf8(response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(length, Some(body.len().to_string().as_str()));
    }
}

/// The test causes more misses than a pipe and the waiting lines can hold.
const MANY: usize = 1_000;

#[test]
fn a_slow_reader_of_stderr_blocks_nothing() {
    let mut server = Running::start(&["serve"]);
    for _ in 0..MANY {
        let response = server.send("POST", SUMMARY, TASKS);
        assert!(response.starts_with("HTTP/1.1 404"), "{response}");
    }
    // A reader that continues learns how many lines are missing.
    let (mut misses, mut line) = (0, String::new());
    let left_out: usize = loop {
        line.clear();
        let stderr = server.stderr.as_mut().unwrap();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0);
        if let Some((count, _)) = line.split_once(" lines were dropped") {
            break count.parse().unwrap();
        }
        misses += usize::from(line.starts_with("miss "));
    };
    assert_eq!(misses + left_out, MANY);
    // The program ends even if stderr is not read.
    for _ in 0..MANY {
        server.send("POST", SUMMARY, TASKS);
    }
    let response = server.send("GET", "/__mock/health", "");
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_closed_stderr_ends_nothing() {
    let mut server = Running::start(&["serve"]);
    server.stderr = None;
    for _ in 0..3 {
        let response = server.send("GET", "/nothing", "");
        assert!(response.starts_with("HTTP/1.1 404"), "{response}");
    }
    assert_eq!(server.terminate(), Some(0));
}

/// The last lines are written, even if many lines wait before them.
#[test]
fn the_last_lines_are_not_lost() {
    let mut server = Running::start(&["serve"]);
    for _ in 0..100 {
        server.send("GET", "/nothing", "");
    }
    assert_eq!(server.terminate(), Some(0));
    let misses = server.rest_of_stderr();
    let lines = misses.lines().filter(|line| line.starts_with("miss "));
    assert_eq!(lines.count(), 100);
}

#[test]
fn a_command_runs_against_a_server_of_its_own() {
    // The program itself is the client: it records from the server, with the environment that
    // `exec` sets.
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("recorded");
    let script = format!(
        "test \"$DATAFORSEO_LOGIN\" = login || exit 9; '{PROGRAM}' record --to '{}' --allow-network \
         --upstream \"$DATAFORSEO_BASE_URL\" POST {SUMMARY} '[{{\"targets\": [\"'$1'\"]}}]'; exit $2",
        to.display()
    );
    let fixtures = TempDir::new().unwrap();
    write(fixtures.path(), "a.json", &fixture("a.com", "0"));
    let fixtures = fixtures.path().to_str().unwrap();
    let exec = |options: &[&str], target: &str, code: &str| {
        let base = ["exec", "--fixtures", fixtures];
        let tail = ["--", "sh", "-c", &script, "sh", target, code];
        run(&[&base, options, &tail].concat())
    };
    let (code, _, message) = exec(&[], "a.com", "0");
    assert_eq!(code, Some(0), "{message}");
    let (code, _, message) = exec(&[], "a.com", "7");
    assert_eq!(code, Some(7), "{message}");
    let (code, _, message) = exec(&[], "b.com", "0");
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("a.json\n    /0/targets/0"), "{message}");
    assert!(message.contains("misses: 1"), "{message}");
    let (code, _, message) = exec(&["--fail-on-unused"], "a.com", "0");
    assert_eq!(code, Some(0), "{message}");
    let (code, _, message) = run(&["exec", "--fixtures", fixtures, "--fail-on-unused", "true"]);
    assert_eq!(code, Some(1));
    assert!(message.starts_with("unused: "), "{message}");
    assert_eq!(run(&["exec", "no/such/program"]).0, Some(3));
}

/// Returns `exec` with a shell script. `SAY` in it prints the address of the server.
#[cfg(unix)]
fn exec(options: &[&str], script: &str) -> Command {
    let script = script.replace("SAY", "echo \"listening on $DATAFORSEO_BASE_URL\"");
    let tail = ["--", "sh", "-c", &script];
    let mut command = program(&[&["exec"], options, &tail].concat());
    command.stdin(Stdio::piped());
    command
}

#[cfg(unix)]
#[test]
fn a_command_gets_the_signal() {
    let (fixtures, used) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let a = write(fixtures.path(), "a.json", &fixture("a.com", "0"));
    write(fixtures.path(), "b.json", &fixture("b.com", "0"));
    let path = fixtures.path().to_str().unwrap();
    for (script, expected) in [
        // A command that handles the signal and ends its children.
        (
            "exec 3<&0; cat <&3 & trap 'kill $!; exit 7' TERM; SAY; wait",
            7,
        ),
        // A command that ignores the signal.
        ("SAY; exec cat", 128 + 15),
    ] {
        let mut command = exec(&["--fail-on-unused", "--fixtures", path], script);
        command.env("DATAFORSEO_MOCK_USED_DIR", used.path());
        let mut server = Running::spawn(&mut command);
        // Waiting would close stdin, and the end of its input would end the command.
        let _stdin = server.child.stdin.take();
        server.send("POST", SUMMARY, TASKS);
        server.send("GET", "/nothing", "");
        assert_eq!(server.terminate(), Some(expected), "{script}");
        // No process is left that holds the pipe open.
        let message = server.rest_of_stderr();
        assert!(message.contains("misses: 1\nunused: "), "{message}");
        let note = fs::read_dir(used.path()).unwrap().next().unwrap();
        let note = note.unwrap().path();
        let noted = fs::read_to_string(&note).unwrap();
        let whole = Path::new(&a).canonicalize().unwrap();
        assert_eq!(noted, format!("{}\n", whole.display()));
        fs::remove_file(note).unwrap();
    }
}

/// Ctrl-C also reaches the command, which decides when it ends.
#[cfg(unix)]
#[test]
fn a_command_decides_when_it_ends_after_ctrl_c() {
    let mut server = Running::spawn(&mut exec(&[], "SAY; read line; exit 5"));
    server.signal("INT");
    drop(server.child.stdin.take());
    assert_eq!(server.child.wait().unwrap().code(), Some(5));
}

#[test]
fn unused_fixtures_are_listed() {
    let (fixtures, used) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(fixtures.path(), "a.json", &fixture("a.com", "0"));
    let b = write(fixtures.path(), "b.json", &fixture("b.com", "0"));
    let path = fixtures.path().to_str().unwrap();
    let notes = used.path().to_str().unwrap();
    let mut command = program(&["serve", "--fixtures", path]);
    command.env("DATAFORSEO_MOCK_USED_DIR", notes);
    let mut server = Running::spawn(&mut command);
    server.send("POST", SUMMARY, r#"[{"targets": ["a.com"]}]"#);
    assert_eq!(server.terminate(), Some(0));
    let (code, out, _) = run(&["unused", path, "--used", notes]);
    assert_eq!((code, out), (Some(1), format!("{b}\n")));
    assert_eq!(run(&["unused", path]).0, Some(2));
    assert_eq!(
        run(&["unused", path, "--used", "no/such/folder"]).0,
        Some(3)
    );
}

#[test]
fn fixtures_are_linted() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    write(folder.path(), "a.json", &fixture("a.com", "0"));
    assert_eq!(run(&["lint", path]).0, Some(0));
    write(folder.path(), "b.json", &fixture("a.com", "0"));
    write(folder.path(), "c.json", "{\n  \"dfs_fixture\": 1,\n  x");
    write(
        folder.path(),
        "d.json",
        &fixture("d.com", "0").replace("\"tasks\": []", "\"tasks\": [{\"id\": \"1\", \"status_code\": 20000, \"result\": [{\"items\": [{\"rank\": \"x\", \"news\": 1}, {\"rank\": {}}]}]}]"),
    );
    let callback =
        "\"tag\": \"jo@mail.org\", \"postback_url\": \"https://me.example/?key=1\", \"targets\"";
    write(
        folder.path(),
        "e.json",
        &fixture("e.com", "0").replace("\"targets\"", callback),
    );
    let dated = "\"dfs_fixture\": 1, \"meta\": {\"recorded\": \"2020-01-01\"}";
    write(
        folder.path(),
        "f.json",
        &fixture("f.com", "0").replace("\"dfs_fixture\": 1", dated),
    );
    write(folder.path(), "g.json", &fixture("hunter2hunter2", "0"));
    let mut command = program(&["lint", path, "--max-age", "180"]);
    command
        .env("DATAFORSEO_LOGIN", "somebody")
        .env("DATAFORSEO_PASSWORD", "hunter2hunter2");
    let (code, out, summary) = ended(&command.output().unwrap());
    assert_eq!(code, Some(1));
    assert_eq!(summary, "7 fixtures, 6 errors, 3 warnings\n");
    let mut lines: Vec<&str> = out.lines().collect();
    lines.sort_unstable();
    let out = lines.join("\n").replace(path, "FOLDER");
    // The age depends on the current date.
    let (before, after) = out.split_once("recorded ").unwrap();
    let (_, after) = after.split_once(" days").unwrap();
    insta::assert_snapshot!(format!("{before}recorded N days{after}"));
    assert_eq!(run(&["lint", "no/such/folder"]).0, Some(3));
}

/// The API would accept these files.
#[test]
fn lint_finds_secrets_and_account_data() {
    const ID: &str = "11201234-5678-0216-0000-0123456789ab";
    let lint = |files: &[(&str, &str)], password: &str| {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            write(folder.path(), name, text);
        }
        let path = folder.path().to_str().unwrap();
        // Twice: each file is checked once.
        let mut command = program(&["lint", path, path]);
        command
            .env("DATAFORSEO_LOGIN", "somebody")
            .env("DATAFORSEO_PASSWORD", password);
        let (code, out, _) = ended(&command.output().unwrap());
        (code, out.replace(path, "FOLDER"))
    };
    let from = |source: &str, tasks: &str| {
        fixture("a.com", "0")
            .replace(
                "\"dfs_fixture\": 1",
                &format!("\"dfs_fixture\": 1, \"meta\": {{\"source\": \"{source}\"}}"),
            )
            .replace("\"tasks\": []", tasks)
    };
    // A task identifier that is not a pseudonym.
    let link = format!("\"tasks\": [], \"link\": \"https://a.example/{ID}\", \"{ID}\": 1");
    let pseudonym = link.replace(ID, "01010000-0000-0000-0000-0123456789ab");
    let warning = "FOLDER/a.json: warning: it contains a task identifier that is not a pseudonym, \
                   at /response/body/link (2 places)\n";
    for (source, tasks, expected) in [
        ("live", &link, warning),
        ("sandbox", &link, warning),
        ("other", &link, warning),
        ("synthetic", &link, ""),
        ("live", &pseudonym, ""),
    ] {
        let (code, out) = lint(&[("a.json", &from(source, tasks))], "hunter2hunter2");
        assert_eq!((code, out.as_str()), (Some(0), expected), "{source}");
    }
    // Short credentials cannot be searched for.
    let (code, out) = lint(&[("a.json", &from("live", "\"tasks\": []"))], "1234");
    assert_eq!(code, Some(0));
    let expected = "the environment: warning: login or password is too short";
    assert!(out.starts_with(expected), "{out}");
    // A secret in a key is not shown, whatever the finding.
    for (tasks, expected) in [
        (
            "\"tasks\": [], \"x\": {\"hunter2hunter2\": {\"password\": \"x\", \"a\": \"jo@mail.org\"}}",
            "it contains a secret by the name of its field, at /response/body/x\n",
        ),
        (
            "\"tasks\": [], \"x\": {\"jo@mail.org\": 1}",
            "it contains an e-mail address, at /response/body/x\n",
        ),
        (
            "\"tasks\": [], \"x\": {\"password\": 17}",
            "it contains a secret by the name of its field, at /response/body/x/password\n",
        ),
        (
            "\"tasks\": [{\"id\": \"1\", \"status_code\": 20000, \"result\": [{\"items\": [{\"hunter2hunter2\": \"x\"}]}]}]",
            "the message cannot be shown: it would contain credentials\n",
        ),
    ] {
        let (_, out) = lint(&[("a.json", &from("live", tasks))], "hunter2hunter2");
        assert!(out.contains(expected), "{out}");
        assert!(!out.contains("hunter2") && !out.contains("jo@"), "{out}");
    }
}

/// What the recorder refuses is an error of `lint`.
#[test]
fn lint_finds_secrets_in_every_encoding() {
    let password = "Basic c29tZWJvZHlAYS5leGFtcGxlOmh1bnRlcjIvaHVudGVyMg==";
    for (value, expected) in [
        ("hunter2/hunter2", "the password"),
        ("hunter2%2fhunter2", "the password"),
        ("hunter2&sol;hunter2", "the password"),
        ("hunter2\\\\\\/hunter2", "the password"),
        ("68756e746572322f68756e74657232", "the password"),
        ("aHVudGVyMi9o\\r\\ndW50ZXIy", "the password"),
        (password, "credentials of HTTP authentication"),
        ("by somebody", "the login before its `@`"),
        ("https://jo@a.example/", "a user or password in a URL"),
        (
            "https://a.example/?x=1&amp;apiKey=k1",
            "the value of a key in a URL",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let tasks = format!("\"tasks\": [], \"x\": [\"{value}\"]");
        let text = fixture("a.com", "0").replace("\"tasks\": []", &tasks);
        write(folder.path(), "a.json", &text);
        let mut command = program(&["lint", folder.path().to_str().unwrap()]);
        command
            .env("DATAFORSEO_LOGIN", "somebody@a.example")
            .env("DATAFORSEO_PASSWORD", "hunter2/hunter2");
        let (code, out, _) = ended(&command.output().unwrap());
        let expected = format!("error: it contains {expected}, at /response/body/x/0\n");
        assert_eq!(code, Some(1));
        assert!(out.contains(&expected), "{value}: {out}");
    }
}

/// A URL with a password is refused without showing it.
#[test]
fn an_upstream_with_credentials_is_not_shown() {
    for command in [
        &[
            "record",
            "--to",
            "unused",
            "--upstream",
            "https://bob:hunter2@a.example",
        ][..],
        &["diff", ".", "--upstream", "https://bob:hunter2@a.example"],
    ] {
        let mut command = program(command);
        command
            .args(["--allow-network"])
            .env("DATAFORSEO_LOGIN", "somebody")
            .env("DATAFORSEO_PASSWORD", "hunter3hunter3");
        let output = command.output().unwrap();
        let (code, out, err) = ended(&output);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("contains credentials"), "{err}");
        assert!(!out.contains("hunter") && !err.contains("hunter"), "{err}");
    }
}

#[test]
fn lint_finds_fixtures_that_match_the_same_request() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let tagged = |tag: &str, rule: &str| {
        let tag = format!("\"tag\": \"{tag}\", \"targets\"");
        let text = fixture("a.com", "0").replace("\"targets\"", &tag);
        text.replace("\"response\"", &format!("\"match\": {rule}, \"response\""))
    };
    let ignore = "{\"ignore\": [\"/0/tag\"]}";
    let a = write(folder.path(), "a.json", &tagged("x", "{}"));
    let b = write(folder.path(), "b.json", &tagged("y", ignore));
    write(folder.path(), "c.json", &fixture("c.com", "0"));
    let (code, out, _) = run(&["lint", path]);
    let message = "matches its request, too, with another `match`";
    let expected = format!("{a}: warning: {b} {message}: {a} takes precedence\n");
    assert_eq!((code, out), (Some(0), expected));
    // Each matches the other's request: one finding.
    write(folder.path(), "b.json", &tagged("x", ignore));
    let (_, out, _) = run(&["lint", path]);
    assert_eq!(out.matches(message).count(), 1, "{out}");
    assert_eq!(run(&["lint", path, "--strict"]).0, Some(1));
    write(
        folder.path(),
        "b.json",
        &tagged("x", "{}").replace("a.com", "b.com"),
    );
    assert_eq!(run(&["lint", path]).1, "");
}

#[test]
fn fixtures_are_listed_and_shown() {
    let (code, out, _) = run(&["ls"]);
    assert_eq!(code, Some(0));
    let name = "v3/backlinks/index/synthetic.json";
    assert!(
        out.contains(&format!("{name}\tGET /v3/backlinks/index\n")),
        "{out}"
    );
    let (code, out, _) = run(&["show", name]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("{\n  \"dfs_fixture\": 1,\n"), "{out}");
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "a.json", &fixture("a.com", "0"));
    let (_, out, _) = run(&["ls", folder.path().to_str().unwrap()]);
    assert_eq!(out, format!("{file}\tPOST {SUMMARY}\n"));
    assert_eq!(run(&["show", &file]).0, Some(0));
    let (code, _, message) = run(&["show", "../nothing"]);
    assert_eq!(code, Some(3));
    assert!(message.contains("`ls` lists them"), "{message}");
}

const CREDENTIALS: [(&str, &str); 2] = [
    ("DATAFORSEO_LOGIN", "somebody"),
    ("DATAFORSEO_PASSWORD", "hunter2hunter2"),
];
const TASKS: &str = r#"[{"targets": ["a.com"]}]"#;

/// A request is recorded and compared, and compared again after the API has changed.
#[test]
fn a_request_is_recorded_and_compared() {
    let api = Running::start(&["serve", "--on-miss", "example"]);
    let upstream = format!("http://{}", api.address);
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let record = [
        "record",
        "--to",
        path,
        "--upstream",
        &upstream,
        "POST",
        SUMMARY,
        TASKS,
    ];
    let diff = ["diff", path, "--upstream", &upstream];
    let with_credentials = |arguments: &[&str]| {
        let mut command = program(arguments);
        command.envs(CREDENTIALS);
        command
    };
    let (code, _, message) = ended(&with_credentials(&record).output().unwrap());
    assert_eq!(code, Some(0), "{message}");
    assert!(message.contains(": recorded as "), "{message}");
    let (code, out, message) = ended(&with_credentials(&diff).output().unwrap());
    assert_eq!((code, out.as_str()), (Some(0), ""), "{message}");
    drop(api);

    let rule = format!("{SUMMARY} task:40501");
    let api = Running::start(&["serve", "--on-miss", "example", "--fault", &rule]);
    let upstream = format!("http://{}", api.address);
    let diff = ["diff", path, "--upstream", &upstream];
    let (code, out, _) = ended(&with_credentials(&diff).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(
        out.contains("/tasks/0/status_code was 20000 and is 40501\n"),
        "{out}"
    );
    drop(api);
    // The upstream is gone.
    let (code, out, _) = ended(&with_credentials(&diff).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(out.contains("no response from"), "{out}");
    let (code, _, message) = ended(&with_credentials(&record).output().unwrap());
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("not recorded"), "{message}");

    for (arguments, variable, expected) in [
        (&record[..], Some(("CI", "true")), (3, "CI is set")),
        (&diff, Some(("CI", "true")), (3, "CI is set")),
        (
            &["record", "--to", path, "--upstream", "live"],
            None,
            (3, "--budget"),
        ),
        (&["diff", path, "--upstream", "live"], None, (3, "--budget")),
    ] {
        let mut command = with_credentials(arguments);
        command.envs(variable);
        let (code, _, message) = ended(&command.output().unwrap());
        assert_eq!(code, Some(expected.0), "{arguments:?}: {message}");
        assert!(message.contains(expected.1), "{arguments:?}: {message}");
    }
    let (code, _, message) = run(&record);
    assert_eq!(code, Some(2));
    assert!(
        message.contains("DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD are not set"),
        "{message}"
    );
}

/// If the disk is full while a recording is written, the old one stays and the caller gets the reason.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_no_recording() {
    let api = Running::start(&["serve", "--on-miss", "example"]);
    let upstream = format!("http://{}", api.address);
    let folder = TempDir::new().unwrap();
    let record = |limit: &str, target: &str| {
        // No file can be larger than the limit, and the signal for it is turned off.
        let script = format!(
            "trap '' XFSZ; ulimit -f {limit}; exec '{PROGRAM}' record --to '{}' --upstream {upstream} \
             POST {SUMMARY} '[{{\"targets\": [\"{target}\"]}}]'",
            folder.path().display()
        );
        let mut command = Command::new("sh");
        command
            .args(["-c", &script])
            .env_remove("CI")
            .envs(CREDENTIALS);
        ended(&command.output().unwrap())
    };
    assert_eq!(record("unlimited", "a.com").0, Some(0));
    let files = || -> Vec<_> {
        let mut all = Vec::new();
        let mut folders = vec![folder.path().to_path_buf()];
        while let Some(current) = folders.pop() {
            for entry in fs::read_dir(current).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => all.push((path.clone(), fs::read(path).unwrap())),
                }
            }
        }
        all.sort();
        all
    };
    let before = files();
    assert_eq!(before.len(), 1);
    for target in ["a.com", "b.com"] {
        let (code, _, message) = record("1", target);
        assert_eq!(code, Some(1), "{message}");
        assert!(
            message.contains("not recorded: ") && message.contains(".json: "),
            "{message}"
        );
        assert_eq!(files(), before, "{target}");
    }
}
