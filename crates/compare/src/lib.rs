//! Comparisons: [`diff`] compares two sources of the API, [`drift`] compares recorded responses with
//! the spec.

pub mod diff;
pub mod drift;
