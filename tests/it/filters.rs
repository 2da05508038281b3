//! Filters and orders: what they write, and what a task with them is refused for.

use dataforseo_client::models::backlinks::{
    AnchorsLiveTask, BacklinksLive, BacklinksLiveTask, DomainIntersectionLiveTask,
    anchors_live_fields as anchor, backlinks_live_fields as f, domain_intersection_live_fields,
    domain_pages_live_fields,
};
use dataforseo_client::models::filter::Operator;
use dataforseo_client::models::{Date, Endpoint as _, Filter, Order, Timestamp};
use dataforseo_test_support::documented;
use serde_json::{Value, json};

const TODAY: Date = Date::constant(2026, 3, 1);

fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn conditions_of_each_kind() {
    let moment: jiff::Timestamp = "2018-11-24T10:30:40Z".parse().unwrap();
    for (filter, written) in [
        (f::rank().gt(80), json!(["rank", ">", 80])),
        (f::rank().le(0.5), json!(["rank", "<=", 0.5])),
        (f::rank().is_in([1, 2]), json!(["rank", "in", [1, 2]])),
        (f::dofollow().eq(true), json!(["dofollow", "=", true])),
        (
            f::anchor().like("%seo%"),
            json!(["anchor", "like", "%seo%"]),
        ),
        (
            f::anchor().not_in(["a", "b"]),
            json!(["anchor", "not_in", ["a", "b"]]),
        ),
        (
            f::attributes().has("nofollow"),
            json!(["attributes", "has", "nofollow"]),
        ),
        (
            f::first_seen().gt(moment),
            json!(["first_seen", ">", "2018-11-24 10:30:40 +00:00"]),
        ),
        (
            f::first_seen().ge(Date::constant(2018, 11, 24)),
            json!(["first_seen", ">=", "2018-11-24 00:00:00 +00:00"]),
        ),
        (
            f::first_seen().lt(Timestamp::new("2018-11-24 10:30:40 +00:00")),
            json!(["first_seen", "<", "2018-11-24 10:30:40 +00:00"]),
        ),
        (
            f::rank().test(Operator::Regex, "^1"),
            json!(["rank", "regex", "^1"]),
        ),
        (Filter::raw(json!(["x", "~", 1])), json!(["x", "~", 1])),
    ] {
        assert_eq!(json(&filter), written);
    }
}

/// The same word needs no brackets, two words do.
#[test]
fn conditions_are_joined_and_nested() {
    let a = || f::rank().gt(1);
    let b = || f::dofollow().eq(true);
    let c = || f::anchor().eq("c");
    let (ja, jb, jc) = (json(&a()), json(&b()), json(&c()));
    for (filter, written) in [
        (a().and(b()), json!([ja, "and", jb])),
        (a().and(b()).and(c()), json!([ja, "and", jb, "and", jc])),
        (a().and(b().and(c())), json!([ja, "and", jb, "and", jc])),
        (a().or(b()).and(c()), json!([[ja, "or", jb], "and", jc])),
        (a().and(b().or(c())), json!([ja, "and", [jb, "or", jc]])),
    ] {
        assert_eq!(json(&filter), written);
        // What is written is what is read.
        let again: Filter<BacklinksLive> = serde_json::from_value(written).unwrap();
        assert_eq!(again, filter);
    }
}

/// Maps by their keys, objects by their fields, intersections by the target's number.
#[test]
fn paths_lead_into_what_rows_hold() {
    assert_eq!(
        anchor::referring_links_types("anchor").path(),
        "referring_links_types.anchor"
    );
    assert_eq!(
        anchor::referring_links_semantic_locations("").path(),
        "referring_links_semantic_locations.$empty"
    );
    assert_eq!(domain_pages_live_fields::meta_title().path(), "meta.title");
    assert_eq!(
        domain_pages_live_fields::page_summary_backlinks().path(),
        "page_summary.backlinks"
    );
    assert_eq!(domain_intersection_live_fields::rank(2).path(), "2.rank");
    let task = DomainIntersectionLiveTask::new(["a.example", "b.example"])
        .order_by([domain_intersection_live_fields::backlinks(1).desc()]);
    assert_eq!(json(&task)["order_by"], json!(["1.backlinks,desc"]));
}

/// `backlinks_filters` look at backlinks, whatever the rows of the endpoint are.
#[test]
fn a_filter_belongs_to_the_rows_that_it_is_for() {
    let task = AnchorsLiveTask::new("a.example")
        .filters(anchor::backlinks().gt(10))
        .backlinks_filters(f::dofollow().eq(true))
        .order_by([anchor::rank().desc(), anchor::backlinks().asc()]);
    assert_eq!(
        json(&task),
        json!({
            "target": "a.example",
            "filters": ["backlinks", ">", 10],
            "order_by": ["rank,desc", "backlinks,asc"],
            "backlinks_filters": ["dofollow", "=", true],
        })
    );
    task.validate_on(TODAY).unwrap();
    let again: AnchorsLiveTask = serde_json::from_value(json(&task)).unwrap();
    assert_eq!(again, task);
}

#[test]
fn limits_of_filters_are_checked_however_they_were_made() {
    let many = |count: usize| {
        (1..count as i64).fold(f::rank().gt(0), |filter, rank| {
            filter.or(f::rank().gt(rank))
        })
    };
    let task = |filter| BacklinksLiveTask::new("a.example").filters(filter);
    let most = documented::max_conditions(BacklinksLive::INFO, "filters");
    task(many(most)).validate_on(TODAY).unwrap();
    let refused = |task: BacklinksLiveTask| task.validate_on(TODAY).unwrap_err().to_string();
    let too_many = format!(
        "filters: {} conditions, at most {most} are allowed",
        most + 1
    );
    assert_eq!(refused(task(many(most + 1))), too_many);
    let nested = many(most - 1).and(many(2));
    assert_eq!(refused(task(nested)), too_many);
    let raw = |filter| refused(task(Filter::raw(filter)));
    insta::assert_snapshot!(
        "bad_filters",
        [
            json!([]),
            json!("rank > 1"),
            json!(["rank", ">"]),
            json!(["rank", "~", 1]),
            json!(["rank", ">", null]),
            json!(["rank", "in", []]),
            json!([["rank", ">", 1], ["rank", "<", 9]]),
            json!([["rank", ">", 1], "xor", ["rank", "<", 9]]),
            json!([
                ["rank", ">", 1],
                "and",
                [["rank", "<", 9], "or", ["rank", "=>", 1]]
            ]),
            json!([["rank", ">", 1], "and"]),
        ]
        .map(raw)
        .join("\n")
    );
    let most = documented::max_items(BacklinksLive::INFO, "order_by");
    let count = (most + 1).max(3);
    let mut orders = vec![f::rank().asc(), Order::raw("rank"), Order::raw("rank,down")];
    orders.resize(count, f::rank().desc());
    let expected = "expected a field and a direction, `field,asc` or `field,desc`";
    assert_eq!(
        refused(BacklinksLiveTask::new("a.example").order_by(orders)),
        format!(
            "order_by[1]: {expected}; order_by[2]: {expected}; order_by: {count} elements, at most {most} \
             are allowed"
        )
    );
}
