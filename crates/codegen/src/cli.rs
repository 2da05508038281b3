//! Emits the table of the command line: facts about endpoints that the models do not have.

use std::collections::HashSet;

use indexmap::IndexMap;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use serde_json::{Map, Value};

use super::docs;
use super::rust::{ident, path};
use dataforseo_spec::Scope;
use dataforseo_spec::language::Format;
use dataforseo_spec::model::{Endpoint, Field, Limit, Model, Object, Section, Type};

/// Emits the list of sections.
pub fn root(model: &Model) -> TokenStream {
    let modules = model.sections.iter().map(|section| {
        let (feature, module) = (&section.name, ident(&section.name));
        quote! {
            #[cfg(feature = #feature)]
            mod #module;
        }
    });
    let sections = model.sections.iter().map(|section| {
        let (feature, module) = (&section.name, ident(&section.name));
        quote! {
            #[cfg(feature = #feature)]
            &#module::SECTION
        }
    });
    quote! {
        use crate::table::SectionEntry;

        #(#modules)*

        /// The sections of the enabled features, by name.
        pub(crate) static SECTIONS: &[&SectionEntry] = &[#(#sections),*];
    }
}

/// Emits the endpoints of a section or of a group.
pub fn scope(section: &Section, scope: &Scope) -> TokenStream {
    let module = path(scope);
    let endpoints: Vec<&Endpoint> = section.endpoints_in(scope).collect();
    let shared = Shared::of(&endpoints);
    let constants = shared
        .0
        .values()
        .map(|(ident, made)| quote!(const #ident: Argument = #made;));
    let endpoints = endpoints.iter().map(|it| endpoint(section, it, &shared));
    let endpoints: Vec<TokenStream> = endpoints.collect();
    let (modules, entry) = match section.group(scope) {
        Some(group) => {
            let (name, doc) = (&group.name, group.doc.trim());
            let entry = quote! {
                /// The commands of the group.
                pub(super) static GROUP: GroupEntry = GroupEntry {
                    name: #name,
                    doc: #doc,
                    endpoints: &[#(#endpoints),*],
                };
            };
            (quote!(), entry)
        }
        None => {
            let (name, doc) = (&section.name, section.doc.trim());
            let groups = section.groups.iter().map(|group| ident(&group.name));
            let groups: Vec<Ident> = groups.collect();
            let entry = quote! {
                /// The commands of the section.
                pub(super) static SECTION: SectionEntry = SectionEntry {
                    name: #name,
                    doc: #doc,
                    groups: &[#(&#groups::GROUP),*],
                    endpoints: &[#(#endpoints),*],
                };
            };
            (quote!(#(mod #groups;)*), entry)
        }
    };
    quote! {
        #[allow(unused_imports, reason = "all generated files have the same imports")]
        use dataforseo_client::models::{Endpoint as _, #module as models};

        #[allow(unused_imports, reason = "all generated files have the same imports")]
        use crate::table::{
            Argument, BulkEntry, Cell, Column, EndpointEntry, GroupEntry, SectionEntry, drift,
        };

        #modules

        #(#constants)*

        #entry
    }
}

/// The arguments that several endpoints of a folder share, each with the name of its constant. The key
/// is their code.
struct Shared(IndexMap<String, (Ident, TokenStream)>);

impl Shared {
    fn of(endpoints: &[&Endpoint]) -> Self {
        let mut all: IndexMap<String, (&Field, TokenStream, usize)> = IndexMap::new();
        for field in endpoints.iter().flat_map(|endpoint| arguments(endpoint)) {
            let made = argument(field);
            let (.., count) = all.entry(made.to_string()).or_insert((field, made, 0));
            *count += 1;
        }
        all.retain(|_, (.., count)| *count > 1);
        // The constants of the folder itself.
        let mut used = HashSet::from(["SECTION", "GROUP"].map(str::to_owned));
        let named = all.into_iter().filter_map(|(text, (field, made, _))| {
            let name = field.ident.trim_start_matches("r#").to_uppercase();
            // Fields of one name can differ between endpoints.
            let numbered = (2..).map(|number| format!("{name}_{number}"));
            let mut names = std::iter::once(name.clone()).chain(numbered);
            let name = names.find(|name| used.insert(name.clone()))?;
            Some((text, (super::rust::ident(&name), made)))
        });
        Self(named.collect())
    }

    /// Returns an argument, by its constant if it has one.
    fn argument(&self, field: &Field) -> TokenStream {
        let made = argument(field);
        match self.0.get(&made.to_string()) {
            Some((ident, _)) => quote!(#ident),
            None => made,
        }
    }
}

/// Returns the fields of an endpoint's task and the parameters of its path.
fn arguments(endpoint: &Endpoint) -> impl Iterator<Item = &Field> {
    let fields = endpoint.task.iter().flat_map(|task| &task.fields);
    fields.chain(&endpoint.parameters)
}

fn endpoint(section: &Section, endpoint: &Endpoint, shared: &Shared) -> TokenStream {
    let (name, doc) = (ident(&endpoint.name), endpoint.doc.trim());
    let command = &endpoint.module;
    let fields = endpoint.task.iter().flat_map(|task| &task.fields);
    let fields = fields.map(|field| shared.argument(field));
    let parameters = endpoint.parameters.iter();
    let parameters = parameters.map(|field| shared.argument(field));
    let example = match (&endpoint.task, &endpoint.example) {
        (Some(task), Some(example)) => {
            let example = short_example(task, example).to_string();
            quote!(Some(#example))
        }
        _ => quote!(None),
    };
    let bulk = bulk(section, endpoint);
    quote! {
        EndpointEntry {
            name: #command,
            doc: #doc,
            info: models::#name::INFO,
            parameters: &[#(#parameters),*],
            fields: &[#(#fields),*],
            example: #example,
            drift: drift::<models::#name>,
            bulk: #bulk,
        }
    }
}

/// Emits the bulk jobs of an endpoint that returns a row per target.
fn bulk(section: &Section, endpoint: &Endpoint) -> TokenStream {
    let rows = endpoint.rows.as_ref();
    let rows = rows.filter(|rows| rows.spec.named_by().is_some());
    let targets = rows.map_or("targets", |rows| rows.spec.names_in_task());
    let Some(row) = rows.and_then(|rows| section.find_object(endpoint, &rows.row)) else {
        return quote!(None);
    };
    let name = ident(&endpoint.name);
    let columns = row.fields.iter().map(|field| {
        let (wire, cell) = (&field.wire, cell(&field.ty));
        quote!(Column::new(#wire, Cell::#cell))
    });
    quote!(Some(BulkEntry {
        columns: &[#(#columns),*],
        targets: #targets,
        create: crate::job::create::<models::#name>,
    }))
}

/// Returns the type of a field's column.
fn cell(ty: &Type) -> TokenStream {
    match ty {
        Type::String | Type::Date | Type::Timestamp | Type::Enum(_) => quote!(Text),
        Type::Integer => quote!(Integer),
        Type::Float => quote!(Float),
        Type::Boolean => quote!(Boolean),
        _ => quote!(Json),
    }
}

fn argument(field: &Field) -> TokenStream {
    let wire = &field.wire;
    let doc = field.spec.doc.as_deref().unwrap_or_default().trim();
    let doc = match docs::deprecation(&field.spec) {
        Some(note) => format!("{doc}\n\nDeprecated: {note}"),
        None => doc.to_owned(),
    };
    let default = field.spec.default.iter().map(|default| {
        let default = docs::plain(default);
        quote!(.default(#default))
    });
    let unit = field.spec.unit.iter().map(|unit| quote!(.unit(#unit)));
    let url = matches!(field.spec.format, Some(Format::Url)).then(|| quote!(.url()));
    let numbered = matches!(field.ty, Type::Numbered(_)).then(|| quote!(.numbered()));
    quote!(Argument::new(#wire, #doc)#(#default)*#(#unit)*#url #numbered)
}

/// The number of elements of a list in an example, unless the field requires more.
const EXAMPLE_ELEMENTS: usize = 2;

/// Returns the minimum number of elements of a field.
fn min_elements(field: &Field) -> usize {
    let min = field.limits.iter().find_map(|limit| match limit {
        Limit::MinItems(min) => usize::try_from(*min).ok(),
        _ => None,
    });
    min.unwrap_or(0)
}

/// Shortens an example to required fields and their alternatives.
fn short_example(task: &Object, example: &Value) -> Value {
    let others = |field: &Field| {
        field.limits.iter().find_map(|limit| match limit {
            Limit::RequiredUnless(others) => Some(others.clone()),
            _ => None,
        })
    };
    let alternatives: Vec<String> = task.fields.iter().filter_map(others).flatten().collect();
    let needed = |field: &&Field| {
        field.required || others(field).is_some() || alternatives.contains(&field.wire)
    };
    let fields = task.fields.iter().filter(needed);
    let short: Map<String, Value> = fields
        .filter_map(|field| {
            let mut value = example.get(&field.wire)?.clone();
            if let Value::Array(elements) = &mut value {
                elements.truncate(min_elements(field).max(EXAMPLE_ELEMENTS));
            }
            Some((field.wire.clone(), value))
        })
        .collect();
    Value::Object(short)
}
