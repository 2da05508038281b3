//! Unions: lists whose elements are objects of different types, told apart by a tag.
//!
//! The tag is the first key of nearly every element, so a union is read in one pass: the tag, then
//! the rest of the object into the member's type. What stands before the tag is kept until the
//! member is known. A member that nobody documented yet is kept as JSON.

use serde_json::Value;

use crate::drift::{self, DriftKind};
use crate::json::{self, Entries, Failed, Json, Part};
use crate::object::{self, Object};
use crate::tolerant::{Whole, whole_entries};

/// An enum of objects that a field tells apart. Implemented by generated code only.
pub trait Union: Sized {
    /// The field that says which member an object is.
    const TAG: &'static str;
    /// The tag's documented values, by the members' order.
    const MEMBERS: &'static [&'static str];

    /// The member with this index into [`MEMBERS`](Self::MEMBERS), with nothing in it.
    fn empty(member: usize) -> Option<Self>;

    /// Keeps an object that is no documented member.
    fn other(object: Value) -> Self;

    /// The object that is no documented member.
    fn as_other(&self) -> Option<&Value>;

    /// The index of the member, and its fields.
    fn member(&self) -> Option<(usize, &dyn Object)>;

    /// The fields of the member.
    fn member_mut(&mut self) -> Option<&mut dyn Object>;
}

/// [`Tolerant`](crate::tolerant::Tolerant) of every generated union: anything but an object is
/// `None`.
pub fn read<U: Union>(json: Json<'_>) -> Result<Option<U>, Failed> {
    let Json::Map(entries) = json else {
        return json.unusable();
    };
    let mut before = serde_json::Map::new();
    let member = find_tag(U::TAG, U::MEMBERS, entries, &mut before)?;
    let tag = member.and_then(|member| U::MEMBERS.get(member));
    match member.and_then(U::empty) {
        Some(mut union) => {
            drift::enter_member(tag.copied().unwrap_or_default());
            if let Some(member) = union.member_mut() {
                read_member(member, before, entries)?;
            }
            drift::leave();
            Ok(Some(union))
        }
        None => {
            drift::note_carried(DriftKind::UnknownMember);
            whole_entries(entries, &mut before)?;
            Ok(Some(U::other(Value::Object(before))))
        }
    }
}

/// Reads up to the tag, and keeps what stands before it; of an object that is no documented
/// member, the tag too.
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
        let mut before = json::ReadMap {
            entries: before.into_iter(),
            value: None,
        };
        object::read_fields(member, &mut before)?;
    }
    object::read_fields(member, entries)
}

/// A union as it is written: the tag, and the fields of the member.
pub fn each<U: Union>(union: &U, show: &mut dyn FnMut(&str, &dyn Part)) {
    let Some((index, member)) = union.member() else {
        return;
    };
    if let Some(tag) = U::MEMBERS.get(index) {
        show(U::TAG, &(*tag).to_owned());
    }
    for (name, part) in json::set_fields(member) {
        show(name, part);
    }
}

/// What makes a generated [`Union`] an ordinary serde type.
macro_rules! union_impls {
    ($name:ident) => {
        impl $name {
            /// The value of the field that tells the members apart; `None` for an object that is
            /// no documented member.
            pub fn tag(&self) -> Option<&'static str> {
                let (member, _) = crate::union::Union::member(self)?;
                <Self as crate::union::Union>::MEMBERS.get(member).copied()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::json::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::json::deserialize(deserializer)
            }
        }

        impl crate::tolerant::Tolerant for $name {
            fn read(json: crate::json::Json<'_>) -> Result<Option<Self>, crate::json::Failed> {
                crate::union::read(json)
            }
        }

        impl crate::json::Part for $name {
            fn shape(&self) -> Option<crate::json::Shape<'_>> {
                Some(match crate::union::Union::as_other(self) {
                    Some(object) => crate::json::Shape::Json(std::borrow::Cow::Borrowed(object)),
                    None => crate::json::Shape::Map(self),
                })
            }
        }

        impl crate::json::Pairs for $name {
            fn each(&self, show: &mut dyn FnMut(&str, &dyn crate::json::Part)) {
                crate::union::each(self, show);
            }
        }
    };
}
pub(crate) use union_impls;
