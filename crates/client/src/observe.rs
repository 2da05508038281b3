//! Callbacks for metrics.

use std::fmt;
use std::time::Duration;

use dataforseo_models::EndpointInfo;

use crate::error::Error;

/// A callback for metrics, called after every attempt of a call.
///
/// The client emits `tracing` spans and events independently of an observer.
pub trait Observer: Send + Sync + fmt::Debug {
    /// Called after an attempt. The call waits until this returns.
    fn on_attempt(&self, event: &AttemptEvent<'_>);
}

/// An attempt of a call that ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct AttemptEvent<'a> {
    /// The endpoint that was called.
    pub endpoint: &'static EndpointInfo,
    /// The number of the attempt, starting at 1.
    pub number: u32,
    /// The duration of the attempt, including the wait for the account's limits.
    pub duration: Duration,
    /// The error of the attempt; `None` if it succeeded.
    pub error: Option<&'a Error>,
    /// The cost of the attempt in US dollars; `None` if it is unknown, or if a failed attempt was
    /// not charged.
    pub cost: Option<f64>,
}
