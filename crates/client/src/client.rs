//! The client: a task goes through validation, over the wire, and comes back typed.

use std::fmt;
use std::sync::Arc;

use dataforseo_models::drift::repair;
use dataforseo_models::{
    Endpoint, EndpointInfo, Mode, Paged, Problem, RawEnvelope, RawTask, StatusClass, TaskEndpoint,
    TaskResponse, Tolerant, Violation, validate,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::answer::{Answer, Fetched, Posted, RawResponse, outcomes};
use crate::config::{ClientBuilder, Clock, ConfigError};
use crate::error::{Error, ErrorKind};
use crate::pages::Pages;
use crate::transport::Transport;

/// A client of the API. Clones share connections; one is enough for a program.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    /// What day it is, for the limits; `None` if tasks are sent as they are.
    validation: Option<Clock>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.transport.base())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Begins to make a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// A client of the production server with the credentials of the environment variables
    /// `DATAFORSEO_LOGIN` and `DATAFORSEO_PASSWORD`.
    ///
    /// # Errors
    /// When one of them is not set, or cannot be sent.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::builder().credentials_from_env()?.build()
    }

    pub(crate) fn new(transport: Transport, validation: Option<Clock>) -> Self {
        let inner = Inner {
            transport,
            validation,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Calls an endpoint with one task. The methods of the groups, such as
    /// [`backlinks`](Self::backlinks), are this with the endpoint filled in.
    ///
    /// # Errors
    /// When the task breaks documented limits, no whole answer came, or the API refused the call
    /// or the task: [`Error::kind`] tells which.
    pub async fn call<E: TaskEndpoint>(&self, task: &E::Task) -> Result<Answer<E::Result>, Error> {
        let body = self.encode::<E>(std::slice::from_ref(task))?;
        let response = self.send(E::INFO, E::INFO.path, Some(body)).await?;
        answer(E::INFO, response)
    }

    /// Asks an endpoint that is sent no tasks, with the parameters of its path in their order.
    ///
    /// # Errors
    /// When a parameter is missing or empty, no whole answer came, or the API refused the call or
    /// the task.
    pub async fn get<E: Endpoint>(&self, parameters: &[&str]) -> Result<Answer<E::Result>, Error> {
        let path = path(E::INFO, parameters)?;
        let response = self.send(E::INFO, &path, None).await?;
        answer(E::INFO, response)
    }

    /// Asks for the result of a task that was posted before.
    ///
    /// # Errors
    /// As [`get`](Self::get); that the task is still under way is none.
    pub async fn fetch<E: Endpoint>(
        &self,
        parameters: &[&str],
    ) -> Result<Fetched<E::Result>, Error> {
        let answer = self.get::<E>(parameters).await?;
        Ok(match answer.status_code() {
            code if code.class() == StatusClass::Pending => Fetched::Pending(code),
            _ => Fetched::Ready(Box::new(answer)),
        })
    }

    /// Posts tasks whose results come later: one call, and as many tasks as it takes.
    ///
    /// # Errors
    /// When there are no tasks or too many, or one of them breaks documented limits, none is sent.
    /// An endpoint that answers at once is no endpoint for this: its results would be lost.
    /// When no whole answer came, or the API refused the call. That it refused a single task
    /// stands with that task in [`Posted`].
    pub async fn post<E: TaskEndpoint>(&self, tasks: &[E::Task]) -> Result<Posted, Error> {
        if E::INFO.mode != Mode::TaskPost {
            let violation = Violation::new("tasks", Problem::AnsweredAtOnce);
            return Err(invalid(E::INFO, vec![violation]));
        }
        let body = self.encode::<E>(tasks)?;
        let response = self.send(E::INFO, E::INFO.path, Some(body)).await?;
        let posted = readable(&response, |text| {
            let envelope = envelope(response.status, text)?;
            Ok((envelope.cost, outcomes(envelope, text, tasks.len())))
        });
        match posted {
            Ok((cost, tasks)) => Ok(Posted::new(tasks, cost, response)),
            Err(kind) => Err(Error::new(E::INFO.id, kind, Some(response))),
        }
    }

    /// All rows that a task asks for, page by page.
    pub fn pages<E: Paged>(&self, task: E::Task) -> Pages<E> {
        Pages::new(self.clone(), task)
    }

    fn encode<E: TaskEndpoint>(&self, tasks: &[E::Task]) -> Result<Vec<u8>, Error> {
        if let Some(clock) = &self.inner.validation {
            let violations = all_violations::<E>(tasks, clock);
            if !violations.is_empty() {
                return Err(invalid(E::INFO, violations));
            }
        }
        serde_json::to_vec(tasks)
            .map_err(|error| Error::new(E::INFO.id, ErrorKind::Body(error), None))
    }

    async fn send(
        &self,
        endpoint: &'static EndpointInfo,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<RawResponse, Error> {
        let outcome = self.inner.transport.send(endpoint.method, path, body).await;
        outcome.map_err(|failure| {
            let kind = ErrorKind::Transport(failure.error);
            Error::new(endpoint.id, kind, failure.response)
        })
    }
}

/// A call that was not made.
fn invalid(endpoint: &EndpointInfo, violations: Vec<Violation>) -> Error {
    Error::new(endpoint.id, ErrorKind::Invalid(violations.into()), None)
}

/// What is wrong with the tasks of one call. Where there can be several, the path begins with the
/// task's index.
fn all_violations<E: TaskEndpoint>(tasks: &[E::Task], clock: &Clock) -> Vec<Violation> {
    let max = E::INFO.tasks_per_call.unwrap_or(1) as usize;
    let mut all = Vec::new();
    let found = tasks.len();
    if found == 0 {
        all.push(Violation::new("tasks", Problem::TooFew { found, min: 1 }));
    }
    if found > max {
        all.push(Violation::new("tasks", Problem::TooMany { found, max }));
    }
    for (index, task) in tasks.iter().enumerate() {
        let violations = match validate(task, clock()) {
            Ok(()) => continue,
            Err(violations) => violations,
        };
        all.extend(
            violations
                .violations()
                .iter()
                .cloned()
                .map(|mut violation| {
                    if max > 1 {
                        violation.path = format!("tasks[{index}].{}", violation.path);
                    }
                    violation
                }),
        );
    }
    all
}

/// The path of an endpoint with its parameters filled in.
fn path(endpoint: &'static EndpointInfo, parameters: &[&str]) -> Result<String, Error> {
    let mut given = parameters.iter();
    let mut path = String::new();
    for part in endpoint.path.split('/').skip(1) {
        path.push('/');
        if !part.starts_with('{') {
            path.push_str(part);
            continue;
        }
        let name = part.trim_matches(['{', '}']);
        match given.next() {
            Some(value) if !["", ".", ".."].contains(value) => {
                path.extend(utf8_percent_encode(value, NOT_IN_A_PATH));
            }
            _ => {
                let violation = Violation::new(name, Problem::Missing);
                return Err(invalid(endpoint, vec![violation]));
            }
        }
    }
    Ok(path)
}

/// What stands for itself in a part of a path: letters, digits and what RFC 3986 reserves for no
/// other purpose.
const NOT_IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The one task of an answer, decoded, unless the call or the task failed.
fn answer<R: Tolerant>(
    endpoint: &'static EndpointInfo,
    response: RawResponse,
) -> Result<Answer<R>, Error> {
    match readable(&response, |text| read(response.status, text)) {
        Ok((task, cost)) => Ok(Answer {
            task,
            cost,
            response,
        }),
        Err(kind) => Err(Error::new(endpoint.id, kind, Some(response))),
    }
}

/// Reads an answer, and once more with repairs if it cannot be read as it is: neither bytes that
/// are no UTF-8 nor half a character cost it.
fn readable<T>(
    response: &RawResponse,
    read: impl Fn(&str) -> Result<T, ErrorKind>,
) -> Result<T, ErrorKind> {
    // Nearly always borrowed.
    let text = response.text();
    read(&text).or_else(|kind| match kind {
        ErrorKind::Body(_) => read(&repair(&text)),
        kind => Err(kind),
    })
}

/// The one task of an answer, decoded, and what the call cost, unless either failed.
fn read<R: Tolerant>(
    http_status: u16,
    text: &str,
) -> Result<(TaskResponse<R>, Option<f64>), ErrorKind> {
    let (task, cost) = open(http_status, text)?;
    Ok((task.decode().map_err(ErrorKind::Body)?, cost))
}

fn open(http_status: u16, text: &str) -> Result<(RawTask<'_>, Option<f64>), ErrorKind> {
    let envelope = envelope(http_status, text)?;
    let cost = envelope.cost;
    let task = envelope.tasks.into_iter().next().ok_or(ErrorKind::NoTask)?;
    if !task.status_code.is_ok() {
        return Err(ErrorKind::Task {
            status_code: task.status_code,
            message: task.status_message.unwrap_or_default(),
            id: task.id,
            cost: task.cost,
        });
    }
    Ok((task, cost))
}

/// The envelope of a call that the API took.
fn envelope(http_status: u16, text: &str) -> Result<RawEnvelope<'_>, ErrorKind> {
    let envelope = match RawEnvelope::parse(text.as_bytes()) {
        Ok(envelope) => envelope,
        Err(_) if !(200..300).contains(&http_status) => {
            return Err(ErrorKind::Http(http_status));
        }
        Err(error) => return Err(ErrorKind::Body(error)),
    };
    if !envelope.status_code.is_ok() {
        return Err(ErrorKind::Envelope {
            status_code: envelope.status_code,
            message: envelope.status_message.unwrap_or_default(),
        });
    }
    Ok(envelope)
}
