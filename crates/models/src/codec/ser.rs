//! Encoding: an [`Encode`] into any serde writer.

use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Encode, Fragment, List, Object, Pairs};

/// A value as serde's writer expects it.
struct Written<'a>(&'a dyn Encode);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.0, serializer)
    }
}

/// Writes a value with any serde writer.
pub fn write<S: Serializer>(value: &dyn Encode, serializer: S) -> Result<S::Ok, S::Error> {
    match value.encode() {
        None => serializer.serialize_unit(),
        Some(Fragment::Boolean(value)) => serializer.serialize_bool(value),
        Some(Fragment::Integer(value)) => serializer.serialize_i64(value),
        Some(Fragment::Float(value)) => serializer.serialize_f64(value),
        Some(Fragment::Text(text)) => serializer.serialize_str(&text),
        Some(Fragment::Json(value)) => value.serialize(serializer),
        Some(Fragment::List(list)) => write_list(list, serializer),
        Some(Fragment::Object(object)) => write_object(object, serializer),
        Some(Fragment::Map(pairs)) => write_map(pairs, serializer),
    }
}

fn write_list<S: Serializer>(list: &dyn List, serializer: S) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(list.len()))?;
    for index in 0..list.len() {
        match list.element(index) {
            Some(element) => seq.serialize_element(&Written(element))?,
            None => return Err(S::Error::custom("a list is shorter than its length")),
        }
    }
    seq.end()
}

fn write_object<S: Serializer>(object: &dyn Object, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in set_fields(object) {
        map.serialize_entry(name, &Written(value))?;
    }
    map.end()
}

fn write_map<S: Serializer>(pairs: &dyn Pairs, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    let mut outcome = Ok(());
    pairs.each(&mut |key, value| {
        if outcome.is_ok() {
            outcome = map.serialize_entry(key, &Written(value));
        }
    });
    outcome?;
    map.end()
}

/// The fields of an object that hold a value, with their names.
pub fn set_fields(object: &dyn Object) -> impl Iterator<Item = (&'static str, &dyn Encode)> {
    let fields = object.names().iter().enumerate();
    fields.filter_map(|(index, name)| {
        let value = object.field(index)?;
        value.encode().is_some().then_some((*name, value))
    })
}
