//! The budget of a recording: the costs so far and the maximum.

use dataforseo_http::{fits_budget, is_valid_budget};
use dataforseo_models::{EndpointInfo, TaskFields};
use serde_json::Value;

/// A budget in US dollars.
pub(crate) struct Budget {
    max: Option<f64>,
    spent: f64,
    /// The highest cost per task so far.
    max_task_cost: f64,
    /// Whether the cost of a call is unknown, although it may have been charged.
    has_unknown_cost: bool,
}

impl Budget {
    /// Returns a budget with this maximum, or an unlimited one.
    ///
    /// # Errors
    /// When the maximum is negative or not finite. The error is the number.
    pub(crate) fn new(max: Option<f64>) -> Result<Self, f64> {
        match max {
            Some(max) if !(max.is_finite() && is_valid_budget(max)) => Err(max),
            max => Ok(Self {
                max,
                spent: 0.0,
                max_task_cost: 0.0,
                has_unknown_cost: false,
            }),
        }
    }

    #[cfg(feature = "program")]
    pub(crate) fn spent(&self) -> f64 {
        self.spent
    }

    /// Checks that a call stays within the budget, by the known prices and by the costs so far.
    ///
    /// # Errors
    /// When the call may exceed the budget. The error is the reason.
    pub(crate) fn check(&self, endpoint: &EndpointInfo, tasks: &Value) -> Result<(), String> {
        let Some(max) = self.max.filter(|_| endpoint.charged) else {
            return Ok(());
        };
        if self.has_unknown_cost {
            return Err("the cost of an earlier call is unknown".to_owned());
        }
        let list = tasks.as_array().map_or(&[][..], Vec::as_slice);
        let estimate =
            endpoint.estimate(endpoint.price.as_ref(), list.iter().map(TaskFields::from));
        let by_price = estimate.us_dollars();
        let count = tasks.as_array().map_or(1, Vec::len);
        let expected = by_price.max(self.max_task_cost * count as f64);
        let spent = self.spent;
        if spent >= max || !fits_budget(spent, expected, max) {
            return Err(format!(
                "it can cost {expected:.5} US dollars, and {spent:.5} of {max} are spent"
            ));
        }
        Ok(())
    }

    /// Adds the cost of a call, if it is known.
    pub(crate) fn add(&mut self, endpoint: &EndpointInfo, tasks: &Value, cost: Option<f64>) {
        let count = tasks.as_array().map_or(1, Vec::len).max(1);
        match cost {
            Some(cost) => {
                self.spent += cost;
                self.max_task_cost = self.max_task_cost.max(cost / count as f64);
            }
            None => self.has_unknown_cost |= endpoint.charged,
        }
    }
}
