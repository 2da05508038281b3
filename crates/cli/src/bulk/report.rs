//! The summary of a job, and its exit code.

use std::io::{self, Write as _};

use bytes::Bytes;
use dataforseo_bulk::{JobEnd, JournalError, Progress};

use super::closing::TableEnd;
use super::options::JobOptions;
use crate::exit::{CliError, Exit, of_error};
use crate::money::us_dollars;
use crate::output::note;

/// The reason why the program stopped a job.
pub(super) enum StopCause {
    /// The table could not be written.
    Output(io::Error),
    /// The input could not be read.
    Input(String),
}

/// A job that has ended.
pub(super) struct JobReport<'a> {
    pub(super) options: &'a JobOptions,
    pub(super) progress: Progress,
    pub(super) end: JobEnd,
    pub(super) cause: Option<StopCause>,
    /// Where the table is. `None` if it could not be closed.
    pub(super) table_end: Option<TableEnd>,
    /// How many lines of the input were blank.
    pub(super) blank_lines: u64,
}

impl JobReport<'_> {
    /// Writes the outcomes and the cost to stderr.
    pub(super) fn print(&self) {
        let progress = &self.progress;
        let mut counts = vec![format!("{} found", progress.found)];
        for (count, word) in [
            (progress.not_found, "not found"),
            (progress.unmatched, "unmatched"),
            (progress.invalid, "invalid"),
            (progress.failed, "failed"),
            (progress.not_sent, "not sent"),
        ] {
            if count > 0 {
                counts.push(format!("{count} {word}"));
            }
        }
        let earlier = if progress.earlier_cost > 0.0 {
            format!(", and {} before", us_dollars(progress.earlier_cost))
        } else {
            String::new()
        };
        note(format!(
            "{}: {}; {}, {}{earlier}",
            counted(progress.read, "target"),
            counts.join(", "),
            counted(progress.calls, "call"),
            us_dollars(progress.cost),
        ));
        if self.blank_lines > 0 {
            note(format!(
                "{} skipped",
                counted(self.blank_lines, "blank line")
            ));
        }
        if progress.unmatched_rows > 0 {
            note(format!(
                "{} could not be assigned to a target; the journal has the responses",
                counted(progress.unmatched_rows, "row")
            ));
        }
        if progress.uncertain > 0 {
            let advice = if self.options.journal().is_some() {
                "; --resume --retry-uncertain sends them again, which may be charged twice"
            } else {
                ""
            };
            note(format!(
                "{} failed in calls that may have been charged{advice}",
                counted(progress.uncertain, "target")
            ));
        }
        let possible = progress.possible_cost + progress.earlier_possible_cost;
        if possible > 0.0 {
            note(format!(
                "up to {} more may have been charged, for calls without a stated cost",
                us_dollars(possible)
            ));
        }
        if !matches!(self.end, JobEnd::Complete) {
            note("targets that were not read from the input are not in the table");
        }
        self.print_table_end();
    }

    /// Writes to stderr where the table is, unless it is where it should be.
    fn print_table_end(&self) {
        match &self.table_end {
            None | Some(TableEnd::Named) => {}
            Some(TableEnd::Part(part)) => {
                note(format!("the table so far is {}", part.display()));
            }
            Some(TableEnd::RowsMissing { part, other, rows }) => {
                let rows = rows.map_or_else(
                    || "may have rows".to_owned(),
                    |rows| format!("has {}", counted(rows, "row")),
                );
                let lacking = match self.end {
                    JobEnd::Complete => "the journal lacks",
                    _ => "are not in the new table so far",
                };
                note(format!(
                    "{} {rows} that {lacking}, so it stays; the new table is {}",
                    other.display(),
                    part.display()
                ));
            }
        }
    }

    /// Returns the exit code, or the error that the program ends with.
    pub(super) fn exit(self) -> Result<Exit, CliError> {
        let advice = self.options.how_to_continue();
        let stopped =
            |exit, reason: String| Err(CliError::new(exit, format!("{reason}; {advice}")));
        match (self.cause, &self.end) {
            (Some(StopCause::Output(error)), _) if error.kind() == io::ErrorKind::BrokenPipe => {
                stopped(
                    Exit::Stopped,
                    "the reader of the output closed it".to_owned(),
                )
            }
            (Some(StopCause::Output(error)), _) => stopped(
                Exit::Failed,
                format!("the output could not be written: {error}"),
            ),
            (Some(StopCause::Input(error)), _) => stopped(
                Exit::Failed,
                format!("the input could not be read: {error}"),
            ),
            (_, JobEnd::Complete)
                if matches!(self.table_end, Some(TableEnd::RowsMissing { .. })) =>
            {
                Err(CliError::unexpected(
                    "two tables have rows that the other lacks",
                ))
            }
            (_, JobEnd::Complete) if has_failures(&self.progress) => Ok(Exit::Partial),
            (_, JobEnd::Complete) => Ok(Exit::Success),
            (_, JobEnd::Stopped) => stopped(Exit::Stopped, "stopped".to_owned()),
            (
                _,
                JobEnd::Refused(error)
                | JobEnd::TooManyFailures { last: error, .. }
                | JobEnd::RateLimited { last: error, .. },
            ) => stopped(of_error(error), self.end.to_string()),
            (_, end) if never_started(end) => Err(CliError::unexpected(end)),
            (_, end) => stopped(Exit::Failed, end.to_string()),
        }
    }
}

/// Writes responses that could be saved nowhere to stderr.
pub(super) fn print_unsaved(responses: &[Bytes]) {
    for response in responses {
        note("a response that could be saved nowhere follows; it is paid for:");
        let mut err = io::stderr();
        // There is no other place left.
        let _ = err.write_all(response).and_then(|()| err.write_all(b"\n"));
    }
}

/// Returns whether targets have no outcome that is certain.
fn has_failures(progress: &Progress) -> bool {
    progress.unmatched + progress.invalid + progress.failed > 0
}

/// Returns whether a job ended before it could write a table that is worth keeping.
pub(super) fn never_started(end: &JobEnd) -> bool {
    match end {
        JobEnd::Spool(_) => true,
        JobEnd::Journal(error) => matches!(
            **error,
            JournalError::OtherInput { .. } | JournalError::InputChanged { .. }
        ),
        _ => false,
    }
}

/// Returns a number with a noun in the right form.
pub(super) fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
