//! A flag per field of a task.

mod help;
mod names;
mod task;
#[cfg(test)]
mod tests;
mod values;
mod violations;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction};
use dataforseo_client::models::FieldKind;

use crate::table::EndpointEntry;
pub(crate) use help::{summary, value_name};
pub(crate) use names::{flag, id};
pub(crate) use task::{read_tasks, set_fields, to_flags};
use values::{ElementParser, ScalarParser};
pub(crate) use violations::{describe_all, warn};

/// Returns an argument for clap per field of an endpoint's task.
pub(crate) fn arguments(endpoint: &'static EndpointEntry) -> impl Iterator<Item = Arg> {
    endpoint.fields().map(move |(argument, rule)| {
        let mut arg = Arg::new(id(argument.name))
            .long(flag(argument.name))
            .help_heading("Task")
            .value_name(value_name(argument, rule))
            .help(summary(argument.doc))
            .long_help(help::long(argument, rule));
        // The documentation writes names with underscores.
        if argument.name.contains('_') {
            arg = arg.alias(argument.name);
        }
        if rule.required {
            arg = arg.required_unless_present("task");
        }
        if let Some(kind) = names::element_kind(argument, rule) {
            return arg
                .action(ArgAction::Append)
                .allow_negative_numbers(is_number(kind))
                .value_parser(ValueParser::new(ElementParser {
                    element: ScalarParser::new(kind, rule),
                    numbered: argument.numbered,
                }));
        }
        if matches!(rule.kind, FieldKind::Boolean) {
            arg = arg.num_args(0..=1).default_missing_value("true");
        }
        arg.allow_negative_numbers(is_number(&rule.kind))
            .value_parser(ValueParser::new(ScalarParser::new(&rule.kind, rule)))
    })
}

fn is_number(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Integer | FieldKind::Float)
}
