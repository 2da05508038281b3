//! Synthetic responses: those of the server, and those of callers without a server.

use std::sync::{LazyLock, OnceLock};

use dataforseo_models::{Date, Endpoint, Method, Mode};
use dataforseo_synthetic::{EndpointTable, Exchange, SyntheticCase, Tables};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::endpoints::{self, EndpointIndex};
use crate::generated::TABLES;

/// The value of each parameter of a path in a fixture's request.
const PARAMETER: &str = "01010000-0000-0000-0000-000000000000";

/// A synthetic response of an endpoint, generated from the spec without a server.
///
/// Equal settings result in equal bytes, on every machine. The response has the form of a real one:
/// it repeats the task, dates are near the day of the request, a bulk endpoint has one row per
/// target, and `limit` and `offset` select rows. The numbers mean nothing.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dataforseo_mock_server::models::backlinks::{BulkRanksLive, BulkRanksLiveTask};
/// use dataforseo_mock_server::Synthetic;
///
/// let task = BulkRanksLiveTask::new(["a.example", "b.example"]);
/// let synthetic = Synthetic::of(BulkRanksLive).ok_or("the feature `backlinks` is off")?;
/// let response = synthetic.task(&task)?.response();
/// let rows = &response["tasks"][0]["result"][0]["items"];
/// assert_eq!(rows[1]["target"], "b.example");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Synthetic {
    endpoint: EndpointIndex,
    path: String,
    task: Value,
    case: SyntheticCase,
    today: Date,
}

impl Synthetic {
    /// Creates the response of an endpoint to the example of a task in the spec. Returns `None` if
    /// this crate's feature of the section is off.
    pub fn of<E: Endpoint>(_: E) -> Option<Self> {
        endpoints::find(E::INFO.path).map(Self::at)
    }

    /// Creates the response for a path, with the version and with values for its parameters. Returns
    /// `None` if the path is unknown.
    pub fn of_path(path: &str) -> Option<Self> {
        let path = path.trim_end_matches('/');
        let synthetic = Self::at(endpoints::find(path)?);
        let path = match path.contains('{') {
            true => synthetic.path,
            false => path.to_owned(),
        };
        Some(Self { path, ..synthetic })
    }

    fn at(endpoint: EndpointIndex) -> Self {
        Self {
            endpoint,
            path: example_path(endpoint),
            task: example_task(endpoint, SyntheticCase::Plain).unwrap_or_default(),
            case: SyntheticCase::Plain,
            today: Exchange::new("", &Value::Null).today,
        }
    }

    /// Sets the task. Defaults to the example in the spec.
    ///
    /// # Errors
    /// Returns an error if the task cannot be written as JSON.
    pub fn task(mut self, task: &impl Serialize) -> serde_json::Result<Self> {
        self.task = serde_json::to_value(task)?;
        Ok(self)
    }

    /// Sets the case that the response covers. Defaults to a value in every field.
    #[must_use]
    pub fn case(mut self, case: SyntheticCase) -> Self {
        if let (Some(tag), Value::Object(task)) = (case.tag(), &mut self.task) {
            task.entry("tag").or_insert_with(|| tag.into());
        }
        self.case = case;
        self
    }

    /// Sets the day of the request. Defaults to 2026-01-01.
    #[must_use]
    pub fn today(mut self, today: Date) -> Self {
        self.today = today;
        self
    }

    /// Returns the body of the response.
    pub fn response(&self) -> Value {
        match table(self.endpoint) {
            Some((tables, endpoint)) => self.exchange().response(tables, endpoint),
            None => Value::Null,
        }
    }

    /// Returns the request and the response as the text of a fixture file.
    pub fn fixture(&self) -> String {
        let info = self.endpoint.info();
        let mut request = json!({ "method": info.method.as_str(), "path": self.path });
        if info.method == Method::Post {
            request["body"] = json!([self.task]);
        }
        let fixture = json!({
            "dfs_fixture": 1,
            "meta": {
                "source": "synthetic",
                "page": info.docs_url,
                "note": self.case.note(),
            },
            "request": request,
            "response": { "status": 200, "body": self.response() },
        });
        format!("{fixture:#}\n")
    }

    fn exchange(&self) -> Exchange<'_> {
        Exchange {
            case: self.case,
            today: self.today,
            ..Exchange::new(&self.path, &self.task)
        }
    }
}

/// Returns the task of a response to a request, or `None` if the endpoint has no table.
pub(crate) fn response_task(
    endpoint: EndpointIndex,
    exchange: &Exchange<'_>,
) -> Option<Map<String, Value>> {
    let (tables, endpoint) = table(endpoint)?;
    Some(exchange.response_task(tables, endpoint))
}

/// Returns the tables of a section and the entry of an endpoint in them.
fn table(endpoint: EndpointIndex) -> Option<(&'static Tables, &'static EndpointTable)> {
    /// Each is parsed on first use: most tests use one section.
    static PARSED: LazyLock<Vec<OnceLock<Tables>>> =
        LazyLock::new(|| TABLES.iter().map(|_| OnceLock::new()).collect());
    let path = endpoint.info().path;
    let section = path.split('/').nth(2)?;
    let at = TABLES.iter().position(|(name, _)| *name == section)?;
    // A test parses each of them.
    let tables = PARSED[at].get_or_init(|| Tables::parse(TABLES[at].1).unwrap_or_default());
    Some((tables, tables.endpoints.get(path)?))
}

/// A synthetic fixture of an endpoint, which is generated when it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntheticFixture {
    pub(crate) endpoint: EndpointIndex,
    pub(crate) case: SyntheticCase,
}

impl SyntheticFixture {
    /// Returns the synthetic fixtures of an endpoint. An endpoint with a documented example has no
    /// plain one, since both would be for the same request.
    pub(crate) fn of(endpoint: EndpointIndex) -> impl Iterator<Item = Self> {
        let cases = SyntheticCase::ALL.into_iter();
        cases
            .filter(move |case| has_fixture(endpoint, *case))
            .map(move |case| Self { endpoint, case })
    }

    /// Returns the fixture of an endpoint for a case, if it has one.
    pub(crate) fn find(endpoint: EndpointIndex, tag: &Value) -> Option<Self> {
        let mut all = Self::of(endpoint);
        all.find(|fixture| fixture.case.tag().is_some() && fixture.case.tag() == tag.as_str())
    }

    /// Returns the name, in the form of those of embedded fixtures.
    pub(crate) fn name(self) -> String {
        let path = self.endpoint.info().path.trim_start_matches('/');
        format!("{path}/{}.json", self.case.name())
    }

    /// Returns the path of the request.
    pub(crate) fn path(self) -> String {
        example_path(self.endpoint)
    }

    /// Returns the tasks of the request. Null for a GET.
    pub(crate) fn tasks(self) -> Value {
        match example_task(self.endpoint, self.case) {
            Some(task) if self.endpoint.info().method == Method::Post => json!([task]),
            _ => Value::Null,
        }
    }

    /// Returns the text of the fixture, with a response of a day.
    #[cfg(any(test, feature = "program"))]
    pub(crate) fn text(self, today: Date) -> String {
        let synthetic = Synthetic::at(self.endpoint);
        synthetic.case(self.case).today(today).fixture()
    }
}

fn has_fixture(endpoint: EndpointIndex, case: SyntheticCase) -> bool {
    let Some((_, table)) = table(endpoint) else {
        return false;
    };
    let info = endpoint.info();
    if info.method == Method::Post && table.example.is_none() {
        return false;
    }
    let mut embedded = endpoint.endpoint().fixtures.iter();
    match case {
        SyntheticCase::Plain => !embedded.any(|(name, _)| name.ends_with("/documentation.json")),
        _ => table.tagged && info.mode == Mode::Live,
    }
}

fn example_path(endpoint: EndpointIndex) -> String {
    let segments = endpoint.info().path.split('/');
    let segments: Vec<&str> = segments
        .map(|segment| match segment {
            "{id}" => PARAMETER,
            segment if segment.starts_with('{') => "example",
            segment => segment,
        })
        .collect();
    segments.join("/")
}

/// Returns the example of a task, with the tag that selects the case.
fn example_task(endpoint: EndpointIndex, case: SyntheticCase) -> Option<Value> {
    let (_, table) = table(endpoint)?;
    let mut task = table.example.clone()?;
    if let (Some(tag), Some(task)) = (case.tag(), task.as_object_mut()) {
        task.insert("tag".to_owned(), tag.into());
    }
    Some(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_parsed_and_has_its_endpoints() {
        for (name, text) in TABLES {
            let tables = Tables::parse(text).unwrap();
            assert!(!tables.endpoints.is_empty(), "{name}");
        }
        for index in EndpointIndex::all() {
            assert!(table(index).is_some(), "{}", index.info().path);
        }
    }
}
