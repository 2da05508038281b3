//! Checking a task against the documented limits: all violations at once, each with its path.

use jiff::civil::Date;
use serde_json::Value;

use crate::endpoint::Task;
use crate::endpoint::rules::FieldRule;

mod checker;
mod numbers;
mod path;
mod violation;

use checker::Checker;
pub use violation::{Severity, Violation, ViolationKind, Violations};

/// Checks a task against the documented limits on a given day.
///
/// Each generated task has the methods `validate` and `validate_on`, which call this.
///
/// # Errors
/// All violations of [severity](Violation::severity) `Error`.
pub fn validate<T: Task>(task: &T, today: Date) -> Result<(), Violations> {
    let mut violations = all_violations(task, today);
    violations.retain(|violation| violation.severity() == Severity::Error);
    if violations.is_empty() {
        Ok(())
    } else {
        Err(violations.into())
    }
}

/// Checks a task on a given day, and returns the violations that the API may accept: a target with
/// `www.`, or a value that is not documented.
pub fn warnings<T: Task>(task: &T, today: Date) -> Vec<Violation> {
    let mut violations = all_violations(task, today);
    violations.retain(|violation| violation.severity() == Severity::Warning);
    violations
}

fn all_violations<T: Task>(task: &T, today: Date) -> Vec<Violation> {
    // JSON has no NaN and no infinity: they would be sent as null, which the rules accept.
    let mut violations: Vec<Violation> = numbers::not_finite(task)
        .into_iter()
        .map(|path| Violation::new(path, ViolationKind::NotFinite))
        .collect();
    // Serializing a task into a JSON value cannot fail.
    if let Ok(task) = serde_json::to_value(task) {
        violations.extend(check(T::RULES, &task, today));
    }
    violations
}

/// Returns the current date in UTC, which is the default for limits that depend on the day.
pub fn today() -> Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// Checks a task in JSON against documented rules, and returns the violations of both severities.
///
/// The mock server checks the requests of any client by this function.
pub fn check(rules: &[FieldRule], task: &Value, today: Date) -> Vec<Violation> {
    Checker::new(today).check(rules, task)
}
