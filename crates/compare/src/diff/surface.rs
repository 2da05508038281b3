//! The common form of all sources: endpoints, their fields by path, and the facts about each.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

/// A source in the form in which it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// The name of the source in a report.
    pub name: String,
    /// The form of the source. It determines which facts the source can state.
    pub form: SourceForm,
    /// The endpoints by path, without the version and without names of parameters:
    /// `serp/google/organic/task_get/advanced/{}`. A second endpoint of a path has its method in
    /// the key.
    pub endpoints: BTreeMap<String, SurfaceEndpoint>,
    /// The decisions that were made while the source was read.
    pub notes: Vec<String>,
}

/// The form of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceForm {
    /// A spec folder.
    Spec,
    /// The output of `cargo xtask openapi`. Keys state the limits.
    OwnOpenApi,
    /// The vendor's OpenAPI file. Facts without a key are read from the descriptions.
    OpenApi,
    /// One documentation page.
    Page,
}

impl SourceForm {
    /// Returns the name of the form, with an article.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spec => "a spec",
            Self::OwnOpenApi => "an OpenAPI document generated from the spec",
            Self::OpenApi => "the vendor's OpenAPI file",
            Self::Page => "a documentation page",
        }
    }
}

/// An endpoint of a source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SurfaceEndpoint {
    /// The facts about the endpoint as a whole.
    pub facts: Facts,
    /// The fields by path, in the order of the source. A field follows the one that contains it.
    pub fields: IndexMap<String, SurfaceField>,
    /// The text behind the fingerprint in `Fact::Wording`.
    pub text: Option<String>,
    /// The reason why the endpoint is deprecated, if it is stated.
    pub deprecation: Option<String>,
}

/// A field of a source, or a member of a union: `result.items[]<organic>`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SurfaceField {
    /// The path of the field that contains it, or the name of its side: `task`, `result.items`.
    pub parent: String,
    /// The name of the field, or the tag's value of a member.
    pub name: String,
    /// The facts about the field.
    pub facts: Facts,
    /// The shared type that contains the field, and the path inside.
    pub within: Option<(String, String)>,
    /// The shared type that defines its values.
    pub values_of: Option<String>,
    /// The text behind the fingerprint in `Fact::Wording`.
    pub text: Option<String>,
    /// The reason why the field is deprecated, if it is stated.
    pub deprecation: Option<String>,
    /// Whether the spec has the field from a source other than the vendor's pages and files.
    pub own: bool,
    /// The facts that are read from descriptions. If one changes, so does the description.
    pub prose: BTreeSet<Fact>,
    /// The names of facts that the vendor is known to state wrongly.
    pub corrected: BTreeSet<String>,
}

/// Facts by name, without those that are not stated.
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
    RequiredIf,
    Requires,
    Excludes,
    NotAfter,
    Default,
    DefaultBy,
    Min,
    Max,
    MinLength,
    MaxLength,
    MaxWords,
    MinItems,
    MaxItems,
    MaxConditions,
    MaxDistinctDomains,
    Values,
    Deprecated,
    /// The text of the spec.
    Doc,
    /// A fingerprint of the vendor's text. It ignores punctuation and letter case.
    Wording,
}

impl Fact {
    /// All facts, in the order of reports.
    pub const ALL: [Self; 36] = [
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
        Self::RequiredIf,
        Self::Requires,
        Self::Excludes,
        Self::NotAfter,
        Self::Default,
        Self::DefaultBy,
        Self::Min,
        Self::Max,
        Self::MinLength,
        Self::MaxLength,
        Self::MaxWords,
        Self::MinItems,
        Self::MaxItems,
        Self::MaxConditions,
        Self::MaxDistinctDomains,
        Self::Values,
        Self::Deprecated,
        Self::Doc,
        Self::Wording,
    ];

    /// Returns the name of the fact in the spec language.
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
            Self::RequiredIf => "required_if",
            Self::Requires => "requires",
            Self::Excludes => "excludes",
            Self::NotAfter => "not_after",
            Self::Default => "default",
            Self::DefaultBy => "default_by",
            Self::Min => "min",
            Self::Max => "max",
            Self::MinLength => "min_length",
            Self::MaxLength => "max_length",
            Self::MaxWords => "max_words",
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

    /// Returns whether the vendor's OpenAPI file states the fact in descriptions instead of keys.
    pub const fn in_prose(self) -> bool {
        matches!(
            self,
            Self::Format
                | Self::Required
                | Self::RequiredUnless
                | Self::RequiredWith
                | Self::RequiredIf
                | Self::Requires
                | Self::Excludes
                | Self::NotAfter
                | Self::Default
                | Self::DefaultBy
                | Self::Min
                | Self::Max
                | Self::MinLength
                | Self::MaxLength
                | Self::MaxWords
                | Self::MinItems
                | Self::MaxItems
                | Self::MaxConditions
                | Self::MaxDistinctDomains
                | Self::Values
        )
    }
}

/// The completeness of a fact in a form of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// The form states the fact completely. A fact that is not stated does not hold.
    Complete,
    /// The form states the fact only partly. A fact that is not stated may still hold.
    Partial,
    /// The form never states the fact.
    Absent,
}

impl SourceForm {
    /// Returns how completely a source of this form states a fact.
    pub const fn coverage(self, fact: Fact) -> Coverage {
        use Fact as F;
        match (self, fact) {
            (_, F::Path | F::Method | F::Type) => Coverage::Complete,
            (Self::Spec, F::Nullable | F::ElementsNullable | F::NumberFormat) => Coverage::Absent,
            (Self::Spec, F::Wording) => Coverage::Partial,
            (Self::Spec, _) => Coverage::Complete,
            (Self::OwnOpenApi, F::Over | F::Rows | F::CallsPerMinute | F::Wording) => {
                Coverage::Absent
            }
            (Self::OwnOpenApi, F::Format) => Coverage::Partial,
            (Self::OwnOpenApi, _) => Coverage::Complete,
            (Self::OpenApi, F::Nullable | F::ElementsNullable | F::NumberFormat) => {
                Coverage::Complete
            }
            (Self::OpenApi, F::Deprecated | F::Wording) => Coverage::Complete,
            (Self::Page, F::Wording) => Coverage::Complete,
            (Self::OpenApi | Self::Page, fact) if fact.in_prose() => Coverage::Partial,
            (Self::OpenApi | Self::Page, _) => Coverage::Absent,
        }
    }

    /// Returns whether the vendor publishes this form of source.
    pub const fn is_from_vendor(self) -> bool {
        matches!(self, Self::OpenApi | Self::Page)
    }
}

/// The part of a call that a change affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallSide {
    /// The endpoint as a whole.
    Endpoint,
    /// A parameter of the path.
    Path,
    /// The task.
    Task,
    /// The envelope of the response, around the results.
    Response,
    /// The result.
    Result,
}

impl CallSide {
    /// Returns the side with which the path of a field begins.
    pub fn of(path: &str) -> Self {
        match path.split('.').next() {
            Some("task") => Self::Task,
            Some("result") => Self::Result,
            Some("response") => Self::Response,
            Some("path") => Self::Path,
            _ => Self::Endpoint,
        }
    }
}

/// Returns the key of an endpoint: its path without the version and without names of parameters.
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

/// Returns the words of a text in lower case. Texts are compared by them.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Returns whether a path is equal to another one, or inside it.
pub fn is_inside(path: &str, of: &str) -> bool {
    let rest = path.strip_prefix(of);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{', '<']))
}
