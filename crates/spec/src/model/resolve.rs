//! Resolves the files of the spec into the model: assigns names, follows references and runs
//! checks.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{NO_LINKS, check_api, check_status_codes, is_day, not_a_date};
use super::field_rules::{FieldCheck, check_field};
use super::type_names::TypeNames;
use super::types::{
    Endpoint, Enum, Field, Former, Limit, Member, Model, Object, Section, Type, TypeDef, Union,
    Variant,
};
use super::{examples, relations, rows, section_checks};
use crate::dates::DateExpression;
use crate::diagnostics::did_you_mean;
use crate::file_names;
use crate::glossary::names_sent;
use crate::language::{self, FieldType, Fields, Format, SharedTypes, Values};
use crate::load::File;
use crate::names;
use crate::tree::{Path, Tree};
use crate::{Diagnostic, Diagnostics, EndpointFile, Payload, Spec};

/// Resolves a spec.
///
/// # Errors
/// Returns all errors in the spec.
pub fn resolve(spec: &Spec) -> Result<Model, Diagnostics> {
    let mut found = Vec::new();
    check_status_codes(&spec.status_codes, &mut found);
    check_api(&spec.api, &mut found);
    let mut sections = Vec::new();
    for (name, section) in &spec.api.content.sections {
        let shared = spec.shared.get(name);
        let files = || spec.endpoints.iter().filter(|file| file.section == *name);
        let sent = shared.map_or_else(BTreeSet::new, |shared| {
            names_sent(name, &spec.endpoints, &shared.content.types)
        });
        let siblings: BTreeMap<String, String> = files()
            .filter_map(|file| {
                let path = file.file.content.path.strip_prefix("/v3/")?;
                let rest = path.strip_prefix(&format!("{name}/"))?;
                Some((path.to_owned(), names::type_name(&names::plain_path(rest))?))
            })
            .collect();
        // Type names are unique per section.
        let mut type_names = TypeNames::new();
        let mut section = Section {
            name: name.clone(),
            doc: section.doc.clone(),
            shared_file: shared.map(|file| file.name.clone()),
            shared: shared.map_or_else(Vec::new, |file| {
                shared_types(file, &sent, &mut type_names, &mut found)
            }),
            endpoints: Vec::new(),
        };
        for file in files() {
            if let Some(endpoint) = endpoint(file, shared, &siblings, &mut type_names, &mut found) {
                section.endpoints.push(endpoint);
            }
        }
        if let Some(shared) = shared {
            section_checks::sent_and_received(files(), shared, &sent, &mut found);
        }
        section_checks::duplicate_methods(&section, &mut found);
        let before = found.len();
        section_checks::infinite_types(&section, &type_names, &mut found);
        if found.len() == before {
            rows::resolve(&mut section, files(), &mut found);
            examples::check(&section, files(), &mut found);
        }
        if !section.endpoints.is_empty() {
            section_checks::duplicate_types(&section, &type_names, &mut found);
            sections.push(section);
        }
    }
    if !found.is_empty() {
        found.sort();
        found.dedup();
        return Err(Diagnostics(found));
    }
    Ok(Model {
        api: spec.api.content.clone(),
        status_codes: spec.status_codes.content.codes.clone(),
        sections,
    })
}

/// Resolves the shared types of a section. `sent` contains the names of those that tasks use.
fn shared_types(
    file: &File<SharedTypes>,
    sent: &BTreeSet<String>,
    type_names: &mut TypeNames,
    found: &mut Vec<Diagnostic>,
) -> Vec<TypeDef> {
    let mut all = Vec::new();
    for (name, shared) in &file.content.types {
        let path = vec!["types".to_owned(), name.clone()];
        let mut scope = FileScope {
            file: &file.name,
            tree: &file.tree,
            shared: Some(file),
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
                    if sent.contains(name) {
                        Payload::Task
                    } else {
                        Payload::Result
                    },
                );
                TypeDef::Object(object)
            }
            (None, tag) if shared.is_union() => {
                let payload = match sent.contains(name) {
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

/// Returns the names that belong to the former paths of an endpoint.
fn former(
    section: &str,
    file: &File<language::Endpoint>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Former> {
    let prefix = format!("/v3/{section}/");
    let mut all = Vec::new();
    for (index, path) in file.content.renamed_from.iter().enumerate() {
        let plain = path.strip_prefix(&prefix).map(names::plain_path);
        let name = plain.as_deref().and_then(names::type_name);
        let module = plain.as_deref().and_then(names::field_name);
        match (name, module) {
            (Some(name), Some(module))
                if *path != file.content.path
                    && file_names::check_path(path).is_ok()
                    && check_module(&module).is_ok() =>
            {
                all.push(Former { name, module });
            }
            _ => {
                let location = ["renamed_from".to_owned(), index.to_string()];
                let message = format!(
                    "`renamed_from`: {path:?}: expected a former path of the endpoint, such as \
                     `{prefix}bulk_ranks/live`"
                );
                found.push(Diagnostic::new(
                    &file.name,
                    file.tree.location(&location),
                    message,
                ));
            }
        }
    }
    all
}

/// The names in a section's folders that belong to other files than those of endpoints.
const RESERVED_MODULES: [&str; 5] = ["mod", "lib", "main", "types", "glossary"];

/// Checks the name of an endpoint's module, which is also the name of its files.
fn check_module(module: &str) -> Result<(), String> {
    if RESERVED_MODULES.contains(&module) {
        return Err("another file of the section has this name".to_owned());
    }
    file_names::check(module).map_err(|reason| reason.to_string())
}

/// The names that generated code gives an endpoint.
struct EndpointName {
    /// The path after the section.
    rest: String,
    /// The Rust name of the endpoint.
    name: String,
    /// The Rust name of its module and its method.
    module: String,
}

/// Returns the names of an endpoint; `None` if its path gives none.
fn endpoint_name(endpoint: &EndpointFile, found: &mut Vec<Diagnostic>) -> Option<EndpointName> {
    let EndpointFile { section, file } = endpoint;
    let mut report = |message: String| {
        let location = file.tree.location(&["path".to_owned()]);
        found.push(Diagnostic::new(&file.name, location, message));
    };
    let path = &file.content.path;
    let Some(rest) = path.strip_prefix(&format!("/v3/{section}/")) else {
        report(format!(
            "expected a path that begins with `/v3/{section}/`, the folder's name"
        ));
        return None;
    };
    if let Err(reason) = file_names::check_path(path) {
        report(format!("`path`: {path:?} cannot be a folder: {reason}"));
        return None;
    }
    let plain = names::plain_path(rest);
    let (Some(name), Some(module)) = (names::type_name(&plain), names::field_name(&plain)) else {
        report(format!("`path`: cannot derive a Rust name from `{rest}`"));
        return None;
    };
    if let Err(reason) = check_module(&module) {
        report(format!(
            "`path`: the module would be called `{module}`: {reason}"
        ));
        return None;
    }
    if !file.name.ends_with(&format!("/{section}/{module}.yaml")) {
        report(format!(
            "this path belongs in the file `{section}/{module}.yaml`"
        ));
    }
    Some(EndpointName {
        rest: rest.to_owned(),
        name,
        module,
    })
}

fn endpoint(
    endpoint: &EndpointFile,
    shared: Option<&File<SharedTypes>>,
    siblings: &BTreeMap<String, String>,
    type_names: &mut TypeNames,
    found: &mut Vec<Diagnostic>,
) -> Option<Endpoint> {
    let EndpointName { rest, name, module } = endpoint_name(endpoint, found)?;
    let EndpointFile { section, file } = endpoint;
    let spec = &file.content;
    let former = former(section, file, found);
    let mut scope = FileScope {
        file: &file.name,
        tree: &file.tree,
        shared,
        prefix: name.clone(),
        endpoint: Some((&name, siblings)),
        type_names,
        types: Vec::new(),
        found,
    };
    scope.claim(&name, &["path".to_owned()]);
    let parameters = scope.parameters(spec);
    scope.check_mode(spec);
    scope.check_endpoint(spec);
    let task = spec.task.as_ref().map(|task| {
        let path = ["task".to_owned(), "fields".to_owned()];
        scope.top(format!("{name}Task"), &task.fields, &path, Payload::Task)
    });
    let (result_type, result) = scope.result(spec, &name);
    let types = scope.types;
    Some(Endpoint {
        file: file.name.clone(),
        former,
        removed: spec.removed_upstream.clone(),
        id: format!("{section}/{rest}"),
        path: spec.path.clone(),
        method: spec.method,
        mode: spec.mode,
        charged: spec.charged != Some(false),
        doc: spec.doc.clone().unwrap_or_default().trim().to_owned(),
        link: spec.source.link.clone(),
        revised: spec.source.revised.clone(),
        limits: spec.limits.clone(),
        name,
        module,
        parameters,
        task,
        example: spec.example.clone(),
        result_type,
        result,
        rows: None,
        types,
    })
}

/// The methods that generated tasks have, or that generated code calls on them.
const METHODS: [&str; 6] = [
    "clone",
    "default",
    "new",
    "validate",
    "validate_on",
    "warnings",
];

/// The kind of a shared type that a field can refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SharedKind {
    /// An object or a union.
    Object,
    /// A string with documented values.
    Values,
}

impl SharedKind {
    fn of(shared: &language::SharedType) -> Self {
        if shared.values.is_some() {
            Self::Values
        } else {
            Self::Object
        }
    }
}

/// The resolver of the types in one file.
struct FileScope<'a> {
    file: &'a str,
    tree: &'a Tree,
    shared: Option<&'a File<SharedTypes>>,
    /// The prefix of the names of types that only this file uses.
    prefix: String,
    /// The Rust name of the file's endpoint, and the names of the section's endpoints by path.
    endpoint: Option<(&'a str, &'a BTreeMap<String, String>)>,
    /// The type names of the section, with the file of each.
    type_names: &'a mut TypeNames,
    types: Vec<TypeDef>,
    found: &'a mut Vec<Diagnostic>,
}

impl FileScope<'_> {
    fn report(&mut self, path: &[String], message: impl Into<String>) {
        let location = self.tree.location(path);
        self.found
            .push(Diagnostic::new(self.file, location, message));
    }

    /// Claims a type name, which must be unique in the section. A duplicate is an error, so that no
    /// name is numbered.
    fn claim(&mut self, name: &str, path: &[String]) {
        let here = (self.file.to_owned(), self.tree.location(path));
        if name.len() > file_names::MAX_NAME_LENGTH {
            let message = format!(
                "the type name `{name}` is longer than {} bytes: set another with `name`",
                file_names::MAX_NAME_LENGTH
            );
            self.report(path, message);
        }
        // The documentation of a type is a file, and some file systems ignore case.
        let same = |other: &&String| *other != name && other.eq_ignore_ascii_case(name);
        if let Some(other) = self.type_names.keys().find(same) {
            let message = format!(
                "the type names `{name}` and `{other}` differ by case only: set another with `name`"
            );
            self.report(path, message);
        }
        if names::is_core(name) {
            let proposal = self.free_name(name, path);
            let message = format!(
                "the type name `{name}` belongs to the core of the models, so generated code would be \
                 ambiguous: use another name, such as `{proposal}`"
            );
            self.report(path, message);
        }
        if let Some((other, _)) = self.type_names.insert(name.to_owned(), here) {
            let proposal = self.free_name(name, path);
            let message = format!(
                "the type name `{name}` is already used in {other}: set another with `name`, \
                 such as `{proposal}`, or share the type with `use`"
            );
            self.report(path, message);
        }
    }

    /// Returns a free type name for the value at a path: by the fields around it, then by the
    /// section.
    fn free_name(&self, name: &str, path: &[String]) -> String {
        let tail = name
            .strip_prefix(&self.prefix)
            .filter(|tail| !tail.is_empty());
        let prefix = tail.map_or("", |_| &self.prefix);
        let tail = tail.unwrap_or(name);
        let keys = ["result", "task", "types", "fields", "members", "each"];
        let around = path.split_last().map_or(&[][..], |(_, around)| around);
        let parents = around
            .iter()
            .filter(|key| !keys.contains(&key.as_str()) && **key != self.prefix);
        let parents: Vec<String> = parents.cloned().collect();
        let section = self.file.rsplit('/').nth(1).and_then(names::type_name);
        let by_place = names::by_place(&parents, tail).map(|name| format!("{prefix}{name}"));
        let by_section = section.map(|section| format!("{section}{name}"));
        by_place
            .chain(by_section)
            .find(|name| !self.type_names.contains_key(name) && !names::is_core(name))
            .unwrap_or_else(|| format!("{name}Value"))
    }

    fn check_doc(&mut self, name: &str, doc: &str, path: &[String]) {
        if doc.is_empty() {
            self.report(
                path,
                format!("`{name}` has no `doc`: describe it in our own words"),
            );
        }
        if doc.contains("[`") {
            self.report(path, NO_LINKS);
        }
    }

    /// Returns the parameters of the path. Reports parameters without a description, and
    /// descriptions without a parameter.
    fn parameters(&mut self, spec: &language::Endpoint) -> Vec<Field> {
        let path = vec!["parameters".to_owned()];
        let described = self.object(
            String::new(),
            String::new(),
            &spec.parameters,
            &path,
            Payload::Task,
        );
        let in_path = names::parameters(&spec.path);
        for name in &in_path {
            if !spec.parameters.contains_key(*name) {
                let message = format!("`parameters` does not describe `{name}`");
                self.report(&["path".to_owned()], message);
            }
        }
        for field in &described.fields {
            let at = [path.as_slice(), std::slice::from_ref(&field.wire)].concat();
            if !in_path.contains(&field.wire.as_str()) {
                self.report(&at, format!("the path has no parameter `{}`", field.wire));
            }
            if field.ty != Type::String || !field.required {
                self.report(&at, "a path parameter must be a required string");
            }
        }
        let mut fields = described.fields;
        fields.sort_by_key(|field| in_path.iter().position(|name| *name == field.wire));
        fields
    }

    /// Checks the keys of an endpoint other than its fields.
    fn check_endpoint(&mut self, spec: &language::Endpoint) {
        let at = |keys: &[&str]| -> Path { keys.iter().map(|key| (*key).to_owned()).collect() };
        if let Some(day) = spec.removed_upstream.as_ref().filter(|day| !is_day(day)) {
            self.report(&at(&["removed_upstream"]), not_a_date(day));
        }
        let revised = spec.source.revised.as_ref();
        if revised.is_some_and(|revised| !is_day(revised)) {
            self.report(&at(&["source", "revised"]), "expected a date, `yyyy-mm-dd`");
        }
        if spec.limits.tasks_per_call == Some(0) || spec.limits.calls_per_minute == Some(0) {
            self.report(&at(&["limits"]), "a limit of 0 allows nothing");
        }
        let doc = spec.doc.as_deref().unwrap_or_default();
        if doc.contains("[`") {
            self.report(&at(&["doc"]), NO_LINKS);
        }
        if !spec.source.link.starts_with("https://") {
            let message = "expected the URL of a page, https://…";
            self.report(&at(&["source", "link"]), message);
        }
        if doc.trim().is_empty() {
            let message = "`doc` is missing: describe the endpoint in our own words";
            self.report(&[], message);
        }
    }

    /// Returns the type of one element of a task's `result`, and the type itself if only this endpoint
    /// has it.
    fn result(&mut self, spec: &language::Endpoint, name: &str) -> (Type, Option<Object>) {
        let Some(result) = &spec.result else {
            return (Type::Json, None);
        };
        let at = "result".to_owned();
        if let Some(shared) = &result.shared {
            let at = [at];
            if !result.fields.is_empty() {
                self.report(&at, "`use` and `fields` exclude each other");
            }
            return (self.look_up(shared, &at, SharedKind::Object), None);
        }
        let path = [at, "fields".to_owned()];
        let name = format!("{name}Result");
        let object = self.top(name.clone(), &result.fields, &path, Payload::Result);
        (Type::Object(name), Some(object))
    }

    /// Checks the keys that a mode requires or excludes.
    fn check_mode(&mut self, spec: &language::Endpoint) {
        let at = |key: &str| vec![key.to_owned()];
        match (spec.method, &spec.task) {
            (language::Method::Post, None) => {
                self.report(
                    &at("method"),
                    "a POST sends tasks: describe them under `task`",
                );
            }
            (language::Method::Get, Some(_)) => {
                self.report(
                    &at("task"),
                    "a GET sends only its `parameters`: remove `task`",
                );
            }
            _ => {}
        }
        if spec.task.is_some() && spec.limits.tasks_per_call.is_none() {
            self.report(
                &at("limits"),
                "`tasks_per_call` is missing: set the maximum number of tasks per call",
            );
        }
        let get = spec.method == language::Method::Get;
        let fits = match spec.mode {
            language::Mode::TaskPost => !get,
            language::Mode::TasksReady | language::Mode::TasksFixed => get,
            language::Mode::TaskGet => get && !spec.parameters.is_empty(),
            _ => true,
        };
        if !fits {
            let message = "this mode requires another method: `task_post` is a POST, \
                           `tasks_ready` and `tasks_fixed` a GET, `task_get` a GET with `parameters`";
            self.report(&at("mode"), message);
        }
        if get && spec.limits.tasks_per_call.is_some() {
            self.report(
                &at("limits"),
                "a GET sends no tasks: remove `tasks_per_call`",
            );
        }
        // For other modes, a result without a description is any JSON.
        if spec.mode == language::Mode::TaskPost && spec.result.is_some() {
            let message = "a `task_post` has no `result`: its response contains the posted tasks";
            self.report(&at("mode"), message);
        }
        let Some(example) = &spec.example else { return };
        let known = |name: &String| {
            spec.task
                .as_ref()
                .is_some_and(|task| task.fields.contains_key(name))
        };
        match example.as_object() {
            None => self.report(&at("example"), "expected one task, an object"),
            Some(example) => {
                for name in example.keys().filter(|name| !known(name)) {
                    self.report(&at("example"), format!("a task has no field `{name}`"));
                }
                let required = spec.task.iter().flat_map(|task| &task.fields);
                for (name, _) in required.filter(|(_, field)| field.required == Some(true)) {
                    if !example.contains_key(name) {
                        self.report(&at("example"), format!("`{name}` is required"));
                    }
                }
            }
        }
    }

    fn union(
        &mut self,
        name: &str,
        doc: &str,
        payload: Payload,
        shared: &language::SharedType,
        path: &[String],
    ) -> Union {
        let tag = shared.tag.as_deref();
        let has_tag = |fields: &Fields| tag.is_some_and(|tag| fields.contains_key(tag));
        let types = self.shared.map(|file| &file.content.types);
        let mut members: Vec<Member> = Vec::new();
        let union_fields: Vec<&String> = shared.fields.keys().collect();
        if let Some(tag) = tag.filter(|_| has_tag(&shared.fields)) {
            let message = format!("`{tag}` is the union's tag, so it cannot be a field");
            self.report(path, message);
        }
        for (wire, member) in &shared.members {
            let at = [path, &["members".to_owned(), wire.clone()]].concat();
            let doc = member.doc.clone().unwrap_or_default().trim().to_owned();
            self.check_doc(wire, &doc, &at);
            let Some(variant) = variant_name(wire) else {
                let message = format!("cannot derive a Rust name from the member `{wire}`");
                self.report(&at, message);
                continue;
            };
            if let Some(other) = members.iter().find(|other| other.name == variant) {
                let message = format!(
                    "`{wire}` and `{}` would both become `{variant}`",
                    other.wire
                );
                self.report(&at, message);
            }
            let object = match &member.shared {
                Some(shared) => {
                    if !member.fields.is_empty() {
                        self.report(&at, "`use` and `fields` exclude each other");
                    }
                    self.member_type(shared, tag, &union_fields, &at);
                    shared.clone()
                }
                None => {
                    if let Some(tag) = tag.filter(|_| has_tag(&member.fields)) {
                        let message =
                            format!("`{tag}` is the union's tag, so it cannot be a field");
                        self.report(&at, message);
                    }
                    let object = format!("{name}{variant}");
                    self.claim(&object, &at);
                    let mut fields = shared.fields.clone();
                    for (field, own) in &member.fields {
                        if fields.insert(field.clone(), own.clone()).is_some() {
                            let message = format!("`{field}` is already a field of the union");
                            self.report(&at, message);
                        }
                    }
                    let outer = std::mem::replace(&mut self.prefix, object.clone());
                    let made = self.object(object.clone(), doc.clone(), &fields, &at, payload);
                    self.prefix = outer;
                    self.types.push(TypeDef::Object(made));
                    object
                }
            };
            let key = types
                .filter(|_| tag.is_none())
                .map(|types| shared.key_of(wire, types));
            if key == Some(None) {
                let message = format!(
                    "`{wire}` has no required field that no other member has: add one, or a `tag` to the union"
                );
                self.report(&at, message);
            }
            members.push(Member {
                wire: wire.clone(),
                key: key.flatten().map(str::to_owned),
                name: variant,
                doc,
                object,
            });
        }
        Union {
            name: name.to_owned(),
            doc: doc.to_owned(),
            tag: tag.map(str::to_owned),
            sent: payload.is_task(),
            members,
        }
    }

    /// Checks the shared type of a member: an object with the union's fields and without its tag.
    fn member_type(&mut self, name: &str, tag: Option<&str>, common: &[&String], path: &[String]) {
        if let Type::Union(_) = self.look_up(name, path, SharedKind::Object) {
            let message = format!("`{name}` is a union, but a member must be an object");
            self.report(path, message);
            return;
        }
        let types = self.shared.map(|file| &file.content.types);
        let Some(ty) = types.and_then(|types| types.get(name)) else {
            return;
        };
        if let Some(tag) = tag.filter(|tag| ty.fields.contains_key(*tag)) {
            let message = format!("`{name}` has the union's tag `{tag}` as a field: remove it");
            self.report(path, message);
        }
        let missing: Vec<&str> = common
            .iter()
            .filter(|field| !ty.fields.contains_key(**field))
            .map(|field| field.as_str())
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "`{name}` lacks fields that all members have: {}",
                missing.join(", ")
            );
            self.report(path, message);
        }
    }

    fn top(&mut self, name: String, fields: &Fields, path: &[String], payload: Payload) -> Object {
        self.claim(&name, path);
        self.object(name, String::new(), fields, path, payload)
    }

    /// Resolves an object. `path` leads to the fields, or to the value that contains them.
    fn object(
        &mut self,
        name: String,
        doc: String,
        fields: &Fields,
        path: &[String],
        payload: Payload,
    ) -> Object {
        let mut resolved: Vec<Field> = Vec::new();
        for (wire, spec) in fields {
            let path = self.field_path(path, wire);
            let check = FieldCheck {
                file: self.file,
                tree: self.tree,
                path: &path,
                payload,
            };
            check_field(&check, spec, self.found);
            let given = spec.ident.as_deref();
            let own = names::field_name(given.unwrap_or(wire));
            let own = own.filter(|own| given.is_none_or(|given| own == given));
            let Some(ident) = own else {
                let wrong = given.unwrap_or(wire);
                self.report(
                    &path,
                    format!("`{wrong}` cannot be a Rust name: set one with `ident`"),
                );
                continue;
            };
            for other in relations::others(spec) {
                if !fields.contains_key(other) {
                    let meant = did_you_mean(other, fields.keys().map(String::as_str));
                    self.report(
                        &path,
                        format!("no field `{other}` in the same object{meant}"),
                    );
                }
            }
            for message in relations::wrong_values(spec, fields) {
                self.report(&path, message);
            }
            if payload.is_task() && METHODS.contains(&ident.as_str()) {
                let message = format!(
                    "`{ident}` is a method of generated tasks: set another name with `ident`"
                );
                self.report(&path, message);
            }
            if let Some(other) = resolved.iter().find(|other| other.ident == ident) {
                let message = format!("`{wire}` and `{}` would both become `{ident}`", other.wire);
                self.report(&path, message);
            }
            let ty = self.field_type(wire, spec, &path, payload);
            resolved.push(Field {
                wire: wire.clone(),
                ident,
                limits: limits(spec, fields, &ty, &self.enums()),
                ty,
                required: spec.required == Some(true),
                spec: spec.clone(),
            });
        }
        Object {
            name,
            doc,
            sent: payload.is_task(),
            fields: resolved,
        }
    }

    /// Returns the path of a field: in `path`, in its `fields`, or in the common fields of a union.
    fn field_path(&self, path: &[String], wire: &str) -> Path {
        let mut own: Path = path.to_vec();
        let holds_fields = path.last().is_some_and(|last| last == "fields");
        if !holds_fields && path != ["parameters"] {
            own.push("fields".to_owned());
        }
        own.push(wire.to_owned());
        if let [union @ .., members, _] = path
            && members == "members"
            && !self.tree.has(&own)
        {
            return [union, &["fields".to_owned(), wire.to_owned()]].concat();
        }
        own
    }

    /// Returns the values of the enums that are resolved so far.
    fn enums(&self) -> BTreeMap<String, Vec<String>> {
        let own = self.types.iter().filter_map(|ty| match ty {
            TypeDef::Enum(open) => {
                let values = open.variants.iter().map(|variant| variant.wire.clone());
                Some((open.name.clone(), values.collect()))
            }
            TypeDef::Object(_) | TypeDef::Union(_) => None,
        });
        let shared = self.shared.into_iter().flat_map(|file| &file.content.types);
        let shared = shared.filter_map(|(name, shared)| {
            let values = shared.values.as_ref()?.names();
            Some((
                name.clone(),
                values.into_iter().map(str::to_owned).collect(),
            ))
        });
        own.chain(shared).collect()
    }

    fn field_type(
        &mut self,
        wire: &str,
        spec: &language::Field,
        path: &[String],
        payload: Payload,
    ) -> Type {
        match (spec.kind, spec.of) {
            (FieldType::List, of) => {
                let of = of.unwrap_or(FieldType::Json);
                Type::List(Box::new(self.element(of, wire, spec, path, payload)))
            }
            // The `values` of a map are its keys, so they do not define an enum.
            (FieldType::Map, of) => {
                let of = of.unwrap_or(FieldType::Json);
                let keyless = language::Field {
                    values: None,
                    ..spec.clone()
                };
                let of = Box::new(self.element(of, wire, &keyless, path, payload));
                match spec.numbered {
                    Some(true) => Type::Numbered(of),
                    _ => Type::Map(of),
                }
            }
            (FieldType::Filters, _) => Type::Filters(self.rows_of(spec, path)),
            (FieldType::Order, _) => Type::List(Box::new(Type::Order(self.rows_of(spec, path)))),
            (kind, _) => self.element(kind, wire, spec, path, payload),
        }
    }

    /// Returns the Rust name of the endpoint whose rows a filter or an order refers to.
    fn rows_of(&mut self, spec: &language::Field, path: &[String]) -> String {
        let Some((own, siblings)) = self.endpoint else {
            self.report(
                path,
                "filters and orders are allowed only in an endpoint's own file",
            );
            return String::new();
        };
        let Some(over) = &spec.over else {
            return own.to_owned();
        };
        if let Some(name) = siblings.get(over) {
            return name.clone();
        }
        let meant = did_you_mean(over, siblings.keys().map(String::as_str));
        self.report(path, format!("the section has no endpoint `{over}`{meant}"));
        String::new()
    }

    fn element(
        &mut self,
        kind: FieldType,
        wire: &str,
        spec: &language::Field,
        path: &[String],
        payload: Payload,
    ) -> Type {
        match kind {
            FieldType::Integer => Type::Integer,
            FieldType::Float => Type::Float,
            FieldType::Boolean => Type::Boolean,
            FieldType::List | FieldType::Map => match &spec.each {
                Some(each) => {
                    let path = [path, &["each".to_owned()]].concat();
                    let mut each = each.as_ref().clone();
                    // The field itself has the documentation.
                    each.doc = each.doc.or_else(|| spec.doc.clone());
                    check_field(
                        &FieldCheck {
                            file: self.file,
                            tree: self.tree,
                            path: &path,
                            payload,
                        },
                        &each,
                        self.found,
                    );
                    self.field_type(wire, &each, &path, payload)
                }
                None => Type::Json,
            },
            FieldType::Json | FieldType::Filters | FieldType::Order => Type::Json,
            FieldType::String => self.string(wire, spec, path, payload),
            FieldType::Object => {
                if let Some(shared) = &spec.shared {
                    return self.look_up(shared, path, SharedKind::Object);
                }
                let Some(name) = self.type_name(wire, spec, path) else {
                    return Type::Json;
                };
                let doc = match spec.kind {
                    FieldType::List => format!("An element of `{wire}`."),
                    FieldType::Map => format!("A value of `{wire}`."),
                    _ => spec.doc.clone().unwrap_or_default(),
                };
                let object = self.object(name.clone(), doc, &spec.fields, path, payload);
                self.types.push(TypeDef::Object(object));
                Type::Object(name)
            }
        }
    }

    fn string(
        &mut self,
        wire: &str,
        spec: &language::Field,
        path: &[String],
        payload: Payload,
    ) -> Type {
        if let Some(shared) = &spec.shared {
            self.look_up(shared, path, SharedKind::Values);
            let types = self.shared.map(|file| &file.content.types);
            let values = types.and_then(|types| types.get(shared)?.values.as_ref());
            if let (Some(serde_json::Value::String(default)), Some(values)) =
                (&spec.default, values)
                && !values.names().contains(&default.as_str())
            {
                let meant = did_you_mean(default, values.names());
                let path = [path, &["default".to_owned()]].concat();
                self.report(
                    &path,
                    format!("`{default}` is not one of the values of `{shared}`{meant}"),
                );
            }
            return Type::Enum(shared.clone());
        }
        if let Some(values) = &spec.values {
            let Some(name) = self.type_name(wire, spec, path) else {
                return Type::String;
            };
            let doc = spec.doc.clone().unwrap_or_default();
            let open = self.open_enum(&name, &doc, values, path);
            self.types.push(TypeDef::Enum(open));
            return Type::Enum(name);
        }
        match spec.format {
            Some(Format::Date) if payload.is_task() => Type::Date,
            Some(Format::Timestamp) => Type::Timestamp,
            // A date in a response stays a string, so that other formats are not lost.
            Some(Format::Date | Format::Target | Format::Url) | None => Type::String,
        }
    }

    /// Returns the name of a type that only this file uses.
    fn type_name(&mut self, wire: &str, spec: &language::Field, path: &[String]) -> Option<String> {
        let name = match (&spec.name, spec.kind) {
            (Some(name), _) => {
                if names::type_name(name).as_ref() != Some(name) {
                    self.report(path, format!("`{name}` is not the name of a Rust type: expected a name such as `RankInfo`"));
                }
                Some(name.clone())
            }
            (None, FieldType::List) => {
                names::element_name(wire).map(|tail| format!("{}{tail}", self.prefix))
            }
            (None, _) => names::type_name(wire).map(|tail| format!("{}{tail}", self.prefix)),
        };
        match &name {
            Some(name) => self.claim(name, path),
            None => self.report(path, "cannot derive a type name: set one with `name`"),
        }
        name
    }

    /// Returns the shared type with a name. A string requires a type with values, an object one
    /// without.
    fn look_up(&mut self, name: &str, path: &[String], kind: SharedKind) -> Type {
        let types = self.shared.map(|file| &file.content.types);
        let ty = types.and_then(|types| types.get(name));
        match ty {
            None => {
                let known = types.into_iter().flatten().map(|(name, _)| name.as_str());
                let meant = did_you_mean(name, known);
                self.report(
                    path,
                    format!("no shared type `{name}` in the section's types.yaml{meant}"),
                );
            }
            Some(shared) if SharedKind::of(shared) != kind => {
                let message = if kind == SharedKind::Values {
                    format!("`{name}` is an object, but this field is a string")
                } else {
                    format!("`{name}` is a string with values, but this field is an object")
                };
                self.report(path, message);
            }
            Some(_) => {}
        }
        match ty {
            Some(union) if union.is_union() => Type::Union(name.to_owned()),
            _ => Type::Object(name.to_owned()),
        }
    }

    fn open_enum(&mut self, name: &str, doc: &str, values: &Values, path: &[String]) -> Enum {
        let mut variants: Vec<Variant> = Vec::new();
        for (wire, doc) in values.iter() {
            let Some(variant) = variant_name(wire) else {
                self.report(
                    path,
                    format!("cannot derive a Rust name from the value `{wire}`"),
                );
                continue;
            };
            if let Some(other) = variants.iter().find(|other| other.name == variant) {
                let message = format!(
                    "`{wire}` and `{}` would both become `{variant}`",
                    other.wire
                );
                self.report(path, message);
            }
            variants.push(Variant {
                wire: wire.to_owned(),
                name: variant,
                doc: doc.map(ToOwned::to_owned),
            });
        }
        Enum {
            name: name.to_owned(),
            doc: doc.to_owned(),
            variants,
        }
    }
}

/// Returns the name of a variant. `Other` is reserved for undocumented values.
fn variant_name(wire: &str) -> Option<String> {
    // A Rust name cannot begin with a digit: `24_hours` is `V24Hours`.
    let name = if wire.starts_with(|c: char| c.is_ascii_digit()) {
        names::type_name(&format!("v{wire}"))?
    } else {
        names::type_name(wire)?
    };
    Some(match name.as_str() {
        "Other" => "DocumentedOther".to_owned(),
        _ => name,
    })
}

/// Returns the limits of a task's field. For a result, they have no effect.
fn limits(
    spec: &language::Field,
    siblings: &Fields,
    ty: &Type,
    enums: &BTreeMap<String, Vec<String>>,
) -> Vec<Limit> {
    let mut limits = Vec::new();
    limits.extend(spec.min_items.map(Limit::MinItems));
    limits.extend(spec.max_items.map(Limit::MaxItems));
    limits.extend(spec.min_length.map(Limit::MinLength));
    limits.extend(spec.max_length.map(Limit::MaxLength));
    limits.extend(spec.max_words.map(Limit::MaxWords));
    limits.extend(spec.max_distinct_domains.map(Limit::MaxDistinctDomains));
    limits.extend(spec.max_conditions.map(Limit::MaxConditions));
    if *ty == Type::Date {
        let date =
            |bound: &Option<serde_json::Value>| DateExpression::parse(bound.as_ref()?.as_str()?);
        limits.push(Limit::Date {
            min: date(&spec.min),
            max: date(&spec.max),
        });
    } else {
        let number = |bound: &Option<serde_json::Value>| bound.as_ref()?.as_f64();
        limits.extend(number(&spec.min).map(Limit::Min));
        limits.extend(number(&spec.max).map(Limit::Max));
    }
    if let Type::Enum(name) = ty
        && let Some(values) = enums.get(name)
    {
        limits.push(Limit::OneOf(values.clone()));
    }
    if spec.format == Some(Format::Target) {
        limits.push(Limit::Targets);
    }
    if *ty == Type::Timestamp {
        limits.push(Limit::Timestamp);
    }
    if !spec.required_unless.is_empty() {
        limits.push(Limit::RequiredUnless(spec.required_unless.clone()));
    }
    limits.extend(spec.required_with.clone().map(Limit::RequiredWith));
    limits.extend(relations::limits(spec, siblings));
    limits.extend(spec.not_after.clone().map(Limit::NotAfter));
    limits
}
