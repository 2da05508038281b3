//! The rows of results: the fields for filters and orders, and checks of paging and matching.

use std::cell::RefCell;

use super::types::{
    Endpoint, Field, Object, RowField, RowFieldKind, Rows, Section, Type, TypeDef, Union,
};
use crate::language::{self, Format};
use crate::names;
use crate::{Diagnostic, EndpointFile, Scope};

/// Resolves the rows of a section's endpoints, after all of its types are resolved.
pub fn resolve<'a>(
    section: &mut Section,
    files: impl Iterator<Item = &'a EndpointFile>,
    found: &mut Vec<Diagnostic>,
) {
    let filtered = filtered(section);
    let mut all = Vec::new();
    for file in files {
        let Some(endpoint) = section
            .endpoints
            .iter()
            .position(|endpoint| endpoint.file == file.file.name)
        else {
            continue;
        };
        let mut resolver = RowsResolver {
            section,
            endpoint: &section.endpoints[endpoint],
            file,
            is_filtered: filtered.contains(&key(&section.endpoints[endpoint])),
            unions: RefCell::default(),
            found,
        };
        all.push((endpoint, resolver.rows()));
    }
    for (endpoint, rows) in all {
        section.endpoints[endpoint].rows = rows;
    }
}

/// Returns the endpoints whose rows the tasks of their folder filter or order.
fn filtered(section: &Section) -> Vec<(Scope, String)> {
    let filtered = section.endpoints.iter().flat_map(|endpoint| {
        let fields = endpoint.task.iter().flat_map(|task| &task.fields);
        let names = fields.filter_map(|field| rows_named(&field.ty));
        names.map(|name| (endpoint.scope.clone(), name))
    });
    filtered.collect()
}

fn key(endpoint: &Endpoint) -> (Scope, String) {
    (endpoint.scope.clone(), endpoint.name.clone())
}

fn rows_named(ty: &Type) -> Option<String> {
    match ty {
        Type::Filters(name) | Type::Order(name) => Some(name.clone()),
        Type::List(of) => rows_named(of),
        _ => None,
    }
}

struct RowsResolver<'a> {
    section: &'a Section,
    endpoint: &'a Endpoint,
    file: &'a EndpointFile,
    /// Whether filters or orders refer to the rows.
    is_filtered: bool,
    /// The unions whose fields are being added, from the outside in.
    unions: RefCell<Vec<String>>,
    found: &'a mut Vec<Diagnostic>,
}

impl RowsResolver<'_> {
    fn report(&mut self, key: &str, message: impl Into<String>) {
        let file = &self.file.file;
        let path = ["rows".to_owned(), key.to_owned()];
        let location = file.tree.location(&path);
        self.found
            .push(Diagnostic::new(&file.name, location, message));
    }

    fn object(&self, name: &str) -> Option<&Object> {
        self.section.find_object(self.endpoint, name)
    }

    fn union(&self, name: &str) -> Option<&Union> {
        match self.section.find(self.endpoint, name) {
            Some(TypeDef::Union(union)) => Some(union),
            _ => None,
        }
    }

    /// Returns the field of the result that holds the rows, and the type of a row. Reports a result
    /// without such a field.
    fn list(&mut self, spec: &language::Rows) -> Option<(String, Type)> {
        let is_row = |ty: &Type| matches!(ty, Type::Object(_) | Type::Union(_));
        if spec.at == language::Rows::WHOLE_RESULT {
            let result = Some(self.endpoint.result_type.clone()).filter(is_row);
            if result.is_none() {
                self.report("at", "`at: result` requires results that are objects");
            }
            return Some((spec.at.clone(), result?));
        }
        let Type::Object(result) = &self.endpoint.result_type else {
            self.report("at", "`rows` requires a result that is an object");
            return None;
        };
        let result = self.object(result)?;
        let field = result.fields.iter().find(|field| field.wire == spec.at);
        if let Some(field) = field
            && let Type::List(of) = &field.ty
            && is_row(of)
        {
            return Some((field.ident.clone(), of.as_ref().clone()));
        }
        self.report(
            "at",
            format!("the result has no list of objects `{}`", spec.at),
        );
        None
    }

    /// Returns the fields of rows that filters can name.
    fn row_fields(&mut self, spec: &language::Rows, row: &Type) -> Vec<RowField> {
        let mut fields = Vec::new();
        let Some(map) = &spec.keyed_by else {
            self.fields_of(row, "", "", &mut fields);
            return fields;
        };
        let row = match row {
            Type::Object(name) => self.object(name),
            _ => None,
        };
        let inner = row.and_then(|row| row.fields.iter().find(|field| field.wire == *map));
        match inner.map(|field| &field.ty) {
            Some(Type::Map(of)) => {
                let mut of = of.as_ref();
                while let Type::List(element) = of {
                    of = element;
                }
                self.fields_of(of, "{}.", "", &mut fields);
            }
            _ => self.report("keyed_by", format!("a row has no map `{map}`")),
        }
        fields
    }

    fn rows(&mut self) -> Option<Rows> {
        let Some(spec) = self.file.file.content.rows.clone() else {
            if self.is_filtered {
                self.report(
                    "at",
                    "filters and orders require `rows`: describe the rows of the result",
                );
            }
            return None;
        };
        let (at, row) = self.list(&spec)?;
        let (Type::Object(row_name) | Type::Union(row_name)) = &row else {
            return None;
        };
        let row_name = row_name.clone();
        let mut fields = self.row_fields(&spec, &row);
        let twice = fields.iter().enumerate().find(|(index, field)| {
            fields[..*index]
                .iter()
                .any(|other| other.ident == field.ident)
        });
        if let Some((_, field)) = twice {
            let message = format!(
                "two fields that filters can name would both become `{}`: set another `ident` for one",
                field.ident
            );
            self.report("at", message);
        }
        if !self.is_filtered {
            fields.clear();
        }
        self.check(&spec, &row_name);
        Some(Rows {
            spec,
            at,
            row: row_name,
            fields,
        })
    }

    /// Checks that the fields that paging and matching require exist and have the right type.
    fn check(&mut self, spec: &language::Rows, row: &str) {
        let task: &[Field] = match &self.endpoint.task {
            Some(task) => &task.fields,
            None => &[],
        };
        let result = match &self.endpoint.result_type {
            Type::Object(name) => self.object(name),
            _ => None,
        };
        let result = result.map_or(&[][..], |object| &object.fields);
        let row = self.object(row).map_or(&[][..], |object| &object.fields);
        let is = |fields: &[Field], name: &str, ty: &Type, required: bool| {
            let field = fields.iter().find(|field| field.wire == name);
            field.is_some_and(|field| field.ty == *ty && field.required == required)
        };
        let mut wrong = Vec::new();
        if let Some(paging) = &spec.paging {
            for name in ["limit", "offset"] {
                if !is(task, name, &Type::Integer, false) {
                    wrong.push((
                        "paging",
                        format!("paging requires an optional integer `{name}` in the task"),
                    ));
                }
            }
            for name in ["total_count", "items_count"] {
                if !is(result, name, &Type::Integer, false) {
                    wrong.push((
                        "paging",
                        format!("paging requires an integer `{name}` in the result"),
                    ));
                }
            }
            if let Some(token) = &paging.token
                && !(is(task, token, &Type::String, false)
                    && is(result, token, &Type::String, false))
            {
                wrong.push((
                    "paging",
                    format!("`{token}` must be a string of both the task and the result"),
                ));
            }
            let offset = task.iter().find(|field| field.wire == "offset");
            let stated = offset.and_then(|offset| offset.spec.max.as_ref()?.as_u64());
            if let Some(stated) = stated.filter(|stated| u64::from(paging.max_offset) > *stated) {
                wrong.push((
                    "paging",
                    format!("`max_offset` is above the `max` of `offset`, {stated}"),
                ));
            }
        }
        for (key, field, list) in [
            ("target", &spec.target, "targets"),
            ("keyword", &spec.keyword, "keywords"),
        ] {
            let Some(name) = field else { continue };
            if !is(task, list, &Type::List(Box::new(Type::String)), true) {
                wrong.push((
                    key,
                    format!("matching requires the list of strings `{list}` in the task, and that it is `required`"),
                ));
            }
            if !is(row, name, &Type::String, false) {
                wrong.push((key, format!("a row has no string `{name}`")));
            }
        }
        if spec.target.is_some() && spec.keyword.is_some() {
            wrong.push((
                "keyword",
                "`target` and `keyword` exclude each other".to_owned(),
            ));
        }
        for (key, message) in wrong {
            self.report(key, message);
        }
    }

    /// Adds the leaf fields of an object or a union.
    fn fields_of(&self, ty: &Type, path: &str, prefix: &str, into: &mut Vec<RowField>) {
        match ty {
            Type::Object(name) => {
                if let Some(object) = self.object(name) {
                    self.fields(object, path, prefix, into);
                }
            }
            Type::Union(name) => {
                if let Some(union) = self.union(name) {
                    self.union_fields(union, path, prefix, into);
                }
            }
            _ => {}
        }
    }

    /// Adds the tag of a union, then the fields of its members. A field of several members is added
    /// once.
    fn union_fields(&self, union: &Union, path: &str, prefix: &str, into: &mut Vec<RowField>) {
        if self.unions.borrow().contains(&union.name) {
            return;
        }
        let known = |into: &[RowField], path: &str| into.iter().any(|field| field.path == path);
        let tag = union.tag.as_deref().unwrap_or_default();
        let name = names::field_name(tag);
        let tag = format!("{path}{tag}");
        if let Some(name) = name.filter(|_| !known(into, &tag)) {
            into.push(RowField {
                ident: prefixed(prefix, &name),
                path: tag,
                kind: RowFieldKind::Text,
                doc: "The field that names the kind of the row.".to_owned(),
            });
        }
        self.unions.borrow_mut().push(union.name.clone());
        for member in &union.members {
            let Some(object) = self.object(&member.object) else {
                continue;
            };
            let mut fields = Vec::new();
            self.fields(object, path, prefix, &mut fields);
            fields.retain(|field| !known(into, &field.path));
            into.extend(fields);
        }
        self.unions.borrow_mut().pop();
    }

    /// Adds the leaf fields of an object in documented order.
    fn fields(&self, object: &Object, path: &str, prefix: &str, into: &mut Vec<RowField>) {
        for field in &object.fields {
            // The element type is the same in all rows.
            if field.wire == "type" {
                continue;
            }
            let path = format!("{path}{}", field.wire);
            let ident = prefixed(prefix, &field.ident);
            let leaf = |kind: RowFieldKind, path: String, into: &mut Vec<RowField>| {
                into.push(RowField {
                    ident: ident.clone(),
                    path,
                    kind,
                    doc: field.spec.doc.clone().unwrap_or_default(),
                });
            };
            match &field.ty {
                Type::Object(_) | Type::Union(_) => {
                    self.fields_of(&field.ty, &format!("{path}."), &ident, into);
                }
                Type::Map(of) => {
                    if let Some(kind) = leaf_kind(field, of) {
                        leaf(kind, format!("{path}.{{}}"), into);
                    }
                }
                Type::List(of) if matches!(**of, Type::String | Type::Enum(_)) => {
                    leaf(RowFieldKind::TextList, path, into);
                }
                ty => {
                    if let Some(kind) = leaf_kind(field, ty) {
                        leaf(kind, path, into);
                    }
                }
            }
        }
    }
}

/// Returns the Rust name of a field inside of other fields.
fn prefixed(prefix: &str, ident: &str) -> String {
    match prefix {
        "" => ident.to_owned(),
        prefix => format!("{prefix}_{ident}"),
    }
}

fn leaf_kind(field: &Field, ty: &Type) -> Option<RowFieldKind> {
    match ty {
        Type::Integer | Type::Float => Some(RowFieldKind::Number),
        Type::Boolean => Some(RowFieldKind::Bool),
        Type::Date | Type::Timestamp => Some(RowFieldKind::DateTime),
        Type::String if field.spec.format == Some(Format::Date) => Some(RowFieldKind::DateTime),
        Type::String | Type::Enum(_) => Some(RowFieldKind::Text),
        Type::Json
        | Type::List(_)
        | Type::Map(_)
        | Type::Object(_)
        | Type::Union(_)
        | Type::Numbered(_)
        | Type::Filters(_)
        | Type::Order(_) => None,
    }
}
