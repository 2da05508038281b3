//! The table that is generated: what a command line for each endpoint says that the models do not
//! know. Kinds, limits and what is required are in the models' rules, and nowhere else.

#![allow(
    dead_code,
    reason = "a build may be without any section, and not every section needs all of it"
)]

use dataforseo_client::Client;
use dataforseo_client::models::drift::{Drift, decode};
use dataforseo_client::models::{EndpointInfo, FieldRule};
use serde_json::Value;

use crate::bulk::Job;
use crate::generated::SECTIONS;

/// A section of the API.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its name in paths.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) doc: &'static str,
    pub(crate) endpoints: &'static [Endpoint],
}

/// One endpoint.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// The name of the client's method.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) doc: &'static str,
    pub(crate) info: &'static EndpointInfo,
    /// The parameters of its path, in their order.
    pub(crate) parameters: &'static [Argument],
    /// The fields of its task, in the order of the rules.
    pub(crate) fields: &'static [Argument],
    /// A short task, as JSON.
    pub(crate) example: Option<&'static str>,
    /// Where results are of another kind than documented.
    pub(crate) drift: fn(&str) -> Vec<Drift>,
    /// What a job of many targets needs, where there is a row for each target.
    pub(crate) bulk: Option<Bulk>,
}

/// A job of many targets.
#[derive(Debug)]
pub(crate) struct Bulk {
    /// The fields of a row, as columns.
    pub(crate) columns: &'static [Column],
    /// Begins to make one.
    pub(crate) job: Make,
}

/// Makes a job of calls with this task, whatever its targets.
pub(crate) type Make = fn(Client, Value) -> Result<Box<dyn Job>, serde_json::Error>;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// The field's name in JSON.
    pub(crate) name: &'static str,
    pub(crate) cell: Cell,
}

impl Column {
    pub(crate) const fn new(name: &'static str, cell: Cell) -> Self {
        Self { name, cell }
    }
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    Text,
    Integer,
    Float,
    Boolean,
    /// An object or a list, as JSON.
    Json,
}

impl Endpoint {
    /// The fields of the task with what holds for each.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static Argument, &'static FieldRule)> {
        // Both lists are generated from the same one; a test compares them.
        self.fields.iter().zip(self.info.task_rules)
    }

    /// The section's name, as paths have it.
    pub(crate) fn section(&self) -> &'static str {
        self.info.id.split('/').next().unwrap_or_default()
    }

    /// What is typed to call it, behind the program's name.
    pub(crate) fn command(&self) -> String {
        format!("{} {}", kebab(self.section()), kebab(self.name))
    }
}

/// A field of a task, or a parameter of a path.
#[derive(Debug)]
pub(crate) struct Argument {
    /// Its name in JSON.
    pub(crate) name: &'static str,
    /// What it means.
    pub(crate) doc: &'static str,
    /// What the API takes where nothing is given.
    pub(crate) default: Option<&'static str>,
    pub(crate) unit: Option<&'static str>,
    /// Whether it is an address.
    pub(crate) url: bool,
    /// Whether it is a map with the keys 1, 2 and so on.
    pub(crate) numbered: bool,
}

impl Argument {
    pub(crate) const fn new(name: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            default: None,
            unit: None,
            url: false,
            numbered: false,
        }
    }

    pub(crate) const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub(crate) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    pub(crate) const fn url(mut self) -> Self {
        self.url = true;
        self
    }

    pub(crate) const fn numbered(mut self) -> Self {
        self.numbered = true;
        self
    }
}

/// Where the results of an endpoint are of another kind than documented.
pub(crate) fn drift<E: dataforseo_client::models::Endpoint>(results: &str) -> Vec<Drift> {
    decode::<Vec<E::Result>>(results)
        .map(|decoded| decoded.drift)
        .unwrap_or_default()
}

/// The endpoint behind a command.
pub(crate) fn find(section: &str, endpoint: &str) -> Option<&'static Endpoint> {
    let section = SECTIONS.iter().find(|it| kebab(it.name) == section)?;
    section
        .endpoints
        .iter()
        .find(|it| kebab(it.name) == endpoint)
}

/// A name as command lines write it.
pub(crate) fn kebab(name: &str) -> String {
    name.replace('_', "-")
}
