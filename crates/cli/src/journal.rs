//! The command `journal`: shows what the journal of a bulk job contains.

use std::path::{Path, PathBuf};

use clap::Args;
use dataforseo_bulk::{JournalEntry, inspect_journal, read_journal_body};
use serde_json::{Value, json};

use crate::exit::{CliError, Exit};
use crate::output::{note, print};

// No doc comment: clap would use it as the description of the command.
#[derive(Debug, Args)]
pub(crate) struct JournalOptions {
    /// The journal, or the .rest file beside one.
    #[arg(value_name = "FILE")]
    journal: PathBuf,
    /// Print the response that belongs to the record with this number, as it arrived.
    #[arg(long, value_name = "NUMBER")]
    body: Option<u64>,
}

/// Runs the command.
pub(crate) fn run(options: &JournalOptions) -> Result<Exit, CliError> {
    match options.body {
        Some(number) => print_body(&options.journal, number),
        None => print_records(&options.journal),
    }
}

/// Prints a line of JSON per record.
fn print_records(journal: &Path) -> Result<Exit, CliError> {
    let mut printed = Ok(());
    let torn = inspect_journal(journal, |entry| {
        if printed.is_ok() {
            printed = print(line(entry).to_string().as_bytes());
        }
    });
    printed?;
    let torn = torn.map_err(CliError::unexpected)?;
    if torn > 0 {
        note(format!(
            "{torn} bytes follow that are not an intact record: torn by a killed program, or damaged"
        ));
    }
    Ok(Exit::Success)
}

/// Returns a record with its number in front and the size of its response at the end.
fn line(entry: JournalEntry) -> Value {
    let mut line = json!({"number": entry.number});
    if let (Some(line), Value::Object(record)) = (line.as_object_mut(), entry.record) {
        line.extend(record);
        line.insert("body_bytes".to_owned(), entry.body_bytes.into());
    }
    line
}

fn print_body(journal: &Path, number: u64) -> Result<Exit, CliError> {
    let mut found = None;
    inspect_journal(journal, |entry| {
        if entry.number == number {
            found = Some(entry);
        }
    })
    .map_err(CliError::unexpected)?;
    let Some(entry) = found.filter(|entry| entry.body_bytes > 0) else {
        return Err(CliError::usage(format!(
            "--body {number}: the journal has no such record with a response"
        )));
    };
    let body = read_journal_body(journal, &entry).map_err(CliError::unexpected)?;
    print(&body)?;
    Ok(Exit::Success)
}
