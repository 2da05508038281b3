//! The folders of generated files.

/// The folders that hold nothing but generated files: a file in them that is not emitted is stale.
pub const GENERATED_FOLDERS: [&str; 7] = [
    "crates/models/src/generated",
    "crates/models/schemas",
    "crates/client/src/generated",
    "crates/mock-server/src/generated",
    "crates/cli/src/generated",
    "tests/it/generated",
    LISTINGS,
];

/// The folder with the listings of the public API.
pub const LISTINGS: &str = "api";
