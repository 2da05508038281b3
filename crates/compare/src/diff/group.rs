//! Merges equal changes: those of one shared type, and those at the same path of several endpoints.

use std::collections::HashMap;

use serde_json::Value;

use super::report::{ApiChange, ChangeKind};

/// A change at one location, with the keys by which equal changes are merged.
pub struct FoundChange {
    /// The change.
    pub change: ApiChange,
    /// The shared type that contains the change, with the path inside.
    pub within: Option<String>,
    /// The shared type whose values changed.
    pub values_of: Option<String>,
}

/// Merges equal changes, and sorts them, the most severe first.
pub fn group(found: Vec<FoundChange>) -> Vec<ApiChange> {
    let mut groups = Groups::new(found.len());
    let mut first: HashMap<String, usize> = HashMap::new();
    for (at, one) in found.iter().enumerate() {
        for key in keys(one) {
            match first.get(&key) {
                Some(other) => groups.join(*other, at),
                None => {
                    first.insert(key, at);
                }
            }
        }
    }
    let mut changes: Vec<Option<ApiChange>> = Vec::with_capacity(found.len());
    for (at, one) in found.into_iter().enumerate() {
        let root = groups.root(at);
        match changes.get_mut(root).and_then(Option::as_mut) {
            Some(change) => {
                change.locations.extend(one.change.locations);
                // A merged change belongs to a shared type only if all its parts do.
                let shared = [one.within, one.values_of];
                change.shared = change
                    .shared
                    .take()
                    .filter(|it| shared.contains(&Some(it.clone())));
                changes.push(None);
            }
            None => {
                let mut change = one.change;
                change.shared = one.values_of.or(one.within);
                changes.push(Some(change));
            }
        }
    }
    let mut changes: Vec<ApiChange> = changes.into_iter().flatten().collect();
    for change in &mut changes {
        change.locations.sort();
        // A path that all locations share is clearer than the name of a type.
        let first = change
            .locations
            .first()
            .map(|location| location.path.clone());
        let one_path = change
            .locations
            .iter()
            .all(|location| Some(&location.path) == first.as_ref());
        if one_path {
            change.shared = None;
        }
    }
    changes.sort_by(|a, b| {
        let key = |it: &ApiChange| (std::cmp::Reverse(it.meaning), it.side);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.locations.cmp(&b.locations))
    });
    changes
}

/// Returns the keys of a change. Two changes that share a key are equal.
fn keys(one: &FoundChange) -> Vec<String> {
    let change = &one.change;
    let mut what = serde_json::to_value(&change.what).unwrap_or_default();
    if let Some(what) = what.as_object_mut() {
        // The evidence for a pair may depend on the location.
        what.remove("evidence");
    }
    let what = format!("{what} {:?} {:?}", change.event, change.side);
    let location = change.locations.first();
    let path = location
        .map(|location| location.path.as_str())
        .unwrap_or_default();
    // Added and removed endpoints are not merged.
    let whole = path.is_empty() && !matches!(change.what, ChangeKind::Changed { .. });
    let mut keys = Vec::new();
    if !whole {
        keys.push(format!("at {path} {what}"));
    }
    keys.extend(one.within.iter().map(|it| format!("in {it} {what}")));
    keys.extend(one.values_of.iter().map(|it| format!("of {it} {what}")));
    keys
}

/// Disjoint sets of indices. The root of a set is its least index.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while let Some(up) = self.0.get(at).copied() {
            if up == at {
                break;
            }
            // Path compression.
            let further = self.0.get(up).copied().unwrap_or(up);
            if let Some(slot) = self.0.get_mut(at) {
                *slot = further;
            }
            at = further;
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}

/// Returns a value as text: strings without quotes, lists with commas.
pub fn show(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) => {
            let values: Vec<String> = values.iter().map(|value| show(Some(value))).collect();
            values.join(", ")
        }
        Some(value) => value.to_string(),
    }
}
