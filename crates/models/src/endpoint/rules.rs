//! The documented limits of the fields of a task, as data.
//!
//! One table serves [`validate`], the mock server, and programs that show limits to people.
//!
//! [`validate`]: crate::validate

use std::fmt;

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
    /// An object of one of several types.
    Union(&'static UnionRule),
    /// Filters: conditions `[field, operator, value]`, joined by `"and"` and `"or"`, nested.
    Filters,
    /// A sort order: `field,asc` or `field,desc`.
    Order,
    /// Any JSON.
    Any,
}

/// The members of a union.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct UnionRule {
    /// The field that names the member. `None` if the keys of the members identify them.
    pub tag: Option<&'static str>,
    /// The members.
    pub members: &'static [MemberRule],
}

impl UnionRule {
    #[allow(dead_code, reason = "the spec decides whether tasks have unions")]
    pub(crate) const fn new(tag: Option<&'static str>, members: &'static [MemberRule]) -> Self {
        Self { tag, members }
    }
}

/// A member of a union.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MemberRule {
    /// The value of the tag, or the name of the member in a union without one.
    pub name: &'static str,
    /// The required field that only this member has. Without meaning in a union with a tag.
    pub key: &'static str,
    /// The fields.
    pub fields: &'static [FieldRule],
}

impl MemberRule {
    #[allow(dead_code, reason = "the spec decides whether tasks have unions")]
    pub(crate) const fn new(
        name: &'static str,
        key: &'static str,
        fields: &'static [FieldRule],
    ) -> Self {
        Self { name, key, fields }
    }
}

/// A limit of a value.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Limit {
    /// The fewest elements.
    MinItems(usize),
    /// The most elements.
    MaxItems(usize),
    /// The fewest characters, of each string in a list.
    MinLength(usize),
    /// The most characters, of each string in a list.
    MaxLength(usize),
    /// The most words, of each string in a list.
    MaxWords(usize),
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
    /// The field is required if other fields have all of these values.
    RequiredIf(&'static [FieldCondition]),
    /// Other fields must have these values if this one is used. A boolean is used if it is `true`.
    Requires(&'static [FieldCondition]),
    /// None of these fields can be used together with this one.
    Excludes(&'static [&'static str]),
    /// A date, or a date and time, that is not after the one in this field.
    NotAfter(&'static str),
}

/// A value that another field of the same object has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldCondition {
    /// The name of the other field in JSON.
    pub field: &'static str,
    /// The value.
    pub value: ConditionValue,
    /// Whether the API uses the value if the other field is absent.
    pub is_default: bool,
}

impl FieldCondition {
    #[allow(dead_code, reason = "the spec decides whether fields have conditions")]
    /// Returns a condition that an absent field does not fulfill.
    pub(crate) const fn new(field: &'static str, value: ConditionValue) -> Self {
        Self {
            field,
            value,
            is_default: false,
        }
    }

    #[allow(dead_code, reason = "the spec decides whether fields have conditions")]
    /// Returns the condition, fulfilled also by an absent field.
    pub(crate) const fn or_absent(self) -> Self {
        Self {
            is_default: true,
            ..self
        }
    }

    /// Returns whether the other field of an object has the value.
    pub fn holds(&self, object: &serde_json::Map<String, serde_json::Value>) -> bool {
        match object.get(self.field) {
            None | Some(serde_json::Value::Null) => self.is_default,
            Some(value) => self.value.is(value),
        }
    }
}

impl fmt::Display for FieldCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.field, self.value)
    }
}

/// A value in a [`FieldCondition`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConditionValue {
    /// True or false.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A string.
    Text(&'static str),
}

impl ConditionValue {
    fn is(self, value: &serde_json::Value) -> bool {
        match self {
            Self::Bool(flag) => value.as_bool() == Some(flag),
            Self::Integer(number) => value.as_i64() == Some(number),
            Self::Text(text) => value.as_str() == Some(text),
        }
    }
}

impl fmt::Display for ConditionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(flag) => flag.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
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
    /// A time span after today.
    After {
        /// Years after today.
        years: i16,
        /// Months after today.
        months: i16,
        /// Days after today.
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
            Self::After {
                years,
                months,
                days,
            } => today.saturating_add(years.years().months(months).days(days)),
        }
    }
}
