//! Processes: starts servers on a core, and measures what they use of it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, SysconfVar, alarm, sysconf};

use crate::exchange::Exchange;
use crate::servers::Kind;
use crate::{Outcome, problem};

/// The core of the servers and that of the load.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    /// The core of the servers.
    pub server: usize,
    /// The core of the load.
    pub load: usize,
}

impl Cores {
    /// Returns the first two cores that this process may use, or `None` if there is only one.
    pub fn find() -> Option<Self> {
        let usable = sched_getaffinity(Pid::from_raw(0)).ok()?;
        let mut cores = (0..CpuSet::count()).filter(|core| usable.is_set(*core).unwrap_or(false));
        Some(Self {
            server: cores.next()?,
            load: cores.next()?,
        })
    }
}

/// Pins this process, and the threads that it starts later, to a core.
pub fn pin(core: usize) -> Outcome<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// Ends this process with its parent process, or after a time.
pub fn end_with_parent(after: Duration) -> Outcome<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    alarm::set(u32::try_from(after.as_secs())?.max(1));
    Ok(())
}

/// Returns the CPU time of this process.
pub fn own_time() -> Outcome<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let time = |it: nix::sys::time::TimeVal| {
        Duration::from_secs(it.tv_sec().unsigned_abs())
            + Duration::from_micros(it.tv_usec().unsigned_abs())
    };
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// Returns a command that runs this program again.
pub fn command(cores: Option<Cores>, ends_after: Duration) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--ends-after", &ends_after.as_secs().to_string()]);
    if let Some(cores) = cores {
        command.args(["--core", &cores.server.to_string()]);
    }
    Ok(command)
}

/// A server in its own process, which is killed when this value is dropped.
pub struct Started {
    child: Child,
    /// The address that the server listens on.
    pub address: SocketAddr,
}

impl Drop for Started {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Started {
    /// Starts a server and waits until it listens.
    pub fn new(mut command: Command, kind: Kind, fixtures: &Path) -> Outcome<Self> {
        let mut child = command
            .args(["server", kind.server.name(), kind.set.name()])
            .arg(fixtures)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take();
        // Created before the port is known, so that an error kills the process.
        let mut started = Self {
            child,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let mut line = String::new();
        BufReader::new(out.ok_or("no standard output")?).read_line(&mut line)?;
        let port = line.trim().parse();
        let port = port.map_err(|_| problem(format!("{kind:?} did not print its port")))?;
        started.address.set_port(port);
        Ok(started)
    }

    /// Returns the CPU time of the server.
    pub fn time(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program is in parentheses and may contain spaces.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|it| it.parse::<u64>().ok())
            .sum();
        let ticks_per_second = sysconf(SysconfVar::CLK_TCK)?.unwrap_or(100);
        Ok(Duration::from_secs_f64(
            ticks as f64 / ticks_per_second as f64,
        ))
    }

    /// Returns the resident memory of the server, in bytes.
    pub fn resident(&self) -> Outcome<u64> {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.child.id()))?;
        let pages: u64 = statm
            .split_whitespace()
            .nth(1)
            .ok_or("no second field in statm")?
            .parse()?;
        let size = sysconf(SysconfVar::PAGE_SIZE)?.unwrap_or(4096);
        Ok(pages * size.unsigned_abs())
    }
}

/// Measures the time from starting a server to its first response.
pub fn first_response(
    command: Command,
    kind: Kind,
    fixtures: &Path,
    exchange: &Exchange,
) -> Outcome<Duration> {
    let (request, expected) = (exchange.request(), exchange.response_body());
    let began = Instant::now();
    let started = Started::new(command, kind, fixtures)?;
    let mut stream = TcpStream::connect(started.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(&request)?;
    let mut got = Vec::with_capacity(expected.len() + 1024);
    let mut buffer = vec![0; 64 << 10];
    while !got.ends_with(&expected) {
        match stream.read(&mut buffer)? {
            0 => return Err(problem(format!("{kind:?} sent no response"))),
            count => got.extend_from_slice(&buffer[..count]),
        }
    }
    let took = began.elapsed();
    if got.starts_with(b"HTTP/1.1 200 ") {
        Ok(took)
    } else {
        Err(problem(format!("{kind:?} did not respond with status 200")))
    }
}
