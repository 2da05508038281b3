//! Reading values that are not of the documented kind, because recordings hold such: a float or
//! a numeric string for an integer, null anywhere, an object where a number was announced.
//!
//! Nothing here fails on well-formed JSON. A value that changes its form on the way in (`"12"`
//! read as 12), loses a part (12.7 read as 12) or cannot be used at all is noted, so that the
//! caller of [`drift::decode`](crate::drift::decode) is told where it stood.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::Map;
use crate::drift::{self, DriftKind};

/// A value that can be read from JSON of any kind. `None` is null, or a value of no use.
pub trait Tolerant: Sized {
    /// Reads one JSON value.
    ///
    /// # Errors
    /// Only when the input is not JSON.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error>;
}

/// [`Tolerant`] as serde's reader of a map's values and a list's elements wants it.
pub struct Seed<V>(PhantomData<V>);

impl<V> Seed<V> {
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, V: Tolerant> DeserializeSeed<'de> for Seed<V> {
    type Value = Option<V>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        V::read(deserializer)
    }
}

/// Visitor methods for the kinds of JSON value that a type cannot use: they read past the value,
/// count it and give `None`. Null is no drift.
macro_rules! not_a {
    ($($kind:ident),+) => {$( $crate::tolerant::not_a!(@$kind); )+};
    (@null) => {
        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
    (@bool) => {
        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
            $crate::drift::note($crate::drift::DriftKind::Dropped);
            Ok(None)
        }
    };
    (@number) => {
        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
            $crate::drift::note($crate::drift::DriftKind::Dropped);
            Ok(None)
        }

        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
            $crate::drift::note($crate::drift::DriftKind::Dropped);
            Ok(None)
        }

        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
            $crate::drift::note($crate::drift::DriftKind::Dropped);
            Ok(None)
        }
    };
    (@str) => {
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            $crate::drift::note($crate::drift::DriftKind::Dropped);
            Ok(None)
        }
    };
    (@seq) => {
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            $crate::drift::note($crate::drift::DriftKind::Dropped);
            Ok(None)
        }
    };
    (@map) => {
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
            $crate::drift::note($crate::drift::DriftKind::Dropped);
            Ok(None)
        }
    };
}
pub(crate) use not_a;

/// A value that was not of the documented kind: none is noted as dropped, one as what it cost.
fn usable<V>(value: Option<V>, cost: Option<DriftKind>) -> Option<V> {
    match (&value, cost) {
        (None, _) => drift::note(DriftKind::Dropped),
        (Some(_), Some(cost)) => drift::note(cost),
        (Some(_), None) => {}
    }
    value
}

impl Tolerant for i64 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(IntegerVisitor)
    }
}

struct IntegerVisitor;

impl IntegerVisitor {
    /// An integer out of a float: exact where it is whole, its whole part otherwise.
    fn from_float(value: f64) -> Option<i64> {
        // The bounds are the powers of two next to i64's own, which f64 holds exactly.
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
            drift::note(DriftKind::Dropped);
            return None;
        }
        if value.fract() != 0.0 {
            drift::note(DriftKind::Changed);
        }
        Some(value as i64)
    }
}

impl<'de> Visitor<'de> for IntegerVisitor {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(usable(i64::try_from(value).ok(), None))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Self::from_float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        let text = value.trim();
        match text.parse::<f64>() {
            // A whole one such as "12.0" has changed its kind, if nothing else.
            Ok(float) if text.parse::<i64>().is_err() => Ok(match float.fract() == 0.0 {
                true => usable(Self::from_float(float), Some(DriftKind::Coerced)),
                false => Self::from_float(float),
            }),
            _ => Ok(usable(text.parse().ok(), Some(DriftKind::Coerced))),
        }
    }

    not_a!(bool, seq, map, null);
}

impl Tolerant for f64 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(FloatVisitor)
    }
}

struct FloatVisitor;

impl<'de> Visitor<'de> for FloatVisitor {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        // "NaN" and "inf" parse as floats, yet JSON has no way to write them again.
        let value = value.trim().parse().ok().filter(|v: &f64| v.is_finite());
        Ok(usable(value, Some(DriftKind::Coerced)))
    }

    not_a!(bool, seq, map, null);
}

impl Tolerant for bool {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(BooleanVisitor)
    }
}

struct BooleanVisitor;

impl<'de> Visitor<'de> for BooleanVisitor {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(usable(value.trim().parse().ok(), Some(DriftKind::Coerced)))
    }

    not_a!(number, seq, map, null);
}

impl Tolerant for String {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl TextVisitor {
    fn coerced(value: impl ToString) -> Option<String> {
        usable(Some(value.to_string()), Some(DriftKind::Coerced))
    }
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Self::coerced(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Self::coerced(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Self::coerced(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Self::coerced(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    not_a!(seq, map, null);
}

/// A date as tasks carry it, `yyyy-mm-dd`.
impl Tolerant for jiff::civil::Date {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let text = String::read(deserializer)?;
        Ok(text.and_then(|text| usable(text.parse().ok(), None)))
    }
}

/// Any JSON, as it is.
impl Tolerant for serde_json::Value {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let value = <Self as serde::Deserialize>::deserialize(deserializer)?;
        Ok((!value.is_null()).then_some(value))
    }
}

/// A list. An element that is null or of no use is left out.
impl<V: Tolerant> Tolerant for Vec<V> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<V>(PhantomData<V>);

impl<'de, V: Tolerant> Visitor<'de> for ListVisitor<V> {
    type Value = Option<Vec<V>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        for index in 0_usize.. {
            drift::enter(index);
            let Some(element) = seq.next_element_seed(Seed::<V>::new())? else {
                drift::leave();
                break;
            };
            if element.is_none() {
                drift::note_null_element();
            }
            drift::leave();
            list.extend(element);
        }
        Ok(Some(list))
    }

    not_a!(bool, number, str, map, null);
}

/// A map that keeps the order and the keys of the answer, the empty key and null values too.
impl<V: Tolerant> Tolerant for Map<V> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(MapVisitor(PhantomData))
    }
}

struct MapVisitor<V>(PhantomData<V>);

impl<'de, V: Tolerant> Visitor<'de> for MapVisitor<V> {
    type Value = Option<Map<V>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object with keys of the answer's choosing")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Map::default();
        while let Some(key) = map.next_key::<String>()? {
            drift::enter(&key);
            entries.insert(key, map.next_value_seed(Seed::<V>::new())?);
            drift::leave();
        }
        Ok(Some(entries))
    }

    /// PHP, in which this API is written, prints an empty map as `[]`.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = 0_usize;
        while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {
            elements += 1;
        }
        if elements == 0 {
            return Ok(Some(Map::default()));
        }
        Ok(usable(None, None))
    }

    not_a!(bool, number, str, null);
}
