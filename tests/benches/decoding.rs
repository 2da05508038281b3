//! Measures how fast responses are decoded.
//!
//! The generated models, `serde_json::Value` and a serde derive of the same shape take turns within
//! one run. The results are ratios, which do not depend on the speed of the machine.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveResult};
use dataforseo_client::models::drift::decode;
use dataforseo_client::models::serp::google::SerpItem;
use dataforseo_client::models::{Envelope, TaskResponse};
use dataforseo_mock_server::Synthetic;
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

/// A union as serde derives it: it buffers each element to find the tag.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(dead_code, reason = "decoded, not read")]
enum DerivedElement {
    Organic(Box<DerivedOrganic>),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct DerivedOrganic {
    rank_group: Option<i64>,
    rank_absolute: Option<i64>,
    page: Option<i64>,
    position: Option<String>,
    xpath: Option<String>,
    domain: Option<String>,
    title: Option<String>,
    url: Option<String>,
    cache_url: Option<String>,
    breadcrumb: Option<String>,
    website_name: Option<String>,
    is_image: Option<bool>,
    is_video: Option<bool>,
    description: Option<String>,
    links: Option<Vec<DerivedLink>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct DerivedLink {
    r#type: Option<String>,
    title: Option<String>,
    description: Option<String>,
    url: Option<String>,
}

fn main() {
    rows();
    elements();
}

/// The items of a list: flat objects with maps.
fn rows() {
    let mut body = Synthetic::of(BulkPagesSummaryLive).unwrap().response();
    let item = body["tasks"][0]["result"][0]["items"][0].clone();
    body["tasks"][0]["result"][0]["items"] = vec![item; 1000].into();
    let clean = body.to_string();
    body["tasks"][0]["result"][0]["items"][999]["rank"] = 1.5.into();
    let drifting = body.to_string();

    let ours = |text: &str| {
        black_box(Envelope::<TaskResponse<BulkPagesSummaryLiveResult>>::parse(text).unwrap());
    };
    compare(
        "rows of bulk_pages_summary",
        clean.len(),
        &[
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
        ],
    );
}

/// The elements of a results page: members of a union.
fn elements() {
    let element = |number: usize, first: bool| {
        let fields = format!(
            r#""rank_group": {number}, "rank_absolute": {number}, "page": 1, "position": "left",
            "xpath": "/html[1]/body[1]/div[{number}]", "domain": "www.example.com",
            "title": "A title of some length", "url": "https://www.example.com/{number}",
            "cache_url": null, "breadcrumb": "https://www.example.com › page", "website_name": "Example",
            "is_image": false, "is_video": false,
            "description": "A description of the page, as long as results pages have them, or nearly.",
            "links": [{{"type": "link_element", "title": "One", "description": null, "url": "https://www.example.com/1"}},
                {{"type": "link_element", "title": "Two", "description": "Other", "url": "https://www.example.com/2"}}]"#
        );
        match first {
            true => format!(r#"{{"type": "organic", {fields}}}"#),
            false => format!(r#"{{{fields}, "type": "organic"}}"#),
        }
    };
    let list = |first| {
        let elements: Vec<String> = (0..1000).map(|number| element(number, first)).collect();
        format!("[{}]", elements.join(","))
    };
    let (first, last) = (list(true), list(false));
    compare(
        "elements of a results page",
        first.len(),
        &[
            ("dataforseo-models", &|| {
                black_box(decode::<Vec<SerpItem>>(&first).unwrap());
            }),
            ("dataforseo-models, the tag at the end", &|| {
                black_box(decode::<Vec<SerpItem>>(&last).unwrap());
            }),
            ("serde derive, tagged", &|| {
                black_box(serde_json::from_str::<Vec<DerivedElement>>(&first).unwrap());
            }),
            ("serde_json::Value", &|| {
                black_box(serde_json::from_str::<Value>(&first).unwrap());
            }),
        ],
    );
}

/// Runs the variants in turn, and prints how each compares with the first.
fn compare(what: &str, bytes: usize, variants: &[(&str, &dyn Fn())]) {
    let mut best = vec![Duration::MAX; variants.len()];
    for _ in 0..60 {
        for (best, (_, decode)) in best.iter_mut().zip(variants) {
            let start = Instant::now();
            decode();
            *best = start.elapsed().min(*best);
        }
    }
    println!(
        "1000 {what}, {} kB; the best of 60 rounds in turn",
        bytes / 1000
    );
    for ((name, _), time) in variants.iter().zip(&best) {
        let speed = bytes as f64 / 1e6 / time.as_secs_f64();
        let ratio = time.as_secs_f64() / best[0].as_secs_f64();
        println!("{ratio:5.2} × {name} ({speed:.0} MB/s)");
    }
}
