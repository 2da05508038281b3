//! The checkout that a command works on: the one that contains the current folder.

use std::path::{Path, PathBuf};

/// The file that marks the root of a checkout.
const MARKER: &str = "spec/api.yaml";

/// The error of a command that runs outside of a checkout.
#[derive(Debug, thiserror::Error)]
#[error(
    "{}: no checkout here: neither this folder nor one above it has the file {MARKER}; \
     change into a checkout of the repository and run the command again",
    .folder.display()
)]
pub struct NoCheckout {
    /// The folder in which the search began.
    pub folder: PathBuf,
}

/// Returns the root of the checkout that contains a folder: the nearest folder with
/// `spec/api.yaml`, the folder itself included.
///
/// # Errors
/// When no such folder exists.
pub fn find(folder: &Path) -> Result<PathBuf, NoCheckout> {
    folder
        .ancestors()
        .find(|above| above.join(MARKER).is_file())
        .map(Path::to_path_buf)
        .ok_or_else(|| NoCheckout {
            folder: folder.to_path_buf(),
        })
}
