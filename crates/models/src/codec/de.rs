//! Decoding: any serde reader into a [`Decode`].

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

use super::trace::{self, DriftKind};
use super::{Decode, Elements, Entries, Failed, Json};

/// The deepest nesting of values that are read. Deeper values are skipped, and recorded as drift:
/// at serde_json's own limit, 128, the whole response would be lost.
const MAX_DEPTH: usize = 120;

/// Decodes one value of any serde reader.
pub fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
    into: &mut dyn Decode,
) -> Result<(), D::Error> {
    deserializer.deserialize_any(Reader { into, depth: 0 })
}

/// A value to decode, as serde's readers of lists and maps expect it.
pub struct Seed<'p> {
    into: &'p mut dyn Decode,
    depth: usize,
}

impl<'p> Seed<'p> {
    /// Returns a seed for a value on the first level.
    pub fn new(into: &'p mut dyn Decode) -> Self {
        Self { into, depth: 0 }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { into, depth } = self;
        if depth < MAX_DEPTH {
            return deserializer.deserialize_any(Reader { into, depth });
        }
        // Skipping does not recurse.
        deserializer.deserialize_ignored_any(IgnoredAny)?;
        trace::note(DriftKind::Dropped);
        Reader { into, depth }.finish(Json::Null)
    }
}

struct Reader<'p> {
    into: &'p mut dyn Decode,
    depth: usize,
}

impl Reader<'_> {
    /// Decodes a scalar, which cannot fail.
    fn finish<E: serde::de::Error>(self, json: Json<'_>) -> Result<(), E> {
        self.into
            .decode(json)
            .map_err(|Failed| E::custom("a value that cannot be read"))
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.finish(Json::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.finish(Json::Boolean(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.finish(Json::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.finish(match i64::try_from(value) {
            Ok(value) => Json::Integer(value),
            Err(_) => Json::Unsigned(value),
        })
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.finish(Json::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.finish(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let mut list = Sequence {
            seq,
            depth: self.depth + 1,
            error: None,
        };
        let outcome = self.into.decode(Json::List(&mut list));
        outcome.map_err(|Failed| list.error.unwrap_or_else(stopped))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let mut map = Mapping {
            map,
            depth: self.depth + 1,
            error: None,
        };
        let outcome = self.into.decode(Json::Map(&mut map));
        outcome.map_err(|Failed| map.error.unwrap_or_else(stopped))
    }
}

/// The error of a reader that reported a failure without keeping its error, which does not occur.
fn stopped<E: serde::de::Error>() -> E {
    E::custom("reading stopped")
}

struct Sequence<A, E> {
    seq: A,
    depth: usize,
    error: Option<E>,
}

impl<'de, A: SeqAccess<'de>> Sequence<A, A::Error> {
    fn keep<T>(&mut self, outcome: Result<Option<T>, A::Error>) -> Result<bool, Failed> {
        match outcome {
            Ok(element) => Ok(element.is_some()),
            Err(error) => {
                self.error = Some(error);
                Err(Failed)
            }
        }
    }
}

impl<'de, A: SeqAccess<'de>> Elements for Sequence<A, A::Error> {
    fn next(&mut self, into: &mut dyn Decode) -> Result<bool, Failed> {
        let depth = self.depth;
        let element = self.seq.next_element_seed(Seed { into, depth });
        self.keep(element)
    }

    fn skip(&mut self) -> Result<bool, Failed> {
        let element = self.seq.next_element::<IgnoredAny>();
        self.keep(element)
    }
}

struct Mapping<A, E> {
    map: A,
    depth: usize,
    error: Option<E>,
}

impl<'de, A: MapAccess<'de>> Mapping<A, A::Error> {
    fn keep<T>(&mut self, outcome: Result<T, A::Error>) -> Result<T, Failed> {
        outcome.map_err(|error| {
            self.error = Some(error);
            Failed
        })
    }
}

impl<'de, A: MapAccess<'de>> Entries for Mapping<A, A::Error> {
    fn key(&mut self, show: &mut dyn FnMut(&str)) -> Result<bool, Failed> {
        let key = self.map.next_key_seed(Key(show));
        self.keep(key).map(|key| key.is_some())
    }

    fn value(&mut self, into: &mut dyn Decode) -> Result<(), Failed> {
        let depth = self.depth;
        let value = self.map.next_value_seed(Seed { into, depth });
        self.keep(value)
    }

    fn skip(&mut self) -> Result<(), Failed> {
        let value = self.map.next_value::<IgnoredAny>();
        self.keep(value).map(drop)
    }
}

struct Key<'s>(&'s mut dyn FnMut(&str));

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<(), E> {
        (self.0)(key);
        Ok(())
    }
}

/// Decodes JSON that is in memory, as if it came from a reader.
pub fn reread(value: Value, into: &mut dyn Decode) -> Result<(), Failed> {
    match value {
        Value::Null => into.decode(Json::Null),
        Value::Bool(value) => into.decode(Json::Boolean(value)),
        Value::Number(number) => into.decode(match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Json::Integer(value),
            (None, Some(value)) => Json::Unsigned(value),
            (None, None) => Json::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => into.decode(Json::Text(&text)),
        Value::Array(list) => into.decode(Json::List(&mut list.into_iter())),
        Value::Object(map) => into.decode(Json::Map(&mut ReadMap {
            entries: map.into_iter(),
            value: None,
        })),
    }
}

impl Elements for std::vec::IntoIter<Value> {
    fn next(&mut self, into: &mut dyn Decode) -> Result<bool, Failed> {
        match Iterator::next(self) {
            Some(value) => reread(value, into).map(|()| true),
            None => Ok(false),
        }
    }

    fn skip(&mut self) -> Result<bool, Failed> {
        Ok(Iterator::next(self).is_some())
    }
}

/// The entries of an object in memory.
pub struct ReadMap {
    pub entries: serde_json::map::IntoIter,
    pub value: Option<Value>,
}

impl Entries for ReadMap {
    fn key(&mut self, show: &mut dyn FnMut(&str)) -> Result<bool, Failed> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(false);
        };
        show(&key);
        self.value = Some(value);
        Ok(true)
    }

    fn value(&mut self, into: &mut dyn Decode) -> Result<(), Failed> {
        reread(self.value.take().unwrap_or_default(), into)
    }

    fn skip(&mut self) -> Result<(), Failed> {
        self.value = None;
        Ok(())
    }
}

/// Deserializes an object by its [`Decode`].
pub fn deserialize<'de, V, D: Deserializer<'de>>(deserializer: D) -> Result<V, D::Error>
where
    Option<V>: Decode,
{
    let mut slot = None;
    read(deserializer, &mut slot)?;
    slot.ok_or_else(|| D::Error::custom("expected a JSON object"))
}
