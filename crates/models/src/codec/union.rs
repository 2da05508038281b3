//! Unions: lists whose elements are objects of different types, distinguished by a tag.
//!
//! The tag is the first key of nearly every element, so a union is read in one pass: the tag, then
//! the rest of the object into the type of the member. Entries before the tag are kept until the
//! member is known. A member that is not documented is kept as JSON.

use std::borrow::Cow;

use serde_json::Value;

use super::lenient::{Whole, whole_entries};
use super::trace::{self, DriftKind};
use super::{Encode, Entries, Failed, Fragment, Json, Object, de, object, ser};

/// An enum of objects that a field distinguishes. Implemented by generated code only.
pub trait Union: Sized {
    /// The field that names the member. Without meaning if there are [`KEYS`](Self::KEYS).
    const TAG: &'static str;
    /// The required field that only one member has, by member. Empty for a union with a tag.
    const KEYS: &'static [&'static str] = &[];
    /// The documented values of the tag, in the order of the members.
    const MEMBERS: &'static [&'static str];

    /// Returns the member with this index into [`MEMBERS`](Self::MEMBERS), with all fields unset.
    fn empty(member: usize) -> Option<Self>;

    /// Wraps an object that is not a documented member.
    fn other(object: Value) -> Self;

    /// Returns the object that is not a documented member.
    fn as_other(&self) -> Option<&Value>;

    /// Returns the index of the member, and its fields.
    fn member(&self) -> Option<(usize, &dyn Object)>;

    /// Returns the fields of the member, to be decoded.
    fn member_mut(&mut self) -> Option<&mut dyn Object>;
}

/// Decodes a generated union. Any value but an object is `None`.
pub fn read<U: Union>(json: Json<'_>) -> Result<Option<U>, Failed> {
    let Json::Map(entries) = json else {
        return json.unusable();
    };
    let mut before = serde_json::Map::new();
    if !U::KEYS.is_empty() {
        whole_entries(entries, &mut before)?;
        return read_without_tag(before).map(Some);
    }
    let member = find_tag(U::TAG, U::MEMBERS, entries, &mut before)?;
    let tag = member.and_then(|member| U::MEMBERS.get(member));
    match member.and_then(U::empty) {
        Some(mut union) => {
            trace::enter_member(tag.copied().unwrap_or_default());
            if let Some(member) = union.member_mut() {
                read_member(member, before, entries)?;
            }
            trace::leave();
            Ok(Some(union))
        }
        None => {
            trace::note_carried(DriftKind::UnknownMember);
            whole_entries(entries, &mut before)?;
            Ok(Some(U::other(Value::Object(before))))
        }
    }
}

/// Reads a member that one of its fields identifies.
fn read_without_tag<U: Union>(object: serde_json::Map<String, Value>) -> Result<U, Failed> {
    let is_given = |key: &&str| object.get(*key).is_some_and(|value| !value.is_null());
    match U::KEYS.iter().position(is_given).and_then(U::empty) {
        Some(mut union) => {
            if let Some(member) = union.member_mut() {
                let mut entries = de::ReadMap {
                    entries: object.into_iter(),
                    value: None,
                };
                object::read_fields(member, &mut entries)?;
            }
            Ok(union)
        }
        None => {
            trace::note_carried(DriftKind::UnknownMember);
            Ok(U::other(Value::Object(object)))
        }
    }
}

/// Reads up to the tag, and keeps the entries before it. Keeps the tag too if it does not name a
/// documented member.
fn find_tag(
    tag: &str,
    members: &[&str],
    entries: &mut dyn Entries,
    before: &mut serde_json::Map<String, Value>,
) -> Result<Option<usize>, Failed> {
    let mut key = String::new();
    let mut is_tag = false;
    while entries.key(&mut |name| {
        is_tag = name == tag;
        if !is_tag {
            name.clone_into(&mut key);
        }
    })? {
        let mut value = Whole::default();
        entries.value(&mut value)?;
        if !is_tag {
            before.insert(std::mem::take(&mut key), value.0);
            continue;
        }
        let wire = value.0.as_str();
        let member = wire.and_then(|wire| members.iter().position(|member| *member == wire));
        if member.is_none() {
            before.insert(tag.to_owned(), value.0);
        }
        return Ok(member);
    }
    Ok(None)
}

fn read_member(
    member: &mut dyn Object,
    before: serde_json::Map<String, Value>,
    entries: &mut dyn Entries,
) -> Result<(), Failed> {
    if !before.is_empty() {
        let mut before = de::ReadMap {
            entries: before.into_iter(),
            value: None,
        };
        object::read_fields(member, &mut before)?;
    }
    object::read_fields(member, entries)
}

/// Passes the entries of a union to `show`: the tag, and the fields of the member.
pub fn each<U: Union>(union: &U, show: &mut dyn FnMut(&str, &dyn Encode)) {
    let Some((index, member)) = union.member() else {
        return;
    };
    if let Some(tag) = U::MEMBERS.get(index)
        && U::KEYS.is_empty()
    {
        show(U::TAG, &(*tag).to_owned());
    }
    for (name, value) in ser::set_fields(member) {
        show(name, value);
    }
}

/// Returns an integer field of a union.
pub fn integer<U: Union>(union: &U, name: &str) -> Option<i64> {
    match scalar(union, name)? {
        Fragment::Integer(value) => Some(value),
        _ => None,
    }
}

/// Returns a number field of a union.
#[allow(
    dead_code,
    reason = "the spec decides which kinds of fields unions share"
)]
pub fn float<U: Union>(union: &U, name: &str) -> Option<f64> {
    match scalar(union, name)? {
        Fragment::Float(value) => Some(value),
        // Counts and ranks are far below the 2^53 that a float is exact to.
        Fragment::Integer(value) => Some(value as f64),
        _ => None,
    }
}

/// Returns a boolean field of a union.
#[allow(
    dead_code,
    reason = "the spec decides which kinds of fields unions share"
)]
pub fn boolean<U: Union>(union: &U, name: &str) -> Option<bool> {
    match scalar(union, name)? {
        Fragment::Boolean(value) => Some(value),
        _ => None,
    }
}

/// Returns a text field of a union.
pub fn text<'a, U: Union>(union: &'a U, name: &str) -> Option<&'a str> {
    match scalar(union, name)? {
        Fragment::Text(Cow::Borrowed(text)) => Some(text),
        _ => None,
    }
}

/// A field of the member, or of the JSON of an unknown member.
fn scalar<'a, U: Union>(union: &'a U, name: &str) -> Option<Fragment<'a>> {
    if let Some((_, member)) = union.member() {
        let index = member.names().iter().position(|known| *known == name)?;
        return member.field(index)?.encode();
    }
    match union.as_other()?.get(name)? {
        Value::Bool(value) => Some(Fragment::Boolean(*value)),
        Value::String(text) => Some(Fragment::Text(text.into())),
        Value::Number(number) => match number.as_i64() {
            Some(value) => Some(Fragment::Integer(value)),
            None => number.as_f64().map(Fragment::Float),
        },
        _ => None,
    }
}

/// Makes a generated [`Union`] an ordinary serde type.
macro_rules! union_impls {
    ($name:ident) => {
        impl $name {
            /// Returns the value of the field that names the member. `None` for an object that is
            /// not a documented member.
            pub fn tag(&self) -> Option<&'static str> {
                let (member, _) = crate::codec::union::Union::member(self)?;
                <Self as crate::codec::union::Union>::MEMBERS
                    .get(member)
                    .copied()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::codec::ser::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::codec::de::deserialize(deserializer)
            }
        }

        impl crate::codec::lenient::FromLenientJson for $name {
            fn read(json: crate::codec::Json<'_>) -> Result<Option<Self>, crate::codec::Failed> {
                crate::codec::union::read(json)
            }
        }

        impl crate::codec::Encode for $name {
            fn encode(&self) -> Option<crate::codec::Fragment<'_>> {
                Some(match crate::codec::union::Union::as_other(self) {
                    Some(object) => {
                        crate::codec::Fragment::Json(std::borrow::Cow::Borrowed(object))
                    }
                    None => crate::codec::Fragment::Map(self),
                })
            }
        }

        impl crate::codec::Pairs for $name {
            fn each(&self, show: &mut dyn FnMut(&str, &dyn crate::codec::Encode)) {
                crate::codec::union::each(self, show);
            }
        }
    };
}
pub(crate) use union_impls;
