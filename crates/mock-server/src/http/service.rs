//! The way of a request: extract, fault, rate limit, replay, write.

use std::sync::Arc;

use bytes::Bytes;
use dataforseo_models::StatusCode;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use hyper::body::Body;
use tokio::time::Instant;

#[cfg(feature = "record")]
use super::access::{TOKEN_HEADER, Token, check_local};
use super::admin::{self, AdminRequest};
use super::body::MockBody;
use super::extract::{BodyError, BodyMemory, ReadBody, ReadLimit, RequestTarget, Route, read_body};
use super::fault_io::{ConnectionEnd, EndSignal};
use super::peer::Peer;
use super::response::{ContentCoding, into_http, with_fault};
use super::state::{ServerState, Settings};
use crate::endpoints::{self, EndpointIndex};
#[cfg(feature = "record")]
use crate::replay::AcceptedCredentials;
use crate::replay::{ApiRequest, MockResponse, Replay};
use crate::session::{CallPermit, Effects, Fault, FaultError, NewEntry, Session};

/// The request header that names a fault.
const FAULT_HEADER: &str = "x-mock-fault";

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
) -> Result<Response<MockBody>, ConnectionEnded>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    let route = Route::parse(head.uri.path());
    let session = match state.session(route.session) {
        Ok(session) => session,
        Err(reason) => {
            let code = StatusCode::InternalError;
            let response = MockResponse::mock_error(503, code, "limits", reason);
            return Ok(into_http(response, ContentCoding::Identity));
        }
    };
    let path = match route.target {
        RequestTarget::Api(path) => path,
        RequestTarget::Admin(route) => {
            if let Some(refusal) = admin::refuse(&state.settings, peer, &head, route) {
                return Ok(into_http(refusal, ContentCoding::Identity));
            }
            let body = read_body(body, ReadLimit::Whole, &state.bodies, peer).await;
            let response = match body {
                Ok(body) => {
                    let request = AdminRequest::new(&head, route, &body.bytes);
                    admin::respond(&state, &session, &request)
                }
                Err(error) => {
                    let (status, message) = error.response(&state.bodies);
                    admin::error(status, &message)
                }
            };
            return Ok(into_http(response, ContentCoding::Identity));
        }
    };
    #[cfg(feature = "record")]
    if let Some(refusal) = refuse_recording(&state, &head, peer) {
        return Ok(into_http(refusal, ContentCoding::Identity));
    }
    let planned = PlannedFault::of(&session, &state.settings, &head, path);
    let body = read_body(body, planned.read_limit(), &state.bodies, peer).await;
    let call = Call {
        endpoint: endpoints::find(path.trim_end_matches('/')),
        head: &head,
        path,
        body: ReadBody::default(),
        effects: planned.effects,
    };
    session.count_call(call.endpoint);
    if let Some(Fault::ResetReading(_)) = call.effects.fault {
        return end_connection(&session, &call, &end).await;
    }
    match check_request(body, &state.bodies, planned.header_error) {
        Ok(body) => respond_to_call(&state, &session, &Call { body, ..call }, &end).await,
        Err(rejection) => Ok(into_http(*rejection, ContentCoding::Identity)),
    }
}

/// Responds to a call of the API whose body was read.
async fn respond_to_call(
    state: &ServerState,
    session: &Arc<Session>,
    call: &Call<'_>,
    end: &EndSignal,
) -> Result<Response<MockBody>, ConnectionEnded> {
    let replay = state.replay();
    let effects = &call.effects;
    let admission = rate_limit(&replay, session, call);
    if !effects.latency.is_zero() {
        tokio::time::sleep(effects.latency).await;
    }
    if let Some(Fault::Reset | Fault::Empty | Fault::Silence) = effects.fault {
        return end_connection(session, call, end).await;
    }
    #[cfg(feature = "record")]
    if let Some(recorder) = &state.recorder
        && !matches!(admission, Admission::Rejected(_))
        && effects.fault.is_none()
    {
        let token = &state.settings.token;
        let authorization = recording_authorization(&replay, token.as_ref(), call.head);
        let response = match authorization {
            Ok(authorization) => record(&replay, recorder, session, call, authorization).await,
            Err(refusal) => *refusal,
        };
        return Ok(into_http(response, ContentCoding::Identity));
    }
    let (response, permit) = match admission {
        Admission::Admitted(permit) => {
            let response = replay.respond(session, &call.api_request(), effects);
            (response, permit)
        }
        Admission::Rejected(code) => {
            let response = MockResponse::envelope_error(code, code.message(), "limits", None);
            (response, None)
        }
    };
    let mut response = write(&state.settings, session, call, response, end);
    response.body_mut().hold(permit);
    Ok(response)
}

/// A request to the API, with its body once that was read.
struct Call<'a> {
    endpoint: Option<EndpointIndex>,
    head: &'a Parts,
    path: &'a str,
    body: ReadBody,
    effects: Effects,
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
            body: &self.body.bytes,
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
    body: Result<ReadBody, BodyError>,
    memory: &BodyMemory,
    header_error: Option<FaultError>,
) -> Result<ReadBody, Box<MockResponse>> {
    let reject = |status, detail| {
        let code = StatusCode::InvalidPostData;
        Box::new(MockResponse::mock_error(status, code, "rules", detail))
    };
    match (body, header_error) {
        (Err(error), _) => {
            let (status, detail) = error.response(memory);
            Err(reject(status, detail))
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
fn rate_limit(replay: &Replay, session: &Session, call: &Call<'_>) -> Admission {
    match &session.rate_limiter {
        Some(limiter) if replay.is_authorized(call.authorization()) => {
            let endpoint = call.endpoint.map(EndpointIndex::info);
            match limiter.admit(endpoint, Instant::now()) {
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
) -> Result<Response<MockBody>, ConnectionEnded> {
    session.request_log.add(&NewEntry {
        method: call.head.method.as_str(),
        path: call.head.uri.path(),
        body: &call.body.bytes,
        status: 0,
        source: HeaderValue::from_static("fault"),
        detail: call.effects.fault.map(|it| it.to_string()).as_deref(),
    });
    match call.effects.fault {
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Reset | Fault::ResetReading(_)) => end.set(ConnectionEnd::Reset),
        _ => {}
    }
    Err(ConnectionEnded)
}

/// Returns the response to a request that may not use the recorder, if the server has one.
#[cfg(feature = "record")]
fn refuse_recording(state: &ServerState, head: &Parts, peer: Peer) -> Option<MockResponse> {
    state.recorder.as_ref()?;
    let token = state.settings.token.as_ref();
    if token.is_some_and(|token| token.is_in(head)) {
        return None;
    }
    let reason = check_local(head, peer, "the recorder").err()?;
    let code = StatusCode::NotAuthorized;
    Some(MockResponse::mock_error(403, code, "record", reason))
}

/// Returns the credentials of a request to the recorder: those that the server accepts, or with the
/// token those of the caller.
///
/// # Errors
/// When the request has neither the token nor the credentials that the recorder was started with.
/// Only such a caller may spend the account's money.
#[cfg(feature = "record")]
fn recording_authorization(
    replay: &Replay,
    token: Option<&Token>,
    head: &Parts,
) -> Result<Option<HeaderValue>, Box<MockResponse>> {
    let given = head.headers.get(AUTHORIZATION);
    let own = match &replay.credentials {
        AcceptedCredentials::Exactly { header, .. } => HeaderValue::try_from(header).ok(),
        AcceptedCredentials::Any => None,
    };
    if token.is_some_and(|token| token.is_in(head)) {
        return Ok(own.or_else(|| given.cloned()));
    }
    let is_authorized = replay.is_authorized(given.and_then(|it| it.to_str().ok()));
    if own.is_some() && is_authorized {
        return Ok(own);
    }
    let detail = match token {
        Some(_) => {
            format!("the recorder requires the token: send it as the header `{TOKEN_HEADER}`")
        }
        None => "the recorder accepts only the credentials that it was started with".to_owned(),
    };
    let code = StatusCode::NotAuthorized;
    Err(Box::new(MockResponse::envelope_error(
        code,
        code.message(),
        "auth",
        Some(detail),
    )))
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
    authorization: Option<HeaderValue>,
) -> MockResponse {
    let request = ApiRequest {
        authorization: authorization.as_ref().and_then(|it| it.to_str().ok()),
        ..call.api_request()
    };
    if !recorder.refreshes()
        && let Some(response) = replay.fixture_response(session, &request)
    {
        return response;
    }
    let incoming = crate::record::IncomingRequest {
        method: request.method,
        path: request.path,
        query: call.head.uri.query(),
        authorization: authorization.as_ref(),
        body: &call.body.bytes,
    };
    recorder.respond(session, &incoming).await
}

/// Reports misses, logs the call, and turns its response into HTTP.
fn write(
    settings: &Settings,
    session: &Session,
    call: &Call<'_>,
    response: MockResponse,
    end: &EndSignal,
) -> Response<MockBody> {
    if let Some(report) = &settings.report_miss {
        response.misses.iter().for_each(|miss| report(miss));
    }
    session.request_log.add(&NewEntry {
        method: call.head.method.as_str(),
        path: call.path_and_query(),
        body: &call.body.bytes,
        status: response.status,
        source: response.source.clone(),
        detail: response.detail.as_deref(),
    });
    let coding = ContentCoding::accepted_by(header(call.head, ACCEPT_ENCODING));
    with_fault(response, coding, call.effects.fault, end)
}

#[cfg(test)]
mod tests {
    use dataforseo_models::Date;

    use super::*;
    use crate::fixtures::{Embedded, Store};
    use crate::http::listen::MAX_CONNECTIONS;
    use crate::replay::{AcceptedCredentials, OnMiss};
    use crate::session::Limits;

    const AUTHORIZED: &str = "Basic bG9naW46cGFzc3dvcmQ=";

    fn replay() -> Replay {
        Replay {
            store: Arc::new(Store::new(Embedded::Excluded)),
            credentials: AcceptedCredentials::Any,
            clock: Arc::new(|| Date::constant(2026, 3, 31)),
            on_miss: OnMiss::Error,
        }
    }

    fn settings() -> Settings {
        Settings {
            embedded: Embedded::Excluded,
            folders: Vec::new(),
            texts: Vec::new(),
            request_log_size: 8,
            limits: None,
            seed: 0,
            admin: false,
            token: None,
            fault_header: true,
            report_miss: None,
            rules: Vec::new(),
            max_connections: MAX_CONNECTIONS,
            miss_count: Arc::default(),
            log_bytes: Arc::default(),
        }
    }

    fn head(headers: &[(&'static str, &'static str)]) -> Parts {
        let mut request = Request::new(());
        for (name, value) in headers {
            let value = HeaderValue::from_static(value);
            request.headers_mut().insert(*name, value);
        }
        request.into_parts().0
    }

    fn call(head: &Parts, fault: Option<Fault>) -> Call<'_> {
        Call {
            endpoint: None,
            head,
            path: "/",
            body: ReadBody::default(),
            effects: Effects {
                fault,
                ..Effects::default()
            },
        }
    }

    #[test]
    fn the_header_precedes_the_rules() {
        let session = Session::new(8, None, 0);
        session.add_rule("** cut:3".parse().unwrap());
        let planned = |headers: &[_], settings: &Settings| {
            PlannedFault::of(&session, settings, &head(headers), "/")
        };
        let rule = planned(&[], &settings());
        assert_eq!(rule.effects.fault, Some(Fault::Cut(3)));
        assert_eq!(rule.read_limit(), ReadLimit::Whole);
        let requested = planned(&[(FAULT_HEADER, "reset_reading:7")], &settings());
        assert_eq!(requested.read_limit(), ReadLimit::FirstBytes(7));
        let invalid = planned(&[(FAULT_HEADER, "nonsense")], &settings());
        assert!(invalid.header_error.is_some());
        let off = Settings {
            fault_header: false,
            ..settings()
        };
        let ignored = planned(&[(FAULT_HEADER, "reset")], &off);
        assert_eq!(ignored.effects.fault, Some(Fault::Cut(3)));
    }

    #[test]
    fn a_request_that_the_server_rejects() {
        let memory = BodyMemory::new(0);
        let status = |body, error| {
            let checked = check_request(body, &memory, error);
            checked.map(|body| body.bytes).map_err(|it| it.status)
        };
        let error = || "nonsense".parse::<Fault>().err();
        assert_eq!(status(Err(BodyError::TooLarge), error()), Err(413));
        assert_eq!(status(Err(BodyError::NoMemory), None), Err(503));
        assert_eq!(status(Err(BodyError::TooSlow), None), Err(408));
        assert_eq!(status(Ok(ReadBody::default()), error()), Err(400));
        assert_eq!(status(Ok(ReadBody::default()), None), Ok(Bytes::new()));
    }

    #[test]
    fn unauthenticated_requests_do_not_count_against_the_limits() {
        let limits = Limits {
            calls_per_minute: 1,
            simultaneous_calls: 9,
        };
        let session = Session::new(8, Some(limits), 0);
        let rejected = |authorization: Option<&'static str>| {
            let headers: Vec<_> = authorization
                .map(|it| ("authorization", it))
                .into_iter()
                .collect();
            match rate_limit(&replay(), &session, &call(&head(&headers), None)) {
                Admission::Admitted(permit) => Err(permit.is_some()),
                Admission::Rejected(code) => Ok(code),
            }
        };
        assert_eq!(rejected(None), Err(false));
        assert_eq!(rejected(Some(AUTHORIZED)), Err(true));
        assert_eq!(
            rejected(Some(AUTHORIZED)),
            Ok(StatusCode::RateLimitExceeded)
        );
        assert_eq!(rejected(None), Err(false));
    }

    #[tokio::test]
    async fn a_connection_ends_as_its_fault_says() {
        let session = Session::new(8, None, 0);
        let head = head(&[]);
        for (fault, expected) in [
            (Fault::Reset, ConnectionEnd::Reset),
            (Fault::ResetReading(0), ConnectionEnd::Reset),
            (Fault::Empty, ConnectionEnd::Orderly),
        ] {
            let end = EndSignal::default();
            let ended = end_connection(&session, &call(&head, Some(fault)), &end).await;
            assert!(ended.is_err());
            assert_eq!(end.get(), expected, "{fault}");
        }
        let details: Vec<_> = session
            .request_log
            .requests()
            .into_iter()
            .map(|it| it.detail)
            .collect();
        let expected = ["reset", "reset_reading:0", "empty"].map(|it| Some(it.to_owned()));
        assert_eq!(details, expected);
    }

    #[test]
    fn a_response_is_logged_and_written() {
        let session = Session::new(8, None, 0);
        let head = head(&[("accept-encoding", "gzip")]);
        let long = || MockResponse::new(200, "x".repeat(5000), "fixture");
        let end = EndSignal::default();
        let written = write(&settings(), &session, &call(&head, None), long(), &end);
        assert_eq!(written.headers()["content-encoding"], "gzip");
        assert_eq!(written.headers()["x-mock-source"], "fixture");
        let cut = Some(Fault::Cut(10));
        let cut = write(&settings(), &session, &call(&head, cut), long(), &end);
        assert!(!cut.headers().contains_key("content-encoding"));
        assert_eq!(cut.headers()["content-length"], "5000");
        assert_eq!(cut.body().remaining().len(), 10);
        let requests = session.request_log.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(
            (requests[0].status, requests[0].source.as_str()),
            (200, "fixture")
        );
    }
}
