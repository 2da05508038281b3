//! The facts of a request that values are derived from.

use std::borrow::Cow;

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde_json::{Map, Value};

use crate::data::Names;
use crate::seed::Seed;
use crate::{EndpointTable, Exchange, MAX_ROWS, PostedTask};

/// The fields of a task that change neither the rows nor their values.
const WITHOUT_EFFECT: [&str; 9] = [
    "limit",
    "offset",
    "depth",
    "search_after_token",
    "offset_token",
    "tag",
    "priority",
    "postback_url",
    "pingback_url",
];

/// The facts of a request.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) endpoint: &'a EndpointTable,
    pub(crate) names: Names<'a>,
    pub(crate) path: &'a str,
    pub(crate) today: Date,
    pub(crate) task: Cow<'a, Map<String, Value>>,
    /// The task that a row of `tasks_ready` is about.
    pub(crate) posted: Option<&'a PostedTask>,
    /// The targets of the task, or its keywords and so on, without duplicates.
    pub(crate) targets: Vec<&'a str>,
    pub(crate) seed: Seed,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        endpoint: &'a EndpointTable,
        exchange: &Exchange<'a>,
        posted: Option<&'a PostedTask>,
    ) -> Self {
        let task = match posted {
            Some(posted) => &posted.task,
            None => exchange.task,
        };
        let path = exchange.path;
        Self {
            endpoint,
            names: Names::of(posted.map_or(path, |posted| posted.path.as_str())),
            path,
            today: exchange.today,
            task: task
                .as_object()
                .map_or_else(|| Cow::Owned(Map::new()), Cow::Borrowed),
            posted,
            targets: targets(endpoint, task),
            seed: seed(path, task),
        }
    }

    /// Returns a text of the task.
    pub(crate) fn sent(&self, name: &str) -> Option<&str> {
        self.task.get(name)?.as_str()
    }

    /// Returns the text that a row repeats from the task: its field of this name, or the row's
    /// element of the list with the plural name.
    pub(crate) fn sent_for_row(&self, name: &str, row: Option<usize>) -> Option<&str> {
        if let Some(list) = self.task.get(&format!("{name}s")).and_then(Value::as_array) {
            let index = row.unwrap_or(0).checked_rem(list.len())?;
            return list.get(index)?.as_str();
        }
        self.sent(name)
    }

    /// Returns a whole number of the task.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.task.get(name)?.as_u64()
    }

    /// Returns the depth of a search: its own, or else the documented default.
    pub(crate) fn depth(&self) -> usize {
        let default = self.endpoint.depth.unwrap_or(1);
        let depth = self.number("depth").unwrap_or(default);
        usize::try_from(depth)
            .unwrap_or(MAX_ROWS)
            .clamp(1, MAX_ROWS)
    }

    /// Returns the keyword that the request is about, or else the name of its domain.
    pub(crate) fn keyword(&self, row: Option<usize>) -> &str {
        let row = row.filter(|_| self.task.contains_key("keywords"));
        let name = || {
            let domain = self.domain()?;
            let domain = domain.strip_prefix("www.").unwrap_or(domain);
            domain.split('.').next()
        };
        self.sent_for_row("keyword", row)
            .or_else(|| self.sent("title"))
            .or_else(name)
            .unwrap_or("example")
    }

    /// Returns the domain that the request is about, if it is about one.
    pub(crate) fn domain(&self) -> Option<&str> {
        let fields = ["target", "domain", "url", "page"];
        let mut sent = fields.iter().filter_map(|name| self.sent(name));
        sent.next()
            .or_else(|| self.targets.first().copied())
            .map(host)
            .filter(|host| host.contains('.'))
    }

    /// Returns the last day of the period that the request is about. Defaults to today.
    pub(crate) fn last_day(&self) -> Date {
        let sent = self.sent("date_to").and_then(|date| date.parse().ok());
        sent.map_or(self.today, |date: Date| date.min(self.today))
    }

    /// Returns the time from one row of a series to the next.
    pub(crate) fn step(&self) -> Span {
        match self.sent("group_range").or_else(|| self.sent("date_group")) {
            Some("day") => 1.day(),
            Some("week") => 1.week(),
            Some("year") => 1.year(),
            _ => 1.month(),
        }
    }
}

/// Returns the host of a page or domain.
pub(crate) fn host(target: &str) -> &str {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end).unwrap_or(rest)
}

/// Returns what a task is about, without duplicates: the elements of its list of targets.
fn targets<'a>(endpoint: &EndpointTable, task: &'a Value) -> Vec<&'a str> {
    let rows = endpoint.rows.as_ref();
    let sent = rows.and_then(|rows| rows.sent.as_deref());
    let lists = sent.into_iter().chain(["targets"]);
    let sent = lists
        .filter_map(|name| task.get(name))
        .find(|value| value.is_array() || value.is_object())
        .or_else(|| task.get("target"));
    let all: Vec<&Value> = match sent {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(map)) => map.values().collect(),
        other => other.into_iter().collect(),
    };
    let distinct: indexmap::IndexSet<&str> = all.into_iter().filter_map(Value::as_str).collect();
    distinct.into_iter().collect()
}

/// Returns the seed of a request. Pages of one list have the same.
fn seed(path: &str, task: &Value) -> Seed {
    let mut fields: Vec<(&String, &Value)> = task.as_object().into_iter().flatten().collect();
    fields.retain(|(name, value)| !WITHOUT_EFFECT.contains(&name.as_str()) && !value.is_null());
    fields.sort_by_key(|(name, _)| *name);
    let path = path.trim_end_matches('/');
    fields
        .into_iter()
        .fold(Seed::START.part(path), |seed, (name, value)| {
            seed.part(name).part(&value.to_string())
        })
}
