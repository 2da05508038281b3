//! Decoding responses: from bytes to an envelope, a task, or an error.

use dataforseo_models::drift::repair;
use dataforseo_models::{Envelope, FromLenientJson, TaskCost, TaskResponse, TotalCost};

use crate::error::ErrorKind;
use crate::response::RawResponse;

/// A decoded response, and the cost of the call.
pub(crate) struct DecodedResponse<T> {
    pub(crate) value: T,
    pub(crate) cost: TotalCost,
}

/// Decodes a response, after repairs if it cannot be decoded as it is: invalid UTF-8, half a
/// surrogate pair or a huge number do not lose a response that is paid for.
pub(crate) fn decode<T>(
    response: &RawResponse,
    decode: impl Fn(&str) -> Result<T, ErrorKind>,
) -> Result<T, ErrorKind> {
    let text = response.text();
    match decode(&text) {
        Err(kind @ ErrorKind::Body(_)) => {
            let repaired = repair(&text);
            if repaired == text {
                return Err(kind);
            }
            decode(&repaired)
        }
        outcome => outcome,
    }
}

/// Decodes a response that contains one task.
pub(crate) fn single_task<R: FromLenientJson>(
    http_status: u16,
    text: &str,
) -> Result<DecodedResponse<TaskResponse<R>>, ErrorKind> {
    let Accepted { envelope, mut cost } = accepted(
        http_status,
        Envelope::<TaskResponse<R>>::parse_repaired(text),
    )?;
    let Some(mut task) = envelope.into_task() else {
        return Err(ErrorKind::NoTask {
            cost: cost.us_dollars,
        });
    };
    if !task.status_code.is_ok() {
        return Err(ErrorKind::Task {
            status_code: task.status_code,
            message: task.status_message.unwrap_or_default(),
            id: task.id,
            cost: cost.us_dollars,
        });
    }
    task.drift.append(&mut cost.drift);
    Ok(DecodedResponse { value: task, cost })
}

/// An envelope of a call that the API accepted, and the cost of the call.
pub(crate) struct Accepted<T> {
    pub(crate) envelope: Envelope<T>,
    pub(crate) cost: TotalCost,
}

/// Returns the envelope if the API accepted the call.
pub(crate) fn accepted<T: TaskCost>(
    http_status: u16,
    envelope: Result<Envelope<T>, serde_json::Error>,
) -> Result<Accepted<T>, ErrorKind> {
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(_) if !(200..300).contains(&http_status) => {
            return Err(ErrorKind::Http(http_status));
        }
        Err(error) => return Err(ErrorKind::Body(error)),
    };
    let cost = envelope.total_cost();
    for drift in &cost.drift {
        tracing::warn!(%drift, "the costs of a response are odd: the higher one counts");
    }
    if !envelope.status_code.is_ok() {
        return Err(ErrorKind::Envelope {
            status_code: envelope.status_code,
            message: envelope.status_message.unwrap_or_default(),
            cost: cost.us_dollars,
        });
    }
    Ok(Accepted { envelope, cost })
}
