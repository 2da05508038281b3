//! What is told of a request that nothing answers.

use std::fmt;
use std::fmt::Write as _;

use serde::Serialize;

use crate::canonical::Difference;

/// How many fixtures are shown.
pub(crate) const NEAREST: usize = 3;
/// How many differences of each are kept.
pub(crate) const KEPT: usize = 20;
/// How many are shown in a text.
const SHOWN: usize = 5;

/// A request that nothing answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Miss {
    /// Counted from 1; the header `x-mock-miss` has it.
    pub number: u64,
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// Why nothing answers it.
    pub reason: MissReason,
    /// The same in words, in one line.
    pub message: String,
    /// The fixtures that would answer a request like it, at most three, the nearest first.
    pub nearest: Vec<Near>,
    /// What records an answer to it; `None` where there is nothing to record.
    pub record: Option<String>,
}

/// Why nothing answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MissReason {
    /// The API has no such path, as far as this version knows.
    UnknownPath,
    /// The path is called with another method.
    Method,
    /// There is no fixture for the endpoint.
    NoFixture,
    /// There are fixtures, and each is for another request.
    RequestDiffers,
    /// The fixture has several answers, and all of them were given.
    SequenceExhausted,
    /// A patch of the answer points to nothing.
    Patch,
}

/// A fixture that is for another request, and what would have to be otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Near {
    /// The fixture's name.
    pub fixture: String,
    /// The first places that differ, at most 20.
    pub differences: Vec<Difference>,
    /// How many there are.
    pub count: usize,
}

impl fmt::Display for Miss {
    /// In full, over several lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "miss {}: {} {}: {}",
            self.number, self.method, self.path, self.message
        )?;
        for near in &self.nearest {
            write!(f, "\n  {}", near.fixture)?;
            for difference in near.differences.iter().take(SHOWN) {
                write!(f, "\n    {difference}")?;
            }
            match near.count.saturating_sub(SHOWN) {
                0 => {}
                more => write!(f, "\n    and {more} more")?,
            }
        }
        match &self.record {
            Some(command) => write!(f, "\n  to record it: {command}"),
            None => Ok(()),
        }
    }
}

/// The nearest fixture, for one line.
pub(crate) fn in_a_line(near: &Near) -> String {
    let mut text = String::new();
    for (index, difference) in near.differences.iter().take(NEAREST).enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}{difference}");
    }
    match near.count.saturating_sub(NEAREST) {
        0 => {}
        more => text += &format!(", and at {more} more"),
    }
    format!(
        "no fixture for this request; the nearest, {}, differs at {text}",
        near.fixture
    )
}
