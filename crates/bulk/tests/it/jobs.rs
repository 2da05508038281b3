//! What becomes of targets, whatever the API does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dataforseo_bulk::{Bulk, End, Outcome, StartError, Target};
use dataforseo_client::models::backlinks::{
    BulkNewLostBacklinksLive, BulkNewLostBacklinksLiveTask, BulkPagesSummaryLive,
    BulkPagesSummaryLiveTask, BulkRanksLiveTask,
};
use dataforseo_client::models::{Date, StatusCode};
use dataforseo_client::{Client, ErrorKind};
use dataforseo_mock_server::{MockServer, OnMiss};
use futures_util::{StreamExt, stream};

use crate::api::{Api, Then};
use crate::{Job, assert_whole, job, number, run, targets};

#[tokio::test]
async fn each_target_has_its_row_in_as_few_calls_as_it_takes() {
    let api = Api::fine();
    let mut given = targets(25);
    given.push("d3.com".to_owned()); // in another call
    given.insert(4, "d3.com".to_owned()); // in the same
    let ran = run(job(&api, 10).at_once(number(3)), &given).await;
    assert_whole(&ran, &given);
    assert_eq!(ran.count("row"), 27);
    assert!(matches!(ran.end, End::Complete), "{}", ran.end);
    let sizes: Vec<usize> = api.calls().iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 6]);
    assert_eq!((ran.progress.calls, ran.progress.spent), (3, 1.5));
    assert_eq!(ran.progress.taken, 27);
}

#[tokio::test]
async fn a_window_pays_once_for_what_is_given_twice() {
    let api = Api::fine();
    let given = [targets(25), targets(25)].concat();
    let ran = run(job(&api, 10).window(number(100)), &given).await;
    assert_whole(&ran, &given);
    assert_eq!(ran.count("row"), 50);
    assert_eq!(api.calls().len(), 3);
}

/// Against the mock server, which refuses what the API refuses: more than a thousand targets, and
/// pages of more than a hundred domains.
#[tokio::test]
async fn the_documented_limits_of_a_call_are_kept() {
    let mock = MockServer::builder().on_miss(OnMiss::Example);
    let mock = mock.in_memory().unwrap();
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(mock.connector())
        .build()
        .unwrap();
    let pages: Vec<String> = (0..2_500)
        .map(|page| format!("https://d{}.com/{page}", page % 250))
        .collect();
    let task = BulkPagesSummaryLiveTask::default();
    let job = Bulk::<BulkPagesSummaryLive>::new(client, task);
    let mut outcomes = job.run(stream::iter(pages)).await.unwrap();
    let mut rows = 0;
    while let Some(done) = outcomes.next().await {
        let Outcome::Row(row) = done.outcome else {
            panic!("{done:?}");
        };
        assert_eq!(row.url.as_deref(), Some(&*done.target));
        rows += 1;
    }
    assert_eq!((rows, outcomes.progress().calls), (2_500, 3));
}

#[tokio::test]
async fn what_cannot_be_asked_for_costs_nothing() {
    let api = Api::fine();
    let unusable = |text: &str| Target::Unusable {
        text: text.to_owned(),
        reason: "no text".to_owned(),
    };
    let input = [
        Target::from("a.com"),
        Target::from(""),
        unusable("x"),
        Target::from("  "),
        Target::from("www.b.com"), // advised against, and still answered
    ];
    let mut outcomes = job(&api, 10).run(stream::iter(input)).await.unwrap();
    let mut told = Vec::new();
    while let Some(done) = outcomes.next().await {
        told.push((done.place, crate::word(&done)));
    }
    told.sort();
    let words: Vec<&str> = told.iter().map(|(_, word)| word.as_str()).collect();
    let empty = "invalid an empty target";
    assert_eq!(words, ["row", empty, "invalid no text", empty, "row"]);
    assert_eq!(api.calls(), [["a.com", "www.b.com"]]);
}

#[tokio::test]
async fn a_bad_target_that_is_named_costs_no_other_its_row() {
    for name in ["d3.com", "targets[3]", "targets.3", "targets/3"] {
        let api = Api::new(
            move |_, targets| match targets.contains(&"d3.com".to_owned()) {
                true => Then::Refuse(40501, format!("Invalid Field: '{name}'.")),
                false => Then::Rows,
            },
        );
        let given = targets(10);
        let ran = run(job(&api, 10), &given).await;
        assert_whole(&ran, &given);
        assert_eq!((ran.count("row"), ran.count("invalid")), (9, 1), "{name}");
        assert!(
            ran.outcomes[&3].1.contains("40501"),
            "{:?}",
            ran.outcomes[&3]
        );
        assert_eq!(api.calls().len(), 2, "{name}");
        assert_eq!(ran.progress.spent, 0.5);
    }
}

#[tokio::test]
async fn a_bad_target_that_is_not_named_is_found() {
    let api = Api::new(|_, targets| {
        match targets
            .iter()
            .any(|it| ["d3.com", "d14.com"].contains(&it.as_str()))
        {
            true => Then::Refuse(40501, "Invalid Field: 'targets'.".to_owned()),
            false => Then::Rows,
        }
    });
    let given = targets(16);
    let ran = run(job(&api, 16), &given).await;
    assert_whole(&ran, &given);
    assert_eq!((ran.count("row"), ran.count("invalid")), (14, 2));
    assert!(ran.outcomes[&3].1.starts_with("invalid"));
    assert!(ran.outcomes[&14].1.starts_with("invalid"));
}

/// When the API blames the targets whatever they are, the search for the bad one ends.
#[tokio::test]
async fn a_call_that_is_always_refused_ends() {
    let api = Api::new(|_, _| Then::Refuse(40501, "Invalid Field: 'targets'.".to_owned()));
    let given = targets(1000);
    let ran = run(job(&api, 1000), &given).await;
    assert_whole(&ran, &given);
    assert_eq!(ran.count("row"), 0);
    assert!(api.calls().len() < 100, "{}", api.calls().len());
    assert_eq!(ran.progress.spent, 0.0);
}

/// A 40501 that was charged is not sent again.
#[tokio::test]
async fn what_was_charged_is_not_sent_again() {
    let api = Api::new(|_, _| Then::Fail(40501, 0.5));
    let given = targets(4);
    let ran = run(job(&api, 2), &given).await;
    assert_whole(&ran, &given);
    assert_eq!((ran.count("failed Charged"), api.calls().len()), (4, 2));
    assert_eq!(ran.progress.uncertain, 4);
}

#[tokio::test]
async fn one_call_in_ten_failing_with_each_class_of_error() {
    let mut failures = vec![Then::Break, Then::Html(502), Then::Html(404)];
    let codes = StatusCode::ALL.iter().filter(|code| !code.is_ok());
    let codes: Vec<u64> = codes.map(|code| u64::from(code.code())).collect();
    assert!(codes.len() > 40);
    for code in codes {
        failures.push(Then::Refuse(code, String::new()));
        failures.push(Then::Fail(code, 0.0));
        failures.push(Then::Fail(code, 0.5));
    }
    for failure in failures {
        let then = failure.clone();
        let api = Api::new(move |number, _| match number % 10 {
            3 => then.clone(),
            _ => Then::Rows,
        });
        let given = targets(60);
        let ran = run(job(&api, 2).at_once(number(4)), &given).await;
        if matches!(ran.end, End::Complete) {
            assert_whole(&ran, &given);
            assert_eq!(ran.count("row"), 54, "{failure:?}");
            assert_eq!(ran.count("failed"), 6, "{failure:?}");
        } else {
            // It would have met every call: each target that was taken has its outcome all the same.
            assert!(
                matches!(ran.end, End::Refused(_)),
                "{failure:?} {}",
                ran.end
            );
            assert_eq!(ran.progress.taken, ran.outcomes.len() as u64);
            assert!(ran.count("cancelled") > 0, "{failure:?}");
            assert!(api.calls().len() < 10, "{failure:?}");
        }
    }
}

#[tokio::test]
async fn the_balance_runs_out_in_the_middle() {
    let api = Api::new(|number, _| match number {
        0..=2 => Then::Rows,
        _ => Then::Refuse(40210, "Payment Required.".to_owned()),
    });
    let given = targets(20);
    let ran = run(job(&api, 2), &given).await;
    assert_eq!((ran.count("row"), api.calls().len()), (6, 4));
    // Only what was taken from the input has outcomes.
    assert_eq!(
        ran.count("row") + ran.count("cancelled"),
        ran.outcomes.len()
    );
    let End::Refused(error) = &ran.end else {
        panic!("{}", ran.end);
    };
    assert!(error.to_string().contains("40210"), "{error}");
}

#[tokio::test]
async fn a_limit_of_money_stops_before_the_call() {
    let api = Api::fine();
    let plan = job(&api, 2).plan(stream::iter(targets(2))).await.unwrap();
    let price = plan.us_dollars;
    assert!(price > 0.0);
    let ran = run(job(&api, 2).max_spend(0.5 + price * 1.5), &targets(20)).await;
    let End::Refused(error) = &ran.end else {
        panic!("{}", ran.end);
    };
    assert!(
        matches!(error.kind(), ErrorKind::BudgetExceeded { .. }),
        "{error}"
    );
    assert_eq!(api.calls().len(), 2);
    for wrong in [f64::NAN, -1.0] {
        let job = job(&api, 2).max_spend(wrong);
        let error = job.run(stream::iter(targets(1))).await.unwrap_err();
        assert!(matches!(error, StartError::MaxSpend(_)), "{error}");
    }
}

#[tokio::test]
async fn a_job_gives_up_when_nothing_works() {
    let api = Api::new(|_, _| Then::Fail(50000, 0.0));
    let ran = run(job(&api, 1).give_up_after(5), &targets(20)).await;
    assert!(matches!(ran.end, End::Failing(5, _)), "{}", ran.end);
    assert_eq!(api.calls().len(), 5);
    assert_eq!(ran.count("failed No"), 5);
    // One that works in between begins the count anew.
    let api = Api::new(|number, _| match number % 5 {
        4 => Then::Rows,
        _ => Then::Fail(50000, 0.0),
    });
    let ran = run(job(&api, 1).give_up_after(5), &targets(20)).await;
    assert!(matches!(ran.end, End::Complete), "{}", ran.end);
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_a_job_gets_what_is_under_way() {
    let api = Api::fine().latency(Duration::from_secs(2));
    let outcomes = job(&api, 2).at_once(number(2)).window(number(6));
    // The input has no end.
    let endless = stream::iter(targets(10)).chain(stream::pending());
    let mut outcomes = outcomes.run(endless).await.unwrap();
    let handle = outcomes.handle();
    let mut words = Vec::new();
    while let Some(done) = outcomes.next().await {
        words.push(done.outcome.word());
        handle.stop();
    }
    // Two calls were under way when the first outcome came; a third may have taken its place.
    let rows = words.iter().filter(|word| **word == "row").count();
    assert_eq!(rows, 2 * api.calls().len());
    assert!((4..=6).contains(&rows), "{words:?}");
    assert_eq!(words.len() as u64, handle.progress().taken);
    assert!(words.contains(&"cancelled"));
    assert!(matches!(outcomes.end(), Some(End::Stopped)));
}

/// What nobody takes does not pile up.
#[tokio::test(start_paused = true)]
async fn calls_wait_until_their_outcomes_are_taken() {
    let api = Api::fine();
    let taken = Arc::new(AtomicUsize::new(0));
    let input = {
        let taken = Arc::clone(&taken);
        stream::iter(targets(1_000)).inspect(move |_| {
            taken.fetch_add(1, Ordering::Relaxed);
        })
    };
    let mut outcomes = job(&api, 10).at_once(number(3)).run(input).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await; // virtual: until all is quiet
    let waiting = api.calls().len();
    assert!((3..=5).contains(&waiting), "{waiting}");
    assert!(taken.load(Ordering::Relaxed) <= 10 * (waiting + 1));
    let mut count = 0;
    while outcomes.next().await.is_some() {
        count += 1;
    }
    assert_eq!(count, 1_000);
}

#[tokio::test]
async fn a_task_that_breaks_limits_is_not_begun() {
    let api = Api::fine();
    let task = BulkNewLostBacklinksLiveTask::default().date_from(Date::constant(1999, 1, 1));
    let job = Bulk::<BulkNewLostBacklinksLive>::new(api.client(), task);
    let error = job.run(stream::iter(targets(1))).await.unwrap_err();
    assert!(error.to_string().contains("date_from"), "{error}");
    assert!(api.calls().is_empty());
    let none = Job::new(api.client(), BulkRanksLiveTask::default());
    let ran = run(none, &[]).await;
    assert!(matches!(ran.end, End::Complete));
    assert!(api.calls().is_empty());
}

/// A call that panics, in middleware for one, leaves targets without outcomes: the job says so.
#[tokio::test]
async fn a_call_that_panics_is_no_end_of_a_job() {
    let api = Api::new(|number, _| match number {
        2 => panic!("a bug"),
        _ => Then::Rows,
    });
    let mut outcomes = job(&api, 2).run(stream::iter(targets(20))).await.unwrap();
    let mut rows = 0;
    while outcomes.next().await.is_some() {
        rows += 1;
    }
    assert!(matches!(outcomes.end(), Some(End::Broken)));
    assert!(rows < 20);
}

/// Whoever drops the outcomes at once has paid for nothing, or for what was under way.
#[tokio::test(start_paused = true)]
async fn outcomes_that_nobody_wants_stop_the_job() {
    let api = Api::fine();
    let endless = stream::iter(targets(3)).chain(stream::pending());
    let outcomes = job(&api, 2).run(endless).await.unwrap();
    let handle = outcomes.handle();
    drop(outcomes);
    tokio::time::sleep(Duration::from_secs(3600)).await; // virtual: until all is quiet
    assert!(api.calls().is_empty());
    assert_eq!(handle.progress().calls, 0);
}

/// A line that is there a million times takes room, too.
#[tokio::test]
async fn one_target_again_and_again() {
    let api = Api::fine();
    let given = vec!["same.com".to_owned(); 20_000];
    let ran = run(job(&api, 10).window(number(1_000)), &given).await;
    assert_whole(&ran, &given);
    assert_eq!(ran.count("row"), 20_000);
    assert_eq!(api.calls().len(), 3);
}

/// What a plan says is what a job does.
#[tokio::test]
async fn a_plan_says_what_a_job_will_take() {
    let mut given = targets(25);
    given.push(given[3].clone());
    given.push(String::new());
    for spool in [false, true] {
        let api = Api::fine();
        let job = || {
            let job = job(&api, 10).window(number(100));
            match spool {
                true => job.spool(std::env::temp_dir()),
                false => job,
            }
        };
        let plan = job().plan(stream::iter(given.clone())).await.unwrap();
        assert!(api.calls().is_empty());
        let price = |targets: usize| targets as f64 * 0.000_036 + 0.024;
        assert!(
            (plan.us_dollars - price(10) * 2.0 - price(5)).abs() < 1e-9,
            "{plan:?}"
        );
        let counts = (plan.targets, plan.invalid, plan.different, plan.calls);
        assert_eq!(counts, (27, 1, 25, 3));
        run(job(), &given).await;
        assert_eq!(api.calls().len(), 3);
    }
}
