//! Imports of pages into a temporary workspace.

#![allow(dead_code, reason = "each test binary uses a part")]

use dataforseo_import::report::ImportReport;
use dataforseo_import::{ImportError, Options, import};
use dataforseo_test_support::Workspace;

/// A workspace into which pages can be imported.
pub trait ImportPage {
    /// Imports a page. The report contains the file of the page without its folder.
    fn import(&self, content: &str) -> Result<ImportReport, ImportError>;

    /// Imports a page with options. The report contains the file of the page without its folder.
    fn import_with(&self, content: &str, options: Options) -> Result<ImportReport, ImportError>;

    /// Returns the error of a page that cannot be imported, without the name of the temporary folder.
    fn refusal(&self, content: &str) -> String;
}

impl ImportPage for Workspace {
    fn import(&self, content: &str) -> Result<ImportReport, ImportError> {
        self.import_with(content, Options::default())
    }

    fn import_with(&self, content: &str, options: Options) -> Result<ImportReport, ImportError> {
        self.write("page", content);
        import(self.path(), &self.path().join("page"), options).map(|mut report| {
            report.page = "page".to_owned();
            report
        })
    }

    fn refusal(&self, content: &str) -> String {
        let error = self
            .import(content)
            .expect_err("the page was imported")
            .to_string();
        error.replace(&format!("{}/", self.path().display()), "")
    }
}
