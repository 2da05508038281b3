//! Typed tasks, results, limits and status codes of the [DataForSEO v3 API].
//!
//! The types are generated from the API's documentation. This crate sends nothing: the client
//! does, and any other transport can use these types.
//!
//! [DataForSEO v3 API]: https://docs.dataforseo.com/v3/
//!
//! - A **task** holds the parameters of a request. `new` accepts the required fields. Each other
//!   field has a setter. `validate` returns all violations of the documented limits, before the task
//!   is sent. `warnings` lists values that the documentation advises against.
//! - A **result** has every documented field as an `Option`, because the API leaves fields out or
//!   sends null. Values of another kind than documented, such as a number as text, are converted
//!   where that is possible. [`drift`] reports each value that was converted, changed or lost.
//! - `items()` returns the **items** of a result as a slice, which is empty if there are none.
//!   [`HasItems`] does so in generic code.
//! - A list whose elements have different types holds a **union**: an enum with one variant per
//!   type. The variant `Other` keeps objects that are not documented.
//! - Lists can be filtered and ordered by the fields of their rows ([`filter`]) and fetched in
//!   pages ([`Paged`]). [`match_targets`] pairs the rows of a bulk response with their targets,
//!   also where the API writes a target in another form. [`target_key`] shows which targets are the
//!   same, and [`keyword_key`] which keywords.
//! - The **envelope** around results is one type for all endpoints, [`Envelope`]. A
//!   [`RawEnvelope`] leaves the results as text.
//! - [`StatusCode`] lists all documented codes with their class.
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
//! There is one feature per section of the API: `backlinks` (on by default), `appendix`,
//! `keywords_data`, `on_page` and `serp`. The feature `schemars` implements `JsonSchema` for tasks and results.

// Sections use different parts of the core. A build with all of them finds unused code. A new
// section is added to the list.
#![cfg_attr(
    not(all(
        feature = "appendix",
        feature = "backlinks",
        feature = "keywords_data",
        feature = "on_page",
        feature = "serp"
    )),
    allow(dead_code, unused_imports, unused_macros)
)]

mod codec;
mod cost;
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
pub use cost::{TaskCost, TotalCost};
pub use dataforseo_domains::domain_of;
pub use endpoint::filter::{Filter, Order};
pub use endpoint::items::HasItems;
pub use endpoint::keyword_key::keyword_key;
pub use endpoint::matching::{
    ByTarget, PerTarget, RowMatches, TargetKind, match_rows, match_targets,
};
pub use endpoint::paging::{Page, Paged, Paging, Window};
pub use endpoint::price::{
    Amount, CostCondition, CostEffect, CostRules, Estimate, FieldCost, MaxRows, Price, TaskFields,
};
pub use endpoint::rules::{
    ConditionValue, DateBound, FieldCondition, FieldKind, FieldRule, Limit, MemberRule, UnionRule,
};
pub use endpoint::target_key::target_key;
pub use endpoint::{Endpoint, EndpointInfo, Method, Mode, Task, TaskEndpoint, filter};
pub use envelope::{Envelope, RawEnvelope, RawTask, TaskId, TaskResponse};
pub use generated::*;
pub use jiff::civil::Date;
/// Any JSON value.
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
