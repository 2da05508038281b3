//! Where answers and the spec differ, out of what was counted; and which edits of the spec would
//! settle that.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use super::propose::{Change, Wishes};
use super::said::{At, Role, Said};
use super::tally::{Body, Kind, Node, Object, Others, shortened};
use dataforseo_spec::language::FieldType;
use dataforseo_spec::tree::Tree;

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A field that the spec does not have.
    UndocumentedField,
    /// A value of a string that is not among the documented ones.
    UndocumentedValue,
    /// A key of a map that is not among the documented ones.
    UndocumentedKey,
    /// An object that is no documented member of its union.
    UndocumentedMember,
    /// A fraction where an integer is documented.
    FloatForInteger,
    /// A number in quotes.
    NumberAsText,
    /// Another kind of value than documented.
    AnotherKind,
    /// Text of another form than documented: no date, no timestamp.
    AnotherForm,
    /// An integer that is written with a point. A note: nothing is lost.
    IntegerWithPoint,
    /// A null, and the spec does not say when there is one. A note: any field can be null.
    NullUnsaid,
    /// A documented field or key that was never there. A note: it may be rare.
    NeverSeen,
}

impl FindingKind {
    /// Whether the spec is wrong, or incomplete; other findings are notes.
    pub const fn is_drift(self) -> bool {
        !matches!(
            self,
            Self::IntegerWithPoint | Self::NullUnsaid | Self::NeverSeen
        )
    }
}

/// A place where answers and the spec differ.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Which kind it is of.
    pub kind: FindingKind,
    /// Whether it is drift, no note.
    pub drift: bool,
    /// Where, in answers.
    pub path: String,
    /// What was found, in words.
    pub what: String,
    /// How often.
    pub count: u64,
    /// How often it could have been.
    pub of: u64,
    /// An example, shortened; never an object or a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// The file of the spec that speaks of it.
    pub file: String,
    /// The line in it.
    pub line: u64,
}

/// A place in answers, and what was seen there.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The place.
    pub path: String,
    /// How often something was seen, null included.
    pub seen: u64,
    /// How often that was null.
    pub null: u64,
    /// The other kinds that were seen.
    pub kinds: IndexMap<&'static str, u64>,
    /// An example, shortened; never an object or a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// Looks through what was counted.
pub struct Looker<'a> {
    /// The places of the spec's files.
    pub trees: &'a BTreeMap<&'a str, &'a Tree>,
    /// How many objects there must be before a field that none of them has is told of.
    pub enough: u64,
    /// The places.
    pub rows: Vec<Row>,
    /// Where they differ from the spec.
    pub findings: Vec<Finding>,
    /// What would settle that.
    pub wishes: &'a mut Wishes,
}

impl Looker<'_> {
    /// Looks at a place and at all inside of it.
    pub fn look(&mut self, node: &Node<'_>, path: &str) {
        self.rows.push(row(node, path));
        let Some(said) = &node.said else { return };
        self.kinds(node, said, path);
        match &node.body {
            Body::Plain | Body::Undocumented(_) => {}
            Body::Choice { others, at, .. } => {
                self.others(FindingKind::UndocumentedValue, others, node, at, path);
            }
            Body::List(elements) => {
                if let Some(elements) = elements {
                    self.look(elements, &format!("{path}[]"));
                }
            }
            Body::Map {
                values,
                keys,
                others,
            } => {
                if let Some((keys, at)) = keys {
                    self.others(FindingKind::UndocumentedKey, others, node, at, path);
                    self.keys(node, keys, at, path);
                }
                if let Some(values) = values {
                    self.look(values, &format!("{path}{{*}}"));
                }
            }
            Body::Object(object) => self.object(node, object, said, path),
            Body::Union {
                said: union,
                members,
                others,
                untagged,
            } => {
                // In the order of the documentation.
                for wire in union.shared.members.keys() {
                    if let Some(member) = members.get(wire.as_str()) {
                        self.look(member, &format!("{path}<{wire}>"));
                    }
                }
                let common: Vec<&str> = union.shared.fields.keys().map(String::as_str).collect();
                for (wire, (count, inferred)) in others {
                    let path = format!("{path}<{}>", shortened(wire));
                    let what = "member of a union that is not among the documented ones";
                    let kind = FindingKind::UndocumentedMember;
                    let of = node.count(Kind::Object);
                    self.find(kind, &path, what, (*count, of), None, &union.at);
                    let known = [&common[..], &[union.tag]].concat();
                    let change = Change::AddMember {
                        wire: wire.clone(),
                        known: known.into_iter().map(str::to_owned).collect(),
                    };
                    let at = union.at.child("members");
                    self.wishes
                        .add(at, change, Some(inferred), said.role, &path);
                }
                if *untagged > 0 {
                    let what = format!(
                        "object without `{}`, or one of more members than are kept",
                        union.tag
                    );
                    let kind = FindingKind::UndocumentedMember;
                    let counts = (*untagged, node.count(Kind::Object));
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
        at: &At,
    ) {
        let tree = self.trees.get(at.file.as_str());
        self.findings.push(Finding {
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

    /// Whether the kinds that were seen are the documented one.
    fn kinds(&mut self, node: &Node<'_>, said: &Said<'_>, path: &str) {
        let documented = name(said.kind);
        let seen = node.seen();
        for (kind, values) in &node.kinds {
            let Some(finding) = misfit(*kind, said) else {
                continue;
            };
            let what = match finding {
                FindingKind::NullUnsaid => "null where none is said".to_owned(),
                _ => format!("{} where {documented} is documented", article(kind.name())),
            };
            let example = values.example.clone();
            self.find(
                finding,
                path,
                &what,
                (values.count, seen),
                example,
                &said.at,
            );
            if finding == FindingKind::FloatForInteger {
                let change = Change::ToFloat {
                    key: if said.inside { "of" } else { "type" },
                    corrects: said.field.wording.is_some(),
                };
                self.wishes
                    .add(said.at.clone(), change, None, said.role, path);
            }
        }
        if node.malformed.count > 0 {
            let format = serde_json::to_value(said.field.format).unwrap_or_default();
            let format = format.as_str().unwrap_or_default();
            let what = format!("text that is no {format}");
            let counts = (node.malformed.count, seen);
            let example = node.malformed.example.clone();
            self.find(
                FindingKind::AnotherForm,
                path,
                &what,
                counts,
                example,
                &said.at,
            );
        }
    }

    /// Values or keys that are not among the documented ones.
    fn others(&mut self, kind: FindingKind, others: &Others, node: &Node<'_>, at: &At, path: &str) {
        let role = node.said.as_ref().map_or(Role::Task, |said| said.role);
        let (noun, of) = match kind {
            FindingKind::UndocumentedKey => ("map key", node.count(Kind::Object)),
            _ => ("value", node.count(Kind::Text)),
        };
        let what = format!("{noun} that is not among the documented ones");
        for (text, count) in &others.kept {
            let example = Some(serde_json::Value::from(shortened(text)).to_string());
            self.find(kind, path, &what, (*count, of), example, at);
            let change = Change::AddValue {
                value: text.clone(),
                of_many: others.more > 0,
            };
            self.wishes.add(at.clone(), change, None, role, path);
        }
        if others.more > 0 {
            let what = format!("further {noun}s that are not among the documented ones");
            self.find(kind, path, &what, (others.more, of), None, at);
        }
    }

    /// Documented keys of a map that were never there.
    fn keys(&mut self, node: &Node<'_>, keys: &IndexMap<&str, u64>, at: &At, path: &str) {
        let maps = node.count(Kind::Object);
        if maps < self.enough {
            return;
        }
        for (key, _) in keys.iter().filter(|(_, count)| **count == 0) {
            let path = format!("{path}{{{key}}}");
            let what = "documented map key, never seen";
            self.find(FindingKind::NeverSeen, &path, what, (0, maps), None, at);
        }
    }

    fn object(&mut self, node: &Node<'_>, object: &Object<'_>, said: &Said<'_>, path: &str) {
        let objects = node.count(Kind::Object);
        for (name, _, at) in object.said.iter() {
            let path = format!("{path}.{name}");
            match object.fields.get(name) {
                Some(field) => self.look(field, &path),
                // What is left out of a task says nothing.
                None if objects >= self.enough && said.role == Role::Result => {
                    let what = "documented field, never seen";
                    let (kind, at) = (FindingKind::NeverSeen, at.child(name));
                    self.find(kind, &path, what, (0, objects), None, &at);
                }
                None => {}
            }
        }
        for (name, field) in &object.fields {
            let Body::Undocumented(inferred) = &field.body else {
                continue;
            };
            let path = format!("{path}.{}", shortened(name));
            self.rows.push(row(field, &path));
            let kinds: Vec<&str> = field.kinds.keys().map(|kind| kind.name()).collect();
            let what = format!("undocumented field ({})", kinds.join(", "));
            let example = example(field);
            let counts = (field.seen(), objects);
            let kind = FindingKind::UndocumentedField;
            self.find(kind, &path, &what, counts, example, &object.said.at);
            let change = Change::AddField { name: name.clone() };
            let at = object.said.at.clone();
            self.wishes
                .add(at, change, Some(inferred), said.role, &path);
        }
        if object.more > 0 {
            let what = "further undocumented fields: is this a map?";
            let (kind, counts) = (FindingKind::UndocumentedField, (object.more, objects));
            self.find(kind, path, what, counts, None, &object.said.at);
        }
    }
}

fn row(node: &Node<'_>, path: &str) -> Row {
    let kinds = node.kinds.iter().filter(|(kind, _)| **kind != Kind::Null);
    Row {
        path: path.to_owned(),
        seen: node.seen(),
        null: node.count(Kind::Null),
        kinds: kinds
            .map(|(kind, seen)| (kind.name(), seen.count))
            .collect(),
        example: example(node).filter(|_| may_be_shown(path)),
    }
}

/// Whether what stands at a place can be an example: not what belongs to an account.
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

fn example(node: &Node<'_>) -> Option<String> {
    node.kinds.values().find_map(|seen| seen.example.clone())
}

/// What a kind of value is, where the spec says another; nothing where it fits.
fn misfit(kind: Kind, said: &Said<'_>) -> Option<FindingKind> {
    use FieldType as Type;
    let fits = match (said.kind, kind) {
        (_, Kind::Null) => {
            let unsaid = said.field.absent.is_none() && said.role != Role::Task;
            return unsaid.then_some(FindingKind::NullUnsaid);
        }
        (Type::Integer, Kind::WholeFloat) => return Some(FindingKind::IntegerWithPoint),
        (Type::Integer, Kind::Float) => return Some(FindingKind::FloatForInteger),
        (Type::Integer | Type::Float, Kind::NumberText) => return Some(FindingKind::NumberAsText),
        (Type::Integer, kind) => kind == Kind::Integer,
        (Type::Float, kind) => matches!(kind, Kind::Integer | Kind::WholeFloat | Kind::Float),
        (Type::String, kind) => kind == Kind::Text,
        (Type::Boolean, kind) => kind == Kind::Boolean,
        (Type::Object, kind) => kind == Kind::Object,
        (Type::Map, kind) => matches!(kind, Kind::Object | Kind::EmptyList),
        (Type::List | Type::Filters | Type::Order, kind) => {
            matches!(kind, Kind::List | Kind::EmptyList)
        }
        (Type::Json, _) => true,
    };
    (!fits).then_some(FindingKind::AnotherKind)
}

/// A kind of the spec, with its article.
fn name(kind: FieldType) -> String {
    let name = serde_json::to_value(kind).unwrap_or_default();
    article(name.as_str().unwrap_or_default())
}

fn article(noun: &str) -> String {
    match noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        true => format!("an {noun}"),
        false => format!("a {noun}"),
    }
}
