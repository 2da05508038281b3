//! The way of a request: extract, fault, rate limit, replay, write.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use dataforseo_models::StatusCode;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use hyper::body::Body;
use tokio::time::Instant;

use super::admin::{self, AdminRequest};
use super::body::ResponseBody;
use super::extract::{BodyTooLarge, MAX_BODY, ReadLimit, Route, Target, read_body};
use super::fault_io::{ConnectionEnd, EndSignal};
use super::response::{ContentCoding, into_http, with_fault};
use super::state::{ServerState, Settings};
use crate::endpoints::{self, EndpointIndex};
use crate::replay::{ApiRequest, MockResponse, Replay};
use crate::session::{CallPermit, Effects, Fault, FaultError, NewEntry, Session};

/// The request header that names a fault.
const FAULT_HEADER: &str = "x-mock-fault";

/// The machine that a connection is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// This machine.
    Local,
    /// Another one.
    Remote,
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        if address.to_canonical().is_loopback() {
            Self::Local
        } else {
            Self::Remote
        }
    }
}

/// A fault ends the connection: hyper closes it without a response.
#[derive(Debug, thiserror::Error)]
#[error("a fault ended the connection")]
pub(crate) struct ConnectionEnded;

/// Responds to a request.
pub(crate) async fn handle<B>(
    state: Arc<ServerState>,
    request: Request<B>,
    peer: Peer,
    end: EndSignal,
) -> Result<Response<ResponseBody>, ConnectionEnded>
where
    B: Body<Data = Bytes> + Unpin,
{
    // Extract.
    let (head, body) = request.into_parts();
    let route = Route::parse(head.uri.path());
    let session = state.session(route.session);
    let path = match route.target {
        Target::Api(path) => path,
        Target::Admin(route) => {
            let body = read_body(body, ReadLimit::Whole).await.unwrap_or_default();
            let request = AdminRequest {
                peer,
                method: head.method.as_str(),
                route,
                body: &body,
            };
            let response = admin::respond(&state, &session, &request);
            return Ok(into_http(response, ContentCoding::Identity));
        }
    };
    let planned = PlannedFault::of(&session, &state.settings, &head, path);
    let body = read_body(body, planned.read_limit()).await;
    let mut call = Call {
        endpoint: endpoints::find(path.trim_end_matches('/')),
        head: &head,
        path,
        body: Bytes::new(),
        fault: planned.effects.fault,
    };
    session.count_call(call.endpoint);
    if let ReadLimit::FirstBytes(_) = planned.read_limit() {
        return end_connection(&session, &call, &end).await;
    }
    call.body = match check_request(body, planned.header_error) {
        Ok(body) => body,
        Err(rejection) => return Ok(into_http(*rejection, ContentCoding::Identity)),
    };
    let replay = state.replay();
    // Rate limit.
    let admission = rate_limit(&replay, &session, call.authorization());
    // Fault.
    let effects = planned.effects;
    if !effects.latency.is_zero() {
        tokio::time::sleep(effects.latency).await;
    }
    if let Some(Fault::Reset | Fault::Empty | Fault::Silence) = effects.fault {
        return end_connection(&session, &call, &end).await;
    }
    #[cfg(feature = "record")]
    if let Some(recorder) = &state.recorder
        && !matches!(admission, Admission::Rejected(_))
        && effects.fault.is_none()
    {
        let response = record(&replay, recorder, &session, &call).await;
        return Ok(into_http(response, ContentCoding::Identity));
    }
    // Replay.
    let (response, permit) = match admission {
        Admission::Admitted(permit) => {
            let response = replay.respond(&session, &call.api_request(), &effects);
            (response, permit)
        }
        Admission::Rejected(code) => {
            let response = MockResponse::envelope_error(code, code.message(), "limits", None);
            (response, None)
        }
    };
    // Write.
    Ok(write(
        &state.settings,
        &session,
        &call,
        response,
        permit,
        &end,
    ))
}

/// A request to the API, with its body once that was read.
struct Call<'a> {
    endpoint: Option<EndpointIndex>,
    head: &'a Parts,
    path: &'a str,
    body: Bytes,
    fault: Option<Fault>,
}

impl Call<'_> {
    fn authorization(&self) -> Option<&str> {
        header(self.head, AUTHORIZATION)
    }

    fn api_request(&self) -> ApiRequest<'_> {
        ApiRequest {
            method: self.head.method.as_str(),
            path: self.path,
            endpoint: self.endpoint,
            authorization: self.authorization(),
            content_encoding: header(self.head, CONTENT_ENCODING),
            body: &self.body,
        }
    }

    /// Returns the path without the session, and with the query.
    fn path_and_query(&self) -> &str {
        let whole = self.head.uri.path();
        let with_query = self
            .head
            .uri
            .path_and_query()
            .map_or(whole, |it| it.as_str());
        // The path is the end of the whole one.
        let start = whole.len() - self.path.len();
        with_query.get(start..).unwrap_or(self.path)
    }
}

fn header(head: &Parts, name: impl http::header::AsHeaderName) -> Option<&str> {
    head.headers.get(name).and_then(|value| value.to_str().ok())
}

/// The effects of the session's rules, and of the fault header, on a request.
struct PlannedFault {
    effects: Effects,
    /// The error in the header, if the header is on and names no fault.
    header_error: Option<FaultError>,
}

impl PlannedFault {
    fn of(session: &Session, settings: &Settings, head: &Parts, path: &str) -> Self {
        let mut effects = session.effects(head.method.as_str(), path.trim_end_matches('/'));
        let requested = header(head, FAULT_HEADER).filter(|_| settings.fault_header);
        let header_error = match requested.map(str::parse::<Fault>) {
            None => None,
            Some(Ok(fault)) => {
                effects.fault = Some(fault);
                None
            }
            Some(Err(error)) => Some(error),
        };
        Self {
            effects,
            header_error,
        }
    }

    fn read_limit(&self) -> ReadLimit {
        match self.effects.fault {
            Some(Fault::ResetReading(bytes)) => ReadLimit::FirstBytes(bytes),
            _ => ReadLimit::Whole,
        }
    }
}

/// Returns the body, or the response to a request that the server itself rejects.
fn check_request(
    body: Result<Bytes, BodyTooLarge>,
    header_error: Option<FaultError>,
) -> Result<Bytes, Box<MockResponse>> {
    let reject = |status, detail| {
        let code = StatusCode::InvalidPostData;
        Box::new(MockResponse::mock_error(status, code, "rules", detail))
    };
    match (body, header_error) {
        (Err(BodyTooLarge), _) => {
            let detail = format!("the request body is larger than {MAX_BODY} bytes");
            Err(reject(413, detail))
        }
        (Ok(_), Some(error)) => Err(reject(400, format!("{FAULT_HEADER}: {error}"))),
        (Ok(body), None) => Ok(body),
    }
}

/// Whether the session's rate limits admit a call.
enum Admission {
    /// It goes on, and holds the permit until its response is sent.
    Admitted(Option<CallPermit>),
    /// It is over a limit, which this code names.
    Rejected(StatusCode),
}

/// Applies the rate limits. Unauthenticated requests do not count against them.
fn rate_limit(replay: &Replay, session: &Session, authorization: Option<&str>) -> Admission {
    match &session.rate_limiter {
        Some(limiter) if replay.is_authorized(authorization) => {
            match limiter.admit(Instant::now()) {
                Ok(permit) => Admission::Admitted(Some(permit)),
                Err(code) => Admission::Rejected(code),
            }
        }
        _ => Admission::Admitted(None),
    }
}

/// Logs a call and ends its connection as its fault says. With [`Fault::Silence`] this never
/// returns.
async fn end_connection(
    session: &Session,
    call: &Call<'_>,
    end: &EndSignal,
) -> Result<Response<ResponseBody>, ConnectionEnded> {
    session.request_log.add(&NewEntry {
        method: call.head.method.as_str(),
        path: call.head.uri.path(),
        body: &call.body,
        status: 0,
        source: HeaderValue::from_static("fault"),
        detail: call.fault.map(|fault| fault.to_string()).as_deref(),
    });
    match call.fault {
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Reset | Fault::ResetReading(_)) => end.set(ConnectionEnd::Reset),
        _ => {}
    }
    Err(ConnectionEnded)
}

/// Returns the response of a server that records: that of a fixture, or else the upstream's.
///
/// Nothing goes into the request log: before a request is recorded its secrets are not known.
#[cfg(feature = "record")]
async fn record(
    replay: &Replay,
    recorder: &Arc<crate::record::Recorder>,
    session: &Arc<Session>,
    call: &Call<'_>,
) -> MockResponse {
    let request = call.api_request();
    // Only a caller that may use the mock may spend the account's money.
    if !replay.is_authorized(request.authorization) {
        let code = StatusCode::NotAuthorized;
        return MockResponse::envelope_error(code, code.message(), "auth", None);
    }
    if !recorder.refreshes()
        && let Some(response) = replay.fixture_response(session, &request)
    {
        return response;
    }
    let incoming = crate::record::IncomingRequest {
        method: request.method,
        path: request.path,
        query: call.head.uri.query(),
        authorization: call.head.headers.get(AUTHORIZATION),
        body: &call.body,
    };
    recorder.respond(session, &incoming).await
}

/// Reports misses, logs the call, and turns its response into HTTP.
fn write(
    settings: &Settings,
    session: &Session,
    call: &Call<'_>,
    response: MockResponse,
    permit: Option<CallPermit>,
    end: &EndSignal,
) -> Response<ResponseBody> {
    if let Some(report) = &settings.report_miss {
        response.misses.iter().for_each(|miss| report(miss));
    }
    session.request_log.add(&NewEntry {
        method: call.head.method.as_str(),
        path: call.path_and_query(),
        body: &call.body,
        status: response.status,
        source: response.source.clone(),
        detail: response.detail.as_deref(),
    });
    let coding = ContentCoding::accepted_by(header(call.head, ACCEPT_ENCODING));
    let mut response = with_fault(response, coding, call.fault, end);
    response.body_mut().hold(permit);
    response
}
