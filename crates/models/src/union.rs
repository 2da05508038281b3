//! Unions: lists whose elements are objects of different types, told apart by a tag.
//!
//! The tag is the first key of nearly every element, so a union is read in one pass: the tag, then
//! the rest of the object into the member's type. What stands before the tag is kept until the
//! member is known. A member that nobody documented yet is kept as JSON.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::object::{self, Object};
use crate::tolerant;

/// An enum of objects that a field tells apart. Implemented by generated code only.
pub trait Union: Sized {
    /// The field that says which member an object is.
    const TAG: &'static str;
    /// The tag's documented values, by the members' order.
    const MEMBERS: &'static [&'static str];

    /// Reads the member with this index into [`MEMBERS`](Self::MEMBERS).
    ///
    /// # Errors
    /// Only when the input is not JSON.
    fn read<'de, A: MapAccess<'de>>(member: usize, rest: Rest<'_, A>) -> Result<Self, A::Error>;

    /// Keeps an object that is no documented member.
    fn other(object: Value) -> Self;

    /// The object that is no documented member.
    fn as_other(&self) -> Option<&Value>;

    /// The index of the member.
    fn member(&self) -> Option<usize>;

    /// Writes the member's fields, without the tag.
    ///
    /// # Errors
    /// Only when the output cannot take more.
    fn write<S: SerializeMap>(&self, map: &mut S) -> Result<(), S::Error>;
}

/// An object whose tag was read: what stood before that, and what follows.
pub struct Rest<'a, A> {
    before: serde_json::Map<String, Value>,
    map: &'a mut A,
}

impl<'de, A: MapAccess<'de>> Rest<'_, A> {
    /// Reads the object as this member.
    ///
    /// # Errors
    /// Only when the input is not JSON.
    pub fn read<T: Object>(self) -> Result<Box<T>, A::Error> {
        let mut member = Box::<T>::default();
        if !self.before.is_empty() {
            // Through text, so that there is one copy of each type's reading, not two.
            let text = Value::Object(self.before).to_string();
            serde_json::Deserializer::from_str(&text)
                .deserialize_map(Into(&mut *member))
                .map_err(A::Error::custom)?;
        }
        object::read_fields(&mut *member, self.map)?;
        Ok(member)
    }

    /// Keeps the object as JSON.
    ///
    /// # Errors
    /// Only when the input is not JSON.
    pub fn keep(self) -> Result<Value, A::Error> {
        let mut object = self.before;
        while let Some((key, value)) = self.map.next_entry()? {
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// Reads fields into an object that is there already.
struct Into<'a, T>(&'a mut T);

impl<'de, T: Object> Visitor<'de> for Into<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        object::read_fields(self.0, &mut map)
    }
}

/// [`Tolerant`](tolerant::Tolerant) of every generated union: anything but an object is `None`.
pub fn read<'de, U: Union, D: Deserializer<'de>>(deserializer: D) -> Result<Option<U>, D::Error> {
    deserializer.deserialize_any(UnionVisitor(PhantomData))
}

/// `Deserialize` of every generated union: an object, or an error that says what stood there.
pub fn deserialize<'de, U: Union, D: Deserializer<'de>>(deserializer: D) -> Result<U, D::Error> {
    read(deserializer)?.ok_or_else(|| D::Error::custom("expected a JSON object"))
}

/// `Serialize` of every generated union.
pub fn serialize<U: Union, S: Serializer>(union: &U, serializer: S) -> Result<S::Ok, S::Error> {
    if let Some(object) = union.as_other() {
        return object.serialize(serializer);
    }
    let mut map = serializer.serialize_map(None)?;
    if let Some(tag) = union.member().and_then(|member| U::MEMBERS.get(member)) {
        map.serialize_entry(U::TAG, tag)?;
    }
    union.write(&mut map)?;
    map.end()
}

struct UnionVisitor<U>(PhantomData<U>);

impl<'de, U: Union> Visitor<'de> for UnionVisitor<U> {
    type Value = Option<U>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut before = serde_json::Map::new();
        while let Some(key) = map.next_key_seed(Key(U::TAG))? {
            let Some(key) = key else {
                let tag = map.next_value_seed(Tag(U::MEMBERS))?;
                let member = match tag {
                    Ok(member) => Some(member),
                    Err(unknown) => {
                        before.insert(U::TAG.to_owned(), unknown);
                        None
                    }
                };
                let rest = Rest {
                    before,
                    map: &mut map,
                };
                return Ok(Some(match member {
                    Some(member) => U::read(member, rest)?,
                    None => U::other(rest.keep()?),
                }));
            };
            before.insert(key, map.next_value()?);
        }
        Ok(Some(U::other(Value::Object(before))))
    }

    tolerant::not_a!(bool, number, str, seq, null);
}

/// A key: `None` if it is the tag.
struct Key(&'static str);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok((key != self.0).then(|| key.to_owned()))
    }
}

/// The tag's value: the index of a documented member, or what stood there.
struct Tag(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Tag {
    type Value = Result<usize, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tag {
    type Value = Result<usize, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tag of a union")
    }

    fn visit_str<E: serde::de::Error>(self, tag: &str) -> Result<Self::Value, E> {
        let member = self.0.iter().position(|member| *member == tag);
        Ok(member.ok_or_else(|| tag.into()))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(Err(Value::Null))
    }

    fn visit_bool<E: serde::de::Error>(self, tag: bool) -> Result<Self::Value, E> {
        Ok(Err(tag.into()))
    }

    fn visit_i64<E: serde::de::Error>(self, tag: i64) -> Result<Self::Value, E> {
        Ok(Err(tag.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, tag: u64) -> Result<Self::Value, E> {
        Ok(Err(tag.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, tag: f64) -> Result<Self::Value, E> {
        Ok(Err(tag.into()))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let list = serde::de::value::SeqAccessDeserializer::new(seq);
        Value::deserialize(list).map(Err)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let object = serde::de::value::MapAccessDeserializer::new(map);
        Value::deserialize(object).map(Err)
    }
}

/// What makes a generated [`Union`] an ordinary serde type.
macro_rules! union_impls {
    ($name:ident) => {
        impl $name {
            /// The value of the field that tells the members apart; `None` for an object that is
            /// no documented member.
            pub fn tag(&self) -> Option<&'static str> {
                let member = crate::union::Union::member(self)?;
                <Self as crate::union::Union>::MEMBERS.get(member).copied()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::union::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::union::deserialize(deserializer)
            }
        }

        impl crate::tolerant::Tolerant for $name {
            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<Self>, D::Error> {
                crate::union::read(deserializer)
            }
        }
    };
}
pub(crate) use union_impls;
