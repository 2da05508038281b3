//! The tables that responses are generated from.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The tables of one section of the API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    /// The endpoints by path, with parameters in braces.
    pub endpoints: BTreeMap<String, EndpointTable>,
    /// The types by name.
    pub types: BTreeMap<String, TypeTable>,
}

/// The facts about an endpoint that a response depends on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EndpointTable {
    /// When the result is available, as in the spec: `live`, `task_post`, `tasks_ready`, `task_get`.
    pub mode: String,
    /// The type of one element of `result`.
    pub result: Kind,
    /// An example of a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
    /// Whether a task has a tag.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tagged: bool,
    /// The default of a task's `limit`. Absent if a task has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The default of a task's `depth`. Absent if a task has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u64>,
    /// The rows of a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowsTable>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The rows of a result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RowsTable {
    /// The field of the result that contains the rows, or `result` if each result is a row.
    pub at: String,
    /// The field of a row that contains its target, for an endpoint with one row per target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The field of a task that contains the targets. Defaults to `targets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// The map in a row with one value per target of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyed_by: Option<String>,
}

impl RowsTable {
    /// Returns whether the elements of `result` are the rows.
    pub fn is_whole_result(&self) -> bool {
        self.at == "result"
    }
}

/// The kind of a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Kind {
    /// A value without parts.
    Scalar(Scalar),
    /// A named type.
    Type(String),
    /// A list.
    List([Box<Kind>; 1]),
    /// An object with arbitrary keys.
    Map {
        /// The kind of the values.
        map: Box<Kind>,
        /// The documented keys.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        keys: Vec<String>,
    },
    /// A number within documented bounds.
    Number {
        /// The kind of number.
        of: Scalar,
        /// The smallest and the largest number.
        range: [f64; 2],
    },
}

impl Default for Kind {
    fn default() -> Self {
        Self::Scalar(Scalar::Json)
    }
}

/// A value without parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scalar {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// A date, `yyyy-mm-dd`.
    Date,
    /// A date with time, `yyyy-mm-dd hh:mm:ss +00:00`.
    Timestamp,
    /// The URL of a page.
    Url,
    /// A domain, or the URL of a page.
    Target,
    /// Any JSON.
    Json,
}

/// A named type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeTable {
    /// An object: its fields in documented order.
    Object(IndexMap<String, Kind>),
    /// Text with documented values.
    Values(Vec<String>),
    /// Objects that a tag distinguishes.
    Union {
        /// The field that determines the member.
        tag: String,
        /// The names of the members' types, by the tag's value.
        members: IndexMap<String, String>,
    },
}

impl Tables {
    /// Reads tables that [`to_text`](Self::to_text) wrote.
    ///
    /// # Errors
    /// Returns an error if the text is not the JSON of tables.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Returns the tables as JSON with one endpoint or type per line, and a comment.
    ///
    /// # Errors
    /// Returns the error of a value that is not JSON, such as an infinite bound of a number.
    pub fn to_text(&self, comment: &str) -> serde_json::Result<String> {
        let comment = serde_json::to_string(comment)?;
        let endpoints = lines(&self.endpoints)?;
        let types = lines(&self.types)?;
        Ok(format!(
            "{{\"$comment\": {comment},\n\"endpoints\": {{\n{endpoints}\n}}, \"types\": {{\n{types}\n}}}}\n"
        ))
    }

    /// Finds the endpoint that a path belongs to.
    pub fn endpoint(&self, path: &str) -> Option<&EndpointTable> {
        self.endpoints.get(path).or_else(|| {
            let mut all = self.endpoints.iter();
            all.find(|(template, _)| has_form(path, template))
                .map(|(_, endpoint)| endpoint)
        })
    }
}

/// Returns whether a path is a template with values for its parameters.
fn has_form(path: &str, template: &str) -> bool {
    let (path, template): (Vec<&str>, Vec<&str>) =
        (path.split('/').collect(), template.split('/').collect());
    path.len() == template.len()
        && path.iter().zip(&template).all(|(found, wanted)| {
            found == wanted || (wanted.starts_with('{') && !found.is_empty())
        })
}

fn lines<T: Serialize>(entries: &BTreeMap<String, T>) -> serde_json::Result<String> {
    let lines: Vec<String> = entries
        .iter()
        .map(|(name, entry)| {
            let name = serde_json::to_string(name)?;
            Ok(format!("{name}: {}", serde_json::to_string(entry)?))
        })
        .collect::<serde_json::Result<_>>()?;
    Ok(lines.join(",\n"))
}
