//! Checks of JSON values against the types of the spec.

use serde_json::Value;

use super::types::{Endpoint, Member, Section, Type, TypeDef};
use crate::diagnostics::did_you_mean;

/// A checker of the values of one endpoint.
pub struct ValueChecker<'a> {
    /// The section that contains the endpoint's types.
    pub section: &'a Section,
    /// The endpoint.
    pub endpoint: &'a Endpoint,
    /// A callback that receives the JSON pointer and the message of each error.
    pub report: &'a mut dyn FnMut(&str, String),
}

impl ValueChecker<'_> {
    /// Returns the fields of an object, with their names and types.
    fn object(&self, name: &str) -> Option<Vec<(String, Type)>> {
        let object = self.section.find_object(self.endpoint, name)?;
        let fields = object.fields.iter();
        Some(fields.map(|it| (it.wire.clone(), it.ty.clone())).collect())
    }

    /// Checks a value at a JSON pointer against its type.
    pub fn value(&mut self, ty: &Type, value: &Value, pointer: &str) {
        let fits = match (ty, value) {
            (_, Value::Null) | (Type::Json, _) => true,
            (Type::String | Type::Date | Type::Timestamp | Type::Enum(_), value) => {
                value.is_string()
            }
            (Type::Integer | Type::Float, value) => value.is_number(),
            (Type::Filters(_), value) => value.is_array(),
            (Type::Order(_), value) => value.is_string(),
            (Type::Boolean, value) => value.is_boolean(),
            (Type::List(of), Value::Array(list)) => {
                for (index, element) in list.iter().enumerate() {
                    self.value(of, element, &format!("{pointer}/{index}"));
                }
                true
            }
            (Type::Map(of) | Type::Numbered(of), Value::Object(map)) => {
                for (key, element) in map {
                    self.value(of, element, &format!("{pointer}/{key}"));
                }
                true
            }
            // The API is written in PHP, which prints an empty map as a list.
            (Type::Map(_), Value::Array(list)) => list.is_empty(),
            (Type::Object(name), Value::Object(map)) => {
                let fields = self.object(name).unwrap_or_default();
                self.fields(&fields, map, None, pointer);
                true
            }
            (Type::Union(name), Value::Object(map)) => {
                self.union(name, map, pointer);
                true
            }
            _ => false,
        };
        if !fits {
            let message = format!("not of the type in the spec: {value}");
            (self.report)(pointer, message);
        }
    }

    fn union(&mut self, name: &str, map: &serde_json::Map<String, Value>, pointer: &str) {
        let Some(TypeDef::Union(union)) = self.section.find(self.endpoint, name) else {
            return;
        };
        let tag = union.tag.clone();
        let stated = tag.as_ref().and_then(|tag| map.get(tag)?.as_str());
        let wire = stated.unwrap_or_default();
        let members = union.members.iter();
        let is_member = |member: &&Member| match &member.key {
            Some(key) => map.contains_key(key),
            None => member.wire == wire,
        };
        match members.clone().find(is_member) {
            Some(member) => {
                let fields = self.object(&member.object).unwrap_or_default();
                self.fields(&fields, map, tag.as_deref(), pointer);
            }
            None if tag.is_none() => {
                let keys: Vec<String> = members.filter_map(|it| it.key.clone()).collect();
                let message = format!("expected one of the fields `{}`", keys.join("`, `"));
                (self.report)(pointer, message);
            }
            None => {
                let meant = did_you_mean(wire, members.map(|it| it.wire.as_str()));
                (self.report)(
                    pointer,
                    format!("`{wire}` is not a member of `{name}`{meant}"),
                );
            }
        }
    }

    fn fields(
        &mut self,
        fields: &[(String, Type)],
        map: &serde_json::Map<String, Value>,
        tag: Option<&str>,
        pointer: &str,
    ) {
        for (key, value) in map.iter().filter(|(key, _)| Some(key.as_str()) != tag) {
            let pointer = format!("{pointer}/{key}");
            match fields.iter().find(|(name, _)| name == key) {
                Some((_, ty)) => self.value(ty, value, &pointer),
                None => {
                    let meant = did_you_mean(key, fields.iter().map(|(name, _)| name.as_str()));
                    (self.report)(&pointer, format!("the spec has no such field{meant}"));
                }
            }
        }
    }
}
