//! Requests without a response.

use std::fmt;
use std::fmt::Write as _;

use serde::Serialize;

use crate::matching::Difference;

/// The maximum number of fixtures in a miss.
pub(crate) const MAX_NEAREST: usize = 3;
/// The maximum number of differences that are kept per fixture.
pub(crate) const MAX_DIFFERENCES: usize = 20;
/// The maximum number of differences per fixture in the text of a miss.
const MAX_SHOWN: usize = 5;
/// The maximum number of differences in a one-line message.
const MAX_SHOWN_IN_MESSAGE: usize = 3;

/// A request that the mock server has no response for. The client got HTTP 404.
///
/// [`MockServer::misses`](crate::MockServer::misses) returns the latest ones.
/// `Display` writes several lines: the message, the nearest fixtures with their differences, and
/// the command that records a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Miss {
    /// The number of the miss in its session, starting at 1. The response has it in the header
    /// `x-mock-miss`.
    pub number: u64,
    /// The HTTP method.
    pub method: String,
    /// The path of the request, up to 200 characters.
    pub path: String,
    /// The reason, for `match` expressions.
    pub reason: MissReason,
    /// The reason as one line of text, which is also the message in the response.
    pub message: String,
    /// The fixtures of the same endpoint with the fewest differences to the request: at most
    /// three, nearest first.
    pub nearest: Vec<NearestFixture>,
    /// The shell command that records a response to the request. `None` where nothing can be
    /// recorded, for example for an unknown path.
    pub record_command: Option<String>,
}

/// The reason of a [`Miss`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MissReason {
    /// No endpoint in this version of the crate has the path.
    UnknownPath,
    /// The endpoint requires another HTTP method.
    Method,
    /// The endpoint has no fixture.
    NoFixture,
    /// The endpoint has fixtures, and each is for a different request.
    RequestDiffers,
    /// All responses of the fixture were sent, and its `after` is `error`.
    SequenceExhausted,
    /// The JSON pointer of a [patch](crate::RuleBuilder::patch) leads to a location that the response
    /// does not have.
    Patch,
}

/// A fixture for a similar request, and where the two requests differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NearestFixture {
    /// The fixture's name: its file, or `fixture N` for the `N`th one given as text.
    pub fixture: String,
    /// The first differences, at most 20.
    pub differences: Vec<Difference>,
    /// The number of all differences.
    pub difference_count: usize,
}

impl NearestFixture {
    /// Returns the message of a miss whose nearest fixture this is, in one line.
    pub(crate) fn message(&self) -> String {
        let mut text = String::new();
        for (index, difference) in self
            .differences
            .iter()
            .take(MAX_SHOWN_IN_MESSAGE)
            .enumerate()
        {
            let comma = if index == 0 { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(text, "{comma}{difference}");
        }
        match self.difference_count.saturating_sub(MAX_SHOWN_IN_MESSAGE) {
            0 => {}
            more => text += &format!(", and at {more} more"),
        }
        format!(
            "no fixture for this request; the nearest, {}, differs at {text}",
            self.fixture
        )
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "miss {}: {} {}: {}",
            self.number, self.method, self.path, self.message
        )?;
        for near in &self.nearest {
            write!(f, "\n  {}", near.fixture)?;
            for difference in near.differences.iter().take(MAX_SHOWN) {
                write!(f, "\n    {difference}")?;
            }
            match near.difference_count.saturating_sub(MAX_SHOWN) {
                0 => {}
                more => write!(f, "\n    and {more} more")?,
            }
        }
        match &self.record_command {
            Some(command) => write!(f, "\n  to record it: {command}"),
            None => Ok(()),
        }
    }
}
