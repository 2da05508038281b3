//! The rates of endpoints that have a limit of their own.

use std::sync::{PoisonError, RwLock};

use dataforseo_models::EndpointInfo;

use crate::account_rates::AccountRates;

/// The rates of endpoints: those of the account if they are known, otherwise those of the
/// specification.
#[derive(Default)]
pub(crate) struct EndpointRates(RwLock<AccountRates>);

/// The rate of all endpoints with one name in the rate card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndpointRate {
    /// The name in the rate card.
    pub(crate) function: &'static str,
    pub(crate) calls_per_minute: u32,
}

impl EndpointRates {
    /// Replaces the rates of the account.
    pub(crate) fn set(&self, rates: &AccountRates) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rates.clone();
    }

    /// Returns the rate of an endpoint. `None` if only the limit of the account applies.
    pub(crate) fn of(&self, endpoint: &'static EndpointInfo) -> Option<EndpointRate> {
        let rates = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(EndpointRate {
            function: endpoint.function,
            calls_per_minute: rates.calls_per_minute(endpoint)?,
        })
    }
}
