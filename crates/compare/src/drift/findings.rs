//! Differences between the observations and the spec, and the edits that would resolve them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use super::observations::{
    ObservedContent, ObservedObject, ObservedValue, UndocumentedTexts, ValueKind, shortened,
};
use super::propose::{Proposals, SpecChange};
use super::spec_view::{Role, SpecLocation, SpecView};
use dataforseo_spec::language::FieldType;
use dataforseo_spec::tree::Tree;

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A field that the spec does not contain.
    UndocumentedField,
    /// A value of a string that is not documented.
    UndocumentedValue,
    /// A key of a map that is not documented.
    UndocumentedKey,
    /// An object that is not a documented member of its union.
    UndocumentedMember,
    /// A fraction where an integer is documented.
    FloatForInteger,
    /// A number in quotes.
    NumberAsText,
    /// Another kind of value than documented.
    AnotherKind,
    /// Text without the documented format: a date or a timestamp.
    AnotherForm,
    /// An integer that is written with a decimal point. A note, because no value is lost.
    IntegerWithPoint,
    /// A null, where the spec does not state when it occurs. A note, because any field can be null.
    UndocumentedNull,
    /// A documented field or key that never occurred. A note, because it may be rare.
    NeverSeen,
}

impl FindingKind {
    /// Returns whether the spec is wrong or incomplete. Other findings are notes.
    pub const fn is_drift(self) -> bool {
        !matches!(
            self,
            Self::IntegerWithPoint | Self::UndocumentedNull | Self::NeverSeen
        )
    }
}

/// A difference between the responses and the spec.
#[derive(Debug, Clone, Serialize)]
pub struct DriftFinding {
    /// The kind of difference.
    pub kind: FindingKind,
    /// Whether the finding is drift. Otherwise it is a note.
    pub drift: bool,
    /// The path in responses.
    pub path: String,
    /// The difference as text.
    pub what: String,
    /// The number of occurrences.
    pub count: u64,
    /// The number of possible occurrences.
    pub of: u64,
    /// A shortened example. Never an object or a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// The spec file that describes the path.
    pub file: String,
    /// The line in the spec file.
    pub line: u64,
}

/// The observations of a path in responses.
#[derive(Debug, Clone, Serialize)]
pub struct ObservationRow {
    /// The path.
    pub path: String,
    /// The number of values, null included.
    pub seen: u64,
    /// The number of nulls.
    pub null: u64,
    /// The number of values of each other kind.
    pub kinds: IndexMap<&'static str, u64>,
    /// A shortened example. Never an object or a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// Compares observations with the spec.
pub struct Comparer<'a> {
    /// The files of the spec with their locations, by name.
    pub trees: &'a BTreeMap<&'a str, &'a Tree>,
    /// The number of objects after which a field that none of them has is reported.
    pub enough: u64,
    /// The rows of the paths that were compared.
    pub rows: Vec<ObservationRow>,
    /// The differences from the spec.
    pub findings: Vec<DriftFinding>,
    /// The edits that would resolve the findings.
    pub proposals: &'a mut Proposals,
}

impl Comparer<'_> {
    /// Compares the values of a path and everything inside them.
    pub fn compare(&mut self, node: &ObservedValue<'_>, path: &str) {
        self.rows.push(row(node, path));
        let Some(view) = &node.view else { return };
        self.kinds(node, view, path);
        match &node.body {
            ObservedContent::Plain | ObservedContent::Undocumented(_) => {}
            ObservedContent::Choice { others, at, .. } => {
                self.others(FindingKind::UndocumentedValue, others, node, at, path);
            }
            ObservedContent::List(elements) => {
                if let Some(elements) = elements {
                    self.compare(elements, &format!("{path}[]"));
                }
            }
            ObservedContent::Map {
                values,
                keys,
                others,
            } => {
                if let Some((keys, at)) = keys {
                    self.others(FindingKind::UndocumentedKey, others, node, at, path);
                    self.keys(node, keys, at, path);
                }
                if let Some(values) = values {
                    self.compare(values, &format!("{path}{{*}}"));
                }
            }
            ObservedContent::Object(object) => self.object(node, object, view, path),
            ObservedContent::Union {
                view: union,
                members,
                others,
                untagged,
            } => {
                // In the order of the documentation.
                for wire in union.shared.members.keys() {
                    if let Some(member) = members.get(wire.as_str()) {
                        self.compare(member, &format!("{path}<{wire}>"));
                    }
                }
                let common: Vec<&str> = union.shared.fields.keys().map(String::as_str).collect();
                for (wire, (count, inferred)) in others {
                    let path = format!("{path}<{}>", shortened(wire));
                    let what = "undocumented member of a union";
                    let kind = FindingKind::UndocumentedMember;
                    let of = node.count(ValueKind::Object);
                    self.find(kind, &path, what, (*count, of), None, &union.at);
                    let known = common.iter().copied().chain(union.tag);
                    let change = SpecChange::AddMember {
                        wire: wire.clone(),
                        known: known.map(str::to_owned).collect(),
                    };
                    let at = union.at.child("members");
                    self.proposals
                        .add(at, change, Some(inferred), view.role, &path);
                }
                if *untagged > 0 {
                    let what = format!(
                        "object without `{}`, or with one of too many undocumented members",
                        union.tag.unwrap_or("a field of one member")
                    );
                    let kind = FindingKind::UndocumentedMember;
                    let counts = (*untagged, node.count(ValueKind::Object));
                    self.find(kind, path, &what, counts, None, &union.at);
                }
            }
        }
    }

    fn find(
        &mut self,
        kind: FindingKind,
        path: &str,
        what: &str,
        (count, of): (u64, u64),
        example: Option<String>,
        at: &SpecLocation,
    ) {
        let tree = self.trees.get(at.file.as_str());
        self.findings.push(DriftFinding {
            kind,
            drift: kind.is_drift(),
            path: path.to_owned(),
            what: what.to_owned(),
            count,
            of,
            example: example.filter(|_| may_be_shown(path)),
            file: at.file.clone(),
            line: tree.map_or(1, |tree| tree.location(&at.path).line),
        });
    }

    /// Compares the observed kinds and formats with the documented ones.
    fn kinds(&mut self, node: &ObservedValue<'_>, view: &SpecView<'_>, path: &str) {
        let documented = name(view.kind);
        let seen = node.seen();
        for (kind, values) in &node.kinds {
            let Some(finding) = mismatch(*kind, view) else {
                continue;
            };
            let what = match finding {
                FindingKind::UndocumentedNull => "undocumented null".to_owned(),
                _ => format!("{} where {documented} is documented", article(kind.name())),
            };
            let example = values.example.clone();
            self.find(
                finding,
                path,
                &what,
                (values.count, seen),
                example,
                &view.at,
            );
            if finding == FindingKind::FloatForInteger {
                let change = SpecChange::ToFloat {
                    key: if view.inside { "of" } else { "type" },
                    corrects: view.field.wording.is_some(),
                };
                self.proposals
                    .add(view.at.clone(), change, None, view.role, path);
            }
        }
        if node.malformed.count > 0 {
            let format = serde_json::to_value(view.field.format).unwrap_or_default();
            let format = format.as_str().unwrap_or_default();
            let what = format!("text that is not a {format}");
            let counts = (node.malformed.count, seen);
            let example = node.malformed.example.clone();
            self.find(
                FindingKind::AnotherForm,
                path,
                &what,
                counts,
                example,
                &view.at,
            );
        }
    }

    /// Reports undocumented values or keys.
    fn others(
        &mut self,
        kind: FindingKind,
        others: &UndocumentedTexts,
        node: &ObservedValue<'_>,
        at: &SpecLocation,
        path: &str,
    ) {
        let role = node.view.as_ref().map_or(Role::Task, |view| view.role);
        let (noun, of) = match kind {
            FindingKind::UndocumentedKey => ("map key", node.count(ValueKind::Object)),
            _ => ("value", node.count(ValueKind::Text)),
        };
        let what = format!("undocumented {noun}");
        for (text, count) in &others.kept {
            let example = Some(serde_json::Value::from(shortened(text)).to_string());
            self.find(kind, path, &what, (*count, of), example, at);
            let change = SpecChange::AddValue {
                value: text.clone(),
                of_many: others.more > 0,
            };
            self.proposals.add(at.clone(), change, None, role, path);
        }
        if others.more > 0 {
            let what = format!("further undocumented {noun}s");
            self.find(kind, path, &what, (others.more, of), None, at);
        }
    }

    /// Reports documented keys of a map that never occurred.
    fn keys(
        &mut self,
        node: &ObservedValue<'_>,
        keys: &IndexMap<&str, u64>,
        at: &SpecLocation,
        path: &str,
    ) {
        let maps = node.count(ValueKind::Object);
        if maps < self.enough {
            return;
        }
        for (key, _) in keys.iter().filter(|(_, count)| **count == 0) {
            let path = format!("{path}{{{key}}}");
            let what = "documented map key that never occurred";
            self.find(FindingKind::NeverSeen, &path, what, (0, maps), None, at);
        }
    }

    fn object(
        &mut self,
        node: &ObservedValue<'_>,
        object: &ObservedObject<'_>,
        view: &SpecView<'_>,
        path: &str,
    ) {
        let objects = node.count(ValueKind::Object);
        for (name, at) in object.view.locations() {
            let path = format!("{path}.{name}");
            match object.fields.get(name) {
                Some(field) => self.compare(field, &path),
                // A request may omit any optional field.
                None if objects >= self.enough && view.role == Role::Result => {
                    let what = "documented field that never occurred";
                    let (kind, at) = (FindingKind::NeverSeen, at.child(name));
                    self.find(kind, &path, what, (0, objects), None, &at);
                }
                None => {}
            }
        }
        for (name, field) in &object.fields {
            let ObservedContent::Undocumented(inferred) = &field.body else {
                continue;
            };
            let path = format!("{path}.{}", shortened(name));
            self.rows.push(row(field, &path));
            let kinds: Vec<&str> = field.kinds.keys().map(|kind| kind.name()).collect();
            let what = format!("undocumented field ({})", kinds.join(", "));
            let example = example(field);
            let counts = (field.seen(), objects);
            let kind = FindingKind::UndocumentedField;
            self.find(kind, &path, &what, counts, example, &object.view.at);
            let change = SpecChange::AddField { name: name.clone() };
            let at = object.view.at.clone();
            self.proposals
                .add(at, change, Some(inferred), view.role, &path);
        }
        if object.more > 0 {
            let what = "further undocumented fields; check whether the object is a map";
            let (kind, counts) = (FindingKind::UndocumentedField, (object.more, objects));
            self.find(kind, path, what, counts, None, &object.view.at);
        }
    }
}

fn row(node: &ObservedValue<'_>, path: &str) -> ObservationRow {
    let kinds = node
        .kinds
        .iter()
        .filter(|(kind, _)| **kind != ValueKind::Null);
    ObservationRow {
        path: path.to_owned(),
        seen: node.seen(),
        null: node.count(ValueKind::Null),
        kinds: kinds
            .map(|(kind, seen)| (kind.name(), seen.count))
            .collect(),
        example: example(node).filter(|_| may_be_shown(path)),
    }
}

/// Returns whether the values of a path can be examples. Those that belong to an account cannot.
fn may_be_shown(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or_default();
    let secret = [
        "login",
        "password",
        "api_password",
        "authorization",
        "email",
        "pingback_url",
        "postback_url",
        "search_after_token",
    ];
    !secret.contains(&name)
}

fn example(node: &ObservedValue<'_>) -> Option<String> {
    node.kinds.values().find_map(|seen| seen.example.clone())
}

/// Returns the kind of finding for an observed kind. `None` if it is the documented one.
fn mismatch(kind: ValueKind, view: &SpecView<'_>) -> Option<FindingKind> {
    use FieldType as Type;
    let fits = match (view.kind, kind) {
        (_, ValueKind::Null) => {
            let is_undocumented = view.field.absent.is_none() && view.role != Role::Task;
            return is_undocumented.then_some(FindingKind::UndocumentedNull);
        }
        (Type::Integer, ValueKind::WholeFloat) => return Some(FindingKind::IntegerWithPoint),
        (Type::Integer, ValueKind::Float) => return Some(FindingKind::FloatForInteger),
        (Type::Integer | Type::Float, ValueKind::NumberText) => {
            return Some(FindingKind::NumberAsText);
        }
        (Type::Integer, kind) => kind == ValueKind::Integer,
        (Type::Float, kind) => matches!(
            kind,
            ValueKind::Integer | ValueKind::WholeFloat | ValueKind::Float
        ),
        (Type::String, kind) => kind == ValueKind::Text,
        (Type::Boolean, kind) => kind == ValueKind::Boolean,
        (Type::Object, kind) => kind == ValueKind::Object,
        (Type::Map, kind) => matches!(kind, ValueKind::Object | ValueKind::EmptyList),
        (Type::List | Type::Filters | Type::Order, kind) => {
            matches!(kind, ValueKind::List | ValueKind::EmptyList)
        }
        (Type::Json, _) => true,
    };
    (!fits).then_some(FindingKind::AnotherKind)
}

/// Returns a documented type with its article.
fn name(kind: FieldType) -> String {
    let name = serde_json::to_value(kind).unwrap_or_default();
    article(name.as_str().unwrap_or_default())
}

fn article(noun: &str) -> String {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        format!("an {noun}")
    } else {
        format!("a {noun}")
    }
}
