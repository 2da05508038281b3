//! The folders of generated files.

/// The folders that contain only generated files. Any other file in them is stale.
pub const GENERATED_FOLDERS: [&str; 7] = [
    MODELS,
    SCHEMAS,
    CLIENT,
    MOCK,
    CLI,
    "tests/it/generated",
    LISTINGS,
];

/// The models.
pub const MODELS: &str = "crates/models/src/generated";

/// The JSON Schemas of tasks and results.
pub const SCHEMAS: &str = "crates/models/schemas";

/// The module and the folder of the types that all sections share.
pub const SHARED: &str = "shared";

/// The methods of the client.
pub const CLIENT: &str = "crates/client/src/generated";

/// The table of the mock server.
pub const MOCK: &str = "crates/mock-server/src/generated";

/// The table of the command-line program.
pub const CLI: &str = "crates/cli/src/generated";

/// The listings of the public API.
pub const LISTINGS: &str = "api";

/// The JSON Schema of the spec language.
pub const LANGUAGE_SCHEMA: &str = "spec/spec.schema.json";
