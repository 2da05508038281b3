//! Converts flags to the JSON of a task, and a task back to flags.

use std::io::Read as _;

use clap::ArgMatches;
use serde_json::{Map, Value};

use super::names::{element_kind, flag, id};
use super::values::{parse_json, read_argument};
use crate::exit::CliError;
use crate::table::EndpointEntry;

/// Returns the tasks of a command line: those of `--task`, with the other flags set in each.
pub(crate) fn read_tasks(
    endpoint: &'static EndpointEntry,
    matches: &ArgMatches,
) -> Result<Vec<Value>, CliError> {
    if endpoint.fields.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |reason: String| CliError::usage(format!("--task: {reason}"));
    let given = match matches.get_one::<String>("task").map(String::as_str) {
        None => Value::Object(Map::new()),
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| wrong(format!("stdin: {error}")))?;
            parse_json(&text).map_err(wrong)?
        }
        Some(text) => read_argument(text)
            .and_then(|text| parse_json(&text))
            .map_err(wrong)?,
    };
    let mut tasks = match given {
        Value::Array(tasks) => tasks,
        task => vec![task],
    };
    for task in &mut tasks {
        match task {
            Value::Object(task) => set_fields(endpoint, matches, task),
            _ => {
                let reason = "expected a task, which is an object, or a list of tasks";
                return Err(wrong(reason.to_owned()));
            }
        }
    }
    Ok(tasks)
}

/// Sets the fields of a task that have flags on the command line.
pub(crate) fn set_fields(
    endpoint: &'static EndpointEntry,
    matches: &ArgMatches,
    task: &mut Map<String, Value>,
) {
    for (argument, rule) in endpoint.fields() {
        let id = id(argument.name);
        if matches.try_contains_id(&id).is_err() {
            // A bulk job has no flag for its targets.
            continue;
        }
        let value = match element_kind(argument, rule) {
            None => matches.get_one::<Value>(&id).cloned(),
            Some(_) => matches.get_many::<Vec<Value>>(&id).map(|given| {
                let all: Vec<Value> = given.flatten().cloned().collect();
                match all.as_slice() {
                    _ if !argument.numbered => Value::Array(all),
                    [whole @ Value::Object(_)] => whole.clone(),
                    _ => Value::Object(numbered(all)),
                }
            }),
        };
        if let Some(value) = value {
            task.insert(argument.name.to_owned(), value);
        }
    }
}

/// Returns the flags that set the fields of a task, the inverse of [`set_fields`].
pub(crate) fn to_flags(endpoint: &'static EndpointEntry, task: &Map<String, Value>) -> Vec<String> {
    let mut flags = Vec::new();
    for (argument, rule) in endpoint.fields() {
        let Some(value) = task.get(argument.name) else {
            continue;
        };
        let values = match (element_kind(argument, rule), value) {
            (Some(_), Value::Array(all)) => all.iter().map(to_text).map(escape).collect(),
            (Some(_), Value::Object(map)) if numbered(map.values().cloned().collect()) == *map => {
                map.values().map(to_text).map(escape).collect()
            }
            _ => vec![to_text(value)],
        };
        for value in values {
            let flag = flag(argument.name);
            if value.starts_with('-') {
                flags.push(format!("--{flag}={value}"));
            } else {
                flags.extend([format!("--{flag}"), value]);
            }
        }
    }
    flags
}

fn numbered(all: Vec<Value>) -> Map<String, Value> {
    let keys = (1..).map(|key: usize| key.to_string());
    keys.zip(all).collect()
}

/// Returns a value as it is typed: a string without quotes, anything else as JSON.
fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Escapes an `@` in front, which would name a file.
fn escape(text: String) -> String {
    if text.starts_with('@') {
        format!("@{text}")
    } else {
        text
    }
}
