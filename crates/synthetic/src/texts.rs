//! Plausible texts, by the name of the field and the request.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::numbers::has_pattern;
use crate::scene::{Scene, host};
use crate::seed::Seed;

/// A place in a response, as far as texts depend on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The seed of the value.
    pub(crate) seed: Seed,
    /// The seed of the object around the value. URL and domain of one object agree.
    pub(crate) object: Seed,
    /// The row around the value.
    pub(crate) row: Option<usize>,
    /// The place in the list around the value.
    pub(crate) index: usize,
}

/// The kinds of texts.
#[derive(Debug, Clone, Copy)]
enum Text {
    Always(&'static str),
    /// The domain or URL that the request is about.
    Asked,
    AskedUrl,
    /// Another site.
    Other,
    OtherUrl,
    Url,
    Domain,
    Image,
    TopLevelDomain,
    Keyword,
    Title,
    Sentence,
    Day,
    Moment,
    Identifier,
    Digits,
    Address,
    XPath,
    CheckUrl,
    SearchDomain,
    /// The type of a result, or of a part of it.
    Type,
}

/// The kinds of texts by name. A `*` stands for any text; the first entry that matches counts.
const TEXTS: &[(&str, Text)] = &[
    ("check_url", Text::CheckUrl),
    ("se_domain", Text::SearchDomain),
    ("url_from", Text::OtherUrl),
    ("domain_from", Text::Other),
    ("url_to", Text::AskedUrl),
    ("domain_to", Text::Asked),
    ("*tld*", Text::TopLevelDomain),
    ("*ip", Text::Address),
    ("*ip_address", Text::Address),
    ("network_address", Text::Address),
    ("type", Text::Type),
    ("*image*", Text::Image),
    ("*thumbnail*", Text::Image),
    ("*logo*", Text::Image),
    ("*favicon*", Text::Image),
    ("url", Text::Url),
    ("*_url", Text::Url),
    ("page", Text::Url),
    ("location", Text::Url),
    ("domain", Text::Domain),
    ("*_domain", Text::Domain),
    ("website_name", Text::Domain),
    ("breadcrumb", Text::Domain),
    ("*keyword*", Text::Keyword),
    ("title", Text::Title),
    ("*_title", Text::Title),
    ("*description*", Text::Sentence),
    ("*snippet*", Text::Sentence),
    ("*text*", Text::Sentence),
    ("*content", Text::Sentence),
    ("*anchor*", Text::Title),
    ("language_code", Text::Always("en")),
    ("*language", Text::Always("en")),
    ("language_name", Text::Always("English")),
    ("location_name", Text::Always("United States")),
    ("*country_iso_code", Text::Always("US")),
    ("*country*", Text::Always("US")),
    ("*currency*", Text::Always("USD")),
    ("device", Text::Always("desktop")),
    ("os", Text::Always("windows")),
    ("*email*", Text::Always("person@example.com")),
    ("login", Text::Always("person@example.com")),
    ("*encoding", Text::Always("gzip")),
    ("*charset*", Text::Always("utf-8")),
    ("media_type", Text::Always("text/html")),
    ("server", Text::Always("nginx")),
    ("protocol", Text::Always("https")),
    ("timezone", Text::Always("UTC")),
    ("*version", Text::Always("1.0")),
    ("position", Text::Always("left")),
    ("*method", Text::Always("GET")),
    ("xpath", Text::XPath),
    ("cid", Text::Digits),
    ("*_cid", Text::Digits),
    ("id", Text::Identifier),
    ("task_id", Text::Identifier),
    ("*datetime*", Text::Moment),
    ("*timestamp*", Text::Moment),
    ("*date*", Text::Day),
];

/// Returns a text for a field.
pub(crate) fn text(scene: &Scene<'_>, name: &str, place: Place) -> String {
    if place.row.is_some()
        && let Some(sent) = repeated(scene, name, place)
    {
        return sent.to_owned();
    }
    match kind(name) {
        Some(kind) => kind.make(scene, place),
        None => format!("{} {}", spoken(name), place.seed.below(100) + 1),
    }
}

/// Returns a URL for a field.
pub(crate) fn url(scene: &Scene<'_>, name: &str, place: Place) -> String {
    let kind = kind(name).filter(|kind| {
        matches!(
            kind,
            Text::AskedUrl | Text::OtherUrl | Text::Url | Text::Image | Text::CheckUrl
        )
    });
    kind.unwrap_or(Text::Url).make(scene, place)
}

fn kind(name: &str) -> Option<Text> {
    let mut kinds = TEXTS.iter();
    let entry = kinds.find(|(pattern, _)| has_pattern(name, pattern));
    entry.map(|(_, kind)| *kind)
}

/// Returns the text of the task that rows repeat.
fn repeated<'a>(scene: &'a Scene<'_>, name: &str, place: Place) -> Option<&'a str> {
    /// The fields of a task that rows repeat.
    const REPEATED: [&str; 8] = [
        "keyword",
        "language_code",
        "language_name",
        "location_name",
        "device",
        "os",
        "asin",
        "app_id",
    ];
    if !REPEATED.contains(&name) {
        return None;
    }
    // The rows after the first one have other keywords, unless the task has one for each.
    let is_other = name == "keyword" && place.row != Some(0) && scene.task.contains_key("keyword");
    scene.sent_for_row(name, place.row).filter(|_| !is_other)
}

impl Text {
    fn make(self, scene: &Scene<'_>, place: Place) -> String {
        let Place {
            seed, object, row, ..
        } = place;
        let asked = || scene.domain().unwrap_or("example.com").to_owned();
        let other = || format!("www.site-{}.example", object.part("site").below(1000));
        // Pages of the target if there is one. Otherwise the rows are about many sites.
        let domain = || scene.domain().map_or_else(other, str::to_owned);
        let page = |domain: String| format!("https://{domain}/page-{}", object.below(1000));
        match self {
            Self::Always(text) => text.to_owned(),
            Self::Asked => asked(),
            Self::AskedUrl => page(asked()),
            Self::Other => other(),
            Self::OtherUrl => page(other()),
            Self::Url => page(domain()),
            Self::Domain => domain(),
            Self::Image => format!("https://{}/image-{}.jpg", domain(), seed.below(1000)),
            Self::TopLevelDomain => {
                let domain = domain();
                domain.rsplit('.').next().unwrap_or("com").to_owned()
            }
            Self::Keyword => match row {
                None => scene.keyword(None).to_owned(),
                Some(_) => format!("{} {}", scene.keyword(row), seed.below(1000)),
            },
            Self::Title => format!("{}: page {}", scene.keyword(row), object.below(1000)),
            Self::Sentence => format!(
                "All about {}, part {}.",
                scene.keyword(row),
                seed.below(1000)
            ),
            Self::Day => before(scene.today, seed).to_string(),
            Self::Moment => moment(before(scene.today, seed), seed),
            Self::Identifier => match scene.posted {
                Some(posted) => posted.id.clone(),
                None => format!(
                    "01010000-0000-0000-0000-{}",
                    seed.hex().get(..12).unwrap_or_default()
                ),
            },
            Self::Digits => format!("1{:017}", seed.below(100_000_000_000_000_000)),
            Self::Address => format!("192.0.2.{}", seed.below(254) + 1),
            Self::XPath => format!("/html[1]/body[1]/div[{}]", row.unwrap_or(0) + 1),
            Self::CheckUrl => format!(
                "https://www.{}/search?q={}&hl={}",
                search_domain(scene),
                scene.keyword(row).replace(' ', "+"),
                scene.sent("language_code").unwrap_or("en")
            ),
            Self::SearchDomain => search_domain(scene),
            Self::Type => match place.row {
                None => scene.names.se_type.unwrap_or(scene.names.function),
                Some(_) => "element",
            }
            .to_owned(),
        }
    }
}

fn search_domain(scene: &Scene<'_>) -> String {
    match scene.sent("se_domain") {
        Some(sent) => host(sent).to_owned(),
        None => format!("{}.com", scene.names.se.unwrap_or("google")),
    }
}

/// Returns a date for a field: recent, except for the first sight of something.
pub(crate) fn date(scene: &Scene<'_>, name: &str, place: Place, rows: usize) -> Date {
    match name {
        "first_seen" | "first_visited" | "creation_date" | "created_datetime" => {
            let days = i64::try_from(place.seed.below(2000)).unwrap_or(0) + 60;
            scene.today.saturating_sub(days.days())
        }
        "date_from" => scene.last_day().saturating_sub(1.month()),
        "date_to" | "datetime" | "date_posted" => scene.today,
        name if name.contains("expir") => scene.today.saturating_add(1.year()),
        // The rows of a series, in order of time.
        "date" => match place.row {
            Some(row) => {
                let steps = i64::try_from(rows.saturating_sub(row + 1)).unwrap_or(0);
                let span = scene.step().checked_mul(steps).unwrap_or_default();
                scene.last_day().saturating_sub(span)
            }
            None => scene.today,
        },
        _ => before(scene.today, place.seed),
    }
}

/// Returns a date within the 30 days before a date.
fn before(today: Date, seed: Seed) -> Date {
    let days = i64::try_from(seed.below(30)).unwrap_or(0) + 1;
    today.saturating_sub(days.days())
}

/// Returns a date with a time of the day, as in responses.
pub(crate) fn moment(date: Date, seed: Seed) -> String {
    let [hour, minute, second] = ["h", "m", "s"].map(|part| seed.part(part));
    format!(
        "{date} {:02}:{:02}:{:02} +00:00",
        hour.below(24),
        minute.below(60),
        second.below(60)
    )
}

/// Returns the name of a field as people say it.
fn spoken(name: &str) -> String {
    match name.replace('_', " ") {
        name if name.is_empty() => "text".to_owned(),
        name => name,
    }
}
