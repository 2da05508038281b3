//! Counting what is in recorded answers, place by place. Elements of a list count as one place, and
//! so do the values of a map; members of a union are told apart by their tag.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::infer::{Inferred, is_date, is_timestamp};
use super::said::{At, Book, FieldsSaid, ObjectSaid, Said, UnionSaid};
use dataforseo_spec::language::{FieldType, Format};

/// How many different values, keys and names are kept that nobody documented; more are counted.
pub const MOST: usize = 50;

/// The longest text of an example: what is longer may be somebody's data.
const EXAMPLE: usize = 40;

/// The kinds of value that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Null.
    Null,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A whole number with a point: `3.0`.
    WholeFloat,
    /// A number with a fraction.
    Float,
    /// Text.
    Text,
    /// Text that is a number, where a number is documented.
    NumberText,
    /// A list with nothing in it: how PHP, in which the API is written, prints an empty map.
    EmptyList,
    /// A list.
    List,
    /// An object.
    Object,
}

impl Kind {
    fn of(value: &Value, said: Option<FieldType>) -> Self {
        let wants_number = matches!(said, Some(FieldType::Integer | FieldType::Float));
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if !number.is_f64() => Self::Integer,
            Value::Number(number) => match number.as_f64().is_some_and(|it| it.fract() == 0.0) {
                true => Self::WholeFloat,
                false => Self::Float,
            },
            Value::String(text) if wants_number && text.trim().parse::<f64>().is_ok() => {
                Self::NumberText
            }
            Value::String(_) => Self::Text,
            Value::Array(list) if list.is_empty() => Self::EmptyList,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::WholeFloat => "integer with .0",
            Self::Float => "float",
            Self::Text => "string",
            Self::NumberText => "number as text",
            Self::EmptyList => "empty list",
            Self::List => "list",
            Self::Object => "object",
        }
    }
}

/// How often something was seen, and what it was the first time.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// How often.
    pub count: u64,
    /// The first scalar, shortened.
    pub example: Option<String>,
}

impl Seen {
    fn add(&mut self, value: &Value) {
        self.count += 1;
        if self.example.is_none() {
            self.example = example(value);
        }
    }
}

/// What nobody documented, by its text: how often each was seen.
#[derive(Debug, Clone, Default)]
pub struct Others {
    /// Those that are kept.
    pub kept: BTreeMap<String, u64>,
    /// How often others were seen.
    pub more: u64,
}

impl Others {
    fn add(&mut self, text: &str) {
        if let Some(count) = self.kept.get_mut(text) {
            *count += 1;
        } else if self.kept.len() < MOST {
            self.kept.insert(text.to_owned(), 1);
        } else {
            self.more += 1;
        }
    }
}

/// What is in a value.
#[derive(Debug)]
pub enum Body<'s> {
    /// Nothing that is looked at: a scalar, any JSON.
    Plain,
    /// What nobody documented.
    Undocumented(Inferred),
    /// A string with documented values, and those that are none of them.
    Choice {
        /// The documented values.
        values: Vec<&'s str>,
        /// Where they stand.
        at: At,
        /// What is none of them.
        others: Others,
    },
    /// A list: its elements.
    List(Option<Box<Node<'s>>>),
    /// A map.
    Map {
        /// Its values.
        values: Option<Box<Node<'s>>>,
        /// The documented keys with how often each was seen, and where they stand.
        keys: Option<(IndexMap<&'s str, u64>, At)>,
        /// What is none of them.
        others: Others,
    },
    /// An object.
    Object(Object<'s>),
    /// A member of a union.
    Union {
        /// What is said of it.
        said: UnionSaid<'s>,
        /// The documented members that were seen, by tag.
        members: IndexMap<&'s str, Node<'s>>,
        /// What is none of them, by tag.
        others: BTreeMap<String, (u64, Inferred)>,
        /// How often there was no tag, or one beyond those that are kept.
        untagged: u64,
    },
}

/// The fields of an object.
#[derive(Debug)]
pub struct Object<'s> {
    /// What is said of them.
    pub said: FieldsSaid<'s>,
    /// Those that were seen, undocumented ones too.
    pub fields: IndexMap<String, Node<'s>>,
    /// How often a field was seen that is not kept, as there are too many undocumented ones.
    pub more: u64,
}

/// One place in answers.
#[derive(Debug)]
pub struct Node<'s> {
    /// What the spec says of it; nothing of what nobody documented.
    pub said: Option<Said<'s>>,
    /// The kinds that were seen.
    pub kinds: BTreeMap<Kind, Seen>,
    /// Texts that are not of the documented form.
    pub malformed: Seen,
    /// What is in it.
    pub body: Body<'s>,
}

impl<'s> Node<'s> {
    /// A place that nothing was seen at yet.
    pub fn new(said: Said<'s>, book: Book<'s>) -> Self {
        let body = match said.kind {
            FieldType::List => Body::List(None),
            FieldType::Map => Body::Map {
                values: None,
                keys: book.values(&said).map(|(values, at)| {
                    let keys = values.names().into_iter().map(|key| (key, 0));
                    (keys.collect(), at)
                }),
                others: Others::default(),
            },
            FieldType::Object => match book.object(&said) {
                ObjectSaid::Fields(said) => Body::Object(Object::new(said)),
                ObjectSaid::Union(said) => Body::Union {
                    said,
                    members: IndexMap::new(),
                    others: BTreeMap::new(),
                    untagged: 0,
                },
            },
            FieldType::String => match book.values(&said) {
                Some((values, at)) => Body::Choice {
                    values: values.names(),
                    at,
                    others: Others::default(),
                },
                None => Body::Plain,
            },
            _ => Body::Plain,
        };
        Self::with(Some(said), body)
    }

    fn with(said: Option<Said<'s>>, body: Body<'s>) -> Self {
        Self {
            said,
            kinds: BTreeMap::new(),
            malformed: Seen::default(),
            body,
        }
    }

    /// How often a value was seen here, null included.
    pub fn seen(&self) -> u64 {
        self.kinds.values().map(|seen| seen.count).sum()
    }

    /// How often one of this kind was.
    pub fn count(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).map_or(0, |seen| seen.count)
    }

    /// Counts a value.
    pub fn observe(&mut self, value: &Value, book: Book<'s>) {
        let kind = Kind::of(value, self.said.as_ref().map(|said| said.kind));
        self.kinds.entry(kind).or_default().add(value);
        let said = self.said.as_ref();
        match (&mut self.body, value) {
            (Body::Undocumented(inferred), value) => inferred.observe(value),
            (Body::Plain, Value::String(text)) => {
                let format = said.and_then(|said| said.field.format);
                let fits = match format.filter(|_| !text.is_empty()) {
                    Some(Format::Date) => is_date(text),
                    Some(Format::Timestamp) => is_timestamp(text),
                    Some(Format::Target | Format::Url) | None => true,
                };
                if !fits {
                    self.malformed.add(value);
                }
            }
            (Body::Choice { values, others, .. }, Value::String(text))
                if !values.contains(&text.as_str()) =>
            {
                others.add(text);
            }
            (Body::List(elements), Value::Array(list)) => {
                for element in list {
                    observe_inside(elements, said, element, book);
                }
            }
            (
                Body::Map {
                    values,
                    keys,
                    others,
                },
                Value::Object(map),
            ) => {
                for (key, value) in map {
                    observe_inside(values, said, value, book);
                    match keys.as_mut().map(|(keys, _)| keys.get_mut(key.as_str())) {
                        Some(Some(count)) => *count += 1,
                        Some(None) => others.add(key),
                        None => {}
                    }
                }
            }
            (Body::Object(object), Value::Object(map)) => object.observe(said, map, book),
            (
                Body::Union {
                    said: union,
                    members,
                    others,
                    untagged,
                },
                Value::Object(map),
            ) => {
                let tag = map.get(union.tag).and_then(Value::as_str);
                let known = tag.and_then(|tag| union.shared.members.get_key_value(tag));
                match (known, tag) {
                    (Some((wire, _)), _) => {
                        let Some(fields) =
                            said.and_then(|said| book.member(said, union, wire.as_str()))
                        else {
                            return;
                        };
                        let member = members.entry(wire.as_str()).or_insert_with(|| {
                            Self::with(said.cloned(), Body::Object(Object::new(fields)))
                        });
                        member.observe(value, book);
                    }
                    (None, Some(tag)) if others.len() < MOST || others.contains_key(tag) => {
                        let (count, inferred) = others.entry(tag.to_owned()).or_default();
                        *count += 1;
                        inferred.observe(value);
                    }
                    _ => *untagged += 1,
                }
            }
            _ => {}
        }
    }
}

fn observe_inside<'s>(
    place: &mut Option<Box<Node<'s>>>,
    said: Option<&Said<'s>>,
    value: &Value,
    book: Book<'s>,
) {
    if place.is_none() {
        let element = said.and_then(Said::element);
        *place = element.map(|element| Box::new(Node::new(element, book)));
    }
    if let Some(node) = place {
        node.observe(value, book);
    }
}

impl<'s> Object<'s> {
    fn new(said: FieldsSaid<'s>) -> Self {
        Self {
            said,
            fields: IndexMap::new(),
            more: 0,
        }
    }

    fn observe(
        &mut self,
        said: Option<&Said<'s>>,
        map: &serde_json::Map<String, Value>,
        book: Book<'s>,
    ) {
        for (name, value) in map {
            if self.said.tag == Some(name.as_str()) {
                continue;
            }
            if let Some(node) = self.fields.get_mut(name) {
                node.observe(value, book);
                continue;
            }
            let known = said.and_then(|said| said.field(&self.said, name));
            if known.is_none() && self.undocumented() >= MOST {
                self.more += 1;
                continue;
            }
            let mut node = match known {
                Some(known) => Node::new(known, book),
                None => Node::with(None, Body::Undocumented(Inferred::default())),
            };
            node.observe(value, book);
            self.fields.insert(name.clone(), node);
        }
    }

    fn undocumented(&self) -> usize {
        let nodes = self.fields.values();
        nodes.filter(|node| node.said.is_none()).count()
    }
}

/// A scalar as an example: as JSON, a text shortened.
fn example(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(Value::from(shortened(text)).to_string()),
        other => Some(other.to_string()),
    }
}

/// A text of at most 40 characters.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(EXAMPLE) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}
