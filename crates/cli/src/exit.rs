//! How the program ends: the exit codes, and why it ended with one of them.

use std::fmt::Display;
use std::process::ExitCode;

use dataforseo_client::models::StatusClass;
use dataforseo_client::{Charge, ConfigError, Dispatch, Error, ErrorKind};

use crate::output::us_dollars;

/// The exit codes. Those from 10 on are of jobs of many calls, which can end half done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Refused = 3,
    Transport = 4,
    Money = 5,
    Pending = 6,
    Partly = 10,
    Stopped = 11,
}

impl Exit {
    /// All of them, each with what it means: the help and the README have this list.
    pub(crate) const ALL: [(Self, &str); 9] = [
        (Self::Done, "done"),
        (
            Self::Failed,
            "it could not begin (credentials, base URL), a check of doctor failed, or something unexpected",
        ),
        (
            Self::Usage,
            "the command line or the task is wrong; nothing was sent",
        ),
        (
            Self::Refused,
            "the API refused the call, or a task; stderr says whether it was charged",
        ),
        (
            Self::Transport,
            "no whole answer came, or none of the API's; stderr says whether it may have been charged",
        ),
        (
            Self::Money,
            "money: --max-spend, the balance, or a limit of the account's owner",
        ),
        (Self::Pending, "the task is not done yet: ask again later"),
        (
            Self::Partly,
            "a bulk job is complete, and some of its targets are invalid or failed",
        ),
        (
            Self::Stopped,
            "a bulk job was stopped before its end (Ctrl-C, or nobody reads its output)",
        ),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the program ends, if not in the ordinary way.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) reason: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, reason: impl Display) -> Self {
        Self {
            exit,
            reason: reason.to_string(),
        }
    }

    pub(crate) fn unexpected(reason: impl Display) -> Self {
        Self::new(Exit::Failed, reason)
    }

    pub(crate) fn usage(reason: impl Display) -> Self {
        Self::new(Exit::Usage, reason)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let hint = match error {
            ConfigError::MissingVariable(_) | ConfigError::NoCredentials => {
                ". To try the program without credentials, add --mock"
            }
            _ => "",
        };
        Self::unexpected(format!("{error}{hint}"))
    }
}

/// The exit code of a call that failed.
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
        ErrorKind::Transport(_) | ErrorKind::Http(_) | ErrorKind::Body(_) | ErrorKind::NoTask => {
            Exit::Transport
        }
        _ => Exit::Failed,
    }
}

/// What is known about whether a call that failed was charged, where that is in question.
pub(crate) fn charge(error: &Error) -> String {
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
    fn the_readme_has_all_codes() {
        let readme = include_str!("../README.md");
        for (exit, meaning) in Exit::ALL {
            let row = format!("| {} | {meaning} |", exit as u8);
            assert!(readme.contains(&row), "{row}");
        }
    }
}
