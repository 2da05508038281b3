//! The prices and rates of the client's own account, from `appendix/user_data`.

use std::collections::BTreeMap;

use dataforseo_models::{Amount, EndpointInfo, Price, Value};

/// The prices and rates of an account, by the names of functions in its rate card:
/// [`EndpointInfo::function`].
///
/// Prices and rates differ by account. Those of an account are in the response of
/// `appendix/user_data`, a free call; `Client::load_account_rates`, behind the feature `appendix`,
/// requests it and applies them to the client. What the response lacks, or has in another form than
/// documented, is not in this type: the values of the specification then apply, never 0.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct AccountRates {
    prices: BTreeMap<String, Price>,
    calls_per_minute: BTreeMap<String, u32>,
    /// The most calls of the account per minute, to all endpoints together. `None` if the response
    /// does not state it.
    pub total_calls_per_minute: Option<u32>,
    /// The names of functions whose price or rate has an undocumented form, and of whole parts of the
    /// response that are missing: `price`, `rates`.
    pub unread: Vec<String>,
}

impl AccountRates {
    /// Reads the prices and rates in a result of `appendix/user_data`.
    ///
    /// ```
    /// use dataforseo_client::AccountRates;
    /// use dataforseo_client::backlinks::SummaryLive;
    /// use dataforseo_client::models::Endpoint;
    ///
    /// let rates = AccountRates::from_user_data(&serde_json::json!({
    ///     "price": {"backlinks": {"summary": {"live": {"priority_normal": [
    ///         {"cost_type": "per_request", "cost": 0.018},
    ///         {"cost_type": "per_result", "cost": 0.000027}
    ///     ]}}}},
    ///     "rates": {"limits": {"minute": {"total": 2000, "serp": {"tasks_ready": 60}}}}
    /// }));
    /// let price = rates.price(SummaryLive::INFO).unwrap();
    /// assert_eq!(price.per_task.us_dollars(), 0.018);
    /// assert_eq!(rates.total_calls_per_minute, Some(2000));
    /// assert!(rates.unread.is_empty());
    /// ```
    pub fn from_user_data(result: &Value) -> Self {
        let mut rates = Self::default();
        match result.get("price") {
            Some(Value::Object(_)) => rates.read_prices(&result["price"], &mut Vec::new()),
            _ => rates.unread.push("price".to_owned()),
        }
        let minute = result.pointer("/rates/limits/minute");
        match minute {
            Some(minute @ Value::Object(_)) => {
                rates.read_rates(minute, &mut Vec::new());
                let total = rates.calls_per_minute.remove("total");
                rates.total_calls_per_minute = total;
            }
            _ => rates.unread.push("rates".to_owned()),
        }
        rates
    }

    /// Returns the account's price of an endpoint. `None` if the rate card has none for it.
    ///
    /// A card can have one price for several endpoints. Where one of them is known to cost something
    /// else, its price in the specification applies.
    pub fn price(&self, endpoint: &EndpointInfo) -> Option<Price> {
        let price = self.prices.get(endpoint.function).copied();
        price.filter(|_| endpoint.has_card_price)
    }

    /// Returns the most calls per minute to all endpoints with the same
    /// [`function`](EndpointInfo::function) together: the account's rate, otherwise that of the
    /// specification. `None` if only the limit of the account applies.
    pub fn calls_per_minute(&self, endpoint: &EndpointInfo) -> Option<u32> {
        let own = self.calls_per_minute.get(endpoint.function).copied();
        own.or(endpoint.calls_per_minute)
    }

    /// Returns the number of functions with a price that is not 0.
    pub fn priced_functions(&self) -> usize {
        self.prices.len()
    }

    /// Returns the number of functions with a limit of their own.
    pub fn limited_functions(&self) -> usize {
        self.calls_per_minute.len()
    }

    fn read_prices<'a>(&mut self, value: &'a Value, path: &mut Vec<&'a str>) {
        let Value::Object(map) = value else {
            return self.unread.push(path.join("/"));
        };
        if map.keys().any(|key| key.starts_with("priority_")) {
            match price_of(value) {
                // A price of 0 is not used: whether calls are free is a fact of the specification.
                Some(price) if price.is_free() => {}
                Some(price) => {
                    self.prices.insert(path.join("/"), price);
                }
                None => self.unread.push(path.join("/")),
            }
            return;
        }
        for (key, value) in map {
            path.push(key);
            self.read_prices(value, path);
            path.pop();
        }
    }

    fn read_rates<'a>(&mut self, value: &'a Value, path: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    path.push(key);
                    self.read_rates(value, path);
                    path.pop();
                }
            }
            value => match value.as_u64().map(u32::try_from) {
                // 0 means that the function has no rate of its own.
                Some(Ok(0)) => {}
                Some(Ok(rate)) => {
                    self.calls_per_minute.insert(path.join("/"), rate);
                }
                _ => self.unread.push(path.join("/")),
            },
        }
    }
}

/// Returns the price of a function. `None` if it has an undocumented form.
fn price_of(function: &Value) -> Option<Price> {
    let normal = function
        .get("priority_normal")
        .or_else(|| function.get("priority_low"))?;
    let (per_task, per_row) = costs(normal)?;
    let price = Price::new(per_task, per_row);
    match function.get("priority_high") {
        Some(high) => Some(price.high_priority(costs(high)?.0)),
        None => Some(price),
    }
}

/// Returns the price per request and the price per result.
fn costs(entries: &Value) -> Option<(Amount, Amount)> {
    let mut per_task = None;
    let mut per_row = None;
    for entry in entries.as_array()? {
        let slot = match entry.get("cost_type")?.as_str()? {
            "per_request" => &mut per_task,
            "per_result" => &mut per_row,
            _ => return None,
        };
        *slot = Some(Amount::from_us_dollars(entry.get("cost")?.as_f64()?)?);
    }
    if per_task.is_none() && per_row.is_none() {
        return None;
    }
    Some((per_task.unwrap_or_default(), per_row.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn amount(us_dollars: f64) -> Amount {
        Amount::from_us_dollars(us_dollars).unwrap()
    }

    #[test]
    fn a_rate_card_is_read_by_function() {
        let rates = AccountRates::from_user_data(&json!({
            "price": {
                "serp": {
                    "task_post": {
                        "priority_low": [{"cost_type": "per_request", "cost": 0.0006}],
                        "priority_normal": [{"cost_type": "per_request", "cost": 0.0006}],
                        "priority_high": [{"cost_type": "per_request", "cost": 0.0012}]
                    },
                    "live": {"advanced": {"priority_normal": [
                        {"cost_type": "per_result", "cost": 0.000036},
                        {"cost_type": "per_request", "cost": 0.002}
                    ]}},
                    "errors": {"priority_normal": [{"cost_type": "per_result", "cost": 0}]}
                }
            },
            "rates": {"limits": {"minute": {
                "total": 1500, "serp": {"tasks_ready": 60, "live": {"advanced": 0}}
            }}}
        }));
        assert_eq!(rates.unread, Vec::<String>::new());
        assert_eq!(rates.priced_functions(), 2);
        let post = rates.prices["serp/task_post"];
        assert_eq!(post.per_task, amount(0.0006));
        assert_eq!(post.per_task_high, amount(0.0012));
        let live = rates.prices["serp/live/advanced"];
        assert_eq!(live, Price::new(amount(0.002), amount(0.000036)));
        assert_eq!(rates.total_calls_per_minute, Some(1500));
        assert_eq!(
            rates.calls_per_minute,
            BTreeMap::from([("serp/tasks_ready".to_owned(), 60)])
        );
    }

    #[test]
    fn an_undocumented_form_is_left_to_the_specification() {
        let price = |entry: Value| json!({"price": {"a": {"priority_normal": entry}}, "rates": 5});
        for entry in [
            json!([]),
            json!({}),
            json!([{"cost_type": "per_month", "cost": 1}]),
            json!([{"cost_type": "per_request", "cost": -1}]),
            json!([{"cost_type": "per_request", "cost": "cheap"}]),
            json!([{"cost_type": "per_request"}]),
        ] {
            let rates = AccountRates::from_user_data(&price(entry.clone()));
            assert_eq!(rates.unread, ["a", "rates"], "{entry}");
            assert_eq!(rates.priced_functions(), 0);
        }
        for result in [json!(null), json!([]), json!({"price": null})] {
            assert_eq!(
                AccountRates::from_user_data(&result).unread,
                ["price", "rates"]
            );
        }
        let rates = AccountRates::from_user_data(&json!({
            "price": {"a": {"b": 1}}, "rates": {"limits": {"minute": {"a": "many", "b": -1}}}
        }));
        assert_eq!(rates.unread, ["a/b", "a", "b"]);
    }
}
