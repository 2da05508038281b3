//! The files of shared types during an import.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use dataforseo_spec::Scope;
use dataforseo_spec::files::files_below;
use dataforseo_spec::language::SharedTypes;
use dataforseo_spec::load::{File, TYPES_FILE, TYPES_FOLDER, in_section};

use crate::workspace::{ImportError, SectionFingerprints};

/// A file of shared types.
#[derive(Debug)]
pub struct SharedFile {
    /// The path, relative to the root of the spec: `serp/google/types/maps.yaml`.
    pub name: String,
    pub text: String,
    pub file: File<SharedTypes>,
}

/// The files of shared types by scope, as far as they were read.
#[derive(Debug, Default)]
pub struct SharedFiles(pub BTreeMap<Scope, Vec<SharedFile>>);

impl SharedFiles {
    /// Reads the files whose types are visible in a scope, unless they are known. `fingerprints` are
    /// those of the section.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read or has errors.
    pub fn read(
        &mut self,
        root: &Path,
        scope: &Scope,
        fingerprints: &SectionFingerprints,
    ) -> Result<(), ImportError> {
        for scope in scope.outward() {
            if let Entry::Vacant(entry) = self.0.entry(scope) {
                let files = read_folder(root, entry.key(), fingerprints)?;
                entry.insert(files);
            }
        }
        Ok(())
    }

    /// Returns all types that are visible in a scope.
    pub fn visible(&self, scope: &Scope) -> SharedTypes {
        let mut visible = SharedTypes::default();
        for scope in scope.outward() {
            for file in self.0.get(&scope).into_iter().flatten() {
                let types = &file.file.content.types;
                let types = types.iter().map(|(name, ty)| (name.clone(), ty.clone()));
                visible.types.extend(types);
            }
        }
        visible
    }

    /// Returns the types of a scope itself.
    pub fn own(&self, scope: &Scope) -> SharedTypes {
        let files = self.0.get(scope).into_iter().flatten();
        let types = files.flat_map(|file| file.file.content.types.clone());
        SharedTypes {
            types: types.collect(),
        }
    }
}

fn read_folder(
    root: &Path,
    scope: &Scope,
    fingerprints: &SectionFingerprints,
) -> Result<Vec<SharedFile>, ImportError> {
    let mut names = vec![scope.file(TYPES_FILE)];
    let folder = scope.file(TYPES_FOLDER);
    let path = root.join("spec").join(&folder);
    if path.is_dir() {
        let inner = files_below(&path).map_err(|source| ImportError::File {
            path: format!("spec/{folder}"),
            source,
        })?;
        let inner = inner.iter().filter_map(|path| path.file_name()?.to_str());
        let inner = inner.filter(|name| name.ends_with(".yaml"));
        names.extend(inner.map(|name| format!("{folder}/{name}")));
    }
    names.sort();
    let mut files = Vec::new();
    for name in names {
        let read = if scope.parts().is_empty() {
            SectionFingerprints::read(root, "")?.spec_file(root, &name)?
        } else {
            fingerprints.spec_file(root, in_section(&name))?
        };
        files.extend(read.map(|(text, file)| SharedFile { name, text, file }));
    }
    Ok(files)
}
