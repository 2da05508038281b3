//! Elements of different types in one list: nothing is lost, whatever the order of the keys.

use dataforseo_client::models::drift::{decode, lossy_fields};
use dataforseo_client::models::serp::google::{
    KnowledgeGraphItem, OrganicAdvanced, SerpItem, SerpItemOrganic,
};
use serde_json::{Value, json};

fn read(item: Value) -> SerpItem {
    let decoded = decode::<SerpItem>(&item.to_string()).unwrap();
    assert_eq!(decoded.drift, []);
    decoded.value.unwrap()
}

fn organic(item: &SerpItem) -> &SerpItemOrganic {
    match item {
        SerpItem::Organic(organic) => organic,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_tag_chooses_the_member() {
    let item = read(json!({ "type": "organic", "rank_group": 1, "title": "A", "page": 2 }));
    assert_eq!(item.tag(), Some("organic"));
    let organic = organic(&item);
    // The fields of the member, and those that all members have.
    assert_eq!(organic.title.as_deref(), Some("A"));
    assert_eq!((organic.rank_group, organic.page), (Some(1), Some(2)));
}

/// The tag need not come first; what stands before it is read like the rest.
#[test]
fn the_tag_can_stand_anywhere() {
    let first = read(
        json!({ "type": "organic", "rank_group": 7, "title": "A", "links": [
        { "type": "link_element", "title": "B" },
    ] }),
    );
    for text in [
        r#"{"rank_group": 7, "type": "organic", "title": "A", "links": [{"type": "link_element", "title": "B"}]}"#,
        r#"{"links": [{"title": "B", "type": "link_element"}], "title": "A", "rank_group": 7, "type": "organic"}"#,
    ] {
        let decoded = decode::<SerpItem>(text).unwrap();
        assert_eq!(decoded.drift, [], "{text}");
        assert_eq!(decoded.value.as_ref(), Some(&first), "{text}");
    }
}

#[test]
fn drift_before_the_tag_is_reported_too() {
    let text = r#"{"rank_group": "7", "page": 1.5, "type": "organic", "title": {"a": 1}}"#;
    let decoded = decode::<SerpItem>(text).unwrap();
    let pointers: Vec<&str> = decoded.drift.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(pointers, ["/rank_group", "/page", "/title"]);
    let lost = lossy_fields::<SerpItem>(r#"{"new": 1, "type": "organic", "newer": 2}"#).unwrap();
    let pointers: Vec<&str> = lost.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(pointers, ["/new", "/newer"]);
}

#[test]
fn what_is_no_documented_member_survives() {
    for item in [
        json!({ "type": "hologram", "title": "A", "parts": [1, { "b": null }] }),
        json!({ "title": "A", "type": "hologram" }),
        json!({ "type": null, "title": "A" }),
        json!({ "type": 7, "title": "A" }),
        json!({ "type": ["organic"], "title": "A" }),
        json!({ "type": { "organic": 1 }, "title": "A" }),
        json!({ "title": "A" }),
        json!({}),
    ] {
        let read = read(item.clone());
        assert_eq!(read, SerpItem::Other(item.clone()));
        assert_eq!(read.tag(), None);
        assert_eq!(serde_json::to_value(&read).unwrap(), item);
    }
}

#[test]
fn values_that_are_not_objects_are_omitted_and_reported() {
    let result = r#"{"items": [null, {"type": "organic"}, 5, "organic", [], true]}"#;
    let decoded = decode::<OrganicAdvanced>(result).unwrap();
    let items = decoded.value.unwrap().items.unwrap();
    assert_eq!(items.len(), 1);
    let pointers: Vec<&str> = decoded.drift.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(pointers, ["/items/2", "/items/3", "/items/4", "/items/5"]);
}

/// A union inside of a member of a union, and a type that two members share.
#[test]
fn unions_nest() {
    let item = read(json!({ "type": "knowledge_graph", "title": "A", "items": [
        { "type": "knowledge_graph_row_item", "text": "B" },
        { "type": "knowledge_graph_part_item", "text": "C" },
        { "type": "knowledge_graph_new_item", "text": "D" },
    ] }));
    let SerpItem::KnowledgeGraph(graph) = &item else {
        panic!("{item:?}");
    };
    let items = graph.items.as_ref().unwrap();
    let tags: Vec<_> = items.iter().map(KnowledgeGraphItem::tag).collect();
    assert_eq!(
        tags,
        [
            Some("knowledge_graph_row_item"),
            Some("knowledge_graph_part_item"),
            None
        ]
    );
    match (&items[0], &items[1]) {
        (
            KnowledgeGraphItem::KnowledgeGraphRowItem(row),
            KnowledgeGraphItem::KnowledgeGraphPartItem(part),
        ) => assert_eq!(
            (row.text.as_deref(), part.text.as_deref()),
            (Some("B"), Some("C"))
        ),
        other => panic!("{other:?}"),
    }
}

/// Written again, a member has its tag, first.
#[test]
fn a_member_is_written_with_its_tag() {
    let text = r#"{"title":"A","type":"organic"}"#;
    let item: SerpItem = serde_json::from_str(text).unwrap();
    assert_eq!(
        serde_json::to_string(&item).unwrap(),
        r#"{"type":"organic","title":"A"}"#
    );
    let again: SerpItem = serde_json::from_value(serde_json::to_value(&item).unwrap()).unwrap();
    assert_eq!(again, item);
    serde_json::from_str::<SerpItem>("[]").unwrap_err();
}

/// Every documented member is read as itself.
#[test]
fn all_members_of_the_fixture_are_known() {
    let fixtures = crate::fixtures::of("/v3/serp/google/organic/live/advanced");
    let fixture = fixtures.iter().find(|it| it.name == "synthetic").unwrap();
    let response: Value = serde_json::from_str(&fixture.response).unwrap();
    let result = response["tasks"][0]["result"][0].to_string();
    let result = decode::<OrganicAdvanced>(&result).unwrap().value.unwrap();
    let items = result.items.unwrap();
    let tags: std::collections::BTreeSet<_> =
        items.iter().map(|item| item.tag().unwrap()).collect();
    // The documented depth is ten results.
    assert_eq!((items.len(), tags.len()), (61 + 9, 61));
}

/// What nests too deep to be read costs that value and no other, wherever it stands.
#[test]
fn depth_costs_one_value() {
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    for (text, reported) in [
        (
            format!(
                r#"[{{"type": "organic", "title": {deep}}}, {{"type": "organic", "title": "A"}}]"#
            ),
            true,
        ),
        // An unknown field is passed over whatever is in it, and no drift of a known one.
        (
            format!(
                r#"[{{"type": "organic", "new": {deep}}}, {{"type": "organic", "title": "A"}}]"#
            ),
            false,
        ),
        (
            format!(
                r#"[{{"new": {deep}, "type": "organic"}}, {{"type": "organic", "title": "A"}}]"#
            ),
            true,
        ),
        (
            format!(
                r#"[{{"type": "hologram", "new": {deep}}}, {{"type": "organic", "title": "A"}}]"#
            ),
            true,
        ),
    ] {
        let decoded = decode::<Vec<SerpItem>>(&text).unwrap();
        let items = decoded.value.unwrap();
        assert_eq!(items.len(), 2, "{text}");
        assert_eq!(organic(&items[1]).title.as_deref(), Some("A"));
        assert_eq!(!decoded.drift.is_empty(), reported, "{text}");
    }
}

#[test]
fn fields_that_members_share_have_methods() {
    let read = |json| serde_json::from_str::<SerpItem>(json).unwrap();
    let organic = read(
        r#"{"type": "organic", "rank_group": 1, "position": "left", "title": "A", "url": "https://a.example/"}"#,
    );
    assert_eq!(organic.rank_group(), Some(1));
    assert_eq!(organic.rank_absolute(), None);
    assert_eq!(organic.position(), Some("left"));
    assert_eq!(organic.title(), Some("A"));
    assert_eq!(organic.url(), Some("https://a.example/"));
    let without_url = read(r#"{"type": "people_also_ask", "rank_group": 2}"#);
    assert_eq!(without_url.rank_group(), Some(2));
    assert_eq!(without_url.url(), None);
    let unknown = read(r#"{"type": "new", "rank_group": 3, "title": "B", "url": 4}"#);
    assert_eq!(unknown.rank_group(), Some(3));
    assert_eq!(unknown.title(), Some("B"));
    assert_eq!(unknown.url(), None);
}

#[test]
fn items_are_a_slice_that_is_empty_without_a_list() {
    let read = |json| serde_json::from_str::<OrganicAdvanced>(json).unwrap();
    for json in ["{}", r#"{"items": null}"#, r#"{"items": []}"#] {
        assert!(read(json).items().is_empty());
        assert!(read(json).into_items().is_empty());
    }
    let result = read(r#"{"items": [null, {"type": "organic", "rank_group": 1}]}"#);
    let ranks: Vec<_> = result.items().iter().map(SerpItem::rank_group).collect();
    assert_eq!(ranks, [Some(1)]);
    assert_eq!(result.into_items().len(), 1);
}
