//! Pages of a list: by `offset` as far as the API accepts it, then by the token of the page before.

use std::fmt;

use dataforseo_models::drift::Drift;
use dataforseo_models::{Page, Paged, TaskEndpoint, Window};
use futures_util::stream::{self, BoxStream, StreamExt};

use super::stop_reason::StopReason;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::response::{RawResponse, Response};

/// The pages of a list, fetched one call at a time.
///
/// [`Client::pages`] and the methods that end in `_pages` return it. [`next`](Self::next) sends one
/// call per page, and the API charges each. Each row is returned once, as long as the list does not
/// change between the calls.
///
/// ```no_run
/// use dataforseo_client::{Client, StopReason, backlinks::BacklinksLiveTask};
///
/// # async fn example(client: Client) -> Result<(), dataforseo_client::Error> {
/// let task = BacklinksLiveTask::new("example.com");
/// let mut pages = client.backlinks().backlinks_live_pages(task);
/// while let Some(page) = pages.next().await {
///     println!("{} rows of {:?}", page?.rows.len(), pages.total());
/// }
/// assert_eq!(pages.stop_reason(), Some(StopReason::Complete));
/// # Ok(())
/// # }
/// ```
pub struct Pages<E: TaskEndpoint> {
    client: Client,
    task: E::Task,
    window: Window,
    /// The index of the first row that was not fetched.
    position: i64,
    /// The number of rows at the beginning of the next page that were fetched before.
    overlap: i64,
    /// Whether the caller started with a token, whose position in the list is unknown.
    position_unknown: bool,
    total: Option<i64>,
    stop_reason: Option<StopReason>,
}

/// One page of a list.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PageResponse<R> {
    /// The rows, without those that an earlier page contained.
    pub rows: Vec<R>,
    /// The cost of the call in US dollars; `None` if the response has none.
    pub cost: Option<f64>,
    /// The values that are of another kind than documented.
    pub drift: Vec<Drift>,
    /// The response as it arrived.
    pub raw_response: RawResponse,
}

/// The rows of all results of one response.
struct Batch<R> {
    rows: Vec<R>,
    /// The number of rows that the API sent, including those that are null.
    sent: i64,
    token: Option<String>,
}

impl<E: TaskEndpoint> fmt::Debug for Pages<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("endpoint", &E::INFO.id)
            .field("position", &self.position)
            .field("total", &self.total)
            .field("stop_reason", &self.stop_reason)
            .finish_non_exhaustive()
    }
}

impl<E: Paged> Pages<E> {
    pub(crate) fn new(client: Client, task: E::Task) -> Self {
        let mut window = E::window(&task);
        window.limit.get_or_insert(E::PAGING.max_limit);
        Self {
            client,
            task,
            position: window.offset.unwrap_or(0),
            overlap: 0,
            position_unknown: window.token.is_some(),
            window,
            total: None,
            stop_reason: None,
        }
    }

    /// Fetches the next page. Returns `None` when there are no further pages;
    /// [`stop_reason`](Self::stop_reason) returns why.
    ///
    /// # Errors
    /// When the call of the page fails, like [`Client::call`]. Further calls of `next` then return
    /// `None`, because sending the page again can cost money. [`resume`](Self::resume) allows that.
    pub async fn next(&mut self) -> Option<Result<PageResponse<E::Row>, Error>> {
        if self.stop_reason.is_some() {
            return None;
        }
        E::set_window(&mut self.task, self.window.clone());
        match self.client.call::<E>(&self.task).await {
            Ok(response) => Some(Ok(self.page(response))),
            Err(error) => {
                self.stop_reason = Some(StopReason::Failed);
                Some(Err(error))
            }
        }
    }

    /// Takes the new rows out of a response and moves on.
    fn page(&mut self, response: Response<E::Result>) -> PageResponse<E::Row> {
        let cost = response.cost();
        let mut batch = self.batch(response.task.result);
        // An earlier page may or may not have contained a null row. A row too many is better than one
        // too few.
        let known = usize::try_from(self.overlap)
            .unwrap_or(0)
            .min(batch.rows.len());
        batch.rows.drain(..known);
        self.advance(batch.sent - self.overlap, batch.token);
        PageResponse {
            rows: batch.rows,
            cost,
            drift: response.task.drift,
            raw_response: response.raw_response,
        }
    }

    fn batch(&mut self, results: Vec<E::Result>) -> Batch<E::Row> {
        let mut batch = Batch {
            rows: Vec::new(),
            sent: 0,
            token: None,
        };
        for result in results {
            let Page {
                rows,
                sent,
                total,
                token,
                ..
            } = E::page(result);
            // Null rows are not in the list, but they count.
            let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
            batch.sent += sent.unwrap_or(0).max(count);
            batch.rows.extend(rows);
            batch.token = token.or(batch.token);
            self.total = total.or(self.total);
        }
        batch
    }

    /// Lets [`next`](Self::next) send the page that failed again. Does nothing if no page failed.
    pub fn resume(&mut self) {
        if self.stop_reason == Some(StopReason::Failed) {
            self.stop_reason = None;
        }
    }

    /// Moves past the rows that are new, and decides how the next page is fetched.
    fn advance(&mut self, new: i64, token: Option<String>) {
        let limit = self.window.limit.unwrap_or(1);
        let is_full = new + self.overlap >= limit;
        self.position = self.position.saturating_add(new.max(0));
        self.overlap = 0;
        let has_more = match self.total.filter(|_| !self.position_unknown) {
            Some(total) => self.position < total,
            // A page that is not full is the last one.
            None => is_full,
        };
        self.stop_reason = if !has_more {
            Some(StopReason::Complete)
        } else if new <= 0 {
            Some(StopReason::MissingRows)
        } else if self.window.token.is_none() && self.position <= E::PAGING.max_offset {
            self.window.offset = Some(self.position);
            None
        } else if E::PAGING.has_token {
            self.continue_by_token(token)
        } else {
            self.continue_to_offset_limit(limit)
        };
    }

    /// Fetches the next page by token. All other parameters stay those of the page that contained
    /// the token.
    fn continue_by_token(&mut self, token: Option<String>) -> Option<StopReason> {
        match token {
            Some(next) if self.window.token.as_ref() != Some(&next) => {
                self.window.token = Some(next);
                None
            }
            _ => Some(StopReason::MissingRows),
        }
    }

    /// Fetches the last page that the API returns: at the largest offset, with the largest limit.
    /// It reaches further than pages of another size.
    fn continue_to_offset_limit(&mut self, limit: i64) -> Option<StopReason> {
        let paging = E::PAGING;
        let is_last = (self.window.offset, limit) == (Some(paging.max_offset), paging.max_limit);
        if self.position >= paging.max_offset + paging.max_limit || is_last {
            return Some(StopReason::OffsetLimit);
        }
        self.overlap = self.position - paging.max_offset;
        self.window.offset = Some(paging.max_offset);
        self.window.limit = Some(paging.max_limit);
        None
    }

    /// Returns the total number of rows in the list, as the latest page states it; `None` before the
    /// first page, or if the API did not return it.
    pub fn total(&self) -> Option<i64> {
        self.total
    }

    /// Returns the index of the first row of the next page, starting at 0. If the task has a
    /// `search_after_token`, rows before the token are not counted.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Returns why there are no further pages; `None` while there can be some.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.stop_reason
    }

    /// Returns the pages as a stream, which ends after the first error.
    ///
    /// Rows that cannot be fetched are an error, too: [`ErrorKind::Incomplete`].
    pub fn into_stream(self) -> BoxStream<'static, Result<PageResponse<E::Row>, Error>>
    where
        E: 'static,
        E::Task: Send + 'static,
        E::Result: Send,
    {
        stream::unfold(Some(self), |pages| async move {
            let mut pages = pages?;
            match (pages.next().await, pages.stop_reason()) {
                (Some(page), _) => {
                    let rest = page.is_ok().then_some(pages);
                    Some((page, rest))
                }
                (None, Some(reason @ (StopReason::OffsetLimit | StopReason::MissingRows))) => {
                    let kind = ErrorKind::Incomplete(reason);
                    Some((Err(Error::new(E::INFO.id, kind, None)), None))
                }
                (None, _) => None,
            }
        })
        .boxed()
    }

    /// Returns the rows as a stream. [`into_stream`](Self::into_stream) describes its errors.
    ///
    /// ```no_run
    /// use dataforseo_client::backlinks::BacklinksLiveTask;
    /// use futures_util::StreamExt;
    ///
    /// # async fn example(client: dataforseo_client::Client) -> Result<(), dataforseo_client::Error> {
    /// let task = BacklinksLiveTask::new("example.com");
    /// let mut rows = client.backlinks().backlinks_live_pages(task).into_rows();
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?.url_from);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_rows(self) -> BoxStream<'static, Result<E::Row, Error>>
    where
        E: 'static,
        E::Task: Send + 'static,
        E::Result: Send,
    {
        self.into_stream()
            .flat_map(|page| match page {
                Ok(page) => stream::iter(page.rows.into_iter().map(Ok).collect::<Vec<_>>()),
                Err(error) => stream::iter(vec![Err(error)]),
            })
            .boxed()
    }
}
