//! The fixture of a page's example, for the mock server. If a page has no example, `generate`
//! creates a synthetic fixture.

use serde_json::{Map, Value, json};

use crate::docs::Page;
use dataforseo_json_text::layout;
use dataforseo_spec::language::{Endpoint, Method};
use dataforseo_spec::names;

/// The file name and the content of a fixture.
pub type Fixture = (String, String);

/// The file name of the fixture of a page's example.
pub const DOCUMENTATION: &str = "documentation.json";

/// Returns the fixture of a page's example. Returns `None` and adds a note if there is no usable
/// example.
pub fn documented(page: &Page, endpoint: &Endpoint, notes: &mut Vec<String>) -> Option<Fixture> {
    let response = page.response_example.as_ref()?;
    let request = page.request_example.as_ref();
    if endpoint.method == Method::Post && request.is_none() {
        return None;
    }
    let parsed: Result<Value, _> = serde_json::from_str(response);
    let envelope = match parsed {
        Ok(envelope) => envelope,
        Err(_) => {
            notes.push("no fixture from the response example: it is not JSON".to_owned());
            return None;
        }
    };
    if envelope.get("tasks").is_none() {
        notes.push("no fixture from the response example: it has no `tasks`".to_owned());
        return None;
    }
    let Some(path) = requested_path(endpoint, &envelope) else {
        notes.push(
            "no fixture from the response example: its `path` does not state the parameters"
                .to_owned(),
        );
        return None;
    };
    let note = "The example of the documentation page.";
    let Some(request) = request.filter(|_| endpoint.method == Method::Post) else {
        let text = file(endpoint, note, &path, None, response);
        return Some((DOCUMENTATION.to_owned(), text));
    };
    let tasks = serde_json::from_str::<Vec<Map<String, Value>>>(request);
    if tasks.map_or(true, |tasks| tasks.is_empty()) {
        notes.push(
            "no fixture from the response example: the request example is not a list of tasks"
                .to_owned(),
        );
        return None;
    }
    let text = file(endpoint, note, &path, Some(request), response);
    Some((DOCUMENTATION.to_owned(), text))
}

/// Returns the path of the request whose response is an example. The response repeats its path, with
/// the values of the parameters.
fn requested_path(endpoint: &Endpoint, envelope: &Value) -> Option<String> {
    if names::parameters(&endpoint.path).is_empty() {
        return Some(endpoint.path.clone());
    }
    let parts = envelope.pointer("/tasks/0/path")?.as_array()?;
    let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
    let parts = parts?;
    let template: Vec<&str> = endpoint.path.trim_start_matches('/').split('/').collect();
    let is_value = |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        !text.is_empty() && text.bytes().all(plain)
    };
    let fits = template.len() == parts.len()
        && template.iter().zip(&parts).all(|(template, part)| {
            template == part || (template.starts_with('{') && is_value(part))
        });
    fits.then(|| format!("/{}", parts.join("/")))
}

fn file(
    endpoint: &Endpoint,
    note: &str,
    path: &str,
    request: Option<&String>,
    response: &str,
) -> String {
    let method = endpoint.method.as_str();
    let meta = json!({ "source": "documentation", "page": endpoint.source.link, "note": note });
    let body = request.map_or_else(String::new, |request| format!(", \"body\": {request}"));
    // Composed as text, so that numbers and escapes of the response stay unchanged.
    let text = format!(
        "{{\"dfs_fixture\": 1, \"meta\": {meta}, \
         \"request\": {{\"method\": \"{method}\", \"path\": \"{path}\"{body}}}, \
         \"response\": {{\"status\": 200, \"body\": {response}}}}}"
    );
    layout(&text, 0) + "\n"
}
