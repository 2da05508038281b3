//! Checks of a field of the spec: whether each key fits the field's type and the other keys.
//!
//! Each rule is a function in [`RULES`]. [`OWNERS`] lists which fields may have which key.

use serde_json::Value;

use crate::dates::{self, DateExpression};
use crate::diagnostics::did_you_mean;
use crate::facts::FACTS;
use crate::language::FieldType::{
    Boolean, Filters, Float, Integer, Json, List, Map, Object, Order, String as Text,
};
use crate::language::{Evidence, Field, FieldType, Format};
use crate::tree::{Path, Tree};
use crate::{Diagnostic, Payload};

use super::check::{NO_LINKS, is_day, not_a_date};

/// The location of the field to check.
pub struct FieldCheck<'a> {
    /// The name of the file.
    pub file: &'a str,
    /// The parsed file.
    pub tree: &'a Tree,
    /// The keys that lead to the field.
    pub path: &'a [String],
    /// The kind of object that the field belongs to.
    pub payload: Payload,
}

/// Checks the keys of a field.
pub fn check_field(at: &FieldCheck<'_>, field: &Field, found: &mut Vec<Diagnostic>) {
    let subject = Subject {
        field,
        task: at.payload.is_task(),
        inner: match field.kind {
            List | Map => field.of.unwrap_or(Json),
            kind => kind,
        },
        is_date: field.format == Some(Format::Date),
    };
    let mut report = FieldReport { at, found };
    for rule in RULES {
        rule(&subject, &mut report);
    }
}

/// A rule about one field.
type Rule = fn(&Subject<'_>, &mut FieldReport<'_>);

/// The rules, in the order in which they apply.
const RULES: [Rule; 20] = [
    element_type,
    element_of_elements,
    filters_and_orders,
    inner_fields,
    owners,
    kinds_of_values,
    default_among_values,
    order_of_item_counts,
    order_of_lengths,
    limits_of_zero,
    links,
    repeated_values,
    order_of_dates,
    order_of_numbers,
    meanings_of_values,
    default_of_required,
    documentation,
    day_of_removal,
    facts_of_evidence,
    facts_of_corrections,
];

/// The field that a rule checks.
struct Subject<'a> {
    field: &'a Field,
    task: bool,
    /// The type of the elements of a list or a map, otherwise the type of the field.
    inner: FieldType,
    is_date: bool,
}

/// The errors in the field.
struct FieldReport<'a> {
    at: &'a FieldCheck<'a>,
    found: &'a mut Vec<Diagnostic>,
}

impl FieldReport<'_> {
    /// Reports an error of a key of the field.
    fn key(&mut self, key: &str, message: impl Into<String>) {
        self.below(&[key.to_owned()], message);
    }

    /// Reports an error of the field as a whole.
    fn field(&mut self, message: impl Into<String>) {
        self.below(&[], message);
    }

    /// Reports an error at a path inside the field.
    fn below(&mut self, keys: &[String], message: impl Into<String>) {
        let path: Path = [self.at.path, keys].concat();
        let location = self.at.tree.location(&path);
        self.found
            .push(Diagnostic::new(self.at.file, location, message));
    }
}

/// A key, and which fields may have it.
struct Owner {
    key: &'static str,
    is_present: fn(&Field) -> bool,
    is_allowed: fn(&Subject<'_>) -> bool,
    /// The fields that may have the key, for the message.
    fields: &'static str,
}

/// The keys that only some fields may have.
const OWNERS: [Owner; 25] = [
    Owner {
        key: "use",
        is_present: |field| field.shared.is_some(),
        is_allowed: |it| matches!(it.inner, Object | Text),
        fields: "an object or a string",
    },
    Owner {
        key: "format",
        is_present: |field| field.format.is_some(),
        is_allowed: |it| it.inner == Text,
        fields: "a string",
    },
    Owner {
        key: "min_length",
        is_present: |field| field.min_length.is_some(),
        is_allowed: is_text,
        fields: "a string or a list of strings",
    },
    Owner {
        key: "max_length",
        is_present: |field| field.max_length.is_some(),
        is_allowed: is_text,
        fields: "a string or a list of strings",
    },
    Owner {
        key: "max_words",
        is_present: |field| field.max_words.is_some(),
        is_allowed: is_text,
        fields: "a string or a list of strings",
    },
    Owner {
        key: "min_items",
        is_present: |field| field.min_items.is_some(),
        is_allowed: |it| it.field.kind == List,
        fields: "a list",
    },
    Owner {
        key: "max_items",
        is_present: |field| field.max_items.is_some(),
        is_allowed: |it| matches!(it.field.kind, List | Map | Order),
        fields: "a list, a map or an order",
    },
    Owner {
        key: "max_conditions",
        is_present: |field| field.max_conditions.is_some(),
        is_allowed: |it| it.field.kind == Filters,
        fields: "`filters`",
    },
    Owner {
        key: "over",
        is_present: |field| field.over.is_some(),
        is_allowed: |it| matches!(it.field.kind, Filters | Order),
        fields: "filters or an order",
    },
    Owner {
        key: "numbered",
        is_present: |field| field.numbered.is_some(),
        is_allowed: |it| it.field.kind == Map && it.task,
        fields: "a map of a task",
    },
    Owner {
        key: "max_distinct_domains",
        is_present: |field| field.max_distinct_domains.is_some(),
        is_allowed: |it| it.field.kind == List && it.inner == Text,
        fields: "a list of strings",
    },
    Owner {
        key: "values",
        is_present: |field| field.values.is_some(),
        is_allowed: |it| it.inner == Text || it.field.kind == Map,
        fields: "a string or a map",
    },
    Owner {
        key: "min",
        is_present: |field| field.min.is_some(),
        is_allowed: has_bounds,
        fields: "a number or a date",
    },
    Owner {
        key: "max",
        is_present: |field| field.max.is_some(),
        is_allowed: has_bounds,
        fields: "a number or a date",
    },
    Owner {
        key: "cost",
        is_present: |field| field.cost.is_some(),
        is_allowed: |it| it.task,
        fields: "a field of a task",
    },
    Owner {
        key: "required",
        is_present: |field| field.required.is_some(),
        is_allowed: |it| it.task,
        fields: "a field of a task",
    },
    Owner {
        key: "required_unless",
        is_present: |field| !field.required_unless.is_empty(),
        is_allowed: |it| it.task,
        fields: "a field of a task",
    },
    Owner {
        key: "required_with",
        is_present: |field| field.required_with.is_some(),
        is_allowed: |it| it.task,
        fields: "a field of a task",
    },
    Owner {
        key: "required_if",
        is_present: |field| !field.required_if.is_empty(),
        is_allowed: |it| it.task,
        fields: "a field of a task",
    },
    Owner {
        key: "requires",
        is_present: |field| !field.requires.is_empty(),
        is_allowed: |it| it.task,
        fields: "a field of a task",
    },
    Owner {
        key: "excludes",
        is_present: |field| !field.excludes.is_empty(),
        is_allowed: |it| it.task,
        fields: "a field of a task",
    },
    Owner {
        key: "default_by",
        is_present: |field| field.default_by.is_some(),
        is_allowed: |it| it.task,
        fields: "a field of a task",
    },
    Owner {
        key: "not_after",
        is_present: |field| field.not_after.is_some(),
        is_allowed: |it| {
            it.task && matches!(it.field.format, Some(Format::Date | Format::Timestamp))
        },
        fields: "a date or a timestamp of a task",
    },
    Owner {
        key: "default",
        is_present: |field| field.default.is_some(),
        is_allowed: |it| it.task,
        fields: "a field of a task",
    },
    Owner {
        key: "absent",
        is_present: |field| field.absent.is_some(),
        is_allowed: |it| !it.task,
        fields: "a field of a result",
    },
];

/// Returns whether a field is a string or a list of strings.
fn is_text(it: &Subject<'_>) -> bool {
    matches!(it.field.kind, Text | List) && it.inner == Text
}

/// Returns whether the values of a field have an order.
fn has_bounds(it: &Subject<'_>) -> bool {
    it.is_date || matches!(it.field.kind, Integer | Float)
}

fn owners(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    for owner in &OWNERS {
        if (owner.is_present)(it.field) && !(owner.is_allowed)(it) {
            let (fields, key) = (owner.fields, owner.key);
            report.key(key, format!("only {fields} has `{key}`"));
        }
    }
}

/// Checks that lists and maps, and no other types, have `of`, and that it is not `filters` or
/// `order`.
fn element_type(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    match (it.field.kind, it.field.of) {
        (List | Map, None) => {
            report.key(
                "type",
                "`of` is missing: lists and maps require the type of their elements",
            );
        }
        (List | Map, Some(_)) | (_, None) => {}
        (_, Some(_)) => report.key("of", "only lists and maps have `of`"),
    }
    if matches!(it.field.of, Some(Filters | Order)) {
        report.key(
            "of",
            "`filters` and `order` cannot be elements of a list or a map",
        );
    }
}

/// Checks that lists and maps of lists or maps, and no other types, have `each`.
fn element_of_elements(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    match (it.field.of, &it.field.each) {
        (Some(of @ (List | Map)), each) if each.as_ref().is_none_or(|each| each.kind != of) => {
            let message = "define the elements in `each`, with the `type` that `of` names";
            report.key("of", message);
        }
        (Some(List | Map), _) | (_, None) => {}
        (_, Some(_)) => report.key("each", "only a list or a map of lists or maps has `each`"),
    }
}

/// Checks that filters and orders belong to a task and are optional.
fn filters_and_orders(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    if !matches!(it.field.kind, Filters | Order) {
        return;
    }
    if it.field.required == Some(true) {
        report.key(
            "required",
            "filters and orders are always optional: remove `required`",
        );
    }
    if !it.task {
        report.key("type", "only tasks have filters and orders");
    }
}

/// Checks that an object has either `fields` or `use`, and that other types have no `fields`.
fn inner_fields(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    let is_object = it.inner == Object;
    match (is_object, it.field.fields.is_empty(), &it.field.shared) {
        (true, true, None) => {
            let message = "an object requires `fields`, or a shared type in `use`; if its keys are \
                           not documented, use `map`";
            report.key("type", message);
        }
        (true, false, Some(_)) => report.key("use", "`use` and `fields` exclude each other"),
        (false, false, _) => report.key("fields", "only an object has `fields`"),
        _ => {}
    }
}

/// Checks that `default`, `min` and `max` are values of the field's type.
fn kinds_of_values(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    let field = it.field;
    for (key, value) in [
        ("default", &field.default),
        ("min", &field.min),
        ("max", &field.max),
    ] {
        let Some(value) = value else { continue };
        if fits(it, value) {
            continue;
        }
        let expected = if it.is_date {
            dates::FORMS
        } else {
            "a value of the field's type"
        };
        report.key(key, format!("expected {expected}, found {value}"));
    }
}

/// Returns whether a value is of the type of the field.
fn fits(it: &Subject<'_>, value: &Value) -> bool {
    match it.field.kind {
        Text if it.is_date => value.as_str().and_then(DateExpression::parse).is_some(),
        Text => value.is_string(),
        Integer => value.is_i64(),
        Float => value.is_number(),
        Boolean => value.is_boolean(),
        List | Filters | Order => value.is_array(),
        Map | Object => value.is_object(),
        Json => true,
    }
}

fn default_among_values(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    if let (Some(Value::String(default)), Some(values)) = (&it.field.default, &it.field.values)
        && !values.names().contains(&default.as_str())
    {
        report.key("default", format!("`{default}` is not one of the `values`"));
    }
}

fn order_of_item_counts(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    if let (Some(min), Some(max)) = (it.field.min_items, it.field.max_items)
        && min > max
    {
        report.key("min_items", format!("above `max_items`, {max}"));
    }
}

fn order_of_lengths(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    if let (Some(min), Some(max)) = (it.field.min_length, it.field.max_length)
        && min > max
    {
        report.key("min_length", format!("above `max_length`, {max}"));
    }
}

fn limits_of_zero(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    let limits = [
        it.field.max_items,
        it.field.max_conditions,
        it.field.max_length,
        it.field.max_words,
        it.field.max_distinct_domains,
    ];
    if limits.contains(&Some(0)) {
        report.key("type", "a limit of 0 allows nothing");
    }
}

fn links(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    let doc = it.field.doc.as_deref().unwrap_or_default();
    if doc.contains("[`") {
        report.key("doc", NO_LINKS);
    }
}

fn repeated_values(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    let Some(values) = &it.field.values else {
        return;
    };
    let names = values.names();
    if names.is_empty() {
        report.key("values", "the list is empty: remove the key");
    }
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            report.key("values", format!("duplicate value `{name}`"));
        }
    }
}

fn order_of_dates(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    if !it.is_date {
        return;
    }
    let read = |value: &Option<Value>| DateExpression::parse(value.as_ref()?.as_str()?);
    let (min, max) = (read(&it.field.min), read(&it.field.max));
    if min.zip(max).is_some_and(|(min, max)| max.is_before(min)) {
        report.key("min", "after `max`");
    }
    let is_outside = |day: DateExpression| {
        min.is_some_and(|min| day.is_before(min)) || max.is_some_and(|max| max.is_before(day))
    };
    if read(&it.field.default).is_some_and(is_outside) {
        report.key("default", "outside of `min` and `max`");
    }
}

fn order_of_numbers(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    let read = |value: &Option<Value>| value.as_ref().and_then(Value::as_f64);
    let (min, max) = (read(&it.field.min), read(&it.field.max));
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        report.key("min", "above `max`");
    }
    let is_outside =
        |number: f64| min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max);
    if read(&it.field.default).is_some_and(is_outside) {
        report.key("default", "outside of `min` and `max`");
    }
}

fn meanings_of_values(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    for (value, meaning) in it.field.values.iter().flat_map(|values| values.iter()) {
        if meaning.is_some_and(|meaning| meaning.trim().is_empty()) {
            let message = format!("`{value}` has no meaning: write it in our own words");
            report.key("values", message);
        }
    }
}

fn default_of_required(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    if it.field.required == Some(true) && it.field.default.is_some() {
        report.key(
            "default",
            "a required field cannot have a default: remove one of the two",
        );
    }
    if it.field.default_by.is_some()
        && (it.field.required == Some(true) || it.field.default.is_some())
    {
        let message = "`default_by` excludes `default` and `required`: remove one of them";
        report.key("default_by", message);
    }
}

fn documentation(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    let doc = it.field.doc.as_deref().unwrap_or_default();
    if doc.trim().is_empty() {
        let name = report.at.path.last().map_or("", |name| name);
        let message = format!("`{name}` has no `doc`: describe it in our own words");
        report.field(message);
    }
}

fn day_of_removal(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    if let Some(day) = it
        .field
        .removed_upstream
        .as_ref()
        .filter(|day| !is_day(day))
    {
        report.key("removed_upstream", not_a_date(day));
    }
}

fn facts_of_evidence(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    let Some(Evidence::Facts(facts)) = &it.field.evidence else {
        return;
    };
    for name in facts.keys().filter(|name| !is_fact(name)) {
        report.key("evidence", unknown_fact(name));
    }
}

fn facts_of_corrections(it: &Subject<'_>, report: &mut FieldReport<'_>) {
    for (index, correction) in it.field.corrections.iter().enumerate() {
        if !is_fact(&correction.fact) {
            let keys = ["corrections".to_owned(), index.to_string()];
            report.below(&keys, unknown_fact(&correction.fact));
        }
    }
}

fn is_fact(name: &str) -> bool {
    // The shared type of a field is not a fact of a page, but a person can keep it.
    name == "use" || FACTS.contains(&name)
}

/// Returns the message about a fact that does not exist.
fn unknown_fact(name: &str) -> String {
    format!("unknown fact `{name}`{}", did_you_mean(name, FACTS))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Returns what one rule reports about a field, as `key: message`.
    fn reported(rule: Rule, field: serde_json::Value) -> Vec<String> {
        let field: Field = serde_json::from_value(field).unwrap();
        // Each key is on its own line, so that the line of an error identifies the key.
        let text =
            "use: 1\nformat: 1\nmin: 1\nmax: 1\ndefault: 1\nabsent: 1\ntype: 1\nof: 1\nvalues: 1\n";
        let (tree, _) = Tree::parse("file", text).unwrap();
        let keys: Vec<&str> = text.lines().map(|line| &line[..line.len() - 3]).collect();
        let at = FieldCheck {
            file: "file",
            tree: &tree,
            path: &[],
            payload: Payload::Task,
        };
        let subject = Subject {
            field: &field,
            task: true,
            inner: field.of.unwrap_or(field.kind),
            is_date: field.format == Some(Format::Date),
        };
        let mut found = Vec::new();
        rule(
            &subject,
            &mut FieldReport {
                at: &at,
                found: &mut found,
            },
        );
        let as_text = |it: &Diagnostic| {
            let line = usize::try_from(it.location.line).unwrap();
            format!("{}: {}", keys[line - 1], it.message)
        };
        found.iter().map(as_text).collect()
    }

    #[test]
    fn each_rule_reports_its_own_error_only() {
        let cases: [(Rule, serde_json::Value, &[&str]); 9] = [
            (
                element_type,
                json!({"type": "list"}),
                &["type: `of` is missing: lists and maps require the type of their elements"],
            ),
            (
                element_type,
                json!({"type": "string", "of": "string"}),
                &["of: only lists and maps have `of`"],
            ),
            (
                owners,
                json!({"type": "integer", "format": "date", "absent": "Never."}),
                &[
                    "format: only a string has `format`",
                    "absent: only a field of a result has `absent`",
                ],
            ),
            (owners, json!({"type": "integer", "min": 1, "max": 2}), &[]),
            (
                kinds_of_values,
                json!({"type": "integer", "min": "a"}),
                &["min: expected a value of the field's type, found \"a\""],
            ),
            (
                order_of_numbers,
                json!({"type": "integer", "min": 5, "max": 2, "default": 9}),
                &["min: above `max`", "default: outside of `min` and `max`"],
            ),
            (
                order_of_dates,
                json!({"type": "string", "format": "date", "min": "today", "max": "today - 1 day"}),
                &["min: after `max`"],
            ),
            (
                default_among_values,
                json!({"type": "string", "values": ["a"], "default": "b"}),
                &["default: `b` is not one of the `values`"],
            ),
            (
                repeated_values,
                json!({"type": "string", "values": ["a", "a"]}),
                &["values: duplicate value `a`"],
            ),
        ];
        for (rule, field, expected) in cases {
            assert_eq!(reported(rule, field.clone()), expected, "{field}");
        }
    }
}
