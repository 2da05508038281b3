//! The fields of a task that a price depends on, from a typed task or from JSON.

use std::borrow::Cow;

use serde_json::Value;

use crate::codec::ser::set_fields;
use crate::codec::{Fragment, Object};
use crate::endpoint::Task;

/// A task whose price is calculated: a typed task, or a task as JSON.
///
/// ```
/// use dataforseo_models::Endpoint;
/// use dataforseo_models::backlinks::{BulkRanksLive, BulkRanksLiveTask};
///
/// let typed = BulkRanksLiveTask::new(["a.com", "b.com"]);
/// let json = serde_json::json!({"targets": ["a.com", "b.com"]});
/// assert_eq!(BulkRanksLive::INFO.max_rows((&typed).into()), 2);
/// assert_eq!(BulkRanksLive::INFO.max_rows((&json).into()), 2);
/// ```
#[derive(Clone, Copy)]
pub struct TaskFields<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    Typed(&'a dyn Object),
    Json(&'a Value),
}

impl<'a, T: Task> From<&'a T> for TaskFields<'a> {
    fn from(task: &'a T) -> Self {
        Self(Source::Typed(task))
    }
}

impl<'a> From<&'a Value> for TaskFields<'a> {
    fn from(task: &'a Value) -> Self {
        Self(Source::Json(task))
    }
}

/// The value of a field, as far as a price depends on it.
pub(super) enum FieldValue<'a> {
    Number(u64),
    Text(Cow<'a, str>),
    /// A list or an object with this number of elements.
    Elements(u64),
    False,
    /// Any other value.
    Other,
}

impl FieldValue<'_> {
    /// Returns the value as a number, which can be a text. A list counts its elements.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) | Self::Elements(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            Self::False | Self::Other => None,
        }
    }

    fn into_owned(self) -> FieldValue<'static> {
        match self {
            Self::Number(number) => FieldValue::Number(number),
            Self::Text(text) => FieldValue::Text(text.into_owned().into()),
            Self::Elements(count) => FieldValue::Elements(count),
            Self::False => FieldValue::False,
            Self::Other => FieldValue::Other,
        }
    }
}

impl<'a> TaskFields<'a> {
    /// Returns the value of a field that is set. Null counts as not set.
    pub(super) fn get(self, name: &str) -> Option<FieldValue<'a>> {
        match self.0 {
            Source::Json(task) => of_json(task.get(name)?),
            Source::Typed(task) => {
                let (_, value) = set_fields(task).find(|(field, _)| *field == name)?;
                of_fragment(value.encode()?)
            }
        }
    }
}

fn of_json(value: &Value) -> Option<FieldValue<'_>> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(false) => FieldValue::False,
        Value::Number(number) => number
            .as_u64()
            .map_or(FieldValue::Other, FieldValue::Number),
        Value::String(text) => FieldValue::Text(text.into()),
        Value::Array(list) => FieldValue::Elements(list.len() as u64),
        Value::Object(map) => FieldValue::Elements(map.len() as u64),
        Value::Bool(true) => FieldValue::Other,
    })
}

fn of_fragment(fragment: Fragment<'_>) -> Option<FieldValue<'_>> {
    Some(match fragment {
        Fragment::Boolean(false) => FieldValue::False,
        Fragment::Integer(number) => number
            .try_into()
            .map_or(FieldValue::Other, FieldValue::Number),
        Fragment::Text(text) => FieldValue::Text(text),
        Fragment::List(list) => FieldValue::Elements(list.len() as u64),
        Fragment::Map(pairs) => {
            let mut count = 0;
            pairs.each(&mut |_, _| count += 1);
            FieldValue::Elements(count)
        }
        Fragment::Json(Cow::Borrowed(value)) => return of_json(value),
        Fragment::Json(Cow::Owned(value)) => return of_json(&value).map(FieldValue::into_owned),
        Fragment::Boolean(true) | Fragment::Float(_) | Fragment::Object(_) => FieldValue::Other,
    })
}
