//! What happens when…: each bad day, what the caller sees, whether it was charged, and what the
//! client did.
//!
//! With the ordinary policies: [`AccountLimits`] and [`StandardRetryPolicy`]. “Again” is up to four times in all,
//! after waits that double, within five minutes, and for a tenth of all calls at most.
//!
//! | what happens | the caller sees | charged | the client |
//! | --- | --- | --- | --- |
//! | a task breaks a documented limit | [`Invalid`], all violations | no | sends nothing |
//! | the call would go beyond `budget` | [`BudgetExceeded`] | no | sends nothing |
//! | more calls than the account may make | nothing but a wait | – | queues them, first come, first served |
//! | a limiter of your own says no | [`Limiter`](ErrorKind::Limiter) | no | sends nothing |
//! | no server, no TLS, no connection in time | [`Connect`] | no | again |
//! | the connection breaks before the task was written | [`Unsent`] | no | again |
//! | it breaks after that, without an answer | [`Interrupted`] | perhaps | not again |
//! | it breaks, or is cut, in the answer | [`BodyInterrupted`], with what there is in [`Error::response`] | perhaps | not again |
//! | nothing comes for 150 s | [`DeadlineExceeded`] | perhaps | not again |
//! | an answer is larger than `max_response_bytes` | [`TooLarge`] | perhaps | not again |
//! | garbage in the place of HTTP | [`Interrupted`] | perhaps | not again |
//! | a proxy's 429 | [`Http`](ErrorKind::Http) | no | again, after `Retry-After` |
//! | a proxy's 502, 503, 504 | [`Http`](ErrorKind::Http) | perhaps | not again |
//! | HTTP 200 and no JSON | [`Body`](ErrorKind::Body) | perhaps | not again |
//! | 401, 402, 404 in the API's words; 40100, 402xx but for the limits, 404xx, 405xx | [`Envelope`] or [`Task`] | no | not again |
//! | 40202, 40209: another program uses the account | [`Envelope`], if it stays so | no | again; everybody waits, longer each time |
//! | 40103, 5030x, 50401, 50402, not charged | [`Envelope`] or [`Task`] | no, by the answer's cost | again |
//! | 50000, not charged | [`Envelope`] or [`Task`] | no, by the answer's cost | again, once |
//! | one of them without a cost | [`Envelope`] or [`Task`] | perhaps | not again |
//! | a failed task that costs money (40101 can) | [`Task`] | [`Charge::Charged`] | not again |
//! | 40501 | [`Envelope`] or [`Task`], the field in [`Error::invalid_field`] | no | not again |
//! | some tasks of a post fail | [`Posted`], which says so of each | for those that were taken | not again |
//! | `tasks_error` is 0 and a task failed | as if it were right: it is not looked at | – | – |
//! | `tasks` is null and the code a success | [`NoTask`] | perhaps | not again |
//! | a live endpoint says that the task is not done | [`Pending`], with the task's identifier | by the answer | not again |
//! | `fetch` says so | [`Fetched::Pending`] | no | not again: polling is the caller's |
//! | a success without results | an [`Response`] without any, [`Response::status_code`] 20000 or 40102 | by the answer | – |
//! | null, a float for an integer, an unknown field | an [`Response`], [`Response::drift`] | yes | nothing; a `DriftWatch`, behind the feature `drift`, counts such places |
//! | the caller drops the call while it waits for its turn | – | no | frees its place |
//! | the caller drops the call while it is under way | – | perhaps: [`Costs::unknown`] | frees its place |
//! | the machine sleeps, the clock jumps | nothing | – | makes no burst of calls |
//!
//! A call to an endpoint that is free (`charged` is false) is sent again wherever this says
//! “perhaps”.
//!
//! [`Invalid`]: ErrorKind::InvalidTask
//! [`BudgetExceeded`]: ErrorKind::BudgetExceeded
//! [`Envelope`]: ErrorKind::Envelope
//! [`Task`]: ErrorKind::Task
//! [`NoTask`]: ErrorKind::NoTask
//! [`Pending`]: ErrorKind::Pending
//! [`Connect`]: TransportError::Connect
//! [`Unsent`]: TransportError::Unsent
//! [`Interrupted`]: TransportError::Interrupted
//! [`BodyInterrupted`]: TransportError::BodyInterrupted
//! [`DeadlineExceeded`]: TransportError::DeadlineExceeded
//! [`TooLarge`]: TransportError::TooLarge

#[allow(unused_imports, reason = "for the links above")]
use crate::{
    AccountLimits, Charge, Costs, Error, ErrorKind, Fetched, Posted, Response, StandardRetryPolicy,
    TransportError,
};
