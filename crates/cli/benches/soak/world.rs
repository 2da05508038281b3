//! What the threads of a run share: the script of the server, the processes, and what happened.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dataforseo_test_support::fake_api::{Call, Reply};
use dataforseo_test_support::program::isolated;
use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::draw::{Plan, Rejection, Session};
use super::events::{Event, Tamper};
use super::faults::{Brings, Drawn, Fault, marker};
use super::input::is_rejected;

/// The password of all processes. Its encodings differ from it.
pub const PASSWORD: &str = "Soak&pass/word+91c2<";
/// The time after which a process counts as hanging.
const LONGEST: Duration = Duration::from_secs(90);
/// How many calls of a session may keep their places. The program waits when all 30 are kept.
const MAX_KEPT_PLACES: usize = 12;
/// The login of the processes that must be refused.
const SECOND: &str = "second";

/// A call, and what is to be expected of it.
#[derive(Debug)]
pub struct CallRecord {
    pub number: usize,
    pub session: usize,
    pub targets: Vec<String>,
    pub fault: Option<Fault>,
    pub brings: Brings,
    pub without_row: Option<String>,
    pub has_stray: bool,
    pub has_body: bool,
    /// Whether the server rejected one of its targets.
    pub is_rejection: bool,
    arrived: Instant,
    /// The time from the arrival to the end of the response. `None` until then.
    pub took: Option<Duration>,
}

/// A change of the journal that took place.
#[derive(Debug, Clone)]
pub struct Tampered {
    pub tamper: Tamper,
    /// The journal as it was, if it was deleted or replaced.
    pub kept: PathBuf,
}

/// A process that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit code. `None` if a signal killed it.
    pub code: Option<i32>,
    pub err: String,
}

/// What happened so far.
#[derive(Debug, Default)]
pub struct Record {
    pub calls: Vec<CallRecord>,
    pub problems: Vec<String>,
    pub processes: usize,
    pub counts: BTreeMap<&'static str, usize>,
    /// The change of the journal in the current session.
    pub tampered: Option<Tampered>,
    /// The number of calls of the session that arrived after that.
    pub calls_after: usize,
    /// The events of the current session.
    pub events: Vec<Event>,
}

#[derive(Debug)]
struct Shared {
    plan: Plan,
    folder: TempDir,
    logs: TempDir,
    record: Mutex<Record>,
    /// The number of the current session; the one behind the last has no faults.
    session: Mutex<usize>,
    /// The current process, until it has ended.
    process: Mutex<Option<Pid>>,
    url: Mutex<String>,
}

/// What the threads of a run share.
#[derive(Debug, Clone)]
pub struct World(Arc<Shared>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn login(session: usize) -> String {
    format!("soak{session}")
}

/// Returns what must not be in any file or output.
pub fn secrets(sessions: usize) -> Vec<String> {
    let mut secrets = vec![
        PASSWORD.to_owned(),
        "Soak%26pass".to_owned(),
        "Soak&amp;pass".to_owned(),
    ];
    let logins = (0..=sessions + 1).map(login).chain([SECOND.to_owned()]);
    secrets.extend(logins.map(|login| basic(&login)));
    secrets
}

fn basic(login: &str) -> String {
    BASE64_STANDARD.encode(format!("{login}:{PASSWORD}"))
}

impl World {
    pub fn new(plan: Plan) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join(super::input::FILE), &plan.input.bytes).unwrap();
        Self(Arc::new(Shared {
            plan,
            folder,
            logs: TempDir::new().unwrap(),
            record: Mutex::default(),
            session: Mutex::default(),
            process: Mutex::default(),
            url: Mutex::default(),
        }))
    }

    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    pub fn folder(&self) -> &Path {
        self.0.folder.path()
    }

    /// The folder for what is not part of the job.
    pub fn logs(&self) -> &Path {
        self.0.logs.path()
    }

    pub fn journal(&self) -> PathBuf {
        self.folder().join(&self.plan().journal)
    }

    pub fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.0.record)
    }

    pub fn session(&self) -> usize {
        *lock(&self.0.session)
    }

    pub fn set_url(&self, url: String) {
        *lock(&self.0.url) = url;
    }

    pub fn problem(&self, problem: String) {
        self.record().problems.push(problem);
    }

    pub fn count(&self, what: &'static str) {
        *self.record().counts.entry(what).or_default() += 1;
    }

    pub fn set_tampered(&self, tampered: Tampered) {
        self.record().tampered = Some(tampered);
    }

    /// Begins a session.
    pub fn begin(&self, number: usize) {
        *lock(&self.0.session) = number;
        let mut record = self.record();
        record.tampered = None;
        record.calls_after = 0;
        record.events.clear();
    }

    /// Holds the process of a session, so that no signal reaches it. `None` if it may have ended.
    pub fn hold(&self, session: usize) -> Option<MutexGuard<'_, Option<Pid>>> {
        let process = lock(&self.0.process);
        (process.is_some() && self.session() == session).then_some(process)
    }

    /// Sends a signal to the process of a session.
    pub fn signal(&self, session: usize, signal: Signal) {
        let process = lock(&self.0.process);
        if let Some(pid) = process.filter(|_| self.session() == session) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Forgets the process of a session, as it may end now.
    pub fn release(&self, session: usize) {
        let mut process = lock(&self.0.process);
        if self.session() == session
            && let Some(pid) = process.take()
        {
            // If it was stopped, no event continues it later.
            let _ = kill_process(pid, Signal::CONT);
        }
    }

    /// Kills the process of a session. A second process may be started afterwards.
    pub fn kill(&self, session: usize) {
        let mut process = lock(&self.0.process);
        if self.session() == session
            && let Some(pid) = process.take()
        {
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// Decides about a call.
    pub fn script(&self, call: &Call) -> Reply {
        let Some(session) = self.session_of(call) else {
            let path = &call.path;
            self.problem(format!(
                "a process that must be refused sent a call to {path}"
            ));
            return Reply::refused(40202, "not expected");
        };
        let clean = Session::clean();
        let plan = self.plan().sessions.get(session).unwrap_or(&clean);
        let before = self.record();
        let of_session = before.calls.iter().filter(|it| it.session == session);
        let position = of_session.clone().count();
        let kept = of_session.filter(|it| it.fault.is_some_and(Fault::keeps_its_place));
        let kept = kept.count();
        drop(before);
        let seed = self.plan().seed ^ (session as u64) << 32 ^ (position as u64) << 48;
        let mut rng = Rng::with_seed(seed);
        let event = plan.events.iter().find(|(at, _)| *at == position);
        let event = event.map(|(_, event)| *event);
        if event == Some(Event::KillBeforeCharge) {
            self.kill(session);
        }
        let rejected = call.targets.iter().find(|target| is_rejected(target));
        let is_rejection = rejected.is_some();
        let drawn = match rejected {
            Some(target) => reject(self.plan().rejection, target, call),
            None => draw(&mut rng, plan, call, kept),
        };
        let mut record = self.record();
        if record.tampered.is_some() && session == self.session() {
            record.calls_after += 1;
        }
        record.events.extend(event);
        record.calls.push(CallRecord {
            number: call.number,
            session,
            targets: call.targets.clone(),
            fault: drawn.fault,
            brings: drawn.brings,
            without_row: drawn.without_row,
            has_stray: drawn.has_stray,
            has_body: drawn.has_body,
            is_rejection,
            arrived: Instant::now(),
            took: None,
        });
        drop(record);
        if let Some(event) = event {
            self.count(event.name());
        }
        let (of_before, of_after, number) = (self.clone(), self.clone(), call.number);
        let reply = drawn.reply.before(move || {
            if let Some(event) = event {
                event.before_response(&of_before, session);
            }
        });
        reply.after(move || {
            of_after.end_call(number);
            if let Some(event) = event {
                event.after_response(&of_after, session);
            }
        })
    }

    fn end_call(&self, number: usize) {
        let mut record = self.record();
        let call = record.calls.iter_mut().find(|call| call.number == number);
        if let Some(call) = call {
            call.took = Some(call.arrived.elapsed());
        }
    }

    /// Returns the session that a call comes from. A call of a killed process may arrive late.
    fn session_of(&self, call: &Call) -> Option<usize> {
        let header = |name: &str| {
            call.headers.iter().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            })
        };
        let credentials = header("authorization")?;
        let credentials = credentials.strip_prefix("Basic ")?;
        (0..=self.session()).find(|session| basic(&login(*session)) == credentials)
    }

    fn command(&self, arguments: &[String], login: &str, file_limit: Option<u32>) -> Command {
        let mut command = match file_limit {
            None => isolated(super::PROGRAM),
            Some(blocks) => {
                let mut shell = isolated("sh");
                let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
                shell.args(["-c", &script, super::PROGRAM]);
                shell
            }
        };
        let mut out = File::options();
        let out = out.create(true).append(true);
        let out = out.open(self.logs().join("stdout")).unwrap();
        command
            .args(arguments)
            .env("TMPDIR", self.folder())
            .env("DATAFORSEO_LOGIN", login)
            .env("DATAFORSEO_PASSWORD", PASSWORD)
            .env("DATAFORSEO_BASE_URL", &*lock(&self.0.url))
            .current_dir(self.folder())
            .stdout(out)
            .stderr(Stdio::piped());
        command
    }

    /// Runs a process that shares a file with the current one.
    pub fn run_second(&self, arguments: &[String]) -> Ended {
        self.record().processes += 1;
        let mut child = self.command(arguments, SECOND, None).spawn().unwrap();
        let err = self.wait(&mut child, LONGEST);
        let code = child.wait().unwrap().code();
        Ended { code, err }
    }

    /// Runs the process of a session to its end.
    pub fn run(&self, arguments: &[String], session: &Session) -> Ended {
        self.record().processes += 1;
        let login = login(self.session());
        let mut process = lock(&self.0.process);
        let mut command = self.command(arguments, &login, session.file_limit);
        let mut child = command.spawn().unwrap();
        *process = Some(Pid::from_child(&child));
        drop(process);
        if let Some(milliseconds) = session.kill_after {
            let (world, session) = (self.clone(), self.session());
            self.count("kill -9 at a time");
            thread::spawn(move || {
                thread::sleep(Duration::from_secs_f64(milliseconds / 1000.0));
                world.kill(session);
            });
        }
        let err = self.wait(&mut child, LONGEST);
        // From here on nothing signals it, as its number may become that of another process.
        lock(&self.0.process).take();
        let code = child.wait().unwrap().code();
        Ended { code, err }
    }

    /// Reads stderr to its end, which is that of the process.
    fn wait(&self, child: &mut Child, longest: Duration) -> String {
        let mut err = child.stderr.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = err.read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
        let bytes = receiver.recv_timeout(longest).unwrap_or_else(|_| {
            self.problem(format!("a process ran for more than {longest:?}"));
            let _ = child.kill();
            receiver.recv().unwrap_or_default()
        });
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Keeps the files of a failed run, and returns where they are.
    pub fn keep(self) -> Option<PathBuf> {
        let shared = Arc::try_unwrap(self.0).ok()?;
        let _ = shared.logs.keep();
        Some(shared.folder.keep())
    }
}

/// The reply to a call with a target that the server rejects.
fn reject(rejection: Rejection, target: &str, call: &Call) -> Drawn {
    let position = call.targets.iter().position(|it| it == target);
    let field = match rejection {
        Rejection::Position => format!("targets[{}]", position.unwrap_or_default()),
        Rejection::Text => target.to_owned(),
        Rejection::Unnamed => "targets".to_owned(),
    };
    let message = format!("Invalid Field: '{field}'. {}", marker(call.number));
    Drawn::of(Reply::refused(40501, &message), Brings::Nothing)
}

/// The reply to any other call.
fn draw(rng: &mut Rng, session: &Session, call: &Call, kept_places: usize) -> Drawn {
    let has_fault = rng.f64() < session.rate && !session.faults.is_empty();
    let fault = has_fault.then(|| session.faults[rng.usize(..session.faults.len())]);
    let fault = fault.filter(|fault| kept_places < MAX_KEPT_PLACES || !fault.keeps_its_place());
    let mut drawn = match fault {
        Some(fault) => fault.reply(rng, call),
        None => Drawn::rows(Reply::rows()),
    };
    if session.padding > 0 {
        let padding = "x".repeat(session.padding);
        drawn.reply = drawn
            .reply
            .edit(move |body| body["padding"] = padding.clone().into());
    }
    drawn
}
