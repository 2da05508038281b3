//! A workspace of its own for each test, and pages to bring into it.

#![allow(dead_code, reason = "each test binary uses a part")]

pub mod render;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xtask::import::report::Report;
use xtask::import::{ImportError, Options, import};

/// The workspace's folder.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// A file of `tests/pages`.
pub fn page(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/pages")
            .join(name),
    )
    .unwrap()
}

/// HTML in WordPress JSON, as the documentation site serves it.
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
    /// One with the committed `api.yaml` and status codes, and no endpoints.
    pub fn new() -> Self {
        let workspace = Self(TempDir::new().unwrap());
        for name in ["spec/api.yaml", "spec/status_codes.yaml"] {
            workspace.write(name, &fs::read_to_string(repository().join(name)).unwrap());
        }
        workspace
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Changes a file, and gives its new text. The change must find its place.
    pub fn edit(&self, name: &str, from: &str, to: &str) -> String {
        let text = self.read(name);
        assert!(text.contains(from), "{from:?} is not in {name}:\n{text}");
        let text = text.replace(from, to);
        self.write(name, &text);
        text
    }

    /// Imports a page, and gives the report with the page's file named by its name alone.
    pub fn import(&self, content: &str) -> Result<Report, ImportError> {
        self.import_with(content, Options::default())
    }

    pub fn import_with(&self, content: &str, options: Options) -> Result<Report, ImportError> {
        self.write("page", content);
        import(self.path(), &self.path().join("page"), options).map(|mut report| {
            report.page = "page".to_owned();
            report
        })
    }

    /// The error of a page that cannot be imported, without the temporary folder's name.
    pub fn refusal(&self, content: &str) -> String {
        let error = self
            .import(content)
            .expect_err("the page was imported")
            .to_string();
        error.replace(&format!("{}/", self.path().display()), "")
    }
}
