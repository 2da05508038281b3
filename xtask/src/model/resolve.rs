//! From the spec's files to the model: names are given, references followed, checks made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::check::{FieldCheck, NO_LINKS, check_api, check_field, check_status_codes};
use super::dates::DateExpression;
use super::{Endpoint, Enum, Field, Limit, Model, Object, Section, Type, TypeDef, Variant, names};
use crate::spec::diagnostics::did_you_mean;
use crate::spec::language::{self, FieldType, Fields, Format, SharedTypes, Values};
use crate::spec::load::File;
use crate::spec::tree::{Path, Tree};
use crate::spec::{Diagnostic, Diagnostics, EndpointFile, Place, Spec};

/// Resolves a spec.
///
/// # Errors
/// Everything that is wrong with it.
pub fn resolve(spec: &Spec) -> Result<Model, Diagnostics> {
    let mut found = Vec::new();
    check_status_codes(&spec.status_codes, &mut found);
    check_api(&spec.api, &mut found);
    let mut sections = Vec::new();
    for (name, section) in &spec.api.content.sections {
        let shared = spec.shared.get(name);
        let files = || spec.endpoints.iter().filter(|file| file.section == *name);
        let mut sent = BTreeSet::new();
        for endpoint in files() {
            names_used(&endpoint.file.content.task.fields, shared, &mut sent);
        }
        // The type names of the section, with where they stand.
        let mut taken = Taken::new();
        let mut section = Section {
            name: name.clone(),
            doc: section.doc.clone(),
            shared_file: shared.map(|file| file.name.clone()),
            shared: shared.map_or_else(Vec::new, |file| {
                shared_types(file, &sent, &mut taken, &mut found)
            }),
            endpoints: Vec::new(),
        };
        for file in files() {
            if let Some(endpoint) = endpoint(file, shared, &mut taken, &mut found) {
                section.endpoints.push(endpoint);
            }
        }
        if !section.endpoints.is_empty() {
            refuse_equal_types(&section, &taken, &mut found);
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

/// Where a type's name was given: the file, and the place in it.
type Taken = HashMap<String, (String, Place)>;

/// The shared types that these fields name, and that those name in turn.
fn names_used(fields: &Fields, types: Option<&File<SharedTypes>>, used: &mut BTreeSet<String>) {
    for field in fields.values() {
        if let Some(name) = &field.shared
            && used.insert(name.clone())
            && let Some(shared) = types.and_then(|file| file.content.types.get(name))
        {
            names_used(&shared.fields, types, used);
        }
        names_used(&field.fields, types, used);
    }
}

/// `sent` are the names of those that tasks use.
fn shared_types(
    file: &File<SharedTypes>,
    sent: &BTreeSet<String>,
    taken: &mut Taken,
    found: &mut Vec<Diagnostic>,
) -> Vec<TypeDef> {
    let mut all = Vec::new();
    for (name, shared) in &file.content.types {
        let path = vec!["types".to_owned(), name.clone()];
        let mut scope = Scope {
            file: &file.name,
            tree: &file.tree,
            shared: Some(file),
            prefix: name.clone(),
            taken,
            types: Vec::new(),
            found,
        };
        scope.claim(name, &path);
        let own = match &shared.values {
            Some(values) if shared.fields.is_empty() => {
                TypeDef::Enum(scope.open_enum(name, &shared.doc, values, &path))
            }
            None if !shared.fields.is_empty() => TypeDef::Object(scope.object(
                name.clone(),
                shared.doc.clone(),
                &shared.fields,
                &path,
                sent.contains(name),
            )),
            _ => {
                scope.report(&path, "a shared type has either `fields` or `values`");
                continue;
            }
        };
        let parts = scope.types;
        all.push(own);
        all.extend(parts);
    }
    all
}

fn endpoint(
    endpoint: &EndpointFile,
    shared: Option<&File<SharedTypes>>,
    taken: &mut Taken,
    found: &mut Vec<Diagnostic>,
) -> Option<Endpoint> {
    let EndpointFile { section, file } = endpoint;
    let spec = &file.content;
    let at = |key: &str| vec![key.to_owned()];
    let Some(rest) = spec.path.strip_prefix(&format!("/v3/{section}/")) else {
        let message =
            format!("expected a path that begins with `/v3/{section}/`, the folder's name");
        found.push(Diagnostic::new(
            &file.name,
            file.tree.place(&at("path")),
            message,
        ));
        return None;
    };
    let (Some(name), Some(module)) = (names::type_name(rest), names::field_name(rest)) else {
        let message = format!("no Rust name can be made from `{rest}`");
        found.push(Diagnostic::new(
            &file.name,
            file.tree.place(&at("path")),
            message,
        ));
        return None;
    };
    if !file.name.ends_with(&format!("/{section}/{module}.yaml")) {
        let message = format!("this path belongs into a file `{section}/{module}.yaml`");
        found.push(Diagnostic::new(
            &file.name,
            file.tree.place(&at("path")),
            message,
        ));
    }
    let mut scope = Scope {
        file: &file.name,
        tree: &file.tree,
        shared,
        prefix: name.clone(),
        taken,
        types: Vec::new(),
        found,
    };
    scope.claim(&name, &at("path"));
    if let Some(revised) = &spec.source.revised
        && !matches!(DateExpression::parse(revised), Some(DateExpression::On(_)))
    {
        let path = vec!["source".to_owned(), "revised".to_owned()];
        scope.report(&path, "expected a date, `yyyy-mm-dd`");
    }
    if spec.limits.tasks_per_call == Some(0) || spec.limits.calls_per_minute == Some(0) {
        scope.report(&at("limits"), "a limit of 0 allows nothing");
    }
    if spec.doc.as_deref().is_some_and(|doc| doc.contains("[`")) {
        scope.report(&at("doc"), NO_LINKS);
    }
    if !spec.source.link.starts_with("https://") {
        let path = vec!["source".to_owned(), "link".to_owned()];
        scope.report(&path, "expected the address of a page, https://…");
    }
    if spec.doc.as_deref().is_none_or(|doc| doc.trim().is_empty()) {
        scope.report(
            &[],
            "`doc` is missing: say in our own words what the endpoint is for",
        );
    }
    let path = [at("task"), at("fields")].concat();
    let task = scope.top(format!("{name}Task"), &spec.task.fields, &path, true);
    let path = [at("result"), at("fields")].concat();
    let result = scope.top(format!("{name}Result"), &spec.result.fields, &path, false);
    let types = scope.types;
    Some(Endpoint {
        file: file.name.clone(),
        id: format!("{section}/{rest}"),
        path: spec.path.clone(),
        method: spec.method,
        mode: spec.mode,
        doc: spec.doc.clone().unwrap_or_default().trim().to_owned(),
        link: spec.source.link.clone(),
        revised: spec.source.revised.clone(),
        limits: spec.limits.clone(),
        name,
        module,
        task,
        result,
        types,
    })
}

/// The methods that generated code gives to what is sent, and those that it calls.
const METHODS: [&str; 6] = [
    "clone",
    "default",
    "new",
    "validate",
    "validate_on",
    "warnings",
];

/// Resolving the types of one file.
struct Scope<'a> {
    file: &'a str,
    tree: &'a Tree,
    shared: Option<&'a File<SharedTypes>>,
    /// What the names of types begin with that stand in this file only.
    prefix: String,
    /// The type names of the section, with the file that has them.
    taken: &'a mut Taken,
    types: Vec<TypeDef>,
    found: &'a mut Vec<Diagnostic>,
}

impl Scope<'_> {
    fn report(&mut self, path: &[String], message: impl Into<String>) {
        let place = self.tree.place(path);
        self.found.push(Diagnostic::new(self.file, place, message));
    }

    /// Takes a type name, once in a section. A second one is an error, never a numbered name.
    fn claim(&mut self, name: &str, path: &[String]) {
        let here = (self.file.to_owned(), self.tree.place(path));
        if let Some((other, _)) = self.taken.insert(name.to_owned(), here) {
            let message = format!(
                "the type name `{name}` is taken by {other}: give this one another with `name`, \
                 or share the type with `use`"
            );
            self.report(path, message);
        }
    }

    fn top(&mut self, name: String, fields: &Fields, path: &[String], task: bool) -> Object {
        self.claim(&name, path);
        self.object(name, String::new(), fields, path, task)
    }

    /// `path` leads to the fields, or to what holds them.
    fn object(
        &mut self,
        name: String,
        doc: String,
        fields: &Fields,
        path: &[String],
        task: bool,
    ) -> Object {
        let mut resolved: Vec<Field> = Vec::new();
        for (wire, spec) in fields {
            let mut path: Path = path.to_vec();
            if path.last().is_none_or(|last| last != "fields") {
                path.push("fields".to_owned());
            }
            path.push(wire.clone());
            let check = FieldCheck {
                file: self.file,
                tree: self.tree,
                path: &path,
                task,
            };
            check_field(&check, spec, self.found);
            let given = spec.ident.as_deref();
            let own = names::field_name(given.unwrap_or(wire));
            let own = own.filter(|own| given.is_none_or(|given| own == given));
            let Some(ident) = own else {
                let wrong = given.unwrap_or(wire);
                self.report(
                    &path,
                    format!("`{wrong}` cannot be a Rust name: give one with `ident`"),
                );
                continue;
            };
            if task && METHODS.contains(&ident.as_str()) {
                let message = format!(
                    "`{ident}` is a method of what is sent: give another name with `ident`"
                );
                self.report(&path, message);
            }
            if let Some(other) = resolved.iter().find(|other| other.ident == ident) {
                let message = format!("`{wire}` and `{}` would both become `{ident}`", other.wire);
                self.report(&path, message);
            }
            let ty = self.field_type(wire, spec, &path, task);
            resolved.push(Field {
                wire: wire.clone(),
                ident,
                limits: limits(spec, &ty, &self.enums()),
                ty,
                required: spec.required == Some(true),
                spec: spec.clone(),
            });
        }
        Object {
            name,
            doc,
            sent: task,
            fields: resolved,
        }
    }

    /// The values of the enums that fields can name by now.
    fn enums(&self) -> BTreeMap<String, Vec<String>> {
        let own = self.types.iter().filter_map(|ty| match ty {
            TypeDef::Enum(open) => {
                let values = open.variants.iter().map(|variant| variant.wire.clone());
                Some((open.name.clone(), values.collect()))
            }
            TypeDef::Object(_) => None,
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
        task: bool,
    ) -> Type {
        match (spec.kind, spec.of) {
            (FieldType::List, of) => {
                let of = of.unwrap_or(FieldType::Json);
                Type::List(Box::new(self.element(of, wire, spec, path, task)))
            }
            // The values of a map are its keys; they make no enum.
            (FieldType::Map, of) => {
                let of = of.unwrap_or(FieldType::Json);
                let keyless = language::Field {
                    values: None,
                    ..spec.clone()
                };
                Type::Map(Box::new(self.element(of, wire, &keyless, path, task)))
            }
            (kind, _) => self.element(kind, wire, spec, path, task),
        }
    }

    fn element(
        &mut self,
        kind: FieldType,
        wire: &str,
        spec: &language::Field,
        path: &[String],
        task: bool,
    ) -> Type {
        match kind {
            FieldType::Integer => Type::Integer,
            FieldType::Float => Type::Float,
            FieldType::Boolean => Type::Boolean,
            FieldType::Json | FieldType::List | FieldType::Map => Type::Json,
            FieldType::String => self.string(wire, spec, path, task),
            FieldType::Object => {
                if let Some(shared) = &spec.shared {
                    self.look_up(shared, path, false);
                    return Type::Object(shared.clone());
                }
                let Some(name) = self.type_name(wire, spec, path) else {
                    return Type::Json;
                };
                let doc = match spec.kind {
                    FieldType::List => format!("An element of `{wire}`."),
                    FieldType::Map => format!("A value of `{wire}`."),
                    _ => spec.doc.clone().unwrap_or_default(),
                };
                let object = self.object(name.clone(), doc, &spec.fields, path, task);
                self.types.push(TypeDef::Object(object));
                Type::Object(name)
            }
        }
    }

    fn string(&mut self, wire: &str, spec: &language::Field, path: &[String], task: bool) -> Type {
        if let Some(shared) = &spec.shared {
            self.look_up(shared, path, true);
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
                    format!("`{default}` is none of the values of `{shared}`{meant}"),
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
            Some(Format::Date) if task => Type::Date,
            Some(Format::Timestamp) => Type::Timestamp,
            // A date of an answer stays text: one of another form must not be lost.
            Some(Format::Date | Format::Target | Format::Url) | None => Type::String,
        }
    }

    /// The name of a type that stands in this file only.
    fn type_name(&mut self, wire: &str, spec: &language::Field, path: &[String]) -> Option<String> {
        let name = match (&spec.name, spec.kind) {
            (Some(name), _) => {
                if names::type_name(name).as_ref() != Some(name) {
                    self.report(path, format!("`{name}` is no name of a Rust type"));
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
            None => self.report(
                path,
                "no type name can be made from this: give one with `name`",
            ),
        }
        name
    }

    fn look_up(&mut self, name: &str, path: &[String], values: bool) {
        let types = self.shared.map(|file| &file.content.types);
        match types.and_then(|types| types.get(name)) {
            None => {
                let known = types.into_iter().flatten().map(|(name, _)| name.as_str());
                let meant = did_you_mean(name, known);
                self.report(
                    path,
                    format!("no shared type `{name}` in the section's types.yaml{meant}"),
                );
            }
            Some(shared) if shared.values.is_some() != values => {
                let message = match values {
                    true => format!("`{name}` is an object, this is a string"),
                    false => format!("`{name}` is a string with values, this is an object"),
                };
                self.report(path, message);
            }
            Some(_) => {}
        }
    }

    fn open_enum(&mut self, name: &str, doc: &str, values: &Values, path: &[String]) -> Enum {
        let mut variants: Vec<Variant> = Vec::new();
        for (wire, doc) in values.iter() {
            let Some(variant) = names::type_name(wire).filter(|name| name != "Other") else {
                self.report(
                    path,
                    format!("no Rust name can be made from the value `{wire}`"),
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

/// The limits that a task's rules have; for results they are empty or harmless.
fn limits(spec: &language::Field, ty: &Type, enums: &BTreeMap<String, Vec<String>>) -> Vec<Limit> {
    let mut limits = Vec::new();
    limits.extend(spec.min_items.map(Limit::MinItems));
    limits.extend(spec.max_items.map(Limit::MaxItems));
    limits.extend(spec.max_length.map(Limit::MaxLength));
    limits.extend(spec.max_distinct_domains.map(Limit::MaxDistinctDomains));
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
    limits
}

/// Two types of equal shape that nobody named are one type that wants a name; one of the shape of
/// a shared type is that.
fn refuse_equal_types(section: &Section, taken: &Taken, found: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, (Option<&str>, &str)> = BTreeMap::new();
    for ty in &section.shared {
        if let Some(shape) = shape(ty) {
            seen.insert(shape, (None, ty.name()));
        }
    }
    for endpoint in &section.endpoints {
        for ty in &endpoint.types {
            let Some(shape) = shape(ty) else { continue };
            let name = ty.name();
            let message = match seen.get(&shape) {
                None => {
                    seen.insert(shape, (Some(&endpoint.file), name));
                    continue;
                }
                Some((None, shared)) => {
                    format!(
                        "`{name}` has the shape of the shared type `{shared}`: name that with `use`"
                    )
                }
                Some((Some(file), other)) => format!(
                    "`{name}` has the shape of `{other}` in {file}: give it a name in types.yaml \
                     and name that with `use` in both places"
                ),
            };
            let place = taken.get(name).map_or(Place::START, |(_, place)| *place);
            found.push(Diagnostic::new(&endpoint.file, place, message));
        }
    }
}

/// What makes two types the same. One value says too little to call two enums that.
fn shape(ty: &TypeDef) -> Option<String> {
    match ty {
        TypeDef::Object(object) => {
            let fields = object.fields.iter();
            let fields = fields.map(|field| format!("{}: {:?}", field.wire, field.ty));
            Some(fields.collect::<Vec<_>>().join(", "))
        }
        TypeDef::Enum(open) => {
            let values = open.variants.iter().map(|variant| variant.wire.as_str());
            let values: Vec<&str> = values.collect();
            (values.len() > 1).then(|| values.join(" | "))
        }
    }
}
