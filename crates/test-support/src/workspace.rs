//! A temporary workspace for each test, and pages to import into it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Returns the root of the checkout that the tests were compiled in.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_path_buf()
}

/// Returns the text of a file of `pages/`.
pub fn page(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("pages")
            .join(name),
    )
    .unwrap()
}

/// Returns HTML in WordPress JSON, as the documentation site serves it.
pub fn wordpress(html: &str) -> String {
    serde_json::json!({
        "id": 1,
        "modified": "2026-03-04T17:56:42",
        "link": "https://docs.dataforseo.com/v3/backlinks-widgets-live/",
        "content": { "rendered": html.replace('\n', "\r\n"), "protected": false },
    })
    .to_string()
}

/// A temporary workspace.
pub struct Workspace(TempDir);

impl Workspace {
    /// Creates a workspace with the committed `api.yaml` and status codes, and without endpoints.
    #[expect(clippy::new_without_default, reason = "it creates a folder")]
    pub fn new() -> Self {
        let workspace = Self(TempDir::new().unwrap());
        for name in ["spec/api.yaml", "spec/status_codes.yaml"] {
            workspace.write(name, &fs::read_to_string(repository().join(name)).unwrap());
        }
        workspace
    }

    /// Returns the folder of the workspace.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns the text of a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Writes a file and the folders that it needs.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text in a file, and returns the new text of the file. The old text must occur.
    pub fn edit(&self, name: &str, from: &str, to: &str) -> String {
        let text = self.read(name);
        assert!(text.contains(from), "{from:?} is not in {name}:\n{text}");
        let text = text.replace(from, to);
        self.write(name, &text);
        text
    }
}
