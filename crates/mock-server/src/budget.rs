//! How much may be spent on the real API, and how much was.

use dataforseo_models::{EndpointInfo, api, estimate, requested_rows};
use serde_json::Value;

/// A sum that may be spent.
pub(crate) struct Budget {
    max: Option<f64>,
    spent: f64,
    /// The dearest task so far.
    dearest: f64,
    /// Whether there was a call that may have been charged, and nobody knows how much.
    unknown: bool,
}

impl Budget {
    /// # Errors
    /// When the sum is none.
    pub(crate) fn new(max: Option<f64>) -> Result<Self, f64> {
        match max {
            Some(max) if !(max.is_finite() && max >= 0.0) => Err(max),
            max => Ok(Self {
                max,
                spent: 0.0,
                dearest: 0.0,
                unknown: false,
            }),
        }
    }

    #[cfg(feature = "program")]
    pub(crate) fn spent(&self) -> f64 {
        self.spent
    }

    /// Whether a call may be made: not if it could go beyond the sum, by the known prices and by
    /// what tasks did cost so far.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn allows(&self, endpoint: &EndpointInfo, tasks: &Value) -> Result<(), String> {
        let Some(max) = self.max.filter(|_| endpoint.charged) else {
            return Ok(());
        };
        if self.unknown {
            return Err("an earlier call did not say what it cost".to_owned());
        }
        let section = endpoint.id.split('/').next().unwrap_or_default();
        let price = api::PRICES.iter().find(|price| price.section == section);
        let by_price = price.map_or(0.0, |price| {
            let tasks = tasks.as_array().map_or(&[][..], Vec::as_slice);
            let rows = requested_rows(tasks);
            estimate(endpoint, price.per_call, price.per_row, rows)
        });
        let count = tasks.as_array().map_or(1, Vec::len);
        let expected = by_price.max(self.dearest * count as f64);
        let spent = self.spent;
        // A hair of tolerance: sums of floats are not exact.
        if spent >= max || spent + expected > max + 1e-9 {
            return Err(format!(
                "{spent:.5} of {max} US dollars are spent, and it can cost {expected:.5}"
            ));
        }
        Ok(())
    }

    /// Counts a call: what it cost, if that is known.
    pub(crate) fn add(&mut self, endpoint: &EndpointInfo, tasks: &Value, cost: Option<f64>) {
        let count = tasks.as_array().map_or(1, Vec::len).max(1);
        match cost {
            Some(cost) => {
                self.spent += cost;
                self.dearest = self.dearest.max(cost / count as f64);
            }
            None => self.unknown |= endpoint.charged,
        }
    }
}
