//! The resolved model: the spec after all checks, with names and references resolved. It is the
//! only input of the emitters.

mod check;
mod endpoint;
mod examples;
mod field_rules;
mod load;
mod price_checks;
mod relations;
mod resolve;
mod rows;
mod section_checks;
mod sections;
mod type_names;
mod types;
pub mod values;

pub use load::{load, load_spec, load_with_placeholders};
pub use price_checks::{amount, default_function, limits_rows, per_mille};
pub use sections::resolve;
pub use types::*;
