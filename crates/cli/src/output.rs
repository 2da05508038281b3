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
    let text = serde_json::to_string(value).map_err(Failure::unexpected)?;
    let text = match stdout().is_terminal() {
        true => pretty(&text),
        false => compact(&text),
    };
    print(text.as_bytes())
}

/// An amount of money as a number that is printed: sums of floats are not exact.
pub(crate) fn to_the_millionth(us_dollars: f64) -> f64 {
    (us_dollars * 1e6).round() / 1e6
}

/// An amount of money, to the millionth: sums of floats are not exact.
pub(crate) fn us_dollars(amount: f64) -> String {
    let text = format!("{amount:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} USD")
}

/// JSON for the eye. Where it cannot be read, for its depth, it is left as it is.
fn pretty(json: &str) -> String {
    let read = serde_json::from_str::<serde_json::Value>(json);
    let pretty = read.and_then(|value| serde_json::to_string_pretty(&value));
    pretty.unwrap_or_else(|_| json.to_owned())
}

/// JSON without white space. Not read and written anew: what was paid for keeps every digit, and
/// may nest as deep as it likes.
fn compact(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    let stays = |&c: &char| {
        if !in_text {
            in_text = c == '"';
            return !c.is_ascii_whitespace();
        }
        in_text = c != '"' || escaped;
        escaped = c == '\\' && !escaped;
        true
    };
    json.chars().filter(stays).collect()
}

#[cfg(test)]
mod tests {
    use super::{compact, pretty, us_dollars};

    #[test]
    fn white_space_goes_but_for_that_in_texts() {
        let json = "[ {\n\t\"a \\\" b\" : 1.50 , \"\\\\\" : [ ] } ]\r\n";
        assert_eq!(compact(json), r#"[{"a \" b":1.50,"\\":[]}]"#);
    }

    #[test]
    fn money_has_no_noise() {
        let amounts = [0.0, 0.024 + 0.000036, 16.02, 1000.0];
        let texts = ["0 USD", "0.024036 USD", "16.02 USD", "1000 USD"];
        assert_eq!(amounts.map(us_dollars), texts);
    }

    #[test]
    fn what_is_too_deep_to_read_is_kept() {
        let deep = "[".repeat(500) + &"]".repeat(500);
        assert_eq!(pretty(&deep), deep);
        assert_eq!(pretty("[1]"), "[\n  1\n]");
    }
}
