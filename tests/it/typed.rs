//! What tests do with an endpoint whose types they do not name.

use dataforseo_client::models::drift::{Drift, lossy_fields};
use dataforseo_client::models::{Endpoint, EndpointInfo, Envelope, RawEnvelope, TaskResponse};
use serde_json::Value;

/// An endpoint with its types put away.
pub(crate) struct Typed {
    pub(crate) info: &'static EndpointInfo,
    /// What the models lose of a list of results.
    pub(crate) lossy_fields: fn(&str) -> Vec<Drift>,
    /// Decodes a response and encodes it again.
    pub(crate) decode: fn(&str) -> Value,
    /// Decodes a response in one pass and in two stages. Encodes each again, or returns its error.
    pub(crate) both: fn(&str) -> [Result<String, String>; 2],
    /// The JSON Schema of a result, by the feature.
    pub(crate) schema: fn() -> schemars::Schema,
}

impl Typed {
    pub(crate) const fn of<E: Endpoint<Result: schemars::JsonSchema>>() -> Self {
        Self {
            info: E::INFO,
            lossy_fields: |results| lossy_fields::<Vec<E::Result>>(results).unwrap(),
            decode: |body| {
                let envelope = RawEnvelope::parse(body.as_bytes()).unwrap();
                let envelope = envelope.decode().unwrap();
                let envelope: &dataforseo_client::models::Envelope<TaskResponse<E::Result>> =
                    &envelope;
                serde_json::to_value(envelope).unwrap()
            },
            both: |body| {
                let one = Envelope::<TaskResponse<E::Result>>::parse(body);
                let two = RawEnvelope::parse(body.as_bytes());
                let two = two.and_then(|envelope| envelope.decode::<E::Result>());
                [one, two].map(|envelope| match envelope {
                    Ok(envelope) => Ok(serde_json::to_string(&envelope).unwrap()),
                    Err(error) => Err(error.to_string()),
                })
            },
            schema: || schemars::schema_for!(E::Result),
        }
    }
}
