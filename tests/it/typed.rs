//! What tests do with an endpoint whose types they do not name.

use dataforseo_client::models::drift::{Drift, losses};
use dataforseo_client::models::{Endpoint, EndpointInfo, RawEnvelope, TaskResponse};
use serde_json::Value;

/// An endpoint with its types put away.
pub(crate) struct Typed {
    pub(crate) info: &'static EndpointInfo,
    /// What the models lose of a list of results.
    pub(crate) losses: fn(&str) -> Vec<Drift>,
    /// An answer, decoded and written again.
    pub(crate) decode: fn(&str) -> Value,
    /// The JSON Schema of a result, by the feature.
    pub(crate) schema: fn() -> schemars::Schema,
}

impl Typed {
    pub(crate) const fn of<E: Endpoint<Result: schemars::JsonSchema>>() -> Self {
        Self {
            info: E::INFO,
            losses: |results| losses::<Vec<E::Result>>(results).unwrap(),
            decode: |body| {
                let envelope = RawEnvelope::parse(body.as_bytes()).unwrap();
                let envelope = envelope.decode().unwrap();
                let envelope: &dataforseo_client::models::Envelope<TaskResponse<E::Result>> =
                    &envelope;
                serde_json::to_value(envelope).unwrap()
            },
            schema: || schemars::schema_for!(E::Result),
        }
    }
}
