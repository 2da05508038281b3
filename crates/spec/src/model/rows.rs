//! The rows of results: the fields for filters and orders, and checks of paging and matching.

use super::types::{Endpoint, Field, Object, RowField, RowFieldKind, Rows, Section, Type};
use crate::language::{self, Format};
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
        let Type::Object(result) = &self.endpoint.result_type else {
            self.report("at", "`rows` requires a result that is an object");
            return None;
        };
        let result = self.object(result)?;
        let field = result.fields.iter().find(|field| field.wire == spec.at);
        let row = match field.map(|field| &field.ty) {
            Some(Type::List(of)) => match of.as_ref() {
                Type::Object(row) => self.object(row),
                _ => None,
            },
            _ => None,
        };
        let (Some(field), Some(row)) = (field, row) else {
            self.report(
                "at",
                format!("the result has no list of objects `{}`", spec.at),
            );
            return None;
        };
        let (at, row_name) = (field.ident.clone(), row.name.clone());
        let mut fields = Vec::new();
        match &spec.keyed_by {
            None => self.fields(row, "", "", &mut fields),
            Some(map) => {
                let inner = row.fields.iter().find(|field| field.wire == *map);
                match inner.map(|field| &field.ty) {
                    Some(Type::Map(of)) => {
                        let mut of = of.as_ref();
                        while let Type::List(element) = of {
                            of = element;
                        }
                        if let Type::Object(name) = of
                            && let Some(object) = self.object(name)
                        {
                            self.fields(object, "{}.", "", &mut fields);
                        }
                    }
                    _ => self.report("keyed_by", format!("a row has no map `{map}`")),
                }
            }
        }
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
        if let Some(target) = &spec.target {
            let targets = Type::List(Box::new(Type::String));
            if !is(task, "targets", &targets, true) {
                wrong.push((
                    "target",
                    "matching requires the list of strings `targets` in the task, and that it is `required`".to_owned(),
                ));
            }
            if !is(row, target, &Type::String, false) {
                wrong.push(("target", format!("a row has no string `{target}`")));
            }
        }
        for (key, message) in wrong {
            self.report(key, message);
        }
    }

    /// Adds the leaf fields of an object in documented order.
    fn fields(&self, object: &Object, path: &str, prefix: &str, into: &mut Vec<RowField>) {
        for field in &object.fields {
            // The element type is the same in all rows.
            if field.wire == "type" {
                continue;
            }
            let path = format!("{path}{}", field.wire);
            let ident = match prefix {
                "" => field.ident.clone(),
                prefix => format!("{prefix}_{}", field.ident),
            };
            let leaf = |kind: RowFieldKind, path: String, into: &mut Vec<RowField>| {
                into.push(RowField {
                    ident: ident.clone(),
                    path,
                    kind,
                    doc: field.spec.doc.clone().unwrap_or_default(),
                });
            };
            match &field.ty {
                Type::Object(name) => {
                    if let Some(object) = self.object(name) {
                        self.fields(object, &format!("{path}."), &ident, into);
                    }
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
