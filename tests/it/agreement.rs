//! The client's validation and the mock's rules agree: the mock refuses a task just when
//! `validate` does.

use std::path::Path;
use std::sync::LazyLock;

use dataforseo_client::models::backlinks::{
    BulkNewLostBacklinksLive, BulkNewLostBacklinksLiveTask, BulkPagesSummaryLive,
    BulkPagesSummaryLiveTask, RankScale,
};
use dataforseo_client::models::{
    Date, DateBound, Endpoint, StatusCode, TaskEndpoint, validate, warnings,
};
use dataforseo_client::{Client, ErrorKind};
use dataforseo_mock_server::MockServer;
use dataforseo_test_support::documented;
use jiff::ToSpan;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::generated::ENDPOINTS;

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
    // Around both limits.
    let pages = BulkPagesSummaryLive::INFO;
    let most = documented::max_items(pages, "targets");
    let most_domains = documented::max_distinct_domains(pages, "targets");
    let around = |limit: usize| limit.saturating_sub(5).max(1)..limit + 6;
    let many = (around(most), around(most_domains)).prop_map(|(count, domains)| {
        (0..count)
            .map(|index| format!("https://site{}.com/{index}", index % domains))
            .collect()
    });
    prop_oneof![4 => prop::collection::vec(target, 0..120), 3 => many]
}

fn tag() -> impl Strategy<Value = Option<String>> {
    let most = documented::max_length(BulkPagesSummaryLive::INFO, "tag");
    let length = prop_oneof![Just(most), Just(most + 1), 0..most + 50];
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
    let values = documented::values(BulkPagesSummaryLive::INFO, "rank_scale").join(", ");
    assert_eq!(
        warned,
        [format!(
            "rank_scale: not a documented value; documented values: {values}"
        )]
    );
    assert!(refused::<BulkPagesSummaryLive>(&task));
}

#[test]
fn all_violations_come_at_once_with_their_paths() {
    let info = BulkNewLostBacklinksLive::INFO;
    let items = documented::max_items(info, "targets");
    let length = documented::max_length(info, "tag");
    let first = documented::first_date(info, "date_from", TODAY);
    let task = BulkNewLostBacklinksLiveTask::new(sites(items + 1, items + 1))
        .tag("x".repeat(length + 1))
        .date_from(first.yesterday().unwrap());
    assert_eq!(
        validate(&task, TODAY).unwrap_err().to_string(),
        format!(
            "targets: {} elements, at most {items} are allowed; date_from: {first} is the first date \
             that is allowed; tag: {} characters, at most {length} are allowed",
            items + 1,
            length + 1
        )
    );
    assert_eq!(
        task.clone()
            .date_from(first)
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

/// Returns pages of sites that take turns.
fn sites(count: usize, domains: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |index| format!("https://site{}.com/{index}", index % domains))
}

/// The rules are shared, so the properties above would not see a limit that is off by one.
#[test]
fn limits_are_where_the_documentation_has_them() {
    let info = BulkNewLostBacklinksLive::INFO;
    let items = documented::max_items(info, "targets");
    let length = documented::max_length(info, "tag");
    let new_lost = |count| BulkNewLostBacklinksLiveTask::new(sites(count, count));
    assert_eq!(new_lost(1).validate_on(TODAY), Ok(()));
    assert_eq!(new_lost(items).validate_on(TODAY), Ok(()));
    assert!(new_lost(items + 1).validate_on(TODAY).is_err());
    assert!(
        BulkNewLostBacklinksLiveTask::new([""; 0])
            .validate_on(TODAY)
            .is_err()
    );
    let tagged = |length| new_lost(1).tag("ä".repeat(length)).validate_on(TODAY);
    assert_eq!(tagged(length), Ok(()));
    assert!(tagged(length + 1).is_err());

    let info = BulkPagesSummaryLive::INFO;
    let items = documented::max_items(info, "targets");
    let domains = documented::max_distinct_domains(info, "targets");
    let pages = |count, domains| BulkPagesSummaryLiveTask::new(sites(count, domains));
    assert_eq!(pages(items, domains).validate_on(TODAY), Ok(()));
    assert!(pages(domains + 1, domains + 1).validate_on(TODAY).is_err());
    assert!(pages(items + 1, domains).validate_on(TODAY).is_err());
    // Subdomains of one domain count once.
    let news = (0..items.min(domains + 1)).map(|index| format!("https://n{index}.bbc.co.uk/"));
    assert_eq!(
        BulkPagesSummaryLiveTask::new(news).validate_on(TODAY),
        Ok(())
    );

    let today = Date::constant(2026, 11, 23);
    let first = documented::first_date(BulkNewLostBacklinksLive::INFO, "date_from", today);
    for (date, allowed) in [
        (first.yesterday().unwrap(), false),
        (first, true),
        (today, true),
    ] {
        assert_eq!(
            new_lost(1).date_from(date).validate_on(today).is_ok(),
            allowed,
            "{date}"
        );
    }
}

/// The generated rules have the limits of the spec.
#[test]
fn the_rules_are_those_of_the_spec() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let model = dataforseo_spec::model::load(&spec).unwrap();
    let mut compared = 0;
    for endpoint in model.endpoints() {
        let typed = ENDPOINTS.iter().find(|it| it.info.id == endpoint.id);
        let rules = typed.unwrap().info.task_rules;
        for field in endpoint.task.iter().flat_map(|task| &task.fields) {
            let name = format!("{} {}", endpoint.id, field.wire);
            let rule = rules.iter().find(|rule| rule.name == field.wire).unwrap();
            assert_eq!(rule.required, field.required, "{name}");
            let limits = format!("{:?}", rule.limits);
            for (kind, most) in [
                ("MaxItems", field.spec.max_items),
                ("MaxLength", field.spec.max_length),
                ("MaxConditions", field.spec.max_conditions),
                ("MaxDistinctDomains", field.spec.max_distinct_domains),
            ] {
                match most {
                    Some(most) => assert!(
                        limits.contains(&format!("{kind}({most})")),
                        "{name}: {limits}"
                    ),
                    None => assert!(!limits.contains(kind), "{name}: {limits}"),
                }
                compared += usize::from(most.is_some());
            }
        }
    }
    assert!(compared > 50, "{compared}");
}

/// A year before a 29th of February is the 28th.
#[test]
fn a_bound_that_moves_stays_in_the_calendar() {
    let bound = |years, months, days| DateBound::Before {
        years,
        months,
        days,
    };
    assert_eq!(bound(1, 0, 0).on(TODAY), Date::constant(2027, 2, 28));
    assert_eq!(bound(0, 0, 1).on(TODAY), Date::constant(2028, 2, 28));
}
