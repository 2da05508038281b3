//! Why paging stopped.

/// The reason why [`Pages`](crate::Pages) returns no further pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// All rows were fetched.
    Complete,
    /// The list has more rows, but the API rejects a larger `offset` and the endpoint has no
    /// `search_after_token`.
    OffsetLimit,
    /// The API returned no further rows although the total that it reports is larger.
    MissingRows,
    /// A call failed. [`Pages::resume`](crate::Pages::resume) continues with the same page.
    Failed,
}
