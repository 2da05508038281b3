//! Bringing the rows of a bulk answer and its targets together: rows come in another order.

use std::collections::HashMap;

use crate::endpoint::TaskEndpoint;

/// An endpoint that answers many targets at once, a row for each. Generated types implement it.
pub trait PerTarget: TaskEndpoint {
    /// A row.
    type Row;

    /// The targets that a task asks for.
    fn targets(task: &Self::Task) -> &[String];

    /// The rows of a result.
    fn rows(result: &Self::Result) -> &[Self::Row];

    /// The target that a row says it is for.
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
    let mut exact: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut alike: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, target) in targets.iter().enumerate() {
        exact.entry(target).or_default().push(index);
        alike.entry(bare(target)).or_default().push(index);
    }
    let mut found: Vec<Option<&E::Row>> = vec![None; targets.len()];
    let mut later = Vec::new();
    let mut rest = Vec::new();
    for row in results.iter().flat_map(E::rows) {
        match E::target(row).and_then(|target| exact.get(target)) {
            Some(places) if places.iter().all(|place| found[*place].is_none()) => {
                places.iter().for_each(|place| found[*place] = Some(row));
            }
            _ => later.push(row),
        }
    }
    for row in later {
        let places = E::target(row).and_then(|target| alike.get(&bare(target)));
        let free: Vec<usize> = places
            .into_iter()
            .flatten()
            .copied()
            .filter(|place| found[*place].is_none())
            .collect();
        let same = free.iter().all(|place| targets[*place] == targets[free[0]]);
        match free.is_empty() || !same {
            true => rest.push(row),
            false => free.iter().for_each(|place| found[*place] = Some(row)),
        }
    }
    ByTarget {
        targets: targets.iter().map(String::as_str).zip(found).collect(),
        rest,
    }
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
