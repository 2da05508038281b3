//! Requests to the API, before and after their parts are checked.

use serde_json::Value;

use crate::endpoints::EndpointIndex;
use crate::fixtures::LookupKey;
use crate::redact::redact_text;

/// The maximum length of a path in messages, in characters.
const MAX_SHOWN_PATH: usize = 200;

/// The parts of a request to the API that decide its response.
pub(crate) struct ApiRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The endpoint of the path, if the path is known.
    pub(crate) endpoint: Option<EndpointIndex>,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) content_encoding: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// A request whose credentials, path, method and body are in order.
pub(super) struct ParsedRequest<'a> {
    pub(super) endpoint: EndpointIndex,
    /// The path without a trailing slash.
    pub(super) path: &'a str,
    /// A list of tasks; null for a GET.
    pub(super) tasks: Value,
}

impl ParsedRequest<'_> {
    /// Returns the tasks; none for a GET.
    pub(super) fn task_list(&self) -> &[Value] {
        self.tasks.as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns what the response has tasks for: the tasks, or one null value for a GET.
    pub(super) fn response_tasks(&self) -> &[Value] {
        match self.task_list() {
            [] => &[Value::Null],
            tasks => tasks,
        }
    }

    pub(super) fn key(&self) -> LookupKey<'_> {
        LookupKey::new(self.path, &self.tasks)
    }
}

/// Returns a path for messages: redacted, and up to [`MAX_SHOWN_PATH`] characters.
pub(super) fn shown_path(path: &str) -> String {
    let path: String = path.chars().take(MAX_SHOWN_PATH).collect();
    redact_text(&path).into_owned()
}
