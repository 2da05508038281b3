//! What a program's metrics are told of.

use std::fmt;
use std::time::Duration;

use dataforseo_models::EndpointInfo;

use crate::error::Error;

/// Told of every attempt at a call, for metrics. Spans and events go to `tracing` besides.
pub trait Observer: Send + Sync + fmt::Debug {
    /// An attempt is over. It should return at once: the call waits for it.
    fn on_attempt(&self, observed: &AttemptEvent<'_>);
}

/// An attempt at a call.
#[derive(Debug)]
#[non_exhaustive]
pub struct AttemptEvent<'a> {
    /// The endpoint.
    pub endpoint: &'static EndpointInfo,
    /// Which attempt it was, the first being 1.
    pub number: u32,
    /// How long it took, waiting for the account's limits included.
    pub duration: Duration,
    /// Why it failed, if it did.
    pub error: Option<&'a Error>,
    /// What it cost in US dollars, if that is known.
    pub cost: Option<f64>,
}
