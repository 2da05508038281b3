//! Fetching all rows of a list, one page per call.

mod pages;
pub(crate) mod stop_reason;

pub use pages::{PageResponse, Pages};
pub use stop_reason::StopReason;
