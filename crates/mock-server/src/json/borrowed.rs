//! JSON values that borrow their strings from the text: the fast way from a request to its fixture.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A JSON value that borrows its strings. The keys of objects are sorted and unique.
pub(crate) enum BorrowedJson<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<BorrowedJson<'a>>),
    Object(Vec<(Cow<'a, str>, BorrowedJson<'a>)>),
}

/// Returns an object with sorted keys. Of a repeated key the last value counts, as in serde_json.
fn object<'a>(mut entries: Vec<(Cow<'a, str>, BorrowedJson<'a>)>) -> BorrowedJson<'a> {
    if !entries.is_sorted_by(|a, b| a.0 < b.0) {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
    }
    BorrowedJson::Object(entries)
}

impl<'a> From<&'a Value> for BorrowedJson<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(it) => Self::Bool(*it),
            Value::Number(it) => Self::Number(it.clone()),
            Value::String(it) => Self::String(Cow::Borrowed(it)),
            Value::Array(list) => Self::Array(list.iter().map(Self::from).collect()),
            Value::Object(fields) => object(
                fields
                    .iter()
                    .map(|(key, value)| (Cow::Borrowed(key.as_str()), Self::from(value)))
                    .collect(),
            ),
        }
    }
}

/// A key of an object, borrowed unless it contains an escape.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct JsonVisitor;
        impl<'de> Visitor<'de> for JsonVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, it: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(it)))
            }
            fn visit_str<E>(self, it: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(it.to_owned())))
            }
        }
        deserializer.deserialize_str(JsonVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for BorrowedJson<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct JsonVisitor;
        impl<'de> Visitor<'de> for JsonVisitor {
            type Value = BorrowedJson<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_bool<E>(self, it: bool) -> Result<Self::Value, E> {
                Ok(BorrowedJson::Bool(it))
            }
            fn visit_u64<E>(self, it: u64) -> Result<Self::Value, E> {
                Ok(BorrowedJson::Number(it.into()))
            }
            fn visit_i64<E>(self, it: i64) -> Result<Self::Value, E> {
                Ok(BorrowedJson::Number(it.into()))
            }
            fn visit_f64<E>(self, it: f64) -> Result<Self::Value, E> {
                Ok(Number::from_f64(it).map_or(BorrowedJson::Null, BorrowedJson::Number))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(BorrowedJson::Null)
            }
            fn visit_borrowed_str<E>(self, it: &'de str) -> Result<Self::Value, E> {
                Ok(BorrowedJson::String(Cow::Borrowed(it)))
            }
            fn visit_str<E>(self, it: &str) -> Result<Self::Value, E> {
                Ok(BorrowedJson::String(Cow::Owned(it.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(it) = seq.next_element()? {
                    list.push(it);
                }
                Ok(BorrowedJson::Array(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Key<'de>, BorrowedJson<'de>>()? {
                    entries.push((key.0, value));
                }
                Ok(object(entries))
            }
        }
        deserializer.deserialize_any(JsonVisitor)
    }
}
