//! All rows of a list, page by page: by `offset` as far as the API takes it, by the token of the
//! page before after that.

use std::fmt;

use dataforseo_models::drift::Drift;
use dataforseo_models::{Page, Paged, TaskEndpoint, Window};
use futures_util::stream::{self, BoxStream, StreamExt};

use super::stop_reason::StopReason;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::response::RawResponse;

/// The pages of a list. Made by the methods that end in `_pages`, or by [`Client::pages`].
///
/// Each page is a call, made when it is asked for, and charged. No row comes twice and none is
/// passed over, as long as the API's own list stays the same meanwhile.
pub struct Pages<E: TaskEndpoint> {
    client: Client,
    task: E::Task,
    window: Window,
    /// The number of the first row that was not had.
    position: i64,
    /// How many rows at the beginning of the next page were had already.
    overlap: i64,
    /// Whether the caller began with a token: then nobody knows where in the list that is.
    adrift: bool,
    total: Option<i64>,
    stop_reason: Option<StopReason>,
}

/// One page.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PageResponse<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// What the call cost, in US dollars; `None` if the API did not say.
    pub cost: Option<f64>,
    /// Where the answer was of another kind than documented.
    pub drift: Vec<Drift>,
    /// The answer as it arrived.
    pub raw_response: RawResponse,
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
            adrift: window.token.is_some(),
            window,
            total: None,
            stop_reason: None,
        }
    }

    /// The next page; `None` when there is none, and [`stop_reason`](Self::stop_reason) says why.
    ///
    /// # Errors
    /// As any call. The pages end with it: whether the same page is worth asking for again, and
    /// paying for, is for the caller to say, with [`resume`](Self::resume).
    pub async fn next(&mut self) -> Option<Result<PageResponse<E::Row>, Error>> {
        if self.stop_reason.is_some() {
            return None;
        }
        E::set_window(&mut self.task, self.window.clone());
        let answer = match self.client.call::<E>(&self.task).await {
            Ok(answer) => answer,
            Err(error) => {
                self.stop_reason = Some(StopReason::Failed);
                return Some(Err(error));
            }
        };
        let mut rows = Vec::new();
        let mut received = 0;
        let mut token = None;
        for result in answer.task.result {
            let Page {
                rows: more,
                sent,
                total,
                token: next,
                ..
            } = E::page(result);
            // Null rows are left out of the list, and count nevertheless.
            let count = i64::try_from(more.len()).unwrap_or(i64::MAX);
            received += sent.unwrap_or(0).max(count);
            rows.extend(more);
            self.total = total.or(self.total);
            token = next.or(token);
        }
        // Null rows among those that were had already would have to be known to be passed over
        // exactly; a row too many is better than one too few.
        let had = usize::try_from(self.overlap).unwrap_or(0).min(rows.len());
        rows.drain(..had);
        self.advance(received - self.overlap, token);
        Some(Ok(PageResponse {
            rows,
            cost: answer.cost.or(answer.task.cost),
            drift: answer.task.drift,
            raw_response: answer.raw_response,
        }))
    }

    /// Goes on after a failed call, with the page that it was for.
    pub fn resume(&mut self) {
        if self.stop_reason == Some(StopReason::Failed) {
            self.stop_reason = None;
        }
    }

    /// Moves behind the rows that are new.
    fn advance(&mut self, new: i64, token: Option<String>) {
        let paging = E::PAGING;
        let limit = self.window.limit.unwrap_or(1);
        let full = new + self.overlap >= limit;
        self.position = self.position.saturating_add(new.max(0));
        self.overlap = 0;
        let more = match self.total.filter(|_| !self.adrift) {
            Some(total) => self.position < total,
            // A page that is not full is the last one.
            None => full,
        };
        self.stop_reason = if !more {
            Some(StopReason::Complete)
        } else if new <= 0 {
            Some(StopReason::MissingRows)
        } else if self.window.token.is_none() && self.position <= paging.max_offset {
            self.window.offset = Some(self.position);
            None
        } else if paging.has_token {
            match token {
                // All other parameters stay those of the page that the token came with.
                Some(next) if self.window.token.as_ref() != Some(&next) => {
                    self.window.token = Some(next);
                    None
                }
                _ => Some(StopReason::MissingRows),
            }
        } else if self.position < paging.max_offset + paging.max_limit
            && (self.window.offset, limit) != (Some(paging.max_offset), paging.max_limit)
        {
            // The last page that the API gives reaches further than whole pages of this size.
            self.overlap = self.position - paging.max_offset;
            self.window.offset = Some(paging.max_offset);
            self.window.limit = Some(paging.max_limit);
            None
        } else {
            Some(StopReason::OffsetLimit)
        };
    }

    /// How many rows there are in all, by the last page.
    pub fn total(&self) -> Option<i64> {
        self.total
    }

    /// The number of the first row that the next page will have, counted from 0.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Why there are no further pages; `None` as long as there can be some.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.stop_reason
    }

    /// The pages as a stream. It ends behind the first error. That there are rows which cannot be
    /// had is an error, too: [`ErrorKind::Incomplete`].
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
                (None, Some(end @ (StopReason::OffsetLimit | StopReason::MissingRows))) => {
                    let kind = ErrorKind::Incomplete(end);
                    Some((Err(Error::new(E::INFO.id, kind, None)), None))
                }
                (None, _) => None,
            }
        })
        .boxed()
    }

    /// The rows as a stream; see [`into_stream`](Self::into_stream). What to do with a stream is in
    /// `StreamExt` of the crate `futures-util`.
    ///
    /// ```no_run
    /// use dataforseo_client::models::backlinks::BacklinksLiveTask;
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
