//! `cargo xtask generate`.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use dataforseo_codegen::{emit, output};
use dataforseo_spec::files::FileChange;
use dataforseo_spec::fixtures;

use super::{CommandError, load, print};

/// The number of lines that are shown of the difference of each stale file.
const SHOWN_LINES: usize = 60;

/// Generate code, schemas and tables from the spec.
#[derive(Args)]
pub struct GenerateArguments {
    /// Write nothing, and fail if a generated file is out of date.
    #[arg(long)]
    check: bool,
}

/// Brings the generated files of a checkout up to date, or checks that they are.
///
/// # Errors
/// When the spec is not valid, or a file cannot be read or written.
pub fn run(root: &Path, arguments: &GenerateArguments) -> Result<ExitCode, CommandError> {
    let model = load(root)?;
    let wanted = emit(&model, &fixtures::find(root, &model)?)?;
    let stale = output::stale(root, &wanted)?;
    if arguments.check && !stale.is_empty() {
        show_stale(&stale);
        return Ok(ExitCode::FAILURE);
    }
    output::write(root, &stale)?;
    for file in &stale {
        let what = if file.wanted.is_some() {
            "wrote"
        } else {
            "removed"
        };
        print(&format!("{what} {}\n", file.path.display()))?;
    }
    let types = model.types();
    print(&format!(
        "{} generated files, {} changed\n{} endpoints name types in {} places; {} types with {} fields were emitted for them\n",
        wanted.len(),
        stale.len(),
        model.endpoints().count(),
        types.named,
        types.emitted,
        types.fields
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn show_stale(stale: &[FileChange]) {
    for file in stale {
        eprint!("{}", file.diff(SHOWN_LINES));
    }
    eprintln!(
        "{} generated files are out of date: run `cargo xtask generate` and commit the changes",
        stale.len()
    );
}
