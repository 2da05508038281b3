//! The order of the callers of one program.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as FairMutex, OwnedMutexGuard};

use super::endpoint_rates::EndpointRate;

/// A queue for the account, and one per function of the rate card that has a rate of its own. Waiting for such a rate
/// does not delay other endpoints.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<&'static str, Arc<FairMutex<()>>>>);

impl Queues {
    /// Waits until the caller is the first of its queue. `rate` is that of the endpoint, if it has one
    /// of its own.
    pub(crate) async fn turn(&self, rate: Option<EndpointRate>) -> OwnedMutexGuard<()> {
        let name = rate.map_or("", |rate| rate.function);
        let queue = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(name).or_default())
        };
        queue.lock_owned().await
    }
}
