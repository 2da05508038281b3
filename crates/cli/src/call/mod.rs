//! The commands of the endpoints: their arguments, and the call.

mod report;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches as _};
use dataforseo_client::models::{StatusClass, check, today};
use dataforseo_client::{Error, ErrorKind, UntypedRequest};
use serde_json::{Value, json};

use crate::connection::{Connection, Credentials};
use crate::exit::{CliError, Exit, TRUST_HINT, charge_note, of_error};
use crate::output::{note, print, print_json};
use crate::table::{EndpointEntry, GroupEntry, SectionEntry, kebab_case};
use crate::{flags, help, lookup, money};

// No doc comment: clap would use it as the description of the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Call")]
struct CallOptions {
    /// Refuse the call if its estimated cost exceeds this amount in US dollars.
    #[arg(long, value_name = "USD", value_parser = money::parse)]
    budget: Option<f64>,
    /// Print the request and its estimated cost. Send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the body of the response as it arrived, even if it reports an error.
    #[arg(long)]
    raw: bool,
}

/// Returns the command of a section.
pub(crate) fn section_command(section: &'static SectionEntry) -> Command {
    folder_command(section.name, section.doc)
        // Deferred until the section is used: the whole API has hundreds of endpoints and thousands of
        // flags.
        .defer(|command| {
            let Some(section) = lookup::find_section(command.get_name()) else {
                return command;
            };
            let groups = section.groups.iter().map(|group| group_command(group));
            command
                .subcommands(groups)
                .subcommands(section.endpoints.iter().map(endpoint_command))
        })
}

fn group_command(group: &'static GroupEntry) -> Command {
    folder_command(group.name, group.doc).subcommands(group.endpoints.iter().map(endpoint_command))
}

/// Returns a command that has only commands.
fn folder_command(name: &str, doc: &'static str) -> Command {
    Command::new(kebab_case(name))
        .about(flags::summary(doc))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
}

fn endpoint_command(endpoint: &'static EndpointEntry) -> Command {
    let mut command = Command::new(kebab_case(endpoint.name))
        .about(flags::summary(endpoint.doc))
        .long_about(endpoint.doc)
        .override_usage(help::usage(endpoint))
        .after_help(help::endpoint_footer(endpoint))
        .args(flags::arguments(endpoint));
    for parameter in endpoint.parameters {
        let arg = Arg::new(parameter.name)
            .required(true)
            .value_name(parameter.name.to_uppercase())
            .help(flags::summary(parameter.doc))
            .long_help(parameter.doc);
        command = command.arg(arg);
    }
    if !endpoint.fields.is_empty() {
        let help = if endpoint.info.tasks_per_call.is_some_and(|max| max > 1) {
            "The task, or a list of tasks, as JSON; @FILE to read a file, - to read stdin. Flags override \
             its fields, in every task."
        } else {
            "The task as JSON; @FILE to read a file, - to read stdin. Flags override its fields."
        };
        let task = Arg::new("task").long("task").value_name("JSON");
        command = command.arg(task.help(help).help_heading("Task"));
    }
    CallOptions::augment_args(command)
}

/// Runs the command of an endpoint.
pub(crate) async fn run(
    endpoint: &'static EndpointEntry,
    matches: &ArgMatches,
) -> Result<Exit, CliError> {
    let options = CallOptions::from_arg_matches(matches).map_err(CliError::usage)?;
    let connection = Connection::from_arg_matches(matches).map_err(CliError::usage)?;
    let tasks = flags::read_tasks(endpoint, matches)?;
    let credentials = if options.dry_run && !connection.account_rates {
        Credentials::Unused
    } else {
        Credentials::Required
    };
    let mut setup = connection.setup(credentials)?;
    if let Some(budget) = options.budget {
        setup.builder = setup.builder.budget(budget);
    }
    let client = setup.build()?;
    connection.load_rates(&client).await?;
    let parameters = endpoint.parameters.iter();
    let parameters: Vec<&str> = parameters
        .filter_map(|it| matches.get_one::<String>(it.name))
        .map(String::as_str)
        .collect();
    let call = client
        .prepare(endpoint.info, &parameters, &tasks)
        .map_err(|error| to_cli_error(endpoint, &error))?;
    for task in &tasks {
        let violations = check(endpoint.info.task_rules, task, today());
        flags::warn(endpoint, &violations);
    }
    if options.budget.is_some() && estimate(&call).is_none() {
        note(
            "warning: the price of this call is unknown to this program, so --budget has no effect",
        );
    }
    if options.dry_run {
        return dry_run(endpoint, &setup.base_url, &call, &tasks);
    }
    let outcome = client.send(&call).await;
    setup.finish().await;
    match outcome {
        Ok(response) => {
            let body = if options.raw {
                report::ReportContent::Raw
            } else {
                report::ReportContent::Results
            };
            report::report(endpoint, &tasks, &response, body)
        }
        Err(error) => {
            if let Some(response) = error.raw_response().filter(|_| options.raw) {
                print(response.body())?;
            }
            Err(to_cli_error(endpoint, &error))
        }
    }
}

/// Estimates the maximum cost of a call in US dollars. `None` if its price is unknown.
fn estimate(call: &UntypedRequest) -> Option<f64> {
    let estimate = call.estimate();
    estimate.is_complete.then(|| estimate.us_dollars())
}

fn dry_run(
    endpoint: &EndpointEntry,
    base_url: &str,
    call: &UntypedRequest,
    tasks: &[Value],
) -> Result<Exit, CliError> {
    let estimate = estimate(call);
    let url = format!("{}{}", base_url.trim_end_matches('/'), call.path());
    let mut request = json!({ "method": endpoint.info.method.as_str(), "url": url });
    if call.body().is_some() {
        request["body"] = tasks.into();
    }
    request["estimate_us_dollars"] = estimate.into();
    print_json(&request)?;
    note(match estimate {
        Some(estimate) => format!(
            "nothing was sent; estimated at {} at most",
            money::us_dollars(estimate)
        ),
        None => "nothing was sent; the price is unknown to this program".to_owned(),
    });
    Ok(Exit::Success)
}

/// Describes the error of a call, with flags instead of fields and with a hint.
fn to_cli_error(endpoint: &'static EndpointEntry, error: &Error) -> CliError {
    let message = match error.kind() {
        ErrorKind::InvalidTask(violations) => {
            flags::describe_all(endpoint, violations.violations())
        }
        kind => {
            let doctor_helps = match kind {
                ErrorKind::Transport(_) | ErrorKind::Http(_) | ErrorKind::Body(_) => true,
                _ => error
                    .status_code()
                    .is_some_and(|code| code.class() == StatusClass::Auth),
            };
            let hint = if error.is_untrusted_server() {
                TRUST_HINT
            } else if doctor_helps {
                "; `dataforseo doctor` finds the cause"
            } else {
                ""
            };
            format!("{}{}{hint}", error.display_chain(), charge_note(error))
        }
    };
    CliError::new(of_error(error), message)
}
