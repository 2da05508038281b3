//! The commands of the endpoints: what clap is told of them, and what is done when one is given.

use std::io::Read as _;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches as _};
use dataforseo_client::models::{
    Mode, Severity, StatusClass, StatusCode, TaskId, Violation, api, check, today,
};
use dataforseo_client::{Error, ErrorKind, UntypedRequest, UntypedResponse, UntypedTask};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::connection::{Connection, Credentials};
use crate::exit::{Exit, Failure, charge, of_error};
use crate::flags;
use crate::generated::SECTIONS;
use crate::help;
use crate::output::{print, print_json, tell, to_the_millionth, us_dollars};
use crate::table::{Endpoint, Section, kebab};

// The options of every call. No doc comment: clap would take it for the command's.
#[derive(Debug, Args)]
#[command(next_help_heading = "Call")]
struct Options {
    /// Refuse the call if it is estimated at more US dollars than this.
    #[arg(long, value_name = "USD", value_parser = amount)]
    max_spend: Option<f64>,
    /// Print the request and what it is estimated at. Send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the body of the answer as it arrived, whatever it says.
    #[arg(long)]
    raw: bool,
}

/// The command of a section. Those of its endpoints are made when it is given: with all of v3 they
/// are hundreds, and thousands of flags.
pub(crate) fn section(section: &'static Section) -> Command {
    Command::new(kebab(section.name))
        .about(help::summary(section.doc))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .defer(|command| {
            let named = |section: &&&Section| kebab(section.name) == command.get_name();
            let endpoints = SECTIONS
                .iter()
                .find(named)
                .map_or(&[][..], |it| it.endpoints);
            command.subcommands(endpoints.iter().map(endpoint))
        })
}

fn endpoint(endpoint: &'static Endpoint) -> Command {
    let mut command = Command::new(kebab(endpoint.name))
        .about(help::summary(endpoint.doc))
        .long_about(endpoint.doc)
        .override_usage(help::usage(endpoint))
        .after_help(help::below(endpoint))
        .args(flags::arguments(endpoint));
    for parameter in endpoint.parameters {
        let arg = Arg::new(parameter.name)
            .required(true)
            .value_name(parameter.name.to_uppercase())
            .help(help::summary(parameter.doc))
            .long_help(parameter.doc);
        command = command.arg(arg);
    }
    if !endpoint.fields.is_empty() {
        let several = endpoint.info.tasks_per_call.is_some_and(|most| most > 1);
        let help = match several {
            true => {
                "The task, or a list of tasks, as JSON; @FILE with it, or - for stdin. Flags go before its fields, in every task."
            }
            false => "The task as JSON; @FILE with it, or - for stdin. Flags go before its fields.",
        };
        let task = Arg::new("task").long("task").value_name("JSON");
        command = command.arg(task.help(help).help_heading("Task"));
    }
    Options::augment_args(command)
}

/// Makes a call.
pub(crate) async fn run(
    endpoint: &'static Endpoint,
    matches: &ArgMatches,
) -> Result<Exit, Failure> {
    let options = Options::from_arg_matches(matches).map_err(Failure::usage)?;
    let connection = Connection::from_arg_matches(matches).map_err(Failure::usage)?;
    let tasks = tasks(endpoint, matches)?;
    let credentials = match options.dry_run {
        true => Credentials::Unused,
        false => Credentials::Needed,
    };
    let mut opened = connection.open(credentials)?;
    if let Some(max) = options.max_spend {
        opened.builder = opened.builder.budget(max);
    }
    let client = opened.client()?;
    let parameters = endpoint.parameters.iter();
    let parameters: Vec<&str> = parameters
        .filter_map(|it| matches.get_one::<String>(it.name))
        .map(String::as_str)
        .collect();
    let call = client
        .prepare(endpoint.info, &parameters, &tasks)
        .map_err(|error| refused(endpoint, &error))?;
    warn(endpoint, &tasks);
    if options.max_spend.is_some() && estimate(endpoint, &call).is_none() {
        tell("warning: the price of this call is not known here: --max-spend cannot refuse it");
    }
    if options.dry_run {
        return dry_run(endpoint, &opened.base_url, &call, &tasks);
    }
    match client.send(&call).await {
        Ok(answer) => answered(endpoint, &options, &tasks, &answer),
        Err(error) => {
            if let Some(response) = error.raw_response().filter(|_| options.raw) {
                print(response.body())?;
            }
            Err(refused(endpoint, &error))
        }
    }
}

/// The tasks of the command line: those of `--task`, with the flags put into each.
pub(crate) fn tasks(
    endpoint: &'static Endpoint,
    matches: &ArgMatches,
) -> Result<Vec<Value>, Failure> {
    if endpoint.fields.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |reason: &str| Failure::usage(format!("--task: {reason}"));
    let given = match matches.get_one::<String>("task").map(String::as_str) {
        None => Value::Object(Map::new()),
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| wrong(&format!("stdin: {error}")))?;
            flags::json(&text).map_err(|error| wrong(&error))?
        }
        Some(text) => flags::contents(text)
            .and_then(|text| flags::json(&text))
            .map_err(|error| wrong(&error))?,
    };
    let mut tasks = match given {
        Value::Array(tasks) => tasks,
        task => vec![task],
    };
    for task in &mut tasks {
        match task {
            Value::Object(task) => flags::fill(endpoint, matches, task),
            _ => return Err(wrong("expected a task, an object, or a list of them")),
        }
    }
    Ok(tasks)
}

/// Says what the documentation advises against. The API may take it.
fn warn(endpoint: &'static Endpoint, tasks: &[Value]) {
    for task in tasks {
        warn_of(endpoint, &check(endpoint.info.task_rules, task, today()));
    }
}

/// Says of violations what the API may take all the same.
pub(crate) fn warn_of(endpoint: &'static Endpoint, violations: &[Violation]) {
    for violation in violations {
        if violation.severity() == Severity::Warning {
            let text = flags::violation(endpoint, violation);
            tell(format!("warning: {text}"));
        }
    }
}

/// What a call costs at most; `None` where its price is not known.
fn estimate(endpoint: &Endpoint, call: &UntypedRequest) -> Option<f64> {
    let known = api::PRICES
        .iter()
        .any(|it| it.section == endpoint.section());
    (known || !endpoint.info.charged).then(|| to_the_millionth(call.estimate()))
}

fn dry_run(
    endpoint: &Endpoint,
    base_url: &str,
    call: &UntypedRequest,
    tasks: &[Value],
) -> Result<Exit, Failure> {
    let estimate = estimate(endpoint, call);
    let url = format!("{}{}", base_url.trim_end_matches('/'), call.path());
    let mut request = json!({ "method": endpoint.info.method.as_str(), "url": url });
    if call.body().is_some() {
        request["body"] = tasks.into();
    }
    request["estimate_us_dollars"] = estimate.into();
    print_json(&request)?;
    tell(match estimate {
        Some(estimate) => format!(
            "nothing was sent; estimated at {} at most",
            us_dollars(estimate)
        ),
        None => "nothing was sent; its price is not known here".to_owned(),
    });
    Ok(Exit::Done)
}

/// One of several tasks, as it is printed.
#[derive(Serialize)]
struct Outcome<'a> {
    id: Option<&'a TaskId>,
    status_code: StatusCode,
    status_message: &'a str,
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
}

fn answered(
    endpoint: &'static Endpoint,
    options: &Options,
    tasks: &[Value],
    answer: &UntypedResponse,
) -> Result<Exit, Failure> {
    let told = &answer.tasks;
    let (exit, mut note) = match told.as_slice() {
        [task] if is_pending(task) && endpoint.info.mode != Mode::TaskPost => {
            let note = format!(
                "the task is not done yet ({}): ask again later",
                task.status_code
            );
            (Exit::Pending, note)
        }
        [task] => (Exit::Done, named(task)),
        _ => {
            let failed = told.iter().filter(|task| !task.status_code.is_ok()).count();
            match failed == 0 && told.len() == tasks.len() {
                true => (Exit::Done, format!("{} tasks", told.len())),
                false => (
                    Exit::Refused,
                    format!(
                        "{failed} of {} tasks failed, {} are told of",
                        tasks.len(),
                        told.len()
                    ),
                ),
            }
        }
    };
    note += &match answer.cost() {
        Some(cost) => format!("; cost: {}", us_dollars(cost)),
        None => "; cost: not told".to_owned(),
    };
    if options.raw {
        print(answer.raw_response().body())?;
    } else if endpoint.info.mode == Mode::TaskPost || told.len() > 1 {
        let outcomes: Vec<Outcome<'_>> = told.iter().map(outcome).collect();
        print_json(&outcomes)?;
    } else if let [task] = told.as_slice()
        && exit == Exit::Done
    {
        note += &more(endpoint, tasks, task);
        match &task.result {
            Some(results) => print_json(results)?,
            None => print_json(&json!([]))?,
        }
    }
    note += &drift(endpoint, told);
    tell(note);
    Ok(exit)
}

fn is_pending(task: &UntypedTask) -> bool {
    task.status_code.class() == StatusClass::Pending
}

fn named(task: &UntypedTask) -> String {
    match (&task.id, task.status_code.class()) {
        (Some(id), StatusClass::Empty) => format!("task {id}: nothing was found"),
        (Some(id), _) => format!("task {id}"),
        (None, _) => "done".to_owned(),
    }
}

fn outcome(task: &UntypedTask) -> Outcome<'_> {
    Outcome {
        id: task.id.as_ref(),
        status_code: task.status_code,
        status_message: &task.message,
        cost: task.cost,
        result: task.result.as_deref(),
    }
}

/// What a result says of a list that it is a page of.
#[derive(Deserialize)]
struct Counts {
    total_count: Option<u64>,
    items_count: Option<u64>,
}

/// Whether a list goes on behind what came.
fn more(endpoint: &Endpoint, tasks: &[Value], task: &UntypedTask) -> String {
    let results = task.result.as_ref().map_or("[]", |it| it.get());
    let counts = serde_json::from_str::<Vec<Option<Counts>>>(results).unwrap_or_default();
    let Some(Some(Counts {
        total_count: Some(total),
        items_count: Some(came),
    })) = counts.into_iter().next()
    else {
        return String::new();
    };
    if !endpoint.fields.iter().any(|it| it.name == "offset") {
        return String::new();
    }

    let offset = tasks.first().and_then(|task| task["offset"].as_u64());
    let next = offset.unwrap_or(0).saturating_add(came);
    match came > 0 && next < total {
        true => format!("; this is one page of {total} rows, --offset {next} has the next"),
        false => String::new(),
    }
}

/// What is to be said of values of another kind than documented.
fn drift(endpoint: &Endpoint, tasks: &[UntypedTask]) -> String {
    let results = tasks.iter().filter_map(|task| task.result.as_ref());
    let found: Vec<_> = results.flat_map(|it| (endpoint.drift)(it.get())).collect();
    match found.as_slice() {
        [] => String::new(),
        [one] => format!("; {one}"),
        [first, rest @ ..] => format!("; {first}; and {} more such values", rest.len()),
    }
}

/// A call that failed, in the words of the command line.
fn refused(endpoint: &'static Endpoint, error: &Error) -> Failure {
    let exit = of_error(error);
    let reason = match error.kind() {
        ErrorKind::InvalidTask(violations) => flags::broken(endpoint, violations.violations()),
        _ => {
            let hint = match error.kind() {
                ErrorKind::Transport(_) | ErrorKind::Http(_) | ErrorKind::Body(_) => true,
                _ => error
                    .status_code()
                    .is_some_and(|code| code.class() == StatusClass::Auth),
            };
            let hint = if hint {
                "; `dataforseo doctor` looks for the cause"
            } else {
                ""
            };
            format!("{}{}{hint}", error.display_chain(), charge(error))
        }
    };
    Failure::new(exit, reason)
}

pub(crate) fn amount(text: &str) -> Result<f64, String> {
    let amount = text.parse::<f64>().ok();
    let amount = amount.filter(|amount| amount.is_finite() && *amount >= 0.0);
    amount.ok_or_else(|| "expected an amount of US dollars, such as 0.5".to_owned())
}
