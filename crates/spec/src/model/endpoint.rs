//! Resolves an endpoint: its place, its names, its keys, its task and its result.

use std::collections::BTreeMap;

use super::check::{NO_LINKS, is_day, not_a_date};
use super::price_checks::{check_prices, default_function};
use super::resolve::{FileScope, SharedKind};
use super::type_names::TypeNames;
use super::types::{Endpoint, Field, Former, Object, Type};
use crate::language::{self, Api};
use crate::load::File;
use crate::names;
use crate::scope::{Placement, PlacementError};
use crate::tree::Path;
use crate::{Diagnostic, EndpointFile, Payload, Spec};

/// Returns the names that belong to the former paths of an endpoint.
fn former(
    place: &Placement,
    file: &File<language::Endpoint>,
    api: &Api,
    found: &mut Vec<Diagnostic>,
) -> Vec<Former> {
    let prefix = format!("/v3/{}", place.scope.file(""));
    let mut all = Vec::new();
    for (index, path) in file.content.renamed_from.iter().enumerate() {
        match Placement::of(path, api) {
            Ok(Placement {
                scope,
                name,
                module,
                ..
            }) if *path != file.content.path && scope == place.scope => {
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

/// Returns the place of an endpoint, which must be that of its file; `None` if its path gives none.
fn place(spec: &Spec, endpoint: &EndpointFile, found: &mut Vec<Diagnostic>) -> Option<Placement> {
    let EndpointFile { scope, file } = endpoint;
    let mut report = |message: String| {
        let location = file.tree.location(&["path".to_owned()]);
        found.push(Diagnostic::new(&file.name, location, message));
    };
    let path = &file.content.path;
    let section = format!("/v3/{}/", scope.section_name());
    if !path.starts_with(&section) {
        report(format!(
            "expected a path that begins with `{section}`, the folder's name"
        ));
        return None;
    }
    match Placement::of(path, &spec.api.content) {
        Ok(place) => {
            let wanted = place.file();
            if !file.name.ends_with(&format!("/{wanted}")) {
                report(format!("this path belongs in the file `{wanted}`"));
            }
            Some(place)
        }
        Err(PlacementError::BadPath(reason)) => {
            report(format!("`path`: {path:?} cannot be a folder: {reason}"));
            None
        }
        Err(reason) => {
            report(format!("`path`: {reason}"));
            None
        }
    }
}

/// Resolves an endpoint. `siblings` are the names of the folder's endpoints by path. Returns `None` if
/// the path gives no names.
pub fn endpoint(
    whole: &Spec,
    endpoint: &EndpointFile,
    siblings: &BTreeMap<String, String>,
    type_names: &mut TypeNames,
    found: &mut Vec<Diagnostic>,
) -> Option<Endpoint> {
    let place = place(whole, endpoint, found)?;
    let EndpointFile { file, .. } = endpoint;
    let spec = &file.content;
    let former = former(&place, file, &whole.api.content, found);
    let name = place.name;
    let mut scope = FileScope {
        file: &file.name,
        tree: &file.tree,
        spec: whole,
        scope: &endpoint.scope,
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
    check_prices(&file.name, &file.tree, spec, scope.found);
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
        scope: endpoint.scope.clone(),
        id: spec.path.trim_start_matches("/v3/").to_owned(),
        path: spec.path.clone(),
        method: spec.method,
        mode: spec.mode,
        charged: spec.charged != Some(false),
        function: spec
            .function
            .clone()
            .unwrap_or_else(|| default_function(&spec.path)),
        price: spec.price.clone().unwrap_or_default(),
        doc: spec.doc.clone().unwrap_or_default().trim().to_owned(),
        link: spec.source.link.clone(),
        revised: spec.source.revised.clone(),
        limits: spec.limits.clone(),
        name,
        module: place.module,
        parameters,
        task,
        example: spec.example.clone(),
        result_type,
        result,
        rows: None,
        types,
    })
}

impl FileScope<'_> {
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
}
