//! The plan of a job: how many calls its input needs, and what they cost.

use std::io;
use std::path::Path;

use dataforseo_client::Client;
use dataforseo_client::models::{Estimate, PerTarget};
use futures_core::Stream;
use futures_util::StreamExt as _;

use crate::packing::{PackedTarget, Packer};
use crate::spool::{Sorter, SpooledTarget};
use crate::target::{Target, TargetCheck};

/// The number of calls that a job needs, and their estimated cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The number of targets in the input.
    pub targets: u64,
    /// The number of targets that would not be sent because they break a limit. A part of `targets`.
    pub invalid: u64,
    /// The number of targets that would be sent. Duplicates count once, if they are within the
    /// [window](crate::BulkJob::window) or the input is [sorted](crate::BulkJob::spool).
    pub distinct: u64,
    /// The number of calls.
    pub calls: u64,
    /// The maximum cost, estimated from the client's [`Prices`](dataforseo_client::Prices). Not
    /// complete for an endpoint without a price.
    pub estimate: Estimate,
}

/// Counts the calls of a job.
pub(crate) struct Planner<'a, E: PerTarget> {
    client: &'a Client,
    template: &'a E::Task,
    packer: Packer,
    plan: Plan,
}

impl<'a, E: PerTarget> Planner<'a, E> {
    pub(crate) fn new(client: &'a Client, template: &'a E::Task, packer: Packer) -> Self {
        Self {
            client,
            template,
            packer,
            plan: Plan::default(),
        }
    }

    /// Reads the whole input and returns the plan. Sorts the input in `sort_dir`, if there is one.
    pub(crate) async fn plan<S>(mut self, input: S, sort_dir: Option<&Path>) -> io::Result<Plan>
    where
        S: Stream<Item: Into<Target>>,
    {
        let kind = E::KIND;
        let mut sorter = sort_dir.map(|dir| Sorter::new(dir, &self.packer));
        let mut check = TargetCheck::<E>::new(self.template.clone());
        let mut input = std::pin::pin!(input);
        while let Some(target) = input.next().await {
            let index = self.plan.targets;
            self.plan.targets += 1;
            let Ok(target) = check.check(target.into()) else {
                self.plan.invalid += 1;
                continue;
            };
            match &mut sorter {
                Some(sorter) => sorter.push(SpooledTarget { index, target })?,
                None => self.pack(index, &target),
            }
        }
        if let Some(sorter) = sorter {
            let mut sorted = sorter.finish()?.peekable();
            while let Some(target) = sorted.next() {
                let target = target?;
                self.packer.push(target.index, &target.target);
                while let Some(duplicate) = sorted.next_if(|next| target.is_equal(next, kind)) {
                    let duplicate = duplicate?;
                    self.packer.push(duplicate.index, &duplicate.target);
                }
                self.pack_full();
            }
        }
        while let Some(call) = self.packer.next_call() {
            self.add_call(&call);
        }
        Ok(self.plan)
    }

    fn pack(&mut self, index: u64, target: &str) {
        self.packer.push(index, target);
        self.pack_full();
    }

    fn pack_full(&mut self) {
        if self.packer.is_full()
            && let Some(call) = self.packer.next_call()
        {
            self.add_call(&call);
        }
    }

    fn add_call(&mut self, call: &[PackedTarget]) {
        self.plan.calls += 1;
        self.plan.distinct += call.len() as u64;
        let cost = estimate::<E>(self.client, self.template, call.len());
        self.plan.estimate = [self.plan.estimate, cost].into_iter().sum();
    }
}

/// Estimates the cost of a call with this number of targets.
fn estimate<E: PerTarget>(client: &Client, template: &E::Task, targets: usize) -> Estimate {
    let mut task = template.clone();
    E::set_targets(&mut task, vec!["example.com".to_owned(); targets]);
    client.estimate::<E>(&task)
}
