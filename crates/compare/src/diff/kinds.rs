//! Kinds of changes: all changes that one sentence describes, such as "675 fields of results
//! changed from float to integer".

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use super::group::show;
use super::meaning::{Event, Meaning};
use super::report::{ApiChange, ChangeKind, DiffReport};
use super::surface::CallSide;

/// The changes of a report that one sentence describes.
pub struct KindOfChange<'a> {
    /// The meaning of each change.
    pub meaning: Meaning,
    /// The sentence, without the number of changes: "fields of results disappeared".
    pub sentence: String,
    /// The reason for the meaning.
    pub why: &'static str,
    /// The changes, the one with the most locations first.
    pub changes: Vec<&'a ApiChange>,
}

/// The least number of equal changes of a type that have a sentence of their own.
const RECURRING: usize = 5;

impl DiffReport {
    /// Returns the kinds of changes: the most severe first, and within a meaning the one with the
    /// most changes first.
    pub fn kinds(&self) -> Vec<KindOfChange<'_>> {
        let mut types: BTreeMap<String, usize> = BTreeMap::new();
        for change in &self.changes {
            *types.entry(precise(change)).or_default() += 1;
        }
        let mut kinds: IndexMap<(Meaning, String, &str), Vec<&ApiChange>> = IndexMap::new();
        for change in &self.changes {
            let precise = precise(change);
            let recurs = types.get(&precise).is_some_and(|count| *count >= RECURRING);
            let predicate = if recurs { precise } else { predicate(change) };
            let sentence = format!("{} {predicate}", subjects(change));
            let key = (change.meaning, sentence, change.why);
            kinds.entry(key).or_default().push(change);
        }
        let mut kinds: Vec<KindOfChange<'_>> = kinds
            .into_iter()
            .map(|((meaning, sentence, why), mut changes)| {
                changes.sort_by_key(|change| std::cmp::Reverse(change.locations.len()));
                KindOfChange {
                    meaning,
                    sentence,
                    why,
                    changes,
                }
            })
            .collect();
        kinds.sort_by_key(|kind| {
            let size = kind.changes.len();
            (std::cmp::Reverse(kind.meaning), std::cmp::Reverse(size))
        });
        kinds
    }

    /// Returns the number of changes by section and meaning. A change in several sections counts in
    /// each of them.
    pub fn by_section(&self) -> BTreeMap<&str, BTreeMap<Meaning, usize>> {
        let mut counts: BTreeMap<&str, BTreeMap<Meaning, usize>> = BTreeMap::new();
        for change in &self.changes {
            for section in sections(change) {
                let of_section = counts.entry(section).or_default();
                *of_section.entry(change.meaning).or_default() += 1;
            }
        }
        counts
    }
}

impl KindOfChange<'_> {
    /// Returns the number of changes by section, the section with the most first.
    pub fn sections(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for change in &self.changes {
            for section in sections(change) {
                *counts.entry(section).or_default() += 1;
            }
        }
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

/// Returns the sections that a change affects.
fn sections(change: &ApiChange) -> BTreeSet<&str> {
    let endpoints = change
        .locations
        .iter()
        .map(|location| location.endpoint.as_str());
    endpoints
        .filter_map(|endpoint| endpoint.split('/').next())
        .collect()
}

/// Returns the things that changed, in the plural.
fn subjects(change: &ApiChange) -> &'static str {
    use Event as E;
    let is_member = matches!(
        change.event,
        E::MemberAdded | E::MemberRemoved | E::MemberRenamed
    );
    match change.side {
        CallSide::Endpoint => "endpoints",
        CallSide::Path => "parameters of paths",
        CallSide::Task if is_member => "members of unions in tasks",
        CallSide::Task => "fields of tasks",
        CallSide::Response => "fields of the envelope",
        CallSide::Result if is_member => "members of unions in results",
        CallSide::Result => "fields of results",
    }
}

/// Returns what happened, with both types where the type changed.
fn precise(change: &ApiChange) -> String {
    match (&change.event, &change.what) {
        (Event::TypeChanged, ChangeKind::Changed { old, new, .. }) => {
            let show = |value: &Option<Value>| show(value.as_ref());
            format!("changed from {} to {}", show(old), show(new))
        }
        _ => predicate(change),
    }
}

/// Returns what happened. The verb has the same form for one change and for several.
fn predicate(change: &ApiChange) -> String {
    use Event as E;
    let text = match change.event {
        E::EndpointAdded | E::FieldAdded | E::MemberAdded => "appeared",
        E::EndpointRemoved | E::FieldRemoved | E::MemberRemoved => "disappeared",
        E::EndpointRenamed => "got another path, by a guess",
        E::FieldRenamed | E::MemberRenamed => "got another name, by a guess",
        E::FieldMoved => "got another parent, by a guess",
        E::PathChanged => "got another path",
        E::MethodChanged => "changed the HTTP method",
        E::ModeChanged => "changed the mode",
        E::BecameCharged => "became charged",
        E::BecameFree => "became free",
        E::CallLimitTighter => "got a tighter limit of calls",
        E::CallLimitLooser => "got a looser limit of calls",
        E::RowsChanged => "changed the description of rows",
        E::RequiredFieldAdded => "appeared and must be present",
        E::TypeChanged => "changed the type in another way",
        E::NullabilityChanged => "changed whether null is allowed",
        E::TextTypeChanged => "changed the type of a text",
        E::TextRuleTighter => "got a stricter rule for the text",
        E::TextRuleLooser => "lost a rule for the text",
        E::TextHintChanged => "changed the documented form of the text",
        E::NumberFormatChanged => "changed the size of the number",
        E::BecameRequired => "became required",
        E::BecameOptional => "became optional",
        E::RuleAdded => "got a rule with another field",
        E::RuleChanged => "changed a rule with another field",
        E::RuleRemoved => "lost a rule with another field",
        E::DefaultChanged => "changed the default",
        E::DefaultStated => "gained or lost a stated default",
        E::BoundTighter => "got a tighter bound",
        E::BoundLooser => "got a looser bound",
        E::BecameEnum => "gained a list of values",
        E::BecameText => "lost the list of values",
        E::ValuesAdded => "gained values",
        E::ValuesRemoved => "lost values",
        E::KeysChanged => "changed the keys of a map",
        E::Deprecated => "became deprecated",
        E::NoLongerDeprecated => "lost the deprecation",
        E::Reworded => "changed the text",
    };
    text.to_owned()
}
