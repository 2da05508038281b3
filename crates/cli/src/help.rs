//! The words of the help: of the program, of an endpoint, of a flag.

use dataforseo_client::models::{
    DateBound, EndpointInfo, FieldKind, FieldRule, Limit, Method, Mode, Price, api,
};
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::flags::{elements, flag, of_task};
use crate::table::{Argument, Endpoint};

/// How wide the help is, unless the terminal is narrower.
pub(crate) const WIDTH: usize = 100;

pub(crate) const ABOUT: &str = "The DataForSEO v3 API on the command line.

Every endpoint is a command, by section: `dataforseo backlinks summary-live --target example.com`. Results go to stdout as JSON, everything else to stderr. A task that breaks a documented limit is refused before it is sent.

The credentials are those of https://app.dataforseo.com/api-access, in the environment variables DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD. Without any, try `--mock`. If something does not work, `dataforseo doctor` says why.";

/// What stands below the program's help: the exit codes.
pub(crate) fn after() -> String {
    let codes = Exit::ALL.map(|(exit, meaning)| format!("  {:<2}  {meaning}", exit as u8));
    format!(
        "Limits of an account: {} calls a minute, {} at once, all endpoints together.\n\n\
         Exit codes:\n{}",
        api::CALLS_PER_MINUTE,
        api::SIMULTANEOUS_CALLS,
        codes.join("\n")
    )
}

/// What stands below an endpoint's help.
pub(crate) fn below(endpoint: &'static Endpoint) -> String {
    let info = endpoint.info;
    let mut rows = vec![
        ("Call", format!("{} {}", info.method.as_str(), info.path)),
        ("Result", result(info).to_owned()),
        ("Cost", price(info, api::PRICES)),
        ("Limits", limits(info)),
    ];
    rows.push(("Page", info.docs_url.to_owned()));
    let rows = rows.iter().map(|(name, text)| format!("{name:8}{text}"));
    let rows = rows.collect::<Vec<_>>().join("\n");
    match example(endpoint) {
        Some(example) => format!("{rows}\n\nExample:\n{example}"),
        None => rows,
    }
}

fn result(info: &EndpointInfo) -> &'static str {
    match info.mode {
        Mode::TaskPost => "later: the answer has the identifiers of the tasks",
        Mode::TasksReady => "the tasks whose results can be fetched",
        Mode::TaskGet => "that of a task that was posted before",
        _ => "in the answer",
    }
}

/// What a call costs, as far as it is known.
pub(crate) fn price(info: &EndpointInfo, prices: &[Price]) -> String {
    if !info.charged {
        return "nothing".to_owned();
    }
    let section = info.id.split('/').next().unwrap_or_default();
    match prices.iter().find(|price| price.section == section) {
        Some(price) => format!(
            "{} USD a call and {} USD a row, since {}",
            price.per_call, price.per_row, price.since
        ),
        None => "not known here; the answer says it".to_owned(),
    }
}

/// The limits of a call as a whole; those of the account hold besides.
pub(crate) fn limits(info: &EndpointInfo) -> String {
    let tasks = info.tasks_per_call.map(|tasks| match tasks {
        1 => "1 task a call".to_owned(),
        tasks => format!("{tasks} tasks a call"),
    });
    let calls = info.calls_per_minute;
    let calls = calls.map(|calls| format!("{calls} calls a minute"));
    let all: Vec<String> = tasks.into_iter().chain(calls).collect();
    match all.is_empty() {
        true => "those of the account".to_owned(),
        false => all.join(", "),
    }
}

/// A short call that works.
fn example(endpoint: &'static Endpoint) -> Option<String> {
    let arguments = match endpoint.example {
        Some(example) => {
            let example: Map<String, Value> = serde_json::from_str(example).ok()?;
            of_task(endpoint, &example)
        }
        None if endpoint.info.method == Method::Get => {
            let names = endpoint.parameters.iter();
            names.map(|it| it.name.to_uppercase()).collect()
        }
        None => return None,
    };
    let mut parts = vec![format!("  dataforseo {}", endpoint.command())];
    for argument in &arguments {
        match (argument.starts_with("--"), parts.last_mut()) {
            (false, Some(last)) => *last += &format!(" {}", quoted(argument)),
            _ => parts.push(quoted(argument)),
        }
    }
    let line = parts.join(" ");
    Some(match line.chars().count() <= WIDTH {
        true => line,
        // Nothing may break it elsewhere: it is there to be copied.
        false => parts.join(" \\\n    "),
    })
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,=@+%".contains(&byte);
    match !argument.is_empty() && argument.bytes().all(plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

/// What stands for the value of a flag.
pub(crate) fn value_name(argument: &Argument, rule: &FieldRule) -> &'static str {
    let has = |wanted: fn(&Limit) -> bool| rule.limits.iter().any(wanted);
    match elements(argument, rule).unwrap_or(&rule.kind) {
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

/// The first paragraph of a text, without a full stop, as clap has summaries.
pub(crate) fn summary(text: &str) -> &str {
    let first = text.split("\n\n").next().unwrap_or_default();
    first.strip_suffix('.').unwrap_or(first)
}

/// How an endpoint is called. By itself clap shows no flag that --task can stand for.
pub(crate) fn usage(endpoint: &'static Endpoint) -> String {
    let command = format!("dataforseo {}", endpoint.command());
    let required = endpoint.fields().filter(|(_, rule)| rule.required);
    let required = required.map(|(argument, rule)| {
        let name = value_name(argument, rule);
        format!(" --{} <{name}>", flag(argument.name))
    });
    let parameters = endpoint.parameters.iter();
    let parameters = parameters.map(|it| format!(" <{}>", it.name.to_uppercase()));
    let needed: String = required.chain(parameters).collect();
    match endpoint.fields.is_empty() {
        true => format!("{command}{needed} [OPTIONS]"),
        false => format!("{command}{needed} [OPTIONS]\n       {command} --task <JSON> [OPTIONS]"),
    }
}

/// What `--help` says of a flag.
pub(crate) fn long(argument: &'static Argument, rule: &'static FieldRule) -> String {
    let facts = facts(argument, rule).join(" ");
    match facts.is_empty() {
        true => argument.doc.to_owned(),
        false => format!("{}\n\n{facts}", argument.doc),
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
    match elements(argument, rule) {
        Some(_) => facts.push(
            "Repeat the flag for each, or give @FILE with one a line; @@ stands for an @."
                .to_owned(),
        ),
        None => {
            facts.extend(form(&rule.kind).map(str::to_owned));
            facts.extend(parts(&rule.kind));
        }
    }
    facts
}

/// How a value is written that is no plain one.
fn form(kind: &FieldKind) -> Option<&'static str> {
    match kind {
        FieldKind::Filters => Some(
            "As JSON, such as [\"field\",\">\",10] or [[…],\"and\",[…]]; or @FILE with the JSON.",
        ),
        FieldKind::List(_) => Some("A list as JSON, or @FILE with the JSON."),
        FieldKind::Map(_) | FieldKind::Object(_) => {
            Some("An object as JSON, or @FILE with the JSON.")
        }
        FieldKind::Any => Some("As JSON, or @FILE with the JSON."),
        _ => None,
    }
}

/// The fields of an object, or of the objects in a list.
fn parts(kind: &FieldKind) -> Option<String> {
    match kind {
        FieldKind::List(of) | FieldKind::Map(of) => parts(of),
        FieldKind::Object(fields) => {
            let fields = fields.iter().map(|field| match field.required {
                true => format!("`{}` (required)", field.name),
                false => format!("`{}`", field.name),
            });
            let fields: Vec<String> = fields.collect();
            Some(format!("Fields: {}.", fields.join(", ")))
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
        Limit::MaxLength(max) => format!("At most {max} characters."),
        Limit::MaxDistinctDomains(max) => format!("Of at most {max} different domains."),
        Limit::MaxConditions(max) => format!("At most {max} conditions."),
        Limit::Min(min) => format!("Not below {min}."),
        Limit::Max(max) => format!("Not above {max}."),
        Limit::Date { min, max } => {
            let min = min.map(|min| format!("Not before {}.", date(min)));
            let max = max.map(|max| format!("Not after {}.", date(max)));
            let both: Vec<String> = min.into_iter().chain(max).collect();
            return (!both.is_empty()).then(|| both.join(" "));
        }
        Limit::RequiredUnless(others) => format!("Required unless {} is given.", flags(others)),
        Limit::RequiredWith(other) => format!("Required with {}.", flags(&[other])),
        Limit::NotAfter(other) => format!("Not after {}.", flags(&[other])),
        _ => return None,
    })
}

/// A bound in words.
fn date(bound: DateBound) -> String {
    match bound {
        DateBound::On(year, month, day) => format!("{year:04}-{month:02}-{day:02}"),
        DateBound::Before {
            years,
            months,
            days,
        } => {
            let parts = [(years, "year"), (months, "month"), (days, "day")];
            let parts = parts.iter().filter(|(count, _)| *count != 0);
            let parts = parts.map(|(count, unit)| match count {
                1 => format!("1 {unit}"),
                _ => format!("{count} {unit}s"),
            });
            let parts: Vec<String> = parts.collect();
            match parts.is_empty() {
                true => "today".to_owned(),
                false => format!("{} before today", parts.join(" and ")),
            }
        }
        _ => "a day that this version cannot tell".to_owned(),
    }
}
