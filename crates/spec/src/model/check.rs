//! Checks on single statements of the spec: does each attribute fit its field's type?

use std::collections::HashMap;

use serde_json::Value;

use crate::Diagnostic;
use crate::dates::{self, DateExpression};
use crate::language::{Api, Evidence, Field, FieldType, Format, StatusCodes};
use crate::load::File;
use crate::names;
use crate::tree::{Path, Tree};

/// Why a `doc` is refused.
pub const NO_LINKS: &str = "the documentation cannot link to items: write `name` without brackets";

/// The field that is looked at.
pub struct FieldCheck<'a> {
    pub file: &'a str,
    pub tree: &'a Tree,
    /// Where the field stands.
    pub path: &'a [String],
    /// Whether it is a field of a task.
    pub task: bool,
}

impl FieldCheck<'_> {
    fn report(&self, key: &str, message: impl Into<String>, found: &mut Vec<Diagnostic>) {
        let path: Path = [self.path, &[key.to_owned()]].concat();
        found.push(Diagnostic::new(self.file, self.tree.place(&path), message));
    }
}

/// Checks what a field says about itself.
pub fn check_field(at: &FieldCheck<'_>, field: &Field, found: &mut Vec<Diagnostic>) {
    use FieldType::{Boolean, Filters, Float, Integer, Json, List, Map, Object, Order, String};
    let kind = field.kind;
    let inner = match (kind, field.of) {
        (List | Map, Some(of)) => of,
        (List | Map, None) => {
            at.report(
                "type",
                "a list and a map say with `of` what they hold",
                found,
            );
            Json
        }
        (_, Some(_)) => {
            at.report("of", "only a list and a map have `of`", found);
            kind
        }
        _ => kind,
    };
    if matches!(field.of, Some(Filters | Order)) {
        at.report(
            "of",
            "filters and an order stand in no list and no map",
            found,
        );
    }
    match (field.of, &field.each) {
        (Some(of @ (List | Map)), each) if each.as_ref().is_none_or(|each| each.kind != of) => {
            let message = "say with `each` what the elements are, with the same `type`";
            at.report("of", message, found);
        }
        (Some(List | Map), _) | (_, None) => {}
        (_, Some(_)) => at.report(
            "each",
            "only a list or a map of lists or maps has `each`",
            found,
        ),
    }
    if matches!(kind, Filters | Order) && field.required == Some(true) {
        at.report(
            "required",
            "filters and an order can always be left out",
            found,
        );
    }
    if matches!(kind, Filters | Order) && !at.task {
        at.report("type", "only a task has filters and an order", found);
    }
    match (inner == Object, field.fields.is_empty(), &field.shared) {
        (true, true, None) => {
            let message = "an object says its `fields`, or names a shared type with `use`; if its \
                           keys are not documented, it is a `map`";
            at.report("type", message, found);
        }
        (true, false, Some(_)) => at.report("use", "`use` and `fields` exclude each other", found),
        (false, false, _) => at.report("fields", "only an object has `fields`", found),
        _ => {}
    }
    let mut only = |present: bool, key: &str, allowed: bool, whose: &str| {
        if present && !allowed {
            at.report(key, format!("only {whose} has `{key}`"), found);
        }
    };
    let date = field.format == Some(Format::Date);
    let number = matches!(kind, Integer | Float);
    only(
        field.shared.is_some(),
        "use",
        matches!(inner, Object | String),
        "an object or a string",
    );
    only(
        field.format.is_some(),
        "format",
        inner == String,
        "a string",
    );
    only(
        field.max_length.is_some(),
        "max_length",
        kind == String,
        "a string",
    );
    only(
        field.min_items.is_some(),
        "min_items",
        kind == List,
        "a list",
    );
    let numbered = field.numbered == Some(true);
    only(
        field.max_items.is_some(),
        "max_items",
        matches!(kind, List | Order) || numbered,
        "a list, an order or a numbered map",
    );
    only(
        field.max_conditions.is_some(),
        "max_conditions",
        kind == Filters,
        "`filters`",
    );
    only(
        field.over.is_some(),
        "over",
        matches!(kind, Filters | Order),
        "filters or an order",
    );
    only(
        field.numbered.is_some(),
        "numbered",
        kind == Map && at.task,
        "a map of a task",
    );
    let targets = kind == List && inner == String;
    only(
        field.max_distinct_domains.is_some(),
        "max_distinct_domains",
        targets,
        "a list of strings",
    );
    only(
        field.values.is_some(),
        "values",
        inner == String || kind == Map,
        "a string or a map",
    );
    only(
        field.min.is_some(),
        "min",
        number || date,
        "a number or a date",
    );
    only(
        field.max.is_some(),
        "max",
        number || date,
        "a number or a date",
    );
    only(
        field.required.is_some(),
        "required",
        at.task,
        "a field of a task",
    );
    only(
        !field.required_unless.is_empty(),
        "required_unless",
        at.task,
        "a field of a task",
    );
    only(
        field.required_with.is_some(),
        "required_with",
        at.task,
        "a field of a task",
    );
    only(
        field.not_after.is_some(),
        "not_after",
        at.task && (date || field.format == Some(Format::Timestamp)),
        "a date or a timestamp of a task",
    );
    only(
        field.default.is_some(),
        "default",
        at.task,
        "a field of a task",
    );
    only(
        field.absent.is_some(),
        "absent",
        !at.task,
        "a field of a result",
    );

    for (key, value) in [
        ("default", &field.default),
        ("min", &field.min),
        ("max", &field.max),
    ] {
        let Some(value) = value else { continue };
        let fits = match kind {
            String if date => value.as_str().and_then(DateExpression::parse).is_some(),
            String => value.is_string(),
            Integer => value.is_i64(),
            Float => value.is_number(),
            Boolean => value.is_boolean(),
            List | Filters | Order => value.is_array(),
            Map | Object => value.is_object(),
            Json => true,
        };
        if !fits {
            let expected = if date {
                dates::FORMS
            } else {
                "a value of the field's type"
            };
            at.report(key, format!("expected {expected}, found {value}"), found);
        }
    }
    if let (Some(Value::String(default)), Some(values)) = (&field.default, &field.values)
        && !values.names().contains(&default.as_str())
    {
        at.report(
            "default",
            format!("`{default}` is none of the `values`"),
            found,
        );
    }
    if let (Some(min), Some(max)) = (field.min_items, field.max_items)
        && min > max
    {
        at.report("min_items", format!("more than `max_items`, {max}"), found);
    }
    if field.max_items == Some(0)
        || field.max_conditions == Some(0)
        || field.max_length == Some(0)
        || field.max_distinct_domains == Some(0)
    {
        at.report("type", "a limit of 0 allows nothing", found);
    }
    if field.doc.as_deref().is_some_and(|doc| doc.contains("[`")) {
        at.report("doc", NO_LINKS, found);
    }
    if let Some(values) = &field.values {
        let names = values.names();
        if names.is_empty() {
            at.report("values", "no values: leave the key out", found);
        }
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                at.report("values", format!("`{name}` stands here twice"), found);
            }
        }
    }
    if date {
        let read = |value: &Option<Value>| DateExpression::parse(value.as_ref()?.as_str()?);
        let (default, min, max) = (read(&field.default), read(&field.min), read(&field.max));
        if min.zip(max).is_some_and(|(min, max)| max.is_before(min)) {
            at.report("min", "after `max`", found);
        }
        if let Some(day) = default
            && (min.is_some_and(|min| day.is_before(min))
                || max.is_some_and(|max| max.is_before(day)))
        {
            at.report("default", "outside of `min` and `max`", found);
        }
    }
    let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_f64);
    let (min, max) = (number(&field.min), number(&field.max));
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        at.report("min", "above `max`", found);
    }
    if let Some(default) = number(&field.default)
        && (min.is_some_and(|min| default < min) || max.is_some_and(|max| default > max))
    {
        at.report("default", "outside of `min` and `max`", found);
    }
    let values = field.values.iter().flat_map(|values| values.iter());
    for (value, _) in
        values.filter(|(_, meaning)| meaning.is_some_and(|meaning| meaning.trim().is_empty()))
    {
        at.report(
            "values",
            format!("`{value}` has no meaning: say it in our own words"),
            found,
        );
    }
    if field.required == Some(true) && field.default.is_some() {
        at.report("default", "a required field has no default", found);
    }
    if field.doc.as_deref().is_none_or(|doc| doc.trim().is_empty()) {
        let name = at.path.last().map_or("", |name| name);
        let message = format!("`{name}` has no `doc`: say in our own words what it means");
        found.push(Diagnostic::new(at.file, at.tree.place(at.path), message));
    }
    if let Some(day) = field.removed_upstream.as_ref().filter(|day| !is_day(day)) {
        at.report("removed_upstream", no_day(day), found);
    }
    if let Some(Evidence::Facts(facts)) = &field.evidence {
        for name in facts
            .keys()
            .filter(|name| !crate::facts::FACTS.contains(&name.as_str()))
        {
            let meant = crate::diagnostics::did_you_mean(name, crate::facts::FACTS);
            at.report("evidence", format!("no fact `{name}`{meant}"), found);
        }
    }
    for (index, correction) in field.corrections.iter().enumerate() {
        if !crate::facts::FACTS.contains(&correction.fact.as_str()) {
            let known = crate::facts::FACTS;
            let meant = crate::diagnostics::did_you_mean(&correction.fact, known);
            let message = format!("no fact `{}`{meant}", correction.fact);
            let key = [at.path, &["corrections".to_owned(), index.to_string()]].concat();
            found.push(Diagnostic::new(at.file, at.tree.place(&key), message));
        }
    }
}

/// Checks `status_codes.yaml`: ascending, each code and each name once.
pub fn check_status_codes(file: &File<StatusCodes>, found: &mut Vec<Diagnostic>) {
    let mut names_taken = HashMap::new();
    let mut last = 0;
    for (index, code) in file.content.codes.iter().enumerate() {
        let path = vec!["codes".to_owned(), index.to_string()];
        let mut report = |message: String| {
            found.push(Diagnostic::new(&file.name, file.tree.place(&path), message));
        };
        if code.code <= last {
            report(format!(
                "{} stands behind {last}: codes ascend, each once",
                code.code
            ));
        }
        if code
            .http_status
            .is_some_and(|status| !(100..=599).contains(&status))
        {
            report("`http_status` is no HTTP status".to_owned());
        }
        last = last.max(code.code);
        if names::type_name(&code.name).as_ref() != Some(&code.name) || code.name == "Other" {
            report(format!("`{}` is no name of a Rust variant", code.name));
        }
        if let Some(other) = names_taken.insert(&code.name, code.code) {
            report(format!("the name `{}` is taken by {other}", code.name));
        }
    }
}

/// Checks `api.yaml`.
pub fn check_api(file: &File<Api>, found: &mut Vec<Diagnostic>) {
    for (name, server) in &file.content.servers {
        if !server.url.starts_with("https://") || server.url.ends_with('/') {
            let path = vec!["servers".to_owned(), name.clone(), "url".to_owned()];
            let message = "expected https:// and no slash at the end";
            found.push(Diagnostic::new(&file.name, file.tree.place(&path), message));
        }
    }
    for name in file.content.sections.keys() {
        if names::field_name(name).as_ref() != Some(name) {
            let path = vec!["sections".to_owned(), name.clone()];
            let message = format!("`{name}` cannot be the name of a module");
            found.push(Diagnostic::new(&file.name, file.tree.place(&path), message));
        }
    }
    if !file.content.envelope.fields.contains_key("tasks") {
        let path = vec!["envelope".to_owned()];
        let message = "the envelope has no field `tasks`";
        found.push(Diagnostic::new(&file.name, file.tree.place(&path), message));
    }
}

/// Whether a text is a day as the spec writes it.
pub fn is_day(text: &str) -> bool {
    matches!(DateExpression::parse(text), Some(DateExpression::On(_)))
}

/// What is said of one that is not.
pub fn no_day(text: &str) -> String {
    format!("`{text}` is no day: expected one such as `2026-11-23`")
}
