//! Bulk jobs of any endpoint behind one interface, with rows as JSON.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use dataforseo_bulk::{
    BulkJob, Capacity, JobEnd, JobHandle, JobStartError, Outcomes, Plan, Target, TargetOutcome,
};
use dataforseo_client::Client;
use dataforseo_client::models::PerTarget;
use futures_util::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The targets of a job.
pub(crate) type TargetStream = Pin<Box<dyn Stream<Item = Target> + Send>>;
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The settings of a job. `None` leaves the default.
#[derive(Debug, Default)]
pub(crate) struct JobSettings {
    pub(crate) targets_per_call: Option<NonZeroUsize>,
    pub(crate) max_in_flight: Option<NonZeroUsize>,
    pub(crate) window: Option<NonZeroUsize>,
    pub(crate) give_up_after: Option<u32>,
    pub(crate) rate_limit_timeout: Option<Duration>,
    /// In US dollars.
    pub(crate) budget: Option<f64>,
    pub(crate) retry_uncertain: bool,
    /// Where to sort a long input.
    pub(crate) sort_dir: Option<PathBuf>,
    pub(crate) journal: Option<JournalSetting>,
}

/// What to do with the journal of a job.
#[derive(Debug)]
pub(crate) enum JournalSetting {
    Create(PathBuf),
    Resume(PathBuf),
}

/// A bulk job of any endpoint.
pub(crate) trait AnyJob: Send {
    fn with_settings(self: Box<Self>, settings: JobSettings) -> Box<dyn AnyJob>;

    fn capacity(&self) -> Capacity;

    fn plan(
        self: Box<Self>,
        input: TargetStream,
    ) -> BoxFuture<'static, Result<Plan, JobStartError>>;

    fn run(
        self: Box<Self>,
        input: TargetStream,
    ) -> BoxFuture<'static, Result<Box<dyn AnyOutcomes>, JobStartError>>;
}

/// The outcomes of a bulk job of any endpoint.
pub(crate) trait AnyOutcomes: Send {
    fn next_batch(&mut self) -> BoxFuture<'_, Option<Vec<TargetOutcome<Value>>>>;

    fn handle(&self) -> JobHandle;

    fn job_end(&self) -> Option<JobEnd>;

    /// Returns the responses that could be saved nowhere.
    fn unsaved(&self) -> Vec<Bytes>;
}

/// Creates a job whose calls have the parameters of this task.
#[allow(dead_code, reason = "a build may have no section")]
pub(crate) fn create<E>(client: Client, task: Value) -> Result<Box<dyn AnyJob>, serde_json::Error>
where
    E: PerTarget<Task: DeserializeOwned> + 'static,
{
    let task = serde_json::from_value(task)?;
    Ok(Box::new(BulkJob::<E>::new(client, task)))
}

impl<E: PerTarget + 'static> AnyJob for BulkJob<E> {
    fn with_settings(self: Box<Self>, settings: JobSettings) -> Box<dyn AnyJob> {
        let mut job = *self;
        if let Some(targets) = settings.targets_per_call {
            job = job.targets_per_call(targets);
        }
        if let Some(calls) = settings.max_in_flight {
            job = job.max_in_flight(calls);
        }
        if let Some(targets) = settings.window {
            job = job.window(targets);
        }
        if let Some(calls) = settings.give_up_after {
            job = job.give_up_after(calls);
        }
        if let Some(us_dollars) = settings.budget {
            job = job.budget(us_dollars);
        }
        if settings.retry_uncertain {
            job = job.retry_uncertain();
        }
        if let Some(time) = settings.rate_limit_timeout {
            job = job.rate_limit_timeout(time);
        }
        if let Some(dir) = settings.sort_dir {
            job = job.spool(dir);
        }
        match settings.journal {
            Some(JournalSetting::Create(path)) => job = job.journal(path),
            Some(JournalSetting::Resume(path)) => job = job.resume(path),
            None => {}
        }
        Box::new(job)
    }

    fn capacity(&self) -> Capacity {
        self.capacity()
    }

    fn plan(
        self: Box<Self>,
        input: TargetStream,
    ) -> BoxFuture<'static, Result<Plan, JobStartError>> {
        Box::pin((*self).plan(input))
    }

    fn run(
        self: Box<Self>,
        input: TargetStream,
    ) -> BoxFuture<'static, Result<Box<dyn AnyOutcomes>, JobStartError>> {
        Box::pin(async move {
            let outcomes = (*self).run(input).await?;
            Ok(Box::new(outcomes) as Box<dyn AnyOutcomes>)
        })
    }
}

impl<R: Serialize + Send> AnyOutcomes for Outcomes<R> {
    fn next_batch(&mut self) -> BoxFuture<'_, Option<Vec<TargetOutcome<Value>>>> {
        Box::pin(async {
            let batch = self.next_batch().await?;
            // Serializing a row cannot fail.
            let json = |row: R| serde_json::to_value(row).unwrap_or_default();
            Some(batch.into_iter().map(|target| target.map(json)).collect())
        })
    }

    fn handle(&self) -> JobHandle {
        self.handle()
    }

    fn job_end(&self) -> Option<JobEnd> {
        self.job_end()
    }

    fn unsaved(&self) -> Vec<Bytes> {
        self.unsaved()
    }
}
