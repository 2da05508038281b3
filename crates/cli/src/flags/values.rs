//! Parses the values of flags into JSON.

use std::ffi::OsStr;
use std::fs;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command};
use dataforseo_client::models::{FieldKind, FieldRule, Limit};
use serde_json::{Number, Value};

/// Parses a single value. Documented values are offered in the help and in completions. Others are
/// accepted, as the API may support more than its documentation lists.
#[derive(Clone)]
pub(super) struct ScalarParser {
    kind: &'static FieldKind,
    documented: &'static [&'static str],
}

impl ScalarParser {
    pub(super) fn new(kind: &'static FieldKind, rule: &'static FieldRule) -> Self {
        let documented = rule.limits.iter().find_map(|limit| match limit {
            Limit::OneOf(values) => Some(*values),
            _ => None,
        });
        let documented = match kind {
            FieldKind::Boolean => &["true", "false"],
            _ => documented.unwrap_or_default(),
        };
        Self { kind, documented }
    }

    fn parse(&self, text: &str) -> Result<Value, String> {
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
            _ => parse_json(&read_argument(text)?),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        let values = self.documented;
        (!values.is_empty()).then(|| Box::new(values.iter().map(PossibleValue::new)) as Box<_>)
    }
}

impl TypedValueParser for ScalarParser {
    type Value = Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Value, clap::Error> {
        let this = self.clone();
        let parse = move |text: &str| this.parse(text);
        parse.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.possible_values()
    }
}

/// Parses an element of a list, or a file with an element per line.
#[derive(Clone)]
pub(super) struct ElementParser {
    pub(super) element: ScalarParser,
    /// Whether the elements become a map with the keys 1, 2 and so on.
    pub(super) numbered: bool,
}

impl ElementParser {
    fn parse(&self, text: &str) -> Result<Vec<Value>, String> {
        if self.numbered && text.starts_with('{') {
            return parse_json(text).map(|map| vec![map]);
        }
        match text.strip_prefix('@') {
            Some(rest) if rest.starts_with('@') => Ok(vec![self.element.parse(rest)?]),
            Some(_) => {
                let contents = read_argument(text)?;
                let lines = contents.lines().map(str::trim);
                let lines = lines.filter(|line| !line.is_empty());
                lines.map(|line| self.element.parse(line)).collect()
            }
            None => Ok(vec![self.element.parse(text)?]),
        }
    }
}

impl TypedValueParser for ElementParser {
    type Value = Vec<Value>;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Vec<Value>, clap::Error> {
        let this = self.clone();
        let parse = move |text: &str| this.parse(text);
        parse.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.element.possible_values()
    }
}

/// Returns the text itself, or the content of the file after an `@`.
pub(super) fn read_argument(text: &str) -> Result<String, String> {
    match text.strip_prefix('@') {
        Some(file) => fs::read_to_string(file).map_err(|error| format!("{file}: {error}")),
        None => Ok(text.to_owned()),
    }
}

pub(super) fn parse_json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}
