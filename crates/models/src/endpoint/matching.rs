//! Bringing the rows of a bulk answer and its targets together: rows come in another order.

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

/// The rows of an answer by the targets of the task.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ByTarget<'a, R> {
    /// Each target in the task's order, with its row; without, if the API sent none for it.
    pub targets: Vec<(&'a str, Option<&'a R>)>,
    /// Rows that are for none of the targets.
    pub rest: Vec<&'a R>,
}

/// Brings the rows of results and the targets of their task together, whatever the order.
///
/// A row belongs to the target that it names. One that names none of them exactly belongs to the
/// target that differs from it in upper and lower case, scheme, `www.` or a last slash only, if
/// there is just one such. A target that stands in the task twice has the same row twice.
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
    let places = match_rows::<E>(targets, &rows);
    let mut is_rest = vec![true; rows.len()];
    for place in places.iter().flatten() {
        is_rest[*place] = false;
    }
    let row = |place: Option<usize>| place.map(|place| rows[place]);
    let rest = rows.iter().zip(is_rest).filter(|(_, is_rest)| *is_rest);
    ByTarget {
        targets: targets
            .iter()
            .map(String::as_str)
            .zip(places.into_iter().map(row))
            .collect(),
        rest: rest.map(|(row, _)| *row).collect(),
    }
}

/// The place of each target's row among the rows of an answer, by the rules of [`match_targets`]:
/// for whoever wants to take the rows and not only to look at them.
pub fn match_rows<E: PerTarget>(
    targets: &[impl AsRef<str>],
    rows: &[impl Borrow<E::Row>],
) -> Vec<Option<usize>> {
    let name = |row: usize| E::target(rows[row].borrow());
    let target = |place: usize| targets[place].as_ref();
    let mut exact: HashMap<&str, Vec<usize>> = HashMap::with_capacity(targets.len());
    for place in 0..targets.len() {
        exact.entry(target(place)).or_default().push(place);
    }
    let mut found: Vec<Option<usize>> = vec![None; targets.len()];
    let mut later = Vec::new();
    for row in 0..rows.len() {
        match name(row).and_then(|name| exact.get(name)) {
            Some(places) if places.iter().all(|place| found[*place].is_none()) => {
                places.iter().for_each(|place| found[*place] = Some(row));
            }
            _ => later.push(row),
        }
    }
    if later.is_empty() {
        return found;
    }
    let mut alike: HashMap<String, Vec<usize>> = HashMap::new();
    for place in 0..targets.len() {
        alike.entry(bare(target(place))).or_default().push(place);
    }
    for row in later {
        let places = name(row).and_then(|name| alike.get(&bare(name)));
        let free: Vec<usize> = places
            .into_iter()
            .flatten()
            .copied()
            .filter(|place| found[*place].is_none())
            .collect();
        if free.iter().all(|place| target(*place) == target(free[0])) {
            free.iter().for_each(|place| found[*place] = Some(row));
        }
    }
    found
}

/// A target without what can be written in more than one way.
fn bare(target: &str) -> String {
    let rest = target.trim();
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = host.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    format!("{host}{}", path.strip_suffix('/').unwrap_or(path))
}
