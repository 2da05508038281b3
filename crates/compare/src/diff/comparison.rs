//! The comparison of two surfaces, by endpoint and field.

use std::collections::{BTreeMap, BTreeSet};

use dataforseo_spec::glob::fits;
use serde_json::{Value, json};

use super::group::{FoundChange, group};
use super::meaning;
use super::meaning::Event;
use super::pairs;
use super::report::{ApiChange, ChangeKind, ChangeLocation, DiffReport, SourceName};
use super::surface::{
    CallSide, Coverage, Fact, SourceForm, Surface, SurfaceEndpoint, SurfaceField,
};

/// The options of a comparison.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// The paths of the endpoints to compare. `*` matches any text. An empty list selects all.
    pub only: Vec<String>,
}

/// Compares two sources.
pub fn compare(old: &Surface, new: &Surface, options: &DiffOptions) -> DiffReport {
    let mut comparison = SurfaceComparison {
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
    let named = |surface: &Surface| SourceName {
        name: surface.name.clone(),
        form: surface.form,
    };
    DiffReport {
        old: named(old),
        new: named(new),
        endpoints_in_both: both,
        changes: group(comparison.found),
        not_compared,
    }
}

struct SurfaceComparison {
    forms: (SourceForm, SourceForm),
    found: Vec<FoundChange>,
    /// The facts that were not compared, with their number and an example.
    skipped: BTreeMap<String, (usize, String)>,
}

/// An endpoint in both sources.
struct EndpointPair<'a> {
    id: &'a str,
    old: &'a SurfaceEndpoint,
    new: &'a SurfaceEndpoint,
}

/// The source that contains a field which the other one lacks.
#[derive(Clone, Copy)]
enum Presence {
    /// The new source.
    Added,
    /// The old source.
    Removed,
}

impl SurfaceComparison {
    fn mixed(&self) -> bool {
        self.forms.0 != self.forms.1
    }

    /// Returns whether one source is the vendor's.
    fn has_vendor_source(&self) -> bool {
        self.forms.0.is_from_vendor() || self.forms.1.is_from_vendor()
    }

    fn skip(&mut self, what: String, example: String) {
        self.skipped.entry(what).or_insert((0, example)).0 += 1;
    }

    fn not_compared(&self) -> Vec<String> {
        let skipped = self.skipped.iter();
        skipped
            .map(|(what, (count, example))| match count {
                1 => format!("{what}: {example}"),
                _ => format!("{what}: {count} locations, such as {example}"),
            })
            .collect()
    }

    /// Compares all endpoints. Returns the number of endpoints that both sources contain.
    fn endpoints(&mut self, old: &Surface, new: &Surface, options: &DiffOptions) -> usize {
        let wanted = |endpoint: &SurfaceEndpoint| {
            let path = endpoint.facts.get(&Fact::Path).and_then(Value::as_str);
            let path = path.unwrap_or_default();
            options.only.is_empty() || options.only.iter().any(|pattern| fits(pattern, path))
        };
        // A page describes one endpoint, and does not show that others are missing.
        let about = |id: &str| {
            let page = |surface: &Surface| {
                surface.form == SourceForm::Page && !surface.endpoints.contains_key(id)
            };
            !page(old) && !page(new)
        };
        let mut removed = Vec::new();
        let mut both = 0;
        for (id, before) in &old.endpoints {
            if !wanted(before) || !about(id) {
                continue;
            }
            match new.endpoints.get(id) {
                Some(after) => {
                    both += 1;
                    self.endpoint(&EndpointPair {
                        id,
                        old: before,
                        new: after,
                    });
                }
                None => removed.push((id.as_str(), before)),
            }
        }
        let added = new
            .endpoints
            .iter()
            .filter(|(id, after)| !old.endpoints.contains_key(*id) && wanted(after) && about(id));
        let mut added: Vec<_> = added.map(|(id, it)| (id.as_str(), it)).collect();
        for before in removed {
            let pair = added
                .iter()
                .enumerate()
                .find_map(|(at, after)| Some((at, pairs::endpoints(before, *after)?)));
            match pair {
                Some((at, evidence)) => {
                    let after = added.remove(at);
                    let what = ChangeKind::Renamed {
                        from: before.0.to_owned(),
                        to: after.0.to_owned(),
                        evidence,
                    };
                    self.whole(before.0, what, Event::EndpointRenamed);
                }
                None => {
                    let (kind, inside) = (method(before.1), before.1.fields.len());
                    let what = ChangeKind::Removed {
                        kind,
                        required: false,
                        inside,
                    };
                    self.whole(before.0, what, Event::EndpointRemoved);
                }
            }
        }
        for (id, after) in added {
            let what = ChangeKind::Added {
                kind: method(after),
                required: false,
                inside: after.fields.len(),
            };
            self.whole(id, what, Event::EndpointAdded);
        }
        both
    }

    /// Notes a change of an endpoint as a whole.
    fn whole(&mut self, id: &str, what: ChangeKind, event: Event) {
        let to = match &what {
            ChangeKind::Renamed { to, .. } => Some(to.clone()),
            _ => None,
        };
        let location = ChangeLocation {
            endpoint: id.to_owned(),
            path: String::new(),
            to,
        };
        self.note(what, event, CallSide::Endpoint, location, None);
    }

    fn note(
        &mut self,
        what: ChangeKind,
        event: Event,
        side: CallSide,
        location: ChangeLocation,
        field: Option<&SurfaceField>,
    ) {
        let (meaning, why) = meaning::meaning(event, side);
        let within = field.and_then(|field| field.within.as_ref());
        let of_values = matches!(
            &what,
            ChangeKind::Changed {
                fact: Fact::Values,
                ..
            }
        );
        self.found.push(FoundChange {
            within: within.map(|(ty, at)| format!("{ty}{at}")),
            values_of: field
                .and_then(|field| field.values_of.clone())
                .filter(|_| of_values),
            change: ApiChange {
                what,
                side,
                event,
                meaning,
                semver: meaning.semver(),
                why,
                reason: field
                    .and_then(|field| field.deprecation.clone())
                    .filter(|_| event == Event::Deprecated),
                shared: None,
                undone_in: None,
                undoes: None,
                locations: vec![location],
            },
        });
    }

    fn endpoint(&mut self, both: &EndpointPair<'_>) {
        let (old, new) = (both.old, both.new);
        for fact in Fact::ALL {
            let values = (old.facts.get(&fact), new.facts.get(&fact));
            // Parameters are compared separately.
            if fact == Fact::Path && same_but_parameters(values) {
                continue;
            }
            let Some((old, new)) = self.differs(fact, values, CallSide::Endpoint, both.id) else {
                continue;
            };
            let event = meaning::event(fact, CallSide::Endpoint, "", old.as_ref(), new.as_ref());
            self.whole(both.id, ChangeKind::Changed { fact, old, new }, event);
            if let Some(found) = self.found.last_mut().filter(|_| fact == Fact::Deprecated) {
                found.change.reason.clone_from(&both.new.deprecation);
            }
        }
        let reshaped = self.reshaped(both);
        let mut removed = self.missing(both.id, old, new, &reshaped);
        let mut added = self.missing(both.id, new, old, &reshaped);
        self.pair(both, &mut removed, &mut added);
        for (path, inside) in removed {
            self.one_sided(both.id, old, path, inside, Presence::Removed);
        }
        for (path, inside) in added {
            self.one_sided(both.id, new, path, inside, Presence::Added);
        }
        for (path, before) in &old.fields {
            if let Some(after) = new.fields.get(path)
                && !is_hidden(path, before, &reshaped)
                && self.about_side(CallSide::of(path))
            {
                self.field(both.id, path, before, after);
            }
        }
    }

    /// Returns the fields whose type changed. Their inner fields are not compared.
    fn reshaped<'a>(&self, both: &EndpointPair<'a>) -> BTreeSet<&'a str> {
        let kind = |field: &SurfaceField| field.facts.get(&Fact::Type).cloned();
        let fields = both.old.fields.iter();
        let other = fields.filter(|(path, before)| {
            let after = both.new.fields.get(*path);
            after.is_some_and(|after| kind(after) != kind(before))
        });
        other.map(|(path, _)| path.as_str()).collect()
    }

    /// Returns the fields that only one source contains, each with the number of its inner fields.
    /// Inner fields of a missing field are not listed.
    fn missing<'a>(
        &mut self,
        id: &str,
        has: &'a SurfaceEndpoint,
        lacks: &SurfaceEndpoint,
        reshaped: &BTreeSet<&str>,
    ) -> Vec<(&'a str, usize)> {
        let mut missing: Vec<(&str, usize)> = Vec::new();
        let mut roots: BTreeMap<&str, usize> = BTreeMap::new();
        for (path, field) in &has.fields {
            if lacks.fields.contains_key(path)
                || is_hidden(path, field, reshaped)
                || !self.about_side(CallSide::of(path))
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
            if field.own && self.mixed() && self.has_vendor_source() {
                let what = "fields that the spec has from a source other than the vendor's pages";
                self.skip(what.to_owned(), format!("{path} of {id}"));
                continue;
            }
            roots.insert(path, missing.len());
            missing.push((path, 0));
        }
        missing
    }

    /// Notes the fields that may have been renamed or moved, and removes them from both lists.
    fn pair(
        &mut self,
        both: &EndpointPair<'_>,
        removed: &mut Vec<(&str, usize)>,
        added: &mut Vec<(&str, usize)>,
    ) {
        let paths = |all: &[(&'_ str, usize)]| -> Vec<String> {
            all.iter().map(|(path, _)| (*path).to_owned()).collect()
        };
        let (from, to) = (paths(removed), paths(added));
        for pair in pairs::fields(both.old, both.new, &from, &to) {
            let (Some(before), Some(after)) = (
                both.old.fields.get(&pair.from),
                both.new.fields.get(&pair.to),
            ) else {
                continue;
            };
            removed.retain(|(path, _)| *path != pair.from);
            added.retain(|(path, _)| *path != pair.to);
            let mut evidence = pair.evidence;
            let other: Vec<&str> = Fact::ALL
                .into_iter()
                .filter(|fact| !matches!(fact, Fact::Doc | Fact::Wording))
                .filter(|fact| before.facts.get(fact) != after.facts.get(fact))
                .map(Fact::name)
                .collect();
            if !other.is_empty() {
                evidence.push(format!("but these differ: {}", other.join(", ")));
            }
            let side = CallSide::of(&pair.from);
            let (what, event) = if before.parent == after.parent {
                let what = ChangeKind::Renamed {
                    from: before.name.clone(),
                    to: after.name.clone(),
                    evidence,
                };
                let event = if is_member(before) {
                    Event::MemberRenamed
                } else {
                    Event::FieldRenamed
                };
                (what, event)
            } else {
                (ChangeKind::Moved { evidence }, Event::FieldMoved)
            };
            let location = ChangeLocation {
                endpoint: both.id.to_owned(),
                path: pair.from,
                to: Some(pair.to),
            };
            self.note(what, event, side, location, Some(before));
        }
    }

    /// Notes a field that only one source contains.
    fn one_sided(
        &mut self,
        id: &str,
        of: &SurfaceEndpoint,
        path: &str,
        inside: usize,
        presence: Presence,
    ) {
        let Some(field) = of.fields.get(path) else {
            return;
        };
        let required = field.facts.get(&Fact::Required) == Some(&json!(true));
        let kind = kind(field).to_owned();
        let event = match presence {
            Presence::Added if is_member(field) => Event::MemberAdded,
            Presence::Added if required => Event::RequiredFieldAdded,
            Presence::Added => Event::FieldAdded,
            Presence::Removed if is_member(field) => Event::MemberRemoved,
            Presence::Removed => Event::FieldRemoved,
        };
        let what = match presence {
            Presence::Added => ChangeKind::Added {
                kind,
                required,
                inside,
            },
            Presence::Removed => ChangeKind::Removed {
                kind,
                required,
                inside,
            },
        };
        let location = ChangeLocation {
            endpoint: id.to_owned(),
            path: path.to_owned(),
            to: None,
        };
        self.note(what, event, CallSide::of(path), location, Some(field));
    }

    /// Compares the facts about a field that both sources contain.
    fn field(&mut self, id: &str, path: &str, old: &SurfaceField, new: &SurfaceField) {
        let side = CallSide::of(path);
        let at = format!("{path} of {id}");
        let mut prose_reported = false;
        // The same text may state other facts if the type changes. That is not another change.
        let equal = |fact: Fact| old.facts.get(&fact) == new.facts.get(&fact);
        let reread = !equal(Fact::Type) && equal(Fact::Wording);
        for fact in Fact::ALL {
            let of_prose = old.prose.contains(&fact) || new.prose.contains(&fact);
            if of_prose && reread && old.facts.contains_key(&Fact::Wording) {
                continue;
            }
            let values = (old.facts.get(&fact), new.facts.get(&fact));
            let corrected = |field: &SurfaceField| field.corrected.contains(fact.name());
            if self.mixed() && self.has_vendor_source() && (corrected(old) || corrected(new)) {
                let what = "facts that the spec corrects";
                self.skip(what.to_owned(), at.clone());
                continue;
            }
            let Some((before, after)) = self.differs(fact, values, side, &at) else {
                continue;
            };
            // The vendor's text changed because the fact did.
            if fact == Fact::Wording && prose_reported {
                continue;
            }
            prose_reported |= of_prose;
            let event = meaning::event(fact, side, kind(old), before.as_ref(), after.as_ref());
            let (before, after) = match fact {
                Fact::Wording => (
                    old.text.as_deref().map(Value::from).or(before),
                    new.text.as_deref().map(Value::from).or(after),
                ),
                _ => (before, after),
            };
            let what = ChangeKind::Changed {
                fact,
                old: before,
                new: after,
            };
            let location = ChangeLocation {
                endpoint: id.to_owned(),
                path: path.to_owned(),
                to: None,
            };
            self.note(what, event, side, location, Some(new));
        }
    }

    /// Returns whether both sources describe this part of a call.
    fn about_side(&self, side: CallSide) -> bool {
        let pages = [self.forms.0, self.forms.1].contains(&SourceForm::Page);
        !(pages && matches!(side, CallSide::Response | CallSide::Path))
    }

    /// Returns the two values of a fact, if they differ and both sources can state it.
    fn differs(
        &mut self,
        fact: Fact,
        values: (Option<&Value>, Option<&Value>),
        side: CallSide,
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

    /// Returns whether both sources state a fact, if their forms differ.
    fn comparable(
        &mut self,
        fact: Fact,
        old: &Option<Value>,
        new: &Option<Value>,
        side: CallSide,
        at: &str,
    ) -> bool {
        let name = fact.name();
        let of_two = [(self.forms.0, old), (self.forms.1, new)];
        for (form, value) in of_two {
            let silent = match form.coverage(fact) {
                Coverage::Complete => false,
                Coverage::Partial => value.is_none() || value == &Some(Value::Bool(false)),
                Coverage::Absent => true,
            };
            if silent {
                let what = match form.coverage(fact) {
                    Coverage::Absent => format!("`{name}`: not stated by {}", form.name()),
                    _ => format!("`{name}`: not always stated by {}", form.name()),
                };
                self.skip(what, at.to_owned());
                return false;
            }
        }
        let why = match fact {
            fact if side == CallSide::Response && fact != Fact::Doc => "facts of the envelope",
            Fact::Type if open_kind(old) || open_kind(new) => {
                "types that one source only describes as JSON"
            }
            // Fingerprints are calculated from the text of a page, which differs from that of a
            // file.
            Fact::Wording if of_two.iter().any(|(form, _)| *form == SourceForm::OpenApi) => {
                "the vendor's text, which differs between pages and files"
            }
            Fact::Doc if side == CallSide::Endpoint => {
                "texts of endpoints, to which the spec adds its own"
            }
            _ => return true,
        };
        self.skip(why.to_owned(), at.to_owned());
        false
    }
}

/// Normalizes a value: a missing `required` means false, and the order of values has no meaning.
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

/// Returns whether two paths differ only in the names of parameters.
fn same_but_parameters(paths: (Option<&Value>, Option<&Value>)) -> bool {
    let plain = |path: Option<&Value>| {
        let path = path.and_then(Value::as_str)?;
        let segments = path.split('/');
        let segments = segments.map(|it| if it.starts_with('{') { "{}" } else { it });
        Some(segments.collect::<Vec<_>>().join("/"))
    };
    plain(paths.0) == plain(paths.1)
}

fn method(endpoint: &SurfaceEndpoint) -> String {
    let method = endpoint.facts.get(&Fact::Method).and_then(Value::as_str);
    method.unwrap_or_default().to_owned()
}

fn kind(field: &SurfaceField) -> &str {
    let kind = field.facts.get(&Fact::Type).and_then(Value::as_str);
    kind.unwrap_or_default()
}

fn is_member(field: &SurfaceField) -> bool {
    kind(field) == "member"
}

/// Returns the path of the containing field, without the brackets of lists and maps.
fn owner(parent: &str) -> &str {
    parent.trim_end_matches(['[', ']', '{', '}'])
}

/// Returns whether a field is inside one whose type changed.
fn is_hidden(path: &str, field: &SurfaceField, reshaped: &BTreeSet<&str>) -> bool {
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
