//! Compares a table of a bulk job with what the server charged.

use std::collections::HashMap;

use serde_json::Value;

use super::Ledger;

/// Returns what is wrong with a table in JSON lines: targets without a line or with two, rows that
/// belong to another target, rows that were delivered and are missing, targets that were paid twice.
///
/// `targets` are the lines of the input. Calls of other endpoints than those with ranks have no tokens,
/// so their rows are not checked.
pub fn audit(table: &str, targets: &[String], ledger: &Ledger) -> Vec<String> {
    let mut problems = Vec::new();
    let mut outcomes: HashMap<usize, String> = HashMap::new();
    for line in table.lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            problems.push(format!("not JSON: {line}"));
            continue;
        };
        let number = line["number"].as_u64().unwrap_or_default() as usize;
        let Some(target) = targets.get(number.wrapping_sub(1)) else {
            problems.push(format!("line {number} is not of this input"));
            continue;
        };
        if line["target"] != target.as_str() {
            problems.push(format!("line {number} is {}, not {target}", line["target"]));
        }
        let outcome = line["outcome"].as_str().unwrap_or_default().to_owned();
        if let Some(rank) = line["row"]["rank"].as_i64()
            && ledger.target_of(rank) != Some(target)
        {
            let of = ledger.target_of(rank);
            problems.push(format!("{target} has the row of {of:?}"));
        }
        if outcomes.insert(number, outcome).is_some() {
            problems.push(format!("{number} has two lines"));
        }
    }
    for (index, target) in targets.iter().enumerate() {
        match outcomes.get(&(index + 1)).map(String::as_str) {
            None => problems.push(format!("{target} has no line")),
            Some("found") => {}
            Some(outcome) if ledger.delivered().any(|it| it == target) => {
                problems.push(format!("{target} was delivered, and is {outcome}"));
            }
            Some(_) => {}
        }
    }
    let twice = ledger.paid_twice().into_iter();
    problems.extend(twice.map(|target| format!("{target} was paid twice")));
    problems
}
