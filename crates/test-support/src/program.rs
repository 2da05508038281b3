//! Runs programs, and checks what they print.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Returns a command with an empty environment and an empty stdin. Its state is in a folder for tests.
pub fn isolated(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null());
    command.env(
        "XDG_STATE_HOME",
        std::env::temp_dir().join("dataforseo-tests"),
    );
    command
}

/// The output of a program that has ended.
#[derive(Debug)]
pub struct ProgramOutput {
    /// The exit code. `None` if a signal killed the program.
    pub code: Option<i32>,
    /// The text on stdout.
    pub out: String,
    /// The text on stderr.
    pub err: String,
}

impl From<Output> for ProgramOutput {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl ProgramOutput {
    /// Runs a command to its end.
    ///
    /// # Panics
    /// If it does not start, or prints text that is not UTF-8.
    pub fn of(mut command: Command) -> Self {
        command.output().unwrap().into()
    }

    /// Asserts that no text contains one of the secrets, and returns the output.
    ///
    /// # Panics
    /// If one does.
    #[track_caller]
    pub fn without_secrets(self, secrets: &[&str]) -> Self {
        for secret in secrets {
            let shown = self.out.contains(secret) || self.err.contains(secret);
            assert!(!shown, "{secret} in {self:?}");
        }
        self
    }

    /// Asserts the exit code, and that stderr contains each of the parts.
    ///
    /// # Panics
    /// If the code differs or a part is missing.
    #[track_caller]
    pub fn assert(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in {self:?}");
        }
    }

    /// Parses stdout as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
