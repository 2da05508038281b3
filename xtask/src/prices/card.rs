//! The rate card of an account: prices and rates by function.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use dataforseo_spec::price::nanos;
use serde_json::Value;

/// The prices and rates of an account, by the names of functions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// The prices in billionths of a US dollar. All are 0 for a free function.
    pub prices: BTreeMap<String, CardPrice>,
    /// The calls per minute of functions with a limit of their own.
    pub calls_per_minute: BTreeMap<String, u32>,
}

/// The price of a function in billionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CardPrice {
    /// Per task of normal priority.
    pub per_task: u64,
    /// Per task of high priority.
    pub per_task_high: u64,
    /// Per row of a response.
    pub per_row: u64,
}

impl CardPrice {
    /// Returns whether the function is free.
    pub fn is_free(self) -> bool {
        self == Self::default()
    }
}

/// The reason why a rate card cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// The file is neither a response of `appendix/user_data` nor a table.
    #[error(
        "{0}: expected the response of `appendix/user_data` as JSON, or a table with the columns \
         `path unit low normal high` or `function calls_per_minute`"
    )]
    Format(PathBuf),
    /// A line of the table is wrong.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A function of the response has an unexpected form.
    #[error("{}: {function}: expected prices as `appendix/user_data` documents them", path.display())]
    Function {
        /// The file.
        path: PathBuf,
        /// The name of the function.
        function: String,
    },
}

impl Card {
    /// Reads the files of a rate card.
    ///
    /// # Errors
    /// When a file cannot be read or has another form.
    pub fn read(files: &[PathBuf]) -> Result<Self, CardError> {
        let mut card = Self::default();
        for path in files {
            let text = fs::read_to_string(path);
            let text = text.map_err(|error| CardError::Read(path.clone(), error))?;
            card.add(path, &text)?;
        }
        Ok(card)
    }

    /// Adds the content of a file.
    fn add(&mut self, path: &Path, text: &str) -> Result<(), CardError> {
        match serde_json::from_str::<Value>(text) {
            Ok(response) => self.add_response(path, &response),
            Err(_) => self.add_table(path, text),
        }
    }

    fn add_response(&mut self, path: &Path, response: &Value) -> Result<(), CardError> {
        let result = response.pointer("/tasks/0/result/0").unwrap_or(response);
        let prices = result.get("price").filter(|price| price.is_object());
        let prices = prices.ok_or_else(|| CardError::Format(path.to_owned()))?;
        self.add_prices(path, prices, &mut Vec::new())?;
        let rates = result.pointer("/rates/limits/minute");
        self.add_rates(rates.unwrap_or(&Value::Null), &mut Vec::new());
        // The rate of the account as a whole.
        self.calls_per_minute.remove("total");
        Ok(())
    }

    fn add_prices<'a>(
        &mut self,
        path: &Path,
        value: &'a Value,
        names: &mut Vec<&'a str>,
    ) -> Result<(), CardError> {
        let unexpected = |function: String| CardError::Function {
            path: path.to_owned(),
            function,
        };
        let Value::Object(map) = value else {
            return Err(unexpected(names.join("/")));
        };
        if map.keys().any(|key| key.starts_with("priority_")) {
            let price = price(value).ok_or_else(|| unexpected(names.join("/")))?;
            self.prices.insert(names.join("/"), price);
            return Ok(());
        }
        for (name, value) in map {
            names.push(name);
            self.add_prices(path, value, names)?;
            names.pop();
        }
        Ok(())
    }

    fn add_rates<'a>(&mut self, value: &'a Value, names: &mut Vec<&'a str>) {
        if let Value::Object(map) = value {
            for (name, value) in map {
                names.push(name);
                self.add_rates(value, names);
                names.pop();
            }
        } else if let Some(rate) = value.as_u64().filter(|rate| *rate > 0)
            && let Ok(rate) = u32::try_from(rate)
        {
            self.calls_per_minute.insert(names.join("/"), rate);
        }
    }

    fn add_table(&mut self, path: &Path, text: &str) -> Result<(), CardError> {
        let lines = text.lines().enumerate();
        let mut lines = lines.filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
        let header = lines
            .next()
            .map(|(_, line)| line.split('\t').collect::<Vec<_>>());
        match header.as_deref() {
            Some(["path", "unit", "low", "normal", "high"]) => {
                lines.try_for_each(|(index, line)| self.add_price_line(path, index, line))
            }
            Some(["function", "calls_per_minute"]) => {
                lines.try_for_each(|(index, line)| self.add_rate_line(path, index, line))
            }
            _ => Err(CardError::Format(path.to_owned())),
        }
    }

    fn add_price_line(&mut self, path: &Path, index: usize, line: &str) -> Result<(), CardError> {
        let wrong = |reason: &str| CardError::Line {
            path: path.to_owned(),
            line: index + 1,
            reason: reason.to_owned(),
        };
        let [function, unit, _, normal, high] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(wrong("expected five columns"));
        };
        let amount = |text: &str| {
            let amount = text.parse().ok().and_then(nanos);
            amount.ok_or_else(|| wrong(&format!("{text:?} is not a price in US dollars")))
        };
        let price = self.prices.entry(function.to_owned()).or_default();
        match unit {
            "per_request" => {
                (price.per_task, price.per_task_high) = (amount(normal)?, amount(high)?)
            }
            "per_result" => price.per_row = amount(normal)?,
            _ => return Err(wrong("expected the unit `per_request` or `per_result`")),
        }
        Ok(())
    }

    fn add_rate_line(&mut self, path: &Path, index: usize, line: &str) -> Result<(), CardError> {
        let parsed = line.split_once('\t');
        let parsed = parsed.and_then(|(name, rate)| Some((name, rate.parse::<u32>().ok()?)));
        let (function, rate) = parsed.ok_or_else(|| CardError::Line {
            path: path.to_owned(),
            line: index + 1,
            reason: "expected a function and its calls per minute".to_owned(),
        })?;
        if rate > 0 && function != "total" {
            self.calls_per_minute.insert(function.to_owned(), rate);
        }
        Ok(())
    }
}

fn price(function: &Value) -> Option<CardPrice> {
    let (per_task, per_row) = costs(function.get("priority_normal")?)?;
    let per_task_high = match function.get("priority_high") {
        Some(high) => costs(high)?.0,
        None => per_task,
    };
    Some(CardPrice {
        per_task,
        per_task_high,
        per_row,
    })
}

/// Returns the price per request and the price per result.
fn costs(entries: &Value) -> Option<(u64, u64)> {
    let mut costs = (0, 0);
    for entry in entries.as_array()? {
        let amount = nanos(entry.get("cost")?.as_f64()?)?;
        match entry.get("cost_type")?.as_str()? {
            "per_request" => costs.0 = amount,
            "per_result" => costs.1 = amount,
            _ => return None,
        }
    }
    Some(costs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Card, String> {
        let mut card = Card::default();
        let added = card.add(Path::new("card"), text);
        added.map(|()| card).map_err(|error| error.to_string())
    }

    #[test]
    fn a_response_and_tables_are_the_same_card() {
        let response = r#"{"tasks": [{"result": [{
            "price": {"serp": {"task_post": {
                "priority_normal": [{"cost_type": "per_request", "cost": 0.0006}],
                "priority_high": [{"cost_type": "per_request", "cost": 0.0012}]
            }}, "backlinks": {"summary": {"live": {"priority_normal": [
                {"cost_type": "per_result", "cost": 0.000036},
                {"cost_type": "per_request", "cost": 0.024}
            ]}}}},
            "rates": {"limits": {"minute": {"total": 2000, "serp": {"tasks_ready": 60, "live": 0}}}}
        }]}]}"#;
        let from_response = read(response).unwrap();
        let table = "# a comment\npath\tunit\tlow\tnormal\thigh\n\
                     serp/task_post\tper_request\t0.0006\t0.0006\t0.0012\n\
                     backlinks/summary/live\tper_request\t0.024\t0.024\t0.024\n\
                     backlinks/summary/live\tper_result\t0.000036\t0.000036\t0.000036\n";
        let mut from_tables = read(table).unwrap();
        let rates = "function\tcalls_per_minute\nserp/tasks_ready\t60\ntotal\t2000\n";
        from_tables.add(Path::new("rates"), rates).unwrap();
        assert_eq!(from_response, from_tables);
        assert_eq!(
            from_tables.prices["serp/task_post"].per_task_high,
            1_200_000
        );
    }

    #[test]
    fn what_cannot_be_read_is_reported() {
        for (text, reason) in [
            ("{}", "card: expected the response"),
            ("a\tb\n", "card: expected the response"),
            (r#"{"price": {"a": 1}}"#, "card: a: expected prices"),
            (
                r#"{"price": {"a": {"priority_normal": [{"cost_type": "per_day", "cost": 1}]}}}"#,
                "card: a: expected prices",
            ),
            (
                "path\tunit\tlow\tnormal\thigh\na\tper_request\t0\t-1\t0\n",
                "card:2: \"-1\"",
            ),
            (
                "path\tunit\tlow\tnormal\thigh\na\tper_day\t0\t1\t0\n",
                "card:2: expected the unit",
            ),
            (
                "path\tunit\tlow\tnormal\thigh\na\n",
                "card:2: expected five columns",
            ),
            (
                "function\tcalls_per_minute\na\tmany\n",
                "card:2: expected a function",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(reason), "{error}");
        }
    }
}
