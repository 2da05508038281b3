//! Compares a table of a bulk job with what the server charged.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde_json::Value;

use super::{Charged, Ledger};

/// A line of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableLine {
    /// The number of the target in the input, counted from 1.
    pub number: usize,
    /// The target.
    pub target: String,
    /// The outcome, such as `found`.
    pub outcome: String,
    /// The rank of the row, which identifies it. `None` without a row.
    pub rank: Option<i64>,
}

impl TableLine {
    /// Parses a line of a table in JSON lines. `None` if it is not JSON.
    pub fn from_json(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        Some(Self {
            number: line["number"].as_u64().unwrap_or_default() as usize,
            target: text("target"),
            outcome: text("outcome"),
            rank: line["row"]["rank"].as_i64(),
        })
    }
}

/// What kind of problem a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// A line is missing, occurs twice or has another target.
    Line,
    /// A row was delivered, and the table lacks it.
    Lost,
    /// A target was paid for more than once.
    PaidTwice,
    /// A target has the row of another target.
    RowOfAnother,
}

/// Something that is wrong with a table. `Display` writes the sentence.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What kind it is.
    pub kind: ProblemKind,
    /// What is wrong.
    pub text: String,
}

impl Problem {
    fn new(kind: ProblemKind, text: String) -> Self {
        Self { kind, text }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

type KeyFn<'a> = Box<dyn Fn(&str) -> String + 'a>;
type ReadableFn<'a> = Box<dyn Fn(&Charged, &str) -> bool + 'a>;

/// A comparison of a table with what the server charged.
///
/// Calls of other endpoints than those with ranks have no tokens, so their rows are not checked.
pub struct Audit<'a> {
    targets: &'a [String],
    ledger: &'a Ledger,
    key: KeyFn<'a>,
    is_readable: ReadableFn<'a>,
}

impl<'a> Audit<'a> {
    /// Creates a comparison. `targets` are the lines of the input.
    pub fn new(targets: &'a [String], ledger: &'a Ledger) -> Self {
        Self {
            targets,
            ledger,
            key: Box::new(ToOwned::to_owned),
            is_readable: Box::new(|charged, _| charged.is_delivered),
        }
    }

    /// Sets what is equal for spellings of one target. By default, each spelling is a target.
    pub fn key(mut self, key: impl Fn(&str) -> String + 'a) -> Self {
        self.key = Box::new(key);
        self
    }

    /// Sets which charged calls brought a row for a target. By default, all that were written as a
    /// whole.
    pub fn readable(mut self, is_readable: impl Fn(&Charged, &str) -> bool + 'a) -> Self {
        self.is_readable = Box::new(is_readable);
        self
    }

    /// Returns what is wrong with a table: targets without a line or with two, rows that belong to
    /// another target, rows that were delivered and are missing, targets that were paid twice.
    pub fn problems(&self, lines: &[TableLine]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut outcomes: HashMap<usize, &str> = HashMap::new();
        for line in lines {
            let number = line.number;
            let Some(target) = self.targets.get(number.wrapping_sub(1)) else {
                let text = format!("line {number} is not of this input");
                problems.push(Problem::new(ProblemKind::Line, text));
                continue;
            };
            if line.target != *target {
                let text = format!("line {number} is {:?}, not {target:?}", line.target);
                problems.push(Problem::new(ProblemKind::Line, text));
            }
            if let Some(rank) = line.rank {
                problems.extend(self.row_of_another(target, rank));
            }
            if outcomes.insert(number, &line.outcome).is_some() {
                let text = format!("{number} has two lines");
                problems.push(Problem::new(ProblemKind::Line, text));
            }
        }
        self.add_missing(&outcomes, &mut problems);
        for (key, times) in self.times_paid() {
            if times > 1 {
                let text = format!("{key} was paid {times} times");
                problems.push(Problem::new(ProblemKind::PaidTwice, text));
            }
        }
        problems
    }

    /// Returns how often each target was paid for, by its key.
    pub fn times_paid(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for (target, count) in self.ledger.times_paid() {
            *times.entry((self.key)(target)).or_default() += count;
        }
        times
    }

    fn row_of_another(&self, target: &str, rank: i64) -> Option<Problem> {
        let of = self.ledger.target_of(rank);
        if of.is_some_and(|of| (self.key)(of) == (self.key)(target)) {
            return None;
        }
        let text = format!("{target} has the row of {of:?}");
        Some(Problem::new(ProblemKind::RowOfAnother, text))
    }

    fn add_missing(&self, outcomes: &HashMap<usize, &str>, problems: &mut Vec<Problem>) {
        let mut delivered: HashMap<String, usize> = HashMap::new();
        for charged in &self.ledger.charges {
            let readable = charged.targets.iter();
            for target in readable.filter(|target| (self.is_readable)(charged, target)) {
                delivered.insert((self.key)(target), charged.call);
            }
        }
        for (index, target) in self.targets.iter().enumerate() {
            match outcomes.get(&(index + 1)) {
                None => {
                    let text = format!("{target} has no line");
                    problems.push(Problem::new(ProblemKind::Line, text));
                }
                Some(&"found") => {}
                Some(outcome) => {
                    if let Some(call) = delivered.get(&(self.key)(target)) {
                        let text =
                            format!("{target} was delivered by call {call}, and is {outcome}");
                        problems.push(Problem::new(ProblemKind::Lost, text));
                    }
                }
            }
        }
    }
}

/// Returns what is wrong with a table in JSON lines. `targets` are the lines of the input, and each
/// spelling is a target.
pub fn audit(table: &str, targets: &[String], ledger: &Ledger) -> Vec<String> {
    let mut problems = Vec::new();
    let mut lines = Vec::new();
    for line in table.lines() {
        match TableLine::from_json(line) {
            Some(line) => lines.push(line),
            None => problems.push(format!("not JSON: {line}")),
        }
    }
    let found = Audit::new(targets, ledger).problems(&lines);
    problems.extend(found.iter().map(ToString::to_string));
    problems
}
