//! The client: a task goes through validation, over the wire, and comes back typed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dataforseo_models::drift::repair;
use dataforseo_models::{
    Endpoint, EndpointInfo, Envelope, FromLenientJson, Mode, Paged, RawEnvelope, StatusClass,
    TaskEndpoint, TaskResponse, Violation, ViolationKind, requested_rows_of, validate,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::budget::{Costs, Ledger, Prices, Reserved};
use crate::builder::{ClientBuilder, Clock, ConfigError};
use crate::charge::Charge;
use crate::error::{Error, ErrorKind};
use crate::http::transport::Transport;
use crate::limits::Limiter;
use crate::observe::{AttemptEvent, Observer};
use crate::paging::Pages;
use crate::response::{Fetched, Posted, RawResponse, Response, outcomes};
use crate::retry::{FailedAttempt, RetryPolicy, is_limit};

/// A client of the API. Clones share connections, limits and the count of money; one is enough for
/// a program.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
    ledger: Ledger,
}

pub(crate) struct Inner {
    pub(crate) transport: Transport,
    /// What day it is, for the limits; `None` if tasks are sent as they are.
    pub(crate) validation: Option<Clock>,
    pub(crate) limiter: Arc<dyn Limiter>,
    pub(crate) retry_policy: Arc<dyn RetryPolicy>,
    pub(crate) prices: Prices,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    #[cfg(feature = "drift")]
    pub(crate) drift_watch: Option<crate::drift_watch::DriftWatch>,
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

    pub(crate) fn new(inner: Inner, ledger: Ledger) -> Self {
        Self {
            inner: Arc::new(inner),
            ledger,
        }
    }

    /// The server that is called, such as `https://api.dataforseo.com`.
    pub fn base_url(&self) -> &str {
        self.inner.transport.base()
    }

    /// Returns the calls and costs so far: of this client and its clones, or of this clone if it was
    /// made with costs of its own.
    pub fn costs(&self) -> Costs {
        self.ledger.costs()
    }

    /// Returns a clone with its own cost counter and a budget in US dollars.
    ///
    /// Calls of the clone count for this client, too. Everything else is shared.
    ///
    /// ```
    /// # fn main() -> Result<(), dataforseo_client::ConfigError> {
    /// # use dataforseo_client::Client;
    /// # let client = Client::builder().credentials("login", "password").build()?;
    /// let client = client.with_budget(2.50); // US dollars
    /// assert_eq!(client.costs().us_dollars, 0.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_budget(&self, us_dollars: f64) -> Self {
        self.with_ledger(self.ledger.child(Some(us_dollars)))
    }

    /// Returns a clone with its own cost counter and no budget of its own.
    ///
    /// Calls of the clone count for this client, too. Everything else is shared.
    pub fn with_own_costs(&self) -> Self {
        self.with_ledger(self.ledger.child(None))
    }

    fn with_ledger(&self, ledger: Ledger) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            ledger,
        }
    }

    /// What a call with this task costs at most, in US dollars, by the prices that the client was
    /// made with.
    pub fn estimate<E: TaskEndpoint>(&self, task: &E::Task) -> f64 {
        let rows = requested_rows_of(std::slice::from_ref(task));
        self.inner.prices.estimate(E::INFO, rows)
    }

    /// Calls an endpoint with one task. The methods of the groups, such as
    /// [`backlinks`](Self::backlinks), are this with the endpoint filled in.
    ///
    /// # Errors
    /// When the task breaks documented limits, no whole answer came, or the API refused the call
    /// or the task: [`Error::kind`] tells which.
    pub async fn call<E: TaskEndpoint>(
        &self,
        task: &E::Task,
    ) -> Result<Response<E::Result>, Error> {
        let asked = self.asked::<E>(std::slice::from_ref(task))?;
        let answer = self.answer(asked).await?;
        match answer.status_code() {
            status_code if status_code.class() == StatusClass::Pending => {
                let kind = ErrorKind::Pending {
                    status_code,
                    id: answer.task.id.clone(),
                    cost: answer.cost(),
                };
                Err(Error::new(E::INFO.id, kind, Some(answer.raw_response)))
            }
            _ => Ok(answer),
        }
    }

    /// Asks an endpoint that is sent no tasks, with the parameters of its path in their order.
    ///
    /// # Errors
    /// When a parameter is missing or empty, no whole answer came, or the API refused the call or
    /// the task.
    pub async fn get<E: Endpoint>(
        &self,
        parameters: &[&str],
    ) -> Result<Response<E::Result>, Error> {
        let path = path(E::INFO, parameters)?;
        let asked = PendingRequest {
            endpoint: E::INFO,
            path: &path,
            body: None,
            rows: 0,
        };
        self.answer(asked).await
    }

    /// Makes a call whose answer holds one task.
    async fn answer<R: FromLenientJson>(
        &self,
        asked: PendingRequest<'_>,
    ) -> Result<Response<R>, Error> {
        #[cfg(feature = "drift")]
        let endpoint = asked.endpoint;
        let (task, cost, response) = self.perform(asked, read).await?;
        #[cfg(feature = "drift")]
        if let Some(watch) = &self.inner.drift_watch {
            watch.answered::<R>(endpoint, &response);
        }
        Ok(Response {
            task,
            cost,
            raw_response: response,
        })
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
            let violation = Violation::new("tasks", ViolationKind::LiveEndpoint);
            return Err(invalid(E::INFO, vec![violation]));
        }
        let asked = self.asked::<E>(tasks)?;
        let (tasks, cost, response) = self
            .perform(asked, |status, text| {
                let envelope = taken(status, RawEnvelope::parse(text.as_bytes()))?;
                let cost = envelope.cost;
                Ok((outcomes(envelope, text, tasks.len()), cost))
            })
            .await?;
        Ok(Posted::new(tasks, cost, response))
    }

    /// All rows that a task asks for, page by page.
    pub fn pages<E: Paged>(&self, task: E::Task) -> Pages<E> {
        Pages::new(self.clone(), task)
    }

    /// What is asked with tasks that break no documented limits.
    fn asked<E: TaskEndpoint>(&self, tasks: &[E::Task]) -> Result<PendingRequest<'static>, Error> {
        if let Some(clock) = &self.inner.validation {
            let violations = all_violations::<E>(tasks, clock);
            if !violations.is_empty() {
                return Err(invalid(E::INFO, violations));
            }
        }
        let body = serde_json::to_vec(tasks)
            .map_err(|error| Error::new(E::INFO.id, ErrorKind::Body(error), None))?;
        Ok(PendingRequest {
            endpoint: E::INFO,
            path: E::INFO.path,
            body: Some(body.into()),
            rows: requested_rows_of(tasks),
        })
    }

    /// Makes a call: within the limits and the money that there is, as often as the policy says,
    /// until `read` can make something of the answer.
    pub(crate) async fn perform<T>(
        &self,
        asked: PendingRequest<'_>,
        read: impl Fn(u16, &str) -> Result<(T, Option<f64>), ErrorKind>,
    ) -> Result<(T, Option<f64>, RawResponse), Error> {
        let span = tracing::info_span!(
            "dataforseo call",
            endpoint = asked.endpoint.id,
            task_id = tracing::field::Empty,
            attempts = tracing::field::Empty,
            cost = tracing::field::Empty,
            error = tracing::field::Empty,
        );
        let outcome = self
            .repeatedly(&asked, &read)
            .instrument(span.clone())
            .await;
        self.inner.retry_policy.on_complete();
        match &outcome {
            Ok((_, cost, response)) => {
                span.record("attempts", response.attempts);
                span.record("cost", cost.unwrap_or_default());
            }
            Err(error) => {
                span.record("attempts", error.attempts());
                span.record("error", tracing::field::display(error));
                if let Some(id) = error.task_id() {
                    span.record("task_id", tracing::field::display(id));
                }
            }
        }
        outcome
    }

    async fn repeatedly<T>(
        &self,
        asked: &PendingRequest<'_>,
        read: &impl Fn(u16, &str) -> Result<(T, Option<f64>), ErrorKind>,
    ) -> Result<(T, Option<f64>, RawResponse), Error> {
        let began = Instant::now();
        let endpoint = asked.endpoint;
        let mut before = Charge::None;
        let mut number = 1;
        loop {
            let attempt = Instant::now();
            let (error, retry_after) = match self.attempt(asked, read).await {
                Ok((value, cost, mut response)) => {
                    response.attempts = number;
                    self.observe(endpoint, number, attempt, None, cost);
                    return Ok((value, cost, response));
                }
                Err(failed) => failed,
            };
            let charge = error.last_charge();
            let cost = match charge {
                Charge::Charged(cost) => Some(cost),
                _ => None,
            };
            self.observe(endpoint, number, attempt, Some(&error), cost);
            let failed = FailedAttempt::new(endpoint, number, began.elapsed(), &error, retry_after);
            let Some(wait) = self.inner.retry_policy.on_error(&failed) else {
                return Err(error.after(number, before));
            };
            tracing::info!(number, ?wait, %error, "the call is repeated");
            before = before.and(charge);
            number += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends a call once.
    async fn attempt<T>(
        &self,
        asked: &PendingRequest<'_>,
        read: &impl Fn(u16, &str) -> Result<(T, Option<f64>), ErrorKind>,
    ) -> Result<(T, Option<f64>, RawResponse), (Error, Option<Duration>)> {
        let endpoint = asked.endpoint;
        let inner = &self.inner;
        let fail = |kind, response| Error::new(endpoint.id, kind, response);
        let estimate = inner.prices.estimate(endpoint, asked.rows);
        let reserved = self
            .ledger
            .reserve(estimate)
            .map_err(|(spent, estimate, limit)| {
                let kind = ErrorKind::BudgetExceeded {
                    spent,
                    estimate,
                    limit,
                };
                (fail(kind, None), None)
            })?;
        let waiting = Instant::now();
        let permit = inner.limiter.admit(endpoint).await;
        let permit = permit.map_err(|error| (fail(ErrorKind::Limiter(error), None), None))?;
        let waited = waiting.elapsed();
        if !waited.is_zero() {
            tracing::debug!(?waited, "waited for the account's limits");
        }
        // From here on it may be charged, though the caller may give up.
        let mut unsettled = Unsettled(Some(reserved));
        let sent = inner
            .transport
            .send(endpoint.method, asked.path, asked.body.clone())
            .await;
        drop(permit);
        let (outcome, retry_after) = match sent {
            Err(failure) => {
                let kind = ErrorKind::Transport(failure.error);
                (Err(fail(kind, failure.response)), None)
            }
            Ok(response) => {
                let retry_after = response.retry_after;
                let outcome = readable(&response, |text| read(response.status, text));
                let outcome = match outcome {
                    Ok((value, cost)) => Ok((value, cost, response)),
                    Err(kind) => Err(fail(kind, Some(response))),
                };
                (outcome, retry_after)
            }
        };
        let (answered, charge) = match &outcome {
            Ok((_, cost, _)) => (true, cost.map_or(Charge::Unknown, Charge::Charged)),
            Err(error) => (error.has_response(), error.last_charge()),
        };
        let charge = if endpoint.charged {
            charge
        } else {
            Charge::None
        };
        unsettled.settle(answered, charge);
        match &outcome {
            Ok(_) => inner.limiter.on_accepted(),
            Err(error) => {
                if let Some(code) = error.status_code().filter(|code| is_limit(*code)) {
                    tracing::warn!(%code, "a limit of the account was passed all the same");
                    inner.limiter.on_rate_limited(code);
                }
            }
        }
        outcome.map_err(|error| (error, retry_after))
    }

    fn observe(
        &self,
        endpoint: &'static EndpointInfo,
        number: u32,
        began: Instant,
        error: Option<&Error>,
        cost: Option<f64>,
    ) {
        if let Some(observer) = &self.inner.observer {
            observer.on_attempt(&AttemptEvent {
                endpoint,
                number,
                duration: began.elapsed(),
                error,
                cost,
            });
        }
    }
}

/// What is asked of the API.
pub(crate) struct PendingRequest<'a> {
    pub(crate) endpoint: &'static EndpointInfo,
    pub(crate) path: &'a str,
    pub(crate) body: Option<Bytes>,
    /// How many rows that may bring.
    pub(crate) rows: u64,
}

/// What is put aside for a call that is under way. A caller that gives up does not take the call
/// back: it may be charged.
struct Unsettled(Option<Reserved>);

impl Unsettled {
    fn settle(&mut self, answered: bool, charge: Charge) {
        if let Some(reserved) = self.0.take() {
            reserved.settle(answered, charge);
        }
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        self.settle(false, Charge::Unknown);
    }
}

/// A call that was not made.
pub(crate) fn invalid(endpoint: &EndpointInfo, violations: Vec<Violation>) -> Error {
    Error::new(endpoint.id, ErrorKind::InvalidTask(violations.into()), None)
}

/// What is wrong with the tasks of one call.
fn all_violations<E: TaskEndpoint>(tasks: &[E::Task], clock: &Clock) -> Vec<Violation> {
    in_one_call(E::INFO, tasks, |task| match validate(task, clock()) {
        Ok(()) => Vec::new(),
        Err(violations) => violations.violations().to_vec(),
    })
}

/// What is wrong with the tasks of one call, each looked at by `check`. Where there can be several,
/// the path begins with the task's index.
pub(crate) fn in_one_call<T>(
    endpoint: &EndpointInfo,
    tasks: &[T],
    check: impl Fn(&T) -> Vec<Violation>,
) -> Vec<Violation> {
    let max = endpoint.tasks_per_call.unwrap_or(1) as usize;
    let mut all = Vec::new();
    let found = tasks.len();
    if found == 0 {
        all.push(Violation::new(
            "tasks",
            ViolationKind::TooFew { found, min: 1 },
        ));
    }
    if found > max {
        all.push(Violation::new(
            "tasks",
            ViolationKind::TooMany { found, max },
        ));
    }
    for (index, task) in tasks.iter().enumerate() {
        all.extend(check(task).into_iter().map(|mut violation| {
            if violation.path.is_empty() {
                violation.path = format!("tasks[{index}]");
            } else if max > 1 {
                violation.path = format!("tasks[{index}].{}", violation.path);
            }
            violation
        }));
    }
    all
}

/// The path of an endpoint with its parameters filled in.
pub(crate) fn path(endpoint: &'static EndpointInfo, parameters: &[&str]) -> Result<String, Error> {
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
                let violation = Violation::new(name, ViolationKind::Missing);
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
fn read<R: FromLenientJson>(
    http_status: u16,
    text: &str,
) -> Result<(TaskResponse<R>, Option<f64>), ErrorKind> {
    let envelope = taken(http_status, Envelope::<TaskResponse<R>>::parse(text))?;
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
pub(crate) fn taken<T>(
    http_status: u16,
    envelope: Result<Envelope<T>, serde_json::Error>,
) -> Result<Envelope<T>, ErrorKind> {
    let envelope = match envelope {
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
            cost: envelope.cost,
        });
    }
    Ok(envelope)
}
