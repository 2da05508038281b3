//! Checks on fixtures: each holds what the spec describes and nothing else, so that the models
//! lose no part of it. Those that were made up to hold what nobody documented are left out.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Endpoint, Model, Section, Type, TypeDef};
use crate::emit::{FIXTURES, Fixtures};
use crate::spec::diagnostics::did_you_mean;
use crate::spec::{Diagnostic, Diagnostics, Place};

/// Checks the fixtures that are not made up; those that are follow the spec by the way they are
/// made.
///
/// # Errors
/// Everything that is wrong with them.
pub fn check(root: &Path, model: &Model, fixtures: &Fixtures) -> Result<usize, Diagnostics> {
    let mut found = Vec::new();
    let mut checked = 0;
    for section in &model.sections {
        for endpoint in &section.endpoints {
            for name in fixtures.get(&endpoint.id).into_iter().flatten() {
                checked += 1;
                let mut checker = Checker {
                    section,
                    endpoint,
                    file: format!("{FIXTURES}/{name}"),
                    found: &mut found,
                };
                match fs::read_to_string(root.join(FIXTURES).join(name)) {
                    Ok(text) => checker.fixture(&text),
                    Err(error) => checker.report("", format!("cannot be read: {error}")),
                }
            }
        }
    }
    match found.is_empty() {
        true => Ok(checked),
        false => Err(Diagnostics(found)),
    }
}

struct Checker<'a> {
    section: &'a Section,
    endpoint: &'a Endpoint,
    file: String,
    found: &'a mut Vec<Diagnostic>,
}

impl Checker<'_> {
    fn report(&mut self, pointer: &str, message: impl std::fmt::Display) {
        let message = match pointer {
            "" => message.to_string(),
            pointer => format!("{pointer}: {message}"),
        };
        self.found
            .push(Diagnostic::new(&self.file, Place::START, message));
    }

    fn fixture(&mut self, text: &str) {
        let fixture: Value = match serde_json::from_str(text) {
            Ok(fixture) => fixture,
            Err(error) => return self.report("", format!("no JSON: {error}")),
        };
        let tasks = fixture.pointer("/response/body/tasks");
        let tasks = tasks.and_then(Value::as_array).cloned().unwrap_or_default();
        for (index, task) in tasks.iter().enumerate() {
            let results = task.get("result").and_then(Value::as_array);
            for (at, result) in results.into_iter().flatten().enumerate() {
                let pointer = format!("/response/body/tasks/{index}/result/{at}");
                let ty = &self.endpoint.result_type;
                self.value(ty, result, &pointer);
            }
        }
    }

    /// The fields of an object by name.
    fn object(&self, name: &str) -> Option<Vec<(String, Type)>> {
        let object = self.section.find_object(self.endpoint, name)?;
        let fields = object.fields.iter();
        Some(fields.map(|it| (it.wire.clone(), it.ty.clone())).collect())
    }

    fn value(&mut self, ty: &Type, value: &Value, pointer: &str) {
        let fits = match (ty, value) {
            (_, Value::Null) | (Type::Json, _) => true,
            (Type::String | Type::Date | Type::Timestamp | Type::Enum(_), value) => {
                value.is_string()
            }
            (Type::Integer | Type::Float, value) => value.is_number(),
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
            // PHP, in which the API is written, prints an empty map as a list.
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
            self.report(
                pointer,
                format!("of another kind than the spec says: {value}"),
            );
        }
    }

    fn union(&mut self, name: &str, map: &serde_json::Map<String, Value>, pointer: &str) {
        let Some(TypeDef::Union(union)) = self.section.find(self.endpoint, name) else {
            return;
        };
        let tag = union.tag.clone();
        let wire = map.get(&tag).and_then(Value::as_str).unwrap_or_default();
        let members = union.members.iter();
        match members.clone().find(|member| member.wire == wire) {
            Some(member) => {
                let fields = self.object(&member.object).unwrap_or_default();
                self.fields(&fields, map, Some(&tag), pointer);
            }
            None => {
                let meant = did_you_mean(wire, members.map(|it| it.wire.as_str()));
                self.report(pointer, format!("`{wire}` is no member of `{name}`{meant}"));
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
                    self.report(&pointer, format!("the spec has no such field{meant}"));
                }
            }
        }
    }
}
