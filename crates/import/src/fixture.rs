//! The fixture of a page's example, for the mock server. If a page has no example, `generate`
//! creates a synthetic fixture.

use serde_json::{Map, Value, json};

use crate::docs::Page;
use dataforseo_json_text::layout;
use dataforseo_spec::language::Endpoint;

/// The file name and the content of a fixture.
pub type Fixture = (String, String);

/// The file name of the fixture of a page's example.
pub const DOCUMENTATION: &str = "documentation.json";

/// Returns the fixture of a page's example. Returns `None` and adds a note if there is no usable
/// example.
pub fn documented(page: &Page, endpoint: &Endpoint, notes: &mut Vec<String>) -> Option<Fixture> {
    let response = page.response_example.as_ref()?;
    let request = page.request_example.as_ref()?;
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
    let tasks = serde_json::from_str::<Vec<Map<String, Value>>>(request);
    if tasks.map_or(true, |tasks| tasks.is_empty()) {
        notes.push(
            "no fixture from the response example: the request example is not a list of tasks"
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
    // Composed as text, so that numbers and escapes of the response stay unchanged.
    let text = format!(
        "{{\"dfs_fixture\": 1, \"meta\": {meta}, \
         \"request\": {{\"method\": \"{method}\", \"path\": \"{}\", \"body\": {request}}}, \
         \"response\": {{\"status\": 200, \"body\": {response}}}}}",
        endpoint.path
    );
    layout(&text, 0) + "\n"
}
