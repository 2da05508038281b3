//! Prices, for estimates. The actual cost of a call is in its response.

use serde_json::Value;

use super::{EndpointInfo, Task};
use crate::codec::ser::set_fields;
use crate::codec::{Fragment, Object};

/// The known price of calls to a section.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Price {
    /// The section, such as `backlinks`.
    pub section: &'static str,
    /// The price per call in US dollars.
    pub per_call: f64,
    /// The price per row of a response in US dollars.
    pub per_row: f64,
    /// The first day of this price, `yyyy-mm-dd`.
    pub since: &'static str,
}

/// The documented default of `limit`.
const DEFAULT_LIMIT: u64 = 100;

/// Returns the most rows that tasks request, by their `limit` or the number of their `targets`.
///
/// A task with neither counts as the default of `limit`, 100 rows.
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

/// Returns the most rows that typed tasks request, by the rules of [`requested_rows`].
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

/// Returns the most that a call to an endpoint costs, in US dollars, by the price per call and the
/// price per row. 0 for an endpoint that is free.
pub fn estimate(endpoint: &EndpointInfo, per_call: f64, per_row: f64, rows: u64) -> f64 {
    if !endpoint.charged {
        return 0.0;
    }
    // Counts of rows are far below 2^53, up to which a float is exact.
    per_call + per_row * rows as f64
}
