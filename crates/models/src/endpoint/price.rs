//! What calls cost, for estimates. What a call did cost, its answer says.

use serde_json::Value;

use super::{EndpointInfo, Task};
use crate::codec::ser::set_fields;
use crate::codec::{Fragment, Object};

/// What calls of a section cost, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Price {
    /// The section, such as `backlinks`.
    pub section: &'static str,
    /// In US dollars, for each call.
    pub per_call: f64,
    /// In US dollars, for each row of an answer.
    pub per_row: f64,
    /// Since when, yyyy-mm-dd.
    pub since: &'static str,
}

/// The documented default of `limit`.
const DEFAULT_LIMIT: u64 = 100;

/// How many rows tasks ask for, at most: by their targets or their `limit`. Where a task says
/// nothing, as many as the default of `limit`; answers that are no lists have fewer.
///
/// ```
/// use dataforseo_models::requested_rows;
///
/// let one = serde_json::json!({"targets": ["a.com", "b.com"]});
/// let other = serde_json::json!({"target": "a.com", "limit": 700});
/// assert_eq!(requested_rows(&[one, other]), 702);
/// ```
pub fn requested_rows(tasks: &[Value]) -> u64 {
    let of_task = |task: &Value| match (task.get("targets"), task.get("limit")) {
        (_, Some(limit)) => limit.as_u64().unwrap_or(DEFAULT_LIMIT),
        (Some(Value::Array(targets)), None) => targets.len() as u64,
        _ => DEFAULT_LIMIT,
    };
    tasks.iter().map(of_task).fold(0, u64::saturating_add)
}

/// How many rows typed tasks ask for, at most: what [`requested_rows`] says of them as JSON.
///
/// ```
/// use dataforseo_models::backlinks::BulkRanksLiveTask;
/// use dataforseo_models::requested_rows_of;
///
/// assert_eq!(requested_rows_of(&[BulkRanksLiveTask::new(["a.com", "b.com"])]), 2);
/// ```
pub fn requested_rows_of<T: Task>(tasks: &[T]) -> u64 {
    let rows = tasks.iter().map(|task| rows_of_task(task));
    rows.fold(0, u64::saturating_add)
}

fn rows_of_task(task: &dyn Object) -> u64 {
    let field = |wanted| set_fields(task).find(|(name, _)| *name == wanted);
    let value = |wanted| field(wanted).and_then(|(_, value)| value.encode());
    match (value("targets"), value("limit")) {
        (_, Some(Fragment::Integer(limit))) => limit.try_into().unwrap_or(DEFAULT_LIMIT),
        (Some(Fragment::List(targets)), None) => targets.len() as u64,
        _ => DEFAULT_LIMIT,
    }
}

/// What a call to an endpoint costs at most, in US dollars, at so much for each call and each row;
/// nothing if the endpoint is free.
pub fn estimate(endpoint: &EndpointInfo, per_call: f64, per_row: f64, rows: u64) -> f64 {
    match endpoint.charged {
        // Counts of rows are far below the 2^53 that a float is exact to.
        true => per_call + per_row * rows as f64,
        false => 0.0,
    }
}
