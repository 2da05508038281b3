//! The program, as a CI job uses it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]
#![cfg(feature = "program")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dataforseo-mock-server"));
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn it_says_where_it_listens_and_answers() {
    let mut server = Running(
        program(&["serve", "--listen", "127.0.0.1:0"])
            .spawn()
            .unwrap(),
    );
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim()
        .strip_prefix("listening on http://")
        .expect(&line);
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /nothing HTTP/1.1\r\nhost: x\r\nauthorization: Basic YTpi\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert!(answer.contains("\"status_code\":40400"), "{answer}");
    server.0.kill().unwrap();
    let mut misses = String::new();
    server
        .0
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut misses)
        .unwrap();
    assert_eq!(misses, "miss: no endpoint /nothing\n");
}

#[test]
fn it_says_what_is_wrong() {
    let output = program(&["serve", "--fixtures", "no/such/folder"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.starts_with("no/such/folder: "), "{message}");
    assert_eq!(
        program(&["serve", "--listen", "nowhere"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
}
