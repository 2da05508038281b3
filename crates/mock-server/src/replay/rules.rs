//! The documented rules for requests: the checks of bodies and tasks.

use dataforseo_models::{Date, Severity, StatusCode, Violation, ViolationKind, check};
use serde_json::Value;

use super::request::{ApiRequest, ParsedRequest};
use super::response::{MockResponse, Rejection};
use crate::endpoints::EndpointIndex;

/// The maximum number of violations in the header `x-mock-detail`. Clients limit headers.
const MAX_DETAILS: usize = 5;

/// Returns the tasks of a body, or the error response if the body is not a list of objects.
pub(super) fn parse_tasks(request: &ApiRequest<'_>) -> Result<Value, Box<MockResponse>> {
    let error = |code: StatusCode, detail: &str| {
        let detail = Some(detail.to_owned());
        Err(Box::new(MockResponse::envelope_error(
            code,
            code.message(),
            "rules",
            detail,
        )))
    };
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return error(StatusCode::EmptyPostData, "the body is empty");
    }
    // It is unknown whether the API accepts compressed requests, so clients should not send them.
    if let Some(encoding) = request
        .content_encoding
        .filter(|it| !it.eq_ignore_ascii_case("identity"))
    {
        let detail = format!("the body is compressed ({encoding}): send it uncompressed");
        return error(StatusCode::InvalidPostData, &detail);
    }
    let tasks: Value = match serde_json::from_slice(request.body) {
        Ok(tasks) => tasks,
        Err(reason) => {
            let detail = format!("the body is not JSON: {reason}");
            return error(StatusCode::InvalidPostData, &detail);
        }
    };
    match &tasks {
        Value::Array(list) if list.is_empty() => {
            error(StatusCode::EmptyPostData, "the list of tasks is empty")
        }
        Value::Array(list) if list.iter().all(Value::is_object) => Ok(tasks),
        _ => error(
            StatusCode::InvalidPostData,
            "expected a list of tasks, each an object",
        ),
    }
}

/// Returns the error response to a request with too many tasks.
pub(super) fn too_many_tasks(request: &ParsedRequest<'_>) -> Option<MockResponse> {
    let count = request.task_list().len();
    let max = request.endpoint.info().tasks_per_call.unwrap_or(1);
    if count <= usize::try_from(max).unwrap_or(usize::MAX) {
        return None;
    }
    let code = match max {
        1 => StatusCode::OneTaskOnly,
        _ => StatusCode::TooManyTasks,
    };
    let detail = Some(format!("{count} tasks: at most {max} are allowed"));
    Some(MockResponse::envelope_error(
        code,
        code.message(),
        "rules",
        detail,
    ))
}

/// Checks a task. Returns the rejection if it breaks a rule.
pub(super) fn reject(endpoint: EndpointIndex, task: &Value, today: Date) -> Option<Rejection> {
    let violations: Vec<Violation> = check(endpoint.info().task_rules, task, today)
        .into_iter()
        // The API accepts targets in an undocumented form, but rejects undocumented values.
        .filter(|violation| {
            violation.severity() == Severity::Error
                || matches!(violation.kind, ViolationKind::UnknownValue { .. })
        })
        .collect();
    let is_unknown_field =
        |violation: &&Violation| matches!(violation.kind, ViolationKind::UnknownField { .. });
    let first = violations
        .iter()
        .find(is_unknown_field)
        .or(violations.first())?;
    let shown = violations.iter().take(MAX_DETAILS);
    let mut details: Vec<String> = shown.map(ToString::to_string).collect();
    if let Some(more @ 1..) = violations.len().checked_sub(details.len()) {
        details.push(format!("and {more} more"));
    }
    let (code, message) = match first.kind {
        ViolationKind::UnknownField { .. } => {
            let code = StatusCode::UnknownFields;
            (code, code.message().to_owned())
        }
        _ => {
            let field = first.path.split(['[', '.']).next().unwrap_or_default();
            let message = format!("Invalid Field: '{field}'.");
            (StatusCode::InvalidField, message)
        }
    };
    Some(Rejection {
        code,
        message,
        detail: details.join("; "),
    })
}

#[cfg(all(test, feature = "backlinks"))]
mod tests {
    use super::*;
    use crate::endpoints;

    #[test]
    fn a_body_is_a_list_of_tasks() {
        let code = |body: &str, content_encoding| {
            let request = ApiRequest {
                method: "POST",
                path: "",
                endpoint: None,
                authorization: None,
                content_encoding,
                body: body.as_bytes(),
            };
            let error = parse_tasks(&request).err()?;
            let body: Value = serde_json::from_slice(&error.body).unwrap();
            body["status_code"].as_u64()
        };
        assert_eq!(code("[{}]", None), None);
        assert_eq!(code("[{}]", Some("Identity")), None);
        assert_eq!(code("[{}]", Some("gzip")), Some(40503));
        assert_eq!(code(" ", None), Some(40502));
        assert_eq!(code("[]", None), Some(40502));
        assert_eq!(code("[1]", None), Some(40503));
        assert_eq!(code("{", None), Some(40503));
    }

    #[test]
    fn a_task_that_breaks_a_rule_is_rejected() {
        let endpoint = endpoints::find("/v3/backlinks/summary/live").unwrap();
        let today = Date::constant(2026, 3, 31);
        let code = |task: Value| reject(endpoint, &task, today).map(|it| it.code.code());
        let target = "example.com";
        assert_eq!(code(serde_json::json!({"target": target})), None);
        assert_eq!(code(serde_json::json!({})), Some(40501));
        let unknown = serde_json::json!({"target": target, "nothing": 1});
        assert_eq!(code(unknown), Some(40506));
    }
}
