//! Tasks, results, limits and status codes of the [DataForSEO v3 API], generated from its
//! documentation.
//!
//! [DataForSEO v3 API]: https://docs.dataforseo.com/v3/
//!
//! - A **task** is what a call asks for: `new` takes what is required, a setter each of the rest,
//!   and its `validate` names everything that the documentation rules out, before it is sent;
//!   `warnings`, what it advises against.
//! - A **result** has every documented field as an `Option`: the API leaves fields out, sends
//!   null, a float for an integer or a number as text. None of these loses an answer that was
//!   paid for; what was lost or changed is told by [`drift`].
//! - Lists whose elements are of different types are **unions**: an enum with a variant a member,
//!   and one that keeps what nobody documented yet.
//! - Lists can be **filtered** and ordered by their rows' fields ([`filter`]), had page by page
//!   ([`Paged`]), and bulk answers brought to their targets ([`match_targets`]).
//! - The **envelope** around results is one type for all endpoints, [`Envelope`]: with the results
//!   in their types, or with results left as text, [`RawEnvelope`].
//! - [`StatusCode`] knows all documented codes with their class.
//!
//! ```
//! use dataforseo_models::backlinks::BulkPagesSummaryLiveTask;
//!
//! let task = BulkPagesSummaryLiveTask::new(["https://example.com/a"]).tag("t".repeat(256));
//! let refused = task.validate().unwrap_err();
//! assert_eq!(refused.violations()[0].to_string(), "tag: 256 characters, at most 255 are allowed");
//! ```
//!
//! # Features
//! One per section of the API: `backlinks` (on by default), `appendix`, `on_page` and `serp`. Besides
//! these `schemars`, which gives tasks and results a `JsonSchema`.

// Sections use different parts of the core; a build with all of them finds what none uses. A new
// section is added to the list.
#![cfg_attr(
    not(all(
        feature = "appendix",
        feature = "backlinks",
        feature = "on_page",
        feature = "serp"
    )),
    allow(dead_code, unused_imports, unused_macros)
)]

mod codec;
pub mod drift;
mod endpoint;
mod envelope;
#[rustfmt::skip]
mod generated;
mod prelude;
#[cfg(feature = "schemars")]
mod schema;
mod status;
mod types;
mod validate;

pub use codec::lenient::FromLenientJson;
pub use dataforseo_domains::domain_of;
pub use endpoint::filter::{Filter, Order};
pub use endpoint::items::HasItems;
pub use endpoint::matching::{ByTarget, PerTarget, match_rows, match_targets};
pub use endpoint::paging::{Page, Paged, Paging, Window};
pub use endpoint::price::{Price, estimate, requested_rows, requested_rows_of};
pub use endpoint::rules::{DateBound, FieldKind, FieldRule, Limit};
pub use endpoint::{Endpoint, EndpointInfo, Method, Mode, Task, TaskEndpoint, filter};
pub use envelope::{Envelope, RawEnvelope, RawTask, TaskId, TaskResponse};
pub use generated::*;
pub use jiff::civil::Date;
/// Any JSON.
pub use serde_json::Value;
pub use status::{RetryAdvice, StatusClass};
pub use types::map;
pub use types::map::Map;
pub use types::numbered::Numbered;
pub use types::timestamp::Timestamp;
pub use validate::{
    Severity, Violation, ViolationKind, Violations, check, today, validate, warnings,
};

/// Runs the example of the README.
#[cfg(all(doctest, feature = "backlinks"))]
#[doc = include_str!("../README.md")]
struct Readme;
