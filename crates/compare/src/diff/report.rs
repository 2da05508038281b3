//! What a comparison found.

use serde::Serialize;
use serde_json::Value;

use super::meaning::{Event, Meaning, Semver};
use super::surface::{Fact, Form, Side};

/// The difference between two sources.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What was compared.
    pub old: Named,
    /// With what.
    pub new: Named,
    /// How many endpoints both have.
    pub endpoints_in_both: usize,
    /// The changes, the worst first.
    pub changes: Vec<Change>,
    /// What could not be compared, and why.
    pub not_compared: Vec<String>,
}

/// A source, as it is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The name that it was asked for by.
    pub name: String,
    /// What kind of source it is.
    pub form: Form,
}

/// One change, with all places that it touches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What changed.
    #[serde(flatten)]
    pub what: What,
    /// The part of a call.
    pub side: Side,
    /// What happened, as far as callers are concerned.
    pub event: Event,
    /// What that means for them.
    pub meaning: Meaning,
    /// The step of the version that it asks for.
    pub semver: Semver,
    /// Why it means that.
    pub why: &'static str,
    /// The shared type that it is in, with the place inside, where several places use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<String>,
    /// Every place that it touches.
    pub places: Vec<Place>,
}

/// A place of a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The endpoint, by its path without version.
    pub endpoint: String,
    /// The path of the field; empty for the endpoint as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Of what may have been renamed or moved: the path that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum What {
    /// An endpoint, a field or a member of a union is new.
    Added {
        /// Its type; of an endpoint its method.
        kind: String,
        /// Whether a task must have it.
        required: bool,
        /// How many fields are inside of it; they are not told one by one.
        inside: usize,
    },
    /// It went.
    Removed {
        /// Its type; of an endpoint its method.
        kind: String,
        /// Whether a task had to have it.
        required: bool,
        /// How many fields were inside of it.
        inside: usize,
    },
    /// It may have another name: that is never certain.
    Renamed {
        /// The name that went.
        from: String,
        /// The name that came.
        to: String,
        /// What speaks for it.
        evidence: Vec<String>,
    },
    /// It may stand elsewhere: that is never certain.
    Moved {
        /// What speaks for it.
        evidence: Vec<String>,
    },
    /// Something that is said of it changed.
    Changed {
        /// What is said.
        fact: Fact,
        /// What was said; nothing if it was not said.
        old: Option<Value>,
        /// What is said now.
        new: Option<Value>,
    },
}

impl Report {
    /// The step of the version that all changes together ask for.
    pub fn semver(&self) -> Semver {
        let steps = self.changes.iter().map(|change| change.semver);
        steps.max().unwrap_or(Semver::None)
    }

    /// How many changes have this meaning.
    pub fn count(&self, meaning: Meaning) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.meaning == meaning).count()
    }

    /// The exit code of the program: 0 without a difference, 10 if nothing breaks, 11 if something
    /// does. (1 is an error, 2 wrong usage.)
    pub fn exit_code(&self) -> u8 {
        match self.semver() {
            Semver::None => 0,
            Semver::Patch | Semver::Minor => 10,
            Semver::Major => 11,
        }
    }
}
