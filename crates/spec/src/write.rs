//! Writes spec files in the form that people edit: block style, keys in a fixed order.

use serde_json::Value;

use crate::facts::FIELD_KEYS;
use crate::language::{
    CallLimits, Correction, Endpoint, Field, Fields, Member, SharedType, SharedTypes, Values,
};

/// The keys of an endpoint, in the order in which they are written.
pub const ENDPOINT_KEYS: [&str; 17] = [
    "path",
    "method",
    "mode",
    "charged",
    "function",
    "renamed_from",
    "removed_upstream",
    "evidence",
    "doc",
    "source",
    "limits",
    "price",
    "parameters",
    "task",
    "example",
    "rows",
    "result",
];

/// Returns the first line of a spec file, which names its schema. `file` is relative to the root of
/// the spec.
fn header(file: &str) -> String {
    let up = "../".repeat(file.matches('/').count());
    format!("# yaml-language-server: $schema={up}spec.schema.json\n")
}

/// Returns the text of a new endpoint file. `file` is its path, relative to the root of the spec.
pub fn endpoint(file: &str, endpoint: &Endpoint) -> String {
    let mut text = header(file);
    let json = serde_json::to_value(endpoint).unwrap_or_default();
    for key in ENDPOINT_KEYS {
        match (key, json.get(key)) {
            (_, None | Some(Value::Null)) => {}
            ("parameters", _) if endpoint.parameters.is_empty() => {}
            ("parameters", _) => {
                text += &format!("\nparameters:\n{}", fields(&endpoint.parameters, 2));
            }
            ("task", _) => {
                if let Some(task) = &endpoint.task {
                    text += &format!("\ntask:\n{}", object(None, &task.fields, 2));
                }
            }
            ("result", _) => {
                if let Some(result) = &endpoint.result {
                    let shared = result.shared.as_deref();
                    text += &format!("\nresult:\n{}", object(shared, &result.fields, 2));
                }
            }
            ("renamed_from", _) if endpoint.renamed_from.is_empty() => {}
            ("limits", _) if endpoint.limits == CallLimits::default() => {}
            ("example" | "rows", Some(value)) => {
                text += "\n";
                text += &entry(key, value, 0);
            }
            (key, Some(value)) => text += &entry(key, value, 0),
        }
    }
    text
}

/// Returns the text of a file of shared types. `file` is its path, relative to the root of the spec.
pub fn shared(file: &str, types: &SharedTypes) -> String {
    let mut text = header(file);
    text += "types:\n";
    for (name, ty) in &types.types {
        text += &shared_type(name, ty);
    }
    text
}

/// Returns a shared type as an entry of `types`.
pub fn shared_type(name: &str, ty: &SharedType) -> String {
    let mut text = format!("  {name}:\n");
    if let Some(doc) = &ty.doc {
        text += &entry("doc", &doc.clone().into(), 4);
    }
    if let Some(tag) = &ty.tag {
        text += &entry("tag", &tag.clone().into(), 4);
    }
    if let Some(values) = &ty.values {
        text += &self::values(values, 4);
    }
    if !ty.fields.is_empty() {
        text += &format!("    fields:\n{}", fields(&ty.fields, 6));
    }
    if !ty.members.is_empty() {
        text += "    members:\n";
        for (wire, member) in &ty.members {
            text += &self::member(wire, member);
        }
    }
    text
}

/// Returns a member of a union as an entry of `members`.
pub fn member(wire: &str, member: &Member) -> String {
    if *member == Member::default() {
        return format!("      {}: {{}}\n", scalar(&wire.into()));
    }
    let mut text = format!("      {}:\n", scalar(&wire.into()));
    if let Some(doc) = &member.doc {
        text += &entry("doc", &doc.clone().into(), 8);
    }
    for (key, value) in [
        ("removed_upstream", &member.removed_upstream),
        ("evidence", &member.evidence),
    ] {
        if let Some(value) = value {
            text += &entry(key, &value.clone().into(), 8);
        }
    }
    match &member.shared {
        Some(shared) => text += &entry("use", &shared.clone().into(), 8),
        None if member.fields.is_empty() => {}
        None => text += &object(None, &member.fields, 8),
    }
    text
}

fn object(shared: Option<&str>, fields: &Fields, indent: usize) -> String {
    match shared {
        Some(shared) => entry("use", &shared.into(), indent),
        None if fields.is_empty() => format!("{:indent$}fields: {{}}\n", ""),
        None => format!(
            "{:indent$}fields:\n{}",
            "",
            self::fields(fields, indent + 2)
        ),
    }
}

/// Returns fields, each as an entry of a mapping.
pub fn fields(fields: &Fields, indent: usize) -> String {
    fields
        .iter()
        .map(|(name, content)| field(name, content, indent))
        .collect()
}

/// Returns a field as an entry of a mapping.
pub fn field(name: &str, field: &Field, indent: usize) -> String {
    let mut text = format!("{:indent$}{}:\n", "", scalar(&name.into()));
    let json = serde_json::to_value(field).unwrap_or_default();
    let inner = indent + 2;
    for key in FIELD_KEYS {
        match (key, json.get(key)) {
            (_, None | Some(Value::Null)) => {}
            // Fields are optional by default.
            ("required", Some(Value::Bool(false))) => {}
            ("fields", _) if field.fields.is_empty() => {}
            ("fields", _) => {
                text += &format!("{:inner$}fields:\n{}", "", fields(&field.fields, inner + 2))
            }
            ("each", _) => {
                if let Some(each) = &field.each {
                    text += &self::field("each", each, inner);
                }
            }
            ("corrections", _) => text += &corrections(&field.corrections, inner),
            ("required_unless", _) if field.required_unless.is_empty() => {}
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

/// Returns `corrections` as an entry of a mapping; nothing if there are none.
pub fn corrections(corrections: &[Correction], indent: usize) -> String {
    if corrections.is_empty() {
        return String::new();
    }
    let items = corrections.iter().map(|correction| {
        let inner = indent + 4;
        let keys = [
            ("fact", Value::from(correction.fact.clone())),
            ("documented", correction.documented.clone()),
            ("reason", correction.reason.clone().into()),
            ("evidence", correction.evidence.clone().into()),
        ];
        let lines: String = keys
            .iter()
            .map(|(key, value)| entry(key, value, inner))
            .collect();
        format!("{:1$}- {2}", "", indent + 2, lines.trim_start())
    });
    format!("{:indent$}corrections:\n{}", "", items.collect::<String>())
}

/// Returns `values` as an entry of a mapping.
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

/// Returns a key with a value as an entry of a mapping.
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
        Value::Object(map) if !map.is_empty() => {
            let set = map.iter().filter(|(_, value)| !value.is_null());
            let lines = set.map(|(key, value)| entry(key, value, indent + 2));
            format!("{:indent$}{key}:\n{}", "", lines.collect::<String>())
        }
        value => {
            let line = format!("{:indent$}{key}: {}\n", "", scalar(value));
            match value {
                Value::Array(list) if line.len() > 100 => {
                    let items = list
                        .iter()
                        .map(|item| format!("{:1$}- {2}\n", "", indent + 2, scalar(item)));
                    format!("{:indent$}{key}:\n{}", "", items.collect::<String>())
                }
                _ => line,
            }
        }
    }
}

/// Returns a value on one line: unquoted if YAML reads it back unchanged, otherwise as JSON, which
/// is valid YAML.
pub(crate) fn scalar(value: &Value) -> String {
    if let Value::String(text) = value
        && reads_as_itself(text)
    {
        return text.clone();
    }
    if let Value::Array(list) = value {
        let items: Vec<String> = list.iter().map(scalar).collect();
        return format!("[{}]", items.join(", "));
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
        // Words such as `infinity` parse as numbers. A text that starts with a digit is already
        // quoted.
        && text.parse::<f64>().is_err()
}
