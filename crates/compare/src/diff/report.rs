//! The result of a comparison.

use serde::Serialize;
use serde_json::Value;

use super::meaning::{Event, Meaning, Semver};
use super::surface::{CallSide, Fact, SourceForm};

/// The difference between two sources.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffReport {
    /// The old source.
    pub old: SourceName,
    /// The new source.
    pub new: SourceName,
    /// The number of endpoints that both sources contain.
    pub endpoints_in_both: usize,
    /// The changes, the most severe first.
    pub changes: Vec<ApiChange>,
    /// The facts that were not compared, with reasons.
    pub not_compared: Vec<String>,
}

/// The name and the form of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceName {
    /// The name on the command line.
    pub name: String,
    /// The form of the source.
    pub form: SourceForm,
}

/// A change, with all locations that it affects.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ApiChange {
    /// The change itself.
    #[serde(flatten)]
    pub what: ChangeKind,
    /// The part of a call that changed.
    pub side: CallSide,
    /// The event, as callers experience it.
    pub event: Event,
    /// The meaning for callers.
    pub meaning: Meaning,
    /// The step of the version that the change requires.
    pub semver: Semver,
    /// The reason for the meaning.
    pub why: &'static str,
    /// The reason for the change, if the source states one: why something is deprecated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The shared type that contains the change, with the path inside. `None` unless several
    /// locations use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<String>,
    /// The later source in which the change was undone at every location. Only set if more than
    /// two sources are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_in: Option<String>,
    /// The earlier source whose change this one undoes at every location. Only set if more than two
    /// sources are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// Every location that the change affects.
    #[serde(rename = "places")]
    pub locations: Vec<ChangeLocation>,
}

/// The location of a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ChangeLocation {
    /// The path of the endpoint, without the version.
    pub endpoint: String,
    /// The path of the field. Empty for the endpoint as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The new path, if the field or endpoint may have been renamed or moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// The change itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ChangeKind {
    /// An endpoint, a field or a member of a union was added.
    Added {
        /// The type of the field, or the method of the endpoint.
        kind: String,
        /// Whether tasks require the field.
        required: bool,
        /// The number of fields inside. They are not listed.
        inside: usize,
    },
    /// An endpoint, a field or a member of a union was removed.
    Removed {
        /// The type of the field, or the method of the endpoint.
        kind: String,
        /// Whether tasks required the field.
        required: bool,
        /// The number of fields inside. They are not listed.
        inside: usize,
    },
    /// It may have been renamed. This is a guess.
    Renamed {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
        /// The evidence for the guess.
        evidence: Vec<String>,
    },
    /// It may have been moved. This is a guess.
    Moved {
        /// The evidence for the guess.
        evidence: Vec<String>,
    },
    /// A fact changed.
    Changed {
        /// The fact.
        fact: Fact,
        /// The old value. `None` if the fact was not stated.
        old: Option<Value>,
        /// The new value. `None` if the fact is no longer stated.
        new: Option<Value>,
    },
}

impl DiffReport {
    /// Returns the step of the version that all changes together require.
    pub fn semver(&self) -> Semver {
        let steps = self.changes.iter().map(|change| change.semver);
        steps.max().unwrap_or(Semver::None)
    }

    /// Returns the number of changes with a meaning.
    pub fn count(&self, meaning: Meaning) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.meaning == meaning).count()
    }

    /// Returns the exit code of the program: 0 without a difference, 10 if nothing breaks, 11 if
    /// something breaks.
    ///
    /// The program itself exits with 1 after an error, and with 2 after wrong usage.
    pub fn exit_code(&self) -> u8 {
        match self.semver() {
            Semver::None => 0,
            Semver::Patch | Semver::Minor => 10,
            Semver::Major => 11,
        }
    }
}
