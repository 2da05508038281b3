//! Processes: CPU time, memory, cores, and a server in a child process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;

use crate::Outcome;

/// Returns the CPU time of this process, in the kernel and in user space.
pub fn own_time() -> Outcome<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// Returns the peak memory of this process, in megabytes.
pub fn peak_megabytes() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: f64 = kibibytes.ok_or("no VmHWM")?.parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

/// Runs this program with an argument, and returns the figures that it prints, one per line.
pub fn run_again(argument: &str) -> Outcome<Vec<f64>> {
    let output = Command::new(std::env::current_exe()?)
        .arg(argument)
        .stderr(Stdio::inherit())
        .output()?;
    let lines = String::from_utf8(output.stdout)?;
    let figures = lines.lines().map(str::parse::<f64>);
    Ok(figures.collect::<Result<_, _>>()?)
}

/// Keeps this process on one core until it is dropped.
pub struct Pinned(CpuSet);

impl Pinned {
    /// Runs `start` on the first usable core, and pins this process to the second.
    ///
    /// Processes that `start` creates stay on the first core. If there is only one core, nothing is
    /// pinned.
    pub fn apart_from<T>(start: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Self)> {
        let all = sched_getaffinity(Pid::from_raw(0))?;
        let pinned = Self(all);
        let mut cores = (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false));
        let (Some(first), Some(second)) = (cores.next(), cores.next()) else {
            return Ok((start()?, pinned));
        };
        pin(first)?;
        let started = start()?;
        pin(second)?;
        Ok((started, pinned))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // The process had these cores before, so this does not fail.
        let _ = sched_setaffinity(Pid::from_raw(0), &self.0);
    }
}

fn pin(core: usize) -> Outcome<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// A server in its own process, which ends when this value is dropped or this process ends.
pub struct Server {
    child: Child,
    /// The local port that the server listens on.
    pub port: u16,
}

impl Server {
    /// Starts this program as a server, and waits until it listens.
    pub fn start() -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("server")
            // The child process ends when this pipe is closed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take();
        let mut server = Self { child, port: 0 };
        let mut line = String::new();
        BufReader::new(out.ok_or("no standard output")?).read_line(&mut line)?;
        server.port = line.trim().parse()?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
