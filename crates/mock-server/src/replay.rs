//! What a request is answered with. No I/O: a function of the request.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dataforseo_models::{
    Date, EndpointInfo, Method, Problem, Severity, StatusCode, Violation, check,
};
use serde_json::Value;

use crate::answer::{Outcome, Refusal, Reply};
use crate::canonical::{canonical, differences};
use crate::fixture::{Fixture, FixtureError};
use crate::{MockEndpoint, PerTarget};

/// Which credentials are taken.
#[derive(Clone)]
pub(crate) enum Auth {
    /// Any, as long as they are HTTP Basic.
    Any,
    /// These, as `login:password`.
    Exactly(String),
}

pub(crate) type Clock = Arc<dyn Fn() -> Date + Send + Sync>;

/// Everything that answers are made from.
pub(crate) struct Replay {
    endpoints: Vec<Endpoint>,
    auth: Auth,
    clock: Clock,
    on_miss: OnMiss,
}

/// What a request is answered with that no fixture has and no rule refuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnMiss {
    /// 404, with what the nearest fixture has otherwise.
    #[default]
    Refuse,
    /// The endpoint's example: the fixture of the documentation, or the one made up from the spec,
    /// with the request's own tasks echoed in `data`, and a row for each target of a bulk task.
    Example,
}

struct Endpoint {
    info: &'static EndpointInfo,
    per_target: Option<PerTarget>,
    /// The fixtures by the path and the canonical form of the tasks that they answer.
    fixtures: HashMap<String, Fixture>,
}

/// What is looked at of a request.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl Replay {
    pub(crate) fn new(
        table: &'static [MockEndpoint],
        embedded: bool,
        further: Vec<Fixture>,
        auth: Auth,
        clock: Clock,
        on_miss: OnMiss,
    ) -> Result<Self, FixtureError> {
        let mut replay = Self {
            endpoints: Vec::new(),
            auth,
            clock,
            on_miss,
        };
        for line in table {
            let endpoint = Endpoint {
                info: line.info,
                per_target: line.per_target,
                fixtures: HashMap::new(),
            };
            replay.endpoints.push(endpoint);
            for (name, text) in line.fixtures.iter().filter(|_| embedded) {
                let mut fixture = Fixture::parse(name, text)?;
                fixture.embedded = true;
                replay.add(fixture)?;
            }
        }
        for fixture in further {
            replay.add(fixture)?;
        }
        Ok(replay)
    }

    /// Takes a fixture in. One of the user's own takes the place of an embedded one.
    fn add(&mut self, fixture: Fixture) -> Result<(), FixtureError> {
        let nearest = self.nearest(&fixture.path);
        let refuse = |name: &str, reason: String| {
            Err(FixtureError::Format {
                name: name.to_owned(),
                reason,
            })
        };
        let mut endpoints = self.endpoints.iter_mut();
        let Some(endpoint) = endpoints.find(|it| it.info.matches(&fixture.path)) else {
            let meant = nearest.map_or(String::new(), |path| format!("; did you mean {path}?"));
            return refuse(
                &fixture.name,
                format!("no endpoint {}{meant}", fixture.path),
            );
        };
        let method = endpoint.info.method.as_str();
        if fixture.method != method {
            return refuse(
                &fixture.name,
                format!("{} is called with {method}", fixture.path),
            );
        }
        let key = key(&fixture.path, &fixture.request);
        match endpoint.fixtures.get(&key) {
            Some(first) if !first.embedded || fixture.embedded => Err(FixtureError::Duplicate {
                first: first.name.clone(),
                second: fixture.name,
            }),
            _ => {
                endpoint.fixtures.insert(key, fixture);
                Ok(())
            }
        }
    }

    pub(crate) fn answer(&self, request: &Request<'_>) -> Reply {
        if !self.authorized(request.authorization) {
            let code = StatusCode::NotAuthorized;
            return Reply::envelope(code, code.message(), "auth", None);
        }
        let path = request.path.trim_end_matches('/');
        let endpoint = match self.endpoints.iter().find(|it| it.info.matches(path)) {
            Some(endpoint) if endpoint.info.method.as_str() == request.method => endpoint,
            Some(endpoint) => {
                let detail = format!(
                    "{} is called with {}",
                    endpoint.info.path,
                    endpoint.info.method.as_str()
                );
                return miss(detail, "path");
            }
            None => {
                let meant = self.nearest(request.path);
                let meant = meant.map_or(String::new(), |path| format!("; did you mean {path}?"));
                return miss(format!("no endpoint {}{meant}", request.path), "path");
            }
        };
        if endpoint.info.method == Method::Get {
            return endpoint.answer(path, &Value::Null, (self.clock)(), self.on_miss);
        }
        match tasks(request.body) {
            Ok(tasks) => endpoint.answer(path, &tasks, (self.clock)(), self.on_miss),
            Err((code, detail)) => Reply::envelope(code, code.message(), "rules", Some(detail)),
        }
    }

    /// The path that was probably meant.
    fn nearest(&self, wrong: &str) -> Option<&'static str> {
        self.endpoints
            .iter()
            .map(|endpoint| endpoint.info.path)
            .map(|path| (strsim::damerau_levenshtein(wrong, path), path))
            .filter(|(distance, path)| *distance <= path.len() / 3)
            .min()
            .map(|(_, path)| path)
    }

    fn authorized(&self, header: Option<&str>) -> bool {
        let credentials = header
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok())
            .and_then(|decoded| String::from_utf8(decoded).ok());
        match (&self.auth, credentials) {
            (_, None) => false,
            (Auth::Any, Some(given)) => given
                .split_once(':')
                .is_some_and(|(login, password)| !login.is_empty() && !password.is_empty()),
            (Auth::Exactly(wanted), Some(given)) => *wanted == given,
        }
    }
}

/// The tasks of a body: a list of objects.
fn tasks(body: &[u8]) -> Result<Value, (StatusCode, String)> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err((StatusCode::EmptyPostData, "the body is empty".to_owned()));
    }
    let invalid = |detail: String| Err((StatusCode::InvalidPostData, detail));
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

/// What makes two requests the same.
fn key(path: &str, tasks: &Value) -> String {
    format!("{path} {}", canonical(tasks))
}

impl Endpoint {
    fn answer(&self, path: &str, tasks: &Value, today: Date, on_miss: OnMiss) -> Reply {
        if let Some(fixture) = self.fixtures.get(&key(path, tasks)) {
            return Reply {
                status: fixture.status,
                body: fixture.body.clone(),
                source: fixture.name.clone(),
                detail: None,
            };
        }
        let list = tasks.as_array().map(Vec::as_slice).unwrap_or_default();
        let max = self.info.tasks_per_call.unwrap_or(1);
        if list.len() > usize::try_from(max).unwrap_or(usize::MAX) {
            let code = if max == 1 {
                StatusCode::OneTaskOnly
            } else {
                StatusCode::TooManyTasks
            };
            let detail = format!("{} tasks, at most {max} are allowed", list.len());
            return Reply::envelope(code, code.message(), "rules", Some(detail));
        }
        // What is asked with a GET has a task in its answer, too, and nothing to refuse.
        let none = [Value::Null];
        let asked = if list.is_empty() { &none } else { list };
        let outcomes: Vec<Outcome<'_>> = asked
            .iter()
            .map(|task| {
                let sent = !task.is_null();
                if let Some(refusal) = sent.then(|| self.refuse(task, today)).flatten() {
                    return Outcome::Refused(refusal);
                }
                match on_miss {
                    OnMiss::Example => self.example(task).map(Outcome::Example),
                    OnMiss::Refuse => None,
                }
                .unwrap_or(Outcome::Missed)
            })
            .collect();
        match outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Missed))
        {
            true => self.miss(path, tasks),
            false => Reply::tasks(self.info, self.per_target, path, asked, &outcomes),
        }
    }

    /// The fixture that stands for all others: the one with the task's tag, if there is one.
    fn example(&self, task: &Value) -> Option<&Fixture> {
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
        let good = || {
            self.fixtures
                .values()
                .filter(|fixture| fixture.is_example())
        };
        let tag = task.get("tag").filter(|tag| !tag.is_null());
        let tagged = good().filter(|fixture| tag.is_some() && fixture.tag() == tag);
        let plain = || good().filter(|fixture| fixture.tag().is_none());
        tagged
            .max_by_key(best)
            .or_else(|| plain().max_by_key(best))
            .or_else(|| good().max_by_key(best))
    }

    /// What is wrong with a task that breaks the rules.
    fn refuse(&self, task: &Value, today: Date) -> Option<Refusal> {
        let broken: Vec<Violation> = check(self.info.task_rules, task, today)
            .into_iter()
            // The API takes targets that are not written as documented. A value that is not
            // documented it refuses.
            .filter(|violation| {
                violation.severity() == Severity::Error
                    || matches!(violation.problem, Problem::UnknownValue { .. })
            })
            .collect();
        let unknown =
            |violation: &&Violation| matches!(violation.problem, Problem::UnknownField { .. });
        let first = broken.iter().find(unknown).or(broken.first())?;
        // It goes into a header, which clients limit.
        let mut details: Vec<String> = broken.iter().take(5).map(ToString::to_string).collect();
        if let Some(more @ 1..) = broken.len().checked_sub(details.len()) {
            details.push(format!("and {more} more"));
        }
        let (code, message) = match first.problem {
            Problem::UnknownField { .. } => {
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

    fn miss(&self, path: &str, tasks: &Value) -> Reply {
        let nearest = self
            .fixtures
            .values()
            .filter(|fixture| !tasks.is_null() || fixture.path == path)
            .map(|fixture| (differences(&fixture.request, tasks), fixture))
            .min_by(|(a, first), (b, second)| {
                a.len().cmp(&b.len()).then(first.name.cmp(&second.name))
            });
        let detail = match nearest {
            None => format!("no fixture for {path}"),
            Some((differences, fixture)) => {
                let shown: Vec<String> = differences
                    .iter()
                    .take(3)
                    .map(ToString::to_string)
                    .collect();
                let more = match differences.len().saturating_sub(shown.len()) {
                    0 => String::new(),
                    more => format!(", and at {more} more"),
                };
                format!(
                    "no fixture for this request; the nearest, {}, differs at {}{more}",
                    fixture.name,
                    shown.join(", ")
                )
            }
        };
        miss(detail, "miss")
    }
}

/// An answer that the API would not have given: its message says that the mock gave it.
fn miss(detail: String, source: &str) -> Reply {
    let message = format!("dataforseo-mock-server: {detail}");
    Reply::envelope(StatusCode::NotFound, &message, source, Some(detail))
}
