//! The documented limits of tasks, read from the rules of the models.
//!
//! A test that states such a limit itself fails when the documentation changes.

use dataforseo_models::{Date, EndpointInfo, FieldRule, Limit};

/// Returns the most elements of a field.
pub fn max_items(endpoint: &EndpointInfo, field: &str) -> usize {
    limit(endpoint, field, |limit| match limit {
        Limit::MaxItems(count) => Some(*count),
        _ => None,
    })
}

/// Returns the most characters of a field.
pub fn max_length(endpoint: &EndpointInfo, field: &str) -> usize {
    limit(endpoint, field, |limit| match limit {
        Limit::MaxLength(count) => Some(*count),
        _ => None,
    })
}

/// Returns the most registrable domains of the elements of a field.
pub fn max_distinct_domains(endpoint: &EndpointInfo, field: &str) -> usize {
    limit(endpoint, field, |limit| match limit {
        Limit::MaxDistinctDomains(count) => Some(*count),
        _ => None,
    })
}

/// Returns the most conditions of filters.
pub fn max_conditions(endpoint: &EndpointInfo, field: &str) -> usize {
    limit(endpoint, field, |limit| match limit {
        Limit::MaxConditions(count) => Some(*count),
        _ => None,
    })
}

/// Returns the largest value of an integer.
pub fn max(endpoint: &EndpointInfo, field: &str) -> i64 {
    limit(endpoint, field, |limit| match limit {
        Limit::Max(value) => Some(*value as i64),
        _ => None,
    })
}

/// Returns the first date that is allowed on a day.
pub fn first_date(endpoint: &EndpointInfo, field: &str, today: Date) -> Date {
    limit(endpoint, field, |limit| match limit {
        Limit::Date { min, .. } => min.map(|bound| bound.on(today)),
        _ => None,
    })
}

/// Returns the documented values of a field.
pub fn values(endpoint: &EndpointInfo, field: &str) -> &'static [&'static str] {
    limit(endpoint, field, |limit| match limit {
        Limit::OneOf(values) => Some(*values),
        _ => None,
    })
}

fn limit<T>(
    endpoint: &EndpointInfo,
    field: &str,
    wanted: impl Fn(&'static Limit) -> Option<T>,
) -> T {
    let is_field = |rule: &&FieldRule| rule.name == field;
    let rule = endpoint.task_rules.iter().find(is_field);
    let limit = rule.and_then(|rule| rule.limits.iter().find_map(wanted));
    limit.unwrap_or_else(|| panic!("{}: {field} has no such limit", endpoint.id))
}
