//! Comparisons of two descriptions of the API.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod history;
mod meaning;
mod mutation;
mod plain;
mod sources;
mod summary;

use dataforseo_compare::diff::surface::Surface;
use dataforseo_compare::diff::{ApiSource, DiffOptions, DiffReport, compare};
use dataforseo_test_support::page;
use serde_json::Value;
use tempfile::TempDir;

/// Returns the surface of a document, read from a file as in the program.
fn surface(document: &Value, name: &str) -> Surface {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, document.to_string()).unwrap();
    let mut surface = ApiSource::File(path)
        .read(&dataforseo_test_support::repository())
        .unwrap();
    surface.name = name.to_owned();
    surface
}

fn compare_documents(old: &Value, new: &Value, options: &DiffOptions) -> DiffReport {
    compare(
        &surface(old, "old.json"),
        &surface(new, "new.json"),
        options,
    )
}
