//! A request before it is sent: path, validation, body.

use std::sync::Arc;

use bytes::Bytes;
use dataforseo_models::{
    Amount, Date, EndpointInfo, TaskEndpoint, Violation, ViolationKind, validate,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::{Error, ErrorKind};

/// Returns the current date, for limits that depend on it.
pub(crate) type Clock = Arc<dyn Fn() -> Date + Send + Sync>;

/// A request that passed validation.
pub(crate) struct PendingRequest<'a> {
    pub(crate) endpoint: &'static EndpointInfo,
    pub(crate) path: &'a str,
    pub(crate) body: Option<Bytes>,
    /// The known part of its maximum cost.
    pub(crate) estimate: Amount,
}

/// Returns the error of a request that was not sent.
pub(crate) fn invalid(endpoint: &EndpointInfo, violations: Vec<Violation>) -> Error {
    Error::new(endpoint.id, ErrorKind::InvalidTask(violations.into()), None)
}

/// Returns all violations in the tasks of one call.
pub(crate) fn all_violations<E: TaskEndpoint>(tasks: &[E::Task], clock: &Clock) -> Vec<Violation> {
    violations_in_call(E::INFO, tasks, |task| match validate(task, clock()) {
        Ok(()) => Vec::new(),
        Err(violations) => violations.violations().to_vec(),
    })
}

/// Returns all violations in the tasks of one call, each found by `check`. Paths begin with the
/// index of the task where the endpoint accepts several tasks.
pub(crate) fn violations_in_call<T>(
    endpoint: &EndpointInfo,
    tasks: &[T],
    check: impl Fn(&T) -> Vec<Violation>,
) -> Vec<Violation> {
    let max = endpoint.tasks_per_call.unwrap_or(1) as usize;
    let mut all = Vec::new();
    let found = tasks.len();
    if found == 0 {
        all.push(Violation::new(
            "tasks",
            ViolationKind::TooFew { found, min: 1 },
        ));
    }
    if found > max {
        all.push(Violation::new(
            "tasks",
            ViolationKind::TooMany { found, max },
        ));
    }
    for (index, task) in tasks.iter().enumerate() {
        all.extend(check(task).into_iter().map(|mut violation| {
            if violation.path.is_empty() {
                violation.path = format!("tasks[{index}]");
            } else if max > 1 {
                violation.path = format!("tasks[{index}].{}", violation.path);
            }
            violation
        }));
    }
    all
}

/// Returns the path of an endpoint with its parameters filled in.
///
/// # Errors
/// When a parameter is missing, empty, or would change the path (`.` and `..`).
pub(crate) fn path(endpoint: &'static EndpointInfo, parameters: &[&str]) -> Result<String, Error> {
    let mut given = parameters.iter();
    let mut path = String::new();
    for segment in endpoint.path.split('/').skip(1) {
        path.push('/');
        if !segment.starts_with('{') {
            path.push_str(segment);
            continue;
        }
        let name = segment.trim_matches(['{', '}']);
        match given.next() {
            Some(value) if !["", ".", ".."].contains(value) => {
                path.extend(utf8_percent_encode(value, ENCODED_IN_PATHS));
            }
            _ => {
                let violation = Violation::new(name, ViolationKind::Missing);
                return Err(invalid(endpoint, vec![violation]));
            }
        }
    }
    Ok(path)
}

/// Everything but letters, digits and the unreserved characters of RFC 3986.
const ENCODED_IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
