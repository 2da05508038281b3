//! The sources of an update: documentation pages, or the vendor's OpenAPI file.

use std::path::{Path, PathBuf};

use dataforseo_import::decisions::Choices;
use dataforseo_import::report::ImportReport;
use dataforseo_import::{ImportError, Options, import, openapi};
use jiff::civil::Date;

/// The sources of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateSources {
    /// Documentation pages.
    Pages(Vec<PathBuf>),
    /// The vendor's OpenAPI file.
    OpenApi {
        /// The file.
        file: PathBuf,
        /// The paths to read, where `*` is any text. All if empty.
        only: Vec<String>,
    },
}

impl UpdateSources {
    /// Imports the sources. The OpenAPI file is imported completely or not at all: while a decision
    /// is open, nothing is written.
    pub(super) fn import(
        &self,
        root: &Path,
        choices: &Choices,
        today: Date,
    ) -> Result<Vec<ImportReport>, ImportError> {
        let options = Options {
            choices,
            ..Options::default()
        };
        match self {
            Self::Pages(pages) => {
                let options = Options {
                    mark_removed: Some(today),
                    ..options
                };
                let reports = pages.iter().map(|page| import(root, page, options));
                reports.collect()
            }
            Self::OpenApi { file, only } => {
                let options = Options {
                    all_or_nothing: true,
                    ..options
                };
                openapi::import(root, file, only, options)
            }
        }
    }
}
