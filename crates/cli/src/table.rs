//! The types of the generated table: facts about endpoints for the command line that the models do not
//! have. Kinds, limits and required fields are in the models' rules only.

#![allow(
    dead_code,
    reason = "a build may have no section, and not every section uses all of it"
)]

use dataforseo_client::Client;
use dataforseo_client::models::drift::{Drift, decode};
use dataforseo_client::models::{EndpointInfo, FieldRule};
use serde_json::Value;

use crate::job::AnyJob;
use crate::lookup;

/// A section of the API.
#[derive(Debug)]
pub(crate) struct SectionEntry {
    /// The name in paths.
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    /// The groups, by the second part of the path.
    pub(crate) groups: &'static [&'static GroupEntry],
    /// The endpoints of the section itself.
    pub(crate) endpoints: &'static [EndpointEntry],
}

/// A group of a section: the endpoints of one engine or source.
#[derive(Debug)]
pub(crate) struct GroupEntry {
    /// The name in paths.
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) endpoints: &'static [EndpointEntry],
}

impl SectionEntry {
    /// Returns the group with a name in paths.
    pub(crate) fn group(&self, name: &str) -> Option<&'static GroupEntry> {
        self.groups.iter().copied().find(|group| group.name == name)
    }
}

/// An endpoint.
#[derive(Debug)]
pub(crate) struct EndpointEntry {
    /// The name of the client's method.
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) info: &'static EndpointInfo,
    /// The parameters of the path, in their order.
    pub(crate) parameters: &'static [Argument],
    /// The fields of the task, in the order of the rules.
    pub(crate) fields: &'static [Argument],
    /// A short task, as JSON.
    pub(crate) example: Option<&'static str>,
    /// Finds values of a results list that have another kind than documented.
    pub(crate) drift: fn(&str) -> Vec<Drift>,
    /// Bulk jobs, if the endpoint returns a row per target.
    pub(crate) bulk: Option<BulkEntry>,
}

/// The bulk jobs of an endpoint.
#[derive(Debug)]
pub(crate) struct BulkEntry {
    /// The fields of a row, as columns.
    pub(crate) columns: &'static [Column],
    /// The field of the task with the targets or the keywords.
    pub(crate) targets: &'static str,
    /// Creates a job.
    pub(crate) create: CreateJob,
}

/// Creates a bulk job whose calls have the parameters of this task. Its targets are ignored.
pub(crate) type CreateJob = fn(Client, Value) -> Result<Box<dyn AnyJob>, serde_json::Error>;

/// A column of an output table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// The name of the field in JSON.
    pub(crate) name: &'static str,
    pub(crate) cell: Cell,
}

impl Column {
    pub(crate) const fn new(name: &'static str, cell: Cell) -> Self {
        Self { name, cell }
    }
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    Text,
    Integer,
    Float,
    Boolean,
    /// An object or a list, as JSON.
    Json,
}

impl EndpointEntry {
    /// Returns the fields of the task, each with its rule.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static Argument, &'static FieldRule)> {
        // Both lists are generated from the same model, and a test compares them.
        self.fields.iter().zip(self.info.task_rules)
    }

    /// Returns the name of the section in paths.
    pub(crate) fn section(&self) -> &'static str {
        self.info.id.split('/').next().unwrap_or_default()
    }

    /// Returns the command of the endpoint, without the name of the program.
    pub(crate) fn command(&self) -> String {
        let mut parts = vec![self.section()];
        parts.extend(lookup::group_of(self).map(|group| group.name));
        parts.push(self.name);
        parts
            .into_iter()
            .map(kebab_case)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// A field of a task, or a parameter of a path.
#[derive(Debug)]
pub(crate) struct Argument {
    /// The name in JSON.
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    /// The default of the API.
    pub(crate) default: Option<&'static str>,
    pub(crate) unit: Option<&'static str>,
    /// Whether the value is a URL.
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

/// Finds values in a results list of an endpoint that have another kind than documented.
pub(crate) fn drift<E: dataforseo_client::models::Endpoint>(results: &str) -> Vec<Drift> {
    decode::<Vec<E::Result>>(results)
        .map(|decoded| decoded.drift)
        .unwrap_or_default()
}

/// Converts a name from snake case to kebab case.
pub(crate) fn kebab_case(name: &str) -> String {
    name.replace('_', "-")
}
