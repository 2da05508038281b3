//! Numbers of a task that JSON cannot express.

use crate::codec::ser::set_fields;
use crate::codec::{Encode, Fragment, Object};

use super::path::Path;

/// Returns the paths of the numbers that JSON cannot express: infinity and NaN.
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

fn search_not_finite(part: &dyn Encode, path: Path<'_>, found: &mut Vec<String>) {
    match part.encode() {
        Some(Fragment::Float(value)) if !value.is_finite() => found.push(path.to_string()),
        Some(Fragment::List(list)) => {
            for index in 0..list.len() {
                if let Some(element) = list.element(index) {
                    search_not_finite(element, Path::Element(&path, index), found);
                }
            }
        }
        Some(Fragment::Map(pairs)) => pairs.each(&mut |key, part| {
            search_not_finite(part, Path::Entry(&path, key), found);
        }),
        Some(Fragment::Object(object)) => search_fields(object, path, found),
        _ => {}
    }
}
