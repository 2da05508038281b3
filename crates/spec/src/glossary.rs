//! Adds the texts of the glossaries to fields without their own.

use std::collections::{BTreeMap, BTreeSet};

use crate::language::{Fields, Glossary, Words};
use crate::load::File;
use crate::{Diagnostic, Scope, Spec};

/// Sets `doc`, `unit` and `absent` of all fields from the glossaries. Reports texts that no field
/// uses.
pub fn apply(spec: &mut Spec, found: &mut Vec<Diagnostic>) {
    let sent = names_sent(spec);
    let glossaries = std::mem::take(&mut spec.glossaries);
    let mut used = BTreeSet::new();
    for (scope, files) in &mut spec.shared {
        for (name, ty) in files.iter_mut().flat_map(|file| &mut file.content.types) {
            let mut words = GlossaryScope {
                glossaries: &glossaries,
                scope,
                task: sent.contains(&(scope.clone(), name.clone())),
                used: &mut used,
            };
            words.fields(&mut ty.fields);
            for member in ty.members.values_mut() {
                words.fields(&mut member.fields);
            }
        }
    }
    for endpoint in &mut spec.endpoints {
        let content = &mut endpoint.file.content;
        let mut scope = GlossaryScope {
            glossaries: &glossaries,
            scope: &endpoint.scope,
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
    for (scope, file) in &glossaries {
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
                if !used.contains(&(scope.clone(), role, name.clone())) {
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

/// Shared types, each with the scope that defines it.
pub type ScopedNames = BTreeSet<(Scope, String)>;

/// Returns the shared types that tasks use, directly or through other types.
pub fn names_sent(spec: &Spec) -> ScopedNames {
    let mut uses = Uses::new(spec);
    for endpoint in &spec.endpoints {
        if let Some(task) = &endpoint.file.content.task {
            uses.fields(&endpoint.scope, &task.fields);
        }
    }
    uses.used
}

/// Returns the shared types that results use, directly or through other types.
pub fn names_received(spec: &Spec) -> ScopedNames {
    let mut uses = Uses::new(spec);
    for endpoint in &spec.endpoints {
        if let Some(result) = &endpoint.file.content.result {
            uses.fields(&endpoint.scope, &result.fields);
            if let Some(name) = &result.shared {
                uses.named(&endpoint.scope, name);
            }
        }
    }
    uses.used
}

/// The shared types that fields use.
struct Uses<'a> {
    spec: &'a Spec,
    used: ScopedNames,
}

impl<'a> Uses<'a> {
    fn new(spec: &'a Spec) -> Self {
        Self {
            spec,
            used: ScopedNames::new(),
        }
    }

    /// Adds the types that fields refer to, directly or through other types.
    fn fields(&mut self, scope: &Scope, fields: &Fields) {
        for field in fields.values() {
            let elements = std::iter::successors(Some(field), |field| field.each.as_deref());
            for element in elements {
                if let Some(name) = &element.shared {
                    self.named(scope, name);
                }
                self.fields(scope, &element.fields);
            }
        }
    }

    /// Adds the type that a name means in a scope, with the types that it uses.
    fn named(&mut self, scope: &Scope, name: &str) {
        let Some((scope, _, ty)) = self.spec.find_type(scope, name) else {
            return;
        };
        if !self.used.insert((scope.clone(), name.to_owned())) {
            return;
        }
        self.fields(&scope, &ty.fields);
        for member in ty.members.values() {
            self.fields(&scope, &member.fields);
            if let Some(name) = &member.shared {
                self.named(&scope, name);
            }
        }
    }
}

struct GlossaryScope<'a> {
    glossaries: &'a BTreeMap<Scope, File<Glossary>>,
    scope: &'a Scope,
    task: bool,
    /// The scope, the role and the name of each text that a field used.
    used: &'a mut BTreeSet<(Scope, &'static str, String)>,
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

    /// Returns the text for a field, from the innermost glossary that has it.
    fn look_up(&mut self, name: &str) -> Option<Words> {
        let role = if self.task { "task" } else { "result" };
        for scope in self.scope.outward() {
            let Some(file) = self.glossaries.get(&scope) else {
                continue;
            };
            let words = if self.task {
                &file.content.task
            } else {
                &file.content.result
            };
            if let Some(words) = words.get(name) {
                self.used.insert((scope, role, name.to_owned()));
                return Some(words.clone());
            }
        }
        None
    }
}
