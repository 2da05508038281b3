//! The client: a task goes through validation, over the wire, and comes back typed.

use std::fmt;
use std::sync::Arc;

use dataforseo_models::drift::repair;
use dataforseo_models::{
    Endpoint, EndpointInfo, RawEnvelope, RawTask, Task, TaskResponse, Tolerant, validate,
};

use crate::answer::{Answer, RawResponse};
use crate::config::{ClientBuilder, Clock, ConfigError};
use crate::error::{Error, ErrorKind};
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
    pub async fn call<E: Endpoint>(&self, task: &E::Task) -> Result<Answer<E::Result>, Error> {
        let fail = |kind, response| Error::new(E::INFO.id, kind, response);
        let body = self.encode(task).map_err(|kind| fail(kind, None))?;
        let response = self.send(E::INFO, body).await?;
        // Nearly always borrowed; bytes that are no UTF-8 do not cost the answer.
        let text = response.text();
        let outcome = read(response.status, &text).or_else(|kind| match kind {
            // Nor does half a character.
            ErrorKind::Body(_) => read(response.status, &repair(&text)),
            kind => Err(kind),
        });
        drop(text);
        match outcome {
            Ok((task, cost)) => Ok(Answer {
                task,
                cost,
                response,
            }),
            Err(kind) => Err(fail(kind, Some(response))),
        }
    }

    fn encode<T: Task>(&self, task: &T) -> Result<Vec<u8>, ErrorKind> {
        if let Some(clock) = &self.inner.validation {
            validate(task, clock()).map_err(ErrorKind::Invalid)?;
        }
        serde_json::to_vec(&[task]).map_err(ErrorKind::Body)
    }

    async fn send(
        &self,
        endpoint: &'static EndpointInfo,
        body: Vec<u8>,
    ) -> Result<RawResponse, Error> {
        let outcome = self.inner.transport.send(endpoint, body).await;
        outcome.map_err(|failure| {
            let kind = ErrorKind::Transport(failure.error);
            Error::new(endpoint.id, kind, failure.response)
        })
    }
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
