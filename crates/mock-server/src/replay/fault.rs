//! Faults that change a response, and patches. Faults of the connection are applied in `http/`.

use dataforseo_models::StatusCode;
use http::HeaderValue;
use http::header::{CONTENT_TYPE, RETRY_AFTER};

use super::miss::request_miss;
use super::request::ApiRequest;
use super::response::{Counted, MockResponse, TaskChange, message_of};
use crate::json::tokens;
use crate::session::{Fault, MissReason, Patch, Session, api_code};

/// The effect of a fault on a response.
pub(super) enum FaultEffect {
    /// The response is replaced by this one.
    Response(MockResponse),
    /// Every task changes, or the one at the index.
    ChangeTasks(Option<usize>, TaskChange),
    /// The response is unchanged: the fault concerns the connection.
    Unchanged,
}

/// Returns the effect of a fault.
pub(super) fn effect_of(fault: Fault) -> FaultEffect {
    let fail = |code, counted| TaskChange::Fail { code, counted };
    let (index, change) = match fault {
        Fault::Http(status) => {
            // In Rust it can be any number. Any other status is treated as 500.
            let known = api_code(status).map(|code| (status, code));
            let (status, code) = known.unwrap_or((500, StatusCode::InternalError));
            return FaultEffect::Response(MockResponse {
                status,
                ..envelope(fault, code)
            });
        }
        Fault::Api(code) => return FaultEffect::Response(envelope(fault, code)),
        Fault::Proxy(status) => return FaultEffect::Response(proxy(fault, status)),
        Fault::Task(code, index) => (index, fail(code, Counted::Yes)),
        Fault::HiddenTask(code, index) => (index, fail(code, Counted::No)),
        Fault::Pending(_) => (None, fail(StatusCode::TaskInQueue, Counted::Yes)),
        Fault::NoResult => (None, TaskChange::NoResult),
        _ => return FaultEffect::Unchanged,
    };
    FaultEffect::ChangeTasks(index, change)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effect_of_each_kind_of_fault() {
        let response = |fault| match effect_of(fault) {
            FaultEffect::Response(response) => Some((response.status, response.headers.len())),
            _ => None,
        };
        assert_eq!(response(Fault::Http(402)), Some((402, 0)));
        assert_eq!(response(Fault::Http(418)), Some((500, 0)));
        assert_eq!(response(Fault::Proxy(503)), Some((503, 2)));
        assert_eq!(response(Fault::api(40202)), Some((200, 0)));
        let index = |fault| match effect_of(fault) {
            FaultEffect::ChangeTasks(index, _) => Some(index),
            _ => None,
        };
        let one = Fault::Task(StatusCode::InvalidField, Some(2));
        assert_eq!(index(one), Some(Some(2)));
        assert_eq!(index(Fault::NoResult), Some(None));
        assert!(matches!(effect_of(Fault::Cut(1)), FaultEffect::Unchanged));
    }
}
