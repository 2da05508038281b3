//! Lists page by page, against a server that holds a list as the API does.

use dataforseo_client::models::backlinks::{
    AnchorsLive, AnchorsLiveTask, BacklinksLive, BacklinksLiveTask,
};
use dataforseo_client::models::{Paged, Paging};
use dataforseo_client::{ErrorKind, StopReason};
use dataforseo_tests::Responder;
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::client;

/// The documented limits of two lists, with and without a token.
const BACKLINKS: Paging = BacklinksLive::PAGING;
const ANCHORS: Paging = AnchorsLive::PAGING;

/// How the list of a server behaves.
#[derive(Clone, Copy)]
struct List {
    rows: i64,
    /// Whether it gives tokens.
    tokens: bool,
    /// Sends null for this row.
    null: Option<i64>,
    /// Sends no rows from here on.
    dries_up_at: i64,
    tells_total: bool,
}

const LIST: List = List {
    rows: 0,
    tokens: true,
    null: None,
    dries_up_at: i64::MAX,
    tells_total: true,
};

impl List {
    /// Returns the response to a task as the API sends it: the rows from `offset`, or after the token.
    fn response(self, body: &str) -> String {
        let task: Value = serde_json::from_str(body).unwrap();
        let task = &task[0];
        let limit = task["limit"].as_i64().unwrap_or(100);
        let offset = task["offset"].as_i64().unwrap_or(0);
        let start = match task["search_after_token"].as_str() {
            Some(token) => token.parse().unwrap(),
            None => offset,
        };
        let end = (start + limit)
            .min(self.rows)
            .min(self.dries_up_at)
            .max(start);
        let row = |number: i64| match self.null == Some(number) {
            true => Value::Null,
            false => json!({ "anchor": number.to_string() }),
        };
        let items: Vec<Value> = (start..end).map(row).collect();
        json!({
            "status_code": 20000,
            "cost": 0.03,
            "tasks": [{
                "status_code": 20000,
                "result": [{
                    "total_count": self.tells_total.then_some(self.rows),
                    "items_count": items.len(),
                    "items": items,
                    "search_after_token": self.tokens.then(|| end.to_string()),
                }],
            }],
        })
        .to_string()
    }

    async fn serve(self) -> Responder {
        Responder::start(move |body| self.response(body))
            .await
            .unwrap()
    }
}

/// What the server was asked: offset, limit and token of each call.
fn windows(server: &Responder) -> Vec<(Option<i64>, Option<i64>, Option<String>)> {
    let requested = server.received();
    let windows = requested.iter().map(|body| {
        let task: Value = serde_json::from_str(body).unwrap();
        let token = task[0]["search_after_token"].as_str();
        (
            task[0]["offset"].as_i64(),
            task[0]["limit"].as_i64(),
            token.map(str::to_owned),
        )
    });
    windows.collect()
}

fn numbers<'a>(rows: impl IntoIterator<Item = &'a Option<String>>) -> Vec<i64> {
    rows.into_iter()
        .map(|anchor| anchor.as_ref().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn all_rows_once_by_offset_and_then_by_token() {
    let limit = BACKLINKS.max_limit * 7 / 10;
    let rows = 2 * BACKLINKS.max_offset + 5 * limit + 1;
    let server = List { rows, ..LIST }.serve().await;
    let task = BacklinksLiveTask::new("a.example").limit(limit);
    let client = client(server.url());
    let mut pages = client.backlinks().backlinks_live_pages(task);
    let (mut seen, mut calls) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        calls += 1;
        assert_eq!(page.cost, Some(0.03));
        seen.extend(numbers(page.rows.iter().map(|row| &row.anchor)));
    }
    assert!(seen.iter().copied().eq(0..rows));
    assert_eq!(
        (pages.stop_reason(), pages.total()),
        (Some(StopReason::Complete), Some(rows))
    );
    assert!(pages.next().await.is_none());
    let windows = windows(&server);
    let expected = rows.unsigned_abs().div_ceil(limit.unsigned_abs()) as usize;
    assert_eq!((calls, windows.len()), (expected, expected));
    // As it was given, then by offset as far as that goes, then all the same but for the token.
    let page = BACKLINKS.max_offset / limit;
    let (offset, token) = (page * limit, (page + 1) * limit);
    let page = page as usize;
    assert_eq!(windows[0], (None, Some(limit), None));
    assert_eq!(windows[page], (Some(offset), Some(limit), None));
    assert_eq!(
        windows[page + 1],
        (Some(offset), Some(limit), Some(token.to_string()))
    );
    assert!(
        windows[page + 2..]
            .iter()
            .all(|it| (it.0, it.1) == (Some(offset), Some(limit)))
    );
}

/// Full pages cost least, so they are the default; the caller's own offset is kept.
#[tokio::test]
async fn pages_are_full_by_default() {
    let limit = BACKLINKS.max_limit;
    let (count, offset) = (limit * 5 / 2, limit * 6 / 5);
    let server = List {
        rows: count,
        ..LIST
    }
    .serve()
    .await;
    let task = BacklinksLiveTask::new("a.example").offset(offset);
    let rows = client(server.url())
        .backlinks()
        .backlinks_live_pages(task)
        .into_rows();
    let rows: Vec<_> = rows.map(|row| row.unwrap().anchor).collect().await;
    assert!(numbers(&rows).into_iter().eq(offset..count));
    assert_eq!(
        windows(&server),
        [
            (Some(offset), Some(limit), None),
            (Some(offset + limit), Some(limit), None)
        ]
    );
}

/// An endpoint without a token ends at the API's ceiling, and says so.
#[tokio::test]
async fn the_offset_limit_is_reported() {
    let end = ANCHORS.max_offset + ANCHORS.max_limit;
    let server = List {
        rows: end + 1,
        tokens: false,
        ..LIST
    }
    .serve()
    .await;
    let client = client(server.url());
    let mut pages = client
        .backlinks()
        .anchors_live_pages(AnchorsLiveTask::new("a.example"));
    let mut rows = 0;
    while let Some(page) = pages.next().await {
        rows += page.unwrap().rows.len();
    }
    assert_eq!(
        (rows, pages.stop_reason()),
        (end as usize, Some(StopReason::OffsetLimit))
    );
    assert_eq!(pages.position(), end);

    let stream = client
        .backlinks()
        .anchors_live_pages(AnchorsLiveTask::new("a.example"));
    let mut outcomes: Vec<_> = stream.into_rows().collect().await;
    let last = outcomes.pop().unwrap().unwrap_err();
    assert!(
        matches!(last.kind(), ErrorKind::Incomplete(StopReason::OffsetLimit)),
        "{last}"
    );
    let received = outcomes.iter().filter(|row| row.is_ok()).count();
    assert_eq!(received, end as usize);
}

/// Where whole pages end short of what the API gives, the last one reaches back.
#[tokio::test]
async fn the_last_page_reaches_as_far_as_the_api_does() {
    let (offset, most) = (ANCHORS.max_offset, ANCHORS.max_limit);
    let list = List {
        tokens: false,
        ..LIST
    };
    // No page of this size begins at the largest offset.
    let is_uneven = |limit: &i64| offset % limit != 0;
    let limit = (most * 7 / 10..most).find(is_uneven).unwrap();
    let near = offset + most * 9 / 10;
    for (rows, end, reached) in [
        (near, StopReason::Complete, near),
        (offset + 2 * most, StopReason::OffsetLimit, offset + most),
    ] {
        let server = List { rows, ..list }.serve().await;
        let task = AnchorsLiveTask::new("a.example").limit(limit);
        let mut pages = client(server.url()).backlinks().anchors_live_pages(task);
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(numbers(page.unwrap().rows.iter().map(|row| &row.anchor)));
        }
        assert!(seen.iter().copied().eq(0..reached), "{}", seen.len());
        assert_eq!(pages.stop_reason(), Some(end));
        let last = windows(&server).pop().unwrap();
        assert_eq!(last, (Some(offset), Some(most), None));
    }
}

/// A list can continue from an earlier token, although its position in the list is unknown.
#[tokio::test]
async fn a_token_of_before_goes_on() {
    let server = List { rows: 30, ..LIST }.serve().await;
    let task = BacklinksLiveTask::new("a.example")
        .limit(8)
        .search_after_token("10");
    let rows = client(server.url())
        .backlinks()
        .backlinks_live_pages(task)
        .into_rows();
    let rows: Vec<_> = rows.map(|row| row.unwrap().anchor).collect().await;
    assert!(numbers(&rows).into_iter().eq(10..30));
    assert_eq!(server.received().len(), 3);
}

/// A token that leads nowhere ends the list, and says so.
#[tokio::test]
async fn a_token_that_repeats_ends_the_list() {
    let (offset, limit) = (BACKLINKS.max_offset, BACKLINKS.max_limit);
    let list = List {
        rows: 2 * offset,
        ..LIST
    };
    let token = (offset + 2 * limit).to_string();
    let server = Responder::start(move |body| {
        let response = list.response(body);
        let mut response: Value = serde_json::from_str(&response).unwrap();
        response["tasks"][0]["result"][0]["search_after_token"] = token.as_str().into();
        response.to_string()
    })
    .await
    .unwrap();
    let client = client(server.url());
    let task = BacklinksLiveTask::new("a.example");
    let mut pages = client.backlinks().backlinks_live_pages(task);
    while let Some(page) = pages.next().await {
        page.unwrap();
    }
    assert_eq!(pages.stop_reason(), Some(StopReason::MissingRows));
    // By offset as far as that goes, and one page by the token.
    assert_eq!(server.received().len() as i64, offset / limit + 2);
}

/// A null row is left out and counts nevertheless: the next page begins behind it.
#[tokio::test]
async fn a_null_row_shifts_nothing() {
    let server = List {
        rows: 25,
        null: Some(3),
        ..LIST
    }
    .serve()
    .await;
    let task = AnchorsLiveTask::new("a.example").limit(10);
    let rows = client(server.url())
        .backlinks()
        .anchors_live_pages(task)
        .into_rows();
    let rows: Vec<_> = rows.map(|row| row.unwrap().anchor).collect().await;
    assert!(
        numbers(&rows)
            .into_iter()
            .eq((0..25).filter(|number| *number != 3))
    );
}

#[tokio::test]
async fn a_list_that_dries_up_is_no_complete_one() {
    {
        let list = List {
            rows: 50,
            dries_up_at: 20,
            ..LIST
        };
        let server = list.serve().await;
        let client = client(server.url());
        let task = AnchorsLiveTask::new("a.example").limit(10);
        let mut pages = client.backlinks().anchors_live_pages(task);
        while let Some(page) = pages.next().await {
            page.unwrap();
        }
        assert_eq!(
            (pages.stop_reason(), pages.position()),
            (Some(StopReason::MissingRows), 20)
        );
        assert_eq!(server.received().len(), 3);
    }
}

/// Without a total, a page that is not full is the last one.
#[tokio::test]
async fn a_list_that_does_not_tell_its_length() {
    let server = List {
        rows: 25,
        tells_total: false,
        ..LIST
    }
    .serve()
    .await;
    let client = client(server.url());
    let task = AnchorsLiveTask::new("a.example").limit(10);
    let mut pages = client.backlinks().anchors_live_pages(task);
    while let Some(page) = pages.next().await {
        page.unwrap();
    }
    assert_eq!(
        (pages.stop_reason(), pages.position()),
        (Some(StopReason::Complete), 25)
    );
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn an_empty_list_is_complete() {
    let server = Responder::start(|_| {
        r#"{"status_code": 20000, "tasks": [{"status_code": 20000, "result_count": 0, "result": null}]}"#
            .to_owned()
    })
    .await
    .unwrap();
    let client = client(server.url());
    let mut pages = client
        .backlinks()
        .anchors_live_pages(AnchorsLiveTask::new("a.example"));
    assert_eq!(pages.next().await.unwrap().unwrap().rows, []);
    assert!(pages.next().await.is_none());
    assert_eq!(pages.stop_reason(), Some(StopReason::Complete));
}

/// After an error the stream ends. The caller can request the same page again.
#[tokio::test]
async fn an_error_passes_no_row_over() {
    let list = List { rows: 30, ..LIST };
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let fails_once = move |body: &str| match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
    {
        1 => r#"{"status_code": 50000, "status_message": "Internal Error.", "tasks": null}"#
            .to_owned(),
        _ => list.response(body),
    };
    let server = Responder::start(fails_once).await.unwrap();
    let client = client(server.url());
    let task = || AnchorsLiveTask::new("a.example").limit(10);
    let mut pages = client.backlinks().anchors_live_pages(task());
    let (mut seen, mut errors) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => seen.extend(numbers(page.rows.iter().map(|row| &row.anchor))),
            Err(_) => {
                errors += 1;
                assert_eq!(pages.stop_reason(), Some(StopReason::Failed));
                assert!(pages.next().await.is_none());
                pages.resume();
            }
        }
    }
    assert!(seen.into_iter().eq(0..30));
    assert_eq!((errors, server.received().len()), (1, 4));

    let server = Responder::start(|_| "{}".to_owned()).await.unwrap();
    let client = self::client(server.url());
    let stream = client.backlinks().anchors_live_pages(task()).into_stream();
    let outcomes: Vec<_> = stream.collect().await;
    assert_eq!(outcomes.len(), 1);
    assert!(outcomes[0].is_err());
    assert_eq!(server.received().len(), 1);
}
