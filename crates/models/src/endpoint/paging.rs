//! Endpoints with more rows than one response holds.

use super::TaskEndpoint;

/// An endpoint whose rows are fetched in pages. Generated types implement it.
pub trait Paged: TaskEndpoint {
    /// A row.
    type Row: Send + 'static;
    /// The documented limits.
    const PAGING: Paging;

    /// Returns the page that a task requests.
    fn window(task: &Self::Task) -> Window;

    /// Sets the page that a task requests.
    fn set_window(task: &mut Self::Task, window: Window);

    /// Returns the rows of a result as a page.
    fn page(result: Self::Result) -> Page<Self::Row>;
}

/// The limits of paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// The largest `offset` that the API accepts.
    pub max_offset: i64,
    /// The largest `limit` that the API accepts.
    pub max_limit: i64,
    /// Whether a token can fetch rows beyond the largest `offset`.
    pub has_token: bool,
}

/// The range of rows that a task requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// The number of rows to skip.
    pub offset: Option<i64>,
    /// The most rows to return.
    pub limit: Option<i64>,
    /// The token of the previous page.
    pub token: Option<String>,
}

/// The rows of one response.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// The number of rows in the response, as the API counts them. It exceeds the length of `rows`
    /// if some rows are null.
    pub sent: Option<i64>,
    /// The total number of rows.
    pub total: Option<i64>,
    /// The token of the next page.
    pub token: Option<String>,
}

impl<R> Page<R> {
    pub(crate) fn new(
        rows: Option<Vec<R>>,
        sent: Option<i64>,
        total: Option<i64>,
        token: Option<String>,
    ) -> Self {
        Self {
            rows: rows.unwrap_or_default(),
            sent,
            total,
            token,
        }
    }
}
