//! Processes: starting servers, on which core they run, what they take of it.

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
    /// Where servers run.
    pub server: usize,
    /// Where the load comes from.
    pub load: usize,
}

impl Cores {
    /// The first two that this process may use, if there are two.
    pub fn find() -> Option<Self> {
        let usable = sched_getaffinity(Pid::from_raw(0)).ok()?;
        let mut cores = (0..CpuSet::count()).filter(|core| usable.is_set(*core).unwrap_or(false));
        Some(Self {
            server: cores.next()?,
            load: cores.next()?,
        })
    }
}

/// Keeps this process, and the threads that it starts from now on, on one core.
pub fn pin(core: usize) -> Outcome<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// Ends this process with the one that started it, or after so long.
pub fn end_with_parent(after: Duration) -> Outcome<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    alarm::set(u32::try_from(after.as_secs())?.max(1));
    Ok(())
}

/// How much time on a core this process took so far.
pub fn own_time() -> Outcome<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let time = |it: nix::sys::time::TimeVal| {
        Duration::from_secs(it.tv_sec().unsigned_abs())
            + Duration::from_micros(it.tv_usec().unsigned_abs())
    };
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// A command of this program, to be run in another process.
pub fn command(cores: Option<Cores>, ends_after: Duration) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--ends-after", &ends_after.as_secs().to_string()]);
    if let Some(cores) = cores {
        command.args(["--core", &cores.server.to_string()]);
    }
    Ok(command)
}

/// A server in a process of its own. Its end is the process's.
pub struct Started {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
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
        // Made before the port is known, so that an error ends the process.
        let mut started = Self {
            child,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let mut line = String::new();
        BufReader::new(out.ok_or("no standard output")?).read_line(&mut line)?;
        let port = line.trim().parse();
        let port = port.map_err(|_| problem(format!("{kind:?} did not tell its port")))?;
        started.address.set_port(port);
        Ok(started)
    }

    /// How much time on a core it took so far.
    pub fn time(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program is in brackets and may have spaces.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|it| it.parse::<u64>().ok())
            .sum();
        let a_second = sysconf(SysconfVar::CLK_TCK)?.unwrap_or(100);
        Ok(Duration::from_secs_f64(ticks as f64 / a_second as f64))
    }

    /// How many bytes of memory it has resident.
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

/// How long it is from starting a server to its first answer.
pub fn first_answer(
    command: Command,
    kind: Kind,
    fixtures: &Path,
    exchange: &Exchange,
) -> Outcome<Duration> {
    let (request, answer) = (exchange.request(), exchange.answer());
    let began = Instant::now();
    let started = Started::new(command, kind, fixtures)?;
    let mut stream = TcpStream::connect(started.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(&request)?;
    let mut got = Vec::with_capacity(answer.len() + 1024);
    let mut buffer = vec![0; 64 << 10];
    while !got.ends_with(&answer) {
        match stream.read(&mut buffer)? {
            0 => return Err(problem(format!("{kind:?} gave no answer"))),
            count => got.extend_from_slice(&buffer[..count]),
        }
    }
    let took = began.elapsed();
    match got.starts_with(b"HTTP/1.1 200 ") {
        true => Ok(took),
        false => Err(problem(format!("{kind:?} did not answer with 200"))),
    }
}
