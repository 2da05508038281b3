//! The replay: a pure function from a request to its response.

mod credentials;
mod fault;
mod miss;
mod request;
mod response;
mod rules;

use std::sync::Arc;

use dataforseo_models::{Date, Method, Mode, StatusCode};
use dataforseo_synthetic::{Exchange, PostedTask, SyntheticCase};
use http::HeaderValue;
use serde_json::Value;

pub(crate) use self::credentials::AcceptedCredentials;
use self::fault::{FaultEffect, apply_patches, effect_of};
use self::miss::{REPEAT_ADVICE, all_sent, build_miss, miss_response, request_miss};
pub(crate) use self::request::ApiRequest;
use self::request::{ParsedRequest, shown_path};
pub(crate) use self::response::MockResponse;
use self::response::TaskOutcome;
use crate::endpoints::{self, EndpointIndex, did_you_mean};
use crate::fixtures::{Fixture, LookupKey, Store};
use crate::session::{Effects, Fault, MissReason, Patch, Session};
use crate::synthetic::{self, SyntheticFixture};

pub(crate) type Clock = Arc<dyn Fn() -> Date + Send + Sync>;

/// Everything that responses are made from.
pub(crate) struct Replay {
    pub(crate) store: Arc<Store>,
    pub(crate) credentials: AcceptedCredentials,
    pub(crate) clock: Clock,
    pub(crate) on_miss: OnMiss,
}

/// The response to a request that matches no fixture and breaks no documented rule.
///
/// Pass it to [`Builder::on_miss`](crate::Builder::on_miss).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnMiss {
    /// HTTP 404. The message states where the request differs from the nearest fixture.
    #[default]
    Error,
    /// The endpoint's example, with the request's tasks echoed in `data`.
    ///
    /// An example is one of your own fixtures with a successful response, or else a synthetic
    /// response, which is generated from the spec for the task. The example of a bulk endpoint has
    /// one row per target of the task.
    Example,
}

/// The result of a look-up that found a fixture for the whole request.
enum Recorded<'a> {
    Response(Box<MockResponse>),
    /// All responses of the fixture were sent.
    Exhausted(&'a Fixture),
}

impl Replay {
    /// Returns a replay that differs in its store only.
    pub(crate) fn with_store(&self, store: Arc<Store>) -> Self {
        Self {
            store,
            credentials: self.credentials.clone(),
            clock: Arc::clone(&self.clock),
            on_miss: self.on_miss,
        }
    }

    /// Returns whether the value of an `Authorization` header is accepted.
    pub(crate) fn is_authorized(&self, header: Option<&str>) -> bool {
        self.credentials.accept(header)
    }

    /// Returns the response to a request, changed by the effects of the session's rules.
    ///
    /// Faults of the connection change nothing here: the server applies them when it writes.
    pub(crate) fn respond(
        &self,
        session: &Session,
        request: &ApiRequest<'_>,
        effects: &Effects,
    ) -> MockResponse {
        let patches = &effects.patches;
        match effects.fault {
            Some(fault) => self.respond_with_fault(session, request, fault, patches),
            None => {
                let response = self.respond_without_rules(session, request);
                apply_patches(session, request, response, patches)
            }
        }
    }

    /// Returns the response to a request with a fault. Error responses are not patched.
    fn respond_with_fault(
        &self,
        session: &Session,
        request: &ApiRequest<'_>,
        fault: Fault,
        patches: &[Patch],
    ) -> MockResponse {
        let (index, change) = match effect_of(fault) {
            FaultEffect::Response(response) => return response,
            FaultEffect::ChangeTasks(index, change) => (index, change),
            FaultEffect::Unchanged => {
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
        if let Some(error) = rules::too_many_tasks(&parsed) {
            return Err(Box::new(error));
        }
        // A call that fails does not advance a sequence and adds no miss.
        let session = &Session::dry_run();
        if let Some(Recorded::Response(response)) = self.recorded(session, &parsed) {
            return Ok(*response);
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

    /// Returns the response that a request with valid credentials would get. Changes nothing.
    pub(crate) fn dry_run(&self, method: &str, path: &str, body: &[u8]) -> MockResponse {
        let replay = Self {
            credentials: AcceptedCredentials::Any,
            ..self.with_store(Arc::clone(&self.store))
        };
        let request = ApiRequest {
            method,
            path,
            endpoint: endpoints::find(path.trim_end_matches('/')),
            authorization: Some("Basic bW9jazptb2Nr"),
            content_encoding: None,
            body,
        };
        replay.respond(&Session::dry_run(), &request, &Effects::default())
    }

    fn respond_without_rules(&self, session: &Session, request: &ApiRequest<'_>) -> MockResponse {
        if let Some(response) = self.fast_response(session, request) {
            return response;
        }
        let parsed = match self.parse(session, request) {
            Ok(parsed) => parsed,
            Err(response) => return *response,
        };
        match self.recorded(session, &parsed) {
            Some(Recorded::Response(response)) => return *response,
            Some(Recorded::Exhausted(fixture)) => {
                let message = format!("{}; {REPEAT_ADVICE}", all_sent(fixture));
                let reason = MissReason::SequenceExhausted;
                return request_miss(session, request, reason, message);
            }
            None => {}
        }
        if let Some(error) = rules::too_many_tasks(&parsed) {
            return error;
        }
        match self.task_by_task(session, &parsed) {
            Some(response) => response,
            None => {
                let miss = build_miss(&self.store, &parsed, &parsed.tasks);
                miss_response(session, miss)
            }
        }
    }

    /// Returns the response of the server's own fixture without a `match`, if the request is in
    /// order. This covers nearly every request of nearly every test, without parsing the body into
    /// a value.
    fn fast_response(&self, session: &Session, request: &ApiRequest<'_>) -> Option<MockResponse> {
        let endpoint = request.endpoint?;
        let posts = endpoint.info().method == Method::Post && request.method == "POST";
        if !posts
            || request.content_encoding.is_some()
            || !self.is_authorized(request.authorization)
        {
            return None;
        }
        let path = request.path.trim_end_matches('/');
        let fixture = self.store.find_by_body(endpoint, path, request.body)?;
        let response = session.next_response(&fixture)?;
        Some(MockResponse::from_fixture(&fixture, response))
    }

    /// Checks credentials, path, method and body. Returns the error response if one is wrong.
    fn parse<'a>(
        &self,
        session: &Session,
        request: &ApiRequest<'a>,
    ) -> Result<ParsedRequest<'a>, Box<MockResponse>> {
        if !self.is_authorized(request.authorization) {
            let code = StatusCode::NotAuthorized;
            let error = MockResponse::envelope_error(code, code.message(), "auth", None);
            return Err(Box::new(error));
        }
        let path = request.path.trim_end_matches('/');
        let miss = |reason, message| Err(Box::new(request_miss(session, request, reason, message)));
        let Some(endpoint) = request.endpoint else {
            let hint = did_you_mean(path);
            let message = format!("unknown endpoint {}{hint}", shown_path(request.path));
            return miss(MissReason::UnknownPath, message);
        };
        let info = endpoint.info();
        let method = info.method.as_str();
        if method != request.method {
            let message = format!("{} requires the method {method}", info.path);
            return miss(MissReason::Method, message);
        }
        let tasks = match info.method {
            Method::Get => Value::Null,
            Method::Post => rules::parse_tasks(request)?,
        };
        Ok(ParsedRequest {
            endpoint,
            path,
            tasks,
        })
    }

    /// Returns the response of fixtures alone, for the whole request or for each of its tasks.
    #[cfg(feature = "record")]
    pub(crate) fn fixture_response(
        &self,
        session: &Session,
        request: &ApiRequest<'_>,
    ) -> Option<MockResponse> {
        // In a dry run a request that is not in order leaves no miss: it is not redacted yet.
        let parsed = self.parse(&Session::dry_run(), request).ok()?;
        match self.recorded(session, &parsed) {
            Some(Recorded::Response(response)) => return Some(*response),
            Some(Recorded::Exhausted(fixture)) => {
                let code = StatusCode::NotFound;
                let detail = all_sent(fixture);
                return Some(MockResponse::mock_error(404, code, "miss", detail));
            }
            None => {}
        }
        let tasks = parsed.task_list();
        let has_fixture = |task: &Value| self.task_fixture(&parsed, task).is_some();
        if tasks.len() < 2
            || !tasks.iter().all(has_fixture)
            || rules::too_many_tasks(&parsed).is_some()
        {
            return None;
        }
        self.task_by_task(session, &parsed)
    }

    /// Returns the response of the fixture for the whole request.
    fn recorded(&self, session: &Session, request: &ParsedRequest<'_>) -> Option<Recorded<'_>> {
        let fixture = self.store.find(request.endpoint, &request.key())?;
        if let Some(synthetic) = fixture.synthetic {
            let task = request.response_tasks().first().unwrap_or(&Value::Null);
            let name = fixture.name.clone();
            let outcome = self.synthetic(session, request, task, 0, synthetic.case, name)?;
            let response = MockResponse::from_tasks(request, &[outcome]);
            return Some(Recorded::Response(Box::new(response)));
        }
        Some(match session.next_response(fixture) {
            Some(response) => {
                let response = MockResponse::from_fixture(fixture, response);
                Recorded::Response(Box::new(response))
            }
            None => Recorded::Exhausted(fixture),
        })
    }

    /// Returns a synthetic outcome of a task. `source` is for the header `x-mock-source`.
    fn synthetic(
        &self,
        session: &Session,
        request: &ParsedRequest<'_>,
        task: &Value,
        index: usize,
        case: SyntheticCase,
        source: String,
    ) -> Option<TaskOutcome<'_>> {
        let info = request.endpoint.info();
        let path = request.path;
        let (posted, ready) = match info.mode {
            Mode::TaskGet => (session.fetch_task(path.rsplit('/').next()?), None),
            Mode::TasksReady => (None, session.ready_tasks(path)),
            _ => (None, None),
        };
        let exchange = Exchange {
            path,
            task: posted.as_ref().map_or(task, |posted| &posted.task),
            index,
            case,
            today: (self.clock)(),
            ready: ready.as_deref(),
        };
        let response = synthetic::response_task(request.endpoint, &exchange)?;
        if info.mode == Mode::TaskPost
            && let Some(Value::String(id)) = response.get("id")
        {
            session.add_posted(PostedTask {
                id: id.clone(),
                path: path.to_owned(),
                task: task.clone(),
            });
        }
        Some(TaskOutcome::Synthetic(source, response))
    }

    /// Returns a response made task by task: fixtures first, then rules, then the example. Returns
    /// `None` if every task is a miss.
    fn task_by_task(&self, session: &Session, request: &ParsedRequest<'_>) -> Option<MockResponse> {
        let tasks = request.response_tasks();
        let today = (self.clock)();
        let outcomes: Vec<TaskOutcome<'_>> = tasks
            .iter()
            .enumerate()
            .map(|(index, task)| self.task_outcome(session, request, (index, task), today))
            .collect();
        if outcomes
            .iter()
            .all(|it| matches!(it, TaskOutcome::Missed(_)))
        {
            return None;
        }
        let mut response = MockResponse::from_tasks(request, &outcomes);
        for (index, (task, outcome)) in tasks.iter().zip(&outcomes).enumerate() {
            if let TaskOutcome::Missed(reason) = outcome {
                let mut miss = build_miss(&self.store, request, &single_task(task));
                miss.message = format!("task {index}: {reason}; {}", miss.message);
                response.misses.push(session.add_miss(miss));
            }
        }
        Some(response)
    }

    /// Returns the fixture for one task, as if it were sent alone.
    fn task_fixture(&self, request: &ParsedRequest<'_>, task: &Value) -> Option<&Fixture> {
        let tasks = single_task(task);
        let key = LookupKey::new(request.path, &tasks);
        self.store.find(request.endpoint, &key).map(Arc::as_ref)
    }

    fn task_outcome(
        &self,
        session: &Session,
        request: &ParsedRequest<'_>,
        (index, task): (usize, &Value),
        today: Date,
    ) -> TaskOutcome<'_> {
        let missed = || TaskOutcome::Missed("no fixture for it".to_owned());
        // The fixture for a single task was looked up with the whole request.
        let is_one_of_several = request.task_list().len() > 1;
        if is_one_of_several && let Some(fixture) = self.task_fixture(request, task) {
            if let Some(synthetic) = fixture.synthetic {
                let name = fixture.name.clone();
                let outcome = self.synthetic(session, request, task, index, synthetic.case, name);
                return outcome.unwrap_or_else(missed);
            }
            return match session.next_response(fixture) {
                Some(response) => TaskOutcome::Recorded(fixture, response),
                None => TaskOutcome::Missed(all_sent(fixture)),
            };
        }
        if !task.is_null()
            && let Some(rejection) = rules::reject(request.endpoint, task, today)
        {
            return TaskOutcome::Rejected(rejection);
        }
        if self.on_miss == OnMiss::Error {
            return missed();
        }
        match self.example(request.endpoint, task) {
            Some(Example::Own(fixture)) => TaskOutcome::Example(fixture),
            Some(Example::Synthetic(case)) => {
                let name = SyntheticFixture {
                    endpoint: request.endpoint,
                    case,
                };
                let source = format!("example {}", name.name());
                let outcome = self.synthetic(session, request, task, index, case, source);
                outcome.unwrap_or_else(missed)
            }
            None => missed(),
        }
    }

    /// Returns the endpoint's example for a task: by preference the one with the same tag, and an
    /// own fixture rather than a synthetic response.
    fn example(&self, endpoint: EndpointIndex, task: &Value) -> Option<Example<'_>> {
        let own = || self.store.own_of(endpoint).map(Arc::as_ref);
        let examples = || own().filter(|fixture| fixture.is_example());
        let has_embedded = self.store.has_embedded();
        if let Some(tag) = task.get("tag").filter(|tag| !tag.is_null()) {
            let tagged = examples().filter(|fixture| fixture.tag() == Some(tag));
            if let Some(fixture) = tagged.min_by_key(|fixture| fixture.name.clone()) {
                return Some(Example::Own(fixture));
            }
            if let Some(fixture) = SyntheticFixture::find(endpoint, tag).filter(|_| has_embedded) {
                return Some(Example::Synthetic(fixture.case));
            }
        }
        let untagged = examples().filter(|fixture| fixture.tag().is_none());
        match untagged.min_by_key(|fixture| fixture.name.clone()) {
            Some(fixture) => Some(Example::Own(fixture)),
            None if has_embedded => Some(Example::Synthetic(SyntheticCase::Plain)),
            None => {
                let any = examples().min_by_key(|fixture| fixture.name.clone());
                any.map(Example::Own)
            }
        }
    }
}

/// The example of an endpoint.
enum Example<'a> {
    /// A fixture of the server's own.
    Own(&'a Fixture),
    /// A synthetic response.
    Synthetic(SyntheticCase),
}

/// Returns the body of a request with one task.
fn single_task(task: &Value) -> Value {
    Value::Array(vec![task.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::Embedded;

    fn replay(on_miss: OnMiss) -> Replay {
        Replay {
            store: Arc::new(Store::new(Embedded::Included)),
            credentials: AcceptedCredentials::Any,
            clock: Arc::new(|| Date::constant(2026, 3, 31)),
            on_miss,
        }
    }

    #[cfg(feature = "backlinks")]
    #[test]
    fn a_request_without_a_fixture_is_a_miss_or_gets_the_example() {
        let path = "/v3/backlinks/summary/live";
        let respond = |on_miss| replay(on_miss).dry_run("POST", path, b"[{\"target\": \"a.org\"}]");
        let miss = respond(OnMiss::Error);
        assert_eq!((miss.status, miss.misses.len()), (404, 1));
        let example = respond(OnMiss::Example);
        assert_eq!((example.status, example.misses.len()), (200, 0));
        assert!(example.source.to_str().unwrap().starts_with("example "));
    }
}
