//! Reads all files of a spec folder.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use rayon::prelude::*;
use serde::de::DeserializeOwned;

use super::decode::decode;
use super::diagnostics::{Diagnostic, Diagnostics, Location, did_you_mean};
use super::fingerprints::{self, Fingerprints};
use super::language::{Api, Endpoint, Glossary, SharedTypes, StatusCodes};
use super::sentences;
use super::tree::Tree;

/// A whole spec.
#[derive(Debug)]
pub struct Spec {
    /// `api.yaml`.
    pub api: File<Api>,
    /// `status_codes.yaml`.
    pub status_codes: File<StatusCodes>,
    /// The sections' shared types, by section.
    pub shared: BTreeMap<String, File<SharedTypes>>,
    /// The glossaries by section. The glossary of the whole API has no section.
    pub glossaries: BTreeMap<Option<String>, File<Glossary>>,
    /// The endpoints, by section and file.
    pub endpoints: Vec<EndpointFile>,
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
    /// The section: the folder's name.
    pub section: String,
    /// The file.
    pub file: File<Endpoint>,
}

/// Reads a spec folder. Returns the readable part and every error.
///
/// Files with errors are left out, and so are all endpoints of a section whose types have errors.
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
    let api = reader.file::<Api>(&folder.join("api.yaml"), "api.yaml");
    let status_codes = reader.file(&folder.join("status_codes.yaml"), "status_codes.yaml");
    let mut sections = Sections::default();
    for (section, path) in reader.entries(folder, "") {
        if section == "glossary.yaml" {
            if let Some(file) = reader.file(&path, &section) {
                sections.glossaries.insert(None, file);
            }
            continue;
        }
        if section == sentences::FILE {
            if let Some(file) = reader.file(&path, &section) {
                sentences::check(&file, &mut reader.found);
            }
            continue;
        }
        if !path.is_dir() {
            reader.top_level(&section);
            continue;
        }
        if let Some(api) = &api
            && !api.content.sections.contains_key(&section)
        {
            let sections = api.content.sections.keys().map(String::as_str);
            let meant = did_you_mean(&section, sections);
            reader.report(&section, format!("api.yaml has no such section{meant}"));
        }
        reader.section(&section, &path, &mut sections);
    }
    let spec = api.zip(status_codes).map(|(api, status_codes)| Spec {
        api,
        status_codes,
        shared: sections.shared,
        glossaries: sections.glossaries,
        endpoints: sections.endpoints,
    });
    (spec, reader.found)
}

/// The files of the sections that were read.
#[derive(Default)]
struct Sections {
    shared: BTreeMap<String, File<SharedTypes>>,
    glossaries: BTreeMap<Option<String>, File<Glossary>>,
    endpoints: Vec<EndpointFile>,
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

impl SpecReader {
    /// Reports a file next to the sections that is not a spec file.
    fn top_level(&mut self, name: &str) {
        let known = [
            "api.yaml",
            "glossary.yaml",
            sentences::FILE,
            "status_codes.yaml",
            "spec.schema.json",
        ];
        if !known.contains(&name) {
            let meant = did_you_mean(name, known);
            self.report(name, format!("not a spec file{meant}"));
        }
    }

    /// Reads the folder of a section.
    fn section(&mut self, section: &str, folder: &FilePath, sections: &mut Sections) {
        let mut files = self.entries(folder, section);
        let fingerprints = match files.remove(fingerprints::FILE) {
            Some(path) => self.fingerprints(&path, section),
            None => Fingerprints::default(),
        };
        self.parse_ahead(section, &files);
        let mut endpoints = Vec::new();
        let mut has_types = true;
        for (name, path) in files {
            let relative = format!("{section}/{name}");
            if name == "types.yaml" {
                match self.file::<SharedTypes>(&path, &relative) {
                    Some(mut file) => {
                        fingerprints.apply(&name, &mut file.content);
                        sections.shared.insert(section.to_owned(), file);
                    }
                    None => has_types = false,
                }
            } else if name == "glossary.yaml" {
                if let Some(file) = self.file(&path, &relative) {
                    sections.glossaries.insert(Some(section.to_owned()), file);
                }
            } else if name.ends_with(".yaml") {
                if let Some(mut file) = self.file::<Endpoint>(&path, &relative) {
                    fingerprints.apply(&name, &mut file.content);
                    endpoints.push(EndpointFile {
                        section: section.to_owned(),
                        file,
                    });
                }
            } else {
                self.report(
                    &relative,
                    "not a spec file: expected a name that ends in `.yaml`".into(),
                );
            }
        }
        if has_types {
            sections.endpoints.extend(endpoints);
        }
    }

    /// Reads the fingerprints of a section. Returns none if the file has errors.
    fn fingerprints(&mut self, path: &FilePath, section: &str) -> Fingerprints {
        let name = format!("{section}/{}", fingerprints::FILE);
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

    /// Parses the files of a section in parallel, as parsing takes most of the time. Unreadable
    /// files are reported later, by [`Self::file`].
    fn parse_ahead(&mut self, section: &str, files: &BTreeMap<String, PathBuf>) {
        let prefix = &self.prefix;
        let parsed = files.par_iter().filter_map(|(name, path)| {
            let text = fs::read_to_string(path).ok()?;
            let name = format!("{prefix}/{section}/{name}");
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
    fn entries(&mut self, folder: &FilePath, name: &str) -> BTreeMap<String, PathBuf> {
        match fs::read_dir(folder) {
            Ok(entries) => entries
                .flatten()
                .map(|entry| {
                    (
                        entry.file_name().to_string_lossy().into_owned(),
                        entry.path(),
                    )
                })
                .filter(|(name, _)| !name.starts_with('.'))
                .collect(),
            Err(error) => {
                self.report(name, format!("cannot be read: {error}"));
                BTreeMap::new()
            }
        }
    }
}
