//! The spec language: the format of the YAML files under `spec/`.
//!
//! `spec/spec.schema.json` is generated from these types, so an editor shows their comments to the
//! author of a file. No type here uses `flatten` or an internal tag, since both would lose the
//! location of an error.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::price::{FieldCost, Price, RateCard};

/// Fields by name, in the order of the vendor's documentation.
pub type Fields = IndexMap<String, Field>;

/// An endpoint: a file `spec/<section>/<endpoint>.yaml`, or `spec/<section>/<group>/<endpoint>.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Path with the version: `/v3/backlinks/bulk_ranks/live`.
    pub path: String,
    /// HTTP method.
    pub method: Method,
    /// When the result is available.
    pub mode: Mode,
    /// Whether calls cost money. Defaults to `true`.
    #[serde(default)]
    pub charged: Option<bool>,
    /// Name in the rate card of an account, which can cover several endpoints: `serp/live/advanced`.
    /// Defaults to the path without version and parameters.
    #[serde(default)]
    pub function: Option<String>,
    /// Prices of its calls. Absent if unknown, or if calls are free.
    #[serde(default)]
    pub price: Option<Price>,
    /// Former paths of a renamed endpoint, with the version. The client keeps deprecated methods with the
    /// former names until the next major version.
    #[serde(default)]
    pub renamed_from: Vec<String>,
    /// Date when the endpoint was first missing from the vendor's documentation, `yyyy-mm-dd`. The endpoint
    /// stays deprecated until the next major version.
    #[serde(default)]
    pub removed_upstream: Option<String>,
    /// The origin of an endpoint that is not in the documentation.
    #[serde(default)]
    pub evidence: Option<String>,
    /// Purpose of the endpoint, in our own words. Markdown; the first line is the summary.
    #[serde(default)]
    pub doc: Option<String>,
    /// Origin of the facts.
    pub source: Source,
    /// Limits per call.
    #[serde(default)]
    pub limits: CallLimits,
    /// Parameters of the path: `/task_get/{id}` has `id`.
    #[serde(default)]
    pub parameters: Fields,
    /// Fields of a task in the request. Absent if the endpoint has no request body.
    #[serde(default)]
    pub task: Option<Object>,
    /// Example of a task that the API accepts and has data for.
    #[serde(default)]
    pub example: Option<Value>,
    /// Location of the rows in a result, for paging, filters and matching.
    #[serde(default)]
    pub rows: Option<Rows>,
    /// Element of a task's `result`. If absent, `result` is any JSON, or null where tasks are only posted.
    #[serde(default)]
    pub result: Option<ResultObject>,
}

/// The rows of a result: a list of objects of the same type, or of members of a union.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// Field of the result that contains the rows, or `result` if the elements of `result` are the rows.
    pub at: String,
    /// Map in a row whose values filters refer to, by key: `1.rank`. Defaults to the row itself.
    #[serde(default)]
    pub keyed_by: Option<String>,
    /// Paging through further rows.
    #[serde(default)]
    pub paging: Option<Paging>,
    /// Field of a row that contains its target, if a task has `targets`.
    #[serde(default)]
    pub target: Option<String>,
    /// Field of a row that contains its keyword, if a task has `keywords`.
    #[serde(default)]
    pub keyword: Option<String>,
}

impl Rows {
    /// The value of `at` if the elements of `result` are the rows.
    pub const WHOLE_RESULT: &'static str = "result";

    /// Returns the field of a row that names what the row belongs to.
    pub fn named_by(&self) -> Option<&String> {
        self.target.as_ref().or(self.keyword.as_ref())
    }

    /// Returns the field of the task with the targets or keywords that rows belong to.
    pub fn names_in_task(&self) -> &'static str {
        match self.keyword {
            Some(_) => "keywords",
            None => "targets",
        }
    }
}

/// Paging by `offset` and `limit`, and beyond `max_offset` by a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Largest `offset` that the API accepts.
    pub max_offset: u32,
    /// Field of both task and result with the token for rows beyond `max_offset`.
    #[serde(default)]
    pub token: Option<String>,
}

/// Element of a task's `result`: its own `fields`, or the shared type named by `use`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultObject {
    /// Name of the shared type in the group, in the section or at the root.
    #[serde(default, rename = "use")]
    pub shared: Option<String>,
    /// Fields by name.
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
    /// Returns the method as written in HTTP and in the spec.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// When the result of an endpoint is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// In the response to the call.
    Live,
    /// Later. The response contains the identifiers of the posted tasks.
    TaskPost,
    /// The endpoint lists tasks whose results can be fetched.
    TasksReady,
    /// The endpoint lists tasks whose results were corrected after they could be fetched.
    TasksFixed,
    /// The endpoint returns the result of a task that was posted before.
    TaskGet,
}

impl Mode {
    /// Returns the mode as written in paths and in the spec.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::TaskPost => "task_post",
            Self::TasksReady => "tasks_ready",
            Self::TasksFixed => "tasks_fixed",
            Self::TaskGet => "task_get",
        }
    }
}

/// The documentation page that contains the facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// URL of the page.
    pub link: String,
    /// Date of the page's revision, `yyyy-mm-dd`. Absent for plain-text pages.
    #[serde(default)]
    pub revised: Option<String>,
    /// Date of the vendor's OpenAPI file that was read last, `yyyy-mm-dd`.
    #[serde(default)]
    pub openapi: Option<String>,
    /// Fingerprint of the page's text about the endpoint as a whole. Not a key of the file: see
    /// [`fingerprints`](crate::fingerprints).
    #[serde(skip)]
    pub wording: Option<String>,
}

/// Limits per call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallLimits {
    /// Maximum number of tasks per call.
    #[serde(default)]
    pub tasks_per_call: Option<u32>,
    /// Maximum number of calls per minute, if lower than the account's limit.
    #[serde(default)]
    pub calls_per_minute: Option<u32>,
}

/// An object with documented fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Fields by name.
    pub fields: Fields,
}

/// A documented field of a task or of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// JSON type of the value.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Type of a list's elements, or of a map's values.
    #[serde(default)]
    pub of: Option<FieldType>,
    /// Definition of each element, if `of` is `list` or `map`.
    #[serde(default)]
    pub each: Option<Box<Field>>,
    /// Whether the keys of a task's map are `1`, `2` and so on. The generated task has a list instead.
    #[serde(default)]
    pub numbered: Option<bool>,
    /// Endpoint whose rows the filters or the order refer to, as a path without version. Defaults to this
    /// endpoint.
    #[serde(default)]
    pub over: Option<String>,
    /// Format of a string, or of a list's strings.
    #[serde(default)]
    pub format: Option<Format>,
    /// Name of the shared type in the group, in the section or at the root, for `object` or `string`.
    #[serde(default, rename = "use")]
    pub shared: Option<String>,
    /// Name of the generated type. Defaults to one derived from the field's name.
    #[serde(default)]
    pub name: Option<String>,
    /// Rust name of the field. Defaults to one derived from its JSON name.
    #[serde(default)]
    pub ident: Option<String>,
    /// Whether a task requires the field.
    #[serde(default)]
    pub required: Option<bool>,
    /// Fields of which one is required if this one is absent.
    #[serde(default)]
    pub required_unless: Vec<String>,
    /// Field that requires this one to be present too.
    #[serde(default)]
    pub required_with: Option<String>,
    /// Values of other fields by name, with which this one is required.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub required_if: IndexMap<String, Value>,
    /// Values that other fields must have if this one is used. A boolean is used if it is `true`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub requires: IndexMap<String, Value>,
    /// Fields that cannot be used together with this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// Field with a date that this date must not be after.
    #[serde(default)]
    pub not_after: Option<String>,
    /// Value that the API uses if the field is absent. A date can be relative: `today - 1 month`.
    #[serde(default)]
    pub default: Option<Value>,
    /// Default that depends on another field.
    #[serde(default)]
    pub default_by: Option<DefaultBy>,
    /// Smallest number, or first date: `2019-01-01`, `today - 1 year`.
    #[serde(default)]
    pub min: Option<Value>,
    /// Largest number, or last date: `today + 1 month`.
    #[serde(default)]
    pub max: Option<Value>,
    /// Minimum number of characters in a string, or in each string of a list.
    #[serde(default)]
    pub min_length: Option<u32>,
    /// Maximum number of characters in a string, or in each string of a list.
    #[serde(default)]
    pub max_length: Option<u32>,
    /// Maximum number of words in a string, or in each string of a list.
    #[serde(default)]
    pub max_words: Option<u32>,
    /// Minimum number of elements in a list.
    #[serde(default)]
    pub min_items: Option<u32>,
    /// Maximum number of elements in a list or a map.
    #[serde(default)]
    pub max_items: Option<u32>,
    /// Maximum number of conditions in filters.
    #[serde(default)]
    pub max_conditions: Option<u32>,
    /// Maximum number of different domains in a list of pages.
    #[serde(default)]
    pub max_distinct_domains: Option<u32>,
    /// Documented values of a string, or keys of a map. The API can return others.
    #[serde(default)]
    pub values: Option<Values>,
    /// What the field adds to the cost of a task.
    #[serde(default)]
    pub cost: Option<FieldCost>,
    /// Unit or scale: `USD`, `seconds`.
    #[serde(default)]
    pub unit: Option<String>,
    /// When the field is null or absent, in our own words.
    #[serde(default)]
    pub absent: Option<String>,
    /// Origin of the field if it is not on the page in `source`. To give the origin of a single fact, use
    /// a map with the fact's name, such as `values`.
    #[serde(default)]
    pub evidence: Option<Evidence>,
    /// Reason why the field is deprecated, and the replacement.
    #[serde(default)]
    pub deprecated: Option<String>,
    /// Date when the field was first missing from the vendor's documentation, `yyyy-mm-dd`. The field stays
    /// deprecated until the next major version, since responses can still contain it. Written by the import.
    #[serde(default)]
    pub removed_upstream: Option<String>,
    /// Facts that the page states incorrectly.
    #[serde(default)]
    pub corrections: Vec<Correction>,
    /// Fingerprint of the page's text about the field. Not a key of the file: see
    /// [`fingerprints`](crate::fingerprints).
    #[serde(skip)]
    pub wording: Option<String>,
    /// Meaning of the field, in our own words. Markdown; the first line is the summary.
    #[serde(default)]
    pub doc: Option<String>,
    /// Fields of an object, or of a list's objects.
    #[serde(default)]
    pub fields: Fields,
}

impl Field {
    /// Creates a field with a type and no other facts.
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
            required_if: IndexMap::new(),
            requires: IndexMap::new(),
            excludes: Vec::new(),
            not_after: None,
            default: None,
            default_by: None,
            min: None,
            max: None,
            min_length: None,
            max_length: None,
            max_words: None,
            min_items: None,
            max_items: None,
            max_conditions: None,
            max_distinct_domains: None,
            values: None,
            cost: None,
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

    /// Returns the fields inside, from `each` if the field has one.
    pub fn inner(&self) -> &Fields {
        match &self.each {
            Some(each) => each.inner(),
            None => &self.fields,
        }
    }
}

/// The type of a value in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Text.
    String,
    /// An integer.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// An object with documented `fields`, or the shared type named by `use`.
    Object,
    /// A list with elements of the type in `of`.
    List,
    /// An object with arbitrary keys and values of the type in `of`.
    Map,
    /// Filter conditions for the rows of a result.
    Filters,
    /// Sort order of the rows of a result.
    Order,
    /// Any JSON. Only for values without further documentation.
    Json,
}

/// The format of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A date, `yyyy-mm-dd`.
    Date,
    /// A date and time in UTC, `yyyy-mm-dd hh:mm:ss +00:00`.
    Timestamp,
    /// A domain without scheme and `www.`, or a page URL with scheme.
    Target,
    /// The URL of a page.
    Url,
}

/// Documented values of a string, or keys of a map: a list, or a map from each value to its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Values {
    /// Values without meanings.
    Plain(Vec<String>),
    /// Values with their meanings, in our own words.
    Explained(IndexMap<String, String>),
}

impl Values {
    /// Returns the values, each with its meaning if it has one.
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

    /// Returns the values without their meanings.
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(|(value, _)| value).collect()
    }
}

/// A default that depends on another field of the same object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultBy {
    /// Name of the other field.
    pub field: String,
    /// Defaults by the other field's value. If empty, the default is the other field's value itself.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub values: IndexMap<String, Value>,
}

/// The origin of a field or a fact that is not on the documentation page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Evidence {
    /// Origin of the whole field.
    Field(String),
    /// Origins of single facts, by fact name.
    Facts(IndexMap<String, String>),
}

/// A fact that the page states incorrectly. The import accepts the difference, and fails when the page
/// no longer states the fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Name of the fact, such as `type`, `default` or `max`.
    pub fact: String,
    /// Value on the page, as the import prints it.
    pub documented: Value,
    /// Why the value on the page is wrong.
    pub reason: String,
    /// Proof, such as a recording or a statement of the vendor's support.
    pub evidence: String,
}

/// The types shared by the endpoints of a folder and of the folders inside: `types.yaml`, or any number of
/// files in `types/`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedTypes {
    /// Types by Rust name.
    pub types: IndexMap<String, SharedType>,
}

/// A named type: an object with `fields`, a string with `values`, or a union with `members`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedType {
    /// Meaning of the type, in our own words.
    #[serde(default)]
    pub doc: Option<String>,
    /// Fields of an object, or fields that all members of a union have.
    #[serde(default)]
    pub fields: Fields,
    /// Documented values of a string.
    #[serde(default)]
    pub values: Option<Values>,
    /// Field whose value determines the member of a union. Without it, a union of a task is sent without a
    /// tag, and the required field that only one member has determines the member.
    #[serde(default)]
    pub tag: Option<String>,
    /// Members of a union, by the value of the tag. The API can return others.
    #[serde(default)]
    pub members: IndexMap<String, Member>,
}

impl SharedType {
    /// Returns whether the type is a union.
    pub fn is_union(&self) -> bool {
        !self.members.is_empty()
    }

    /// Returns the required field that only one member of the union has. `find` returns the shared type
    /// with a name.
    pub fn key_of<'a>(
        &'a self,
        wire: &str,
        find: impl Fn(&str) -> Option<&'a SharedType>,
    ) -> Option<&'a str> {
        let fields = |member: &'a Member| match &member.shared {
            Some(name) => find(name).map_or(&member.fields, |shared| &shared.fields),
            None => &member.fields,
        };
        let own = fields(self.members.get(wire)?);
        let others = self.members.iter().filter(|(other, _)| *other != wire);
        let others: Vec<&Fields> = others.map(|(_, member)| fields(member)).collect();
        let is_key = |(name, field): &(&String, &Field)| {
            field.required == Some(true) && others.iter().all(|fields| !fields.contains_key(*name))
        };
        own.iter().find(is_key).map(|(name, _)| name.as_str())
    }

    /// Returns the member that an object is, by the tag or by the field that only this member has.
    pub fn member_of<'a>(
        &'a self,
        object: &serde_json::Map<String, Value>,
        find: impl Fn(&str) -> Option<&'a SharedType>,
    ) -> Option<&'a str> {
        let stated = self
            .tag
            .as_ref()
            .map(|tag| object.get(tag).and_then(Value::as_str));
        let is_member = |wire: &&String| match stated {
            Some(stated) => stated == Some(wire.as_str()),
            None => self
                .key_of(wire, &find)
                .is_some_and(|key| object.contains_key(key)),
        };
        self.members.keys().find(is_member).map(String::as_str)
    }
}

/// A member of a union: `fields` in addition to those of the union, or the complete shared type named
/// by `use`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Meaning of the member, in our own words.
    #[serde(default)]
    pub doc: Option<String>,
    /// Name of the shared type, if several members have the same fields.
    #[serde(default, rename = "use")]
    pub shared: Option<String>,
    /// The day since which the documentation lacks the member: `yyyy-mm-dd`.
    #[serde(default)]
    pub removed_upstream: Option<String>,
    /// The origin of a member that is not in the documentation.
    #[serde(default)]
    pub evidence: Option<String>,
    /// Fields that not all members of the union have.
    #[serde(default)]
    pub fields: Fields,
}

/// Texts by field name: `glossary.yaml` at the root, in a section or in a group. The innermost takes precedence.
/// A `doc` of the field itself takes precedence over all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Glossary {
    /// Texts for fields of tasks and for path parameters.
    #[serde(default)]
    pub task: IndexMap<String, Words>,
    /// Texts for fields of results.
    #[serde(default)]
    pub result: IndexMap<String, Words>,
}

/// The texts for a field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Meaning of the field, in our own words. Markdown; the first line is the summary.
    pub doc: String,
    /// Unit or scale: `USD`, `seconds`.
    #[serde(default)]
    pub unit: Option<String>,
    /// When the field is null or absent, in our own words.
    #[serde(default)]
    pub absent: Option<String>,
}

/// Facts about the API as a whole: `spec/api.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Servers by name.
    pub servers: IndexMap<String, Server>,
    /// Authentication of calls.
    pub auth: Auth,
    /// Limits per account.
    pub limits: AccountLimits,
    /// Origin of the prices and rates of all endpoints.
    pub rate_card: RateCard,
    /// Fields around a task's `result`.
    pub envelope: Object,
    /// Sections by name. Each is a folder of `spec/` and a cargo feature.
    pub sections: IndexMap<String, Section>,
}

/// A section of the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Topic of the section, in our own words.
    pub doc: String,
    /// Groups of the section: engines or sources, by the second part of the path. Each is a folder of the
    /// section.
    #[serde(default)]
    pub groups: IndexMap<String, Group>,
}

/// A group of a section: the endpoints of one engine or source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Topic of the group, in our own words.
    pub doc: String,
}

/// A server of the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Base URL.
    pub url: String,
    /// Purpose of the server.
    pub doc: String,
}

/// The authentication of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// HTTP Basic with the API login and the API password.
    Basic,
}

/// The limits per account over all endpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountLimits {
    /// Maximum number of calls per minute.
    pub calls_per_minute: u32,
    /// Maximum number of simultaneous calls.
    pub simultaneous_calls: u32,
    /// Number of seconds after which the server ends a live call.
    pub server_timeout_seconds: u32,
}

/// Sentences of the vendor that a person decided about: `spec/sentences.yaml`. The import no longer
/// lists them as not understood.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sentences {
    /// Decisions, each about all sentences that fit one of its patterns.
    pub sentences: Vec<SentenceDecision>,
}

/// A decision about sentences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentenceDecision {
    /// Kind of content.
    pub is: SentenceKind,
    /// Reason of the decision.
    pub because: String,
    /// Patterns for whole sentences, in which `*` stands for any text. Upper and lower case are equal.
    pub like: Vec<String>,
}

/// What a sentence states that the import does not understand.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SentenceKind {
    /// No rule: the sentence explains something.
    Explanation,
    /// A price.
    Price,
    /// A fact that another sentence or the shape states as well.
    Repetition,
    /// A rule that the spec language cannot express.
    Unsupported,
}

impl SentenceKind {
    /// Returns the kind as the spec writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Explanation => "explanation",
            Self::Price => "price",
            Self::Repetition => "repetition",
            Self::Unsupported => "unsupported",
        }
    }
}

/// The status codes: `spec/status_codes.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusCodes {
    /// Status codes in ascending order.
    pub codes: Vec<StatusCode>,
}

/// A status code of a response or of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusCode {
    /// Numeric code.
    pub code: u32,
    /// Name of the generated variant.
    pub name: String,
    /// Category of the code.
    pub class: StatusClass,
    /// Whether a retry can succeed.
    pub repeat: RetryAdvice,
    /// HTTP status of the response. Defaults to 200.
    #[serde(default)]
    pub http_status: Option<u16>,
    /// Text of the API. It varies, so code must not depend on it.
    pub message: String,
    /// Meaning of the code, in our own words.
    pub doc: String,
}

/// The category of a status code.
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

/// Whether a retry can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "the models crate documents each one, and the names speak"
)]
pub enum RetryAdvice {
    Never,
    Later,
    FewTimes,
    Poll,
    NewTask,
    NextDay,
}
