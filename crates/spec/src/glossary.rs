//! Adds the texts of the glossaries to fields without their own.

use std::collections::{BTreeMap, BTreeSet};

use crate::Diagnostic;
use crate::Spec;
use crate::language::{Fields, Glossary, SharedType, Words};
use crate::load::File;

/// Sets `doc`, `unit` and `absent` of all fields from the glossaries. Reports texts that no field
/// uses.
pub fn apply(spec: &mut Spec, found: &mut Vec<Diagnostic>) {
    let glossaries = std::mem::take(&mut spec.glossaries);
    let mut used = BTreeSet::new();
    for (section, file) in &mut spec.shared {
        let sent = names_sent(section, &spec.endpoints, &file.content.types);
        for (name, ty) in &mut file.content.types {
            let mut scope = GlossaryScope {
                glossaries: &glossaries,
                section,
                task: sent.contains(name),
                used: &mut used,
            };
            scope.fields(&mut ty.fields);
            for member in ty.members.values_mut() {
                scope.fields(&mut member.fields);
            }
        }
    }
    for endpoint in &mut spec.endpoints {
        let content = &mut endpoint.file.content;
        let mut scope = GlossaryScope {
            glossaries: &glossaries,
            section: &endpoint.section,
            task: true,
            used: &mut used,
        };
        scope.fields(&mut content.parameters);
        if let Some(task) = &mut content.task {
            scope.fields(&mut task.fields);
        }
        scope.task = false;
        if let Some(result) = &mut content.result {
            scope.fields(&mut result.fields);
        }
    }
    for (section, file) in &glossaries {
        for (role, words) in [
            ("task", &file.content.task),
            ("result", &file.content.result),
        ] {
            for (name, entry) in words {
                let path = [role.to_owned(), name.clone()];
                let mut report = |message: String| {
                    let location = file.tree.location(&path);
                    found.push(Diagnostic::new(&file.name, location, message));
                };
                if !used.contains(&(section.clone(), role, name.clone())) {
                    report(format!(
                        "no field of a {role} uses the text for `{name}`: remove it"
                    ));
                }
                if entry.doc.trim().is_empty() {
                    report(format!("`{name}` has no `doc`"));
                }
            }
        }
    }
    spec.glossaries = glossaries;
}

/// Returns the shared types of a section that its tasks use.
pub fn names_sent(
    section: &str,
    endpoints: &[crate::EndpointFile],
    types: &indexmap::IndexMap<String, SharedType>,
) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for endpoint in endpoints.iter().filter(|file| file.section == section) {
        if let Some(task) = &endpoint.file.content.task {
            names_used(&task.fields, types, &mut used);
        }
    }
    used
}

/// Returns the shared types that the results of some endpoints use.
pub fn names_received<'a>(
    endpoints: impl Iterator<Item = &'a crate::EndpointFile>,
    types: &indexmap::IndexMap<String, SharedType>,
) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for endpoint in endpoints {
        if let Some(result) = &endpoint.file.content.result {
            names_used(&result.fields, types, &mut used);
            if let Some(name) = &result.shared
                && used.insert(name.clone())
                && let Some(shared) = types.get(name)
            {
                names_used(&shared.fields, types, &mut used);
            }
        }
    }
    used
}

/// Adds the shared types that fields refer to, directly or through other types.
fn names_used(
    fields: &Fields,
    types: &indexmap::IndexMap<String, SharedType>,
    used: &mut BTreeSet<String>,
) {
    for field in fields.values() {
        if let Some(name) = &field.shared
            && used.insert(name.clone())
            && let Some(shared) = types.get(name)
        {
            names_used(&shared.fields, types, used);
            for member in shared.members.values() {
                names_used(&member.fields, types, used);
                if let Some(name) = &member.shared
                    && used.insert(name.clone())
                    && let Some(shared) = types.get(name)
                {
                    names_used(&shared.fields, types, used);
                }
            }
        }
        names_used(field.inner(), types, used);
    }
}

struct GlossaryScope<'a> {
    glossaries: &'a BTreeMap<Option<String>, File<Glossary>>,
    section: &'a str,
    task: bool,
    /// The section, the role and the name of each text that a field used.
    used: &'a mut BTreeSet<(Option<String>, &'static str, String)>,
}

impl GlossaryScope<'_> {
    fn fields(&mut self, fields: &mut Fields) {
        for (name, field) in fields {
            self.fields(&mut field.fields);
            let mut each = field.each.as_mut();
            while let Some(element) = each {
                self.fields(&mut element.fields);
                each = element.each.as_mut();
            }
            if field.doc.is_some() {
                continue;
            }
            if let Some(words) = self.look_up(name) {
                field.doc = Some(words.doc);
                field.unit = field.unit.take().or(words.unit);
                field.absent = field.absent.take().or(words.absent);
            }
        }
    }

    /// Returns the text for a field, from the glossary of the section or of the whole API.
    fn look_up(&mut self, name: &str) -> Option<Words> {
        let role = if self.task { "task" } else { "result" };
        for section in [Some(self.section.to_owned()), None] {
            let Some(file) = self.glossaries.get(&section) else {
                continue;
            };
            let words = if self.task {
                &file.content.task
            } else {
                &file.content.result
            };
            if let Some(words) = words.get(name) {
                self.used.insert((section, role, name.to_owned()));
                return Some(words.clone());
            }
        }
        None
    }
}
