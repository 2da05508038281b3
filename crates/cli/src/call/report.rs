//! Prints the response to a call: results on stdout, a summary on stderr.

use dataforseo_client::models::{Mode, StatusClass, StatusCode, TaskId};
use dataforseo_client::{UntypedResponse, UntypedTask};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::exit::{CliError, Exit};
use crate::money::us_dollars;
use crate::output::{note, print, print_json};
use crate::table::EndpointEntry;

/// What is printed of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportContent {
    /// The results.
    Results,
    /// The whole body as it arrived.
    Raw,
}

/// A task of a response, as it is printed.
#[derive(Serialize)]
struct TaskOutput<'a> {
    id: Option<&'a TaskId>,
    status_code: StatusCode,
    status_message: &'a str,
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
}

impl<'a> From<&'a UntypedTask> for TaskOutput<'a> {
    fn from(task: &'a UntypedTask) -> Self {
        Self {
            id: task.id.as_ref(),
            status_code: task.status_code,
            status_message: &task.message,
            cost: task.cost,
            result: task.result.as_deref(),
        }
    }
}

/// The end of a call with the first part of its summary.
struct Summary {
    exit: Exit,
    text: String,
}

/// Prints a response.
pub(super) fn report(
    endpoint: &'static EndpointEntry,
    sent: &[Value],
    response: &UntypedResponse,
    body: ReportContent,
) -> Result<Exit, CliError> {
    let tasks = &response.tasks;
    let Summary { exit, mut text } = summarize(endpoint, sent.len(), tasks);
    text += &match response.cost() {
        Some(cost) => format!("; cost: {}", us_dollars(cost)),
        None => "; cost: not reported".to_owned(),
    };
    if body == ReportContent::Raw {
        print(response.raw_response().body())?;
    } else if endpoint.info.mode == Mode::TaskPost || tasks.len() > 1 {
        let tasks: Vec<TaskOutput<'_>> = tasks.iter().map(TaskOutput::from).collect();
        print_json(&tasks)?;
    } else if let [task] = tasks.as_slice()
        && exit == Exit::Success
    {
        text += &next_page(endpoint, sent, task);
        match &task.result {
            Some(results) => print_json(results)?,
            None => print_json(&json!([]))?,
        }
    }
    text += &drift(endpoint, tasks);
    note(text);
    Ok(exit)
}

fn summarize(endpoint: &EndpointEntry, sent: usize, tasks: &[UntypedTask]) -> Summary {
    match tasks {
        [task] if is_pending(task) && endpoint.info.mode != Mode::TaskPost => Summary {
            exit: Exit::Pending,
            text: format!(
                "the task is still in progress ({}); try again later",
                task.status_code
            ),
        },
        [task] => Summary {
            exit: Exit::Success,
            text: describe(task),
        },
        _ => {
            let failed = tasks
                .iter()
                .filter(|task| !task.status_code.is_ok())
                .count();
            if failed == 0 && tasks.len() == sent {
                return Summary {
                    exit: Exit::Success,
                    text: format!("{sent} tasks"),
                };
            }
            Summary {
                exit: Exit::Refused,
                text: format!(
                    "{failed} of {sent} tasks failed; the response contains {} tasks",
                    tasks.len()
                ),
            }
        }
    }
}

fn is_pending(task: &UntypedTask) -> bool {
    task.status_code.class() == StatusClass::Pending
}

fn describe(task: &UntypedTask) -> String {
    match (&task.id, task.status_code.class()) {
        (Some(id), StatusClass::Empty) => format!("task {id}: no results"),
        (Some(id), _) => format!("task {id}"),
        (None, _) => "done".to_owned(),
    }
}

/// The counts of a result that is a page of a list.
#[derive(Deserialize)]
struct Counts {
    total_count: Option<u64>,
    items_count: Option<u64>,
}

/// Returns a note if the list continues after this page.
fn next_page(endpoint: &EndpointEntry, sent: &[Value], task: &UntypedTask) -> String {
    let results = task.result.as_ref().map_or("[]", |it| it.get());
    let counts = serde_json::from_str::<Vec<Option<Counts>>>(results).unwrap_or_default();
    let Some(Some(Counts {
        total_count: Some(total),
        items_count: Some(received),
    })) = counts.into_iter().next()
    else {
        return String::new();
    };
    if !endpoint.fields.iter().any(|it| it.name == "offset") {
        return String::new();
    }
    let offset = sent.first().and_then(|task| task["offset"].as_u64());
    let next = offset.unwrap_or(0).saturating_add(received);
    if received > 0 && next < total {
        format!("; one page of {total} rows, use --offset {next} for the next")
    } else {
        String::new()
    }
}

/// Returns a note about values of another kind than documented.
fn drift(endpoint: &EndpointEntry, tasks: &[UntypedTask]) -> String {
    let results = tasks.iter().filter_map(|task| task.result.as_ref());
    let found: Vec<_> = results.flat_map(|it| (endpoint.drift)(it.get())).collect();
    match found.as_slice() {
        [] => String::new(),
        [one] => format!("; {one}"),
        [first, rest @ ..] => format!("; {first}; and {} more such values", rest.len()),
    }
}
