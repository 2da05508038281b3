//! The resolved model: the spec after all checks, with names and references resolved. It is the
//! only input of the emitters.

mod check;
mod examples;
mod field_rules;
mod load;
mod resolve;
mod rows;
mod section_checks;
mod type_names;
mod types;
pub mod values;

pub use load::{load, load_spec, load_with_placeholders};
pub use resolve::resolve;
pub use types::*;
