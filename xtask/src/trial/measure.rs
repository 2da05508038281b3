//! Programs with their CPU time and memory.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The resources that a program used.
#[derive(Debug)]
pub struct Usage {
    /// Whether the program succeeded.
    pub success: bool,
    wall: Duration,
    /// Absent on systems that do not report them.
    children: Option<Resources>,
}

/// The CPU time and the memory of child processes.
#[derive(Debug, Clone, Copy)]
struct Resources {
    cpu: Duration,
    /// The largest resident memory of a process, in bytes.
    memory: u64,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(children) = self.children {
            let (cpu, memory) = (children.cpu.as_secs_f64(), children.memory as f64 / 1e9);
            write!(f, "{cpu:.1} CPU s, {memory:.2} GB, ")?;
        }
        write!(f, "{:.1} s", self.wall.as_secs_f64())
    }
}

/// Runs cargo in a checkout, with its output on stderr.
///
/// # Errors
/// When cargo cannot be started.
pub fn cargo(checkout: &Path, target: &Path, arguments: &[&str]) -> io::Result<Usage> {
    let before = resources();
    let start = Instant::now();
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .arg("--quiet")
        .current_dir(checkout)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "0")
        .status()?;
    let wall = start.elapsed();
    let children = before.zip(resources()).map(|(before, after)| Resources {
        cpu: after.cpu.saturating_sub(before.cpu),
        memory: after.memory,
    });
    Ok(Usage {
        success: status.success(),
        wall,
        children,
    })
}

/// Returns the resources of all child processes that ended.
#[cfg(unix)]
fn resources() -> Option<Resources> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    // macOS states bytes, other systems KiB.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Some(Resources {
        cpu: Duration::from_micros(u64::try_from(cpu).ok()?),
        memory: u64::try_from(usage.max_rss()).ok()? * unit,
    })
}

#[cfg(not(unix))]
fn resources() -> Option<Resources> {
    None
}
