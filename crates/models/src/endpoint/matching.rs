//! Pairing the rows of a bulk response with their targets, as rows are in another order.

use std::borrow::Borrow;
use std::collections::HashMap;

use serde::Serialize;

use super::TaskEndpoint;
use super::items::HasItems;

/// An endpoint that takes many targets per task and returns one row per target. Generated types
/// implement it.
pub trait PerTarget:
    TaskEndpoint<Task: Clone + 'static, Result: HasItems<Item = <Self as PerTarget>::Row>>
{
    /// A row.
    type Row: Serialize + Clone + Send + Sync + 'static;

    /// Returns the targets of a task.
    fn targets(task: &Self::Task) -> &[String];

    /// Sets the targets of a task.
    fn set_targets(task: &mut Self::Task, targets: Vec<String>);

    /// Returns the target that a row names.
    fn target(row: &Self::Row) -> Option<&str>;
}

/// The rows of a response by the targets of the task.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ByTarget<'a, R> {
    /// Each target in the order of the task, with its row. `None` if the response has no row for the
    /// target.
    pub targets: Vec<(&'a str, Option<&'a R>)>,
    /// The rows that match no target.
    pub rest: Vec<&'a R>,
}

/// Pairs the targets of a task with the rows of its results, in any order.
///
/// A row belongs to the target that it names. If no target is equal, the row belongs to the target
/// that differs only in case, scheme, `www.` or a trailing slash, provided that there is exactly one.
/// A target that occurs twice in the task has the same row twice.
///
/// ```
/// use dataforseo_models::backlinks::{BulkRanksLive, BulkRanksLiveResult, BulkRanksLiveTask};
/// use dataforseo_models::match_targets;
///
/// let task = BulkRanksLiveTask::new(["example.com", "example.org"]);
/// let result: BulkRanksLiveResult = serde_json::from_str(
///     r#"{"items": [{"target": "example.org", "rank": 7}]}"#,
/// ).unwrap();
/// let matched = match_targets::<BulkRanksLive>(&task, std::slice::from_ref(&result));
/// assert_eq!(matched.targets[0], ("example.com", None));
/// assert_eq!(matched.targets[1].1.and_then(|row| row.rank), Some(7));
/// ```
pub fn match_targets<'a, E: PerTarget>(
    task: &'a E::Task,
    results: &'a [E::Result],
) -> ByTarget<'a, E::Row> {
    let targets = E::targets(task);
    let rows: Vec<&E::Row> = results.iter().flat_map(HasItems::items).collect();
    let indices = match_rows::<E>(targets, &rows);
    let mut is_rest = vec![true; rows.len()];
    for index in indices.iter().flatten() {
        is_rest[*index] = false;
    }
    let row = |index: Option<usize>| index.map(|index| rows[index]);
    let rest = rows.iter().zip(is_rest).filter(|(_, is_rest)| *is_rest);
    ByTarget {
        targets: targets
            .iter()
            .map(String::as_str)
            .zip(indices.into_iter().map(row))
            .collect(),
        rest: rest.map(|(row, _)| *row).collect(),
    }
}

/// Returns the index of each target's row, by the rules of [`match_targets`]. Use it to move the rows
/// instead of borrowing them.
pub fn match_rows<E: PerTarget>(
    targets: &[impl AsRef<str>],
    rows: &[impl Borrow<E::Row>],
) -> Vec<Option<usize>> {
    let name = |row: usize| E::target(rows[row].borrow());
    let target = |index: usize| targets[index].as_ref();
    let mut exact: HashMap<&str, Vec<usize>> = HashMap::with_capacity(targets.len());
    for index in 0..targets.len() {
        exact.entry(target(index)).or_default().push(index);
    }
    let mut found: Vec<Option<usize>> = vec![None; targets.len()];
    let mut later = Vec::new();
    for row in 0..rows.len() {
        match name(row).and_then(|name| exact.get(name)) {
            Some(indices) if indices.iter().all(|index| found[*index].is_none()) => {
                indices.iter().for_each(|index| found[*index] = Some(row));
            }
            _ => later.push(row),
        }
    }
    if later.is_empty() {
        return found;
    }
    let mut alike: HashMap<String, Vec<usize>> = HashMap::new();
    for index in 0..targets.len() {
        alike.entry(bare(target(index))).or_default().push(index);
    }
    for row in later {
        let indices = name(row).and_then(|name| alike.get(&bare(name)));
        let free: Vec<usize> = indices
            .into_iter()
            .flatten()
            .copied()
            .filter(|index| found[*index].is_none())
            .collect();
        if free.iter().all(|index| target(*index) == target(free[0])) {
            free.iter().for_each(|index| found[*index] = Some(row));
        }
    }
    found
}

/// A target without the parts that can be written in several ways.
fn bare(target: &str) -> String {
    let rest = target.trim();
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = host.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    format!("{host}{}", path.strip_suffix('/').unwrap_or(path))
}
