//! `cargo xtask diff`.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use dataforseo_compare::diff::{ApiSource, DiffOptions, Rendering, compare};

use super::{CommandError, print};

/// Compare two descriptions of the API, and show what each change means for callers.
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
    let report = compare(&read(&arguments.old)?, &read(&arguments.new)?, &options);
    print(&report.render(arguments.format))?;
    Ok(report.exit_code().into())
}
