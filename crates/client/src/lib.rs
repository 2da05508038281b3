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
//!   without being charged is sent again ([`StandardRetryPolicy`]); what may have been charged is not, unless
//!   you say so: there is no way to tell the API that a call is a repeat.
//! - Money is counted ([`Client::spend`]), and can have a limit. [`Error::charge`] says what is
//!   known of a call that failed. [`failure_modes`] goes through all that can happen.
//! - Nothing that was paid for is lost: the body of the answer is on [`Response`] and on [`Error`],
//!   and a value of another kind than documented is told of by [`Response::drift`].
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

mod budget;
mod builder;
mod charge;
mod client;
#[cfg(feature = "drift")]
mod drift_watch;
mod error;
pub mod failure_modes;
#[rustfmt::skip]
mod generated;
mod http;
mod limits;
mod observe;
mod paging;
mod response;
mod retry;
mod untyped;

pub use budget::{Costs, Prices};
pub use builder::{ClientBuilder, ConfigError};
pub use charge::{Charge, Dispatch};
pub use client::Client;
/// The tasks, results and status codes.
pub use dataforseo_models as models;
#[cfg(feature = "drift")]
pub use drift_watch::{DriftEntry, DriftReport, DriftWatch, DriftWatchBuilder};
pub use error::{Error, ErrorKind};
pub use generated::*;
pub use http::middleware::{HttpService, RequestBody, ResponseBody};
pub use http::transport::{TransportError, TransportErrorKind};
pub use limits::account::AccountLimits;
#[cfg(feature = "redis")]
pub use limits::redis::{RedisFallback, RedisLimits};
pub use limits::{Admission, Limiter, LimiterError, NoLimits, Permit};
pub use observe::{AttemptEvent, Observer};
pub use paging::{PageResponse, Pages, StopReason};
pub use response::{Fetched, Posted, PostedTask, RawResponse, Response};
pub use retry::{FailedAttempt, NeverRetry, RetryPolicy, StandardRetryPolicy};
pub use untyped::{UntypedRequest, UntypedResponse, UntypedTask};
