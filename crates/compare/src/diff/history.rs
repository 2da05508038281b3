//! The comparison of more than two sources: each with the next one, and the changes that a later
//! source undoes.

use std::collections::HashMap;

use serde_json::Value;

use super::comparison::{DiffOptions, compare};
use super::report::{ApiChange, ChangeKind, DiffReport};
use super::surface::{Fact, Surface};

/// The differences between sources in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffHistory {
    /// The differences from each source to the next one.
    pub steps: Vec<DiffReport>,
}

/// Compares each source with the next one. Changes that a later source undoes are marked.
pub fn compare_all(surfaces: &[Surface], options: &DiffOptions) -> DiffHistory {
    let pairs = surfaces.iter().zip(surfaces.iter().skip(1));
    let mut steps: Vec<DiffReport> = pairs.map(|(old, new)| compare(old, new, options)).collect();
    mark_undone(&mut steps);
    DiffHistory { steps }
}

/// A fact or the presence of one location.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct FactKey {
    endpoint: String,
    path: String,
    /// The fact. `None` for the presence of the field or the endpoint itself.
    fact: Option<Fact>,
}

/// A transition of one fact, with the change that contains it.
struct Transition {
    key: FactKey,
    old: Value,
    new: Value,
}

/// A change by its step and its index there.
type ChangeId = (usize, usize);

/// Marks the changes that are undone at all their locations by one later step.
fn mark_undone(steps: &mut [DiffReport]) {
    // The transitions of each location so far.
    let mut earlier: HashMap<FactKey, Vec<(ChangeId, Value)>> = HashMap::new();
    // The number of transitions that a later step undoes, by change and step, and the other way
    // around.
    let mut undone: HashMap<ChangeId, HashMap<usize, usize>> = HashMap::new();
    let mut undoing: HashMap<ChangeId, HashMap<usize, usize>> = HashMap::new();
    let mut sizes: HashMap<ChangeId, usize> = HashMap::new();
    for (step, report) in steps.iter().enumerate() {
        for (at, change) in report.changes.iter().enumerate() {
            let id = (step, at);
            for Transition { key, old, new } in transitions(change) {
                *sizes.entry(id).or_default() += 1;
                let known = earlier.entry(key).or_default();
                if let Some((first, _)) = known.iter().find(|(_, value)| *value == new) {
                    *undone.entry(*first).or_default().entry(step).or_default() += 1;
                    *undoing.entry(id).or_default().entry(first.0).or_default() += 1;
                }
                known.push((id, old));
            }
        }
    }
    let whole = |counts: &HashMap<ChangeId, HashMap<usize, usize>>, id: ChangeId| {
        let counts = counts.get(&id)?;
        let size = sizes.get(&id)?;
        let mut steps = counts.iter().filter(|(_, count)| *count == size);
        steps.next().map(|(step, _)| *step)
    };
    // The name of a file without its folder is enough in a remark.
    let name = |report: &DiffReport| {
        let name = report.new.name.rsplit('/').next();
        name.unwrap_or_default().to_owned()
    };
    let names: Vec<String> = steps.iter().map(name).collect();
    for (step, report) in steps.iter_mut().enumerate() {
        for (at, change) in report.changes.iter_mut().enumerate() {
            let name = |step: usize| names.get(step).cloned();
            change.undone_in = whole(&undone, (step, at)).and_then(name);
            change.undoes = whole(&undoing, (step, at)).and_then(name);
        }
    }
}

/// Returns what a change replaces at each location. A field that may have been renamed disappears
/// at one path and appears at another.
fn transitions(change: &ApiChange) -> Vec<Transition> {
    let mut all = Vec::new();
    for location in &change.locations {
        let mut add = |path: &str, fact: Option<Fact>, old: Value, new: Value| {
            let key = FactKey {
                endpoint: location.endpoint.clone(),
                path: path.to_owned(),
                fact,
            };
            all.push(Transition { key, old, new });
        };
        let [no, yes] = [false, true].map(Value::Bool);
        match &change.what {
            ChangeKind::Added { .. } => add(&location.path, None, no, yes),
            ChangeKind::Removed { .. } => add(&location.path, None, yes, no),
            ChangeKind::Renamed { .. } | ChangeKind::Moved { .. } => {
                add(&location.path, None, yes.clone(), no.clone());
                if let Some(to) = location.to.as_deref().filter(|_| !location.path.is_empty()) {
                    add(to, None, no, yes);
                }
            }
            ChangeKind::Changed { fact, old, new } => {
                let value = |value: &Option<Value>| value.clone().unwrap_or_default();
                add(&location.path, Some(*fact), value(old), value(new));
            }
        }
    }
    all
}
