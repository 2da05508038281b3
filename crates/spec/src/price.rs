//! Prices: what a call costs, and which fields of a task raise its cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The keys of a price, in the order in which they are written.
pub const PRICE_KEYS: [&str; 8] = [
    "per_task",
    "per_task_high",
    "per_row",
    "max_rows",
    "further_pages",
    "plus",
    "evidence",
    "since",
];

/// Prices of an endpoint in US dollars, for estimates. A response contains the actual cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Price per task.
    #[serde(default)]
    pub per_task: Option<f64>,
    /// Price per task with `priority: 2`. Defaults to `per_task`.
    #[serde(default)]
    pub per_task_high: Option<f64>,
    /// Price per row of a response.
    #[serde(default)]
    pub per_row: Option<f64>,
    /// Maximum number of rows in a task's response: a number, or the field of the task that limits
    /// them. Defaults to `limit` or the list that a task requires, and to 100 rows without either.
    #[serde(default)]
    pub max_rows: Option<MaxRows>,
    /// Part of the price that each results page after the first costs: `0.75`. Defaults to 1.
    #[serde(default)]
    pub further_pages: Option<f64>,
    /// Costs that are known only afterwards, in our own words. They are not in an estimate.
    #[serde(default)]
    pub plus: Option<String>,
    /// Origin of the prices, if they are not from the rate card. `cargo xtask prices` keeps them.
    #[serde(default)]
    pub evidence: Option<String>,
    /// First day on which prices with `evidence` are known to apply, `yyyy-mm-dd`.
    #[serde(default)]
    pub since: Option<String>,
}

impl Price {
    /// Returns the amounts that are set, with their keys.
    pub fn amounts(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let all = [
            ("per_task", self.per_task),
            ("per_task_high", self.per_task_high),
            ("per_row", self.per_row),
        ];
        all.into_iter()
            .filter_map(|(key, amount)| Some((key, amount?)))
    }
}

/// The maximum number of rows in the response to a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum MaxRows {
    /// A number of rows.
    Rows(u32),
    /// Field of the task: a number, or a list with one row per element.
    Field(String),
}

/// What a field of a task adds to the cost. Applies where the field is set and not `false`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldCost {
    /// Number of results per results page. Each page that begins is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// How many more times the price is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adds: Option<u32>,
    /// Factor of the whole cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// US dollars for each unit of the field's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<f64>,
    /// `true` where the field costs extra and no source states how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<bool>,
    /// Values that cost extra. Defaults to all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Values that cost nothing extra.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
    /// Parts of a text of which one must occur.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<String>,
}

/// The origin of the prices of all endpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateCard {
    /// Day of the rate card, `yyyy-mm-dd`.
    pub since: String,
    /// Origin of the prices.
    pub evidence: String,
}

/// The number of billionths in a US dollar.
const NANOS: f64 = 1e9;
/// The largest price, in US dollars.
const MAX_PRICE: f64 = 1e6;

/// Returns an amount of US dollars in billionths. `None` if the amount is negative, has more than
/// nine decimals, or is above a million.
pub fn nanos(us_dollars: f64) -> Option<u64> {
    let nanos = (us_dollars * NANOS).round();
    let is_exact = (nanos / NANOS - us_dollars).abs() <= f64::EPSILON * us_dollars.abs();
    let is_possible = us_dollars.is_finite() && (0.0..=MAX_PRICE).contains(&us_dollars);
    // Between 0 and 10^15, where each whole number is a float.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (is_possible && is_exact).then_some(nanos as u64)
}

/// Returns an amount in billionths of a US dollar as a decimal number: `0.000036`.
pub fn decimal(nanos: u64) -> String {
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    if rest == 0 {
        return whole.to_string();
    }
    let rest = format!("{rest:09}");
    format!("{whole}.{}", rest.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::{decimal, nanos};

    #[test]
    fn an_amount_is_exact_to_the_billionth() {
        for text in ["0", "0.000036", "0.024", "0.0000285", "1", "0.000000001"] {
            let amount: f64 = text.parse().unwrap();
            assert_eq!(decimal(nanos(amount).unwrap()), text);
        }
        for amount in [-0.1, f64::NAN, f64::INFINITY, 1e7, 0.000_000_000_1] {
            assert_eq!(nanos(amount), None, "{amount}");
        }
    }
}
