//! The one plain form that all sources are brought to before they are compared: endpoints, their
//! fields by path, and the facts that a source states of each.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

/// What a source says of the API.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// How the source is named in a report.
    pub name: String,
    /// What kind of source it is; that decides what it can say at all.
    pub form: Form,
    /// The endpoints by their path without version, names of parameters left out:
    /// `serp/google/organic/task_get/advanced/{}`, with the method of any but the first of a path.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// What was decided while it was read.
    pub notes: Vec<String>,
}

/// The kinds of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A spec folder.
    Spec,
    /// What `cargo xtask openapi` prints: limits stand in keys.
    OwnOpenApi,
    /// The vendor's OpenAPI file: what its keys lack is read out of its prose.
    OpenApi,
    /// One documentation page.
    Page,
}

impl Form {
    /// What the form is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spec => "a spec",
            Self::OwnOpenApi => "an OpenAPI document made from the spec",
            Self::OpenApi => "the vendor's OpenAPI file",
            Self::Page => "a documentation page",
        }
    }
}

/// One endpoint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Endpoint {
    /// What is said of it as a whole.
    pub facts: Facts,
    /// Its fields by path, in the order of the source; a field comes behind the one it is in.
    pub fields: IndexMap<String, Field>,
    /// The words that `Fact::Wording` is the mark of.
    pub text: Option<String>,
}

/// One field. A member of a union counts as one: `result.items[]<organic>`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Field {
    /// The path of the field that it is in, or of its side: `task`, `result.items`.
    pub parent: String,
    /// Its name; of a member the tag's value.
    pub name: String,
    /// What is said of it.
    pub facts: Facts,
    /// The shared type that it stands in, and where inside of it.
    pub within: Option<(String, String)>,
    /// The shared type that its values are from.
    pub values_of: Option<String>,
    /// The words that `Fact::Wording` is the mark of.
    pub text: Option<String>,
    /// The spec has it from elsewhere than from the vendor's pages and files.
    pub own: bool,
    /// The facts that are read out of the words: if one changes, the words did, too.
    pub prose: BTreeSet<Fact>,
    /// Facts in which the vendor is known to be wrong, by their names.
    pub corrected: BTreeSet<String>,
}

/// What is said: facts by name. One that is not said is not there.
pub type Facts = BTreeMap<Fact, Value>;

/// A fact about an endpoint or a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the spec language")]
pub enum Fact {
    Path,
    Method,
    Mode,
    Charged,
    TasksPerCall,
    CallsPerMinute,
    Rows,
    Type,
    Nullable,
    ElementsNullable,
    Format,
    NumberFormat,
    Numbered,
    Over,
    Required,
    RequiredUnless,
    RequiredWith,
    NotAfter,
    Default,
    Min,
    Max,
    MaxLength,
    MinItems,
    MaxItems,
    MaxConditions,
    MaxDistinctDomains,
    Values,
    Deprecated,
    /// Our own words.
    Doc,
    /// The vendor's words, as a mark that punctuation and letter case do not change.
    Wording,
}

impl Fact {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 30] = [
        Self::Path,
        Self::Method,
        Self::Mode,
        Self::Charged,
        Self::TasksPerCall,
        Self::CallsPerMinute,
        Self::Rows,
        Self::Type,
        Self::Nullable,
        Self::ElementsNullable,
        Self::Format,
        Self::NumberFormat,
        Self::Numbered,
        Self::Over,
        Self::Required,
        Self::RequiredUnless,
        Self::RequiredWith,
        Self::NotAfter,
        Self::Default,
        Self::Min,
        Self::Max,
        Self::MaxLength,
        Self::MinItems,
        Self::MaxItems,
        Self::MaxConditions,
        Self::MaxDistinctDomains,
        Self::Values,
        Self::Deprecated,
        Self::Doc,
        Self::Wording,
    ];

    /// The name, as the spec language has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Method => "method",
            Self::Mode => "mode",
            Self::Charged => "charged",
            Self::TasksPerCall => "tasks_per_call",
            Self::CallsPerMinute => "calls_per_minute",
            Self::Rows => "rows",
            Self::Type => "type",
            Self::Nullable => "nullable",
            Self::ElementsNullable => "elements_nullable",
            Self::Format => "format",
            Self::NumberFormat => "number_format",
            Self::Numbered => "numbered",
            Self::Over => "over",
            Self::Required => "required",
            Self::RequiredUnless => "required_unless",
            Self::RequiredWith => "required_with",
            Self::NotAfter => "not_after",
            Self::Default => "default",
            Self::Min => "min",
            Self::Max => "max",
            Self::MaxLength => "max_length",
            Self::MinItems => "min_items",
            Self::MaxItems => "max_items",
            Self::MaxConditions => "max_conditions",
            Self::MaxDistinctDomains => "max_distinct_domains",
            Self::Values => "values",
            Self::Deprecated => "deprecated",
            Self::Doc => "doc",
            Self::Wording => "wording",
        }
    }

    /// Whether the vendor's OpenAPI file says it in prose, and no key of the file does.
    pub const fn in_prose(self) -> bool {
        matches!(
            self,
            Self::Format
                | Self::Required
                | Self::RequiredUnless
                | Self::RequiredWith
                | Self::NotAfter
                | Self::Default
                | Self::Min
                | Self::Max
                | Self::MaxLength
                | Self::MinItems
                | Self::MaxItems
                | Self::MaxConditions
                | Self::MaxDistinctDomains
                | Self::Values
        )
    }
}

/// How much of a fact a source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// All there is: what is not said does not hold.
    All,
    /// What it happens to state: what is not said may hold nevertheless.
    Some,
    /// Nothing, whether it holds or not.
    Nothing,
}

impl Form {
    /// How much of a fact a source of this form says.
    pub const fn says(self, fact: Fact) -> Says {
        use Fact as F;
        match (self, fact) {
            (_, F::Path | F::Method | F::Type) => Says::All,
            (Self::Spec, F::Nullable | F::ElementsNullable | F::NumberFormat) => Says::Nothing,
            (Self::Spec, F::Wording) => Says::Some,
            (Self::Spec, _) => Says::All,
            (Self::OwnOpenApi, F::Over | F::Rows | F::CallsPerMinute | F::Wording) => Says::Nothing,
            (Self::OwnOpenApi, F::Format) => Says::Some,
            (Self::OwnOpenApi, _) => Says::All,
            (Self::OpenApi, F::Nullable | F::ElementsNullable | F::NumberFormat) => Says::All,
            (Self::OpenApi, F::Deprecated | F::Wording) => Says::All,
            (Self::Page, F::Wording) => Says::All,
            (Self::OpenApi | Self::Page, fact) if fact.in_prose() => Says::Some,
            (Self::OpenApi | Self::Page, _) => Says::Nothing,
        }
    }

    /// Whether this is the vendor's own account.
    pub const fn of_the_vendor(self) -> bool {
        matches!(self, Self::OpenApi | Self::Page)
    }
}

/// The part of a call that a change is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The endpoint as a whole.
    Endpoint,
    /// A parameter of the path.
    Path,
    /// What is sent.
    Task,
    /// What the envelope holds around results.
    Answer,
    /// What comes back.
    Result,
}

impl Side {
    /// The side that a field's path begins with.
    pub fn of(path: &str) -> Self {
        match path.split('.').next() {
            Some("task") => Self::Task,
            Some("result") => Self::Result,
            Some("answer") => Self::Answer,
            Some("path") => Self::Path,
            _ => Self::Endpoint,
        }
    }
}

/// The key of an endpoint: its path without the version and without the names of parameters.
pub fn endpoint_id(path: &str) -> String {
    let rest = path.trim_start_matches('/');
    let rest = match rest.split_once('/') {
        Some((version, rest)) if is_version(version) => rest,
        _ => rest,
    };
    let segments = rest.split('/').map(|segment| {
        let named = segment.starts_with('{') || segment.starts_with('$');
        if named { "{}" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v');
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// The words of a text in small letters: what is compared, and what similarity is measured by.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether a path is another one or leads into it.
pub fn is_inside(path: &str, of: &str) -> bool {
    let rest = path.strip_prefix(of);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{', '<']))
}
