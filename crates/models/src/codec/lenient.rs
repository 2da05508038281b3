//! Decoding of values that are not of the documented kind.
//!
//! Real responses hold a float or a numeric string for an integer, null anywhere, or an object
//! instead of a number. Nothing here fails on well-formed JSON. A value that is converted (`"12"` to
//! 12), loses a part (12.7 to 12) or cannot be used is recorded in the trace.

use super::trace::{self, DriftKind};
use super::{Decode, Elements, Encode, Entries, Failed, Fragment, Json, List};

/// A value that can be decoded from JSON of any kind. `None` is null, or a value that cannot be used.
///
/// The traits `Deserialize` and `Serialize` are the public way to decode and encode.
pub trait FromLenientJson: Sized {
    /// Reads one JSON value.
    ///
    /// # Errors
    /// Only when the input is not JSON.
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed>;

    /// Reads one JSON value in place. Large objects implement this, as moving an object costs more
    /// than reading a field.
    ///
    /// # Errors
    /// Only when the input is not JSON.
    fn read_into(place: &mut Option<Self>, json: Json<'_>) -> Result<(), Failed> {
        *place = Self::read(json)?;
        Ok(())
    }
}

/// A field of a result, or an optional field of a task.
impl<V: FromLenientJson> Decode for Option<V> {
    fn decode(&mut self, json: Json<'_>) -> Result<(), Failed> {
        V::read_into(self, json)
    }
}

impl<V: Encode> Encode for Option<V> {
    fn encode(&self) -> Option<Fragment<'_>> {
        self.as_ref()?.encode()
    }
}

/// Implements [`Decode`] for the type of a required field, which holds the value itself.
macro_rules! required_field {
    ($(($($generics:tt)*) $ty:ty;)+) => {$(
        impl<$($generics)*> $crate::codec::Decode for $ty {
            fn decode(&mut self, json: $crate::codec::Json<'_>) -> Result<(), $crate::codec::Failed> {
                *self = <Self as $crate::codec::lenient::FromLenientJson>::read(json)?.unwrap_or_default();
                Ok(())
            }
        }
    )+};
}
pub(crate) use required_field;

required_field! {
    () i64;
    () f64;
    () bool;
    () String;
    () jiff::civil::Date;
    () serde_json::Value;
    (V: FromLenientJson) Vec<V>;
}

/// Records a value that is not of the documented kind: as dropped without a value, or by its cost.
fn usable<V>(value: Option<V>, cost: Option<DriftKind>) -> Option<V> {
    match (&value, cost) {
        (None, _) => trace::note(DriftKind::Dropped),
        (Some(_), Some(cost)) => trace::note(cost),
        (Some(_), None) => {}
    }
    value
}

/// Converts a float to an integer. A fraction is cut off, and recorded.
fn integer_of(value: f64) -> Option<i64> {
    // These powers of two next to the bounds of i64 are exact in f64.
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        trace::note(DriftKind::Dropped);
        return None;
    }
    if value.fract() != 0.0 {
        trace::note(DriftKind::Changed);
    }
    Some(value as i64)
}

impl FromLenientJson for i64 {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        match json {
            Json::Integer(value) => Ok(Some(value)),
            Json::Float(value) => Ok(integer_of(value)),
            Json::Text(text) => {
                let text = text.trim();
                Ok(match text.parse::<f64>() {
                    // An integer such as "12.0" is converted without loss.
                    Ok(float) if text.parse::<i64>().is_err() && float.fract() == 0.0 => {
                        usable(integer_of(float), Some(DriftKind::Coerced))
                    }
                    Ok(float) if text.parse::<i64>().is_err() => integer_of(float),
                    _ => usable(text.parse().ok(), Some(DriftKind::Coerced)),
                })
            }
            other => other.unusable(),
        }
    }
}

impl Encode for i64 {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Integer(*self))
    }
}

impl FromLenientJson for f64 {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        Ok(match json {
            Json::Integer(value) => Some(value as f64),
            Json::Unsigned(value) => Some(value as f64),
            Json::Float(value) => Some(value),
            Json::Text(text) => {
                // "NaN" and "inf" parse as floats, but JSON cannot express them.
                let value = text.trim().parse().ok().filter(|v: &f64| v.is_finite());
                usable(value, Some(DriftKind::Coerced))
            }
            other => return other.unusable(),
        })
    }
}

impl Encode for f64 {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Float(*self))
    }
}

impl FromLenientJson for bool {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        match json {
            Json::Boolean(value) => Ok(Some(value)),
            Json::Text(text) => Ok(usable(text.trim().parse().ok(), Some(DriftKind::Coerced))),
            other => other.unusable(),
        }
    }
}

impl Encode for bool {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Boolean(*self))
    }
}

impl FromLenientJson for String {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        let coerced = |text: String| Ok(usable(Some(text), Some(DriftKind::Coerced)));
        match json {
            Json::Text(text) => Ok(Some(text.to_owned())),
            Json::Boolean(value) => coerced(value.to_string()),
            Json::Integer(value) => coerced(value.to_string()),
            Json::Unsigned(value) => coerced(value.to_string()),
            Json::Float(value) => coerced(value.to_string()),
            other => other.unusable(),
        }
    }
}

impl Encode for String {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Text(self.into()))
    }
}

/// A date `yyyy-mm-dd`.
impl FromLenientJson for jiff::civil::Date {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        let text = String::read(json)?;
        Ok(text.and_then(|text| usable(text.parse().ok(), None)))
    }
}

impl Encode for jiff::civil::Date {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Text(self.to_string().into()))
    }
}

/// Any JSON, unchanged.
impl FromLenientJson for serde_json::Value {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        Ok(Some(whole(json)?).filter(|value| !value.is_null()))
    }
}

/// Returns JSON unchanged, null included.
pub fn whole(json: Json<'_>) -> Result<serde_json::Value, Failed> {
    Ok(match json {
        Json::Null => serde_json::Value::Null,
        Json::Boolean(value) => value.into(),
        Json::Integer(value) => value.into(),
        Json::Unsigned(value) => value.into(),
        Json::Float(value) => value.into(),
        Json::Text(text) => text.into(),
        Json::List(elements) => {
            let mut list = Vec::new();
            let mut element = Whole::default();
            while elements.next(&mut element)? {
                list.push(std::mem::take(&mut element.0));
            }
            list.into()
        }
        Json::Map(entries) => {
            let mut map = serde_json::Map::new();
            whole_entries(entries, &mut map)?;
            map.into()
        }
    })
}

/// Reads the remaining entries of an object unchanged.
pub fn whole_entries(
    entries: &mut dyn Entries,
    map: &mut serde_json::Map<String, serde_json::Value>,
) -> Result<(), Failed> {
    let mut key = String::new();
    while entries.key(&mut |name| name.clone_into(&mut key))? {
        let mut value = Whole::default();
        entries.value(&mut value)?;
        map.insert(std::mem::take(&mut key), value.0);
    }
    Ok(())
}

/// Any JSON, null included.
#[derive(Default)]
pub struct Whole(pub serde_json::Value);

impl Decode for Whole {
    fn decode(&mut self, json: Json<'_>) -> Result<(), Failed> {
        self.0 = whole(json)?;
        Ok(())
    }
}

impl Encode for serde_json::Value {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Json(std::borrow::Cow::Borrowed(self)))
    }
}

/// A list. An element that is null or cannot be used is left out.
impl<V: FromLenientJson> FromLenientJson for Vec<V> {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        let Json::List(elements) = json else {
            return json.unusable();
        };
        let mut list = Self::new();
        read_elements(elements, &mut |elements| {
            let mut slot: Option<V> = None;
            let more = elements.next(&mut slot)?;
            let absent = slot.is_none();
            list.extend(slot);
            Ok(Next { more, absent })
        })?;
        Ok(Some(list))
    }
}

struct Next {
    more: bool,
    absent: bool,
}

/// Reads a list, and records the position in the trace.
fn read_elements(
    elements: &mut dyn Elements,
    next: &mut dyn FnMut(&mut dyn Elements) -> Result<Next, Failed>,
) -> Result<(), Failed> {
    for index in 0_usize.. {
        trace::enter_element(index);
        let Next { more, absent } = next(elements)?;
        if more && absent {
            trace::note_null_element();
        }
        trace::leave();
        if !more {
            break;
        }
    }
    Ok(())
}

impl<V: Encode> Encode for Vec<V> {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::List(self))
    }
}

impl<V: Encode> List for Vec<V> {
    fn len(&self) -> usize {
        self.len()
    }

    fn element(&self, index: usize) -> Option<&dyn Encode> {
        self.get(index).map(|element| element as &dyn Encode)
    }
}
