//! Faults that change a response, and patches. Faults of the connection are applied in `http/`.

use dataforseo_models::StatusCode;
use http::HeaderValue;
use http::header::{CONTENT_TYPE, RETRY_AFTER};

use super::miss::request_miss;
use super::response::{Counted, TaskChange, TaskOutcome, message_of};
use super::rules::too_many_tasks;
use super::{ApiRequest, MockResponse, Recorded, Replay};
use crate::json::tokens;
use crate::session::{Fault, MissReason, Patch, Session, api_code};

impl Replay {
    /// Returns the response to a request with a fault. Error responses are not patched.
    pub(super) fn respond_with_fault(
        &self,
        session: &Session,
        request: &ApiRequest<'_>,
        fault: Fault,
        patches: &[Patch],
    ) -> MockResponse {
        let fail = |code, counted| TaskChange::Fail { code, counted };
        let (index, change) = match fault {
            Fault::Http(status) => {
                // In Rust it can be any number. Any other status is treated as 500.
                let known = api_code(status).map(|code| (status, code));
                let (status, code) = known.unwrap_or((500, StatusCode::InternalError));
                return MockResponse {
                    status,
                    ..envelope(fault, code)
                };
            }
            Fault::Api(code) => return envelope(fault, code),
            Fault::Proxy(status) => return proxy(fault, status),
            Fault::Task(code, index) => (index, fail(code, Counted::Yes)),
            Fault::HiddenTask(code, index) => (index, fail(code, Counted::No)),
            Fault::Pending(_) => (None, fail(StatusCode::TaskInQueue, Counted::Yes)),
            Fault::NoResult => (None, TaskChange::NoResult),
            // A fault of the connection: the response itself is unchanged.
            _ => {
                let response = self.respond_without_rules(session, request);
                return apply_patches(session, request, response, patches);
            }
        };
        let base = match self.response_to_change(session, request) {
            Ok(base) => base,
            Err(error) => return *error,
        };
        match base.change_tasks(index, change) {
            Some(response) => {
                let response = MockResponse {
                    detail: Some(fault.to_string()),
                    source: HeaderValue::from_static("fault"),
                    ..response
                };
                apply_patches(session, request, response, patches)
            }
            None => MockResponse {
                detail: Some(format!(
                    "{fault} does not apply: the response has no such task"
                )),
                ..base
            },
        }
    }

    /// Returns a response with tasks for a fault to change: that of a fixture or an example, or
    /// else tasks without results. A request that is not in order gets its error.
    fn response_to_change(
        &self,
        session: &Session,
        request: &ApiRequest<'_>,
    ) -> Result<MockResponse, Box<MockResponse>> {
        let parsed = self.parse(session, request)?;
        if let Some(error) = too_many_tasks(&parsed) {
            return Err(Box::new(error));
        }
        // A call that fails does not advance a sequence and adds no miss.
        let session = &Session::dry_run();
        if let Some(Recorded::Response(response)) = self.recorded(session, &parsed) {
            return Ok(response);
        }
        if let Some(response) = self.task_by_task(session, &parsed) {
            return Ok(response);
        }
        let outcomes: Vec<_> = parsed
            .response_tasks()
            .iter()
            .map(|_| TaskOutcome::WithoutResult(StatusCode::Ok))
            .collect();
        Ok(MockResponse::from_tasks(&parsed, &outcomes))
    }
}

fn envelope(fault: Fault, code: StatusCode) -> MockResponse {
    let detail = Some(fault.to_string());
    MockResponse::envelope_error(code, message_of(code), "fault", detail)
}

/// Returns the response of a proxy.
fn proxy(fault: Fault, status: u16) -> MockResponse {
    let status = if (400..=599).contains(&status) {
        status
    } else {
        502
    };
    let title = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    let body = format!(
        "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n\
         <center><h1>{status} {title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = MockResponse::new(status, body, "fault");
    let html = HeaderValue::from_static("text/html");
    response.headers.push((CONTENT_TYPE, html));
    if matches!(status, 429 | 503) {
        let seconds = HeaderValue::from_static("1");
        response.headers.push((RETRY_AFTER, seconds));
    }
    response.detail = Some(fault.to_string());
    response
}

/// Returns a response with the values of patches set. A miss is not patched.
pub(super) fn apply_patches(
    session: &Session,
    request: &ApiRequest<'_>,
    mut response: MockResponse,
    patches: &[Patch],
) -> MockResponse {
    if patches.is_empty() || response.source == "miss" || response.source == "path" {
        return response;
    }
    let Ok(mut text) = String::from_utf8(response.body.to_vec()) else {
        return response;
    };
    for patch in patches {
        match tokens::set(&text, &patch.pointer, &patch.value) {
            Ok(patched) => text = patched,
            // A fault may have removed the place.
            Err(_) if response.source == "fault" => {}
            Err(reason) => {
                let source = response.source.to_str().unwrap_or_default();
                let message = format!("the response of {source} cannot be patched: {reason}");
                return request_miss(session, request, MissReason::Patch, message);
            }
        }
    }
    response.body = text.into();
    response
}
