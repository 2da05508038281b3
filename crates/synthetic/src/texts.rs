//! Plausible texts, by the name of the field and the request.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::name_pattern::NamePattern::{self, Ends, Has, Is};
use crate::scene::{Scene, host};
use crate::seed::Seed;

/// A place in a response, as far as texts depend on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextPlace {
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
    Own,
    OwnUrl,
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
    SearchEngine,
    SearchType,
    /// The type of a result, or of a part of it.
    Type,
}

/// The kinds of texts by name. The first entry that matches counts.
const TEXTS: &[(NamePattern, Text)] = &[
    (Is("check_url"), Text::CheckUrl),
    (Is("se_domain"), Text::SearchDomain),
    (Is("url_from"), Text::OtherUrl),
    (Is("domain_from"), Text::Other),
    (Is("url_to"), Text::OwnUrl),
    (Is("domain_to"), Text::Own),
    (Has("tld"), Text::TopLevelDomain),
    (Ends("ip"), Text::Address),
    (Ends("ip_address"), Text::Address),
    (Is("network_address"), Text::Address),
    (Is("type"), Text::Type),
    (Is("se"), Text::SearchEngine),
    (Is("se_type"), Text::SearchType),
    (Ends("_posted"), Text::Moment),
    (Has("image"), Text::Image),
    (Has("thumbnail"), Text::Image),
    (Has("logo"), Text::Image),
    (Has("favicon"), Text::Image),
    (Is("url"), Text::Url),
    (Ends("_url"), Text::Url),
    (Is("page"), Text::Url),
    (Is("location"), Text::Url),
    (Is("domain"), Text::Domain),
    (Ends("_domain"), Text::Domain),
    (Is("website_name"), Text::Domain),
    (Is("breadcrumb"), Text::Domain),
    (Has("keyword"), Text::Keyword),
    (Is("title"), Text::Title),
    (Ends("_title"), Text::Title),
    (Has("description"), Text::Sentence),
    (Has("snippet"), Text::Sentence),
    (Has("text"), Text::Sentence),
    (Ends("content"), Text::Sentence),
    (Has("anchor"), Text::Title),
    (Is("language_code"), Text::Always("en")),
    (Ends("language"), Text::Always("en")),
    (Is("language_name"), Text::Always("English")),
    (Is("location_name"), Text::Always("United States")),
    (Ends("country_iso_code"), Text::Always("US")),
    (Has("country"), Text::Always("US")),
    (Has("currency"), Text::Always("USD")),
    (Is("device"), Text::Always("desktop")),
    (Is("os"), Text::Always("windows")),
    (Has("email"), Text::Always("person@example.com")),
    (Is("login"), Text::Always("person@example.com")),
    (Ends("encoding"), Text::Always("gzip")),
    (Has("charset"), Text::Always("utf-8")),
    (Is("media_type"), Text::Always("text/html")),
    (Is("server"), Text::Always("nginx")),
    (Is("protocol"), Text::Always("https")),
    (Is("timezone"), Text::Always("UTC")),
    (Ends("version"), Text::Always("1.0")),
    (Is("position"), Text::Always("left")),
    (Ends("method"), Text::Always("GET")),
    (Is("xpath"), Text::XPath),
    (Is("cid"), Text::Digits),
    (Ends("_cid"), Text::Digits),
    (Is("id"), Text::Identifier),
    (Is("task_id"), Text::Identifier),
    (Has("datetime"), Text::Moment),
    (Has("timestamp"), Text::Moment),
    (Has("date"), Text::Day),
];

/// Returns a text for a field.
pub(crate) fn text(scene: &Scene<'_>, name: &str, place: TextPlace) -> String {
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
pub(crate) fn url(scene: &Scene<'_>, name: &str, place: TextPlace) -> String {
    let kind = kind(name).filter(|kind| {
        matches!(
            kind,
            Text::OwnUrl | Text::OtherUrl | Text::Url | Text::Image | Text::CheckUrl
        )
    });
    kind.unwrap_or(Text::Url).make(scene, place)
}

fn kind(name: &str) -> Option<Text> {
    let mut kinds = TEXTS.iter();
    let entry = kinds.find(|(pattern, _)| pattern.matches(name));
    entry.map(|(_, kind)| *kind)
}

/// Returns the text of the task that rows repeat.
fn repeated<'a>(scene: &'a Scene<'_>, name: &str, place: TextPlace) -> Option<&'a str> {
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
    fn make(self, scene: &Scene<'_>, place: TextPlace) -> String {
        let TextPlace {
            seed, object, row, ..
        } = place;
        let own = || scene.domain().unwrap_or("example.com").to_owned();
        let other = || format!("www.site-{}.example", object.part("site").below(1000));
        // Pages of the target if there is one. Otherwise the rows are about many sites.
        let domain = || scene.domain().map_or_else(other, str::to_owned);
        let page = |domain: String| format!("https://{domain}/page-{}", object.below(1000));
        match self {
            Self::Always(text) => text.to_owned(),
            Self::Own => own(),
            Self::OwnUrl => page(own()),
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
            Self::Moment if scene.posted.is_some() => moment(scene.today, seed),
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
            Self::SearchEngine => scene.names.se.unwrap_or("google").to_owned(),
            Self::SearchType => scene.names.se_type.unwrap_or("organic").to_owned(),
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
pub(crate) fn date(scene: &Scene<'_>, name: &str, place: TextPlace, rows: usize) -> Date {
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
