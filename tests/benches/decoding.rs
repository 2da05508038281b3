//! How fast answers decode: ours, beside `serde_json::Value` and a serde derive of the same shape,
//! in turn within one run. Prints ratios; times alone say more about the machine.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use dataforseo_client::models::RawEnvelope;
use dataforseo_client::models::backlinks::BulkPagesSummaryLiveResult;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct Derived {
    total_count: Option<i64>,
    items_count: Option<i64>,
    items: Option<Vec<DerivedItem>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct DerivedItem {
    r#type: Option<String>,
    url: Option<String>,
    rank: Option<i64>,
    main_domain_rank: Option<i64>,
    backlinks: Option<i64>,
    first_seen: Option<String>,
    lost_date: Option<String>,
    backlinks_spam_score: Option<i64>,
    broken_backlinks: Option<i64>,
    broken_pages: Option<i64>,
    referring_domains: Option<i64>,
    referring_domains_nofollow: Option<i64>,
    referring_main_domains: Option<i64>,
    referring_main_domains_nofollow: Option<i64>,
    referring_ips: Option<i64>,
    referring_subnets: Option<i64>,
    referring_pages: Option<i64>,
    referring_pages_nofollow: Option<i64>,
    referring_links_tld: Option<BTreeMap<String, Option<i64>>>,
    referring_links_types: Option<BTreeMap<String, Option<i64>>>,
    referring_links_attributes: Option<BTreeMap<String, Option<i64>>>,
    referring_links_platform_types: Option<BTreeMap<String, Option<i64>>>,
    referring_links_semantic_locations: Option<BTreeMap<String, Option<i64>>>,
    referring_links_countries: Option<BTreeMap<String, Option<i64>>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct DerivedEnvelope {
    status_code: u32,
    tasks: Vec<DerivedTask>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct DerivedTask {
    status_code: u32,
    result: Option<Vec<Derived>>,
}

fn main() {
    let fixture = include_str!(
        "../../crates/mock-server/fixtures/v3/backlinks/bulk_pages_summary/live/synthetic.json"
    );
    let fixture: Value = serde_json::from_str(fixture).unwrap();
    let mut body = fixture["response"]["body"].clone();
    let item = body["tasks"][0]["result"][0]["items"][0].clone();
    body["tasks"][0]["result"][0]["items"] = vec![item; 1000].into();
    let clean = body.to_string();
    body["tasks"][0]["result"][0]["items"][999]["rank"] = 1.5.into();
    let drifting = body.to_string();

    let ours = |text: &str| {
        let envelope = RawEnvelope::parse(text.as_bytes()).unwrap();
        black_box(envelope.decode::<BulkPagesSummaryLiveResult>().unwrap());
    };
    let variants: [(&str, &dyn Fn()); 4] = [
        ("dataforseo-models", &|| ours(&clean)),
        ("dataforseo-models, one value of another kind", &|| {
            ours(&drifting)
        }),
        ("serde derive", &|| {
            black_box(serde_json::from_str::<DerivedEnvelope>(&clean).unwrap());
        }),
        ("serde_json::Value", &|| {
            black_box(serde_json::from_str::<Value>(&clean).unwrap());
        }),
    ];
    let mut best = [Duration::MAX; 4];
    for _ in 0..60 {
        for (best, (_, decode)) in best.iter_mut().zip(&variants) {
            let start = Instant::now();
            decode();
            *best = start.elapsed().min(*best);
        }
    }
    println!(
        "an answer of {} kB, 1000 items; the best of 60 rounds in turn",
        clean.len() / 1000
    );
    for ((name, _), time) in variants.iter().zip(best) {
        let speed = clean.len() as f64 / 1e6 / time.as_secs_f64();
        let ratio = time.as_secs_f64() / best[0].as_secs_f64();
        println!("{ratio:5.2} × {name} ({speed:.0} MB/s)");
    }
}
