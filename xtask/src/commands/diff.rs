//! `cargo xtask diff`.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use dataforseo_compare::diff::{ApiSource, DiffOptions, Rendering, ReportLength, compare_all};

use super::{CommandError, print};

/// Compare two descriptions of the API, and show what each change means for callers.
///
/// More than two are compared in a row, and changes that a later one undoes are marked.
/// A report of many changes begins with totals by section and one sentence per kind of change.
///
/// Each is a spec folder, a git revision (its folder spec/), REV:PATH, an OpenAPI file or a
/// documentation page. Facts that only one of them can state are listed, not compared.
///
/// Exit codes:
/// - 0: no difference
/// - 10: differences that break nothing
/// - 11: a difference that breaks callers
/// - 1: a source cannot be read
/// - 2: wrong usage
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct DiffArguments {
    /// The old description.
    old: String,
    /// The new description.
    new: String,
    /// Newer descriptions, in order.
    newer: Vec<String>,
    /// List every change, and those without an effect on callers.
    #[arg(long)]
    all: bool,
    /// The format of the report.
    #[arg(long, value_enum, default_value_t)]
    format: Rendering,
    /// Compare only endpoints with this path, where `*` matches any text. Defaults to all.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
}

/// Compares the two sources, and prints the report.
///
/// # Errors
/// When one of them cannot be read.
pub fn run(root: &Path, arguments: DiffArguments) -> Result<ExitCode, CommandError> {
    let read = |name: &str| ApiSource::at(root, name)?.read(root);
    let options = DiffOptions {
        only: arguments.only,
    };
    let names = [&arguments.old, &arguments.new];
    let names = names.into_iter().chain(&arguments.newer);
    let surfaces = names
        .map(|name| read(name))
        .collect::<Result<Vec<_>, _>>()?;
    let history = compare_all(&surfaces, &options);
    let length = if arguments.all {
        ReportLength::Full
    } else {
        ReportLength::Short
    };
    print(&history.render(arguments.format, length))?;
    Ok(history.exit_code().into())
}
