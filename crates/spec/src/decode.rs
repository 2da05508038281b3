//! From a tree to the types of the language, with all errors at once.
//!
//! serde stops at the first error. So: decode, note the error and its place, take the value that
//! caused it out of the tree, and decode again, until it succeeds or nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path as ErrorPath, Segment};

use super::diagnostics::{Diagnostic, Place, did_you_mean};
use super::tree::{Path, Tree};

/// How many errors of a file are told. Each takes a turn or two over the whole file.
const MAX_ERRORS: usize = 500;

/// Decodes a file. `None` if an error stands where it cannot be taken out.
pub fn decode<T: DeserializeOwned>(
    file: &str,
    tree: &Tree,
    found: &mut Vec<Diagnostic>,
) -> Option<T> {
    let mut value = tree.value.clone();
    let mut removed: Vec<Path> = Vec::new();
    // The elements that were taken out of each list, by where they stood at first.
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
        // A value that was taken out for its own error must not be missed a second time.
        let caused_by_us = missing_field(&message).is_some_and(|name| {
            removed.iter().any(|gone| {
                gone.last().is_some_and(|last| last == name) && gone[..gone.len() - 1] == path[..]
            })
        });
        if !caused_by_us {
            found.push(Diagnostic::new(file, tree.place(&path), reword(&message)));
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
    let message = format!("there is more that is wrong: mend these {MAX_ERRORS} first");
    found.push(Diagnostic::new(file, Place::START, message));
    None
}

/// Where a path led before elements were taken out of the lists on its way.
fn before_removal(now: &[String], value: &Value, gone: &BTreeMap<Path, BTreeSet<usize>>) -> Path {
    let mut path = Path::new();
    let mut at = Some(value);
    for key in now {
        let index = key
            .parse::<usize>()
            .ok()
            .filter(|_| at.is_some_and(Value::is_array));
        let first = match (index, gone.get(&path)) {
            // The index counts what is left; count what is gone as well.
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

/// serde's message with the nearest right name.
fn reword(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match (message.split_once(", expected"), names.split_first()) {
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
            "expected a list of texts, or a map from each value to its meaning; quote what is no text"
                .to_owned()
        }
        _ if message.contains("untagged enum Evidence") => {
            "expected a text, or a map from the names of facts to texts".to_owned()
        }
        _ => without_rust_names(message)
            .replace("missing field", "missing key")
            .replace(", expected u32", ", expected a whole number, not below 0")
            .replace(", expected a map", ", expected a mapping")
            .replace("invalid type: ", "found ")
            .replace("invalid value: ", "found "),
    }
}

/// `expected struct Endpoint` as somebody reads it who does not know our types.
fn without_rust_names(message: &str) -> String {
    match message.split_once("expected struct ") {
        Some((head, _)) => format!("{head}expected a map of keys to values"),
        None => message.to_owned(),
    }
}
