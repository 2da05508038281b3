//! JSON on its way in and out, whatever reads or writes it.
//!
//! serde's own traits are generic over the reader: each type's code would be compiled for each
//! reader, in the program that uses it. Here a value is handed over as [`Json`] and put into a
//! [`Place`], and is shown as a [`Part`]: plain trait objects. So a type's code is compiled once, in
//! this crate, and a reader's once, for all types (ARCHITECTURE.md has the figures).

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

use crate::drift;
use crate::object::Object;
use crate::path::Path;

/// One value, as it is read.
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A whole number too large for that.
    Unsigned(u64),
    /// A number.
    Float(f64),
    /// A string.
    Text(&'a str),
    /// A list, to be read through.
    List(&'a mut dyn Elements),
    /// An object, to be read through.
    Map(&'a mut dyn Entries),
}

/// Reading stopped: the reader has the error.
#[derive(Debug)]
pub struct Failed;

/// The elements of a list, one after the other.
pub trait Elements {
    /// Puts the next element into a place; false if there is none.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn next(&mut self, place: &mut dyn Place) -> Result<bool, Failed>;

    /// Passes over the next element; false if there is none.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn skip(&mut self) -> Result<bool, Failed>;
}

/// The entries of an object, one after the other: a key, then its value.
pub trait Entries {
    /// Shows the next key; false if there is none.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn key(&mut self, show: &mut dyn FnMut(&str)) -> Result<bool, Failed>;

    /// Puts the value of the key that was shown last into a place.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn value(&mut self, place: &mut dyn Place) -> Result<(), Failed>;

    /// Passes over the value of the key that was shown last.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn skip(&mut self) -> Result<(), Failed>;
}

/// What one value is put into.
pub trait Place {
    /// Takes the value.
    ///
    /// # Errors
    /// Only when the input is not JSON.
    fn put(&mut self, json: Json<'_>) -> Result<(), Failed>;
}

impl Json<'_> {
    /// Reads past a value that cannot be used, and notes it. Null is no drift.
    ///
    /// # Errors
    /// When the input is not JSON.
    pub fn unusable<V>(self) -> Result<Option<V>, Failed> {
        if matches!(self, Self::Null) {
            return Ok(None);
        }
        self.skip()?;
        drift::note(drift::DriftKind::Dropped);
        Ok(None)
    }

    /// Reads past a value.
    fn skip(self) -> Result<(), Failed> {
        match self {
            Self::List(elements) => while elements.skip()? {},
            Self::Map(entries) => {
                while entries.key(&mut |_| {})? {
                    entries.skip()?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A place that keeps nothing.
pub struct Nowhere;

impl Place for Nowhere {
    fn put(&mut self, json: Json<'_>) -> Result<(), Failed> {
        json.skip()
    }
}

/// How deep values nest that are read. What lies deeper is passed over, and noted: serde_json's
/// own limit, 128, would cost the whole answer.
const DEEPEST: usize = 120;

/// Reads one value of any serde reader into a place.
pub fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
    place: &mut dyn Place,
) -> Result<(), D::Error> {
    deserializer.deserialize_any(Reader { place, depth: 0 })
}

/// A place as serde's reader of a map's values and a list's elements wants it.
pub struct Seed<'p> {
    place: &'p mut dyn Place,
    depth: usize,
}

impl<'p> Seed<'p> {
    /// A place on the first level.
    pub fn new(place: &'p mut dyn Place) -> Self {
        Self { place, depth: 0 }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { place, depth } = self;
        if depth < DEEPEST {
            return deserializer.deserialize_any(Reader { place, depth });
        }
        // Passing over goes down without going deeper.
        deserializer.deserialize_ignored_any(IgnoredAny)?;
        drift::note(drift::DriftKind::Dropped);
        Reader { place, depth }.put(Json::Null)
    }
}

struct Reader<'p> {
    place: &'p mut dyn Place,
    depth: usize,
}

impl Reader<'_> {
    /// A single value stops no reader.
    fn put<E: serde::de::Error>(self, json: Json<'_>) -> Result<(), E> {
        self.place
            .put(json)
            .map_err(|Failed| E::custom("a value that cannot be read"))
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.put(Json::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.put(Json::Boolean(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.put(Json::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.put(match i64::try_from(value) {
            Ok(value) => Json::Integer(value),
            Err(_) => Json::Unsigned(value),
        })
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.put(Json::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.put(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let mut list = Sequence {
            seq,
            depth: self.depth + 1,
            error: None,
        };
        let outcome = self.place.put(Json::List(&mut list));
        outcome.map_err(|Failed| list.error.unwrap_or_else(stopped))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let mut map = Mapping {
            map,
            depth: self.depth + 1,
            error: None,
        };
        let outcome = self.place.put(Json::Map(&mut map));
        outcome.map_err(|Failed| map.error.unwrap_or_else(stopped))
    }
}

/// Whoever reports a failure has been given one by a reader, which keeps its error.
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
    fn next(&mut self, place: &mut dyn Place) -> Result<bool, Failed> {
        let depth = self.depth;
        let element = self.seq.next_element_seed(Seed { place, depth });
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

    fn value(&mut self, place: &mut dyn Place) -> Result<(), Failed> {
        let depth = self.depth;
        let value = self.map.next_value_seed(Seed { place, depth });
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

/// JSON that was read already, as if it came from a reader.
pub fn reread(value: Value, place: &mut dyn Place) -> Result<(), Failed> {
    match value {
        Value::Null => place.put(Json::Null),
        Value::Bool(value) => place.put(Json::Boolean(value)),
        Value::Number(number) => place.put(match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Json::Integer(value),
            (None, Some(value)) => Json::Unsigned(value),
            (None, None) => Json::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => place.put(Json::Text(&text)),
        Value::Array(list) => place.put(Json::List(&mut list.into_iter())),
        Value::Object(map) => place.put(Json::Map(&mut ReadMap {
            entries: map.into_iter(),
            value: None,
        })),
    }
}

impl Elements for std::vec::IntoIter<Value> {
    fn next(&mut self, place: &mut dyn Place) -> Result<bool, Failed> {
        match Iterator::next(self) {
            Some(value) => reread(value, place).map(|()| true),
            None => Ok(false),
        }
    }

    fn skip(&mut self) -> Result<bool, Failed> {
        Ok(Iterator::next(self).is_some())
    }
}

/// The entries of an object that was read already.
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

    fn value(&mut self, place: &mut dyn Place) -> Result<(), Failed> {
        reread(self.value.take().unwrap_or_default(), place)
    }

    fn skip(&mut self) -> Result<(), Failed> {
        self.value = None;
        Ok(())
    }
}

/// A value that can be written.
pub trait Part {
    /// The value as it is written; `None` is null, and leaves a field out.
    fn shape(&self) -> Option<Shape<'_>>;
}

/// One value, as it is written.
pub enum Shape<'a> {
    /// `true`, `false`
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// A list.
    List(&'a dyn List),
    /// An object with keys of the answer's choosing.
    Map(&'a dyn Pairs),
    /// An object with documented fields: those that are set are written.
    Object(&'a dyn Object),
    /// Any JSON.
    Json(Cow<'a, Value>),
}

/// The elements of a list that is written.
pub trait List {
    /// How many there are.
    fn len(&self) -> usize;

    /// One of them.
    fn element(&self, index: usize) -> Option<&dyn Part>;
}

/// The entries of an object that is written.
pub trait Pairs {
    /// Shows each entry.
    fn each(&self, show: &mut dyn FnMut(&str, &dyn Part));
}

/// A part as serde's writer wants it.
struct Written<'a>(&'a dyn Part);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.0, serializer)
    }
}

/// Writes a value with any serde writer.
pub fn write<S: Serializer>(part: &dyn Part, serializer: S) -> Result<S::Ok, S::Error> {
    match part.shape() {
        None => serializer.serialize_unit(),
        Some(Shape::Boolean(value)) => serializer.serialize_bool(value),
        Some(Shape::Integer(value)) => serializer.serialize_i64(value),
        Some(Shape::Float(value)) => serializer.serialize_f64(value),
        Some(Shape::Text(text)) => serializer.serialize_str(&text),
        Some(Shape::Json(value)) => value.serialize(serializer),
        Some(Shape::List(list)) => {
            let mut seq = serializer.serialize_seq(Some(list.len()))?;
            for index in 0..list.len() {
                match list.element(index) {
                    Some(element) => seq.serialize_element(&Written(element))?,
                    None => return Err(S::Error::custom("a list that is shorter than it says")),
                }
            }
            seq.end()
        }
        Some(Shape::Object(object)) => {
            let mut map = serializer.serialize_map(None)?;
            for (name, part) in set_fields(object) {
                map.serialize_entry(name, &Written(part))?;
            }
            map.end()
        }
        Some(Shape::Map(pairs)) => {
            let mut map = serializer.serialize_map(None)?;
            let mut outcome = Ok(());
            pairs.each(&mut |key, part| {
                if outcome.is_ok() {
                    outcome = map.serialize_entry(key, &Written(part));
                }
            });
            outcome?;
            map.end()
        }
    }
}

/// The fields of an object that hold something, with their names.
pub fn set_fields(object: &dyn Object) -> impl Iterator<Item = (&'static str, &dyn Part)> {
    let fields = object.names().iter().enumerate();
    fields.filter_map(|(field, name)| {
        let part = object.part(field);
        part.shape().is_some().then_some((*name, part))
    })
}

/// Where the numbers of an object are that JSON cannot say: infinite ones and those that are none.
pub fn not_finite(object: &dyn Object) -> Vec<String> {
    let mut found = Vec::new();
    search_fields(object, Path::Whole, &mut found);
    found
}

fn search_fields(object: &dyn Object, path: Path<'_>, found: &mut Vec<String>) {
    for (name, part) in set_fields(object) {
        search_not_finite(part, Path::Field(&path, name), found);
    }
}

fn search_not_finite(part: &dyn Part, path: Path<'_>, found: &mut Vec<String>) {
    match part.shape() {
        Some(Shape::Float(value)) if !value.is_finite() => found.push(path.to_string()),
        Some(Shape::List(list)) => {
            for index in 0..list.len() {
                if let Some(element) = list.element(index) {
                    search_not_finite(element, Path::Element(&path, index), found);
                }
            }
        }
        Some(Shape::Map(pairs)) => pairs.each(&mut |key, part| {
            search_not_finite(part, Path::Entry(&path, key), found);
        }),
        Some(Shape::Object(object)) => search_fields(object, path, found),
        _ => {}
    }
}

/// Reads an object with a serde reader, as its type reads it.
pub fn deserialize<'de, V, D: Deserializer<'de>>(deserializer: D) -> Result<V, D::Error>
where
    Option<V>: Place,
{
    let mut slot = None;
    read(deserializer, &mut slot)?;
    slot.ok_or_else(|| D::Error::custom("expected a JSON object"))
}
