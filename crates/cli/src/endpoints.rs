//! The command `endpoints`: lists all endpoints, one per line.

use crate::exit::{CliError, Exit};
use crate::help::{limits, price};
use crate::lookup;
use crate::output::print;

/// Runs the command.
pub(crate) fn run() -> Result<Exit, CliError> {
    let mut text = String::new();
    for endpoint in lookup::endpoints() {
        let info = endpoint.info;
        text += &format!(
            "{}\t{} {}\t{}\t{}\n",
            endpoint.command(),
            info.method.as_str(),
            info.path,
            limits(info),
            price(info)
        );
    }
    print(text.as_bytes())?;
    Ok(Exit::Success)
}
