//! Resolves the fields and types of a file of the spec: assigns names, follows references and runs
//! checks.

use std::collections::BTreeMap;

use super::check::NO_LINKS;
use super::field_rules::{FieldCheck, check_field};
use super::relations;
use super::type_names::TypeNames;
use super::types::{Enum, Field, Limit, Member, Object, Type, TypeDef, Union, Variant};
use crate::dates::DateExpression;
use crate::diagnostics::did_you_mean;
use crate::file_names;
use crate::language::{self, FieldType, Fields, Format, Values};
use crate::names;
use crate::tree::{Path, Tree};
use crate::{Diagnostic, Payload, Scope, Spec};

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
pub enum SharedKind {
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
pub struct FileScope<'a> {
    pub file: &'a str,
    pub tree: &'a Tree,
    pub spec: &'a Spec,
    /// The folder of the file.
    pub scope: &'a Scope,
    /// The prefix of the names of types that only this file uses.
    pub prefix: String,
    /// The Rust name of the file's endpoint, and the names of the folder's endpoints by path.
    pub endpoint: Option<(&'a str, &'a BTreeMap<String, String>)>,
    /// The type names of the spec.
    pub type_names: &'a mut TypeNames,
    pub types: Vec<TypeDef>,
    pub found: &'a mut Vec<Diagnostic>,
}

impl FileScope<'_> {
    pub fn report(&mut self, path: &[String], message: impl Into<String>) {
        let location = self.tree.location(path);
        self.found
            .push(Diagnostic::new(self.file, location, message));
    }

    /// Returns the shared type that a name means in this file.
    fn find(&self, name: &str) -> Option<&language::SharedType> {
        self.spec.find_type(self.scope, name).map(|(.., ty)| ty)
    }

    /// Claims a type name, which must be unique in the folder and in those around it. A duplicate is
    /// an error, so that no name is numbered.
    pub fn claim(&mut self, name: &str, path: &[String]) {
        let here = (self.file.to_owned(), self.tree.location(path));
        if name.len() > file_names::MAX_NAME_LENGTH {
            let message = format!(
                "the type name `{name}` is longer than {} bytes: set another with `name`",
                file_names::MAX_NAME_LENGTH
            );
            self.report(path, message);
        }
        // The documentation of a type is a file, and some file systems ignore case.
        if let Some(other) = self.type_names.in_other_case(self.scope, name) {
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
        if let Some((other, _)) = self.type_names.claim(self.scope, name, here) {
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
        let section = self
            .scope
            .parts()
            .last()
            .and_then(|it| names::type_name(it));
        let by_place = names::by_place(&parents, tail).map(|name| format!("{prefix}{name}"));
        let by_section = section.map(|section| format!("{section}{name}"));
        by_place
            .chain(by_section)
            .find(|name| !self.type_names.has(self.scope, name) && !names::is_core(name))
            .unwrap_or_else(|| format!("{name}Value"))
    }

    pub fn check_doc(&mut self, name: &str, doc: &str, path: &[String]) {
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

    pub fn union(
        &mut self,
        name: &str,
        doc: &str,
        payload: Payload,
        shared: &language::SharedType,
        path: &[String],
    ) -> Union {
        let tag = shared.tag.as_deref();
        let has_tag = |fields: &Fields| tag.is_some_and(|tag| fields.contains_key(tag));
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
            let key = shared
                .key_of(wire, |name| self.find(name))
                .map(str::to_owned);
            let key = key.filter(|_| tag.is_none());
            if key.is_none() && tag.is_none() {
                let message = format!(
                    "`{wire}` has no required field that no other member has: add one, or a `tag` to the union"
                );
                self.report(&at, message);
            }
            members.push(Member {
                wire: wire.clone(),
                key,
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
        let Some(ty) = self.find(name).cloned() else {
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

    pub fn top(
        &mut self,
        name: String,
        fields: &Fields,
        path: &[String],
        payload: Payload,
    ) -> Object {
        self.claim(&name, path);
        self.object(name, String::new(), fields, path, payload)
    }

    /// Resolves an object. `path` leads to the fields, or to the value that contains them.
    pub fn object(
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
                limits: limits(spec, fields, &ty, self.values_of(&ty)),
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

    /// Returns the documented values of an enum. Types that are not resolved yet have none.
    fn values_of(&self, ty: &Type) -> Option<Vec<String>> {
        let Type::Enum(name) = ty else { return None };
        let own = self.types.iter().find_map(|ty| match ty {
            TypeDef::Enum(open) if open.name == *name => {
                let values = open.variants.iter().map(|variant| variant.wire.clone());
                Some(values.collect())
            }
            _ => None,
        });
        own.or_else(|| {
            let values = self.find(name)?.values.as_ref()?.names();
            Some(values.into_iter().map(str::to_owned).collect())
        })
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
        self.report(path, format!("the folder has no endpoint `{over}`{meant}"));
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
            let values = self.find(shared).and_then(|ty| ty.values.clone());
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
    pub fn look_up(&mut self, name: &str, path: &[String], kind: SharedKind) -> Type {
        let ty = self.find(name);
        let is_union = ty.is_some_and(language::SharedType::is_union);
        match ty.map(SharedKind::of) {
            None => {
                let message = self.unknown_type(name);
                self.report(path, message);
            }
            Some(other) if other != kind => {
                let message = if kind == SharedKind::Values {
                    format!("`{name}` is an object, but this field is a string")
                } else {
                    format!("`{name}` is a string with values, but this field is an object")
                };
                self.report(path, message);
            }
            Some(_) => {}
        }
        if is_union {
            Type::Union(name.to_owned())
        } else {
            Type::Object(name.to_owned())
        }
    }

    /// Returns the message for a type that is not visible in the folder.
    fn unknown_type(&self, name: &str) -> String {
        let elsewhere = self.spec.shared.iter().find_map(|(scope, files)| {
            let mut files = files.iter();
            let file = files.find(|file| file.content.types.contains_key(name))?;
            Some((scope, file))
        });
        if let Some((scope, file)) = elsewhere {
            let both = self.scope.common(scope);
            return format!(
                "`{name}` of {} is not visible here: move it to the types of `{both}`",
                file.name
            );
        }
        let visible = self.spec.visible_types(self.scope);
        let meant = did_you_mean(name, visible.types.keys().map(String::as_str));
        format!(
            "no shared type `{name}` in `{}` or in a folder around it{meant}",
            self.scope
        )
    }

    pub fn open_enum(&mut self, name: &str, doc: &str, values: &Values, path: &[String]) -> Enum {
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
    values: Option<Vec<String>>,
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
    limits.extend(values.map(Limit::OneOf));
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
