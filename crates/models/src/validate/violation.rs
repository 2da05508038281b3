//! What is wrong with a task.

use std::fmt;

use jiff::civil::Date;

use crate::endpoint::rules::FieldCondition;

/// All violations of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Returns the violations in the order of the documented fields.
    pub fn violations(&self) -> &[Violation] {
        &self.0
    }
}

impl From<Vec<Violation>> for Violations {
    fn from(violations: Vec<Violation>) -> Self {
        Self(violations)
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            violation.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// A violation of the documentation in a task.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// The path in the task, such as `targets[3]`.
    pub path: String,
    /// What is wrong.
    pub kind: ViolationKind,
}

impl Violation {
    /// Returns a violation at a path of a task.
    pub fn new(path: impl Into<String>, kind: ViolationKind) -> Self {
        Self {
            path: path.into(),
            kind,
        }
    }

    /// Returns whether the API rejects such a task, or may accept it.
    pub fn severity(&self) -> Severity {
        match self.kind {
            ViolationKind::UnknownValue { .. }
            | ViolationKind::UnknownMember { .. }
            | ViolationKind::TargetForm(_)
            | ViolationKind::Requires { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.kind)
    }
}

/// Whether the API rejects a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The documentation excludes the value, and the API rejects it.
    Error,
    /// The documentation advises against the value, or does not list it. The API may accept it.
    Warning,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ViolationKind {
    /// No documented field has this name.
    UnknownField {
        /// The documented names.
        known: Vec<&'static str>,
    },
    /// A required field is absent, null, or an empty list.
    Missing,
    /// Neither this field nor one of its alternatives is set.
    MissingUnless {
        /// The alternatives.
        others: &'static [&'static str],
    },
    /// The field is required with another field, which is set.
    MissingWith {
        /// The other field.
        other: &'static str,
    },
    /// The field is required because other fields have these values.
    MissingIf {
        /// The values of the other fields.
        conditions: &'static [FieldCondition],
    },
    /// The field requires another value of another field.
    Requires {
        /// The value that the other field must have.
        condition: FieldCondition,
    },
    /// The field cannot be used together with another field, which is set.
    Excludes {
        /// The other field.
        other: &'static str,
    },
    /// The date or time is after that of another field, the end of the range.
    AfterField {
        /// The other field.
        other: &'static str,
    },
    /// Not a date and time of the form `yyyy-mm-dd hh:mm:ss +00:00`.
    NotATimestamp,
    /// The endpoint is live: it returns the result in the response, and accepts no posted tasks.
    LiveEndpoint,
    /// The value is of another kind.
    WrongKind {
        /// The documented kind.
        expected: &'static str,
    },
    /// Infinity or NaN, which JSON cannot express.
    NotFinite,
    /// Too few elements.
    TooFew {
        /// The number in the task.
        found: usize,
        /// The fewest.
        min: usize,
    },
    /// Too many elements.
    TooMany {
        /// The number in the task.
        found: usize,
        /// The most.
        max: usize,
    },
    /// Too few characters.
    TooShort {
        /// The number in the task.
        found: usize,
        /// The fewest.
        min: usize,
    },
    /// Too many words.
    TooManyWords {
        /// The number in the task.
        found: usize,
        /// The most.
        max: usize,
    },
    /// Too many characters.
    TooLong {
        /// The number in the task.
        found: usize,
        /// The most.
        max: usize,
    },
    /// The elements belong to too many registrable domains.
    TooManyDomains {
        /// The number in the task.
        found: usize,
        /// The most.
        max: usize,
    },
    /// Filters with too many conditions.
    TooManyConditions {
        /// The number in the task.
        found: usize,
        /// The most.
        max: usize,
    },
    /// A number below the smallest that is allowed.
    Below(f64),
    /// A number above the largest that is allowed.
    Above(f64),
    /// Not a date of the form `yyyy-mm-dd`.
    NotADate,
    /// A date before the first that is allowed.
    Before(Date),
    /// A date after the last that is allowed.
    After(Date),
    /// The value is not documented.
    UnknownValue {
        /// The documented values.
        known: &'static [&'static str],
    },
    /// The object is not one of the members of a union.
    NoMember {
        /// The fields of which one identifies a member.
        keys: Vec<&'static str>,
    },
    /// The tag names a member of a union that is not documented.
    UnknownMember {
        /// The documented members.
        known: Vec<&'static str>,
    },
    /// A target that is not written as documented.
    TargetForm(&'static str),
    /// An empty target, for which the call would be charged and nothing found.
    EmptyTarget,
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { known } => {
                write!(f, "unknown field; known fields: {}", known.join(", "))
            }
            Self::Missing => f.write_str("required"),
            Self::MissingUnless { others } => {
                write!(f, "required unless {} is given", others.join(" or "))
            }
            Self::MissingWith { other } => write!(f, "required with {other}"),
            Self::MissingIf { conditions } => {
                let conditions: Vec<String> = conditions.iter().map(ToString::to_string).collect();
                write!(f, "required with {}", conditions.join(" and "))
            }
            Self::Requires { condition } => write!(f, "requires {condition}"),
            Self::Excludes { other } => write!(f, "cannot be used together with {other}"),
            Self::AfterField { other } => write!(f, "after {other}"),
            Self::NotATimestamp => {
                f.write_str("expected a date and time, yyyy-mm-dd hh:mm:ss +00:00")
            }
            Self::LiveEndpoint => {
                f.write_str("the endpoint is live: call it instead of posting tasks")
            }
            Self::WrongKind { expected } => write!(f, "expected {expected}"),
            Self::NotFinite => f.write_str("expected a finite number"),
            Self::TooFew { found, min } => {
                write!(f, "{found} elements, at least {min} are required")
            }
            Self::TooMany { found, max } => {
                write!(f, "{found} elements, at most {max} are allowed")
            }
            Self::TooShort { found, min } => {
                write!(f, "{found} characters, at least {min} are required")
            }
            Self::TooManyWords { found, max } => {
                write!(f, "{found} words, at most {max} are allowed")
            }
            Self::TooLong { found, max } => {
                write!(f, "{found} characters, at most {max} are allowed")
            }
            Self::TooManyDomains { found, max } => {
                write!(f, "{found} different domains, at most {max} are allowed")
            }
            Self::TooManyConditions { found, max } => {
                write!(f, "{found} conditions, at most {max} are allowed")
            }
            Self::Below(min) => write!(f, "at least {min} is required"),
            Self::Above(max) => write!(f, "at most {max} is allowed"),
            Self::NotADate => f.write_str("expected a date, yyyy-mm-dd"),
            Self::Before(min) => write!(f, "{min} is the first date that is allowed"),
            Self::After(max) => write!(f, "{max} is the last date that is allowed"),
            Self::UnknownValue { known } => {
                write!(
                    f,
                    "not a documented value; documented values: {}",
                    known.join(", ")
                )
            }
            Self::NoMember { keys } => {
                write!(f, "expected one of the fields {}", keys.join(", "))
            }
            Self::UnknownMember { known } => {
                write!(
                    f,
                    "not a documented value; documented values: {}",
                    known.join(", ")
                )
            }
            Self::TargetForm(advice) => f.write_str(advice),
            Self::EmptyTarget => f.write_str("the target is empty"),
        }
    }
}
