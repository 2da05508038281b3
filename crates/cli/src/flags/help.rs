//! The help of a flag: its value name, description, limits and default.

use dataforseo_client::models::{DateBound, FieldCondition, FieldKind, FieldRule, Limit};

use super::names::{element_kind, flag};
use crate::table::Argument;

/// Returns the placeholder for the value of a flag.
pub(crate) fn value_name(argument: &Argument, rule: &FieldRule) -> &'static str {
    let has = |wanted: fn(&Limit) -> bool| rule.limits.iter().any(wanted);
    match element_kind(argument, rule).unwrap_or(&rule.kind) {
        FieldKind::String if has(|it| matches!(it, Limit::Targets)) => "TARGET",
        FieldKind::String if has(|it| matches!(it, Limit::Date { .. })) => "YYYY-MM-DD",
        FieldKind::String if has(|it| matches!(it, Limit::Timestamp)) => {
            "YYYY-MM-DD HH:MM:SS +00:00"
        }
        FieldKind::String if has(|it| matches!(it, Limit::OneOf(_))) => "VALUE",
        FieldKind::String if argument.url => "URL",
        FieldKind::String => "TEXT",
        FieldKind::Integer => "INTEGER",
        FieldKind::Float => "NUMBER",
        FieldKind::Boolean => "BOOLEAN",
        FieldKind::Order => "FIELD,DIRECTION",
        _ => "JSON",
    }
}

/// Returns the first paragraph of a description, without the period at the end, as clap formats
/// summaries.
pub(crate) fn summary(text: &str) -> &str {
    let first = text.split("\n\n").next().unwrap_or_default();
    first.strip_suffix('.').unwrap_or(first)
}

/// Returns the text of a flag in `--help`.
pub(super) fn long(argument: &'static Argument, rule: &'static FieldRule) -> String {
    let facts = facts(argument, rule).join(" ");
    if facts.is_empty() {
        argument.doc.to_owned()
    } else {
        format!("{}\n\n{facts}", argument.doc)
    }
}

fn facts(argument: &'static Argument, rule: &'static FieldRule) -> Vec<String> {
    let mut facts = Vec::new();
    if rule.required {
        facts.push("Required.".to_owned());
    }
    facts.extend(argument.default.map(|it| format!("Default: {it}.")));
    facts.extend(rule.limits.iter().filter_map(limit));
    facts.extend(argument.unit.map(|unit| format!("Unit: {unit}.")));
    if element_kind(argument, rule).is_some() {
        let text = "Repeat the flag for each value, or use @FILE with one value per line. Write @@ for a \
                    value that begins with @.";
        facts.push(text.to_owned());
    } else {
        facts.extend(syntax(&rule.kind).map(str::to_owned));
        facts.extend(fields(&rule.kind));
    }
    facts
}

/// Returns how to write a value that is not a scalar.
fn syntax(kind: &FieldKind) -> Option<&'static str> {
    match kind {
        FieldKind::Filters => {
            Some("JSON, such as [\"field\",\">\",10] or [[…],\"and\",[…]], or @FILE with the JSON.")
        }
        FieldKind::List(_) => Some("A list as JSON, or @FILE with the JSON."),
        FieldKind::Map(_) | FieldKind::Object(_) | FieldKind::Union(_) => {
            Some("An object as JSON, or @FILE with the JSON.")
        }
        FieldKind::Any => Some("JSON, or @FILE with the JSON."),
        _ => None,
    }
}

/// Lists the fields of an object, or of the objects in a list.
fn fields(kind: &FieldKind) -> Option<String> {
    match kind {
        FieldKind::List(of) | FieldKind::Map(of) => fields(of),
        FieldKind::Object(fields) => {
            let fields = fields.iter().map(|field| {
                let required = if field.required { " (required)" } else { "" };
                format!("`{}`{required}", field.name)
            });
            let fields: Vec<String> = fields.collect();
            Some(format!("Fields: {}.", fields.join(", ")))
        }
        FieldKind::Union(union) => {
            let members = union.members.iter().map(|member| {
                let fields = member
                    .fields
                    .iter()
                    .map(|field| format!("`{}`", field.name));
                format!(
                    "{} ({})",
                    member.name,
                    fields.collect::<Vec<_>>().join(", ")
                )
            });
            Some(format!(
                "One of: {}.",
                members.collect::<Vec<_>>().join(", ")
            ))
        }
        _ => None,
    }
}

fn limit(limit: &Limit) -> Option<String> {
    let flags = |names: &[&str]| {
        let flags: Vec<String> = names.iter().map(|it| format!("--{}", flag(it))).collect();
        flags.join(" or ")
    };
    Some(match limit {
        Limit::MinItems(min) => format!("At least {min}."),
        Limit::MaxItems(max) => format!("At most {max}."),
        Limit::MinLength(min) => format!("At least {min} characters."),
        Limit::MaxLength(max) => format!("At most {max} characters."),
        Limit::MaxWords(max) => format!("At most {max} words."),
        Limit::MaxDistinctDomains(max) => format!("At most {max} distinct domains."),
        Limit::MaxConditions(max) => format!("At most {max} conditions."),
        Limit::Min(min) => format!("Minimum: {min}."),
        Limit::Max(max) => format!("Maximum: {max}."),
        Limit::Date { min, max } => {
            let min = min.map(|min| format!("Not before {}.", date(min)));
            let max = max.map(|max| format!("Not after {}.", date(max)));
            let both: Vec<String> = min.into_iter().chain(max).collect();
            return (!both.is_empty()).then(|| both.join(" "));
        }
        Limit::RequiredUnless(others) => format!("Required unless {} is given.", flags(others)),
        Limit::RequiredWith(other) => format!("Required with {}.", flags(&[other])),
        Limit::RequiredIf(conditions) => format!("Required with {}.", values(conditions)),
        Limit::Requires(conditions) => format!("Requires {}.", values(conditions)),
        Limit::Excludes(others) => format!("Cannot be used together with {}.", flags(others)),
        Limit::NotAfter(other) => format!("Not after {}.", flags(&[other])),
        _ => return None,
    })
}

/// Describes values of other flags.
fn values(conditions: &[FieldCondition]) -> String {
    let value = |it: &FieldCondition| format!("--{} {}", flag(it.field), it.value);
    let values: Vec<String> = conditions.iter().map(value).collect();
    values.join(" and ")
}

/// Describes the bound of a date.
fn date(bound: DateBound) -> String {
    match bound {
        DateBound::On(year, month, day) => format!("{year:04}-{month:02}-{day:02}"),
        DateBound::Before {
            years,
            months,
            days,
        } => {
            let span = span(years, months, days);
            if span.is_empty() {
                "today".to_owned()
            } else {
                format!("{span} before today")
            }
        }
        DateBound::After {
            years,
            months,
            days,
        } => format!("{} after today", span(years, months, days)),
        _ => "a date that this version does not support".to_owned(),
    }
}

/// Describes a span of time. Empty for a span of 0 days.
fn span(years: i16, months: i16, days: i16) -> String {
    let parts = [(years, "year"), (months, "month"), (days, "day")];
    let parts = parts.iter().filter(|(count, _)| *count != 0);
    let parts = parts.map(|(count, unit)| match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    });
    parts.collect::<Vec<_>>().join(" and ")
}
