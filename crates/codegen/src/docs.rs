//! Documentation of generated items: our own words first, then the facts.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use dataforseo_spec::language::{self, CallLimits, Format, Mode};
use dataforseo_spec::model::{Endpoint, Field, Limit, Type};

/// Text as doc attributes, a line each.
pub fn attributes(text: &str) -> TokenStream {
    let lines = text.trim().lines().map(|line| match line {
        "" => String::new(),
        line => format!(" {line}"),
    });
    quote!(#(#[doc = #lines])*)
}

/// What stands above a field.
pub fn field(field: &Field, task: bool) -> String {
    let mut text = field.spec.doc.clone().unwrap_or_default().trim().to_owned();
    let facts = facts(field, task);
    if !facts.is_empty() {
        text.push_str("\n\n");
        text.push_str(&facts.join(" "));
    }
    text
}

/// What stands above the method of a union for a field that many members share.
pub fn union_field(field: &Field) -> String {
    let summary = field.spec.doc.as_deref().unwrap_or_default().trim();
    let summary = summary.lines().next().unwrap_or_default();
    format!(
        "Returns `{}` of the member.\n\n{summary}\n\n`None` for a member without this field. \
         For an unknown member, the value in its JSON.",
        field.wire
    )
}

fn facts(field: &Field, task: bool) -> Vec<String> {
    let spec = &field.spec;
    let mut facts = Vec::new();
    if task {
        facts.push(match &spec.default {
            _ if field.required => "Required.".to_owned(),
            Some(default) => format!("Default: {}.", literal(default)),
            None if !spec.required_unless.is_empty() => String::new(),
            None => "Optional.".to_owned(),
        });
    }
    for limit in &field.limits {
        let fact = match limit {
            Limit::MinItems(min) => Some(format!("At least {min} elements.")),
            Limit::MaxItems(max) => Some(format!("At most {max} elements.")),
            Limit::MaxLength(max) => Some(format!("At most {max} characters.")),
            Limit::MaxDistinctDomains(max) => Some(format!(
                "The elements belong to at most {max} different domains."
            )),
            Limit::MaxConditions(max) => Some(format!("At most {max} conditions.")),
            Limit::Min(min) => Some(format!("Not below {min}.")),
            Limit::Max(max) => Some(format!("Not above {max}.")),
            Limit::Date { min, max } => {
                facts.extend(min.map(|min| format!("Not before `{min}`.")));
                facts.extend(max.map(|max| format!("Not after `{max}`.")));
                None
            }
            Limit::RequiredUnless(names) => Some(format!(
                "Required unless `{}` is given.",
                names.join("` or `")
            )),
            Limit::RequiredWith(name) => Some(format!("Required with `{name}`.")),
            Limit::NotAfter(name) => Some(format!("Not after `{name}`.")),
            // The enum's own documentation lists its values.
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
            "Documented keys: {}; there can be others.",
            values.join(", ")
        ));
    }
    if let Some(unit) = &spec.unit {
        facts.push(format!("Unit: {unit}."));
    }
    facts.extend(match spec.format {
        Some(Format::Date) if task => None,
        Some(Format::Date) => Some("A date, `yyyy-mm-dd`.".to_owned()),
        Some(Format::Timestamp) => Some("In UTC.".to_owned()),
        Some(Format::Target | Format::Url) | None => None,
    });
    facts.extend(spec.absent.clone());
    facts.retain(|fact| !fact.is_empty());
    facts
}

/// Why a field should not be used any more, if it should not.
pub fn deprecation(field: &language::Field) -> Option<String> {
    let gone = field.removed_upstream.as_deref().map(gone);
    let notes: Vec<String> = field.deprecated.iter().cloned().chain(gone).collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// What is said of something that the documentation no longer has.
pub fn gone(since: &str) -> String {
    format!(
        "The vendor's documentation no longer has it (since {since}); it goes with the next major version."
    )
}

/// A default as the documentation shows it.
fn literal(value: &Value) -> String {
    format!("`{}`", plain(value))
}

/// A default without marks: text as it is, all else as JSON.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The limits of a call, as sentences.
pub fn call_limits(limits: &CallLimits) -> Vec<String> {
    let tasks = limits.tasks_per_call.map(|tasks| match tasks {
        1 => "One task a call.".to_owned(),
        tasks => format!("At most {tasks} tasks a call."),
    });
    let calls = limits
        .calls_per_minute
        .map(|calls| format!("At most {calls} calls a minute."));
    tasks.into_iter().chain(calls).collect()
}

/// Where an endpoint's facts are from.
pub fn source(endpoint: &Endpoint) -> String {
    match &endpoint.revised {
        Some(revised) => format!("[Vendor's page]({}), revision of {revised}", endpoint.link),
        None => format!("[Vendor's page]({})", endpoint.link),
    }
}

/// How an endpoint is called, its limits, and where they are from.
pub fn endpoint(endpoint: &Endpoint) -> String {
    let mode = match endpoint.mode {
        Mode::Live => "The result comes in the answer.",
        Mode::TaskPost => "The answer has the identifiers of the tasks; results come later.",
        Mode::TasksReady => "The answer lists tasks whose results can be fetched.",
        Mode::TaskGet => "The answer has the result of a task that was posted before.",
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
