//! Filters and sort orders of rows, typed by the endpoint.
//!
//! Each endpoint with filters has a module with one function per field of its documented rows. The
//! endpoint `available_filters` returns the API's own list of fields. [`Filter::raw`] and
//! [`Order::raw`] accept any name.
//!
//! ```
//! use dataforseo_models::backlinks::{BacklinksLiveTask, backlinks_live_fields as f};
//!
//! let task = BacklinksLiveTask::new("example.com")
//!     .filters(f::rank().gt(80).and(f::dofollow().eq(true)))
//!     .order_by([f::rank().desc()]);
//! assert_eq!(
//!     serde_json::to_value(&task).unwrap()["filters"],
//!     serde_json::json!([["rank", ">", 80], "and", ["dofollow", "=", true]]),
//! );
//! ```

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use jiff::civil::Date;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::Timestamp;
use crate::codec::lenient::FromLenientJson;
use crate::codec::{Encode, Failed, Fragment, Json};

/// Conditions on the rows of the endpoint `E`, joined by "and" and "or".
///
/// The API limits the number of conditions, in most cases to 8. `validate` checks the limit.
#[derive(Clone)]
pub struct Filter<E> {
    expression: Expression,
    rows: PhantomData<fn() -> E>,
}

#[derive(Clone)]
enum Expression {
    /// One condition, or any JSON of the caller.
    Json(Value),
    /// At least two parts with the same operator between them.
    Joined(Join, Vec<Expression>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    And,
    Or,
}

impl<E> Filter<E> {
    /// Returns a filter in the form of the API, for conditions that the typed functions lack.
    ///
    /// ```
    /// use dataforseo_models::backlinks::BacklinksLiveTask;
    /// use dataforseo_models::Filter;
    ///
    /// let filter = Filter::raw(serde_json::json!(["new_field", ">", 1]));
    /// let task = BacklinksLiveTask::new("example.com").filters(filter);
    /// ```
    pub fn raw(filter: Value) -> Self {
        Expression::Json(filter).into()
    }

    /// Returns a filter for the rows that meet both filters.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join(Join::And, other)
    }

    /// Returns a filter for the rows that meet one of the filters or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.join(Join::Or, other)
    }

    fn join(self, join: Join, other: Self) -> Self {
        let mut parts = Vec::new();
        for expression in [self.expression, other.expression] {
            match expression {
                // Parts with the same operator need no brackets.
                Expression::Joined(inner, nested) if inner == join => parts.extend(nested),
                other => parts.push(other),
            }
        }
        Expression::Joined(join, parts).into()
    }

    fn to_json(&self) -> Value {
        self.expression.to_json()
    }
}

impl<E> From<Expression> for Filter<E> {
    fn from(expression: Expression) -> Self {
        Self {
            expression,
            rows: PhantomData,
        }
    }
}

impl Expression {
    fn to_json(&self) -> Value {
        match self {
            Self::Json(json) => json.clone(),
            Self::Joined(join, parts) => {
                let word = match join {
                    Join::And => "and",
                    Join::Or => "or",
                };
                let mut list = Vec::with_capacity(parts.len() * 2);
                for part in parts {
                    if !list.is_empty() {
                        list.push(word.into());
                    }
                    list.push(part.to_json());
                }
                list.into()
            }
        }
    }
}

impl<E> PartialEq for Filter<E> {
    fn eq(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

impl<E> fmt::Debug for Filter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}

impl<E> Serialize for Filter<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de, E> Deserialize<'de> for Filter<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::raw)
    }
}

impl<E> FromLenientJson for Filter<E> {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        Ok(Value::read(json)?.map(Self::raw))
    }
}

impl<E> Encode for Filter<E> {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Json(Cow::Owned(self.to_json())))
    }
}

/// A sort order of the rows of the endpoint `E`.
#[derive(Clone)]
pub struct Order<E> {
    rule: String,
    rows: PhantomData<fn() -> E>,
}

impl<E> Order<E> {
    /// Returns an order in the form of the API: `rank,desc`.
    pub fn raw(rule: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            rows: PhantomData,
        }
    }

    /// Returns the order in the form of the API.
    pub fn as_str(&self) -> &str {
        &self.rule
    }
}

impl<E> PartialEq for Order<E> {
    fn eq(&self, other: &Self) -> bool {
        self.rule == other.rule
    }
}

impl<E> fmt::Debug for Order<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)
    }
}

impl<E> Serialize for Order<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rule)
    }
}

impl<'de, E> Deserialize<'de> for Order<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::raw)
    }
}

impl<E> FromLenientJson for Order<E> {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        Ok(String::read(json)?.map(Self::raw))
    }
}

impl<E> Encode for Order<E> {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Text(self.as_str().into()))
    }
}

/// A field of the rows of the endpoint `E`, with values of the kind `K`: [`Number`], [`Text`],
/// [`TextList`], [`Bool`] or [`DateTime`].
pub struct Field<E, K> {
    path: Cow<'static, str>,
    rows: PhantomData<fn() -> (E, K)>,
}

/// The kind of fields with a number.
#[derive(Debug)]
pub enum Number {}

/// The kind of fields with a text.
#[derive(Debug)]
pub enum Text {}

/// The kind of fields with a list of texts.
#[derive(Debug)]
pub enum TextList {}

/// The kind of fields with true or false.
#[derive(Debug)]
pub enum Bool {}

/// The kind of fields with a date, or a date and time.
#[derive(Debug)]
pub enum DateTime {}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operator {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`: equal to a value of a list.
    In,
    /// `not_in`: equal to no value of a list.
    NotIn,
    /// `like`: matches a pattern, in which `%` is any text. Case-sensitive.
    Like,
    /// `not_like`
    NotLike,
    /// `ilike`: matches a pattern, in which `%` is any text. Ignores case.
    Ilike,
    /// `not_ilike`
    NotIlike,
    /// `regex`: matches a regular expression.
    Regex,
    /// `not_regex`
    NotRegex,
    /// `match`: contains these words.
    Match,
    /// `not_match`
    NotMatch,
    /// `has`: the list contains the value.
    Has,
    /// `has_not`
    HasNot,
}

impl Operator {
    /// All operators.
    pub const ALL: [Self; 18] = [
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Le,
        Self::Gt,
        Self::Ge,
        Self::In,
        Self::NotIn,
        Self::Like,
        Self::NotLike,
        Self::Ilike,
        Self::NotIlike,
        Self::Regex,
        Self::NotRegex,
        Self::Match,
        Self::NotMatch,
        Self::Has,
        Self::HasNot,
    ];

    /// Returns the operator as it is in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::In => "in",
            Self::NotIn => "not_in",
            Self::Like => "like",
            Self::NotLike => "not_like",
            Self::Ilike => "ilike",
            Self::NotIlike => "not_ilike",
            Self::Regex => "regex",
            Self::NotRegex => "not_regex",
            Self::Match => "match",
            Self::NotMatch => "not_match",
            Self::Has => "has",
            Self::HasNot => "has_not",
        }
    }
}

impl<E, K> Field<E, K> {
    pub(crate) fn new(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            rows: PhantomData,
        }
    }

    /// Returns the name of the field as it is in filters.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns a condition with any operator and any value.
    pub fn test(self, operator: Operator, value: impl Into<Value>) -> Filter<E> {
        let value = value.into();
        Expression::Json(json!([self.path, operator.as_str(), value])).into()
    }

    /// Returns an ascending order by the field.
    pub fn asc(self) -> Order<E> {
        Order::raw(format!("{},asc", self.path))
    }

    /// Returns a descending order by the field.
    pub fn desc(self) -> Order<E> {
        Order::raw(format!("{},desc", self.path))
    }
}

impl<E, K> fmt::Debug for Field<E, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

/// Returns a key of a map as it is in filters: the empty key is `$empty`.
pub(crate) fn key(key: impl fmt::Display) -> String {
    match key.to_string() {
        key if key.is_empty() => "$empty".to_owned(),
        key => key,
    }
}

/// A value that a field of the kind `K` can be compared with.
pub trait Operand<K> {
    /// Returns the value in JSON.
    fn into_json(self) -> Value;
}

macro_rules! operands {
    ($($kind:ident: $($ty:ty),+;)+) => {$($(
        impl Operand<$kind> for $ty {
            fn into_json(self) -> Value {
                self.into()
            }
        }
    )+)+};
}

operands! {
    Number: i8, i16, i32, i64, u8, u16, u32, u64, f64;
    Text: &str, String, Cow<'_, str>;
    TextList: &str, String, Cow<'_, str>;
    Bool: bool;
    DateTime: &str, String;
}

impl Operand<DateTime> for &Timestamp {
    fn into_json(self) -> Value {
        self.as_str().into()
    }
}

impl Operand<DateTime> for Timestamp {
    fn into_json(self) -> Value {
        self.as_str().into()
    }
}

impl Operand<DateTime> for jiff::Timestamp {
    fn into_json(self) -> Value {
        Timestamp::from(self).as_str().into()
    }
}

/// The start of the day in UTC.
impl Operand<DateTime> for Date {
    fn into_json(self) -> Value {
        format!("{self} 00:00:00 +00:00").into()
    }
}

macro_rules! comparisons {
    ($($kind:ident: $($(#[$doc:meta])* $name:ident = $operator:ident),+;)+) => {$(
        impl<E> Field<E, $kind> {$(
            $(#[$doc])*
            pub fn $name(self, value: impl Operand<$kind>) -> Filter<E> {
                self.test(Operator::$operator, value.into_json())
            }
        )+}
    )+};
}

comparisons! {
    Number:
        /// Returns a condition: equal to the value.
        eq = Eq,
        /// Returns a condition: not equal to the value.
        ne = Ne,
        /// Returns a condition: less than the value.
        lt = Lt,
        /// Returns a condition: less than or equal to the value.
        le = Le,
        /// Returns a condition: greater than the value.
        gt = Gt,
        /// Returns a condition: greater than or equal to the value.
        ge = Ge;
    DateTime:
        /// Returns a condition: at this time.
        eq = Eq,
        /// Returns a condition: not at this time.
        ne = Ne,
        /// Returns a condition: before this time.
        lt = Lt,
        /// Returns a condition: at or before this time.
        le = Le,
        /// Returns a condition: after this time.
        gt = Gt,
        /// Returns a condition: at or after this time.
        ge = Ge;
    Bool:
        /// Returns a condition: equal to the value.
        eq = Eq,
        /// Returns a condition: not equal to the value.
        ne = Ne;
    Text:
        /// Returns a condition: equal to the value.
        eq = Eq,
        /// Returns a condition: not equal to the value.
        ne = Ne,
        /// Returns a condition: matches a pattern, in which `%` is any text. Case-sensitive.
        like = Like,
        /// Returns a condition: does not match a pattern, in which `%` is any text. Case-sensitive.
        not_like = NotLike,
        /// Returns a condition: matches a pattern, in which `%` is any text. Ignores case.
        ilike = Ilike,
        /// Returns a condition: does not match a pattern, in which `%` is any text. Ignores case.
        not_ilike = NotIlike,
        /// Returns a condition: matches a regular expression.
        regex = Regex,
        /// Returns a condition: does not match a regular expression.
        not_regex = NotRegex,
        /// Returns a condition: contains these words.
        matches = Match,
        /// Returns a condition: does not contain these words.
        not_matches = NotMatch;
    TextList:
        /// Returns a condition: the list contains the value.
        has = Has,
        /// Returns a condition: the list does not contain the value.
        has_not = HasNot;
}

macro_rules! memberships {
    ($($kind:ident),+) => {$(
        impl<E> Field<E, $kind> {
            /// Returns a condition: equal to one of the values.
            pub fn is_in(self, values: impl IntoIterator<Item = impl Operand<$kind>>) -> Filter<E> {
                let values = values.into_iter().map(Operand::into_json);
                self.test(Operator::In, values.collect::<Value>())
            }

            /// Returns a condition: equal to none of the values.
            pub fn not_in(self, values: impl IntoIterator<Item = impl Operand<$kind>>) -> Filter<E> {
                let values = values.into_iter().map(Operand::into_json);
                self.test(Operator::NotIn, values.collect::<Value>())
            }
        }
    )+};
}

memberships!(Number, Text);
