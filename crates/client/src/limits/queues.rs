//! The order of the callers of one program.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dataforseo_models::EndpointInfo;
use tokio::sync::{Mutex as FairMutex, OwnedMutexGuard};

/// A queue for the account, and one per endpoint that has a rate of its own. Waiting for such a rate
/// does not delay other endpoints.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<&'static str, Arc<FairMutex<()>>>>);

impl Queues {
    /// Waits until the caller is the first of its queue.
    pub(crate) async fn turn(&self, endpoint: &EndpointInfo) -> OwnedMutexGuard<()> {
        let name = endpoint.calls_per_minute.map_or("", |_| endpoint.id);
        let queue = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(name).or_default())
        };
        queue.lock_owned().await
    }
}
