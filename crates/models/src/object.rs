//! How generated types decode and encode: each type is a table of field names, and one shared
//! visitor does the rest.
//!
//! A serde derive would write a visitor into every type. With thousands of types that costs
//! minutes of compile time; a table costs a `match` (ARCHITECTURE.md has the figures).

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::drift;
use crate::tolerant::{self, Tolerant};

/// A JSON object with documented fields. Implemented by generated code only.
///
/// The public way to decode and encode such a type is `serde`: each one has `Deserialize` and
/// `Serialize`. This trait is what these are made of.
pub trait Object: Default {
    /// The documented names of the fields, in the order of the documentation.
    const FIELDS: &'static [&'static str];

    /// Reads the value of the field with this index into [`FIELDS`](Self::FIELDS).
    ///
    /// # Errors
    /// Only when the input is not JSON: a value of an unexpected kind is left out and counted
    /// as [drift].
    fn read<'de, A: MapAccess<'de>>(&mut self, field: usize, map: &mut A) -> Result<(), A::Error>;

    /// Writes every field that is set.
    ///
    /// # Errors
    /// Only when the output cannot take more.
    fn write<S: SerializeMap>(&self, map: &mut S) -> Result<(), S::Error>;
}

/// Reads the value that follows a key, in whatever kind it arrived.
// Not inlined: one copy per value type instead of one per field.
#[inline(never)]
pub fn next<'de, V: Tolerant, A: MapAccess<'de>>(map: &mut A) -> Result<Option<V>, A::Error> {
    map.next_value_seed(tolerant::Seed::<V>::new())
}

/// Reads past the value that follows a key.
pub fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// Writes a field if it is set.
#[inline(never)]
pub fn put<V: Serialize, S: SerializeMap>(
    map: &mut S,
    name: &'static str,
    value: &Option<V>,
) -> Result<(), S::Error> {
    match value {
        Some(value) => map.serialize_entry(name, value),
        None => Ok(()),
    }
}

/// Writes a field that a task must have.
#[inline(never)]
pub fn put_required<V: Serialize, S: SerializeMap>(
    map: &mut S,
    name: &'static str,
    value: &V,
) -> Result<(), S::Error> {
    map.serialize_entry(name, value)
}

/// `Serialize` of every generated object.
pub fn serialize<T: Object, S: Serializer>(object: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    object.write(&mut map)?;
    map.end()
}

/// `Deserialize` of every generated object: an object, or an error that says what stood there.
pub fn deserialize<'de, T: Object, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    read(deserializer)?.ok_or_else(|| D::Error::custom("expected a JSON object"))
}

/// `Deserialize` of every generated object that is sent: whatever would be left out or changed
/// is an error, as a task that lost a field asks for something else, and is paid for.
pub fn deserialize_strictly<'de, T: Object, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let (outcome, places) = drift::trace_strictly(|| read::<T, D>(deserializer));
    let object = outcome?.ok_or_else(|| D::Error::custom("expected a JSON object"))?;
    match places.first() {
        None => Ok(object),
        Some((pointer, drift::DriftKind::UnknownField)) => {
            Err(D::Error::custom(format!("{pointer}: no such field")))
        }
        Some((pointer, _)) => Err(D::Error::custom(format!(
            "{pointer}: a value of another kind than documented"
        ))),
    }
}

/// [`Tolerant`] of every generated object: anything but an object is `None`.
pub fn read<'de, T: Object, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

/// Reads the keys that are left of a map into an object.
pub fn read_fields<'de, T: Object, A: MapAccess<'de>>(
    object: &mut T,
    map: &mut A,
) -> Result<(), A::Error> {
    let mut expected = 0;
    while let Some(found) = map.next_key_seed(FieldName {
        names: T::FIELDS,
        expected,
    })? {
        match found {
            Some(field) => {
                drift::enter(T::FIELDS[field]);
                object.read(field, map)?;
                drift::leave();
                expected = field + 1;
            }
            None => skip(map)?,
        }
    }
    Ok(())
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = T::default();
        read_fields(&mut object, &mut map)?;
        Ok(Some(object))
    }

    tolerant::not_a!(bool, number, str, seq, null);
}

/// Finds a key in a type's table. Answers come in the documented order nearly always, so the
/// search starts behind the field that was read last.
struct FieldName {
    names: &'static [&'static str],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        let start = self.expected.min(self.names.len());
        let (before, after) = self.names.split_at(start);
        let found = after
            .iter()
            .position(|name| *name == key)
            .map(|at| at + start)
            .or_else(|| before.iter().position(|name| *name == key));
        if found.is_none() {
            drift::note_unknown(key);
        }
        Ok(found)
    }
}

/// The three impls that make a generated [`Object`] an ordinary serde type. One that is `sent` is
/// read strictly.
macro_rules! object_impls {
    ($name:ident) => {
        crate::object::object_impls!($name, deserialize);
    };
    (sent $name:ident) => {
        crate::object::object_impls!($name, deserialize_strictly);
    };
    ($name:ident, $deserialize:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::object::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::object::$deserialize(deserializer)
            }
        }

        impl crate::tolerant::Tolerant for $name {
            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<Self>, D::Error> {
                crate::object::read(deserializer)
            }
        }
    };
}
pub(crate) use object_impls;
