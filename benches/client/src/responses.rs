//! Responses of `bulk_pages_summary`, in the shape of a synthetic response and with values of all
//! lengths.

use dataforseo_mock_server::Synthetic;
use serde_json::{Map, Value};

use crate::Outcome;

const PATH: &str = "/v3/backlinks/bulk_pages_summary/live";

/// Keys of the maps whose keys are synthetic in the response. The most frequent ones come first.
const KEYS: [(&str, [&str; 7]); 4] = [
    (
        "referring_links_tld",
        ["com", "org", "net", "de", "co.uk", "shop", "example"],
    ),
    (
        "referring_links_countries",
        ["", "WW", "US", "DE", "GB", "FR", "NL"],
    ),
    (
        "referring_links_attributes",
        [
            "nofollow",
            "noopener",
            "noreferrer",
            "ugc",
            "sponsored",
            "external",
            "follow",
        ],
    ),
    (
        "referring_links_semantic_locations",
        ["", "article", "footer", "section", "nav", "header", "aside"],
    ),
];

/// Returns the targets of a response with a number of items.
pub fn targets(items: usize) -> Vec<String> {
    (0..items).map(target).collect()
}

fn target(number: usize) -> String {
    let words = [
        "about",
        "products/all",
        "a-guide-to-links-and-ranks",
        "blog",
        "2024/links-and-what-they-are-for",
    ];
    let path = words[number % words.len()];
    format!("https://www.example.com/{path}/a-page-of-some-length-{number}.html")
}

/// Returns the body of a response as the API sends it, without white space.
///
/// The same number of items always gives the same body.
pub fn body(items: usize) -> Outcome<String> {
    let synthetic = Synthetic::of_path(PATH).ok_or("the mock server lacks the endpoint")?;
    let mut body = synthetic.response();
    let task = &mut body["tasks"][0];
    task["data"]["targets"] = targets(items).into();
    let result = &mut task["result"][0];
    let shape = result["items"][0]
        .as_object()
        .ok_or("the response has no item")?;
    let mut random = fastrand::Rng::with_seed(1);
    let items: Vec<Value> = (0..items)
        .map(|number| item(shape, number, &mut random).into())
        .collect();
    result["total_count"] = items.len().into();
    result["items_count"] = items.len().into();
    result["items"] = items.into();
    Ok(body.to_string())
}

fn item(
    shape: &Map<String, Value>,
    number: usize,
    random: &mut fastrand::Rng,
) -> Map<String, Value> {
    let mut item = shape.clone();
    for (name, value) in &mut item {
        let keys = KEYS.iter().find(|(known, _)| known == name);
        match (name.as_str(), value) {
            ("url", value) => *value = target(number).into(),
            // Most pages still have their backlinks.
            ("lost_date", value) if random.u8(..4) > 0 => *value = Value::Null,
            ("first_seen" | "lost_date", value) => *value = moment(random).into(),
            (_, Value::Object(map)) => {
                if let Some((_, keys)) = keys {
                    let keys = &keys[..random.usize(2..=7)];
                    *map = keys
                        .iter()
                        .map(|key| ((*key).to_owned(), Value::Null))
                        .collect();
                }
                map.values_mut()
                    .for_each(|value| *value = count(random).into());
            }
            (_, value @ Value::Number(_)) => *value = count(random).into(),
            _ => {}
        }
    }
    item
}

/// Returns a number of one to seven digits.
fn count(random: &mut fastrand::Rng) -> u32 {
    let most = 10_u32.pow(random.u32(1..=7));
    random.u32(..most)
}

fn moment(random: &mut fastrand::Rng) -> String {
    let (month, day) = (random.u8(1..=12), random.u8(1..=28));
    let (hour, minute, second) = (random.u8(..24), random.u8(..60), random.u8(..60));
    let year = random.u16(2016..=2025);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} +00:00")
}
