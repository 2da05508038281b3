//! Resolves the files of the spec into the model, one folder after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::{check_api, check_status_codes};
use super::endpoint::endpoint;
use super::resolve::FileScope;
use super::type_names::TypeNames;
use super::types::{Endpoint, Group, Model, Section, TypeDef, TypesFile};
use super::{examples, rows, section_checks};
use crate::glossary::{ScopedNames, names_sent};
use crate::language::{self, SharedTypes};
use crate::load::{File, TYPES_FOLDER};
use crate::{Diagnostic, Diagnostics, EndpointFile, Payload, Placement, Scope, Spec, names};

/// Resolves a spec.
///
/// # Errors
/// Returns all errors in the spec.
pub fn resolve(spec: &Spec) -> Result<Model, Diagnostics> {
    let mut found = Vec::new();
    check_status_codes(&spec.status_codes, &mut found);
    check_api(&spec.api, &mut found);
    let mut resolver = SectionResolver {
        spec,
        sent: names_sent(spec),
        type_names: TypeNames::default(),
        found: Vec::new(),
    };
    let shared = Arc::new(resolver.types(&Scope::root()));
    let mut sections = Vec::new();
    for (name, section) in &spec.api.content.sections {
        let section = resolver.section(name, section, &shared);
        if !section.endpoints.is_empty() {
            sections.push(section);
        }
    }
    section_checks::sent_and_received(spec, &resolver.sent, &mut resolver.found);
    found.extend(resolver.found);
    if !found.is_empty() {
        found.sort();
        found.dedup();
        return Err(Diagnostics(found));
    }
    Ok(Model {
        api: spec.api.content.clone(),
        status_codes: spec.status_codes.content.codes.clone(),
        shared,
        sections,
    })
}

/// The resolver of the sections, one after the other.
struct SectionResolver<'a> {
    spec: &'a Spec,
    /// The shared types that tasks use.
    sent: ScopedNames,
    type_names: TypeNames,
    found: Vec<Diagnostic>,
}

impl SectionResolver<'_> {
    /// Resolves a section: its types and endpoints, then those of its groups.
    fn section(
        &mut self,
        name: &str,
        spec: &language::Section,
        shared: &Arc<Vec<TypesFile>>,
    ) -> Section {
        let scope = Scope::section(name);
        let types = self.types(&scope);
        let mut endpoints = self.endpoints(&scope);
        let mut groups = Vec::new();
        for (group, spec) in &spec.groups {
            let scope = scope.child(group);
            groups.push(Group {
                name: group.clone(),
                doc: spec.doc.clone(),
                types: self.types(&scope),
            });
            endpoints.extend(self.endpoints(&scope));
        }
        let is_used = |group: &Group| {
            let mut names = endpoints.iter().map(|endpoint| endpoint.scope.group_name());
            names.any(|name| name == Some(group.name.as_str()))
        };
        groups.retain(is_used);
        let mut section = Section {
            name: name.to_owned(),
            doc: spec.doc.clone(),
            shared: Arc::clone(shared),
            types,
            groups,
            endpoints,
        };
        let files = || {
            let files = self.spec.endpoints.iter();
            files.filter(|file| file.scope.section_name() == name)
        };
        let found = &mut self.found;
        section_checks::duplicate_methods(&section, found);
        let before = found.len();
        section_checks::infinite_types(&section, &self.type_names, found);
        if found.len() == before {
            dated_prices(&mut section, &self.spec.api.content.rate_card.since);
            rows::resolve(&mut section, files(), found);
            examples::check(&section, files(), found);
        }
        if !section.endpoints.is_empty() {
            section_checks::duplicate_types(self.spec, &section, &self.type_names, found);
        }
        section
    }

    /// Resolves the shared types of a folder.
    fn types(&mut self, scope: &Scope) -> Vec<TypesFile> {
        let files = self.spec.shared.get(scope).into_iter().flatten();
        files
            .map(|file| TypesFile {
                file: file.name.clone(),
                module: types_module(&file.name),
                types: types_file(
                    self.spec,
                    scope,
                    file,
                    &self.sent,
                    &mut self.type_names,
                    &mut self.found,
                ),
            })
            .collect()
    }

    /// Resolves the endpoints of a folder, without those of the folders inside.
    fn endpoints(&mut self, scope: &Scope) -> Vec<Endpoint> {
        let files = || {
            self.spec
                .endpoints
                .iter()
                .filter(|file| file.scope == *scope)
        };
        let siblings: BTreeMap<String, String> = files()
            .filter_map(|file| self.path_and_name(file))
            .collect();
        let mut all = Vec::new();
        for file in files() {
            let resolved = endpoint(
                self.spec,
                file,
                &siblings,
                &mut self.type_names,
                &mut self.found,
            );
            all.extend(resolved);
        }
        all
    }

    /// Returns the path without the version, and the Rust name of an endpoint.
    fn path_and_name(&self, file: &EndpointFile) -> Option<(String, String)> {
        let path = &file.file.content.path;
        let place = Placement::of(path, &self.spec.api.content).ok()?;
        Some((path.strip_prefix("/v3/")?.to_owned(), place.name))
    }
}

/// Returns the module of a file of shared types, with the module around it.
fn types_module(file: &str) -> Vec<String> {
    let mut parts = file.trim_end_matches(".yaml").rsplit('/');
    let own = parts.next().unwrap_or_default().to_owned();
    match parts.next() {
        Some(TYPES_FOLDER) => vec![TYPES_FOLDER.to_owned(), own],
        _ => vec![own],
    }
}

/// Resolves a file of shared types.
fn types_file(
    spec: &Spec,
    folder: &Scope,
    file: &File<SharedTypes>,
    sent: &ScopedNames,
    type_names: &mut TypeNames,
    found: &mut Vec<Diagnostic>,
) -> Vec<TypeDef> {
    let mut all = Vec::new();
    for (name, shared) in &file.content.types {
        let path = vec!["types".to_owned(), name.clone()];
        let is_sent = sent.contains(&(folder.clone(), name.clone()));
        let mut scope = FileScope {
            file: &file.name,
            tree: &file.tree,
            spec,
            scope: folder,
            prefix: name.clone(),
            endpoint: None,
            type_names,
            types: Vec::new(),
            found,
        };
        scope.claim(name, &path);
        if names::type_name(name).as_ref() != Some(name) {
            scope.report(
                &path,
                format!(
                    "`{name}` is not the name of a Rust type: expected a name such as `RankInfo`"
                ),
            );
        }
        let doc = shared.doc.clone().unwrap_or_default().trim().to_owned();
        scope.check_doc(name, &doc, &path);
        let own = match (&shared.values, &shared.tag) {
            (Some(values), None) if shared.fields.is_empty() && shared.members.is_empty() => {
                TypeDef::Enum(scope.open_enum(name, &doc, values, &path))
            }
            (None, None) if !shared.fields.is_empty() && shared.members.is_empty() => {
                let object = scope.object(
                    name.clone(),
                    doc,
                    &shared.fields,
                    &path,
                    if is_sent {
                        Payload::Task
                    } else {
                        Payload::Result
                    },
                );
                TypeDef::Object(object)
            }
            (None, tag) if shared.is_union() => {
                let payload = match is_sent {
                    true => Payload::Task,
                    false => Payload::Result,
                };
                if tag.is_none() && !payload.is_task() {
                    let message =
                        "a union of results requires a `tag`: only tasks are sent without one";
                    scope.report(&path, message);
                }
                TypeDef::Union(scope.union(name, &doc, payload, shared, &path))
            }
            _ => {
                let message =
                    "a shared type has either `fields`, or `values`, or `members` with a `tag`";
                scope.report(&path, message);
                continue;
            }
        };
        let parts = scope.types;
        all.push(own);
        all.extend(parts);
    }
    all
}

/// Sets the day of the prices that are from the rate card.
fn dated_prices(section: &mut Section, since: &str) {
    for endpoint in &mut section.endpoints {
        endpoint.price.since.get_or_insert_with(|| since.to_owned());
    }
}
