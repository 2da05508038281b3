//! The spec language: what may stand in the YAML files under `spec/`.
//!
//! `spec/spec.schema.json` is made from these types, so the comments on them are what an editor
//! shows while somebody writes a file. No type here uses `flatten` or an internal tag: both would
//! cost the place of an error.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Fields by name, in the order of the documentation.
pub type Fields = IndexMap<String, Field>;

/// One endpoint: a file `spec/<section>/<endpoint>.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The path with the version: `/v3/backlinks/bulk_ranks/live`.
    pub path: String,
    /// The HTTP method.
    pub method: Method,
    /// When the result comes.
    pub mode: Mode,
    /// Whether calls cost money; so it is unless this says `false`.
    #[serde(default)]
    pub charged: Option<bool>,
    /// The paths that the endpoint had before it was renamed, with the version. The client's methods of
    /// those names stay until the next major version, deprecated.
    #[serde(default)]
    pub renamed_from: Vec<String>,
    /// The day on which the documentation no longer had the endpoint, `yyyy-mm-dd`. It stays until the next
    /// major version, deprecated.
    #[serde(default)]
    pub removed_upstream: Option<String>,
    /// What the endpoint is for, in our own words. Markdown; the first line is the summary.
    #[serde(default)]
    pub doc: Option<String>,
    /// Where the facts are from.
    pub source: Source,
    /// Limits of a call as a whole.
    #[serde(default)]
    pub limits: CallLimits,
    /// The parameters in the path: `/task_get/{id}` has `id`.
    #[serde(default)]
    pub parameters: Fields,
    /// What is sent; nothing is to an endpoint without it.
    #[serde(default)]
    pub task: Option<Object>,
    /// An example of what is sent, that the API can answer.
    #[serde(default)]
    pub example: Option<Value>,
    /// What the rows of a result are, for paging, filters and matching.
    #[serde(default)]
    pub rows: Option<Rows>,
    /// One element of a task's `result`: there is none where tasks are only taken, and any JSON where
    /// it is not described.
    #[serde(default)]
    pub result: Option<ResultObject>,
}

/// The rows of a result: a list of like objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The field of the result that holds them.
    pub at: String,
    /// The map inside of a row whose values filters look at, by its keys: `1.rank`. The row itself
    /// unless given.
    #[serde(default)]
    pub keyed_by: Option<String>,
    /// How one call gets further rows.
    #[serde(default)]
    pub paging: Option<Paging>,
    /// The field of a row that repeats the target that it is for, where a task has `targets`.
    #[serde(default)]
    pub target: Option<String>,
}

/// How further rows are had: by `offset` and `limit`, and by a token after that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// The largest `offset` that the API takes.
    pub max_offset: u32,
    /// The field, of the task and of the result, with the token that leads beyond `max_offset`.
    #[serde(default)]
    pub token: Option<String>,
}

/// One element of a task's `result`: its own `fields`, or the shared type that `use` names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultObject {
    /// The shared type, by its name in the section's `types.yaml`.
    #[serde(default, rename = "use")]
    pub shared: Option<String>,
    /// The fields by name.
    #[serde(default)]
    pub fields: Fields,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

impl Method {
    /// The method as HTTP and the spec write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// When the result of an endpoint comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// In the answer to the call.
    Live,
    /// Later: the answer has the identifiers of the tasks that were taken.
    TaskPost,
    /// It lists tasks whose results can be fetched.
    TasksReady,
    /// It fetches the result of a task that was posted before.
    TaskGet,
}

impl Mode {
    /// The mode as paths and the spec write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::TaskPost => "task_post",
            Self::TasksReady => "tasks_ready",
            Self::TaskGet => "task_get",
        }
    }
}

/// The documentation page that the facts are from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The page's address.
    pub link: String,
    /// The day of the page's revision, `yyyy-mm-dd`. Plain-text pages do not tell it.
    #[serde(default)]
    pub revised: Option<String>,
    /// The day of the vendor's OpenAPI file that was read last, `yyyy-mm-dd`.
    #[serde(default)]
    pub openapi: Option<String>,
    /// Fingerprint of the page's wording about the endpoint as a whole. Written by the import.
    #[serde(default)]
    pub wording: Option<String>,
}

/// Limits of a call as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallLimits {
    /// How many tasks one call may hold.
    #[serde(default)]
    pub tasks_per_call: Option<u32>,
    /// How many calls a minute this endpoint takes, if fewer than the account's limit.
    #[serde(default)]
    pub calls_per_minute: Option<u32>,
}

/// An object with documented fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// The fields by name.
    pub fields: Fields,
}

/// One documented field of a task or of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The kind of value.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// The kind of a list's elements, or of a map's values.
    #[serde(default)]
    pub of: Option<FieldType>,
    /// What each element is, where `of` is a list or a map itself.
    #[serde(default)]
    pub each: Option<Box<Field>>,
    /// Whether the keys of a task's map are `1`, `2` and so on: people give a list.
    #[serde(default)]
    pub numbered: Option<bool>,
    /// The endpoint whose rows filters and an order look at, by its path without the version, if not this one.
    #[serde(default)]
    pub over: Option<String>,
    /// What the text of a string, or of a list's strings, is.
    #[serde(default)]
    pub format: Option<Format>,
    /// The shared type, by its name in the section's `types.yaml`, for `object` or `string`.
    #[serde(default, rename = "use")]
    pub shared: Option<String>,
    /// The name of the generated type, where the one made from the field's name does not serve.
    #[serde(default)]
    pub name: Option<String>,
    /// The Rust name of the field, where the one made from its name does not serve.
    #[serde(default)]
    pub ident: Option<String>,
    /// Whether a task must have the field.
    #[serde(default)]
    pub required: Option<bool>,
    /// The fields of which one must be there if this one is not.
    #[serde(default)]
    pub required_unless: Vec<String>,
    /// The field with which this one must be there.
    #[serde(default)]
    pub required_with: Option<String>,
    /// The field with a date that this one must not come after.
    #[serde(default)]
    pub not_after: Option<String>,
    /// What the API takes when the field is left out. A date may be `today - 1 month`.
    #[serde(default)]
    pub default: Option<Value>,
    /// The smallest number, or the first date: `2019-01-01`, `today - 1 year`.
    #[serde(default)]
    pub min: Option<Value>,
    /// The largest number, or the last date.
    #[serde(default)]
    pub max: Option<Value>,
    /// How many characters a string may have.
    #[serde(default)]
    pub max_length: Option<u32>,
    /// How many elements a list must have.
    #[serde(default)]
    pub min_items: Option<u32>,
    /// How many elements a list, or a numbered map, may have.
    #[serde(default)]
    pub max_items: Option<u32>,
    /// How many conditions filters may have.
    #[serde(default)]
    pub max_conditions: Option<u32>,
    /// To how many different domains the pages of a list may belong.
    #[serde(default)]
    pub max_distinct_domains: Option<u32>,
    /// The documented values of a string, or keys of a map. The API adds to them.
    #[serde(default)]
    pub values: Option<Values>,
    /// The unit or the scale: `USD`, `seconds`.
    #[serde(default)]
    pub unit: Option<String>,
    /// When the field is null or not there, in our own words.
    #[serde(default)]
    pub absent: Option<String>,
    /// Where the field is from, if not from the page that `source` names; or, by the name of a
    /// fact such as `values`, where that one is from.
    #[serde(default)]
    pub evidence: Option<Evidence>,
    /// Why the field must not be used any more, and what to use.
    #[serde(default)]
    pub deprecated: Option<String>,
    /// The day on which the documentation no longer had the field, `yyyy-mm-dd`. It stays until the next
    /// major version, deprecated; real answers may still have it. Written by the import.
    #[serde(default)]
    pub removed_upstream: Option<String>,
    /// Facts in which the page is wrong.
    #[serde(default)]
    pub corrections: Vec<Correction>,
    /// Fingerprint of the page's wording about the field. Written by the import.
    #[serde(default)]
    pub wording: Option<String>,
    /// What the field means, in our own words. Markdown; the first line is the summary.
    #[serde(default)]
    pub doc: Option<String>,
    /// The fields of an object, or of a list's objects.
    #[serde(default)]
    pub fields: Fields,
}

impl Field {
    /// A field of which nothing is known but its kind.
    pub fn new(kind: FieldType) -> Self {
        Self {
            kind,
            of: None,
            each: None,
            numbered: None,
            over: None,
            format: None,
            shared: None,
            name: None,
            ident: None,
            required: None,
            required_unless: Vec::new(),
            required_with: None,
            not_after: None,
            default: None,
            min: None,
            max: None,
            max_length: None,
            min_items: None,
            max_items: None,
            max_conditions: None,
            max_distinct_domains: None,
            values: None,
            unit: None,
            absent: None,
            evidence: None,
            deprecated: None,
            removed_upstream: None,
            corrections: Vec::new(),
            wording: None,
            doc: None,
            fields: Fields::new(),
        }
    }

    /// The fields inside, wherever they stand.
    pub fn inner(&self) -> &Fields {
        match &self.each {
            Some(each) => each.inner(),
            None => &self.fields,
        }
    }
}

/// The kind of a value in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// An object with documented `fields`, or the shared type that `use` names.
    Object,
    /// A list of what `of` says.
    List,
    /// An object with keys of the answer's choosing, its values what `of` says.
    Map,
    /// Conditions on the rows of a result.
    Filters,
    /// An order of the rows of a result.
    Order,
    /// Any JSON: only where the documentation does not say more.
    Json,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A date, `yyyy-mm-dd`.
    Date,
    /// A moment in UTC, `yyyy-mm-dd hh:mm:ss +00:00`.
    Timestamp,
    /// A domain without scheme and `www.`, or a page with its scheme.
    Target,
    /// The address of a page.
    Url,
}

/// Documented values, or documented keys of a map: a list, or a map from value to its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Values {
    /// The values alone.
    Plain(Vec<String>),
    /// Each value with what it means, in our own words.
    Explained(IndexMap<String, String>),
}

impl Values {
    /// The values with their meaning where it is given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let (plain, explained) = match self {
            Self::Plain(values) => (Some(values), None),
            Self::Explained(values) => (None, Some(values)),
        };
        let plain = plain
            .into_iter()
            .flatten()
            .map(|value| (value.as_str(), None));
        let explained = explained.into_iter().flatten();
        plain.chain(explained.map(|(value, doc)| (value.as_str(), Some(doc.as_str()))))
    }

    /// The values alone.
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(|(value, _)| value).collect()
    }
}

/// Where something is from that the documentation page does not have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Evidence {
    /// Where the whole field is from.
    Field(String),
    /// Where single facts are from.
    Facts(IndexMap<String, String>),
}

/// One fact that the page states and that is wrong. The import accepts the difference, and fails
/// when the page states it no longer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The name of the fact: `type`, `default`, `max`, …
    pub fact: String,
    /// What the page says, as the import prints it.
    pub documented: Value,
    /// Why that is wrong.
    pub reason: String,
    /// What shows it: a recording, a support answer.
    pub evidence: String,
}

/// The types that several endpoints of a section share: `spec/<section>/types.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedTypes {
    /// The types by their Rust name.
    pub types: IndexMap<String, SharedType>,
}

/// A type that has a name of its own: an object with `fields`, a string with `values`, or a union
/// with a `tag` and `members`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedType {
    /// What it is, in our own words.
    #[serde(default)]
    pub doc: Option<String>,
    /// The fields of an object, or those that all members of a union have.
    #[serde(default)]
    pub fields: Fields,
    /// The documented values of a string.
    #[serde(default)]
    pub values: Option<Values>,
    /// The field that says which member of a union an object is.
    #[serde(default)]
    pub tag: Option<String>,
    /// The members of a union by the tag's value. The API adds to them.
    #[serde(default)]
    pub members: IndexMap<String, Member>,
}

/// A member of a union: its own `fields`, beside those of the union, or the shared type, complete,
/// that `use` names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// What it is, in our own words.
    #[serde(default)]
    pub doc: Option<String>,
    /// The shared type, if several members have the same fields.
    #[serde(default, rename = "use")]
    pub shared: Option<String>,
    /// The fields that the union's other members do not all have.
    #[serde(default)]
    pub fields: Fields,
}

/// Words for fields by name: `spec/glossary.yaml`, and `spec/<section>/glossary.yaml`, which wins.
/// What a field says itself wins over both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Glossary {
    /// Words for fields of tasks and of paths.
    #[serde(default)]
    pub task: IndexMap<String, Words>,
    /// Words for fields of results.
    #[serde(default)]
    pub result: IndexMap<String, Words>,
}

/// Words for a field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// What it means, in our own words. Markdown; the first line is the summary.
    pub doc: String,
    /// The unit or the scale: `USD`, `seconds`.
    #[serde(default)]
    pub unit: Option<String>,
    /// When it is null or not there, in our own words.
    #[serde(default)]
    pub absent: Option<String>,
}

/// What holds for the API as a whole: `spec/api.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// The servers by name.
    pub servers: IndexMap<String, Server>,
    /// How a call says who makes it.
    pub auth: Auth,
    /// Limits of the account.
    pub limits: AccountLimits,
    /// The fields around a task's `result`.
    pub envelope: Object,
    /// The sections with what they are about; each is a folder of `spec/` and a cargo feature.
    pub sections: IndexMap<String, Section>,
}

/// What calls cost, in US dollars. For estimates: the answer itself says what it cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// For each call.
    pub per_call: f64,
    /// For each row of an answer.
    pub per_row: f64,
    /// Since when: yyyy-mm-dd.
    pub since: String,
    /// How that is known.
    pub evidence: String,
}

/// A section of the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// What it is about, in our own words.
    pub doc: String,
    /// What its calls cost, where that is known.
    #[serde(default)]
    pub price: Option<Price>,
}

/// A server that answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its address.
    pub url: String,
    /// What it is for.
    pub doc: String,
}

/// How a call says who makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// HTTP Basic with the API login and the API password.
    Basic,
}

/// Limits of the account over all endpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountLimits {
    /// Calls in one minute.
    pub calls_per_minute: u32,
    /// Calls that may be under way at once.
    pub simultaneous_calls: u32,
    /// After how many seconds the server gives a live call up.
    pub server_timeout_seconds: u32,
}

/// The status codes: `spec/status_codes.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusCodes {
    /// The codes, ascending.
    pub codes: Vec<StatusCode>,
}

/// One status code of the envelope or of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusCode {
    /// The number.
    pub code: u32,
    /// The name of the generated variant.
    pub name: String,
    /// What it says, coarsely.
    pub class: StatusClass,
    /// Whether sending the same again can help.
    pub repeat: Repeat,
    /// The HTTP status that it comes with, if not 200.
    #[serde(default)]
    pub http_status: Option<u16>,
    /// How the API words it. Never decide by it.
    pub message: String,
    /// What it means, in our own words.
    pub doc: String,
}

/// What a status code says, coarsely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "the models crate documents each class, and the names speak"
)]
pub enum StatusClass {
    Success,
    Pending,
    Empty,
    Request,
    Auth,
    Account,
    Billing,
    Rate,
    NotFound,
    Sandbox,
    Target,
    Upstream,
    Server,
}

/// Whether sending the same again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "the models crate documents each one, and the names speak"
)]
pub enum Repeat {
    Never,
    Later,
    FewTimes,
    Poll,
    NewTask,
    NextDay,
}
