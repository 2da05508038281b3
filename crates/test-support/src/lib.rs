//! Helpers that the tests of several crates share. Not published.

pub mod fuzz;
