//! The places of calls that were given up and can still run on the server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The longest time between two checks for places that became free.
const MAX_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Places that are kept for a time. They are dropped, and so released, by the next caller.
pub(crate) struct Abandoned<T>(Mutex<Vec<KeptPlace<T>>>);

struct KeptPlace<T> {
    until: Instant,
    #[allow(dead_code, reason = "dropping it releases the place")]
    place: T,
}

impl<T> Default for Abandoned<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Abandoned<T> {
    /// Keeps a place for a time.
    pub(crate) fn keep(&self, place: T, time: Duration) {
        let until = Instant::now() + time;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(KeptPlace { until, place });
    }

    /// Releases the places whose time is over.
    pub(crate) fn release_expired(&self) {
        let now = Instant::now();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.until > now);
    }

    /// Returns the time after which a caller that waits for a place should look again.
    pub(crate) fn next_check(&self) -> Duration {
        let now = Instant::now();
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = kept.iter().map(|kept| kept.until.duration_since(now)).min();
        // A call can be given up while the caller waits.
        next.unwrap_or(MAX_CHECK_INTERVAL)
            .clamp(Duration::from_millis(1), MAX_CHECK_INTERVAL)
    }
}
