//! The command `bulk`: reads targets from a file and writes a table with an outcome per target.

mod closing;
mod files;
mod format;
mod input;
mod options;
mod progress;
mod report;
mod signals;

use std::io;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};
use dataforseo_bulk::{Capacity, JobEnd, JobStartError, Plan, TargetOutcome};
use dataforseo_client::models::{Severity, check, today};
use serde_json::{Map, Value, json};

use crate::connection::{Connection, Credentials};
use crate::exit::{CliError, Exit};
use crate::job::{AnyJob, AnyOutcomes, TargetStream};
use crate::output::{note, print_json};
use crate::table::{BulkEntry, EndpointEntry, kebab_case};
use crate::{flags, help, lookup, money};
use closing::{TableEnd, WrittenTable};
use files::Output;
use format::{Formulas, NumberSet, TableWriter};
use input::{InputSource, InputStatus, OpenInput};
use options::JobOptions;
use progress::{ProgressDisplay, TICK};
use report::{JobReport, StopCause, counted};
use signals::Signals;

const ABOUT: &str = "Run a bulk job: a file of targets in, a table out.

Targets are packed into as few calls as the limits allow, as each call is charged. Each target has exactly one line in the table. Its outcome is `found` with the row, `not_found`, or `unmatched`, `invalid`, `failed` or `not_sent` with the reason. Lines are in the order in which calls end; `number` is the number of the target in the input.

An output file has a journal next to it. If the job is killed, is stopped (Ctrl-C finishes the calls in flight) or reaches its budget, the same command with --resume continues it. Nothing is paid for twice. The table has the name of the output when it is complete, and ends in `.part` before. `dataforseo journal` shows what a journal contains.";

/// Returns the command, with a subcommand per endpoint that returns a row per target.
pub(crate) fn command() -> Command {
    Command::new("bulk")
        .about(flags::summary(ABOUT))
        .long_about(ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand_value_name("ENDPOINT")
        .subcommand_help_heading("Endpoints")
        .defer(|command| command.subcommands(lookup::bulk_endpoints().map(endpoint_command)))
}

fn endpoint_command(endpoint: &'static EndpointEntry) -> Command {
    let targets = flags::id(
        endpoint
            .bulk
            .as_ref()
            .map_or("targets", |bulk| bulk.targets),
    );
    let fields = flags::arguments(endpoint).filter(move |arg| arg.get_id().as_str() != targets);
    let capacity = Capacity::from_rules(endpoint.info.task_rules);
    let domains = capacity
        .domains
        .map(|it| format!(" of at most {it} domains"));
    let footer = format!(
        "Limits  {} targets per call{}\nCost    {}\nDocs    {}",
        capacity.targets,
        domains.unwrap_or_default(),
        help::price(endpoint.info),
        endpoint.info.docs_url,
    );
    let command = Command::new(endpoint.info.id)
        .alias(kebab_case(endpoint.name))
        .about(flags::summary(endpoint.doc))
        .long_about(endpoint.doc)
        .after_help(footer)
        .args(fields);
    JobOptions::augment_args(command)
}

/// Runs the command.
pub(crate) async fn run(
    endpoint: &'static EndpointEntry,
    matches: &ArgMatches,
) -> Result<Exit, CliError> {
    let Some(entry) = &endpoint.bulk else {
        let reason = "this endpoint does not return a row per target, so it has no bulk jobs";
        return Err(CliError::usage(reason));
    };
    let options = JobOptions::from_arg_matches(matches).map_err(CliError::usage)?;
    let connection = Connection::from_arg_matches(matches).map_err(CliError::usage)?;
    options.check_files()?;
    // What was valid when the job began stays valid for the calls in its journal. The client checks those
    // that are sent.
    let task = if options.resumes_a_journal() {
        read_task(endpoint, matches)
    } else {
        valid_task(endpoint, matches)?
    };
    let credentials = if options.dry_run && !connection.account_rates {
        Credentials::Unused
    } else {
        Credentials::Required
    };
    let setup = connection.setup(credentials)?;
    let client = setup.build()?;
    connection.load_rates(&client).await?;
    let job = (entry.create)(client, task).map_err(CliError::usage)?;
    let job = job.with_settings(options.settings());
    let source = InputSource::new(&options.input);
    let unreadable = |error| CliError::usage(format!("{}: {error}", options.input.display()));
    let OpenInput { targets, status } = source.open().map_err(unreadable)?;
    if options.dry_run {
        return print_plan(job, targets, &status).await;
    }
    // Counting reads the whole file, so it is done only if the total is shown.
    let total = if options.quiet { None } else { source.count() };
    let outcome = start(&options, entry, job, targets, &status, total).await;
    setup.finish().await;
    outcome
}

/// Starts the job and writes its table.
async fn start(
    options: &JobOptions,
    entry: &BulkEntry,
    job: Box<dyn AnyJob>,
    targets: TargetStream,
    status: &InputStatus,
    total: Option<u64>,
) -> Result<Exit, CliError> {
    // Locked before anything is sent. The table of an earlier run stays until the job has ended, as the
    // journal may belong to another job.
    let mut output = Output::open(options.output_file())?;
    let signals = Signals::listen().map_err(CliError::unexpected)?;
    let outcomes = match job.run(targets).await {
        Ok(outcomes) => outcomes,
        Err(error) => {
            let _ = output.discard();
            return Err(start_error(error));
        }
    };
    if options.journal().is_none() {
        note("warning: there is no journal; if this job stops, it cannot be resumed");
    }
    let formulas = if options.escape_formulas {
        Formulas::Escape
    } else {
        Formulas::Keep
    };
    let table = output
        .begin(options.earlier_table())
        .and_then(|()| output.writer())
        .and_then(|writer| format::open(options.format(), formulas, entry.columns, writer));
    let display = if options.quiet {
        ProgressDisplay::hidden()
    } else {
        ProgressDisplay::new(total)
    };
    let job = JobRun {
        options,
        status,
        outcomes,
        output,
        display,
        found: NumberSet::default(),
    };
    job.finish(table, signals).await
}

/// Returns the task that all calls share, with an example target.
fn read_task(endpoint: &'static EndpointEntry, matches: &ArgMatches) -> Value {
    let mut task = Map::new();
    flags::set_fields(endpoint, matches, &mut task);
    let targets = endpoint
        .bulk
        .as_ref()
        .map_or("targets", |bulk| bulk.targets);
    task.insert(targets.to_owned(), json!(["example.com"]));
    Value::Object(task)
}

/// Returns the task, if it can be sent today.
fn valid_task(endpoint: &'static EndpointEntry, matches: &ArgMatches) -> Result<Value, CliError> {
    let task = read_task(endpoint, matches);
    let mut violations = check(endpoint.info.task_rules, &task, today());
    flags::warn(endpoint, &violations);
    violations.retain(|violation| violation.severity() == Severity::Error);
    if violations.is_empty() {
        Ok(task)
    } else {
        Err(CliError::usage(flags::describe_all(endpoint, &violations)))
    }
}

fn start_error(error: JobStartError) -> CliError {
    match error {
        JobStartError::Journal(_) | JobStartError::Spool(_) => CliError::unexpected(error),
        _ => CliError::usage(error),
    }
}

/// Prints the number of calls and their estimated cost.
async fn print_plan(
    job: Box<dyn AnyJob>,
    targets: TargetStream,
    status: &InputStatus,
) -> Result<Exit, CliError> {
    let capacity = job.capacity();
    let plan = tokio::select! {
        plan = job.plan(targets) => plan.map_err(start_error)?,
        () = status.failed.notified() => {
            let reason = status.error().unwrap_or_default();
            return Err(CliError::unexpected(format!("the input could not be read: {reason}")));
        }
    };
    print_json(&json!({
        "targets": plan.targets,
        "invalid": plan.invalid,
        "distinct": plan.distinct,
        "calls": plan.calls,
        "targets_per_call": capacity.targets,
        "estimate_us_dollars": estimate(&plan),
    }))?;
    note(match estimate(&plan) {
        Some(estimate) => format!(
            "nothing was sent; {}, estimated at {} at most",
            counted(plan.calls, "call"),
            money::us_dollars(estimate)
        ),
        None => format!(
            "nothing was sent; {}, whose price is unknown to this program",
            counted(plan.calls, "call")
        ),
    });
    Ok(Exit::Success)
}

/// Returns the maximum cost of a job in US dollars. `None` if its price is unknown.
fn estimate(plan: &Plan) -> Option<f64> {
    let estimate = plan.estimate;
    estimate.is_complete.then(|| estimate.us_dollars())
}

/// A running job with its table.
struct JobRun<'a> {
    options: &'a JobOptions,
    status: &'a InputStatus,
    outcomes: Box<dyn AnyOutcomes>,
    output: Output,
    display: ProgressDisplay,
    /// The targets that have a row in the table.
    found: NumberSet,
}

impl JobRun<'_> {
    /// Writes all outcomes and reports how the job ended.
    async fn finish(
        mut self,
        table: io::Result<Box<dyn TableWriter>>,
        signals: Signals,
    ) -> Result<Exit, CliError> {
        let handle = self.outcomes.handle();
        let mut cause = None;
        let table = table.map_err(|error| self.stop(&mut cause, StopCause::Output(error)));
        let signals = signals.stop_job(handle.clone(), self.display.notifier());
        let table = self.write_all(table.ok(), &mut cause).await;
        signals.abort();
        self.display.clear();
        let end = self.outcomes.job_end().unwrap_or(JobEnd::Aborted);
        let table_end = match self.close(table, &end) {
            Ok(end) => Some(end),
            Err(error) => {
                if !matches!(cause, Some(StopCause::Output(_))) {
                    cause = Some(StopCause::Output(error));
                }
                None
            }
        };
        report::print_unsaved(&self.outcomes.unsaved());
        let report = JobReport {
            options: self.options,
            progress: handle.progress(),
            end,
            cause,
            table_end,
            blank_lines: self.status.blank_lines(),
        };
        report.print();
        report.exit()
    }

    /// Writes the outcomes to the table until the job has ended. Returns the table, unless writing to it
    /// failed.
    async fn write_all(
        &mut self,
        mut table: Option<Box<dyn TableWriter>>,
        cause: &mut Option<StopCause>,
    ) -> Option<Box<dyn TableWriter>> {
        let handle = self.outcomes.handle();
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                batch = self.outcomes.next_batch() => {
                    let Some(batch) = batch else {
                        return table;
                    };
                    table = self.write(table, &batch, cause);
                }
                _ = tick.tick() => self.display.update(&handle.progress()),
                () = self.status.failed.notified() => {
                    let reason = self.status.error().unwrap_or_default();
                    if cause.is_none() {
                        self.stop(cause, StopCause::Input(reason));
                    }
                }
            }
        }
    }

    /// Writes outcomes to the table. Returns it, unless writing failed. Rows that the table cannot take
    /// are in the journal, or go to stderr if there is none.
    fn write(
        &mut self,
        table: Option<Box<dyn TableWriter>>,
        batch: &[TargetOutcome<Value>],
        cause: &mut Option<StopCause>,
    ) -> Option<Box<dyn TableWriter>> {
        let mut table = table;
        let failed = match &mut table {
            Some(writer) => writer.write(batch).err(),
            None => None,
        };
        if let Some(error) = failed {
            table = None;
            self.stop(cause, StopCause::Output(error));
        }
        if table.is_none() && self.options.journal().is_none() {
            format::write_to_stderr(batch);
        }
        let found = batch.iter().filter(|target| target.outcome.row().is_some());
        found.for_each(|target| self.found.insert(format::number(target)));
        table
    }

    fn stop(&self, cause: &mut Option<StopCause>, reason: StopCause) {
        self.outcomes.handle().stop();
        *cause = Some(reason);
    }

    /// Finishes the table, and names, keeps or removes its file.
    fn close(&self, table: Option<Box<dyn TableWriter>>, end: &JobEnd) -> io::Result<TableEnd> {
        let is_whole = table.is_some();
        if let Some(table) = table {
            table.finish()?;
        }
        let written = WrittenTable {
            output: &self.output,
            format: self.options.format(),
            found: &self.found,
            earlier: self.options.earlier_table(),
        };
        // A table that could not be written is not whole, however the job ended.
        written.close(if is_whole { end } else { &JobEnd::Stopped })
    }
}
