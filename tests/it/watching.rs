//! The client's watch for drift: what it counts, how often it looks, and that it keeps nothing.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use dataforseo_client::models::backlinks::{BulkRanksLiveTask, SummaryLiveTask};
use dataforseo_client::models::drift::{DriftKind, locations, lossy_fields};
use dataforseo_client::models::serp::google::OrganicAdvanced;
use dataforseo_client::{Client, DriftReport, DriftWatch, DriftWatchBuilder};
use dataforseo_mock_server::MockServer;
use serde_json::{Value, json};

/// Marks private values, which must not be in a report.
const DATA: &str = "geheim";

fn fixture(path: &str, task: &Value, results: &Value) -> String {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    json!({
        "dfs_fixture": 1,
        "request": {"method": "POST", "path": path, "body": [task]},
        "response": {"status": 200, "body": {
            "status_code": 20000, "cost": 0.02, "tasks_count": 1, "tasks_error": 0,
            "tasks": [{
                "id": "01010000-0000-0000-0000-000000000000", "status_code": 20000,
                "path": parts, "result": results,
            }],
        }},
    })
    .to_string()
}

fn mock() -> MockServer {
    let ranks = json!([{"items": [
        {"target": format!("{DATA}.com"), "rank": 1.5, "owner": DATA, DATA.to_uppercase(): 1},
        {"target": 7, "rank": 2.5},
        {"target": "b.com", "rank": {"of": DATA}},
    ]}]);
    let summary = json!([{
        "referring_links_countries": {format!("{DATA}-1"): "x", format!("{DATA}-2"): "y"},
        "info": {"country": "US", "mood": DATA},
    }]);
    MockServer::builder()
        .without_embedded()
        .fixture(fixture(
            "/v3/backlinks/bulk_ranks/live",
            &json!({"targets": ["a.com"]}),
            &ranks,
        ))
        .fixture(fixture(
            "/v3/backlinks/summary/live",
            &json!({"target": "a.com"}),
            &summary,
        ))
        .in_memory()
        .unwrap()
}

fn client(mock: &MockServer, watch: &DriftWatch) -> Client {
    crate::builder(mock.url())
        .connector(mock.connector())
        .drift_watch(watch.clone())
        .build()
        .unwrap()
}

/// Returns a watcher whose clock advances by a second with each checked response.
fn watch() -> DriftWatchBuilder {
    let seconds = Mutex::new(0);
    DriftWatch::builder().clock(move || {
        let mut seconds = seconds.lock().unwrap();
        *seconds += 1;
        jiff::Timestamp::from_second(1_800_000_000 + *seconds).unwrap()
    })
}

async fn ranks(client: &Client) {
    let task = BulkRanksLiveTask::new(["a.com"]);
    let response = client.backlinks().bulk_ranks_live(&task).await.unwrap();
    assert_eq!(response.results()[0].items.as_ref().unwrap().len(), 3);
}

async fn summary(client: &Client) {
    let task = SummaryLiveTask::new("a.com");
    client.backlinks().summary_live(&task).await.unwrap();
}

fn report(watch: &DriftWatch) -> DriftReport {
    watch.flush();
    watch.report()
}

#[tokio::test]
async fn places_are_counted_and_nothing_is_kept() {
    let mock = mock();
    let first = Arc::new(Mutex::new(Vec::new()));
    let reported = Arc::clone(&first);
    let watch = watch()
        .one_in(1)
        .on_first(move |entry| reported.lock().unwrap().push(entry.to_string()))
        .build();
    let client = client(&mock, &watch);
    ranks(&client).await;
    summary(&client).await;
    ranks(&client).await;
    let report = report(&watch);
    insta::assert_snapshot!("watch", report.to_string());
    insta::assert_json_snapshot!("watch_json", report);

    let first = first.lock().unwrap().clone();
    assert_eq!(first.len(), report.entries.len(), "each once");
    let all = [
        format!("{report} {report:?} {watch:?} {client:?} {first:?}"),
        serde_json::to_string(&report).unwrap(),
    ];
    for text in all {
        assert!(!text.to_lowercase().contains(DATA), "{text}");
    }
}

#[tokio::test]
async fn one_response_of_n_is_checked() {
    let mock = mock();
    for (one_in, expected) in [(1, 7), (3, 3), (7, 1), (100, 1), (0, 0)] {
        let watch = watch().one_in(one_in).build();
        let client = client(&mock, &watch);
        for _ in 0..7 {
            ranks(&client).await;
            // Nothing is left out for want of room.
            watch.flush();
        }
        let report = watch.report();
        assert_eq!(
            (report.responses, report.checked),
            (7, expected),
            "1 in {one_in}"
        );
        assert_eq!(report.skipped, 0);
        assert_eq!(report.entries.is_empty(), expected == 0);
    }
}

#[tokio::test]
async fn it_is_bounded_and_says_so() {
    let mock = mock();
    let watch = watch().one_in(1).max_locations(2).build();
    let client = client(&mock, &watch);
    ranks(&client).await;
    ranks(&client).await;
    let report = report(&watch);
    assert_eq!(report.entries.len(), 2);
    assert!(report.entries.iter().all(|entry| entry.count == 2));
    // Known entries are still counted. The others are reported as a sum.
    assert_eq!(report.unlisted, 2 * 4);
    assert!(
        report
            .to_string()
            .contains("the report is full: 8 occurrences")
    );
}

/// A callback that panics or is slow does not affect calls.
#[tokio::test]
async fn no_call_waits_for_it_or_fails_by_it() {
    let mock = mock();
    let (open, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let watch = watch()
        .one_in(1)
        .on_first(move |_| {
            // Until the other end is gone.
            let _ = gate.lock().map(|gate| gate.recv());
            panic!("a callback that fails");
        })
        .build();
    let client = client(&mock, &watch);
    // The thread blocks in the first response. The queue fills, and later responses are skipped.
    for _ in 0..20 {
        ranks(&client).await;
    }
    drop(open);
    let report = report(&watch);
    assert_eq!(report.responses, 20);
    assert_eq!(report.checked + report.skipped, 20);
    assert!(report.skipped >= 11, "{report}");
    assert_eq!(report.entries.len(), 5);
}

/// Undocumented values that are kept are reported here, and not as fields.
#[test]
fn new_values_and_new_members_are_reported() {
    let json = format!(
        r#"[{{"items": [
            {{"type": "organic", "rank_group": 1.5, "page": 1}},
            {{"type": "{DATA}", "rank_group": 1}},
            {{"type": "organic", "{DATA}.com": 1, "shiny_new": 2, "position": "{DATA}"}}
        ]}}]"#
    );
    type Results = Vec<OrganicAdvanced>;
    let locations = locations::<Results>(&json).unwrap();
    let reported: Vec<_> = locations
        .iter()
        .map(|it| (it.path.as_str(), it.kind))
        .collect();
    assert_eq!(
        reported,
        [
            ("[].items[]", DriftKind::UnknownMember),
            ("[].items[]<organic>.*", DriftKind::UnknownField),
            ("[].items[]<organic>.position", DriftKind::UnknownValue),
            ("[].items[]<organic>.rank_group", DriftKind::Changed),
            ("[].items[]<organic>.shiny_new", DriftKind::UnknownField),
        ]
    );
    let lossy_fields = lossy_fields::<Results>(&json).unwrap();
    let pointers: Vec<_> = lossy_fields
        .iter()
        .map(|field| field.pointer.as_str())
        .collect();
    let key = format!("/0/items/2/{DATA}.com");
    assert_eq!(
        pointers,
        ["/0/items/0/rank_group", &key, "/0/items/2/shiny_new"]
    );
}

/// The strict pass and the outline see the same losses.
#[test]
fn half_characters_do_not_blind_it() {
    let json = r#"[{"items": [{"type": "organic", "title": "\ud83d", "shiny_new": 1}]}]"#;
    let locations = locations::<Vec<OrganicAdvanced>>(json).unwrap();
    assert_eq!(locations.len(), 1);
    assert_eq!(locations[0].path, "[].items[]<organic>.shiny_new");
    assert!(dataforseo_client::models::drift::locations::<Vec<i64>>("[1").is_err());
}
