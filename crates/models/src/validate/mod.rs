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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::endpoint::rules::{ConditionValue, DateBound, FieldCondition, FieldKind, Limit};

    /// Returns the violations of a task as text.
    fn found(rules: &[FieldRule], task: Value) -> Vec<String> {
        let today = Date::constant(2026, 11, 28);
        let found = check(rules, &task, today);
        found.iter().map(ToString::to_string).collect()
    }

    const TEXTS: &[FieldRule] = &[FieldRule::optional(
        "keywords",
        FieldKind::List(&FieldKind::String),
        &[Limit::MinLength(2), Limit::MaxLength(8), Limit::MaxWords(2)],
    )];

    #[test]
    fn limits_of_texts_apply_to_each_element() {
        assert_eq!(
            found(TEXTS, json!({ "keywords": ["ab", "a b", "12345678"] })),
            [""; 0]
        );
        let task = json!({ "keywords": ["a", "ok", "123456789", "a b c"] });
        assert_eq!(
            found(TEXTS, task),
            [
                "keywords[0]: 1 characters, at least 2 are required",
                "keywords[2]: 9 characters, at most 8 are allowed",
                "keywords[3]: 3 words, at most 2 are allowed",
            ]
        );
    }

    const RELATED: &[FieldRule] = &[
        FieldRule::optional("method", FieldKind::String, &[]),
        FieldRule::optional(
            "speed",
            FieldKind::Integer,
            &[Limit::RequiredIf(&[FieldCondition::new(
                "method",
                ConditionValue::Text("slow"),
            )])],
        ),
        FieldRule::optional("scripts", FieldKind::Boolean, &[]),
        FieldRule::optional(
            "requests",
            FieldKind::Boolean,
            &[
                Limit::Requires(&[FieldCondition::new("scripts", ConditionValue::Bool(true))]),
                Limit::Excludes(&["speed"]),
            ],
        ),
        FieldRule::optional(
            "map",
            FieldKind::Boolean,
            &[Limit::Requires(&[FieldCondition::new(
                "robots",
                ConditionValue::Bool(true),
            )
            .or_absent()])],
        ),
        FieldRule::optional("robots", FieldKind::Boolean, &[]),
    ];

    #[test]
    fn values_of_other_fields_are_required() {
        assert_eq!(
            found(RELATED, json!({ "method": "slow" })),
            ["speed: required with method = slow"]
        );
        assert_eq!(
            found(RELATED, json!({ "method": "fast", "requests": false })),
            [""; 0]
        );
        assert_eq!(
            found(RELATED, json!({ "requests": true, "speed": 1 })),
            [
                "requests: requires scripts = true",
                "requests: cannot be used together with speed",
            ]
        );
        assert_eq!(
            found(RELATED, json!({ "requests": true, "scripts": true })),
            [""; 0]
        );
        assert_eq!(found(RELATED, json!({ "map": true })), [""; 0]);
        assert_eq!(
            found(RELATED, json!({ "map": true, "robots": false })),
            ["map: requires robots = true"]
        );
    }

    #[test]
    fn a_date_can_be_bound_in_the_future() {
        let max = DateBound::After {
            years: 1,
            months: 0,
            days: 0,
        };
        let limits = [Limit::Date {
            min: None,
            max: Some(max),
        }];
        let limits: &'static [Limit] = Box::leak(Box::new(limits));
        let rules = [FieldRule::optional("day", FieldKind::String, limits)];
        assert_eq!(found(&rules, json!({ "day": "2027-11-28" })), [""; 0]);
        assert_eq!(
            found(&rules, json!({ "day": "2027-11-29" })),
            ["day: 2027-11-28 is the last date that is allowed"]
        );
    }
}
