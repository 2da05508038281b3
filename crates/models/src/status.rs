//! What kinds of status code there are. The codes themselves are generated from
//! `spec/status_codes.yaml`.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::StatusCode;
use crate::json::{Failed, Json};
use crate::tolerant::Tolerant;

/// What a status code says, coarsely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusClass {
    /// Done, or accepted.
    Success,
    /// Not done yet: ask again later. No error.
    Pending,
    /// Done, and nothing was found. No error.
    Empty,
    /// The request is wrong and stays wrong.
    Request,
    /// The credentials are wrong.
    Auth,
    /// The account is not allowed to do this, or is held back.
    Account,
    /// Money: no funds, or a limit that the account's owner set.
    Billing,
    /// Too many calls a minute, or at once.
    Rate,
    /// No such path or task, or no longer.
    NotFound,
    /// The sandbox has no data for this.
    Sandbox,
    /// The page that the task is about cannot be used.
    Target,
    /// A service that the API itself depends on failed.
    Upstream,
    /// The API failed.
    Server,
    /// A code that this version does not know.
    Unknown,
}

/// Whether sending the same again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// No: it is done, or it fails the same way every time.
    Never,
    /// Yes, after a while.
    Later,
    /// Perhaps: a server's error that can have its cause in the request. Try only few times.
    FewTimes,
    /// The task is under way: ask for it, do not send it again.
    Poll,
    /// Only as a new task; this one has failed.
    NewTask,
    /// Not before tomorrow.
    NextDay,
}

impl StatusCode {
    /// Whether the code is no error: success, pending, or empty.
    pub fn is_ok(self) -> bool {
        matches!(
            self.class(),
            StatusClass::Success | StatusClass::Pending | StatusClass::Empty
        )
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code().fmt(f)
    }
}

impl Serialize for StatusCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.code())
    }
}

/// Accepts a number and a number as text.
impl Tolerant for StatusCode {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        let code = i64::read(json)?.and_then(|code| u32::try_from(code).ok());
        Ok(code.map(Self::from_code))
    }
}
