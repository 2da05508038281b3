//! What ties an endpoint's path, limits, task and result together.

use serde::Serialize;

use crate::rules::FieldRule;
use crate::tolerant::Tolerant;

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
    /// What is sent.
    type Task: Task;
    /// One element of a task's `result`.
    type Result: Tolerant + Serialize + Send + 'static;
    /// The facts about it.
    const INFO: &'static EndpointInfo;
}

/// A task of some endpoint: what a call asks for, and what a call is charged for.
pub trait Task: Serialize + Send + Sync {
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
    /// The path with the version, such as `/v3/backlinks/bulk_pages_summary/live`.
    pub path: &'static str,
    /// When the result comes.
    pub mode: Mode,
    /// How many tasks one call may hold; `None` where none are sent.
    pub tasks_per_call: Option<u32>,
    /// The documented limits of the task's fields.
    pub task_rules: &'static [FieldRule],
    /// The vendor's page.
    pub link: &'static str,
}

impl EndpointInfo {
    /// Generated code makes these; `new` keeps it from naming what may still grow.
    pub(crate) const fn new(
        id: &'static str,
        method: Method,
        path: &'static str,
        mode: Mode,
        tasks_per_call: Option<u32>,
        task_rules: &'static [FieldRule],
        link: &'static str,
    ) -> Self {
        Self {
            id,
            method,
            path,
            mode,
            tasks_per_call,
            task_rules,
            link,
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
}
