//! Decoding and encoding of generated objects: each type is a table of its fields, and the code
//! here does the rest.
//!
//! A serde derive would write a reader and a writer into every type. With thousands of types that
//! costs minutes of compile time; a table costs two `match`es (docs/decisions.md has the figures).

use serde::de::{Deserializer, Error as _};

use super::trace::{self, DriftKind};
use super::{Decode, Entries, Failed, Json, Object, de};

/// Decodes a generated object. Any other value is `None`.
pub fn read<T: Object + Default>(into: &mut Option<T>, json: Json<'_>) -> Result<(), Failed> {
    let Json::Map(entries) = json else {
        *into = json.unusable()?;
        return Ok(());
    };
    read_fields(into.insert(T::default()), entries)
}

/// Decodes the remaining entries of an object into its fields.
///
/// Responses nearly always have the fields in the documented order, so the search for a name
/// starts behind the field that was read last.
pub fn read_fields(object: &mut dyn Object, entries: &mut dyn Entries) -> Result<(), Failed> {
    let names = object.names();
    let mut expected = 0;
    let mut found = None;
    while entries.key(&mut |key| found = find(names, expected, key))? {
        let Some(index) = found else {
            entries.skip()?;
            continue;
        };
        trace::enter(names[index]);
        match object.field_mut(index) {
            Some(field) => entries.value(field)?,
            None => entries.skip()?,
        }
        trace::leave();
        expected = index + 1;
    }
    Ok(())
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
        trace::note_unknown(key);
    }
    found
}

/// `Deserialize` of every generated object that is sent.
///
/// A value that would be left out or changed is an error: a task that lost a field requests
/// something else, and is charged.
pub fn deserialize_strictly<'de, V, D: Deserializer<'de>>(deserializer: D) -> Result<V, D::Error>
where
    Option<V>: Decode,
{
    let (outcome, drift) = trace::located_strictly(|| de::deserialize(deserializer));
    let object = outcome?;
    match drift.first() {
        None => Ok(object),
        Some((pointer, DriftKind::UnknownField)) => {
            Err(D::Error::custom(format!("{pointer}: no such field")))
        }
        Some((pointer, _)) => Err(D::Error::custom(format!(
            "{pointer}: a value of another kind than documented"
        ))),
    }
}

/// Implements [`Object`] by a table of the fields, and with it serde's traits. The name of a field
/// in JSON follows where it differs: `object!(Link { kind = "type", url })`.
///
/// An object that is `sent` is read strictly, and can be a required field.
macro_rules! object {
    ($name:ident { $($field:ident $(= $wire:literal)?),* }) => {
        crate::codec::object::object!(
            @ $name, crate::codec::de::deserialize, { $($field $(= $wire)?),* }
        );
    };
    (sent $name:ident { $($field:ident $(= $wire:literal)?),* }) => {
        crate::codec::object::object!(
            @ $name, crate::codec::object::deserialize_strictly, { $($field $(= $wire)?),* }
        );
        crate::codec::lenient::required_field!(() $name;);
    };
    (@ $name:ident, $deserialize:path, { $($field:ident $(= $wire:literal)?),* }) => {
        // Generated code reads and writes deprecated fields, too.
        #[allow(deprecated)]
        impl crate::codec::Object for $name {
            fn names(&self) -> &'static [&'static str] {
                &[$(crate::codec::object::wire_name!($field $($wire)?)),*]
            }

            fn field_mut(&mut self, index: usize) -> Option<&mut dyn crate::codec::Decode> {
                let at = 0;
                $(
                    if index == at {
                        return Some(&mut self.$field);
                    }
                    let at = at + 1;
                )*
                _ = (index, at);
                None
            }

            fn field(&self, index: usize) -> Option<&dyn crate::codec::Encode> {
                let at = 0;
                $(
                    if index == at {
                        return Some(&self.$field);
                    }
                    let at = at + 1;
                )*
                _ = (index, at);
                None
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::codec::ser::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $deserialize(deserializer)
            }
        }

        impl crate::codec::lenient::FromLenientJson for $name {
            fn read(
                json: crate::codec::Json<'_>,
            ) -> Result<Option<Self>, crate::codec::Failed> {
                let mut object = None;
                crate::codec::object::read(&mut object, json)?;
                Ok(object)
            }

            fn read_into(
                into: &mut Option<Self>,
                json: crate::codec::Json<'_>,
            ) -> Result<(), crate::codec::Failed> {
                crate::codec::object::read(into, json)
            }
        }

        impl crate::codec::Encode for $name {
            fn encode(&self) -> Option<crate::codec::Fragment<'_>> {
                Some(crate::codec::Fragment::Object(self))
            }
        }
    };
}
pub(crate) use object;

/// The name of a field in JSON.
macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}
pub(crate) use wire_name;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Link {
        kind: Option<String>,
        rank: Option<i64>,
    }

    object!(Link { kind = "type", rank });

    /// An object whose names are more than its fields.
    #[derive(Default)]
    struct Stray(Link);

    impl Object for Stray {
        fn names(&self) -> &'static [&'static str] {
            &["type", "rank", "stray"]
        }

        fn field_mut(&mut self, index: usize) -> Option<&mut dyn Decode> {
            self.0.field_mut(index)
        }

        fn field(&self, index: usize) -> Option<&dyn crate::codec::Encode> {
            self.0.field(index)
        }
    }

    #[test]
    fn a_stray_index_is_no_field() {
        let mut link = Link::default();
        assert_eq!(link.names(), ["type", "rank"]);
        assert!(link.field(1).is_some());
        assert!(link.field(2).is_none());
        assert!(link.field_mut(2).is_none());
        assert!(link.field_mut(usize::MAX).is_none());
    }

    #[test]
    fn a_name_without_a_field_is_neither_read_nor_written() {
        struct Reader(Option<Stray>);

        impl Decode for Reader {
            fn decode(&mut self, json: Json<'_>) -> Result<(), Failed> {
                read(&mut self.0, json)
            }
        }

        let json = r#"{"type": "a", "rank": 7, "stray": [1, {"b": 2}]}"#;
        let mut reader = Reader(None);
        de::read(&mut serde_json::Deserializer::from_str(json), &mut reader).unwrap();
        let stray = reader.0.unwrap();
        assert_eq!(
            (stray.0.kind.as_deref(), stray.0.rank),
            (Some("a"), Some(7))
        );
        let written = serde_json::to_value(&stray.0).unwrap();
        assert_eq!(written, serde_json::json!({"type": "a", "rank": 7}));
        let names = crate::codec::ser::set_fields(&stray).map(|(name, _)| name);
        assert_eq!(names.collect::<Vec<_>>(), ["type", "rank"]);
    }
}
