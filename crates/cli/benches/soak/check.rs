//! Compares what a run left with what the server charged.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::process::Stdio;
use std::time::Duration;

use dataforseo_client::models::target_key;
use dataforseo_test_support::fake_api::{Audit, Ledger, Problem, ProblemKind, TableLine};
use dataforseo_test_support::program::{ProgramOutput, isolated};

use super::draw::Session;
use super::events::{Event, files};
use super::faults::{Brings, Fault, marker};
use super::input::is_rejected;
use super::run::{Guarantee, Job, is_stopped};
use super::totals::Totals;
use super::world::{CallRecord, Ended, secrets};

/// The share of the timeout of a second that a response may take before it counts as late.
const IN_TIME: Duration = Duration::from_millis(400);

fn key(target: &str) -> String {
    target_key(target).into_owned()
}

/// Checks what a process printed.
pub fn output(job: &Job, ended: &Ended, session: &Session) {
    if ended.err.contains("panicked") {
        job.world.problem(format!("a panic: {ended:?}"));
    }
    let is_killed = ended.code.is_none();
    let can_be_killed = session.kill_after.is_some() || session.has_event(Event::kills);
    if is_killed && !can_be_killed {
        job.world
            .problem(format!("the program ended without a code: {ended:?}"));
    }
}

/// Checks that the exit code has a cause.
pub fn exit_code(job: &Job, ended: &Ended, session: &Session, events: &[Event]) {
    let has = |faults: &[Fault]| session.faults.iter().any(|fault| faults.contains(fault));
    let is_tampered = events.iter().any(|event| matches!(event, Event::Tamper(_)));
    let has_cause = match ended.code {
        None | Some(0 | 10) => true,
        Some(1) => is_tampered || session.file_limit.is_some() || has_rows_elsewhere(job, ended),
        Some(3 | 4) => session.rate > 0.0 && !session.faults.is_empty(),
        Some(5) => job.world.plan().budget.is_some() || has(&[Fault::OutOfFunds]),
        Some(11) => is_stopped(events),
        Some(_) => false,
    };
    if !has_cause {
        job.world
            .problem(format!("an exit code without a cause: {ended:?}"));
    }
}

/// Returns whether a response fitted into no file but the table, so that a second table has its rows.
fn can_have_rows_elsewhere(job: &Job) -> bool {
    let mut sessions = job.world.plan().sessions.iter();
    sessions.any(|it| it.file_limit.is_some() && it.padding > 0)
}

fn has_rows_elsewhere(job: &Job, ended: &Ended) -> bool {
    ended.err.contains("that the journal lacks, so it stays") && can_have_rows_elsewhere(job)
}

/// Checks the table of a job that is complete.
pub fn completed(job: &mut Job, ended: &Ended, lines: &[TableLine], totals: &mut Totals) {
    if has_rows_elsewhere(job, ended) {
        job.world.count("rows in a second table");
        return;
    }
    if !matches!(ended.code, Some(0 | 10)) {
        job.world
            .problem(format!("the job was not completed: {ended:?}"));
        return;
    }
    let ledger = job.api.ledger();
    let exempt = exempt(job, &ledger, lines);
    let problems = audit(job, &ledger, lines, &exempt);
    let strict = job.guarantee == Guarantee::All;
    for problem in problems {
        // Who starts over replaces the table that had the rows, too.
        let is_replaced = problem.kind == ProblemKind::Lost && can_have_rows_elsewhere(job);
        if strict || (problem.kind != ProblemKind::PaidTwice && !is_replaced) {
            totals.add_problem(problem.kind);
            job.world.problem(problem.text);
        }
    }
    outcomes(job, &ledger, lines, &exempt);
    rows_of_sessions(job, lines);
    if strict {
        journal(job, &ledger, &exempt);
    }
    totals.add_lines(lines);
}

/// Compares a table with the ledger.
fn audit(
    job: &Job,
    ledger: &Ledger,
    lines: &[TableLine],
    exempt: &BTreeSet<usize>,
) -> Vec<Problem> {
    let targets = &job.world.plan().input.lines;
    let record = job.world.record();
    let readable: BTreeMap<usize, &CallRecord> = record
        .calls
        .iter()
        .filter(|call| call.brings == Brings::Rows && !exempt.contains(&call.number))
        .filter(|call| call.number >= job.first_call)
        .map(|call| (call.number, call))
        .collect();
    let audit = Audit::new(targets, ledger)
        .key(key)
        .readable(|charged, target| {
            let call = readable.get(&charged.call);
            call.is_some_and(|call| {
                charged.is_delivered && call.without_row.as_deref() != Some(target)
            })
        });
    audit.problems(lines)
}

/// Returns the calls whose responses the program need not have: it was killed before it recorded them,
/// or they came after its timeout. Reports a killed process that lost more than its calls in flight.
fn exempt(job: &Job, ledger: &Ledger, lines: &[TableLine]) -> BTreeSet<usize> {
    let lines = lines.iter().filter(|line| line.outcome == "found");
    let found: HashSet<String> = lines.map(|line| key(&line.target)).collect();
    let charged = Job::charged(ledger);
    let delivered: HashSet<usize> = ledger
        .charges
        .iter()
        .filter(|charged| charged.is_delivered)
        .map(|charged| charged.call)
        .collect();
    let journal = std::fs::read(job.world.journal()).unwrap_or_default();
    let mut exempt = BTreeSet::new();
    let plan = job.world.plan();
    let record = job.world.record();
    let mut problems = Vec::new();
    for ended in job.killed() {
        let calls = record
            .calls
            .iter()
            .filter(|call| call.session == ended.number);
        let calls = calls.filter(|call| call.brings == Brings::Rows);
        let missing: Vec<usize> = calls
            .filter(|call| delivered.contains(&call.number))
            .filter(|call| {
                let targets = charged.get(&call.number).map_or(&[][..], Vec::as_slice);
                targets.iter().any(|target| !found.contains(&key(target)))
            })
            .map(|call| call.number)
            .filter(|call| !contains(&journal, &marker(*call)))
            .collect();
        let in_flight = plan.sessions[ended.number].max_in_flight;
        if missing.len() > in_flight && job.guarantee == Guarantee::All {
            problems.push(format!(
                "session {} had {in_flight} calls in flight, and lost {missing:?}",
                ended.number
            ));
        }
        exempt.extend(missing);
    }
    let is_late = |call: &&CallRecord| {
        let session = plan.sessions.get(call.session);
        session.is_some_and(|session| session.faults.contains(&Fault::Hang))
            && call.took.is_none_or(|took| took > IN_TIME)
    };
    exempt.extend(record.calls.iter().filter(is_late).map(|call| call.number));
    drop(record);
    problems
        .into_iter()
        .for_each(|problem| job.world.problem(problem));
    exempt
}

/// Checks that each outcome has a cause.
fn outcomes(job: &Job, ledger: &Ledger, lines: &[TableLine], exempt: &BTreeSet<usize>) {
    let record = job.world.record();
    let mut without_row: HashSet<String> = HashSet::new();
    let mut troubled: HashSet<String> = HashSet::new();
    let charged = Job::charged(ledger);
    let killed: HashSet<usize> = job.killed().map(|ended| ended.number).collect();
    for call in &record.calls {
        let keys = call.targets.iter().map(|target| key(target));
        if call.brings == Brings::NoRows && charged.contains_key(&call.number) {
            without_row.extend(keys.clone());
        }
        if !call.has_stray {
            without_row.extend(call.without_row.iter().map(|target| key(target)));
        }
        let is_troubled = call.fault.is_some()
            || call.is_rejection
            || exempt.contains(&call.number)
            || killed.contains(&call.session);
        if is_troubled {
            troubled.extend(keys);
        }
    }
    // The journal announces a call that the program then has no time to send, or that it sends on a
    // connection that the server has just closed.
    let closes = |call: &CallRecord| call.fault.is_some_and(Fault::closes);
    let may_be_announced = !killed.is_empty() || record.calls.iter().any(closes);
    let sent = record.calls.iter().flat_map(|call| &call.targets);
    let sent: HashSet<String> = sent.map(|target| key(target)).collect();
    let has_file_limit = job
        .world
        .plan()
        .sessions
        .iter()
        .any(|it| it.file_limit.is_some());
    let input = &job.world.plan().input;
    let mut problems = Vec::new();
    for line in lines {
        let target = key(&line.target);
        let is_unusable = input.is_unusable.get(line.number.wrapping_sub(1)) == Some(&true);
        let has_cause = match line.outcome.as_str() {
            "found" => line.rank.is_some() && !is_unusable,
            "not_found" => without_row.contains(&target),
            "unmatched" => troubled.contains(&target),
            "failed" => {
                let is_announced = may_be_announced && !sent.contains(&target);
                let is_damaged = job.guarantee == Guarantee::NotPaidOnce;
                troubled.contains(&target) || has_file_limit || is_announced || is_damaged
            }
            "invalid" => is_unusable || is_rejected(&line.target),
            _ => false,
        };
        if !has_cause {
            problems.push(format!("an outcome without a cause: {line:?}"));
        }
    }
    drop(record);
    problems
        .into_iter()
        .for_each(|problem| job.world.problem(problem));
}

/// Checks that a row that was once in a table stays.
fn rows_of_sessions(job: &Job, lines: &[TableLine]) {
    let lines = lines.iter().filter(|line| line.outcome == "found");
    let found: HashSet<usize> = lines.map(|line| line.number).collect();
    for session in &job.ended {
        let lost = session
            .found
            .iter()
            .filter(|number| !found.contains(number));
        let lost: Vec<_> = lost.collect();
        if !lost.is_empty() && job.guarantee == Guarantee::All {
            let number = session.number;
            job.world.problem(format!(
                "the table of session {number} had rows for {lost:?}"
            ));
        }
    }
}

/// Checks that the journal has all bodies, and that the command reads it.
fn journal(job: &Job, ledger: &Ledger, exempt: &BTreeSet<usize>) {
    let content = std::fs::read(job.world.journal()).unwrap_or_default();
    let killed: HashSet<usize> = job.killed().map(|ended| ended.number).collect();
    let delivered = ledger.charges.iter().filter(|charged| charged.is_delivered);
    let delivered: HashSet<usize> = delivered.map(|charged| charged.call).collect();
    let lacking: Vec<usize> = {
        let record = job.world.record();
        let calls = record.calls.iter().filter(|call| call.has_body);
        calls
            .filter(|call| delivered.contains(&call.number) && !exempt.contains(&call.number))
            .filter(|call| !killed.contains(&call.session) || call.brings == Brings::Rows)
            .map(|call| call.number)
            .filter(|call| !contains(&content, &marker(*call)))
            // What could be saved nowhere was printed.
            .filter(|call| {
                !job.ended
                    .iter()
                    .any(|it| it.ended.err.contains(&marker(*call)))
            })
            .collect()
    };
    if !lacking.is_empty() {
        job.world.problem(format!(
            "the journal lacks the bodies of the calls {lacking:?}"
        ));
    }
    let mut command = isolated(super::PROGRAM);
    command
        .arg("journal")
        .arg(job.world.journal())
        .stdin(Stdio::null());
    let output = ProgramOutput::of(command);
    let lines = output
        .out
        .lines()
        .map(serde_json::from_str::<serde_json::Value>);
    if output.code != Some(0) || lines.clone().any(|line| line.is_err()) {
        job.world
            .problem(format!("the journal cannot be read: {output:?}"));
    }
    if output.err.contains("not an intact record") {
        job.world
            .problem(format!("the journal of a complete job is torn: {output:?}"));
    }
}

/// Checks a job whose uncertain targets were sent again.
pub fn retried(
    job: &Job,
    ended: &Ended,
    before: &Ledger,
    first: &[TableLine],
    second: &[TableLine],
) {
    if !matches!(ended.code, Some(0 | 10)) {
        job.world
            .problem(format!("--retry-uncertain did not complete: {ended:?}"));
        return;
    }
    job.world.count("--retry-uncertain");
    let failed = first.iter().filter(|line| line.outcome == "failed");
    let failed: HashSet<String> = failed.map(|line| key(&line.target)).collect();
    let ledger = job.api.ledger();
    for charged in &ledger.charges[before.charges.len()..] {
        for target in &charged.targets {
            if !failed.contains(&key(target)) {
                job.world
                    .problem(format!("{target} was sent again, and was not uncertain"));
            }
        }
    }
    let by_number: BTreeMap<usize, &TableLine> =
        second.iter().map(|line| (line.number, line)).collect();
    for line in first {
        let now = by_number
            .get(&line.number)
            .map(|line| line.outcome.as_str());
        let is_right = match line.outcome.as_str() {
            "failed" if is_rejected(&line.target) => now == Some("invalid"),
            "failed" => now == Some("found"),
            before => now == Some(before),
        };
        if !is_right {
            job.world
                .problem(format!("--retry-uncertain made {now:?} of {line:?}"));
        }
    }
}

/// Checks the folder at the end.
pub fn files_left(job: &Job) {
    let files = files(job.world.folder());
    let has_rows_elsewhere = job
        .world
        .record()
        .counts
        .contains_key("rows in a second table");
    let is_left = |name: &&String| {
        name.contains(".part")
            || name.ends_with(".rest")
            || name.starts_with("link.")
            || name.starts_with("other.")
    };
    let left: Vec<&String> = files.keys().filter(is_left).collect();
    let may_be_left = has_rows_elsewhere || job.guarantee == Guarantee::NotPaidOnce;
    if !left.is_empty() && !may_be_left {
        job.world.problem(format!("files are left: {left:?}"));
    }
    let stdout = std::fs::read(job.world.logs().join("stdout")).unwrap_or_default();
    let errs = job
        .ended
        .iter()
        .map(|it| ("stderr", it.ended.err.as_bytes()));
    let outputs = errs.chain([("stdout", stdout.as_slice())]);
    let files = files
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_slice()));
    let secrets = secrets(job.ended.len());
    for (name, content) in files.chain(outputs) {
        for secret in &secrets {
            if contains(content, secret) {
                job.world
                    .problem(format!("a credential in {name}: {secret}"));
            }
        }
    }
}

/// Returns whether bytes contain a text.
fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
