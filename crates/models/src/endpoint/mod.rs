//! The description of an endpoint: its path, limits, task and result.

use serde::Serialize;

use crate::codec::Object;
use crate::codec::lenient::FromLenientJson;

pub mod filter;
pub mod items;
pub mod keyword_key;
pub mod matching;
pub mod paging;
pub mod price;
pub mod rules;
pub mod target_key;

use price::{CostRules, Price};
use rules::FieldRule;

/// An endpoint of the API. Generated types implement it, and the client is generic over it.
///
/// ```
/// use dataforseo_models::Endpoint;
/// use dataforseo_models::backlinks::BulkPagesSummaryLive;
///
/// assert_eq!(BulkPagesSummaryLive::INFO.path, "/v3/backlinks/bulk_pages_summary/live");
/// assert_eq!(BulkPagesSummaryLive::INFO.tasks_per_call, Some(1));
/// ```
pub trait Endpoint {
    /// One element of the `result` of a task.
    type Result: FromLenientJson + Serialize + Send + 'static;
    /// The facts about the endpoint.
    const INFO: &'static EndpointInfo;
}

/// An endpoint that receives tasks by POST. All other endpoints are requested with GET.
pub trait TaskEndpoint: Endpoint {
    /// The task that is sent.
    type Task: Task;
}

/// A task: the parameters of a request to one endpoint.
pub trait Task: Serialize + Object + Send + Sync {
    /// The documented limits of its fields.
    const RULES: &'static [FieldRule];
}

/// The facts about an endpoint that do not depend on its types.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EndpointInfo {
    /// The name in this library, such as `backlinks/bulk_pages_summary/live`.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path with the version, such as `/v3/backlinks/bulk_pages_summary/live`. Parameters are in
    /// braces: `/v3/serp/google/organic/task_get/advanced/{id}`.
    pub path: &'static str,
    /// When the result is available.
    pub mode: Mode,
    /// Whether calls cost money.
    pub charged: bool,
    /// The name in the rate card of an account. Endpoints with the same name share prices and rates.
    pub function: &'static str,
    /// The price of calls on [`api::PRICES_SINCE`](crate::api::PRICES_SINCE). `None` if it is unknown,
    /// or if calls are free.
    pub price: Option<Price>,
    /// Whether an account's own rate card can replace [`price`](Self::price). It cannot where the card
    /// has one price for several endpoints and this one is known to cost something else.
    pub has_card_price: bool,
    /// How the fields of a task change its cost.
    pub cost_rules: CostRules,
    /// The most tasks per call. `None` for an endpoint that receives none.
    pub tasks_per_call: Option<u32>,
    /// The most calls per minute and account, to all endpoints with the same
    /// [`function`](Self::function) together. `None` if only the general limit of the account applies.
    pub calls_per_minute: Option<u32>,
    /// The documented limits of the task's fields.
    pub task_rules: &'static [FieldRule],
    /// The URL of the vendor's documentation page.
    pub docs_url: &'static str,
}

impl EndpointInfo {
    /// Returns whether a path is that of the endpoint, with any values for its parameters.
    ///
    /// ```
    /// use dataforseo_models::Endpoint;
    /// use dataforseo_models::backlinks::Index;
    ///
    /// assert!(Index::INFO.matches("/v3/backlinks/index"));
    /// assert!(!Index::INFO.matches("/v3/backlinks/index/1"));
    /// ```
    pub fn matches(&self, path: &str) -> bool {
        let (mut wanted, mut found) = (self.path.split('/'), path.split('/'));
        loop {
            match (wanted.next(), found.next()) {
                (None, None) => return true,
                (Some(part), Some(found)) if part.starts_with('{') && !found.is_empty() => {}
                (Some(part), Some(found)) if part == found => {}
                _ => return false,
            }
        }
    }
}

/// An HTTP method that the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

impl Method {
    /// Returns the name as in HTTP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// When the result of an endpoint is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// The response holds the result.
    Live,
    /// Later. The response holds the identifiers of the accepted tasks.
    TaskPost,
    /// The response lists tasks whose results can be fetched.
    TasksReady,
    /// The response lists tasks whose results were corrected after they could be fetched.
    TasksFixed,
    /// The response holds the result of a task that was posted before.
    TaskGet,
}
