//! Finds, among what went and what came, what may be the same under another name or in another
//! place. It is never certain: the evidence is told, and the meaning stays that of a removal.

use std::collections::BTreeSet;

use serde_json::Value;

use super::surface::{Endpoint, Fact, Field, Side, is_inside, words};

/// Two fields that may be one.
#[derive(Debug)]
pub struct Pair {
    /// The path that went.
    pub from: String,
    /// The path that came.
    pub to: String,
    /// What speaks for it.
    pub evidence: Vec<String>,
    weight: u32,
}

/// What must speak for a pair, in the points of [`weigh`].
const ENOUGH: u32 = 3;

/// More than this many removed or added fields of an endpoint are another endpoint, and no pairs.
const MANY: usize = 400;

/// The pairs among fields that went and fields that came, each field in one at most.
pub fn fields(old: &Endpoint, new: &Endpoint, gone: &[String], came: &[String]) -> Vec<Pair> {
    if gone.len() > MANY || came.len() > MANY {
        return Vec::new();
    }
    let mut all = Vec::new();
    for from in gone {
        for to in came {
            all.extend(weigh(old, new, from, to).filter(|pair| pair.weight >= ENOUGH));
        }
    }
    // The strongest first; of equals, in the order of the sources.
    all.sort_by_key(|pair| std::cmp::Reverse(pair.weight));
    let mut taken = BTreeSet::new();
    all.retain(|pair| {
        let free =
            !taken.contains(&(0, pair.from.clone())) && !taken.contains(&(1, pair.to.clone()));
        if free {
            taken.insert((0, pair.from.clone()));
            taken.insert((1, pair.to.clone()));
        }
        free
    });
    all
}

/// What speaks for two fields being one: names, words, values, what is inside, their place. Without
/// the same type nothing does.
fn weigh(old: &Endpoint, new: &Endpoint, from: &str, to: &str) -> Option<Pair> {
    let (a, b) = (old.fields.get(from)?, new.fields.get(to)?);
    let same = |fact: Fact| a.facts.get(&fact) == b.facts.get(&fact);
    let moved = a.parent != b.parent;
    if !same(Fact::Type) || Side::of(from) != Side::of(to) {
        return None;
    }
    if moved && (a.name != b.name || !may_move(&a.parent, &b.parent)) {
        return None;
    }
    let kind = a.facts.get(&Fact::Type).and_then(Value::as_str)?;
    let mut evidence = vec![format!("both are {kind}")];
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
            format!("the names are {:.0} % alike", close * 100.0),
        ),
        0.75.. => add(
            &mut weight,
            1,
            format!("the names are {:.0} % alike", close * 100.0),
        ),
        _ => {}
    }
    match alike(&said(a), &said(b)) {
        Some(alike) if alike >= 0.999 => add(&mut weight, 2, "the same words".to_owned()),
        Some(alike) if alike >= 0.7 => add(
            &mut weight,
            2,
            format!("{:.0} % of the words", alike * 100.0),
        ),
        _ => {}
    }
    if a.facts.contains_key(&Fact::Values) && same(Fact::Values) {
        add(&mut weight, 2, "the same values".to_owned());
    }
    let (inner_a, inner_b) = (inner(old, from), inner(new, to));
    if let Some(alike) = alike(&inner_a, &inner_b) {
        if alike < 0.5 {
            return None;
        }
        add(
            &mut weight,
            2,
            format!("{:.0} % of the fields inside", alike * 100.0),
        );
    }
    // It tips the scales at most, and takes its time.
    if !moved && weight + 1 >= ENOUGH && place(old, from) == place(new, to) {
        add(
            &mut weight,
            1,
            "the same place among its neighbours".to_owned(),
        );
    }
    Some(Pair {
        from: from.to_owned(),
        to: to.to_owned(),
        evidence,
        weight,
    })
}

fn said(field: &Field) -> BTreeSet<String> {
    let own = field.facts.get(&Fact::Doc).and_then(Value::as_str);
    let text = field.text.as_deref().or(own).unwrap_or_default();
    words(text).into_iter().collect()
}

/// The fields inside of one, by their paths from there.
fn inner(endpoint: &Endpoint, path: &str) -> BTreeSet<String> {
    // What is inside of a field comes right behind it.
    let behind = endpoint.fields.get_index_of(path).map_or(0, |at| at + 1);
    let rest = endpoint.fields.keys().skip(behind);
    rest.take_while(|it| is_inside(it, path))
        .filter_map(|it| it.get(path.len()..))
        .map(str::to_owned)
        .collect()
}

/// Whether a field may have moved from one place to another: into one beside it, or out of it.
/// Members of unions are like each other, and nothing moves between them.
fn may_move(from: &str, to: &str) -> bool {
    let nested = is_inside(from, to) || is_inside(to, from);
    nested || !(from.contains('<') || to.contains('<'))
}

/// The part of all that both have; none if one has nothing.
fn alike(a: &BTreeSet<String>, b: &BTreeSet<String>) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let both = a.intersection(b).count();
    Some(both as f64 / (a.len() + b.len() - both) as f64)
}

/// The names of the fields before and behind.
fn place<'a>(endpoint: &'a Endpoint, path: &str) -> Option<(Option<&'a str>, Option<&'a str>)> {
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

/// What speaks for two endpoints being one: the method, the section, most fields, and the path.
pub fn endpoints(old: (&str, &Endpoint), new: (&str, &Endpoint)) -> Option<Vec<String>> {
    let section = |id: &str| id.split('/').next().map(str::to_owned);
    let method = |it: &Endpoint| it.facts.get(&Fact::Method).cloned();
    if section(old.0) != section(new.0) || method(old.1) != method(new.1) {
        return None;
    }
    let close = strsim::jaro_winkler(old.0, new.0);
    let fields = |it: &Endpoint| -> BTreeSet<String> {
        let own = it
            .fields
            .keys()
            .filter(|path| Side::of(path) != Side::Answer);
        own.cloned().collect()
    };
    let (a, b) = (fields(old.1), fields(new.1));
    let alike = alike(&a, &b)?;
    if close < 0.9 || alike < 0.8 || a.len() < 3 {
        return None;
    }
    Some(vec![
        format!("the paths are {:.0} % alike", close * 100.0),
        format!("{:.0} % of the fields are the same", alike * 100.0),
    ])
}
