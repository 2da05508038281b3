//! Pairing the rows of a bulk response with their targets, as rows are in another order.

use std::borrow::{Borrow, Cow};
use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::TaskEndpoint;
use super::items::HasItems;
use super::keyword_key::{keyword_key, weak_keyword_key};
use super::target_key::{Ignored, target_key, weak_key};

/// What a task names, and its rows repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetKind {
    /// Domains and pages, in the field `targets` of a task.
    Target,
    /// Keywords, in the field `keywords` of a task.
    Keyword,
}

impl TargetKind {
    /// Returns the field of a task with the targets or keywords.
    ///
    /// ```
    /// assert_eq!(dataforseo_models::TargetKind::Keyword.field(), "keywords");
    /// ```
    pub const fn field(self) -> &'static str {
        match self {
            Self::Target => "targets",
            Self::Keyword => "keywords",
        }
    }

    /// Returns what identifies a target or a keyword: [`target_key`] or [`keyword_key`].
    pub fn key(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Target => target_key(text),
            Self::Keyword => keyword_key(text),
        }
    }
}

/// An endpoint that takes many targets per task and returns one row per target. Generated types
/// implement it. The targets can be keywords: see [`KIND`](Self::KIND).
pub trait PerTarget:
    TaskEndpoint<Task: Clone + 'static, Result: HasItems<Item = <Self as PerTarget>::Row>>
{
    /// A row.
    type Row: Serialize + Clone + Send + Sync + 'static;
    /// What the targets are. Defaults to domains and pages.
    const KIND: TargetKind = TargetKind::Target;

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
    /// Each target in the order of the task, with its row. `None` if the response has no row that is
    /// certainly the target's.
    pub targets: Vec<(&'a str, Option<&'a R>)>,
    /// The rows that match no target, or more than one.
    pub rest: Vec<&'a R>,
}

/// The result of [`match_rows`], as positions of rows and targets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowMatches {
    /// The row of each target. `None` if the response has no row that is certainly the target's.
    pub rows: Vec<Option<usize>>,
    /// For each target without a row: a target with a row that may be the same target in another
    /// spelling, such as with `www.`. `None` if there is no such target.
    pub alike: Vec<Option<usize>>,
    /// The rows that match no target, or more than one.
    pub strays: Vec<usize>,
}

/// Pairs the targets of a task with the rows of its results, in any order.
///
/// A target gets a row only if it is certain that the row is the target's:
///
/// 1. A row belongs to the targets with the same [`target_key`](crate::target_key) as the target that
///    it names. Several rows with one key belong to the targets that are spelled as they are, if
///    each row has such a target and no other row has the same spelling.
/// 2. Among the rows and targets that remain, a trailing slash and other details of the path are
///    ignored. If one row and one target are left, they belong together. If several targets are left
///    and there is one row for all of them, each of them gets it.
/// 3. Then scheme, `www.` and user are ignored, too.
/// 4. At last, the case of the path is ignored, for one row and one target.
///
/// For keywords, [`keyword_key`](crate::keyword_key) takes the place of `target_key`. Then only
/// percent-encoding and `+` are ignored, and neither 3 nor 4 applies.
///
/// Equal rows count as one. A target that occurs twice in the task has the same row twice.
///
/// ```
/// use dataforseo_models::backlinks::{BulkRanksLive, BulkRanksLiveResult, BulkRanksLiveTask};
/// use dataforseo_models::match_targets;
///
/// let task = BulkRanksLiveTask::new(["example.com", "Example.ORG"]);
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
    let matches = match_rows::<E>(targets, &rows);
    let row = |index: usize| rows.get(index).copied();
    let found = matches.rows.iter().map(|index| row((*index)?));
    ByTarget {
        targets: targets.iter().map(String::as_str).zip(found).collect(),
        rest: matches.strays.iter().filter_map(|it| row(*it)).collect(),
    }
}

/// Returns the position of each target's row, by the rules of [`match_targets`]. Use it to move the
/// rows instead of borrowing them.
pub fn match_rows<E: PerTarget>(
    targets: &[impl AsRef<str>],
    rows: &[impl Borrow<E::Row>],
) -> RowMatches {
    let text = |row: usize| serde_json::to_string(rows[row].borrow()).unwrap_or_default();
    let mut matcher = Matcher {
        kind: E::KIND,
        targets: targets
            .iter()
            .map(|it| Name::of(E::KIND, it.as_ref()))
            .collect(),
        names: rows
            .iter()
            .map(|row| E::target(row.borrow()).map(|it| Name::of(E::KIND, it)))
            .collect(),
        content: &text,
        rows: vec![None; targets.len()],
        alike: vec![None; targets.len()],
        is_free: vec![true; rows.len()],
    };
    matcher.match_same();
    if matcher.rows.contains(&None) {
        let has_free_rows = matcher.is_free.contains(&true);
        if has_free_rows {
            matcher.match_weak(Ignored::Path);
        }
        if E::KIND == TargetKind::Target {
            matcher.match_weak(Ignored::Site);
        }
        if has_free_rows && E::KIND == TargetKind::Target {
            matcher.match_weak(Ignored::Case);
        }
    }
    let strays = (0..rows.len()).filter(|row| matcher.is_free[*row]);
    RowMatches {
        strays: strays.collect(),
        rows: matcher.rows,
        alike: matcher.alike,
    }
}

/// A target as it is named in the task or in a row.
struct Name<'a> {
    text: &'a str,
    key: Cow<'a, str>,
}

impl<'a> Name<'a> {
    fn of(kind: TargetKind, text: &'a str) -> Self {
        Self {
            text: text.trim(),
            key: kind.key(text),
        }
    }
}

/// The rows and targets with one key, as positions.
#[derive(Default)]
struct Group {
    rows: Vec<usize>,
    targets: Vec<usize>,
}

/// Matches rows with targets.
struct Matcher<'a> {
    kind: TargetKind,
    targets: Vec<Name<'a>>,
    /// The targets that the rows name.
    names: Vec<Option<Name<'a>>>,
    /// Returns the content of a row.
    content: &'a dyn Fn(usize) -> String,
    rows: Vec<Option<usize>>,
    alike: Vec<Option<usize>>,
    /// Whether a row belongs to no target yet, by row.
    is_free: Vec<bool>,
}

impl Matcher<'_> {
    /// Matches rows with the targets that have the same key.
    fn match_same(&mut self) {
        for group in self.groups(Cow::Borrowed) {
            match self.distinct(&group.rows)[..] {
                [] => {}
                [row] => self.assign(row, &group.rows, &group.targets),
                _ => self.match_spelled(&group),
            }
        }
    }

    /// Matches several rows with one key with the targets that are spelled as they are.
    fn match_spelled(&mut self, group: &Group) {
        let mut by_text: HashMap<&str, Group> = HashMap::new();
        for target in &group.targets {
            let group = by_text.entry(self.targets[*target].text).or_default();
            group.targets.push(*target);
        }
        for row in &group.rows {
            let name = self.names[*row].as_ref();
            match name.and_then(|name| by_text.get_mut(name.text)) {
                Some(group) => group.rows.push(*row),
                // A row in a third spelling can be that of any target.
                None => return,
            }
        }
        let groups: Vec<Group> = by_text.into_values().collect();
        if groups
            .iter()
            .any(|group| self.distinct(&group.rows).len() > 1)
        {
            return;
        }
        for group in groups {
            if let Some(row) = group.rows.first() {
                self.assign(*row, &group.rows, &group.targets);
            }
        }
    }

    /// Matches rows with targets that a server may have written in another form.
    fn match_weak(&mut self, ignored: Ignored) {
        let kind = self.kind;
        let weak = |key: &str| match kind {
            TargetKind::Target => weak_key(key, ignored),
            TargetKind::Keyword => weak_keyword_key(key),
        };
        for group in self.groups(|key| Cow::Owned(weak(key))) {
            let open = self.without_row(&group);
            let other = group.targets.iter().find(|it| self.rows[**it].is_some());
            if let [row] = self.distinct(&group.rows)[..] {
                let is_certain = match ignored {
                    Ignored::Path | Ignored::Site => other.is_none() || self.is_one_target(&open),
                    // Pages that differ in case can be different pages.
                    Ignored::Case => other.is_none() && self.is_one_target(&open),
                };
                if is_certain {
                    self.assign(row, &group.rows, &open);
                }
            }
            if ignored == Ignored::Site {
                for target in self.without_row(&group) {
                    self.alike[target] = other.copied();
                }
            }
        }
    }

    /// Groups all targets, and the rows that are free, by a key that is derived from their own.
    fn groups<'k>(&'k self, key: impl Fn(&'k str) -> Cow<'k, str>) -> Vec<Group> {
        let mut groups: HashMap<Cow<'k, str>, Group> = HashMap::with_capacity(self.targets.len());
        for (index, target) in self.targets.iter().enumerate() {
            let group = groups.entry(key(&target.key)).or_default();
            group.targets.push(index);
        }
        for (index, name) in self.names.iter().enumerate() {
            if let Some(name) = name.as_ref().filter(|_| self.is_free[index])
                && let Some(group) = groups.get_mut(&key(&name.key))
            {
                group.rows.push(index);
            }
        }
        groups.into_values().collect()
    }

    /// Returns the rows with different contents.
    fn distinct(&self, rows: &[usize]) -> Vec<usize> {
        if rows.len() < 2 {
            return rows.to_vec();
        }
        let mut contents = HashSet::new();
        let is_new = |row: &usize| contents.insert((self.content)(*row));
        rows.iter().copied().filter(is_new).collect()
    }

    fn without_row(&self, group: &Group) -> Vec<usize> {
        let targets = group.targets.iter().copied();
        targets.filter(|it| self.rows[*it].is_none()).collect()
    }

    /// Returns whether these are spellings of one target.
    fn is_one_target(&self, targets: &[usize]) -> bool {
        let mut keys = targets.iter().map(|it| &self.targets[*it].key);
        keys.next()
            .is_some_and(|first| keys.all(|key| key == first))
    }

    /// Assigns a row to targets. The copies of the row are used up, too.
    fn assign(&mut self, row: usize, copies: &[usize], targets: &[usize]) {
        if !targets.is_empty() {
            targets.iter().for_each(|it| self.rows[*it] = Some(row));
            copies.iter().for_each(|it| self.is_free[*it] = false);
        }
    }
}

#[cfg(test)]
mod tests;
