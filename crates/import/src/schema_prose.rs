//! The descriptions of schemas in the OpenAPI file.

use crate::docs::openapi::Schema;
use crate::prose;

/// Returns the description of a schema by line.
pub fn lines(schema: &Schema) -> Vec<String> {
    let description = schema.description.as_deref().unwrap_or_default();
    description.lines().map(str::to_owned).collect()
}

/// Returns the facts that the description of a schema states.
pub fn prose_of(schema: &Schema) -> prose::Prose {
    let word = match schema.kind.as_deref() {
        Some("number") => "float",
        Some(word) => word,
        None => "object",
    };
    prose::read(word, &lines(schema))
}
