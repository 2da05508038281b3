//! Runs the sessions of a plan, and completes the job.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dataforseo_test_support::fake_api::{FakeApi, Ledger, TableLine};

use super::check;
use super::draw::{LastSession, Plan, Recovery, Session, Start};
use super::events::{Event, Tamper, files};
use super::totals::Totals;
use super::world::{Ended, World};

/// Which guarantees hold, after what the user did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Guarantee {
    /// Nothing is lost, and nothing is paid twice.
    All,
    /// The user destroyed the record of what was paid.
    NotPaidOnce,
}

/// A session that has ended.
#[derive(Debug)]
pub struct EndedSession {
    pub number: usize,
    pub ended: Ended,
    /// The targets that had a row in the table.
    pub found: Vec<usize>,
    pub events: Vec<Event>,
}

/// A job with its server.
pub struct Job {
    pub world: World,
    pub api: FakeApi,
    pub guarantee: Guarantee,
    /// The first call after the user started over.
    pub first_call: usize,
    pub ended: Vec<EndedSession>,
}

/// Plays a run, and returns what it counted.
pub fn play(seed: u64) -> Totals {
    let world = World::new(Plan::new(seed));
    let script = world.clone();
    let api = FakeApi::start(move |call| script.script(call));
    world.set_url(api.url());
    let mut job = Job {
        world,
        api,
        guarantee: Guarantee::All,
        first_call: 0,
        ended: Vec::new(),
    };
    let mut totals = Totals::default();
    let played = catch_unwind(AssertUnwindSafe(|| job.play(&mut totals)));
    if played.is_err() {
        job.world.problem("the soak panicked".to_owned());
    }
    totals.add_run(seed, &job);
    totals.describe(&job);
    let Job { world, api, .. } = job;
    drop(api);
    totals.keep(seed, world);
    totals
}

impl Job {
    fn play(&mut self, totals: &mut Totals) {
        let sessions = self.world.plan().sessions.len();
        for number in 0..sessions {
            self.play_session(number);
        }
        let (ended, lines) = self.complete(sessions, &["--resume"]);
        check::completed(self, &ended, &lines, totals);
        if self.world.plan().last == LastSession::RetryUncertain
            && self.world.record().problems.is_empty()
            && self.guarantee == Guarantee::All
            && !lines.is_empty()
        {
            let paid = self.api.ledger();
            let arguments = ["--resume", "--retry-uncertain"];
            let (ended, after) = self.complete(sessions + 1, &arguments);
            check::retried(self, &ended, &paid, &lines, &after);
        }
        check::files_left(self);
    }

    fn play_session(&mut self, number: usize) {
        self.world.begin(number);
        let world = self.world.clone();
        let session = &world.plan().sessions[number];
        let before = files(world.folder());
        let has_begun = before.iter().any(|(name, content)| {
            (name.starts_with("out.") || name.ends_with(".journal")) && !content.is_empty()
        });
        let mut arguments = self.arguments(session);
        let is_refused = session.start == Start::Restart && has_begun;
        match (session.start, self.guarantee) {
            (Start::Restart, _) => {}
            (Start::Resume, Guarantee::All) => arguments.push("--resume".to_owned()),
            (Start::Resume, Guarantee::NotPaidOnce) => {
                arguments.extend(["--resume".to_owned(), "--overwrite".to_owned()]);
            }
        }
        let ended = world.run(&arguments, session);
        check::output(self, &ended, session);
        if is_refused {
            world.count("restart that is refused");
            let is_killed = session.kill_after.is_some() && ended.code.is_none();
            if !is_killed && !matches!(ended.code, Some(1 | 2)) {
                world.problem(format!("a restart was not refused: {ended:?}"));
            }
            if world
                .record()
                .calls
                .iter()
                .any(|call| call.session == number)
            {
                world.problem(format!("a restart sent calls: {ended:?}"));
            }
            if !is_killed && before != files(world.folder()) {
                world.problem(format!("a restart changed files: {ended:?}"));
            }
        }
        self.check_tampered(&ended, session);
        let events = world.record().events.clone();
        if !is_refused {
            check::exit_code(self, &ended, session, &events);
        }
        let budget = world
            .plan()
            .budget
            .filter(|_| self.guarantee == Guarantee::All);
        let spent = self.api.ledger().total();
        if let Some(budget) = budget.filter(|budget| spent > budget + 1e-9) {
            world.problem(format!("budget: {spent} was charged of {budget}"));
        }
        let found = self.found();
        self.ended.push(EndedSession {
            number,
            ended,
            found,
            events,
        });
        self.recover();
    }

    /// Returns the arguments of a session, without those for the start.
    fn arguments(&self, session: &Session) -> Vec<String> {
        let plan = self.world.plan();
        let mut arguments = plan.arguments.clone();
        arguments.extend(session.arguments.iter().cloned());
        arguments.extend([
            "--max-in-flight".to_owned(),
            session.max_in_flight.to_string(),
        ]);
        if let Some(budget) = plan.budget {
            arguments.extend(["--budget".to_owned(), budget.to_string()]);
        }
        arguments
    }

    /// Checks that a job whose journal was changed stops before its next call.
    fn check_tampered(&self, ended: &Ended, session: &Session) {
        let (tampered, calls, events) = {
            let record = self.world.record();
            (
                record.tampered.clone(),
                record.calls_after,
                record.events.clone(),
            )
        };
        let Some(tampered) = tampered else {
            return;
        };
        if calls >= session.max_in_flight {
            self.world.problem(format!(
                "{calls} calls were sent after the journal was {:?}, with {} in flight: {ended:?}",
                tampered.tamper, session.max_in_flight
            ));
        }
        if !is_killed(ended, &events) && !ended.err.contains("while the job was running") {
            self.world.problem(format!(
                "the journal was {:?}, and the job does not report it: {ended:?}",
                tampered.tamper
            ));
        }
    }

    /// Does what the user does after the journal was changed.
    fn recover(&mut self) {
        let Some(tampered) = self.world.record().tampered.clone() else {
            return;
        };
        match (tampered.tamper, self.world.plan().recovery) {
            (Tamper::Deleted | Tamper::ReplacedByAnother, Recovery::Restore) => {
                fs::rename(&tampered.kept, self.world.journal()).unwrap();
            }
            (Tamper::Deleted | Tamper::ReplacedByAnother, Recovery::StartOver)
            | (Tamper::Truncated, _) => self.start_over(tampered.tamper),
            (Tamper::ReplacedByCopy | Tamper::AppendedTo, _) => {}
        }
    }

    /// Gives up what was paid for: the job pays again.
    fn start_over(&mut self, tamper: Tamper) {
        self.guarantee = Guarantee::NotPaidOnce;
        self.first_call = self.api.calls().len();
        if tamper == Tamper::ReplacedByAnother {
            // It is not a journal, so it is not the program that removes it.
            fs::remove_file(self.world.journal()).unwrap();
        }
        let mut rest = self.world.journal().into_os_string();
        rest.push(".rest");
        let _ = fs::remove_file(rest);
    }

    /// Runs a session without faults. Returns the table.
    fn complete(&mut self, number: usize, start: &[&str]) -> (Ended, Vec<TableLine>) {
        self.world.begin(number);
        let session = Session::clean();
        let mut arguments = self.world.plan().arguments.clone();
        arguments.extend(start.iter().map(|argument| (*argument).to_owned()));
        if self.guarantee == Guarantee::NotPaidOnce {
            arguments.push("--overwrite".to_owned());
        }
        let ended = self.world.run(&arguments, &session);
        check::output(self, &ended, &session);
        let format = self.world.plan().format;
        let output = format!("out.{}", format.extension());
        let lines = format.read(&self.world.folder().join(output));
        (ended, lines)
    }

    /// Returns the numbers of the targets that have a row in a table, whole or not.
    fn found(&self) -> Vec<usize> {
        let lines = self.all_lines();
        let found = lines.into_iter().filter(|line| line.outcome == "found");
        let mut found: Vec<usize> = found.map(|line| line.number).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns the lines of all tables in the folder.
    pub fn all_lines(&self) -> Vec<TableLine> {
        let format = self.world.plan().format;
        let prefix = format!("out.{}", format.extension());
        let names = files(self.world.folder()).into_keys();
        let tables = names.filter(|name| name.starts_with(&prefix) && !name.contains(".journal"));
        tables
            .flat_map(|name| format.read(&self.world.folder().join(name)))
            .collect()
    }

    /// Returns the sessions in which calls in flight may have been lost.
    pub fn killed(&self) -> impl Iterator<Item = &EndedSession> {
        let sessions = self.ended.iter();
        sessions.filter(|it| is_killed(&it.ended, &it.events))
    }

    /// Returns what the server charged by call.
    pub fn charged(ledger: &Ledger) -> BTreeMap<usize, Vec<String>> {
        let charges = ledger.charges.iter();
        charges
            .map(|charged| (charged.call, charged.targets.clone()))
            .collect()
    }
}

/// Returns whether a process may have ended with calls in flight.
fn is_killed(ended: &Ended, events: &[Event]) -> bool {
    let signals = events.iter().filter(|event| event.stops()).count();
    ended.code.is_none() || signals > 1 || events.iter().any(Event::kills)
}

/// Returns whether a signal stopped the job.
pub fn is_stopped(events: &[Event]) -> bool {
    events.iter().any(Event::stops)
}
