//! Types of values that JSON does not have.

pub mod map;
pub mod numbered;
pub mod timestamp;
