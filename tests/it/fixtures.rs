//! Every fixture decodes, and no documented field of it is lost.

use std::fs;
use std::path::{Path, PathBuf};

use dataforseo_client::models::backlinks::{BulkNewLostBacklinksLive, BulkPagesSummaryLive};
use dataforseo_client::models::drift::losses;
use dataforseo_client::models::{ENDPOINTS, Endpoint, Envelope, RawEnvelope, TaskResponse};
use serde_json::Value;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mock-server/fixtures")
}

/// The fixtures of an endpoint: name, request body, response body as text.
pub(crate) fn of(path: &str) -> Vec<(String, Value, String)> {
    let folder = folder().join(path.trim_start_matches('/'));
    let mut fixtures: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (
                name,
                file["request"]["body"].clone(),
                file["response"]["body"].to_string(),
            )
        })
        .collect();
    fixtures.sort_by(|a, b| a.0.cmp(&b.0));
    fixtures
}

fn decode<E: Endpoint>(body: &str) -> Envelope<TaskResponse<E::Result>> {
    RawEnvelope::parse(body.as_bytes())
        .unwrap()
        .decode()
        .unwrap()
}

/// JSON without what counts as absent.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(without_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// Two proofs that do not share code: the models' own report of losses, and a comparison of what
/// came with what the models write again.
fn lossless<E: Endpoint>() {
    let fixtures = of(E::INFO.path);
    assert!(!fixtures.is_empty(), "{} has no fixture", E::INFO.id);
    for (name, _, body) in fixtures {
        let raw = RawEnvelope::parse(body.as_bytes()).unwrap();
        for task in raw.tasks {
            let result = task.result.expect("a fixture of a success").get();
            assert_eq!(losses::<Vec<E::Result>>(result).unwrap(), [], "{name}");
            let decoded = task.decode::<E::Result>().unwrap();
            assert_eq!(decoded.drift, [], "{name}");
            assert!(!decoded.result.is_empty(), "{name}");
            let mut came: Value = serde_json::from_str(result).unwrap();
            without_nulls(&mut came);
            assert_eq!(
                serde_json::to_value(&decoded.result).unwrap(),
                came,
                "{name}"
            );
        }
    }
}

#[test]
fn new_lost_backlinks() {
    lossless::<BulkNewLostBacklinksLive>();
    for (name, _, body) in of(BulkNewLostBacklinksLive::INFO.path) {
        insta::assert_json_snapshot!(
            format!("new_lost_{name}"),
            decode::<BulkNewLostBacklinksLive>(&body)
        );
    }
}

#[test]
fn pages_summary() {
    lossless::<BulkPagesSummaryLive>();
    for (name, _, body) in of(BulkPagesSummaryLive::INFO.path) {
        insta::assert_json_snapshot!(
            format!("pages_summary_{name}"),
            decode::<BulkPagesSummaryLive>(&body)
        );
    }
}

/// The lists of this file are whole: an endpoint without a test of its own fails here.
#[test]
fn every_endpoint_is_looked_at() {
    let looked_at = [
        BulkNewLostBacklinksLive::INFO.id,
        BulkPagesSummaryLive::INFO.id,
    ];
    let all: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.id).collect();
    assert_eq!(all, looked_at);
}

/// The envelope is written by hand in the models and described in the spec: the two agree.
#[test]
fn the_envelope_is_the_one_of_the_spec() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let fields = xtask::model::load(&spec).unwrap().api.envelope.fields;
    let names = |fields: &xtask::spec::language::Fields| fields.keys().cloned().collect::<Vec<_>>();
    let (_, _, body) = of(BulkNewLostBacklinksLive::INFO.path).remove(0);
    let written = serde_json::to_value(decode::<BulkNewLostBacklinksLive>(&body)).unwrap();
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
