//! Endpoints with more rows than one call gives.

use super::TaskEndpoint;

/// An endpoint whose rows are had page by page. Generated types implement it.
pub trait Paged: TaskEndpoint {
    /// A row.
    type Row: Send + 'static;
    /// The documented bounds.
    const PAGING: Paging;

    /// The page that a task asks for.
    fn window(task: &Self::Task) -> Window;

    /// Makes a task ask for this page.
    fn set_window(task: &mut Self::Task, window: Window);

    /// Takes the rows out of a result.
    fn page(result: Self::Result) -> Page<Self::Row>;
}

/// How far paging reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// The largest `offset` that the API takes.
    pub max_offset: i64,
    /// The largest `limit` that the API takes.
    pub max_limit: i64,
    /// Whether a token leads beyond the largest `offset`.
    pub has_token: bool,
}

impl Paging {
    pub(crate) const fn new(max_offset: i64, max_limit: i64, has_token: bool) -> Self {
        Self {
            max_offset,
            max_limit,
            has_token,
        }
    }
}

/// Which rows a task asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// How many rows to pass over.
    pub offset: Option<i64>,
    /// How many rows to give.
    pub limit: Option<i64>,
    /// The token of the page before.
    pub token: Option<String>,
}

/// The rows of one call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// How many rows the API says that it sent: more than `rows` if some were null.
    pub sent: Option<i64>,
    /// How many rows there are in all.
    pub total: Option<i64>,
    /// The token that leads to the next page.
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
