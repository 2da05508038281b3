//! The documented limits of the fields of a task, as data.
//!
//! One table serves [`validate`], the mock server, and programs that show limits to people.
//!
//! [`validate`]: crate::validate

use jiff::ToSpan;
use jiff::civil::Date;

/// A field of a task, and the values that are allowed.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FieldRule {
    /// The name in JSON.
    pub name: &'static str,
    /// The kind of value.
    pub kind: FieldKind,
    /// Whether the field is required.
    pub required: bool,
    /// The limits of the value.
    pub limits: &'static [Limit],
}

impl FieldRule {
    pub(crate) const fn required(
        name: &'static str,
        kind: FieldKind,
        limits: &'static [Limit],
    ) -> Self {
        Self {
            name,
            kind,
            required: true,
            limits,
        }
    }

    pub(crate) const fn optional(
        name: &'static str,
        kind: FieldKind,
        limits: &'static [Limit],
    ) -> Self {
        Self {
            name,
            kind,
            required: false,
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
    /// An integer.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// A list whose elements are of one kind.
    List(&'static FieldKind),
    /// An object with any keys, whose values are of one kind.
    Map(&'static FieldKind),
    /// An object with documented fields.
    Object(&'static [FieldRule]),
    /// Filters: conditions `[field, operator, value]`, joined by `"and"` and `"or"`, nested.
    Filters,
    /// A sort order: `field,asc` or `field,desc`.
    Order,
    /// Any JSON.
    Any,
}

/// A limit of a value.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Limit {
    /// The fewest elements.
    MinItems(usize),
    /// The most elements.
    MaxItems(usize),
    /// The most characters.
    MaxLength(usize),
    /// The most different registrable domains that the elements belong to.
    MaxDistinctDomains(usize),
    /// The most conditions of filters.
    MaxConditions(usize),
    /// The smallest number.
    Min(f64),
    /// The largest number.
    Max(f64),
    /// A date `yyyy-mm-dd` within bounds.
    Date {
        /// The first date.
        min: Option<DateBound>,
        /// The last date.
        max: Option<DateBound>,
    },
    /// One of these values. The API may accept others.
    OneOf(&'static [&'static str]),
    /// A target or a list of targets: domains without scheme and `www.`, pages with their scheme.
    Targets,
    /// A date and time `yyyy-mm-dd hh:mm:ss +00:00`.
    Timestamp,
    /// The field is required unless one of these fields is set.
    RequiredUnless(&'static [&'static str]),
    /// The field is required if this field is set.
    RequiredWith(&'static str),
    /// A date, or a date and time, that is not after the one in this field.
    NotAfter(&'static str),
}

/// A bound of a date, fixed or relative to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateBound {
    /// Year, month, day.
    On(i16, i8, i8),
    /// A time span before today.
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
    /// Returns the date of the bound on a given day.
    pub fn on(self, today: Date) -> Date {
        match self {
            // The generator checks every date of the spec, so the fallback does not occur.
            Self::On(year, month, day) => Date::new(year, month, day).unwrap_or(Date::MIN),
            Self::Before {
                years,
                months,
                days,
            } => today.saturating_sub(years.years().months(months).days(days)),
        }
    }
}
