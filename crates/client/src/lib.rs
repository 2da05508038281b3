//! An async client for the [DataForSEO v3 API](https://docs.dataforseo.com/v3/).
//!
//! ```no_run
//! use dataforseo_client::{Client, backlinks::BulkPagesSummaryLiveTask};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // Reads DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD.
//! let client = Client::from_env()?;
//! let task = BulkPagesSummaryLiveTask::new(["https://example.com/", "https://example.com/about"]);
//! let response = client.backlinks().bulk_pages_summary_live(&task).await?;
//! for page in response.items() {
//!     println!("{:?}: {:?} backlinks", page.url, page.backlinks);
//! }
//! println!("{:?} USD", response.cost());
//! # Ok(())
//! # }
//! ```
//!
//! - **Types.** Every endpoint has a method, a task and a result. A task that breaks a documented
//!   limit is not sent.
//! - **Absent values.** Result fields are `Option`s: the API can return null or omit a field. The
//!   value is then `None`.
//! - **Errors.** An error inside an HTTP 200 response is an [`Error`], too. Its methods return how to
//!   react, such as [`Error::is_retryable`]. [`failure_modes`] lists how a call can fail.
//! - **Rate limits.** A client and its clones together keep the rate limits of the account:
//!   [`Limiter`].
//! - **Retries.** Calls that failed without being charged are retried: [`StandardRetryPolicy`]. Calls
//!   that may have been charged are not, because the API cannot recognize a retry.
//! - **Costs.** The client counts what was charged, estimates calls before they are sent, and keeps a
//!   budget: [`Client::costs`], [`Client::estimate`], [`ClientBuilder::budget`].
//! - **Data.** A response that cannot be decoded is not lost: [`Response::raw_response`] and
//!   [`Error::raw_response`] return its bytes. [`Response::drift`] lists the values whose type differs
//!   from the documentation.
//! - **Secrets.** No `Debug`, message or error contains a credential, even if a server repeats it.
//!
//! | to | use |
//! | --- | --- |
//! | call an endpoint | the methods of `Client::backlinks` and the other sections |
//! | fetch all rows of a list | the methods that end in `_pages`: [`Pages`] |
//! | filter and sort | the modules that end in `_fields`, such as `backlinks::backlinks_live_fields` |
//! | match rows of bulk endpoints to targets | [`models::match_targets`] |
//! | post tasks and fetch their results later | [`Posted`] and [`Fetched`] |
//! | choose an endpoint at run time | [`Client::prepare`] and [`Client::send`] |
//! | find differences between responses and the documentation | `DriftWatch`, behind the feature `drift` |
//! | add middleware, another transport or a recorder | [`ClientBuilder::layer`], [`ClientBuilder::connector`] |
//! | test without the API | the crate `dataforseo-mock-server` |
//!
//! # Features
//! | feature | content |
//! | --- | --- |
//! | `backlinks` (default), `appendix`, `keywords_data`, `on_page`, `serp` | the sections of the API |
//! | `schemars` | `JsonSchema` for tasks and results |
//! | `redis` | `RedisLimits`: rate limits that several machines share |
//! | `drift` | `DriftWatch`: counts undocumented fields, values and kinds in a sample of responses, without delaying calls |

// Without a section, nothing uses the core. New sections are added to this list.
#![cfg_attr(
    not(any(
        feature = "appendix",
        feature = "backlinks",
        feature = "keywords_data",
        feature = "serp",
        feature = "on_page"
    )),
    allow(dead_code, unused_imports, unused_macros)
)]

mod account_rates;
mod budget;
mod builder;
mod call;
mod charge;
mod client;
mod decode;
#[cfg(feature = "drift")]
mod drift_watch;
mod error;
pub mod failure_modes;
#[rustfmt::skip]
mod generated;
mod http;
mod in_flight;
mod limits;
mod observe;
mod paging;
mod prices;
mod request;
mod response;
mod retry;
mod untyped;

pub use account_rates::AccountRates;
pub use budget::Costs;
pub use builder::{ClientBuilder, ConfigError};
pub use charge::{Charge, Dispatch};
pub use client::Client;
/// Tasks, results and status codes: the crate `dataforseo-models`.
pub use dataforseo_models as models;
#[cfg(feature = "drift")]
pub use drift_watch::{DriftEntry, DriftReport, DriftWatch, DriftWatchBuilder};
pub use error::{Error, ErrorKind};
pub use generated::sections::*;
pub use generated::*;
pub use http::error::{TransportError, TransportErrorKind};
pub use http::middleware::{HttpService, RequestBody, ResponseBody};
pub use limits::account::AccountLimits;
pub use limits::machine::MachineLimits;
pub use limits::permit::Permit;
#[cfg(feature = "redis")]
pub use limits::redis::{RedisFallback, RedisLimits};
pub use limits::{Admission, Limiter, LimiterError, NoLimits};
pub use observe::{AttemptEvent, Observer};
pub use paging::{PageResponse, Pages, StopReason};
pub use prices::Prices;
pub use response::{Fetched, Posted, PostedTask, RawResponse, Response};
pub use retry::{FailedAttempt, NeverRetry, RetryPolicy, StandardRetryPolicy};
pub use untyped::{UntypedRequest, UntypedResponse, UntypedTask};

/// The examples of the crate's README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
