//! Fields that a task requires together with another field.

use std::collections::HashMap;

use dataforseo_spec::language::{FieldType, Fields};

/// The field that requires each field, by the name of the latter, as its prose states it.
pub type Requirements = HashMap<String, String>;

/// Sets `required_with` for fields that another field of the same object requires. An object or a
/// map that requires a field contains it.
pub fn apply(fields: &mut Fields, requirements: &Requirements) {
    for (name, other) in requirements {
        let is_sibling = name != other && fields.contains_key(other) && !contains(fields, other);
        if let Some(field) = fields.get_mut(name).filter(|_| is_sibling) {
            field.required_with = Some(other.clone());
        }
    }
}

/// Returns whether a field can contain other fields.
pub fn contains(fields: &Fields, name: &str) -> bool {
    let kinds = [FieldType::Object, FieldType::Map, FieldType::Json];
    fields
        .get(name)
        .is_some_and(|field| kinds.contains(&field.kind))
}
