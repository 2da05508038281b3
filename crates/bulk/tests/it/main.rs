//! Bulk jobs on good days and bad ones.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod api;
mod jobs;
mod journals;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use dataforseo_bulk::{Bulk, Done, End, Outcome, Progress};
use dataforseo_client::models::backlinks::{BulkRanksLive, BulkRanksLiveItem, BulkRanksLiveTask};
use futures_util::{StreamExt, stream};

use crate::api::Api;

type Job = Bulk<BulkRanksLive>;

fn number(number: usize) -> NonZeroUsize {
    number.try_into().unwrap()
}

/// Jobs of small calls, one after the other unless told otherwise.
fn job(api: &Api, targets_per_call: usize) -> Job {
    Job::new(api.client(), BulkRanksLiveTask::default())
        .targets_per_call(number(targets_per_call))
        .window(number(1))
        .at_once(number(1))
}

fn targets(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("d{index}.com")).collect()
}

/// What came of a job.
struct Ran {
    /// By place: target, and the outcome in words.
    outcomes: BTreeMap<u64, (String, String)>,
    end: End,
    progress: Progress,
}

impl Ran {
    fn words(&self) -> Vec<&str> {
        self.outcomes
            .values()
            .map(|(_, word)| word.as_str())
            .collect()
    }

    fn count(&self, word: &str) -> usize {
        self.words()
            .iter()
            .filter(|it| it.starts_with(word))
            .count()
    }
}

/// Runs a job to its end. Fails if a place has two outcomes.
async fn run(job: Job, targets: &[String]) -> Ran {
    let mut outcomes = job.run(stream::iter(targets.to_vec())).await.unwrap();
    let mut by_place = BTreeMap::new();
    while let Some(done) = outcomes.next().await {
        let place = done.place;
        let before = by_place.insert(place, (done.target.to_string(), word(&done)));
        assert_eq!(before, None, "place {place} has two outcomes");
    }
    let progress = outcomes.progress();
    assert_eq!(progress.done(), by_place.len() as u64, "{progress:?}");
    Ran {
        outcomes: by_place,
        end: outcomes.end().expect("it is over"),
        progress,
    }
}

fn word(done: &Done<BulkRanksLiveItem>) -> String {
    match &done.outcome {
        Outcome::Row(row) => {
            assert_eq!(row.target.as_deref(), Some(&*done.target));
            "row".to_owned()
        }
        Outcome::Failed(failure) => format!("failed {:?} {failure}", failure.charge),
        Outcome::Invalid(reason) => format!("invalid {reason}"),
        other => other.word().to_owned(),
    }
}

/// Fails unless each target has its outcome at its place.
fn assert_whole(ran: &Ran, targets: &[String]) {
    let given: Vec<&str> = targets.iter().map(String::as_str).collect();
    let told: Vec<&str> = ran.outcomes.values().map(|(it, _)| it.as_str()).collect();
    assert_eq!(told, given);
}

fn journaled(api: &Api, targets_per_call: usize, journal: &Path) -> Job {
    job(api, targets_per_call).resume(journal)
}
