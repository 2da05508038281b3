//! The resolved model: the spec with references followed, names given and every check passed.
//! Emitters read this and nothing else.

mod check;
mod examples;
mod field_rules;
mod load;
mod refuse;
mod resolve;
mod rows;
mod type_names;
mod types;
pub mod values;

pub use load::{load, load_spec};
pub use resolve::resolve;
pub use types::*;
