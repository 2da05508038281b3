//! Filters and orders on the rows of results, tied to the endpoint whose rows they are for.
//!
//! Each endpoint with filters has a module with a function for every field that they can name. The
//! fields are those of the documented rows; the API's own list of them is the answer of its endpoint
//! `available_filters`, and [`Filter::raw`] and [`Order::raw`] take any name.
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
/// The API counts conditions: at most 8 in most places, which `validate` checks.
#[derive(Clone)]
pub struct Filter<E> {
    expression: Expression,
    rows: PhantomData<fn() -> E>,
}

#[derive(Clone)]
enum Expression {
    /// One condition, or whatever the caller wrote.
    Json(Value),
    /// At least two parts with the same word between them.
    Joined(Join, Vec<Expression>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    And,
    Or,
}

impl<E> Filter<E> {
    /// A filter in the API's own form, for what the typed one cannot say.
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

    /// Rows that meet both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join(Join::And, other)
    }

    /// Rows that meet either, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.join(Join::Or, other)
    }

    fn join(self, join: Join, other: Self) -> Self {
        let mut parts = Vec::new();
        for expression in [self.expression, other.expression] {
            match expression {
                // What is joined by the same word needs no brackets.
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

/// A rule for the order of the rows of the endpoint `E`.
#[derive(Clone)]
pub struct Order<E> {
    rule: String,
    rows: PhantomData<fn() -> E>,
}

impl<E> Order<E> {
    /// A rule in the API's own form: `rank,desc`.
    pub fn raw(rule: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            rows: PhantomData,
        }
    }

    /// The rule in the API's own form.
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

/// A field of the rows of the endpoint `E`, holding a value of the kind `K`: [`Number`], [`Text`],
/// [`TextList`], [`Bool`] or [`DateTime`].
pub struct Field<E, K> {
    path: Cow<'static, str>,
    rows: PhantomData<fn() -> (E, K)>,
}

/// The kind of fields that hold a number.
#[derive(Debug)]
pub enum Number {}

/// The kind of fields that hold a text.
#[derive(Debug)]
pub enum Text {}

/// The kind of fields that hold a list of texts.
#[derive(Debug)]
pub enum TextList {}

/// The kind of fields that are true or false.
#[derive(Debug)]
pub enum Bool {}

/// The kind of fields that hold a moment or a day.
#[derive(Debug)]
pub enum DateTime {}

/// How a condition compares.
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
    /// `in`: one of a list.
    In,
    /// `not_in`: none of a list.
    NotIn,
    /// `like`: a pattern with `%` for any text, upper and lower case told apart.
    Like,
    /// `not_like`
    NotLike,
    /// `ilike`: as `like`, upper and lower case alike.
    Ilike,
    /// `not_ilike`
    NotIlike,
    /// `regex`: a regular expression.
    Regex,
    /// `not_regex`
    NotRegex,
    /// `match`: full words.
    Match,
    /// `not_match`
    NotMatch,
    /// `has`: the list holds this.
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

    /// The operator as filters write it.
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

    /// The name of the field as filters write it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A condition with any operator and any value.
    pub fn test(self, operator: Operator, value: impl Into<Value>) -> Filter<E> {
        let value = value.into();
        Expression::Json(json!([self.path, operator.as_str(), value])).into()
    }

    /// Smallest first.
    pub fn asc(self) -> Order<E> {
        Order::raw(format!("{},asc", self.path))
    }

    /// Largest first.
    pub fn desc(self) -> Order<E> {
        Order::raw(format!("{},desc", self.path))
    }
}

impl<E, K> fmt::Debug for Field<E, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

/// A key of a map as filters write it: the empty one is `$empty`.
pub(crate) fn key(key: impl fmt::Display) -> String {
    match key.to_string() {
        key if key.is_empty() => "$empty".to_owned(),
        key => key,
    }
}

/// What a field of a kind can be compared with.
pub trait Operand<K> {
    /// The value in JSON.
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

/// The first moment of the day.
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
        /// Equal to this.
        eq = Eq,
        /// Not equal to this.
        ne = Ne,
        /// Below this.
        lt = Lt,
        /// Not above this.
        le = Le,
        /// Above this.
        gt = Gt,
        /// Not below this.
        ge = Ge;
    DateTime:
        /// At this moment.
        eq = Eq,
        /// Not at this moment.
        ne = Ne,
        /// Before this.
        lt = Lt,
        /// Not after this.
        le = Le,
        /// After this.
        gt = Gt,
        /// Not before this.
        ge = Ge;
    Bool:
        /// Is this.
        eq = Eq,
        /// Is not this.
        ne = Ne;
    Text:
        /// Equal to this.
        eq = Eq,
        /// Not equal to this.
        ne = Ne,
        /// Like a pattern with `%` for any text, upper and lower case told apart.
        like = Like,
        /// Not like a pattern with `%` for any text.
        not_like = NotLike,
        /// Like a pattern with `%` for any text, upper and lower case alike.
        ilike = Ilike,
        /// Not like a pattern with `%` for any text, upper and lower case alike.
        not_ilike = NotIlike,
        /// Fits a regular expression.
        regex = Regex,
        /// Does not fit a regular expression.
        not_regex = NotRegex,
        /// Has these words.
        matches = Match,
        /// Does not have these words.
        not_matches = NotMatch;
    TextList:
        /// The list holds this.
        has = Has,
        /// The list does not hold this.
        has_not = HasNot;
}

macro_rules! memberships {
    ($($kind:ident),+) => {$(
        impl<E> Field<E, $kind> {
            /// One of these.
            pub fn is_in(self, values: impl IntoIterator<Item = impl Operand<$kind>>) -> Filter<E> {
                let values = values.into_iter().map(Operand::into_json);
                self.test(Operator::In, values.collect::<Value>())
            }

            /// None of these.
            pub fn not_in(self, values: impl IntoIterator<Item = impl Operand<$kind>>) -> Filter<E> {
                let values = values.into_iter().map(Operand::into_json);
                self.test(Operator::NotIn, values.collect::<Value>())
            }
        }
    )+};
}

memberships!(Number, Text);
