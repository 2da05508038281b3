//! What ties an endpoint's path, limits, task and result together.

use serde::Serialize;

use crate::codec::Object;
use crate::codec::lenient::FromLenientJson;

pub mod filter;
pub mod items;
pub mod matching;
pub mod paging;
pub mod price;
pub mod rules;

use rules::FieldRule;

/// One endpoint of the API. Generated types implement it; the client is generic over it.
///
/// ```
/// use dataforseo_models::Endpoint;
/// use dataforseo_models::backlinks::BulkPagesSummaryLive;
///
/// assert_eq!(BulkPagesSummaryLive::INFO.path, "/v3/backlinks/bulk_pages_summary/live");
/// assert_eq!(BulkPagesSummaryLive::INFO.tasks_per_call, Some(1));
/// ```
pub trait Endpoint {
    /// One element of a task's `result`.
    type Result: FromLenientJson + Serialize + Send + 'static;
    /// The facts about it.
    const INFO: &'static EndpointInfo;
}

/// An endpoint that is sent tasks. The others are asked with a GET.
pub trait TaskEndpoint: Endpoint {
    /// What is sent.
    type Task: Task;
}

/// A task of some endpoint: what a call asks for, and what a call is charged for.
pub trait Task: Serialize + Object + Send + Sync {
    /// The documented limits of its fields.
    const RULES: &'static [FieldRule];
}

/// The facts about an endpoint that do not depend on its types.
#[derive(Debug)]
#[non_exhaustive]
pub struct EndpointInfo {
    /// Its name in this library, such as `backlinks/bulk_pages_summary/live`.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path with the version, such as `/v3/backlinks/bulk_pages_summary/live`. Its parameters
    /// stand in braces: `/v3/serp/google/organic/task_get/advanced/{id}`.
    pub path: &'static str,
    /// When the result comes.
    pub mode: Mode,
    /// Whether calls cost money.
    pub charged: bool,
    /// How many tasks one call may hold; `None` where none are sent.
    pub tasks_per_call: Option<u32>,
    /// How many calls to it an account may make in a minute; `None` where only the account's own
    /// limit holds.
    pub calls_per_minute: Option<u32>,
    /// The documented limits of the task's fields.
    pub task_rules: &'static [FieldRule],
    /// The vendor's page.
    pub docs_url: &'static str,
}

impl EndpointInfo {
    /// Whether this is the path of the endpoint, with anything for its parameters.
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
    /// The name as HTTP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// When an endpoint's result comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// In the answer to the call.
    Live,
    /// Later: the answer has the identifiers of the tasks that were taken.
    TaskPost,
    /// It lists tasks whose results can be fetched.
    TasksReady,
    /// It fetches the result of a task that was posted before.
    TaskGet,
}
