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

/// Checks a task on a given day, and gives everything that the documentation rules out.
///
/// Each generated task has this as its own methods `validate` and `validate_on`.
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

/// Checks a task on a given day, and gives what the documentation advises against though the API
/// may take it: a target with `www.`, a value that is not documented.
pub fn warnings<T: Task>(task: &T, today: Date) -> Vec<Violation> {
    let mut violations = all_violations(task, today);
    violations.retain(|violation| violation.severity() == Severity::Warning);
    violations
}

fn all_violations<T: Task>(task: &T, today: Date) -> Vec<Violation> {
    // JSON has no such numbers: they would be sent as null, and the rules would never see them.
    let mut violations: Vec<Violation> = numbers::not_finite(task)
        .into_iter()
        .map(|path| Violation::new(path, ViolationKind::NotFinite))
        .collect();
    // Tasks are written into a map of JSON values, which cannot fail.
    if let Ok(task) = serde_json::to_value(task) {
        violations.extend(check(T::RULES, &task, today));
    }
    violations
}

/// Today by UTC, the day that limits are reckoned from when none is given.
pub fn today() -> Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// Checks a task in JSON against documented rules: violations of both severities.
///
/// The mock server uses this on requests of any client.
pub fn check(rules: &[FieldRule], task: &Value, today: Date) -> Vec<Violation> {
    Checker::new(today).check(rules, task)
}
