//! The client's validation and the mock's rules agree: the mock refuses a task just when
//! `validate` does.

use std::sync::LazyLock;

use dataforseo_client::models::backlinks::{
    BulkNewLostBacklinksLive, BulkNewLostBacklinksLiveTask, BulkPagesSummaryLive,
    BulkPagesSummaryLiveTask, RankScale,
};
use dataforseo_client::models::{Date, StatusCode, TaskEndpoint, validate, warnings};
use dataforseo_client::{Client, ErrorKind};
use dataforseo_mock_server::MockServer;
use jiff::ToSpan;
use proptest::prelude::*;
use tokio::runtime::Runtime;

const TODAY: Date = Date::constant(2028, 2, 29);

struct World {
    runtime: Runtime,
    client: Client,
    _mock: MockServer,
}

/// One server for all cases of this file, as long as the process lives.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let mock = runtime
        .block_on(MockServer::builder().clock(|| TODAY).start())
        .unwrap();
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .without_validation()
        .build()
        .unwrap();
    World {
        runtime,
        client,
        _mock: mock,
    }
});

/// Whether the mock refuses the task by its rules; else it misses, as no fixture is random.
fn refused<E: TaskEndpoint>(task: &E::Task) -> bool {
    let error = WORLD
        .runtime
        .block_on(WORLD.client.call::<E>(task))
        .err()
        .expect("no fixture is random");
    match error.kind() {
        ErrorKind::Task {
            status_code: StatusCode::InvalidField,
            ..
        } => true,
        ErrorKind::Envelope {
            status_code: StatusCode::NotFound,
            ..
        } => false,
        _ => panic!("{error}"),
    }
}

fn targets() -> impl Strategy<Value = Vec<String>> {
    let target = prop_oneof![
        8 => "[a-z]{1,8}\\.(com|co\\.uk|example)",
        2 => "https://www\\.[a-z]{1,4}\\.com/[a-z]{0,4}",
        1 => Just("www.example.com".to_owned()),
        1 => Just(" ".to_owned()),
    ];
    // Around both limits: 1000 targets, 100 domains.
    let many = (995_usize..1006, 95_usize..106).prop_map(|(count, domains)| {
        (0..count)
            .map(|index| format!("https://site{}.com/{index}", index % domains))
            .collect()
    });
    prop_oneof![4 => prop::collection::vec(target, 0..120), 3 => many]
}

fn tag() -> impl Strategy<Value = Option<String>> {
    let length = prop_oneof![Just(255_usize), Just(256), 0_usize..300];
    prop::option::weighted(0.3, length.prop_map(|length| "ä".repeat(length)))
}

fn date() -> impl Strategy<Value = Option<Date>> {
    // A year before a 29th of February is the 28th: 366 days.
    let days = prop_oneof![364_i32..369, -3_i32..400];
    prop::option::weighted(0.7, days.prop_map(|days| TODAY.saturating_sub(days.days())))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn on_new_lost_backlinks(targets in targets(), date in date(), tag in tag()) {
        let mut task = BulkNewLostBacklinksLiveTask::new(targets);
        task.date_from = date;
        task.tag = tag;
        prop_assert_eq!(refused::<BulkNewLostBacklinksLive>(&task), validate(&task, TODAY).is_err());
    }

    #[test]
    fn on_pages_summary(targets in targets(), subdomains: Option<bool>, tag in tag(), scale: Option<bool>) {
        let mut task = BulkPagesSummaryLiveTask::new(targets);
        task.include_subdomains = subdomains;
        task.tag = tag;
        task.rank_scale = scale.map(|large| if large { RankScale::OneThousand } else { RankScale::OneHundred });
        prop_assert_eq!(refused::<BulkPagesSummaryLive>(&task), validate(&task, TODAY).is_err());
    }
}

/// The one place where they part on purpose: a value that is not documented yet is sent with a
/// warning, and the mock knows the documented ones only.
#[test]
fn an_undocumented_value_is_a_warning() {
    let task = BulkPagesSummaryLiveTask::new(["example.com"]).rank_scale("one_million".into());
    assert_eq!(validate(&task, TODAY), Ok(()));
    let warned: Vec<String> = warnings(&task, TODAY)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        warned,
        ["rank_scale: not a documented value; documented values: one_hundred, one_thousand"]
    );
    assert!(refused::<BulkPagesSummaryLive>(&task));
}

#[test]
fn all_violations_come_at_once_with_their_paths() {
    let targets = (0..1001).map(|index| format!("https://site{index}.com/"));
    let task = BulkNewLostBacklinksLiveTask::new(targets)
        .tag("x".repeat(256))
        .date_from(Date::constant(2027, 2, 27));
    insta::assert_snapshot!(validate(&task, TODAY).unwrap_err());
    assert_eq!(
        task.clone()
            .date_from(Date::constant(2027, 2, 28))
            .validate_on(TODAY)
            .unwrap_err()
            .violations()
            .len(),
        2
    );

    let odd = [
        "www.trustpilot.com",
        "example.com/page",
        "ftp://example.com",
        "example.com",
        "https://www.example.com/",
    ];
    let task = BulkPagesSummaryLiveTask::new(odd);
    assert_eq!(validate(&task, TODAY), Ok(()));
    let warned: Vec<String> = task.warnings().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warned.join("\n"));
    // Nothing can be found for no text, and the call would be charged.
    let blank = BulkPagesSummaryLiveTask::new(["example.com", " "]).validate_on(TODAY);
    assert_eq!(
        blank.unwrap_err().to_string(),
        "targets[1]: the target is empty"
    );
}

/// The rules are shared, so the properties above would not see a limit that is off by one.
#[test]
fn limits_are_where_the_documentation_has_them() {
    let sites = |count: usize, domains: usize| {
        (0..count).map(move |index| format!("https://site{}.com/{index}", index % domains))
    };
    let new_lost = |count| BulkNewLostBacklinksLiveTask::new(sites(count, count));
    assert_eq!(new_lost(1).validate_on(TODAY), Ok(()));
    assert_eq!(new_lost(1000).validate_on(TODAY), Ok(()));
    assert!(new_lost(1001).validate_on(TODAY).is_err());
    assert!(
        BulkNewLostBacklinksLiveTask::new([""; 0])
            .validate_on(TODAY)
            .is_err()
    );

    let pages = |count, domains| BulkPagesSummaryLiveTask::new(sites(count, domains));
    assert_eq!(pages(1000, 100).validate_on(TODAY), Ok(()));
    assert!(pages(101, 101).validate_on(TODAY).is_err());
    assert!(pages(1001, 100).validate_on(TODAY).is_err());
    // Subdomains of one domain count once.
    let news = (0..500).map(|index| format!("https://n{index}.bbc.co.uk/"));
    assert_eq!(
        BulkPagesSummaryLiveTask::new(news).validate_on(TODAY),
        Ok(())
    );

    assert_eq!(new_lost(1).tag("ä".repeat(255)).validate_on(TODAY), Ok(()));
    assert!(new_lost(1).tag("ä".repeat(256)).validate_on(TODAY).is_err());

    let today = Date::constant(2026, 11, 23);
    for (date, allowed) in [
        (Date::constant(2025, 11, 22), false),
        (Date::constant(2025, 11, 23), true),
        (Date::constant(2026, 11, 23), true),
    ] {
        assert_eq!(
            new_lost(1).date_from(date).validate_on(today).is_ok(),
            allowed,
            "{date}"
        );
    }
}
