//! Prices, for estimates. The actual cost of a call is in its response.

mod amount;
mod cost_rules;
mod task_fields;

pub use amount::Amount;
pub use cost_rules::{CostCondition, CostEffect, CostRules, FieldCost, MaxRows};
pub use task_fields::TaskFields;

use super::EndpointInfo;

/// The price of an endpoint. What a task costs also depends on its fields: see
/// [`EndpointInfo::cost`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Price {
    /// The price per task.
    pub per_task: Amount,
    /// The price per task with `priority: 2`. Where an endpoint has no priorities, that of a task.
    pub per_task_high: Amount,
    /// The price per row of a response.
    pub per_row: Amount,
}

impl Price {
    /// Returns the price of tasks and rows, with one price for all priorities.
    pub const fn new(per_task: Amount, per_row: Amount) -> Self {
        Self {
            per_task,
            per_task_high: per_task,
            per_row,
        }
    }

    /// Sets the price per task with `priority: 2`.
    #[must_use]
    pub const fn high_priority(mut self, per_task: Amount) -> Self {
        self.per_task_high = per_task;
        self
    }

    /// Returns whether nothing is charged.
    pub const fn is_free(&self) -> bool {
        self.per_task.is_zero() && self.per_task_high.is_zero() && self.per_row.is_zero()
    }
}

/// What a call costs before it is sent, at most. [`EndpointInfo::estimate`] returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Estimate {
    /// The known part of the cost.
    pub amount: Amount,
    /// Whether the whole cost is known. If not, the call can cost more than `amount`: the price of
    /// the endpoint or of an option is unknown, or a part of the cost is known only afterwards.
    pub is_complete: bool,
}

impl Estimate {
    /// The estimate of a free call.
    pub const FREE: Self = Self::known(Amount::ZERO);
    /// The estimate of a call whose price is unknown.
    pub const UNKNOWN: Self = Self {
        amount: Amount::ZERO,
        is_complete: false,
    };

    /// Returns an estimate that is complete.
    pub const fn known(amount: Amount) -> Self {
        Self {
            amount,
            is_complete: true,
        }
    }

    /// Returns the known part of the cost in US dollars.
    pub fn us_dollars(self) -> f64 {
        self.amount.us_dollars()
    }
}

impl Default for Estimate {
    /// Returns the estimate of a free call.
    fn default() -> Self {
        Self::FREE
    }
}

impl std::iter::Sum for Estimate {
    fn sum<I: Iterator<Item = Self>>(estimates: I) -> Self {
        estimates.fold(Self::FREE, |sum, estimate| Self {
            amount: sum.amount.plus(estimate.amount),
            is_complete: sum.is_complete && estimate.is_complete,
        })
    }
}

impl EndpointInfo {
    /// Returns the most rows that the response to a task contains.
    pub fn max_rows(&self, task: TaskFields<'_>) -> u64 {
        self.cost_rules.max_rows.of(task)
    }

    /// Returns the cost of a task whose response has a number of rows, by a price.
    ///
    /// ```
    /// use dataforseo_models::backlinks::{BacklinksLive, BacklinksLiveTask};
    /// use dataforseo_models::{Amount, Endpoint, Price};
    ///
    /// let amount = |us_dollars| Amount::from_us_dollars(us_dollars).unwrap();
    /// let price = Price::new(amount(0.024), amount(0.000036));
    /// let task = BacklinksLiveTask::new("example.com").limit(1000);
    /// let cost = BacklinksLive::INFO.cost(&price, (&task).into(), 5);
    /// assert_eq!(cost.us_dollars(), 0.02418);
    /// ```
    pub fn cost(&self, price: &Price, task: TaskFields<'_>, rows: u64) -> Estimate {
        if !self.charged {
            return Estimate::FREE;
        }
        self.cost_rules.cost(price, task, rows)
    }

    /// Returns the maximum cost of a call with these tasks, by a price. A call to a free endpoint
    /// costs nothing; without a price, the cost is unknown.
    pub fn estimate<'a>(
        &self,
        price: Option<&Price>,
        tasks: impl IntoIterator<Item = TaskFields<'a>>,
    ) -> Estimate {
        let Some(price) = price.filter(|_| self.charged) else {
            return if self.charged {
                Estimate::UNKNOWN
            } else {
                Estimate::FREE
            };
        };
        let tasks = tasks.into_iter();
        tasks
            .map(|task| self.cost(price, task, self.max_rows(task)))
            .sum()
    }
}

/// Returns a price of amounts in billionths of a US dollar.
pub(crate) const fn in_nanos(per_task: u64, per_task_high: u64, per_row: u64) -> Price {
    Price::new(Amount::from_nanos(per_task), Amount::from_nanos(per_row))
        .high_priority(Amount::from_nanos(per_task_high))
}

/// Returns what a field adds to the cost of a task.
pub(crate) const fn field(
    field: &'static str,
    condition: CostCondition,
    effect: CostEffect,
) -> FieldCost {
    FieldCost {
        field,
        condition,
        effect,
    }
}
