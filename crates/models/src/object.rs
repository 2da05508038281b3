//! How generated types decode and encode: each type is a table of its fields, and the code here
//! does the rest.
//!
//! A serde derive would write a reader and a writer into every type. With thousands of types that
//! costs minutes of compile time; a table costs two `match`es (ARCHITECTURE.md has the figures).

use serde::de::{Deserializer, Error as _};

use crate::drift;
use crate::json::{self, Entries, Failed, Json, Part, Place};

/// A JSON object with documented fields. Implemented by generated code only.
///
/// The public way to decode and encode such a type is `serde`: each one has `Deserialize` and
/// `Serialize`. This trait is what these are made of.
pub trait Object {
    /// The documented names of the fields, in the order of the documentation.
    fn names(&self) -> &'static [&'static str];

    /// Where the value of the field with this index is put.
    fn place(&mut self, field: usize) -> &mut dyn Place;

    /// The value of the field with this index.
    fn part(&self, field: usize) -> &dyn Part;
}

/// [`Tolerant`](crate::tolerant::Tolerant) of every generated object: anything but an object is
/// `None`.
pub fn read<T: Object + Default>(place: &mut Option<T>, json: Json<'_>) -> Result<(), Failed> {
    let Json::Map(entries) = json else {
        *place = json.unusable()?;
        return Ok(());
    };
    read_fields(place.insert(T::default()), entries)
}

/// Reads the entries that are left of an object into its fields. Answers come in the documented
/// order nearly always, so the search starts behind the field that was read last.
pub fn read_fields(object: &mut dyn Object, entries: &mut dyn Entries) -> Result<(), Failed> {
    let names = object.names();
    let mut expected = 0;
    let mut found = None;
    while entries.key(&mut |key| found = find(names, expected, key))? {
        match found {
            Some(field) => {
                drift::enter(names[field]);
                entries.value(object.place(field))?;
                drift::leave();
                expected = field + 1;
            }
            None => entries.skip()?,
        }
    }
    Ok(())
}

/// The place for a field of an object that has none: there is no such field.
#[allow(dead_code, reason = "objects without fields are rare")]
pub fn nowhere() -> &'static mut dyn Place {
    // Nothing is allocated for a value without a size.
    Box::leak(Box::new(json::Nowhere))
}

/// The value of a field of an object that has none.
#[allow(dead_code, reason = "objects without fields are rare")]
pub fn nothing() -> &'static dyn Part {
    &None::<bool>
}

#[inline]
fn find(names: &[&str], expected: usize, key: &str) -> Option<usize> {
    match names.get(expected) {
        Some(name) if *name == key => Some(expected),
        _ => search(names, expected, key),
    }
}

fn search(names: &[&str], expected: usize, key: &str) -> Option<usize> {
    let (before, after) = names.split_at(expected.min(names.len()));
    let found = after
        .iter()
        .position(|name| *name == key)
        .map(|at| at + before.len())
        .or_else(|| before.iter().position(|name| *name == key));
    if found.is_none() {
        drift::note_unknown(key);
    }
    found
}

/// `Deserialize` of every generated object that is sent: whatever would be left out or changed
/// is an error, as a task that lost a field asks for something else, and is paid for.
pub fn deserialize_strictly<'de, V, D: Deserializer<'de>>(deserializer: D) -> Result<V, D::Error>
where
    Option<V>: Place,
{
    let (outcome, places) = drift::trace_strictly(|| json::deserialize(deserializer));
    let object = outcome?;
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

/// What makes a generated [`Object`] an ordinary serde type. One that is `sent` is read strictly,
/// and can be a required field.
macro_rules! object_impls {
    ($name:ident) => {
        crate::object::object_impls!($name, crate::json::deserialize);
    };
    (sent $name:ident) => {
        crate::object::object_impls!($name, crate::object::deserialize_strictly);
        crate::tolerant::required_place!(() $name;);
    };
    ($name:ident, $deserialize:path) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::json::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $deserialize(deserializer)
            }
        }

        impl crate::tolerant::Tolerant for $name {
            fn read(
                json: crate::json::Json<'_>,
            ) -> Result<Option<Self>, crate::json::Failed> {
                let mut place = None;
                crate::object::read(&mut place, json)?;
                Ok(place)
            }

            fn read_into(
                place: &mut Option<Self>,
                json: crate::json::Json<'_>,
            ) -> Result<(), crate::json::Failed> {
                crate::object::read(place, json)
            }
        }

        impl crate::json::Part for $name {
            fn shape(&self) -> Option<crate::json::Shape<'_>> {
                Some(crate::json::Shape::Object(self))
            }
        }
    };
}
pub(crate) use object_impls;
