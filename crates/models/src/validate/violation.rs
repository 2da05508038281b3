//! What is wrong with a task.

use std::fmt;

use jiff::civil::Date;

/// Everything that is wrong with a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Each violation, in the order of the documented fields.
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

/// One thing that is wrong, or looks wrong, in a task.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// Where in the task: `targets[3]`.
    pub path: String,
    /// What.
    pub kind: ViolationKind,
}

impl Violation {
    /// Something wrong at a place of a task.
    pub fn new(path: impl Into<String>, kind: ViolationKind) -> Self {
        Self {
            path: path.into(),
            kind,
        }
    }

    /// Whether the API refuses such a task, or may answer it.
    pub fn severity(&self) -> Severity {
        match self.kind {
            ViolationKind::UnknownValue { .. } | ViolationKind::TargetForm(_) => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.kind)
    }
}

/// How sure it is that a task will be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The documentation rules it out.
    Error,
    /// The documentation advises against it, or does not know it; the API may take it.
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
    /// A required field is not there, is null, or is an empty list.
    Missing,
    /// Neither this field is there nor one of those that can stand for it.
    MissingUnless {
        /// Those that can.
        others: &'static [&'static str],
    },
    /// The field goes with another one, which is there.
    MissingWith {
        /// That one.
        other: &'static str,
    },
    /// The date, or the moment, comes after that of another field, which is the end of the range.
    AfterField {
        /// That field.
        other: &'static str,
    },
    /// Not a moment of the form `yyyy-mm-dd hh:mm:ss +00:00`.
    NotATimestamp,
    /// The endpoint answers at once: it takes no posts for later.
    LiveEndpoint,
    /// Another kind of value.
    WrongKind {
        /// The documented kind.
        expected: &'static str,
    },
    /// Infinite, or not a number at all: JSON cannot say that.
    NotFinite,
    /// Too few elements.
    TooFew {
        /// How many there are.
        found: usize,
        /// How many there must be.
        min: usize,
    },
    /// Too many elements.
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// Too many characters.
    TooLong {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// The elements belong to too many registrable domains.
    TooManyDomains {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// Filters with too many conditions.
    TooManyConditions {
        /// How many there are.
        found: usize,
        /// How many there may be.
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
    /// None of the documented values.
    UnknownValue {
        /// The documented values.
        known: &'static [&'static str],
    },
    /// A target that is not written as documented.
    TargetForm(&'static str),
    /// A target without text: nothing could be found for it, and the call would be charged.
    EmptyTarget,
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { known } => {
                write!(f, "no such field; there are {}", known.join(", "))
            }
            Self::Missing => f.write_str("required"),
            Self::MissingUnless { others } => {
                write!(f, "required unless {} is given", others.join(" or "))
            }
            Self::MissingWith { other } => write!(f, "required with {other}"),
            Self::AfterField { other } => write!(f, "after {other}"),
            Self::NotATimestamp => f.write_str("expected a moment, yyyy-mm-dd hh:mm:ss +00:00"),
            Self::LiveEndpoint => f.write_str("this endpoint answers at once: call it"),
            Self::WrongKind { expected } => write!(f, "expected {expected}"),
            Self::NotFinite => f.write_str("expected a finite number"),
            Self::TooFew { found, min } => {
                write!(f, "{found} elements, at least {min} are required")
            }
            Self::TooMany { found, max } => {
                write!(f, "{found} elements, at most {max} are allowed")
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
                write!(f, "not a documented value; there are {}", known.join(", "))
            }
            Self::TargetForm(advice) => f.write_str(advice),
            Self::EmptyTarget => f.write_str("an empty target"),
        }
    }
}
