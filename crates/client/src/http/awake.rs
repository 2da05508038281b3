//! A timeout that counts only the time in which the process runs.
//!
//! A process can stand still: it is stopped by a signal, its container is paused, its machine sleeps.
//! Responses arrive meanwhile. When the process continues, its timers fire before its sockets are read,
//! so an ordinary timeout would end each call whose response is already there and paid for.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// How often the clock is read. The process stands still for at most this long without notice.
const TICK: Duration = Duration::from_secs(1);
/// How late a timer can be because the machine is busy. A later one means that the process stood still.
const LATENESS: Duration = Duration::from_millis(500);
/// How long a call goes on at least after the process stood still.
const GRACE: Duration = Duration::from_secs(5);
/// How long a call whose time is up waits for the next byte, so that bytes in the socket are read.
const LAST_LOOK: Duration = Duration::from_millis(50);
/// How often connecting starts over because the process stood still.
const MAX_CONNECTS: u32 = 5;

/// Counts the parts of a response that arrived.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicU64);

impl Progress {
    /// Counts a part.
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn parts(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Returns the output of `exchange`, or `None` when the process ran for `limit` without it.
///
/// When the time is up, the exchange goes on as long as bytes arrive without a pause, for at most `limit`
/// or 5 s, whichever is longer. The same bound holds for the time that is added after the process stood
/// still.
pub(super) async fn within<T>(
    limit: Duration,
    exchange: impl Future<Output = T>,
    progress: &Progress,
) -> Option<T> {
    let mut exchange = pin!(exchange);
    let mut left = limit;
    let mut extra = limit.max(GRACE);
    loop {
        let tick = if left.is_zero() {
            LAST_LOOK
        } else {
            left.min(TICK)
        };
        let parts = progress.parts();
        let start = Instant::now();
        if let Ok(output) = timeout(tick, exchange.as_mut()).await {
            return Some(output);
        }
        let is_late = start.elapsed() > tick + LATENESS;
        let was_over = left.is_zero();
        left = left.saturating_sub(tick);
        if is_late {
            tracing::info!("the process stood still during a call, which goes on");
            let added = GRACE.saturating_sub(left).min(extra);
            left += added;
            extra -= added;
        } else if was_over && progress.parts() > parts {
            extra = extra.saturating_sub(tick);
        } else if was_over {
            return None;
        }
        if left.is_zero() && extra.is_zero() {
            return None;
        }
    }
}

/// Returns the outcome of `connect`, which has a timeout of its own. Starts over when it fails with a
/// timeout after the process stood still, as that says nothing about the server.
pub(super) async fn connecting<T, E, F>(
    mut connect: impl FnMut() -> F,
    is_timeout: impl Fn(&E) -> bool,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut connects = 1;
    loop {
        let mut attempt = pin!(connect());
        let mut stood_still = false;
        let outcome = loop {
            let start = Instant::now();
            let outcome = timeout(TICK, attempt.as_mut()).await;
            stood_still |= start.elapsed() > TICK + LATENESS;
            if let Ok(outcome) = outcome {
                break outcome;
            }
        };
        match outcome {
            Err(error) if stood_still && connects < MAX_CONNECTS && is_timeout(&error) => {
                connects += 1;
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::{advance, sleep};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(150);
    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn a_process_that_runs_waits_as_long_as_the_limit() {
        let start = Instant::now();
        let progress = Progress::default();
        assert_eq!(within(LIMIT, pending::<()>(), &progress).await, None);
        assert_eq!(start.elapsed(), LIMIT + LAST_LOOK);
        for (time, expected) in [(149, Some(())), (151, None)] {
            let exchange = sleep(Duration::from_secs(time));
            assert_eq!(within(LIMIT, exchange, &progress).await, expected);
        }
    }

    /// The clock jumps while the call is in flight, and the response is read some time later.
    #[tokio::test(start_paused = true)]
    async fn time_in_which_the_process_stood_still_does_not_count() {
        for (before, after) in [(1, 140), (149, 4)] {
            let exchange = async {
                sleep(Duration::from_secs(before)).await;
                advance(HOUR).await;
                sleep(Duration::from_secs(after)).await;
            };
            let outcome = within(LIMIT, exchange, &Progress::default()).await;
            assert_eq!(outcome, Some(()), "{before} {after}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_stands_still_again_and_again_gives_up() {
        let exchange = async {
            loop {
                sleep(Duration::from_secs(1)).await;
                advance(HOUR).await;
            }
        };
        assert_eq!(
            within(LIMIT, exchange, &Progress::default()).await,
            None::<()>
        );
    }

    /// A response whose bytes arrive one after the other is read to its end, a slow one is not.
    #[tokio::test(start_paused = true)]
    async fn bytes_that_keep_arriving_are_read() {
        for (pause, parts, expected) in [(10, 400, Some(())), (10, 1_000_000, None), (60, 2, None)]
        {
            let progress = Progress::default();
            let exchange = async {
                sleep(LIMIT - Duration::from_millis(1)).await;
                for _ in 0..parts {
                    sleep(Duration::from_millis(pause)).await;
                    progress.note();
                }
            };
            let outcome = within(LIMIT, exchange, &progress).await;
            assert_eq!(outcome, expected, "{pause} {parts}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn connecting_starts_over_after_the_process_stood_still() {
        for (jump, expected) in [(Duration::ZERO, 1), (HOUR, 2)] {
            let mut connects = 0;
            let connect = || {
                connects += 1;
                let first = connects == 1;
                async move {
                    advance(if first { jump } else { Duration::ZERO }).await;
                    timeout(Duration::from_secs(10), pending::<()>()).await
                }
            };
            connecting(connect, |_| true).await.unwrap_err();
            assert_eq!(connects, expected);
        }
    }
}
