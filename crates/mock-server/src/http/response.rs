//! The last step of a request: its response as HTTP, with the effect of a fault on the body.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::body::MockBody;
use super::fault_io::{ConnectionEnd, EndSignal};
use crate::replay::MockResponse;
use crate::session::Fault;

/// The smallest body that is compressed, in bytes.
const MIN_GZIP: usize = 1024;
/// The maximum length of the header `x-mock-detail`, in characters. Clients limit headers.
const MAX_DETAIL: usize = 2000;

static SOURCE: HeaderName = HeaderName::from_static("x-mock-source");

/// The coding of a response's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentCoding {
    Identity,
    Gzip,
}

impl ContentCoding {
    /// Returns the coding for the header `Accept-Encoding`.
    pub(super) fn accepted_by(accept_encoding: Option<&str>) -> Self {
        let mut codings = accept_encoding.unwrap_or_default().split(',');
        if codings.any(|coding| coding.split(';').next().unwrap_or_default().trim() == "gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }
}

/// Returns the response as HTTP, its body sent as the fault says. With a fault nothing is
/// compressed: faults count bytes of the body.
pub(super) fn with_fault(
    response: MockResponse,
    coding: ContentCoding,
    fault: Option<Fault>,
    end: &EndSignal,
) -> Response<MockBody> {
    let Some(fault) = fault else {
        return into_http(response, coding);
    };
    let mut response = into_http(response, ContentCoding::Identity);
    let whole = response.body().remaining();
    let length = whole.len();
    let body = match fault {
        Fault::Cut(bytes) => MockBody::then_end(whole, bytes, end.clone(), ConnectionEnd::Close),
        Fault::ResetAfter(bytes) => {
            MockBody::then_end(whole, bytes, end.clone(), ConnectionEnd::Reset)
        }
        Fault::Stall(bytes) => MockBody::then_nothing(whole, bytes),
        Fault::Trickle(bytes_per_second) => MockBody::slowly(whole, bytes_per_second),
        Fault::Garbage => {
            end.set(ConnectionEnd::Garbage);
            return response;
        }
        _ => return response,
    };
    let length = HeaderValue::from(length);
    response.headers_mut().insert(CONTENT_LENGTH, length);
    *response.body_mut() = body;
    response
}

/// Returns the response as HTTP.
pub(super) fn into_http(response: MockResponse, coding: ContentCoding) -> Response<MockBody> {
    let compressed = match coding {
        ContentCoding::Gzip if response.body.len() >= MIN_GZIP => compress(&response.body),
        _ => None,
    };
    let is_compressed = compressed.is_some();
    let mut http = Response::new(MockBody::whole(compressed.unwrap_or(response.body)));
    // The status of a fixture was checked when it was read. The API's own are constants.
    *http.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::OK);
    let headers = http.headers_mut();
    headers.reserve(4);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    if is_compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if response.status == 401 {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"Rest Server\""),
        );
    }
    for (name, value) in response.headers {
        headers.insert(name, value);
    }
    headers.insert(SOURCE.clone(), response.source);
    if let Some(miss) = response.misses.first() {
        headers.insert(HeaderName::from_static("x-mock-miss"), miss.number.into());
    }
    // A text that cannot be a header value, such as one with a line break, is left out.
    let detail = response
        .detail
        .map(|it| it.chars().take(MAX_DETAIL).collect());
    let detail = detail.and_then(|it: String| HeaderValue::try_from(it).ok());
    if let Some(detail) = detail {
        headers.insert(HeaderName::from_static("x-mock-detail"), detail);
    }
    http
}

fn compress(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
