//! The exit codes of the program, and the error that it ends with.

use std::fmt::Display;
use std::process::ExitCode;

use dataforseo_client::models::StatusClass;
use dataforseo_client::{Charge, ConfigError, Dispatch, Error, ErrorKind};

use crate::money::us_dollars;

/// The exit codes. Those from 10 on belong to bulk jobs, which can end partly done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Success = 0,
    Failed = 1,
    Usage = 2,
    Refused = 3,
    Transport = 4,
    Money = 5,
    Pending = 6,
    Partial = 10,
    Stopped = 11,
}

impl Exit {
    /// All exit codes with their meaning. The help and the README contain this list.
    pub(crate) const ALL: [(Self, &str); 9] = [
        (Self::Success, "success"),
        (
            Self::Failed,
            "could not start (credentials, base URL, journal), a check of doctor failed, or an unexpected error",
        ),
        (
            Self::Usage,
            "the command line or the task is invalid; nothing was sent",
        ),
        (
            Self::Refused,
            "the API refused the call or a task; stderr shows whether it was charged",
        ),
        (
            Self::Transport,
            "incomplete response, or one that is not from the API; stderr shows whether it may have been charged",
        ),
        (
            Self::Money,
            "budget reached (--budget), balance used up, or cost limit of the account reached",
        ),
        (
            Self::Pending,
            "the task is still in progress; try again later",
        ),
        (
            Self::Partial,
            "the bulk job is complete; some targets are unmatched, invalid or failed",
        ),
        (
            Self::Stopped,
            "the bulk job was stopped (Ctrl-C, or the reader of its output closed it)",
        ),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The error that the program ends with.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl CliError {
    pub(crate) fn new(exit: Exit, message: impl Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
        }
    }

    /// An error with [`Exit::Failed`].
    pub(crate) fn unexpected(message: impl Display) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// An error with [`Exit::Usage`].
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Exit::Usage, message)
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let hint = match error {
            ConfigError::MissingVariable(_) | ConfigError::NoCredentials => {
                "; to try the program without credentials, add --mock"
            }
            _ => "",
        };
        Self::unexpected(format!("{error}{hint}"))
    }
}

/// Returns the exit code of a failed call.
pub(crate) fn of_error(error: &Error) -> Exit {
    match error.kind() {
        ErrorKind::InvalidTask(_) => Exit::Usage,
        ErrorKind::BudgetExceeded { .. } => Exit::Money,
        ErrorKind::Envelope { status_code, .. } | ErrorKind::Task { status_code, .. } => {
            match status_code.class() {
                StatusClass::Billing => Exit::Money,
                _ => Exit::Refused,
            }
        }
        ErrorKind::Pending { .. } => Exit::Pending,
        ErrorKind::Transport(_)
        | ErrorKind::Http(_)
        | ErrorKind::Body(_)
        | ErrorKind::NoTask { .. } => Exit::Transport,
        _ => Exit::Failed,
    }
}

/// What to do about a server whose certificate is not trusted.
pub(crate) const TRUST_HINT: &str =
    "; if this is the right server, trust its certificate or its authority with --ca-file";

/// Returns a note whether a failed call was charged. Empty for a call that was not sent.
pub(crate) fn charge_note(error: &Error) -> String {
    match error.charge() {
        Charge::None if error.dispatch() == Dispatch::NotSent => String::new(),
        Charge::None => "; nothing was charged".to_owned(),
        Charge::Unknown => "; it may have been charged".to_owned(),
        Charge::Charged(cost) => format!("; it cost {}", us_dollars(cost)),
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_readme_lists_all_codes() {
        let readme = include_str!("../README.md");
        for (exit, meaning) in Exit::ALL {
            let row = format!("| {} | {meaning} |", exit as u8);
            assert!(readme.contains(&row), "{row}");
        }
    }
}
