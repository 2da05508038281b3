//! Measures the start of the mock server and its first synthetic response, beside their targets.
//!
//! Each figure is the best of several rounds. The tables of all of v3 are simulated by copies of
//! those of the largest section, in one file.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dataforseo_mock_server::Synthetic;
use dataforseo_synthetic::{Exchange, Kind, Tables, TypeTable};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dataforseo-mock-server");
const PATH: &str = "/v3/serp/google/organic/live/advanced";
const TABLES: &str = include_str!("../src/generated/serp.json");

/// The number of endpoints of all of v3.
const ENDPOINTS_OF_V3: usize = 548;
/// The number of schemas of all of v3.
const TYPES_OF_V3: usize = 2555;

const START_TARGET: Duration = Duration::from_millis(30);
const RESPONSE_TARGET: Duration = Duration::from_millis(20);

fn main() {
    let synthetic = Synthetic::of_path(PATH).unwrap();
    let fixture: Value = serde_json::from_str(&synthetic.fixture()).unwrap();
    let body = fixture["request"]["body"].to_string();
    let (mut start, mut first, mut next) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..10 {
        let round = program(&body);
        start = start.min(round.start);
        first = first.min(round.first);
        next = next.min(round.next);
    }
    report("start of the program", start, Some(START_TARGET));
    report(
        "first response of serp/google/organic",
        first,
        Some(RESPONSE_TARGET),
    );
    report("next response", next, None);

    let text = large();
    let task = &fixture["request"]["body"][0];
    let (mut parsed, mut response) = (Duration::MAX, Duration::MAX);
    for _ in 0..10 {
        let start = Instant::now();
        let tables = Tables::parse(&text).unwrap();
        parsed = parsed.min(start.elapsed());
        let start = Instant::now();
        let endpoint = tables.endpoint(PATH).unwrap();
        let body = Exchange::new(PATH, task).response(&tables, endpoint);
        black_box(body.to_string());
        response = response.min(start.elapsed());
    }
    println!(
        "\ntables as large as all of v3, in one file: {} kB",
        text.len() / 1000
    );
    report("parse the tables", parsed, None);
    report("generate a response", response, None);
    report("first response", parsed + response, Some(RESPONSE_TARGET));
}

struct Round {
    start: Duration,
    first: Duration,
    next: Duration,
}

/// Starts the program and sends two requests.
fn program(body: &str) -> Round {
    let begin = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let start = begin.elapsed();
    let address = line.trim().rsplit('/').next().unwrap().to_owned();
    let [first, next] = [(), ()].map(|()| {
        let begin = Instant::now();
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "POST {PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic YTpi\r\nconnection: \
             close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        begin.elapsed()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    Round { start, first, next }
}

/// Returns the tables with as many endpoints and types as all of v3.
fn large() -> String {
    let one = Tables::parse(TABLES).unwrap();
    let mut all = one.clone();
    for copy in 0.. {
        if all.endpoints.len() >= ENDPOINTS_OF_V3 && all.types.len() >= TYPES_OF_V3 {
            break;
        }
        for (path, endpoint) in &one.endpoints {
            let mut endpoint = endpoint.clone();
            rename(&mut endpoint.result, copy);
            all.endpoints.insert(format!("{path}/{copy}"), endpoint);
        }
        if all.types.len() >= TYPES_OF_V3 {
            continue;
        }
        for (name, ty) in &one.types {
            let mut ty = ty.clone();
            match &mut ty {
                TypeTable::Object(fields) => fields.values_mut().for_each(|it| rename(it, copy)),
                TypeTable::Union { members, .. } => {
                    members
                        .values_mut()
                        .for_each(|name| *name = format!("{name}{copy}"));
                }
                TypeTable::Values(_) => {}
            }
            all.types.insert(format!("{name}{copy}"), ty);
        }
    }
    all.to_text("").unwrap()
}

fn rename(kind: &mut Kind, copy: usize) {
    match kind {
        Kind::Type(name) => *name = format!("{name}{copy}"),
        Kind::List([of]) | Kind::Map { map: of, .. } => rename(of, copy),
        Kind::Scalar(_) | Kind::Number { .. } => {}
    }
}

fn report(what: &str, found: Duration, target: Option<Duration>) {
    let found = found.as_secs_f64() * 1000.0;
    match target.map(|target| target.as_secs_f64() * 1000.0) {
        Some(target) => println!(
            "{found:7.2} ms  {what}: {:.2} of the target of {target} ms",
            found / target
        ),
        None => println!("{found:7.2} ms  {what}"),
    }
}
