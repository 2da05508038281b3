//! Calls whose endpoint is known only when the program runs: tasks and results as plain JSON, and
//! no types. All else is as for typed calls: the same limits, retries, money and errors.

use bytes::Bytes;
use dataforseo_models::{
    EndpointInfo, RawEnvelope, RawTask, Severity, StatusCode, TaskId, Value, check, requested_rows,
};
use serde_json::value::RawValue;

use crate::client::{Client, PendingRequest, in_one_call, invalid, path, taken};
use crate::error::{Error, ErrorKind};
use crate::response::RawResponse;

/// A call that was checked, and can be sent: by [`Client::prepare`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UntypedRequest {
    endpoint: &'static EndpointInfo,
    path: String,
    body: Option<Bytes>,
    /// How many rows it may bring.
    rows: u64,
    estimate: f64,
}

impl UntypedRequest {
    /// The endpoint.
    pub fn endpoint(&self) -> &'static EndpointInfo {
        self.endpoint
    }

    /// The path with its parameters filled in, as it follows the base URL.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is sent: a list of tasks as JSON; `None` where none are sent.
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    /// What the call costs at most, in US dollars, by the prices that the client was made with.
    pub fn estimate(&self) -> f64 {
        self.estimate
    }
}

/// The answer to a call as plain JSON. The call did not fail; where there were several
/// tasks, each can have failed by itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UntypedResponse {
    /// The tasks, in the order of the answer.
    pub tasks: Vec<UntypedTask>,
    cost: Option<f64>,
    raw_response: RawResponse,
}

impl UntypedResponse {
    /// What the call cost, in US dollars; `None` if the API did not say.
    pub fn cost(&self) -> Option<f64> {
        let one = match self.tasks.as_slice() {
            [task] => task.cost,
            _ => None,
        };
        self.cost.or(one)
    }

    /// The answer as it arrived.
    pub fn raw_response(&self) -> &RawResponse {
        &self.raw_response
    }
}

/// One task of an answer, its results as JSON text.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UntypedTask {
    /// The identifier.
    pub id: Option<TaskId>,
    /// The outcome.
    pub status_code: StatusCode,
    /// How the API words it.
    pub message: String,
    /// What the task cost, in US dollars.
    pub cost: Option<f64>,
    /// The list of results, byte for byte; `None` where there is none.
    pub result: Option<Box<RawValue>>,
}

impl From<RawTask<'_>> for UntypedTask {
    fn from(task: RawTask<'_>) -> Self {
        Self {
            id: task.id,
            status_code: task.status_code,
            message: task.status_message.unwrap_or_default(),
            cost: task.cost,
            result: task.result.map(ToOwned::to_owned),
        }
    }
}

impl Client {
    /// Checks a call to any endpoint: `parameters` of its path in their order, and the tasks, which
    /// an endpoint that is asked by a GET has none of. Nothing is sent.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dataforseo_client::Client;
    /// use dataforseo_client::models::ENDPOINTS;
    ///
    /// let client = Client::builder().credentials("login", "password").build()?;
    /// let path = "/v3/backlinks/summary/live";
    /// let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.path == path).ok_or("gone")?;
    /// let call = client.prepare(endpoint, &[], &[serde_json::json!({ "target": "example.com" })])?;
    /// assert_eq!(call.path(), path);
    ///
    /// let wrong = client.prepare(endpoint, &[], &[serde_json::json!({ "targt": "example.com" })]);
    /// assert!(wrong.unwrap_err().to_string().contains("targt: no such field"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTask`], with everything that the documentation rules out.
    pub fn prepare(
        &self,
        endpoint: &'static EndpointInfo,
        parameters: &[&str],
        tasks: &[Value],
    ) -> Result<UntypedRequest, Error> {
        let path = path(endpoint, parameters)?;
        let sent = endpoint.tasks_per_call.is_some() || !tasks.is_empty();
        if let Some(clock) = self.inner.validation.as_ref().filter(|_| sent) {
            let violations = in_one_call(endpoint, tasks, |task| {
                let mut violations = check(endpoint.task_rules, task, clock());
                violations.retain(|violation| violation.severity() == Severity::Error);
                violations
            });
            if !violations.is_empty() {
                return Err(invalid(endpoint, violations));
            }
        }
        let body = match sent {
            true => serde_json::to_vec(tasks)
                .map(|body| Some(Bytes::from(body)))
                .map_err(|error| Error::new(endpoint.id, ErrorKind::Body(error), None))?,
            false => None,
        };
        let rows = requested_rows(tasks);
        Ok(UntypedRequest {
            endpoint,
            path,
            body,
            rows,
            estimate: self.inner.prices.estimate(endpoint, rows),
        })
    }

    /// Sends a call. A task that is still under way is no error here: its status says so.
    ///
    /// # Errors
    /// When no whole answer came, or the API refused the call, or its task where there is but one.
    /// That it refused one of several stands with that task.
    pub async fn send(&self, call: &UntypedRequest) -> Result<UntypedResponse, Error> {
        let asked = PendingRequest {
            endpoint: call.endpoint,
            path: &call.path,
            body: call.body.clone(),
            rows: call.rows,
        };
        let (tasks, cost, response) = self
            .perform(asked, |status, text| {
                let envelope = taken(status, RawEnvelope::parse(text.as_bytes()))?;
                let tasks: Vec<UntypedTask> = envelope.tasks.into_iter().map(Into::into).collect();
                match tasks.as_slice() {
                    [] => Err(ErrorKind::NoTask),
                    [task] if !task.status_code.is_ok() => Err(ErrorKind::Task {
                        status_code: task.status_code,
                        message: task.message.clone(),
                        id: task.id.clone(),
                        cost: task.cost,
                    }),
                    _ => Ok((tasks, envelope.cost)),
                }
            })
            .await?;
        Ok(UntypedResponse {
            tasks,
            cost,
            raw_response: response,
        })
    }
}
