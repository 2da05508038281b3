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

pub mod drift;
mod endpoint;
mod envelope;
pub mod filter;
#[rustfmt::skip]
mod generated;
mod json;
pub mod map;
mod matching;
mod numbered;
mod object;
mod open_enum;
mod paging;
mod path;
mod prelude;
mod price;
mod rules;
#[cfg(feature = "schemars")]
mod schema;
mod status;
mod timestamp;
mod tolerant;
mod union;
mod validate;

pub use dataforseo_domains::domain_of;
pub use endpoint::{Endpoint, EndpointInfo, Method, Mode, Task, TaskEndpoint};
pub use envelope::{Envelope, RawEnvelope, RawTask, TaskId, TaskResponse};
pub use filter::{Filter, Order};
pub use generated::*;
pub use jiff::civil::Date;
pub use map::Map;
pub use matching::{ByTarget, PerTarget, match_rows, match_targets};
pub use numbered::Numbered;
pub use paging::{Page, Paged, Paging, Window};
pub use price::{Price, estimate, rows_asked_for, rows_of_tasks};
pub use rules::{DateBound, FieldRule, Kind, Limit};
/// Any JSON.
pub use serde_json::Value;
pub use status::{Repeat, StatusClass};
pub use timestamp::Timestamp;
pub use tolerant::Tolerant;
pub use validate::{Problem, Severity, Violation, Violations, check, today, validate, warnings};
