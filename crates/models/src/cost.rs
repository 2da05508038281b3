//! The cost of a response, which states it in two places: in the envelope, and in each task.

use crate::drift::{Drift, DriftKind};
use crate::envelope::{Envelope, RawTask, TaskResponse};

/// The largest cost of one response that is taken at its word, in US dollars. A sum stays exact to
/// the cent with it.
const MAX_COST: f64 = 1_000_000.0;

/// The largest difference between two sums of the same costs, in US dollars, as sums of floats are
/// not exact.
const TOLERANCE: f64 = 1e-6;

/// The cost of a response. [`Envelope::total_cost`] returns it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TotalCost {
    /// The cost in US dollars: neither negative nor NaN. `None` if the response states none.
    pub us_dollars: Option<f64>,
    /// Whether the whole cost is stated: in the envelope, or in each task. If not, the response may cost
    /// more than `us_dollars`.
    pub is_complete: bool,
    /// The costs that contradict each other, or that no call can have. Pointers start in the
    /// response: `/cost`, or `/tasks/0/cost`.
    pub drift: Vec<Drift>,
}

/// A task of a response that states its cost.
pub trait TaskCost {
    /// Returns the cost that the response states for the task, in US dollars, unchanged.
    fn stated_cost(&self) -> Option<f64>;
}

impl TaskCost for RawTask<'_> {
    fn stated_cost(&self) -> Option<f64> {
        self.cost
    }
}

impl<R> TaskCost for TaskResponse<R> {
    fn stated_cost(&self) -> Option<f64> {
        self.cost
    }
}

impl<T: TaskCost> Envelope<T> {
    /// Returns the cost of the response: the higher one of that of the envelope and the sum of those of
    /// its tasks.
    ///
    /// The two can differ: a task that failed can have a cost while the envelope states 0. A negative
    /// cost counts as 0.
    ///
    /// ```
    /// # fn main() -> Result<(), serde_json::Error> {
    /// use dataforseo_models::RawEnvelope;
    ///
    /// let body = r#"{"status_code": 20000, "cost": 0, "tasks": [
    ///     {"status_code": 40403, "cost": 0.004}, {"status_code": 40403, "cost": 0.004}
    /// ]}"#;
    /// let cost = RawEnvelope::parse(body.as_bytes())?.total_cost();
    /// assert_eq!(cost.us_dollars, Some(0.008));
    /// assert_eq!(cost.drift[0].pointer, "/cost");
    /// # Ok(())
    /// # }
    /// ```
    pub fn total_cost(&self) -> TotalCost {
        let mut drift = Vec::new();
        let envelope = self.cost.map(|cost| plausible(cost, "/cost", &mut drift));
        let mut tasks = None;
        let all_tasks = self.tasks.iter().all(|task| task.stated_cost().is_some());
        for (index, task) in self.tasks.iter().enumerate() {
            if let Some(cost) = task.stated_cost() {
                let pointer = format!("/tasks/{index}/cost");
                *tasks.get_or_insert(0.0) += plausible(cost, &pointer, &mut drift);
            }
        }
        let us_dollars = match (envelope, tasks) {
            (Some(envelope), Some(tasks)) => {
                if (envelope - tasks).abs() > TOLERANCE {
                    drift.push(Drift {
                        pointer: "/cost".to_owned(),
                        kind: DriftKind::Contradictory,
                        found: format!("{envelope} in the envelope, {tasks} in its tasks"),
                    });
                }
                Some(f64::max(envelope, tasks))
            }
            (envelope, tasks) => envelope.or(tasks),
        };
        TotalCost {
            us_dollars,
            is_complete: envelope.is_some() || (tasks.is_some() && all_tasks),
            drift,
        }
    }
}

/// Returns a cost within the limits of what a call can cost.
fn plausible(cost: f64, pointer: &str, drift: &mut Vec<Drift>) -> f64 {
    let plausible = cost.clamp(0.0, MAX_COST);
    if plausible != cost {
        drift.push(Drift {
            pointer: pointer.to_owned(),
            kind: DriftKind::OutOfRange,
            found: cost.to_string(),
        });
    }
    plausible
}

#[cfg(test)]
mod tests {
    use super::{DriftKind, TotalCost};
    use crate::envelope::{Envelope, RawEnvelope, TaskResponse};

    fn total(envelope: &str, tasks: &[&str]) -> TotalCost {
        let tasks = tasks.iter().map(|cost| format!(r#"{{"cost": {cost}}}"#));
        let tasks = tasks.collect::<Vec<_>>().join(",");
        let body = format!(r#"{{"status_code": 20000, "cost": {envelope}, "tasks": [{tasks}]}}"#);
        let typed = Envelope::<TaskResponse<i64>>::parse(&body).unwrap();
        let raw = RawEnvelope::parse(body.as_bytes()).unwrap();
        assert_eq!(typed.total_cost(), raw.total_cost(), "{body}");
        raw.total_cost()
    }

    /// The cost of the envelope, those of its tasks, the total, and the deviations.
    type Case<'a> = (&'a str, &'a [&'a str], Option<f64>, &'a [DriftKind]);

    #[test]
    fn the_costs_of_all_tasks_are_a_complete_cost() {
        let complete = total("null", &["0.01", "0.01"]);
        assert!(complete.is_complete);
        assert_eq!(complete.us_dollars, Some(0.02));
        assert!(!total("null", &[]).is_complete);
    }

    #[test]
    fn the_higher_cost_counts() {
        use DriftKind::{Contradictory, OutOfRange};
        let cases: [Case<'_>; 12] = [
            ("0.02", &["0.02"], Some(0.02), &[]),
            ("0.03", &["0.01", "0.02"], Some(0.03), &[]),
            ("0.05", &["0"], Some(0.05), &[Contradictory]),
            ("0", &["0.004"], Some(0.004), &[Contradictory]),
            ("0.02", &["0.02", "0.02"], Some(0.04), &[Contradictory]),
            ("null", &["0.01", "null", "0.01"], Some(0.02), &[]),
            ("0.02", &["null"], Some(0.02), &[]),
            ("null", &["null"], None, &[]),
            ("\"0.0054\"", &["\"0.0054\""], Some(0.0054), &[]),
            ("-1", &["-1"], Some(0.0), &[OutOfRange, OutOfRange]),
            ("-5", &["0.02"], Some(0.02), &[OutOfRange, Contradictory]),
            (
                "1e300",
                &["1e308", "1e308"],
                Some(2e6),
                &[OutOfRange, OutOfRange, OutOfRange, Contradictory],
            ),
        ];
        for (envelope, tasks, us_dollars, kinds) in cases {
            let total = total(envelope, tasks);
            assert_eq!(total.us_dollars, us_dollars, "{envelope} {tasks:?}");
            let is_complete = envelope != "null";
            assert_eq!(total.is_complete, is_complete, "{envelope} {tasks:?}");
            let found: Vec<DriftKind> = total.drift.iter().map(|it| it.kind).collect();
            assert_eq!(found, kinds, "{envelope} {tasks:?}");
        }
    }
}
