//! The outcomes of targets, by the behavior of the API.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dataforseo_bulk::{BulkJob, JobEnd, JobStartError, Outcome, Target};
use dataforseo_client::ErrorKind;
use dataforseo_client::models::backlinks::{
    BulkNewLostBacklinksLive, BulkNewLostBacklinksLiveTask, BulkPagesSummaryLive,
    BulkPagesSummaryLiveTask, BulkRanksLiveTask,
};
use dataforseo_client::models::{Date, Endpoint as _, StatusCode};
use dataforseo_mock_server::{MockServer, OnMiss};
use dataforseo_test_support::client::client_builder;
use dataforseo_test_support::documented;
use futures_util::{StreamExt, stream};

use crate::api::{Api, Then};
use crate::{Job, assert_whole, job, number, run, targets};

#[tokio::test]
async fn each_target_has_its_row_in_as_few_calls_as_possible() {
    let api = Api::ok();
    let mut given = targets(25);
    given.push("d3.com".to_owned()); // in another call
    given.insert(4, "d3.com".to_owned()); // in the same
    let ran = run(job(&api, 10).max_in_flight(number(3)), &given).await;
    assert_whole(&ran, &given);
    assert_eq!(ran.count("found"), 27);
    assert!(matches!(ran.end, JobEnd::Complete), "{}", ran.end);
    let sizes: Vec<usize> = api.calls().iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 6]);
    assert_eq!((ran.progress.calls, ran.progress.cost), (3, 1.5));
    assert_eq!(ran.progress.read, 27);
}

#[tokio::test]
async fn duplicates_within_the_window_are_paid_for_once() {
    let api = Api::ok();
    let given = [targets(25), targets(25)].concat();
    let ran = run(job(&api, 10).window(number(100)), &given).await;
    assert_whole(&ran, &given);
    assert_eq!(ran.count("found"), 50);
    assert_eq!(api.calls().len(), 3);
}

#[tokio::test]
async fn duplicates_that_are_far_apart_are_paid_for_once_if_the_input_is_sorted() {
    let api = Api::ok();
    let given = [targets(300), targets(300), targets(1)].concat();
    let sorted = |job: Job| job.window(number(20)).spool(std::env::temp_dir());
    let plan = sorted(job(&api, 10))
        .plan(stream::iter(given.clone()))
        .await;
    assert_eq!(plan.unwrap().distinct, 300);
    let ran = run(sorted(job(&api, 10)), &given).await;
    assert_whole(&ran, &given);
    assert_eq!(ran.count("found"), 601);
    assert!(api.times().values().all(|times| *times == 1));
    assert_eq!(api.calls().len(), 30);
}

/// A call that may have been charged counts against the budget while the job runs.
#[tokio::test]
async fn unknown_charges_are_within_the_budget() {
    for failure in [
        Then::Break,
        Then::Html(502),
        Then::Html(408),
        Then::Fail(50000, 0.03),
    ] {
        let then = failure.clone();
        let api = Api::new(move |_, _| then.clone());
        let ran = run(job(&api, 2).budget(0.09).give_up_after(100), &targets(60)).await;
        assert!(matches!(ran.end, JobEnd::Refused(_)), "{}", ran.end);
        // A call is estimated at a little more than 0.02.
        assert!(
            (3..=4).contains(&api.calls().len()),
            "{failure:?} {}",
            api.calls().len()
        );
        let counted = ran.progress.cost + ran.progress.possible_cost;
        assert!(counted > 0.06 && counted <= 0.09, "{counted}");
    }
}

/// The mock server refuses calls with more targets or domains than documented, like the API.
#[tokio::test]
async fn calls_stay_within_the_documented_limits() {
    let mock = MockServer::builder().on_miss(OnMiss::Example);
    let mock = mock.in_memory().unwrap();
    let client = client_builder(&mock).build().unwrap();
    let most = documented::max_items(BulkPagesSummaryLive::INFO, "targets");
    let domains = documented::max_distinct_domains(BulkPagesSummaryLive::INFO, "targets");
    // Enough for two and a half calls, by targets and by domains.
    let domains = domains * 5 / 2;
    let count = most * 5 / 2 / domains * domains;
    let pages: Vec<String> = (0..count)
        .map(|page| format!("https://d{}.com/{page}", page % domains))
        .collect();
    let task = BulkPagesSummaryLiveTask::default();
    let job = BulkJob::<BulkPagesSummaryLive>::new(client, task);
    let mut outcomes = job.run(stream::iter(pages)).await.unwrap();
    let mut rows = 0;
    while let Some(done) = outcomes.next().await {
        let Outcome::Found(row) = done.outcome else {
            panic!("{done:?}");
        };
        assert_eq!(row.url.as_deref(), Some(&*done.target));
        rows += 1;
    }
    assert_eq!((rows, outcomes.progress().calls), (count, 3));
}

#[tokio::test]
async fn invalid_targets_cost_nothing() {
    let api = Api::ok();
    let invalid = |text: &str| Target::Invalid {
        text: text.to_owned(),
        reason: "not text".to_owned(),
    };
    let input = [
        Target::from("a.com"),
        Target::from(""),
        invalid("x"),
        Target::from("  "),
        Target::from("www.b.com"), // advised against, and still sent
    ];
    let mut outcomes = job(&api, 10).run(stream::iter(input)).await.unwrap();
    let mut found = Vec::new();
    while let Some(done) = outcomes.next().await {
        found.push((done.index, crate::describe(&done)));
    }
    found.sort();
    let words: Vec<&str> = found.iter().map(|(_, word)| word.as_str()).collect();
    let empty = "invalid the target is empty";
    assert_eq!(words, ["found", empty, "invalid not text", empty, "found"]);
    assert_eq!(api.calls(), [["a.com", "www.b.com"]]);
}

#[tokio::test]
async fn an_invalid_target_that_is_named_does_not_affect_the_others() {
    for name in ["d3.com", "targets[3]", "targets.3", "targets/3"] {
        let api = Api::new(move |_, targets| {
            if targets.contains(&"d3.com".to_owned()) {
                Then::Refuse(40501, format!("Invalid Field: '{name}'."))
            } else {
                Then::Rows
            }
        });
        let given = targets(10);
        let ran = run(job(&api, 10), &given).await;
        assert_whole(&ran, &given);
        assert_eq!((ran.count("found"), ran.count("invalid")), (9, 1), "{name}");
        assert!(
            ran.outcomes[&3].1.contains("40501"),
            "{:?}",
            ran.outcomes[&3]
        );
        assert_eq!(api.calls().len(), 2, "{name}");
        assert_eq!(ran.progress.cost, 0.5);
    }
}

#[tokio::test]
async fn an_invalid_target_that_is_not_named_is_found() {
    let api = Api::new(|_, targets| {
        if targets
            .iter()
            .any(|it| ["d3.com", "d14.com"].contains(&it.as_str()))
        {
            Then::Refuse(40501, "Invalid Field: 'targets'.".to_owned())
        } else {
            Then::Rows
        }
    });
    let given = targets(16);
    let ran = run(job(&api, 16), &given).await;
    assert_whole(&ran, &given);
    assert_eq!((ran.count("found"), ran.count("invalid")), (14, 2));
    assert!(ran.outcomes[&3].1.starts_with("invalid"));
    assert!(ran.outcomes[&14].1.starts_with("invalid"));
}

/// The API rejects every target, so the targets are not the cause, and the search for the invalid one
/// must end.
#[tokio::test]
async fn a_job_whose_targets_are_all_rejected_ends() {
    let api = Api::new(|_, _| Then::Refuse(40501, "Invalid Field: 'targets'.".to_owned()));
    let given = targets(2000);
    let ran = run(job(&api, 100), &given).await;
    assert!(
        matches!(ran.end, JobEnd::TooManyFailures { calls: 1000, .. }),
        "{}",
        ran.end
    );
    // The call that follows was prepared already. Ten searches have 199 calls each.
    assert_eq!((ran.count("invalid"), ran.count("not_sent")), (1000, 100));
    assert_eq!(api.calls().len(), 1990);
    assert_eq!(ran.progress.cost, 0.0);
}

/// Splitting a call is not a failure, so that a cluster of invalid targets costs the others nothing.
#[tokio::test]
async fn a_cluster_of_invalid_targets_costs_no_other_its_row() {
    let api = Api::new(|_, targets| {
        let is_invalid = |it: &String| it.contains(',');
        if targets.iter().any(is_invalid) {
            Then::Refuse(40501, "Invalid Field: 'targets'.".to_owned())
        } else {
            Then::Rows
        }
    });
    // At the beginning, in the middle over two calls, and at the end.
    for start in [0, 970, 2440] {
        let mut given = targets(2500);
        for (index, target) in given.iter_mut().skip(start).take(60).enumerate() {
            *target = format!("a,{index}.com");
        }
        let ran = run(job(&api, 1000).give_up_after(3), &given).await;
        assert_whole(&ran, &given);
        assert!(matches!(ran.end, JobEnd::Complete), "{}", ran.end);
        assert_eq!((ran.count("found"), ran.count("invalid")), (2440, 60));
    }
}

/// The account's limits are reached for a while. Nothing is charged for that, so the job waits.
#[tokio::test(start_paused = true)]
async fn a_storm_of_refusals_is_waited_out() {
    for refusal in [
        Then::Refuse(40202, String::new()),
        Then::Refuse(40209, String::new()),
        Then::Html(429),
    ] {
        let storm = Duration::from_secs(50 * 60);
        let start = tokio::time::Instant::now();
        let then = refusal.clone();
        let api = Api::new(move |_, _| {
            if start.elapsed() < storm {
                then.clone()
            } else {
                Then::Rows
            }
        });
        let given = targets(40);
        let ran = run(
            job(&api, 2).max_in_flight(number(5)).give_up_after(3),
            &given,
        )
        .await;
        assert_whole(&ran, &given);
        assert_eq!(ran.count("found"), 40, "{refusal:?}");
        assert!(matches!(ran.end, JobEnd::Complete), "{}", ran.end);
        // The waits become longer: the storm met few calls.
        assert!(api.calls().len() < 20 + 5 * 70, "{}", api.calls().len());
        assert!(start.elapsed() < storm + Duration::from_secs(150));
    }
}

/// The user decides how long a job waits, and sees that it does.
#[tokio::test(start_paused = true)]
async fn refusals_that_last_too_long_stop_a_job() {
    let api = Api::new(|_, _| Then::Refuse(40202, "too many".to_owned()));
    let job = job(&api, 2).rate_limit_timeout(Duration::from_secs(90));
    let mut outcomes = job.run(stream::iter(targets(4))).await.unwrap();
    let handle = outcomes.handle();
    assert_eq!(handle.progress().refused_for, None);
    tokio::time::sleep(Duration::from_secs(30)).await;
    let refused = handle.progress().refused_for.unwrap();
    assert!(refused <= Duration::from_secs(30) && refused > Duration::from_secs(25));
    let batch = outcomes.next_batch().await.unwrap();
    assert!(matches!(batch[0].outcome, Outcome::NotSent), "{batch:?}");
    while outcomes.next_batch().await.is_some() {}
    let end = outcomes.job_end().unwrap();
    assert!(matches!(end, JobEnd::RateLimited { .. }), "{end}");
    assert!(end.to_string().contains("too many"), "{end}");
    assert_eq!(outcomes.progress().not_sent, 4);
}

/// A 40501 that was charged is not sent again.
#[tokio::test]
async fn charged_calls_are_not_sent_again() {
    let api = Api::new(|_, _| Then::Fail(40501, 0.5));
    let given = targets(4);
    let ran = run(job(&api, 2), &given).await;
    assert_whole(&ran, &given);
    assert_eq!((ran.count("failed Charged"), api.calls().len()), (4, 2));
    assert_eq!(ran.progress.uncertain, 4);
}

#[tokio::test(start_paused = true)]
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
        let ran = run(job(&api, 2).max_in_flight(number(4)), &given).await;
        // Refusals for now are waited out.
        let is_for_now = matches!(failure, Then::Refuse(40202 | 40209, _))
            || matches!(failure, Then::Fail(40202 | 40209, 0.0));
        if matches!(ran.end, JobEnd::Complete) {
            assert_whole(&ran, &given);
            let failed = if is_for_now { 0 } else { 6 };
            assert_eq!(ran.count("found"), 60 - failed, "{failure:?}");
            assert_eq!(ran.count("failed"), failed, "{failure:?}");
        } else {
            // Every call would meet the error. Each target that was read still has its outcome.
            assert!(
                matches!(ran.end, JobEnd::Refused(_)),
                "{failure:?} {}",
                ran.end
            );
            assert_eq!(ran.progress.read, ran.outcomes.len() as u64);
            assert!(ran.count("not_sent") > 0, "{failure:?}");
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
    assert_eq!((ran.count("found"), api.calls().len()), (6, 4));
    // Only targets that were read have outcomes.
    assert_eq!(
        ran.count("found") + ran.count("not_sent"),
        ran.outcomes.len()
    );
    let JobEnd::Refused(error) = &ran.end else {
        panic!("{}", ran.end);
    };
    assert!(error.to_string().contains("40210"), "{error}");
}

#[tokio::test]
async fn the_budget_stops_a_job_before_the_call() {
    let api = Api::ok();
    let plan = job(&api, 2).plan(stream::iter(targets(2))).await.unwrap();
    let price = plan.estimate.us_dollars();
    assert!(price > 0.0);
    let ran = run(job(&api, 2).budget(0.5 + price * 1.5), &targets(20)).await;
    let JobEnd::Refused(error) = &ran.end else {
        panic!("{}", ran.end);
    };
    assert!(
        matches!(error.kind(), ErrorKind::BudgetExceeded { .. }),
        "{error}"
    );
    assert_eq!(api.calls().len(), 2);
    for wrong in [f64::NAN, -1.0] {
        let job = job(&api, 2).budget(wrong);
        let error = job.run(stream::iter(targets(1))).await.unwrap_err();
        assert!(matches!(error, JobStartError::Budget(_)), "{error}");
    }
}

#[tokio::test]
async fn a_job_gives_up_when_nothing_works() {
    let api = Api::new(|_, _| Then::Fail(50000, 0.0));
    let ran = run(job(&api, 1).give_up_after(5), &targets(20)).await;
    assert!(
        matches!(ran.end, JobEnd::TooManyFailures { calls: 5, .. }),
        "{}",
        ran.end
    );
    assert_eq!(api.calls().len(), 5);
    assert_eq!(ran.count("failed No"), 5);
    // A success in between resets the counter.
    let api = Api::new(|number, _| match number % 5 {
        4 => Then::Rows,
        _ => Then::Fail(50000, 0.0),
    });
    let ran = run(job(&api, 1).give_up_after(5), &targets(20)).await;
    assert!(matches!(ran.end, JobEnd::Complete), "{}", ran.end);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_job_delivers_the_calls_in_flight() {
    let api = Api::ok().latency(Duration::from_secs(2));
    let outcomes = job(&api, 2).max_in_flight(number(2)).window(number(6));
    // The input has no end.
    let endless = stream::iter(targets(10)).chain(stream::pending());
    let mut outcomes = outcomes.run(endless).await.unwrap();
    let handle = outcomes.handle();
    let mut words = Vec::new();
    while let Some(done) = outcomes.next().await {
        words.push(done.outcome.as_str());
        handle.stop();
    }
    // Two calls were in flight when the first outcome arrived. A third may have followed.
    let rows = words.iter().filter(|word| **word == "found").count();
    assert_eq!(rows, 2 * api.calls().len());
    assert!((4..=6).contains(&rows), "{words:?}");
    assert_eq!(words.len() as u64, handle.progress().read);
    assert!(words.contains(&"not_sent"));
    assert!(matches!(outcomes.job_end(), Some(JobEnd::Stopped)));
}

/// Outcomes that are not taken do not accumulate.
#[tokio::test(start_paused = true)]
async fn calls_wait_until_their_outcomes_are_received() {
    let api = Api::ok();
    let read = Arc::new(AtomicUsize::new(0));
    let input = {
        let read = Arc::clone(&read);
        stream::iter(targets(1_000)).inspect(move |_| {
            read.fetch_add(1, Ordering::Relaxed);
        })
    };
    let mut outcomes = job(&api, 10)
        .max_in_flight(number(3))
        .run(input)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await; // virtual time: until nothing happens any more
    let waiting = api.calls().len();
    assert!((3..=5).contains(&waiting), "{waiting}");
    assert!(read.load(Ordering::Relaxed) <= 10 * (waiting + 1));
    let mut count = 0;
    while outcomes.next().await.is_some() {
        count += 1;
    }
    assert_eq!(count, 1_000);
}

#[tokio::test]
async fn a_task_that_breaks_limits_does_not_start() {
    let api = Api::ok();
    let task = BulkNewLostBacklinksLiveTask::default().date_from(Date::constant(1999, 1, 1));
    let job = BulkJob::<BulkNewLostBacklinksLive>::new(api.client(), task);
    let error = job.run(stream::iter(targets(1))).await.unwrap_err();
    assert!(error.to_string().contains("date_from"), "{error}");
    assert!(api.calls().is_empty());
    let none = Job::new(api.client(), BulkRanksLiveTask::default());
    let ran = run(none, &[]).await;
    assert!(matches!(ran.end, JobEnd::Complete));
    assert!(api.calls().is_empty());
}

/// A panic, for example in middleware, leaves targets without outcomes. The end of the job shows it.
#[tokio::test]
async fn a_call_that_panics_aborts_the_job() {
    let api = Api::new(|number, _| match number {
        2 => panic!("a bug"),
        _ => Then::Rows,
    });
    let mut outcomes = job(&api, 2).run(stream::iter(targets(20))).await.unwrap();
    let mut rows = 0;
    while outcomes.next().await.is_some() {
        rows += 1;
    }
    assert!(matches!(outcomes.job_end(), Some(JobEnd::Aborted)));
    assert!(rows < 20);
}

/// Dropping the outcomes at once costs nothing, or the calls in flight.
#[tokio::test(start_paused = true)]
async fn dropping_the_outcomes_stops_the_job() {
    let api = Api::ok();
    let endless = stream::iter(targets(3)).chain(stream::pending());
    let outcomes = job(&api, 2).run(endless).await.unwrap();
    let handle = outcomes.handle();
    drop(outcomes);
    tokio::time::sleep(Duration::from_secs(3600)).await; // virtual time: until nothing happens any more
    assert!(api.calls().is_empty());
    assert_eq!(handle.progress().calls, 0);
}

/// Duplicates need memory, too, and fill the window.
#[tokio::test]
async fn many_duplicates_of_one_target() {
    let api = Api::ok();
    let given = vec!["same.com".to_owned(); 20_000];
    let ran = run(job(&api, 10).window(number(1_000)), &given).await;
    assert_whole(&ran, &given);
    assert_eq!(ran.count("found"), 20_000);
    assert_eq!(api.calls().len(), 3);
}

#[tokio::test]
async fn a_plan_predicts_the_calls_of_a_job() {
    let mut given = targets(25);
    given.push(given[3].clone());
    given.push(String::new());
    for spool in [false, true] {
        let api = Api::ok();
        let job = || {
            let job = job(&api, 10).window(number(100));
            if spool {
                job.spool(std::env::temp_dir())
            } else {
                job
            }
        };
        let plan = job().plan(stream::iter(given.clone())).await.unwrap();
        assert!(api.calls().is_empty());
        let price = |targets: usize| targets as f64 * 0.000_036 + 0.024;
        let expected = price(10) * 2.0 + price(5);
        assert!(
            (plan.estimate.us_dollars() - expected).abs() < 1e-9,
            "{plan:?}"
        );
        let counts = (plan.targets, plan.invalid, plan.distinct, plan.calls);
        assert_eq!(counts, (27, 1, 25, 3));
        run(job(), &given).await;
        assert_eq!(api.calls().len(), 3);
    }
}
