//! The documented limits of a task's fields, as data: one table serves [`validate`], the mock
//! server and whoever wants to show limits to people.
//!
//! [`validate`]: crate::validate

use jiff::ToSpan;
use jiff::civil::Date;

/// One field of a task and what may stand in it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FieldRule {
    /// Its name in JSON.
    pub name: &'static str,
    /// The kind of value.
    pub kind: FieldKind,
    /// Whether a task must have it.
    pub required: bool,
    /// What else holds for the value.
    pub limits: &'static [Limit],
}

impl FieldRule {
    pub(crate) const fn new(
        name: &'static str,
        kind: FieldKind,
        required: bool,
        limits: &'static [Limit],
    ) -> Self {
        Self {
            name,
            kind,
            required,
            limits,
        }
    }
}

/// A kind of JSON value.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum FieldKind {
    /// A string.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// A list of one kind.
    List(&'static FieldKind),
    /// An object with keys of the caller's choosing.
    Map(&'static FieldKind),
    /// An object with documented fields.
    Object(&'static [FieldRule]),
    /// Conditions: `[field, operator, value]`, joined by `"and"` and `"or"`, nested.
    Filters,
    /// A rule for an order: `field,asc` or `field,desc`.
    Order,
    /// Any JSON.
    Any,
}

/// What holds for a value beyond its kind.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Limit {
    /// At least so many elements.
    MinItems(usize),
    /// At most so many elements.
    MaxItems(usize),
    /// At most so many characters.
    MaxLength(usize),
    /// Elements that belong to at most so many different registrable domains.
    MaxDistinctDomains(usize),
    /// Filters of at most so many conditions.
    MaxConditions(usize),
    /// A number not below this.
    Min(f64),
    /// A number not above this.
    Max(f64),
    /// A date, `yyyy-mm-dd`, within bounds.
    Date {
        /// Not before this.
        min: Option<DateBound>,
        /// Not after this.
        max: Option<DateBound>,
    },
    /// One of these; the API may know more.
    OneOf(&'static [&'static str]),
    /// Each is a domain without scheme and `www.`, or a page with its scheme.
    Targets,
    /// A moment, `yyyy-mm-dd hh:mm:ss +00:00`.
    Timestamp,
    /// The field is there, unless one of these is.
    RequiredUnless(&'static [&'static str]),
    /// The field is there if this one is.
    RequiredWith(&'static str),
    /// A date, or a moment, that does not come after that of this field.
    NotAfter(&'static str),
}

/// A bound of a date, fixed or moving with the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateBound {
    /// Year, month, day.
    On(i16, i8, i8),
    /// So long before today.
    Before {
        /// Years before today.
        years: i16,
        /// Months before today.
        months: i16,
        /// Days before today.
        days: i16,
    },
}

impl DateBound {
    /// The date that the bound means on a given day.
    pub fn on(self, today: Date) -> Date {
        match self {
            // The generator checks every date of the spec, so the fallback is never taken.
            Self::On(year, month, day) => Date::new(year, month, day).unwrap_or(Date::MIN),
            Self::Before {
                years,
                months,
                days,
            } => today.saturating_sub(years.years().months(months).days(days)),
        }
    }
}
