//! Documentation of generated items: our own words first, then the facts.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use super::price;
use dataforseo_spec::Payload;
use dataforseo_spec::language::{self, CallLimits, DefaultBy, Format, Mode};
use dataforseo_spec::model::{Condition, Endpoint, Field, Limit, Type};

/// Returns text as doc attributes, one per line.
pub fn attributes(text: &str) -> TokenStream {
    let lines = text.trim().lines().map(|line| match line {
        "" => String::new(),
        line => format!(" {line}"),
    });
    quote!(#(#[doc = #lines])*)
}

/// Returns the docs of a field.
pub fn field(field: &Field, payload: Payload) -> String {
    let mut text = field.spec.doc.clone().unwrap_or_default().trim().to_owned();
    let facts = facts(field, payload);
    if !facts.is_empty() {
        text.push_str("\n\n");
        text.push_str(&facts.join(" "));
    }
    text
}

/// Returns the docs of a setter.
pub fn setter(field: &Field) -> String {
    format!(
        "Sets `{}`: {}",
        field.wire,
        uncapitalized(&self::field(field, Payload::Task))
    )
}

/// Returns a text with its first letter in lower case, unless it begins with an abbreviation.
fn uncapitalized(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            let rest = &text[first.len_utf8()..];
            format!("{}{rest}", first.to_lowercase())
        }
        _ => text.to_owned(),
    }
}

/// Returns the docs of the method of a union for a field that many members share.
pub fn union_field(field: &Field) -> String {
    let summary = field.spec.doc.as_deref().unwrap_or_default().trim();
    let summary = summary.lines().next().unwrap_or_default();
    format!(
        "Returns `{}` of the member.\n\n{summary}\n\n`None` for a member without this field. \
         For an unknown member, the value in its JSON.",
        field.wire
    )
}

fn facts(field: &Field, payload: Payload) -> Vec<String> {
    let spec = &field.spec;
    let mut facts = Vec::new();
    if payload.is_task() {
        facts.push(match &spec.default {
            _ if field.required => "Required.".to_owned(),
            Some(default) => format!("Default: {}.", literal(default)),
            None if spec.default_by.is_some() => String::new(),
            None if !spec.required_unless.is_empty() => String::new(),
            None => "Optional.".to_owned(),
        });
    }
    let each = match field.ty {
        Type::List(_) => " per element",
        _ => "",
    };
    facts.extend(spec.default_by.as_ref().map(default_by));
    for limit in &field.limits {
        let fact = match limit {
            Limit::MinItems(min) => Some(format!("At least {min} elements.")),
            Limit::MaxItems(max) => Some(format!("At most {max} elements.")),
            Limit::MinLength(min) => Some(format!("At least {min} characters{each}.")),
            Limit::MaxLength(max) => Some(format!("At most {max} characters{each}.")),
            Limit::MaxWords(max) => Some(format!("At most {max} words{each}.")),
            Limit::MaxDistinctDomains(max) => Some(format!(
                "The elements belong to at most {max} different domains."
            )),
            Limit::MaxConditions(max) => Some(format!("At most {max} conditions.")),
            Limit::Min(min) => Some(format!("Minimum: {min}.")),
            Limit::Max(max) => Some(format!("Maximum: {max}.")),
            Limit::Date { min, max } => {
                facts.extend(min.map(|min| format!("Earliest: `{min}`.")));
                facts.extend(max.map(|max| format!("Latest: `{max}`.")));
                None
            }
            Limit::RequiredUnless(names) => Some(format!(
                "Required unless `{}` is set.",
                names.join("` or `")
            )),
            Limit::RequiredWith(name) => Some(format!("Required if `{name}` is set.")),
            Limit::RequiredIf(conditions) => {
                Some(format!("Required if {}.", values_of(conditions)))
            }
            Limit::Requires(conditions) => {
                Some(format!("Requires that {}.", values_of(conditions)))
            }
            Limit::Excludes(names) => Some(format!(
                "Cannot be used together with `{}`.",
                names.join("` or `")
            )),
            Limit::NotAfter(name) => Some(format!("Must not be after `{name}`.")),
            // The docs of the enum list its values.
            Limit::OneOf(_) | Limit::Targets | Limit::Timestamp => None,
        };
        facts.extend(fact);
    }
    if let (Some(values), Type::Map(_)) = (&spec.values, &field.ty) {
        let values: Vec<String> = values
            .names()
            .iter()
            .map(|value| format!("`{value}`"))
            .collect();
        facts.push(format!(
            "Documented keys: {}. Responses can have others.",
            values.join(", ")
        ));
    }
    facts.extend(spec.cost.as_ref().map(price::field_sentence));
    if let Some(unit) = &spec.unit {
        facts.push(format!("Unit: {unit}."));
    }
    facts.extend(match spec.format {
        Some(Format::Date) if payload.is_task() => None,
        Some(Format::Date) => Some("A date `yyyy-mm-dd`.".to_owned()),
        Some(Format::Timestamp) => Some("In UTC.".to_owned()),
        Some(Format::Target | Format::Url) | None => None,
    });
    facts.extend(spec.absent.clone());
    facts.retain(|fact| !fact.is_empty());
    facts
}

/// Returns the values of other fields as text.
fn values_of(conditions: &[Condition]) -> String {
    let value = |it: &Condition| format!("`{}` is `{}`", it.field, plain(&it.value));
    let values: Vec<String> = conditions.iter().map(value).collect();
    values.join(" and ")
}

/// Returns a default that depends on another field as a sentence.
fn default_by(by: &DefaultBy) -> String {
    if by.values.is_empty() {
        return format!("Default: the value of `{}`.", by.field);
    }
    let default =
        |(value, default): (&String, &Value)| format!("{} for `{value}`", literal(default));
    let defaults: Vec<String> = by.values.iter().map(default).collect();
    format!("Default by `{}`: {}.", by.field, defaults.join(", "))
}

/// Returns the reason why a field is deprecated, if it is.
pub fn deprecation(field: &language::Field) -> Option<String> {
    let gone = field.removed_upstream.as_deref().map(gone);
    let notes: Vec<String> = field.deprecated.iter().cloned().chain(gone).collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// Returns the note for an item that is no longer documented.
pub fn gone(since: &str) -> String {
    format!(
        "No longer in the vendor's documentation (since {since}). It will be removed in the next major version."
    )
}

/// Returns a default as code.
fn literal(value: &Value) -> String {
    format!("`{}`", plain(value))
}

/// Returns a default without quotes: a text unchanged, any other value as JSON.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Returns the limits of a call as sentences.
pub fn call_limits(limits: &CallLimits) -> Vec<String> {
    let tasks = limits.tasks_per_call.map(|tasks| match tasks {
        1 => "One task per call.".to_owned(),
        tasks => format!("At most {tasks} tasks per call."),
    });
    let calls = limits
        .calls_per_minute
        .map(|calls| format!("At most {calls} calls per minute."));
    tasks.into_iter().chain(calls).collect()
}

/// Returns the link to the documentation of an endpoint.
pub fn source(endpoint: &Endpoint) -> String {
    match &endpoint.revised {
        Some(revised) => format!("[Documentation]({}), revision of {revised}", endpoint.link),
        None => format!("[Documentation]({})", endpoint.link),
    }
}

/// Returns the docs of an endpoint: its path, its limits, and the link to its documentation.
pub fn endpoint(endpoint: &Endpoint) -> String {
    let mode = match endpoint.mode {
        Mode::Live => "The response holds the result.",
        Mode::TaskPost => {
            "The response holds the identifiers of the tasks. Fetch the results later."
        }
        Mode::TasksReady => "The response lists tasks whose results can be fetched.",
        Mode::TasksFixed => {
            "The response lists tasks whose results were corrected after they could be fetched."
        }
        Mode::TaskGet => "The response holds the result of a task that was posted before.",
    };
    let method = endpoint.method.as_str();
    let mut facts = vec![format!("`{method} {}`. {mode}", endpoint.path)];
    facts.extend(call_limits(&endpoint.limits));
    facts.extend(endpoint.removed.as_deref().map(gone));
    format!(
        "{}\n\n{}\n\n{}.",
        endpoint.doc,
        facts.join(" "),
        source(endpoint)
    )
}
