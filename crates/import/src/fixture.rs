//! The fixture of a page's own example, for the mock server. Where a page has none, `generate`
//! makes one up from the spec.

use serde_json::{Map, Value, json};

use super::json_text::reindent;
use crate::docs::Page;
use dataforseo_spec::language::Endpoint;

/// The fixture's file name and its content.
pub type Fixture = (String, String);

/// The file name of a fixture made from a page's example.
pub const DOCUMENTATION: &str = "documentation.json";

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
    let text = file(endpoint, note, request, response);
    Some((DOCUMENTATION.to_owned(), text))
}

fn file(endpoint: &Endpoint, note: &str, request: &str, response: &str) -> String {
    let method = endpoint.method.as_str();
    let meta = json!({ "source": "documentation", "page": endpoint.source.link, "note": note });
    // Put together as text, so that the response keeps its numbers and escapes as they are.
    let text = format!(
        "{{\"dfs_fixture\": 1, \"meta\": {meta}, \
         \"request\": {{\"method\": \"{method}\", \"path\": \"{}\", \"body\": {request}}}, \
         \"response\": {{\"status\": 200, \"body\": {response}}}}}",
        endpoint.path
    );
    reindent(&text)
}
