//! Drafts: the facts of a page in the form of the spec, without texts.

use std::collections::HashSet;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{prose, requirements};
use crate::docs::known::ExampleShape;
use crate::docs::nest::{DocField, NestingHints, is_key, nest_response, nest_task};
use crate::docs::{Form, MAX_NAME, Page, Unreadable};
use crate::rows::{filter_other_rows, rows};
use dataforseo_spec::language::{
    Api, CallLimits, Endpoint, Field, FieldType, Fields, Format, Method, Mode, Object,
    ResultObject, Source, Values,
};
use dataforseo_spec::names;

/// The content of a page in the form of the spec, with notes.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The endpoint as the page describes it.
    pub endpoint: Endpoint,
    /// Decisions, and content that could not be used.
    pub notes: Vec<String>,
    /// Sentences that announce a constraint and were not understood, with the field.
    pub not_understood: Vec<String>,
}

/// Creates a draft from a page.
///
/// # Errors
/// Returns an error if the tables are inconsistent, or if the spec language cannot express the
/// page.
pub fn draft(page: &Page, known: NestingHints<'_>) -> Result<Draft, Unreadable> {
    let mut notes = page.notes.clone();
    let mut not_understood = Vec::new();
    let mode = mode(&page.path);
    let revised = page.revised.clone().filter(|day| is_day(day, &mut notes));
    let method = match page.method.as_str() {
        "GET" => Method::Get,
        _ => Method::Post,
    };
    let link = page.link.as_ref().map(|link| {
        let path = link.strip_prefix("https://docs.dataforseo.com/v3/");
        path.map_or_else(|| link.clone(), link_to)
    });
    let link = link.unwrap_or_else(|| {
        let link = link_of(&page.path);
        notes.push(format!(
            "the page does not state its URL; {link} is derived from the path"
        ));
        link
    });
    let example = Examples::of(page, &mut notes);
    let shapes = example.shapes();
    let task = nest_task(&page.task, known, shapes.task.as_ref(), &mut notes)?;
    let response = nest_response(&page.result, known, shapes.result.as_ref(), &mut notes)?;
    let mut reader = DraftReader {
        notes: &mut notes,
        not_understood: &mut not_understood,
        part: match method {
            Method::Get => Part::Parameters,
            Method::Post => Part::Task,
        },
    };
    let mut sent = reader.fields(&task, reader.part.label(), example.task.as_ref());
    let (task, parameters) = match method {
        Method::Get => (None, reader.parameters(&page.path, sent)),
        Method::Post => {
            filter_other_rows(&page.path, &mut sent);
            (Some(Object { fields: sent }), Fields::new())
        }
    };
    reader.part = Part::Result;
    let result = reader.envelope(&response, &known.api.envelope, example.result(), mode)?;
    let calls_per_minute = reader.intro(page, known.api, task.as_ref());
    let result = ResultObject {
        fields: result,
        ..ResultObject::default()
    };
    let rows = task
        .as_ref()
        .and_then(|task| rows(&task.fields, &result.fields, &mut notes));
    let endpoint = Endpoint {
        path: page.path.clone(),
        method,
        mode,
        charged: None,
        function: None,
        price: None,
        renamed_from: Vec::new(),
        removed_upstream: None,
        evidence: None,
        doc: None,
        source: Source {
            link,
            revised,
            openapi: None,
            wording: Some(fingerprint(&page.intro)),
        },
        limits: CallLimits {
            tasks_per_call: task.as_ref().map(|_| tasks_per_call(mode)),
            calls_per_minute,
        },
        parameters,
        example: example.task.filter(|_| task.is_some()),
        task,
        rows,
        result: (mode != Mode::TaskPost).then_some(result),
    };
    Ok(Draft {
        endpoint,
        notes,
        not_understood,
    })
}

/// Returns the mode of an endpoint by its path.
pub fn mode(path: &str) -> Mode {
    for part in path.split('/') {
        match part {
            "task_post" => return Mode::TaskPost,
            "tasks_ready" => return Mode::TasksReady,
            "task_get" => return Mode::TaskGet,
            "tasks_fixed" => return Mode::TasksFixed,
            _ => {}
        }
    }
    Mode::Live
}

/// Returns the maximum number of tasks per call, which depends on the mode only.
pub const fn tasks_per_call(mode: Mode) -> u32 {
    match mode {
        Mode::TaskPost => 100,
        Mode::Live | Mode::TasksReady | Mode::TasksFixed | Mode::TaskGet => 1,
    }
}

/// Returns whether the date of a page's revision is valid.
fn is_day(day: &str, notes: &mut Vec<String>) -> bool {
    let is_day = day.parse::<jiff::civil::Date>().is_ok();
    if !is_day {
        notes.push(format!(
            "`modified` is “{day}”, which is not a date; skipped"
        ));
    }
    is_day
}

/// Returns the type of a task's field. Pages describe filters and orders as lists, so only the name
/// identifies them.
pub fn query_kind(name: &str, kind: FieldType) -> FieldType {
    match name {
        _ if kind != FieldType::List => kind,
        "order_by" => FieldType::Order,
        name if name.ends_with("filters") => FieldType::Filters,
        _ => kind,
    }
}

/// Returns the URL of the documentation page for a path with the version. The URL has no parameters.
pub fn link_of(path: &str) -> String {
    let parts = path.trim_start_matches("/v3/").split('/');
    let parts: Vec<&str> = parts.filter(|part| !part.starts_with('{')).collect();
    link_to(&parts.join("/"))
}

/// Returns the URL of the documentation page for a path without the version.
pub fn link_to(path: &str) -> String {
    let slug = path.trim_matches('/').replace('/', "-");
    format!("https://docs.dataforseo.com/v3/{slug}/")
}

/// Returns a fingerprint of a text. It depends on letters and digits only, so that all forms of a
/// page have the same one.
pub fn fingerprint(lines: &[String]) -> String {
    let words: Vec<String> = lines
        .iter()
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let digest = Sha256::digest(words.join(" "));
    digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Returns whether an object in a value has a key that is too long for a field and for YAML.
fn has_long_keys(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(has_long_keys),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.len() > MAX_NAME || has_long_keys(value)),
        _ => false,
    }
}

/// The examples of a page as JSON. They show the types of list elements, and the nesting of fields.
struct Examples {
    task: Option<Value>,
    response: Option<Value>,
}

/// The shapes of the examples.
struct Shapes<'a> {
    task: Option<ExampleShape<'a>>,
    result: Option<ExampleShape<'a>>,
}

impl Examples {
    fn of(page: &Page, notes: &mut Vec<String>) -> Self {
        let mut parse = |what: &str, text: &Option<String>| -> Option<Value> {
            let text = text.as_ref()?;
            serde_json::from_str(text)
                .inspect_err(|error| notes.push(format!("the {what} example is not JSON: {error}")))
                .ok()
        };
        let request = parse("request", &page.request_example);
        let (request, odd): (Option<Value>, bool) = match request {
            Some(request) if has_long_keys(&request) => (None, true),
            request => (request, false),
        };
        let response = parse("response", &page.response_example);
        if odd {
            notes.push(format!(
                "the request example has a name of more than {MAX_NAME} bytes; skipped"
            ));
        }
        if page.response_example.is_none() {
            notes.push("the page has no response example".to_owned());
        }
        Self {
            task: request.and_then(|request| request.get(0).cloned()),
            response,
        }
    }

    /// Returns the first result.
    fn result(&self) -> Option<&Value> {
        self.response.as_ref()?.pointer("/tasks/0/result/0")
    }

    fn shapes(&self) -> Shapes<'_> {
        Shapes {
            task: self.task.as_ref().map(ExampleShape::of),
            result: self.response.as_ref().map(ExampleShape::of_results),
        }
    }
}

/// Sets the facts of a field that its prose states, if they fit the field's type.
pub fn apply_facts(field: &mut Field, prose: &prose::Prose) {
    let kind = field.kind;
    let inner = field.of.unwrap_or(kind);
    let number = matches!(kind, FieldType::Integer | FieldType::Float);
    let text = inner == FieldType::String;
    field.format = prose.format.filter(|_| text);
    field.required = prose.required;
    let date = field.format == Some(Format::Date);
    field.required_unless = prose.required_unless.clone();
    field.required_with = prose.required_with.clone();
    let moment = date || field.format == Some(Format::Timestamp);
    field.not_after = prose.not_after.clone().filter(|_| moment);
    let is_relative = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("today"));
    field.default = prose.default.clone().filter(|it| date || !is_relative(it));
    // The types of the sources are often wrong where a bound such as 0.5 is right.
    let facts = [&prose.min, &prose.max, &prose.default];
    let is_fraction = |value: &Value| value.is_f64();
    if kind == FieldType::Integer && facts.into_iter().flatten().any(is_fraction) {
        field.kind = FieldType::Float;
    }
    prose::relations::apply(field, &prose.relations);
    field.min = prose.min.clone().filter(|_| number || date);
    field.max = prose.max.clone().filter(|_| number || date);
    let texts = text && matches!(kind, FieldType::String | FieldType::List);
    field.min_length = prose.min_length.filter(|_| texts);
    field.max_length = prose.max_length.filter(|_| texts);
    field.max_words = prose.max_words.filter(|_| texts);
    let counted = matches!(kind, FieldType::List | FieldType::Map | FieldType::Order);
    field.max_items = prose.max_items.filter(|_| counted);
    field.max_conditions = prose.max_conditions.filter(|_| kind == FieldType::Filters);
    field.max_distinct_domains = prose.max_distinct_domains;
    field.cost = prose.cost.clone().filter(|cost| {
        let counts = cost.page.is_some() || cost.each.is_some();
        let reads_text = [&cost.values, &cost.unless, &cost.contains];
        let reads_text = reads_text.iter().any(|texts| !texts.is_empty());
        (!counts || kind == FieldType::Integer) && (!reads_text || kind == FieldType::String)
    });
    if !prose.values.is_empty() && (text || kind == FieldType::Map) {
        field.values = Some(Values::Plain(prose.values.clone()));
    }
}

/// Returns a sentence without phrases such as `up to 1000 `, if the number is one of `counts`.
fn without_counts(sentence: &str, counts: &HashSet<String>) -> String {
    let mut parts = sentence.split("up to ");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(' ') {
            Some((count, after)) if counts.contains(count) => rest += after,
            _ => rest.extend(["up to ", part]),
        }
    }
    rest
}

/// Returns the type of an example's values, if its keys are `1`, `2` and so on.
fn numbered(example: Option<&Value>) -> Option<FieldType> {
    let map = example?.as_object()?;
    if !map.keys().all(|key| is_key(key)) {
        return None;
    }
    match map.values().next()? {
        Value::String(_) => Some(FieldType::String),
        _ => None,
    }
}

/// A part of an endpoint that has fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The parameters of the path.
    Parameters,
    Task,
    Result,
}

impl Part {
    const fn label(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Task => "task",
            Self::Result => "result",
        }
    }
}

struct DraftReader<'a> {
    notes: &'a mut Vec<String>,
    not_understood: &'a mut Vec<String>,
    part: Part,
}

impl DraftReader<'_> {
    fn fields(&mut self, fields: &[DocField], path: &str, example: Option<&Value>) -> Fields {
        let mut drafts: Fields = fields
            .iter()
            .map(|field| {
                let path = format!("{path}.{}", field.row.name);
                let example = example.and_then(|example| example.get(&field.row.name));
                (field.row.name.clone(), self.field(field, &path, example))
            })
            .collect();
        if self.part == Part::Task {
            let read = |field: &DocField| {
                let prose = prose::read(&field.row.type_word, &field.row.lines);
                (field.row.name.clone(), prose)
            };
            let read: Vec<(String, prose::Prose)> = fields.iter().map(read).collect();
            let values = read.iter();
            let values = values.map(|(name, prose)| (name.clone(), prose.values.clone()));
            prose::relations::settle(&mut drafts, &values.collect());
            let required = read.into_iter();
            let required = required.filter_map(|(name, prose)| Some((name, prose.belongs_to?)));
            requirements::apply(&mut drafts, &required.collect());
        }
        drafts
    }

    fn field(&mut self, doc: &DocField, path: &str, example: Option<&Value>) -> Field {
        let prose = prose::read(&doc.row.type_word, &doc.row.lines);
        let sentences = prose.not_understood.iter();
        self.not_understood
            .extend(sentences.map(|sentence| format!("{path}: {sentence}")));
        if self.part == Part::Task && prose.required.is_none() {
            self.notes.push(format!(
                "{path}: the page states neither required nor optional; treated as optional"
            ));
        }
        let first = match example {
            Some(Value::Array(list)) => list.first(),
            other => other,
        };
        let mut field = match doc.children.as_slice() {
            [key] if is_key(&key.row.name) && doc.row.type_word == "object" => {
                self.keyed(key, path, first)
            }
            children => {
                let fields = self.fields(children, path, first);
                let (kind, of) = self.kind(doc, path, &prose, first);
                Field {
                    of,
                    fields,
                    ..Field::new(kind)
                }
            }
        };
        if doc.kinds.len() > 1 {
            self.notes.push(format!(
                "{path}: the page describes {} kinds of elements ({}), and their fields were read as those \
                 of one object: a union in types.yaml describes each kind",
                doc.kinds.len(),
                doc.kinds.join(", ")
            ));
        }
        field.wording = Some(fingerprint(&doc.row.lines));
        if self.part == Part::Task {
            let kind = query_kind(&doc.row.name, field.kind);
            field.of = field.of.filter(|_| kind == field.kind);
            field.kind = kind;
            // Keys that number the targets. The generated task has a list instead.
            if let (FieldType::Json, Some(of)) = (kind, numbered(first)) {
                (field.kind, field.of) = (FieldType::Map, Some(of));
            }
            let counts = field.kind == FieldType::Map && numbered(first).is_some();
            field.numbered = counts.then_some(true);
        }
        apply_facts(&mut field, &prose);
        field
    }

    /// Returns a map that the page documents by its first key.
    fn keyed(&mut self, key: &DocField, path: &str, example: Option<&Value>) -> Field {
        let example = example.and_then(|example| example.get(&key.row.name));
        let path = format!("{path}.{}", key.row.name);
        let mut value = self.field(key, &path, example);
        value.wording = None;
        let mut map = Field {
            of: Some(value.kind),
            ..Field::new(FieldType::Map)
        };
        match value.kind {
            FieldType::List | FieldType::Map => map.each = Some(Box::new(value)),
            _ => map.fields = value.fields,
        }
        map
    }

    fn kind(
        &mut self,
        doc: &DocField,
        path: &str,
        prose: &prose::Prose,
        example: Option<&Value>,
    ) -> (FieldType, Option<FieldType>) {
        let children = !doc.children.is_empty();
        match doc.row.type_word.as_str() {
            "array" if children => (FieldType::List, Some(FieldType::Object)),
            "array" => {
                let of = match example {
                    _ if prose.format.is_some() || !prose.values.is_empty() => FieldType::String,
                    Some(Value::String(_)) => FieldType::String,
                    Some(Value::Number(number)) if number.is_f64() => FieldType::Float,
                    Some(Value::Number(_)) => FieldType::Integer,
                    Some(Value::Bool(_)) => FieldType::Boolean,
                    _ => {
                        self.notes.push(format!(
                            "{path}: the page does not state the type of the list's elements; treated as `json`"
                        ));
                        FieldType::Json
                    }
                };
                (FieldType::List, Some(of))
            }
            "object" if children => (FieldType::Object, None),
            "object" => match prose.map_of {
                Some(of) => (FieldType::Map, Some(of)),
                None => {
                    self.notes.push(format!(
                        "{path}: an object without documented fields; treated as `json`"
                    ));
                    (FieldType::Json, None)
                }
            },
            "integer" => (FieldType::Integer, None),
            "float" | "number" | "double" => (FieldType::Float, None),
            "boolean" | "bool" => (FieldType::Boolean, None),
            // The reader rejects all other type words.
            _ => (FieldType::String, None),
        }
    }

    /// Returns the parameters of a path, with what the page states about them. Reports documented
    /// fields that are not in the path.
    fn parameters(&mut self, path: &str, mut documented: Fields) -> Fields {
        let mut parameters = Fields::new();
        for name in names::parameters(path) {
            let field = documented.shift_remove(name);
            let field = Field {
                required: Some(true),
                ..field.unwrap_or_else(|| Field::new(FieldType::String))
            };
            parameters.insert(name.to_owned(), field);
        }
        for name in documented.keys() {
            self.not_understood.push(format!(
                "parameters.{name}: a GET request has the parameters of its path only, and {path} has no \
                 `{{{name}}}`"
            ));
        }
        parameters
    }

    /// Returns the fields of the result inside the envelope. Notes unknown fields of the envelope. A
    /// response to posted tasks needs no `result`.
    fn envelope(
        &mut self,
        response: &[DocField],
        known: &Object,
        example: Option<&Value>,
        mode: Mode,
    ) -> Result<Fields, Unreadable> {
        let tasks = response.iter().find(|field| field.row.name == "tasks");
        let result = tasks.and_then(|tasks| {
            tasks
                .children
                .iter()
                .find(|field| field.row.name == "result")
        });
        let result = match (tasks, result) {
            (Some(_), None) if mode == Mode::TaskPost => None,
            (Some(_), Some(result)) => Some(result),
            _ => {
                return Err(Unreadable::because(
                    "the table of the response fields has no `tasks` with a `result` inside",
                ));
            }
        };
        let inner = known.fields.get("tasks").map(|tasks| &tasks.fields);
        for (fields, known, at) in [
            (response, Some(&known.fields), ""),
            (tasks.map_or(&[], |tasks| &tasks.children), inner, "tasks."),
        ] {
            for field in fields {
                let name = &field.row.name;
                if known.is_none_or(|known| !known.contains_key(name)) {
                    self.notes.push(format!(
                        "{}: `{at}{name}` is not a field of the envelope in spec/api.yaml; skipped",
                        field.row.location
                    ));
                }
            }
        }
        let inside = result.map_or(&[] as &[DocField], |result| &result.children);
        match (mode, inside) {
            (Mode::TaskPost, []) => {}
            (_, []) => self
                .notes
                .push("`result` has no documented fields".to_owned()),
            (Mode::TaskPost, _) => self.notes.push(
                "`result` has documented fields, but posted tasks have no result; skipped"
                    .to_owned(),
            ),
            _ => {}
        }
        Ok(self.fields(inside, "result", example))
    }

    /// Lists the constraints in the introduction, since only a person knows which field they belong
    /// to. Compares the limits of the account with `api.yaml`. Returns the maximum number of calls per
    /// minute, if the page states a lower one than that of the account.
    fn intro(&mut self, page: &Page, api: &Api, task: Option<&Object>) -> Option<u32> {
        let counts: HashSet<String> = task
            .iter()
            .flat_map(|task| task.fields.values())
            .filter_map(|field| Some(field.max_items?.to_string()))
            .collect();
        let mut own = None;
        for sentence in page
            .intro
            .iter()
            .flat_map(|paragraph| prose::sentences(paragraph))
        {
            let mut prose = prose::read("", std::slice::from_ref(&sentence));
            let calls = prose.calls_per_minute.take();
            let (low, calls) = match calls {
                Some(calls) if calls < api.limits.calls_per_minute => (Some(calls), None),
                calls => (None, calls),
            };
            own = own.or(low);
            let limits = [
                ("calls_per_minute", calls, api.limits.calls_per_minute),
                (
                    "simultaneous_calls",
                    prose.simultaneous_calls.take(),
                    api.limits.simultaneous_calls,
                ),
            ];
            for (name, page, spec) in limits {
                if let Some(page) = page.filter(|page| *page != spec) {
                    self.notes.push(format!(
                        "limits.{name} is {spec} in spec/api.yaml and {page} on the page"
                    ));
                }
            }
            // The introduction repeats the maximum number of targets.
            let rest = without_counts(&sentence, &counts);
            let understood = prose == prose::Prose::default() || !prose::announces(&rest);
            if !understood {
                self.not_understood
                    .push(format!("the endpoint: {sentence}"));
            }
        }
        if page.form == Form::Text && page.result.shows_nesting() {
            self.notes
                .push("nesting is derived from the leading spaces".to_owned());
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::link_to;

    #[test]
    fn links_have_no_port_however_long_the_path_is() {
        assert_eq!(
            link_to("/serp/google/organic/task_get/advanced/"),
            "https://docs.dataforseo.com/v3/serp-google-organic-task_get-advanced/"
        );
        assert_eq!(
            link_to("backlinks"),
            "https://docs.dataforseo.com/v3/backlinks/"
        );
    }
}
