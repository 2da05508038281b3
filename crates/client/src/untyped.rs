//! Calls to endpoints that are chosen at run time, with tasks and results as JSON.
//!
//! Limits, retries, costs and errors are those of typed calls.

use bytes::Bytes;
use dataforseo_models::{
    EndpointInfo, Estimate, RawEnvelope, RawTask, Severity, StatusCode, TaskFields, TaskId, Value,
    check,
};
use serde_json::value::RawValue;

use crate::client::Client;
use crate::decode::{Accepted, DecodedResponse, accepted};
use crate::error::clean::{clean_id, clean_text};
use crate::error::{Error, ErrorKind};
use crate::request::{PendingRequest, invalid, path, violations_in_call};
use crate::response::RawResponse;

/// A request that passed validation. [`Client::prepare`] returns it, [`Client::send`] sends it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UntypedRequest {
    endpoint: &'static EndpointInfo,
    path: String,
    body: Option<Bytes>,
    estimate: Estimate,
}

impl UntypedRequest {
    /// Returns the endpoint.
    pub fn endpoint(&self) -> &'static EndpointInfo {
        self.endpoint
    }

    /// Returns the path with its parameters filled in, such as `/v3/backlinks/summary/live`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the body, a list of tasks as JSON; `None` for a GET request.
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    /// Returns the maximum cost of the call, by the client's [`Prices`](crate::Prices).
    pub fn estimate(&self) -> Estimate {
        self.estimate
    }
}

/// The response to an untyped request. The call succeeded; if it had several tasks, each can have
/// failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UntypedResponse {
    /// The tasks, in the order of the response.
    pub tasks: Vec<UntypedTask>,
    cost: Option<f64>,
    raw_response: RawResponse,
}

impl UntypedResponse {
    /// Returns the cost of the call in US dollars; `None` if the response has none.
    ///
    /// If the costs of the envelope and of the tasks differ, it is the higher one.
    pub fn cost(&self) -> Option<f64> {
        self.cost
    }

    /// Returns the response as it arrived.
    pub fn raw_response(&self) -> &RawResponse {
        &self.raw_response
    }
}

/// One task of an untyped response.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UntypedTask {
    /// The identifier; `None` if the response has none.
    pub id: Option<TaskId>,
    /// The status code of the task.
    pub status_code: StatusCode,
    /// The API's message; empty if there is none.
    pub message: String,
    /// The cost of the task in US dollars; `None` if the response has none.
    pub cost: Option<f64>,
    /// The list of results as JSON text, unchanged; `None` if there is none.
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
    /// Validates a request to any endpoint. Nothing is sent.
    ///
    /// `parameters` fills in the parameters of the endpoint's path, in their order. `tasks` is
    /// empty for a GET request.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dataforseo_client::Client;
    /// use dataforseo_client::models::ENDPOINTS;
    ///
    /// let client = Client::builder().credentials("login", "password").build()?;
    /// let path = "/v3/backlinks/summary/live";
    /// let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.path == path).ok_or("missing")?;
    /// let request = client.prepare(endpoint, &[], &[serde_json::json!({ "target": "example.com" })])?;
    /// assert_eq!(request.path(), path);
    ///
    /// let invalid = client.prepare(endpoint, &[], &[serde_json::json!({ "targt": "example.com" })]);
    /// assert!(invalid.unwrap_err().invalid_fields().contains(&"targt"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTask`] with all violations of documented limits.
    pub fn prepare(
        &self,
        endpoint: &'static EndpointInfo,
        parameters: &[&str],
        tasks: &[Value],
    ) -> Result<UntypedRequest, Error> {
        let path = path(endpoint, parameters)?;
        let has_tasks = endpoint.tasks_per_call.is_some() || !tasks.is_empty();
        let body = if has_tasks {
            self.validate_values(endpoint, tasks)?;
            let body = serde_json::to_vec(tasks)
                .map_err(|error| Error::new(endpoint.id, ErrorKind::Body(error), None))?;
            Some(Bytes::from(body))
        } else {
            None
        };
        Ok(UntypedRequest {
            endpoint,
            path,
            body,
            estimate: self.estimate_of(endpoint, tasks.iter().map(TaskFields::from)),
        })
    }

    fn validate_values(
        &self,
        endpoint: &'static EndpointInfo,
        tasks: &[Value],
    ) -> Result<(), Error> {
        let Some(clock) = &self.inner.validation else {
            return Ok(());
        };
        let violations = violations_in_call(endpoint, tasks, |task| {
            let mut violations = check(endpoint.task_rules, task, clock());
            violations.retain(|violation| violation.severity() == Severity::Error);
            violations
        });
        if violations.is_empty() {
            Ok(())
        } else {
            Err(invalid(endpoint, violations))
        }
    }

    /// Sends a prepared request.
    ///
    /// A task that is not done yet is not an error: its [`status_code`](UntypedTask::status_code) is
    /// 40601 or 40602.
    ///
    /// # Errors
    /// When no complete response arrives, when the API refuses the call, or when the only task of
    /// the response failed. If there are several tasks, each has its own status code.
    pub async fn send(&self, request: &UntypedRequest) -> Result<UntypedResponse, Error> {
        let pending = PendingRequest {
            endpoint: request.endpoint,
            path: &request.path,
            body: request.body.clone(),
            estimate: request.estimate.amount,
        };
        let mut completed = self
            .perform(pending, |status, text| {
                let Accepted { envelope, cost } =
                    accepted(status, RawEnvelope::parse(text.as_bytes()))?;
                let us_dollars = cost.us_dollars;
                let tasks: Vec<UntypedTask> = envelope.tasks.into_iter().map(Into::into).collect();
                match tasks.as_slice() {
                    [] => Err(ErrorKind::NoTask { cost: us_dollars }),
                    [task] if !task.status_code.is_ok() => Err(ErrorKind::Task {
                        status_code: task.status_code,
                        message: task.message.clone(),
                        id: task.id.clone(),
                        cost: us_dollars,
                    }),
                    _ => Ok(DecodedResponse { value: tasks, cost }),
                }
            })
            .await?;
        for task in &mut completed.value {
            clean_text(&mut task.message, &self.inner.redactor);
            clean_id(&mut task.id, &self.inner.redactor);
        }
        Ok(UntypedResponse {
            tasks: completed.value,
            cost: completed.cost.us_dollars,
            raw_response: completed.raw_response,
        })
    }
}
