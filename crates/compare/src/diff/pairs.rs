//! Finds removed and added fields that may have been renamed or moved.
//!
//! Such a pair is a guess: the report states the evidence, and the meaning stays that of a removal.

use std::collections::BTreeSet;

use serde_json::Value;

use super::surface::{CallSide, Fact, SurfaceEndpoint, SurfaceField, is_inside, words};

/// A removed and an added field that may be the same.
#[derive(Debug)]
pub struct FieldPair {
    /// The path of the removed field.
    pub from: String,
    /// The path of the added field.
    pub to: String,
    /// The evidence that both are the same.
    pub evidence: Vec<String>,
    weight: u32,
}

/// The weight that a pair needs, in the points of [`weigh`].
const MIN_WEIGHT: u32 = 3;

/// The number of removed or added fields up to which pairs are searched. With more, it is another
/// endpoint.
const MAX_FIELDS: usize = 400;

/// Returns the pairs of removed and added fields. Each field is in at most one pair.
pub fn fields(
    old: &SurfaceEndpoint,
    new: &SurfaceEndpoint,
    removed: &[String],
    added: &[String],
) -> Vec<FieldPair> {
    if removed.len() > MAX_FIELDS || added.len() > MAX_FIELDS {
        return Vec::new();
    }
    let mut all = Vec::new();
    for from in removed {
        for to in added {
            all.extend(weigh(old, new, from, to).filter(|pair| pair.weight >= MIN_WEIGHT));
        }
    }
    // The sort is stable, so that equal weights keep the order of the sources.
    all.sort_by_key(|pair| std::cmp::Reverse(pair.weight));
    let mut used = BTreeSet::new();
    all.retain(|pair| {
        let free = !used.contains(&(0, pair.from.clone())) && !used.contains(&(1, pair.to.clone()));
        if free {
            used.insert((0, pair.from.clone()));
            used.insert((1, pair.to.clone()));
        }
        free
    });
    all
}

/// Returns two fields as a pair with its evidence: names, texts, values, inner fields and
/// neighbors. `None` if the types differ.
fn weigh(old: &SurfaceEndpoint, new: &SurfaceEndpoint, from: &str, to: &str) -> Option<FieldPair> {
    let (a, b) = (old.fields.get(from)?, new.fields.get(to)?);
    let same = |fact: Fact| a.facts.get(&fact) == b.facts.get(&fact);
    let moved = a.parent != b.parent;
    if !same(Fact::Type) || CallSide::of(from) != CallSide::of(to) {
        return None;
    }
    if moved && (a.name != b.name || !may_move(&a.parent, &b.parent)) {
        return None;
    }
    let kind = a.facts.get(&Fact::Type).and_then(Value::as_str)?;
    let mut evidence = vec![format!("both have type {kind}")];
    let mut weight = 0;
    let mut add = |weight: &mut u32, points: u32, what: String| {
        *weight += points;
        evidence.push(what);
    };
    let close = strsim::jaro_winkler(&a.name, &b.name);
    match close {
        _ if moved => add(&mut weight, 1, "the same name".to_owned()),
        0.9.. => add(
            &mut weight,
            2,
            format!("the names are {:.0} % similar", close * 100.0),
        ),
        0.75.. => add(
            &mut weight,
            1,
            format!("the names are {:.0} % similar", close * 100.0),
        ),
        _ => {}
    }
    match common_share(&text_words(a), &text_words(b)) {
        Some(common_share) if common_share >= 0.999 => {
            add(&mut weight, 2, "the same text".to_owned())
        }
        Some(common_share) if common_share >= 0.7 => add(
            &mut weight,
            2,
            format!("{:.0} % of the words in common", common_share * 100.0),
        ),
        _ => {}
    }
    if a.facts.contains_key(&Fact::Values) && same(Fact::Values) {
        add(&mut weight, 2, "the same values".to_owned());
    }
    let (inner_a, inner_b) = (inner(old, from), inner(new, to));
    if let Some(common_share) = common_share(&inner_a, &inner_b) {
        if common_share < 0.5 {
            return None;
        }
        add(
            &mut weight,
            2,
            format!(
                "{:.0} % of the inner fields in common",
                common_share * 100.0
            ),
        );
    }
    // Neighbors are slow to find, so they only count if they decide.
    if !moved && weight + 1 >= MIN_WEIGHT && neighbors(old, from) == neighbors(new, to) {
        add(&mut weight, 1, "the same neighbors".to_owned());
    }
    Some(FieldPair {
        from: from.to_owned(),
        to: to.to_owned(),
        evidence,
        weight,
    })
}

fn text_words(field: &SurfaceField) -> BTreeSet<String> {
    let own = field.facts.get(&Fact::Doc).and_then(Value::as_str);
    let text = field.text.as_deref().or(own).unwrap_or_default();
    words(text).into_iter().collect()
}

/// Returns the fields inside a field, by their paths relative to it.
fn inner(endpoint: &SurfaceEndpoint, path: &str) -> BTreeSet<String> {
    // Inner fields directly follow the field.
    let behind = endpoint.fields.get_index_of(path).map_or(0, |at| at + 1);
    let rest = endpoint.fields.keys().skip(behind);
    rest.take_while(|it| is_inside(it, path))
        .filter_map(|it| it.get(path.len()..))
        .map(str::to_owned)
        .collect()
}

/// Returns whether a field may have moved from one parent to another.
///
/// Members of a union resemble each other, so no field moves between them.
fn may_move(from: &str, to: &str) -> bool {
    let nested = is_inside(from, to) || is_inside(to, from);
    nested || !(from.contains('<') || to.contains('<'))
}

/// Returns the share of common elements. `None` if a set is empty.
fn common_share(a: &BTreeSet<String>, b: &BTreeSet<String>) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let both = a.intersection(b).count();
    Some(both as f64 / (a.len() + b.len() - both) as f64)
}

/// Returns the names of the previous and the next field.
fn neighbors<'a>(
    endpoint: &'a SurfaceEndpoint,
    path: &str,
) -> Option<(Option<&'a str>, Option<&'a str>)> {
    let field = endpoint.fields.get(path)?;
    let siblings = endpoint.fields.values();
    let siblings: Vec<&str> = siblings
        .filter(|other| other.parent == field.parent)
        .map(|other| other.name.as_str())
        .collect();
    let at = siblings.iter().position(|name| *name == field.name)?;
    let before = at.checked_sub(1).and_then(|at| siblings.get(at).copied());
    Some((before, siblings.get(at + 1).copied()))
}

/// Returns the evidence that two endpoints are the same: method, section, most fields, and a
/// similar path.
pub fn endpoints(
    old: (&str, &SurfaceEndpoint),
    new: (&str, &SurfaceEndpoint),
) -> Option<Vec<String>> {
    let section = |id: &str| id.split('/').next().map(str::to_owned);
    let method = |it: &SurfaceEndpoint| it.facts.get(&Fact::Method).cloned();
    if section(old.0) != section(new.0) || method(old.1) != method(new.1) {
        return None;
    }
    let close = strsim::jaro_winkler(old.0, new.0);
    let fields = |it: &SurfaceEndpoint| -> BTreeSet<String> {
        let own = it
            .fields
            .keys()
            .filter(|path| CallSide::of(path) != CallSide::Response);
        own.cloned().collect()
    };
    let (a, b) = (fields(old.1), fields(new.1));
    let common_share = common_share(&a, &b)?;
    if close < 0.9 || common_share < 0.8 || a.len() < 3 {
        return None;
    }
    Some(vec![
        format!("the paths are {:.0} % similar", close * 100.0),
        format!("{:.0} % of the fields are the same", common_share * 100.0),
    ])
}
