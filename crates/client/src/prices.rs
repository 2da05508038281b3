//! Prices, from which calls are estimated.

use dataforseo_models::{Amount, EndpointInfo, Estimate, Price, TaskFields};

use crate::account_rates::AccountRates;

/// The prices from which a client estimates the cost of a call.
///
/// The client compares the estimate with its budget before it sends the call. The actual cost is in
/// the response: [`Response::cost`](crate::Response::cost).
///
/// The price of an endpoint is the first of these that is known:
///
/// 1. a price from [`set`](Self::set),
/// 2. that of the account, if its rates were loaded: [`AccountRates`],
/// 3. that of the specification: [`EndpointInfo::price`].
///
/// ```
/// use dataforseo_client::Prices;
///
/// // US dollars per task and per row
/// let prices = Prices::known().set("on_page/instant_pages", 0.0, 0.0001);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Prices {
    own: Vec<OwnPrice>,
    account: AccountRates,
    uses_known: bool,
}

/// A price that the program sets.
#[derive(Debug, Clone)]
struct OwnPrice {
    name: String,
    price: Price,
}

impl Prices {
    /// Returns an empty list of prices. Every estimate is then 0, so a budget stops calls only after
    /// the actual costs exceed it.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns the prices that this version of the crate contains, per endpoint:
    /// [`EndpointInfo::price`]. They are those of one account on
    /// [`api::PRICES_SINCE`](dataforseo_models::api::PRICES_SINCE).
    pub fn known() -> Self {
        Self {
            uses_known: true,
            ..Self::default()
        }
    }

    /// Sets the price of a section, such as `backlinks`, or of an endpoint, such as
    /// `backlinks/summary/live`, in US dollars per task and per row. An endpoint takes precedence over
    /// its section. An amount that is negative, NaN or above a million counts as a million, so that a
    /// budget refuses the call.
    pub fn set(mut self, name: impl Into<String>, per_task: f64, per_row: f64) -> Self {
        let name = name.into();
        let most = Amount::from_nanos(1_000_000_000_000_000);
        let amount = |us_dollars| Amount::from_us_dollars(us_dollars).unwrap_or(most);
        let price = Price::new(amount(per_task), amount(per_row));
        self.own.retain(|own| own.name != name);
        self.own.push(OwnPrice { name, price });
        self
    }

    /// Sets the prices of the account. They take precedence over those of the specification.
    pub fn account(mut self, rates: &AccountRates) -> Self {
        self.account = rates.clone();
        self
    }

    /// Returns the price of an endpoint. `None` if it is unknown, or if calls are free.
    pub fn price(&self, endpoint: &EndpointInfo) -> Option<Price> {
        if !endpoint.charged {
            return None;
        }
        let section = endpoint.id.split('/').next().unwrap_or_default();
        let named = |name: &str| {
            let own = self.own.iter().find(|own| own.name == name);
            own.map(|own| own.price)
        };
        named(endpoint.id)
            .or_else(|| named(section))
            .or_else(|| self.account.price(endpoint))
            .or(endpoint.price.filter(|_| self.uses_known))
    }

    /// Returns the maximum cost of a call with these tasks. A call to a free endpoint costs nothing.
    pub fn estimate<'a>(
        &self,
        endpoint: &EndpointInfo,
        tasks: impl IntoIterator<Item = TaskFields<'a>>,
    ) -> Estimate {
        endpoint.estimate(self.price(endpoint).as_ref(), tasks)
    }
}
