//! Draws a run from its seed: the input, the options, the sessions and their faults.

use fastrand::Rng;

use super::events::Event;
use super::faults::{FAULTS, Fault};
use super::input::Input;
use super::tables::Format;

/// The runs that may wait for seconds are one in this many.
const SLOW_ONE_IN: u32 = 20;

/// A run: sessions of one job, one after the other.
#[derive(Debug)]
pub struct Plan {
    pub seed: u64,
    pub format: Format,
    pub input: Input,
    /// The arguments that all sessions share.
    pub arguments: Vec<String>,
    /// The name of the journal.
    pub journal: String,
    pub rejection: Rejection,
    /// The budget in US dollars.
    pub budget: Option<f64>,
    /// What happens to a journal that was deleted or replaced.
    pub recovery: Recovery,
    /// Whether uncertain targets are sent again at the end.
    pub last: LastSession,
    pub sessions: Vec<Session>,
}

/// How the server names a target that it rejects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rejection {
    Position,
    Text,
    Unnamed,
}

/// What the user does after the journal was deleted or replaced while the job ran.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Recovery {
    Restore,
    /// The job starts over with `--overwrite`, and pays again.
    StartOver,
}

/// What follows the session that completes the job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LastSession {
    Nothing,
    /// `--retry-uncertain`.
    RetryUncertain,
}

/// How a session is started.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    Resume,
    /// Without `--resume`. It is refused unless it is the first.
    Restart,
}

/// A session: one process, and the faults that meet it.
#[derive(Debug)]
pub struct Session {
    pub start: Start,
    pub max_in_flight: usize,
    pub faults: Vec<Fault>,
    /// The share of calls that meet a fault.
    pub rate: f64,
    /// What happens to the program, with the number of the call within the session.
    pub events: Vec<(usize, Event)>,
    /// The milliseconds after which the program is killed, whatever it does.
    pub kill_after: Option<f64>,
    /// The limit of the size of files, in blocks of 512 bytes.
    pub file_limit: Option<u32>,
    /// The number of bytes that each response has in addition to its rows.
    pub padding: usize,
    /// More arguments.
    pub arguments: Vec<String>,
}

impl Session {
    /// A session without faults.
    pub fn clean() -> Self {
        Self {
            start: Start::Resume,
            max_in_flight: 4,
            faults: Vec::new(),
            rate: 0.0,
            events: Vec::new(),
            kill_after: None,
            file_limit: None,
            padding: 0,
            arguments: Vec::new(),
        }
    }

    pub fn has_event(&self, is_event: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(|(_, event)| is_event(event))
    }
}

/// Whether a run may wait for seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    Fast,
    Slow,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let pace = match rng.u32(..SLOW_ONE_IN) {
            0 => Pace::Slow,
            _ => Pace::Fast,
        };
        let format = Format::ALL[rng.usize(..Format::ALL.len())];
        let input = Input::draw(&mut rng);
        let calls = rng.usize(2..=16);
        let targets_per_call = input.lines.len().div_ceil(calls);
        let budget = (rng.u32(..4) == 0).then(|| rng.f64() * 0.025 * (calls + 1) as f64);
        let journal = match rng.u32(..4) {
            0 => "own.journal".to_owned(),
            _ => format!("out.{}.journal", format.extension()),
        };
        let mut plan = Self {
            seed,
            format,
            arguments: arguments(&mut rng, format, targets_per_call, &journal),
            journal,
            input,
            rejection: [Rejection::Position, Rejection::Text, Rejection::Unnamed][rng.usize(..3)],
            budget,
            recovery: if rng.bool() {
                Recovery::Restore
            } else {
                Recovery::StartOver
            },
            last: if rng.u32(..4) == 0 {
                LastSession::RetryUncertain
            } else {
                LastSession::Nothing
            },
            sessions: Vec::new(),
        };
        for number in 0..rng.usize(1..=6) {
            let session = session(&mut rng, number, pace, budget.is_some(), calls);
            plan.sessions.push(session);
        }
        plan
    }
}

/// Returns the arguments that all sessions share, as the journal is bound to them.
fn arguments(rng: &mut Rng, format: Format, targets_per_call: usize, journal: &str) -> Vec<String> {
    let output = format!("out.{}", format.extension());
    let mut arguments: Vec<String> = ["bulk", super::ENDPOINT, super::input::FILE, "-o", &output]
        .map(ToOwned::to_owned)
        .into();
    arguments.extend([
        "--targets-per-call".to_owned(),
        targets_per_call.to_string(),
    ]);
    if journal == "own.journal" {
        arguments.extend(["--journal".to_owned(), journal.to_owned()]);
    }
    match rng.u32(..4) {
        0 => arguments.push("--no-sort".to_owned()),
        // The input is longer, and sorted on disk.
        1 => arguments.extend(["--window".to_owned(), "10".to_owned()]),
        _ => {}
    }
    if rng.bool() {
        arguments.push("--quiet".to_owned());
    }
    arguments
}

fn session(rng: &mut Rng, number: usize, pace: Pace, honest: bool, calls: usize) -> Session {
    let start = match rng.u32(..8) {
        0 => Start::Restart,
        _ if number == 0 => Start::Restart,
        _ => Start::Resume,
    };
    let possible =
        |fault: &Fault| (pace == Pace::Slow || !fault.is_slow()) && (!honest || fault.is_honest());
    let pool: Vec<Fault> = FAULTS.iter().copied().filter(possible).collect();
    let faults: Vec<Fault> = (0..rng.usize(0..=6))
        .map(|_| pool[rng.usize(..pool.len())])
        .collect();
    let mut session = Session {
        start,
        max_in_flight: [1, 1, 2, 4, 8][rng.usize(..5)],
        rate: [0.05, 0.2, 0.5, 1.0][rng.usize(..4)],
        faults,
        ..Session::clean()
    };
    for _ in 0..[0, 0, 1, 1, 2][rng.usize(..5)] {
        let event = Event::draw(rng, pace);
        session.events.push((rng.usize(..calls.min(8)), event));
    }
    if session.has_event(Event::requires_one_in_flight) {
        session.max_in_flight = 1;
    }
    if rng.u32(..8) == 0 {
        session.kill_after = Some(rng.f64() * 60.0);
    }
    if rng.u32(..8) == 0 {
        session.file_limit = Some(rng.u32(4..120));
        session.padding = [0, 0, 20_000, 60_000][rng.usize(..4)];
    }
    options(rng, &mut session, pace);
    session
}

/// Adds the options that may differ between sessions.
fn options(rng: &mut Rng, session: &mut Session, pace: Pace) {
    let is_tampered = session.has_event(|event| matches!(event, Event::Tamper(_)));
    let has_hang = session.faults.contains(&Fault::Hang);
    let mut add = |name: &str, value: &str| {
        session.arguments.push(name.to_owned());
        if !value.is_empty() {
            session.arguments.push(value.to_owned());
        }
    };
    if has_hang {
        add("--timeout", "1");
    }
    // The client retries within a call that the journal has announced, which counts as one.
    if pace == Pace::Fast || is_tampered || rng.bool() {
        add("--no-retries", "");
    }
    let wait = match pace {
        Pace::Fast => "0",
        Pace::Slow => ["0", "4"][rng.usize(..2)],
    };
    add("--rate-limit-timeout", wait);
    if rng.u32(..3) == 0 {
        add("--give-up-after", ["1", "3", "8"][rng.usize(..3)]);
    }
}
