//! Writes results to stdout and everything else to stderr. A closed pipe is neither an error nor a
//! panic.

use std::io::{ErrorKind, IsTerminal as _, Write as _, stderr, stdout};

use dataforseo_json_text::{compact, layout};
use serde::Serialize;

use crate::exit::CliError;

/// Writes a line to stderr. A closed stderr is ignored.
pub(crate) fn note(line: impl AsRef<str>) {
    let _ = writeln!(stderr(), "{}", line.as_ref());
}

/// Writes bytes to stdout, with a line break at the end.
pub(crate) fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut out = stdout().lock();
    let end: &[u8] = if bytes.ends_with(b"\n") { b"" } else { b"\n" };
    let written = out
        .write_all(bytes)
        .and_then(|()| out.write_all(end))
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::unexpected(format!("stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes JSON to stdout: indented on a terminal, on one line otherwise.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string(value).map_err(CliError::unexpected)?;
    let text = if stdout().is_terminal() {
        indent(&text)
    } else {
        compact(&text)
    };
    print(text.as_bytes())
}

/// Indents JSON. JSON that is nested too deeply to parse is returned unchanged, as its indentation
/// would grow with the square of the depth.
fn indent(json: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(json) {
        Ok(_) => layout(json, 0),
        Err(_) => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{compact, indent};

    #[test]
    fn white_space_is_removed_outside_of_strings_only() {
        let json = "[ {\n\t\"a \\\" b\" : 1.50 , \"\\\\\" : [ ] } ]\r\n";
        assert_eq!(compact(json), r#"[{"a \" b":1.50,"\\":[]}]"#);
    }

    #[test]
    fn json_that_is_too_deep_to_parse_stays_unchanged() {
        let deep = "[".repeat(500) + &"]".repeat(500);
        assert_eq!(indent(&deep), deep);
        assert_eq!(indent("[1]"), "[\n  1\n]");
    }
}
