//! One endpoint's file in the models crate: the endpoint, its task, its result, their parts.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::types::{object, type_def};
use super::{docs, ident};
use crate::model::dates::DateExpression;
use crate::model::{Endpoint, Field, Limit, Section, Type, TypeDef};
use crate::spec::language::{Method, Mode};

/// The file.
pub fn emit(section: &Section, endpoint: &Endpoint) -> TokenStream {
    let name = ident(&endpoint.name);
    let result = ident(&endpoint.result.name);
    let doc = docs::attributes(&docs::endpoint(endpoint));
    let (id, path, link) = (&endpoint.id, &endpoint.path, &endpoint.link);
    let method = match endpoint.method {
        Method::Get => quote!(Get),
        Method::Post => quote!(Post),
    };
    let mode = match endpoint.mode {
        Mode::Live => quote!(Live),
    };
    let tasks = match endpoint.limits.tasks_per_call {
        Some(tasks) => {
            let tasks = Literal::u32_unsuffixed(tasks);
            quote!(Some(#tasks))
        }
        None => quote!(None),
    };
    let task = ident(&endpoint.task.name);
    let task_items = task_items(section, endpoint);
    let result_doc = format!("One result of [`{}`].", endpoint.name);
    let result_items = object(&endpoint.result, &result_doc);
    let types = endpoint.types.iter().map(type_def);
    let folder = &section.name;
    let schemas = [("task", &endpoint.task), ("result", &endpoint.result)]
        .into_iter()
        .map(|(role, object)| {
            let file = format!("../../../schemas/{folder}/{}.{role}.json", endpoint.module);
            let name = ident(&object.name);
            quote! {
                #[cfg(feature = "schemars")]
                crate::schema::embedded_schema!(#name, #file);
            }
        });
    quote! {
        #[allow(unused_imports, reason = "one list serves all generated files")]
        use crate::prelude::*;
        #[allow(unused_imports, reason = "not every endpoint uses the section's shared types")]
        use super::*;

        #doc
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct #name;

        impl Endpoint for #name {
            type Task = #task;
            type Result = #result;

            const INFO: &'static EndpointInfo = &EndpointInfo::new(
                #id, Method::#method, #path, Mode::#mode, #tasks,
                <#task as Task>::RULES, #link,
            );
        }

        #task_items
        #result_items
        #(#types)*
        #(#schemas)*
    }
}

fn task_items(section: &Section, endpoint: &Endpoint) -> TokenStream {
    let task = &endpoint.task;
    let name = ident(&task.name);
    let doc = format!(
        "What [`{}`] is asked for: `new` takes what is required, a setter each of the rest.",
        endpoint.name
    );
    let items = object(task, &doc);
    let types: Vec<&TypeDef> = endpoint.types.iter().chain(&section.shared).collect();
    let rules = rules(&task.fields, &types);
    quote! {
        #items

        impl #name {
            /// Checks the task against the documented limits, reckoned from today's date in UTC.
            ///
            /// # Errors
            /// Everything that the documentation rules out, each with its path.
            pub fn validate(&self) -> Result<(), Violations> {
                crate::validate(self, crate::today())
            }

            /// Checks the task as [`validate`](Self::validate) does, reckoned from a given date.
            ///
            /// # Errors
            /// Everything that the documentation rules out, each with its path.
            pub fn validate_on(&self, today: Date) -> Result<(), Violations> {
                crate::validate(self, today)
            }

            /// What the documentation advises against or does not know, though the API may take
            /// it: a target with `www.`, a value that is not documented.
            pub fn warnings(&self) -> Vec<Violation> {
                crate::warnings(self, crate::today())
            }
        }

        impl Task for #name {
            const RULES: &'static [FieldRule] = #rules;
        }
    }
}

fn rules(fields: &[Field], types: &[&TypeDef]) -> TokenStream {
    let rules = fields.iter().map(|field| {
        let (wire, required) = (&field.wire, field.required);
        let kind = kind(&field.ty, types);
        let limits = field.limits.iter().map(limit);
        quote!(FieldRule::new(#wire, #kind, #required, &[#(#limits),*]))
    });
    quote!(&[#(#rules),*])
}

fn kind(ty: &Type, types: &[&TypeDef]) -> TokenStream {
    match ty {
        Type::String | Type::Date | Type::Timestamp | Type::Enum(_) => quote!(Kind::String),
        Type::Integer => quote!(Kind::Integer),
        Type::Float => quote!(Kind::Float),
        Type::Boolean => quote!(Kind::Boolean),
        Type::Json => quote!(Kind::Any),
        Type::List(of) => {
            let of = kind(of, types);
            quote!(Kind::List(&#of))
        }
        Type::Map(of) => {
            let of = kind(of, types);
            quote!(Kind::Map(&#of))
        }
        Type::Object(name) => {
            let object = types.iter().find_map(|ty| match ty {
                TypeDef::Object(object) if object.name == *name => Some(object),
                _ => None,
            });
            match object {
                Some(object) => {
                    let rules = rules(&object.fields, types);
                    quote!(Kind::Object(#rules))
                }
                None => quote!(Kind::Any),
            }
        }
    }
}

fn limit(limit: &Limit) -> TokenStream {
    let count = |count: &u32| Literal::u32_unsuffixed(*count);
    match limit {
        Limit::MinItems(min) => {
            let min = count(min);
            quote!(Limit::MinItems(#min))
        }
        Limit::MaxItems(max) => {
            let max = count(max);
            quote!(Limit::MaxItems(#max))
        }
        Limit::MaxLength(max) => {
            let max = count(max);
            quote!(Limit::MaxLength(#max))
        }
        Limit::MaxDistinctDomains(max) => {
            let max = count(max);
            quote!(Limit::MaxDistinctDomains(#max))
        }
        Limit::Min(min) => {
            let min = Literal::f64_unsuffixed(*min);
            quote!(Limit::Min(#min))
        }
        Limit::Max(max) => {
            let max = Literal::f64_unsuffixed(*max);
            quote!(Limit::Max(#max))
        }
        Limit::Date { min, max } => {
            let (min, max) = (bound(*min), bound(*max));
            quote!(Limit::Date { min: #min, max: #max })
        }
        Limit::OneOf(values) => quote!(Limit::OneOf(&[#(#values),*])),
        Limit::Targets => quote!(Limit::Targets),
    }
}

fn bound(bound: Option<DateExpression>) -> TokenStream {
    match bound {
        None => quote!(None),
        Some(DateExpression::On(date)) => {
            let year = Literal::i16_unsuffixed(date.year());
            let month = Literal::i8_unsuffixed(date.month());
            let day = Literal::i8_unsuffixed(date.day());
            quote!(Some(DateBound::On(#year, #month, #day)))
        }
        Some(DateExpression::Before {
            years,
            months,
            days,
        }) => {
            let (years, months, days) = (
                Literal::i16_unsuffixed(years),
                Literal::i16_unsuffixed(months),
                Literal::i16_unsuffixed(days),
            );
            quote!(Some(DateBound::Before { years: #years, months: #months, days: #days }))
        }
    }
}
