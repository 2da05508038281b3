//! Results brought together with the targets that they are for.

use dataforseo_client::models::backlinks::{
    BulkPagesSummaryLive, BulkPagesSummaryLiveTask, BulkRanksLive, BulkRanksLiveResult,
    BulkRanksLiveTask, DomainIntersectionLive, DomainIntersectionLiveResult,
    DomainIntersectionLiveTask,
};
use dataforseo_client::models::keywords_data::google_ads::{
    SearchVolumeLive, SearchVolumeLiveResult, SearchVolumeLiveTask,
};
use dataforseo_client::models::{Date, Endpoint as _, match_targets};
use dataforseo_mock_server::MockServer;
use dataforseo_test_support::documented;
use serde_json::json;

use crate::client;

fn result(items: serde_json::Value) -> BulkRanksLiveResult {
    serde_json::from_value(json!({ "items": items })).unwrap()
}

/// The results are the rows, in lower case and decoded. A row without certainty has no keyword.
#[test]
fn results_find_their_keywords() {
    let keywords = ["Coffee  Machine", "tea+pot", "tea pot", "a+b", "espresso"];
    let task = SearchVolumeLiveTask::new(keywords);
    let results: Vec<SearchVolumeLiveResult> = serde_json::from_value(json!([
        { "keyword": "a b", "search_volume": 4 },
        { "keyword": "tea pot", "search_volume": 3 },
        { "keyword": "coffee machine", "search_volume": 1 },
        { "keyword": "expresso", "search_volume": 9 },
    ]))
    .unwrap();
    let matched = match_targets::<SearchVolumeLive>(&task, &results);
    let volume = |row: Option<&SearchVolumeLiveResult>| row.and_then(|row| row.search_volume);
    let volumes: Vec<_> = matched
        .targets
        .iter()
        .map(|(_, row)| volume(*row))
        .collect();
    assert_eq!(volumes, [Some(1), None, Some(3), Some(4), None]);
    assert_eq!(matched.rest.len(), 1);
}

#[test]
fn rows_find_their_targets_in_any_order() {
    let task = BulkRanksLiveTask::new(["a.example", "b.example", "c.example"]);
    let results = [
        result(json!([{ "target": "c.example", "rank": 3 }, { "target": "x.example", "rank": 9 }])),
        result(json!([{ "rank": 8 }, { "target": "a.example", "rank": 1 }])),
    ];
    let matched = match_targets::<BulkRanksLive>(&task, &results);
    let ranks: Vec<_> = matched
        .targets
        .iter()
        .map(|(target, row)| (*target, row.and_then(|row| row.rank)))
        .collect();
    assert_eq!(
        ranks,
        [
            ("a.example", Some(1)),
            ("b.example", None),
            ("c.example", Some(3))
        ]
    );
    let rest: Vec<_> = matched.rest.iter().map(|row| row.rank).collect();
    assert_eq!(rest, [Some(9), Some(8)]);
}

/// The API returns targets in its own spelling: scheme, `www.`, case of the host, a trailing slash.
#[test]
fn spelling_does_not_matter_where_it_leaves_no_choice() {
    let task = BulkRanksLiveTask::new(["www.A.example", "https://b.example/X", "b.example/x"]);
    let results = [result(json!([
        { "target": "a.example", "rank": 1 },
        { "target": "http://b.example/X/", "rank": 2 },
        { "target": "b.example/x", "rank": 3 },
    ]))];
    let matched = match_targets::<BulkRanksLive>(&task, &results);
    let ranks: Vec<_> = matched
        .targets
        .iter()
        .map(|(_, row)| row.and_then(|it| it.rank))
        .collect();
    assert_eq!(ranks, [Some(1), Some(2), Some(3)]);
    assert_eq!(matched.rest.len(), 0);

    let task = BulkRanksLiveTask::new(["http://a.example/", "https://a.example/"]);
    let results = [result(json!([{ "target": "a.example", "rank": 1 }]))];
    let matched = match_targets::<BulkRanksLive>(&task, &results);
    let row = matched.targets[0].1;
    assert_eq!(row.and_then(|row| row.rank), Some(1));
    assert_eq!(row, matched.targets[1].1);
    assert_eq!(matched.rest.len(), 0);
}

/// Two targets that the API writes in the same way: one of the rows is that of the other target.
#[test]
fn rows_that_cannot_be_assigned_with_certainty_are_not_assigned() {
    let task = BulkRanksLiveTask::new(["example.com", "www.example.com"]);
    let results = [result(json!([
        { "target": "example.com", "rank": 1 },
        { "target": "example.com", "rank": 2 },
    ]))];
    let matched = match_targets::<BulkRanksLive>(&task, &results);
    let ranks: Vec<_> = matched
        .targets
        .iter()
        .map(|(_, row)| row.and_then(|it| it.rank))
        .collect();
    assert_eq!(ranks, [None, None]);
    let rest: Vec<_> = matched.rest.iter().map(|row| row.rank).collect();
    assert_eq!(rest, [Some(1), Some(2)]);
}

/// Each copy of a target has its row. Two different rows for one target are returned as the rest.
#[test]
fn doubles_are_kept() {
    let task = BulkRanksLiveTask::new(["a.example", "a.example"]);
    let results = [result(json!([
        { "target": "a.example", "rank": 1 },
        { "target": "a.example", "rank": 1 },
    ]))];
    let matched = match_targets::<BulkRanksLive>(&task, &results);
    let ranks: Vec<_> = matched
        .targets
        .iter()
        .map(|(_, row)| row.and_then(|it| it.rank))
        .collect();
    assert_eq!(ranks, [Some(1), Some(1)]);
    assert_eq!(matched.rest.len(), 0);

    let results = [result(json!([
        { "target": "a.example", "rank": 1 },
        { "target": "a.example", "rank": 2 },
    ]))];
    let matched = match_targets::<BulkRanksLive>(&task, &results);
    assert_eq!((matched.targets[0].1, matched.targets[1].1), (None, None));
    assert_eq!(matched.rest.len(), 2);
}

#[tokio::test]
async fn the_summary_of_pages_is_matched_by_address() {
    let mock = MockServer::start().await.unwrap();
    let task = BulkPagesSummaryLiveTask::new([
        "https://dataforseo.com/solutions",
        "https://dataforseo.com/about-us",
    ]);
    let client = client(mock.url());
    let response = client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap();
    let matched = match_targets::<BulkPagesSummaryLive>(&task, response.results());
    assert!(matched.rest.is_empty());
    for (target, row) in matched.targets {
        assert_eq!(row.unwrap().url.as_deref(), Some(target));
    }
}

#[test]
fn an_intersection_takes_a_list_and_gives_parts_by_target() {
    let task = DomainIntersectionLiveTask::new(["a.example", "b.example"]);
    assert_eq!(
        serde_json::to_value(&task).unwrap(),
        json!({ "targets": { "1": "a.example", "2": "b.example" } })
    );
    let again: DomainIntersectionLiveTask =
        serde_json::from_value(json!({ "targets": { "2": "b.example", "1": "a.example" } }))
            .unwrap();
    assert_eq!(again, task);
    let result: DomainIntersectionLiveResult = serde_json::from_value(json!({ "items": [
        { "domain_intersection": { "2": { "target": "x.example", "rank": 7 }, "1": null } },
    ] }))
    .unwrap();
    let item = &result.items.as_ref().unwrap()[0];
    let parts: Vec<_> = task
        .targets
        .pair(item.domain_intersection.as_ref().unwrap())
        .map(|(target, part)| (target.as_str(), part.and_then(|part| part.rank)))
        .collect();
    assert_eq!(parts, [("a.example", None), ("b.example", Some(7))]);
}

#[test]
fn targets_of_intersections_have_their_limits() {
    let today = Date::constant(2026, 3, 1);
    let targets = |count: usize| (0..count).map(|number| format!("{number}.example"));
    let task = |count| DomainIntersectionLiveTask::new(targets(count));
    let most = documented::max_items(DomainIntersectionLive::INFO, "targets");
    let most_excluded = documented::max_items(DomainIntersectionLive::INFO, "exclude_targets");
    task(most).validate_on(today).unwrap();
    let refused =
        |task: DomainIntersectionLiveTask| task.validate_on(today).unwrap_err().to_string();
    assert_eq!(
        refused(task(most + 1)),
        format!("targets: {} elements, at most {most} are allowed", most + 1)
    );
    assert_eq!(refused(task(0)), "targets: required");
    assert_eq!(
        refused(task(2).exclude_targets(targets(most_excluded + 1))),
        format!(
            "exclude_targets: {} elements, at most {most_excluded} are allowed",
            most_excluded + 1
        )
    );
    let gap = serde_json::from_value::<DomainIntersectionLiveTask>(
        json!({ "targets": { "1": "a.example", "3": "b.example" } }),
    );
    assert!(gap.unwrap_err().to_string().starts_with("/targets"));
}
