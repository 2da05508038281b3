//! `cargo xtask diff`.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use dataforseo_compare::diff::{Options, Rendering, Source, compare};

use super::{Failure, print};

/// Compare two accounts of the API, and say what each change means for callers.
///
/// Each is a spec folder, a revision of git (its folder spec/), REV:PATH, an OpenAPI file or a
/// documentation page. What only one of them can say is not compared, and listed.
///
/// Exit codes: 0 no difference, 10 nothing breaks (additive, loosened, or words), 11 something
/// breaks for callers, 1 a source cannot be read, 2 wrong usage.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// What was.
    old: String,
    /// What is.
    new: String,
    /// How to write the report.
    #[arg(long, value_enum, default_value_t)]
    format: Rendering,
    /// The paths of endpoints to compare, all unless given; `*` is any text.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
}

/// Compares the two sources, and prints the report.
///
/// # Errors
/// When one of them cannot be read.
pub fn run(root: &Path, arguments: Arguments) -> Result<ExitCode, Failure> {
    let read = |name: &str| Source::at(root, name)?.read(root);
    let options = Options {
        only: arguments.only,
    };
    let report = compare(&read(&arguments.old)?, &read(&arguments.new)?, &options);
    print(&report.render(arguments.format))?;
    Ok(report.exit_code().into())
}
