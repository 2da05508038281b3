//! Decides what the error of a call means for its targets and for the job.

use dataforseo_client::models::{StatusClass, TargetKind};
use dataforseo_client::{Charge, Error, ErrorKind};

/// What the error of a call means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// The call was charged this amount in US dollars. `None` if the charge is unknown. It is not sent
    /// again.
    Charged(Option<f64>),
    /// The API rejected the target at this position. The others can be sent again.
    InvalidTarget(usize),
    /// The API rejected some target without naming it. Smaller calls find it.
    InvalidTargets,
    /// The account's limits are reached. Nothing was charged, and the call can be sent again later.
    RefusedForNow,
    /// The error is about the account, the budget or the task, so every further call would meet it.
    AllCallsFail,
    /// This call failed, and others may succeed.
    CallFailed,
}

/// Returns what the error of a call with these targets means.
pub(crate) fn verdict(error: &Error, targets: &[String]) -> Verdict {
    match error.charge() {
        Charge::None => {}
        Charge::Charged(cost) => return Verdict::Charged(Some(cost)),
        _ => return Verdict::Charged(None),
    }
    match rejection(error, targets) {
        Some(Rejection::Target(position)) => Verdict::InvalidTarget(position),
        Some(Rejection::SomeTarget) if targets.len() == 1 => Verdict::InvalidTarget(0),
        Some(Rejection::SomeTarget) => Verdict::InvalidTargets,
        None if error.is_rate_limited() => Verdict::RefusedForNow,
        None if concerns_all_calls(error) => Verdict::AllCallsFail,
        None => Verdict::CallFailed,
    }
}

/// The targets that a 40501 blames.
enum Rejection {
    /// The target at this position.
    Target(usize),
    /// An unnamed target.
    SomeTarget,
}

/// Returns the target that a 40501 names, by its text or by its position. `None` for other errors.
fn rejection(error: &Error, targets: &[String]) -> Option<Rejection> {
    // Only the API names a target: a task that the client refuses is not about a single one.
    error.status_code()?;
    let field = *error.invalid_fields().first()?;
    let named = targets.iter().position(|target| target == field);
    // A target may contain the quote that ends the name of the field.
    let text = error.to_string();
    let quoted = |target: &String| text.contains(&format!("'{target}'"));
    if let Some(position) = named.or_else(|| targets.iter().position(quoted)) {
        return Some(Rejection::Target(position));
    }
    let names = [TargetKind::Target, TargetKind::Keyword].map(TargetKind::field);
    let rest = names.iter().find_map(|name| field.strip_prefix(name))?;
    if rest.is_empty() {
        return Some(Rejection::SomeTarget);
    }
    if !rest.starts_with(['[', '.', '/']) {
        return None;
    }
    let digits = rest.trim_matches(|c: char| !c.is_ascii_digit());
    let position = digits.parse::<usize>().ok();
    let position = position.filter(|position| *position < targets.len());
    Some(position.map_or(Rejection::SomeTarget, Rejection::Target))
}

/// Returns whether every further call of the job would meet the error.
fn concerns_all_calls(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::BudgetExceeded { .. } | ErrorKind::InvalidTask(_) => true,
        ErrorKind::Http(status) => matches!(status, 401 | 402 | 403 | 407),
        _ => error.status_code().is_some_and(|code| {
            matches!(
                code.class(),
                StatusClass::Auth | StatusClass::Account | StatusClass::Billing
            )
        }),
    }
}
