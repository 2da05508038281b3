//! A real Redis server for tests, on a port of its own, and a network to it that can be cut.
//!
//! Where there is no `redis-server` the tests say so and pass, unless `REQUIRE_REDIS` is set, as it
//! is in CI.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dataforseo_client::{RedisFallback, RedisLimits};
use tempfile::TempDir;

pub struct Server {
    pub port: u16,
    child: Child,
    /// The folder of the snapshots.
    folder: TempDir,
}

impl Server {
    /// `None` if there is no Redis on this machine.
    pub fn start() -> Option<Self> {
        let there = Command::new("redis-server")
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if there.is_err() {
            assert!(
                std::env::var_os("REQUIRE_REDIS").is_none(),
                "there is no redis-server"
            );
            eprintln!("skipped: there is no redis-server");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let folder = tempfile::tempdir().unwrap();
        Some(Self {
            port,
            child: Self::spawn(port, &folder),
            folder,
        })
    }

    fn spawn(port: u16, folder: &TempDir) -> Child {
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no", "--dir"]);
        let child = command
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "redis-server does not listen"
            );
            std::thread::yield_now();
        }
        child
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops the server as a machine that stands still, or lets it continue.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.unwrap().success());
    }

    pub fn restart(&mut self) {
        self.kill();
        self.child = Self::spawn(self.port, &self.folder);
    }

    /// Sends a command, and returns the first line of its response.
    pub fn command(&self, words: &[&str]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request += &format!("${}\r\n{word}\r\n", word.len());
        }
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        assert!(!line.starts_with('-'), "{words:?}: {line}");
        line
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// The limits of a program of its own, on an account that had no calls in flight.
    pub async fn limits(&self, calls_per_minute: u32, simultaneous_calls: u32) -> RedisLimits {
        let limits = self
            .limits_or(RedisFallback::Refuse)
            .limits(calls_per_minute, simultaneous_calls);
        limits.declare_idle().await.unwrap();
        limits
    }

    pub fn limits_or(&self, fallback: RedisFallback) -> RedisLimits {
        RedisLimits::new(&self.url(), "test", fallback).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A network to Redis in which bytes can get lost, by direction.
pub struct Network {
    port: u16,
    pub loses_commands: Arc<AtomicBool>,
    pub loses_replies: Arc<AtomicBool>,
}

impl Network {
    pub fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let network = Self {
            port: listener.local_addr().unwrap().port(),
            loses_commands: Arc::default(),
            loses_replies: Arc::default(),
        };
        let to = server.port;
        let lost = (
            Arc::clone(&network.loses_commands),
            Arc::clone(&network.loses_replies),
        );
        thread::spawn(move || {
            for near in listener.incoming() {
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(("127.0.0.1", to))) else {
                    continue;
                };
                let back = (far.try_clone().unwrap(), near.try_clone().unwrap());
                let (commands, replies) = (Arc::clone(&lost.0), Arc::clone(&lost.1));
                thread::spawn(move || pass(near, far, &commands));
                thread::spawn(move || pass(back.0, back.1, &replies));
            }
        });
        network
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Cuts the network in both directions, or repairs it.
    pub fn cut(&self, is_cut: bool) {
        self.loses_commands.store(is_cut, Ordering::Release);
        self.loses_replies.store(is_cut, Ordering::Release);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, is_lost: &AtomicBool) {
    let mut bytes = [0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !is_lost.load(Ordering::Acquire) && to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
