//! `JsonSchema` of tasks and results, from the files in `schemas/`.
//!
//! A derive would cost compile time for every type, and would lack the limits.

use schemars::Schema;

/// Implements `JsonSchema` for a type by a generated file.
macro_rules! embedded_schema {
    ($name:ident, $file:literal) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::schema::embedded(include_str!($file))
            }
        }
    };
}
pub(crate) use embedded_schema;

/// Returns the schema in a generated file.
pub(crate) fn embedded(json: &'static str) -> Schema {
    // The files are generated, and a test reads each of them.
    serde_json::from_str::<serde_json::Value>(json)
        .ok()
        .and_then(|value| value.try_into().ok())
        .unwrap_or_default()
}
