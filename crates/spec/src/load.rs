//! Reads all files of a spec folder.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path as FilePath, PathBuf};

use indexmap::IndexMap;
use rayon::prelude::*;
use serde::de::DeserializeOwned;

use super::decode::decode;
use super::diagnostics::{Diagnostic, Diagnostics, Location, did_you_mean};
use super::fingerprints::{self, Fingerprints};
use super::language::{Api, Endpoint, Glossary, Group, SharedType, SharedTypes, StatusCodes};
use super::scope::Scope;
use super::sentences;
use super::tree::Tree;
use super::{file_names, names};

/// A whole spec.
#[derive(Debug)]
pub struct Spec {
    /// `api.yaml`.
    pub api: File<Api>,
    /// `status_codes.yaml`.
    pub status_codes: File<StatusCodes>,
    /// The files of shared types, by scope and file.
    pub shared: BTreeMap<Scope, Vec<File<SharedTypes>>>,
    /// The glossaries.
    pub glossaries: BTreeMap<Scope, File<Glossary>>,
    /// The endpoints, by scope and file. Those of a section precede those of its groups.
    pub endpoints: Vec<EndpointFile>,
}

impl Spec {
    /// Returns the shared type that a name means in a scope, and its file. Inner scopes come first.
    pub fn find_type(
        &self,
        scope: &Scope,
        name: &str,
    ) -> Option<(Scope, &File<SharedTypes>, &SharedType)> {
        scope.outward().find_map(|scope| {
            let mut files = self.shared.get(&scope)?.iter();
            files.find_map(|file| {
                let ty = file.content.types.get(name)?;
                Some((scope.clone(), file, ty))
            })
        })
    }

    /// Returns all shared types that are visible in a scope.
    pub fn visible_types(&self, scope: &Scope) -> SharedTypes {
        visible_types(&self.shared, scope)
    }
}

/// Returns the shared types of some files that are visible in a scope.
pub fn visible_types(
    files: &BTreeMap<Scope, Vec<File<SharedTypes>>>,
    scope: &Scope,
) -> SharedTypes {
    let mut visible = SharedTypes::default();
    for scope in scope.outward() {
        for file in files.get(&scope).into_iter().flatten() {
            for (name, ty) in &file.content.types {
                let entry = visible.types.entry(name.clone());
                entry.or_insert_with(|| ty.clone());
            }
        }
    }
    visible
}

/// A file of the spec, with the locations of its content.
#[derive(Debug)]
pub struct File<T> {
    /// The name, relative to the parent of the spec folder: `spec/api.yaml`.
    pub name: String,
    /// The decoded content.
    pub content: T,
    /// The tree, with the locations of all keys and values.
    pub tree: Tree,
}

/// A file that describes an endpoint.
#[derive(Debug)]
pub struct EndpointFile {
    /// The folder.
    pub scope: Scope,
    /// The file.
    pub file: File<Endpoint>,
}

/// Reads a spec folder. Returns the readable part and every error.
///
/// Files with errors are left out, and so are all endpoints that could use types with errors.
/// Returns no spec without `api.yaml` or `status_codes.yaml`.
pub fn load(folder: &FilePath) -> (Option<Spec>, Vec<Diagnostic>) {
    let mut reader = SpecReader {
        found: Vec::new(),
        parsed: HashMap::new(),
        prefix: folder.file_name().map_or_else(
            || "spec".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        ),
    };
    let mut files = Vec::new();
    files_below(folder, "", &mut files);
    reader.parse_ahead(&files);
    let api = reader.file::<Api>(&folder.join("api.yaml"), "api.yaml");
    let status_codes = reader.file(&folder.join("status_codes.yaml"), "status_codes.yaml");
    let mut folders = Folders::default();
    reader.root(folder, api.as_ref().map(|api| &api.content), &mut folders);
    let broken = std::mem::take(&mut folders.broken);
    folders
        .endpoints
        .retain(|endpoint| !broken.iter().any(|scope| endpoint.scope.is_within(scope)));
    folders
        .endpoints
        .sort_by(|one, other| (&one.scope, &one.file.name).cmp(&(&other.scope, &other.file.name)));
    let spec = api.zip(status_codes).map(|(api, status_codes)| Spec {
        api,
        status_codes,
        shared: folders.shared,
        glossaries: folders.glossaries,
        endpoints: folders.endpoints,
    });
    (spec, reader.found)
}

/// The files of the folders that were read.
#[derive(Default)]
struct Folders {
    shared: BTreeMap<Scope, Vec<File<SharedTypes>>>,
    glossaries: BTreeMap<Scope, File<Glossary>>,
    endpoints: Vec<EndpointFile>,
    /// The scopes whose types have errors.
    broken: Vec<Scope>,
}

/// Reads one file of the spec from its text.
///
/// # Errors
/// Returns every error in the file.
pub fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<File<T>, Diagnostics> {
    let mut found = Vec::new();
    let file = parse_into(name, text, &mut found);
    match file {
        Some(file) if found.is_empty() => Ok(file),
        _ => Err(Diagnostics(found)),
    }
}

/// The tree of a file with its duplicate keys, or a syntax error.
type Parsed = Result<(Tree, Vec<Diagnostic>), Diagnostic>;

fn parse_into<T: DeserializeOwned>(
    name: &str,
    text: &str,
    found: &mut Vec<Diagnostic>,
) -> Option<File<T>> {
    decode_into(name, Tree::parse(name, text), found)
}

fn decode_into<T: DeserializeOwned>(
    name: &str,
    parsed: Parsed,
    found: &mut Vec<Diagnostic>,
) -> Option<File<T>> {
    let (tree, duplicates) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            found.push(error);
            return None;
        }
    };
    found.extend(duplicates);
    let content = decode(name, &tree, found)?;
    Some(File {
        name: name.to_owned(),
        content,
        tree,
    })
}

struct SpecReader {
    found: Vec<Diagnostic>,
    /// The files that were parsed in parallel.
    parsed: HashMap<PathBuf, Parsed>,
    prefix: String,
}

/// The folder with the files of shared types, if there are several.
pub const TYPES_FOLDER: &str = "types";

/// The file of shared types, if there is only one.
pub const TYPES_FILE: &str = "types.yaml";

/// The files at the root of the spec that are read by name.
const ROOT_FILES: [&str; 3] = ["api.yaml", "status_codes.yaml", "spec.schema.json"];

/// The files of a folder that the reader has not read yet, by name.
type Entries = BTreeMap<String, PathBuf>;

impl SpecReader {
    /// Reads the root folder with all sections.
    fn root(&mut self, folder: &FilePath, api: Option<&Api>, folders: &mut Folders) {
        let root = Scope::root();
        let mut entries = self.entries(folder, "");
        entries.retain(|name, _| !ROOT_FILES.contains(&name.as_str()));
        if let Some(path) = entries.remove(sentences::FILE)
            && let Some(file) = self.file(&path, sentences::FILE)
        {
            sentences::check(&file, &mut self.found);
        }
        let fingerprints = self.fingerprints(&root, &mut entries);
        self.shared(&root, &mut entries, &fingerprints, folders);
        for (name, path) in entries {
            if !path.is_dir() {
                let known = ["glossary.yaml", sentences::FILE, TYPES_FILE];
                let meant = did_you_mean(&name, ROOT_FILES.into_iter().chain(known));
                self.report(&name, format!("not a spec file{meant}"));
                continue;
            }
            let sections = api.map(|api| &api.sections);
            if let Some(sections) = sections
                && !sections.contains_key(&name)
            {
                let meant = did_you_mean(&name, sections.keys().map(String::as_str));
                self.report(&name, format!("api.yaml has no such section{meant}"));
            }
            let groups = sections.and_then(|sections| Some(&sections.get(&name)?.groups));
            self.section(&Scope::section(&name), &path, groups, folders);
        }
    }

    /// Reads the folder of a section, with its groups.
    fn section(
        &mut self,
        scope: &Scope,
        folder: &FilePath,
        groups: Option<&IndexMap<String, Group>>,
        folders: &mut Folders,
    ) {
        let mut entries = self.entries(folder, scope.section_name());
        let fingerprints = self.fingerprints(scope, &mut entries);
        self.shared(scope, &mut entries, &fingerprints, folders);
        let (inner, files): (Entries, Entries) =
            entries.into_iter().partition(|(_, path)| path.is_dir());
        self.endpoints(scope, files, &fingerprints, folders);
        for (name, path) in inner {
            let group = scope.child(&name);
            if groups.is_some_and(|groups| !groups.contains_key(&name)) {
                let meant = groups.into_iter().flat_map(IndexMap::keys);
                let meant = did_you_mean(&name, meant.map(String::as_str));
                let section = scope.section_name();
                let message = format!(
                    "api.yaml has no such group in the section `{section}`{meant}; a group has its \
                     own entry: {}",
                    missing_group(section, &name)
                );
                self.report(&scope.file(&name), message);
            }
            let mut entries = self.entries(&path, &scope.file(&name));
            self.shared(&group, &mut entries, &fingerprints, folders);
            self.endpoints(&group, entries, &fingerprints, folders);
        }
    }

    /// Reads the shared types and the glossary of a folder.
    fn shared(
        &mut self,
        scope: &Scope,
        entries: &mut Entries,
        fingerprints: &Fingerprints,
        folders: &mut Folders,
    ) {
        let mut files = Vec::new();
        files.extend(
            entries
                .remove(TYPES_FILE)
                .map(|path| (scope.file(TYPES_FILE), path)),
        );
        if let Some(path) = entries.remove(TYPES_FOLDER) {
            let folder = scope.file(TYPES_FOLDER);
            if !files.is_empty() {
                let message = "both `types.yaml` and the folder `types` have shared types: move the \
                               file into the folder";
                self.report(&scope.file(TYPES_FILE), message.to_owned());
            }
            for (name, path) in self.entries(&path, &folder) {
                let relative = format!("{folder}/{name}");
                if let Some(module) = name.strip_suffix(".yaml") {
                    if let Err(reason) = check_types_file(module) {
                        self.report(
                            &relative,
                            format!("{module:?} cannot be a module: {reason}"),
                        );
                    }
                    files.push((relative, path));
                } else {
                    self.not_yaml(&relative);
                }
            }
        }
        for (relative, path) in files {
            match self.file::<SharedTypes>(&path, &relative) {
                Some(mut file) => {
                    fingerprints.apply(in_section(&relative), &mut file.content);
                    folders.shared.entry(scope.clone()).or_default().push(file);
                }
                None => folders.broken.push(scope.clone()),
            }
        }
        if let Some(path) = entries.remove("glossary.yaml") {
            let file = self.file(&path, &scope.file("glossary.yaml"));
            folders
                .glossaries
                .extend(file.map(|file| (scope.clone(), file)));
        }
    }

    /// Reads the endpoints of a folder.
    fn endpoints(
        &mut self,
        scope: &Scope,
        files: Entries,
        fingerprints: &Fingerprints,
        folders: &mut Folders,
    ) {
        for (name, path) in files {
            let relative = scope.file(&name);
            if !name.ends_with(".yaml") {
                self.not_yaml(&relative);
                continue;
            }
            if let Some(mut file) = self.file::<Endpoint>(&path, &relative) {
                fingerprints.apply(in_section(&relative), &mut file.content);
                let scope = scope.clone();
                folders.endpoints.push(EndpointFile { scope, file });
            }
        }
    }

    fn not_yaml(&mut self, relative: &str) {
        let message = "not a spec file: expected a name that ends in `.yaml`";
        self.report(relative, message.to_owned());
    }

    /// Reads the fingerprints of a section or of the root. Returns none if the file has errors.
    fn fingerprints(&mut self, scope: &Scope, entries: &mut Entries) -> Fingerprints {
        let Some(path) = entries.remove(fingerprints::FILE) else {
            return Fingerprints::default();
        };
        let name = scope.file(fingerprints::FILE);
        let read = match fs::read_to_string(path) {
            Ok(text) => Fingerprints::parse(&format!("{}/{name}", self.prefix), &text),
            Err(error) => {
                self.report(&name, format!("cannot be read: {error}"));
                return Fingerprints::default();
            }
        };
        read.unwrap_or_else(|errors| {
            self.found.extend(errors.0);
            Fingerprints::default()
        })
    }

    fn report(&mut self, name: &str, message: String) {
        let file = format!("{}/{name}", self.prefix);
        self.found
            .push(Diagnostic::new(&file, Location::START, message));
    }

    /// Parses files in parallel, as parsing takes most of the time. Unreadable files are reported
    /// later, by [`Self::file`].
    fn parse_ahead(&mut self, files: &[(String, PathBuf)]) {
        let prefix = &self.prefix;
        let parsed = files.par_iter().filter_map(|(name, path)| {
            let text = fs::read_to_string(path).ok()?;
            let name = format!("{prefix}/{name}");
            Some((path.clone(), Tree::parse(&name, &text)))
        });
        self.parsed = parsed.collect();
    }

    fn file<T: DeserializeOwned>(&mut self, path: &FilePath, name: &str) -> Option<File<T>> {
        let full = format!("{}/{name}", self.prefix);
        let parsed = match self.parsed.remove(path) {
            Some(parsed) => Ok(parsed),
            None => fs::read_to_string(path).map(|text| Tree::parse(&full, &text)),
        };
        match parsed {
            Ok(parsed) => {
                let mut found = Vec::new();
                let file = decode_into(&full, parsed, &mut found);
                let whole = found.is_empty();
                self.found.extend(found);
                file.filter(|_| whole)
            }
            Err(error) => {
                self.report(name, format!("cannot be read: {error}"));
                None
            }
        }
    }

    /// Returns the entries of a folder, ordered by name.
    fn entries(&mut self, folder: &FilePath, name: &str) -> Entries {
        entries(folder).unwrap_or_else(|error| {
            self.report(name, format!("cannot be read: {error}"));
            Entries::new()
        })
    }
}

/// Returns the entries of a folder, ordered by name.
fn entries(folder: &FilePath) -> io::Result<Entries> {
    let entries = fs::read_dir(folder)?.flatten().map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, entry.path())
    });
    Ok(entries.filter(|(name, _)| !name.starts_with('.')).collect())
}

/// Lists the YAML files of a folder and of the folders inside, each with its name in the spec. Folders
/// that cannot be read are skipped.
fn files_below(folder: &FilePath, name: &str, files: &mut Vec<(String, PathBuf)>) {
    for (entry, path) in entries(folder).unwrap_or_default() {
        let name = match name {
            "" => entry,
            name => format!("{name}/{entry}"),
        };
        // Deeper folders belong to no scope.
        if path.is_dir() && name.matches('/').count() < MAX_FOLDERS {
            files_below(&path, &name, files);
        } else if name.ends_with(".yaml") {
            files.push((name, path));
        }
    }
}

/// The depth of the deepest folder of shared types: `serp/google/types`.
const MAX_FOLDERS: usize = 3;

/// Returns the name of a file in the folder of its section, by which its fingerprints are known. A file
/// at the root keeps its name, and `types/prices.yaml` is at the root, too.
pub fn in_section(relative: &str) -> &str {
    match relative.split_once('/') {
        None | Some((TYPES_FOLDER, _)) => relative,
        Some((_, rest)) => rest,
    }
}

/// Checks the name of a file of shared types, without its ending.
fn check_types_file(module: &str) -> Result<(), String> {
    if ["mod", "lib", "main"].contains(&module) {
        return Err("another file has this name".to_owned());
    }
    file_names::check(module).map_err(|reason| reason.to_string())?;
    if names::field_name(module).as_deref() == Some(module) {
        Ok(())
    } else {
        Err("use a name such as `knowledge_graph`".to_owned())
    }
}

/// Returns the lines that add a group to `api.yaml`.
pub fn missing_group(section: &str, group: &str) -> String {
    format!("`sections: {{{section}: {{groups: {{{group}: {{doc: …}}}}}}}}`")
}
