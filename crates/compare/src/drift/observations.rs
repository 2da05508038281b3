//! Counts of the values in recorded responses, by their path.
//!
//! Elements of a list share one path, and so do the values of a map. Members of a union are
//! distinguished by their tag.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::infer::{InferredType, is_date, is_timestamp};
use super::input::RecordedExchange;
use super::spec_view::{FieldsView, ObjectView, SpecIndex, SpecLocation, SpecView, UnionView};
use dataforseo_spec::language::{FieldType, Format};

/// The number of different undocumented values, keys and names that are kept. Further ones are only
/// counted.
pub const MAX_UNDOCUMENTED: usize = 50;

/// The length of the longest example, in characters. Longer texts may contain data of users.
const MAX_EXAMPLE_CHARS: usize = 40;

/// The kinds of value that are distinguished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueKind {
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
    /// An empty list. The API is written in PHP, which prints an empty map this way.
    EmptyList,
    /// A list.
    List,
    /// An object.
    Object,
}

impl ValueKind {
    fn of(value: &Value, view: Option<FieldType>) -> Self {
        let wants_number = matches!(view, Some(FieldType::Integer | FieldType::Float));
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if !number.is_f64() => Self::Integer,
            Value::Number(number) if number.as_f64().is_some_and(|it| it.fract() == 0.0) => {
                Self::WholeFloat
            }
            Value::Number(_) => Self::Float,
            Value::String(text) if wants_number && text.trim().parse::<f64>().is_ok() => {
                Self::NumberText
            }
            Value::String(_) => Self::Text,
            Value::Array(list) if list.is_empty() => Self::EmptyList,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }

    /// Returns the name, as the report shows it.
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

/// The number of times that a value occurred, with an example.
#[derive(Debug, Clone, Default)]
pub struct Occurrences {
    /// The number of occurrences.
    pub count: u64,
    /// The first scalar, shortened.
    pub example: Option<String>,
}

impl Occurrences {
    fn add(&mut self, value: &Value) {
        self.count += 1;
        if self.example.is_none() {
            self.example = example(value);
        }
    }
}

/// Undocumented values or keys, with the number of occurrences of each.
#[derive(Debug, Clone, Default)]
pub struct UndocumentedTexts {
    /// The texts that are kept.
    pub kept: BTreeMap<String, u64>,
    /// The number of occurrences of all other texts.
    pub more: u64,
}

impl UndocumentedTexts {
    fn add(&mut self, text: &str) {
        if let Some(count) = self.kept.get_mut(text) {
            *count += 1;
        } else if self.kept.len() < MAX_UNDOCUMENTED {
            self.kept.insert(text.to_owned(), 1);
        } else {
            self.more += 1;
        }
    }
}

/// The content of an observed value.
#[derive(Debug)]
pub enum ObservedContent<'s> {
    /// Content that is not examined: a scalar, or any JSON.
    Plain,
    /// An undocumented value.
    Undocumented(InferredType),
    /// A string with documented values.
    Choice {
        /// The documented values.
        values: Vec<&'s str>,
        /// The location of the documented values.
        at: SpecLocation,
        /// The undocumented ones.
        others: UndocumentedTexts,
    },
    /// A list, with its elements.
    List(Option<Box<ObservedValue<'s>>>),
    /// A map.
    Map {
        /// The values of the map.
        values: Option<Box<ObservedValue<'s>>>,
        /// The number of occurrences of each documented key, and the location of the keys.
        keys: Option<(IndexMap<&'s str, u64>, SpecLocation)>,
        /// The undocumented ones.
        others: UndocumentedTexts,
    },
    /// An object.
    Object(ObservedObject<'s>),
    /// A member of a union.
    Union {
        /// The spec's description of the union.
        view: UnionView<'s>,
        /// The documented members that occurred, by tag.
        members: IndexMap<&'s str, ObservedValue<'s>>,
        /// The undocumented members, by tag.
        others: BTreeMap<String, (u64, InferredType)>,
        /// The number of objects without a tag, or with one more than are kept.
        untagged: u64,
    },
}

/// An object, with its fields.
#[derive(Debug)]
pub struct ObservedObject<'s> {
    /// The spec's description of the fields.
    pub view: FieldsView<'s>,
    /// The fields that occurred, undocumented ones included.
    pub fields: IndexMap<String, ObservedValue<'s>>,
    /// The number of occurrences of undocumented fields that are not kept.
    pub more: u64,
}

/// The observations of one endpoint, or of all envelopes.
#[derive(Debug)]
pub struct Observations<'s> {
    /// The values of requests. `None` for an envelope.
    pub request: Option<ObservedValue<'s>>,
    /// The values of results, or of envelopes.
    pub response: ObservedValue<'s>,
    /// The number of responses.
    pub responses: u64,
    /// The number of responses that are not JSON.
    pub no_json: u64,
    /// The number of tasks in the responses.
    pub tasks: u64,
    /// The number of results in the responses.
    pub results: u64,
}

impl<'s> Observations<'s> {
    /// Creates observations without values.
    pub fn new(
        response: SpecView<'s>,
        request: Option<SpecView<'s>>,
        index: SpecIndex<'s>,
    ) -> Self {
        Self {
            request: request.map(|request| ObservedValue::new(request, index)),
            response: ObservedValue::new(response, index),
            responses: 0,
            no_json: 0,
            tasks: 0,
            results: 0,
        }
    }

    /// Counts the values of an exchange. Counts its envelopes in `envelopes`.
    pub fn observe(
        &mut self,
        exchange: &RecordedExchange,
        envelopes: &mut Self,
        index: SpecIndex<'s>,
    ) {
        if let Some(request) = self.request.as_mut().filter(|_| !exchange.tasks.is_null()) {
            request.observe(&exchange.tasks, index);
        }
        self.no_json += u64::try_from(exchange.no_json).unwrap_or(u64::MAX);
        for response in &exchange.responses {
            self.responses += 1;
            envelopes.responses += 1;
            envelopes.response.observe(response, index);
            let tasks = response.get("tasks").and_then(Value::as_array);
            for task in tasks.into_iter().flatten() {
                self.tasks += 1;
                envelopes.tasks += 1;
                let Some(result) = task.get("result") else {
                    continue;
                };
                let count = result.as_array().map_or(0, Vec::len);
                self.results += u64::try_from(count).unwrap_or(u64::MAX);
                self.response.observe(result, index);
            }
        }
    }
}

/// The values at one path of responses.
#[derive(Debug)]
pub struct ObservedValue<'s> {
    /// The spec's description of the value. `None` for an undocumented value.
    pub view: Option<SpecView<'s>>,
    /// The kinds that occurred.
    pub kinds: BTreeMap<ValueKind, Occurrences>,
    /// Texts that do not have the documented format.
    pub malformed: Occurrences,
    /// The content.
    pub body: ObservedContent<'s>,
}

impl<'s> ObservedValue<'s> {
    /// Creates a path without occurrences.
    pub fn new(view: SpecView<'s>, index: SpecIndex<'s>) -> Self {
        let body = match view.kind {
            FieldType::List => ObservedContent::List(None),
            FieldType::Map => ObservedContent::Map {
                values: None,
                keys: index.values(&view).map(|(values, at)| {
                    let keys = values.names().into_iter().map(|key| (key, 0));
                    (keys.collect(), at)
                }),
                others: UndocumentedTexts::default(),
            },
            FieldType::Object => match index.object(&view) {
                ObjectView::Fields(view) => ObservedContent::Object(ObservedObject::new(view)),
                ObjectView::Union(view) => ObservedContent::Union {
                    view,
                    members: IndexMap::new(),
                    others: BTreeMap::new(),
                    untagged: 0,
                },
            },
            FieldType::String => match index.values(&view) {
                Some((values, at)) => ObservedContent::Choice {
                    values: values.names(),
                    at,
                    others: UndocumentedTexts::default(),
                },
                None => ObservedContent::Plain,
            },
            _ => ObservedContent::Plain,
        };
        Self::with(Some(view), body)
    }

    fn with(view: Option<SpecView<'s>>, body: ObservedContent<'s>) -> Self {
        Self {
            view,
            kinds: BTreeMap::new(),
            malformed: Occurrences::default(),
            body,
        }
    }

    /// Returns the number of values, null included.
    pub fn seen(&self) -> u64 {
        self.kinds.values().map(|seen| seen.count).sum()
    }

    /// Returns the number of values of a kind.
    pub fn count(&self, kind: ValueKind) -> u64 {
        self.kinds.get(&kind).map_or(0, |seen| seen.count)
    }

    /// Counts a value.
    pub fn observe(&mut self, value: &Value, index: SpecIndex<'s>) {
        let kind = ValueKind::of(value, self.view.as_ref().map(|view| view.kind));
        self.kinds.entry(kind).or_default().add(value);
        let view = self.view.as_ref();
        match (&mut self.body, value) {
            (ObservedContent::Undocumented(inferred), value) => inferred.observe(value),
            (ObservedContent::Plain, Value::String(text))
                if !has_format(text, view.and_then(|view| view.field.format)) =>
            {
                self.malformed.add(value);
            }
            (ObservedContent::Choice { values, others, .. }, Value::String(text))
                if !values.contains(&text.as_str()) =>
            {
                others.add(text);
            }
            (ObservedContent::List(elements), Value::Array(list)) => {
                for element in list {
                    observe_inside(elements, view, element, index);
                }
            }
            (
                ObservedContent::Map {
                    values,
                    keys,
                    others,
                },
                Value::Object(map),
            ) => {
                for (key, value) in map {
                    observe_inside(values, view, value, index);
                    match keys.as_mut().map(|(keys, _)| keys.get_mut(key.as_str())) {
                        Some(Some(count)) => *count += 1,
                        Some(None) => others.add(key),
                        None => {}
                    }
                }
            }
            (ObservedContent::Object(object), Value::Object(map)) => {
                object.observe(view, map, index)
            }
            (
                ObservedContent::Union {
                    view: union,
                    members,
                    others,
                    untagged,
                },
                Value::Object(map),
            ) => {
                let tag = union.tag.and_then(|tag| map.get(tag)?.as_str());
                let known = view.and_then(|view| index.member_of(view, union, map));
                match (known, tag) {
                    (Some(wire), _) => {
                        let Some(fields) = view.and_then(|view| index.member(view, union, wire))
                        else {
                            return;
                        };
                        let member = members.entry(wire).or_insert_with(|| {
                            Self::with(
                                view.cloned(),
                                ObservedContent::Object(ObservedObject::new(fields)),
                            )
                        });
                        member.observe(value, index);
                    }
                    (None, Some(tag))
                        if others.len() < MAX_UNDOCUMENTED || others.contains_key(tag) =>
                    {
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

/// Returns whether a text has a format. An empty text has every format.
fn has_format(text: &str, format: Option<Format>) -> bool {
    match format.filter(|_| !text.is_empty()) {
        Some(Format::Date) => is_date(text),
        Some(Format::Timestamp) => is_timestamp(text),
        Some(Format::Target | Format::Url) | None => true,
    }
}

/// Counts an element of a list, or a value of a map.
fn observe_inside<'s>(
    inner: &mut Option<Box<ObservedValue<'s>>>,
    view: Option<&SpecView<'s>>,
    value: &Value,
    index: SpecIndex<'s>,
) {
    if inner.is_none() {
        let element = view.and_then(SpecView::element);
        *inner = element.map(|element| Box::new(ObservedValue::new(element, index)));
    }
    if let Some(node) = inner {
        node.observe(value, index);
    }
}

impl<'s> ObservedObject<'s> {
    fn new(view: FieldsView<'s>) -> Self {
        Self {
            view,
            fields: IndexMap::new(),
            more: 0,
        }
    }

    fn observe(
        &mut self,
        view: Option<&SpecView<'s>>,
        map: &serde_json::Map<String, Value>,
        index: SpecIndex<'s>,
    ) {
        for (name, value) in map {
            if self.view.tag == Some(name.as_str()) {
                continue;
            }
            if let Some(node) = self.fields.get_mut(name) {
                node.observe(value, index);
                continue;
            }
            let known = view.and_then(|view| view.field(&self.view, name));
            if known.is_none() && self.undocumented() >= MAX_UNDOCUMENTED {
                self.more += 1;
                continue;
            }
            let mut node = match known {
                Some(known) => ObservedValue::new(known, index),
                None => ObservedValue::with(
                    None,
                    ObservedContent::Undocumented(InferredType::default()),
                ),
            };
            node.observe(value, index);
            self.fields.insert(name.clone(), node);
        }
    }

    fn undocumented(&self) -> usize {
        let nodes = self.fields.values();
        nodes.filter(|node| node.view.is_none()).count()
    }
}

/// Returns a scalar as JSON, with a long text shortened.
fn example(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(Value::from(shortened(text)).to_string()),
        other => Some(other.to_string()),
    }
}

/// Shortens a text to at most 40 characters.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_EXAMPLE_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}
