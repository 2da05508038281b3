//! Every fixture of every endpoint decodes, and no documented field of it is lost.

use std::fs;
use std::path::{Path, PathBuf};

use dataforseo_client::models::backlinks::BulkNewLostBacklinksLive;
use dataforseo_client::models::drift::DriftKind;
use dataforseo_client::models::{Endpoint, RawEnvelope};
use dataforseo_mock_server::{Synthetic, SyntheticCase};
use serde_json::Value;

use crate::generated::ENDPOINTS;
use crate::typed::Typed;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mock-server/fixtures")
}

/// A fixture: its name, the decoded response, and the response as text.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) request: Value,
    pub(crate) response: String,
}

impl Fixture {
    fn new(name: &str, file: &Value) -> Self {
        Self {
            name: name.to_owned(),
            path: file["request"]["path"].as_str().unwrap().to_owned(),
            request: file["request"]["body"].clone(),
            response: file["response"]["body"].to_string(),
        }
    }
}

/// The fixtures of an endpoint by name: the committed ones and the synthetic ones.
pub(crate) fn of(path: &str) -> Vec<Fixture> {
    let mut fixtures = committed(path);
    fixtures.extend(synthetic(path));
    fixtures.sort_by(|a, b| a.name.cmp(&b.name));
    fixtures
}

/// The synthetic fixtures of an endpoint. A task without a tag cannot select a case.
pub(crate) fn synthetic(path: &str) -> Vec<Fixture> {
    let info = Synthetic::of_path(path).unwrap();
    let typed = ENDPOINTS.iter().find(|typed| typed.info.path == path);
    let rules = typed.unwrap().info.task_rules;
    let has_cases = rules.is_empty() || rules.iter().any(|rule| rule.name == "tag");
    let cases = SyntheticCase::ALL.into_iter();
    cases
        .filter(|case| has_cases || *case == SyntheticCase::Plain)
        .map(|case| {
            let text = info.clone().case(case).fixture();
            Fixture::new(case.name(), &serde_json::from_str(&text).unwrap())
        })
        .collect()
}

/// The committed fixtures of an endpoint, by name.
pub(crate) fn committed(path: &str) -> Vec<Fixture> {
    let folder = folder().join(path.trim_start_matches('/'));
    let entries = fs::read_dir(&folder).into_iter().flatten();
    let mut fixtures: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        // An endpoint whose path goes on from this one's has its folder here.
        .filter(|path| path.is_file())
        .map(|path| {
            let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            Fixture::new(&path.file_stem().unwrap().to_string_lossy(), &file)
        })
        .collect();
    fixtures.sort_by(|a, b| a.name.cmp(&b.name));
    fixtures
}

/// The results of a fixture's task as text; `None` if there are none.
fn results(fixture: &Fixture) -> Option<String> {
    let raw = RawEnvelope::parse(fixture.response.as_bytes()).unwrap();
    assert_eq!(raw.tasks.len(), 1, "{}", fixture.name);
    raw.tasks[0].result.map(|result| result.get().to_owned())
}

/// JSON without what counts as absent.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(without_nulls);
        }
        Value::Array(list) => {
            list.retain(|value| !value.is_null());
            list.iter_mut().for_each(without_nulls);
        }
        _ => {}
    }
}

/// Two proofs that do not share code: the models' own report of lossy fields, and a comparison of what
/// came with what the models write again.
#[test]
fn nothing_documented_is_lost() {
    for Typed {
        info,
        lossy_fields,
        decode,
        ..
    } in ENDPOINTS
    {
        let fixtures = of(info.path);
        let mut names = fixtures.iter().map(|fixture| fixture.name.as_str());
        assert!(names.any(|name| name == "synthetic"), "{}", info.id);
        for fixture in fixtures.iter().filter(|fixture| fixture.name != "unknown") {
            let name = format!("{} {}", info.id, fixture.name);
            let Some(came) = results(fixture) else {
                assert!(
                    fixture.name == "empty" || info.id.ends_with("task_post"),
                    "{name}"
                );
                continue;
            };
            assert_eq!(lossy_fields(&came), [], "{name}");
            let written = decode(&fixture.response);
            assert_eq!(
                written["tasks"][0]["drift"],
                Value::Array(Vec::new()),
                "{name}"
            );
            let mut came: Value = serde_json::from_str(&came).unwrap();
            without_nulls(&mut came);
            let mut written = written["tasks"][0]["result"].clone();
            without_nulls(&mut written);
            assert_eq!(written, came, "{name}");
        }
    }
}

/// Undocumented fields are reported. Undocumented values and members of unions are kept.
#[test]
fn undocumented_data_is_reported_or_kept() {
    let mut looked_at = 0;
    for typed in ENDPOINTS {
        let fixtures = of(typed.info.path);
        let Some(fixture) = fixtures.iter().find(|fixture| fixture.name == "unknown") else {
            continue;
        };
        looked_at += 1;
        let Some(came) = results(fixture) else {
            assert!(typed.info.id.ends_with("task_post"));
            continue;
        };
        let lossy_fields = (typed.lossy_fields)(&came);
        let pointers: Vec<&str> = lossy_fields
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        assert!(pointers.contains(&"/0/undocumented"), "{}", typed.info.id);
        for field in &lossy_fields {
            assert!(field.pointer.ends_with("/undocumented"), "{field}");
            assert_eq!(field.kind, DriftKind::UnknownField, "{field}");
        }
        // Whole floats for integers, unknown values, map keys and members come out as they were.
        let written = (typed.decode)(&fixture.response)["tasks"][0]["result"].clone();
        let mut came: Value = serde_json::from_str(&came).unwrap();
        without(&mut came, "undocumented");
        without_nulls(&mut came);
        let mut written = same_numbers(written);
        without_nulls(&mut written);
        assert_eq!(written, same_numbers(came), "{}", typed.info.id);
    }
    assert!(looked_at > 20);
}

/// Takes away what the models lose: the field of this name, but not the map's key.
fn without(value: &mut Value, name: &str) {
    match value {
        Value::Object(map) => {
            if map.get(name).is_some_and(Value::is_object) {
                map.shift_remove(name);
            }
            map.values_mut().for_each(|value| without(value, name));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| without(value, name)),
        _ => {}
    }
}

/// Numbers by their value.
fn same_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().unwrap().into(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, same_numbers(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(list) => list.into_iter().map(same_numbers).collect(),
        other => other,
    }
}

/// The envelope is written by hand in the models and described in the spec: the two agree.
#[test]
fn the_envelope_is_the_one_of_the_spec() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let fields = dataforseo_spec::model::load(&spec)
        .unwrap()
        .api
        .envelope
        .fields;
    let names =
        |fields: &dataforseo_spec::language::Fields| fields.keys().cloned().collect::<Vec<_>>();
    let fixture = of(BulkNewLostBacklinksLive::INFO.path).remove(0);
    let typed = Typed::of::<BulkNewLostBacklinksLive>();
    let written = (typed.decode)(&fixture.response);
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&written), names(&fields));
    let mut task = names(&fields["tasks"].fields);
    // Ours: what was not as documented.
    task.push("drift".to_owned());
    assert_eq!(keys(&written["tasks"][0]), task);
}
