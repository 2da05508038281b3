//! What is written: results on stdout, all else on stderr. A reader that has seen enough is no
//! error, and no reason to panic.

use std::io::{ErrorKind, IsTerminal as _, Write as _, stderr, stdout};

use serde::Serialize;

use crate::exit::Failure;

/// Says a line on stderr, if anybody listens.
pub(crate) fn tell(line: impl AsRef<str>) {
    let _ = writeln!(stderr(), "{}", line.as_ref());
}

/// Writes bytes to stdout, and ends the line if they do not.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = stdout().lock();
    let end: &[u8] = if bytes.ends_with(b"\n") { b"" } else { b"\n" };
    let written = out
        .write_all(bytes)
        .and_then(|()| out.write_all(end))
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::unexpected(format!("stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes JSON to stdout: for the eye on a terminal, on one line for other programs.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = match stdout().is_terminal() {
        true => serde_json::to_vec_pretty(value),
        false => serde_json::to_vec(value),
    };
    print(&text.map_err(Failure::unexpected)?)
}
