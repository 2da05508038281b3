//! Bulk jobs against APIs that work and APIs that fail.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod api;
mod jobs;
mod journals;
mod spellings;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use dataforseo_bulk::{BulkJob, JobEnd, Outcome, Progress, TargetOutcome};
use dataforseo_client::models::backlinks::{BulkRanksLive, BulkRanksLiveItem, BulkRanksLiveTask};
use futures_util::{StreamExt, stream};

use crate::api::Api;

type Job = BulkJob<BulkRanksLive>;

fn number(number: usize) -> NonZeroUsize {
    number.try_into().unwrap()
}

/// A job of small calls that are sent one after the other by default.
fn job(api: &Api, targets_per_call: usize) -> Job {
    Job::new(api.client(), BulkRanksLiveTask::default())
        .targets_per_call(number(targets_per_call))
        .window(number(1))
        .max_in_flight(number(1))
}

fn targets(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("d{index}.com")).collect()
}

/// The outcomes of a job and how it ended.
struct Ran {
    /// By index: the target and a description of its outcome.
    outcomes: BTreeMap<u64, (String, String)>,
    end: JobEnd,
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

/// Runs a job to its end. Panics if an index has two outcomes.
async fn run(job: Job, targets: &[String]) -> Ran {
    let mut outcomes = job.run(stream::iter(targets.to_vec())).await.unwrap();
    let mut by_index = BTreeMap::new();
    while let Some(done) = outcomes.next().await {
        let index = done.index;
        let before = by_index.insert(index, (done.target.to_string(), describe(&done)));
        assert_eq!(before, None, "index {index} has two outcomes");
    }
    let progress = outcomes.progress();
    assert_eq!(progress.finished(), by_index.len() as u64, "{progress:?}");
    Ran {
        outcomes: by_index,
        end: outcomes.job_end().expect("the job has ended"),
        progress,
    }
}

fn describe(done: &TargetOutcome<BulkRanksLiveItem>) -> String {
    match &done.outcome {
        Outcome::Found(row) => {
            assert_eq!(row.target.as_deref(), Some(&*done.target));
            "found".to_owned()
        }
        Outcome::Failed(failure) => format!("failed {:?} {failure}", failure.charge),
        Outcome::Invalid(reason) => format!("invalid {reason}"),
        other => other.as_str().to_owned(),
    }
}

/// Panics unless each target has its outcome at its index.
fn assert_whole(ran: &Ran, targets: &[String]) {
    let given: Vec<&str> = targets.iter().map(String::as_str).collect();
    let found: Vec<&str> = ran.outcomes.values().map(|(it, _)| it.as_str()).collect();
    assert_eq!(found, given);
}

fn journaled(api: &Api, targets_per_call: usize, journal: &Path) -> Job {
    job(api, targets_per_call).resume(journal)
}
