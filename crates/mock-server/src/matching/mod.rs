//! When two requests are the same, and where they differ if not.

mod canonical;
mod difference;

#[cfg(feature = "record")]
pub(crate) use self::canonical::canonical;
pub(crate) use self::canonical::{MatchRule, strict_key};
pub use self::difference::Difference;
pub(crate) use self::difference::{count_differences, differences};
