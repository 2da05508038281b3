//! The names that a generated file of the models uses from other files.

use std::collections::{BTreeMap, BTreeSet};

use dataforseo_spec::Scope;
use dataforseo_spec::model::{Endpoint, Object, Section, Type, TypeDef};
use proc_macro2::TokenStream;
use quote::quote;

use super::rust::{ident, path};

/// The names that a file uses, and those that it defines.
#[derive(Default)]
pub struct Names {
    used: BTreeSet<String>,
    defined: BTreeSet<String>,
}

impl Names {
    /// Returns the names in the file of an endpoint.
    pub fn of_endpoint(endpoint: &Endpoint) -> Self {
        let mut names = Self::default();
        names.defined.insert(endpoint.name.clone());
        for object in endpoint.task.iter().chain(&endpoint.result) {
            names.object(object);
        }
        names.types(&endpoint.types);
        names.used(&endpoint.result_type);
        if let Some(rows) = &endpoint.rows
            && (rows.spec.paging.is_some() || rows.spec.target.is_some())
        {
            names.used.insert(rows.row.clone());
        }
        names
    }

    /// Returns the names in a file of shared types.
    pub fn of_types(types: &[TypeDef]) -> Self {
        let mut names = Self::default();
        names.types(types);
        names
    }

    fn types(&mut self, types: &[TypeDef]) {
        for ty in types {
            self.defined.insert(ty.name().to_owned());
            match ty {
                TypeDef::Object(object) => self.object(object),
                TypeDef::Union(union) => {
                    let members = union.members.iter();
                    self.used
                        .extend(members.map(|member| member.object.clone()));
                }
                TypeDef::Enum(_) => {}
            }
        }
    }

    fn object(&mut self, object: &Object) {
        self.defined.insert(object.name.clone());
        for field in &object.fields {
            self.used(&field.ty);
        }
    }

    fn used(&mut self, ty: &Type) {
        match ty {
            Type::List(of) | Type::Map(of) | Type::Numbered(of) => self.used(of),
            Type::Object(name)
            | Type::Enum(name)
            | Type::Union(name)
            | Type::Filters(name)
            | Type::Order(name) => {
                self.used.insert(name.clone());
            }
            Type::String
            | Type::Integer
            | Type::Float
            | Type::Boolean
            | Type::Date
            | Type::Timestamp
            | Type::Json => {}
        }
    }

    /// Returns the imports of a file in a scope: the names that it uses and does not define.
    /// `scope_of` returns the scope of a shared type; other names are endpoints of the same scope.
    pub fn imports(&self, scope: &Scope, scope_of: impl Fn(&str) -> Option<Scope>) -> TokenStream {
        let mut by_scope: BTreeMap<Scope, Vec<_>> = BTreeMap::new();
        for name in self.used.difference(&self.defined) {
            let scope = scope_of(name).unwrap_or_else(|| scope.clone());
            by_scope.entry(scope).or_default().push(ident(name));
        }
        let imports = by_scope.iter().map(|(scope, names)| {
            let path = path(scope);
            quote!(use crate::generated::#path::{#(#names),*};)
        });
        quote!(#(#imports)*)
    }
}

/// Returns the imports of an endpoint's file.
pub fn of_endpoint(section: &Section, endpoint: &Endpoint) -> TokenStream {
    let scope_of = |name: &str| section.scope_of(&endpoint.scope, name);
    Names::of_endpoint(endpoint).imports(&endpoint.scope, scope_of)
}
