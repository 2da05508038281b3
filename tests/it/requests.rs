//! What goes over the wire.

use dataforseo_client::models::backlinks::{
    BulkNewLostBacklinksLiveTask, BulkPagesSummaryLiveTask, IdListTask, RankScale,
    ReferringDomainsLiveTask,
};
use dataforseo_client::models::serp::google::OrganicLiveAdvancedTask;
use dataforseo_client::models::{Date, Task, validate};
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
        .replace(env!("CARGO_PKG_VERSION"), "VERSION")
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

fn problems<T: Task>(task: &T) -> String {
    let violations = validate(task, Date::constant(2026, 11, 23)).unwrap_err();
    violations.to_string()
}

#[test]
fn a_number_that_json_cannot_say_is_not_sent_as_null() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let task = OrganicLiveAdvancedTask::new()
            .keyword("x")
            .location_code(1)
            .language_code("en")
            .browser_screen_resolution_ratio(number);
        assert_eq!(
            problems(&task),
            "browser_screen_resolution_ratio: expected a finite number"
        );
    }
}

#[test]
fn pages_begin_at_the_first_row_and_have_rows() {
    let task = ReferringDomainsLiveTask::new("a.example");
    assert_eq!(
        problems(&task.clone().offset(-1).limit(0)),
        "limit: at least 1 is required; offset: at least 0 is required"
    );
    let smallest = task.offset(0).limit(1);
    validate(&smallest, Date::constant(2026, 11, 23)).unwrap();
}

#[test]
fn moments_are_compared_as_moments() {
    let task = |from: &str, to: &str| IdListTask::new(from, to);
    let late = "2026-11-01 00:00:00 +00:00";
    assert_eq!(
        problems(&task(late, "2026-10-31 23:59:59 +00:00")),
        "datetime_from: after datetime_to"
    );
    // The same moment, in a text that sorts before.
    let same = task(late, "2026-10-31 22:00:00 -02:00");
    validate(&same, Date::constant(2026, 11, 23)).unwrap();
}
