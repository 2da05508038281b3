//! What was spent, what a call will cost, and what may not be gone beyond.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dataforseo_models::{EndpointInfo, Price, api, estimate};

use crate::charge::Charge;

/// What a client, or a job, has spent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Costs {
    /// In US dollars, by the API's own words.
    pub us_dollars: f64,
    /// How many calls were answered.
    pub calls: u64,
    /// How many calls may have been charged, and nobody knows.
    pub unknown_charges: u64,
}

/// What calls cost, for estimates. The answer itself says what it did cost.
///
/// ```
/// use dataforseo_client::Prices;
///
/// let prices = Prices::known().set("on_page", 0.00125, 0.0);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Prices(Vec<(String, f64, f64)>);

impl Prices {
    /// None: every estimate is 0.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those that this version knows, each with its date: [`api::PRICES`].
    ///
    /// [`api::PRICES`]: dataforseo_models::api::PRICES
    pub fn known() -> Self {
        let known = api::PRICES
            .iter()
            .map(|price: &Price| (price.section.to_owned(), price.per_call, price.per_row));
        Self(known.collect())
    }

    /// The price of a section, in US dollars for each call and for each row.
    pub fn set(mut self, section: impl Into<String>, per_call: f64, per_row: f64) -> Self {
        let section = section.into();
        self.0.retain(|(known, ..)| *known != section);
        self.0.push((section, per_call, per_row));
        self
    }

    /// What a call to an endpoint costs at most, in US dollars, when it brings so many rows. 0 for
    /// what is free, and for a section without a price.
    pub fn estimate(&self, endpoint: &EndpointInfo, rows: u64) -> f64 {
        let section = endpoint.id.split('/').next().unwrap_or_default();
        match self.0.iter().find(|(known, ..)| known == section) {
            Some((_, per_call, per_row)) => estimate(endpoint, *per_call, *per_row, rows),
            None => 0.0,
        }
    }
}

/// An account of money: of a client, and of a job within it.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    own: Arc<Account>,
    /// What else is counted: the client's, for a job.
    above: Option<Arc<Account>>,
}

#[derive(Debug, Default)]
struct Account {
    budget: Option<f64>,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    costs: Costs,
    /// Estimates of calls that are under way.
    reserved: f64,
}

/// A call does not fit: spent and reserved, estimate, budget.
pub(crate) type Refused = (f64, f64, f64);

/// What is put aside for a call that is under way.
pub(crate) struct Reserved {
    accounts: Vec<Arc<Account>>,
    estimate: f64,
}

impl Account {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve(&self, estimate: f64) -> Result<(), Refused> {
        let mut entries = self.entries();
        let spent = entries.costs.us_dollars + entries.reserved;
        // A hair of tolerance: sums of floats are not exact.
        if let Some(budget) = self.budget
            && spent + estimate > budget + 1e-9
        {
            return Err((spent, estimate, budget));
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
            above: None,
        }
    }

    /// One of a job, whose calls count for this one, too.
    pub(crate) fn child(&self, budget: Option<f64>) -> Self {
        let top = self.above.as_ref().unwrap_or(&self.own);
        Self {
            above: Some(Arc::clone(top)),
            ..Self::new(budget)
        }
    }

    pub(crate) fn costs(&self) -> Costs {
        self.own.entries().costs
    }

    /// Puts the estimate of a call aside, if it fits.
    pub(crate) fn reserve(&self, estimate: f64) -> Result<Reserved, Refused> {
        let mut reserved = Reserved {
            accounts: Vec::new(),
            estimate,
        };
        for account in std::iter::once(&self.own).chain(&self.above) {
            // What the first account put aside goes back when this is dropped.
            account.reserve(estimate)?;
            reserved.accounts.push(Arc::clone(account));
        }
        Ok(reserved)
    }
}

impl Reserved {
    /// Writes down what the call did cost.
    pub(crate) fn settle(self, answered: bool, charge: Charge) {
        for account in &self.accounts {
            let mut entries = account.entries();
            entries.costs.calls += u64::from(answered);
            match charge {
                Charge::None => {}
                Charge::Charged(cost) => entries.costs.us_dollars += cost,
                Charge::Unknown => entries.costs.unknown_charges += 1,
            }
        }
        // Whatever was put aside goes back with `self`.
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        for account in &self.accounts {
            let mut entries = account.entries();
            entries.reserved = (entries.reserved - self.estimate).max(0.0);
        }
    }
}
