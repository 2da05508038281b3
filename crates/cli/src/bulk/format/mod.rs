//! The output table of a bulk job.

mod csv;
mod jsonl;
mod parquet;
mod read;

use std::io::{self, Write};

use clap::ValueEnum;
use dataforseo_bulk::{Outcome, TargetOutcome};
use dataforseo_client::Charge;
use serde_json::Value;

use crate::table::{Cell, Column};

pub(super) use read::{NumberSet, found_numbers, is_torn};

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TableFormat {
    /// A line per target; objects and lists as JSON
    Csv,
    /// An object per target, with the whole row
    Jsonl,
    /// Typed columns, compressed; readable when the job has ended
    Parquet,
}

/// The columns of every table, in front of those of the row.
const COMMON_COLUMNS: [Column; 4] = [
    Column::new("number", Cell::Integer),
    Column::new("target", Cell::Text),
    Column::new("outcome", Cell::Text),
    Column::new("reason", Cell::Text),
];

/// Writes outcomes in a format.
pub(super) trait TableWriter: Send {
    /// Writes outcomes.
    fn write(&mut self, outcomes: &[TargetOutcome<Value>]) -> io::Result<()>;

    /// Writes buffered outcomes and the end of the file.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// What is done with text that spreadsheets would take for a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Formulas {
    Keep,
    /// It gets an apostrophe in front.
    Escape,
}

/// Writes outcomes to stderr, as the last place that is left for their rows.
pub(super) fn write_to_stderr(outcomes: &[TargetOutcome<Value>]) {
    let mut writer = jsonl::JsonlWriter::new(Box::new(io::stderr()));
    // There is no other place left.
    let _ = writer.write(outcomes);
}

/// Begins a table. `formulas` is for CSV.
pub(super) fn open(
    format: TableFormat,
    formulas: Formulas,
    columns: &'static [Column],
    out: Box<dyn Write + Send>,
) -> io::Result<Box<dyn TableWriter>> {
    Ok(match format {
        TableFormat::Csv => Box::new(csv::CsvWriter::new(columns, formulas, out)?),
        TableFormat::Jsonl => Box::new(jsonl::JsonlWriter::new(out)),
        TableFormat::Parquet => {
            Box::new(parquet::ParquetWriter::new(columns, out).map_err(io::Error::other)?)
        }
    })
}

/// Returns the number of a target in the input, counted from 1.
pub(super) fn number(target: &TargetOutcome<Value>) -> u64 {
    target.index + 1
}

/// Returns the reason why there is no row.
fn reason(outcome: &Outcome<Value>) -> Option<String> {
    match outcome {
        Outcome::Unmatched(unmatched) => Some(unmatched.to_string()),
        Outcome::Invalid(reason) => Some(reason.to_string()),
        Outcome::Failed(failure) => Some(match failure.charge {
            Charge::None => failure.to_string(),
            Charge::Unknown => format!("{failure} (may have been charged)"),
            Charge::Charged(cost) => format!("{failure} (charged {cost} USD)"),
        }),
        _ => None,
    }
}

/// Returns the name of a column of the row. A field with the name of a common column gets the prefix
/// `api_`.
fn column_name(column: &Column) -> String {
    if COMMON_COLUMNS
        .iter()
        .any(|common| common.name == column.name)
    {
        format!("api_{}", column.name)
    } else {
        column.name.to_owned()
    }
}
