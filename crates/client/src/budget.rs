//! Counting costs and enforcing budgets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dataforseo_http::fits_budget;

use crate::charge::{Charge, Dispatch};

/// The number of calls and their costs so far. [`Client::costs`](crate::Client::costs) returns it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Costs {
    /// The sum of the costs that responses contained, in US dollars.
    pub us_dollars: f64,
    /// The number of attempts that received a response or its beginning. A retry is another attempt.
    pub calls: u64,
    /// The number of attempts of which it is unknown whether they were charged, or how much. `us_dollars`
    /// includes only the part that is known.
    pub unknown_charges: u64,
    /// The sum of the estimates of the attempts with an unknown charge, in US dollars, without the part
    /// that is known. It is 0 for endpoints without a price: see [`Prices`](crate::Prices).
    pub possible_us_dollars: f64,
}

impl Costs {
    /// Returns the amount that counts against a budget, in US dollars: what was charged and what may
    /// have been charged.
    pub fn max_us_dollars(&self) -> f64 {
        self.us_dollars + self.possible_us_dollars
    }
}

/// The costs and the budget of a client, and those of the client that it was cloned from.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    own: Arc<Account>,
    /// The clients that this one was derived from, the nearest first. Its calls count for each.
    ancestors: Vec<Arc<Account>>,
}

#[derive(Debug, Default)]
struct Account {
    budget: Option<f64>,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    costs: Costs,
    /// The sum of the estimates of calls in flight.
    reserved: f64,
}

/// The amounts that made a call exceed a budget, in US dollars.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exceeded {
    /// Spent, possibly spent and reserved.
    pub(crate) spent: f64,
    pub(crate) estimate: f64,
    pub(crate) budget: f64,
}

/// The estimate of a call in flight. It is released on drop.
pub(crate) struct Reservation {
    accounts: Vec<Arc<Account>>,
    estimate: f64,
}

impl Account {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve(&self, estimate: f64) -> Result<(), Exceeded> {
        let mut entries = self.entries();
        let spent = entries.costs.max_us_dollars() + entries.reserved;
        if let Some(budget) = self.budget
            && !fits_budget(spent, estimate, budget)
        {
            return Err(Exceeded {
                spent,
                estimate,
                budget,
            });
        }
        entries.reserved += estimate;
        Ok(())
    }
}

impl Ledger {
    pub(crate) fn new(budget: Option<f64>) -> Self {
        Self {
            own: Arc::new(Account {
                budget,
                ..Account::default()
            }),
            ancestors: Vec::new(),
        }
    }

    /// Returns a ledger whose costs count for this one, too.
    pub(crate) fn child(&self, budget: Option<f64>) -> Self {
        Self {
            ancestors: self.accounts().cloned().collect(),
            ..Self::new(budget)
        }
    }

    /// Returns the accounts that a call counts for.
    fn accounts(&self) -> impl Iterator<Item = &Arc<Account>> {
        std::iter::once(&self.own).chain(&self.ancestors)
    }

    pub(crate) fn costs(&self) -> Costs {
        self.own.entries().costs
    }

    /// Reserves the estimate of a call if it fits into every budget.
    pub(crate) fn reserve(&self, estimate: f64) -> Result<Reservation, Exceeded> {
        let estimate = finite(estimate);
        let mut reservation = Reservation {
            accounts: Vec::new(),
            estimate,
        };
        for account in self.accounts() {
            // On an error, dropping `reservation` releases what the accounts before reserved.
            account.reserve(estimate)?;
            reservation.accounts.push(Arc::clone(account));
        }
        Ok(reservation)
    }
}

impl Reservation {
    /// Records the outcome of the call and releases the estimate. At least `least` US dollars were
    /// charged if the charge is unknown.
    pub(crate) fn settle(self, dispatch: Dispatch, charge: Charge, least: f64) {
        let least = finite(least);
        for account in &self.accounts {
            let mut entries = account.entries();
            entries.costs.calls += u64::from(dispatch == Dispatch::Sent);
            match charge {
                Charge::None => {}
                Charge::Charged(cost) => entries.costs.us_dollars += finite(cost),
                // The estimate is kept, as the call may have cost that much.
                Charge::Unknown => {
                    entries.costs.unknown_charges += 1;
                    entries.costs.us_dollars += least;
                    entries.costs.possible_us_dollars += (self.estimate - least).max(0.0);
                }
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        for account in &self.accounts {
            let mut entries = account.entries();
            entries.reserved = (entries.reserved - self.estimate).max(0.0);
        }
    }
}

/// The largest amount that is added to a sum, in US dollars. Larger ones would swallow small ones, and
/// infinity would make sums NaN.
const MAX_AMOUNT: f64 = 1e9;

/// Returns an amount that can be added to a sum and subtracted again. NaN counts as the maximum, so
/// that a budget refuses it.
fn finite(us_dollars: f64) -> f64 {
    if us_dollars.is_nan() {
        MAX_AMOUNT
    } else {
        us_dollars.clamp(0.0, MAX_AMOUNT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_charge_counts_as_its_estimate() {
        let client = Ledger::new(None);
        let job = client.child(Some(1.0));
        let charges = [Charge::Unknown, Charge::None, Charge::Charged(0.3)];
        for charge in charges {
            let reservation = job.reserve(0.5).ok().unwrap();
            reservation.settle(Dispatch::Unknown, charge, 0.0);
        }
        for ledger in [&client, &job] {
            let costs = ledger.costs();
            assert_eq!((costs.us_dollars, costs.possible_us_dollars), (0.3, 0.5));
            assert_eq!((costs.unknown_charges, costs.max_us_dollars()), (1, 0.8));
        }
        let exceeded = job.reserve(0.5).err().unwrap();
        assert_eq!((exceeded.spent, exceeded.budget), (0.8, 1.0));
        assert!(job.reserve(0.2).is_ok());
        assert!(client.reserve(0.5).is_ok());
        // A part of the charge is known.
        for least in [0.25, 0.75] {
            let reservation = client.reserve(0.5).ok().unwrap();
            reservation.settle(Dispatch::Sent, Charge::Unknown, least);
        }
        let costs = client.costs();
        assert_eq!((costs.us_dollars, costs.possible_us_dollars), (1.3, 0.75));
    }

    #[test]
    fn no_amount_makes_a_sum_unusable() {
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1.0] {
            let ledger = Ledger::new(None);
            let kept = ledger.reserve(0.25).ok().unwrap();
            for charge in [Charge::Unknown, Charge::Charged(odd), Charge::None] {
                let reservation = ledger.reserve(odd).ok().unwrap();
                reservation.settle(Dispatch::Sent, charge, 0.0);
            }
            let reserved = ledger.own.entries().reserved;
            assert!((reserved - 0.25).abs() < 1e-6, "{odd}: {reserved}");
            drop(kept);
            let costs = ledger.costs();
            let sum = costs.max_us_dollars();
            assert!(sum.is_finite() && costs.us_dollars >= 0.0, "{odd}: {sum}");
            let budget = ledger.child(Some(1.0));
            assert_eq!(budget.reserve(odd).is_ok(), odd < 0.0, "{odd}");
        }
    }

    #[test]
    fn a_call_must_fit_into_the_budget_of_every_ancestor() {
        let client = Ledger::new(Some(10.0));
        let job = client.child(Some(1.0));
        let part = job.child(Some(5.0));
        assert!(
            part.reserve(2.0)
                .is_err_and(|exceeded| exceeded.budget == 1.0)
        );
        let reservation = part.reserve(0.75).ok();
        assert!(job.reserve(0.5).is_err());
        drop(reservation);
        assert!(job.reserve(0.5).is_ok());
        if let Ok(reservation) = part.reserve(0.75) {
            reservation.settle(Dispatch::Sent, Charge::Charged(0.75), 0.0);
        }
        for ledger in [&client, &job, &part] {
            assert_eq!(ledger.costs().us_dollars, 0.75);
        }
    }
}
