//! Writing endpoint files in the form that people edit: block style, attributes in one order.

use serde_json::Value;

use super::language::{Endpoint, Field, Fields, Values};

/// The keys of a field, in the order in which they are written.
pub const FIELD_KEYS: [&str; 23] = [
    "type",
    "of",
    "format",
    "use",
    "name",
    "ident",
    "required",
    "default",
    "min",
    "max",
    "max_length",
    "min_items",
    "max_items",
    "max_distinct_domains",
    "values",
    "unit",
    "absent",
    "evidence",
    "deprecated",
    "corrections",
    "wording",
    "doc",
    "fields",
];

/// A new endpoint file.
pub fn endpoint(endpoint: &Endpoint) -> String {
    let mut text = String::from("# yaml-language-server: $schema=../spec.schema.json\n");
    let method = format!("{:?}", endpoint.method).to_uppercase();
    let mode = format!("{:?}", endpoint.mode).to_lowercase();
    text += &format!("path: {}\nmethod: {method}\nmode: {mode}\n", endpoint.path);
    if let Some(doc) = &endpoint.doc {
        text += &entry("doc", &Value::from(doc.clone()), 0);
    }
    text += "source:\n";
    text += &entry("link", &endpoint.source.link.clone().into(), 2);
    if let Some(revised) = &endpoint.source.revised {
        text += &entry("revised", &revised.clone().into(), 2);
    }
    if let Some(wording) = &endpoint.source.wording {
        text += &entry("wording", &wording.clone().into(), 2);
    }
    let limits = &endpoint.limits;
    if limits.tasks_per_call.is_some() || limits.calls_per_minute.is_some() {
        text += "limits:\n";
        for (key, limit) in [
            ("tasks_per_call", limits.tasks_per_call),
            ("calls_per_minute", limits.calls_per_minute),
        ] {
            if let Some(limit) = limit {
                text += &entry(key, &limit.into(), 2);
            }
        }
    }
    for (key, object) in [("task", &endpoint.task), ("result", &endpoint.result)] {
        text += &format!("\n{key}:\n");
        text += &match object.fields.is_empty() {
            true => "  fields: {}\n".to_owned(),
            false => format!("  fields:\n{}", fields(&object.fields, 4)),
        };
    }
    text
}

/// Fields, each as an entry of a mapping.
pub fn fields(fields: &Fields, indent: usize) -> String {
    fields
        .iter()
        .map(|(name, content)| field(name, content, indent))
        .collect()
}

/// A field as an entry of a mapping.
pub fn field(name: &str, field: &Field, indent: usize) -> String {
    let mut text = format!("{:indent$}{}:\n", "", scalar(&name.into()));
    let json = serde_json::to_value(field).unwrap_or_default();
    let inner = indent + 2;
    for key in FIELD_KEYS {
        match (key, json.get(key)) {
            (_, None | Some(Value::Null)) => {}
            // Optional is what a field is when nothing is said.
            ("required", Some(Value::Bool(false))) => {}
            ("fields", _) if field.fields.is_empty() => {}
            ("fields", _) => {
                text += &format!("{:inner$}fields:\n{}", "", fields(&field.fields, inner + 2))
            }
            ("corrections", _) if field.corrections.is_empty() => {}
            ("values", _) => {
                if let Some(values) = &field.values {
                    text += &self::values(values, inner);
                }
            }
            (key, Some(value)) => text += &entry(key, value, inner),
        }
    }
    text
}

/// `values` as an entry of a mapping.
pub fn values(values: &Values, indent: usize) -> String {
    match values {
        Values::Plain(values) => {
            let values: Vec<String> = values
                .iter()
                .map(|value| scalar(&value.clone().into()))
                .collect();
            let line = format!("{:indent$}values: [{}]\n", "", values.join(", "));
            if line.len() <= 80 {
                return line;
            }
            let items = values
                .iter()
                .map(|value| format!("{:1$}- {value}\n", "", indent + 2));
            format!("{:indent$}values:\n{}", "", items.collect::<String>())
        }
        Values::Explained(values) => {
            let inner = indent + 2;
            let lines = values
                .iter()
                .map(|(value, doc)| entry(value, &doc.clone().into(), inner));
            format!("{:indent$}values:\n{}", "", lines.collect::<String>())
        }
    }
}

/// A key with a value, as an entry of a mapping.
pub fn entry(key: &str, value: &Value, indent: usize) -> String {
    let key = scalar(&key.into());
    match value {
        Value::String(text) if text.trim_end().contains('\n') => {
            let lines = text.trim_end().lines().map(|line| match line {
                "" => "\n".to_owned(),
                line => format!("{:1$}{line}\n", "", indent + 2),
            });
            format!("{:indent$}{key}: |\n{}", "", lines.collect::<String>())
        }
        value => format!("{:indent$}{key}: {}\n", "", scalar(value)),
    }
}

/// A value on one line: plain where YAML reads that back as the same, else as JSON, which YAML
/// reads too.
fn scalar(value: &Value) -> String {
    if let Value::String(text) = value
        && reads_as_itself(text)
    {
        return text.clone();
    }
    value.to_string()
}

fn reads_as_itself(text: &str) -> bool {
    let is_date = text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    if is_date {
        return true;
    }
    let words = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ];
    let first = text.chars().next();
    first.is_some_and(|c| c.is_ascii_alphabetic() || c == '/')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(|c| !c.is_control() && !"\"[]{},&*!|>%@`".contains(c))
        && !words.contains(&text.to_lowercase().as_str())
        // A fingerprint such as `1e10` or `0x12` starts with a digit and is quoted already.
        && text.parse::<f64>().is_err()
}
