//! Exit codes.

use std::fmt::Display;
use std::process::ExitCode;

/// The exit code if something was found.
pub(super) const FOUND: u8 = 1;
/// The exit code of arguments that exclude each other.
pub(super) const USAGE: u8 = 2;
/// The exit code of a failed start.
pub(super) const START_FAILED: u8 = 3;

/// The exit code and reason of a program that ends early.
pub(super) struct ProgramError {
    pub(super) code: u8,
    pub(super) reason: String,
}

impl ProgramError {
    pub(super) fn start(reason: impl Display) -> Self {
        Self {
            code: START_FAILED,
            reason: reason.to_string(),
        }
    }

    pub(super) fn usage(reason: impl Display) -> Self {
        Self {
            code: USAGE,
            reason: reason.to_string(),
        }
    }
}

/// Returns the exit code for a number of findings.
pub(super) fn exit_code(findings: usize) -> ExitCode {
    match findings {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(FOUND),
    }
}
