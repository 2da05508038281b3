//! Answers that no fixture has: the API's own errors, in its own envelope.
//!
//! What is wrong with a call as a whole (credentials, path, a body that is no list of tasks, too
//! many tasks) stands on the envelope, with `tasks` null. What is wrong with a task stands on the
//! task, in an envelope that reports success. The documentation says neither; this follows answers
//! that users of the API have published.

use bytes::Bytes;
use dataforseo_models::{EndpointInfo, StatusCode};
use serde_json::{Map, Value, json};

const VERSION: &str = "0.1.mock";
/// Time is not measured: answers are the same every time.
const TIME: &str = "0 sec.";

/// What the server sends.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    /// The header `x-mock-source`.
    pub(crate) source: String,
    /// The header `x-mock-detail`: what is wrong, in full.
    pub(crate) detail: Option<String>,
}

impl Reply {
    /// An error of the call as a whole.
    pub(crate) fn envelope(
        code: StatusCode,
        message: &str,
        source: &str,
        detail: Option<String>,
    ) -> Self {
        let body = json!({
            "version": VERSION,
            "status_code": code.code(),
            "status_message": message,
            "time": TIME,
            "cost": 0,
            "tasks_count": 0,
            "tasks_error": 0,
            "tasks": null,
        });
        Self {
            status: code.http_status(),
            body: body.to_string().into(),
            source: source.to_owned(),
            detail,
        }
    }

    /// An error of the one task of a call.
    pub(crate) fn task(
        code: StatusCode,
        message: &str,
        endpoint: &EndpointInfo,
        task: &Map<String, Value>,
        detail: String,
    ) -> Self {
        let path: Vec<&str> = endpoint.path.trim_start_matches('/').split('/').collect();
        let mut data = Map::new();
        data.insert(
            "api".into(),
            path.get(1).copied().unwrap_or_default().into(),
        );
        let function = path
            .get(2..path.len().saturating_sub(1))
            .unwrap_or_default();
        data.insert("function".into(), function.join("/").into());
        data.extend(task.clone());
        let body = json!({
            "version": VERSION,
            "status_code": StatusCode::Ok.code(),
            "status_message": StatusCode::Ok.message(),
            "time": TIME,
            "cost": 0,
            "tasks_count": 1,
            "tasks_error": 1,
            "tasks": [{
                "id": "00000000-0000-0000-0000-000000000000",
                "status_code": code.code(),
                "status_message": message,
                "time": TIME,
                "cost": 0,
                "result_count": 0,
                "path": path,
                "data": data,
                "result": null,
            }],
        });
        Self {
            status: 200,
            body: body.to_string().into(),
            source: "rules".to_owned(),
            detail: Some(detail),
        }
    }
}
