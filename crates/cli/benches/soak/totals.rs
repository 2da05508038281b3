//! What the soak counted.

use std::collections::BTreeMap;

use dataforseo_test_support::fake_api::{ProblemKind, TableLine};

use super::draw::Plan;
use super::run::Job;
use super::world::World;

/// A run with problems.
#[derive(Debug)]
pub struct FailedRun {
    pub seed: u64,
    pub problems: Vec<String>,
    /// Where its files are.
    pub folder: String,
    /// What was played.
    pub description: String,
}

/// The counts of one or more runs.
#[derive(Debug, Default)]
pub struct Totals {
    counts: BTreeMap<&'static str, usize>,
    happened: BTreeMap<&'static str, usize>,
    faults: BTreeMap<String, usize>,
    outcomes: BTreeMap<String, usize>,
    charged: f64,
    lost: usize,
    paid_twice: usize,
    rows_of_another: usize,
    budget_passed: usize,
    pub failed: Vec<FailedRun>,
}

impl Totals {
    pub fn add_problem(&mut self, kind: ProblemKind) {
        match kind {
            ProblemKind::Lost | ProblemKind::Line => self.lost += 1,
            ProblemKind::PaidTwice => self.paid_twice += 1,
            ProblemKind::RowOfAnother => self.rows_of_another += 1,
        }
    }

    pub fn add_lines(&mut self, lines: &[TableLine]) {
        for line in lines {
            *self.outcomes.entry(line.outcome.clone()).or_default() += 1;
        }
    }

    /// Adds what happened in a run.
    pub fn add_run(&mut self, seed: u64, job: &Job) {
        let record = job.world.record();
        let ledger = job.api.ledger();
        let plan: &Plan = job.world.plan();
        let targets = ledger.charges.iter().map(|charged| charged.targets.len());
        for (name, count) in [
            ("runs", 1),
            ("processes", record.processes),
            ("lines of input", plan.input.lines.len()),
            ("calls", record.calls.len()),
            ("charges", ledger.charges.len()),
            ("targets charged", targets.sum()),
            ("runs with a budget", usize::from(plan.budget.is_some())),
        ] {
            *self.counts.entry(name).or_default() += count;
        }
        let limited = plan.sessions.iter().filter(|it| it.file_limit.is_some());
        *self.happened.entry("file size limit").or_default() += limited.count();
        self.charged += ledger.total();
        for (name, count) in &record.counts {
            *self.happened.entry(name).or_default() += count;
        }
        for fault in record.calls.iter().filter_map(|call| call.fault) {
            *self.faults.entry(format!("{fault:?}")).or_default() += 1;
        }
        let problems = record.problems.iter();
        self.budget_passed += problems.filter(|it| it.starts_with("budget: ")).count();
        if !record.problems.is_empty() {
            self.failed.push(FailedRun {
                seed,
                problems: record.problems.clone(),
                folder: String::new(),
                description: String::new(),
            });
        }
    }

    /// Describes the sessions of a run, if it failed.
    pub fn describe(&mut self, job: &Job) {
        let Some(failed) = self.failed.last_mut() else {
            return;
        };
        let plan = job.world.plan();
        failed.description = format!(
            "{} budget {:?}, {:?}, {:?}",
            plan.arguments.join(" "),
            plan.budget,
            plan.rejection,
            plan.recovery
        );
        for session in &job.ended {
            let drawn = plan.sessions.get(session.number);
            failed.description += &format!("\n{}: {drawn:?}\n", session.number);
            let record = job.world.record();
            for call in record
                .calls
                .iter()
                .filter(|it| it.session == session.number)
            {
                failed.description += &format!("  {call:?}\n");
            }
            failed.description += &format!("  {:?} {}", session.ended.code, session.ended.err);
        }
    }

    /// Keeps the files of a run, if it failed.
    pub fn keep(&mut self, seed: u64, world: World) {
        let failed = self.failed.iter_mut().find(|failed| failed.seed == seed);
        if let Some(failed) = failed
            && let Some(folder) = world.keep()
        {
            failed.folder = folder.display().to_string();
        }
    }

    /// Adds the counts of another run.
    pub fn merge(&mut self, other: Self) {
        let add = |all: &mut BTreeMap<_, usize>, more| {
            for (name, count) in more {
                *all.entry(name).or_default() += count;
            }
        };
        add(&mut self.counts, other.counts);
        add(&mut self.happened, other.happened);
        for (name, count) in other.faults {
            *self.faults.entry(name).or_default() += count;
        }
        for (name, count) in other.outcomes {
            *self.outcomes.entry(name).or_default() += count;
        }
        self.charged += other.charged;
        self.lost += other.lost;
        self.paid_twice += other.paid_twice;
        self.rows_of_another += other.rows_of_another;
        self.budget_passed += other.budget_passed;
        self.failed.extend(other.failed);
    }

    /// Prints the table.
    pub fn print(&self) {
        for (name, count) in &self.counts {
            println!("{name:32} {count:>10}");
        }
        println!("{:32} {:>10.2}", "US dollars charged", self.charged);
        let of_outcomes = self
            .outcomes
            .iter()
            .map(|(name, count)| (name.as_str(), count));
        let happened = self.happened.iter().map(|(name, count)| (*name, count));
        let faults = self
            .faults
            .iter()
            .map(|(name, count)| (name.as_str(), count));
        print_section("what happened to the program", happened);
        print_section("faults of the server", faults);
        print_section("outcomes", of_outcomes);
        let verdict = [
            ("lost", &self.lost),
            ("paid twice", &self.paid_twice),
            ("rows of another target", &self.rows_of_another),
            ("budget passed", &self.budget_passed),
            ("failed runs", &self.failed.len()),
        ];
        print_section("problems", verdict.into_iter());
    }
}

fn print_section<'a>(title: &str, rows: impl Iterator<Item = (&'a str, &'a usize)>) {
    println!("{title}:");
    for (name, count) in rows {
        println!("  {name:30} {count:>10}");
    }
}
