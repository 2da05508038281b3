//! What happens to the program while a call is in flight: signals, second processes, a journal that
//! something else changes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use rustix::process::Signal;

use super::draw::Pace;
use super::world::{Tampered, World};

/// What happens to the program.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// `kill -9` after the call arrived, and before it is charged.
    KillBeforeCharge,
    /// `kill -9` after the charge, and before the response.
    KillBeforeResponse,
    /// `kill -9` this many microseconds after the response.
    KillAfterResponse(u64),
    Signal(Stop),
    /// The program stands still for this many milliseconds, while the response is written.
    Standstill(u64),
    SecondProcess(SecondProcess),
    Tamper(Tamper),
}

/// A signal that stops the job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stop {
    Interrupt,
    Terminate,
    /// Two signals, which end the program at once.
    Twice,
}

/// A second process that shares a file with the first. It must be refused, and touch nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SecondProcess {
    Resume,
    Overwrite,
    SameCommand,
    SharedJournal,
    SharedJournalResumed,
    LinkToOutput,
    HardLinkToPart,
    PartAsJournal,
}

/// A change of the journal by something else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tamper {
    Deleted,
    ReplacedByAnother,
    ReplacedByCopy,
    Truncated,
    AppendedTo,
}

impl Event {
    pub fn draw(rng: &mut Rng, pace: Pace) -> Self {
        match rng.u32(..11) {
            0 => Self::KillBeforeCharge,
            1 => Self::KillBeforeResponse,
            2 | 3 => Self::KillAfterResponse([0, 100, 500, 2000][rng.usize(..4)]),
            4 => Self::Signal([Stop::Interrupt, Stop::Terminate, Stop::Twice][rng.usize(..3)]),
            5 => Self::Standstill(match pace {
                Pace::Fast => rng.u64(1..30),
                Pace::Slow => 1200,
            }),
            6..=8 => Self::SecondProcess(
                [
                    SecondProcess::Resume,
                    SecondProcess::Overwrite,
                    SecondProcess::SameCommand,
                    SecondProcess::SharedJournal,
                    SecondProcess::SharedJournalResumed,
                    SecondProcess::LinkToOutput,
                    SecondProcess::HardLinkToPart,
                    SecondProcess::PartAsJournal,
                ][rng.usize(..8)],
            ),
            _ => Self::Tamper(
                [
                    Tamper::Deleted,
                    Tamper::ReplacedByAnother,
                    Tamper::ReplacedByCopy,
                    Tamper::Truncated,
                    Tamper::AppendedTo,
                ][rng.usize(..5)],
            ),
        }
    }

    /// Returns whether the event takes the name of the journal from the file that is locked.
    pub fn frees_the_journal(&self) -> bool {
        matches!(
            self,
            Self::Tamper(Tamper::Deleted | Tamper::ReplacedByAnother | Tamper::ReplacedByCopy)
        )
    }

    /// Returns whether the event starts another job with the journal.
    pub fn uses_the_journal(&self) -> bool {
        matches!(
            self,
            Self::SecondProcess(SecondProcess::SharedJournal | SecondProcess::SharedJournalResumed)
        )
    }

    /// Returns whether the program may be writing to the journal while the event changes it, unless
    /// one call is in flight at a time.
    pub fn requires_one_in_flight(&self) -> bool {
        use Tamper as T;
        matches!(
            self,
            Self::Tamper(T::ReplacedByCopy | T::Truncated | T::AppendedTo)
        )
    }

    /// Returns whether the event is a signal that stops the job. The second one ends the program.
    pub fn stops(&self) -> bool {
        matches!(self, Self::Signal(_))
    }

    /// Returns whether the program does not end by itself.
    pub fn kills(&self) -> bool {
        matches!(
            self,
            Self::KillBeforeCharge
                | Self::KillBeforeResponse
                | Self::KillAfterResponse(_)
                | Self::Signal(Stop::Twice)
        )
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::KillBeforeCharge | Self::KillBeforeResponse | Self::KillAfterResponse(_) => {
                "kill -9 at a call"
            }
            Self::Signal(Stop::Twice) => "two signals",
            Self::Signal(_) => "SIGINT or SIGTERM",
            Self::Standstill(_) => "SIGSTOP and SIGCONT",
            Self::SecondProcess(_) => "second process",
            Self::Tamper(_) => "journal changed by others",
        }
    }

    /// Runs before the response is written.
    pub fn before_response(self, world: &World, session: usize) {
        match self {
            Self::KillBeforeResponse => world.kill(session),
            Self::Signal(stop) => {
                let signal = match stop {
                    Stop::Terminate => Signal::TERM,
                    Stop::Interrupt | Stop::Twice => Signal::INT,
                };
                world.signal(session, signal);
                if stop == Stop::Twice {
                    // Two signals at once would be one.
                    thread::sleep(Duration::from_millis(3));
                    world.signal(session, signal);
                }
                let signals = world.record().events.iter().filter(|it| it.stops()).count();
                if stop == Stop::Twice || signals > 1 {
                    world.release(session);
                }
            }
            Self::Standstill(milliseconds) => stand_still(world, session, milliseconds),
            Self::SecondProcess(second) => second_process(world, session, second),
            Self::Tamper(tamper) => change_journal(world, session, tamper),
            Self::KillBeforeCharge | Self::KillAfterResponse(_) => {}
        }
    }

    /// Runs after the response was written.
    pub fn after_response(self, world: &World, session: usize) {
        if let Self::KillAfterResponse(microseconds) = self {
            thread::sleep(Duration::from_micros(microseconds));
            world.kill(session);
        }
    }
}

fn stand_still(world: &World, session: usize, milliseconds: u64) {
    world.signal(session, Signal::STOP);
    let world = world.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(milliseconds));
        world.signal(session, Signal::CONT);
    });
}

/// The content of the files of a folder.
type Files = BTreeMap<String, Vec<u8>>;

/// Returns the content of the files of a folder.
pub fn files(folder: &Path) -> Files {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let read = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap_or_default())
    });
    read.collect()
}

fn second_process(world: &World, session: usize, second: SecondProcess) {
    use SecondProcess as S;
    // The first process must not end meanwhile, as the second may start then.
    let Some(_guard) = world.hold(session) else {
        return;
    };
    let folder = world.folder();
    let before = files(folder);
    let extension = world.plan().format.extension();
    let journal = world.plan().journal.clone();
    let output = format!("out.{extension}");
    let (link, link_part) = (
        format!("link.{extension}"),
        format!("link.{extension}.part"),
    );
    let other = format!("other.{extension}");
    let own: Vec<String> = world.plan().arguments.clone();
    // Another output has another journal, unless one is given.
    let with = |output: &str, more: &[&str]| {
        let mut arguments = own.clone();
        let path = arguments
            .iter()
            .position(|argument| argument == "-o")
            .unwrap();
        arguments[path + 1] = output.to_owned();
        if let Some(path) = arguments
            .iter()
            .position(|argument| argument == "--journal")
        {
            arguments.drain(path..path + 2);
        }
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        arguments
    };
    let own_and = |more: &str| [&own[..], &[more.to_owned()]].concat();
    let arguments = match second {
        S::Resume => own_and("--resume"),
        S::Overwrite => own_and("--overwrite"),
        S::SameCommand => own.clone(),
        S::SharedJournal => with(&other, &["--journal", &journal]),
        S::SharedJournalResumed => with(&other, &["--journal", &journal, "--resume"]),
        S::LinkToOutput => {
            std::os::unix::fs::symlink(&output, folder.join(&link)).unwrap();
            with(&link, &["--journal", "other.journal", "--overwrite"])
        }
        S::HardLinkToPart => {
            let part = folder.join(format!("{output}.part"));
            fs::hard_link(part, folder.join(&link_part)).unwrap();
            with(&link, &["--journal", "other.journal", "--overwrite"])
        }
        S::PartAsJournal => with(
            &other,
            &["--journal", &format!("{output}.part"), "--resume"],
        ),
    };
    let ended = world.run_second(&arguments);
    let _ = fs::remove_file(folder.join(&link));
    let _ = fs::remove_file(folder.join(&link_part));
    let after = files(folder);
    if !matches!(ended.code, Some(1 | 2)) {
        world.problem(format!(
            "a second process ({second:?}) was not refused: {ended:?}"
        ));
    }
    if !before.keys().eq(after.keys()) {
        let names = (before.keys(), after.keys());
        world.problem(format!(
            "a second process ({second:?}) left files: {names:?}"
        ));
    }
    for (name, content) in &before {
        // The first process appends.
        if after.get(name).is_some_and(|now| !now.starts_with(content)) {
            world.problem(format!("a second process ({second:?}) changed {name}"));
        }
    }
}

fn change_journal(world: &World, session: usize, tamper: Tamper) {
    // Not while a second process is compared with what was there before it.
    let guard = world.hold(session);
    if guard.is_none() || world.record().tampered.is_some() {
        return;
    }
    let journal = world.journal();
    let Ok(length) = fs::metadata(&journal).map(|journal| journal.len()) else {
        return;
    };
    let kept: PathBuf = world.logs().join(format!("kept.{}", world.session()));
    // The file itself is kept, so that a record that is being written is in it.
    let keep = || fs::hard_link(&journal, &kept).unwrap();
    match tamper {
        Tamper::Deleted => {
            keep();
            fs::remove_file(&journal).unwrap();
        }
        Tamper::ReplacedByAnother => {
            keep();
            let other = world.logs().join("other");
            fs::write(&other, "9d5e4f sums of files\n").unwrap();
            fs::rename(&other, &journal).unwrap();
        }
        Tamper::ReplacedByCopy => {
            let copy = world.logs().join("copy");
            fs::copy(&journal, &copy).unwrap();
            fs::rename(&copy, &journal).unwrap();
        }
        Tamper::Truncated => {
            let file = fs::OpenOptions::new().write(true).open(&journal).unwrap();
            file.set_len(Rng::with_seed(length).u64(..length)).unwrap();
        }
        Tamper::AppendedTo => {
            let mut file = fs::OpenOptions::new().append(true).open(&journal).unwrap();
            file.write_all(b"a line of another program\n").unwrap();
        }
    }
    world.set_tampered(Tampered { tamper, kept });
}
