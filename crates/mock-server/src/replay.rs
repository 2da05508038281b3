//! What a request is answered with. No I/O: a function of the request.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dataforseo_models::{
    Date, EndpointInfo, Method, Severity, StatusCode, Violation, ViolationKind, check,
};
use serde_json::Value;

use crate::answer::{Outcome, Refusal, Reply, TaskChange};
use crate::canonical::{count_differences, differences};
use crate::fault::{Fault, api_code};
use crate::fixture::Fixture;
use crate::miss::{KEPT, Miss, MissReason, NEAREST, Near, in_a_line};
use crate::sanitize::{without_addresses, without_secrets};
use crate::session::{Effects, Session};
use crate::store::{Store, Wanted, did_you_mean, endpoint};
use crate::tokens;

/// Which credentials are taken.
#[derive(Clone)]
pub(crate) enum Auth {
    /// Any, as long as they are HTTP Basic.
    Any,
    /// These: `login:password`, and the header that clients send for them.
    Exactly(String, String),
}

pub(crate) type Clock = Arc<dyn Fn() -> Date + Send + Sync>;

/// Everything that answers are made from.
pub(crate) struct Replay {
    pub(crate) store: Arc<Store>,
    pub(crate) auth: Auth,
    pub(crate) clock: Clock,
    pub(crate) on_miss: OnMiss,
}

/// What a request is answered with that no fixture has and no rule refuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnMiss {
    /// 404, with what the nearest fixture has otherwise.
    #[default]
    Error,
    /// The endpoint's example: the fixture of the documentation, or the one made up from the spec,
    /// with the request's own tasks echoed in `data`, and a row for each target of a bulk task.
    Example,
}

/// What is looked at of a request.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The place of its endpoint in the table, if it has one.
    pub(crate) at: Option<usize>,
    pub(crate) authorization: Option<&'a str>,
    /// The header `content-encoding`.
    pub(crate) encoding: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl Replay {
    /// The answer to a request, as the API gives it, and after that what the rules of the session
    /// do to it. Faults of the connection are left to whoever has one.
    pub(crate) fn answer(
        &self,
        session: &Session,
        request: &Request<'_>,
        effects: &Effects,
    ) -> Reply {
        match effects.fault {
            Some(fault) => self.faulty(session, request, effects, fault),
            None => self.patched(session, request, &effects.patches),
        }
    }

    fn faulty(
        &self,
        session: &Session,
        request: &Request<'_>,
        effects: &Effects,
        fault: Fault,
    ) -> Reply {
        let envelope = |status: Option<u16>, code: StatusCode| {
            let message = crate::answer::message_of(code);
            let reply = Reply::envelope(code, message, "fault", None);
            Reply {
                status: status.unwrap_or(reply.status),
                detail: Some(fault.to_string()),
                ..reply
            }
        };
        let (index, change) = match fault {
            Fault::Http(status) => {
                // From code it can be any number: what is none of the API's is its worst.
                let known = api_code(status).map(|code| (status, code));
                let (status, code) = known.unwrap_or((500, StatusCode::InternalError));
                return envelope(Some(status), code);
            }
            Fault::Api(code) => return envelope(None, code),
            Fault::Proxy(status) => return proxy(status, fault),
            Fault::Task(code, index) => (
                index,
                TaskChange::Fail {
                    code,
                    hidden: false,
                },
            ),
            Fault::HiddenTask(code, index) => (index, TaskChange::Fail { code, hidden: true }),
            Fault::Pending(_) => {
                let code = StatusCode::TaskInQueue;
                (
                    None,
                    TaskChange::Fail {
                        code,
                        hidden: false,
                    },
                )
            }
            Fault::NoResult => (None, TaskChange::NoResult),
            // The connection's: the answer begins as it would.
            _ => return self.patched(session, request, &effects.patches),
        };
        let base = match self.base_for_tasks(session, request) {
            Ok(base) => base,
            Err(reply) => return *reply,
        };
        let detail = Some(fault.to_string());
        match base.change_tasks(index, change) {
            Some(reply) => {
                let reply = Reply {
                    detail,
                    source: http::HeaderValue::from_static("fault"),
                    ..reply
                };
                patch(session, request, reply, &effects.patches)
            }
            None => Reply {
                detail: Some(format!(
                    "{fault} does not apply: the answer has no such task"
                )),
                ..base
            },
        }
    }

    /// An answer with tasks for a fault to change: that of a fixture or an example, or else tasks
    /// without results. A request that breaks a rule stays refused.
    fn base_for_tasks(
        &self,
        session: &Session,
        request: &Request<'_>,
    ) -> Result<Reply, Box<Reply>> {
        let (at, path, tasks) = self.understand(session, request)?;
        let line = endpoint(at);
        let list = list_of(&tasks);
        if let Some(refusal) = too_many(line.info, list) {
            return Err(Box::new(refusal));
        }
        // A call that fails takes no turn of a sequence, and misses nothing.
        let session = &Session::dry();
        if let Some(Ok(reply)) = self.recorded(session, at, path, &tasks) {
            return Ok(reply);
        }
        if let Ok(reply) = self.decide(session, at, path, &tasks) {
            return Ok(reply);
        }
        let asked = asked(list);
        let failed: Vec<_> = asked
            .iter()
            .map(|_| Outcome::Failed(StatusCode::Ok))
            .collect();
        Ok(Reply::tasks(
            line.info,
            line.per_target,
            path,
            asked,
            &failed,
        ))
    }

    /// The answer with values set by patches.
    fn patched(
        &self,
        session: &Session,
        request: &Request<'_>,
        patches: &[(String, String)],
    ) -> Reply {
        let reply = self.plain(session, request);
        patch(session, request, reply, patches)
    }

    /// The answer as it is without a session's rules.
    fn plain(&self, session: &Session, request: &Request<'_>) -> Reply {
        if let Some(reply) = self.quick(session, request) {
            return reply;
        }
        let (at, path, tasks) = match self.understand(session, request) {
            Ok(understood) => understood,
            Err(reply) => return *reply,
        };
        match self.recorded(session, at, path, &tasks) {
            Some(Ok(reply)) => return reply,
            Some(Err(fixture)) => return exhausted(session, request, fixture),
            None => {}
        }
        let list = list_of(&tasks);
        if let Some(refusal) = too_many(endpoint(at).info, list) {
            return refusal;
        }
        match self.decide(session, at, path, &tasks) {
            Ok(reply) => reply,
            Err(()) => not_answered(session, self.missed(at, path, &tasks, None)),
        }
    }

    /// The answer of a fixture of the server's own for which everything counts, to a request that is
    /// in order: nearly every request of nearly every test, so it is looked for first, and without
    /// making a value of the body.
    fn quick(&self, session: &Session, request: &Request<'_>) -> Option<Reply> {
        let at = request.at?;
        let posts = endpoint(at).info.method == Method::Post && request.method == "POST";
        if !posts || request.encoding.is_some() || !self.authorized(request.authorization) {
            return None;
        }
        let path = request.path.trim_end_matches('/');
        let fixture = self.store.strict(at, path, request.body)?;
        let response = session.next_response(&fixture)?;
        Some(Reply::fixture(&fixture, response))
    }

    /// The endpoint, the path and the tasks of a request, or why it cannot be answered.
    fn understand<'a>(
        &self,
        session: &Session,
        request: &Request<'a>,
    ) -> Result<(usize, &'a str, Value), Box<Reply>> {
        if !self.authorized(request.authorization) {
            let code = StatusCode::NotAuthorized;
            let refusal = Reply::envelope(code, code.message(), "auth", None);
            return Err(Box::new(refusal));
        }
        let path = request.path.trim_end_matches('/');
        let lost = |reason, message| {
            Err(Box::new(miss(
                session,
                request,
                reason,
                message,
                Vec::new(),
            )))
        };
        let Some(at) = request.at else {
            let message = format!("no endpoint {}{}", shown(request.path), did_you_mean(path));
            return lost(MissReason::UnknownPath, message);
        };
        let info = endpoint(at).info;
        let method = info.method.as_str();
        if method != request.method {
            let message = format!("{} is called with {method}", info.path);
            return lost(MissReason::Method, message);
        }
        if info.method == Method::Get {
            return Ok((at, path, Value::Null));
        }
        match tasks(request) {
            Ok(tasks) => Ok((at, path, tasks)),
            Err((code, detail)) => {
                let refusal = Reply::envelope(code, code.message(), "rules", Some(detail));
                Err(Box::new(refusal))
            }
        }
    }

    /// The answer of fixtures alone, for the whole request or for each of its tasks.
    #[cfg(feature = "record")]
    pub(crate) fn fixture(&self, session: &Session, request: &Request<'_>) -> Option<Reply> {
        // What cannot be understood is not kept as a miss: it is not without secrets yet.
        let (at, path, tasks) = self.understand(&Session::dry(), request).ok()?;
        match self.recorded(session, at, path, &tasks) {
            Some(Ok(reply)) => return Some(reply),
            // The sequence is at its end, which is what its fixture says.
            Some(Err(fixture)) => {
                let code = StatusCode::NotFound;
                return Some(Reply::own(404, code, "miss", all_given(fixture)));
            }
            None => {}
        }
        let list = tasks.as_array().filter(|list| list.len() > 1)?;
        let known = |task: &Value| self.alone(at, path, task).is_some();
        if !list.iter().all(known) || too_many(endpoint(at).info, list).is_some() {
            return None;
        }
        self.decide(session, at, path, &tasks).ok()
    }

    /// The answer of the fixture for the whole request. `Err` if all its answers were given.
    fn recorded(
        &self,
        session: &Session,
        at: usize,
        path: &str,
        tasks: &Value,
    ) -> Option<Result<Reply, &Fixture>> {
        let fixture = self.store.find(at, &Wanted::new(path, tasks))?;
        Some(match session.next_response(fixture) {
            Some(response) => Ok(Reply::fixture(fixture, response)),
            None => Err(fixture),
        })
    }

    /// Answers a request task by task: fixtures first, then rules, then the example. `Err` if
    /// there is nothing for any of them.
    fn decide(&self, session: &Session, at: usize, path: &str, tasks: &Value) -> Result<Reply, ()> {
        let line = endpoint(at);
        let list = list_of(tasks);
        let asked = asked(list);
        let today = (self.clock)();
        let mut outcomes = Vec::with_capacity(asked.len());
        for task in asked {
            outcomes.push(self.outcome(session, at, path, task, asked.len(), today));
        }
        let nothing = outcomes.iter().all(|it| matches!(it, Outcome::Missed(_)));
        if nothing {
            return Err(());
        }
        let mut reply = Reply::tasks(line.info, line.per_target, path, asked, &outcomes);
        for (index, (task, outcome)) in asked.iter().zip(&outcomes).enumerate() {
            if let Outcome::Missed(why) = outcome {
                let miss = self.missed(at, path, &only(task), Some((index, why)));
                reply.misses.push(session.miss(miss));
            }
        }
        Ok(reply)
    }

    /// The fixture for one task of several, as if it had been sent alone.
    fn alone(&self, at: usize, path: &str, task: &Value) -> Option<&Fixture> {
        let fixture = self.store.find(at, &Wanted::new(path, &only(task)))?;
        Some(fixture.as_ref())
    }

    /// What becomes of one task of several.
    fn outcome(
        &self,
        session: &Session,
        at: usize,
        path: &str,
        task: &Value,
        of: usize,
        today: Date,
    ) -> Outcome<'_> {
        if let Some(fixture) = (of > 1).then(|| self.alone(at, path, task)).flatten() {
            return match session.next_response(fixture) {
                Some(response) => Outcome::Recorded(fixture, response),
                None => Outcome::Missed(all_given(fixture)),
            };
        }
        if let Some(refusal) = (!task.is_null()).then(|| refuse(at, task, today)).flatten() {
            return Outcome::Refused(refusal);
        }
        let example = match self.on_miss {
            OnMiss::Example => self.example(at, task),
            OnMiss::Error => None,
        };
        match example {
            Some(fixture) => Outcome::Example(fixture),
            None => Outcome::Missed("no fixture for it".to_owned()),
        }
    }

    pub(crate) fn authorized(&self, header: Option<&str>) -> bool {
        if let (Auth::Exactly(_, spelled), Some(header)) = (&self.auth, header)
            && spelled == header
        {
            return true;
        }
        let credentials = header
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok());
        let Some(given) = credentials else {
            return false;
        };
        match &self.auth {
            Auth::Any => {
                let colon = given.iter().position(|byte| *byte == b':');
                colon.is_some_and(|colon| colon > 0 && colon + 1 < given.len())
                    && std::str::from_utf8(&given).is_ok()
            }
            Auth::Exactly(wanted, _) => *wanted.as_bytes() == given,
        }
    }

    /// The fixture that stands for all others: the one with the task's tag, if there is one.
    fn example(&self, at: usize, task: &Value) -> Option<&Fixture> {
        let best = |fixture: &&Fixture| {
            let documented = fixture.name.ends_with("documentation.json");
            let made_up = fixture.name.ends_with("synthetic.json");
            (
                !fixture.embedded,
                documented,
                made_up,
                std::cmp::Reverse(fixture.name.clone()),
            )
        };
        let all = || self.store.of(at).map(Arc::as_ref);
        let good = || all().filter(|fixture| fixture.is_example());
        let tag = task.get("tag").filter(|tag| !tag.is_null());
        let tagged = good().filter(|fixture| tag.is_some() && fixture.tag() == tag);
        let plain = || good().filter(|fixture| fixture.tag().is_none());
        tagged
            .max_by_key(best)
            .or_else(|| plain().max_by_key(best))
            .or_else(|| good().max_by_key(best))
    }

    /// What is told of tasks that nothing answers; of one of several, its index and why.
    fn missed(&self, at: usize, path: &str, tasks: &Value, one: Option<(usize, &str)>) -> Miss {
        let tasks = without_secrets(tasks.clone());
        let method = endpoint(at).info.method.as_str();
        let candidates = self
            .store
            .of(at)
            .filter(|fixture| !tasks.is_null() || fixture.path == path);
        // Counted first, as there can be many: only the nearest are looked at closely.
        let mut counted: Vec<(usize, &Fixture)> = candidates
            .map(|fixture| {
                let (theirs, ours) = sides(fixture, &tasks);
                (
                    count_differences(Some(&theirs), Some(&ours)),
                    fixture.as_ref(),
                )
            })
            .collect();
        counted.sort_by(|(a, first), (b, second)| a.cmp(b).then(first.name.cmp(&second.name)));
        counted.truncate(NEAREST);
        let nearest: Vec<Near> = counted
            .into_iter()
            .map(|(count, fixture)| {
                let (theirs, ours) = sides(fixture, &tasks);
                Near {
                    fixture: fixture.name.clone(),
                    differences: differences(&theirs, &ours, KEPT),
                    count,
                }
            })
            .collect();
        let (reason, message) = match nearest.first() {
            None => (
                MissReason::NoFixture,
                format!("no fixture for {}", shown(path)),
            ),
            Some(nearest) => (MissReason::RequestDiffers, in_a_line(nearest)),
        };
        let message = match one {
            Some((index, why)) => format!("task {index}: {why}; {message}"),
            None => message,
        };
        Miss {
            number: 0,
            method: method.to_owned(),
            path: shown(path),
            reason,
            message,
            nearest,
            record: Some(record_command(method, path, &tasks)),
        }
    }
}

/// A fixture's tasks and those of a request, as far as they count.
fn sides<'a>(fixture: &'a Fixture, tasks: &'a Value) -> (Cow<'a, Value>, Cow<'a, Value>) {
    match fixture.rule.is_strict() {
        true => (Cow::Borrowed(&fixture.request), Cow::Borrowed(tasks)),
        false => (
            Cow::Owned(fixture.rule.apply(&fixture.request)),
            Cow::Owned(fixture.rule.apply(tasks)),
        ),
    }
}

/// The command that records a request, quoted for a shell. What cannot be quoted is left to the
/// reader.
fn record_command(method: &str, path: &str, tasks: &Value) -> String {
    let quoted = |text: &str| (!text.contains('\'')).then(|| format!(" '{text}'"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-.".contains(&byte);
    let path = shown(path);
    let path = match path.bytes().all(plain) {
        true => format!(" {path}"),
        false => quoted(&path).unwrap_or_else(|| " PATH".to_owned()),
    };
    let body = match tasks {
        Value::Null => String::new(),
        tasks => {
            let text = tasks.to_string();
            let short = Some(text).filter(|text| text.len() <= 2000);
            short
                .and_then(|text| quoted(&text))
                .unwrap_or_else(|| " BODY".to_owned())
        }
    };
    format!("dataforseo-mock-server record --to FOLDER {method}{path}{body}")
}

/// An answer with values set by patches. One that is a miss has nothing to set.
fn patch(
    session: &Session,
    request: &Request<'_>,
    mut reply: Reply,
    patches: &[(String, String)],
) -> Reply {
    if patches.is_empty() || reply.source == "miss" || reply.source == "path" {
        return reply;
    }
    let Ok(mut text) = String::from_utf8(reply.body.to_vec()) else {
        return reply;
    };
    for (pointer, value) in patches {
        match tokens::set(&text, pointer, value) {
            Ok(new) => text = new,
            // A fault may have taken the place away that the patch is for.
            Err(_) if reply.source == "fault" => {}
            Err(reason) => {
                let source = reply.source.to_str().unwrap_or_default();
                let message = format!("the patch of the answer of {source}: {reason}");
                return miss(session, request, MissReason::Patch, message, Vec::new());
            }
        }
    }
    reply.body = text.into();
    reply
}

/// The tasks of a request; none for a GET.
fn list_of(tasks: &Value) -> &[Value] {
    tasks.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What is answered: the tasks, or for a GET one that is null. There is a task in its answer, too,
/// and nothing to refuse.
fn asked(list: &[Value]) -> &[Value] {
    match list {
        [] => &[Value::Null],
        list => list,
    }
}

/// A request of one task.
fn only(task: &Value) -> Value {
    Value::Array(vec![task.clone()])
}

/// An answer in a proxy's words.
fn proxy(status: u16, fault: Fault) -> Reply {
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
    let mut reply = Reply::new(status, body, "fault");
    let html = http::HeaderValue::from_static("text/html");
    reply.headers.push((http::header::CONTENT_TYPE, html));
    if matches!(status, 429 | 503) {
        let seconds = http::HeaderValue::from_static("1");
        reply.headers.push((http::header::RETRY_AFTER, seconds));
    }
    reply.detail = Some(fault.to_string());
    reply
}

/// A path as it may be shown.
fn shown(path: &str) -> String {
    let path: String = path.chars().take(200).collect();
    without_addresses(&path).into_owned()
}

fn all_given(fixture: &Fixture) -> String {
    let count = fixture.responses.len();
    format!("all {count} answers of {} were given", fixture.name)
}

fn exhausted(session: &Session, request: &Request<'_>, fixture: &Fixture) -> Reply {
    let message = format!(
        "{}; with `\"after\": \"repeat_last\"` the last one is repeated",
        all_given(fixture)
    );
    miss(
        session,
        request,
        MissReason::SequenceExhausted,
        message,
        Vec::new(),
    )
}

/// An answer that the API would not have given: its message says that the mock gave it.
fn miss(
    session: &Session,
    request: &Request<'_>,
    reason: MissReason,
    message: String,
    nearest: Vec<Near>,
) -> Reply {
    let path = shown(request.path);
    let method = request.method.to_owned();
    not_answered(
        session,
        Miss {
            number: 0,
            method,
            path,
            reason,
            message,
            nearest,
            record: None,
        },
    )
}

/// The answer to what nothing answers.
fn not_answered(session: &Session, miss: Miss) -> Reply {
    let source = match miss.reason {
        MissReason::UnknownPath | MissReason::Method => "path",
        _ => "miss",
    };
    let detail = miss.message.clone();
    Reply {
        misses: vec![session.miss(miss)],
        ..Reply::own(404, StatusCode::NotFound, source, detail)
    }
}

/// The refusal of a call with more tasks than it may have.
fn too_many(info: &EndpointInfo, list: &[Value]) -> Option<Reply> {
    let max = info.tasks_per_call.unwrap_or(1);
    if list.len() <= usize::try_from(max).unwrap_or(usize::MAX) {
        return None;
    }
    let code = match max {
        1 => StatusCode::OneTaskOnly,
        _ => StatusCode::TooManyTasks,
    };
    let detail = format!("{} tasks, at most {max} are allowed", list.len());
    Some(Reply::envelope(code, code.message(), "rules", Some(detail)))
}

/// The tasks of a body: a list of objects.
fn tasks(request: &Request<'_>) -> Result<Value, (StatusCode, String)> {
    let body = request.body;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err((StatusCode::EmptyPostData, "the body is empty".to_owned()));
    }
    let invalid = |detail: String| Err((StatusCode::InvalidPostData, detail));
    // Whether the API reads compressed requests is not known, so nobody should rely on it.
    if let Some(encoding) = request
        .encoding
        .filter(|it| !it.eq_ignore_ascii_case("identity"))
    {
        return invalid(format!(
            "the body is compressed ({encoding}): send it as it is"
        ));
    }
    let tasks: Value = match serde_json::from_slice(body) {
        Ok(tasks) => tasks,
        Err(error) => return invalid(format!("the body is no JSON: {error}")),
    };
    match &tasks {
        Value::Array(list) if list.is_empty() => Err((
            StatusCode::EmptyPostData,
            "the list of tasks is empty".to_owned(),
        )),
        Value::Array(list) if list.iter().all(Value::is_object) => Ok(tasks),
        _ => invalid("expected a list of tasks, each an object".to_owned()),
    }
}

/// What is wrong with a task that breaks the rules.
fn refuse(at: usize, task: &Value, today: Date) -> Option<Refusal> {
    let broken: Vec<Violation> = check(endpoint(at).info.task_rules, task, today)
        .into_iter()
        // The API takes targets that are not written as documented. A value that is not
        // documented it refuses.
        .filter(|violation| {
            violation.severity() == Severity::Error
                || matches!(violation.kind, ViolationKind::UnknownValue { .. })
        })
        .collect();
    let unknown =
        |violation: &&Violation| matches!(violation.kind, ViolationKind::UnknownField { .. });
    let first = broken.iter().find(unknown).or(broken.first())?;
    // It goes into a header, which clients limit.
    let mut details: Vec<String> = broken.iter().take(5).map(ToString::to_string).collect();
    if let Some(more @ 1..) = broken.len().checked_sub(details.len()) {
        details.push(format!("and {more} more"));
    }
    let (code, message) = match first.kind {
        ViolationKind::UnknownField { .. } => {
            let code = StatusCode::UnknownFields;
            (code, code.message().to_owned())
        }
        _ => {
            let field = first.path.split(['[', '.']).next().unwrap_or_default();
            (
                StatusCode::InvalidField,
                format!("Invalid Field: '{field}'."),
            )
        }
    };
    Some(Refusal {
        code,
        message,
        detail: details.join("; "),
    })
}
