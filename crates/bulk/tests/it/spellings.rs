//! Targets in several spellings, and responses that name other targets than those that were sent.

use std::collections::{BTreeMap, HashMap};

use dataforseo_bulk::{Outcome, Progress, TargetOutcome};
use dataforseo_client::models::backlinks::BulkRanksLiveItem;
use dataforseo_client::models::target_key;
use futures_util::{StreamExt, stream};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::api::{Api, Then};
use crate::{Job, job, journaled, number, run};

/// The outcomes of a job by index.
struct Matched {
    outcomes: BTreeMap<u64, TargetOutcome<BulkRanksLiveItem>>,
    progress: Progress,
}

impl Matched {
    /// The rank of each target; `None` without a row.
    fn ranks(&self) -> Vec<Option<i64>> {
        let outcomes = self.outcomes.values();
        outcomes
            .map(|it| it.outcome.row().and_then(|row| row.rank))
            .collect()
    }

    fn words(&self) -> Vec<&'static str> {
        let outcomes = self.outcomes.values();
        outcomes.map(|it| it.outcome.as_str()).collect()
    }

    /// What the rows name that may be those of a target.
    fn named(&self, index: u64) -> Vec<&str> {
        match &self.outcomes[&index].outcome {
            Outcome::Unmatched(unmatched) => unmatched.named.iter().map(String::as_str).collect(),
            other => panic!("{other:?}"),
        }
    }
}

async fn matched(job: Job, targets: &[&str]) -> Matched {
    let targets: Vec<String> = targets.iter().map(|it| (*it).to_owned()).collect();
    let mut outcomes = job.run(stream::iter(targets.clone())).await.unwrap();
    let mut by_index = BTreeMap::new();
    while let Some(done) = outcomes.next().await {
        assert_eq!(*done.target, targets[done.index as usize]);
        assert!(by_index.insert(done.index, done).is_none());
    }
    assert_eq!(by_index.len(), targets.len());
    Matched {
        outcomes: by_index,
        progress: outcomes.progress(),
    }
}

/// An API whose rows name the target that `echo` returns. The rank of a row is the number of its target
/// in the call, counted from 1, plus 100 times the number of the call.
fn echoing(echo: impl Fn(&str) -> Value + Send + Sync + 'static) -> Api {
    Api::new(move |call, targets| {
        let rows = targets
            .iter()
            .enumerate()
            .map(|(index, target)| json!({"target": echo(target), "rank": 100 * call + index + 1}));
        Then::Items(rows.rev().collect())
    })
}

#[tokio::test]
async fn spellings_of_one_target_are_sent_once_and_share_the_row() {
    let api = echoing(|target| json!(target));
    let given = [
        "EXAMPLE.com",
        "example.com",
        "b.com",
        "example.com.",
        "bücher.de",
        "EXAMPLE.com",
        "xn--bcher-kva.de",
        "https://a.com/%7eu#top",
        "https://A.com:443/~u",
        "www.example.com",
    ];
    let done = matched(job(&api, 10).window(number(100)), &given).await;
    assert_eq!(
        api.calls(),
        [[
            "EXAMPLE.com",
            "b.com",
            "bücher.de",
            "https://a.com/%7eu#top",
            "www.example.com"
        ]]
    );
    let ranks = [1, 1, 2, 1, 3, 1, 3, 4, 4, 5];
    assert_eq!(done.ranks(), ranks.map(Some));
    assert_eq!(done.progress.found, 10);
}

#[tokio::test]
async fn rows_in_another_spelling_find_their_targets() {
    let echo = |target: &str| match target {
        "www.a.com" => json!("a.com"),
        "https://b.com/Path/" => json!("http://b.com/path"),
        "https://c.com/?x=1&y=ü" => json!("https://c.com/?x=1&amp;y=%C3%BC"),
        "münchen.de" => json!("xn--mnchen-3ya.de"),
        other => json!(other.to_uppercase()),
    };
    let given = [
        "www.a.com",
        "https://b.com/Path/",
        "https://c.com/?x=1&y=ü",
        "münchen.de",
        "d.com",
    ];
    let done = matched(job(&echoing(echo), 10), &given).await;
    assert_eq!(done.ranks(), [1, 2, 3, 4, 5].map(Some));
    assert_eq!(done.progress.unmatched_rows, 0);
}

#[tokio::test]
async fn targets_that_a_server_names_alike_do_not_get_the_rows_of_each_other() {
    let api = echoing(|_| json!("s.com"));
    let done = matched(job(&api, 10), &["www.s.com", "s.com"]).await;
    assert_eq!(done.words(), ["unmatched"; 2]);
    assert_eq!(done.named(0), ["s.com", "s.com"]);
    let given = ["https://s.com/", "http://s.com/", "https://www.s.com/"];
    let done = matched(job(&api, 10), &given).await;
    assert_eq!(done.words(), ["unmatched"; 3]);
    assert_eq!(
        (done.progress.unmatched, done.progress.unmatched_rows),
        (3, 3)
    );
    // Each in a call of its own.
    let done = matched(job(&api, 1), &given).await;
    assert_eq!(done.words(), ["found"; 3]);
}

#[tokio::test]
async fn a_response_with_the_rows_of_others_finds_none_of_its_targets() {
    let api = echoing(|target| match target {
        "a.com" => json!("a.com"),
        "b.com" => json!(null),
        "c.com" => json!("x\u{1b}[2J"),
        other => json!(format!("other-{other}")),
    });
    let given: Vec<String> = ('a'..='o').map(|letter| format!("{letter}.com")).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let done = matched(job(&api, 100), &given).await;
    assert_eq!(done.words()[0], "found");
    assert_eq!(done.words()[1..], ["unmatched"; 14]);
    assert_eq!(done.named(14).len(), 10);
    assert_eq!(done.named(14)[..2], ["other-o.com", "other-n.com"]);
    let Outcome::Unmatched(unmatched) = &done.outcomes[&1].outcome else {
        panic!("{done:?}", done = done.words());
    };
    let reason = unmatched.to_string();
    let parts = [
        "14 rows",
        "\"other-o.com\"",
        "4 others",
        "the journal has the response",
    ];
    assert!(parts.iter().all(|part| reason.contains(part)), "{reason}");
    assert_eq!(done.progress.unmatched_rows, 14);

    let done = matched(job(&echoing(|_| json!(null)), 10), &["a.com"]).await;
    assert_eq!(done.words(), ["unmatched"]);
    let done = matched(job(&echoing(|_| json!("x\u{1b}[2J")), 10), &["a.com"]).await;
    let Outcome::Unmatched(unmatched) = &done.outcomes[&0].outcome else {
        panic!("{:?}", done.words());
    };
    assert!(!unmatched.to_string().contains('\u{1b}'));
}

#[tokio::test]
async fn a_target_is_not_found_only_if_no_row_may_be_its_own() {
    let rows = |rows: Value| {
        let rows: Vec<Value> = serde_json::from_value(rows).unwrap();
        Api::new(move |_, _| Then::Items(rows.clone()))
    };
    let api = rows(json!([{"target": "a.com", "rank": 1}]));
    let done = matched(job(&api, 10), &["a.com", "b.com"]).await;
    assert_eq!(done.words(), ["found", "not_found"]);
    // The row of the domain may be that of the page, too.
    let done = matched(job(&api, 10), &["a.com", "https://www.a.com/"]).await;
    assert_eq!(done.words(), ["found", "unmatched"]);
    assert_eq!(done.named(1), ["a.com"]);
    // Several equal rows are one row.
    let api = rows(json!([
        {"target": "a.com", "rank": 1},
        {"target": "a.com", "rank": 1},
        {"target": "a.com", "rank": 1},
    ]));
    let done = matched(job(&api, 10), &["a.com", "b.com"]).await;
    assert_eq!(done.words(), ["found", "not_found"]);
    assert_eq!(done.progress.unmatched_rows, 0);
    // Different rows for one target.
    let api = rows(json!([{"target": "a.com", "rank": 1}, {"target": "a.com", "rank": 2}]));
    let done = matched(job(&api, 10), &["a.com", "b.com"]).await;
    assert_eq!(done.words(), ["unmatched"; 2]);
}

#[tokio::test]
async fn a_resumed_job_restores_unmatched_targets_and_spellings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let given = ["a.com", "A.com", "www.s.com", "s.com", "b.com"];
    let api = echoing(|target| json!(target.trim_start_matches("www.").to_lowercase()));
    let first = matched(journaled(&api, 10, &path), &given).await;
    let words = ["found", "found", "unmatched", "unmatched", "unmatched"];
    assert_eq!(first.words()[..4], words[..4]);
    let again = matched(journaled(&api, 10, &path), &given).await;
    assert_eq!(again.words(), first.words());
    assert_eq!(again.ranks(), first.ranks());
    assert_eq!(again.named(2), first.named(2));
    assert_eq!(again.progress.unmatched, first.progress.unmatched);
    assert_eq!(again.progress.resumed, 5);
    let calls = api.calls().len();

    // Another spelling of a duplicate is another input.
    let other: Vec<String> = ["a.com", "A.COM", "www.s.com", "s.com", "b.com"]
        .map(ToOwned::to_owned)
        .to_vec();
    let ran = run(journaled(&api, 10, &path), &other).await;
    assert!(
        ran.end.to_string().contains("of the input differ"),
        "{}",
        ran.end
    );
    assert_eq!(api.calls().len(), calls);
}

/// The forms in which a target is given or echoed.
fn spelled(host: u8, form: u8) -> String {
    match form {
        0 => format!("h{host}.com"),
        1 => format!("H{host}.COM"),
        2 => format!("www.h{host}.com"),
        3 => format!("https://h{host}.com"),
        4 => format!("http://h{host}.com:80/"),
        5 => format!("https://H{host}.com/#x"),
        6 => format!("https://www.h{host}.com/P/ü"),
        _ => format!("https://www.h{host}.com/p/%c3%bc/"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Each target is sent once by its key. With an API that names each target in a spelling of the
    /// same target, each one has its own row.
    #[test]
    fn no_target_has_the_row_of_another(
        targets in prop::collection::vec((0_u8..5, 0_u8..8), 1..40),
        echoes in prop::collection::vec(0_u8..3, 8),
        per_call in 1_usize..12,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let given: Vec<String> =
                targets.iter().map(|(host, form)| spelled(*host, *form)).collect();
            let api = echoing(move |target| {
                let echo = echoes[target.len() % echoes.len()];
                json!(match echo {
                    0 => target.to_owned(),
                    1 => target_key(target).into_owned(),
                    _ => target.replace("h", "H").replace("Http", "http"),
                })
            });
            let texts: Vec<&str> = given.iter().map(String::as_str).collect();
            let done = matched(job(&api, per_call).window(number(100)), &texts).await;
            let mut ranks: HashMap<String, i64> = HashMap::new();
            for (call, sent) in api.calls().iter().enumerate() {
                for (index, target) in sent.iter().enumerate() {
                    let rank = (100 * call + index + 1) as i64;
                    let before = ranks.insert(target_key(target).into_owned(), rank);
                    assert_eq!(before, None, "{target} was sent twice");
                }
            }
            for (text, rank) in texts.iter().zip(done.ranks()) {
                assert_eq!(rank, Some(ranks[&*target_key(text)]), "{text}");
            }
        });
    }
}
