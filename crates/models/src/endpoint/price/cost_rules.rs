//! How the fields of a task change its cost.

use super::task_fields::FieldValue;
use super::{Amount, Estimate, Price, TaskFields};

/// The documented rules by which the fields of a task change its cost.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CostRules {
    /// The most rows in the response to a task.
    pub max_rows: MaxRows,
    /// The part of the price that each results page after the first costs, in thousandths.
    pub further_pages: u32,
    /// The fields that change the cost.
    pub fields: &'static [FieldCost],
    /// Costs that are known only afterwards. An estimate does not contain them.
    pub plus: Option<&'static str>,
}

/// The number of rows of an endpoint that has neither a limit nor a list of targets: the documented
/// default of `limit`.
const DEFAULT_ROWS: u64 = 100;

impl CostRules {
    /// The rules of an endpoint whose cost no field changes.
    pub const NONE: Self = Self {
        max_rows: MaxRows::Rows(DEFAULT_ROWS),
        further_pages: 1000,
        fields: &[],
        plus: None,
    };
}

/// The most rows in the response to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaxRows {
    /// A number of rows.
    Rows(u64),
    /// The number in a field.
    Limit {
        /// The name of the field.
        field: &'static str,
        /// The number of rows of a task without the field.
        default: u64,
    },
    /// One row per element of a list.
    PerElement(&'static str),
}

impl MaxRows {
    pub(super) fn of(self, task: TaskFields<'_>) -> u64 {
        let number = |field| task.get(field).and_then(|value| value.number());
        match self {
            Self::Rows(rows) => rows,
            Self::Limit { field, default } => number(field).unwrap_or(default),
            Self::PerElement(field) => number(field).unwrap_or(DEFAULT_ROWS),
        }
    }
}

/// What a field of a task adds to its cost.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FieldCost {
    /// The name of the field.
    pub field: &'static str,
    /// When it applies.
    pub condition: CostCondition,
    /// What it changes.
    pub effect: CostEffect,
}

/// When a field changes the cost of a task. A field that is not set or `false` never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CostCondition {
    /// With any value.
    Set,
    /// With one of these texts.
    Values(&'static [&'static str]),
    /// With another text than these.
    Unless(&'static [&'static str]),
    /// With a text that contains one of these.
    Contains(&'static [&'static str]),
}

/// What a field changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CostEffect {
    /// The price applies to each results page that begins. A page has this number of results. Of
    /// several such fields, the one with the fewest pages counts.
    Page(u64),
    /// The price applies this number of times more.
    Adds(u64),
    /// The whole cost is multiplied.
    Times(u64),
    /// Each unit of the field's number costs this amount.
    Each(Amount),
    /// The field costs extra, and the documentation does not state how much.
    Unknown,
}

impl CostCondition {
    fn holds(self, value: &FieldValue<'_>) -> bool {
        match (self, value) {
            (_, FieldValue::False) => false,
            (Self::Set, _) => true,
            (Self::Values(values), FieldValue::Text(text)) => values.contains(&text.as_ref()),
            (Self::Unless(values), FieldValue::Text(text)) => !values.contains(&text.as_ref()),
            (Self::Contains(parts), FieldValue::Text(text)) => {
                let text = text.to_lowercase();
                parts.iter().any(|part| text.contains(part))
            }
            _ => false,
        }
    }
}

/// What the fields of one task add up to.
struct Factors {
    /// The results pages. `None` if no field sets them.
    pages: Option<u64>,
    adds: u64,
    times: u64,
    flat: Amount,
    is_complete: bool,
}

impl Factors {
    fn add(&mut self, effect: CostEffect, value: &FieldValue<'_>) {
        let number = value.number();
        match effect {
            CostEffect::Page(size) => {
                let pages = number.map_or(1, |number| number.div_ceil(size).max(1));
                self.pages = Some(self.pages.map_or(pages, |fewest| fewest.min(pages)));
            }
            CostEffect::Adds(times) => self.adds = self.adds.saturating_add(times),
            CostEffect::Times(factor) => self.times = self.times.saturating_mul(factor),
            CostEffect::Each(amount) => {
                self.flat = self.flat.plus(amount.times(number.unwrap_or(1)));
            }
            CostEffect::Unknown => self.is_complete = false,
        }
    }
}

impl CostRules {
    pub(super) fn cost(&self, price: &Price, task: TaskFields<'_>, rows: u64) -> Estimate {
        let mut factors = Factors {
            pages: None,
            adds: 0,
            times: 1,
            flat: Amount::ZERO,
            is_complete: self.plus.is_none(),
        };
        for rule in self.fields {
            if let Some(value) = task.get(rule.field).filter(|it| rule.condition.holds(it)) {
                factors.add(rule.effect, &value);
            }
        }
        let is_high = task.get("priority").and_then(|value| value.number()) == Some(2);
        let per_task = if is_high {
            price.per_task_high
        } else {
            price.per_task
        };
        let unit = per_task.plus(price.per_row.times(rows));
        let further = factors.pages.unwrap_or(1) - 1;
        let amount = unit
            .times(1 + factors.adds)
            .plus(unit.per_mille(self.further_pages).times(further))
            .times(factors.times)
            .plus(factors.flat);
        Estimate {
            amount,
            is_complete: factors.is_complete,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const RULES: CostRules = CostRules {
        further_pages: 750,
        fields: &[
            FieldCost {
                field: "depth",
                condition: CostCondition::Set,
                effect: CostEffect::Page(10),
            },
            FieldCost {
                field: "pages",
                condition: CostCondition::Set,
                effect: CostEffect::Page(1),
            },
            FieldCost {
                field: "rectangles",
                condition: CostCondition::Set,
                effect: CostEffect::Adds(1),
            },
            FieldCost {
                field: "keyword",
                condition: CostCondition::Contains(&["site:", "intitle:"]),
                effect: CostEffect::Times(5),
            },
            FieldCost {
                field: "window",
                condition: CostCondition::Unless(&["1D"]),
                effect: CostEffect::Times(2),
            },
            FieldCost {
                field: "news",
                condition: CostCondition::Values(&["local"]),
                effect: CostEffect::Times(2),
            },
            FieldCost {
                field: "clicks",
                condition: CostCondition::Set,
                effect: CostEffect::Each(Amount::from_nanos(150_000)),
            },
            FieldCost {
                field: "rendering",
                condition: CostCondition::Set,
                effect: CostEffect::Unknown,
            },
        ],
        ..CostRules::NONE
    };

    fn cost(task: Value) -> Estimate {
        let price = Price::new(Amount::from_nanos(600_000), Amount::ZERO)
            .high_priority(Amount::from_nanos(1_200_000));
        RULES.cost(&price, (&task).into(), 0)
    }

    #[test]
    fn fields_change_the_cost() {
        for (task, text) in [
            (json!({}), "0.0006"),
            (json!({"priority": 1}), "0.0006"),
            (json!({"priority": 2}), "0.0012"),
            (json!({"priority": "2"}), "0.0012"),
            // The first page costs the price, each further one three quarters.
            (json!({"depth": 10}), "0.0006"),
            (json!({"depth": 11}), "0.00105"),
            (json!({"depth": 100}), "0.00465"),
            (json!({"depth": 100, "priority": 2}), "0.0093"),
            (json!({"depth": 15, "pages": 1}), "0.0006"),
            (json!({"pages": 10}), "0.00465"),
            (json!({"rectangles": true}), "0.0012"),
            (json!({"rectangles": false}), "0.0006"),
            (json!({"rectangles": null}), "0.0006"),
            (json!({"keyword": "SITE:example.com cats"}), "0.003"),
            (json!({"keyword": "cats"}), "0.0006"),
            (json!({"window": "1D", "news": "world"}), "0.0006"),
            (json!({"window": "5D", "news": "local"}), "0.0024"),
            (json!({"clicks": 4}), "0.0012"),
            (
                json!({"keyword": "site:a.com", "depth": 20, "clicks": 1}),
                "0.0054",
            ),
        ] {
            let cost = cost(task.clone());
            assert_eq!(cost.amount.to_string(), text, "{task}");
            assert!(cost.is_complete);
        }
    }

    #[test]
    fn an_option_of_unknown_price_makes_a_cost_incomplete() {
        assert!(!cost(json!({"rendering": true})).is_complete);
        assert!(cost(json!({"rendering": false})).is_complete);
    }

    #[test]
    fn rows_follow_the_task() {
        let limit = MaxRows::Limit {
            field: "limit",
            default: 700,
        };
        for (rule, task, rows) in [
            (limit, json!({}), 700),
            (limit, json!({"limit": 5}), 5),
            (limit, json!({"limit": "5"}), 5),
            (
                MaxRows::PerElement("targets"),
                json!({"targets": ["a", "b"]}),
                2,
            ),
            (
                MaxRows::PerElement("targets"),
                json!({"targets": {"1": "a"}}),
                1,
            ),
            (MaxRows::PerElement("targets"), json!({}), 100),
            (MaxRows::Rows(1), json!({"limit": 5}), 1),
        ] {
            assert_eq!(rule.of((&task).into()), rows, "{rule:?} {task}");
        }
    }
}
