//! The commands, one file each: arguments and output.

pub mod check;
pub mod choices;
pub mod diff;
pub mod drift;
pub mod generate;
pub mod import;
pub mod openapi;
pub mod prices;
pub mod replay;
pub mod scan;
pub mod style;
pub mod trial;
pub mod update;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use dataforseo_spec::model::{self, Model};
use jiff::civil::Date;

/// The reason why a command failed.
pub type CommandError = Box<dyn std::error::Error>;

/// Loads the spec of a checkout.
fn load(root: &Path) -> Result<Model, CommandError> {
    Ok(model::load(&root.join("spec"))?)
}

/// Returns today's date in UTC, as the spec writes days.
fn today() -> Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// Creates the folder of a copy of the checkout: `given`, or one of `target/`. Programs run in the copy,
/// so its path is absolute.
fn folder_of_copy(root: &Path, given: Option<&Path>, name: &str) -> io::Result<PathBuf> {
    let folder = match given {
        Some(given) => given.to_path_buf(),
        None => root.join("target").join(name),
    };
    fs::create_dir_all(&folder)?;
    fs::canonicalize(folder)
}

/// Prints a whole text. A reader that closes the pipe early is not an error.
fn print(text: &str) -> Result<(), CommandError> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
