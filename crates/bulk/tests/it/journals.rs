//! Jobs that died and were resumed.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use dataforseo_bulk::{BulkJob, JobEnd, JobStartError, JournalError};
use dataforseo_client::Client;
use dataforseo_client::models::backlinks::{
    BulkBacklinksLive, BulkBacklinksLiveTask, BulkRanksLiveTask, RankScale,
};
use futures_util::{StreamExt, stream};
use tempfile::TempDir;

use crate::api::{Api, COST, Then};
use crate::{Job, assert_whole, job, journaled, number, run, targets};

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// The journal of a killed program can end at any byte. For each of them: calls that may have been
/// sent before are not sent again, and each target has its outcome.
#[tokio::test]
async fn killed_at_every_byte() {
    let folder = TempDir::new().unwrap();
    let whole = folder.path().join("whole");
    let given = targets(24);
    let behavior = |number: usize, targets: &[String]| match number {
        _ if targets.contains(&"d5.com".to_owned()) => {
            Then::Refuse(40501, "Invalid Field: 'd5.com'.".to_owned())
        }
        2 => Then::Fail(50000, COST),
        _ => Then::Rows,
    };
    let at = whole.clone();
    let api = Api::new(behavior).noting(move || length(&at));
    let job = |api: &Api, path: &Path| journaled(api, 4, path).max_in_flight(number(2));
    let ran = run(job(&api, &whole), &given).await;
    assert_whole(&ran, &given);
    let (sent, when) = (api.calls(), api.notes());
    let bytes = std::fs::read(&whole).unwrap();
    assert!(bytes.len() > 1_000);
    let cut = folder.path().join("cut");
    for end in (0..=bytes.len()).step_by(11) {
        std::fs::write(&cut, &bytes[..end]).unwrap();
        // The targets that the API may have received while the journal was that long.
        let before: HashSet<&String> = sent
            .iter()
            .zip(&when)
            .filter(|(_, length)| **length <= end as u64)
            // The call with the invalid target was rejected without a charge.
            .filter(|(targets, _)| !targets.contains(&"d5.com".to_owned()))
            .flat_map(|(targets, _)| targets)
            .collect();
        let api = Api::new(|_, targets| {
            if targets.contains(&"d5.com".to_owned()) {
                Then::Refuse(40501, "Invalid Field: 'd5.com'.".to_owned())
            } else {
                Then::Rows
            }
        });
        let ran = run(job(&api, &cut), &given).await;
        assert_whole(&ran, &given);
        assert!(matches!(ran.end, JobEnd::Complete), "{end}: {}", ran.end);
        let refused = |call: &&Vec<String>| !call.contains(&"d5.com".to_owned());
        for target in api.calls().iter().filter(refused).flatten() {
            assert!(
                !before.contains(target),
                "cut at {end}: {target} was paid for twice"
            );
        }
        // The journal is complete now.
        let api = Api::new(|_, _| panic!("nothing is left to send"));
        let again = run(job(&api, &cut), &given).await;
        assert_eq!(again.words(), ran.words(), "cut at {end}");
        assert_eq!(again.progress.resumed, 24);
    }
}

#[tokio::test]
async fn known_outcomes_are_delivered_again_without_a_call() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let api = Api::new(|number, _| match number {
        1 => Then::Break,
        2 => Then::Fail(50000, 0.0),
        3 => Then::Fail(40401, COST),
        _ => Then::Rows,
    });
    let given = targets(10);
    let first = run(journaled(&api, 2, &journal), &given).await;
    assert_eq!(first.count("found"), 4);
    // Only calls that were not charged are sent again.
    let api = Api::ok();
    let second = run(journaled(&api, 2, &journal), &given).await;
    assert_eq!(api.calls(), [["d4.com", "d5.com"]]);
    assert_whole(&second, &given);
    assert_eq!(second.count("found"), 6);
    assert_eq!(second.outcomes[&2].1, first.outcomes[&2].1);
    assert!(second.outcomes[&2].1.starts_with("failed Unknown"));
    assert!(second.outcomes[&6].1.starts_with("failed Charged(0.5)"));
    assert_eq!(second.progress.uncertain, 4);
    assert_eq!(
        (second.progress.earlier_cost, second.progress.cost),
        (1.5, 0.5)
    );
    // Unless the caller sets it.
    let api = Api::ok();
    let third = run(journaled(&api, 2, &journal).retry_uncertain(), &given).await;
    assert_eq!(api.calls(), [["d2.com", "d3.com"], ["d6.com", "d7.com"]]);
    assert_eq!(third.count("found"), 10);
    let api = Api::new(|_, _| panic!("nothing is left to send"));
    let fourth = run(journaled(&api, 2, &journal), &given).await;
    assert_eq!(fourth.count("found"), 10);
    assert_eq!(fourth.progress.resumed, 10);
}

#[tokio::test]
async fn the_cost_of_earlier_runs_counts_against_the_budget() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let api = Api::new(|number, _| match number {
        0 | 1 => Then::Rows,
        _ => Then::Refuse(40210, String::new()),
    });
    let given = targets(10);
    let ran = run(journaled(&api, 2, &journal), &given).await;
    assert!(matches!(ran.end, JobEnd::Refused(_)));
    let api = Api::ok();
    let ran = run(journaled(&api, 2, &journal).budget(1.01), &given).await;
    assert!(matches!(ran.end, JobEnd::Refused(_)), "{}", ran.end);
    assert!(api.calls().is_empty());
    let ran = run(journaled(&api, 2, &journal).budget(10.0), &given).await;
    assert_eq!(ran.count("found"), 10);
    assert_eq!(api.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn calls_in_flight_are_recorded_after_the_outcomes_are_dropped() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let api = Api::ok().latency(Duration::from_secs(2));
    let given = targets(100);
    let job = journaled(&api, 2, &journal).max_in_flight(number(3));
    let mut outcomes = job.run(stream::iter(given.clone())).await.unwrap();
    outcomes.next().await.unwrap();
    drop(outcomes);
    // The journal is unlocked when the last call has ended.
    let resumed = Api::ok();
    let ran = loop {
        match journaled(&resumed, 2, &journal)
            .run(stream::iter(given.clone()))
            .await
        {
            Ok(outcomes) => break outcomes.collect::<Vec<_>>().await,
            Err(JobStartError::Journal(JournalError::InUse(_))) => {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(ran.len(), 100);
    assert!(api.calls().len() < 10);
    assert_eq!(api.calls().len() + resumed.calls().len(), 50);
    assert!(
        resumed
            .times()
            .keys()
            .all(|target| !api.times().contains_key(target))
    );
}

#[tokio::test]
async fn journals_of_other_jobs_are_refused() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let api = Api::ok();
    let given = targets(10);
    run(journaled(&api, 2, &journal), &given).await;
    let never = Api::new(|_, _| panic!("nothing may be sent"));
    let start = async |job: Job| {
        let outcome = job.run(stream::iter(targets(10))).await;
        outcome.expect_err("the journal does not match").to_string()
    };
    let shown = journal.display().to_string();
    let error = start(job(&never, 2).journal(&journal)).await;
    assert!(
        error.starts_with(&format!("journal {shown}: the file exists already")),
        "{error}"
    );
    let error = start(journaled(&never, 3, &journal)).await;
    assert!(
        error.ends_with("the number of targets per call was 2, and is 3"),
        "{error}"
    );
    let error = start(journaled(&never, 2, &journal).window(number(7))).await;
    assert!(error.ends_with("the window was 1, and is 7"), "{error}");
    let task = BulkRanksLiveTask::default().rank_scale(RankScale::OneHundred);
    let other = Job::new(never.client(), task).resume(&journal);
    let error = start(other.targets_per_call(number(2)).window(number(1))).await;
    assert!(error.contains("the task was {"), "{error}");
    let other = BulkJob::<BulkBacklinksLive>::new(never.client(), BulkBacklinksLiveTask::default());
    let other = other.resume(&journal).run(stream::iter(targets(1))).await;
    let error = other.unwrap_err().to_string();
    assert!(
        error.contains("backlinks/bulk_ranks/live, and is"),
        "{error}"
    );
    std::fs::write(folder.path().join("text"), "a,b,c\n1,2,3\n").unwrap();
    let error = start(journaled(&never, 2, &folder.path().join("text"))).await;
    assert!(
        error.ends_with("the file is not a journal of a bulk job"),
        "{error}"
    );
    assert_eq!(std::fs::read(folder.path().join("text")).unwrap().len(), 12);
    let error = start(journaled(&never, 2, &folder.path().join("none/journal"))).await;
    assert!(error.contains("none/journal: "), "{error}");
}

#[tokio::test]
async fn another_input_is_refused() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let given = targets(10);
    run(journaled(&Api::ok(), 2, &journal), &given).await;
    let never = Api::new(|_, _| panic!("nothing may be sent"));
    let mut changed = given.clone();
    changed[4] = "other.com".to_owned();
    let mut swapped = given.clone();
    swapped.swap(4, 7);
    for input in [changed.clone(), swapped, targets(6)] {
        let ran = run(journaled(&never, 2, &journal), &input).await;
        let JobEnd::Journal(error) = &ran.end else {
            panic!("{}", ran.end);
        };
        let is_refused = matches!(
            **error,
            JournalError::OtherInput { .. } | JournalError::InputChanged { targets: 10, .. }
        );
        assert!(is_refused, "{error}");
    }
    // A change in a part that was read and not sent is noticed, too.
    let unsent = folder.path().join("unsent");
    let window = |api: &Api| journaled(api, 2, &unsent).window(number(10));
    let stops = Api::new(|number, _| match number {
        0 => Then::Rows,
        _ => Then::Refuse(40210, String::new()),
    });
    run(window(&stops), &given).await;
    let mut late = given.clone();
    late[9] = "other.com".to_owned();
    let ran = run(window(&never), &late).await;
    let JobEnd::Journal(error) = &ran.end else {
        panic!("{}", ran.end);
    };
    let is_noticed = matches!(**error, JournalError::InputChanged { targets: 10, .. });
    assert!(is_noticed, "{error}");
    // A longer input is the same up to the old end.
    let api = Api::ok();
    let ran = run(journaled(&api, 2, &journal), &targets(14)).await;
    assert_eq!(ran.count("found"), 14);
    assert_eq!(api.calls().len(), 2);
}

#[tokio::test]
async fn two_programs_do_not_share_a_journal() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let api = Api::ok();
    let one = journaled(&api, 2, &journal)
        .run(stream::pending::<String>())
        .await
        .unwrap();
    let two = journaled(&api, 2, &journal)
        .run(stream::iter(targets(1)))
        .await;
    let error = two.unwrap_err();
    assert!(
        matches!(error, JobStartError::Journal(JournalError::InUse(_))),
        "{error}"
    );
    drop(one);
}

/// A flipped bit in the middle is not a torn record at the end, so nothing is cut off.
#[tokio::test]
async fn damage_is_distinguished_from_a_torn_end() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let given = targets(10);
    run(journaled(&Api::ok(), 2, &journal), &given).await;
    let bytes = std::fs::read(&journal).unwrap();
    let lines: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    let last = lines[lines.len() - 3]; // before the last record and its body
    for at in (0..bytes.len()).step_by(37) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&journal, &damaged).unwrap();
        let api = Api::ok();
        let started = journaled(&api, 2, &journal)
            .run(stream::iter(given.clone()))
            .await;
        match started {
            Err(error) => {
                let text = error.to_string();
                let is_refused = text.contains("is damaged") || text.contains("not a journal");
                assert!(is_refused && at <= last, "{at}: {text}");
                assert_eq!(std::fs::read(&journal).unwrap(), damaged, "{at}");
            }
            Ok(outcomes) => {
                // Checksums do not cover the line breaks between records. The last record counts as torn.
                assert!(at > last || bytes[at] == b'\n', "{at} of {last}");
                assert_eq!(outcomes.count().await, 10);
            }
        }
    }
}

/// Writes a journal of one record, with a valid checksum.
fn write_journal(path: &Path, json: &str) {
    let sum = crc32fast::hash(json.as_bytes());
    let record = format!("{sum:08x} {} 0 {json}\n", json.len());
    std::fs::write(path, record).unwrap();
}

#[tokio::test]
async fn journals_of_another_format_version_are_refused() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let never = Api::new(|_, _| panic!("nothing may be sent"));
    // The settings of version 1, and a newer version with unknown ones.
    let old = r#"{"record":"job","version":1,"endpoint":"backlinks/bulk_ranks/live","server":"production","task":{"targets":[]},"targets_per_call":2,"domains_per_call":null,"window":1,"spool":false}"#;
    let new = r#"{"record":"job","version":7}"#;
    for (json, version) in [(old, 1), (new, 7)] {
        write_journal(&journal, json);
        let before = std::fs::read(&journal).unwrap();
        let job = journaled(&never, 2, &journal);
        let error = job.run(stream::iter(targets(4))).await.unwrap_err();
        assert!(
            matches!(
                error,
                JobStartError::Journal(JournalError::UnsupportedVersion { version: it, .. }) if it == version
            ),
            "{error}"
        );
        let error = error.to_string();
        assert!(error.contains(&format!(
            "it has format version {version}, and this program supports version 3"
        )));
        assert!(
            error.contains("finish the job with the program that began it"),
            "{error}"
        );
        assert_eq!(std::fs::read(&journal).unwrap(), before);
    }
}

/// Pages of ten domains far apart, with two domains per call.
#[tokio::test]
async fn a_sorted_job_needs_few_calls_and_is_resumed() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let mut given: Vec<String> = (0..200)
        .map(|page| format!("https://d{}.com/{page}", page % 10))
        .collect();
    given.insert(7, String::new());
    given.push(given[0].clone());
    let job = |api: &Api| {
        let job = journaled(api, 100, &journal).domains_per_call(number(2));
        // Fewer than the input has, so that it is sorted on disk.
        job.window(number(100)).spool(folder.path())
    };
    let api = Api::new(|number, _| match number {
        0 | 1 => Then::Rows,
        _ => Then::Refuse(40210, String::new()),
    });
    let ran = run(job(&api), &given).await;
    assert_whole(&ran, &given);
    assert_eq!((ran.count("invalid"), ran.count("found") / 40), (1, 2));
    assert_eq!(ran.count("not_sent") + ran.count("found"), 201);
    let api = Api::ok();
    let ran = run(job(&api), &given).await;
    assert_whole(&ran, &given);
    assert_eq!(ran.count("found"), 201);
    assert_eq!(api.calls().len(), 3);
    assert_eq!(ran.progress.earlier_cost + ran.progress.cost, 5.0 * COST);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let missing = journaled(&api, 4, &folder.path().join("other")).spool("/nowhere");
    let ran = run(missing, &given).await;
    assert!(matches!(ran.end, JobEnd::Spool(_)), "{}", ran.end);
    assert_eq!(ran.progress.read, 5);
}

/// A call that differs from the journal stops the job before any later call is sent, even if many
/// calls may be in flight.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_longer_input_sends_nothing_after_a_call_that_was_not_full() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let job = |api: &Api| journaled(api, 2, &journal).max_in_flight(number(30));
    run(job(&Api::ok()), &targets(95)).await;
    let never = Api::new(|_, _| panic!("nothing may be sent"));
    let ran = run(job(&never), &targets(200)).await;
    assert!(matches!(ran.end, JobEnd::Journal(_)), "{}", ran.end);
    assert!(never.calls().is_empty());
    // The original input is accepted.
    assert_eq!(run(job(&never), &targets(95)).await.count("found"), 95);
}

/// The responses of a mock must not pass for those of the API.
#[tokio::test]
async fn responses_of_another_server_are_refused() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    run(journaled(&Api::ok(), 2, &journal), &targets(4)).await;
    let api = Api::ok();
    let sandbox = Client::builder()
        .credentials("login", "password")
        .layer(api.as_layer())
        .sandbox()
        .build()
        .unwrap();
    let job = Job::new(sandbox, BulkRanksLiveTask::default())
        .targets_per_call(number(2))
        .window(number(1));
    let error = job
        .resume(&journal)
        .run(stream::iter(targets(4)))
        .await
        .unwrap_err();
    let error = error.to_string();
    assert!(
        error.ends_with("the server was production, and is sandbox"),
        "{error}"
    );
    assert!(api.calls().is_empty());
}

/// A call whose charge is unknown may have cost as much as a full call.
#[tokio::test]
async fn uncertain_calls_count_against_the_budget() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let api = Api::new(|_, _| Then::Break);
    let ran = run(journaled(&api, 2, &journal).give_up_after(3), &targets(20)).await;
    assert_eq!(ran.progress.uncertain, 6);
    let api = Api::ok();
    // Three calls of a little more than 0.024 may have been charged.
    let ran = run(journaled(&api, 2, &journal).budget(0.09), &targets(20)).await;
    assert!(matches!(ran.end, JobEnd::Refused(_)), "{}", ran.end);
    assert!(api.calls().is_empty());
}
