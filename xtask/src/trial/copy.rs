//! A copy of a checkout, without what is built.

use std::fs;
use std::io;
use std::path::Path;

/// The folders that are not part of a checkout's sources.
const OMITTED: [&str; 3] = [".git", "target", "node_modules"];

/// Replaces a folder by a copy of a checkout.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_checkout(root: &Path, copy: &Path) -> io::Result<()> {
    match fs::remove_dir_all(copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    copy_folder(root, copy)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if OMITTED.iter().any(|omitted| name == *omitted) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_folder(&entry.path(), &to.join(name))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
