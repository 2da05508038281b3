//! Responses that differ from the spec: no paid data is lost, and every change is reported.

use std::fmt::Write as _;

use dataforseo_client::models::backlinks::{
    BulkNewLostBacklinksLiveTask, BulkPagesSummaryLive, BulkPagesSummaryLiveResult, RankScale,
};
use dataforseo_client::models::drift::{decode, lossy_fields};
use dataforseo_client::models::{Endpoint, RawEnvelope, StatusClass, StatusCode, TaskResponse};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures;
use crate::generated::ENDPOINTS;
use crate::typed::Typed;

type Result = <BulkPagesSummaryLive as Endpoint>::Result;

fn item(fields: &str) -> String {
    format!(r#"[{{"items_count": 1, "items": [{{{fields}}}]}}]"#)
}

#[test]
fn odd_values_and_what_becomes_of_them() {
    let cases = [
        ("a whole float for an integer", r#""rank": 12.0"#),
        ("a float for an integer", r#""rank": 12.7"#),
        ("a number as text", r#""rank": "12", "backlinks": " 7 ""#),
        ("a float as text", r#""rank": "12.5""#),
        ("no number as text", r#""rank": "n/a""#),
        ("true for a number", r#""rank": true"#),
        (
            "a number beyond 64 bits",
            r#""backlinks": 99999999999999999999"#,
        ),
        ("a large number", r#""backlinks": 9223372036854775807"#),
        ("a list for a number", r#""rank": [1], "backlinks": 3"#),
        ("an object for text", r#""url": {"a": 1}, "rank": 3"#),
        ("a number for text", r#""url": 3"#),
        (
            "null everywhere",
            r#""url": null, "rank": null, "first_seen": null, "referring_links_tld": null"#,
        ),
        (
            "an unknown value of an enum",
            r#""type": "backlinks_page_summary_2""#,
        ),
        ("an unknown field", r#""future": {"a": [1]}, "rank": 3"#),
        (
            "a moment in another form",
            r#""first_seen": "2019-11-15T12:57:46Z", "lost_date": "soon""#,
        ),
        (
            "a map with odd keys and values",
            r#""referring_links_countries": {"": 1, "WW": null, "DE": "5", "a/b~": 1.5}"#,
        ),
        (
            "an empty map as PHP prints it",
            r#""referring_links_tld": []"#,
        ),
        ("a list for a map", r#""referring_links_tld": [1]"#),
    ];
    let mut all = String::new();
    for (what, fields) in cases {
        let decoded = decode::<Vec<Result>>(&item(fields)).unwrap();
        let result = &decoded.value.unwrap()[0];
        let kept = &result.items.as_ref().unwrap()[0];
        writeln!(
            all,
            "--- {what}\n{fields}\n  kept: {}",
            serde_json::to_string(kept).unwrap()
        )
        .unwrap();
        for drift in decoded.drift {
            writeln!(all, "  drift: {drift}").unwrap();
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn odd_shapes_around_the_items() {
    let cases = [
        "null",
        "[]",
        "[null]",
        r#"[null, {"items": null}]"#,
        r#"[{"items": [null, {"rank": 1}, 7, {"rank": 2}]}]"#,
        r#"[{"items": {}}]"#,
        r#"["text", {"items_count": 3}]"#,
        r#"{"items": []}"#,
    ];
    let mut all = String::new();
    for result in cases {
        let body = format!(
            r#"{{"status_code": 20000, "tasks": [{{"status_code": 20000, "result": {result}}}]}}"#
        );
        let envelope = RawEnvelope::parse(body.as_bytes()).unwrap();
        let task: TaskResponse<Result> = envelope.tasks[0].clone().decode().unwrap();
        writeln!(
            all,
            "{result}\n  kept: {}",
            serde_json::to_string(&task.result).unwrap()
        )
        .unwrap();
        for drift in task.drift {
            writeln!(all, "  drift: {drift}").unwrap();
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn odd_envelopes() {
    let good = RawEnvelope::parse(br#"{"status_code": "20000", "cost": null, "time": 3, "tasks_error": "0", "tasks": [null], "new": {}}"#).unwrap();
    assert_eq!(good.status_code, StatusCode::Ok);
    assert_eq!(
        (good.cost, good.time.as_deref(), good.tasks_error),
        (None, Some("3"), Some(0))
    );
    assert_eq!(good.tasks.len(), 0);
    let odd = RawEnvelope::parse(
        br#"{"status_code": 20000, "cost": 1, "cost": 2, "tasks": [7, {"id": 5, "path": "x"}, [], {"status_code": 20000, "result": []}]}"#,
    )
    .unwrap();
    assert_eq!((odd.cost, odd.tasks.len()), (Some(2.0), 2));
    assert_eq!(odd.tasks[0].status_code, StatusCode::Other(0));
    assert!(!odd.tasks[0].status_code.is_ok());
    let no_list = RawEnvelope::parse(br#"{"status_code": 20000, "tasks": {}}"#).unwrap();
    assert_eq!(no_list.tasks.len(), 0);
    for bad in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"status_code": null}"#,
        r#"{"status_code": "x"}"#,
        r#"{"status_code": 20000"#,
    ] {
        assert!(RawEnvelope::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

/// A value or a key of a response cannot control a terminal.
#[test]
fn drift_is_shown_without_control_characters() {
    let json = item("\"referring_links_tld\": {\"\\u001b[2J\u{9b}\": \"\\u001b[2J\u{9b}\"}");
    let drift = decode::<Vec<Result>>(&json).unwrap().drift;
    let shown = drift[0].to_string();
    assert!(drift[0].pointer.contains('\u{1b}'), "{shown}");
    assert!(!shown.contains(char::is_control), "{shown:?}");
}

/// What the strict check adds to the everyday one: unknown fields, with their places.
#[test]
fn losses_name_unknown_fields() {
    let json = item(r#""rank": 1, "a/b": 2, "referring_links_tld": {"com": 1}"#);
    let found: Vec<String> = lossy_fields::<Vec<Result>>(&json)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, ["/0/items/0/a~1b is not documented: 2"]);
    assert_eq!(decode::<Vec<Result>>(&json).unwrap().drift, []);
}

/// The public serde traits are what everyone expects.
#[test]
fn results_are_ordinary_serde_types() {
    let result: BulkPagesSummaryLiveResult =
        serde_json::from_value(json!({"items": [{"rank": 1}]})).unwrap();
    assert_eq!(result.items.as_ref().unwrap()[0].rank, Some(1));
    assert_eq!(
        serde_json::to_value(&result).unwrap(),
        json!({"items": [{"rank": 1}]})
    );
    assert!(serde_json::from_value::<BulkPagesSummaryLiveResult>(json!("text")).is_err());
    let scale: RankScale = serde_json::from_value(json!("ten")).unwrap();
    assert_eq!(scale, RankScale::Other("ten".to_owned()));
    assert_eq!(serde_json::to_value(&scale).unwrap(), json!("ten"));
    assert_eq!(RankScale::from("one_hundred"), RankScale::OneHundred);
}

/// JSON that is well-formed and that no reader takes as it is: halves of characters, numbers
/// beyond any type.
#[test]
fn unreadable_values_are_replaced_and_reported() {
    let json = item(
        r#""url": "a\ud83d", "rank": 1e999, "backlinks": 5, "lost_date": "\ud83d\ude00 \\ud83d -1e999", "x\udc00": -9e999"#,
    );
    let decoded = decode::<Vec<Result>>(&json).unwrap();
    let items = decoded.value.unwrap().remove(0).items.unwrap();
    assert_eq!(items[0].url.as_deref(), Some("a\u{fffd}"));
    assert_eq!((items[0].rank, items[0].backlinks), (None, Some(5)));
    let lost = items[0].lost_date.as_ref().unwrap();
    assert_eq!(lost.as_str(), "\u{1f600} \\ud83d -1e999");
    assert_eq!(decoded.drift.len(), 1);
    assert!(
        decoded.drift[0]
            .found
            .contains("unreadable parts were replaced"),
        "{}",
        decoded.drift[0]
    );
    assert!(decode::<Vec<Result>>("[1e999").is_err());

    // Fields that no model reads do not hide drift.
    for unknown in [
        r#""\ud83d""#.to_owned(),
        "1e400".to_owned(),
        "[".repeat(200) + &"]".repeat(200),
    ] {
        let json = item(&format!(r#""rank": "1.5", "zzz": {unknown}"#));
        let decoded = decode::<Vec<Result>>(&json).unwrap();
        assert_eq!(decoded.drift.len(), 1, "{json}");
        assert_eq!(decoded.drift[0].pointer, "/0/items/0/rank");
    }
}

/// A task without one of its fields would be another request, and would be charged.
#[test]
fn tasks_are_read_strictly() {
    let read = |json: Value| serde_json::from_value::<BulkNewLostBacklinksLiveTask>(json);
    let whole = json!({"targets": ["a.com"], "date_from": "2026-01-02", "tag": "t"});
    let task = read(whole.clone()).unwrap();
    assert_eq!(serde_json::to_value(&task).unwrap(), whole);
    assert!(read(json!({"targets": ["a.com"], "tag": null})).is_ok());
    for (bad, place) in [
        (
            json!({"targets": ["a.com"], "date_from": "2026-13-01"}),
            "/date_from",
        ),
        (json!({"targets": ["a.com", null]}), "/targets/1"),
        (json!({"targets": ["a.com", {}]}), "/targets/1"),
        (json!({"targets": ["a.com"], "tag": 3}), "/tag"),
        (
            json!({"targets": ["a.com"], "dateFrom": "2026-01-02"}),
            "/dateFrom: no such field",
        ),
        (json!([]), "expected a JSON object"),
    ] {
        let error = read(bad.clone()).expect_err("strict").to_string();
        assert!(error.contains(place), "{bad}: {error}");
    }
}

/// Fields are looked for behind the last one first; any other order is found too.
#[test]
fn the_order_of_fields_does_not_count() {
    let fields = [
        r#""type": "x""#,
        r#""url": "y""#,
        r#""rank": 1"#,
        r#""first_seen": "z""#,
    ];
    let forth = decode::<Vec<Result>>(&item(&fields.join(","))).unwrap();
    let mut reversed = fields;
    reversed.reverse();
    let back = decode::<Vec<Result>>(&item(&reversed.join(","))).unwrap();
    assert_eq!(forth, back);
    let items = back.value.unwrap().remove(0).items.unwrap();
    assert_eq!(
        (items[0].rank, items[0].url.as_deref()),
        (Some(1), Some("y"))
    );
}

#[test]
fn all_documented_status_codes_are_there() {
    assert_eq!(StatusCode::ALL.len(), 48);
    for code in StatusCode::ALL {
        assert_eq!(StatusCode::from_code(code.code()), *code);
        assert_ne!(code.class(), StatusClass::Unknown);
        assert!(!code.message().is_empty());
    }
    let unknown = StatusCode::from_code(49999);
    assert_eq!(unknown, StatusCode::Other(49999));
    assert!(!unknown.is_ok());
    let ok: Vec<u32> = StatusCode::ALL
        .iter()
        .filter(|code| code.is_ok())
        .map(|code| code.code())
        .collect();
    assert_eq!(ok, [20000, 20100, 40102, 40601, 40602]);
}

/// Responses of the endpoint that most of these tests use.
fn pages_summary() -> &'static Typed {
    let path = BulkPagesSummaryLive::INFO.path;
    ENDPOINTS.iter().find(|it| it.info.path == path).unwrap()
}

/// Whatever the fixture, one pass gives what two stages give.
#[test]
fn one_pass_gives_what_two_stages_give() {
    let mut count = 0;
    for endpoint in ENDPOINTS {
        for fixture in fixtures::of(endpoint.info.path) {
            let [one, two] = (endpoint.both)(&fixture.response);
            assert_eq!(one, two, "{} {}", endpoint.info.id, fixture.name);
            assert!(one.is_ok());
            count += 1;
        }
    }
    assert!(count > 2 * ENDPOINTS.len(), "{count}");
}

#[test]
fn one_pass_equals_two_stages_for_odd_responses() {
    const OK: &str = r#""status_code": 20000"#;
    let task = |fields: &str| format!(r#"{{"status_code": 20000, {fields}}}"#);
    let tasks = |tasks: &[String]| format!(r#"{{{OK}, "tasks": [{}]}}"#, tasks.join(", "));
    let result = |result: &str| tasks(&[task(&format!(r#""result": {result}"#))]);
    let item = |fields: &str| format!(r#"[{{"items": [{{{fields}}}]}}]"#);
    let clean = item(r#""rank": 1"#);
    let drifted = item(r#""rank": "2", "backlinks": 1.5, "unknown": [7]"#);
    let repaired = item(r#""url": "\ud83d", "rank": 1e999, "backlinks": "3""#);
    let nested = |depth: usize| {
        item(&format!(
            r#""url": 3, "referring_links_tld": {}{}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        ))
    };
    let with = |first: &str, second: &str| {
        task(&format!(
            r#""result": {first}, "id": 7, "result": {second}"#
        ))
    };
    let odd = [
        // Results of another kind.
        result("null"),
        result("7"),
        result("\"text\""),
        result("{}"),
        result("[]"),
        result("[null, 7, [], {}]"),
        result(&clean),
        result(&drifted),
        result(&repaired),
        // A failed task, a task without results, and a value that is not a task.
        tasks(&[format!(r#"{{"status_code": 40501, "result": {drifted}}}"#)]),
        tasks(&[task(r#""id": 7"#)]),
        tasks(&[
            "null".to_owned(),
            "[1]".to_owned(),
            "7".to_owned(),
            task(r#""cost": "1""#),
        ]),
        // Several tasks: drift belongs to the task that has it.
        tasks(&[&clean, &drifted, &clean, &repaired].map(|it| task(&format!(r#""result": {it}"#)))),
        tasks(&[&clean, &drifted, &drifted].map(|it| task(&format!(r#""result": {it}"#)))),
        // What stands twice: the last counts, and what was wrong with the first is gone.
        tasks(&[with(&clean, &drifted)]),
        tasks(&[with(&drifted, &clean)]),
        tasks(&[with(&drifted, "null")]),
        tasks(&[with(&repaired, &clean)]),
        tasks(&[with(&clean, &repaired)]),
        format!(
            r#"{{{OK}, "tasks": [{}, {}], "cost": 1, "tasks": [{}, {}], "cost": "2"}}"#,
            task(&format!(r#""result": {drifted}"#)),
            task(&format!(r#""result": {drifted}"#)),
            task(r#""id": "no result""#),
            task(&format!(r#""result": {clean}"#)),
        ),
        format!(
            r#"{{{OK}, "tasks": [{}], "tasks": null}}"#,
            with(&clean, &drifted)
        ),
        format!(
            r#"{{{OK}, "tasks": [{}], "tasks": 7}}"#,
            with(&clean, &drifted)
        ),
        // The envelope drifts, which is not reported. It fails, or it is not an envelope.
        format!(
            r#"{{"status_code": "20000", "cost": [], "tasks": [{}]}}"#,
            with("null", &clean)
        ),
        format!(
            r#"{{"tasks": [{}], "status_code": 40200}}"#,
            with("null", &drifted)
        ),
        format!(r#"{{"tasks": [{}]}}"#, with("null", &drifted)),
        format!(
            r#"{{{OK}, "tasks": [{}]}} {{}}"#,
            task(&format!(r#""result": {clean}"#))
        ),
        format!("\n\n {{{OK}, \"tasks\": [{{\"result\": [7,\n}}]}}"),
        format!(
            r#"{{{OK}, "tasks": [{}], "\ud83d": 1}}"#,
            task(r#""id": "x""#)
        ),
        format!(
            r#"{{{OK}, "t\u0061sks": [{}]}}"#,
            task(&format!(r#""result": {drifted}"#))
        ),
        String::new(),
        "[]".to_owned(),
    ];
    // Around the depth where reading ends, and serde_json's own limit.
    let deep = [
        100, 110, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 124, 128, 400,
    ];
    let deep = deep.map(|depth| result(&nested(depth)));
    let deep_in_data = tasks(&[task(&format!(
        r#""data": {0}{1}, "x": {0}{1}, "result": {clean}"#,
        "[".repeat(400),
        "]".repeat(400)
    ))]);
    for body in odd.iter().chain(&deep).chain([&deep_in_data]) {
        let [one, two] = (pages_summary().both)(body);
        assert_eq!(one, two, "{body}");
        // Wherever the text is cut off.
        for (at, _) in body.char_indices().filter(|_| body.len() < 600) {
            let [one, two] = (pages_summary().both)(&body[..at]);
            assert_eq!(one, two, "{}", &body[..at]);
        }
    }
    // These do say something.
    let [one, _] = (pages_summary().both)(&result(&drifted));
    assert!(
        one.unwrap()
            .contains(r#""pointer":"/0/items/0/rank","kind":"coerced""#)
    );
    let [one, _] = (pages_summary().both)(&result(&repaired));
    assert!(one.unwrap().contains("unreadable parts were replaced"));
}

/// A fixture with some of its text exchanged, and the index of its endpoint.
fn mutated() -> impl Strategy<Value = (usize, String)> {
    let parts = [
        "",
        "null",
        "7",
        "-1.5",
        "1e999",
        "\"x\"",
        "\"2\"",
        "{}",
        "[]",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        " ",
        "\"",
        "\\",
        "\\ud83d",
        "é",
        "\"result\":",
        "\"result\":null,",
        "\"result\":[7],",
        "\"tasks\":[{\"result\":[{}]}],",
        "\"type\":\"organic\",",
        "\"items\":[{}],",
    ];
    let part = prop::sample::select(parts.to_vec());
    let edit = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        part,
    );
    let fixtures: Vec<(usize, String)> = ENDPOINTS
        .iter()
        .enumerate()
        .flat_map(|(index, endpoint)| {
            let fixtures = fixtures::of(endpoint.info.path).into_iter();
            fixtures.map(move |fixture| (index, fixture.response))
        })
        .filter(|(_, text)| text.len() < 20_000)
        .collect();
    let fixture = prop::sample::select(fixtures);
    (fixture, prop::collection::vec(edit, 1..4)).prop_map(|((endpoint, mut text), edits)| {
        for (place, other, part) in edits {
            // Tokens are exchanged rather than single characters, so that much stays JSON.
            let tokens: Vec<_> = text
                .match_indices(|c| "{}[],:".contains(c))
                .map(|(at, _)| at + 1)
                .collect();
            if tokens.is_empty() {
                continue;
            }
            let at = place.index(tokens.len());
            let start = tokens[at];
            let whole = tokens.get(at + 1).map_or(text.len(), |next| next - 1);
            let end = match other.index(4) {
                0 => start,
                1 => *tokens.get(at + 1).unwrap_or(&start),
                _ => whole.max(start),
            };
            text.replace_range(start..end, part);
        }
        (endpoint, text)
    })
}

/// Any JSON at all.
fn any_json() -> impl Strategy<Value = Value> {
    let names = [
        "items",
        "rank",
        "url",
        "type",
        "first_seen",
        "referring_links_tld",
        "backlinks",
        "",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(
            |float| serde_json::Number::from_f64(float).map_or(Value::Null, Value::Number)
        ),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(names.to_vec()), inner), 0..6).prop_map(
                |entries| Value::Object(
                    entries
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect()
                )
            ),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn one_pass_equals_two_stages_for_mutated_responses((endpoint, body) in mutated()) {
        let [one, two] = (ENDPOINTS[endpoint].both)(&body);
        prop_assert_eq!(one, two);
    }

    #[test]
    fn one_pass_gives_what_two_stages_give_of_any_result(results in prop::collection::vec(any_json(), 0..3)) {
        let tasks = results.iter().map(|result| json!({"status_code": 20000, "result": result}));
        let body = json!({"status_code": 20000, "tasks": tasks.collect::<Vec<_>>()}).to_string();
        let [one, two] = (pages_summary().both)(&body);
        prop_assert!(one.is_ok());
        prop_assert_eq!(one, two);
    }
}

proptest! {
    /// Whatever comes, decoding gives something, and every place that it reports is there.
    #[test]
    fn any_json_decodes(value in any_json()) {
        let json = value.to_string();
        let decoded = decode::<Vec<Result>>(&json).unwrap();
        for drift in decoded.drift {
            prop_assert!(value.pointer(&drift.pointer).is_some(), "{}", drift);
        }
        // What was kept decodes to itself, without drift.
        let kept = serde_json::to_string(&decoded.value).unwrap();
        let again = decode::<Vec<Result>>(&kept).unwrap();
        prop_assert_eq!(again.drift, []);
        prop_assert_eq!(again.value, decoded.value);
    }
}
