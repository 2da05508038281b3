//! Reading values that are not of the documented kind, because recordings hold such: a float or
//! a numeric string for an integer, null anywhere, an object where a number was announced.
//!
//! Nothing here fails on well-formed JSON. A value that changes its form on the way in (`"12"`
//! read as 12), loses a part (12.7 read as 12) or cannot be used at all is noted, so that the
//! caller of [`drift::decode`](crate::codec::trace::decode) is told where it stood.

use super::trace::{self, DriftKind};
use super::{Decode, Elements, Encode, Entries, Failed, Fragment, Json, List};

/// A value that can be read from JSON of any kind. `None` is null, or a value of no use.
pub trait FromLenientJson: Sized {
    /// Reads one JSON value.
    ///
    /// # Errors
    /// Only when the input is not JSON.
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed>;

    /// Reads one JSON value into a place. Objects, which are large, are read where they are to be:
    /// moving each of them costs more than reading a field.
    ///
    /// # Errors
    /// Only when the input is not JSON.
    fn read_into(place: &mut Option<Self>, json: Json<'_>) -> Result<(), Failed> {
        *place = Self::read(json)?;
        Ok(())
    }
}

/// A field of a result, and of a task what can be left out.
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

/// A field that a task must have: it holds the value itself.
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

/// A value that was not of the documented kind: none is noted as dropped, one as what it cost.
fn usable<V>(value: Option<V>, cost: Option<DriftKind>) -> Option<V> {
    match (&value, cost) {
        (None, _) => trace::note(DriftKind::Dropped),
        (Some(_), Some(cost)) => trace::note(cost),
        (Some(_), None) => {}
    }
    value
}

/// An integer out of a float: exact where it is whole, its whole part otherwise.
fn integer_of(value: f64) -> Option<i64> {
    // The bounds are the powers of two next to i64's own, which f64 holds exactly.
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
                    // A whole one such as "12.0" has changed its kind, if nothing else.
                    Ok(float) if text.parse::<i64>().is_err() => match float.fract() == 0.0 {
                        true => usable(integer_of(float), Some(DriftKind::Coerced)),
                        false => integer_of(float),
                    },
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
                // "NaN" and "inf" parse as floats, yet JSON has no way to write them again.
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

/// A date as tasks carry it, `yyyy-mm-dd`.
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

/// Any JSON, as it is.
impl FromLenientJson for serde_json::Value {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        Ok(Some(whole(json)?).filter(|value| !value.is_null()))
    }
}

/// JSON as it is, null as null.
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

/// The entries that are left of an object, as they are.
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

/// A place for any JSON, null included.
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

/// A list. An element that is null or of no use is left out.
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

/// Goes through a list, telling drift where it is.
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
