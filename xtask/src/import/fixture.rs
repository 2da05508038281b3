//! Fixtures for the mock server: the page's own example, or a synthetic one where it has none.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::json_text::reindent;
use crate::docs::Page;
use crate::spec::language::{Endpoint, Field, FieldType, Fields, Format, SharedTypes};

/// The fixture's file name and its content.
pub type Fixture = (String, String);

/// The file name of a fixture made from a page's example.
pub const DOCUMENTATION: &str = "documentation.json";
/// The file name of a fixture made up from the spec.
pub const SYNTHETIC: &str = "synthetic.json";

/// The fixture of a page's example; `None` with a note if there is no usable one.
pub fn documented(page: &Page, endpoint: &Endpoint, notes: &mut Vec<String>) -> Option<Fixture> {
    let response = page.response_example.as_ref()?;
    let request = page.request_example.as_ref()?;
    let parsed: Result<Value, _> = serde_json::from_str(response);
    let envelope = match parsed {
        Ok(envelope) => envelope,
        Err(_) => {
            notes.push("no fixture of the response example: it is no JSON".to_owned());
            return None;
        }
    };
    if envelope.get("tasks").is_none() {
        notes.push("no fixture of the response example: it is no envelope with `tasks`".to_owned());
        return None;
    }
    let tasks = serde_json::from_str::<Vec<Map<String, Value>>>(request);
    if tasks.map_or(true, |tasks| tasks.is_empty()) {
        notes.push(
            "no fixture of the response example: the request example is no list of tasks"
                .to_owned(),
        );
        return None;
    }
    let note = "The example of the documentation page.";
    let text = file(endpoint, "documentation", note, request, response);
    Some((DOCUMENTATION.to_owned(), text))
}

/// A fixture made up from the spec: the page's request example, an item for each target.
pub fn synthetic(
    page: &Page,
    endpoint: &Endpoint,
    shared: Option<&SharedTypes>,
) -> Option<Fixture> {
    let request = page.request_example.as_ref()?;
    let tasks: Value = serde_json::from_str(request).ok()?;
    let task = tasks.get(0)?.as_object()?;
    let targets: Vec<&str> = task
        .get("targets")
        .and_then(Value::as_array)
        .map(|targets| targets.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut synthesis = Synthesis { shared, targets };
    let result = synthesis.fields(&endpoint.result.fields, "");
    let path: Vec<&str> = endpoint.path.trim_start_matches('/').split('/').collect();
    let mut data = Map::new();
    data.insert(
        "api".into(),
        path.get(1).copied().unwrap_or_default().into(),
    );
    let function = path
        .get(2..path.len().saturating_sub(1))
        .unwrap_or_default()
        .join("/");
    data.insert("function".into(), function.into());
    data.extend(task.clone());
    let response = json!({
        "version": "0.1.synthetic",
        "status_code": 20000,
        "status_message": "Ok.",
        "time": "0.1000 sec.",
        "cost": 0,
        "tasks_count": 1,
        "tasks_error": 0,
        "tasks": [{
            "id": "01010000-0000-0000-0000-000000000000",
            "status_code": 20000,
            "status_message": "Ok.",
            "time": "0.1000 sec.",
            "cost": 0,
            "result_count": 1,
            "path": path,
            "data": data,
            "result": [result],
        }],
    });
    let note = "Made up from the spec: the page has no response example. The numbers mean nothing.";
    let text = file(endpoint, "synthetic", note, request, &response.to_string());
    Some((SYNTHETIC.to_owned(), text))
}

fn file(endpoint: &Endpoint, source: &str, note: &str, request: &str, response: &str) -> String {
    let method = format!("{:?}", endpoint.method).to_uppercase();
    let meta = json!({ "source": source, "page": endpoint.source.link, "note": note });
    // Put together as text, so that the response keeps its numbers and escapes as they are.
    let text = format!(
        "{{\"dfs_fixture\": 1, \"meta\": {meta}, \
         \"request\": {{\"method\": \"{method}\", \"path\": \"{}\", \"body\": {request}}}, \
         \"response\": {{\"status\": 200, \"body\": {response}}}}}",
        endpoint.path
    );
    reindent(&text)
}

/// Values that look like real ones and are the same every time.
struct Synthesis<'a> {
    shared: Option<&'a SharedTypes>,
    targets: Vec<&'a str>,
}

impl Synthesis<'_> {
    fn fields(&mut self, fields: &Fields, at: &str) -> Value {
        let values = fields.iter().map(|(name, field)| {
            let value = match name.as_str() {
                // Counts agree with what is there.
                "items_count" | "total_count" if fields.contains_key("items") => {
                    self.targets.len().into()
                }
                _ => self.field(name, field, at),
            };
            (name.clone(), value)
        });
        Value::Object(values.collect())
    }

    fn field(&mut self, name: &str, field: &Field, at: &str) -> Value {
        let at = format!("{at}/{name}");
        match field.kind {
            FieldType::List => {
                let elements = (0..self.targets.len().max(1)).map(|index| {
                    self.scalar(
                        field.of.unwrap_or(FieldType::Json),
                        field,
                        &format!("{at}/{index}"),
                    )
                });
                elements.collect::<Vec<_>>().into()
            }
            FieldType::Map => {
                let of = field.of.unwrap_or(FieldType::Json);
                let known = field
                    .values
                    .as_ref()
                    .map(|values| values.names())
                    .unwrap_or_default();
                // The empty key stands for what is unknown; real answers have it.
                let keys = if known.is_empty() {
                    vec!["", "example"]
                } else {
                    known
                };
                let entries = keys.into_iter().take(3).map(|key| {
                    (
                        key.to_owned(),
                        self.scalar(of, field, &format!("{at}/{key}")),
                    )
                });
                Value::Object(entries.collect())
            }
            kind => self.scalar(kind, field, &at),
        }
    }

    fn scalar(&mut self, kind: FieldType, field: &Field, at: &str) -> Value {
        let digest = Sha256::digest(at);
        let seed = digest
            .iter()
            .take(4)
            .fold(0_u32, |seed, byte| seed << 8 | u32::from(*byte));
        let index: usize = at
            .split('/')
            .filter_map(|part| part.parse().ok())
            .next_back()
            .unwrap_or(0);
        match kind {
            FieldType::Integer => (seed % 1000).into(),
            FieldType::Float => (f64::from(seed % 10_000) / 100.0).into(),
            FieldType::Boolean => (seed % 2 == 0).into(),
            FieldType::Object => {
                let shared = field
                    .shared
                    .as_ref()
                    .and_then(|name| self.shared?.types.get(name));
                let fields = shared.map_or(&field.fields, |shared| &shared.fields);
                self.fields(fields, at)
            }
            FieldType::String => {
                let shared = field
                    .shared
                    .as_ref()
                    .and_then(|name| self.shared?.types.get(name));
                let values = field.values.as_ref().or_else(|| shared?.values.as_ref());
                let first = values
                    .and_then(|values| values.iter().next())
                    .map(|(value, _)| value.to_owned());
                match (first, field.format) {
                    (Some(value), _) => value.into(),
                    (None, Some(Format::Date)) => "2026-01-01".into(),
                    (None, Some(Format::Timestamp)) => {
                        format!("2026-01-{:02} 08:00:00 +00:00", 1 + seed % 28).into()
                    }
                    (None, Some(Format::Target | Format::Url)) => self
                        .targets
                        .get(index)
                        .copied()
                        .unwrap_or("https://example.com/")
                        .into(),
                    (None, None) => "example".into(),
                }
            }
            FieldType::Json | FieldType::List | FieldType::Map => Value::Null,
        }
    }
}
