//! The comparison of two surfaces, endpoint by endpoint and field by field.

use std::collections::{BTreeMap, BTreeSet};

use dataforseo_spec::glob::fits;
use serde_json::{Value, json};

use super::group::{Found, group};
use super::meaning;
use super::meaning::Event;
use super::pairs;
use super::report::{Change, Named, Place, Report, What};
use super::surface::{Endpoint, Fact, Field, Form, Says, Side, Surface};

/// What to compare.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The paths of endpoints, all unless given; `*` is any text.
    pub only: Vec<String>,
}

/// Compares two sources.
pub fn compare(old: &Surface, new: &Surface, options: &Options) -> Report {
    let mut comparison = Comparison {
        forms: (old.form, new.form),
        found: Vec::new(),
        skipped: BTreeMap::new(),
    };
    let both = comparison.endpoints(old, new, options);
    let mut not_compared = comparison.not_compared();
    for surface in [old, new] {
        let notes = surface.notes.iter();
        not_compared.extend(notes.map(|note| format!("{}: {note}", surface.name)));
    }
    let named = |surface: &Surface| Named {
        name: surface.name.clone(),
        form: surface.form,
    };
    Report {
        old: named(old),
        new: named(new),
        endpoints_in_both: both,
        changes: group(comparison.found),
        not_compared,
    }
}

struct Comparison {
    forms: (Form, Form),
    found: Vec<Found>,
    /// What was not compared, with how often and an example.
    skipped: BTreeMap<String, (usize, String)>,
}

/// The two accounts of one endpoint.
struct Both<'a> {
    id: &'a str,
    old: &'a Endpoint,
    new: &'a Endpoint,
}

impl Comparison {
    fn mixed(&self) -> bool {
        self.forms.0 != self.forms.1
    }

    /// Whether one account is the vendor's.
    fn of_vendor(&self) -> bool {
        self.forms.0.of_the_vendor() || self.forms.1.of_the_vendor()
    }

    fn skip(&mut self, what: String, example: String) {
        self.skipped.entry(what).or_insert((0, example)).0 += 1;
    }

    fn not_compared(&self) -> Vec<String> {
        let skipped = self.skipped.iter();
        skipped
            .map(|(what, (count, example))| match count {
                1 => format!("{what}: {example}"),
                _ => format!("{what}: {count} places, such as {example}"),
            })
            .collect()
    }

    /// Compares all endpoints, and counts those that both have.
    fn endpoints(&mut self, old: &Surface, new: &Surface, options: &Options) -> usize {
        let wanted = |endpoint: &Endpoint| {
            let path = endpoint.facts.get(&Fact::Path).and_then(Value::as_str);
            let path = path.unwrap_or_default();
            options.only.is_empty() || options.only.iter().any(|pattern| fits(pattern, path))
        };
        // A page is about one endpoint, and says nothing of the others.
        let about = |id: &str| {
            let page = |surface: &Surface| {
                surface.form == Form::Page && !surface.endpoints.contains_key(id)
            };
            !page(old) && !page(new)
        };
        let mut gone = Vec::new();
        let mut both = 0;
        for (id, before) in &old.endpoints {
            if !wanted(before) || !about(id) {
                continue;
            }
            match new.endpoints.get(id) {
                Some(after) => {
                    both += 1;
                    self.endpoint(&Both {
                        id,
                        old: before,
                        new: after,
                    });
                }
                None => gone.push((id.as_str(), before)),
            }
        }
        let came = new
            .endpoints
            .iter()
            .filter(|(id, after)| !old.endpoints.contains_key(*id) && wanted(after) && about(id));
        let mut came: Vec<_> = came.map(|(id, it)| (id.as_str(), it)).collect();
        for before in gone {
            let pair = came
                .iter()
                .enumerate()
                .find_map(|(at, after)| Some((at, pairs::endpoints(before, *after)?)));
            match pair {
                Some((at, evidence)) => {
                    let after = came.remove(at);
                    let what = What::Renamed {
                        from: before.0.to_owned(),
                        to: after.0.to_owned(),
                        evidence,
                    };
                    self.whole(before.0, what, Event::EndpointRenamed);
                }
                None => {
                    let (kind, inside) = (method(before.1), before.1.fields.len());
                    let what = What::Removed {
                        kind,
                        required: false,
                        inside,
                    };
                    self.whole(before.0, what, Event::EndpointRemoved);
                }
            }
        }
        for (id, after) in came {
            let what = What::Added {
                kind: method(after),
                required: false,
                inside: after.fields.len(),
            };
            self.whole(id, what, Event::EndpointAdded);
        }
        both
    }

    /// A change of an endpoint as a whole.
    fn whole(&mut self, id: &str, what: What, event: Event) {
        let to = match &what {
            What::Renamed { to, .. } => Some(to.clone()),
            _ => None,
        };
        let place = Place {
            endpoint: id.to_owned(),
            path: String::new(),
            to,
        };
        self.note(what, event, Side::Endpoint, place, None);
    }

    fn note(&mut self, what: What, event: Event, side: Side, place: Place, field: Option<&Field>) {
        let (meaning, why) = meaning::meaning(event, side);
        let within = field.and_then(|field| field.within.as_ref());
        let of_values = matches!(
            &what,
            What::Changed {
                fact: Fact::Values,
                ..
            }
        );
        self.found.push(Found {
            within: within.map(|(ty, at)| format!("{ty}{at}")),
            values_of: field
                .and_then(|field| field.values_of.clone())
                .filter(|_| of_values),
            change: Change {
                what,
                side,
                event,
                meaning,
                semver: meaning.semver(),
                why,
                shared: None,
                places: vec![place],
            },
        });
    }

    fn endpoint(&mut self, both: &Both<'_>) {
        let (old, new) = (both.old, both.new);
        for fact in Fact::ALL {
            let values = (old.facts.get(&fact), new.facts.get(&fact));
            // Parameters are compared by themselves.
            if fact == Fact::Path && same_but_parameters(values) {
                continue;
            }
            let Some((old, new)) = self.differs(fact, values, Side::Endpoint, both.id) else {
                continue;
            };
            let event = meaning::event(fact, Side::Endpoint, "", old.as_ref(), new.as_ref());
            self.whole(both.id, What::Changed { fact, old, new }, event);
        }
        let reshaped = self.reshaped(both);
        let mut gone = self.missing(both.id, old, new, &reshaped);
        let mut came = self.missing(both.id, new, old, &reshaped);
        self.pair(both, &mut gone, &mut came);
        for (path, inside) in gone {
            self.one_sided(both.id, old, path, inside, false);
        }
        for (path, inside) in came {
            self.one_sided(both.id, new, path, inside, true);
        }
        for (path, before) in &old.fields {
            if let Some(after) = new.fields.get(path)
                && !is_hidden(path, before, &reshaped)
                && self.about_side(Side::of(path))
            {
                self.field(both.id, path, before, after);
            }
        }
    }

    /// The fields whose type is another one: what is inside of them is not compared.
    fn reshaped<'a>(&self, both: &Both<'a>) -> BTreeSet<&'a str> {
        let kind = |field: &Field| field.facts.get(&Fact::Type).cloned();
        let fields = both.old.fields.iter();
        let other = fields.filter(|(path, before)| {
            let after = both.new.fields.get(*path);
            after.is_some_and(|after| kind(after) != kind(before))
        });
        other.map(|(path, _)| path.as_str()).collect()
    }

    /// The fields that one account has and the other has not, without those inside of one that is
    /// missing itself; with the number of these.
    fn missing<'a>(
        &mut self,
        id: &str,
        has: &'a Endpoint,
        lacks: &Endpoint,
        reshaped: &BTreeSet<&str>,
    ) -> Vec<(&'a str, usize)> {
        let mut missing: Vec<(&str, usize)> = Vec::new();
        let mut roots: BTreeMap<&str, usize> = BTreeMap::new();
        for (path, field) in &has.fields {
            if lacks.fields.contains_key(path)
                || is_hidden(path, field, reshaped)
                || !self.about_side(Side::of(path))
            {
                continue;
            }
            if let Some(root) = roots.get(owner(&field.parent)).copied() {
                roots.insert(path, root);
                if let Some((_, inside)) = missing.get_mut(root) {
                    *inside += 1;
                }
                continue;
            }
            if field.own && self.mixed() && self.of_vendor() {
                let what = "fields that the spec has from elsewhere than the vendor's pages";
                self.skip(what.to_owned(), format!("{path} of {id}"));
                continue;
            }
            roots.insert(path, missing.len());
            missing.push((path, 0));
        }
        missing
    }

    /// Tells what may be renamed or moved, and takes it out of both lists.
    fn pair(
        &mut self,
        both: &Both<'_>,
        gone: &mut Vec<(&str, usize)>,
        came: &mut Vec<(&str, usize)>,
    ) {
        let paths = |all: &[(&'_ str, usize)]| -> Vec<String> {
            all.iter().map(|(path, _)| (*path).to_owned()).collect()
        };
        let (from, to) = (paths(gone), paths(came));
        for pair in pairs::fields(both.old, both.new, &from, &to) {
            let (Some(before), Some(after)) = (
                both.old.fields.get(&pair.from),
                both.new.fields.get(&pair.to),
            ) else {
                continue;
            };
            gone.retain(|(path, _)| *path != pair.from);
            came.retain(|(path, _)| *path != pair.to);
            let mut evidence = pair.evidence;
            let other: Vec<&str> = Fact::ALL
                .into_iter()
                .filter(|fact| !matches!(fact, Fact::Doc | Fact::Wording))
                .filter(|fact| before.facts.get(fact) != after.facts.get(fact))
                .map(Fact::name)
                .collect();
            if !other.is_empty() {
                evidence.push(format!("but not the same: {}", other.join(", ")));
            }
            let side = Side::of(&pair.from);
            let (what, event) = match before.parent == after.parent {
                true => {
                    let what = What::Renamed {
                        from: before.name.clone(),
                        to: after.name.clone(),
                        evidence,
                    };
                    let event = match is_member(before) {
                        true => Event::MemberRenamed,
                        false => Event::FieldRenamed,
                    };
                    (what, event)
                }
                false => (What::Moved { evidence }, Event::FieldMoved),
            };
            let place = Place {
                endpoint: both.id.to_owned(),
                path: pair.from,
                to: Some(pair.to),
            };
            self.note(what, event, side, place, Some(before));
        }
    }

    fn one_sided(&mut self, id: &str, of: &Endpoint, path: &str, inside: usize, added: bool) {
        let Some(field) = of.fields.get(path) else {
            return;
        };
        let required = field.facts.get(&Fact::Required) == Some(&json!(true));
        let kind = kind(field).to_owned();
        let event = match (is_member(field), added, required) {
            (true, true, _) => Event::MemberAdded,
            (true, false, _) => Event::MemberRemoved,
            (false, true, true) => Event::RequiredFieldAdded,
            (false, true, false) => Event::FieldAdded,
            (false, false, _) => Event::FieldRemoved,
        };
        let what = match added {
            true => What::Added {
                kind,
                required,
                inside,
            },
            false => What::Removed {
                kind,
                required,
                inside,
            },
        };
        let place = Place {
            endpoint: id.to_owned(),
            path: path.to_owned(),
            to: None,
        };
        self.note(what, event, Side::of(path), place, Some(field));
    }

    /// Compares what is said of a field that both have.
    fn field(&mut self, id: &str, path: &str, old: &Field, new: &Field) {
        let side = Side::of(path);
        let at = format!("{path} of {id}");
        let mut told_of_prose = false;
        // The same words may say other facts of another type: that is no further change.
        let equal = |fact: Fact| old.facts.get(&fact) == new.facts.get(&fact);
        let reread = !equal(Fact::Type) && equal(Fact::Wording);
        for fact in Fact::ALL {
            let of_prose = old.prose.contains(&fact) || new.prose.contains(&fact);
            if of_prose && reread && old.facts.contains_key(&Fact::Wording) {
                continue;
            }
            let values = (old.facts.get(&fact), new.facts.get(&fact));
            let corrected = |field: &Field| field.corrected.contains(fact.name());
            if self.mixed() && self.of_vendor() && (corrected(old) || corrected(new)) {
                let what = "facts that the spec corrects";
                self.skip(what.to_owned(), at.clone());
                continue;
            }
            let Some((before, after)) = self.differs(fact, values, side, &at) else {
                continue;
            };
            // The vendor's words changed because the fact did.
            if fact == Fact::Wording && told_of_prose {
                continue;
            }
            told_of_prose |= of_prose;
            let event = meaning::event(fact, side, kind(old), before.as_ref(), after.as_ref());
            let (before, after) = match fact {
                Fact::Wording => (
                    old.text.as_deref().map(Value::from).or(before),
                    new.text.as_deref().map(Value::from).or(after),
                ),
                _ => (before, after),
            };
            let what = What::Changed {
                fact,
                old: before,
                new: after,
            };
            let place = Place {
                endpoint: id.to_owned(),
                path: path.to_owned(),
                to: None,
            };
            self.note(what, event, side, place, Some(new));
        }
    }

    /// Whether both sources tell of this part of a call.
    fn about_side(&self, side: Side) -> bool {
        let pages = [self.forms.0, self.forms.1].contains(&Form::Page);
        !(pages && matches!(side, Side::Answer | Side::Path))
    }

    /// The two values of a fact, if they differ and both sources can say it.
    fn differs(
        &mut self,
        fact: Fact,
        values: (Option<&Value>, Option<&Value>),
        side: Side,
        at: &str,
    ) -> Option<(Option<Value>, Option<Value>)> {
        let (old, new) = (plain(fact, values.0), plain(fact, values.1));
        if old == new {
            return None;
        }
        if self.mixed() && !self.comparable(fact, &old, &new, side, at) {
            return None;
        }
        Some((old, new))
    }

    /// Whether sources of two forms both say something of a fact.
    fn comparable(
        &mut self,
        fact: Fact,
        old: &Option<Value>,
        new: &Option<Value>,
        side: Side,
        at: &str,
    ) -> bool {
        let name = fact.name();
        let of_two = [(self.forms.0, old), (self.forms.1, new)];
        for (form, value) in of_two {
            let silent = match form.says(fact) {
                Says::All => false,
                Says::Some => value.is_none() || value == &Some(Value::Bool(false)),
                Says::Nothing => true,
            };
            if silent {
                let what = match form.says(fact) {
                    Says::Nothing => format!("`{name}`, which {} does not tell", form.name()),
                    _ => format!("`{name}`, which {} leaves open", form.name()),
                };
                self.skip(what, at.to_owned());
                return false;
            }
        }
        let why = match fact {
            fact if side == Side::Answer && fact != Fact::Doc => "facts of the envelope",
            Fact::Type if open_kind(old) || open_kind(new) => {
                "types of which one source says no more than that they are JSON"
            }
            // Marks are made of a page's words; those of a file are others.
            Fact::Wording if of_two.iter().any(|(form, _)| *form == Form::OpenApi) => {
                "the vendor's words, of which a page and a file have different ones"
            }
            Fact::Doc if side == Side::Endpoint => "words for endpoints, to which ours are added",
            _ => return true,
        };
        self.skip(why.to_owned(), at.to_owned());
        false
    }
}

/// What is not said of `required` is that it is not; the order of values says nothing.
fn plain(fact: Fact, value: Option<&Value>) -> Option<Value> {
    match (fact, value) {
        (Fact::Required, None) => Some(Value::Bool(false)),
        (Fact::Values | Fact::RequiredUnless, Some(Value::Array(values))) => {
            let mut values = values.clone();
            values.sort_by_key(ToString::to_string);
            values.dedup();
            (!values.is_empty()).then_some(Value::Array(values))
        }
        (Fact::Doc | Fact::Wording, Some(Value::String(text))) if text.is_empty() => None,
        (_, value) => value.cloned(),
    }
}

fn open_kind(kind: &Option<Value>) -> bool {
    let kind = kind.as_ref().and_then(Value::as_str);
    kind.is_some_and(|kind| kind.ends_with("json"))
}

/// Whether two paths differ in the names of parameters alone.
fn same_but_parameters(paths: (Option<&Value>, Option<&Value>)) -> bool {
    let plain = |path: Option<&Value>| {
        let path = path.and_then(Value::as_str)?;
        let segments = path.split('/');
        let segments = segments.map(|it| if it.starts_with('{') { "{}" } else { it });
        Some(segments.collect::<Vec<_>>().join("/"))
    };
    plain(paths.0) == plain(paths.1)
}

fn method(endpoint: &Endpoint) -> String {
    let method = endpoint.facts.get(&Fact::Method).and_then(Value::as_str);
    method.unwrap_or_default().to_owned()
}

fn kind(field: &Field) -> &str {
    let kind = field.facts.get(&Fact::Type).and_then(Value::as_str);
    kind.unwrap_or_default()
}

fn is_member(field: &Field) -> bool {
    kind(field) == "member"
}

/// The path of the field that a place is in: without the brackets of lists and maps.
fn owner(parent: &str) -> &str {
    parent.trim_end_matches(['[', ']', '{', '}'])
}

/// Whether a field is inside of one whose type changed.
fn is_hidden(path: &str, field: &Field, reshaped: &BTreeSet<&str>) -> bool {
    if reshaped.is_empty() {
        return false;
    }
    let mut rest = owner(&field.parent);
    loop {
        if reshaped.contains(rest) && rest != path {
            return true;
        }
        match rest.rfind(['.', '<']) {
            Some(at) => rest = owner(&rest[..at]),
            None => return false,
        }
    }
}
