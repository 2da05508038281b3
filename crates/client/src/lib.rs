//! Async client of the [DataForSEO v3 API](https://docs.dataforseo.com/v3/).
//!
//! ```no_run
//! use dataforseo_client::Client;
//! use dataforseo_client::models::backlinks::BulkPagesSummaryLiveTask;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD
//! let client = Client::from_env()?;
//! let task = BulkPagesSummaryLiveTask::new(["https://example.com/", "https://example.com/about"]);
//! let answer = client.backlinks().bulk_pages_summary_live(&task).await?;
//! for item in answer.results().iter().filter_map(|result| result.items.as_ref()).flatten() {
//!     println!("{:?}: {:?} backlinks", item.url, item.backlinks);
//! }
//! println!("{:?} USD", answer.cost());
//! # Ok(())
//! # }
//! ```
//!
//! - An error of the API is an [`Error`], though it comes inside HTTP 200: [`Error::kind`] tells
//!   transport, HTTP, envelope and task apart.
//! - A task that breaks a documented limit is refused before it is sent.
//! - The account's limits are kept, for all clones of a client together ([`Limiter`]). What failed
//!   without being charged is sent again ([`Retries`]); what may have been charged is not, unless
//!   you say so: there is no way to tell the API that a call is a repeat.
//! - Money is counted ([`Client::spend`]), and can have a limit. [`Error::charge`] says what is
//!   known of a call that failed. [`bad_days`] goes through all that can happen.
//! - Nothing that was paid for is lost: the body of the answer is on [`Answer`] and on [`Error`],
//!   and a value of another kind than documented is told of by [`Answer::drift`].
//! - No credential is in any `Debug`, message or error.
//!
//! | for | there is |
//! | --- | --- |
//! | one call | the methods of `Client::backlinks` and the other sections |
//! | all rows of a list | the methods that end in `_pages`: [`Pages`] |
//! | conditions and orders | the modules that end in `_fields`, such as `models::backlinks::backlinks_live_fields` |
//! | rows of bulk endpoints by target | [`models::match_targets`] |
//! | an endpoint that is known only at run time | [`Client::prepare`], [`Client::send`] |
//! | tasks for later | [`Posted`], one outcome a task, and [`Fetched`] |
//! | what the API answers and nobody documented | `DriftWatch`, behind the feature `drift` |
//! | middleware, another transport, a recorder | [`ClientBuilder::layer`], [`ClientBuilder::connector`] |
//! | tests without the API | the crate `dataforseo-mock-server` |
//!
//! # Features
//! One a section: `backlinks` (default), `appendix`, `serp`, `on_page`. `schemars` gives tasks and results
//! `JsonSchema`, `redis` has limits that several machines share.
//!
//! `drift` has `DriftWatch`, which looks at one answer in a hundred for what is not as documented: fields,
//! values, kinds. It counts places and keeps nothing of an answer. Calls are neither delayed nor broken by it:
//! an answer that is not looked at costs a counter, one that is is looked at on a thread of the watch.

// Without any section nothing uses the core; a new section is added to the list.
#![cfg_attr(
    not(any(
        feature = "appendix",
        feature = "backlinks",
        feature = "serp",
        feature = "on_page"
    )),
    allow(dead_code, unused_imports, unused_macros)
)]

mod answer;
pub mod bad_days;
mod client;
mod config;
mod connector;
mod error;
mod exchange;
#[rustfmt::skip]
mod generated;
mod limits;
mod observe;
mod pages;
#[cfg(feature = "redis")]
mod redis_limits;
mod retry;
mod spend;
mod transport;
#[cfg(feature = "drift")]
mod watch;

pub use answer::{Answer, Fetched, Posted, PostedTask, RawResponse};
pub use client::Client;
pub use client::plain::{PlainAnswer, PlainCall, PlainTask};
pub use config::{ClientBuilder, ConfigError};
/// The tasks, results and status codes.
pub use dataforseo_models as models;
pub use error::{Charge, Error, ErrorKind, Left};
pub use exchange::{HttpService, RequestBody, ResponseBody};
pub use generated::*;
pub use limits::{AccountLimits, Admission, Limiter, LimiterError, NoLimits, Permit};
pub use observe::{Observed, Observer};
pub use pages::{End, PageAnswer, Pages};
#[cfg(feature = "redis")]
pub use redis_limits::{RedisLimits, WhenAway};
pub use retry::{Attempt, NoRetries, Retries, RetryPolicy};
pub use spend::{Prices, Spend};
pub use transport::{Cause, TransportError};
#[cfg(feature = "drift")]
pub use watch::{DriftReport, DriftWatch, DriftWatchBuilder, Sighting};
