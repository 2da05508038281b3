//! One change is told once: the same change of a shared type, or at the same place of many
//! endpoints, with all places that it touches.

use std::collections::HashMap;

use serde_json::Value;

use super::report::{Change, What};

/// A change in one place, with what tells whether two are one.
pub struct Found {
    /// The change.
    pub change: Change,
    /// The shared type that it is in, with the place inside.
    pub within: Option<String>,
    /// The shared type whose values changed.
    pub values_of: Option<String>,
}

/// Puts equal changes together, and sorts them, the worst first.
pub fn group(found: Vec<Found>) -> Vec<Change> {
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
    let mut changes: Vec<Option<Change>> = Vec::with_capacity(found.len());
    for (at, one) in found.into_iter().enumerate() {
        let root = groups.root(at);
        match changes.get_mut(root).and_then(Option::as_mut) {
            Some(change) => {
                change.places.extend(one.change.places);
                // It is a change of that type only if all of it is.
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
    let mut changes: Vec<Change> = changes.into_iter().flatten().collect();
    for change in &mut changes {
        change.places.sort();
        // Where all is at one path, that says more than the name of a type.
        let first = change.places.first().map(|place| place.path.clone());
        let one_path = change
            .places
            .iter()
            .all(|place| Some(&place.path) == first.as_ref());
        if one_path {
            change.shared = None;
        }
    }
    changes.sort_by(|a, b| {
        let key = |it: &Change| (std::cmp::Reverse(it.meaning), it.side);
        key(a).cmp(&key(b)).then_with(|| a.places.cmp(&b.places))
    });
    changes
}

/// What makes two changes one: what changed, and where.
fn keys(one: &Found) -> Vec<String> {
    let change = &one.change;
    let mut what = serde_json::to_value(&change.what).unwrap_or_default();
    if let Some(what) = what.as_object_mut() {
        // How likely a pair is may depend on the place.
        what.remove("evidence");
    }
    let what = format!("{what} {:?} {:?}", change.event, change.side);
    let place = change.places.first();
    let path = place.map(|place| place.path.as_str()).unwrap_or_default();
    // Endpoints come and go one by one.
    let whole = path.is_empty() && !matches!(change.what, What::Changed { .. });
    let mut keys = Vec::new();
    if !whole {
        keys.push(format!("at {path} {what}"));
    }
    keys.extend(one.within.iter().map(|it| format!("in {it} {what}")));
    keys.extend(one.values_of.iter().map(|it| format!("of {it} {what}")));
    keys
}

/// Sets of indices that can be joined; the root of a set is its least index.
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
            // Shorter ways for those who come next.
            let further = self.0.get(up).copied().unwrap_or(up);
            if let Some(place) = self.0.get_mut(at) {
                *place = further;
            }
            at = further;
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(place) = self.0.get_mut(a.max(b)) {
            *place = a.min(b);
        }
    }
}

/// The value in words: text without quotes, lists with commas.
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
