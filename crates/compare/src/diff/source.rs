//! Reading of sources: a spec folder, a git revision, an OpenAPI file or a page. The content
//! determines the form.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::surface::{Surface, endpoint_id};
use super::{from_openapi, from_spec};
use dataforseo_import::docs::nest::NestingHints;
use dataforseo_import::docs::{self, Unreadable};
use dataforseo_import::draft;
use dataforseo_spec::Diagnostics;
use dataforseo_spec::Placement;
use dataforseo_spec::glossary;
use dataforseo_spec::language::{Api, Endpoint};

/// The error of a source that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The name is neither a path nor a revision.
    #[error(
        "`{name}` is not a file, folder or git revision: expected a spec folder, REV, \
         REV:PATH, an OpenAPI file or a documentation page{detail}"
    )]
    Unknown {
        /// The name on the command line.
        name: String,
        /// The message of git.
        detail: String,
    },
    /// A file cannot be read.
    #[error("{name}: {source}")]
    File {
        /// The file.
        name: String,
        /// The reason.
        source: std::io::Error,
    },
    /// Git cannot be run, or failed.
    #[error("{name}: git {arguments}: {reason}")]
    Git {
        /// The source.
        name: String,
        /// The arguments of git.
        arguments: String,
        /// The reason.
        reason: String,
    },
    /// A spec has errors.
    #[error("{name} is not a valid spec:\n{found}")]
    Spec {
        /// The source.
        name: String,
        /// The errors.
        found: Diagnostics,
    },
    /// A file is neither an OpenAPI file nor a page.
    #[error("{name}: {reason}")]
    Unreadable {
        /// The source.
        name: String,
        /// The reason.
        reason: Unreadable,
    },
}

/// The location of a description of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiSource {
    /// A spec folder.
    Folder(PathBuf),
    /// An OpenAPI file or a page.
    File(PathBuf),
    /// A folder or a file in a git revision.
    Revision {
        /// The name on the command line.
        name: String,
        /// The full hash of the commit.
        commit: String,
        /// The path, relative to the root of the repository.
        path: String,
    },
}

impl ApiSource {
    /// Resolves a name: an existing path, or a revision of the repository at `root`.
    ///
    /// A revision is followed by `:` and a path, unless it means the folder `spec`.
    ///
    /// # Errors
    /// When the name is neither a path nor a revision.
    pub fn at(root: &Path, name: &str) -> Result<Self, SourceError> {
        let path = PathBuf::from(name);
        if path.is_dir() {
            return Ok(Self::Folder(path));
        }
        if path.exists() {
            return Ok(Self::File(path));
        }
        let (revision, path) = name.split_once(':').unwrap_or((name, "spec"));
        let wanted = format!("{revision}^{{commit}}");
        let arguments = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &wanted,
        ];
        let unknown = |detail: String| SourceError::Unknown {
            name: name.to_owned(),
            detail,
        };
        let commit = git(root, name, &arguments).map_err(|error| match error {
            SourceError::Git { reason, .. } if !reason.is_empty() => {
                unknown(format!(" (git: {reason})"))
            }
            _ => unknown(String::new()),
        })?;
        Ok(Self::Revision {
            name: name.to_owned(),
            commit: String::from_utf8_lossy(&commit).trim().to_owned(),
            path: path.trim_matches('/').to_owned(),
        })
    }

    /// Reads the source.
    ///
    /// A page is read with the envelope of the spec at `root`. A page in plain text does not show
    /// nesting, so the spec provides it.
    ///
    /// # Errors
    /// When the source cannot be read. The error lists all problems.
    pub fn read(&self, root: &Path) -> Result<Surface, SourceError> {
        match self {
            Self::Folder(path) => read_spec(&path.display().to_string(), path),
            Self::File(path) => {
                let name = path.display().to_string();
                let content = fs::read(path).map_err(|source| SourceError::File {
                    name: name.clone(),
                    source,
                })?;
                read_file(&name, &content, root)
            }
            Self::Revision { name, commit, path } => read_revision(root, name, commit, path),
        }
    }
}

fn read_spec(name: &str, folder: &Path) -> Result<Surface, SourceError> {
    let (spec, mut found) = dataforseo_spec::load(folder);
    match spec {
        Some(mut spec) if found.is_empty() => {
            // Unused entries of a glossary do not prevent a comparison.
            glossary::apply(&mut spec, &mut Vec::new());
            Ok(from_spec::surface(name, &spec))
        }
        _ => {
            found.sort();
            Err(SourceError::Spec {
                name: name.to_owned(),
                found: Diagnostics(found),
            })
        }
    }
}

fn read_file(name: &str, content: &[u8], root: &Path) -> Result<Surface, SourceError> {
    let unreadable = |reason| SourceError::Unreadable {
        name: name.to_owned(),
        reason,
    };
    let content = std::str::from_utf8(content).map_err(|error| {
        unreadable(Unreadable::because(format!(
            "byte {} is not UTF-8: expected a text file",
            error.valid_up_to()
        )))
    })?;
    match openapi_document(content).map_err(unreadable)? {
        Some(document) => from_openapi::surface(name, &document).map_err(unreadable),
        None => read_page(name, content, root),
    }
}

/// Returns the document, if the file is an OpenAPI document.
fn openapi_document(content: &str) -> Result<Option<Value>, Unreadable> {
    let content = content.trim_start_matches('\u{feff}');
    let is_key = |key: &str| key == "openapi" || key == "swagger";
    if content.trim_start().starts_with('{') {
        let document: Value = match serde_json::from_str(content) {
            Ok(document) => document,
            // The reader of pages has the better error message for invalid JSON.
            Err(_) => return Ok(None),
        };
        let keys = document.as_object().into_iter().flatten();
        let is_openapi = keys.into_iter().any(|(key, _)| is_key(key));
        return Ok(is_openapi.then_some(document));
    }
    let key = |line: &str| {
        let (key, _) = line.split_once(':')?;
        is_key(key.trim_matches(['"', '\''])).then_some(())
    };
    if content.lines().find_map(key).is_none() {
        return Ok(None);
    }
    let document = serde_saphyr::from_str(content)
        .map_err(|error| Unreadable::because(format!("not a valid OpenAPI file: {error}")))?;
    Ok(Some(document))
}

fn read_page(name: &str, content: &str, root: &Path) -> Result<Surface, SourceError> {
    let unreadable = |reason| SourceError::Unreadable {
        name: name.to_owned(),
        reason,
    };
    let page = docs::read(content).map_err(unreadable)?;
    let (spec, mut found) = dataforseo_spec::load(&root.join("spec"));
    let Some(spec) = spec else {
        found.sort();
        return Err(SourceError::Spec {
            name: "spec".to_owned(),
            found: Diagnostics(found),
        });
    };
    let api: &Api = &spec.api.content;
    let id = endpoint_id(&page.path);
    let mut endpoints = spec.endpoints.iter().map(|it| &it.file.content);
    let known: Option<&Endpoint> = endpoints.find(|it| endpoint_id(&it.path) == id);
    let scope = Placement::of(&page.path, api).map(|place| place.scope);
    let shared = spec.visible_types(&scope.unwrap_or_default());
    let known = NestingHints::of(api, known, Some(&shared));
    let draft = draft::draft(&page, known).map_err(unreadable)?;
    Ok(from_spec::page(name, &draft.endpoint, draft.notes))
}

fn read_revision(
    root: &Path,
    name: &str,
    commit: &str,
    path: &str,
) -> Result<Surface, SourceError> {
    let object = format!("{commit}:{path}");
    let kind = git(root, name, &["cat-file", "-t", &object])?;
    if kind.trim_ascii() == b"blob" {
        let content = git(root, name, &["cat-file", "blob", &object])?;
        return read_file(name, &content, root);
    }
    let io = |source| SourceError::File {
        name: name.to_owned(),
        source,
    };
    let folder = TempDir::new().map_err(io)?;
    // The name of the folder is part of the location of each error.
    let spec = folder.path().join("spec");
    fs::create_dir(&spec).map_err(io)?;
    let arguments = ["ls-tree", "-r", "-z", "--name-only", &object];
    let names = git(root, name, &arguments)?;
    for file in names.split(|byte| *byte == 0).filter(|it| !it.is_empty()) {
        let file = String::from_utf8_lossy(file);
        let content = git(
            root,
            name,
            &["cat-file", "blob", &format!("{object}/{file}")],
        )?;
        let target = spec.join(&*file);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(io)?;
        }
        fs::write(target, content).map_err(io)?;
    }
    read_spec(name, &spec)
}

fn git(root: &Path, name: &str, arguments: &[&str]) -> Result<Vec<u8>, SourceError> {
    let failed = |reason: String| SourceError::Git {
        name: name.to_owned(),
        arguments: arguments.join(" "),
        reason,
    };
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    Ok(output.stdout)
}
