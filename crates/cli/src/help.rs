//! The help of the program and of an endpoint.

use dataforseo_client::models::{EndpointInfo, Method, Mode, api};
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::flags::{flag, to_flags, value_name};
use crate::table::EndpointEntry;

/// The maximum width of the help in columns.
pub(crate) const WIDTH: usize = 100;

pub(crate) const ABOUT: &str = "The DataForSEO v3 API on the command line.

Every endpoint is a command, by section: `dataforseo backlinks summary-live --target example.com`. Results are written to stdout as JSON, everything else to stderr. A task that breaks a documented limit is refused before it is sent.

The credentials are read from the environment variables DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD. Find them at https://app.dataforseo.com/api-access. Without credentials, try `--mock`. If a call fails, `dataforseo doctor` finds the cause.";

/// Returns the end of the program's help: the limits and the exit codes.
pub(crate) fn program_footer() -> String {
    let codes = Exit::ALL.map(|(exit, meaning)| format!("  {:<2}  {meaning}", exit as u8));
    format!(
        "Limits per account: {} calls per minute, {} at the same time, for all endpoints together.\n\n\
         Exit codes:\n{}",
        api::CALLS_PER_MINUTE,
        api::SIMULTANEOUS_CALLS,
        codes.join("\n")
    )
}

/// Returns the end of an endpoint's help: facts about the call and an example.
pub(crate) fn endpoint_footer(endpoint: &'static EndpointEntry) -> String {
    let info = endpoint.info;
    let rows = [
        ("Call", format!("{} {}", info.method.as_str(), info.path)),
        ("Result", result(info).to_owned()),
        ("Cost", price(info)),
        ("Limits", limits(info)),
        ("Docs", info.docs_url.to_owned()),
    ];
    let rows = rows.iter().map(|(name, text)| format!("{name:8}{text}"));
    let rows = rows.collect::<Vec<_>>().join("\n");
    match example(endpoint) {
        Some(example) => format!("{rows}\n\nExample:\n{example}"),
        None => rows,
    }
}

fn result(info: &EndpointInfo) -> &'static str {
    match info.mode {
        Mode::TaskPost => "available later; the response has the identifiers of the tasks",
        Mode::TasksReady => "the tasks whose results can be fetched",
        Mode::TasksFixed => "the tasks whose results were corrected",
        Mode::TaskGet => "the result of a task that was posted before",
        _ => "in the response",
    }
}

/// Returns the price of a call, if it is known.
pub(crate) fn price(info: &EndpointInfo) -> String {
    if !info.charged {
        return "free".to_owned();
    }
    let Some(price) = info.price else {
        return "unknown to this program; the response contains it".to_owned();
    };
    let mut parts = Vec::new();
    if !price.per_task.is_zero() {
        parts.push(format!("{} USD per task", price.per_task));
    }
    if price.per_task_high != price.per_task {
        parts.push(format!("{} USD with --priority 2", price.per_task_high));
    }
    if !price.per_row.is_zero() {
        parts.push(format!("{} USD per row", price.per_row));
    }
    let plus = if info.cost_rules.plus.is_some() {
        ", plus costs that are known afterwards"
    } else if info.cost_rules.fields.is_empty() {
        ""
    } else {
        "; some flags raise it"
    };
    format!("{} on {}{plus}", parts.join(" and "), api::PRICES_SINCE)
}

/// Returns the limits of an endpoint's calls, in addition to those of the account.
pub(crate) fn limits(info: &EndpointInfo) -> String {
    let tasks = info.tasks_per_call.map(|tasks| match tasks {
        1 => "1 task per call".to_owned(),
        tasks => format!("{tasks} tasks per call"),
    });
    let calls = info.calls_per_minute;
    let calls = calls.map(|calls| format!("{calls} calls per minute"));
    let all: Vec<String> = tasks.into_iter().chain(calls).collect();
    if all.is_empty() {
        "those of the account".to_owned()
    } else {
        all.join(", ")
    }
}

/// Returns a short command that works.
fn example(endpoint: &'static EndpointEntry) -> Option<String> {
    let arguments = match endpoint.example {
        Some(example) => {
            let example: Map<String, Value> = serde_json::from_str(example).ok()?;
            to_flags(endpoint, &example)
        }
        None if endpoint.info.method == Method::Get => {
            let names = endpoint.parameters.iter();
            names.map(|it| it.name.to_uppercase()).collect()
        }
        None => return None,
    };
    let mut parts = vec![format!("  dataforseo {}", endpoint.command())];
    for argument in &arguments {
        match parts.last_mut() {
            Some(last) if !argument.starts_with("--") => *last += &format!(" {}", quote(argument)),
            _ => parts.push(quote(argument)),
        }
    }
    let line = parts.join(" ");
    Some(if line.chars().count() <= WIDTH {
        line
    } else {
        // Breaks the line itself, so that it can be copied.
        parts.join(" \\\n    ")
    })
}

/// Quotes an argument for a shell.
fn quote(argument: &str) -> String {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,=@+%".contains(&byte);
    if !argument.is_empty() && argument.bytes().all(is_safe) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

/// Returns the usage of an endpoint's command. That of clap omits flags that `--task` can replace.
pub(crate) fn usage(endpoint: &'static EndpointEntry) -> String {
    let command = format!("dataforseo {}", endpoint.command());
    let required = endpoint.fields().filter(|(_, rule)| rule.required);
    let required = required.map(|(argument, rule)| {
        let name = value_name(argument, rule);
        format!(" --{} <{name}>", flag(argument.name))
    });
    let parameters = endpoint.parameters.iter();
    let parameters = parameters.map(|it| format!(" <{}>", it.name.to_uppercase()));
    let needed: String = required.chain(parameters).collect();
    let usage = format!("{command}{needed} [OPTIONS]");
    if endpoint.fields.is_empty() {
        usage
    } else {
        format!("{usage}\n       {command} --task <JSON> [OPTIONS]")
    }
}
