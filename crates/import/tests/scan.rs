//! The scan over an OpenAPI file with every form of a sentence, in our own wording.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::collections::BTreeMap;

use dataforseo_import::scan::{ScanReport, scan};
use serde_json::{Value, json};

/// The description of a field of a task.
struct Described {
    /// The schema of the field.
    schema: Value,
    /// The lines of the description.
    lines: &'static [&'static str],
}

/// Returns an OpenAPI file with one endpoint whose task has these fields. Fields of the result have
/// names that start with `result_`.
fn file(fields: &[(&str, Described)]) -> String {
    let mut task = serde_json::Map::new();
    let mut result = serde_json::Map::new();
    for (name, Described { schema, lines }) in fields {
        let mut schema = schema.clone();
        schema["description"] = lines.join("\n").into();
        match name.strip_prefix("result_") {
            Some(name) => result.insert(name.to_owned(), schema),
            None => task.insert((*name).to_owned(), schema),
        };
    }
    let list = |name: &str| {
        let reference = format!("#/components/schemas/{name}");
        json!({"type": "array", "items": {"$ref": reference}})
    };
    let content = |schema: Value| json!({"content": {"application/json": {"schema": schema}}});
    let response = content(json!({"$ref": "#/components/schemas/Envelope"}));
    let post = json!({"requestBody": content(list("Task")), "responses": {"200": response}});
    let file = json!({
        "openapi": "3.0.1",
        "paths": {"/v3/backlinks/parrots/live": {"post": post}},
        "components": {"schemas": {
            "Task": {"type": "object", "properties": task},
            "Envelope": {"type": "object", "properties": {"tasks": list("TaskOfResponse")}},
            "TaskOfResponse": {"type": "object", "properties": {"result": list("Result")}},
            "Result": {"type": "object", "properties": result},
        }},
    });
    file.to_string()
}

/// Scans these fields. Returns the report and the facts on which both readings agree, by field.
fn scanned(
    fields: &[(&str, Described)],
) -> (ScanReport, BTreeMap<String, BTreeMap<&'static str, Value>>) {
    let report = scan(&file(fields)).unwrap();
    let name = |place: &String| place.rsplit(' ').next().unwrap().to_owned();
    let agreed = report.agreed.iter();
    let agreed = agreed
        .map(|(place, facts)| (name(place), facts.clone()))
        .collect();
    (report, agreed)
}

fn of(schema: Value, lines: &'static [&'static str]) -> Described {
    Described { schema, lines }
}

fn text(lines: &'static [&'static str]) -> Described {
    of(json!({"type": "string"}), lines)
}

fn number(lines: &'static [&'static str]) -> Described {
    of(json!({"type": "integer"}), lines)
}

fn flag(lines: &'static [&'static str]) -> Described {
    of(json!({"type": "boolean"}), lines)
}

fn texts(lines: &'static [&'static str]) -> Described {
    of(json!({"type": "array", "items": {"type": "string"}}), lines)
}

/// Asserts that both readings find exactly these facts of each field.
fn assert_facts(cases: Vec<(&str, Described, Value)>) {
    let mut expected: BTreeMap<String, Value> = BTreeMap::new();
    let mut fields = Vec::new();
    for (name, field, facts) in cases {
        if facts != json!({}) {
            expected.insert(name.trim_start_matches("result_").to_owned(), facts);
        }
        fields.push((name, field));
    }
    let (report, agreed) = scanned(&fields);
    assert!(report.disagreements.is_empty(), "{report}");
    let agreed: BTreeMap<String, Value> = agreed
        .into_iter()
        .map(|(name, facts)| (name, json!(facts)))
        .collect();
    assert_eq!(agreed, expected);
}

#[test]
fn requirements() {
    assert_facts(vec![
        (
            "name",
            text(&["name of the parrot", "required field"]),
            json!({"required": true}),
        ),
        (
            "note",
            text(&["a note", "optional field. Note: it is never shown"]),
            json!({}),
        ),
        (
            "code",
            number(&["required field if you don’t specify name or note"]),
            json!({"required_unless": ["name", "note"]}),
        ),
        (
            "ring",
            number(&["required field if don't specify name"]),
            json!({"required_unless": ["name"]}),
        ),
        (
            "cage",
            text(&["required field if you do not specify name, note, or ring"]),
            json!({"required_unless": ["name", "note", "ring"]}),
        ),
        (
            "zoo",
            text(&["required field if name is not specified"]),
            json!({"required_unless": ["name"]}),
        ),
        (
            "aviary",
            text(&["required field if name or zoo is not specified"]),
            json!({"required_unless": ["name", "zoo"]}),
        ),
        (
            "coast",
            text(&["required field if you don't specify name_or note_"]),
            json!({"required_unless": ["name", "note"]}),
        ),
        (
            "flock",
            text(&["required field if you don't specify a ring"]),
            json!({"required_unless": ["ring"]}),
        ),
        (
            "owner",
            text(&["required field if you specify cage"]),
            json!({"required_with": "cage"}),
        ),
        (
            "color",
            text(&["required field if cage is specified;"]),
            json!({"required_with": "cage"}),
        ),
        (
            "shade",
            text(&["optional field", "required if color is specified"]),
            json!({"required_with": "color"}),
        ),
        // The spec has no key for the object around the field.
        (
            "size",
            text(&["required field if parrot_box is specified"]),
            json!({}),
        ),
    ]);
}

#[test]
fn bounds() {
    assert_facts(vec![
        (
            "age",
            number(&["minimum value: 1", "maximum value: 1,000;"]),
            json!({"min": 1, "max": 1000}),
        ),
        (
            "eggs",
            number(&["Note: the maximum value is 9, use a nest beyond"]),
            json!({"max": 9}),
        ),
        (
            "wings",
            number(&["max\u{a0}value:\u{a0}2. Most have two;"]),
            json!({"max": 2}),
        ),
        (
            "span",
            number(&[
                "minimum value, in inches: 24",
                "maximum value, in inches: 99",
            ]),
            json!({"min": 24, "max": 99}),
        ),
        (
            "seeds",
            number(&["maximum value: 5M (5 million)"]),
            json!({"max": 5_000_000}),
        ),
        (
            "weight",
            of(
                json!({"type": "number"}),
                &["any weight within the following range: 0.5–3;"],
            ),
            json!({"min": 0.5, "max": 3}),
        ),
        (
            "height",
            number(&["can be specified in the following range: 24-99"]),
            json!({"min": 24, "max": 99}),
        ),
        (
            "mood",
            of(json!({"type": "number"}), &["possible values: from 0 to 1"]),
            json!({"min": 0, "max": 1}),
        ),
        (
            "loudness",
            number(&["you can specify a level from 1 to 6;"]),
            json!({"min": 1, "max": 6}),
        ),
        (
            "likeness",
            number(&["any score in the 0-to-10 range"]),
            json!({"min": 0, "max": 10}),
        ),
        (
            "perches",
            number(&["default and minimum value: 0"]),
            json!({"default": 0, "min": 0}),
        ),
        (
            "toys",
            number(&["minimum and default value: 1;"]),
            json!({"default": 1, "min": 1}),
        ),
        (
            "stars",
            number(&[
                "possible types of sorting:",
                "3 — good ones only;",
                "2 — fair ones only;",
                "1 — all others",
            ]),
            json!({"min": 1, "max": 3}),
        ),
        (
            "rank",
            number(&[
                "can take the following values:",
                "1 – first come (set by default);",
                "2 – first served",
            ]),
            json!({"default": 1, "min": 1, "max": 2}),
        ),
        (
            "hatched",
            text(&[
                "minimal possible value: 2020-10-01",
                "date format: yyyy-mm-dd",
            ]),
            json!({"min": "2020-10-01"}),
        ),
        (
            "bought",
            text(&[
                "minimum date: \"2021-05-01\"",
                "maximum value: today’s date",
                "date format: yyyy-mm-dd",
            ]),
            json!({"min": "2021-05-01", "max": "today"}),
        ),
        (
            "sold",
            text(&[
                "minimal value 2022-01-01",
                "date format: yyyy-mm-dd",
                concat!(
                    "if you don’t specify this field, ",
                    "the minimum value will be used by default"
                ),
            ]),
            json!({"min": "2022-01-01", "default": "2022-01-01"}),
        ),
        (
            "moved",
            text(&[
                "minimum value: three years back from today’s date;",
                "maximum value: one month from today’s date;",
                "date format: yyyy-mm-dd",
            ]),
            json!({"min": "today - 3 years"}),
        ),
        (
            "fed",
            text(&[
                "minimal value: 4 years from the current date",
                "date format: yyyy-mm-dd",
            ]),
            json!({"min": "today - 4 years"}),
        ),
        // Each of these values applies to a case.
        (
            "speed",
            number(&[
                "minimum value for old ones: 2",
                "minimum value for young ones: 5",
            ]),
            json!({}),
        ),
        (
            "flight",
            number(&["maximum value: 20", "maximum value: 50"]),
            json!({}),
        ),
        // A text has no bounds.
        (
            "radius",
            text(&["minimal value: > 0", "maximal value: 300"]),
            json!({}),
        ),
    ]);
}

#[test]
fn lengths_and_counts() {
    let map = || json!({"type": "object", "additionalProperties": {"type": "string"}});
    let objects = json!({"type": "array", "items": {"type": "object"}});
    assert_facts(vec![
        (
            "label",
            text(&["the character limit is 255"]),
            json!({"max_length": 255}),
        ),
        (
            "song",
            text(&["you can specify up to 2,000 characters in the song field"]),
            json!({"max_length": 2000}),
        ),
        (
            "story",
            text(&["can contain up to 200 characters"]),
            json!({"max_length": 200}),
        ),
        (
            "agent",
            text(&["can be specified with up to 254 characters;"]),
            json!({"max_length": 254}),
        ),
        (
            "speech",
            text(&["max number of symbols you can specify: 70;"]),
            json!({"max_length": 70}),
        ),
        (
            "parrots",
            texts(&["you can set up to 1000 parrots"]),
            json!({"max_items": 1000}),
        ),
        (
            "zoos",
            texts(&["The maximum number of zoos you can specify: 700", "UTF-8"]),
            json!({"max_items": 700}),
        ),
        (
            "cages",
            texts(&["you can specify the maximum of 25 cages;"]),
            json!({"max_items": 25}),
        ),
        (
            "birds",
            texts(&["You can specify a maximum of 200 birds that you want to see"]),
            json!({"max_items": 200}),
        ),
        (
            "rings",
            texts(&["maximum number of rings you can specify in this array: 1000;"]),
            json!({"max_items": 1000}),
        ),
        (
            "words",
            texts(&[
                "maximum word length: 9 characters",
                "maximum amount of words: 100",
            ]),
            json!({"max_items": 100}),
        ),
        (
            "chain",
            of(
                objects,
                &[
                    "you can specify maximum of 10 links in the array;",
                    "text of a link (max 500 characters);",
                ],
            ),
            json!({"max_items": 10}),
        ),
        (
            "pages",
            of(map(), &["the maximum number of nests in this object is 20"]),
            json!({"max_items": 20}),
        ),
        (
            "order_by",
            texts(&["please set no more than three sorting rules per call"]),
            json!({"max_items": 3}),
        ),
        (
            "filters",
            texts(&["several at once (8 filters maximum)"]),
            json!({"max_conditions": 8}),
        ),
        (
            "sites",
            texts(&["sites cannot belong to more than 100 different domains."]),
            json!({"max_distinct_domains": 100}),
        ),
        // These describe the result, or another field.
        (
            "limit",
            number(&["the maximum number of returned parrots"]),
            json!({}),
        ),
        (
            "kinds",
            texts(&[
                "the maximum number of returned kinds: 5",
                "specify no more than 1 word in the words field",
            ]),
            json!({}),
        ),
    ]);
}

#[test]
fn defaults() {
    assert_facts(vec![
        (
            "tame",
            flag(&["optional field", "default value: true;"]),
            json!({"default": true}),
        ),
        (
            "loud",
            flag(&["default value: false – it sleeps, unless it sings"]),
            json!({"default": false}),
        ),
        (
            "old",
            flag(&["default value:", "false"]),
            json!({"default": false}),
        ),
        (
            "rare",
            flag(&["default value:_falsen"]),
            json!({"default": false}),
        ),
        (
            "caged",
            flag(&["by default, the parameter is set to false;"]),
            json!({"default": false}),
        ),
        (
            "free",
            flag(&["default value: false;if you use this field, it flies"]),
            json!({"default": false}),
        ),
        (
            "fast",
            flag(&["default value: falseif you use this field, it flies"]),
            json!({"default": false}),
        ),
        (
            "count",
            number(&[
                "number of parrotsoptional fielddefault value: 7maximum value: 90Your cage fits them",
            ]),
            json!({"default": 7, "max": 90}),
        ),
        (
            "pairs",
            number(&["if you don’t specify this field, two parrots will be used by default"]),
            json!({"default": 2}),
        ),
        (
            "eggs",
            number(&[concat!(
                "if you don’t specify this field, ",
                "the default value of 3 will be applied;"
            )]),
            json!({"default": 3}),
        ),
        (
            "width",
            number(&["by default, the parameter is set to 1,920;"]),
            json!({"default": 1920}),
        ),
        (
            "color",
            text(&["default value: \"gray\". Note: green is rare"]),
            json!({"default": "gray"}),
        ),
        (
            "song",
            text(&["default rule: longest_first"]),
            json!({"default": "longest_first"}),
        ),
        (
            "agent",
            text(&["default value: Parrot/5.0 (tame; talks)"]),
            json!({"default": "Parrot/5.0 (tame; talks)"}),
        ),
        (
            "home",
            text(&["default value: `cage`"]),
            json!({"default": "cage"}),
        ),
        (
            "match",
            text(&[
                "possible values:",
                "whole returns all words;",
                "part returns some;Note: the whole match type is applied by default",
            ]),
            json!({"values": ["whole", "part"], "default": "whole"}),
        ),
        (
            "kinds",
            texts(&["default value:", "[\"gray\", \"blue\"]"]),
            json!({"default": ["gray", "blue"]}),
        ),
        (
            "places",
            texts(&["default value: any"]),
            json!({"default": ["any"]}),
        ),
        (
            "order_by",
            texts(&["default rule:", "[\"age,desc\"]"]),
            json!({"default": ["age,desc"]}),
        ),
        // Each of these values applies to a case.
        (
            "perch",
            text(&[
                "default value: wood",
                "for old ones, it differs",
                "default value: wire",
            ]),
            json!({}),
        ),
        (
            "height",
            number(&[
                "by default, the parameter is set to:",
                "9 for large ones;",
                "5 for small ones",
            ]),
            json!({}),
        ),
        (
            "cursor",
            number(&["default value: the number of the last word"]),
            json!({}),
        ),
        ("none", number(&["default value: null"]), json!({})),
    ]);
}

#[test]
fn values() {
    let map = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    assert_facts(vec![
        (
            "color",
            text(&["possible values: gray, green, \"blue\""]),
            json!({"values": ["gray", "green", "blue"]}),
        ),
        (
            "code",
            text(&["possible values: 'AA','BB','CC'"]),
            json!({"values": ["AA", "BB", "CC"]}),
        ),
        (
            "market",
            text(&[
                "possible values: most-loud, birds/old, birds/new;",
                "default value: most-loud",
            ]),
            json!({"values": ["most-loud", "birds/old", "birds/new"], "default": "most-loud"}),
        ),
        (
            "platform",
            text(&[
                "possible values:",
                "cage, zoo. Note: a cage is small; a zoo is not",
            ]),
            json!({"values": ["cage", "zoo"]}),
        ),
        (
            "scale",
            text(&[
                "possible values:",
                "small — up to 9 inches",
                "large –  others",
                "default value: small",
            ]),
            json!({"values": ["small", "large"], "default": "small"}),
        ),
        (
            "reason",
            text(&[
                "possible values:",
                "limit_reached – the limit of seeds was reached;",
                "only_one – there was only one",
                "mode_- an odd dash",
            ]),
            json!({"values": ["limit_reached", "only_one", "mode"]}),
        ),
        (
            "seat",
            text(&[
                "can take the following values:",
                "Front1: the first seat",
                "Front2: the second seat",
            ]),
            json!({"values": ["Front1", "Front2"]}),
        ),
        (
            "level",
            text(&["can take values: low, high"]),
            json!({"values": ["low", "high"]}),
        ),
        (
            "title",
            text(&["can take the following values: At the zoo, Cage"]),
            json!({"values": ["At the zoo", "Cage"]}),
        ),
        (
            "sort_by",
            text(&["the following sorting rules are supported:", "age, name"]),
            json!({"values": ["age", "name"]}),
        ),
        (
            "tongue",
            text(&["supported languages:", "en, fr, de"]),
            json!({"values": ["en", "fr", "de"]}),
        ),
        (
            "from",
            text(&["you can specify the following values:", "nest, egg"]),
            json!({"values": ["nest", "egg"]}),
        ),
        (
            "os",
            text(&[
                "if you specify cage in the home field, choose from the following values: wood, wire",
                "default value: wood",
                "if you specify zoo in the home field, choose from the following values: tree, wire",
                "default value: tree",
            ]),
            json!({"values": ["wood", "wire", "tree"]}),
        ),
        (
            "range",
            text(&[
                "possible values for all type parameters:",
                "day, week",
                "possible values for a, b, c, d:",
                "year",
            ]),
            json!({"values": ["day", "week", "year"]}),
        ),
        (
            "toys",
            texts(&["possible values:", "\"ball\",", "\"bell\",", "\"rope\""]),
            json!({"values": ["ball", "bell", "rope"]}),
        ),
        (
            "kinds",
            texts(&[
                "possible values:",
                "[\"gray\", \"blue\"]",
                "default value:",
                "[\"gray\"]",
            ]),
            json!({"values": ["gray", "blue"], "default": ["gray"]}),
        ),
        (
            "result_side",
            text(&["can take the following values:", "left, right"]),
            json!({"values": ["left", "right"]}),
        ),
        (
            "result_parts",
            of(map, &["possible values: wing, beak"]),
            json!({"values": ["wing", "beak"]}),
        ),
        // Not lists of values.
        (
            "template",
            text(&["possible values: \"open\", \"$day\", \"$day;$time\";"]),
            json!({}),
        ),
        (
            "search",
            text(&["possible values: any word of yours, or none"]),
            json!({}),
        ),
        (
            "born",
            text(&[
                "minimal possible value: 2020-10-01",
                "date format: yyyy-mm-dd",
            ]),
            json!({"min": "2020-10-01"}),
        ),
        (
            "page",
            text(&["it is not possible to put it there in the following way: a/b"]),
            json!({}),
        ),
        (
            "result_position",
            number(&["can take the following values: 1, 2, 3, etc."]),
            json!({}),
        ),
    ]);
}

/// The rules of a task do not apply to a field of a response that repeats its description.
#[test]
fn fields_of_results_have_values_only() {
    assert_facts(vec![
        ("depth", number(&["maximum value: 9"]), json!({"max": 9})),
        (
            "result_echo",
            number(&["required field", "default value: 3", "maximum value: 9"]),
            json!({}),
        ),
    ]);
}

#[test]
fn the_report_shows_places_and_counts() {
    let fields = [
        ("name", text(&["required field"])),
        ("age", number(&["maximum value: 9"])),
    ];
    let (report, _) = scanned(&fields);
    assert!(report.is_enough());
    let table = report.table();
    assert!(
        table.contains("| `required` | 1 | 1 | 0 | 0 |\n"),
        "{table}"
    );
    assert!(table.contains("| `max` | 1 | 1 | 0 | 0 |\n"), "{table}");
    let places: Vec<&String> = report.agreed.keys().collect();
    assert_eq!(
        places,
        [
            "/v3/backlinks/parrots/live: age",
            "/v3/backlinks/parrots/live: name"
        ]
    );
    assert!(scan("paths: [1]").is_err());
}
