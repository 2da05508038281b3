//! What goes over the wire.

use dataforseo_client::models::Date;
use dataforseo_client::models::backlinks::{
    BulkNewLostBacklinksLiveTask, BulkPagesSummaryLiveTask, RankScale,
};
use dataforseo_tests::{Scripted, http};

use crate::client;

const EMPTY: &str = r#"{"status_code": 20000, "tasks": [{"status_code": 20000, "result": null}]}"#;

/// The request as text, without the port.
async fn seen(server: Scripted) -> String {
    let host = server.url().replace("http://", "");
    server
        .request()
        .await
        .unwrap()
        .replace(&host, "HOST")
        .replace("\r\n", "\n")
}

#[tokio::test]
async fn only_what_was_set_is_sent() {
    let server = Scripted::start(http("200 OK", "", EMPTY)).await.unwrap();
    let task = BulkPagesSummaryLiveTask::new(["https://example.com/"]);
    client(server.url())
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap();
    insta::assert_snapshot!(seen(server).await);
}

#[tokio::test]
async fn everything_that_can_be_set() {
    let server = Scripted::start(http("200 OK", "", EMPTY)).await.unwrap();
    let task = BulkPagesSummaryLiveTask::new(vec![
        "example.com".to_owned(),
        "https://example.com/ä".to_owned(),
    ])
    .include_subdomains(false)
    .rank_scale(RankScale::OneHundred)
    .tag("a \"tag\"");
    client(server.url())
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap();
    let request = seen(server).await;
    insta::assert_snapshot!(request.split_once("\n\n").unwrap().1);

    let server = Scripted::start(http("200 OK", "", EMPTY)).await.unwrap();
    let task =
        BulkNewLostBacklinksLiveTask::new(["example.com"]).date_from(Date::constant(2021, 1, 1));
    client(server.url())
        .backlinks()
        .bulk_new_lost_backlinks_live(&task)
        .await
        .unwrap();
    let request = seen(server).await;
    insta::assert_snapshot!(request.split_once("\n\n").unwrap().1);
}

#[tokio::test]
async fn a_base_url_can_have_a_path() {
    let server = Scripted::start(http("200 OK", "", EMPTY)).await.unwrap();
    let task = BulkPagesSummaryLiveTask::new(["example.com"]);
    client(format!("{}/behind/", server.url()))
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap();
    let request = seen(server).await;
    assert_eq!(
        request.lines().next(),
        Some("POST /behind/v3/backlinks/bulk_pages_summary/live HTTP/1.1")
    );
}
