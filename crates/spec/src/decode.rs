//! Decodes a tree into the types of the spec language and collects all errors.
//!
//! serde stops at the first error. So the decoder notes the error, removes the value that caused
//! it, and decodes again. It ends when decoding succeeds or nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path as ErrorPath, Segment};

use super::diagnostics::{Diagnostic, Location, did_you_mean};
use super::fingerprints;
use super::tree::{Path, Tree};

/// The maximum number of reported errors per file. Each error requires another pass over the whole
/// file.
const MAX_ERRORS: usize = 500;

/// Decodes a file. Returns `None` if the value that causes an error cannot be removed.
pub fn decode<T: DeserializeOwned>(
    file: &str,
    tree: &Tree,
    found: &mut Vec<Diagnostic>,
) -> Option<T> {
    let mut value = tree.value.clone();
    let mut removed: Vec<Path> = Vec::new();
    // The original indices of the elements that were removed from each list.
    let mut gone: BTreeMap<Path, BTreeSet<usize>> = BTreeMap::new();
    let before = found.len();
    while found.len() < before + MAX_ERRORS {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(decoded) => return Some(decoded),
            Err(error) => error,
        };
        let now = keys(error.path());
        let path = before_removal(&now, &value, &gone);
        let message = error.inner().to_string();
        // A value that was removed for its own error must not be reported as missing.
        let caused_by_us = missing_field(&message).is_some_and(|name| {
            removed.iter().any(|gone| {
                gone.last().is_some_and(|last| last == name) && gone[..gone.len() - 1] == path[..]
            })
        });
        if !caused_by_us {
            found.push(Diagnostic::new(
                file,
                tree.location(&path),
                reword(&message),
            ));
        }
        if path.is_empty() || !remove(&mut value, &now) {
            return None;
        }
        if let Some((index, list)) = path.split_last()
            && let Ok(index) = index.parse()
        {
            gone.entry(list.to_vec()).or_default().insert(index);
        }
        removed.push(path);
    }
    let message = format!("more errors follow: fix these {MAX_ERRORS} errors first");
    found.push(Diagnostic::new(file, Location::START, message));
    None
}

/// Returns the original path of a value, before elements were removed from lists.
fn before_removal(now: &[String], value: &Value, gone: &BTreeMap<Path, BTreeSet<usize>>) -> Path {
    let mut path = Path::new();
    let mut at = Some(value);
    for key in now {
        let index = key
            .parse::<usize>()
            .ok()
            .filter(|_| at.is_some_and(Value::is_array));
        let first = match (index, gone.get(&path)) {
            // The index counts only the remaining elements.
            (Some(index), Some(gone)) => (0..)
                .filter(|first| !gone.contains(first))
                .nth(index)
                .map_or_else(|| key.clone(), |first: usize| first.to_string()),
            _ => key.clone(),
        };
        at = at.and_then(|value| match index {
            Some(index) => value.get(index),
            None => value.get(key.as_str()),
        });
        path.push(first);
    }
    path
}

fn keys(path: &ErrorPath) -> Path {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn remove(value: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    let mut parent = value;
    for key in parents {
        let child = match parent {
            Value::Object(map) => map.get_mut(key),
            Value::Array(list) => key
                .parse::<usize>()
                .ok()
                .and_then(|index| list.get_mut(index)),
            _ => None,
        };
        match child {
            Some(child) => parent = child,
            None => return false,
        }
    }
    match parent {
        Value::Object(map) => map.shift_remove(last).is_some(),
        Value::Array(list) => match last.parse::<usize>() {
            Ok(index) if index < list.len() => {
                list.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

/// Returns serde's message in the terms of the spec, with the nearest known name.
fn reword(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match (message.split_once(", expected"), names.split_first()) {
        (Some((head, _)), Some((&"wording", _))) if head.starts_with("unknown field") => format!(
            "unknown key `wording`: fingerprints are in `{}` of the section; delete the line, and \
             import the page again",
            fingerprints::FILE
        ),
        (Some((head, _)), Some((wrong, known)))
            if head.starts_with("unknown field") || head.starts_with("unknown variant") =>
        {
            let what = head
                .replace("unknown field", "unknown key")
                .replace("unknown variant", "unknown value");
            let meant = did_you_mean(wrong, known.iter().copied());
            let end = if meant.is_empty() { "." } else { "" };
            format!("{what}{meant}{end} Known: {}", known.join(", "))
        }
        _ if message.contains("untagged enum Values") => {
            "expected a list of texts, or a map from each value to its meaning; quote values that are not texts"
                .to_owned()
        }
        _ if message.contains("untagged enum Evidence") => {
            "expected a text, or a map from the names of facts to texts".to_owned()
        }
        _ => without_rust_names(message)
            .replace("missing field", "missing key")
            .replace(", expected u32", ", expected a whole number of at least 0")
            .replace(", expected a map", ", expected a mapping")
            .replace("invalid type: ", "found ")
            .replace("invalid value: ", "found "),
    }
}

/// Replaces `expected struct Endpoint`, as authors of spec files do not know the Rust types.
fn without_rust_names(message: &str) -> String {
    match message.split_once("expected struct ") {
        Some((head, _)) => format!("{head}expected a map of keys to values"),
        None => message.to_owned(),
    }
}
