//! The flags of a task's fields: what clap is told of them, and the way from flags to JSON and
//! back.

use std::ffi::OsStr;
use std::fs;

use clap::builder::{PossibleValue, TypedValueParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};
use dataforseo_client::models::{FieldKind, FieldRule, Limit, Violation};
use serde_json::{Map, Number, Value};

use crate::help;
use crate::table::{Argument, Endpoint, kebab};

/// What the program itself calls its flags. A field with one of these names is `--task-NAME`.
const OWN: [&str; 29] = [
    "allow-http",
    "at-once",
    "base-url",
    "ca-file",
    "domains-per-call",
    "dry-run",
    "format",
    "give-up-after",
    "help",
    "input",
    "journal",
    "max-spend",
    "mock",
    "no-journal",
    "no-retries",
    "no-sort",
    "output",
    "overwrite",
    "quiet",
    "raw",
    "repeat-uncertain",
    "resume",
    "sandbox",
    "targets-per-call",
    "task",
    "temporary",
    "timeout",
    "version",
    "window",
];

/// The flag of a field, without the dashes.
pub(crate) fn flag(field: &str) -> String {
    let name = kebab(field);
    match OWN.contains(&name.as_str()) {
        true => format!("task-{name}"),
        false => name,
    }
}

/// What clap calls a field; the names of the program's own arguments have no dot.
fn id(field: &str) -> String {
    format!("task.{field}")
}

/// The argument of clap for each field of an endpoint's task.
pub(crate) fn arguments(endpoint: &'static Endpoint) -> impl Iterator<Item = Arg> {
    endpoint.fields().map(move |(argument, rule)| {
        let mut arg = Arg::new(id(argument.name))
            .long(flag(argument.name))
            .help_heading("Task")
            .value_name(help::value_name(argument, rule))
            .help(help::summary(argument.doc))
            .long_help(help::long(argument, rule));
        // As prose and the documentation have it.
        if argument.name.contains('_') {
            arg = arg.alias(argument.name);
        }
        if rule.required {
            arg = arg.required_unless_present("task");
        }
        match elements(argument, rule) {
            Some(kind) => arg
                .action(ArgAction::Append)
                .allow_negative_numbers(is_number(kind))
                .value_parser(ValueParser::new(Elements {
                    element: Scalar::new(kind, rule),
                    numbered: argument.numbered,
                })),
            None => {
                let scalar = Scalar::new(&rule.kind, rule);
                if matches!(rule.kind, FieldKind::Boolean) {
                    arg = arg.num_args(0..=1).default_missing_value("true");
                }
                arg.allow_negative_numbers(is_number(&rule.kind))
                    .value_parser(ValueParser::new(scalar))
            }
        }
    })
}

/// Puts what the flags say into a task.
pub(crate) fn fill(
    endpoint: &'static Endpoint,
    matches: &ArgMatches,
    task: &mut Map<String, Value>,
) {
    for (argument, rule) in endpoint.fields() {
        let id = id(argument.name);
        if matches.try_contains_id(&id).is_err() {
            // A job of many targets has no flag for them.
            continue;
        }
        let value = match elements(argument, rule) {
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

/// The command line that says a task, behind the command: the way back of [`fill`].
pub(crate) fn of_task(endpoint: &'static Endpoint, task: &Map<String, Value>) -> Vec<String> {
    let mut line = Vec::new();
    for (argument, rule) in endpoint.fields() {
        let Some(value) = task.get(argument.name) else {
            continue;
        };
        let values = match (elements(argument, rule), value) {
            (Some(_), Value::Array(all)) => all.iter().map(text).map(escaped).collect(),
            (Some(_), Value::Object(map)) if numbered(map.values().cloned().collect()) == *map => {
                map.values().map(text).map(escaped).collect()
            }
            _ => vec![text(value)],
        };
        for value in values {
            let flag = flag(argument.name);
            match value.starts_with('-') {
                true => line.push(format!("--{flag}={value}")),
                false => line.extend([format!("--{flag}"), value]),
            }
        }
    }
    line
}

/// Why a task that breaks documented limits is not sent: all that is wrong with it, by flag.
pub(crate) fn broken(endpoint: &'static Endpoint, violations: &[Violation]) -> String {
    let mut lines = vec!["the task breaks documented limits, nothing was sent".to_owned()];
    lines.extend(
        violations
            .iter()
            .map(|it| format!("  {}", violation(endpoint, it))),
    );
    lines.join("\n")
}

/// Something wrong in a task, with the flag in the place of the field.
pub(crate) fn violation(endpoint: &'static Endpoint, violation: &Violation) -> String {
    let (task, path) = match violation.path.strip_prefix("tasks[") {
        Some(rest) => match rest.split_once("].") {
            Some(("0", path)) => (String::new(), path),
            Some((index, path)) => (format!("task {index}: "), path),
            None => (String::new(), violation.path.as_str()),
        },
        None => (String::new(), violation.path.as_str()),
    };
    let field = path.split(['[', '.']).next().unwrap_or_default();
    let known = endpoint.fields.iter().any(|it| it.name == field);
    let place = match known {
        true if field == path => format!("--{}", flag(field)),
        true => format!("--{} ({path})", flag(field)),
        false => path.to_owned(),
    };
    format!("{task}{place}: {}", violation.kind)
}

/// The kind of the elements, where a flag is repeated for each; all other lists are JSON.
pub(crate) fn elements(argument: &Argument, rule: &FieldRule) -> Option<&'static FieldKind> {
    match rule.kind {
        FieldKind::List(
            of @ (FieldKind::String
            | FieldKind::Integer
            | FieldKind::Float
            | FieldKind::Boolean
            | FieldKind::Order),
        ) => Some(of),
        FieldKind::Map(of @ FieldKind::String) if argument.numbered => Some(of),
        _ => None,
    }
}

fn is_number(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Integer | FieldKind::Float)
}

fn numbered(all: Vec<Value>) -> Map<String, Value> {
    let keys = (1..).map(|key: usize| key.to_string());
    keys.zip(all).collect()
}

/// A value as it is typed: text as it is, all else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An element that begins with `@` is no file.
fn escaped(text: String) -> String {
    match text.starts_with('@') {
        true => format!("@{text}"),
        false => text,
    }
}

/// Reads one value. What the documentation lists is offered, and all else is taken: the API may
/// know more.
#[derive(Clone)]
struct Scalar {
    kind: &'static FieldKind,
    known: &'static [&'static str],
}

impl Scalar {
    fn new(kind: &'static FieldKind, rule: &'static FieldRule) -> Self {
        let known = rule.limits.iter().find_map(|limit| match limit {
            Limit::OneOf(known) => Some(*known),
            _ => None,
        });
        let known = match kind {
            FieldKind::Boolean => &["true", "false"],
            _ => known.unwrap_or_default(),
        };
        Self { kind, known }
    }

    fn read(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            FieldKind::String | FieldKind::Order => Ok(text.into()),
            FieldKind::Boolean => match text {
                "true" => Ok(true.into()),
                "false" => Ok(false.into()),
                _ => Err("expected true or false".to_owned()),
            },
            FieldKind::Integer => match text.parse::<i64>() {
                Ok(number) => Ok(number.into()),
                Err(_) => Err("expected a whole number".to_owned()),
            },
            FieldKind::Float => match serde_json::from_str::<Number>(text) {
                Ok(number) => Ok(number.into()),
                Err(_) => Err("expected a number".to_owned()),
            },
            _ => json(&contents(text)?),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        let known = self.known;
        (!known.is_empty()).then(|| Box::new(known.iter().map(PossibleValue::new)) as Box<_>)
    }
}

impl TypedValueParser for Scalar {
    type Value = Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Value, clap::Error> {
        let this = self.clone();
        let parse = move |text: &str| this.read(text);
        parse.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.possible_values()
    }
}

/// Reads one element of a list, or a file of them.
#[derive(Clone)]
struct Elements {
    element: Scalar,
    numbered: bool,
}

impl Elements {
    fn read(&self, text: &str) -> Result<Vec<Value>, String> {
        if self.numbered && text.starts_with('{') {
            return json(text).map(|map| vec![map]);
        }
        match text.strip_prefix('@') {
            Some(rest) if rest.starts_with('@') => Ok(vec![self.element.read(rest)?]),
            Some(_) => {
                let contents = contents(text)?;
                let lines = contents.lines().map(str::trim);
                let lines = lines.filter(|line| !line.is_empty());
                lines.map(|line| self.element.read(line)).collect()
            }
            None => Ok(vec![self.element.read(text)?]),
        }
    }
}

impl TypedValueParser for Elements {
    type Value = Vec<Value>;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Vec<Value>, clap::Error> {
        let this = self.clone();
        let parse = move |text: &str| this.read(text);
        parse.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.element.possible_values()
    }
}

/// Text, or what stands in the file behind an `@`.
pub(crate) fn contents(text: &str) -> Result<String, String> {
    match text.strip_prefix('@') {
        Some(file) => fs::read_to_string(file).map_err(|error| format!("{file}: {error}")),
        None => Ok(text.to_owned()),
    }
}

pub(crate) fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))
}

#[cfg(test)]
mod tests;
